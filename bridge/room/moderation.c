/* What moderators do to those who are in a room: see room.h. */
#include <string.h>

#include "bridge/room/consent.h"
#include "bridge/room/door.h"
#include "bridge/room/entrance.h"
#include "bridge/room/expected.h"
#include "bridge/room/in_band.h"
#include "bridge/room/room_link.h"

static void set_muted(const struct room_link *link, struct member *mem,
		      gboolean muted, const char *by)
{
	g_autofree char *message = in_band_mute(muted);
	const gboolean could = member_may_speak(mem);

	if (mem->muted == muted)
		return;
	mem->muted = muted;
	g_free(mem->muted_by);
	mem->muted_by = muted ? g_strdup(by) : NULL;
	consent_forget(mem);
	room_link_sound(link, mem, could);
	room_link_tell(link, mem, message);
	room_link_changed(link, mem, by);
}

gboolean room_mute(struct room *room, guint32 member, const char *by,
		   GError **error)
{
	struct member *mem = room_moderated(room, member, error);

	if (mem)
		set_muted(room_link(room), mem, TRUE, by);
	return mem != NULL;
}

gboolean room_unmute(struct room *room, guint32 member, const char *by,
		     GError **error)
{
	struct member *mem = room_moderated(room, member, error);

	if (mem)
		set_muted(room_link(room), mem, FALSE, by);
	return mem != NULL;
}

static gboolean is_one_of(guint32 id, const guint32 *ids, guint n)
{
	for (guint i = 0; i < n; i++)
		if (ids[i] == id)
			return TRUE;
	return FALSE;
}

gboolean room_mute_all(struct room *room, const guint32 *but, guint n,
		       const char *by, GError **error)
{
	const GPtrArray *members = room_members(room);

	if (!room_obeys(room, error))
		return FALSE;
	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (!is_one_of(mem->id, but, n))
			set_muted(room_link(room), mem, TRUE, by);
	}
	return TRUE;
}

gboolean room_set_volume(struct room *room, guint32 member, guint percent,
			 const char *by, GError **error)
{
	struct member *mem = room_moderated(room, member, error);

	if (!mem)
		return FALSE;
	percent = MIN(percent, ROOM_MAX_VOLUME);
	if (mem->volume == percent)
		return TRUE;
	mem->volume = percent;
	room_link(room)->effects->set_volume(mem, room_link(room)->arg);
	room_link_changed(room_link(room), mem, by);
	return TRUE;
}

gboolean room_ask_unmute(struct room *room, guint32 member, const char *by,
			 gint64 now_ms, GError **error)
{
	return consent_request(room_link(room), member, by, now_ms, error);
}

static void set_role(const struct room_link *link, struct member *mem,
		     enum member_role role, const char *by)
{
	g_autofree char *message = in_band_role(role);
	const gboolean could = member_may_speak(mem);

	if (mem->role == role)
		return;
	mem->role = role;
	room_link_sound(link, mem, could);
	room_link_tell(link, mem, message);
	room_link_changed(link, mem, by);
}

/* Why that cannot be, or NULL. */
static const char *hindrance(const struct room *room, const struct member *mem,
			     enum member_role role)
{
	if (!member_is_person(mem))
		return role == ROLE_MODERATOR ? "is a tool, and cannot moderate"
					      : NULL;
	if (room_is_configured_moderator(room, mem->address) &&
	    role != ROLE_MODERATOR)
		return "moderates the room by its configuration";
	return NULL;
}

gboolean room_set_role(struct room *room, guint32 member, enum member_role role,
		       const char *by, GError **error)
{
	const struct room_link *link = room_link(room);
	const GPtrArray *members = room_members(room);
	struct member *mem = room_moderated(room, member, error);
	const char *why = mem ? hindrance(room, mem, role) : NULL;

	if (why)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE, "%s %s.",
			    mem->name, why);
	if (!mem || why)
		return FALSE;
	if (!member_is_person(mem)) {
		set_role(link, mem, role, by);
		return TRUE;
	}
	room_give_role(room, mem->address, role);
	for (guint i = 0; i < members->len; i++) {
		struct member *leg = members->pdata[i];

		if (member_is_person(leg) &&
		    !g_strcmp0(leg->address, mem->address))
			set_role(link, leg, role, by);
	}
	return TRUE;
}

