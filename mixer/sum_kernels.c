/* The one source of all versions of mixer/sum.h: plain loops that compilers
 * turn into vector code. mixer/meson.build compiles it once for each
 * instruction set, with SUM_VERSION as the name of its table. */
#include "mixer/sum.h"

/* A gain on its way has so many more bits behind the point: SUM_MOST is then
 * 2^30. */
#define FINE 14

extern const struct sum_version SUM_VERSION;

static int32_t step_of(int32_t from, int32_t to, size_t n)
{
	return (to - from) * (1 << FINE) / (int32_t)n;
}

/* Within 2^15 * 2^16, rounded to the nearest. */
static int32_t times(int16_t sample, int32_t fine)
{
	return (sample * (fine >> FINE) + SUM_UNITY / 2) >> 14;
}

static void scale(int32_t *restrict part_r, const int16_t *restrict pcm,
		  size_t n, int32_t from, int32_t to)
{
	int32_t step = step_of(from, to, n);

	from *= 1 << FINE;
	for (int32_t i = 0; i < (int32_t)n; i++)
		part_r[i] = times(pcm[i], from + step * (i + 1));
}

static void pan(int32_t *restrict part_r, const int16_t *restrict pcm, size_t n,
		struct sum_gain from, struct sum_gain to)
{
	const int32_t left_step = step_of(from.left, to.left, n);
	const int32_t right_step = step_of(from.right, to.right, n);
	const int32_t left = from.left * (1 << FINE);
	const int32_t right = from.right * (1 << FINE);

	for (int32_t i = 0; i < (int32_t)n; i++) {
		part_r[2 * i] = times(pcm[i], left + left_step * (i + 1));
		part_r[2 * i + 1] = times(pcm[i], right + right_step * (i + 1));
	}
}

static void add(int32_t *restrict sum, const int32_t *restrict part, size_t n)
{
	for (size_t i = 0; i < n; i++)
		sum[i] += part[i];
}

static void subtract(int32_t *restrict rest_r, const int32_t *restrict sum,
		     const int32_t *restrict part, size_t n)
{
	for (size_t i = 0; i < n; i++)
		rest_r[i] = sum[i] - part[i];
}

static int32_t peak(const int32_t *in, size_t n)
{
	int32_t high = 0, low = 0;

	for (size_t i = 0; i < n; i++) {
		high = in[i] > high ? in[i] : high;
		low = in[i] < low ? in[i] : low;
	}
	return high > -low ? high : -low;
}

static void narrow(int16_t *restrict out_r, const int32_t *restrict in,
		   size_t n)
{
	for (size_t i = 0; i < n; i++)
		out_r[i] = (int16_t)in[i];
}

static void duck(int16_t *restrict out_r, const int32_t *restrict in, size_t n,
		 float from, float to, int32_t ceiling)
{
	const float step = (to - from) / (float)n;
	const float most = (float)ceiling;

	for (int32_t i = 0; i < (int32_t)n; i++) {
		float sample = (float)in[i] * (from + step * (float)(i + 1));

		sample += sample < 0.0f ? -0.5f : 0.5f;
		sample = sample > most ? most : sample;
		sample = sample < -most ? -most : sample;
		out_r[i] = (int16_t)(int32_t)sample;
	}
}

static uint64_t energy(const int16_t *pcm, size_t n)
{
	uint64_t squares = 0;

	for (size_t i = 0; i < n; i++)
		squares += (uint32_t)(pcm[i] * pcm[i]);
	return squares;
}

#define TEXT(name)    #name
#define TEXT_OF(name) TEXT(name)

const struct sum_version SUM_VERSION = {
	.name = TEXT_OF(SUM_VERSION),
	.scale = scale,
	.pan = pan,
	.add = add,
	.subtract = subtract,
	.peak = peak,
	.narrow = narrow,
	.duck = duck,
	.energy = energy,
};
