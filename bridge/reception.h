/* reception - takes the mails of the rooms' mailboxes: reads each, keeps to
 * the rules of docs/ipsp.md, "The room's mailbox", decides, and commits the
 * decision before anyone hears of it.
 *
 * Exactly once: what a mail causes (its dialog, the answer's bytes, that it
 * was seen) is one transaction. Control thread; time is an argument. */
#ifndef BRIDGE_RECEPTION_H
#define BRIDGE_RECEPTION_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/dialogs.h"
#include "bridge/media.h"
#include "bridge/rooms.h"
#include "bridge/store/store.h"
#include "signaling/answer_limits.h"

/* Where it sits. All is its owner's and outlives it. */
struct reception {
	struct store *store;
	struct rooms *rooms;
	struct dialogs *dialogs;
	struct answer_limits *limits;
	const struct media_ops *media;
	void *media_arg;
	const char *set_aside; /* directory */
};

struct reception_time {
	gint64 now;	  /* Unix seconds */
	gint64 monotonic; /* seconds that never go back */
};

/* TRUE: the mail is dealt with for good, mailbox_done() may follow; the
 * outbox may have new mails. FALSE: the store does not work; the mail must
 * come once more. */
gboolean reception_mail(struct reception *rec,
			const struct config_mail *account, const char *id,
			GBytes *mail, const struct reception_time *time);

/* After a start: dialogs that were answered and whose caller may still
 * register get their seat and session back; the others end. Nobody who had
 * registered is kept: his keys must not be used from a new beginning. */
void reception_restore(struct reception *rec, gint64 now);

#endif
