#include "web/server_private.h"

#include <string.h>

#include <gio/gio.h>
#include <sys/socket.h>

#include "web/listener.h"
#include "web/peers.h"

#define PING_S	    20
#define SILENT_S    40
#define SWEEP_MS    500
#define MAX_HEADERS 4096

gint64 server_after(guint seconds)
{
	return g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
}

guint8 *server_scratch(struct server *srv, const void *bytes, gsize size)
{
	g_byte_array_set_size(srv->scratch, (guint)(LWS_PRE + size));
	memcpy(srv->scratch->data + LWS_PRE, bytes, size);
	return srv->scratch->data + LWS_PRE;
}

static void forget(struct server_socket *sock)
{
	if (sock->counts)
		listener_give(sock->srv->listener, sock->peer);
	g_hash_table_remove(sock->srv->sockets, sock);
}

static int destroyed(struct server_socket *sock, void *in, size_t len)
{
	ws_closed(sock, in, len);
	lws_set_opaque_user_data(sock->wsi, NULL);
	forget(sock);
	return 0;
}

static void socket_free(gpointer data)
{
	struct server_socket *sock = data;

	http_clear(sock);
	g_byte_array_unref(sock->message);
	server_socket_clear(sock);
	g_free(sock->peer);
	g_free(sock);
}

static const struct {
	enum lws_callback_reasons reason;
	int (*handle)(struct server_socket *sock, void *in, size_t len);
} handlers[] = {
	{ LWS_CALLBACK_HTTP, http_request },
	{ LWS_CALLBACK_HTTP_BODY, http_body },
	{ LWS_CALLBACK_HTTP_BODY_COMPLETION, http_body_completion },
	{ LWS_CALLBACK_HTTP_WRITEABLE, http_writeable },
	{ LWS_CALLBACK_HTTP_CONFIRM_UPGRADE, ws_upgrade },
	{ LWS_CALLBACK_ESTABLISHED, ws_established },
	{ LWS_CALLBACK_RECEIVE, ws_receive },
	{ LWS_CALLBACK_SERVER_WRITEABLE, ws_writeable },
	{ LWS_CALLBACK_CLOSED, ws_closed },
	{ LWS_CALLBACK_WSI_DESTROY, destroyed },
};

static int dispatch(struct lws *wsi, enum lws_callback_reasons reason,
		    void *user, void *in, size_t len)
{
	struct server_socket *sock = wsi ? lws_get_opaque_user_data(wsi) : NULL;

	/* Said once, while the vhost is made: in is the vhost. */
	if (reason == LWS_CALLBACK_OPENSSL_LOAD_EXTRA_SERVER_VERIFY_CERTS) {
		struct server *srv = lws_context_user(lws_get_context(wsi));

		srv->tls_context = user;
		return 0;
	}
	for (gsize i = 0; sock && i < G_N_ELEMENTS(handlers); i++)
		if (handlers[i].reason == reason) {
			sock->wsi = wsi;
			return handlers[i].handle(sock, in, len);
		}
	return 0;
}

static void accepted(int fd, const char *peer,
		     const struct sockaddr_storage *addr, void *arg)
{
	struct server *srv = arg;
	struct server_socket *sock = g_new0(struct server_socket, 1);
	const lws_adopt_desc_t desc = {
		.vh = srv->vhost,
		.type = LWS_ADOPT_HTTP | LWS_ADOPT_SOCKET |
			(srv->tls ? LWS_ADOPT_ALLOW_SSL : 0),
		.fd.sockfd = fd,
		.opaque = sock,
	};

	sock->srv = srv;
	sock->peer = g_strdup(peer);
	peers_address(addr, &sock->address);
	sock->proxied = forwarded_is_proxy(srv->forwarded, addr);
	sock->proxy = sock->address;
	sock->counts = !sock->proxied;
	sock->message = g_byte_array_new();
	sock->deadline = server_after(REQUEST_S);
	g_queue_init(&sock->queue);
	g_hash_table_add(srv->sockets, sock);
	/* When it fails it has closed fd and said LWS_CALLBACK_WSI_DESTROY,
	 * unless it failed before there was a wsi. */
	if (!lws_adopt_descriptor_vhost_via_info(&desc) &&
	    g_hash_table_contains(srv->sockets, sock))
		forget(sock);
}

/* Once only: lws first waits for what it holds to be taken, and begins to
 * wait anew each time. A socket that is shut down ends that wait. */
static void cut_off(struct server_socket *sock)
{
	g_debug("web: deadline peer=%s", sock->peer);
	sock->cut_off = TRUE;
	sock->srv->cut_off++;
	(void)shutdown(lws_get_socket_fd(sock->wsi), SHUT_RDWR);
	lws_set_timeout(sock->wsi, PENDING_TIMEOUT_USER_REASON_BASE,
			LWS_TO_KILL_SYNC);
}

static gboolean is_over(const struct server_socket *sock, gint64 now)
{
	if (!sock->wsi || sock->cut_off)
		return FALSE;
	return sock->deadline <= now ||
	       (sock->wants_since &&
		now - sock->wants_since > STALLED_S * G_USEC_PER_SEC);
}

static gboolean sweep(gpointer data)
{
	struct server *srv = data;
	g_autoptr(GPtrArray) over = g_ptr_array_new();
	gint64 now = g_get_monotonic_time();
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, srv->sockets);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		if (is_over(key, now))
			g_ptr_array_add(over, key);
	for (guint i = 0; i < over->len; i++)
		cut_off(over->pdata[i]);
	return G_SOURCE_CONTINUE;
}

