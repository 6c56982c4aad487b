/* member - one seat of a room, from the OK that promised it until it is
 * gone. What happens to one seat only; what concerns several is room.c.
 *
 * Private to the room: others read struct member in room.h. */
#ifndef ROOM_MEMBER_H
#define ROOM_MEMBER_H

#include "bridge/room/room.h"

/* An invited one, with an id of its own. */
struct member *member_create(struct room *room, const char *did,
			     const char *address, const char *name,
			     const char *device, const char *gate,
			     gint64 deadline);
/* Accepts NULL. */
void member_destroy(struct member **memp);

/* Whether both are the same device of the same person, so that the newer
 * replaces the older. */
gboolean member_same_device(const struct member *a, const struct member *b);

/* One word for the log. */
const char *member_leave_word(enum member_leave why);

/* {"t":"end",...} of docs/ipsp.md, "In-band control", or NULL where the
 * member knows already or cannot be told. Caller frees. */
char *member_end_message(enum member_leave why, const char *text);
/* {"t":"mute",...}. Caller frees. */
char *member_mute_message(gboolean on);

#endif
