#include "bridge/room/room.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/room/consent.h"
#include "bridge/room/drain.h"
#include "bridge/room/entrance.h"
#include "bridge/room/expected.h"
#include "bridge/room/floor.h"
#include "bridge/room/in_band.h"
#include "bridge/room/member.h"
#include "bridge/room/room_link.h"

/* Characters of what a moderator writes to one who is sent away: with the JSON
 * around it, even if each is escaped, it must fit into one RTCP packet. */
#define MAX_REASON 128

G_DEFINE_QUARK(room - error - quark, room_error)

struct room {
	char *address;
	char *name;
	GStrv moderators;
	guint capacity;
	gboolean kept;
	const struct room_effects *effects;
	const struct room_observer *observer; /* may be NULL */
	void *arg;
	struct room_link link;
	struct floor *floor;
	struct room_sound sound;
	gint64 mail_delay_s;
	struct entrance *entrance;
	struct drain *drain;
	struct expected *expected;
	GHashTable *roles;  /* address => enum member_role, in this meeting */
	GPtrArray *members; /* struct member, in order of arrival */
	/* Thousands may come at once: nothing goes through all of them then. */
	GHashTable *by_id;   /* member id => the same */
	GHashTable *devices; /* member_device_key() => how many legs */
};

static void tell_observer(struct room *room, struct member *mem,
			  enum room_change change, const char *by)
{
	if (room->observer)
		room->observer->changed(room, mem, change, by, room->arg);
}

gboolean member_may_speak(const struct member *mem)
{
	return !mem->muted && !mem->held && mem->role != ROLE_LISTENER;
}

gboolean member_is_person(const struct member *mem)
{
	return mem->via != MEMBER_BY_TOKEN;
}

char *member_shown_name(const struct member *mem)
{
	if (!member_is_person(mem) || strcmp(mem->name, mem->address) != 0)
		return g_strdup(mem->name);
	return g_strndup(mem->name, strcspn(mem->name, "@"));
}

/* A tool's name is no address. */
static enum member_role role_of(const struct room *room,
				const struct member *mem)
{
	return member_is_person(mem) ? room_role_of(room, mem->address)
				     : mem->role;
}

struct room *room_create(const struct room_config *cfg,
			 const struct room_effects *effects,
			 const struct room_observer *observer, void *arg)
{
	struct room *room = g_new0(struct room, 1);

	room->address = g_strdup(cfg->address);
	room->kept = TRUE;
	room->mail_delay_s = -1;
	room->effects = effects;
	room->observer = observer;
	room->arg = arg;
	room->link = (struct room_link){ room, effects, observer, arg };
	room->floor = floor_create(&room->link);
	room->entrance = entrance_create(&room->link);
	room->drain = drain_create(&room->link);
	room->expected = expected_create(&room->link);
	room->roles =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	room->members = g_ptr_array_new();
	room->by_id = g_hash_table_new(NULL, NULL);
	room->devices =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	room_configure(room, cfg);
	return room;
}

/* The moderators are others, perhaps. */
static void renew_roles(struct room *room)
{
	for (guint i = 0; i < room->members->len; i++) {
		struct member *mem = room->members->pdata[i];
		const enum member_role role = role_of(room, mem);
		const gboolean could = member_may_speak(mem);

		if (mem->role == role)
			continue;
		mem->role = role;
		room_link_sound(&room->link, mem, could);
		room_link_changed(&room->link, mem, NULL);
	}
}

void room_configure(struct room *room, const struct room_config *cfg)
{
	g_free(room->name);
	g_strfreev(room->moderators);
	room->name = g_strdup(cfg->name ? cfg->name : cfg->address);
	room->moderators = g_strdupv((char **)cfg->moderators);
	room->capacity = cfg->capacity;
	entrance_configure(room->entrance, cfg->pin);
	renew_roles(room);
}

static guint count_legs(const struct room *room, const struct member *mem)
{
	g_autofree char *key = member_device_key(mem);

	return GPOINTER_TO_UINT(g_hash_table_lookup(room->devices, key));
}

static void add_member(struct room *room, struct member *mem)
{
	guint legs = count_legs(room, mem) + 1;

	g_ptr_array_add(room->members, mem);
	g_hash_table_insert(room->by_id, GUINT_TO_POINTER(mem->id), mem);
	g_hash_table_insert(room->devices, member_device_key(mem),
			    GUINT_TO_POINTER(legs));
}

