/* tap - what is heard in a room on its way to a recorder: the mix of each
 * tick, and each talker's part of it.
 *
 * A pipe between two threads. The worker that runs the mix writes and never
 * waits: what finds no place in the ring is lost to the recording and counted,
 * and the room hears nothing of it. The recorder reads; once the tap is closed
 * and empty it is his alone, and he destroys it.
 *
 * All frames bear the number of their tick, counted from the first: one clock
 * for the mix and all talkers. It goes on where ticks were missed, where
 * nobody was there to run the mix for, and where the room moved to another
 * worker, so that after hours it is where the monotonic clock is. */
#ifndef MIXER_TAP_H
#define MIXER_TAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TAP_FRAME	 960 /* samples of each channel: 20 ms */
#define TAP_MAX_CHANNELS 2

#define TAP_MIX 0 /* the track of what all hear */

struct tap_frame {
	uint64_t at;	/* its tick */
	uint32_t track; /* TAP_MIX, or the talker's; see mix_leg_config */
	int16_t pcm[TAP_MAX_CHANNELS * TAP_FRAME]; /* interleaved */
};

struct tap;

/* A ring of `frames`, of 1 or 2 channels. Control thread. Returns 0, -EINVAL
 * or -ENOMEM. */
int tap_create(struct tap **tap_r, int channels, size_t frames);
/* Accepts NULL. Nobody may be writing any more. */
void tap_destroy(struct tap **tapp);

/* ---- The worker's side ---- */

/* RT. A tick begins at now_us (CLOCK_MONOTONIC); `missed` ticks before it
 * never ran. */
void tap_begin(struct tap *tap, uint64_t now_us, unsigned missed);
/* RT. What a talker is in the sum of this tick: a plain copy, cut off at 16
 * bits. */
void tap_part(struct tap *tap, uint32_t track, const int32_t *part);
/* RT. The whole sum, through a limiter of the tap's own; once in each tick,
 * and last: the reader takes it for the clock. 1 ms later than the parts. */
void tap_mix(struct tap *tap, const int32_t *sum);
/* RT. Nothing comes any more. */
void tap_close(struct tap *tap);

/* ---- The reader's side ---- */

int tap_channels(const struct tap *tap);
/* False: it is empty for now. */
bool tap_pop(struct tap *tap, struct tap_frame *frame_r);
/* Asked before the last tap_pop(): then what that leaves is empty for good. */
bool tap_is_closed(const struct tap *tap);
/* Ticks whose mix found no place. */
uint64_t tap_lost(const struct tap *tap);

#endif
