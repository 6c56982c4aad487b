#include "web/server_private.h"

#include <string.h>
#include <unistd.h>

#include "web/forwarded.h"
#include "web/peers.h"

#define CHUNK	   (16 * 1024) /* of a reply's body */
#define MAX_HEADER 4096

char *http_header(struct lws *wsi, enum lws_token_indexes token)
{
	int n = lws_hdr_total_length(wsi, token);
	char *text;

	if (n <= 0 || n > MAX_HEADER)
		return NULL;
	text = g_malloc0((gsize)n + 1);
	if (lws_hdr_copy(wsi, text, n + 1, token) < 0)
		g_clear_pointer(&text, g_free);
	return text;
}

static void head_clear(struct head *head)
{
	g_free(head->path);
	g_free(head->host);
	g_free(head->origin);
	g_free(head->cookie);
	g_free(head->content_type);
	g_free(head->if_match);
	g_free(head->if_none_match);
	g_free(head->authorization);
	g_free(head->range);
	memset(head, 0, sizeof(*head));
}

/* Who asks behind a proxy is another from request to request. */
static void read_client(struct server_socket *sock)
{
	g_autofree char *field =
		http_header(sock->wsi, WSI_TOKEN_X_FORWARDED_FOR);

	forwarded_client(sock->srv->forwarded, &sock->proxy, field,
			 &sock->address);
	g_free(sock->peer);
	sock->peer = peers_name(&sock->address);
}

gboolean http_read_head(struct server_socket *sock)
{
	static const struct {
		enum lws_token_indexes token;
		enum server_method method;
	} methods[] = {
		{ WSI_TOKEN_GET_URI, SERVER_GET },
		{ WSI_TOKEN_POST_URI, SERVER_POST },
		{ WSI_TOKEN_DELETE_URI, SERVER_DELETE },
		{ WSI_TOKEN_PATCH_URI, SERVER_PATCH },
		{ WSI_TOKEN_OPTIONS_URI, SERVER_OPTIONS },
	};
	struct head *head = &sock->head;

	head_clear(head);
	for (gsize i = 0; i < G_N_ELEMENTS(methods) && !head->path; i++) {
		head->method = methods[i].method;
		head->path = http_header(sock->wsi, methods[i].token);
	}
	if (!head->path)
		return FALSE;
	head->host = http_header(sock->wsi, WSI_TOKEN_HOST);
	head->origin = http_header(sock->wsi, WSI_TOKEN_ORIGIN);
	head->cookie = http_header(sock->wsi, WSI_TOKEN_HTTP_COOKIE);
	head->content_type =
		http_header(sock->wsi, WSI_TOKEN_HTTP_CONTENT_TYPE);
	head->if_match = http_header(sock->wsi, WSI_TOKEN_HTTP_IF_MATCH);
	head->if_none_match =
		http_header(sock->wsi, WSI_TOKEN_HTTP_IF_NONE_MATCH);
	head->authorization =
		http_header(sock->wsi, WSI_TOKEN_HTTP_AUTHORIZATION);
	head->range = http_header(sock->wsi, WSI_TOKEN_HTTP_RANGE);
	if (sock->proxied)
		read_client(sock);
	return TRUE;
}

struct server_request http_request_of(struct server_socket *sock)
{
	const struct head *head = &sock->head;

	return (struct server_request){
		.method = head->method,
		.path = head->path,
		.peer = sock->peer,
		.host = head->host,
		.origin = head->origin,
		.cookie = head->cookie,
		.content_type = head->content_type,
		.if_match = head->if_match,
		.if_none_match = head->if_none_match,
		.authorization = head->authorization,
		.range = head->range,
		.address = &sock->address,
		.tls = sock->srv->tls ||
		       (sock->proxied && sock->srv->strict_transport),
		.body = sock->body ? (const char *)sock->body->data : "",
		.size = sock->body ? sock->body->len - 1 : 0,
	};
}

/* Replies. */

struct writer {
	struct lws *wsi;
	guint8 *p, *end;
	gboolean failed;
};

static void put(struct writer *w, const char *name, const char *value)
{
	if (value &&
	    lws_add_http_header_by_name(w->wsi, (const unsigned char *)name,
					(const unsigned char *)value,
					(int)strlen(value), &w->p, w->end))
		w->failed = TRUE;
}

