/* links: web room */
/* HTTP requests as the server hands them on: a line of method and path, lines
 * of header fields, an empty line, the body. $S is the secret of a moderator's
 * session, $T a fresh log-in token: only they open anything. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>
#include <jansson.h>

#include "web/api.h"
#include "web/whip.h"

#define MODERATOR "chair@localhost"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct api *api;
static char *directory;

static void require(gboolean holds)
{
	if (!holds)
		abort();
}

#define BEARER "AbCdEfGhIjKlMnOpQrStUvWxYz012345"

static gboolean token_of(const char *token, struct who *who_r, void *arg)
{
	(void)arg;
	require(token != NULL);
	if (strcmp(token, BEARER) != 0)
		return FALSE;
	who_r->name = g_strdup("token:bot");
	who_r->room = g_strdup("hall@conf.example");
	return TRUE;
}

/* Whom the log-in or the token says, and nobody else. */
static gboolean is_known(const struct who *who)
{
	return !strcmp(who->name, who->room ? "token:bot" : MODERATOR);
}

static gboolean is_moderator(const char *address, void *arg)
{
	(void)arg;
	return !strcmp(address, MODERATOR);
}

static char *overview(void *arg)
{
	(void)arg;
	return g_strdup("{}");
}

/* What is asked for is what the path said, whole. */
static GBytes *audit_csv(const struct who *who, const char *room, void *arg)
{
	(void)arg;
	require(is_known(who) && room);
	return *room ? g_bytes_new_static("row\r\n", 5) : NULL;
}

static char *recording_file(const struct who *who, const char *id,
			    const char *file, void *arg)
{
	(void)arg;
	require(is_known(who) && !strchr(id, '/'));
	return *file ? g_build_filename(directory, "index.html", NULL) : NULL;
}

/* Mailed after a delay that no input lives to see. */
static void mail_login(const char *address, const char *link, gboolean japanese,
		       void *arg)
{
	(void)address;
	(void)link;
	(void)japanese;
	(void)arg;
}

static void logged_out(void *arg)
{
	(void)arg;
}

/* The moderator is an operator, too. */
static const struct api_events events = { .is_moderator = is_moderator,
					  .is_operator = is_moderator,
					  .overview = overview,
					  .token = token_of,
					  .audit_csv = audit_csv,
					  .recording_file = recording_file,
					  .mail_login = mail_login,
					  .logged_out = logged_out };

/* $W is a token that lets one in, to a room or to its panel. What the host is
 * asked is what the path and the header said. */
static void tool_join(const struct whip_join *join,
		      struct whip_answer *answer_r, void *arg)
{
	(void)arg;
	require(*join->room && strlen(join->offer) <= join->size);
	answer_r->status = strcmp(join->token, BEARER) ? 401 : 201;
	answer_r->text = g_strdup("v=0\r\n");
	if (answer_r->status == 201)
		answer_r->session = g_strdup("session");
}

static void tool_patch(const struct whip_patch *patch,
		       struct whip_answer *answer_r, void *arg)
{
	(void)arg;
	require(*patch->room && !strchr(patch->session, '/'));
	answer_r->status = strcmp(patch->token, BEARER) ? 307 : 200;
	answer_r->text = g_strdup("a=ice-lite\r\n");
	if (answer_r->status == 200)
		answer_r->etag = g_strdup("\"etag\"");
	else
		answer_r->bridge = g_strdup("https://other.example");
}

static void tool_leave(const struct whip_leave *leave,
		       struct whip_answer *answer_r, void *arg)
{
	(void)arg;
	require(*leave->room && !strchr(leave->session, '/'));
	answer_r->status = strcmp(leave->token, BEARER) ? 307 : 200;
	if (answer_r->status == 200)
		return;
	answer_r->text = g_strdup("Elsewhere.");
	answer_r->bridge = g_strdup("https://other.example");
}

static const struct whip_host tools = { .join = tool_join,
					.patch = tool_patch,
					.leave = tool_leave };

static void remove_directory(void)
{
	g_autofree char *index =
		g_build_filename(directory, "index.html", NULL);

	g_remove(index);
	g_rmdir(directory);
	g_free(directory);
}

static void make_directory(void)
{
	g_autofree char *index = NULL;

	directory = g_dir_make_tmp("http-XXXXXX", NULL);
	index = g_build_filename(directory, "index.html", NULL);
	require(g_file_set_contents(index, "page", -1, NULL));
	atexit(remove_directory);
}

static char *token(void)
{
	g_autofree char *link = api_login_link(api, MODERATOR);

	return g_strdup(strchr(link, '#') + 1);
}

