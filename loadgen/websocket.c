#include "loadgen/websocket.h"

#include <gio/gio.h>
#include <libwebsockets.h>

#define QUEUE	   8	/* packets: 50 RTP/s, so a little over 100 ms */
#define PACKET_MAX 1500 /* bytes, RTP_MAX_PACKET */

struct packet {
	gsize size;
	guint8 buf[LWS_PRE + PACKET_MAX];
};

struct websocket_client {
	struct lws_context *context;
	GMainLoop *loop; /* never run: lws wants one to know the context by */
	GPtrArray *sockets; /* struct websocket, owned */
};

struct websocket {
	struct websocket_client *client;
	const struct websocket_events *events; /* NULL: nobody listens */
	void *arg;
	char *name, *path; /* of the URL */
	gint port;
	gboolean tls;
	GCancellable *resolving;
	GList *addresses; /* GInetAddress, owned */
	GList *next;	  /* of them: the one to try next */
	guint retry;	  /* source that tries it */
	char *failure;	  /* of the last one tried */
	struct lws *wsi;
	gboolean open, closing, connecting;
	struct packet queue[QUEUE];
	guint head, count;
	gsize received; /* of the frame that is being put together */
	guint8 frame[PACKET_MAX];
};

static void websocket_free(gpointer data)
{
	struct websocket *ws = data;

	if (ws->wsi)
		lws_set_opaque_user_data(ws->wsi, NULL);
	if (ws->retry)
		g_source_remove(ws->retry);
	g_cancellable_cancel(ws->resolving);
	g_object_unref(ws->resolving);
	g_resolver_free_addresses(ws->addresses);
	g_free(ws->name);
	g_free(ws->path);
	g_free(ws->failure);
	g_free(ws);
}

static void gone(struct websocket *ws, const char *why)
{
	const struct websocket_events *events = ws->events;

	ws->wsi = NULL;
	ws->open = FALSE;
	ws->events = NULL;
	if (events)
		events->state(ws, FALSE, why, ws->arg);
	g_ptr_array_remove_fast(ws->client->sockets, ws);
}

/* FALSE: this address failed at once, ws->failure says why. */
static gboolean connect_to(struct websocket *ws, GInetAddress *address)
{
	g_autofree char *literal = g_inet_address_to_string(address);
	g_autofree char *host =
		g_strdup_printf(strchr(ws->name, ':') ? "[%s]:%d" : "%s:%d",
				ws->name, ws->port);
	struct lws_client_connect_info info = {
		.context = ws->client->context,
		.address = literal,
		.port = ws->port,
		.ssl_connection = ws->tls ? LCCSCF_USE_SSL : 0,
		.path = ws->path,
		/* Whose certificate it has to be. No Origin: we are no web
		 * page, and libwebsockets would say http:// of a secured
		 * one. */
		.host = host,
		.protocol = "ipsp-media",
		.ietf_version_or_minus_one = -1,
		.opaque_user_data = ws,
		.pwsi = &ws->wsi,
	};

	g_clear_pointer(&ws->failure, g_free);
	ws->connecting = TRUE;
	if (!lws_client_connect_via_info(&info) && !ws->failure)
		ws->failure = g_strdup("the connection failed");
	ws->connecting = FALSE;
	return !ws->failure;
}

static gboolean connect_next(gpointer data)
{
	struct websocket *ws = data;
	g_autofree char *why = NULL;

	ws->retry = 0;
	while (ws->next && !ws->closing) {
		GInetAddress *address = ws->next->data;

		ws->next = ws->next->next;
		if (connect_to(ws, address))
			return G_SOURCE_REMOVE;
	}
	why = g_steal_pointer(&ws->failure);
	gone(ws, why);
	return G_SOURCE_REMOVE;
}

/* The address that was tried is no good, perhaps the name has another. */
static void failed(struct websocket *ws, struct lws *wsi, const char *why)
{
	lws_set_opaque_user_data(wsi, NULL);
	ws->wsi = NULL;
	g_free(ws->failure);
	ws->failure = g_strdup(why);
	if (!ws->connecting)
		ws->retry = g_idle_add(connect_next, ws);
}

/* A name's addresses are ours to try, one connection each: libwebsockets 4.1
 * with GLib asserts when it goes on to the second by itself. */
static void on_resolved(GObject *resolver, GAsyncResult *result, gpointer data)
{
	g_autoptr(GError) error = NULL;
	GList *addresses = g_resolver_lookup_by_name_finish(
		G_RESOLVER(resolver), result, &error);
	struct websocket *ws = data;

	/* Then ws is no more. */
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	ws->addresses = ws->next = addresses;
	if (error)
		ws->failure = g_strdup(error->message);
	connect_next(ws);
}

static void take_frame(struct websocket *ws, const void *in, size_t size)
{
	/* An oversized frame is no packet: dropped, like a datagram's. */
	if (ws->received + size <= sizeof(ws->frame))
		memcpy(ws->frame + ws->received, in, size);
	ws->received += size;
	if (lws_remaining_packet_payload(ws->wsi) ||
	    !lws_is_final_fragment(ws->wsi))
		return;
	if (ws->received <= sizeof(ws->frame) && ws->events)
		ws->events->packet(ws, ws->frame, ws->received, ws->arg);
	ws->received = 0;
}

/* Returns nonzero when the connection is to be closed. */
static int write_one(struct websocket *ws)
{
	struct packet *pkt = &ws->queue[ws->head];

	if (!ws->count)
		return ws->closing ? -1 : 0;
	if (lws_write(ws->wsi, pkt->buf + LWS_PRE, pkt->size,
		      LWS_WRITE_BINARY) < (int)pkt->size)
		return -1;
	ws->head = (ws->head + 1) % QUEUE;
	ws->count--;
	if (ws->count || ws->closing)
		lws_callback_on_writable(ws->wsi);
	return 0;
}