static void remove_member(struct room *room, struct member *mem)
{
	guint legs = count_legs(room, mem) - 1;
	g_autofree char *key = member_device_key(mem);

	g_ptr_array_remove(room->members, mem);
	g_hash_table_remove(room->by_id, GUINT_TO_POINTER(mem->id));
	if (legs)
		g_hash_table_insert(room->devices, g_steal_pointer(&key),
				    GUINT_TO_POINTER(legs));
	else
		g_hash_table_remove(room->devices, key);
}

static void end_meeting(struct room *room)
{
	g_hash_table_remove_all(room->roles);
	entrance_emptied(room->entrance);
}

/* The one way out of a room. */
static void leave(struct room *room, struct member *mem, enum member_leave why,
		  const char *by, const char *text)
{
	g_autofree char *message = NULL;
	gboolean had_floor;

	if (mem->state == MEMBER_HERE)
		message = in_band_end(why, text);
	mem->state = MEMBER_GONE;
	mem->leave = why;
	had_floor = floor_left(room->floor, mem);
	remove_member(room, mem);
	g_info("room: left room=%s member=%u why=%s", room->address, mem->id,
	       member_leave_word(why));
	if (message)
		room->effects->tell(mem, message, room->arg);
	room->effects->end_media(mem, room->arg);
	tell_observer(room, mem, ROOM_MEMBER_GONE, by);
	/* Where another bridge keeps the room nothing has changed. */
	if (had_floor && why != LEAVE_HANDED_ON)
		tell_observer(room, NULL, ROOM_STATE, by);
	drain_left(room->drain, mem->gate);
	member_destroy(&mem);
	if (!room->members->len)
		end_meeting(room);
}

void room_send_away(struct room *room, struct member *mem,
		    enum member_leave why, const char *by, const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);
	g_autofree char *told = g_utf8_substring(
		valid, 0, MIN(g_utf8_strlen(valid, -1), MAX_REASON));

	leave(room, mem, why, by, told);
}

void room_send_on(struct room *room, struct member *mem, const char *to,
		  const char *by)
{
	leave(room, mem, LEAVE_MOVED, by, to);
}

void room_destroy(struct room **roomp)
{
	struct room *room = *roomp;

	*roomp = NULL;
	if (!room)
		return;
	while (room->members->len)
		leave(room, g_ptr_array_index(room->members, 0), LEAVE_ENDED,
		      NULL, NULL);
	tell_observer(room, NULL, ROOM_CLOSED, NULL);
	floor_destroy(&room->floor);
	entrance_destroy(&room->entrance);
	drain_destroy(&room->drain);
	expected_destroy(&room->expected);
	g_hash_table_unref(room->roles);
	g_ptr_array_unref(room->members);
	g_hash_table_unref(room->by_id);
	g_hash_table_unref(room->devices);
	g_strfreev(room->moderators);
	g_free(room->sound.recording);
	g_free(room->sound.recorded_by);
	g_free(room->sound.announcing);
	g_free(room->name);
	g_free(room->address);
	g_free(room);
}

const char *room_address(const struct room *room)
{
	return room->address;
}

const char *room_name(const struct room *room)
{
	return room->name;
}

guint room_capacity(const struct room *room)
{
	return room->capacity;
}

void room_set_kept(struct room *room, gboolean kept)
{
	room->kept = kept;
}

gboolean room_is_kept(const struct room *room)
{
	return room->kept;
}

const GPtrArray *room_members(const struct room *room)
{
	return room->members;
}

struct member *room_member(const struct room *room, guint32 id)
{
	return g_hash_table_lookup(room->by_id, GUINT_TO_POINTER(id));
}

struct floor *room_floor(const struct room *room)
{
	return room->floor;
}

struct entrance *room_entrance(const struct room *room)
{
	return room->entrance;
}

struct drain *room_drain(const struct room *room)
{
	return room->drain;
}

struct expected *room_expected(const struct room *room)
{
	return room->expected;
}

const struct room_link *room_link(const struct room *room)
{
	return &room->link;
}

gboolean room_is_configured_moderator(const struct room *room,
				      const char *address)
{
	return room->moderators &&
	       g_strv_contains((const char *const *)room->moderators, address);
}

