#include "bridge/room/room.h"

#include <string.h>

#include "bridge/room/drain.h"

#define ALICE "alice@example.org"
#define BOB   "bob@example.org"
#define CHAIR "chair@example.org"

/* What the room did and told, one word after another. */
struct witness {
	GString *effects, *changes;
	const char *by;
};

static void end_media(struct member *mem, void *arg)
{
	struct witness *wit = arg;

	g_string_append_printf(wit->effects, "end:%s ", mem->did);
}

static void set_muted(struct member *mem, gboolean muted, void *arg)
{
	struct witness *wit = arg;

	g_string_append_printf(wit->effects, "mute:%s:%d ", mem->did, muted);
}

static void set_volume(struct member *mem, void *arg)
{
	struct witness *wit = arg;

	g_string_append_printf(wit->effects, "volume:%s:%u ", mem->did,
			       mem->volume);
}

static void tell(struct member *mem, const char *json, void *arg)
{
	struct witness *wit = arg;

	g_string_append_printf(wit->effects, "tell:%s:%s ", mem->did, json);
}

static void refresh_levels(struct room *room, void *arg)
{
	(void)arg;
	for (guint i = 0; i < room_members(room)->len; i++) {
		struct member *mem = room_members(room)->pdata[i];

		mem->level = -20;
	}
}

static void changed(struct room *room, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	static const char *const words[] = {
		[ROOM_MEMBER_ADDED] = "added",
		[ROOM_MEMBER_CHANGED] = "changed",
		[ROOM_MEMBER_FIGURES] = "figures",
		[ROOM_MEMBER_GONE] = "gone",
		[ROOM_STATE] = "state",
		[ROOM_BANS] = "bans",
		[ROOM_CLOSED] = "closed",
	};
	struct witness *wit = arg;

	(void)room;
	wit->by = by;
	g_string_append_printf(wit->changes, "%s:%s ", words[change],
			       mem ? mem->did : "");
}

static const struct room_effects effects = {
	.end_media = end_media,
	.set_muted = set_muted,
	.set_volume = set_volume,
	.tell = tell,
	.refresh_levels = refresh_levels,
};
static const struct room_observer observer = { .changed = changed };

static struct room *open_room(struct witness *wit, guint capacity)
{
	static const char *const moderators[] = { CHAIR, NULL };
	const struct room_config cfg = {
		.address = "standup@example.net",
		.name = "Standup",
		.moderators = moderators,
		.capacity = capacity,
	};

	wit->effects = g_string_new(NULL);
	wit->changes = g_string_new(NULL);
	return room_create(&cfg, &effects, &observer, wit);
}

static void close_room(struct room **roomp, struct witness *wit)
{
	room_destroy(roomp);
	g_string_free(wit->effects, TRUE);
	g_string_free(wit->changes, TRUE);
}

static void forget(struct witness *wit)
{
	g_string_truncate(wit->effects, 0);
	g_string_truncate(wit->changes, 0);
}

static struct member *seat(struct room *room, const char *did,
			   const char *address, const char *device)
{
	return room_seat(room, &(struct room_guest){ .did = did,
						     .address = address,
						     .device = device,
						     .gate = "local-1",
						     .deadline = 60 });
}

static void a_full_room_has_no_seat_for_a_stranger(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);

	g_assert_nonnull(seat(room, "a", ALICE, "laptop"));
	g_assert_nonnull(seat(room, "b", ALICE, "telephone"));
	g_assert_null(seat(room, "c", BOB, ""));
	g_assert_cmpuint(room_people(room), ==, 2);
	g_assert_cmpstr(wit.changes->str, ==, "added:a added:b ");
	close_room(&room, &wit);
}

static void a_device_comes_back_into_a_full_room(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 1);
	struct member *old = seat(room, "old", ALICE, "laptop");
	struct member *fresh;

	room_registered(room, old, "192.0.2.1:5004", 1);
	fresh = seat(room, "fresh", ALICE, "laptop");
	g_assert_nonnull(fresh);
	g_assert_cmpuint(room_people(room), ==, 1);
	forget(&wit);

	room_registered(room, fresh, "192.0.2.2:5004", 2);
	g_assert_cmpstr(wit.effects->str, ==,
			"tell:old:{\"t\":\"end\",\"why\":\"replaced\"} "
			"end:old ");
	g_assert_cmpstr(wit.changes->str, ==, "changed:fresh gone:old ");
	g_assert_cmpuint(room_members(room)->len, ==, 1);
	close_room(&room, &wit);
}

static void an_older_leg_that_registers_leaves_the_newer_seat_alone(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 4);
	struct member *old = seat(room, "old", ALICE, "laptop");

	seat(room, "fresh", ALICE, "laptop");
	room_registered(room, old, "192.0.2.1:5004", 1);
	g_assert_cmpuint(room_members(room)->len, ==, 2);
	close_room(&room, &wit);
}

