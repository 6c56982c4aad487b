#include "web/api.h"

#include <string.h>

#include <gio/gio.h>
#include <jansson.h>

#include "web/download.h"
#include "web/files.h"
#include "web/origin.h"

/* __Host- (RFC 6265bis 4.1.3.2): no other host of the domain can set it. */
#define COOKIE	      "ipsp-session"
#define COOKIE_SECURE "__Host-ipsp-session"

#define AUDIT_PREFIX	  "/api/audit/"
#define RECORDINGS_PREFIX "/api/recordings/"
#define AUDIT_SUFFIX	  ".csv"

#define MAX_ADDRESS 320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

/* A link is mailed a little after the answer, so that the time of the answer
 * does not tell whether there was a mail to write. */
#define MAIL_DELAY_MIN_MS 20
#define MAIL_DELAY_MAX_MS 200

struct api {
	const struct api_events *events;
	void *arg;
	char *url, *origin;
	gboolean https;
	struct files *files;
	struct login *login;
	GHashTable *mails; /* the set of struct mail that are due soon */
};

struct mail {
	struct api *api;
	char *address;
	gboolean japanese;
	guint timer;
};

static gint64 now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static void mail_free(gpointer data)
{
	struct mail *mail = data;

	if (mail->timer)
		g_source_remove(mail->timer);
	g_free(mail->address);
	g_free(mail);
}

struct api *api_create(const struct api_config *cfg,
		       const struct api_events *events, void *arg,
		       GError **error)
{
	struct api *api = g_new0(struct api, 1);

	api->events = events;
	api->arg = arg;
	api->url = g_strdup(cfg->url);
	api->https = g_str_has_prefix(cfg->url, "https://");
	api->login = login_create(&events->sessions, arg);
	api->mails = g_hash_table_new_full(NULL, NULL, mail_free, NULL);
	api->origin = origin_of_url(cfg->url);
	if (!api->origin)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "web URL %s is not like https://conf.example",
			    cfg->url);
	else if (cfg->files)
		api->files = files_create(cfg->files, error);
	if (!api->origin || (cfg->files && !api->files))
		api_destroy(&api);
	return api;
}

void api_destroy(struct api **apip)
{
	struct api *api = *apip;

	*apip = NULL;
	if (!api)
		return;
	g_hash_table_destroy(api->mails);
	login_destroy(&api->login);
	files_destroy(&api->files);
	g_free(api->origin);
	g_free(api->url);
	g_free(api);
}

/* Replies. */

/* Takes over the object. */
static void reply_json(struct server_reply *reply, guint status, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	json_decref(object);
	reply->status = status;
	reply->type = "application/json";
	reply->body =
		g_bytes_new_with_free_func(text, strlen(text), free, text);
}

static void reply_error(struct server_reply *reply, guint status,
			const char *code)
{
	reply_json(reply, status, json_pack("{s:s}", "error", code));
}

static void reply_file(const struct server_request *req,
		       const struct file *file, struct server_reply *reply)
{
	reply->etag = g_strdup(file->etag);
	reply->cache_control = "no-cache";
	reply->type = file->type;
	if (req->if_none_match && strstr(req->if_none_match, file->etag)) {
		reply->status = 304;
		return;
	}
	reply->status = 200;
	reply->body = g_bytes_ref(file->bytes);
}

static const char *cookie_name(const struct api *api)
{
	return api->https ? COOKIE_SECURE : COOKIE;
}

static char *cookie_of(const struct api *api, const char *secret, guint max_age)
{
	return g_strdup_printf("%s=%s; Path=/; Max-Age=%u; HttpOnly; "
			       "SameSite=Strict%s",
			       cookie_name(api), secret, max_age,
			       api->https ? "; Secure" : "");
}

/* Reading requests. */

void api_credential(const struct api *api, const struct server_request *req,
		    struct credential *cred_r)
{
	credential_read(req, cookie_name(api), cred_r);
}

gboolean api_who(struct api *api, const struct credential *cred,
		 struct who *who_r)
{
	const char *address;

