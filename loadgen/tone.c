#include "loadgen/tone.h"

#include <math.h>
#include <stdlib.h>

#define TALKERS	  4 /* at once */
#define STEP_HZ	  10.0
#define LOW_STEPS 23
#define HIGH_STEPS                                                             \
	25 /* prime to LOW_STEPS: pairs repeat after 23 * 25 turns             \
	    */

#define WINDOW_S    0.04 /* of one look at a tone; FFT bins of 25 Hz */
#define HOPS	    8	 /* looks in a window's time */
#define MAX_WINDOWS 256
#define FLOOR_DB    -120.0

/* No tone is a sum or difference of the others and of Opus' 50 frames a
 * second: coding noise of steady tones gathers at just those. */
struct tone_pair tone_plan(unsigned n)
{
	static const double low[TALKERS] = { 400, 693.1, 1025.3, 1297.7 };
	static const double high[TALKERS] = { 1721.7, 2094.3, 2536.1, 2889.1 };
	unsigned place = n % TALKERS, turn = n / TALKERS;

	return (struct tone_pair){
		.low = low[place] + STEP_HZ * (turn % LOW_STEPS),
		.high = high[place] + STEP_HZ * (turn % HIGH_STEPS),
	};
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, size_t n)
{
	qsort(values, n, sizeof(*values), by_value);
	return values[n / 2];
}

/* The tone's cosine and sine in the n samples from `at` on, as the clock of
 * pcm[0] has them. */
static void project(const int16_t *pcm, size_t at, size_t n, double w,
		    double *cosine_r, double *sine_r)
{
	*cosine_r = *sine_r = 0;
	for (size_t i = 0; i < n; i++) {
		double hann = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
		double x = hann * pcm[at + i] / 32768.0;
		double phase = w * (double)(at + i);

		*cosine_r += 4 * x * cos(phase) / (double)n;
		*sine_r += 4 * x * sin(phase) / (double)n;
	}
}

/* Fills one value for each look; returns their number. */
static size_t look(const int16_t *pcm, size_t n, double rate, double hz,
		   double cosines_r[MAX_WINDOWS], double sines_r[MAX_WINDOWS])
{
	size_t length = (size_t)(WINDOW_S * rate), looks = 0;

	for (size_t at = 0; at + length <= n && looks < MAX_WINDOWS;
	     at += length / HOPS, looks++)
		project(pcm, at, length, 2 * M_PI * hz / rate,
			&cosines_r[looks], &sines_r[looks]);
	return looks;
}

double tone_amplitude(const int16_t *pcm, size_t n, double rate, double hz)
{
	double cosines[MAX_WINDOWS], sines[MAX_WINDOWS];
	size_t looks = look(pcm, n, rate, hz, cosines, sines);

	for (size_t i = 0; i < looks; i++)
		cosines[i] = hypot(cosines[i], sines[i]);
	return looks ? median(cosines, looks) : 0;
}

double tone_steady(const int16_t *pcm, size_t n, double rate, double hz)
{
	double cosines[MAX_WINDOWS], sines[MAX_WINDOWS];
	size_t looks = look(pcm, n, rate, hz, cosines, sines);

	return looks ? hypot(median(cosines, looks), median(sines, looks)) : 0;
}

double tone_db(double amplitude)
{
	return amplitude > 1e-6 ? 20 * log10(amplitude) : FLOOR_DB;
}
