/* lent_host - stands in at a site for the PhoneGate that a caller there lends
 * (lent.h): it hands on what is wanted of it, and writes what it says.
 *
 * It is known in the directory once it was reached: until then it has a room
 * of its own to serve (lent_trial.h). What it says is believed as far as its
 * people are concerned, and no farther.
 *
 * Control thread, on the default GLib main context. */
#ifndef BRIDGE_LENT_HOST_H
#define BRIDGE_LENT_HOST_H

#include <glib.h>

#include "bridge/directory/directory.h"
#include "bridge/directory/seal.h"
#include "bridge/documents.h"

#define LENT_HOST_MAX_DOCUMENTS 32 /* that stand in the directory for it */

struct lent_host;

struct lent_host_config {
	struct directory *dir;
	const struct seal *seal; /* the cluster's own; it stays */
	/* Of the lender's session; copied. */
	const char *room, *did;
	guint k;
	const struct document_offer *offer;
};

struct lent_host_events {
	/* In band, to its lender's phone. */
	void (*send)(const char *json, void *arg);
};

/* Of a session that has registered. Its first word comes from inside. */
struct lent_host *lent_host_create(const struct lent_host_config *cfg,
				   const struct lent_host_events *events,
				   void *arg);
/* Accepts NULL; sets *hostp to NULL. The directory forgets the gate. */
void lent_host_destroy(struct lent_host **hostp);
/* In band, from its lender's phone. FALSE: it is not for it. */
gboolean lent_host_message(struct lent_host *host, const char *json,
			   gsize size);

#endif
