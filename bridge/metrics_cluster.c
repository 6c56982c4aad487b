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
	sample(text, "site_trunks", "gauge", "To hubs of other sites.",
	       fig->trunks);
	sample(text, "site_trunks_up", "gauge",
	       "Of these, how many are in use and answer.", fig->trunks_up);
	sample(text, "site_rooms_cut_off", "gauge",
	       "Rooms here that do not hear the others.", fig->cut_off);
	sample(text, "site_draining", "gauge",
	       "1: nobody new is to come, and all are sent elsewhere.",
	       fig->draining);
}
