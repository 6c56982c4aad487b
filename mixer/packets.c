#include "mixer/packets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int packets_init(struct packets *pkts, unsigned cap, size_t bytes)
{
	*pkts = (struct packets){ .cap = cap, .bytes = bytes };
	pkts->list = calloc(cap, sizeof(*pkts->list));
	pkts->ring = malloc(bytes);
	if (pkts->list && pkts->ring)
		return 0;
	packets_fini(pkts);
	return -ENOMEM;
}

void packets_fini(struct packets *pkts)
{
	free(pkts->list);
	free(pkts->ring);
	*pkts = (struct packets){ 0 };
}

/* Few packets wait at a time: a look at each is cheaper than book-keeping. */
static bool is_free(const struct packets *pkts, size_t at, size_t size)
{
	for (unsigned i = 0; i < pkts->n; i++) {
		const struct packet *pkt = &pkts->list[i];

		if (at < pkt->at + pkt->size && pkt->at < at + size)
			return false;
	}
	return true;
}

int packets_add(struct packets *pkts, const struct packet *pkt,
		const uint8_t *payload)
{
	size_t at = pkts->next + pkt->size <= pkts->bytes ? pkts->next : 0;
	unsigned i = pkts->n;

	if (pkts->n == pkts->cap || pkt->size > pkts->bytes ||
	    !is_free(pkts, at, pkt->size))
		return -ENOBUFS;
	/* Nearly always the last one. */
	while (i && pkts->list[i - 1].time > pkt->time)
		i--;
	memmove(pkts->list + i + 1, pkts->list + i,
		(pkts->n - i) * sizeof(*pkts->list));
	pkts->list[i] = *pkt;
	pkts->list[i].at = at;
	pkts->n++;
	memcpy(pkts->ring + at, payload, pkt->size);
	pkts->next = at + pkt->size;
	return 0;
}

const struct packet *packets_first(const struct packets *pkts)
{
	return pkts->n ? pkts->list : NULL;
}

void packets_drop(struct packets *pkts)
{
	if (!pkts->n)
		return;
	pkts->n--;
	memmove(pkts->list, pkts->list + 1, pkts->n * sizeof(*pkts->list));
}

void packets_clear(struct packets *pkts)
{
	pkts->n = 0;
	pkts->next = 0;
}

const uint8_t *packets_payload(const struct packets *pkts,
			       const struct packet *pkt)
{
	return pkts->ring + pkt->at;
}
