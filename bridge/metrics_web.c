/* How the clients of the panel keep up. */
#include "bridge/metrics_private.h"

static void sample(GString *text, const char *name, const char *type,
		   const char *help, double value)
{
	metrics_family(text, name, type, help);
	g_string_append_printf(text, METRICS_PREFIX "%s ", name);
	metrics_number(text, value);
}

void metrics_web(GString *text, const struct web_figures *fig)
{
	sample(text, "panels", "gauge", "Panels that are open.", fig->panels);
	sample(text, "panels_queue_bytes", "gauge",
	       "What waits to be taken by them.", (double)fig->queued);
	sample(text, "panel_queue_bytes_max", "gauge",
	       "What waits for the slowest of them.", (double)fig->longest);
	sample(text, "panel_queue_bytes_peak", "gauge",
	       "The most that ever waited for one.", (double)fig->peak);
	sample(text, "panels_behind_total", "counter",
	       "How often one did not keep up and had to begin anew.",
	       (double)fig->behind);
	sample(text, "connections_cut_off_total", "counter",
	       "HTTP connections and WebSockets that missed a deadline.",
	       (double)fig->cut_off);
}