enum member_role room_role_of(const struct room *room, const char *address)
{
	if (room_is_configured_moderator(room, address))
		return ROLE_MODERATOR;
	return (enum member_role)GPOINTER_TO_UINT(
		g_hash_table_lookup(room->roles, address));
}

void room_give_role(struct room *room, const char *address,
		    enum member_role role)
{
	if (role == ROLE_MEMBER)
		g_hash_table_remove(room->roles, address);
	else
		g_hash_table_insert(room->roles, g_strdup(address),
				    GUINT_TO_POINTER(role));
}

gboolean room_is_moderator(const struct room *room, const char *address)
{
	return room_role_of(room, address) == ROLE_MODERATOR;
}

/* Devices, not legs: a leg and the one that is going to replace it are one
 * seat, or nobody could come back into a full room. */
guint room_people(const struct room *room)
{
	return g_hash_table_size(room->devices);
}

struct member *room_seat(struct room *room, const struct room_guest *guest)
{
	struct member *mem = member_create(room, guest);

	if (!count_legs(room, mem) && room_people(room) >= room->capacity) {
		member_destroy(&mem);
		return NULL;
	}
	mem->role = role_of(room, mem);
	mem->held = entrance_holds(room->entrance, guest);
	add_member(room, mem);
	tell_observer(room, mem, ROOM_MEMBER_ADDED, NULL);
	return mem;
}

struct member *room_adopt(struct room *room, const struct room_guest *guest,
			  const struct room_past *past)
{
	struct member *mem = member_create(room, guest);

	mem->state = past->state;
	mem->since = past->since;
	mem->muted = past->muted;
	mem->self_muted = past->self_muted;
	mem->volume = past->volume;
	mem->talked_s = past->talked_s;
	mem->role = past->role; /* a tool's stays so */
	if (past->role != ROLE_MEMBER && member_is_person(mem))
		room_give_role(room, mem->address, past->role);
	mem->role = role_of(room, mem);
	g_free(mem->path);
	mem->path = g_strdup(past->path);
	add_member(room, mem);
	floor_restore_hand(room->floor, mem, past->hand_ms);
	if (past->has_floor)
		floor_restore(room->floor, mem, past->floor_until_ms,
			      past->mute_after);
	tell_observer(room, mem, ROOM_MEMBER_ADDED, NULL);
	return mem;
}

void room_hand_on(struct room *room)
{
	while (room->members->len)
		leave(room, g_ptr_array_index(room->members, 0),
		      LEAVE_HANDED_ON, NULL, NULL);
}

/* The older legs of a device that has just registered anew. */
static void replace_older(struct room *room, const struct member *mem)
{
	g_autofree char *device = member_device_key(mem);

	for (guint i = 0;
	     i < room->members->len && count_legs(room, mem) > 1;) {
		struct member *other = g_ptr_array_index(room->members, i);
		g_autofree char *key = member_device_key(other);

		if (other->id < mem->id && !strcmp(key, device))
			leave(room, other, LEAVE_REPLACED, NULL, NULL);
		else
			i++;
	}
}

void room_registered(struct room *room, struct member *mem, const char *path,
		     gint64 now)
{
	gboolean first = mem->state == MEMBER_INVITED;

	g_free(mem->path);
	mem->path = g_strdup(path);
	if (first) {
		mem->state = MEMBER_HERE;
		mem->since = now;
		g_info("room: joined room=%s member=%u gate=%s", room->address,
		       mem->id, mem->gate);
	}
	if (first && mem->held)
		entrance_tell_held(room->entrance, mem);
	tell_observer(room, mem, ROOM_MEMBER_CHANGED, NULL);
	if (first && member_is_person(mem))
		expected_came(room->expected, mem->address);
	if (first)
		replace_older(room, mem);
}

void room_moved(struct room *room, struct member *mem, const char *gate)
{
	g_autofree char *before = mem->gate;

	mem->gate = g_strdup(gate);
	tell_observer(room, mem, ROOM_MEMBER_CHANGED, NULL);
	drain_left(room->drain, before);
}

void room_left(struct room *room, struct member *mem, enum member_leave why)
{
	leave(room, mem, why, NULL, NULL);
}

void room_expire(struct room *room, gint64 now)
{
	for (guint i = 0; i < room->members->len;) {
		struct member *mem = g_ptr_array_index(room->members, i);

		if (mem->state == MEMBER_INVITED && mem->deadline <= now)
			leave(room, mem, LEAVE_NO_SHOW, NULL, NULL);
		else
			i++;
	}
}

