#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>

int trunk_ring_create(struct trunk_ring **ring_r)
{
	struct trunk_ring *ring = calloc(1, sizeof(*ring));
	int r = ring ? 0 : -ENOMEM;

	for (unsigned side = 0; side < 2 && !r; side++) {
		atomic_init(&ring->wake_fd[side], -1);
		r = ring_create(&ring->way[side], TRUNK_RING_SLOTS,
				sizeof(struct trunk_slot));
	}
	if (r && ring) {
		ring_destroy(&ring->way[0]);
		ring_destroy(&ring->way[1]);
		free(ring);
		return r;
	}
	if (r)
		return r;
	atomic_init(&ring->ends, 2);
	*ring_r = ring;
	return 0;
}

void trunk_ring_leave(struct trunk_ring **ringp, unsigned side)
{
	struct trunk_ring *ring = *ringp;

	*ringp = NULL;
	if (!ring)
		return;
	atomic_store(&ring->wake_fd[side], -1);
	atomic_store(&ring->closed[side], true);
	if (atomic_fetch_sub(&ring->ends, 1) > 1)
		return;
	ring_destroy(&ring->way[0]);
	ring_destroy(&ring->way[1]);
	free(ring);
}
