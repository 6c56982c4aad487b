#include "mixer/limiter.h"

#include <math.h>
#include <string.h>

#include "mixer/sum.h"

#define RELEASE 0.99f /* of the cut stays after each block: 100 ms */
#define CLOSED	1e-4f /* a cut smaller than this is none */

void limiter_init(struct limiter *lim, int channels)
{
	memset(lim, 0, sizeof(*lim));
	lim->block = LIMITER_AHEAD * (size_t)channels;
}

static float cut_for(int32_t peak)
{
	if (peak <= LIMITER_CEILING)
		return 0.0f;
	return 1.0f - (float)LIMITER_CEILING / (float)peak;
}

/* Plays the block that waits while the gain moves in a straight line to what
 * the next block needs. Both ends of that line suit the block that is played:
 * its start was chosen for it one step ago. */
static void play(const struct limiter *lim, float cut, int16_t *out_r)
{
	if (lim->cut == 0.0f && cut == 0.0f)
		sum_narrow(out_r, lim->ahead, lim->block);
	else
		sum_duck(out_r, lim->ahead, lim->block, 1.0f - lim->cut,
			 1.0f - cut, LIMITER_CEILING);
}

static void keep(struct limiter *lim, const int32_t *in)
{
	memcpy(lim->ahead, in, lim->block * sizeof(*in));
	lim->peak = sum_peak(in, lim->block);
}

static void limit(struct limiter *lim, const int32_t *in, int16_t *out_r,
		  size_t n)
{
	for (size_t at = 0; at < n; at += lim->block) {
		float cut = lim->cut * RELEASE;

		if (cut < CLOSED)
			cut = 0.0f;
		cut = fmaxf(cut, cut_for(lim->peak));
		cut = fmaxf(cut, cut_for(sum_peak(in + at, lim->block)));
		play(lim, cut, out_r + at);
		keep(lim, in + at);
		lim->cut = cut;
	}
}

void limiter_run(struct limiter *lim, const int32_t *in, int16_t *out_r,
		 size_t n)
{
	const size_t rest = n - lim->block;

	if (lim->cut > 0.0f || lim->peak > LIMITER_CEILING ||
	    sum_peak(in, n) > LIMITER_CEILING) {
		limit(lim, in, out_r, n);
		return;
	}
	sum_narrow(out_r, lim->ahead, lim->block);
	sum_narrow(out_r + lim->block, in, rest);
	keep(lim, in + rest);
}
