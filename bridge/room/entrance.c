#include "bridge/room/entrance.h"

#include <string.h>

#include "bridge/room/expected.h"
#include "bridge/room/in_band.h"
#include "bridge/room/room_link.h"

struct entrance {
	const struct room_link *link;
	struct door *door;
	char *pin; /* of the configuration, or NULL */
	gboolean locked;
};

struct entrance *entrance_create(const struct room_link *link)
{
	struct entrance *ent = g_new0(struct entrance, 1);

	ent->link = link;
	ent->door = door_create();
	return ent;
}

void entrance_destroy(struct entrance **entp)
{
	struct entrance *ent = *entp;

	*entp = NULL;
	if (!ent)
		return;
	door_destroy(&ent->door);
	g_free(ent->pin);
	g_free(ent);
}

void entrance_configure(struct entrance *ent, const char *pin)
{
	g_free(ent->pin);
	ent->pin = g_strdup(pin);
}

void entrance_restore(struct entrance *ent, struct door *door)
{
	door_destroy(&ent->door);
	ent->door = door;
}

gboolean entrance_is_locked(const struct entrance *ent)
{
	return ent->locked;
}

const struct door *entrance_door(const struct entrance *ent)
{
	return ent->door;
}

const char *entrance_pin(const struct entrance *ent)
{
	if (ent->door->pin)
		return ent->door->pin;
	return ent->pin ? ent->pin : "";
}

static gboolean is_expected(const struct entrance *ent, const char *address)
{
	return expected_waits_for(room_expected(ent->link->room), address);
}

const char *entrance_pin_for(const struct entrance *ent, const char *address)
{
	return is_expected(ent, address) ? "" : entrance_pin(ent);
}

/* A device that is in the room may come back: the same person, with a new
 * leg. Who is held is `in` only for who is held. */
static gboolean is_in(const struct entrance *ent, const char *address,
		      const char *device, gboolean held)
{
	const GPtrArray *members = room_members(ent->link->room);

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		if (member_is_person(mem) && (held || !mem->held) &&
		    !strcmp(mem->address, address) &&
		    !strcmp(mem->device, device ? device : ""))
			return TRUE;
	}
	return FALSE;
}

enum entrance_verdict entrance_judge(const struct entrance *ent,
				     const char *address, const char *device,
				     gint64 now)
{
	if (room_is_moderator(ent->link->room, address))
		return ENTRANCE_OPEN;
	if (door_find(ent->door, address, now))
		return ENTRANCE_BANNED;
	if (ent->locked && !is_in(ent, address, device, TRUE) &&
	    !is_expected(ent, address))
		return ENTRANCE_LOCKED;
	return ENTRANCE_OPEN;
}

gboolean entrance_holds(const struct entrance *ent,
			const struct room_guest *guest)
{
	return ent->door->lobby && guest->via != MEMBER_BY_TOKEN &&
	       !room_is_moderator(ent->link->room, guest->address) &&
	       !is_in(ent, guest->address, guest->device, FALSE) &&
	       !is_expected(ent, guest->address);
}

void entrance_tell_held(const struct entrance *ent, struct member *mem)
{
	g_autofree char *message = in_band_hold(mem->held);

	room_link_tell(ent->link, mem, message);
}

void entrance_emptied(struct entrance *ent)
{
	if (!ent->locked)
		return;
	ent->locked = FALSE;
	room_link_state(ent->link, NULL);
}

void entrance_run(struct entrance *ent, gint64 now)
{
	if (door_expire(ent->door, now))
		room_link_bans(ent->link, NULL);
}

/* Moderators' actions. */

gboolean entrance_set_locked(struct entrance *ent, gboolean locked,
			     const char *by, GError **error)
{
	if (!room_obeys(ent->link->room, error))
		return FALSE;
	if (ent->locked == locked)
		return TRUE;
	ent->locked = locked;
	room_link_state(ent->link, by);
	return TRUE;
}

/* Takes over `next`, which is kept before it counts: what a restart would
 * forget is not done. */
