#include "web/whip.h"

#include <string.h>

#include "web/credential.h"
#include "web/rate.h"

#define PREFIX "/whip/"
#define SDP    "application/sdp"
#define FRAG   "application/trickle-ice-sdpfrag" /* RFC 8840 9 */
#define ALLOW  "POST, PATCH, DELETE, OPTIONS"

/* Wrong tokens of one peer. They have 128 random bits: this only keeps the
 * noise of guessing from the store. */
#define WRONG_TOKENS  30
#define WRONG_S	      600
#define WRONG_RETRY_S 60

struct whip {
	const struct whip_host *host;
	void *arg;
	struct rate *wrong;
};

struct whip *whip_create(const struct whip_host *host, void *arg)
{
	struct whip *whp = g_new0(struct whip, 1);

	whp->host = host;
	whp->arg = arg;
	whp->wrong = rate_create(WRONG_TOKENS, WRONG_S);
	return whp;
}

void whip_destroy(struct whip **whpp)
{
	struct whip *whp = *whpp;

	*whpp = NULL;
	if (!whp)
		return;
	rate_destroy(&whp->wrong);
	g_free(whp);
}

gboolean whip_is_path(const char *path)
{
	return g_str_has_prefix(path, PREFIX) && path[strlen(PREFIX)];
}

/* Takes over the sentence. */
static void refuse(struct server_reply *reply, guint status, char *sentence)
{
	char *line = g_strconcat(sentence, "\n", NULL);

	g_free(sentence);
	reply->status = status;
	reply->type = "text/plain; charset=utf-8";
	reply->body = g_bytes_new_take(line, strlen(line));
}

/* RFC 6750 3 */
static void refuse_token(struct whip *whp, const struct server_request *req,
			 gint64 now, struct server_reply *reply)
{
	if (req->authorization && !rate_allow(whp->wrong, req->peer, now)) {
		reply->retry_s = WRONG_RETRY_S;
		refuse(reply, 429, g_strdup("Too many wrong tokens."));
		return;
	}
	reply->authenticate = req->authorization
				      ? "Bearer error=\"invalid_token\""
				      : "Bearer";
	refuse(reply, 401,
	       g_strdup("A token of this room is needed: ipsp-bridge token "
			"ROOM makes one."));
}

static gboolean is_type(const char *type, const char *wanted)
{
	gsize length = strlen(wanted);

	return type && !g_ascii_strncasecmp(type, wanted, length) &&
	       strchr("; \t", type[length]);
}

/* RFC 3986 3.3, but for "+": libwebsockets reads that as a space. */
static char *segment(const char *text)
{
	return g_uri_escape_string(text, "@!$&'()*,;=:", FALSE);
}

/* `bridge`: the URL before the path, or ""; session may be NULL, and is
 * whatever was asked for. */
static char *location_of(const char *bridge, const char *room,
			 const char *session)
{
	g_autofree char *first = segment(room);
	g_autofree char *second = segment(session ? session : "");

	return g_strconcat(bridge, PREFIX, first, session ? "/" : NULL, second,
			   NULL);
}

/* Whether it was not done: then the reply says why, or where. Takes what is in
 * the answer. */
static gboolean was_refused(struct whip *whp, const struct server_request *req,
			    gint64 now, struct whip_answer *answer,
			    const char *room, const char *session,
			    struct server_reply *reply)
{
	if (answer->status < 300)
		return FALSE;
	reply->retry_s = answer->retry_s;
	if (answer->status == 401) {
		g_free(answer->text);
		refuse_token(whp, req, now, reply);
	} else {
		/* RFC 9725 4.5: the same request, there. */
		if (answer->status == 307)
			reply->location =
				location_of(answer->bridge, room, session);
		refuse(reply, answer->status, answer->text);
	}
	g_free(answer->bridge);
	return TRUE;
}

