/* member - one seat of a room, from the OK that promised it until it is
 * gone. What happens to one seat only; what concerns several is room.c.
 *
 * Private to the room: others read struct member in room.h. */
#ifndef ROOM_MEMBER_H
#define ROOM_MEMBER_H

#include "bridge/room/room.h"

/* An invited one, with an id of its own. */
struct member *member_create(struct room *room, const struct room_guest *guest);
/* Accepts NULL. */
void member_destroy(struct member **memp);

/* The same for legs of the same device of the same person, so that the newer
 * replaces the older. Caller frees. */
char *member_device_key(const struct member *mem);

/* One word for the log. */
const char *member_leave_word(enum member_leave why);

#endif
