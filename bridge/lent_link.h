/* lent_link - documents between a lent PhoneGate and its host, both ways, in
 * in-band messages of the lender's session (docs/ipsp.md, "Offered
 * PhoneGates"):
 *
 *   {"t":"gate","s":SITE,"a":A,"n":N,"d":DATA,"more":true}
 *
 * DATA is base64url of a piece of a record: the key, and unless it is to go, a
 * line feed and the value. Pieces are numbered from 1 and come in order: A is
 * the newest that has come from the other side, and what is not acknowledged
 * is said again. Of each key the newest value is said, older ones may not be.
 *
 * Pure state, time is an argument. Control plane. */
#ifndef BRIDGE_LENT_LINK_H
#define BRIDGE_LENT_LINK_H

#include <glib.h>

#define LENT_LINK_WINDOW    4	 /* pieces on their way */
#define LENT_LINK_AGAIN_MS  1000 /* until they are said again */
#define LENT_LINK_ALIVE_MS  1000 /* nobody is silent for longer */
#define LENT_LINK_SILENT_MS 3000 /* who is, is gone */
#define LENT_LINK_MAX_KEYS  256	 /* that wait to be said */

struct lent_link;

struct lent_link_events {
	/* One message for the other side, at most IPSP_MAX_MESSAGE bytes. It
	 * may get lost. */
	void (*send)(const char *json, void *arg);
	/* value NULL: it is gone. */
	void (*put)(const char *key, const char *value, void *arg);
};

/* events outlive it; they come from inside the functions below. */
struct lent_link *lent_link_create(const char *site,
				   const struct lent_link_events *events,
				   void *arg);
/* Accepts NULL; sets *linkp to NULL. Not from inside put(). */
void lent_link_destroy(struct lent_link **linkp);

/* The other side shall have this value; NULL: no longer. */
void lent_link_put(struct lent_link *link, const char *key, const char *value,
		   gint64 now_ms);
/* FALSE: it is no message of this link. */
gboolean lent_link_message(struct lent_link *link, const char *json, gsize size,
			   gint64 now_ms);
/* Several times a second. */
void lent_link_run(struct lent_link *link, gint64 now_ms);
/* When the other side was heard last; 0: never. */
gint64 lent_link_heard_ms(const struct lent_link *link);

/* The site that a message of a link names; NULL: it is no such message. Caller
 * frees. */
char *lent_link_site(const char *json, gsize size);

#endif
