/* join_link - the links by which people who have mail and a browser come into
 * a room (docs/join.md): `WEB_URL/join#TOKEN`.
 *
 * A link is a token of the store, bound to a room and to the person it is
 * mailed to. It works once: opened, it becomes a *session*, a token of the
 * same person that only this browser knows, with which it posts its offers
 * (docs/whip.md) until a moderator sends it away or the day is over. The store
 * has the SHA-256 of both. Control thread; time is an argument, Unix
 * seconds. */
#ifndef BRIDGE_JOIN_LINK_H
#define BRIDGE_JOIN_LINK_H

#include <glib.h>

#include "bridge/store/store.h"

#define JOIN_LINK_S    600
#define JOIN_SESSION_S (12 * 3600)

/* Whom it is for; name may be NULL. */
struct join_guest {
	const char *room, *address, *name;
};

/* The link's URL, caller frees; *token_r goes to store_add_token() in the
 * transaction that answers the mail, then to store_token_free(). */
char *join_link_make(const char *web_url, const struct join_guest *guest,
		     gint64 now, struct store_token **token_r);

enum join_link_state {
	JOIN_LINK_GOOD,
	JOIN_LINK_USED, /* or its session was ended by a moderator */
	JOIN_LINK_OLD,
	JOIN_LINK_UNKNOWN, /* and all that is no person's */
};

/* Of a link or session; nothing is used up. NULL: unknown. */
struct store_token *join_link_find(struct store *sto, const char *text,
				   gint64 now, enum join_link_state *state_r);

/* Uses up a good link; a session stays one. The session's secret, caller
 * frees; NULL and error: the store does not work. */
char *join_link_open(struct store *sto, const struct store_token *token,
		     const char *text, gint64 now, GError **error);

/* "browser-1a2b3c4d": the device that a token stands for. Caller frees. */
char *join_link_device(const guint8 digest[STORE_DIGEST_SIZE]);

#endif
