/* cluster_sites - the sites of a cluster and what is taken of them: where does
 * a caller get a place, and which one to go to when that dies?
 *
 * It is told of sites and wanted sessions, of all owners, as they stand in the
 * directory. Pure state; control thread. */
#ifndef BRIDGE_CLUSTER_SITES_H
#define BRIDGE_CLUSTER_SITES_H

#include <glib.h>

#include "bridge/documents.h"

struct cluster_sites;

struct cluster_sites *cluster_sites_create(void);
void cluster_sites_destroy(struct cluster_sites **csp);

/* doc NULL: its lease ran out. Takes what is in doc. */
void cluster_sites_set(struct cluster_sites *cs, const char *site,
		       struct document_site *doc);
/* NULL: it is not there. Until the next cluster_sites_set(). */
const struct document_site *cluster_sites_find(const struct cluster_sites *cs,
					       const char *site);
/* const struct document_site *, by name; the caller unrefs. */
GPtrArray *cluster_sites_all(const struct cluster_sites *cs);

/* A session is wanted at a gate there, under this key; place NULL: no longer.
 * A standby takes no place before it is used. */
void cluster_sites_take(struct cluster_sites *cs, const char *key,
			const char *room, const struct document_place *place,
			gboolean standby);

/* Places that the room's next members could have at the site. */
guint cluster_sites_free(const struct cluster_sites *cs, const char *site,
			 const char *room);

/* The round-trip time to a caller at the site, and his path. */
void cluster_sites_measured(struct cluster_sites *cs, const char *site,
			    const char *path, double rtt_ms, gint64 now_ms);

/* A place for who sent the INVITE, and a standby (site "" if there is no
 * second site); their k is left alone. Neither is at a gate of the room that
 * is one of `draining`, a set of ids. FALSE: all is full. */
gboolean cluster_sites_place(const struct cluster_sites *cs, const char *room,
			     GHashTable *draining,
			     const struct ipsp_message *invite, gint64 now_ms,
			     struct document_place *place_r,
			     struct document_place *standby_r);
/* Another standby for who sits at `place`. FALSE: there is no second site. */
gboolean cluster_sites_standby(const struct cluster_sites *cs, const char *room,
			       GHashTable *draining,
			       const struct document_place *place,
			       struct document_place *standby_r);

/* As the OK mail tells it. FALSE: the site or its worker is not there. */
gboolean cluster_sites_describe(const struct cluster_sites *cs,
				const struct document_place *place,
				struct ipsp_gate *gate_r);

#endif
