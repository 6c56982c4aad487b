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
/* ROOM_MEMBER_CHANGED, ROOM_STATE, ROOM_BANS, ROOM_EXPECTED. */
void room_link_changed(const struct room_link *link, struct member *mem,
		       const char *by);
void room_link_state(const struct room_link *link, const char *by);
void room_link_bans(const struct room_link *link, const char *by);
void room_link_expected(const struct room_link *link, const char *by);
/* After a change of what member_may_speak() goes by; `could`: before it. */
void room_link_sound(const struct room_link *link, struct member *mem,
		     gboolean could);

/* Of whom a moderator wants something. NULL: a ROOM_ERROR. */
struct member *room_moderated(struct room *room, guint32 member,
			      GError **error);
/* FALSE: ROOM_ERROR_NOT_KEPT. */
gboolean room_obeys(const struct room *room, GError **error);
/* Of this room. */
const struct room_link *room_link(const struct room *room);
/* The member leaves, and is told `text` (may be NULL). */
void room_send_away(struct room *room, struct member *mem,
		    enum member_leave why, const char *by, const char *text);
/* It leaves, and is told to call the room `to`. */
void room_send_on(struct room *room, struct member *mem, const char *to,
		  const char *by);
/* What the configuration and other moderators have made of the address. */
enum member_role room_role_of(const struct room *room, const char *address);
gboolean room_is_configured_moderator(const struct room *room,
				      const char *address);
/* From now on, in this meeting. */
void room_give_role(struct room *room, const char *address,
		    enum member_role role);

#endif
