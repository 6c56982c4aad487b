/* mailbox_kind - what each kind of mailbox gives to mailbox.c, which chooses
 * one by the URL's scheme. Seen by mailbox*.c only. */
#ifndef SIGNALING_MAILBOX_KIND_H
#define SIGNALING_MAILBOX_KIND_H

#include "signaling/mailbox.h"

struct mailbox_kind {
	/* cfg is valid during the call only. */
	struct mailbox *(*create)(const struct mailbox_config *cfg,
				  GError **error);
	/* Takes half-built objects. */
	void (*destroy)(struct mailbox *mbx);
	void (*done)(struct mailbox *mbx, const char *id);
	void (*hurry)(struct mailbox *mbx);
};

extern const struct mailbox_kind mailbox_maildir;
extern const struct mailbox_kind mailbox_imap;
extern const struct mailbox_kind mailbox_pop3;

/* The first member of every kind's struct; filled by mailbox_create(), so
 * that a kind's create() must not call back yet. */
struct mailbox {
	const struct mailbox_kind *kind;
	const struct mailbox_events *events;
	void *arg;
	char *url; /* for the log: it never holds a password */
	enum mailbox_state state;
	char *why;
};

/* For the kinds: tell the owner, each change once, with a log line. */
void mailbox_tell_state(struct mailbox *mbx, enum mailbox_state state,
			const char *why);
void mailbox_tell_mail(struct mailbox *mbx, const char *id, GBytes *mail);
void mailbox_tell_position(struct mailbox *mbx, const char *position);

#endif
