#include "tests/bench/driver/burst.h"

#include <err.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>

#define RATE	  48000
#define LENGTH	  (RATE * 60 / 1000)
#define HOLE	  (RATE * 20 / 1000)
#define RAMP	  (RATE * 2 / 1000)
#define AMPLITUDE 0.18 /* -15 dBFS */

#define WINDOW	 (RATE * 5 / 1000)
#define STEP	 24 /* half a millisecond */
#define SHORTEST (RATE * 30 / 1000 / STEP)
#define LONGEST	 (RATE * 90 / 1000 / STEP)

void burst_put(float *pcm, size_t at, double hz)
{
	for (size_t i = 0; i < HOLE; i++)
		pcm[at - HOLE + i] = pcm[at + LENGTH + i] = 0;
	for (size_t i = 0; i < LENGTH; i++) {
		double ramp =
			fmin(1, fmin((double)i, (double)(LENGTH - i)) / RAMP);

		pcm[at + i] = (float)(AMPLITUDE * ramp *
				      sin(2 * M_PI * hz * (double)i / RATE));
	}
}

/* Amplitude of hz in the window that begins at pcm. */
static double amplitude(const float *pcm, double hz)
{
	double re = 0, im = 0, step = 2 * M_PI * hz / RATE;
	double c = 1, s = 0, dc = cos(step), ds = sin(step);

	for (int i = 0; i < WINDOW; i++) {
		double turned = c * dc - s * ds;

		re += pcm[i] * c;
		im += pcm[i] * s;
		s = s * dc + c * ds;
		c = turned;
	}
	return 2 * hypot(re, im) / WINDOW;
}

/* The first passage of half the peak among the steps [from, to). */
static double rise(const double *env, size_t from, size_t to)
{
	double peak = 0;
	size_t i;

	for (i = from; i < to; i++)
		peak = fmax(peak, env[i]);
	/* The region begins above a quarter: half may lie before or in it. */
	for (i = from; i > 0 && env[i] > peak / 2; i--)
		;
	while (i + 1 < to && env[i + 1] <= peak / 2)
		i++;
	return (double)i + (peak / 2 - env[i]) / (env[i + 1] - env[i]);
}

size_t burst_find(const float *pcm, size_t n, double hz, double *at_r,
		  size_t max)
{
	size_t steps = n < WINDOW ? 0 : (n - WINDOW) / STEP + 1;
	double *env = calloc(steps + 1, sizeof(*env));
	size_t found = 0, since = 0;

	if (!env)
		err(1, "bursts");
	for (size_t i = 0; i < steps; i++)
		env[i] = amplitude(pcm + i * STEP, hz);
	/* One step more, of silence, ends what the sound ends in. */
	for (size_t i = 1; i <= steps && found < max; i++) {
		bool was = env[i - 1] > AMPLITUDE / 4;
		bool is = env[i] > AMPLITUDE / 4;

		if (is && !was)
			since = i;
		if (was && !is && since && i - since >= SHORTEST &&
		    i - since <= LONGEST)
			at_r[found++] = rise(env, since, i) * STEP + WINDOW / 2;
	}
	free(env);
	return found;
}
