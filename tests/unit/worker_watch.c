#include "bridge/worker_watch.h"

#include <string.h>

static void a_calm_worker_is_not_talked_about(void)
{
	struct worker_report before = { .ticks = 1000, .late_ticks = 3 };
	struct worker_report after = { .ticks = 1500, .late_ticks = 8 };

	g_assert_null(worker_watch_trouble(&before, &after));
	g_assert_null(worker_watch_refusals(&before, &after));
}

static void late_ticks_and_lost_packets_are_trouble(void)
{
	struct worker_report before = { .ticks = 1000, .late_ticks = 3 };
	struct worker_report after = {
		.ticks = 1500, .late_ticks = 9, .dropped = 2, .unread = 7
	};
	g_autofree char *text = NULL;

	after.tick_times.counts[20] = 490;
	after.tick_times.counts[40] = 10;
	text = worker_watch_trouble(&before, &after);
	g_assert_nonnull(text);
	g_assert_nonnull(strstr(text, "a tick took 10.5 ms, one in a hundred "
				      "20.5 ms, the longest 20.5 ms"));
	g_assert_true(g_str_has_prefix(text, "6 of 500 ticks began late"));
	g_assert_nonnull(strstr(text, "; 2 packets found no room"));
	g_assert_nonnull(strstr(text, "; 7 packets came too fast"));
}

static void refusals_are_named_by_their_reason(void)
{
	struct worker_report before = { .bad_key = 5, .malformed = 1 };
	struct worker_report after = { .bad_key = 7,
				       .malformed = 1,
				       .unproven = 40 };
	g_autofree char *text = worker_watch_refusals(&before, &after);

	g_assert_cmpstr(text, ==, "wrong key 2, unproven address 40");
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/worker watch/a calm worker is not talked about",
			a_calm_worker_is_not_talked_about);
	g_test_add_func("/worker watch/late ticks and lost packets are trouble",
			late_ticks_and_lost_packets_are_trouble);
	g_test_add_func("/worker watch/refusals are named by their reason",
			refusals_are_named_by_their_reason);
	return g_test_run();
}
