#include "mixer/place.h"

#include <glib.h>
#include <math.h>

static void every_place_has_the_same_power(void)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct sum_gain gain = place_gain(i, SUM_UNITY);
		double power = pow(gain.left, 2) + pow(gain.right, 2);

		/* Within a hundredth of a decibel. */
		g_assert_cmpfloat_with_epsilon(
			10 * log10(power / pow(SUM_UNITY, 2)), 0, 0.01);
	}
}

static void the_first_is_in_the_middle_and_no_two_stand_together(void)
{
	struct sum_gain middle = place_gain(0, SUM_UNITY);

	g_assert_cmpint(middle.left, ==, middle.right);
	for (unsigned i = 0; i < PLACES; i++) {
		struct sum_gain one = place_gain(i, SUM_UNITY);
		gboolean mirrored = FALSE;

		/* In both ears: at most 24 dB apart. */
		g_assert_cmpint(MIN(one.left, one.right), >, SUM_UNITY / 16);
		for (unsigned j = 0; j < PLACES; j++) {
			struct sum_gain two = place_gain(j, SUM_UNITY);

			mirrored |=
				two.left == one.right && two.right == one.left;
			if (i != j)
				g_assert_cmpint(ABS(one.left - two.left), >,
						100);
		}
		g_assert_true(mirrored);
	}
}

static void a_voice_keeps_its_place_while_others_come_and_go(void)
{
	struct places places = { 0 };
	unsigned first = places_take(&places);
	unsigned second = places_take(&places), third;

	g_assert_cmpuint(first, ==, 0);
	g_assert_cmpuint(second, !=, first);
	third = places_take(&places);
	places_leave(&places, second);
	/* Who comes next has the place that is free, not one of the others. */
	g_assert_cmpuint(places_take(&places), ==, second);
	g_assert_cmpuint(places_take(&places), >, third);
}

static void a_crowd_is_spread_evenly(void)
{
	struct places places = { 0 };
	unsigned taken[PLACES] = { 0 };

	for (unsigned i = 0; i < 10 * PLACES; i++)
		taken[places_take(&places)]++;
	for (unsigned i = 0; i < PLACES; i++)
		g_assert_cmpuint(taken[i], ==, 10);
}

static void volume_moves_nobody(void)
{
	for (unsigned i = 0; i < PLACES; i++) {
		struct sum_gain one = place_gain(i, SUM_UNITY);
		struct sum_gain most = place_gain(i, SUM_MOST);

		g_assert_cmpint(most.left, ==, 4 * one.left);
		g_assert_cmpint(most.right, ==, 4 * one.right);
		g_assert_cmpint(place_gain(i, 0).left, ==, 0);
		g_assert_cmpint(place_gain(i, 0).right, ==, 0);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/place/every place has the same power",
			every_place_has_the_same_power);
	g_test_add_func(
		"/place/the first is in the middle and no two stand together",
		the_first_is_in_the_middle_and_no_two_stand_together);
	g_test_add_func(
		"/place/a voice keeps its place while others come and go",
		a_voice_keeps_its_place_while_others_come_and_go);
	g_test_add_func("/place/a crowd is spread evenly",
			a_crowd_is_spread_evenly);
	g_test_add_func("/place/volume moves nobody", volume_moves_nobody);
	return g_test_run();
}
