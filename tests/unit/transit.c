#include "mixer/transit.h"

#include <glib.h>

#include "tests/network.h"

#define MS NETWORK_MS

/* Each tick brings a packet of this transit. */
static void note(struct transit *trans, int from, int ticks, int64_t transit)
{
	for (int i = 0; i < ticks; i++)
		transit_note(trans, from + i, transit);
}

static void the_latest_of_three_seconds_is_covered(void)
{
	struct transit trans;

	transit_reset(&trans);
	g_assert_false(transit_known(&trans));
	for (int i = 0; i < 300; i++)
		transit_note(&trans, i, i % 7 * 10 * MS);
	g_assert_true(transit_known(&trans));
	g_assert_cmpint(transit_usual(&trans), ==, 60 * MS);
	g_assert_cmpint(transit_least(&trans), ==, 0);
	/* The path has become shorter. */
	note(&trans, 300, TRANSIT_TICKS, -20 * MS);
	g_assert_cmpint(transit_usual(&trans), ==, -20 * MS);
	g_assert_cmpint(transit_least(&trans), ==, -20 * MS);
}

static void two_stalls_stand_alone_and_a_third_is_the_rule(void)
{
	struct transit trans;

	transit_reset(&trans);
	note(&trans, 0, 150, 5 * MS);
	for (int i = 0; i < 3; i++) {
		g_assert_cmpint(transit_usual(&trans), ==, 5 * MS);
		note(&trans, 150 + 20 * i, 1, 300 * MS);
		note(&trans, 151 + 20 * i, 19, 5 * MS);
	}
	g_assert_cmpint(transit_usual(&trans), ==, 300 * MS);
}

static void a_stall_that_is_worked_off_slowly_is_one(void)
{
	struct transit trans;

	transit_reset(&trans);
	note(&trans, 0, 150, 5 * MS);
	for (int i = 0; i < 50; i++)
		note(&trans, 150 + i, 1, (1000 - 20 * i) * MS);
	note(&trans, 200, 1, 5 * MS);
	g_assert_cmpint(transit_usual(&trans), ==, 5 * MS);
}

static void a_clock_that_is_fast_is_no_stall_worked_off(void)
{
	struct transit trans;

	transit_reset(&trans);
	/* 1000 ppm: a sample in each tick. */
	for (int i = 0; i < 1000; i++)
		transit_note(&trans, i, -i);
	g_assert_cmpint(transit_usual(&trans), ==, -1000 + TRANSIT_TICKS);
}

static void of_one_tick_the_latest_counts(void)
{
	struct transit trans;

	transit_reset(&trans);
	transit_note(&trans, 7, 10 * MS);
	transit_note(&trans, 7, 40 * MS);
	transit_note(&trans, 7, 20 * MS);
	g_assert_cmpint(transit_usual(&trans), ==, 40 * MS);
	g_assert_cmpuint(trans.n, ==, 1);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/transit/the latest of three seconds is covered",
			the_latest_of_three_seconds_is_covered);
	g_test_add_func("/transit/two stalls stand alone, a third is the rule",
			two_stalls_stand_alone_and_a_third_is_the_rule);
	g_test_add_func("/transit/a stall that is worked off slowly is one",
			a_stall_that_is_worked_off_slowly_is_one);
	g_test_add_func("/transit/a fast clock is no stall worked off",
			a_clock_that_is_fast_is_no_stall_worked_off);
	g_test_add_func("/transit/of one tick the latest counts",
			of_one_tick_the_latest_counts);
	return g_test_run();
}
