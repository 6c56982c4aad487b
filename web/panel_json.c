#include "web/panel_json.h"

#include <math.h>

#include <jansson.h>

#include "bridge/room/drain.h"
#include "bridge/room/entrance.h"
#include "bridge/room/expected.h"
#include "bridge/room/floor.h"
#include "web/command.h"

#define API_VERSION 1
/* Shorter silence is a pause. */
#define SILENT_S 10

GBytes *panel_json_bytes(json_t *object)
{
	/* Six digits, or 0.1 would be sent as 0.10000000000000001. */
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));
	gsize size = strlen(text);

	json_decref(object);
	/* jansson has malloc's free, as GLib has */
	return g_bytes_new_with_free_func(text, size, free, text);
}

json_t *panel_json_string(const char *text)
{
	g_autofree char *valid = g_utf8_make_valid(text ? text : "", -1);

	return json_string(valid);
}

json_t *panel_json_rounded(double value, double unit)
{
	if (!isfinite(value))
		return json_integer(0);
	return json_real(round(value / unit) * unit);
}

static const char *const states[] = {
	[MEMBER_INVITED] = "invited",
	[MEMBER_HERE] = "here",
	[MEMBER_GONE] = "gone",
};

static const char *const vias[] = {
	[MEMBER_BY_MAIL] = "mail",
	[MEMBER_BY_TOKEN] = "tool",
	[MEMBER_BY_BROWSER] = "browser",
};

static const char *const leaves[] = {
	[LEAVE_NOT_GONE] = "",	       [LEAVE_BYE] = "bye",
	[LEAVE_LOST] = "lost",	       [LEAVE_NO_SHOW] = "no-show",
	[LEAVE_REPLACED] = "replaced", [LEAVE_KICKED] = "kicked",
	[LEAVE_ENDED] = "ended",       [LEAVE_HANDED_ON] = "handed-on",
	[LEAVE_REFUSED] = "refused",   [LEAVE_BANNED] = "banned",
	[LEAVE_MOVED] = "moved",
};

static const char *const roles[ROLES] = {
	[ROLE_MEMBER] = "member",
	[ROLE_MODERATOR] = "moderator",
	[ROLE_LISTENER] = "listener",
};

static const char *const askeds[] = {
	[ASKED_WAITING] = "waiting",
	[ASKED_REFUSED] = "refused",
	[ASKED_UNANSWERED] = "unanswered",
};

void panel_json_put_known(json_t *object, const char *name, double value,
			  double unit)
{
	if (value >= 0)
		json_object_set_new(object, name,
				    panel_json_rounded(value, unit));
}

static json_t *direction_of(const struct member_figures *fig)
{
	json_t *object = json_object();

	panel_json_put_known(object, "loss", fig->loss, 0.0001);
	panel_json_put_known(object, "late", fig->late, 0.0001);
	panel_json_put_known(object, "concealed", fig->concealed, 0.0001);
	panel_json_put_known(object, "recovered", fig->recovered, 0.0001);
	panel_json_put_known(object, "jitter_ms", fig->jitter_ms, 0.1);
	panel_json_put_known(object, "buffer_ms", fig->buffer_ms, 1);
	panel_json_put_known(object, "mos", fig->mos, 0.01);
	return object;
}

static guint silent_s(const struct member *mem)
{
	return mem->silent_s < SILENT_S || mem->self_muted ? 0 : mem->silent_s;
}

/* What changes once a second. */
json_t *panel_json_figures_of(const struct member *mem)
{
	json_t *object = json_pack(
		"{s:I, s:b, s:I, s:I, s:o, s:o}", "id", (json_int_t)mem->id,
		"talking", mem->talking, "talked_s", (json_int_t)mem->talked_s,
		"silent_s", (json_int_t)silent_s(mem), "in",
		direction_of(&mem->in), "out", direction_of(&mem->out));

	panel_json_put_known(object, "round_trip_ms", mem->round_trip_ms, 0.1);
	return object;
}

static json_t *member_of(const struct member *mem)
{
	json_t *object = panel_json_figures_of(mem);
	json_t *rest = json_pack(
		"{s:o, s:o, s:o, s:s, s:s, s:s, s:b, s:b, s:b, s:i, s:o, s:o, "
		"s:I, s:i}",
		"address", panel_json_string(mem->address), "name",
		panel_json_string(mem->name), "device",
		panel_json_string(mem->device), "via", vias[mem->via], "state",
		states[mem->state], "role", roles[mem->role], "held", mem->held,
		"muted", mem->muted, "self_muted", mem->self_muted, "volume",
		(int)mem->volume, "gate", panel_json_string(mem->gate), "path",
		panel_json_string(mem->path), "since", (json_int_t)mem->since,
		"level", mem->level);

	json_object_update(object, rest);
	json_decref(rest);
	if (mem->muted_by)
		json_object_set_new(object, "muted_by",
				    panel_json_string(mem->muted_by));
	if (mem->hand_ms)
		json_object_set_new(object, "hand", json_integer(mem->hand_ms));
	if (mem->asked)
		json_object_set_new(object, "asked",
				    json_string(askeds[mem->asked]));
	return object;
}

