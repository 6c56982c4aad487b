/* post - mail that goes out: SMTP submission, or a drop into local Maildirs.
 *
 * Lives on the GLib main context like a mailbox. Takes mails in order, sends
 * several at once over few connections; retrying is the outbox's business. */
#ifndef SIGNALING_POST_H
#define SIGNALING_POST_H

#include <glib.h>

struct post;

struct post_config {
	/* smtp://HOST[:PORT] (STARTTLS unless loopback without a ca_file),
	 * smtps://..., a path in it being the name for EHLO, or
	 * maildir:PATH where PATH holds %u (local part) or %a (address), both
	 * without a +detail; the Maildir must exist. It is a final delivery:
	 * Return-Path and Delivered-To are put on top. */
	const char *url;
	const char *username, *password; /* NULL: none */
	const char *ca_file;		 /* NULL: the system's */
};

enum post_result {
	POST_SENT,
	POST_RETRY,   /* the server or the way to it: try later */
	POST_REFUSED, /* this mail, for good (SMTP 5xx, no such Maildir) */
};

struct post_events {
	void (*done)(struct post *pst, gint64 id, enum post_result result,
		     const char *why, void *arg);
};

struct post *post_create(const struct post_config *cfg,
			 const struct post_events *events, void *arg,
			 GError **error);
/* What is still on its way may or may not arrive; nothing more is told. Not
 * from inside `done`; post_send() may be called there. */
void post_destroy(struct post **pstp);

/* Sends one mail; `done` follows for id, never from inside this call.
 * name is unique for the mail and stable over retries: a Maildir drop uses it
 * as its file name, so a mail repeated after a crash replaces itself. */
void post_send(struct post *pst, gint64 id, const char *name,
	       const char *envelope_from, const char *recipient, GBytes *mail);

#endif