gboolean room_kick(struct room *room, guint32 member, const char *by,
		   const char *reason, GError **error)
{
	struct member *mem = room_moderated(room, member, error);

	if (mem)
		room_send_away(room, mem, LEAVE_KICKED, by, reason);
	return mem != NULL;
}

static gboolean impossible(GError **error, const char *whom, const char *why)
{
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE, "%s %s.", whom,
		    why);
	return FALSE;
}

static gboolean is_here(const struct room *room, const char *address)
{
	const GPtrArray *members = room_members(room);

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		if (member_is_person(mem) && mem->state == MEMBER_HERE &&
		    door_same_person(mem->address, address))
			return TRUE;
	}
	return FALSE;
}

/* Whether that person may be called in. */
static gboolean may_be_called(struct room *room, const char *address,
			      gint64 now, GError **error)
{
	const struct door *door = entrance_door(room_entrance(room));

	if (!room_obeys(room, error))
		return FALSE;
	if (door_find(door, address, now))
		return impossible(error, address, "is banned from the room");
	return expected_has_room(room_expected(room), address, error);
}

gboolean room_invite(struct room *room, const char *address, const char *name,
		     const char *by, gint64 now, GError **error)
{
	const struct room_link *link = room_link(room);
	gboolean mailed;
	struct expected_guest guest = { .name = (char *)name,
					.how = EXPECTED_BY_PHONE,
					.by = (char *)by };

	if (!may_be_called(room, address, now, error))
		return FALSE;
	if (is_here(room, address))
		return impossible(error, address, "is in the room already");
	if (!link->effects->invite) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
			    "This bridge cannot do that.");
		return FALSE;
	}
	guest.address = g_strdup(address);
	mailed = link->effects->invite(room, &guest, link->arg, error);
	if (mailed)
		expected_add(room_expected(room), &guest);
	g_free(guest.address);
	return mailed;
}

static gboolean same_domain(const struct room *room, const struct room *other)
{
	return !g_ascii_strcasecmp(strrchr(room_address(room), '@'),
				   strrchr(room_address(other), '@'));
}

/* Why mem cannot be called elsewhere, or NULL. */
static const char *stays(const struct member *mem, const struct room *other)
{
	if (mem->via != MEMBER_BY_MAIL)
		return member_is_person(mem)
			       ? "came by a browser, which cannot call "
				 "elsewhere"
			       : "is a tool, which cannot call elsewhere";
	if (mem->state != MEMBER_HERE)
		return "is not here yet";
	/* A phone calls no address that somebody made up. */
	if (!same_domain(mem->room, other))
		return "cannot be moved into another domain: phones do not "
		       "follow there";
	return NULL;
}

/* NULL: there is none, or `by` does not moderate it. */
static struct room *moderated_room(const struct room *room, const char *address,
				   const char *by, GError **error)
{
	const struct room_link *link = room_link(room);
	struct room *other =
		link->effects->find_room
			? link->effects->find_room(address, link->arg)
			: NULL;

	if (other && room_is_moderator(other, by))
		return other;
	impossible(error, address, "is no room that you moderate");
	return NULL;
}

static gboolean has_seat_for(const struct room *room, const struct member *mem,
			     GError **error)
{
	if (is_here(room, mem->address) ||
	    room_people(room) < room_capacity(room))
		return TRUE;
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_LIMIT, "%s is full.",
		    room_name(room));
	return FALSE;
}

gboolean room_move(struct room *room, guint32 member, const char *to,
		   const char *by, gint64 now, GError **error)
{
	struct member *mem = room_moderated(room, member, error);
	struct room *other = mem ? moderated_room(room, to, by, error) : NULL;
	const char *why;

	if (!other || other == room)
		return other != NULL;
	why = stays(mem, other);
	if (why)
		return impossible(error, mem->name, why);
	if (!may_be_called(other, mem->address, now, error) ||
	    !has_seat_for(other, mem, error))
		return FALSE;
	expected_add(room_expected(other),
		     &(struct expected_guest){ .address = mem->address,
					       .name = mem->name,
					       .how = EXPECTED_MOVED,
					       .by = (char *)by });
	room_send_on(room, mem, room_address(other), by);
	return TRUE;
}

gboolean room_end(struct room *room, const char *by, const char *reason,
		  GError **error)
{
	const GPtrArray *members = room_members(room);

	if (!room_obeys(room, error))
		return FALSE;
	while (members->len)
		room_send_away(room, members->pdata[0], LEAVE_ENDED, by,
			       reason);
	return TRUE;
}
