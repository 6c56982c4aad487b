/* denoise - takes steady noise (a fan, hiss, hum) out of one talker's sound,
 * by SpeexDSP's preprocessor in steps of 10 ms. The sound comes out 10 ms
 * later, whether the noise is taken out or not.
 *
 * The noise must be learned first: for half a second after the beginning or a
 * restart the sound passes as it is, then fades over. So a new talker's first
 * syllables are never measured against another's noise.
 *
 * About 53 us a frame (Zen 4), twice what decoding it costs. At rest it costs
 * nothing, and remembers the noise.
 *
 * Created and destroyed by the control thread, used by one media worker. */
#ifndef MIXER_DENOISE_H
#define MIXER_DENOISE_H

#include <stdbool.h>
#include <stdint.h>

#define DENOISE_FRAME 960 /* samples: 20 ms at 48 kHz, mono */
#define DENOISE_DELAY 480 /* samples */

struct denoise;

/* On success the caller owns *dn_r. Returns 0 or -ENOMEM. */
int denoise_create(struct denoise **dn_r);

/* Accepts NULL and half-built objects; sets *dnp to NULL. */
void denoise_destroy(struct denoise **dnp);

/* RT. Another talker: forgets the sound that waits, learns again. */
void denoise_restart(struct denoise *dn);

/* RT. One frame in place. With on = false it is only delayed, after a fade of
 * one frame, and the preprocessor rests: for who is not heard, and for when
 * the worker must shed load. */
void denoise_run(struct denoise *dn, int16_t *pcm, bool on);

#endif
