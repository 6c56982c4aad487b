#include "web/listener.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <unistd.h>

#include <gio/gio.h>
#include <glib-unix.h>

#include "web/peers.h"

#define BACKLOG	       128
#define ACCEPT_AT_ONCE 32  /* then the loop's other sources have their turn */
#define REST_MS	       500 /* after running out of file descriptors */

/* So little waits unsent in the kernel that a slow peer shows in our own
 * queue, where it is bounded, and what is sent is fresh. */
#define NOT_SENT_LOW_WATER (16 * 1024)

struct listener {
	const struct listener_events *events;
	void *arg;
	struct peers *peers;
	const struct forwarded *forwarded;
	int fd;
	guint watch, rest;
};

static gboolean readable(int fd, GIOCondition condition, gpointer data);

static gboolean rested(gpointer data)
{
	struct listener *lis = data;

	lis->rest = 0;
	lis->watch = g_unix_fd_add(lis->fd, G_IO_IN, readable, lis);
	return G_SOURCE_REMOVE;
}

static void set_options(int fd)
{
	const int on = 1, low = NOT_SENT_LOW_WATER;

	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &low, sizeof(low));
}

static void accepted(struct listener *lis, int fd,
		     const struct sockaddr_storage *addr)
{
	g_autofree char *peer = peers_name(addr);

	if (!forwarded_is_proxy(lis->forwarded, addr) &&
	    !peers_take(lis->peers, peer)) {
		g_debug("web: refused connection peer=%s: at its limit", peer);
		close(fd);
		return;
	}
	set_options(fd);
	lis->events->accepted(fd, peer, addr, lis->arg);
}

static gboolean readable(int listening, GIOCondition condition, gpointer data)
{
	struct listener *lis = data;

	(void)condition;
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		struct sockaddr_storage addr = { 0 };
		socklen_t len = sizeof(addr);
		int fd = accept4(listening, (struct sockaddr *)&addr, &len,
				 SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd >= 0) {
			accepted(lis, fd, &addr);
			continue;
		}
		if (errno == ECONNABORTED || errno == EINTR)
			continue;
		if (errno == EAGAIN)
			break;
		/* The socket stays readable: watching it would spin. */
		g_warning("web: cannot accept: %s", g_strerror(errno));
		lis->watch = 0;
		lis->rest = g_timeout_add(REST_MS, rested, lis);
		return G_SOURCE_REMOVE;
	}
	return G_SOURCE_CONTINUE;
}

static int listen_on(const struct sockaddr_storage *addr, socklen_t len)
{
	const int on = 1, off = 0;
	int saved;
	int fd = socket(addr->ss_family,
			SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (addr->ss_family == AF_INET6)
		(void)setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off,
				 sizeof(off));
	if (bind(fd, (const struct sockaddr *)addr, len) == 0 &&
	    listen(fd, BACKLOG) == 0)
		return fd;
	saved = errno;
	close(fd);
	errno = saved;
	return -1;
}

static int open_socket(const struct listener_config *cfg, GError **error)
{
	struct sockaddr_storage addr = { 0 };
	g_autoptr(GSocketAddress) sockaddr =
		g_inet_socket_address_new_from_string(cfg->address, cfg->port);
	int fd;

	if (!sockaddr ||
	    !g_socket_address_to_native(sockaddr, &addr, sizeof(addr), NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "web address %s is not an IP address",
			    cfg->address);
		return -1;
	}
	fd = listen_on(&addr,
		       (socklen_t)g_socket_address_get_native_size(sockaddr));
	if (fd < 0)
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(errno),
			    "cannot listen on %s port %u: %s", cfg->address,
			    cfg->port, g_strerror(errno));
	return fd;
}

struct listener *listener_create(const struct listener_config *cfg,
				 const struct listener_events *events,
				 void *arg, GError **error)
{
	struct listener *lis;
	int fd = open_socket(cfg, error);

	if (fd < 0)
		return NULL;
	lis = g_new0(struct listener, 1);
	lis->events = events;
	lis->arg = arg;
	lis->fd = fd;
	lis->forwarded = cfg->forwarded;
	lis->peers = peers_create(cfg->connections_per_peer);
	lis->watch = g_unix_fd_add(fd, G_IO_IN, readable, lis);
	return lis;
}

void listener_destroy(struct listener **lisp)
{
	struct listener *lis = *lisp;

	*lisp = NULL;
	if (!lis)
		return;
	if (lis->watch)
		g_source_remove(lis->watch);
	if (lis->rest)
		g_source_remove(lis->rest);
	close(lis->fd);
	peers_destroy(&lis->peers);
	g_free(lis);
}

guint listener_port(const struct listener *lis)
{
	struct sockaddr_storage addr = { 0 };
	socklen_t len = sizeof(addr);
	g_autoptr(GSocketAddress) sockaddr = NULL;

	if (getsockname(lis->fd, (struct sockaddr *)&addr, &len) < 0)
		return 0;
	sockaddr = g_socket_address_new_from_native(&addr, len);
	return g_inet_socket_address_get_port(G_INET_SOCKET_ADDRESS(sockaddr));
}

gboolean listener_take(struct listener *lis, const char *peer)
{
	return peers_take(lis->peers, peer);
}

void listener_give(struct listener *lis, const char *peer)
{
	peers_give(lis->peers, peer);
}
