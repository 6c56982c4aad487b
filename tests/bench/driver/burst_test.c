#include "tests/bench/driver/burst.h"

#include <glib.h>
#include <math.h>

#define RATE 48000
#define LONG (2 * RATE)

static float *speech_like(double dbfs)
{
	float *pcm = g_new0(float, LONG);

	for (int i = 0; i < LONG; i++)
		for (int k = 1; k < 30; k++)
			pcm[i] += (float)(pow(10, dbfs / 20) / k *
					  sin(2 * G_PI * 130 * k * i / RATE));
	return pcm;
}

static void a_burst_is_found_to_half_a_millisecond_under_speech(void)
{
	static const double hz[] = { 2500, 3100, 3700 };

	for (size_t k = 0; k < G_N_ELEMENTS(hz); k++) {
		g_autofree float *alone = g_new0(float, LONG);
		g_autofree float *mixed = speech_like(-20);
		double clean, found[4];

		burst_put(alone, 20000, hz[k]);
		g_assert_cmpuint(burst_find(alone, LONG, hz[k], &clean, 1), ==,
				 1);
		for (int i = 0; i < LONG; i++)
			mixed[i] += alone[i];
		g_assert_cmpuint(burst_find(mixed, LONG, hz[k], found, 4), ==,
				 1);
		g_assert_cmpfloat_with_epsilon(found[0], clean, RATE / 2000.);
	}
}

/* A delay is the difference of two of them. */
static void a_later_burst_is_later_by_as_much(void)
{
	double at[2];

	for (int late = 0; late < 2000; late += 77) {
		g_autofree float *pcm = g_new0(float, LONG);

		burst_put(pcm, 10000, 3100);
		burst_put(pcm, (size_t)(60000 + late), 3100);
		g_assert_cmpuint(burst_find(pcm, LONG, 3100, at, 2), ==, 2);
		g_assert_cmpfloat_with_epsilon(at[1] - at[0], 50000 + late,
					       RATE / 5000.);
	}
}

static void another_talkers_burst_is_none(void)
{
	g_autofree float *pcm = speech_like(-20);
	double at;

	burst_put(pcm, 20000, 2500);
	g_assert_cmpuint(burst_find(pcm, LONG, 3100, &at, 1), ==, 0);
}

static void what_is_too_long_is_none(void)
{
	g_autofree float *pcm = g_new0(float, LONG);
	double at;

	for (int i = 20000; i < 40000; i++)
		pcm[i] = (float)(0.2 * sin(2 * G_PI * 3100 * i / RATE));
	g_assert_cmpuint(burst_find(pcm, LONG, 3100, &at, 1), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/burst/is found to half a millisecond under speech",
			a_burst_is_found_to_half_a_millisecond_under_speech);
	g_test_add_func("/burst/a later one is later by as much",
			a_later_burst_is_later_by_as_much);
	g_test_add_func("/burst/another talker's is none",
			another_talkers_burst_is_none);
	g_test_add_func("/burst/what is too long is none",
			what_is_too_long_is_none);
	return g_test_run();
}
