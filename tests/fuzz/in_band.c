/* links: room */
/* What a phone says in band, one message a line: refused, or written as
 * something that reads the same, and heard by a room in which its phone has
 * the floor. */
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "bridge/room/floor.h"
#include "bridge/room/in_band.h"
#include "tests/quiet_room.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What goes out fits into one packet, and is one object. */
static void tell(struct member *mem, const char *json, void *arg)
{
	json_t *object = json_loads(json, JSON_REJECT_DUPLICATES, NULL);

	(void)mem;
	(void)arg;
	g_assert_true(strlen(json) < 1024);
	g_assert_true(json_is_string(json_object_get(object, "t")));
	json_decref(object);
}

static const struct room_effects effects = {
	.end_media = quiet_end_media,
	.set_muted = quiet_set_muted,
	.set_volume = quiet_set_volume,
	.tell = tell,
};

static void hear(struct room *room, struct member *mem, const char *line,
		 gsize size, gint64 now_ms)
{
	g_autofree char *text = NULL;
	struct in_band msg, again;

	if (!in_band_read(&msg, line, size))
		return;
	text = in_band_write(&msg);
	g_assert_true(in_band_read(&again, text, strlen(text)));
	g_assert_true(again.type == msg.type && again.on == msg.on &&
		      again.n == msg.n);
	room_hear(room, mem, &msg, now_ms);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct room_config cfg = { .address = "r@x.org", .capacity = 2 };
	struct room *room = room_create(&cfg, &effects, NULL, NULL);
	const struct room_guest guest = {
		.did = "a", .address = "a@x.org", .gate = "g", .deadline = 9
	};
	struct member *mem = room_seat(room, &guest);
	gint64 now_ms = 1000;

	room_registered(room, mem, "192.0.2.1:5004", 1);
	room_mute(room, mem->id, "m@x.org", NULL);
	room_ask_unmute(room, mem->id, "m@x.org", now_ms, NULL);
	while (size) {
		const uint8_t *end = memchr(data, '\n', size);
		gsize n = end ? (gsize)(end - data) : size;

		hear(room, mem, (const char *)data, n, now_ms);
		now_ms += 300;
		room_run(room, now_ms);
		if (end)
			n++;
		data += n;
		size -= n;
	}
	floor_next(room_floor(room), 5, "m@x.org", now_ms, NULL);
	room_run(room, now_ms + 6000);
	room_destroy(&room);
	return 0;
}