static int on_lws(struct lws *wsi, enum lws_callback_reasons reason, void *user,
		  void *in, size_t size)
{
	struct websocket *ws = lws_get_opaque_user_data(wsi);

	(void)user;
	if (!ws)
		return 0;
	switch (reason) {
	case LWS_CALLBACK_CLIENT_ESTABLISHED:
		ws->open = TRUE;
		if (ws->events)
			ws->events->state(ws, TRUE, NULL, ws->arg);
		if (ws->closing || ws->count)
			lws_callback_on_writable(wsi);
		break;
	case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
		failed(ws, wsi, in ? in : "the connection failed");
		break;
	case LWS_CALLBACK_CLIENT_CLOSED:
		lws_set_opaque_user_data(wsi, NULL);
		gone(ws, "the bridge closed it");
		break;
	case LWS_CALLBACK_CLIENT_RECEIVE:
		take_frame(ws, in, size);
		break;
	case LWS_CALLBACK_CLIENT_WRITEABLE:
		return write_one(ws);
	default:
		break;
	}
	return 0;
}

static const struct lws_protocols protocols[] = {
	{ .name = "ipsp-media", .callback = on_lws, .rx_buffer_size = 2048 },
	{ 0 },
};

struct websocket_client *websocket_client_create(const char *ca_file,
						 GError **error)
{
	struct websocket_client *client = g_new0(struct websocket_client, 1);
	void *loops[] = { NULL };
	struct lws_context_creation_info info = {
		.port = CONTEXT_PORT_NO_LISTEN,
		.protocols = protocols,
		.options = LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT |
			   LWS_SERVER_OPTION_GLIB,
		.client_ssl_ca_filepath = ca_file,
		.foreign_loops = loops,
		.gid = -1,
		.uid = -1,
	};

	lws_set_log_level(LLL_ERR, NULL);
	client->loop = loops[0] = g_main_loop_new(NULL, FALSE);
	client->sockets = g_ptr_array_new_with_free_func(websocket_free);
	client->context = lws_create_context(&info);
	if (!client->context) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "WebSockets cannot be used: is the package "
			    "libwebsockets-evlib-glib installed%s?",
			    ca_file ? ", and the CA file readable" : "");
		websocket_client_destroy(&client);
	}
	return client;
}

void websocket_client_destroy(struct websocket_client **clientp)
{
	struct websocket_client *client = *clientp;

	*clientp = NULL;
	if (!client)
		return;
	g_ptr_array_set_size(client->sockets, 0);
	if (client->context)
		lws_context_destroy(client->context);
	g_main_loop_unref(client->loop);
	g_ptr_array_unref(client->sockets);
	g_free(client);
}

static gboolean split_url(const char *url, GUri **uri_r, GError **error)
{
	g_autoptr(GUri) uri = g_uri_parse(url, G_URI_FLAGS_NONE, error);

	if (!uri)
		return FALSE;
	if ((!g_str_equal(g_uri_get_scheme(uri), "ws") &&
	     !g_str_equal(g_uri_get_scheme(uri), "wss")) ||
	    !g_uri_get_host(uri) || !*g_uri_get_host(uri)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "\"%s\" is no WebSocket URL (wss://HOST/PATH)",
			    url);
		return FALSE;
	}
	*uri_r = g_steal_pointer(&uri);
	return TRUE;
}

struct websocket *websocket_open(struct websocket_client *client,
				 const char *url,
				 const struct websocket_events *events,
				 void *arg, GError **error)
{
	g_autoptr(GResolver) resolver = g_resolver_get_default();
	g_autoptr(GUri) uri = NULL;
	struct websocket *ws;

	if (!split_url(url, &uri, error))
		return NULL;
	ws = g_new0(struct websocket, 1);
	ws->client = client;
	ws->events = events;
	ws->arg = arg;
	ws->name = g_strdup(g_uri_get_host(uri));
	ws->path = g_strdup(*g_uri_get_path(uri) ? g_uri_get_path(uri) : "/");
	ws->tls = g_str_equal(g_uri_get_scheme(uri), "wss");
	ws->port = g_uri_get_port(uri);
	if (ws->port < 0)
		ws->port = ws->tls ? 443 : 80;
	ws->resolving = g_cancellable_new();
	g_ptr_array_add(client->sockets, ws);
	g_resolver_lookup_by_name_async(resolver, ws->name, ws->resolving,
					on_resolved, ws);
	return ws;
}

void websocket_send(struct websocket *ws, const guint8 *buf, gsize size)
{
	struct packet *pkt = &ws->queue[(ws->head + ws->count) % QUEUE];

	if (!ws->open || ws->closing || ws->count == QUEUE || size > PACKET_MAX)
		return;
	memcpy(pkt->buf + LWS_PRE, buf, size);
	pkt->size = size;
	ws->count++;
	lws_callback_on_writable(ws->wsi);
}

void websocket_close(struct websocket *ws)
{
	ws->events = NULL;
	ws->closing = TRUE;
	if (!ws->wsi)
		g_ptr_array_remove_fast(ws->client->sockets, ws);
	else if (ws->open)
		lws_callback_on_writable(ws->wsi);
	else
		lws_set_timeout(ws->wsi, PENDING_TIMEOUT_USER_OK,
				LWS_TO_KILL_ASYNC);
}
