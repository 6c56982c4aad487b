#include "web/web.h"

#include <string.h>

#include "web/api.h"
#include "web/audit_text.h"
#include "web/command.h"
#include "web/join.h"
#include "web/joiners.h"
#include "web/media.h"
#include "web/metrics.h"
#include "web/panel.h"
#include "web/server.h"
#include "web/whip.h"

#define SWEEP_MS  1000
#define MEDIA_URL "/media/"

enum { PROTOCOL_PANEL, PROTOCOL_MEDIA, PROTOCOL_JOIN };

/* RFC 6455 7.4.1 */
#define CLOSE_NORMAL 1000
#define CLOSE_POLICY 1008

static const struct server_protocol protocols[] = {
	[PROTOCOL_PANEL] = {
		.name = "ipsp-panel",
		.max_message = COMMAND_MAX_SIZE,
		.per_second = 20,
		.burst = 60,
		.max_queue = 256 * 1024,
	},
	[PROTOCOL_MEDIA] = {
		.name = "ipsp-media",
		.binary = TRUE,
		.max_message = MEDIA_MAX_PACKET,
		.per_second = 200,
		.burst = 1000, /* what TCP held back comes at once */
		.max_queue = 64 * 1024,
		.max_queue_ms = 100,
	},
	[PROTOCOL_JOIN] = {
		.name = "ipsp-join",
		.max_message = JOINERS_MAX_MESSAGE,
		.per_second = 10,
		.burst = 20,
		.max_queue = 128 * 1024,
	},
};

struct web {
	const struct web_host *host;
	void *arg;
	struct api *api;
	struct panel *panel;
	struct media *media;
	struct whip *whip;
	struct join *join;
	struct joiners *joiners;
	struct server *server;
	GPtrArray *visits;
	char *metrics_token;
	gboolean has_panel;
	guint sweep;
};

/* One WebSocket: a watcher of the panel, the page of somebody in a room, or a
 * path of media. */
struct visit {
	struct server_socket *sock;
	struct watcher *watcher;
	struct joiner *joiner;
	struct credential cred; /* that opened the panel */
	guint32 connection;
};

/* The panel's side. */

static GPtrArray *panel_rooms(void *arg)
{
	struct web *web = arg;

	return web->host->rooms(web->arg);
}

static struct topology *panel_topology(struct room *room, void *arg)
{
	struct web *web = arg;

	return web->host->topology(room, web->arg);
}

static struct topology_cluster *panel_cluster(void *arg)
{
	struct web *web = arg;

	return web->host->cluster(web->arg);
}

static void panel_audit(struct audit_row *row, void *arg)
{
	struct web *web = arg;

	web->host->audit(row, web->arg);
}

static GPtrArray *panel_audited(const char *room, gint64 before, guint limit,
				void *arg)
{
	struct web *web = arg;

	return web->host->audited(room, before, limit, web->arg);
}

static GPtrArray *panel_recordings(const char *room, void *arg)
{
	struct web *web = arg;

	return web->host->recordings(room, web->arg);
}

static GPtrArray *panel_announcements(void *arg)
{
	struct web *web = arg;

	return web->host->announcements(web->arg);
}

static gboolean panel_send(void *socket, GBytes *text, void *arg)
{
	(void)arg;
	return server_socket_send(socket, text);
}

static gboolean panel_send_binary(void *socket, GBytes *frame, void *arg)
{
	(void)arg;
	return server_socket_send_binary(socket, frame);
}

static gboolean panel_idle(void *socket, void *arg)
{
	(void)arg;
	return server_socket_idle(socket);
}

static void panel_clear(void *socket, void *arg)
{
	(void)arg;
	server_socket_clear(socket);
}

static const struct panel_events panel_events = {
	.rooms = panel_rooms,
	.topology = panel_topology,
	.cluster = panel_cluster,
	.audit = panel_audit,
	.audited = panel_audited,
	.recordings = panel_recordings,
	.announcements = panel_announcements,
	.send = panel_send,
	.send_binary = panel_send_binary,
	.idle = panel_idle,
	.clear = panel_clear,
};

/* A panel is open no longer than what opened it is good. */
static gboolean is_over(struct web *web, const struct visit *visit)
{
	struct who who;
	gboolean known = api_who(web->api, &visit->cred, &who);

	who_clear(&who);
	return !known;
}

static void close_ended(struct web *web)
{
	for (guint i = 0; i < web->visits->len; i++) {
		struct visit *visit = web->visits->pdata[i];

		if (visit->watcher && is_over(web, visit))
			server_socket_close(visit->sock, CLOSE_POLICY);
	}
}

/* Only a browser says an Origin, and it sends a cookie for whatever page asks;
 * a token it does not have. */
