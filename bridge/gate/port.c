#include "bridge/gate/private.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/ip.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BUFFER_SIZE 2048 /* over RTP_MAX_PACKET: truncation shows */
/* Bytes, of which a small packet takes 768: what 10,000 members send in a
 * tick, and a tick's packets to all of them. */
#define SOCKET_BUFFER (8 << 20)
#define TRAFFIC_CLASS (46 << 2) /* expedited forwarding, RFC 4594 4.1 */

/* Beyond net.core.rmem_max where we may (CAP_NET_ADMIN), else up to it. */
static void set_buffer(int fd, int forced, int wished)
{
	int size = SOCKET_BUFFER;

	if (setsockopt(fd, SOL_SOCKET, forced, &size, sizeof(size)))
		setsockopt(fd, SOL_SOCKET, wished, &size, sizeof(size));
}

/* Best effort: sound without them is still sound. */
static void set_hints(int fd, int family)
{
	int class = TRAFFIC_CLASS;

	set_buffer(fd, SO_RCVBUFFORCE, SO_RCVBUF);
	set_buffer(fd, SO_SNDBUFFORCE, SO_SNDBUF);
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &class,
			   sizeof(class));
	else
		setsockopt(fd, IPPROTO_IP, IP_TOS, &class, sizeof(class));
}

int port_open(struct port *port, const struct sockaddr_storage *addr)
{
	socklen_t size = addr->ss_family == AF_INET6
				 ? sizeof(struct sockaddr_in6)
				 : sizeof(struct sockaddr_in);
	socklen_t bound = sizeof(port->address);
	int on = 1, r;

	port->fd = socket(addr->ss_family,
			  SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (port->fd < 0)
		return -errno;
	/* So that 0.0.0.0 and :: can have the same port. */
	if ((addr->ss_family == AF_INET6 &&
	     setsockopt(port->fd, IPPROTO_IPV6, IPV6_V6ONLY, &on,
			sizeof(on))) ||
	    bind(port->fd, (const struct sockaddr *)addr, size) ||
	    getsockname(port->fd, (struct sockaddr *)&port->address, &bound)) {
		r = -errno;
		port_close(port);
		return r;
	}
	set_hints(port->fd, addr->ss_family);
	return 0;
}

void port_close(struct port *port)
{
	if (port->fd >= 0)
		close(port->fd);
	port->fd = -1;
}

uint64_t port_dropped(const struct port *port)
{
	uint32_t info[SK_MEMINFO_VARS] = { 0 };
	socklen_t size = sizeof(info);

	if (getsockopt(port->fd, SOL_SOCKET, SO_MEMINFO, info, &size))
		return 0;
	return info[SK_MEMINFO_DROPS];
}

struct port_receiver {
	struct mmsghdr headers[PORT_BATCH];
	struct iovec parts[PORT_BATCH];
	struct sockaddr_storage peers[PORT_BATCH];
	uint8_t buffers[PORT_BATCH][BUFFER_SIZE];
};

int port_receiver_create(struct port_receiver **rcv_r)
{
	struct port_receiver *rcv = calloc(1, sizeof(*rcv));

	if (!rcv)
		return -ENOMEM;
	for (unsigned i = 0; i < PORT_BATCH; i++) {
		rcv->parts[i].iov_base = rcv->buffers[i];
		rcv->parts[i].iov_len = BUFFER_SIZE;
		rcv->headers[i].msg_hdr.msg_iov = &rcv->parts[i];
		rcv->headers[i].msg_hdr.msg_iovlen = 1;
		rcv->headers[i].msg_hdr.msg_name = &rcv->peers[i];
	}
	*rcv_r = rcv;
	return 0;
}

void port_receiver_destroy(struct port_receiver **rcvp)
{
	free(*rcvp);
	*rcvp = NULL;
}

int port_receive(struct port_receiver *rcv, const struct port *port,
		 unsigned index, struct engine *eng, uint64_t now_us)
{
	int n;

	for (unsigned i = 0; i < PORT_BATCH; i++)
		rcv->headers[i].msg_hdr.msg_namelen = sizeof(rcv->peers[i]);
	n = recvmmsg(port->fd, rcv->headers, PORT_BATCH, MSG_DONTWAIT, NULL);
	for (int i = 0; i < n; i++) {
		struct path from;

		if (rcv->headers[i].msg_len > RTP_MAX_PACKET ||
		    !path_from_socket(&from, index,
				      (struct sockaddr *)&rcv->peers[i]))
			count(&eng->counters.malformed, 1);
		else
			engine_packet(eng, &from, rcv->buffers[i],
				      rcv->headers[i].msg_len, now_us);
	}
	return n < 0 ? 0 : n;
}

static void send_all(int fd, struct mmsghdr *headers, unsigned n,
		     struct counters *counters)
{
	unsigned done = 0;

	while (done < n) {
		int sent = sendmmsg(fd, headers + done, n - done, MSG_DONTWAIT);
		uint64_t bytes = 0;

		if (sent <= 0) {
			/* This one cannot be sent, or nothing can now: sound
			 * does not wait. */
			count(&counters->dropped, 1);
			done++;
			continue;
		}
		for (int i = 0; i < sent; i++)
			bytes += headers[done + (unsigned)i].msg_len;
		count(&counters->packets_out, (uint64_t)sent);
		count(&counters->bytes_out, bytes);
		done += (unsigned)sent;
	}
}

/* In the order in which they were written: most rooms use one socket, and
 * where two families take turns a batch is short but nothing is copied. */
void port_send(struct engine *eng)
{
	struct outbox *box = &eng->outbox;
	unsigned begin, end;

	for (begin = 0; begin < box->n; begin = end) {
		const struct path *to = &box->packets[begin].to;

		end = begin + 1;
		if (to->kind != PATH_UDP)
			continue;
		while (end < box->n && box->packets[end].to.kind == PATH_UDP &&
		       box->packets[end].to.port == to->port)
			end++;
		send_all(eng->fds[to->port], box->headers + begin, end - begin,
			 &eng->counters);
	}
}