static void a_seat_that_is_not_used_in_time_becomes_free(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *here = seat(room, "here", ALICE, "");

	room_registered(room, here, "192.0.2.1:5004", 1);
	seat(room, "late", BOB, "");
	forget(&wit);
	room_expire(room, 59);
	g_assert_cmpuint(room_members(room)->len, ==, 2);
	room_expire(room, 60);
	g_assert_cmpuint(room_members(room)->len, ==, 1);
	g_assert_cmpstr(wit.effects->str, ==, "end:late ");
	close_room(&room, &wit);
}

static void muting_twice_is_muting_once(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *mem = seat(room, "a", ALICE, "");

	room_registered(room, mem, "192.0.2.1:5004", 1);
	forget(&wit);
	g_assert_true(room_mute(room, mem->id, CHAIR, NULL));
	g_assert_true(room_mute(room, mem->id, CHAIR, NULL));
	g_assert_cmpstr(wit.effects->str, ==,
			"mute:a:1 tell:a:{\"t\":\"mute\",\"on\":true} ");
	g_assert_cmpstr(wit.changes->str, ==, "changed:a ");
	g_assert_cmpstr(wit.by, ==, CHAIR);
	g_assert_true(mem->muted);
	close_room(&room, &wit);
}

static void a_volume_is_set_once_and_within_bounds(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *mem = seat(room, "a", ALICE, "");

	room_registered(room, mem, "192.0.2.1:5004", 1);
	forget(&wit);
	g_assert_cmpuint(mem->volume, ==, 100);
	g_assert_true(room_set_volume(room, mem->id, 100, CHAIR, NULL));
	g_assert_cmpstr(wit.changes->str, ==, "");
	g_assert_true(room_set_volume(room, mem->id, 250, CHAIR, NULL));
	g_assert_true(room_set_volume(room, mem->id, 250, CHAIR, NULL));
	g_assert_cmpstr(wit.effects->str, ==, "volume:a:250 ");
	g_assert_cmpstr(wit.changes->str, ==, "changed:a ");
	g_assert_cmpstr(wit.by, ==, CHAIR);
	g_assert_true(room_set_volume(room, mem->id, 100000, CHAIR, NULL));
	g_assert_cmpuint(mem->volume, ==, ROOM_MAX_VOLUME);
	g_assert_false(mem->muted);
	g_assert_false(room_set_volume(room, mem->id + 1, 50, CHAIR, NULL));
	close_room(&room, &wit);
}

static void unmuting_never_undoes_a_members_own_mute(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *mem = seat(room, "a", ALICE, "");

	room_registered(room, mem, "192.0.2.1:5004", 1);
	room_self_muted(room, mem, TRUE);
	g_assert_true(room_mute(room, mem->id, CHAIR, NULL));
	g_assert_true(room_unmute(room, mem->id, CHAIR, NULL));
	g_assert_true(mem->self_muted);
	g_assert_false(mem->muted);
	close_room(&room, &wit);
}

static void kicking_says_why_and_a_second_kick_says_that_nobody_is_there(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *mem = seat(room, "a", ALICE, "");
	guint32 id = mem->id;
	GError *error = NULL;

	room_registered(room, mem, "192.0.2.1:5004", 1);
	forget(&wit);
	g_assert_true(room_kick(room, id, CHAIR, "\"noise\"", NULL));
	g_assert_cmpstr(wit.effects->str, ==,
			"tell:a:{\"t\":\"end\",\"why\":\"kicked\","
			"\"text\":\"\\\"noise\\\"\"} end:a ");
	g_assert_false(room_kick(room, id, CHAIR, NULL, &error));
	g_assert_nonnull(strstr(error->message, "any more"));
	g_clear_error(&error);
	close_room(&room, &wit);
}

static void a_reason_of_any_length_and_bytes_fits_into_a_control_message(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 2);
	struct member *mem = seat(room, "a", ALICE, "");
	char reason[4096];

	memset(reason, '\1', sizeof(reason));
	reason[0] = '\xff';
	reason[sizeof(reason) - 1] = '\0';
	room_registered(room, mem, "192.0.2.1:5004", 1);
	forget(&wit);
	g_assert_true(room_kick(room, mem->id, CHAIR, reason, NULL));
	g_assert_cmpuint(wit.effects->len, <, 1024);
	g_assert_true(g_utf8_validate(wit.effects->str, -1, NULL));
	close_room(&room, &wit);
}

static void a_smaller_capacity_drops_nobody(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 3);
	const struct room_config smaller = {
		.address = "standup@example.net",
		.capacity = 1,
	};

	seat(room, "a", ALICE, "");
	seat(room, "b", BOB, "");
	room_configure(room, &smaller);
	g_assert_cmpuint(room_members(room)->len, ==, 2);
	g_assert_false(room_is_moderator(room, CHAIR));
	g_assert_null(seat(room, "c", CHAIR, ""));
	close_room(&room, &wit);
}