static gboolean may_come_from_there(struct web *web,
				    const struct server_request *req)
{
	return (!req->origin && credential_token(req)) ||
	       api_origin_is_ours(web->api, req);
}

static guint open_panel(struct web *web, struct visit *visit,
			const struct server_request *req)
{
	struct who who;

	if (!web->has_panel || strcmp(req->path, "/panel") != 0)
		return 404;
	if (!may_come_from_there(web, req))
		return 403;
	api_credential(web->api, req, &visit->cred);
	if (!api_who(web->api, &visit->cred, &who))
		return 401;
	visit->watcher = panel_open(web->panel, visit->sock, &who, req->peer);
	who_clear(&who);
	return 0;
}

/* The side of people in browsers. */

static void joiner_close(void *socket, gboolean done, void *arg)
{
	(void)arg;
	server_socket_close(socket, done ? CLOSE_NORMAL : CLOSE_POLICY);
}

static const struct joiners_events joiners_events = {
	.send = panel_send,
	.send_binary = panel_send_binary,
	.idle = panel_idle,
	.close = joiner_close,
};

/* Its first message proves it: no cookie here either. */
static guint open_joiner(struct web *web, struct visit *visit,
			 const struct server_request *req)
{
	const char *session;
	g_autofree char *room = NULL;

	if (!web->has_panel || !whip_is_path(req->path))
		return 404;
	room = whip_room_of(req->path, &session);
	if (!room)
		return 404;
	if (!api_origin_is_ours(web->api, req))
		return 403;
	visit->joiner = joiners_open(web->joiners, visit->sock, session);
	return 0;
}

/* The media side. */

static gboolean media_to_worker(guint worker, guint32 connection,
				const guint8 *buf, gsize size, void *arg)
{
	struct web *web = arg;

	return web->host->media_packet(worker, connection, buf, size, web->arg);
}

static void media_gone(guint worker, guint32 connection, void *arg)
{
	struct web *web = arg;

	web->host->media_closed(worker, connection, web->arg);
}

static void media_to_socket(void *socket, const guint8 *buf, gsize size,
			    void *arg)
{
	g_autoptr(GBytes) packet = g_bytes_new(buf, size);

	(void)arg;
	(void)server_socket_send(socket, packet);
}

static void media_drop(void *socket, void *arg)
{
	(void)arg;
	server_socket_close(socket, CLOSE_POLICY);
}

static const struct media_events media_events = {
	.packet = media_to_worker,
	.closed = media_gone,
	.send = media_to_socket,
	.drop = media_drop,
};

/* No cookie here: the packets prove themselves. But a page that is not ours
 * has no business in it. */
static guint open_media(struct web *web, struct visit *visit,
			const struct server_request *req)
{
	guint64 worker;

	if (!g_str_has_prefix(req->path, MEDIA_URL) ||
	    !g_ascii_string_to_unsigned(req->path + strlen(MEDIA_URL), 10, 0,
					G_MAXUINT16, &worker, NULL))
		return 404;
	if (req->origin && !api_origin_is_ours(web->api, req))
		return 403;
	visit->connection = media_open(web->media, visit->sock, (guint)worker,
				       req->peer, g_get_monotonic_time());
	return visit->connection ? 0 : 429;
}

/* The server's events. */

static void get_ready(struct web *web, struct server_reply *reply)
{
	const gboolean ready = web->host->is_ready(web->arg);
	const char *text = ready ? "ready\n" : "not ready\n";

	reply->status = ready ? 200 : 503;
	reply->body = g_bytes_new_static(text, strlen(text));
}

static void on_request(const struct server_request *req,
		       struct server_reply *reply_r, void *arg)
{
	struct web *web = arg;

	if (strcmp(req->path, "/metrics") == 0)
		metrics_request(web->metrics_token, web->host->metrics,
				web->arg, req, reply_r);
	else if (strcmp(req->path, "/readyz") == 0)
		get_ready(web, reply_r);
	else if (!web->has_panel && strcmp(req->path, "/healthz") != 0)
		reply_r->status = 404;
	else if (whip_is_path(req->path))
		whip_request(web->whip, req,
			     g_get_monotonic_time() / G_USEC_PER_SEC, reply_r);
	else if (join_is_path(req->path))
		join_request(web->join, req, api_origin_is_ours(web->api, req),
			     g_get_monotonic_time() / G_USEC_PER_SEC, reply_r);
	else
		api_request(web->api, req, reply_r);
}

static gsize body_limit(const char *path, void *arg)
{
	(void)arg;
	return whip_is_path(path) ? WHIP_MAX_OFFER : SERVER_MAX_BODY;
}

