/* listener - a listening TCP socket that hands over only connections of
 * peers within their limit.
 *
 * Lives on the default GLib main context. */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <sys/socket.h>

#include <glib.h>

#include "web/forwarded.h"

struct listener;

struct listener_config {
	const char *address; /* IPv4 or IPv6 literal; "::" is both */
	guint port;	     /* 0: the kernel chooses */
	guint connections_per_peer;
	const struct forwarded *forwarded; /* borrowed */
};

struct listener_events {
	/* fd is a connected, non-blocking socket, now the callee's. Unless it
	 * is a trusted proxy's it counts for peer until listener_give(). */
	void (*accepted)(int fd, const char *peer,
			 const struct sockaddr_storage *addr, void *arg);
};

struct listener *listener_create(const struct listener_config *cfg,
				 const struct listener_events *events,
				 void *arg, GError **error);
void listener_destroy(struct listener **lisp);

guint listener_port(const struct listener *lis);

/* A connection through a proxy counts for this peer from here on. FALSE: the
 * peer is at its limit. */
gboolean listener_take(struct listener *lis, const char *peer);
/* A connection that counts for this peer is closed. */
void listener_give(struct listener *lis, const char *peer);

#endif
