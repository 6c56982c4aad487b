/* overview - what the operator's page shows (docs/panel-api.md, "The
 * operator's page"), as JSON. Reads nothing itself. */
#ifndef BRIDGE_OVERVIEW_H
#define BRIDGE_OVERVIEW_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/gate/worker.h"
#include "bridge/refusals.h"
#include "bridge/room/topology.h"

/* How a mail account is doing. */
struct overview_account {
	const char *name;
	const char *mailbox;	  /* its URL */
	gboolean reads, watching; /* as in struct account_figures */
	gint64 since;		  /* Unix seconds */
	const char *why;	  /* it does not answer, or NULL */
	guint64 mails, sent, late, refused;
	guint waiting;	/* mails to post */
	gint64 delay_s; /* median of late, < 0: not known */
};

struct overview {
	gint64 at_ms, started; /* Unix ms, s */
	const char *bridge;    /* its name */
	/* Sentences; none: it is ready. */
	const GPtrArray *missing;
	const struct config *config;
	const GPtrArray *rooms; /* struct room * */
	/* struct topology *, of each room; NULL: not known. */
	const GPtrArray *topologies;
	const struct worker_report *workers;
	guint n_workers;
	const struct overview_account *accounts;
	guint n_accounts;
	const GPtrArray *troubles; /* struct log_trouble * */
	const struct refusals *refusals;
};

/* Caller frees. */
char *overview_text(const struct overview *ov);

#endif
