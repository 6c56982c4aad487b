/* burst - 60 ms of one tone, and where in a sound such bursts begin. */
#ifndef BENCH_BURST_H
#define BENCH_BURST_H

#include <stddef.h>

/* Writes a burst at sample `at` of 48 kHz sound, and silence 20 ms before
 * and after it. */
void burst_put(float *pcm, size_t at, double hz);

/* The beginnings of bursts of hz in n samples, in samples, to a fraction of
 * a millisecond: where a tone that stands out for 30 ms passes half of its
 * amplitude. Returns how many, at most max. */
size_t burst_find(const float *pcm, size_t n, double hz, double *at_r,
		  size_t max);

#endif
