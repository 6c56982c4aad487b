/* chirp - a short sweep that marks a moment in what a caller says, found
 * again in what another hears: the delay from mouth to ear.
 *
 * 600 to 3600 Hz in 60 ms under a Hann window: it passes Opus at any rate
 * that we use, and its correlation has one sharp peak. */
#ifndef LOADGEN_CHIRP_H
#define LOADGEN_CHIRP_H

#include <stddef.h>
#include <stdint.h>

#define CHIRP_MS 60

struct chirp;

/* A chirp to be looked for at `rate` Hz. NULL: no memory. */
struct chirp *chirp_create(unsigned rate);
void chirp_destroy(struct chirp **chirpp);

/* RT. The sweep's value `t` seconds after its start, -1 to 1; 0 outside. */
double chirp_at(double t);

struct chirp_found {
	double lag_ms;	    /* of the best match after pcm[0] */
	double amplitude;   /* of the sweep there, 1.0 full scale */
	double correlation; /* 0 to 1: how much of what is there is it */
};

/* Searches pcm, the lags 0 to n less the chirp's length. */
struct chirp_found chirp_find(const struct chirp *chirp, const int16_t *pcm,
			      size_t n);

#endif