static guint (*const openers[])(struct web *web, struct visit *visit,
				const struct server_request *req) = {
	[PROTOCOL_PANEL] = open_panel,
	[PROTOCOL_MEDIA] = open_media,
	[PROTOCOL_JOIN] = open_joiner,
};

static guint on_upgrade(struct server_socket *sock, guint i,
			const struct server_request *req, void *arg)
{
	struct web *web = arg;
	struct visit *visit = g_new0(struct visit, 1);
	guint status;

	visit->sock = sock;
	status = openers[i](web, visit, req);
	if (status) {
		g_debug("web: refused socket peer=%s path=%s status=%u",
			req->peer, req->path, status);
		credential_clear(&visit->cred);
		g_free(visit);
		return status;
	}
	server_socket_set_data(sock, visit);
	g_ptr_array_add(web->visits, visit);
	return 0;
}

static void on_message(struct server_socket *sock, const guint8 *buf,
		       gsize size, void *arg)
{
	struct web *web = arg;
	struct visit *visit = server_socket_data(sock);

	if (visit->joiner)
		joiners_message(visit->joiner, (const char *)buf, size);
	else if (!visit->watcher)
		media_packet(web->media, visit->connection, buf, size);
	else if (is_over(web, visit))
		server_socket_close(sock, CLOSE_POLICY);
	else
		panel_message(visit->watcher, (const char *)buf, size);
}

static void on_drained(struct server_socket *sock, void *arg)
{
	struct visit *visit = server_socket_data(sock);

	(void)arg;
	if (visit->watcher)
		panel_drained(visit->watcher);
	else if (visit->joiner)
		joiners_drained(visit->joiner);
}

static void on_closed(struct server_socket *sock, void *arg)
{
	struct web *web = arg;
	struct visit *visit = server_socket_data(sock);

	g_ptr_array_remove_fast(web->visits, visit);
	if (visit->watcher)
		panel_close(&visit->watcher);
	else if (visit->joiner)
		joiners_close(&visit->joiner);
	else
		media_closed(web->media, visit->connection);
	credential_clear(&visit->cred);
	g_free(visit);
}

static const struct server_events server_events = {
	.request = on_request,
	.body_limit = body_limit,
	.upgrade = on_upgrade,
	.message = on_message,
	.drained = on_drained,
	.closed = on_closed,
};

/* The API's events. */

static gboolean is_moderator(const char *address, void *arg)
{
	struct web *web = arg;

	return panel_is_moderator(web->panel, address);
}

static gboolean is_operator(const char *address, void *arg)
{
	struct web *web = arg;

	return web->host->is_operator(address, web->arg);
}

static gboolean token(const char *token, struct who *who_r, void *arg)
{
	struct web *web = arg;

	return web->host->token(token, who_r, web->arg);
}

static char *overview(void *arg)
{
	struct web *web = arg;

	return web->host->overview(web->arg);
}

/* Read in parts, but held whole: nothing older than so many rows is
 * exported. */
#define CSV_ROWS 20000
#define CSV_PART 1000

static GBytes *audit_csv(const struct who *who, const char *room, void *arg)
{
	struct web *web = arg;
	GString *csv;
	gint64 before = G_MAXINT64;

	if (!panel_moderates(web->panel, who, room))
		return NULL;
	csv = g_string_new(NULL);
	for (guint n = 0; n < CSV_ROWS; n += CSV_PART) {
		g_autoptr(GPtrArray) rows =
			web->host->audited(room, before, CSV_PART, web->arg);
		const struct audit_row *last;

		audit_text_csv(csv, rows);
		if (rows->len < CSV_PART)
			break;
		last = rows->pdata[rows->len - 1];
		before = last->id;
	}
	return g_string_free_to_bytes(csv);
}

/* NULL: there is none that one may have. */
static char *file_of_recording(const struct who *who, const char *id,
			       const char *file, void *arg)
{
	struct web *web = arg;
	g_autofree char *room = NULL;
	char *path = web->host->recording_file(id, file, &room, web->arg);

	if (path && !panel_moderates(web->panel, who, room))
		g_clear_pointer(&path, g_free);
	return path;
}

static void mail_login(const char *address, const char *link, gboolean japanese,
		       void *arg)
{
	struct web *web = arg;

	web->host->mail_login(address, link, japanese, web->arg);
}

static void session_opened(const struct login_session *ses, void *arg)
{
	struct web *web = arg;

	if (web->host->sessions.opened)
		web->host->sessions.opened(ses, web->arg);
}

static void session_ended(const char *digest, void *arg)
{
	struct web *web = arg;

	if (web->host->sessions.ended)
		web->host->sessions.ended(digest, web->arg);
}

static void logged_out(void *arg)
{
	close_ended(arg);
}

