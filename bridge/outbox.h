/* outbox - sees to it that every mail in the store is posted: once if all
 * goes well, the same bytes again if it does not, until it is sent, refused
 * for good or expired.
 *
 * Control thread; time is an argument. */
#ifndef BRIDGE_OUTBOX_H
#define BRIDGE_OUTBOX_H

#include <glib.h>

#include "bridge/store/store.h"
#include "signaling/post.h"

struct outbox;

struct outbox_events {
	/* Hand it to the account's post; outbox_done() follows, not from
	 * inside this call. */
	void (*post)(const struct store_post *post, void *arg);
	/* It will never be sent. */
	void (*dropped)(const struct store_post *post, const char *why,
			void *arg);
	void (*sent)(const struct store_post *post, void *arg);
};

struct outbox *outbox_create(struct store *sto,
			     const struct outbox_events *events, void *arg);
void outbox_destroy(struct outbox **obp);

/* Posts what is due. */
void outbox_run(struct outbox *ob, gint64 now_ms);

void outbox_done(struct outbox *ob, gint64 id, enum post_result result,
		 const char *why, gint64 now_ms);

#endif
