#include "loadgen/tone.h"

#include <math.h>

#define STEP_HZ	    25.0
#define LOW_HZ	    400.0
#define LOW_COUNT   48
#define HIGH_HZ	    1700.0
#define HIGH_COUNT  67 /* prime to LOW_COUNT: pairs repeat after 48 * 67 */
#define HIGH_SPREAD 5  /* neighbours' high tones are 125 Hz apart */
#define FLOOR_DB    -120.0

struct tone_pair tone_plan(unsigned n)
{
	unsigned high = (n % HIGH_COUNT) * HIGH_SPREAD % HIGH_COUNT;

	return (struct tone_pair){
		.low = LOW_HZ + STEP_HZ * (n % LOW_COUNT),
		.high = HIGH_HZ + STEP_HZ * high,
	};
}

double tone_amplitude(const int16_t *pcm, size_t n, double rate, double hz)
{
	double w = 2 * M_PI * hz / rate, c = 2 * cos(w);
	double s1 = 0, s2 = 0, power;

	for (size_t i = 0; i < n; i++) {
		double hann = 0.5 - 0.5 * cos(2 * M_PI * (double)i / (double)n);
		double s = hann * pcm[i] / 32768.0 + c * s1 - s2;

		s2 = s1;
		s1 = s;
	}
	power = s1 * s1 + s2 * s2 - c * s1 * s2;
	/* A sine of amplitude A gives A n/2, and Hann's mean is 1/2. */
	return n ? 4 * sqrt(fmax(power, 0)) / (double)n : 0;
}

double tone_db(double amplitude)
{
	return amplitude > 1e-6 ? 20 * log10(amplitude) : FLOOR_DB;
}
