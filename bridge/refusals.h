/* refusals - the newest mails that gave nobody a seat, and why, for the
 * operator's page. The log has them all; these are forgotten at the end.
 *
 * Control thread only. */
#ifndef BRIDGE_REFUSALS_H
#define BRIDGE_REFUSALS_H

#include <glib.h>

#define REFUSALS_MAX 100

struct refusals;

struct refusal {
	gint64 at; /* Unix seconds */
	const char *account;
	const char *from, *room; /* addresses; NULL: not known */
	const char *how;	 /* "set-aside", "ignored", ... */
	const char *reason;
	const char *file; /* in the set-aside folder, or NULL */
};

struct refusals *refusals_create(void);
/* Accepts NULL; sets *refsp to NULL. */
void refusals_destroy(struct refusals **refsp);

/* Copies it. */
void refusals_add(struct refusals *refs, const struct refusal *ref);
/* The i-th newest; NULL: there is none. Valid until the next is added. */
const struct refusal *refusals_get(const struct refusals *refs, guint i);

#endif
