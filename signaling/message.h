/* message - a mail, parsed from its bytes or built to be posted. The one
 * place that sees GMime.
 *
 * message_init() once per process before anything else here. Parsing keeps
 * to limits checked on the raw bytes first (docs/ipsp.md, "The room's
 * mailbox"), so it is safe and short on any input. */
#ifndef SIGNALING_MESSAGE_H
#define SIGNALING_MESSAGE_H

#include <glib.h>

#include "signaling/ipsp.h"
#include "signaling/scoped.h"

#define MESSAGE_MAX_SIZE    (256 * 1024)
#define MESSAGE_MAX_HEADERS (64 * 1024)
#define MESSAGE_MAX_PARTS   20
#define MESSAGE_MAX_DEPTH   5

void message_init(void);

#define MESSAGE_ERROR message_error_quark()
GQuark message_error_quark(void);
enum message_error {
	MESSAGE_ERROR_TOO_LARGE,
	MESSAGE_ERROR_MALFORMED, /* duplicate From, no From, bad MIME... */
};

/* A received mail. Addresses are normalised: domain in lower-case A-labels,
 * local part as given. */
struct message {
	char *from_address, *from_name; /* name may be NULL */
	char *message_id;		/* without <>, may be NULL */
	char *in_reply_to, *references; /* may be NULL */
	char *subject;			/* may be NULL */
	char *mac;			/* IPSP-MAC, may be NULL */
	GPtrArray *recipients;	 /* char *: Delivered-To, X-Original-To, To */
	gboolean null_sender;	 /* Return-Path: <> */
	gboolean auto_submitted; /* present and not "no" */
	gboolean list;		 /* List-* or Precedence bulk/list/junk */
	gboolean aligned;	 /* see message_parse() */
	gboolean japanese;	 /* its words are Japanese: answer so */
	GBytes *ipsp;		 /* the IPSP part's decoded bytes, or NULL */
	char *text; /* first text/plain, LF, cut to 4 KiB; or NULL */
};

/* authserv_id may be NULL; otherwise `aligned` says whether the topmost
 * Authentication-Results of that id (RFC 8601) passes DKIM or SPF for the
 * From domain. Caller frees with message_free(). */
struct message *message_parse(GBytes *mail, const char *authserv_id,
			      GError **error);
void message_free(struct message *msg);
SCOPED_FREE(message, message_free)

/* What a mail of ours says. Strings stay the caller's. */
struct message_draft {
	const char *from_address, *from_name; /* name may be NULL */
	const char *to_address;
	const char *subject;
	const char *message_id;	 /* without <> */
	const char *in_reply_to; /* without <>, or NULL */
	const char *text;	 /* for people, UTF-8 */
	GBytes *ipsp;		 /* NULL: a mail for people only */
	enum ipsp_method method; /* of ipsp */
	const char *did;	 /* with ipsp */
	const char *mac;	 /* IPSP-MAC, or NULL */
	gint64 date;		 /* Unix seconds */
	gint64 expires;		 /* Unix seconds, 0: none */
	gboolean auto_replied;	 /* else auto-generated (RFC 3834 5) */
};

/* The bytes of the mail, lines ended by CRLF. Deterministic: the same draft
 * gives the same bytes. Caller frees. */
GBytes *message_build(const struct message_draft *draft);

/* Normalises an address ("A@EXAMPLE.org" -> "A@example.org"); NULL when it
 * is none. Caller frees. */
char *message_address(const char *text);

#endif