GBytes *panel_json_hello(const char *address)
{
	json_t *does = json_array();

	for (guint i = 0; i < COMMAND_VERBS; i++)
		json_array_append_new(
			does, json_string(command_name((enum command_verb)i)));
	return panel_json_bytes(json_pack(
		"{s:s, s:i, s:o, s:o}", "t", "hello", "v", API_VERSION,
		"address", panel_json_string(address), "does", does));
}

static json_t *room_of(const struct room *room)
{
	return json_pack("{s:o, s:o, s:i, s:i, s:b}", "room",
			 panel_json_string(room_address(room)), "name",
			 panel_json_string(room_name(room)), "people",
			 (int)room_people(room), "capacity",
			 (int)room_capacity(room), "kept", room_is_kept(room));
}

GBytes *panel_json_rooms(const GPtrArray *rooms)
{
	json_t *array = json_array();

	for (guint i = 0; i < rooms->len; i++)
		json_array_append_new(array, room_of(rooms->pdata[i]));
	return panel_json_bytes(
		json_pack("{s:s, s:o}", "t", "rooms", "rooms", array));
}

static json_t *floor_of(const struct floor *flr)
{
	const struct member *mem = floor_holder(flr);
	const gint64 until_ms = floor_until_ms(flr);

	if (!mem)
		return json_null();
	return json_pack("{s:I, s:o}", "member", (json_int_t)mem->id, "until",
			 until_ms ? json_integer(until_ms) : json_null());
}

static json_t *recording_of(const struct room_sound *sound)
{
	if (!sound->recording)
		return json_null();
	return json_pack("{s:s, s:I, s:o}", "recording", sound->recording,
			 "since", (json_int_t)sound->recorded_since, "by",
			 panel_json_string(sound->recorded_by));
}

/* One that is over may still stand there. */
static json_t *announcing_of(const struct room_sound *sound)
{
	if (!sound->announcing ||
	    sound->announced_until <= g_get_real_time() / 1000)
		return json_null();
	return json_pack("{s:o, s:I}", "name",
			 panel_json_string(sound->announcing), "until",
			 (json_int_t)sound->announced_until);
}

static guint count_held(const struct room *room)
{
	const GPtrArray *members = room_members(room);
	guint n = 0;

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		n += mem->held ? 1 : 0;
	}
	return n;
}

static json_t *draining_of(const struct room *room)
{
	json_t *array = json_array();
	GHashTableIter iter;
	const char *gate;

	g_hash_table_iter_init(&iter, drain_gates(room_drain(room)));
	while (g_hash_table_iter_next(&iter, (void **)&gate, NULL))
		json_array_append_new(array, panel_json_string(gate));
	return array;
}

static json_t *state_of(const struct room *room)
{
	const struct entrance *ent = room_entrance(room);
	const struct room_sound *sound = room_sound(room);
	const gint64 delay = room_mail_delay(room);

	return json_pack(
		"{s:i, s:i, s:b, s:b, s:i, s:o, s:o, s:o, s:o, s:o, s:o}",
		"people", (int)room_people(room), "capacity",
		(int)room_capacity(room), "locked", entrance_is_locked(ent),
		"lobby", entrance_door(ent)->lobby, "held",
		(int)count_held(room), "pin",
		panel_json_string(entrance_pin(ent)), "floor",
		floor_of(room_floor(room)), "recording", recording_of(sound),
		"announcing", announcing_of(sound), "mail_delay",
		delay < 0 ? json_null() : json_integer(delay), "draining",
		draining_of(room));
}

static json_t *bans_of(const struct room *room)
{
	const GPtrArray *bans = entrance_door(room_entrance(room))->bans;
	json_t *array = json_array();

	for (guint i = 0; i < bans->len; i++) {
		const struct door_ban *ban = bans->pdata[i];

		json_array_append_new(
			array, json_pack("{s:o, s:I, s:I, s:o, s:o}", "address",
					 panel_json_string(ban->address),
					 "until", (json_int_t)ban->until, "at",
					 (json_int_t)ban->at, "by",
					 panel_json_string(ban->by), "reason",
					 panel_json_string(ban->reason)));
	}
	return array;
}

