#include "loadgen/chirp.h"

#include <math.h>
#include <stdlib.h>

#define SECONDS (CHIRP_MS / 1000.0)
#define FROM_HZ 600.0
#define TO_HZ	3600.0
#define QUIET	1e-4 /* rms; below, a correlation means nothing */

struct chirp {
	unsigned rate;
	size_t n;
	double energy; /* of shape */
	float *shape;
};

double chirp_at(double t)
{
	double sweep = (TO_HZ - FROM_HZ) / SECONDS;

	if (t < 0 || t >= SECONDS)
		return 0;
	return (0.5 - 0.5 * cos(2 * M_PI * t / SECONDS)) *
	       sin(2 * M_PI * (FROM_HZ * t + sweep * t * t / 2));
}

struct chirp *chirp_create(unsigned rate)
{
	struct chirp *chirp = calloc(1, sizeof(*chirp));

	if (!chirp)
		return NULL;
	chirp->rate = rate;
	chirp->n = (size_t)rate * CHIRP_MS / 1000;
	chirp->shape = calloc(chirp->n, sizeof(*chirp->shape));
	if (!chirp->shape) {
		chirp_destroy(&chirp);
		return NULL;
	}
	for (size_t i = 0; i < chirp->n; i++) {
		chirp->shape[i] = (float)chirp_at((double)i / rate);
		chirp->energy += chirp->shape[i] * chirp->shape[i];
	}
	return chirp;
}

void chirp_destroy(struct chirp **chirpp)
{
	struct chirp *chirp = *chirpp;

	*chirpp = NULL;
	if (!chirp)
		return;
	free(chirp->shape);
	free(chirp);
}

static float product(const float *a, const int16_t *b, size_t n)
{
	/* Four sums, so that they may run beside one another. */
	float s[4] = { 0 };
	size_t i = 0;

	for (; i + 4 <= n; i += 4)
		for (unsigned k = 0; k < 4; k++)
			s[k] += a[i + k] * (float)b[i + k];
	for (; i < n; i++)
		s[0] += a[i] * (float)b[i];
	return s[0] + s[1] + s[2] + s[3];
}

struct chirp_found chirp_find(const struct chirp *chirp, const int16_t *pcm,
			      size_t n)
{
	struct chirp_found found = { 0 };
	size_t at = 0;
	float best = 0;
	double energy = 0;

	for (size_t lag = 0; lag + chirp->n <= n; lag++) {
		float p = fabsf(product(chirp->shape, pcm + lag, chirp->n));

		if (p > best) {
			best = p;
			at = lag;
		}
	}
	if (best <= 0)
		return found;
	for (size_t i = 0; i < chirp->n; i++)
		energy += pcm[at + i] / 32768.0 * (pcm[at + i] / 32768.0);
	found.lag_ms = (double)at * 1000 / chirp->rate;
	found.amplitude = best / 32768.0 / chirp->energy;
	if (energy > QUIET * QUIET * (double)chirp->n)
		found.correlation =
			best / 32768.0 / sqrt(energy * chirp->energy);
	return found;
}