/* A request of our own page: what a log-in is. The cookie's secret. */
static char *log_in(void)
{
	g_autofree char *fresh = token();
	g_autofree char *body = g_strdup_printf("{\"token\":\"%s\"}", fresh);
	const struct server_request req = {
		.method = SERVER_POST,
		.path = "/api/login",
		.peer = "moderator",
		.origin = "https://conf.example",
		.content_type = "application/json",
		.body = body,
		.size = strlen(body),
	};
	struct server_reply reply = { 0 };
	char *secret;

	api_request(api, &req, &reply);
	require(reply.status == 200 && reply.cookie);
	secret = g_strdup(strchr(reply.cookie, '=') + 1);
	*strchr(secret, ';') = '\0';
	g_bytes_unref(reply.body);
	g_free(reply.etag);
	g_free(reply.cookie);
	return secret;
}

/* FALSE: the input has no secret in it. */
static gboolean fill_in(GString *text)
{
	gboolean found = FALSE;

	if (strstr(text->str, "$S")) {
		g_autofree char *secret = log_in();

		found |= g_string_replace(text, "$S", secret, 0) > 0;
	}
	if (strstr(text->str, "$W"))
		found |= g_string_replace(text, "$W", BEARER, 0) > 0;
	if (strstr(text->str, "$T")) {
		g_autofree char *fresh = token();

		found |= g_string_replace(text, "$T", fresh, 0) > 0;
	}
	return found;
}

static void read_field(struct server_request *req, char *line)
{
	const struct {
		const char *name;
		const char **value;
	} fields[] = {
		{ "host: ", &req->host },
		{ "origin: ", &req->origin },
		{ "cookie: ", &req->cookie },
		{ "content-type: ", &req->content_type },
		{ "if-none-match: ", &req->if_none_match },
		{ "authorization: ", &req->authorization },
		{ "range: ", &req->range },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
		if (g_str_has_prefix(line, fields[i].name))
			*fields[i].value = line + strlen(fields[i].name);
}

/* Cuts the text up, in place. */
static void read_request(struct server_request *req, GString *text)
{
	char *end = text->str + text->len, *next = text->str;
	gboolean first = TRUE;

	req->body = end;
	while (next < end) {
		char *line = next;

		next = memchr(line, '\n', (gsize)(end - line));
		if (!next)
			next = end;
		*next++ = '\0';
		if (!*line && !first) {
			req->body = MIN(next, end);
			break;
		}
		if (first) {
			req->method = *line == 'P'   ? SERVER_POST
				      : *line == 'A' ? SERVER_PATCH
				      : *line == 'D' ? SERVER_DELETE
				      : *line == 'O' ? SERVER_OPTIONS
						     : SERVER_GET;
			req->path = *line ? line + 1 : line;
		} else {
			read_field(req, line);
		}
		first = FALSE;
	}
	req->size = (gsize)(end - req->body);
}

/* Nothing of the request gets into a header, and no reply is malformed. */
static void check(const struct server_request *req,
		  const struct server_reply *reply, gboolean trusted)
{
	gsize size = 0;
	const char *body =
		reply->body ? g_bytes_get_data(reply->body, &size) : NULL;

	require(reply->status >= 200 && reply->status < 500);
	require(!reply->cookie || !strpbrk(reply->cookie, "\r\n"));
	require(!reply->location || !strpbrk(reply->location, " \r\n"));
	require(!reply->body || reply->type || !strcmp(req->path, "/healthz"));
	if (!g_strcmp0(reply->type, "application/json")) {
		json_t *object = json_loadb(body, size, 0, NULL);

		require(json_is_object(object));
		json_decref(object);
	}
	if (whip_is_path(req->path)) {
		require(trusted || reply->status != 201);
		return;
	}
	/* Strangers' pages change nothing, strangers learn nothing. */
	if (req->method == SERVER_POST && reply->status < 300)
		require(req->origin && api_origin_is_ours(api, req));
	if (!trusted && (reply->status == 200 || reply->status == 206))
		require(!g_str_has_prefix(req->path, "/api/") ||
			!strcmp(req->path, "/api/logout"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	g_autoptr(GString) text =
		g_string_new_len((const char *)data, (gssize)size);
	struct api_config cfg = { .url = "https://conf.example" };
	struct server_request req = { .path = "/", .peer = "stranger" };
	struct server_reply reply = { 0 };
	struct whip *whip;
	gboolean trusted;

	if (!directory)
		make_directory();
	cfg.files = directory;
	api = api_create(&cfg, &events, NULL, NULL);
	require(api != NULL);
	whip = whip_create(&tools, NULL);
	trusted = fill_in(text);
	read_request(&req, text);
	if (whip_is_path(req.path))
		whip_request(whip, &req, 0, &reply);
	else
		api_request(api, &req, &reply);
	check(&req, &reply, trusted);
	g_free(reply.location);
	g_free(reply.content_range);
	if (reply.file)
		close(reply.file->fd);
	g_free(reply.file);
	g_clear_pointer(&reply.body, g_bytes_unref);
	g_free(reply.etag);
	g_free(reply.cookie);
	whip_destroy(&whip);
	api_destroy(&api);
	return 0;
}