void room_figures(struct room *room, struct member *mem)
{
	tell_observer(room, mem, ROOM_MEMBER_FIGURES, NULL);
}

void room_self_muted(struct room *room, struct member *mem, gboolean muted)
{
	if (mem->self_muted == muted)
		return;
	mem->self_muted = muted;
	if (!muted && !mem->muted)
		consent_forget(mem);
	tell_observer(room, mem, ROOM_MEMBER_CHANGED, NULL);
}

void room_run(struct room *room, gint64 now_ms)
{
	floor_run(room->floor, now_ms);
	consent_run(&room->link, now_ms);
	entrance_run(room->entrance, now_ms / 1000);
	expected_run(room->expected, now_ms / 1000);
}

void room_hear(struct room *room, struct member *mem, const struct in_band *msg,
	       gint64 now_ms)
{
	if (mem->state != MEMBER_HERE)
		return;
	switch (msg->type) {
	case IN_BAND_SELF_MUTE:
		room_self_muted(room, mem, msg->on);
		break;
	case IN_BAND_HAND:
		floor_hand(room->floor, mem, msg->on, now_ms);
		break;
	case IN_BAND_ANSWER:
		consent_answer(&room->link, mem, msg->n, msg->on);
		break;
	case IN_BAND_TYPES:
		break;
	}
}

gboolean room_obeys(const struct room *room, GError **error)
{
	if (!room->kept)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_KEPT,
			    "Another bridge keeps %s, or nobody can for now.",
			    room->name);
	return room->kept;
}

struct member *room_moderated(struct room *room, guint32 id, GError **error)
{
	struct member *mem = room_member(room, id);

	if (!room_obeys(room, error))
		return NULL;
	if (!mem)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_HERE,
			    "Nobody with number %u is in %s any more.", id,
			    room->name);
	return mem;
}

void room_refresh_levels(struct room *room)
{
	room->effects->refresh_levels(room, room->arg);
}

double room_stress(const struct room *room)
{
	return room->effects->stress ? room->effects->stress(room, room->arg)
				     : -1;
}

static gboolean unsupported(GError **error)
{
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
		    "This bridge cannot do that.");
	return FALSE;
}

gboolean room_record(struct room *room, gboolean on, const char *by,
		     GError **error)
{
	if (!room_obeys(room, error))
		return FALSE;
	if (!room->effects->record)
		return unsupported(error);
	return room->effects->record(room, on, by, error, room->arg);
}

gboolean room_announce(struct room *room, const char *name, GError **error)
{
	if (!room_obeys(room, error))
		return FALSE;
	if (!room->effects->announce)
		return unsupported(error);
	return room->effects->announce(room, name, error, room->arg);
}

gboolean room_hush(struct room *room, GError **error)
{
	if (!room_obeys(room, error))
		return FALSE;
	if (room->effects->hush)
		room->effects->hush(room, room->arg);
	return TRUE;
}

gboolean room_delete_recording(struct room *room, const char *id,
			       const char *by, GError **error)
{
	if (!room->effects->delete_recording)
		return unsupported(error);
	return room->effects->delete_recording(room, id, by, error, room->arg);
}

static void set_text(char **textp, const char *text)
{
	g_free(*textp);
	*textp = g_strdup(text);
}

void room_set_recording(struct room *room, const char *id, gint64 since_ms,
			const char *by)
{
	set_text(&room->sound.recording, id);
	set_text(&room->sound.recorded_by, by);
	room->sound.recorded_since = since_ms;
	tell_observer(room, NULL, ROOM_STATE, by);
}

void room_set_announcing(struct room *room, const char *name, gint64 until_ms)
{
	set_text(&room->sound.announcing, name);
	room->sound.announced_until = until_ms;
	tell_observer(room, NULL, ROOM_STATE, NULL);
}

const struct room_sound *room_sound(const struct room *room)
{
	return &room->sound;
}

void room_set_mail_delay(struct room *room, gint64 seconds)
{
	if (room->mail_delay_s == seconds)
		return;
	room->mail_delay_s = seconds;
	tell_observer(room, NULL, ROOM_STATE, NULL);
}

gint64 room_mail_delay(const struct room *room)
{
	return room->mail_delay_s;
}
