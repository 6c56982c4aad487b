/* limiter - brings a sum of voices into 16 bits without clipping or wrapping.
 *
 * Looks 1 ms ahead: the gain is already down when the peak is played, and
 * comes back over about 100 ms. While nothing is too loud the sound passes
 * bit by bit, 1 ms late. Two channels share one gain: a peak in one does not
 * move the sound to the other. Each distinct mix has its own.
 *
 * A plain value, copied by assignment. */
#ifndef MIXER_LIMITER_H
#define MIXER_LIMITER_H

#include <stddef.h>
#include <stdint.h>

#define LIMITER_AHEAD	 48    /* samples of a channel: 1 ms at 48 kHz */
#define LIMITER_CHANNELS 2     /* at most */
#define LIMITER_CEILING	 32000 /* largest sample that comes out: -0.2 dBFS */

struct limiter {
	size_t block; /* samples in ahead */
	int32_t peak; /* of ahead */
	float cut;    /* 1 - gain: zero passes the sound */
	int32_t ahead[LIMITER_CHANNELS * LIMITER_AHEAD]; /* not yet out */
};

/* 1 channel, or 2 interleaved. */
void limiter_init(struct limiter *lim, int channels);

/* RT. n samples of all channels together, a multiple of LIMITER_AHEAD times
 * channels; |in| may reach 2^30. */
void limiter_run(struct limiter *lim, const int32_t *in, int16_t *out_r,
		 size_t n);

#endif