	*who_r = (struct who){ 0 };
	if (cred->is_token)
		return api->events->token(cred->secret, who_r, api->arg);
	address = login_session(api->login, cred->secret, now());
	who_r->name = g_strdup(address);
	return address != NULL;
}

/* Answers 401 where there is none. */
static gboolean who_asks(struct api *api, const struct server_request *req,
			 struct who *who_r, struct server_reply *reply)
{
	struct credential cred;
	gboolean known;

	api_credential(api, req, &cred);
	known = api_who(api, &cred, who_r);
	if (!known) {
		reply_error(reply, 401, "logged-out");
		reply->authenticate =
			cred.is_token ? "Bearer error=\"invalid_token\"" : NULL;
	}
	credential_clear(&cred);
	return known;
}

/* The secret of the log-in; NULL: there is none. Caller frees. */
static char *session_secret(const struct api *api,
			    const struct server_request *req)
{
	struct credential cred;

	api_credential(api, req, &cred);
	if (cred.is_token)
		credential_clear(&cred);
	return cred.secret;
}

/* Whose log-in it is, valid until the next one; answers 401 where there is
 * none. */
static const char *session_of(struct api *api, const struct server_request *req,
			      struct server_reply *reply)
{
	g_autofree char *secret = session_secret(api, req);
	const char *address = login_session(api->login, secret, now());

	if (!address)
		reply_error(reply, 401, "logged-out");
	return address;
}

gboolean api_origin_is_ours(const struct api *api,
			    const struct server_request *req)
{
	return origin_is_ours(api->origin, req->origin, req->host, req->tls);
}

/* The JSON object of a POST, or NULL. */
static json_t *body_of(const struct server_request *req)
{
	json_t *body =
		json_loadb(req->body, req->size, JSON_REJECT_DUPLICATES, NULL);

	if (json_is_object(body))
		return body;
	json_decref(body);
	return NULL;
}

/* As people type it: trimmed, the domain in lower case. NULL: no address. */
static char *address_of(const json_t *body)
{
	const char *text = json_string_value(json_object_get(body, "address"));
	g_autofree char *trimmed = g_strstrip(g_strdup(text ? text : ""));
	g_autofree char *domain = NULL;
	char *at = strrchr(trimmed, '@');

	if (!at || at == trimmed || strlen(trimmed) > MAX_ADDRESS)
		return NULL;
	domain = g_hostname_to_ascii(at + 1);
	if (!domain || !*domain)
		return NULL;
	*at = '\0';
	return g_strconcat(trimmed, "@", domain, NULL);
}

/* The handlers. */

static void get_health(struct api *api, const struct server_request *req,
		       struct server_reply *reply)
{
	(void)api;
	(void)req;
	reply->status = 200;
	reply->body = g_bytes_new_static("ok\n", 3);
}

/* All pages are one document; its script looks at the path. */
static void get_page(struct api *api, const struct server_request *req,
		     struct server_reply *reply)
{
	reply_file(req, files_find(api->files, "/"), reply);
}

/* Of people who come by a mailed link, join.h. */
static void get_join(struct api *api, const struct server_request *req,
		     struct server_reply *reply)
{
	const struct file *page = files_find(api->files, "/join.html");

	if (!page) {
		reply_error(reply, 404, "not-found");
		return;
	}
	reply_file(req, page, reply);
	reply->microphone = TRUE;
}

static void reply_session(struct api *api, const char *address,
			  struct server_reply *reply)
{
	reply_json(reply, 200,
		   json_pack("{s:s, s:b}", "address", address, "operator",
			     api->events->is_operator(address, api->arg)));
}

static void get_session(struct api *api, const struct server_request *req,
			struct server_reply *reply)
{
	const char *address = session_of(api, req, reply);

	if (address)
		reply_session(api, address, reply);
}

static void get_operator(struct api *api, const struct server_request *req,
			 struct server_reply *reply)
{
	const char *address = session_of(api, req, reply);
	char *text;

	if (!address)
		return;
	if (!api->events->is_operator(address, api->arg)) {
		reply_error(reply, 403, "not-operator");
		return;
	}
	text = api->events->overview(api->arg);
	reply->status = 200;
	reply->type = "application/json";
	reply->body = g_bytes_new_take(text, strlen(text));
}

