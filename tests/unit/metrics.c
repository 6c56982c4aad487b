#include "bridge/metrics.h"

#include <string.h>

static void assert_sample(const char *text, const char *sample)
{
	g_autofree char *line =
		g_strconcat("\nipsp_bridge_", sample, "\n", NULL);

	if (!strstr(text, line))
		g_error("no sample \"%s\" in:\n%s", sample, text);
}

static void a_cluster_s_trees_and_trunks_are_counted(void)
{
	const struct directory_figures directory = { .outages = 2,
						     .resyncs = 3,
						     .lease_losses = 1 };
	const struct site_figures site = { .rooms = 4,
					   .trunks = 7,
					   .trunks_up = 4,
					   .trunks_down = 1,
					   .trunk_loss = 0.25,
					   .trunk_round_trip_ms = 12,
					   .trunk_age_ms = 3 };
	const struct cluster_figures cluster = {
		.accounts = 2, .owned = 1, .hubs = 6, .depth = 2
	};
	const struct metrics metrics = { .directory = &directory,
					 .site = &site,
					 .cluster = &cluster };
	g_autofree char *text = metrics_text(&metrics);

	assert_sample(text, "directory_up 0");
	assert_sample(text, "directory_lease_held 0");
	assert_sample(text, "directory_outages_total 2");
	assert_sample(text, "directory_resyncs_total 3");
	assert_sample(text, "directory_lease_losses_total 1");
	assert_sample(text, "site_rooms 4");
	assert_sample(text, "site_trunks{state=\"up\"} 4");
	assert_sample(text, "site_trunks{state=\"down\"} 1");
	assert_sample(text, "site_trunks{state=\"silent\"} 2");
	assert_sample(text, "site_trunk_loss_ratio 0.25");
	assert_sample(text, "site_trunk_round_trip_seconds 0.012");
	assert_sample(text, "cluster_accounts_owned 1");
	assert_sample(text, "cluster_hubs 6");
	assert_sample(text, "cluster_hops_max 4");
}

static void panels_and_what_waits_for_them_are_counted(void)
{
	const struct web_figures web = { .panels = 10,
					 .queued = 300000,
					 .longest = 262144,
					 .peak = 262145,
					 .behind = 2,
					 .cut_off = 3 };
	const struct metrics metrics = { .web = &web };
	g_autofree char *text = metrics_text(&metrics);

	assert_sample(text, "panels 10");
	assert_sample(text, "panels_queue_bytes 300000");
	assert_sample(text, "panel_queue_bytes_max 262144");
	assert_sample(text, "panel_queue_bytes_peak 262145");
	assert_sample(text, "panels_behind_total 2");
	assert_sample(text, "connections_cut_off_total 3");
}

static void delays_are_counted_by_account(void)
{
	struct delays *dls = delays_create();
	struct metrics_account accounts[2] = {
		{ .name = "main" }, { .name = "spare", .waiting = 3 }
	};
	const struct metrics metrics = { .accounts = accounts,
					 .n_accounts = 2 };
	g_autofree char *text = NULL;

	for (gint64 i = -5; i < 5; i++)
		delays_note(dls, "main", i);
	for (guint i = 0; i < DELAYS_LAST; i++)
		delays_note(dls, "main", 301);
	for (guint i = 0; i < 2; i++)
		delays_figures(dls, accounts[i].name, &accounts[i].delay);
	/* Those before the last ones count no more for the median. */
	g_assert_cmpint(accounts[0].delay.median_s, ==, 301);
	g_assert_cmpint(accounts[1].delay.median_s, <, 0);
	text = metrics_text(&metrics);
	assert_sample(text, "mail_delay_seconds_bucket{account=\"main\","
			    "le=\"1\"} 7");
	assert_sample(text, "mail_delay_seconds_bucket{account=\"main\","
			    "le=\"300\"} 10");
	assert_sample(text, "mail_delay_seconds_bucket{account=\"main\","
			    "le=\"+Inf\"} 30");
	assert_sample(text, "mail_delay_seconds_count{account=\"main\"} 30");
	assert_sample(text, "mail_delay_seconds_sum{account=\"main\"} 6030");
	assert_sample(text, "mail_delay_seconds_count{account=\"spare\"} 0");
	assert_sample(text, "posts_waiting{account=\"spare\"} 3");
	delays_destroy(&dls);
}

static void ticks_are_in_buckets_of_a_millisecond(void)
{
	/* Steps of half a millisecond: 0.3, 0.7, 1.2 and 400 ms late. */
	const struct worker_report worker = {
		.tick_lateness = { .counts = { [0] = 1,
					       [1] = 1,
					       [2] = 1,
					       [HISTOGRAM_STEPS - 1] = 1 },
				   .sum_us = 402200 }
	};
	const struct metrics metrics = { .workers = &worker, .n_workers = 1 };
	g_autofree char *text = metrics_text(&metrics);

#define LATE "worker_tick_lateness_seconds"
	assert_sample(text, LATE "_bucket{worker=\"0\",le=\"0.001\"} 2");
	assert_sample(text, LATE "_bucket{worker=\"0\",le=\"0.002\"} 3");
	assert_sample(text, LATE "_bucket{worker=\"0\",le=\"0.025\"} 3");
	assert_sample(text, LATE "_bucket{worker=\"0\",le=\"+Inf\"} 4");
	assert_sample(text, LATE "_sum{worker=\"0\"} 0.4022");
	assert_sample(text, LATE "_count{worker=\"0\"} 4");
	assert_sample(text, "worker_tick_seconds_count{worker=\"0\"} 0");
}

static void a_lone_bridge_has_no_cluster_to_tell_of(void)
{
	const struct metrics metrics = { .n_workers = 0 };
	g_autofree char *text = metrics_text(&metrics);

	g_assert_nonnull(strstr(text, "ipsp_bridge_info"));
	g_assert_null(strstr(text, "directory_"));
	g_assert_null(strstr(text, "cluster_"));
	g_assert_null(strstr(text, "site_"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/metrics/a cluster's trees and trunks are counted",
			a_cluster_s_trees_and_trunks_are_counted);
	g_test_add_func("/metrics/a lone bridge has no cluster to tell of",
			a_lone_bridge_has_no_cluster_to_tell_of);
	g_test_add_func("/metrics/ticks are in buckets of a millisecond",
			ticks_are_in_buckets_of_a_millisecond);
	g_test_add_func("/metrics/delays are counted by account",
			delays_are_counted_by_account);
	g_test_add_func("/metrics/panels and what waits for them are counted",
			panels_and_what_waits_for_them_are_counted);
	return g_test_run();
}
