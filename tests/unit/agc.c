#include "mixer/agc.h"

#include <glib.h>
#include <math.h>

#include "tests/trap.h"

#define SECOND 50 /* frames */

/* Speech of this mean level in syllables, 200 ms on and 100 ms off at -60. */
static float speak(struct agc *agc, float level, int seconds)
{
	float gain = 0;

	for (int frame = 0; frame < seconds * SECOND; frame++)
		gain = agc_run(agc, frame % 15 < 10 ? level : -60);
	return gain;
}

static void quiet_and_loud_talkers_come_to_the_same_level(void)
{
	for (float level = -38; level <= -14; level += 4) {
		struct agc agc;

		agc_init(&agc);
		g_assert_cmpfloat_with_epsilon(level + speak(&agc, level, 20),
					       AGC_TARGET, 0.5);
	}
}

static void the_gain_is_within_12_dB(void)
{
	struct agc agc;

	agc_init(&agc);
	g_assert_cmpfloat(speak(&agc, -50, 30), ==, AGC_RANGE);
	g_assert_cmpfloat(speak(&agc, -3, 30), ==, -AGC_RANGE);
}

static void the_gain_moves_slowly(void)
{
	struct agc agc;
	float last, gain = 0;

	agc_init(&agc);
	for (int frame = 0; frame < 20 * SECOND; frame++) {
		float level = frame / SECOND % 2 ? -45 : -10;

		last = gain;
		gain = agc_run(&agc, frame % 15 < 10 ? level : -60);
		g_assert_cmpfloat(gain - last, <, 0.061);
		g_assert_cmpfloat(last - gain, <, 0.241);
	}
}

static void nothing_moves_in_a_pause(void)
{
	/* A pause as it is sent: nothing at all, silence, a noisy room. */
	static const float pauses[] = { -127, -70, -52, -45 };

	for (unsigned i = 0; i < G_N_ELEMENTS(pauses); i++) {
		struct agc agc;
		float gain;

		agc_init(&agc);
		/* The noise was there before, and is under the speech. */
		for (int frame = 0; frame < 10 * SECOND; frame++)
			agc_run(&agc, pauses[i]);
		agc.gain = 0;
		for (int frame = 0; frame < 20 * SECOND; frame++)
			agc_run(&agc, frame % 15 < 10 ? -34 : pauses[i]);
		gain = agc.gain;
		g_assert_cmpfloat_with_epsilon(gain, 8, 0.5);
		for (int frame = 0; frame < 60 * SECOND; frame++)
			g_assert_cmpfloat(agc_run(&agc, pauses[i]), ==, gain);
	}
}

static void a_pause_without_packets_does_not_turn_noise_into_speech(void)
{
	struct agc agc;
	float gain;

	agc_init(&agc);
	for (int frame = 0; frame < 10 * SECOND; frame++)
		agc_run(&agc, -48);
	gain = agc.gain;
	for (int round = 0; round < 10; round++) {
		for (int frame = 0; frame < SECOND; frame++)
			agc_run(&agc, -127);
		for (int frame = 0; frame < SECOND; frame++)
			agc_run(&agc, -48);
	}
	g_assert_cmpfloat(agc.gain, ==, gain);
}

static void steady_noise_is_not_raised_for_long(void)
{
	struct agc agc;
	float gain;

	/* A fan that is switched on: for some seconds it could be a voice. */
	agc_init(&agc);
	for (int frame = 0; frame < 10 * SECOND; frame++)
		gain = agc_run(&agc, -40);
	for (int frame = 0; frame < 60 * SECOND; frame++)
		g_assert_cmpfloat(agc_run(&agc, -40), ==, gain);
}

static void the_gain_control_never_touches_the_heap(void)
{
	struct agc agc;

	trap_begin();
	agc_init(&agc);
	speak(&agc, -30, 5);
	g_assert_cmpuint(trap_end(), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/agc/quiet and loud talkers come to the same level",
			quiet_and_loud_talkers_come_to_the_same_level);
	g_test_add_func("/agc/the gain is within 12 dB",
			the_gain_is_within_12_dB);
	g_test_add_func("/agc/the gain moves slowly", the_gain_moves_slowly);
	g_test_add_func("/agc/nothing moves in a pause",
			nothing_moves_in_a_pause);
	g_test_add_func(
		"/agc/a pause without packets does not turn noise into speech",
		a_pause_without_packets_does_not_turn_noise_into_speech);
	g_test_add_func("/agc/steady noise is not raised for long",
			steady_noise_is_not_raised_for_long);
	g_test_add_func("/agc/the gain control never touches the heap",
			the_gain_control_never_touches_the_heap);
	return g_test_run();
}
