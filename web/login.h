/* login - who is logged in: tokens that were mailed, sessions that a cookie
 * names, and how often either may be tried.
 *
 * Time is an argument, Unix seconds. A secret is 128 random bits in
 * base64url; only its SHA-256 is kept, and is what it is found by, so neither
 * our memory nor the time of a search tells a secret. Sessions outlive the
 * process where somebody keeps them; tokens do not. */
#ifndef WEB_LOGIN_H
#define WEB_LOGIN_H

#include <glib.h>

#define LOGIN_TOKEN_S	(10 * 60)
#define LOGIN_SESSION_S (7 * 24 * 3600)

/* In LOGIN_WINDOW_S. Asking counts for the mail address asked for, known to
 * us or not, and for the peer; trying a token counts for the peer. */
#define LOGIN_WINDOW_S	       600
#define LOGIN_ASKS_PER_ADDRESS 3
#define LOGIN_ASKS_PER_PEER    10
#define LOGIN_TRIES_PER_PEER   30

struct login;

/* Of a session all that is kept. */
struct login_session {
	const char *digest; /* of its secret */
	const char *address;
	gint64 expires; /* Unix seconds */
};

/* For who keeps sessions. NULL: nobody does. */
struct login_events {
	void (*opened)(const struct login_session *ses, void *arg);
	void (*ended)(const char *digest, void *arg);
};

/* events may be NULL. */
struct login *login_create(const struct login_events *events, void *arg);
/* A session of before, as it was told to be kept. */
void login_restore(struct login *lgn, const struct login_session *ses);
void login_destroy(struct login **lgnp);

/* May peer ask that a link is mailed to address? Counts. */
gboolean login_may_ask(struct login *lgn, const char *address, const char *peer,
		       gint64 now);
/* A fresh token for address, single use. Caller frees. */
char *login_token(struct login *lgn, const char *address, gint64 now);

/* May peer try a token? Counts. */
gboolean login_may_try(struct login *lgn, const char *peer, gint64 now);
/* Uses the token up and opens a session: its secret, for the cookie; caller
 * frees. NULL when the token is unknown, used or too old. */
char *login_redeem(struct login *lgn, const char *token, gint64 now);

/* The session's address, valid until the next call here; NULL when it is
 * none (any more). secret may be NULL. */
const char *login_session(struct login *lgn, const char *secret, gint64 now);
void login_end(struct login *lgn, const char *secret);

#endif
