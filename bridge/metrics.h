/* metrics - what the bridge counts, in Prometheus' text format 0.0.4
 * (docs/operations.md, "Metrics", lists it). Reads nothing itself. */
#ifndef BRIDGE_METRICS_H
#define BRIDGE_METRICS_H

#include <glib.h>

#include "bridge/cluster.h"
#include "bridge/delays.h"
#include "bridge/directory/directory.h"
#include "bridge/gate/worker.h"
#include "bridge/site.h"
#include "web/web.h"

/* How a mail account is doing. */
struct metrics_account {
	const char *name;
	gboolean reads;		     /* its mailbox; else another bridge does */
	gboolean watching;	     /* it; else it is tried again */
	double state_s;		     /* for so long */
	guint64 mails;		     /* dealt with */
	guint64 sent, late, refused; /* answers; late: to be tried again */
	guint waiting;		     /* to be posted */
	struct delay_figures delay;
};

struct metrics {
	const struct worker_report *workers;
	guint n_workers;
	guint gates;		/* PhoneGates that are open */
	const GPtrArray *rooms; /* struct room *; NULL: it keeps none */
	const struct metrics_account *accounts;
	guint n_accounts;
	const struct web_figures *web; /* NULL: no panel */
	/* Of a process in a cluster; else NULL. */
	const struct directory_figures *directory;
	const struct site_figures *site;
	const struct cluster_figures *cluster; /* of an ipsp-bridge */
};

/* Caller frees. */
char *metrics_text(const struct metrics *metrics);

#endif
