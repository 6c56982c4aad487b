/* accounts - the mail accounts of the configuration: each a mailbox that is
 * watched and a post that sends.
 *
 * Control thread, on the main context of its creation. */
#ifndef BRIDGE_ACCOUNTS_H
#define BRIDGE_ACCOUNTS_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/store/store.h"
#include "signaling/post.h"

struct accounts;

struct accounts_events {
	/* TRUE: the mail is done and leaves the mailbox. FALSE: it could not
	 * be dealt with, and is shown again in a few seconds. */
	gboolean (*mail)(const char *account, const char *id, GBytes *mail,
			 void *arg);
	void (*posted)(gint64 id, enum post_result result, const char *why,
		       void *arg);
	/* Where an account's mailbox was, as it was last said to be; the
	 * caller frees. */
	char *(*position)(const char *account, void *arg);
	void (*set_position)(const char *account, const char *position,
			     void *arg);
};

struct accounts *accounts_create(const struct accounts_events *events,
				 void *arg);
void accounts_destroy(struct accounts **acsp);

/* Opens new accounts, closes those that are gone, opens changed ones anew;
 * the others are not touched. FALSE: an account cannot work as configured;
 * the rest does. */
gboolean accounts_configure(struct accounts *acs, const struct config *cfg,
			    GError **error);

/* How an account is doing. */
struct account_figures {
	const char *name;  /* while the account is there */
	gboolean watching; /* its mailbox; else it is tried again and again */
	gint64 since_us;   /* monotonic time: so since then */
	guint64 mails;	   /* dealt with */
	guint64 posted[POST_REFUSED + 1]; /* by enum post_result */
};
/* Of all accounts; the caller unrefs. */
GArray *accounts_figures(const struct accounts *acs);

/* `posted` follows, not from inside this call. */
void accounts_post(struct accounts *acs, const struct store_post *post);

#endif
