#include "mixer/limiter.h"

#include <math.h>
#include <string.h>

#define RELEASE 0.99f /* of the cut stays after each block: 100 ms */
#define CLOSED	1e-4f /* a cut smaller than this is none */

void limiter_init(struct limiter *lim)
{
	memset(lim, 0, sizeof(*lim));
}

static int32_t peak_of(const int32_t *in)
{
	int32_t peak = 0;

	for (int i = 0; i < LIMITER_AHEAD; i++) {
		int32_t size = in[i] < 0 ? -in[i] : in[i];

		peak = size > peak ? size : peak;
	}
	return peak;
}

static float cut_for(int32_t peak)
{
	if (peak <= LIMITER_CEILING)
		return 0.0f;
	return 1.0f - (float)LIMITER_CEILING / (float)peak;
}

static int16_t narrow(float sample)
{
	/* Only rounding can exceed the ceiling, and not by much. */
	sample = fminf(fmaxf(sample, -LIMITER_CEILING), LIMITER_CEILING);
	return (int16_t)lrintf(sample);
}

/* Plays the block that waits while the gain moves in a straight line to what
 * the next block needs. Both ends of that line suit the block that is played:
 * its start was chosen for it one step ago. */
static void play(struct limiter *lim, float cut, int16_t *out_r)
{
	float step = (cut - lim->cut) / LIMITER_AHEAD;

	if (lim->cut == 0.0f && cut == 0.0f) {
		for (int i = 0; i < LIMITER_AHEAD; i++)
			out_r[i] = (int16_t)lim->ahead[i];
		return;
	}
	for (int i = 0; i < LIMITER_AHEAD; i++) {
		float gain = 1.0f - (lim->cut + step * (float)(i + 1));

		out_r[i] = narrow((float)lim->ahead[i] * gain);
	}
}

void limiter_run(struct limiter *lim, const int32_t *in, int16_t *out_r,
		 size_t n)
{
	for (size_t at = 0; at < n; at += LIMITER_AHEAD) {
		int32_t peak = peak_of(in + at);
		float cut = lim->cut * RELEASE;

		if (cut < CLOSED)
			cut = 0.0f;
		cut = fmaxf(cut, fmaxf(cut_for(peak), cut_for(lim->peak)));
		play(lim, cut, out_r + at);

		memcpy(lim->ahead, in + at, sizeof(lim->ahead));
		lim->peak = peak;
		lim->cut = cut;
	}
}