static void put_security(struct writer *w, const struct server *srv)
{
	put(w, "content-security-policy:", srv->policy);
	put(w, "x-content-type-options:", "nosniff");
	put(w, "x-frame-options:", "DENY");
	put(w, "referrer-policy:", "no-referrer");
	put(w, "cross-origin-opener-policy:", "same-origin");
	put(w, "cross-origin-resource-policy:", "same-origin");
	if (srv->strict_transport)
		put(w, "strict-transport-security:", "max-age=31536000");
}

static int write_head(struct server_socket *sock,
		      const struct server_reply *reply)
{
	guint8 buf[LWS_PRE + 2048];
	guint8 *start = buf + LWS_PRE;
	struct writer w = { sock->wsi, start, buf + sizeof(buf) - 1, FALSE };
	guint64 size = reply->file   ? reply->file->size
		       : reply->body ? g_bytes_get_size(reply->body)
				     : 0;

	if (lws_add_http_common_headers(
		    sock->wsi, reply->status,
		    reply->type ? reply->type : "text/plain; charset=utf-8",
		    size, &w.p, w.end))
		return -1;
	put_security(&w, sock->srv);
	put(&w, "permissions-policy:",
	    reply->microphone ? "camera=(), geolocation=(), microphone=(self)"
			      : "camera=(), geolocation=(), microphone=()");
	put(&w, "cache-control:",
	    reply->cache_control ? reply->cache_control : "no-store");
	put(&w, "etag:", reply->etag);
	put(&w, "set-cookie:", reply->cookie);
	put(&w, "location:", reply->location);
	put(&w, "content-range:", reply->content_range);
	put(&w, "accept-ranges:", reply->accept_ranges ? "bytes" : NULL);
	put(&w,
	    "content-disposition:", reply->attachment ? "attachment" : NULL);
	put(&w, "allow:", reply->allow);
	put(&w, "accept-post:", reply->accept_post);
	put(&w, "accept-patch:", reply->accept_patch);
	put(&w, "www-authenticate:", reply->authenticate);
	if (reply->retry_s) {
		g_autofree char *seconds =
			g_strdup_printf("%u", reply->retry_s);

		put(&w, "retry-after:", seconds);
	}
	if (w.failed)
		return -1;
	return lws_finalize_write_http_header(sock->wsi, start, &w.p, w.end);
}

static void close_file(struct server_file **filep)
{
	struct server_file *file = g_steal_pointer(filep);

	if (!file)
		return;
	close(file->fd);
	g_free(file);
}

static void reply_clear(struct server_reply *reply)
{
	close_file(&reply->file);
	g_free(reply->content_range);
	g_clear_pointer(&reply->body, g_bytes_unref);
	g_free(reply->etag);
	g_free(reply->cookie);
	g_free(reply->location);
}

/* The reply is over: the connection waits for its next request or closes. */
static int finish(struct server_socket *sock)
{
	g_clear_pointer(&sock->reply, g_bytes_unref);
	close_file(&sock->file);
	g_clear_pointer(&sock->body, g_byte_array_unref);
	sock->deadline = server_after(KEEPALIVE_S);
	if (sock->last || lws_http_transaction_completed(sock->wsi))
		return -1;
	return 0;
}

static int send_reply(struct server_socket *sock, struct server_reply *reply)
{
	int err = write_head(sock, reply);

	/* lws has a limit of its own, for the whole of a reply: whoever takes
	 * a large one slowly would be cut off in its middle. */
	lws_set_timeout(sock->wsi, NO_PENDING_TIMEOUT, 0);
	sock->deadline = server_after(REPLY_S);
	sock->sent = 0;
	if (!err && reply->body && g_bytes_get_size(reply->body) > 0)
		sock->reply = g_steal_pointer(&reply->body);
	if (!err && reply->file && reply->file->size)
		sock->file = g_steal_pointer(&reply->file);
	reply_clear(reply);
	if (err)
		return -1;
	if (!sock->reply && !sock->file)
		return finish(sock);
	lws_callback_on_writable(sock->wsi);
	return 0;
}