/* Running, its errors are about what strangers send; at the start they are
 * about our files. */
static void log_debug(int level, const char *line)
{
	(void)level;
	g_debug("web: libwebsockets: %s", line);
}

static void log_message(int level, const char *line)
{
	g_autofree char *text = g_strstrip(g_strdup(line));

	(void)level;
	g_message("web: libwebsockets: %s", text);
}

static void fill_protocols(struct server *srv)
{
	struct lws_protocols *p = srv->lws_protocols;

	*p++ = (struct lws_protocols){ .name = "http", .callback = dispatch };
	for (guint i = 0; i < srv->n_protocols; i++)
		*p++ = (struct lws_protocols){
			.name = srv->protocols[i].name,
			.callback = dispatch,
			.rx_buffer_size = 4096,
		};
}

static gboolean create_context(struct server *srv,
			       const struct server_config *cfg, GError **error)
{
	void *loops[] = { srv->loop };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN_SERVER,
		.protocols = srv->lws_protocols,
		.options = LWS_SERVER_OPTION_GLIB |
			   LWS_SERVER_OPTION_EXPLICIT_VHOSTS |
			   LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME |
			   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
		.foreign_loops = loops,
		.retry_and_idle_policy = &srv->idle_policy,
		.timeout_secs = REQUEST_S,
		.keepalive_timeout = KEEPALIVE_S,
		.max_http_header_data = MAX_HEADERS,
		.server_string = "ipsp-bridge",
		.vhost_name = "ipsp",
		.alpn = "http/1.1",
		.user = srv,
		.gid = (gid_t)-1,
		.uid = (uid_t)-1,
	};

	if (srv->tls) {
		info.options |= LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT;
		info.ssl_cert_filepath = cfg->tls_certificate;
		info.ssl_private_key_filepath = cfg->tls_key;
		info.ssl_options_set = SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1;
	}
	lws_set_log_level(LLL_ERR, log_message);
	srv->context = lws_create_context(&info);
	if (srv->context)
		srv->vhost = lws_create_vhost(srv->context, &info);
	lws_set_log_level(LLL_ERR | LLL_WARN, log_debug);
	if (srv->vhost)
		return TRUE;
	if (srv->tls)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "cannot use the TLS certificate %s with the key %s",
			    cfg->tls_certificate, cfg->tls_key);
	else
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "libwebsockets does not start: is the package "
			    "libwebsockets-evlib-glib installed?");
	return FALSE;
}

static const struct listener_events listener_events = { .accepted = accepted };

struct server *server_create(const struct server_config *cfg,
			     const struct server_events *events, void *arg,
			     GError **error)
{
	struct server *srv = g_new0(struct server, 1);
	struct forwarded *forwarded = forwarded_create(cfg->trusted_proxies);
	const struct listener_config listener = {
		.address = cfg->address,
		.port = cfg->port,
		.connections_per_peer = cfg->connections_per_peer,
		.forwarded = forwarded,
	};

	srv->forwarded = forwarded;
	srv->events = events;
	srv->arg = arg;
	srv->protocols = cfg->protocols;
	srv->n_protocols = cfg->n_protocols;
	srv->policy = g_strdup(cfg->security_policy);
	srv->tls = cfg->tls_certificate != NULL;
	srv->strict_transport = cfg->strict_transport;
	srv->idle_policy.secs_since_valid_ping = PING_S;
	srv->idle_policy.secs_since_valid_hangup = SILENT_S;
	srv->loop = g_main_loop_new(NULL, FALSE);
	srv->scratch = g_byte_array_new();
	srv->sockets = g_hash_table_new_full(NULL, NULL, socket_free, NULL);
	fill_protocols(srv);
	srv->listener =
		listener_create(&listener, &listener_events, srv, error);
	if (!srv->listener || !create_context(srv, cfg, error))
		server_destroy(&srv);
	else
		srv->sweep = g_timeout_add(SWEEP_MS, sweep, srv);
	return srv;
}

void server_destroy(struct server **srvp)
{
	struct server *srv = *srvp;

	*srvp = NULL;
	if (!srv)
		return;
	if (srv->sweep)
		g_source_remove(srv->sweep);
	if (srv->context)
		lws_context_destroy(srv->context);
	listener_destroy(&srv->listener);
	forwarded_destroy(&srv->forwarded);
	g_hash_table_destroy(srv->sockets);
	g_byte_array_unref(srv->scratch);
	g_main_loop_unref(srv->loop);
	g_free(srv->policy);
	g_free(srv);
}

void server_figures(const struct server *srv, guint i,
		    struct server_figures *fig_r)
{
	GHashTableIter iter;
	gpointer key;

	*fig_r = (struct server_figures){ .peak = srv->peaks[i] };
	g_hash_table_iter_init(&iter, srv->sockets);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		const struct server_socket *sock = key;

		if (sock->protocol != &srv->protocols[i])
			continue;
		fig_r->sockets++;
		fig_r->queued += sock->queued;
		fig_r->longest = MAX(fig_r->longest, sock->queued);
	}
}

guint64 server_cut_off(const struct server *srv)
{
	return srv->cut_off;
}

guint server_port(const struct server *srv)
{
	return listener_port(srv->listener);
}
