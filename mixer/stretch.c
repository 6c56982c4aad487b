#include "mixer/stretch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/sum.h"

/* A period of 80 to 400 Hz, or several of them. */
#define MIN_LAG 120
#define MAX_LAG 600
#define OVERLAP 360 /* samples: what must be alike, and is faded */

/* The splice and all that it looks at lie in one frame. */
_Static_assert(MAX_LAG + OVERLAP <= STRETCH_FRAME, "splice");

#define COARSE 8 /* the first search runs at 6 kHz */

/* Changes up to SMALL go at 1 / SLOW of the tempo, from LARGE on at
 * 1 / FAST. */
#define SMALL 2880
#define LARGE 9600
#define SLOW  20
#define FAST  4

#define ALIKE	 0.9f /* normalised correlation that is asked for at first */
#define PATIENCE 2880 /* samples of credit after which any lag will do */

void stretch_reset(struct stretch *st)
{
	st->fill = 0;
	st->credit = 0;
}

int16_t *stretch_space(struct stretch *st)
{
	return st->pcm + st->fill;
}

void stretch_push(struct stretch *st, size_t n)
{
	st->fill += n;
}

bool stretch_wants_more(const struct stretch *st, int shorter)
{
	return shorter >= MIN_LAG && st->fill < STRETCH_FRAME + MAX_LAG;
}

/* Samples of credit that a tick brings. */
static int allowance(int change)
{
	const int slow = STRETCH_FRAME / SLOW, fast = STRETCH_FRAME / FAST;

	if (change <= SMALL)
		return slow;
	if (change >= LARGE)
		return fast;
	return slow + (fast - slow) * (change - SMALL) / (LARGE - SMALL);
}

/* How alike n samples at a and b are: 1 the same, 0 not at all. */
static float likeness(const float *a, const float *b, int n)
{
	float ab = 0, aa = 1, bb = 1;

	for (int i = 0; i < n; i++) {
		ab += a[i] * b[i];
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	return ab / sqrtf(aa * bb);
}

/* The lag from `lo` to `hi` at which the OVERLAP samples at `from` are most
 * like those so much later, or earlier when sign is -1. */
static int best_lag(const float *x, int from, int sign, int lo, int hi, int n,
		    float *likeness_r)
{
	int best = lo;

	*likeness_r = -1;
	for (int lag = lo; lag <= hi; lag++) {
		float like = likeness(x + from, x + from + sign * lag, n);

		if (like <= *likeness_r)
			continue;
		*likeness_r = like;
		best = lag;
	}
	return best;
}

/* First at 6 kHz over all lags, then at 48 kHz around the best. */
static int find_lag(const int16_t *pcm, int from, int sign, int most,
		    float *likeness_r)
{
	float fine[STRETCH_FRAME], coarse[STRETCH_FRAME / COARSE];
	int lag, lo, hi;

	for (int i = 0; i < STRETCH_FRAME / COARSE; i++) {
		coarse[i] = 0;
		for (int j = i * COARSE; j < (i + 1) * COARSE; j++) {
			fine[j] = (float)pcm[j];
			coarse[i] += fine[j];
		}
	}
	lag = COARSE * best_lag(coarse, from / COARSE, sign, MIN_LAG / COARSE,
				most / COARSE, OVERLAP / COARSE, likeness_r);
	lo = lag - COARSE < MIN_LAG ? MIN_LAG : lag - COARSE;
	hi = lag + COARSE > most ? most : lag + COARSE;
	return best_lag(fine, from, sign, lo, hi, OVERLAP, likeness_r);
}

/* After `from` goes on with what is `jump` samples later, faded over. */
static void splice(struct stretch *st, int from, int jump)
{
	size_t rest = st->fill - (size_t)(from + jump);
	int16_t faded[OVERLAP];

	for (int i = 0; i < OVERLAP; i++) {
		float there = ((float)i + 0.5f) / OVERLAP;
		float a = st->pcm[from + i], b = st->pcm[from + i + jump];

		faded[i] = (int16_t)lrintf(a + (b - a) * there);
	}
	memmove(st->pcm + from, st->pcm + from + jump, rest * sizeof(*st->pcm));
	memcpy(st->pcm + from, faded, sizeof(faded));
	st->fill -= (size_t)jump;
}

/* The largest lag that may be taken now, or less than MIN_LAG. */
static int most_lag(const struct stretch *st, int change, bool shorten)
{
	int spare = (int)st->fill - STRETCH_FRAME, most = MAX_LAG;

	/* Too short by a sample is too short, too long by some is not. */
	if (shorten && most > change)
		most = change;
	if (shorten && most > spare)
		most = spare;
	return most < st->credit ? most : st->credit;
}

/* One splice, if it is time for one. Returns its lag, or 0. */
static int change_tempo(struct stretch *st, int shorter, float quiet)
{
	bool shorten = shorter > 0;
	float power = (float)sum_energy(st->pcm, STRETCH_FRAME) / STRETCH_FRAME;
	bool loose = power < quiet;
	int from = shorten ? 0 : MAX_LAG, lag, most;
	float like = 1;

	st->credit += loose ? MAX_LAG : allowance(abs(shorter));
	if (st->credit > PATIENCE)
		st->credit = PATIENCE;
	lag = most = most_lag(st, abs(shorter), shorten);
	if (most < MIN_LAG)
		return 0;
	if (!loose)
		lag = find_lag(st->pcm, from, shorten ? 1 : -1, most, &like);
	if (like < ALIKE * (1.0f - (float)st->credit / PATIENCE))
		return 0;
	splice(st, from, shorten ? lag : -lag);
	st->credit -= lag;
	return lag;
}

int stretch_pull(struct stretch *st, int shorter, float quiet, int16_t *pcm_r)
{
	int lag = 0;

	if (shorter < 0 || shorter >= MIN_LAG)
		lag = change_tempo(st, shorter, quiet);
	else
		st->credit = 0;
	memcpy(pcm_r, st->pcm, STRETCH_FRAME * sizeof(*pcm_r));
	st->fill -= STRETCH_FRAME;
	memmove(st->pcm, st->pcm + STRETCH_FRAME, st->fill * sizeof(*st->pcm));
	return shorter > 0 ? lag : -lag;
}