static json_t *expected_of(const struct room *room)
{
	static const char *const hows[EXPECTED_HOWS] = {
		[EXPECTED_BY_PHONE] = "phone",
		[EXPECTED_MOVED] = "move",
	};
	static const char *const becomes[EXPECTED_STATES] = {
		[EXPECTED_WAITING] = "waiting",
		[EXPECTED_DECLINED] = "declined",
		[EXPECTED_FAILED] = "failed",
	};
	const GPtrArray *guests = expected_guests(room_expected(room));
	json_t *array = json_array();

	for (guint i = 0; i < guests->len; i++) {
		const struct expected_guest *guest = guests->pdata[i];

		json_array_append_new(
			array,
			json_pack("{s:o, s:o, s:s, s:s, s:I, s:I, s:o}",
				  "address", panel_json_string(guest->address),
				  "name", panel_json_string(guest->name), "how",
				  hows[guest->how], "state",
				  becomes[guest->state], "at",
				  (json_int_t)guest->at, "until",
				  (json_int_t)guest->until, "by",
				  panel_json_string(guest->by)));
	}
	return array;
}

GBytes *panel_json_snapshot(const struct room *room, guint64 n, gint64 now_ms)
{
	const GPtrArray *members = room_members(room);
	json_t *array = json_array();

	for (guint i = 0; i < members->len; i++)
		json_array_append_new(array, member_of(members->pdata[i]));
	return panel_json_bytes(json_pack(
		"{s:s, s:I, s:I, s:o, s:o, s:i, s:o, s:o, s:o, s:o}", "t",
		"snapshot", "n", (json_int_t)n, "at", (json_int_t)now_ms,
		"room", panel_json_string(room_address(room)), "name",
		panel_json_string(room_name(room)), "capacity",
		(int)room_capacity(room), "state", state_of(room), "bans",
		bans_of(room), "expected", expected_of(room), "members",
		array));
}

GBytes *panel_json_event(const struct member *mem, enum room_change change,
			 const char *by, guint64 n)
{
	static const char *const names[] = {
		[ROOM_MEMBER_ADDED] = "added",
		[ROOM_MEMBER_CHANGED] = "changed",
		[ROOM_MEMBER_GONE] = "gone",
	};
	json_t *object = json_pack("{s:s, s:I, s:o}", "t", names[change], "n",
				   (json_int_t)n, "member", member_of(mem));

	if (by)
		json_object_set_new(object, "by", panel_json_string(by));
	if (change == ROOM_MEMBER_GONE)
		json_object_set_new(object, "why",
				    json_string(leaves[mem->leave]));
	return panel_json_bytes(object);
}

GBytes *panel_json_room_event(const struct room *room, enum room_change change,
			      const char *by, guint64 n)
{
	static const struct {
		enum room_change change;
		const char *name, *what;
		json_t *(*of)(const struct room *room);
	} kinds[] = {
		{ ROOM_STATE, "room", "state", state_of },
		{ ROOM_BANS, "bans", "bans", bans_of },
		{ ROOM_EXPECTED, "expected", "expected", expected_of },
	};
	json_t *object;
	guint i = 0;

	while (i < G_N_ELEMENTS(kinds) - 1 && kinds[i].change != change)
		i++;
	object = json_pack("{s:s, s:I, s:o}", "t", kinds[i].name, "n",
			   (json_int_t)n, kinds[i].what, kinds[i].of(room));
	if (by)
		json_object_set_new(object, "by", panel_json_string(by));
	return panel_json_bytes(object);
}

GBytes *panel_json_closed(const char *room)
{
	return panel_json_bytes(json_pack("{s:s, s:o}", "t", "closed", "room",
					  panel_json_string(room)));
}

GBytes *panel_json_figures(const struct room *room, guint first, guint n)
{
	const GPtrArray *members = room_members(room);
	json_t *array = json_array(), *figures;

	for (guint i = first; i < members->len && i - first < n; i++) {
		const struct member *mem = members->pdata[i];

		if (mem->state == MEMBER_HERE)
			json_array_append_new(array,
					      panel_json_figures_of(mem));
	}
	figures = json_pack("{s:s, s:o}", "t", "figures", "members", array);
	if (!first)
		panel_json_put_known(figures, "stress", room_stress(room),
				     0.001);
	return panel_json_bytes(figures);
}

GBytes *panel_json_done(gint64 id)
{
	return panel_json_bytes(
		json_pack("{s:s, s:I}", "t", "done", "id", (json_int_t)id));
}

GBytes *panel_json_error(gint64 id, const char *code, const char *text)
{
	return panel_json_bytes(json_pack("{s:s, s:I, s:s, s:o}", "t", "error",
					  "id", (json_int_t)id, "code", code,
					  "text", panel_json_string(text)));
}
