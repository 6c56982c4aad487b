/* whip - the HTTP side of how tools join (docs/whip.md): RFC 9725's verbs and
 * status codes. What an offer says and whether its bearer may come is decided
 * by the host.
 *
 *   POST /whip/ROOM             an offer; 201, an answer, Location
 *   PATCH /whip/ROOM/SESSION    a browser's candidates; its ICE restart
 *   DELETE /whip/ROOM/SESSION   leaves
 *
 * Of a room that another bridge of the cluster keeps all are answered 307.
 *
 * ROOM is the room's mail address, percent-encoded. Lives on the control
 * thread. */
#ifndef WEB_WHIP_H
#define WEB_WHIP_H

#include <sys/socket.h>

#include <glib.h>

#include "web/server.h"

#define WHIP_MAX_OFFER 65536

struct whip;

struct whip_join {
	const char *room;  /* as the path says, unescaped */
	const char *token; /* of the bearer */
	const char *offer;
	gsize size;			     /* of the offer, in bytes */
	const struct sockaddr_storage *peer; /* who asks */
	gboolean tls;			     /* nobody reads the offer's keys */
};

struct whip_patch {
	const char *room, *session, *token;
	const char *if_match; /* as it was sent; NULL: it was not */
	const char *fragment; /* RFC 8840 9 */
	gsize size;
};

struct whip_leave {
	const char *room, *session; /* as the path says, unescaped */
	const char *token;	    /* of the bearer */
};

/* The caller frees the strings, the text may hold a key. */
struct whip_answer {
	/* 201: joined; of a patch 200 or 204; 200: left; 307: elsewhere; or
	 * what refuses it; 401: a wrong token */
	guint status;
	char *text; /* 201, 200 of a patch: SDP; left: NULL; else a sentence */
	char *session; /* 201: of the Location */
	char *etag;    /* 201, 200: of its ICE session; NULL: it has none */
	char *bridge;  /* 307: the URL of that one's web side */
	guint retry_s; /* 503: when it may be worth another try */
};

struct whip_host {
	/* answer_r is zeroed before, but for its status: 401. */
	void (*join)(const struct whip_join *join, struct whip_answer *answer_r,
		     void *arg);
	/* Likewise. */
	void (*patch)(const struct whip_patch *patch,
		      struct whip_answer *answer_r, void *arg);
	void (*leave)(const struct whip_leave *leave,
		      struct whip_answer *answer_r, void *arg);
};

struct whip *whip_create(const struct whip_host *host, void *arg);
void whip_destroy(struct whip **whpp);

gboolean whip_is_path(const char *path);
/* Of a path of ours the room; NULL: it is no session's. Caller frees. */
char *whip_room_of(const char *path, const char **session_r);
/* now: monotonic seconds. */
void whip_request(struct whip *whp, const struct server_request *req,
		  gint64 now, struct server_reply *reply_r);

#endif
