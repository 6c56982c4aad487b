/* tools - members that come by an offer and a token instead of a mail
 * (docs/whip.md): may they come, and what are they answered.
 *
 * Nothing of them is in the store but their tokens: a tool whose bridge was
 * restarted posts its offer again. Control thread; time is an argument. */
#ifndef BRIDGE_TOOLS_H
#define BRIDGE_TOOLS_H

#include <glib.h>

#include "bridge/media.h"
#include "bridge/rooms.h"
#include "bridge/store/store.h"
#include "web/web.h"

struct tools;

/* Where they come to; all is its owner's and outlives them. */
struct tools_config {
	struct store *store;
	struct rooms *rooms;
	const struct media_ops *media;
	void *media_arg;
};

struct tools *tools_create(const struct tools_config *cfg);
/* All have gone by then. */
void tools_destroy(struct tools **tlsp);

/* now: Unix seconds. See struct whip_host. */
void tools_join(struct tools *tls, const struct whip_join *join, gint64 now,
		struct whip_answer *answer_r);
void tools_patch(struct tools *tls, const struct whip_patch *patch,
		 struct whip_answer *answer_r);
guint tools_leave(struct tools *tls, const char *room, const char *session,
		  const char *token, gint64 now);

/* NULL: no tool. */
struct member *tools_member(const struct tools *tls, guint32 id);
/* The member has gone. FALSE: it was no tool. */
gboolean tools_gone(struct tools *tls, const struct member *mem);

#endif
