/* The cluster in metrics: see metrics.h. */
#include "bridge/metrics_private.h"

static void sample(GString *text, const char *name, const char *type,
		   const char *help, double value)
{
	metrics_family(text, name, type, help);
	g_string_append_printf(text, METRICS_PREFIX "%s ", name);
	metrics_number(text, value);
}

void metrics_directory(GString *text, const struct directory_figures *fig)
{
	sample(text, "directory_up", "gauge",
	       "1: the directory answers. 0: nothing can be changed, calls go "
	       "on.",
	       fig->up);
	sample(text, "directory_state_seconds", "gauge",
	       "For how long that has been so.",
	       (double)(g_get_monotonic_time() - fig->since_us) /
		       G_USEC_PER_SEC);
	sample(text, "directory_lease_held", "gauge",
	       "1: the cluster takes this process for alive.", fig->lease_held);
	sample(text, "directory_queue", "gauge", "Writes that wait.",
	       fig->queue);
	sample(text, "directory_outages_total", "counter",
	       "How often it was up and went.", (double)fig->outages);
	sample(text, "directory_lease_losses_total", "counter",
	       "How often the cluster took this process for dead.",
	       (double)fig->lease_losses);
	sample(text, "directory_resyncs_total", "counter",
	       "How often all was read again.", (double)fig->resyncs);
	sample(text, "directory_writes_total", "counter",
	       "Writes that it has acknowledged.", (double)fig->writes);
	sample(text, "directory_round_trip_seconds", "gauge",
	       "Of the last keepalive.", (double)fig->round_trip_us / 1e6);
}

void metrics_cluster(GString *text, const struct cluster_figures *fig)
{
	sample(text, "cluster_sites", "gauge",
	       "Sites of the cluster, as this bridge sees it.", fig->sites);
	sample(text, "cluster_accounts_owned", "gauge",
	       "Accounts that this bridge keeps, of those that it has.",
	       fig->owned);
	sample(text, "cluster_takeovers_total", "counter",
	       "How often an account became this bridge's.",
	       (double)fig->takeovers);
	sample(text, "cluster_hubs", "gauge",
	       "Hubs of the rooms that this bridge keeps.", fig->hubs);
	sample(text, "cluster_hops_max", "gauge",
	       "Trunks between the two hubs of such a room that are farthest "
	       "from its root, at most.",
	       2 * fig->depth);
}

static void trunk_row(GString *text, const char *state, guint n)
{
	g_string_append_printf(text,
			       METRICS_PREFIX "site_trunks{state=\"%s\"} %u\n",
			       state, n);
}

static void write_trunks(GString *text, const struct site_figures *fig)
{
	metrics_family(text, "site_trunks", "gauge",
		       "To hubs of other sites. Silent: an alternate that is "
		       "not needed, or a way for one.");
	trunk_row(text, "up", fig->trunks_up);
	trunk_row(text, "down", fig->trunks_down);
	trunk_row(text, "silent",
		  fig->trunks - fig->trunks_up - fig->trunks_down);
	sample(text, "site_trunk_loss_ratio", "gauge",
	       "Of what comes by the trunk that loses most, 0 to 1.",
	       fig->trunk_loss);
	sample(text, "site_trunk_round_trip_seconds", "gauge",
	       "Of the longest trunk.", fig->trunk_round_trip_ms / 1e3);
	sample(text, "site_trunk_age_seconds", "gauge",
	       "How old sound is at most when it comes by a trunk, since it "
	       "came to the bridge.",
	       fig->trunk_age_ms / 1e3);
}

static void session_row(GString *text, const char *state, guint n)
{
	g_string_append_printf(
		text, METRICS_PREFIX "site_sessions{state=\"%s\"} %u\n", state,
		n);
}

void metrics_site(GString *text, const struct site_figures *fig)
{
	sample(text, "site_rooms", "gauge", "Rooms with a hub here.",
	       fig->rooms);
	metrics_family(text, "site_sessions", "gauge",
		       "Callers' places here: in use, promised, or kept for "
		       "one who is elsewhere.");
	session_row(text, "here", fig->registered);
	session_row(text, "invited", fig->waiting);
	session_row(text, "standby", fig->standbys);
	write_trunks(text, fig);
	sample(text, "site_rooms_cut_off", "gauge",
	       "Rooms here that do not hear the others.", fig->cut_off);
	sample(text, "site_draining", "gauge",
	       "1: nobody new is to come, and all are sent elsewhere.",
	       fig->draining);
}