static void closing_ends_everybody_and_says_so_last(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 3);
	struct member *mem = seat(room, "a", ALICE, "");

	room_registered(room, mem, "192.0.2.1:5004", 1);
	seat(room, "b", BOB, "");
	forget(&wit);
	room_destroy(&room);
	g_assert_null(room);
	g_assert_cmpstr(wit.changes->str, ==, "gone:a gone:b closed: ");
	g_assert_cmpstr(wit.effects->str, ==,
			"tell:a:{\"t\":\"end\",\"why\":\"ended\"} "
			"end:a end:b ");
	close_room(&room, &wit);
}

static void levels_are_copied_when_they_are_asked_for(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 1);
	struct member *mem = seat(room, "a", ALICE, "");

	g_assert_cmpint(mem->level, ==, -127);
	room_refresh_levels(room);
	g_assert_cmpint(mem->level, ==, -20);
	close_room(&room, &wit);
}

static void a_gate_drains_until_the_last_has_left_it(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 9);
	struct drain *drn = room_drain(room);
	struct member *ann = seat(room, "a", ALICE, "");
	struct member *bob = seat(room, "b", BOB, "");
	GError *error = NULL;

	g_assert_false(drain_set(drn, "local-2", TRUE, CHAIR, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_NOT_HERE);
	g_clear_error(&error);
	forget(&wit);
	g_assert_true(drain_set(drn, "local-1", TRUE, CHAIR, NULL));
	g_assert_true(drain_set(drn, "local-1", TRUE, CHAIR, NULL));
	g_assert_cmpstr(wit.changes->str, ==, "state: ");
	g_assert_cmpstr(wit.by, ==, CHAIR);
	room_moved(room, bob, "local-2");
	g_assert_true(g_hash_table_contains(drain_gates(drn), "local-1"));
	forget(&wit);
	room_left(room, ann, LEAVE_BYE);
	g_assert_cmpstr(wit.changes->str, ==, "gone:a state: ");
	g_assert_cmpuint(g_hash_table_size(drain_gates(drn)), ==, 0);
	g_assert_true(drain_set(drn, "local-2", TRUE, CHAIR, NULL));
	g_assert_true(drain_set(drn, "local-2", FALSE, CHAIR, NULL));
	g_assert_cmpuint(g_hash_table_size(drain_gates(drn)), ==, 0);
	g_assert_true(drain_set(drn, "local-2", TRUE, CHAIR, NULL));
	room_moved(room, bob, "local-3");
	g_assert_cmpuint(g_hash_table_size(drain_gates(drn)), ==, 0);
	close_room(&room, &wit);
}

static void another_bridges_room_drains_no_gate(void)
{
	struct witness wit = { 0 };
	struct room *room = open_room(&wit, 9);
	GError *error = NULL;

	seat(room, "a", ALICE, "");
	room_set_kept(room, FALSE);
	g_assert_false(
		drain_set(room_drain(room), "local-1", TRUE, CHAIR, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_NOT_KEPT);
	g_clear_error(&error);
	close_room(&room, &wit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/room/a full room has no seat for a stranger",
			a_full_room_has_no_seat_for_a_stranger);
	g_test_add_func("/room/a device comes back into a full room",
			a_device_comes_back_into_a_full_room);
	g_test_add_func(
		"/room/an older leg that registers leaves the newer "
		"seat alone",
		an_older_leg_that_registers_leaves_the_newer_seat_alone);
	g_test_add_func("/room/a seat that is not used in time becomes free",
			a_seat_that_is_not_used_in_time_becomes_free);
	g_test_add_func("/room/muting twice is muting once",
			muting_twice_is_muting_once);
	g_test_add_func("/room/a volume is set once and within bounds",
			a_volume_is_set_once_and_within_bounds);
	g_test_add_func("/room/unmuting never undoes a member's own mute",
			unmuting_never_undoes_a_members_own_mute);
	g_test_add_func(
		"/room/kicking says why and a second kick says that nobody is "
		"there",
		kicking_says_why_and_a_second_kick_says_that_nobody_is_there);
	g_test_add_func(
		"/room/a reason of any length and bytes fits into a control "
		"message",
		a_reason_of_any_length_and_bytes_fits_into_a_control_message);
	g_test_add_func("/room/a smaller capacity drops nobody",
			a_smaller_capacity_drops_nobody);
	g_test_add_func("/room/closing ends everybody and says so last",
			closing_ends_everybody_and_says_so_last);
	g_test_add_func("/room/levels are copied when they are asked for",
			levels_are_copied_when_they_are_asked_for);
	g_test_add_func("/room/a gate drains until the last has left it",
			a_gate_drains_until_the_last_has_left_it);
	g_test_add_func("/room/another bridge's room drains no gate",
			another_bridges_room_drains_no_gate);
	return g_test_run();
}
