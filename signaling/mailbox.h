/* mailbox - mail that comes in: a Maildir, IMAP or POP3.
 *
 * Lives on the GLib main context that is the thread's default when it is
 * created; every callback comes from there. Mails are shown, never deleted,
 * until mailbox_done(): what was shown and not done is shown again after a
 * restart. A mailbox that fails reconnects by itself with backoff (1 s
 * doubling to 60 s, jittered) and costs nothing but its own mail. */
#ifndef SIGNALING_MAILBOX_H
#define SIGNALING_MAILBOX_H

#include <glib.h>

struct mailbox;

struct mailbox_config {
	/* maildir:PATH, imap://HOST[:PORT][/FOLDER], imaps://..., pop3s://...,
	 * pop3://... The last and imap:// demand STARTTLS, unless the host is
	 * loopback and no ca_file is given. FOLDER is UTF-8, %-encoded. */
	const char *url;
	const char *username, *password; /* NULL for maildir */
	const char *ca_file;		 /* NULL: the system's */
	/* How often POP3 (0: 3000), a Maildir beside inotify (0: 5000) or
	 * IMAP without IDLE (0: 5000) is looked at. */
	guint poll_ms;
	/* Where IMAP was, as last given to `position`; NULL: unknown, and
	 * then (or when UIDVALIDITY changed) one day is read again. */
	const char *position;
};

enum mailbox_state {
	MAILBOX_CONNECTING,
	MAILBOX_WATCHING,
	MAILBOX_FAILED, /* `why` says it; it will try again */
};

struct mailbox_events {
	/* One mail; id names it until mailbox_done(). A mail larger than
	 * MESSAGE_MAX_SIZE comes cut to that size plus one byte, so that the
	 * parser refuses it with the right reason. */
	void (*mail)(struct mailbox *mbx, const char *id, GBytes *mail,
		     void *arg);
	void (*state)(struct mailbox *mbx, enum mailbox_state state,
		      const char *why, void *arg);
	/* To be stored: all mails before it are done. May be NULL. */
	void (*position)(struct mailbox *mbx, const char *position, void *arg);
};

/* NULL and error when the URL is wrong or a Maildir cannot be made; trouble
 * of the network is a state, not an error. */
struct mailbox *mailbox_create(const struct mailbox_config *cfg,
			       const struct mailbox_events *events, void *arg,
			       GError **error);

/* Logs out as far as it can without waiting. Sets *mbxp to NULL. Not from
 * inside a callback of the same mailbox; done and hurry may be called there. */
void mailbox_destroy(struct mailbox **mbxp);

/* The mail is dealt with for good: it is deleted from the mailbox. */
void mailbox_done(struct mailbox *mbx, const char *id);

/* An answer is awaited: for the next 10 s look every 100 ms (IMAP NOOP, POP3
 * as fast as it polls sensibly), because servers debounce IDLE. */
void mailbox_hurry(struct mailbox *mbx);

#endif