static void post(struct whip *whp, const struct server_request *req, gint64 now,
		 struct server_reply *reply)
{
	const struct whip_join join = {
		.room = req->path + strlen(PREFIX),
		.token = credential_token(req),
		.offer = req->body,
		.size = req->size,
		.peer = req->address,
		.tls = req->tls,
	};
	struct whip_answer answer = { .status = 401 };

	if (!is_type(req->content_type, SDP)) {
		refuse(reply, 415,
		       g_strdup("An offer is Content-Type: " SDP "."));
		return;
	}
	if (join.token)
		whp->host->join(&join, &answer, whp->arg);
	if (was_refused(whp, req, now, &answer, join.room, NULL, reply))
		return;
	reply->status = answer.status;
	reply->type = SDP;
	reply->location = location_of("", join.room, answer.session);
	reply->etag = answer.etag;
	reply->body = g_bytes_new_take(answer.text, strlen(answer.text));
	g_free(answer.session);
}

char *whip_room_of(const char *path, const char **session_r)
{
	const char *room = path + strlen(PREFIX);

	*session_r = strrchr(path, '/') + 1;
	return *session_r > room + 1
		       ? g_strndup(room, (gsize)(*session_r - room) - 1)
		       : NULL;
}

static void patch(struct whip *whp, const struct server_request *req,
		  gint64 now, struct server_reply *reply)
{
	struct whip_patch what = { .token = credential_token(req),
				   .if_match = req->if_match,
				   .fragment = req->body,
				   .size = req->size };
	g_autofree char *room = whip_room_of(req->path, &what.session);
	struct whip_answer answer = { .status = 401 };

	if (!room) { /* RFC 9725 4.2: of a session only */
		reply->allow = "POST, OPTIONS";
		refuse(reply, 405, g_strdup("POST an offer to join."));
		return;
	}
	if (!is_type(req->content_type, FRAG)) {
		reply->accept_patch = FRAG;
		refuse(reply, 415,
		       g_strdup("A patch is Content-Type: " FRAG "."));
		return;
	}
	what.room = room;
	if (what.token)
		whp->host->patch(&what, &answer, whp->arg);
	reply->etag = answer.etag;
	if (answer.status == 405)
		reply->allow = "DELETE, OPTIONS";
	if (was_refused(whp, req, now, &answer, room, what.session, reply))
		return;
	reply->status = answer.status;
	if (answer.text) {
		reply->type = FRAG;
		reply->body =
			g_bytes_new_take(answer.text, strlen(answer.text));
	}
}

static void delete (struct whip *whp, const struct server_request *req,
		    gint64 now, struct server_reply *reply)
{
	struct whip_answer answer = { .status = 401 };
	struct whip_leave leave = { .token = credential_token(req) };
	g_autofree char *room = whip_room_of(req->path, &leave.session);

	leave.room = room;
	if (leave.token && room)
		whp->host->leave(&leave, &answer, whp->arg);
	else if (leave.token)
		answer = (struct whip_answer){
			.status = 404,
			.text = g_strdup("There is no such session.")
		};
	if (!was_refused(whp, req, now, &answer, room, leave.session, reply))
		reply->status = answer.status;
}

static void options(struct server_reply *reply)
{
	reply->status = 204;
	reply->allow = ALLOW;
	reply->accept_post = SDP;
	reply->accept_patch = FRAG;
}

void whip_request(struct whip *whp, const struct server_request *req,
		  gint64 now, struct server_reply *reply_r)
{
	switch (req->method) {
	case SERVER_POST:
		post(whp, req, now, reply_r);
		return;
	case SERVER_PATCH:
		patch(whp, req, now, reply_r);
		return;
	case SERVER_DELETE:
		delete (whp, req, now, reply_r);
		return;
	case SERVER_OPTIONS:
		options(reply_r);
		return;
	default:
		reply_r->allow = ALLOW;
		refuse(reply_r, 405,
		       g_strdup("POST an offer to join, DELETE to leave."));
	}
}
