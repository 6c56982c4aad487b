#include "bridge/gate/private.h"

#include <errno.h>
#include <stdlib.h>

int lookup_init(struct lookup *lkp, size_t buckets, uint64_t seed)
{
	size_t n = 1;

	while (n < buckets)
		n *= 2;
	lkp->buckets = calloc(n, sizeof(*lkp->buckets));
	if (!lkp->buckets)
		return -ENOMEM;
	lkp->mask = n - 1;
	lkp->seed = seed;
	return 0;
}

void lookup_fini(struct lookup *lkp)
{
	free(lkp->buckets);
	lkp->buckets = NULL;
}

/* FNV-1a from a secret start, then the finish of SplitMix64 so that the low
 * bits depend on all. Rooms' capacities bound a chain even where somebody
 * finds collisions. */
uint64_t lookup_hash(const struct lookup *lkp, const void *key, size_t size)
{
	const uint8_t *p = key;
	uint64_t hash = lkp->seed;

	while (size--)
		hash = (hash ^ *p++) * 0x100000001b3;
	hash = (hash ^ hash >> 30) * 0xbf58476d1ce4e5b9;
	hash = (hash ^ hash >> 27) * 0x94d049bb133111eb;
	return hash ^ hash >> 31;
}

void lookup_insert(struct lookup *lkp, struct lookup_node *node, uint64_t hash,
		   void *owner)
{
	struct lookup_node **bucket = &lkp->buckets[hash & lkp->mask];

	lookup_remove(lkp, node);
	*node = (struct lookup_node){
		.next = *bucket, .hash = hash, .ses = owner, .linked = true
	};
	*bucket = node;
}

void lookup_remove(struct lookup *lkp, struct lookup_node *node)
{
	struct lookup_node **at;

	if (!node->linked)
		return;
	at = &lkp->buckets[node->hash & lkp->mask];
	while (*at != node)
		at = &(*at)->next;
	*at = node->next;
	node->linked = false;
}

static struct lookup_node *same_hash(struct lookup_node *node, uint64_t hash)
{
	while (node && node->hash != hash)
		node = node->next;
	return node;
}

struct lookup_node *lookup_first(const struct lookup *lkp, uint64_t hash)
{
	return same_hash(lkp->buckets[hash & lkp->mask], hash);
}

struct lookup_node *lookup_next(const struct lookup_node *node)
{
	return same_hash(node->next, node->hash);
}