/* Of a path like /api/audit/standup@conf.example.csv the room; caller frees.
 * NULL: it is none. */
static char *audited_room(const char *path)
{
	if (!g_str_has_prefix(path, AUDIT_PREFIX) ||
	    !g_str_has_suffix(path, AUDIT_SUFFIX) ||
	    strlen(path) < strlen(AUDIT_PREFIX AUDIT_SUFFIX))
		return NULL;
	return g_strndup(path + strlen(AUDIT_PREFIX),
			 strlen(path) - strlen(AUDIT_PREFIX AUDIT_SUFFIX));
}

static void get_audit(struct api *api, const struct server_request *req,
		      struct server_reply *reply)
{
	g_autofree char *room = audited_room(req->path);
	struct who who;

	if (!who_asks(api, req, &who, reply))
		return;
	reply->body = api->events->audit_csv(&who, room, api->arg);
	who_clear(&who);
	if (!reply->body) {
		reply_error(reply, 404, "no-room");
		return;
	}
	reply->status = 200;
	reply->type = "text/csv; charset=utf-8";
	reply->cache_control = "no-store";
}

static void get_recording(struct api *api, const struct server_request *req,
			  struct server_reply *reply)
{
	const char *rest = req->path + strlen(RECORDINGS_PREFIX);
	const char *slash = strchr(rest, '/');
	g_autofree char *id =
		slash ? g_strndup(rest, (gsize)(slash - rest)) : g_strdup("");
	g_autofree char *path = NULL;
	struct who who;

	if (!who_asks(api, req, &who, reply))
		return;
	path = api->events->recording_file(&who, id, slash ? slash + 1 : "",
					   api->arg);
	who_clear(&who);
	if (!path || !download_reply(path, "audio/ogg", req->range, reply))
		reply_error(reply, 404, "not-found");
}

static gboolean mail_now(gpointer data)
{
	struct mail *mail = data;
	struct api *api = mail->api;
	g_autofree char *link = api_login_link(api, mail->address);

	mail->timer = 0;
	api->events->mail_login(mail->address, link, mail->japanese, api->arg);
	g_hash_table_remove(api->mails, mail);
	return G_SOURCE_REMOVE;
}

static void mail_soon(struct api *api, const char *address, gboolean japanese)
{
	struct mail *mail = g_new0(struct mail, 1);

	mail->api = api;
	mail->address = g_strdup(address);
	mail->japanese = japanese;
	mail->timer = g_timeout_add(
		(guint)g_random_int_range(MAIL_DELAY_MIN_MS, MAIL_DELAY_MAX_MS),
		mail_now, mail);
	g_hash_table_add(api->mails, mail);
}

static gboolean may_log_in(struct api *api, const char *address)
{
	return api->events->is_moderator(address, api->arg) ||
	       api->events->is_operator(address, api->arg);
}

/* The address as the rooms know it: as given or, since telephones begin with
 * a capital letter, in lower case. NULL: nobody's. Caller frees. */
static char *known_as(struct api *api, const char *address)
{
	g_autofree char *lower = g_utf8_strdown(address, -1);

	if (may_log_in(api, address))
		return g_strdup(address);
	if (may_log_in(api, lower))
		return g_steal_pointer(&lower);
	return NULL;
}

static void post_login_link(struct api *api, const struct server_request *req,
			    struct server_reply *reply)
{
	json_t *body = body_of(req);
	g_autofree char *address = address_of(body);
	g_autofree char *known = NULL;
	gboolean japanese =
		g_strcmp0(json_string_value(json_object_get(body, "language")),
			  "ja") == 0;

	json_decref(body);
	if (!address) {
		reply_error(reply, 400, "malformed");
		return;
	}
	if (!login_may_ask(api->login, address, req->peer, now())) {
		reply_error(reply, 429, "too-many");
		return;
	}
	/* The same answer whether or not there is such a person. */
	known = known_as(api, address);
	if (known)
		mail_soon(api, known, japanese);
	reply_json(reply, 202, json_object());
}

