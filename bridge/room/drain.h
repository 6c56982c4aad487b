/* drain - the PhoneGates of a room where nobody new is seated. Who sits there
 * stays until he leaves; with the last of them it is forgotten, so that a later
 * gate of that name begins as any other.
 *
 * A part of its room, which creates it: room_drain(). It is of this run of the
 * bridge alone: another that keeps the room next does not know it. */
#ifndef ROOM_DRAIN_H
#define ROOM_DRAIN_H

#include "bridge/room/room.h"

struct drain;
struct room_link;

struct drain *drain_create(const struct room_link *link);
/* Accepts NULL. */
void drain_destroy(struct drain **drnp);

/* Their names, a set; the drain's. */
GHashTable *drain_gates(const struct drain *drn);
/* Somebody sits at the gate no more. */
void drain_left(struct drain *drn, const char *gate);

/* A moderator's action: idempotent; FALSE and a ROOM_ERROR where nobody of the
 * room sits at a gate of that name. */
gboolean drain_set(struct drain *drn, const char *gate, gboolean on,
		   const char *by, GError **error);

#endif
