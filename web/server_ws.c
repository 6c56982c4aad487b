#include "web/server_private.h"

#include <string.h>

#include "web/listener.h"

static const struct server_protocol *find_protocol(struct server *srv,
						   const char *name, guint *i_r)
{
	for (guint i = 0; name && i < srv->n_protocols; i++)
		if (strcmp(srv->protocols[i].name, name) == 0) {
			*i_r = i;
			return &srv->protocols[i];
		}
	return NULL;
}

/* A connection through a proxy lasts from here on, and is one client's. */
static gboolean count(struct server_socket *sock)
{
	if (!sock->counts)
		sock->counts = listener_take(sock->srv->listener, sock->peer);
	return sock->counts;
}

int ws_upgrade(struct server_socket *sock, void *in, size_t len)
{
	struct server *srv = sock->srv;
	g_autofree char *name = http_header(sock->wsi, WSI_TOKEN_PROTOCOL);
	const struct server_protocol *protocol;
	struct server_request req;
	guint i = 0, status;

	(void)len;
	if (g_ascii_strcasecmp(in, "websocket") != 0 || !http_read_head(sock) ||
	    sock->head.method != SERVER_GET)
		return http_refuse(sock, 400) ? -1 : 1;
	protocol = find_protocol(srv, name, &i);
	req = http_request_of(sock);
	if (!protocol)
		status = 400;
	else if (!count(sock))
		status = 429;
	else
		status = srv->events->upgrade(sock, i, &req, srv->arg);
	if (status)
		return http_refuse(sock, status) ? -1 : 1;
	sock->protocol = protocol;
	sock->tokens = protocol->burst;
	sock->refilled = g_get_monotonic_time();
	return 0;
}

static void want_write(struct server_socket *sock)
{
	if (sock->wants_since || !sock->established)
		return;
	sock->wants_since = g_get_monotonic_time();
	lws_callback_on_writable(sock->wsi);
}

int ws_established(struct server_socket *sock, void *in, size_t len)
{
	(void)in;
	(void)len;
	sock->deadline = NEVER;
	sock->established = TRUE;
	want_write(sock);
	return 0;
}

static gboolean spend_token(struct server_socket *sock)
{
	gint64 now = g_get_monotonic_time();
	double refill = (double)(now - sock->refilled) *
			sock->protocol->per_second / G_USEC_PER_SEC;

	sock->tokens = MIN(sock->tokens + refill, sock->protocol->burst);
	sock->refilled = now;
	if (sock->tokens < 1)
		return FALSE;
	sock->tokens -= 1;
	return TRUE;
}

static int drop(struct server_socket *sock, enum lws_close_status code)
{
	lws_close_reason(sock->wsi, code, NULL, 0);
	return -1;
}

