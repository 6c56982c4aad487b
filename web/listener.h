/* listener - a listening TCP socket that hands over only connections of
 * peers within their limit.
 *
 * Lives on the default GLib main context. */
#ifndef WEB_LISTENER_H
#define WEB_LISTENER_H

#include <sys/socket.h>

#include <glib.h>

struct listener;

struct listener_config {
	const char *address; /* IPv4 or IPv6 literal; "::" is both */
	guint port;	     /* 0: the kernel chooses */
	guint connections_per_peer;
};

struct listener_events {
	/* fd is a connected, non-blocking socket, now the callee's, and
	 * counted until listener_closed(). */
	void (*accepted)(int fd, const char *peer,
			 const struct sockaddr_storage *addr, void *arg);
};

struct listener *listener_create(const struct listener_config *cfg,
				 const struct listener_events *events,
				 void *arg, GError **error);
void listener_destroy(struct listener **lisp);

guint listener_port(const struct listener *lis);

/* A connection of this peer that was accepted is closed. */
void listener_closed(struct listener *lis, const char *peer);

#endif
