/* server_private - what server.c (the context, connections and deadlines),
 * server_http.c (requests and replies), server_ws.c (WebSockets) and
 * server_tls.c (certificates) share. These alone see libwebsockets. */
#ifndef WEB_SERVER_PRIVATE_H
#define WEB_SERVER_PRIVATE_H

#include <libwebsockets.h>

#include "web/server.h"

/* In seconds; server.h states them. */
#define REQUEST_S   10
#define REPLY_S	    30
#define KEEPALIVE_S 15
#define MESSAGE_S   10
#define STALLED_S   20
#define CLOSING_S   5

#define NEVER G_MAXINT64 /* as a deadline */

struct server {
	const struct server_events *events;
	void *arg;
	const struct server_protocol *protocols;
	guint n_protocols;
	char *policy;
	gboolean tls, strict_transport;

	struct lws_protocols lws_protocols[SERVER_MAX_PROTOCOLS + 2];
	lws_retry_bo_t idle_policy;
	GMainLoop *loop; /* never run: how lws takes the main context */
	struct lws_context *context;
	struct lws_vhost *vhost;
	struct ssl_ctx_st *tls_context; /* of the vhost; NULL: plain */
	struct forwarded *forwarded;
	struct listener *listener;
	GHashTable *sockets; /* the set of struct server_socket */
	GByteArray *scratch; /* LWS_PRE bytes, then what is written */
	guint sweep;
	gsize peaks[SERVER_MAX_PROTOCOLS]; /* of queues, in bytes */
	guint64 cut_off;		   /* connections */
};

/* What is kept of a request's head while its body comes. */
struct head {
	enum server_method method;
	char *path, *host, *origin, *cookie, *content_type;
	char *if_match, *if_none_match;
	char *authorization, *range;
	gsize limit; /* of the body */
};

struct waiting {
	GBytes *message;
	gboolean binary; /* whatever the protocol's are */
	gint64 since;
};

/* One TCP connection, from accept on; after `upgrade` a WebSocket. */
struct server_socket {
	struct server *srv;
	struct lws *wsi;
	/* Who asks: of a proxied connection the client of this request. */
	char *peer;
	struct sockaddr_storage address;
	struct sockaddr_storage proxy; /* a trusted one, when proxied */
	gboolean proxied;
	gboolean counts; /* for peer, with the listener */
	void *data;
	gint64 deadline; /* monotonic us: cut off when it is over */
	gboolean cut_off;

	struct head head;
	GByteArray *body;
	GBytes *reply; /* what is being sent, NULL: nothing */
	gsize sent;
	struct server_file *file; /* likewise */
	gboolean last;		  /* the connection closes after this reply */

	const struct server_protocol *protocol; /* NULL: still HTTP */
	gboolean established;			/* the handshake is done */
	GByteArray *message;
	gboolean partial; /* a message has begun and not ended */
	double tokens;
	gint64 refilled;
	GQueue queue;	    /* struct waiting */
	gsize queued;	    /* bytes */
	gint64 wants_since; /* to write: when asked; 0: does not */
	guint close_code;   /* not 0: closes when the queue is empty */
};

/* The monotonic time in so many seconds. */
gint64 server_after(guint seconds);
/* size bytes, copied behind the room that lws_write() wants; valid until the
 * next call. */
guint8 *server_scratch(struct server *srv, const void *bytes, gsize size);

/* server_http.c. Handlers return what lws wants: 0, or -1 to close. */
int http_request(struct server_socket *sock, void *in, size_t len);
int http_body(struct server_socket *sock, void *in, size_t len);
int http_body_completion(struct server_socket *sock, void *in, size_t len);
int http_writeable(struct server_socket *sock, void *in, size_t len);
/* One header field, or NULL. Caller frees. */
char *http_header(struct lws *wsi, enum lws_token_indexes token);
/* Keeps the head of the request; FALSE: its method is not served. */
gboolean http_read_head(struct server_socket *sock);
struct server_request http_request_of(struct server_socket *sock);
/* A refusal that the connection does not outlive: what is left of its
 * request is not read. */
int http_refuse(struct server_socket *sock, guint status);
void http_clear(struct server_socket *sock);

/* server_ws.c */
int ws_upgrade(struct server_socket *sock, void *in, size_t len);
int ws_established(struct server_socket *sock, void *in, size_t len);
int ws_receive(struct server_socket *sock, void *in, size_t len);
int ws_writeable(struct server_socket *sock, void *in, size_t len);
int ws_closed(struct server_socket *sock, void *in, size_t len);

#endif
