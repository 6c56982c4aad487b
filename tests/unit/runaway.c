/* Levels as a decoder gives them, packet by packet: whom the guard lets pass,
 * and what it stops. */
#include "mixer/runaway.h"

#include <glib.h>
#include <math.h>

#define SECOND 50 /* packets */

/* dBov of a voice in syllables: from -34 to -21, three times a second. */
static float syllable(unsigned packet)
{
	return -27.5f + 6.5f * (float)sin(2 * G_PI * 3 * packet / SECOND);
}

/* Packets of a voice from `from` on; each twentieth is lost. Returns how many
 * would be decoded anew. */
static unsigned hear(struct runaway *run, unsigned from, unsigned packets,
		     float louder)
{
	unsigned stopped = 0;

	for (unsigned i = from; i < from + packets; i++) {
		float level = syllable(i) + louder;
		bool anew;

		if (i % 20 == 0) {
			runaway_gap(run);
			continue;
		}
		anew = level > runaway_limit(run);
		stopped += anew;
		runaway_hear(run, level, anew);
	}
	return stopped;
}

/* The watch never ends while packets are lost, and what was known before it
 * must not sink away meanwhile. */
static void a_voice_that_loses_packets_for_minutes_passes(void)
{
	struct runaway run;

	runaway_reset(&run);
	g_assert_cmpuint(hear(&run, 1, 300 * SECOND, 0), ==, 0);
	g_assert_cmpfloat(runaway_limit(&run), >, -21 + 8);
}

static void who_speaks_up_meanwhile_is_decoded_anew_once(void)
{
	struct runaway run;

	runaway_reset(&run);
	hear(&run, 1, 60 * SECOND, 0);
	g_assert_cmpuint(hear(&run, 60 * SECOND + 1, 60 * SECOND, 12), ==, 1);
}

static void growth_after_a_gap_is_stopped(void)
{
	struct runaway run;
	float level = -21;

	runaway_reset(&run);
	hear(&run, 1, 60 * SECOND, 0);
	for (; level < 0; level += 0.5f) {
		if (level > runaway_limit(&run))
			break;
		runaway_hear(&run, level, false);
	}
	g_assert_cmpfloat(level, <, -11);
}

/* Growth has no end: also not when it is slow, and after a quiet time. */
static void growth_is_not_believed_bit_by_bit(void)
{
	struct runaway run;
	float level = -33;

	runaway_reset(&run);
	hear(&run, 1, 60 * SECOND, 0);
	hear(&run, 60 * SECOND + 1, 60 * SECOND, -12);
	for (; level < 0; level += 0.1f) {
		runaway_gap(&run);
		if (level > runaway_limit(&run))
			break;
		runaway_hear(&run, level, false);
	}
	g_assert_cmpfloat(level, <, -11);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func(
		"/runaway/a voice that loses packets for minutes passes",
		a_voice_that_loses_packets_for_minutes_passes);
	g_test_add_func("/runaway/who speaks up meanwhile is decoded anew once",
			who_speaks_up_meanwhile_is_decoded_anew_once);
	g_test_add_func("/runaway/growth after a gap is stopped",
			growth_after_a_gap_is_stopped);
	g_test_add_func("/runaway/growth is not believed bit by bit",
			growth_is_not_believed_bit_by_bit);
	return g_test_run();
}
