/* server - HTTP/1.1 and WebSocket, hardened: the only file that sees
 * libwebsockets.
 *
 * Lives on the default GLib main context; every callback comes from there and
 * may call anything here, except that server_destroy() must not be called
 * from one. libwebsockets of Debian has no limits per peer, so we accept
 * ourselves and hand it only sockets within the limits:
 *
 *   connections   a limit per peer (peers.h); what is over is closed unread.
 *                 Of those behind a trusted proxy it limits the WebSockets
 *   request       head and body whole within 10 s, body <= 4 KiB or what
 *                 body_limit says
 *   reply         taken within 30 s, of a file at least one chunk of 16 KiB
 *                 in so long; idle connections are closed after 15 s
 *   WebSocket     no permessage-deflate; a message has a size limit, a rate
 *                 limit, and must be whole within 10 s; a peer that answers
 *                 no ping for 40 s, or takes nothing that is queued for 20 s,
 *                 is dropped */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include <sys/socket.h>

#include <glib.h>

#define SERVER_MAX_BODY	     4096
#define SERVER_MAX_PROTOCOLS 4

struct server;
/* One WebSocket. Valid from `upgrade` until `closed` returns. */
struct server_socket;

enum server_method {
	SERVER_GET,
	SERVER_POST,
	SERVER_DELETE,
	SERVER_PATCH,
	SERVER_OPTIONS,
};

/* One request; strings are valid during the callback. */
struct server_request {
	enum server_method method;
	const char *path; /* without the query, unescaped */
	const char *peer; /* peers_name(), behind a proxy the client's */
	const char *host, *origin, *cookie; /* header fields; NULL if absent */
	const char *content_type;	    /* NULL if absent */
	const char *if_match, *if_none_match; /* NULL if absent */
	const char *authorization;	      /* NULL if absent */
	const char *range;		      /* NULL if absent */
	const struct sockaddr_storage
		*address; /* the peer's; not IPv4-mapped */
	gboolean tls;	  /* all the way: a trusted proxy is taken to */
	const char *body; /* POST, PATCH: terminated, size bytes */
	gsize size;
};

/* Part of an open file as a reply's body. */
struct server_file {
	int fd; /* the server closes it */
	guint64 at, size;
};

struct server_reply {
	guint status;
	const char *type;	   /* Content-Type, static; NULL: no body */
	struct server_file *file;  /* or NULL: instead of body; g_free() */
	char *content_range;	   /* or NULL; the server frees */
	gboolean accept_ranges;	   /* of bytes */
	gboolean attachment;	   /* a browser is to keep it, not show it */
	gboolean microphone;	   /* the page may ask for one */
	GBytes *body;		   /* may be NULL; the server unrefs */
	char *etag, *cookie;	   /* or NULL; the server frees */
	const char *cache_control; /* static */
	char *location;		   /* or NULL; the server frees */
	const char *allow;	   /* methods, static; NULL: none said */
	const char *accept_post;   /* Accept-Post, static, or NULL */
	const char *accept_patch;  /* Accept-Patch, static, or NULL */
	const char *authenticate;  /* WWW-Authenticate, static, or NULL */
	guint retry_s;		   /* Retry-After; 0: none */
};

/* A WebSocket subprotocol and what its sockets may use. */
struct server_protocol {
	const char *name;
	gboolean binary; /* which kind of message it takes, and mostly sends */
	gsize max_message;  /* bytes, from the peer */
	guint per_second;   /* messages from the peer, on average */
	guint burst;	    /* and at once */
	gsize max_queue;    /* bytes to the peer that wait */
	guint max_queue_ms; /* age of the oldest that waits; 0: no limit */
};

/* How the sockets of a protocol are now. */
struct server_figures {
	guint sockets;
	gsize queued, longest; /* bytes that wait: in all, for one peer */
	gsize peak;	       /* the longest queue that there ever was */
};

struct server_events {
	/* reply_r is zeroed before; status must be set. */
	void (*request)(const struct server_request *req,
			struct server_reply *reply_r, void *arg);
	/* How large a body to this path may be; NULL: as above. */
	gsize (*body_limit)(const char *path, void *arg);
	/* A WebSocket of protocol[i] is asked for: 0 lets it in, anything
	 * else is the HTTP status that refuses it. `closed` follows exactly
	 * when 0 was returned; sending is allowed at once. */
	guint (*upgrade)(struct server_socket *sock, guint i,
			 const struct server_request *req, void *arg);
	void (*message)(struct server_socket *sock, const guint8 *buf,
			gsize size, void *arg);
	/* Everything queued was taken. */
	void (*drained)(struct server_socket *sock, void *arg);
	void (*closed)(struct server_socket *sock, void *arg);
};

struct server_config {
	const char *address; /* IPv4 or IPv6 literal; "::" is both */
	guint port;	     /* 0: the kernel chooses */
	const char *tls_certificate, *tls_key; /* PEM files, or NULL */
	guint connections_per_peer;
	const char *const *trusted_proxies; /* forwarded.h; may be NULL */
	const char *security_policy;	    /* Content-Security-Policy */
	gboolean strict_transport; /* the site is reached by https only */
	const struct server_protocol *protocols; /* static */
	guint n_protocols;			 /* <= SERVER_MAX_PROTOCOLS */
};

/* NULL and error when it cannot listen or a TLS file is not usable. */
struct server *server_create(const struct server_config *cfg,
			     const struct server_events *events, void *arg,
			     GError **error);
/* Closes every socket, `closed` is called for each. */
void server_destroy(struct server **srvp);

guint server_port(const struct server *srv);

/* Of protocol[i]. */
void server_figures(const struct server *srv, guint i,
		    struct server_figures *fig_r);
/* Connections that were past a deadline, so far. */
guint64 server_cut_off(const struct server *srv);

/* Who connects from now on sees this certificate. Of a server that was created
 * with one; on failure it keeps what it has. */
gboolean server_reload_tls(struct server *srv, const char *certificate,
			   const char *key, GError **error);

void server_socket_set_data(struct server_socket *sock, void *data);
void *server_socket_data(const struct server_socket *sock);

/* Queues one message. FALSE, and nothing queued, when the queue is over its
 * limits or the socket is closing. */
gboolean server_socket_send(struct server_socket *sock, GBytes *message);
/* The same of a binary one on a protocol of text. */
gboolean server_socket_send_binary(struct server_socket *sock, GBytes *message);
/* Nothing is queued; a good time for what may be left out. */
gboolean server_socket_idle(const struct server_socket *sock);
/* Forgets what is queued and not yet begun. */
void server_socket_clear(struct server_socket *sock);
/* Sends what is queued, then closes with code (RFC 6455 7.4). */
void server_socket_close(struct server_socket *sock, guint code);

#endif
