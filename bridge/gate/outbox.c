#include "bridge/gate/private.h"

void outbox_init(struct outbox *box,
		 void (*flush)(struct outbox *box, void *arg), void *arg)
{
	box->flush = flush;
	box->arg = arg;
	for (unsigned i = 0; i < OUTBOX_PACKETS; i++) {
		struct msghdr *header = &box->headers[i].msg_hdr;

		box->parts[i].iov_base = box->packets[i].buf;
		header->msg_iov = &box->parts[i];
		header->msg_iovlen = 1;
		header->msg_name = &box->packets[i].to.peer;
	}
}

uint8_t *outbox_buffer(struct outbox *box)
{
	if (box->n == OUTBOX_PACKETS)
		outbox_flush(box);
	return box->packets[box->n].buf;
}

void outbox_commit(struct outbox *box, const struct path *to, int size)
{
	struct outbox_packet *pkt = &box->packets[box->n];

	if (size <= 0)
		return;
	pkt->to = *to;
	pkt->size = (size_t)size;
	box->parts[box->n].iov_len = (size_t)size;
	box->headers[box->n].msg_hdr.msg_namelen =
		to->peer.any.sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
						   : sizeof(struct sockaddr_in);
	box->n++;
}

void outbox_flush(struct outbox *box)
{
	if (box->n)
		box->flush(box, box->arg);
	box->n = 0;
}