static gboolean set_door(struct entrance *ent, struct door *next,
			 GError **error)
{
	const struct room_link *link = ent->link;

	if (!room_obeys(link->room, error) ||
	    !link->effects->keep_door(link->room, next, link->arg, error)) {
		door_destroy(&next);
		return FALSE;
	}
	door_destroy(&ent->door);
	ent->door = next;
	return TRUE;
}

gboolean entrance_set_lobby(struct entrance *ent, gboolean on, const char *by,
			    GError **error)
{
	struct door *next;

	if (ent->door->lobby == on)
		return room_obeys(ent->link->room, error);
	next = door_copy(ent->door);
	next->lobby = on;
	if (!set_door(ent, next, error))
		return FALSE;
	room_link_state(ent->link, by);
	return TRUE;
}

gboolean entrance_set_pin(struct entrance *ent, const char *pin, const char *by,
			  GError **error)
{
	struct door *next;

	if (!g_strcmp0(ent->door->pin, pin))
		return room_obeys(ent->link->room, error);
	next = door_copy(ent->door);
	g_free(next->pin);
	next->pin = g_strdup(pin);
	if (!set_door(ent, next, error))
		return FALSE;
	room_link_state(ent->link, by);
	return TRUE;
}

/* Each leg of that person. */
static void send_all_away(struct entrance *ent, const struct door_ban *ban)
{
	const GPtrArray *members = room_members(ent->link->room);

	for (guint i = 0; i < members->len;) {
		struct member *mem = members->pdata[i];

		if (member_is_person(mem) && mem->role != ROLE_MODERATOR &&
		    door_same_person(mem->address, ban->address))
			room_send_away(ent->link->room, mem, LEAVE_BANNED,
				       ban->by, ban->reason);
		else
			i++;
	}
}

gboolean entrance_ban(struct entrance *ent, const struct door_ban *ban,
		      GError **error)
{
	struct door *next;

	if (room_is_moderator(ent->link->room, ban->address)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "%s moderates the room.", ban->address);
		return FALSE;
	}
	next = door_copy(ent->door);
	if (!door_ban(next, ban)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_LIMIT,
			    "A room bans %d people at most; lift a ban first.",
			    DOOR_MAX_BANS);
		door_destroy(&next);
		return FALSE;
	}
	if (!set_door(ent, next, error))
		return FALSE;
	room_link_bans(ent->link, ban->by);
	send_all_away(ent, ban);
	return TRUE;
}

gboolean entrance_unban(struct entrance *ent, const char *address,
			const char *by, GError **error)
{
	struct door *next = door_copy(ent->door);

	if (!door_unban(next, address)) {
		door_destroy(&next);
		return room_obeys(ent->link->room, error);
	}
	if (!set_door(ent, next, error))
		return FALSE;
	room_link_bans(ent->link, by);
	return TRUE;
}

/* The lobby. */

static void let_in(struct entrance *ent, struct member *mem, const char *by)
{
	const struct room_link *link = ent->link;

	mem->held = FALSE;
	link->effects->set_deaf(mem, FALSE, link->arg);
	room_link_sound(link, mem, FALSE);
	entrance_tell_held(ent, mem);
	room_link_changed(link, mem, by);
}

gboolean entrance_admit(struct entrance *ent, guint32 member, const char *by,
			GError **error)
{
	struct member *mem = room_moderated(ent->link->room, member, error);

	if (mem && mem->held)
		let_in(ent, mem, by);
	return mem != NULL;
}

gboolean entrance_admit_all(struct entrance *ent, const char *by,
			    GError **error)
{
	const GPtrArray *members = room_members(ent->link->room);

	if (!room_obeys(ent->link->room, error))
		return FALSE;
	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (mem->held)
			let_in(ent, mem, by);
	}
	return TRUE;
}

gboolean entrance_refuse(struct entrance *ent, guint32 member, const char *by,
			 const char *reason, GError **error)
{
	struct member *mem = room_moderated(ent->link->room, member, error);

	if (!mem)
		return FALSE;
	if (!mem->held) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "%s is in the room already.", mem->name);
		return FALSE;
	}
	room_send_away(ent->link->room, mem, LEAVE_REFUSED, by, reason);
	return TRUE;
}
