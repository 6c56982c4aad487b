/* door - who may come into a room, as its moderators have set it: the lobby,
 * the PIN, the bans. Plain state without a clock; it outlives the meeting, and
 * a restart of the bridge.
 *
 * A person is an address without its case and its +tag: who is banned comes in
 * by neither. */
#ifndef ROOM_DOOR_H
#define ROOM_DOOR_H

#include <glib.h>

#define DOOR_MAX_BANS 200
#define DOOR_MAX_PIN  32 /* bytes, docs/ipsp.md */

struct door_ban {
	char *address;
	gint64 at, until;  /* Unix seconds */
	char *by, *reason; /* reason: "" if none */
};

struct door {
	gboolean lobby;	 /* newcomers are held until they are admitted */
	char *pin;	 /* NULL: as configured. "": none */
	GPtrArray *bans; /* struct door_ban, the oldest first */
};

struct door *door_create(void);
struct door *door_copy(const struct door *door);
/* Accepts NULL. */
void door_destroy(struct door **doorp);

/* The ban of that person that holds, or NULL. */
const struct door_ban *door_find(const struct door *door, const char *address,
				 gint64 now);
/* A second one of the person replaces the first. FALSE: there are
 * DOOR_MAX_BANS already. All is copied. */
gboolean door_ban(struct door *door, const struct door_ban *ban);
/* FALSE: there is none. */
gboolean door_unban(struct door *door, const char *address);
/* Whether any was over, and is forgotten. */
gboolean door_expire(struct door *door, gint64 now);

/* Whether both are addresses of one person. */
gboolean door_same_person(const char *a, const char *b);

#endif
