#include "bridge/gate/private.h"

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
	box->n++;
}

void outbox_flush(struct outbox *box)
{
	if (box->n)
		box->flush(box, box->arg);
	box->n = 0;
}
