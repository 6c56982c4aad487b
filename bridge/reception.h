/* reception - takes the mails of the rooms' mailboxes: reads each, keeps to
 * the rules of docs/ipsp.md, "The room's mailbox", decides, and commits the
 * decision before anyone hears of it.
 *
 * Exactly once: what a mail causes (its dialog, the answer's bytes, that it
 * was seen) is one transaction. Where several bridges share the account it is
 * promised to all of them first. Control thread; time is an argument. */
#ifndef BRIDGE_RECEPTION_H
#define BRIDGE_RECEPTION_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/delays.h"
#include "bridge/dialogs.h"
#include "bridge/mail_verdict.h"
#include "bridge/media.h"
#include "bridge/promise.h"
#include "bridge/refusals.h"
#include "bridge/rooms.h"
#include "bridge/store/store.h"
#include "signaling/answer_limits.h"

struct reception_events {
	/* Several bridges share the account: this is to be known by all before
	 * it is done. reception_promised() follows with the same ticket, not
	 * from inside this call. */
	void (*promise)(const char *account, const struct document_answer *prm,
			guint64 ticket, void *arg);
	/* The verdict on a mail that was MAIL_LATER: DONE or AGAIN. */
	void (*settled)(const char *account, const char *id,
			enum mail_verdict verdict, void *arg);
};

/* Where it sits. All is its owner's and outlives it. */
struct reception {
	struct store *store;
	struct rooms *rooms;
	struct dialogs *dialogs;
	struct answer_limits *limits;
	struct refusals *refusals; /* told of who gets no seat */
	struct delays *delays;	   /* told of each INVITE */
	const struct media_ops *media;
	void *media_arg;
	const char *set_aside; /* directory */
	/* Of join links, in the newest configuration; NULL: there are none. */
	const char *web_url;
	const struct reception_events *events; /* NULL: a lone bridge */
	void *arg;
	/* ticket => struct arrival that waits; made when it is needed. */
	GHashTable *waiting;
	guint64 last_ticket;
};

struct reception_time {
	gint64 now;	  /* Unix seconds */
	gint64 monotonic; /* seconds that never go back */
};

/* The INVITE of that name, by which a room calls somebody in, does not reach
 * him. */
void reception_call_failed(const struct reception *rec, const char *did);

/* MAIL_DONE: mailbox_done() may follow, the outbox may have new mails.
 * MAIL_AGAIN: the store does not work. MAIL_LATER: it waits for a promise; one
 * mail of an account at a time. */
enum mail_verdict reception_mail(struct reception *rec,
				 const struct config_mail *account,
				 const char *id, GBytes *mail,
				 const struct reception_time *time);
/* kept: all bridges can know it. Else the account is another's, or will be;
 * what was decided is taken back. */
void reception_promised(struct reception *rec, guint64 ticket, gboolean kept);
/* Forgets what waits. */
void reception_fini(struct reception *rec);

/* After a start: dialogs that were answered and whose caller may still
 * register get their seat and session back; the others end. Nobody who had
 * registered is kept: his keys must not be used from a new beginning. */
void reception_restore(struct reception *rec, gint64 now);

#endif
