#include "mixer/ring.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define CACHE_LINE 64

struct ring {
	size_t mask;	  /* {const} slots - 1, slots is a power of two */
	size_t slot_size; /* {const} */
	unsigned char *slots;

	/* Counts of all slots ever pushed and popped: they wrap, their
	 * difference does not. Apart, so that the threads do not share a
	 * cache line. */
	_Alignas(CACHE_LINE) atomic_size_t pushed; /* {producer} */
	_Alignas(CACHE_LINE) atomic_size_t popped; /* {consumer} */
};

int ring_create(struct ring **ring_r, size_t slots, size_t slot_size)
{
	struct ring *ring;
	size_t n = 1;

	if (!slots || !slot_size || slots > SIZE_MAX / 2 / slot_size)
		return -EINVAL;
	while (n < slots)
		n *= 2;

	ring = aligned_alloc(CACHE_LINE, sizeof(*ring));
	if (!ring)
		return -ENOMEM;
	memset(ring, 0, sizeof(*ring));
	ring->mask = n - 1;
	ring->slot_size = slot_size;
	ring->slots = calloc(n, slot_size);
	if (!ring->slots) {
		ring_destroy(&ring);
		return -ENOMEM;
	}
	*ring_r = ring;
	return 0;
}

void ring_destroy(struct ring **ringp)
{
	struct ring *ring = *ringp;

	*ringp = NULL;
	if (!ring)
		return;
	free(ring->slots);
	free(ring);
}

bool ring_push(struct ring *ring, const void *slot)
{
	size_t pushed =
		atomic_load_explicit(&ring->pushed, memory_order_relaxed);
	size_t popped =
		atomic_load_explicit(&ring->popped, memory_order_acquire);

	if (pushed - popped > ring->mask)
		return false;
	memcpy(ring->slots + (pushed & ring->mask) * ring->slot_size, slot,
	       ring->slot_size);
	atomic_store_explicit(&ring->pushed, pushed + 1, memory_order_release);
	return true;
}

bool ring_pop(struct ring *ring, void *slot_r)
{
	size_t popped =
		atomic_load_explicit(&ring->popped, memory_order_relaxed);
	size_t pushed =
		atomic_load_explicit(&ring->pushed, memory_order_acquire);

	if (pushed == popped)
		return false;
	memcpy(slot_r, ring->slots + (popped & ring->mask) * ring->slot_size,
	       ring->slot_size);
	atomic_store_explicit(&ring->popped, popped + 1, memory_order_release);
	return true;
}