int ws_receive(struct server_socket *sock, void *in, size_t len)
{
	struct server *srv = sock->srv;
	GByteArray *message = sock->message;

	if (lws_frame_is_binary(sock->wsi) != sock->protocol->binary)
		return drop(sock, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE);
	if (message->len + len > sock->protocol->max_message)
		return drop(sock, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
	g_byte_array_append(message, in, (guint)len);
	if (!lws_is_final_fragment(sock->wsi) ||
	    lws_remaining_packet_payload(sock->wsi) > 0) {
		if (!sock->partial && sock->deadline == NEVER)
			sock->deadline = server_after(MESSAGE_S);
		sock->partial = TRUE;
		return 0;
	}
	if (!spend_token(sock))
		return drop(sock, LWS_CLOSE_STATUS_POLICY_VIOLATION);
	sock->partial = FALSE;
	if (!sock->close_code) {
		sock->deadline = NEVER;
		srv->events->message(sock, message->data, message->len,
				     srv->arg);
	}
	g_byte_array_set_size(message, 0);
	return 0;
}

static void waiting_free(struct waiting *wait)
{
	g_bytes_unref(wait->message);
	g_free(wait);
}

static int write_next(struct server_socket *sock)
{
	struct waiting *wait = g_queue_pop_head(&sock->queue);
	const guint8 *bytes;
	gsize size;
	int n;

	bytes = g_bytes_get_data(wait->message, &size);
	sock->queued -= size;
	n = lws_write(sock->wsi, server_scratch(sock->srv, bytes, size), size,
		      wait->binary || sock->protocol->binary ? LWS_WRITE_BINARY
							     : LWS_WRITE_TEXT);
	waiting_free(wait);
	return n < (int)size ? -1 : 0;
}

int ws_writeable(struct server_socket *sock, void *in, size_t len)
{
	struct server *srv = sock->srv;

	(void)in;
	(void)len;
	sock->wants_since = 0;
	if (sock->close_code && g_queue_is_empty(&sock->queue))
		return drop(sock, sock->close_code);
	if (!g_queue_is_empty(&sock->queue) && write_next(sock) < 0)
		return -1;
	if (g_queue_is_empty(&sock->queue) && !sock->close_code)
		srv->events->drained(sock, srv->arg);
	if (!g_queue_is_empty(&sock->queue) || sock->close_code)
		want_write(sock);
	return 0;
}

int ws_closed(struct server_socket *sock, void *in, size_t len)
{
	struct server *srv = sock->srv;

	(void)in;
	(void)len;
	if (sock->protocol) {
		sock->close_code = LWS_CLOSE_STATUS_NO_STATUS;
		sock->protocol = NULL;
		srv->events->closed(sock, srv->arg);
	}
	return 0;
}

void server_socket_set_data(struct server_socket *sock, void *data)
{
	sock->data = data;
}

void *server_socket_data(const struct server_socket *sock)
{
	return sock->data;
}

static gboolean has_room(const struct server_socket *sock, gsize size,
			 gint64 now)
{
	const struct server_protocol *protocol = sock->protocol;
	const struct waiting *oldest =
		g_queue_peek_head((GQueue *)&sock->queue);

	if (!oldest || !protocol)
		return TRUE; /* one message always fits */
	if (protocol->max_queue_ms &&
	    now - oldest->since > protocol->max_queue_ms * 1000)
		return FALSE;
	return sock->queued + size <= protocol->max_queue;
}

static void note_peak(const struct server_socket *sock)
{
	gsize *peaks = sock->srv->peaks;
	guint i = (guint)(sock->protocol - sock->srv->protocols);

	peaks[i] = MAX(peaks[i], sock->queued);
}

static gboolean send_message(struct server_socket *sock, GBytes *message,
			     gboolean binary)
{
	gint64 now = g_get_monotonic_time();
	gsize size = g_bytes_get_size(message);
	struct waiting *wait;

	if (sock->close_code || !has_room(sock, size, now))
		return FALSE;
	wait = g_new(struct waiting, 1);
	wait->message = g_bytes_ref(message);
	wait->binary = binary;
	wait->since = now;
	g_queue_push_tail(&sock->queue, wait);
	sock->queued += size;
	if (sock->protocol)
		note_peak(sock);
	want_write(sock);
	return TRUE;
}

gboolean server_socket_send(struct server_socket *sock, GBytes *message)
{
	return send_message(sock, message, FALSE);
}

gboolean server_socket_send_binary(struct server_socket *sock, GBytes *message)
{
	return send_message(sock, message, TRUE);
}

gboolean server_socket_idle(const struct server_socket *sock)
{
	return g_queue_is_empty((GQueue *)&sock->queue);
}

void server_socket_clear(struct server_socket *sock)
{
	g_queue_clear_full(&sock->queue, (GDestroyNotify)waiting_free);
	sock->queued = 0;
}

void server_socket_close(struct server_socket *sock, guint code)
{
	if (sock->close_code)
		return;
	sock->close_code = code;
	sock->deadline = server_after(CLOSING_S);
	want_write(sock);
}
