#include "mixer/trust.h"

#include <glib.h>
#include <stdlib.h>

static struct trust trust;
static uint64_t now;

static void begin(void)
{
	trust_init(&trust);
	now = 1;
}

/* Frames until distrust begins; -1: it does not. */
static int until_distrusted(float claimed, float heard, int frames)
{
	for (int i = 0; i < frames; i++, now++) {
		trust_claim(&trust, claimed);
		if (trust_measure(&trust, heard, now))
			return i;
	}
	return -1;
}

static void the_honest_are_believed(void)
{
	begin();
	srand(5);
	/* Speech, pauses, and a decoder that is up to 6 dB off; what is heard
	 * was said 200 ms before. */
	for (int i = 0; i < 10000; i++, now++) {
		static float said[10];
		float level =
			rand() % 40 < 25 ? (float)(-20 - rand() % 15) : -127;
		float heard = said[i % 10] + (float)(rand() % 13 - 6);

		said[i % 10] = level;
		trust_claim(&trust, level);
		g_assert_false(trust_measure(&trust, heard, now));
	}
	g_assert_cmpfloat(trust_level(&trust, -31, now), ==, -31);
}

static void who_claims_too_much_is_found_out_in_a_second(void)
{
	int frames;

	begin();
	frames = until_distrusted(-10, -127, 100);
	g_assert_cmpint(frames, >=, 0);
	g_assert_cmpint(frames, <, 50);
	g_assert_false(trust_holds(&trust, now));
	g_assert_cmpfloat(trust_level(&trust, -10, now), <, -60);
}

static void who_claims_too_little_too(void)
{
	begin();
	g_assert_cmpint(until_distrusted(-127, -20, 100), <, 50);
	g_assert_false(trust_holds(&trust, now));
	g_assert_cmpfloat_with_epsilon(trust_level(&trust, -127, now), -20, 3);
}

static void ten_decibel_are_no_lie(void)
{
	begin();
	g_assert_cmpint(until_distrusted(-20, -30, 5000), ==, -1);
	g_assert_cmpint(until_distrusted(-30, -20, 5000), ==, -1);
}

static void frames_without_a_packet_prove_nothing(void)
{
	begin();
	until_distrusted(-20, -20, 100);
	for (int i = 0; i < 1000; i++, now++)
		g_assert_false(trust_measure(&trust, -127, now));
}

static void each_distrust_is_longer_until_it_is_forgotten(void)
{
	uint64_t from, first, second;

	begin();
	g_assert_cmpint(until_distrusted(-10, -60, 100), >=, 0);
	from = now;
	while (!trust_holds(&trust, now))
		now++;
	first = now - from;
	g_assert_cmpuint(first, ==, 250);

	g_assert_cmpint(until_distrusted(-10, -60, 100), >=, 0);
	from = now;
	while (!trust_holds(&trust, now))
		now++;
	second = now - from;
	g_assert_cmpuint(second, ==, 500);

	g_assert_cmpint(until_distrusted(-20, -20, 600), ==, -1);
	g_assert_cmpint(until_distrusted(-10, -60, 100), >=, 0);
	from = now;
	while (!trust_holds(&trust, now))
		now++;
	g_assert_cmpuint(now - from, ==, 250);

	for (int i = 0; i < 20; i++) {
		g_assert_cmpint(until_distrusted(-10, -60, 100), >=, 0);
		from = now;
		while (!trust_holds(&trust, now))
			now++;
	}
	g_assert_cmpuint(now - from, ==, 15000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/trust/the honest are believed",
			the_honest_are_believed);
	g_test_add_func("/trust/who claims too much is found out in a second",
			who_claims_too_much_is_found_out_in_a_second);
	g_test_add_func("/trust/who claims too little too",
			who_claims_too_little_too);
	g_test_add_func("/trust/ten decibel are no lie",
			ten_decibel_are_no_lie);
	g_test_add_func("/trust/frames without a packet prove nothing",
			frames_without_a_packet_prove_nothing);
	g_test_add_func("/trust/each distrust is longer until it is forgotten",
			each_distrust_is_longer_until_it_is_forgotten);
	return g_test_run();
}
