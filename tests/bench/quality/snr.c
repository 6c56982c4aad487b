#include "tests/bench/quality/snr.h"

#include <math.h>
#include <stdlib.h>

#define WINDOW	24000 /* samples that are laid over each other at once */
#define SEGMENT 960
#define COARSE	8    /* the first search runs at 6 kHz */
#define MAX_LAG 7200 /* samples: 150 ms */

#define FAINT 10737.0 /* mean square: -50 dBov */
#define WORST -10.0   /* dB */
#define BEST  35.0

static double likeness(const float *a, const float *b, size_t n)
{
	double ab = 0, bb = 1;

	for (size_t i = 0; i < n; i++) {
		ab += (double)a[i] * (double)b[i];
		bb += (double)b[i] * (double)b[i];
	}
	return ab / sqrt(bb);
}

/* The lag in lo..hi at which heard is most like sent. */
static int best_lag(const float *sent, const float *heard, size_t n, int lo,
		    int hi)
{
	double most = -1e30;
	int best = lo;

	for (int lag = lo; lag <= hi; lag++) {
		double like = likeness(sent, heard + lag, n);

		if (like <= most)
			continue;
		most = like;
		best = lag;
	}
	return best;
}

static void thin_out(const int16_t *pcm, float *fine, float *coarse, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		fine[i] = (float)pcm[i];
		if (i % COARSE == 0)
			coarse[i / COARSE] = 0;
		coarse[i / COARSE] += fine[i];
	}
}

static int find_lag(const int16_t *sent, const int16_t *heard)
{
	static float fine[WINDOW], coarse[WINDOW / COARSE];
	static float there[WINDOW + MAX_LAG];
	static float coarse_there[(WINDOW + MAX_LAG) / COARSE];
	int lag;

	thin_out(sent, fine, coarse, WINDOW);
	thin_out(heard, there, coarse_there, WINDOW + MAX_LAG);
	lag = COARSE * best_lag(coarse, coarse_there, WINDOW / COARSE, 0,
				MAX_LAG / COARSE);
	return best_lag(fine, there, WINDOW, lag < COARSE ? 0 : lag - COARSE,
			lag + COARSE > MAX_LAG ? MAX_LAG : lag + COARSE);
}

static void add_segment(struct snr *snr, const int16_t *sent,
			const int16_t *heard)
{
	double signal = 0, sound = 1, noise = 1;

	for (int i = 0; i < SEGMENT; i++) {
		double diff = sent[i] - heard[i];

		signal += (double)sent[i] * sent[i];
		sound += (double)heard[i] * heard[i];
		noise += diff * diff;
	}
	if (signal < FAINT * SEGMENT)
		return;
	snr->sum += fmin(fmax(10 * log10(signal / noise), WORST), BEST);
	snr->holes += sound < signal / 10;
	snr->segments++;
}

void snr_add(struct snr *snr, const int16_t *sent, const int16_t *heard,
	     size_t n)
{
	for (size_t at = 0; at + WINDOW + MAX_LAG <= n; at += WINDOW) {
		int lag = find_lag(sent + at, heard + at);

		for (size_t i = at; i < at + WINDOW; i += SEGMENT)
			add_segment(snr, sent + i, heard + i + lag);
	}
}
