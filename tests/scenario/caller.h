/* caller - the mails that someone sends to a room in a scenario: real INVITE,
 * CANCEL and BYE mails with real keys, and what a person writes. */
#ifndef SCENARIO_CALLER_H
#define SCENARIO_CALLER_H

#include <glib.h>

#include "signaling/ipsp.h"
#include "signaling/keys.h"

/* One INVITE and what came of it. */
struct caller {
	char did[IPSP_DID_LENGTH + 1];
	char *address, *room;
	struct keys_pair pair;
	guint8 preimage[32];
	GBytes *part;	  /* the INVITE's JSON */
	GBytes *mail;	  /* as it was sent first */
	struct keys keys; /* once its OK has been read */
	guint8 level_id;  /* as the OK says */
	gboolean answered;
};

/* key=value words of a command; a value that is not there is NULL. */
const char *words_get(GHashTable *words, const char *key);

/* An INVITE as `words` describe it: from, room, dev, pin, age (s since it was
 * issued), life (s), suite, lv, version, name, subject, header (one more line,
 * at the top). */
struct caller *caller_invite(GHashTable *words, gint64 now);
void caller_free(gpointer caller);
/* Of a room's INVITE, whom it calls: for caller_decline() and
 * caller_bounce(). */
struct caller *caller_called(const struct ipsp_message *call);
GBytes *caller_decline(const struct caller *call, gint64 now);

/* The same dialog with other bytes. */
GBytes *caller_forge(const struct caller *call, gint64 now);
/* method is CANCEL or BYE; a wrong one has another's proof. */
GBytes *caller_end(const struct caller *call, enum ipsp_method method,
		   gboolean wrong, gint64 now);
/* What a mail server says when the OK cannot be delivered. */
GBytes *caller_bounce(const struct caller *call);
/* A mail without IPSP: from, to, subject, text, id, header. */
GBytes *caller_person(GHashTable *words, gint64 now);

/* Derives the keys from the OK; FALSE when that cannot be. */
gboolean caller_answered(struct caller *call, GBytes *ok,
			 const struct ipsp_message *decoded, GBytes *room_key);

#endif
