/* imap_session - one log-in at an IMAP server: opens a folder, shows its new
 * mails, deletes what is done, and waits for more by IDLE (RFC 2177) or NOOP.
 *
 * Lives on the GLib main context that is the thread's default. What outlives
 * the connection is kept by its owner in struct imap_uids. */
#ifndef SIGNALING_IMAP_SESSION_H
#define SIGNALING_IMAP_SESSION_H

#include <glib.h>

#include "signaling/imap_uids.h"
#include "signaling/mail_server.h"

struct imap_session;

struct imap_session_config {
	const struct mail_server *server; /* outlives the session */
	const char *folder;		  /* quoted, likewise */
	struct imap_uids *uids;		  /* likewise */
	guint poll_ms;			  /* NOOP where there is no IDLE */
	gint64 hurry_until;		  /* see imap_session_hurry() */
};

struct imap_session_events {
	void (*mail)(guint32 uid, GBytes *mail, void *arg);
	/* All mail of the folder was shown; from now on it waits. */
	void (*watching)(void *arg);
	/* The position of uids may have moved. */
	void (*moved)(void *arg);
	/* It is over; only imap_session_destroy() is left to do, here or
	 * later. */
	void (*ended)(const char *why, void *arg);
};

/* Begins to connect; nothing is called from inside. */
struct imap_session *
imap_session_create(const struct imap_session_config *cfg,
		    const struct imap_session_events *events, void *arg);

/* Deletes what is done and logs out as far as one write without waiting does
 * it. Accepts NULL; sets *sesp to NULL. Not from `mail`, `watching` or
 * `moved`. */
void imap_session_destroy(struct imap_session **sesp);

/* Looks every 100 ms until then (g_get_monotonic_time()). */
void imap_session_hurry(struct imap_session *ses, gint64 until);

/* uids has something done: deletes it soon, several together. */
void imap_session_delete_soon(struct imap_session *ses);

/* It has logged in and held for a minute: no failure when it ends. */
gboolean imap_session_was_steady(const struct imap_session *ses);

#endif