int http_refuse(struct server_socket *sock, guint status)
{
	struct server_reply reply = { .status = status };

	sock->last = TRUE;
	return send_reply(sock, &reply);
}

static int answer(struct server_socket *sock)
{
	struct server *srv = sock->srv;
	struct server_request req = http_request_of(sock);
	struct server_reply reply = { 0 };

	srv->events->request(&req, &reply, srv->arg);
	return send_reply(sock, &reply);
}

static gsize body_limit(const struct server_socket *sock)
{
	const struct server *srv = sock->srv;

	return srv->events->body_limit
		       ? srv->events->body_limit(sock->head.path, srv->arg)
		       : SERVER_MAX_BODY;
}

int http_request(struct server_socket *sock, void *in, size_t len)
{
	struct lws *wsi = sock->wsi;
	g_autofree char *length =
		http_header(wsi, WSI_TOKEN_HTTP_CONTENT_LENGTH);
	guint64 size = 0;

	(void)in;
	(void)len;
	if (!http_read_head(sock))
		return http_refuse(sock, 405);
	if (lws_hdr_total_length(wsi, WSI_TOKEN_HTTP_TRANSFER_ENCODING) ||
	    (length && !g_ascii_string_to_unsigned(length, 10, 0, G_MAXINT32,
						   &size, NULL)))
		return http_refuse(sock, 400);
	if (sock->head.method != SERVER_POST &&
	    sock->head.method != SERVER_PATCH) {
		sock->last = size > 0;
		return answer(sock);
	}
	if (size == 0)
		return http_refuse(sock, 411);
	sock->head.limit = body_limit(sock);
	if (size > sock->head.limit)
		return http_refuse(sock, 413);
	sock->body = g_byte_array_sized_new((guint)size + 1);
	sock->deadline = server_after(REQUEST_S);
	return 0;
}

int http_body(struct server_socket *sock, void *in, size_t len)
{
	if (!sock->body) /* of a request that was refused */
		return 0;
	if (sock->body->len + len > sock->head.limit)
		return -1;
	g_byte_array_append(sock->body, in, (guint)len);
	return 0;
}

int http_body_completion(struct server_socket *sock, void *in, size_t len)
{
	(void)in;
	(void)len;
	if (!sock->body)
		return 0;
	g_byte_array_append(sock->body, (const guint8 *)"", 1);
	return answer(sock);
}

/* Read when there is room for it: the file may be of many GB. From the page
 * cache, as a rule, and no more than a chunk. */
static int write_file(struct server_socket *sock)
{
	struct server_file *file = sock->file;
	guint8 chunk[CHUNK];
	const gsize n = (gsize)MIN(file->size, CHUNK);
	const gboolean final = n == file->size;

	if (pread(file->fd, chunk, n, (off_t)file->at) != (ssize_t)n ||
	    lws_write(sock->wsi, server_scratch(sock->srv, chunk, n), n,
		      final ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
		return -1;
	file->at += n;
	file->size -= n;
	sock->deadline = server_after(REPLY_S);
	if (final)
		return finish(sock);
	lws_callback_on_writable(sock->wsi);
	return 0;
}

int http_writeable(struct server_socket *sock, void *in, size_t len)
{
	const guint8 *bytes;
	gsize size, n;
	gboolean final;

	(void)in;
	(void)len;
	if (sock->file)
		return write_file(sock);
	if (!sock->reply)
		return 0;
	bytes = g_bytes_get_data(sock->reply, &size);
	n = MIN(size - sock->sent, CHUNK);
	final = sock->sent + n == size;
	if (lws_write(sock->wsi,
		      server_scratch(sock->srv, bytes + sock->sent, n), n,
		      final ? LWS_WRITE_HTTP_FINAL : LWS_WRITE_HTTP) < (int)n)
		return -1;
	sock->sent += n;
	if (final)
		return finish(sock);
	lws_callback_on_writable(sock->wsi);
	return 0;
}

void http_clear(struct server_socket *sock)
{
	head_clear(&sock->head);
	g_clear_pointer(&sock->body, g_byte_array_unref);
	g_clear_pointer(&sock->reply, g_bytes_unref);
	close_file(&sock->file);
}
