/* accounts - the mail accounts of the configuration: each a mailbox that is
 * watched and a post that sends. Of several bridges that share an account all
 * can send, but one reads.
 *
 * Control thread, on the main context of its creation. */
#ifndef BRIDGE_ACCOUNTS_H
#define BRIDGE_ACCOUNTS_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/mail_verdict.h"
#include "bridge/store/store.h"
#include "signaling/post.h"

struct accounts;

struct accounts_events {
	/* MAIL_DONE: it leaves the mailbox. MAIL_AGAIN: it is shown again in a
	 * few seconds. MAIL_LATER: accounts_settled() follows, and the next
	 * mail of the account is shown after that. */
	enum mail_verdict (*mail)(const char *account, const char *id,
				  GBytes *mail, void *arg);
	void (*posted)(gint64 id, enum post_result result, const char *why,
		       void *arg);
	/* Where an account's mailbox was, as it was last said to be; the
	 * caller frees. */
	char *(*position)(const char *account, void *arg);
	void (*set_position)(const char *account, const char *position,
			     void *arg);
};

/* reads: all mailboxes, from the start; else see accounts_read(). */
struct accounts *accounts_create(const struct accounts_events *events,
				 gboolean reads, void *arg);
void accounts_destroy(struct accounts **acsp);

/* See MAIL_LATER; `verdict` is one of the others. A mail that does not wait is
 * passed over. */
void accounts_settled(struct accounts *acs, const char *account, const char *id,
		      enum mail_verdict verdict);

/* Whether this bridge reads the mailbox. A mail that
 * waits is forgotten, and shown by whoever reads it next. */
void accounts_read(struct accounts *acs, const char *account, gboolean reads);
void accounts_read_none(struct accounts *acs);

/* Opens new accounts, closes those that are gone, opens changed ones anew;
 * the others are not touched. cfg must live until the next call. FALSE: an
 * account cannot work as configured; the rest does. */
gboolean accounts_configure(struct accounts *acs, const struct config *cfg,
			    GError **error);

/* How an account is doing. */
struct account_figures {
	const char *name;  /* while the account is there */
	gboolean reads;	   /* its mailbox; else another bridge does */
	gboolean watching; /* it; else it is tried again and again */
	gint64 since_us;   /* monotonic time: so since then */
	const char *why;   /* a sentence when it does not answer, or NULL; as
			    * long as the name */
	guint64 mails;	   /* dealt with */
	guint64 posted[POST_REFUSED + 1]; /* by enum post_result */
};
/* Of all accounts; the caller unrefs. */
GArray *accounts_figures(const struct accounts *acs);

/* `posted` follows, not from inside this call. */
void accounts_post(struct accounts *acs, const struct store_post *post);

#endif
