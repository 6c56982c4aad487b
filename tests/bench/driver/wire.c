#include "tests/bench/driver/wire.h"

#include <err.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH  128
#define BUFFER (64 << 20)

struct control {
	_Alignas(
		struct cmsghdr) char buf[CMSG_SPACE(sizeof(struct in_pktinfo)) +
					 CMSG_SPACE(sizeof(struct timespec)) +
					 CMSG_SPACE(sizeof(uint32_t))];
};

struct batch {
	struct mmsghdr msg[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_in peer[BATCH];
	struct control control[BATCH];
	uint8_t buf[BATCH][WIRE_PACKET];
	unsigned n;
};

struct wire {
	int fd;
	struct batch out, in;
	struct wire_report rep;
};

static void set(int fd, int level, int option, int value)
{
	if (setsockopt(fd, level, option, &value, sizeof(value)))
		err(1, "setsockopt %d", option);
}

/* Above the system's limit only where we are root. */
static size_t set_buffer(int fd)
{
	int bytes = BUFFER;
	socklen_t size = sizeof(bytes);

	if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes)))
		set(fd, SOL_SOCKET, SO_RCVBUF, BUFFER);
	getsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes, &size);
	return (size_t)bytes;
}

static void prepare(struct batch *batch)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *hdr = &batch->msg[i].msg_hdr;

		batch->iov[i].iov_base = batch->buf[i];
		hdr->msg_name = &batch->peer[i];
		hdr->msg_namelen = sizeof(batch->peer[i]);
		hdr->msg_iov = &batch->iov[i];
		hdr->msg_iovlen = 1;
		hdr->msg_control = &batch->control[i];
	}
}

struct wire *wire_open(uint16_t port)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_port = htons(port) };
	struct wire *wire = calloc(1, sizeof(*wire));

	if (!wire)
		err(1, "wire");
	wire->fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	if (wire->fd < 0 ||
	    bind(wire->fd, (struct sockaddr *)&any, sizeof(any)))
		err(1, "UDP port %u", port);
	set(wire->fd, IPPROTO_IP, IP_PKTINFO, 1);
	set(wire->fd, SOL_SOCKET, SO_TIMESTAMPNS, 1);
	set(wire->fd, SOL_SOCKET, SO_RXQ_OVFL, 1);
	wire->rep.buffer = set_buffer(wire->fd);
	prepare(&wire->out);
	prepare(&wire->in);
	return wire;
}

void wire_close(struct wire *wire)
{
	close(wire->fd);
	free(wire);
}

uint8_t *wire_room(struct wire *wire)
{
	return wire->out.buf[wire->out.n];
}

void wire_send(struct wire *wire, unsigned member, uint16_t port, size_t size)
{
	struct batch *out = &wire->out;
	unsigned i = out->n++;
	struct msghdr *hdr = &out->msg[i].msg_hdr;
	struct in_pktinfo from = { .ipi_spec_dst.s_addr =
					   htonl(WIRE_FIRST + member) };
	struct cmsghdr *cmsg;

	out->peer[i].sin_family = AF_INET;
	out->peer[i].sin_port = htons(port);
	out->peer[i].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	out->iov[i].iov_len = size;
	hdr->msg_controllen = CMSG_SPACE(sizeof(from));
	cmsg = CMSG_FIRSTHDR(hdr);
	cmsg->cmsg_level = IPPROTO_IP;
	cmsg->cmsg_type = IP_PKTINFO;
	cmsg->cmsg_len = CMSG_LEN(sizeof(from));
	memcpy(CMSG_DATA(cmsg), &from, sizeof(from));
	if (out->n == BATCH)
		wire_flush(wire);
}

void wire_flush(struct wire *wire)
{
	struct batch *out = &wire->out;

	for (unsigned at = 0; at < out->n;) {
		int n = sendmmsg(wire->fd, out->msg + at, out->n - at, 0);

		if (n > 0) {
			wire->rep.sent += (unsigned)n;
			at += (unsigned)n;
		} else {
			wire->rep.refused++; /* this one; the rest goes on */
			at++;
		}
	}
	out->n = 0;
}

/* What the kernel says of one packet. */
struct notes {
	unsigned member;
	int64_t arrival_ns;
};

static struct notes read_notes(struct wire *wire, struct msghdr *hdr)
{
	struct notes notes = { 0 };

	for (struct cmsghdr *c = CMSG_FIRSTHDR(hdr); c;
	     c = CMSG_NXTHDR(hdr, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo to;

			memcpy(&to, CMSG_DATA(c), sizeof(to));
			notes.member = ntohl(to.ipi_addr.s_addr) - WIRE_FIRST;
		} else if (c->cmsg_level == SOL_SOCKET &&
			   c->cmsg_type == SCM_TIMESTAMPNS) {
			struct timespec at;

			memcpy(&at, CMSG_DATA(c), sizeof(at));
			notes.arrival_ns =
				(int64_t)at.tv_sec * 1000000000 + at.tv_nsec;
		} else if (c->cmsg_level == SOL_SOCKET &&
			   c->cmsg_type == SO_RXQ_OVFL) {
			uint32_t dropped;

			memcpy(&dropped, CMSG_DATA(c), sizeof(dropped));
			wire->rep.dropped = dropped;
		}
	}
	return notes;
}

void wire_receive(struct wire *wire, wire_arrival arrival, void *context)
{
	struct batch *in = &wire->in;
	int n;

	do {
		for (unsigned i = 0; i < BATCH; i++) {
			in->iov[i].iov_len = WIRE_PACKET;
			in->msg[i].msg_hdr.msg_controllen =
				sizeof(in->control[i]);
		}
		n = recvmmsg(wire->fd, in->msg, BATCH, MSG_DONTWAIT, NULL);
		for (int i = 0; i < n; i++) {
			struct notes notes =
				read_notes(wire, &in->msg[i].msg_hdr);

			arrival(context, notes.member, in->buf[i],
				in->msg[i].msg_len, notes.arrival_ns);
		}
	} while (n == BATCH);
}

void wire_report(const struct wire *wire, struct wire_report *rep_r)
{
	*rep_r = wire->rep;
}