static void post_login(struct api *api, const struct server_request *req,
		       struct server_reply *reply)
{
	json_t *body = body_of(req);
	const char *token = json_string_value(json_object_get(body, "token"));
	g_autofree char *secret = NULL;
	const char *address;

	if (!login_may_try(api->login, req->peer, now()))
		reply_error(reply, 429, "too-many");
	else if (!(secret = login_redeem(api->login, token, now())))
		reply_error(reply, 403, "bad-token");
	json_decref(body);
	if (!secret)
		return;
	address = login_session(api->login, secret, now());
	g_info("web: logged in as=%s peer=%s", address, req->peer);
	reply->cookie = cookie_of(api, secret, LOGIN_SESSION_S);
	reply_session(api, address, reply);
}

static void post_logout(struct api *api, const struct server_request *req,
			struct server_reply *reply)
{
	g_autofree char *secret = session_secret(api, req);

	login_end(api->login, secret);
	api->events->logged_out(api->arg);
	reply->cookie = cookie_of(api, "", 0);
	reply_json(reply, 200, json_object());
}

static const struct {
	enum server_method method;
	const char *path;
	void (*handle)(struct api *api, const struct server_request *req,
		       struct server_reply *reply);
} routes[] = {
	{ SERVER_GET, "/healthz", get_health },
	{ SERVER_GET, "/login", get_page },
	{ SERVER_GET, "/operator", get_page },
	{ SERVER_GET, "/join", get_join },
	{ SERVER_GET, "/api/session", get_session },
	{ SERVER_GET, "/api/operator", get_operator },
	{ SERVER_POST, "/api/login-link", post_login_link },
	{ SERVER_POST, "/api/login", post_login },
	{ SERVER_POST, "/api/logout", post_logout },
};

static gboolean may_post(struct api *api, const struct server_request *req,
			 struct server_reply *reply)
{
	if (!api_origin_is_ours(api, req))
		reply_error(reply, 403, "wrong-origin");
	else if (!req->content_type ||
		 !g_str_has_prefix(req->content_type, "application/json"))
		reply_error(reply, 415, "not-json");
	else
		return TRUE;
	return FALSE;
}

void api_request(struct api *api, const struct server_request *req,
		 struct server_reply *reply_r)
{
	g_autofree char *audited = audited_room(req->path);
	const struct file *file;
	gboolean recorded = g_str_has_prefix(req->path, RECORDINGS_PREFIX);
	gboolean known = audited || recorded;

	if (known && req->method == SERVER_GET) {
		(audited ? get_audit : get_recording)(api, req, reply_r);
		return;
	}
	for (gsize i = 0; i < G_N_ELEMENTS(routes); i++) {
		if (strcmp(routes[i].path, req->path) != 0)
			continue;
		known = TRUE;
		if (routes[i].method != req->method)
			continue;
		if (req->method == SERVER_GET || may_post(api, req, reply_r))
			routes[i].handle(api, req, reply_r);
		return;
	}
	file = files_find(api->files, req->path);
	if (file && req->method == SERVER_GET)
		reply_file(req, file, reply_r);
	else if (known || file)
		reply_error(reply_r, 405, "wrong-method");
	else
		reply_error(reply_r, 404, "not-found");
}

void api_restore_session(struct api *api, const struct login_session *ses)
{
	login_restore(api->login, ses);
}

char *api_login_link(struct api *api, const char *address)
{
	g_autofree char *token = login_token(api->login, address, now());

	/* A fragment is not sent: it is in no log of a server or proxy. */
	return g_strdup_printf("%s/login#%s", api->url, token);
}

char *api_security_policy(const struct api *api)
{
	/* Not every browser counts WebSockets of the same host as 'self'. */
	return g_strdup_printf(
		"default-src 'none'; script-src 'self'; style-src 'self'; "
		"img-src 'self'; media-src 'self'; connect-src 'self' ws%s; "
		"base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'; "
		"require-trusted-types-for 'script'; trusted-types 'none'",
		api->origin + strlen("http"));
}

gboolean api_is_https(const struct api *api)
{
	return api->https;
}
