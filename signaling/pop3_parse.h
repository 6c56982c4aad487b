/* pop3_parse - the answers of a POP3 server (RFC 1939 3) out of a stream of
 * bytes that is cut anywhere. The server is not trusted: lines are bounded,
 * and a mail is kept only as far as it was asked for. */
#ifndef SIGNALING_POP3_PARSE_H
#define SIGNALING_POP3_PARSE_H

#include <glib.h>

#define POP3_MAX_LINE 2048 /* RFC 2449 4 has 512 for a status, 72 for a UID */

enum pop3_what {
	POP3_STATUS, /* one line: +OK or -ERR */
	POP3_LIST,   /* a status, then lines until "." */
	POP3_MAIL,   /* a status, then a mail until "." */
};

enum pop3_result {
	POP3_MORE,  /* all bytes were taken */
	POP3_OK,    /* the answer is complete */
	POP3_ERR,   /* -ERR; text says why */
	POP3_LINE,  /* text is one line of a list */
	POP3_FULL,  /* the mail is longer than what is kept */
	POP3_WRONG, /* this is no POP3; the parser takes no more */
};

struct pop3_parser;

/* mail_max: bytes of a mail that are kept. */
struct pop3_parser *pop3_parser_create(gsize mail_max);
/* Accepts NULL; sets *prsp to NULL. */
void pop3_parser_destroy(struct pop3_parser **prsp);

/* A command was sent: this is what its answer looks like. */
void pop3_parser_expect(struct pop3_parser *prs, enum pop3_what what);

/* Takes bytes in until something is complete, moving *bytesp and *sizep on. */
enum pop3_result pop3_parser_next(struct pop3_parser *prs, const char **bytesp,
				  gsize *sizep);

/* Of the last POP3_ERR or POP3_LINE; valid until the next call. */
const char *pop3_parser_text(const struct pop3_parser *prs);

/* The mail of the last POP3_OK or POP3_FULL. Caller unrefs. */
GBytes *pop3_parser_mail(struct pop3_parser *prs);

#endif
