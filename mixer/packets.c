#include "mixer/packets.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

int packets_init(struct packets *pkts, unsigned cap, size_t bytes)
{
	*pkts = (struct packets){ .cap = cap, .bytes = bytes };
	pkts->slots = calloc(cap, sizeof(*pkts->slots));
	pkts->ring = malloc(bytes);
	if (pkts->slots && pkts->ring)
		return 0;
	packets_fini(pkts);
	return -ENOMEM;
}

void packets_fini(struct packets *pkts)
{
	free(pkts->slots);
	free(pkts->ring);
	*pkts = (struct packets){ 0 };
}

/* The first taken slot from i on; there is one. Few packets wait at a time,
 * in the lowest slots: a look at each is cheaper than book-keeping. */
static const struct packet *taken(const struct packets *pkts, unsigned *i)
{
	while (!pkts->slots[*i].pool)
		++*i;
	return &pkts->slots[(*i)++];
}

static bool is_free(const struct packets *pkts, size_t at, size_t size)
{
	unsigned i = 0;

	for (unsigned left = pkts->n; left; left--) {
		const struct packet *pkt = taken(pkts, &i);

		if (at < pkt->at + pkt->size && pkt->at < at + size)
			return false;
	}
	return true;
}

struct packet *packets_add(struct packets *pkts, const struct packet *pkt,
			   const uint8_t *payload)
{
	size_t at = pkts->next + pkt->size <= pkts->bytes ? pkts->next : 0;
	struct packet *slot = pkts->slots;

	if (pkts->n == pkts->cap || pkt->size > pkts->bytes ||
	    !is_free(pkts, at, pkt->size))
		return NULL;
	while (slot->pool)
		slot++;
	*slot = *pkt;
	slot->pool = pkts;
	slot->at = at;
	pkts->n++;
	memcpy(pkts->ring + at, payload, pkt->size);
	pkts->next = at + pkt->size;
	return slot;
}

void packets_free(struct packet *pkt)
{
	pkt->pool->n--;
	pkt->pool = NULL;
}

const struct packet *packets_from(const struct packets *pkts, int64_t time)
{
	const struct packet *first = NULL;
	unsigned i = 0;

	for (unsigned left = pkts->n; left; left--) {
		const struct packet *pkt = taken(pkts, &i);

		if (pkt->time + pkt->samples <= time)
			continue;
		if (!first || pkt->time < first->time ||
		    (pkt->time == first->time && pkt->samples > first->samples))
			first = pkt;
	}
	return first;
}

const uint8_t *packets_payload(const struct packet *pkt)
{
	return pkt->pool->ring + pkt->at;
}
