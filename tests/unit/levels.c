#include "web/levels.h"

#include <glib.h>

#include "tests/quiet_room.h"

static struct room *room;

static const struct room_effects effects = {
	.end_media = quiet_end_media,
	.set_muted = quiet_set_muted,
	.tell = quiet_tell,
};

static void set_up(void)
{
	const struct room_config cfg = { .address = "r@x.org", .capacity = 99 };

	room = room_create(&cfg, &effects, NULL, NULL);
}

static struct member *invite(const char *did)
{
	return room_seat(room, &(struct room_guest){ .did = did,
						     .address = did,
						     .name = did,
						     .gate = "g",
						     .deadline = 9 });
}

static struct member *join(const char *did, int level)
{
	struct member *mem = invite(did);

	room_registered(room, mem, "", 1);
	mem->level = level;
	return mem;
}

static void an_entry_is_six_bytes_in_network_order(void)
{
	g_autoptr(GBytes) frame = NULL;
	struct member *ann, *ben;
	const guint8 *buf;
	gsize size;
	guint n;

	set_up();
	ann = join("ann", -49);
	join("silent", -127);
	ben = join("ben", -51);
	room_mute(room, ann->id, "m", NULL);
	/* An id of which each byte is another. */
	ben->id = 0x01020304;
	frame = levels_frame(room, &n);
	buf = g_bytes_get_data(frame, &size);
	g_assert_cmpuint(n, ==, 2);
	g_assert_cmpmem(buf, 4, "\1\0\0\2", 4);
	g_assert_cmpuint(size, ==, 4 + 2 * 6);
	g_assert_cmpuint(buf[7], ==, ann->id & 0xff);
	g_assert_cmpuint(buf[8], ==, 49);
	g_assert_cmpuint(buf[9], ==, LEVELS_TALKING);
	g_assert_cmpmem(buf + 10, 6, "\1\2\3\4\x33\2", 6);
	room_destroy(&room);
}

static void who_talks_stays_in_it_between_two_words(void)
{
	g_autoptr(GBytes) frame = NULL;
	struct member *ann;
	const guint8 *buf;
	guint n;

	set_up();
	ann = join("ann", -127);
	ann->talking = TRUE;
	invite("who is not here yet")->level = -3;
	frame = levels_frame(room, &n);
	buf = g_bytes_get_data(frame, NULL);
	g_assert_cmpuint(n, ==, 1);
	g_assert_cmpuint(buf[8], ==, 127);
	g_assert_cmpuint(buf[9], ==, LEVELS_TALKING | LEVELS_HEARD);
	room_destroy(&room);
}

static void an_empty_room_has_a_head_alone(void)
{
	g_autoptr(GBytes) frame = NULL;
	guint n;

	set_up();
	frame = levels_frame(room, &n);
	g_assert_cmpuint(n, ==, 0);
	g_assert_cmpuint(g_bytes_get_size(frame), ==, LEVELS_HEAD);
	room_destroy(&room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/levels/an entry is six bytes in network order",
			an_entry_is_six_bytes_in_network_order);
	g_test_add_func("/levels/who talks stays in it between two words",
			who_talks_stays_in_it_between_two_words);
	g_test_add_func("/levels/an empty room has a head alone",
			an_empty_room_has_a_head_alone);
	return g_test_run();
}
