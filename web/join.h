/* join - the HTTP side of how people come in by the link of a mail
 * (docs/join.md): the page at /join asks with the link's token, which only
 * ever is in a body.
 *
 *   POST /api/join/look   what the link is for; uses nothing up
 *   POST /api/join        uses it up: a session, to post offers with
 *
 * Who may come is decided by the host. Control thread. */
#ifndef WEB_JOIN_H
#define WEB_JOIN_H

#include <glib.h>

#include "bridge/room/room.h"
#include "web/server.h"

struct join;

enum join_verdict {
	JOIN_WELCOME,
	JOIN_LINK_IS_USED,
	JOIN_LINK_IS_OLD,
	JOIN_LINK_IS_NONE,
	JOIN_NO_ROOM, /* any more */
	JOIN_BANNED,
	JOIN_LOCKED,
	JOIN_NOT_NOW, /* the store does not work */
	JOIN_VERDICTS,
};

/* The caller frees the strings. */
struct join_answer {
	enum join_verdict verdict;
	char *session; /* of a link that was opened; a secret */
	/* Of a link that is one of ours, whatever the verdict. */
	char *room, *room_name;
	char *address, *name; /* of the person; name may be NULL */
	gboolean lobby;	      /* he will wait */
	guint people, capacity;
};

struct join_host {
	/* token: of a link, or the session that it has become. answer_r is
	 * zeroed before. */
	void (*look)(const char *token, gboolean open,
		     struct join_answer *answer_r, void *arg);
	/* Whose WHIP session that is, and token; NULL: nobody's. */
	struct member *(*member)(const char *session, const char *token,
				 void *arg);
	/* What its page says in band. */
	void (*hear)(struct member *mem, const char *json, gsize size,
		     void *arg);
};

struct join *join_create(const struct join_host *host, void *arg);
/* Accepts NULL. */
void join_destroy(struct join **jinp);

gboolean join_is_path(const char *path);
/* ours: it comes from a page of ours. now: monotonic seconds. */
void join_request(struct join *jin, const struct server_request *req,
		  gboolean ours, gint64 now, struct server_reply *reply_r);

#endif
