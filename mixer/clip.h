/* clip - sound that a whole room hears once: an announcement, or a notice.
 *
 * It is whole in memory before it is played, so that a tick never waits for
 * a file. Created and destroyed by the control thread, played by one worker. */
#ifndef MIXER_CLIP_H
#define MIXER_CLIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clip;

/* n samples of mono sound at 48 kHz, from malloc(): taken over also when it
 * fails. Returns 0, -EINVAL when there are none, or -ENOMEM. */
int clip_create(struct clip **clip_r, int16_t *pcm, size_t n);
/* Accepts NULL. */
void clip_destroy(struct clip **clipp);

/* RT. Adds the next 20 ms to a sum of 1 or 2 channels, as loud as they are. */
void clip_add(struct clip *clip, int32_t *sum, int channels);
/* RT. Fades out in the next 20 ms. */
void clip_stop(struct clip *clip);
/* RT. Nothing is left of it. */
bool clip_is_over(const struct clip *clip);

#endif
