/* imap_parse - IMAP responses (RFC 3501 7 and 9) out of a stream of bytes
 * that is cut anywhere, reduced to what a mailbox needs of them.
 *
 * The server is not trusted: text, literals and their number are bounded,
 * and a literal is never stored beyond what was asked for. */
#ifndef SIGNALING_IMAP_PARSE_H
#define SIGNALING_IMAP_PARSE_H

#include <glib.h>

#define IMAP_MAX_TEXT	  (256 * 1024)	     /* of a response, literals apart */
#define IMAP_MAX_LITERAL  (64 * 1024 * 1024) /* skipped, not stored */
#define IMAP_MAX_LITERALS 32		     /* in one response */

enum imap_kind {
	IMAP_CONTINUE,	 /* + text */
	IMAP_TAGGED,	 /* tag, status, code */
	IMAP_STATUS,	 /* the same, untagged */
	IMAP_CAPABILITY, /* idle, uidplus */
	IMAP_EXISTS,
	IMAP_SEARCH, /* uids */
	IMAP_FETCH,  /* uid, deleted, body */
	IMAP_OTHER,
};

enum imap_status { IMAP_OK, IMAP_NO, IMAP_BAD, IMAP_BYE, IMAP_PREAUTH };

/* Numbers that were absent are 0, which is no UID and no UIDVALIDITY. */
struct imap_response {
	enum imap_kind kind;
	char tag[16];
	enum imap_status status;
	guint32 uidvalidity, uidnext; /* response codes */
	char *text;		      /* for people, printable; may be NULL */
	gboolean idle, uidplus;
	GArray *uids; /* guint32, of SEARCH */
	guint32 uid;
	gboolean deleted; /* the flag \Deleted */
	GBytes *body;	  /* BODY[], or NULL: then this is about flags */
};

struct imap_parser;

/* body_max: bytes of a literal that are kept, the rest is dropped. */
struct imap_parser *imap_parser_create(gsize body_max);
/* Accepts NULL; sets *prsp to NULL. */
void imap_parser_destroy(struct imap_parser **prsp);

/* Takes bytes in until one response is whole, moving *bytesp and *sizep on.
 * The response is the parser's, until the next call. NULL: all bytes were
 * taken, or an error, which then stays. */
const struct imap_response *imap_parser_next(struct imap_parser *prs,
					     const char **bytesp, gsize *sizep);

/* What the server did wrong, or NULL. */
const char *imap_parser_error(const struct imap_parser *prs);

#endif