static const struct api_events api_events = {
	.is_moderator = is_moderator,
	.is_operator = is_operator,
	.overview = overview,
	.token = token,
	.audit_csv = audit_csv,
	.recording_file = file_of_recording,
	.mail_login = mail_login,
	.sessions = { .opened = session_opened, .ended = session_ended },
	.logged_out = logged_out,
};

/* The whole. */

static gboolean sweep(gpointer data)
{
	struct web *web = data;

	close_ended(web);
	if (web->has_panel)
		panel_second(web->panel);
	media_expire(web->media, g_get_monotonic_time());
	return G_SOURCE_CONTINUE;
}

static struct server *start_server(struct web *web,
				   const struct web_config *cfg, GError **error)
{
	g_autofree char *policy = api_security_policy(web->api);
	const struct server_config server = {
		.address = cfg->address,
		.port = cfg->port,
		.tls_certificate = cfg->tls_certificate,
		.tls_key = cfg->tls_key,
		.connections_per_peer = cfg->connections_per_address,
		.trusted_proxies = cfg->trusted_proxies,
		.security_policy = policy,
		.strict_transport = api_is_https(web->api),
		.protocols = protocols,
		.n_protocols = G_N_ELEMENTS(protocols),
	};

	return server_create(&server, &server_events, web, error);
}

struct web *web_create(const struct web_config *cfg,
		       const struct web_host *host, void *arg, GError **error)
{
	const struct api_config api = { .url = cfg->url, .files = cfg->files };
	struct web *web = g_new0(struct web, 1);

	web->host = host;
	web->arg = arg;
	web->visits = g_ptr_array_new();
	web->metrics_token = g_strdup(cfg->metrics_token);
	web->has_panel = cfg->files != NULL;
	web->panel = panel_create(&panel_events, web);
	web->media = media_create(&media_events, web);
	web->whip = whip_create(&host->tools, arg);
	web->join = join_create(&host->people, arg);
	web->joiners = joiners_create(&host->people, arg, &joiners_events, web);
	web->api = api_create(&api, &api_events, web, error);
	if (web->api)
		web->server = start_server(web, cfg, error);
	if (!web->server) {
		web_destroy(&web);
		return NULL;
	}
	web->sweep = g_timeout_add(SWEEP_MS, sweep, web);
	g_info("web: listening address=%s port=%u tls=%s", cfg->address,
	       web_port(web), cfg->tls_certificate ? "yes" : "no");
	return web;
}

void web_destroy(struct web **webp)
{
	struct web *web = *webp;

	*webp = NULL;
	if (!web)
		return;
	if (web->sweep)
		g_source_remove(web->sweep);
	server_destroy(&web->server); /* closes every visit */
	panel_destroy(&web->panel);
	media_destroy(&web->media);
	whip_destroy(&web->whip);
	join_destroy(&web->join);
	joiners_destroy(&web->joiners);
	api_destroy(&web->api);
	g_ptr_array_unref(web->visits);
	g_free(web->metrics_token);
	g_free(web);
}

gboolean web_reload_tls(struct web *web, const char *certificate,
			const char *key, GError **error)
{
	return server_reload_tls(web->server, certificate, key, error);
}

void web_restore_session(struct web *web, const struct login_session *ses)
{
	api_restore_session(web->api, ses);
}

void web_figures(const struct web *web, struct web_figures *fig_r)
{
	struct server_figures sockets;
	struct panel_figures panels;

	server_figures(web->server, PROTOCOL_PANEL, &sockets);
	panel_figures(web->panel, &panels);
	*fig_r = (struct web_figures){
		.panels = panels.watchers,
		.queued = sockets.queued,
		.longest = sockets.longest,
		.peak = sockets.peak,
		.behind = panels.behind,
		.cut_off = server_cut_off(web->server),
	};
}

guint web_port(const struct web *web)
{
	return server_port(web->server);
}

static void room_changed(struct room *room, struct member *mem,
			 enum room_change change, const char *by, void *arg)
{
	struct web *web = arg;

	panel_changed(web->panel, room, mem, change, by);
	joiners_changed(web->joiners, room, mem, change);
}

const struct room_observer web_observer = { .changed = room_changed };

void web_tell(struct web *web, const struct member *mem, const char *json)
{
	joiners_tell(web->joiners, mem, json);
}

void web_recording(struct web *web, struct room *room,
		   const struct recording *row, const char *by)
{
	panel_recording(web->panel, room, row, by);
}

void web_media_send(struct web *web, guint32 connection, const guint8 *buf,
		    gsize size)
{
	media_send(web->media, connection, buf, size);
}

char *web_login_link(struct web *web, const char *address)
{
	return api_login_link(web->api, address);
}
