/* room_link - how the parts of a room (floor.h, consent.h) act and tell. The
 * room's own, for its life; nobody else includes it. */
#ifndef ROOM_ROOM_LINK_H
#define ROOM_ROOM_LINK_H

#include "bridge/room/room.h"

struct room_link {
	struct room *room;
	const struct room_effects *effects;
	const struct room_observer *observer; /* may be NULL */
	void *arg;
};

/* In band; to who is here. */
void room_link_tell(const struct room_link *link, struct member *mem,
		    const char *json);
/* ROOM_MEMBER_CHANGED, ROOM_STATE. */
void room_link_changed(const struct room_link *link, struct member *mem,
		       const char *by);
void room_link_state(const struct room_link *link, const char *by);

/* Of whom a moderator wants something. NULL: a ROOM_ERROR. */
struct member *room_moderated(struct room *room, guint32 member,
			      GError **error);
/* FALSE: ROOM_ERROR_NOT_KEPT. */
gboolean room_obeys(const struct room *room, GError **error);

#endif
