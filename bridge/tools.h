/* tools - members that come by an offer and a token instead of a mail
 * (docs/whip.md): may they come, and what are they answered. A token that was
 * mailed to a person (join_link.h) makes its bearer that person: what holds for
 * one who mails an INVITE holds for him.
 *
 * Nothing of them is in the store but their tokens: a tool whose lone bridge
 * was restarted posts its offer again. In a cluster the bridge that keeps the
 * room lets them in, to any site; the next one that keeps it adopts them.
 * Control thread; time is an argument. */
#ifndef BRIDGE_TOOLS_H
#define BRIDGE_TOOLS_H

#include <glib.h>

#include "bridge/documents.h"
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
	/* See conference_host; NULL: this bridge keeps all. */
	struct document_owner *(*keeper)(const char *account, void *arg);
	void *keeper_arg;
};

struct tools *tools_create(const struct tools_config *cfg);
/* All have gone by then. */
void tools_destroy(struct tools **tlsp);

/* now: Unix seconds. See struct whip_host. */
void tools_join(struct tools *tls, const struct whip_join *join, gint64 now,
		struct whip_answer *answer_r);
void tools_patch(struct tools *tls, const struct whip_patch *patch,
		 struct whip_answer *answer_r);
void tools_leave(struct tools *tls, const struct whip_leave *leave, gint64 now,
		 struct whip_answer *answer_r);
/* The member is a tool that another bridge has let in, and no browser. */
void tools_adopt(struct tools *tls, struct member *mem,
		 const struct sockaddr_storage *address,
		 const guint8 token[STORE_DIGEST_SIZE]);

/* NULL: no tool. */
struct member *tools_member(const struct tools *tls, guint32 id);
/* Who came by a browser, has this WHIP session and bears its token; NULL: it
 * is nobody's. */
struct member *tools_browser(const struct tools *tls, const char *session,
			     const char *token);
/* The member has gone; by: the moderator who sent it away, or NULL. FALSE: it
 * was no tool. */
gboolean tools_gone(struct tools *tls, const struct member *mem,
		    const char *by);

#endif
