#include "web/join_json.h"

#include <jansson.h>

#include "bridge/room/floor.h"
#include "web/panel_json.h"

static const char *const roles[ROLES] = {
	[ROLE_MEMBER] = "member",
	[ROLE_MODERATOR] = "moderator",
	[ROLE_LISTENER] = "listener",
};

GBytes *join_json_hello(const struct member *mem)
{
	return panel_json_bytes(json_pack(
		"{s:s, s:i, s:I, s:o, s:o, s:o, s:o}", "t", "hello", "v", 1,
		"id", (json_int_t)mem->id, "name", panel_json_string(mem->name),
		"address", panel_json_string(mem->address), "room",
		panel_json_string(room_address(mem->room)), "room_name",
		panel_json_string(room_name(mem->room))));
}

/* From 1; 0: the hand is down. */
static guint place_of(const struct member *mem)
{
	guint at;

	return g_ptr_array_find((GPtrArray *)floor_queue(room_floor(mem->room)),
				mem, &at)
		       ? at + 1
		       : 0;
}

GBytes *join_json_you(const struct member *mem)
{
	const struct floor *flr = room_floor(mem->room);
	const gboolean has_floor = floor_holder(flr) == mem;

	return panel_json_bytes(json_pack(
		"{s:s, s:b, s:b, s:s, s:b, s:b, s:i, s:I, s:b, s:I, s:b}", "t",
		"you", "here", mem->state == MEMBER_HERE, "held", mem->held,
		"role", roles[mem->role], "muted", mem->muted, "self_muted",
		mem->self_muted, "hand", (int)place_of(mem), "asked",
		(json_int_t)(mem->asked == ASKED_WAITING ? mem->asked_n : 0),
		"floor", has_floor, "floor_until",
		(json_int_t)(has_floor ? floor_until_ms(flr) : 0), "recording",
		!mem->held && room_sound(mem->room)->recording != NULL));
}

static json_t *person_of(const struct member *mem, const struct floor *flr)
{
	g_autofree char *name = member_shown_name(mem);
	json_t *person =
		json_pack("{s:I, s:o, s:s}", "id", (json_int_t)mem->id, "name",
			  panel_json_string(name), "role", roles[mem->role]);

	if (mem->muted || mem->self_muted)
		json_object_set_new(person, "muted", json_true());
	if (mem->hand_ms)
		json_object_set_new(person, "hand", json_true());
	if (floor_holder(flr) == mem)
		json_object_set_new(person, "floor", json_true());
	return person;
}

GBytes *join_json_people(const struct room *room)
{
	const GPtrArray *members = room_members(room);
	json_t *list = json_array();
	guint n = 0;

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		if (mem->state != MEMBER_HERE || mem->held)
			continue;
		if (n++ < JOIN_JSON_MAX_PEOPLE)
			json_array_append_new(list,
					      person_of(mem, room_floor(room)));
	}
	return panel_json_bytes(json_pack("{s:s, s:i, s:o}", "t", "people", "n",
					  (int)n, "list", list));
}

GBytes *join_json_figures(const struct member *mem)
{
	json_t *figures = panel_json_figures_of(mem);

	json_object_set_new(figures, "t", json_string("figures"));
	return panel_json_bytes(figures);
}

GBytes *join_json_lost(void)
{
	return panel_json_bytes(
		json_pack("{s:s, s:s}", "t", "end", "why", "lost"));
}
