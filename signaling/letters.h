/* letters - the words for people in the mails of rooms and callers, in
 * English and Japanese. */
#ifndef SIGNALING_LETTERS_H
#define SIGNALING_LETTERS_H

#include <glib.h>

enum letters_kind {
	LETTERS_INVITE,
	LETTERS_OK,
	LETTERS_BUSY,
	LETTERS_REJECT,
	LETTERS_CANCEL,
	LETTERS_BYE,
	LETTERS_HOW_TO_JOIN, /* answers a person's plain mail */
	LETTERS_JOIN_LINK,   /* likewise, with a link for his browser */
	LETTERS_PIN,	     /* likewise; he has to say it first */
	LETTERS_LOGIN,	     /* a moderator's link */
	LETTERS_RECORDING,   /* has ended; in both languages */
	LETTERS_CALL,	     /* a room calls somebody in; likewise */
	LETTERS_DECLINE,     /* who is called does not come */
	LETTERS_KINDS,
};

/* What the kinds name; the rest may be NULL or 0. */
struct letters_facts {
	gboolean japanese;
	const char *subject;   /* answers: of the mail that is answered */
	const char *room;      /* address; all but LOGIN */
	const char *room_name; /* NULL: the address is shown */
	const char *person;    /* address of the caller or moderator */
	guint people, max;     /* OK, BUSY, JOIN_LINK */
	guint retry_s;	       /* BUSY, REJECT */
	const char *reason;    /* REJECT: letters_reason() */
	const char *link;      /* LOGIN, RECORDING, JOIN_LINK */
	guint seconds;	   /* RECORDING: how long it is; JOIN_LINK: it holds */
	const char *names; /* JOIN_LINK: of who is there; NULL: not told */
	gboolean lobby;	   /* JOIN_LINK: he will wait */
	const char *by;	   /* CALL: the moderator */
	/* HOW_TO_JOIN: where the person's mail is. NULL: the usual names,
	 * imap. and smtp. before the domain of his address. */
	const char *mailbox_url, *post_url;
};

/* Both are the caller's to free. An answer's subject is "Re: " and the
 * subject that it answers. */
char *letters_subject(enum letters_kind kind,
		      const struct letters_facts *facts);
char *letters_text(enum letters_kind kind, const struct letters_facts *facts);

/* A sentence (static, at most 256 bytes, so that it fits a part's "text")
 * for a REJECT code of enum ipsp_reject, or for BUSY: 486. */
const char *letters_reason(guint code, gboolean japanese);

/* The exact line that joins a room from a terminal, quoted for a shell: an
 * address may hold what a shell would run. Caller frees. */
char *letters_command(const struct letters_facts *facts);

#endif
