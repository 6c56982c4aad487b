#include "bridge/nearness.h"

#define S 1000 /* ms */

static void who_called_tells_of_those_who_call_next(void)
{
	struct nearness *near = nearness_create();

	nearness_note(near, "192.0.2.7:5004", "a", 30, S);
	nearness_note(near, "192.0.2.7:5004", "b", 90, S);
	nearness_note(near, "[2001:db8:1:2::7]:5004", "a", 12, S);

	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.2.200", "a", S), ==, 30);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.2.200", "b", S), ==, 90);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.3.7", "a", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.2.7", "c", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "2001:db8:1:ffff::1", "a", S),
			  ==, 12);
	g_assert_cmpfloat(nearness_rtt_ms(near, "2001:db8:2::1", "a", S), <, 0);
	nearness_destroy(&near);
	g_assert_null(near);
}

static void samples_are_smoothed(void)
{
	struct nearness *near = nearness_create();

	nearness_note(near, "192.0.2.7:5004", "a", 20, S);
	nearness_note(near, "192.0.2.8:5004", "a", 100, 2 * S);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.2.9", "a", 2 * S), ==,
			  30);
	nearness_destroy(&near);
}

static void a_day_old_is_too_old(void)
{
	struct nearness *near = nearness_create();

	nearness_note(near, "192.0.2.7:5004", "a", 20, S);
	g_assert_cmpfloat(
		nearness_rtt_ms(near, "192.0.2.7", "a", S + NEARNESS_TRUST), ==,
		20);
	g_assert_cmpfloat(
		nearness_rtt_ms(near, "192.0.2.7", "a", S + NEARNESS_TRUST + 1),
		<, 0);
	nearness_destroy(&near);
}

static void what_says_nothing_is_passed_over(void)
{
	static const char *const paths[] = {
		"websocket",
		"",
		":",
		"[",
		"[]:1",
		"x:1",
		"10.1.2.3:5004",
		"192.168.0.1:5004",
		"100.64.0.1:5004",
		"[fd00::1]:5004",
		"[::1]:5004",
		"[2001:db8::1:5004",
	};
	struct nearness *near = nearness_create();

	for (guint i = 0; i < G_N_ELEMENTS(paths); i++)
		nearness_note(near, paths[i], "a", 20, S);
	nearness_note(near, "192.0.2.7:5004", "a", -1, S);
	g_assert_cmpfloat(nearness_rtt_ms(near, "10.1.2.3", "a", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.168.0.1", "a", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "fd00::1", "a", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "192.0.2.7", "a", S), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "nonsense", "a", S), <, 0);
	nearness_destroy(&near);
}

static void note_many(struct nearness *near, guint n, gint64 step)
{
	for (guint i = 0; i < n; i++) {
		g_autofree char *path = g_strdup_printf(
			"20.%u.%u.1:5004", i >> 8 & 0xff, i & 0xff);

		nearness_note(near, path, "a", 20, S + i * step);
	}
}

static void the_oldest_are_forgotten_first(void)
{
	struct nearness *near = nearness_create();
	gint64 now;

	note_many(near, NEARNESS_MAX + 1, 1);
	now = S + NEARNESS_MAX;
	g_assert_cmpfloat(nearness_rtt_ms(near, "20.0.0.1", "a", now), <, 0);
	g_assert_cmpfloat(nearness_rtt_ms(near, "20.63.255.1", "a", now), ==,
			  20);
	g_assert_cmpfloat(nearness_rtt_ms(near, "20.64.0.1", "a", now), ==, 20);
	nearness_destroy(&near);
}

static void many_of_one_moment_are_bounded_too(void)
{
	struct nearness *near = nearness_create();
	guint known = 0;

	note_many(near, 2 * NEARNESS_MAX, 0);
	for (guint i = 0; i < 2 * NEARNESS_MAX; i++) {
		g_autofree char *address =
			g_strdup_printf("20.%u.%u.1", i >> 8 & 0xff, i & 0xff);

		known += nearness_rtt_ms(near, address, "a", S) >= 0;
	}
	g_assert_cmpuint(known, <=, NEARNESS_MAX);
	g_assert_cmpfloat(nearness_rtt_ms(near, "20.127.255.1", "a", S), ==,
			  20);
	nearness_destroy(&near);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/nearness/who called tells of those who call next",
			who_called_tells_of_those_who_call_next);
	g_test_add_func("/nearness/samples are smoothed", samples_are_smoothed);
	g_test_add_func("/nearness/a day old is too old", a_day_old_is_too_old);
	g_test_add_func("/nearness/what says nothing is passed over",
			what_says_nothing_is_passed_over);
	g_test_add_func("/nearness/the oldest are forgotten first",
			the_oldest_are_forgotten_first);
	g_test_add_func("/nearness/many of one moment are bounded too",
			many_of_one_moment_are_bounded_too);
	return g_test_run();
}
