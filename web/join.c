#include "web/join.h"

#include <string.h>

#include <jansson.h>

#include "web/panel_json.h"
#include "web/rate.h"

#define LOOK "/api/join/look"
#define OPEN "/api/join"

/* Of one peer. A link has 192 random bits: this only keeps the noise of
 * guessing from the store. */
#define WRONG_LINKS   30
#define WRONG_S	      600
#define WRONG_RETRY_S 60

struct join {
	const struct join_host *host;
	void *arg;
	struct rate *wrong;
};

struct join *join_create(const struct join_host *host, void *arg)
{
	struct join *jin = g_new0(struct join, 1);

	jin->host = host;
	jin->arg = arg;
	jin->wrong = rate_create(WRONG_LINKS, WRONG_S);
	return jin;
}

void join_destroy(struct join **jinp)
{
	struct join *jin = *jinp;

	*jinp = NULL;
	if (!jin)
		return;
	rate_destroy(&jin->wrong);
	g_free(jin);
}

gboolean join_is_path(const char *path)
{
	return !strcmp(path, LOOK) || !strcmp(path, OPEN);
}

/* Takes over the object. */
static void reply_json(struct server_reply *reply, guint status, json_t *object)
{
	reply->status = status;
	reply->type = "application/json";
	reply->body = panel_json_bytes(object);
}

static void refuse(struct server_reply *reply, guint status, const char *code)
{
	reply_json(reply, status, json_pack("{s:s}", "error", code));
}

static void put_text(json_t *object, const char *name, const char *text)
{
	if (text)
		json_object_set_new(object, name, panel_json_string(text));
}

static const struct {
	guint status;
	const char *code;
} verdicts[JOIN_VERDICTS] = {
	[JOIN_WELCOME] = { 200, NULL },
	[JOIN_LINK_IS_USED] = { 403, "link-used" },
	[JOIN_LINK_IS_OLD] = { 403, "link-old" },
	[JOIN_LINK_IS_NONE] = { 403, "link-unknown" },
	[JOIN_NO_ROOM] = { 404, "no-room" },
	[JOIN_BANNED] = { 403, "banned" },
	[JOIN_LOCKED] = { 423, "locked" },
	[JOIN_NOT_NOW] = { 503, "failed" },
};

/* Who is refused is told the room, to write to it again; no more. */
static json_t *told(const struct join_answer *answer)
{
	const char *code = verdicts[answer->verdict].code;
	json_t *object = json_object();

	put_text(object, "error", code);
	put_text(object, "room", answer->room);
	put_text(object, "room_name", answer->room_name);
	if (code)
		return object;
	put_text(object, "session", answer->session);
	put_text(object, "address", answer->address);
	put_text(object, "name", answer->name);
	json_object_set_new(object, "lobby", json_boolean(answer->lobby));
	json_object_set_new(object, "people", json_integer(answer->people));
	json_object_set_new(object, "capacity", json_integer(answer->capacity));
	return object;
}

static void clear(struct join_answer *answer)
{
	if (answer->session)
		explicit_bzero(answer->session, strlen(answer->session));
	g_free(answer->session);
	g_free(answer->room);
	g_free(answer->room_name);
	g_free(answer->address);
	g_free(answer->name);
}

static void look(struct join *jin, const struct server_request *req,
		 const char *token, gint64 now, struct server_reply *reply)
{
	struct join_answer answer = { 0 };

	jin->host->look(token, !strcmp(req->path, OPEN), &answer, jin->arg);
	if (answer.verdict == JOIN_LINK_IS_NONE &&
	    !rate_allow(jin->wrong, req->peer, now)) {
		reply->retry_s = WRONG_RETRY_S;
		refuse(reply, 429, "too-many");
	} else {
		reply_json(reply, verdicts[answer.verdict].status,
			   told(&answer));
	}
	clear(&answer);
}

void join_request(struct join *jin, const struct server_request *req,
		  gboolean ours, gint64 now, struct server_reply *reply_r)
{
	const json_t *token;
	json_t *body;

	if (req->method != SERVER_POST) {
		reply_r->allow = "POST";
		refuse(reply_r, 405, "wrong-method");
		return;
	}
	if (!ours) {
		refuse(reply_r, 403, "wrong-origin");
		return;
	}
	body = json_loadb(req->body, req->size, JSON_REJECT_DUPLICATES, NULL);
	token = json_object_get(body, "token");
	if (!req->content_type ||
	    !g_str_has_prefix(req->content_type, "application/json"))
		refuse(reply_r, 415, "not-json");
	else if (!json_is_string(token))
		refuse(reply_r, 400, "malformed");
	else
		look(jin, req, json_string_value(token), now, reply_r);
	json_decref(body);
}
