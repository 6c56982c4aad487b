/* site - what this process offers to the bridges of a cluster: it registers
 * itself in the directory, watches what is wanted of it, makes its media so,
 * and writes how they are (docs/operations.md, "More hosts"; documents.h).
 *
 * Level-triggered: whatever the directory says is compared with what is there,
 * and the difference is made good. While the directory is away nothing
 * changes, and calls go on. What vanished from it meanwhile is kept for
 * another SITE_LINGER_S: an owner may still write it again.
 *
 * Control thread only. */
#ifndef BRIDGE_SITE_H
#define BRIDGE_SITE_H

#include <glib.h>

#include "bridge/directory/directory.h"
#include "bridge/stages.h"

#define SITE_LINGER_S 30

struct site;

struct site_config {
	const char *name; /* once in the cluster */
	struct stages_config media;
	const char *cluster_secret;
};

struct site_events {
	/* A packet for a WebSocket path (ipsp-media). */
	void (*websocket)(guint32 connection, const guint8 *buf, gsize size,
			  void *arg);
};

/* Starts the workers, and registers when the directory is there. The
 * directory outlives the site. */
struct site *site_create(const struct site_config *cfg, struct directory *dir,
			 const struct site_events *events, void *arg,
			 GError **error);
/* Says goodbye to whoever is still there. Accepts NULL; sets *sitep to NULL. */
void site_destroy(struct site **sitep);

/* directory_events.state, which whoever opened the directory hands on. */
void site_connected(struct site *site, gboolean up);

/* Nobody new is to come, and those who are here are sent to their alternates
 * as soon as they have one. */
void site_drain(struct site *site);
/* Nobody is here any more, and no other hub hears through this one. */
gboolean site_is_empty(const struct site *site);

/* Its own: for WebSockets and reports. */
struct stages *site_stages(const struct site *site);
/* Of this run of the process, as in struct document_site. */
const char *site_instance(const struct site *site);

struct site_figures {
	guint rooms;
	guint registered, waiting, standbys; /* sessions */
	/* up: in use and answering; down: to be in use, and not answering. */
	guint trunks, trunks_up, trunks_down;
	double trunk_loss; /* 0..1, of the worst, of what comes */
	double trunk_round_trip_ms, trunk_age_ms; /* the longest */
	guint cut_off; /* rooms whose hub has no parent, and is no root */
	gboolean draining;
};
void site_figures(const struct site *site, struct site_figures *fig_r);

#endif
