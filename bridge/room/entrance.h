/* entrance - who may come into a room: its lock, its lobby, its PIN and its
 * bans, and what moderators do there.
 *
 * The lock is of the meeting: when nobody is left it is off again, lest a
 * forgotten one keeps the next meeting out. The rest (door.h) is kept by the
 * room_effects until it is changed again. Tools, who moderates, and who is
 * expected (expected.h) are neither locked out nor held.
 *
 * A part of its room, which creates it: room_entrance(). No clock: times are
 * Unix seconds that are handed in. Moderators' actions are idempotent; FALSE
 * and a ROOM_ERROR where they cannot be. */
#ifndef ROOM_ENTRANCE_H
#define ROOM_ENTRANCE_H

#include "bridge/room/door.h"
#include "bridge/room/room.h"

struct room_link;

struct entrance *entrance_create(const struct room_link *link);
/* Accepts NULL. */
void entrance_destroy(struct entrance **entp);

/* The PIN of the configuration; NULL: none. */
void entrance_configure(struct entrance *ent, const char *pin);
/* As it was kept. Takes over the door. */
void entrance_restore(struct entrance *ent, struct door *door);

gboolean entrance_is_locked(const struct entrance *ent);
const struct door *entrance_door(const struct entrance *ent);
/* "": none is asked for. */
const char *entrance_pin(const struct entrance *ent);
/* Of who comes from that address; not of who is expected. */
const char *entrance_pin_for(const struct entrance *ent, const char *address);

/* Whether a person may come in. A device that is in, or has a seat,
 * may come back. */
enum entrance_verdict { ENTRANCE_OPEN, ENTRANCE_LOCKED, ENTRANCE_BANNED };
enum entrance_verdict entrance_judge(const struct entrance *ent,
				     const char *address, const char *device,
				     gint64 now);
/* Whether the guest waits in the lobby. */
gboolean entrance_holds(const struct entrance *ent,
			const struct room_guest *guest);
/* Its phone learns that it waits. */
void entrance_tell_held(const struct entrance *ent, struct member *mem);
/* Nobody is left. */
void entrance_emptied(struct entrance *ent);
/* Once a second: bans end. */
void entrance_run(struct entrance *ent, gint64 now);

gboolean entrance_set_locked(struct entrance *ent, gboolean locked,
			     const char *by, GError **error);
/* Who is held already stays so. */
gboolean entrance_set_lobby(struct entrance *ent, gboolean on, const char *by,
			    GError **error);
/* "": none. */
gboolean entrance_set_pin(struct entrance *ent, const char *pin, const char *by,
			  GError **error);
/* All legs of the person are sent away. */
gboolean entrance_ban(struct entrance *ent, const struct door_ban *ban,
		      GError **error);
gboolean entrance_unban(struct entrance *ent, const char *address,
			const char *by, GError **error);
gboolean entrance_admit(struct entrance *ent, guint32 member, const char *by,
			GError **error);
gboolean entrance_admit_all(struct entrance *ent, const char *by,
			    GError **error);
gboolean entrance_refuse(struct entrance *ent, guint32 member, const char *by,
			 const char *reason, GError **error);

#endif
