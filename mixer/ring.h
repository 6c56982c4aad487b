/* ring - a bounded queue between exactly two threads, without a lock.
 *
 * One thread pushes, one thread pops; slots are copied by value. The only
 * meeting point of the control thread and a media worker (ARCHITECTURE.md,
 * "Threads"). Created and destroyed by the control thread. */
#ifndef MIXER_RING_H
#define MIXER_RING_H

#include <stdbool.h>
#include <stddef.h>

struct ring;

/* A ring of at least `slots` slots of `slot_size` bytes each.
 * On success the caller owns *ring_r. Returns 0, -EINVAL or -ENOMEM. */
int ring_create(struct ring **ring_r, size_t slots, size_t slot_size);

/* Accepts NULL; sets *ringp to NULL. Both threads must be done with it. */
void ring_destroy(struct ring **ringp);

/* RT. Copies one slot in; false when the ring is full. Producer only. */
bool ring_push(struct ring *ring, const void *slot);

/* RT. Copies the oldest slot out; false when empty. Consumer only. */
bool ring_pop(struct ring *ring, void *slot_r);

#endif
