/* links: web room */
/* What a client of the panel sends, one message a line, against the real
 * panel and a real room with three people in it. */
#include <stdint.h>
#include <string.h>

#include <jansson.h>

#include "tests/catalogue.h"
#include "tests/quiet_room.h"
#include "tests/trail.h"
#include "web/panel.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct panel *panel;
static struct room *room;

static GPtrArray *rooms(void *arg)
{
	GPtrArray *all = g_ptr_array_new();

	(void)arg;
	g_ptr_array_add(all, room);
	return all;
}

/* Everything that is sent must be an object with a kind. */
static gboolean send_text(void *socket, GBytes *text, void *arg)
{
	gsize size;
	const char *bytes = g_bytes_get_data(text, &size);
	json_t *object = json_loadb(bytes, size, JSON_REJECT_DUPLICATES, NULL);

	(void)socket;
	(void)arg;
	g_assert_true(json_is_string(json_object_get(object, "t")));
	json_decref(object);
	return TRUE;
}

static gboolean is_idle(void *socket, void *arg)
{
	(void)socket;
	(void)arg;
	return TRUE;
}

static void clear(void *socket, void *arg)
{
	(void)socket;
	(void)arg;
}

static struct topology *topology(struct room *of, void *arg)
{
	(void)arg;
	return topology_of_room(of, 5);
}

static struct topology_cluster *cluster(void *arg)
{
	(void)arg;
	return NULL;
}

static gboolean send_binary(void *socket, GBytes *frame, void *arg)
{
	const guint8 *buf;
	gsize size;

	(void)socket;
	(void)arg;
	buf = g_bytes_get_data(frame, &size);
	g_assert_cmpuint(size, ==, 4 + 6u * (buf[2] << 8 | buf[3]));
	return TRUE;
}

static const struct panel_events events = { .rooms = rooms,
					    .topology = topology,
					    .cluster = cluster,
					    .audit = trail_audit,
					    .audited = trail_audited,
					    .recordings = catalogue_recordings,
					    .announcements =
						    catalogue_announcements,
					    .send = send_text,
					    .send_binary = send_binary,
					    .idle = is_idle,
					    .clear = clear };

static const struct room_effects effects = { .end_media = quiet_end_media,
					     .set_muted = quiet_set_muted,
					     .set_volume = quiet_set_volume,
					     .tell = quiet_tell,
					     .refresh_levels =
						     quiet_refresh_levels,
					     .set_deaf = quiet_set_deaf,
					     .keep_door = quiet_keep_door };

static void changed(struct room *of, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	(void)arg;
	panel_changed(panel, of, mem, change, by);
}

static const struct room_observer observer = { .changed = changed };

/* Members' numbers go up for ever; an input says $0, $1, $2 for those of
 * the three people here. */
static void say(struct watcher *wtr, const char *line, gsize size,
		const guint32 *ids)
{
	g_autoptr(GString) text = g_string_new_len(line, (gssize)size);

	for (gsize i = 0; i + 1 < text->len; i++) {
		guint n = (guint)(text->str[i + 1] - '0');
		char id[12];

		if (text->str[i] != '$' || n > 2)
			continue;
		g_snprintf(id, sizeof(id), "%u", ids[n]);
		g_string_erase(text, (gssize)i, 2);
		g_string_insert(text, (gssize)i, id);
	}
	panel_message(wtr, text->str, text->len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const moderators[] = { "m@x.org", NULL };
	const struct room_config cfg = { .address = "r@x.org",
					 .moderators = moderators,
					 .capacity = 9 };
	const struct who who = { .name = (char *)"m@x.org" };
	const char *at = (const char *)data, *end = at + size;
	struct watcher *wtr;
	guint32 ids[3];

	panel = panel_create(&events, NULL);
	room = room_create(&cfg, &effects, &observer, NULL);
	for (int i = 0; i < 3; i++) {
		g_autofree char *did = g_strdup_printf("d%d", i);
		struct member *mem = room_seat(
			room, &(struct room_guest){ .did = did,
						    .address = "a@x.org",
						    .name = "A",
						    .device = did,
						    .gate = "local-1",
						    .deadline = 9 });

		ids[i] = mem->id;
		room_registered(room, mem, "", 1);
	}
	wtr = panel_open(panel, NULL, &who, "192.0.2.9");
	while (at < end) {
		const char *line = memchr(at, '\n', (size_t)(end - at));

		line = line ? line : end;
		say(wtr, at, (gsize)(line - at), ids);
		at = line + 1;
	}
	panel_close(&wtr);
	room_destroy(&room);
	panel_destroy(&panel);
	trail_clear();
	return 0;
}
