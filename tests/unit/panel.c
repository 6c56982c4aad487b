#include "web/panel.h"

#include <string.h>

#include <jansson.h>

#include "bridge/room/floor.h"
#include "bridge/room/in_band.h"
#include "tests/catalogue.h"
#include "tests/quiet_room.h"
#include "tests/trail.h"
#include "web/audit_text.h"
#include "web/command.h"
#include "web/repeats.h"

/* A socket that keeps what it was sent and can be made to refuse. */
struct socket {
	GPtrArray *sent; /* json_t */
	gboolean full;
	gboolean waiting; /* sent since the last turn of the main loop */
	guint frames;	  /* of levels */
	GBytes *frame;	  /* the newest */
	guint cleared;
};

static struct panel *panel;
static struct room *rooms[2];
static guint refreshes;
static gboolean in_cluster, directory_up;

/* In no order. */
static GPtrArray *all_rooms(void *arg)
{
	GPtrArray *all = g_ptr_array_new();

	(void)arg;
	for (gsize i = G_N_ELEMENTS(rooms); i-- > 0;)
		if (rooms[i])
			g_ptr_array_add(all, rooms[i]);
	return all;
}

static gboolean keep(void *socket, GBytes *text, void *arg)
{
	struct socket *sock = socket;
	gsize size;
	const char *data = g_bytes_get_data(text, &size);

	(void)arg;
	if (sock->full)
		return FALSE;
	g_ptr_array_add(sock->sent, json_loadb(data, size, 0, NULL));
	sock->waiting = TRUE;
	return TRUE;
}

static gboolean keep_frame(void *socket, GBytes *frame, void *arg)
{
	struct socket *sock = socket;

	(void)arg;
	g_clear_pointer(&sock->frame, g_bytes_unref);
	sock->frame = g_bytes_ref(frame);
	sock->frames++;
	sock->waiting = TRUE;
	return TRUE;
}

static gboolean is_idle(void *socket, void *arg)
{
	const struct socket *sock = socket;

	(void)arg;
	return !sock->full && !sock->waiting;
}

static void forget(void *socket, void *arg)
{
	(void)arg;
	((struct socket *)socket)->cleared++;
}

static struct topology *topology(struct room *of, void *arg)
{
	(void)arg;
	return topology_of_room(of, 5);
}

static struct topology_cluster *cluster(void *arg)
{
	struct topology_cluster *shown;
	struct topology_site site = { .site = "north", .used = 3 };
	GArray *sites;

	(void)arg;
	if (!in_cluster)
		return NULL;
	sites = g_array_new(FALSE, TRUE, sizeof(site));
	g_array_append_val(sites, site);
	shown = topology_cluster_create(sites);
	shown->up = directory_up;
	shown->since = 1000;
	return shown;
}

static const struct panel_events events = { .rooms = all_rooms,
					    .topology = topology,
					    .cluster = cluster,
					    .audit = trail_audit,
					    .audited = trail_audited,
					    .recordings = catalogue_recordings,
					    .announcements =
						    catalogue_announcements,
					    .send = keep,
					    .send_binary = keep_frame,
					    .idle = is_idle,
					    .clear = forget };

static void refresh(struct room *room, void *arg)
{
	(void)room;
	(void)arg;
	refreshes++;
}

/* A room of which nothing is asked but what it tells its panels. */
static gboolean record(struct room *room, gboolean on, const char *by,
		       GError **error, void *arg)
{
	struct recording *row = catalogue_row(room_address(room));

	(void)error;
	(void)arg;
	room_set_recording(room, on ? CATALOGUE_ID : NULL, 1795437605123, by);
	panel_recording(panel, room, row, by);
	recording_free(row);
	return TRUE;
}

static const struct room_effects effects = { .end_media = quiet_end_media,
					     .set_muted = quiet_set_muted,
					     .set_volume = quiet_set_volume,
					     .tell = quiet_tell,
					     .refresh_levels = refresh,
					     .set_deaf = quiet_set_deaf,
					     .keep_door = quiet_keep_door,
					     .record = record };

static void changed(struct room *room, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	(void)arg;
	panel_changed(panel, room, mem, change, by);
}

static const struct room_observer observer = { .changed = changed };

static void set_up(void)
{
	static const char *const both[] = { "chair@x.org", "deputy@x.org",
					    NULL };
	const struct room_config first = { .address = "first@x.org",
					   .name = "First",
					   .moderators = both,
					   .capacity = 9 };
	const struct room_config second = { .address = "second@x.org",
					    .name = "Second",
					    .moderators = both + 1,
					    .capacity = 9 };

	panel = panel_create(&events, NULL);
	rooms[0] = room_create(&first, &effects, &observer, NULL);
	rooms[1] = room_create(&second, &effects, &observer, NULL);
	refreshes = 0;
	in_cluster = directory_up = FALSE;
}

static void tear_down(void)
{
	room_destroy(&rooms[0]);
	room_destroy(&rooms[1]);
	panel_destroy(&panel);
	trail_clear();
}

static struct member *join(struct room *room, const char *did, const char *name)
{
	struct member *mem =
		room_seat(room, &(struct room_guest){ .did = did,
						      .address = "ann@x.org",
						      .name = name,
						      .device = did,
						      .gate = "local-1",
						      .deadline = 100 });

	room_registered(room, mem, "192.0.2.1:5004", 50);
	return mem;
}

static void socket_init(struct socket *sock)
{
	memset(sock, 0, sizeof(*sock));
	sock->sent =
		g_ptr_array_new_with_free_func((GDestroyNotify)json_decref);
}

static void socket_fini(struct socket *sock)
{
	g_ptr_array_unref(sock->sent);
	g_clear_pointer(&sock->frame, g_bytes_unref);
}

static struct watcher *log_in(struct socket *sock, const char *address,
			      const char *peer)
{
	return panel_open(panel, sock, &(struct who){ .name = (char *)address },
			  peer);
}

static void say(struct watcher *wtr, const char *text)
{
	panel_message(wtr, text, strlen(text));
}

/* One turn of the main loop; what was sent before it is on its way. */
static void turn(struct socket *sock)
{
	sock->waiting = FALSE;
	g_main_context_iteration(NULL, TRUE);
}

/* The newest message of kind t, or NULL. */
static json_t *newest(struct socket *sock, const char *t)
{
	for (guint i = sock->sent->len; i-- > 0;)
		if (strcmp(json_string_value(
				   json_object_get(sock->sent->pdata[i], "t")),
			   t) == 0)
			return sock->sent->pdata[i];
	return NULL;
}

static const char *text_in(json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

static json_int_t number_in(json_t *object, const char *name)
{
	return json_integer_value(json_object_get(object, name));
}

static void shows_only_rooms_that_one_moderates(void)
{
	struct socket sock;
	struct watcher *wtr;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	g_assert_cmpstr(text_in(newest(&sock, "hello"), "address"), ==,
			"chair@x.org");
	g_assert_cmpuint(json_array_size(json_object_get(newest(&sock, "hello"),
							 "does")),
			 ==, COMMAND_VERBS);
	g_assert_cmpuint(json_array_size(json_object_get(newest(&sock, "rooms"),
							 "rooms")),
			 ==, 1);
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"second@x.org\"}");
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==, "no-room");
	g_assert_null(newest(&sock, "snapshot"));
	say(wtr, "{\"id\":2,\"do\":\"mute\",\"member\":1}");
	g_assert_cmpint(number_in(newest(&sock, "error"), "id"), ==, 2);
	g_assert_true(panel_is_moderator(panel, "deputy@x.org"));
	g_assert_false(panel_is_moderator(panel, "ann@x.org"));
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void a_token_moderates_its_room_alone(void)
{
	/* Its name gives nothing: it may be a moderator's address. */
	const struct who bot = { .name = (char *)"deputy@x.org",
				 .room = (char *)"second@x.org" };
	struct socket sock;
	struct watcher *wtr;
	json_t *list;

	set_up();
	socket_init(&sock);
	g_assert_true(panel_moderates(panel, &bot, "second@x.org"));
	g_assert_false(panel_moderates(panel, &bot, "first@x.org"));
	wtr = panel_open(panel, &sock, &bot, "192.0.2.9");
	list = json_object_get(newest(&sock, "rooms"), "rooms");
	g_assert_cmpuint(json_array_size(list), ==, 1);
	g_assert_cmpstr(text_in(json_array_get(list, 0), "room"), ==,
			"second@x.org");
	say(wtr, "{\"id\":1,\"do\":\"lock\",\"room\":\"first@x.org\"}");
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==, "no-room");
	say(wtr, "{\"id\":2,\"do\":\"lock\",\"room\":\"second@x.org\"}");
	g_assert_cmpint(number_in(newest(&sock, "done"), "id"), ==, 2);
	panel_close(&wtr);
	socket_fini(&sock);
	tear_down();
}

static void how_long_mail_takes_is_told_when_it_changes(void)
{
	struct socket sock;
	struct watcher *wtr;
	json_t *state;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	state = json_object_get(newest(&sock, "snapshot"), "state");
	g_assert_true(json_is_null(json_object_get(state, "mail_delay")));
	room_set_mail_delay(rooms[0], 7);
	state = json_object_get(newest(&sock, "room"), "state");
	g_assert_cmpint(number_in(state, "mail_delay"), ==, 7);
	room_set_mail_delay(rooms[0], 7);
	g_assert_cmpint(number_in(newest(&sock, "room"), "n"), ==, 1);
	room_set_mail_delay(rooms[0], 0);
	state = json_object_get(newest(&sock, "room"), "state");
	g_assert_true(json_is_integer(json_object_get(state, "mail_delay")));
	panel_close(&wtr);
	socket_fini(&sock);
	tear_down();
}

static void ten_minutes_are_remembered_of_who_is_here(void)
{
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;
	g_autofree char *ask = NULL;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	panel_second(panel);
	g_assert_cmpuint(refreshes, ==, 1); /* not of the empty room */
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	ask = g_strdup_printf("{\"id\":5,\"do\":\"history\",\"member\":%u,"
			      "\"room\":\"first@x.org\"}",
			      ann->id);
	say(wtr, ask);
	g_assert_cmpint(number_in(newest(&sock, "history"), "member"), ==,
			ann->id);
	g_assert_cmpint(number_in(newest(&sock, "done"), "id"), ==, 5);
	room_left(rooms[0], ann, LEAVE_BYE);
	say(wtr, ask);
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==,
			"not-here");
	say(wtr, "{\"id\":6,\"do\":\"history\",\"member\":0}");
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==,
			"malformed");
	/* One that has closed is forgotten. */
	room_destroy(&rooms[0]);
	panel_second(panel);
	panel_close(&wtr);
	socket_fini(&sock);
	tear_down();
}

static void lists_rooms_by_address(void)
{
	struct socket sock;
	struct watcher *wtr;
	json_t *list;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "deputy@x.org", "192.0.2.9");
	list = json_object_get(newest(&sock, "rooms"), "rooms");
	g_assert_cmpuint(json_array_size(list), ==, 2);
	g_assert_cmpstr(text_in(json_array_get(list, 0), "room"), ==,
			"first@x.org");
	g_assert_cmpstr(text_in(json_array_get(list, 1), "room"), ==,
			"second@x.org");
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void numbers_events_from_the_snapshot_on(void)
{
	struct member *ann;
	struct socket sock;
	struct watcher *wtr;
	json_int_t n;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann \xff\xfe broken");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	n = number_in(newest(&sock, "snapshot"), "n");
	room_self_muted(rooms[0], ann, TRUE);
	g_assert_cmpint(number_in(newest(&sock, "changed"), "n"), ==, n + 1);
	room_left(rooms[0], ann, LEAVE_LOST);
	g_assert_cmpint(number_in(newest(&sock, "gone"), "n"), ==, n + 2);
	g_assert_cmpstr(text_in(newest(&sock, "gone"), "why"), ==, "lost");
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

#define NOW G_GINT64_CONSTANT(1700000000123)

static void shows_who_wants_to_speak_and_who_may(void)
{
	const struct in_band up = { .type = IN_BAND_HAND, .on = TRUE };
	struct member *ann;
	struct socket sock;
	struct watcher *wtr;
	json_t *state;
	json_int_t n;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	n = number_in(newest(&sock, "snapshot"), "n");
	g_assert_cmpint(number_in(newest(&sock, "snapshot"), "at"), >, NOW);
	state = json_object_get(newest(&sock, "snapshot"), "state");
	g_assert_true(json_is_null(json_object_get(state, "floor")));

	room_hear(rooms[0], ann, &up, NOW);
	g_assert_cmpint(
		number_in(json_object_get(newest(&sock, "changed"), "member"),
			  "hand"),
		==, NOW);
	floor_next(room_floor(rooms[0]), 60, "chair@x.org", NOW, NULL);
	g_assert_null(json_object_get(
		json_object_get(newest(&sock, "changed"), "member"), "hand"));
	g_assert_cmpint(number_in(newest(&sock, "room"), "n"), ==, n + 3);
	g_assert_cmpstr(text_in(newest(&sock, "room"), "by"), ==,
			"chair@x.org");
	state = json_object_get(newest(&sock, "room"), "state");
	g_assert_cmpint(number_in(state, "people"), ==, 1);
	g_assert_cmpint(number_in(json_object_get(state, "floor"), "member"),
			==, ann->id);
	g_assert_cmpint(number_in(json_object_get(state, "floor"), "until"), ==,
			NOW + 60000);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static json_t *first_member(json_t *snapshot)
{
	return json_array_get(json_object_get(snapshot, "members"), 0);
}

static void moderators_see_what_each_other_does(void)
{
	struct socket one, two;
	struct watcher *chair, *deputy;
	struct member *ann;
	g_autofree char *mute = NULL;

	set_up();
	socket_init(&one);
	socket_init(&two);
	ann = join(rooms[0], "d1", "Ann");
	mute = g_strdup_printf("{\"id\":7,\"do\":\"mute\",\"member\":%u}",
			       ann->id);
	chair = log_in(&one, "chair@x.org", "192.0.2.9");
	deputy = log_in(&two, "deputy@x.org", "192.0.2.9");
	say(chair, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(deputy, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(chair, mute);
	g_assert_true(ann->muted);
	g_assert_cmpint(number_in(newest(&one, "done"), "id"), ==, 7);
	g_assert_cmpstr(text_in(newest(&two, "changed"), "by"), ==,
			"chair@x.org");
	/* Who comes later has seen no event. */
	say(deputy, "{\"id\":2,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	g_assert_cmpstr(
		text_in(first_member(newest(&two, "snapshot")), "muted_by"), ==,
		"chair@x.org");
	room_unmute(rooms[0], ann->id, "deputy@x.org", NULL);
	g_assert_null(json_object_get(
		json_object_get(newest(&one, "changed"), "member"),
		"muted_by"));
	panel_close(&chair);
	panel_close(&deputy);
	g_ptr_array_unref(one.sent);
	g_ptr_array_unref(two.sent);
	tear_down();
}

static void a_volume_is_a_whole_number_of_percent(void)
{
	static const char *const bad[] = { "-1", "401", "1.5", "\"50\"",
					   "null" };
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_autofree char *text = g_strdup_printf(
			"{\"id\":%u,\"do\":\"volume\",\"member\":%u,"
			"\"percent\":%s}",
			(guint)i + 2, ann->id, bad[i]);

		say(wtr, text);
		g_assert_cmpint(number_in(newest(&sock, "error"), "id"), ==,
				(json_int_t)i + 2);
		g_assert_cmpuint(ann->volume, ==, 100);
	}
	for (guint percent = 0; percent <= 400; percent += 400) {
		g_autofree char *text = g_strdup_printf(
			"{\"id\":9,\"do\":\"volume\",\"member\":%u,"
			"\"percent\":%u}",
			ann->id, percent);

		say(wtr, text);
		g_assert_cmpuint(ann->volume, ==, percent);
		g_assert_cmpint(
			number_in(json_object_get(newest(&sock, "changed"),
						  "member"),
				  "volume"),
			==, percent);
	}
	g_assert_nonnull(newest(&sock, "done"));
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void one_that_is_behind_gets_a_snapshot_instead(void)
{
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;
	guint before;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	sock.full = TRUE;
	room_self_muted(rooms[0], ann, TRUE);
	g_assert_cmpuint(sock.cleared, ==, 1);
	sock.full = FALSE;
	before = sock.sent->len;
	/* Events that would leave a gap before the snapshot are not sent. */
	room_self_muted(rooms[0], ann, FALSE);
	g_assert_cmpuint(sock.sent->len, ==, before);
	panel_drained(wtr);
	g_assert_cmpint(number_in(newest(&sock, "snapshot"), "n"), ==, 2);
	room_self_muted(rooms[0], ann, TRUE);
	g_assert_cmpint(number_in(newest(&sock, "changed"), "n"), ==, 3);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static guint count_of(const struct socket *sock, const char *t)
{
	guint n = 0;

	for (guint i = 0; i < sock->sent->len; i++)
		n += !strcmp(text_in(sock->sent->pdata[i], "t"), t);
	return n;
}

static void turn_for(struct socket *sock, guint ms)
{
	for (gint64 end = g_get_monotonic_time() + 1000 * (gint64)ms;
	     g_get_monotonic_time() < end;)
		turn(sock);
}

static void a_tree_is_told_again_only_when_it_is_another(void)
{
	struct socket sock;
	struct watcher *wtr;
	json_t *hub;

	set_up();
	socket_init(&sock);
	join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	g_assert_null(newest(&sock, "tree"));
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	g_assert_cmpstr(text_in(newest(&sock, "tree"), "room"), ==,
			"first@x.org");
	turn_for(&sock, 1500);
	g_assert_cmpuint(count_of(&sock, "tree"), ==, 1);
	join(rooms[0], "d2", "Ben");
	while (count_of(&sock, "tree") < 2)
		turn(&sock);
	hub = json_array_get(json_object_get(newest(&sock, "tree"), "hubs"), 0);
	g_assert_cmpint(number_in(hub, "here"), ==, 2);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void that_the_directory_is_away_is_said_to_all(void)
{
	struct socket sock;
	struct watcher *wtr;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	g_assert_null(newest(&sock, "cluster"));
	in_cluster = TRUE;
	while (!newest(&sock, "cluster"))
		turn(&sock);
	g_assert_true(
		json_is_false(json_object_get(newest(&sock, "cluster"), "up")));
	g_assert_cmpint(number_in(newest(&sock, "cluster"), "since"), ==, 1000);
	directory_up = TRUE;
	while (count_of(&sock, "cluster") < 2)
		turn(&sock);
	g_assert_true(
		json_is_true(json_object_get(newest(&sock, "cluster"), "up")));
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

#define WATCH_LEVELS                                                           \
	"{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\","                 \
	"\"levels\":\"binary\"}"

static void levels_are_fetched_only_for_watched_rooms(void)
{
	struct socket sock;
	struct watcher *wtr;

	set_up();
	socket_init(&sock);
	join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	for (gint64 end = g_get_monotonic_time() + 250000;
	     g_get_monotonic_time() < end;)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(refreshes, ==, 0);
	say(wtr, WATCH_LEVELS);
	while (!sock.frames)
		turn(&sock);
	g_assert_cmpuint(refreshes, >, 0);
	panel_close(&wtr);
	socket_fini(&sock);
	tear_down();
}

/* Whether ticks come 20 times a second is the main loop's matter: they are
 * counted. */
static void levels_come_each_tick_while_somebody_is_loud(void)
{
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;
	guint start;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	ann->level = -20;
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, WATCH_LEVELS);
	start = refreshes;
	while (refreshes < start + PANEL_HZ)
		turn(&sock);
	g_assert_cmpuint(sock.frames, >=, PANEL_HZ - 1);
	g_assert_cmpuint(g_bytes_get_size(sock.frame), ==, 10);

	/* Silence is said at once, and then once a second. */
	ann->level = -127;
	sock.frames = 0;
	start = refreshes;
	while (refreshes < start + PANEL_HZ)
		turn(&sock);
	g_assert_cmpuint(sock.frames, ==, 1);
	g_assert_cmpuint(g_bytes_get_size(sock.frame), ==, 4);
	while (refreshes < start + PANEL_HZ + 3)
		turn(&sock);
	g_assert_cmpuint(sock.frames, ==, 2);

	/* A script that did not ask for them gets none. */
	ann->level = -20;
	say(wtr, "{\"id\":2,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	sock.frames = 0;
	start = refreshes;
	while (refreshes < start + 3)
		turn(&sock);
	g_assert_cmpuint(sock.frames, ==, 0);
	panel_close(&wtr);
	socket_fini(&sock);
	tear_down();
}

static void figures_come_each_second(void)
{
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;
	json_t *from;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	ann->talking = TRUE;
	ann->in.mos = 3.456;
	ann->talked_s = 61;
	ann->silent_s = 12;
	while (!newest(&sock, "figures") && refreshes <= 2 * PANEL_HZ)
		turn(&sock);
	g_assert_nonnull(newest(&sock, "figures"));
	g_assert_true(json_is_true(json_object_get(
		json_array_get(
			json_object_get(newest(&sock, "figures"), "members"),
			0),
		"talking")));
	from = json_object_get(
		json_array_get(
			json_object_get(newest(&sock, "figures"), "members"),
			0),
		"in");
	g_assert_cmpfloat(json_number_value(json_object_get(from, "mos")), ==,
			  3.46);
	/* What is not known is not there. */
	g_assert_cmpuint(json_object_size(from), ==, 1);
	from = json_array_get(
		json_object_get(newest(&sock, "figures"), "members"), 0);
	g_assert_cmpint(number_in(from, "talked_s"), ==, 61);
	g_assert_cmpint(number_in(from, "silent_s"), ==, 12);
	/* Who muted himself has a reason to be silent. */
	room_self_muted(rooms[0], ann, TRUE);
	from = json_object_get(newest(&sock, "changed"), "member");
	g_assert_cmpint(number_in(from, "silent_s"), ==, 0);
	/* A pause is no silence. */
	ann->silent_s = 9;
	room_self_muted(rooms[0], ann, FALSE);
	from = json_object_get(newest(&sock, "changed"), "member");
	g_assert_cmpint(number_in(from, "silent_s"), ==, 0);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

/* At once they would be more than may wait for a client. */
static void figures_of_a_large_room_come_in_parts(void)
{
	const struct room_config large = {
		.address = "first@x.org",
		.name = "First",
		.moderators = (const char *const[]){ "chair@x.org", NULL },
		.capacity = 2000
	};
	g_autoptr(GHashTable) told = g_hash_table_new(NULL, NULL);
	struct socket sock;
	struct watcher *wtr;
	size_t largest = 0;

	set_up();
	room_configure(rooms[0], &large);
	for (int i = 0; i < 1201; i++) {
		g_autofree char *did = g_strdup_printf("d%d", i);

		join(rooms[0], did, "Ann")->in = (struct member_figures){
			.loss = 0.1234,
			.late = 0.1234,
			.concealed = 0.12,
			.recovered = 0.1234,
			.jitter_ms = 99.9,
			.buffer_ms = 100,
			.mos = 1.23,
		};
	}
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	while (refreshes <= PANEL_HZ + 3)
		turn(&sock);
	for (guint i = 0; i < sock.sent->len; i++) {
		json_t *message = sock.sent->pdata[i], *mem;
		size_t index;

		if (g_strcmp0(text_in(message, "t"), "figures"))
			continue;
		largest = MAX(largest, json_dumpb(message, NULL, 0, 0));
		json_array_foreach(json_object_get(message, "members"), index,
				   mem)
			g_hash_table_add(
				told, GSIZE_TO_POINTER(number_in(mem, "id")));
	}
	g_assert_cmpuint(g_hash_table_size(told), ==, 1201);
	g_assert_cmpuint(largest, >, 0);
	g_assert_cmpuint(largest, <, 200 * 1024); /* of 256, web/web.c */
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void one_who_moderates_no_more_loses_the_room(void)
{
	const struct room_config strict = { .address = "first@x.org",
					    .capacity = 9 };
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	room_configure(rooms[0], &strict);
	say(wtr, "{\"id\":2,\"do\":\"kick\",\"member\":1}");
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==, "no-room");
	g_assert_cmpint(ann->state, ==, MEMBER_HERE);
	while (!newest(&sock, "closed"))
		g_main_context_iteration(NULL, TRUE);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

/* Says it of ann, and gives what was answered: "done" or an error's code. */
static const char *outcome(struct watcher *wtr, struct socket *sock,
			   const char *more)
{
	static json_int_t id;
	g_autofree char *text =
		g_strdup_printf("{\"id\":%d,%s}", (int)++id, more);
	json_t *error;

	say(wtr, text);
	error = newest(sock, "error");
	if (error && number_in(error, "id") == id)
		return text_in(error, "code");
	g_assert_cmpint(number_in(newest(sock, "done"), "id"), ==, id);
	return "done";
}

static void moderators_lead_the_queue_and_the_floor(void)
{
	static const struct {
		const char *what, *with; /* $: a member */
		const char *outcome, *whom, *detail;
	} steps[] = {
		{ "floor-next", "", "impossible", "", "" },
		{ "floor-extend", ",\"seconds\":60", "impossible", "", "60" },
		{ "hand", ",\"member\":$,\"on\":true", "done", "ann@x.org",
		  "up" },
		{ "mute", ",\"member\":$", "done", "ann@x.org", "" },
		{ "ask-unmute", ",\"member\":$", "done", "ann@x.org", "" },
		{ "floor-next", ",\"seconds\":60", "done", "ann@x.org", "60" },
		{ "floor-extend", ",\"seconds\":60", "done", "ann@x.org",
		  "60" },
		{ "floor-end", "", "done", "ann@x.org", "" },
		{ "floor", ",\"member\":$", "done", "ann@x.org", "" },
		{ "floor-extend", ",\"seconds\":60", "impossible", "ann@x.org",
		  "60" },
		{ "hands-down", "", "done", "", "" },
		{ "floor", ",\"member\":4294967295", "not-here", "", "" },
		{ "hand", ",\"member\":$", "malformed", NULL, NULL },
		{ "hand", ",\"member\":$,\"on\":1", "malformed", NULL, NULL },
		{ "floor", ",\"member\":$,\"seconds\":4", "malformed", NULL,
		  NULL },
		{ "floor-next", ",\"seconds\":3601", "malformed", NULL, NULL },
		{ "floor-extend", "", "malformed", NULL, NULL },
	};
	struct socket sock;
	struct watcher *wtr;
	struct member *ann;

	set_up();
	socket_init(&sock);
	ann = join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	for (gsize i = 0; i < G_N_ELEMENTS(steps); i++) {
		g_autofree char *id = g_strdup_printf("%u", ann->id);
		g_autofree char *text = g_strconcat("\"do\":\"", steps[i].what,
						    "\"", steps[i].with, NULL);
		g_autoptr(GString) said = g_string_new(text);
		json_t *row;

		g_string_replace(said, "$", id, 0);
		g_assert_cmpstr(outcome(wtr, &sock, said->str), ==,
				steps[i].outcome);
		if (!steps[i].whom)
			continue;
		row = json_object_get(newest(&sock, "audited"), "row");
		g_assert_cmpstr(text_in(row, "what"), ==, steps[i].what);
		g_assert_cmpstr(text_in(row, "whom"), ==, steps[i].whom);
		g_assert_cmpstr(text_in(row, "detail"), ==, steps[i].detail);
	}
	g_assert_true(floor_holder(room_floor(rooms[0])) == ann);
	g_assert_false(ann->muted);
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void the_door_is_shown_as_it_is(void)
{
	struct socket sock;
	struct watcher *wtr;
	struct member *bob;
	json_t *state, *bans;
	gint64 n;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	n = number_in(newest(&sock, "snapshot"), "n");
	state = json_object_get(newest(&sock, "snapshot"), "state");
	g_assert_cmpstr(text_in(state, "pin"), ==, "");
	g_assert_true(json_is_false(json_object_get(state, "locked")));
	say(wtr, "{\"id\":2,\"do\":\"lobby\",\"on\":true}");
	say(wtr, "{\"id\":3,\"do\":\"pin\",\"pin\":\"4711\"}");
	bob = join(rooms[0], "d1", "Ann");
	g_assert_true(bob->held);
	say(wtr, "{\"id\":4,\"do\":\"lock\"}");
	state = json_object_get(newest(&sock, "room"), "state");
	g_assert_cmpint(number_in(newest(&sock, "room"), "n"), >, n + 2);
	g_assert_cmpstr(text_in(newest(&sock, "room"), "by"), ==,
			"chair@x.org");
	g_assert_cmpstr(text_in(state, "pin"), ==, "4711");
	g_assert_true(json_is_true(json_object_get(state, "locked")));
	g_assert_true(json_is_true(json_object_get(state, "lobby")));
	g_assert_cmpint(number_in(state, "held"), ==, 1);
	say(wtr, "{\"id\":5,\"do\":\"ban\",\"address\":\"Ann+x@x.org\","
		 "\"seconds\":60,\"reason\":\"so\"}");
	bans = json_object_get(newest(&sock, "bans"), "bans");
	g_assert_cmpuint(json_array_size(bans), ==, 1);
	g_assert_cmpstr(text_in(json_array_get(bans, 0), "address"), ==,
			"Ann+x@x.org");
	g_assert_cmpstr(text_in(newest(&sock, "gone"), "why"), ==, "banned");
	g_assert_cmpstr(
		text_in(json_object_get(newest(&sock, "audited"), "row"),
			"detail"),
		==, "60 s: so");
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void a_gate_that_drains_is_in_the_state(void)
{
	struct socket sock;
	struct watcher *wtr;
	json_t *state, *names;

	set_up();
	socket_init(&sock);
	join(rooms[0], "d1", "Ann");
	wtr = log_in(&sock, "chair@x.org", "192.0.2.9");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(wtr, "{\"id\":2,\"do\":\"drain\",\"gate\":\"local-1\","
		 "\"on\":true}");
	state = json_object_get(newest(&sock, "room"), "state");
	names = json_object_get(state, "draining");
	g_assert_cmpuint(json_array_size(names), ==, 1);
	g_assert_cmpstr(json_string_value(json_array_get(names, 0)), ==,
			"local-1");
	g_assert_cmpstr(
		text_in(json_object_get(newest(&sock, "audited"), "row"),
			"detail"),
		==, "local-1: on");
	say(wtr, "{\"id\":3,\"do\":\"drain\",\"gate\":\"local-9\","
		 "\"on\":true}");
	g_assert_cmpstr(text_in(newest(&sock, "error"), "code"), ==,
			"not-here");
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

/* The audit trail. */

static void every_action_leaves_a_row(void)
{
	struct socket one, two;
	struct watcher *chair, *deputy;
	struct member *ann;
	g_autofree char *kick = NULL;
	json_t *rows, *row;

	set_up();
	socket_init(&one);
	socket_init(&two);
	ann = join(rooms[0], "d1", "Ann");
	kick = g_strdup_printf("{\"id\":7,\"do\":\"kick\",\"member\":%u,"
			       "\"reason\":\"so\"}",
			       ann->id);
	chair = log_in(&one, "chair@x.org", "192.0.2.9");
	deputy = log_in(&two, "deputy@x.org", "192.0.2.8");
	say(chair, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(deputy, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(chair, kick);
	say(chair, kick);
	row = json_object_get(newest(&two, "audited"), "row");
	g_assert_cmpstr(text_in(row, "outcome"), ==, "not-here");
	say(deputy, "{\"id\":2,\"do\":\"audit\",\"limit\":1}");
	g_assert_true(
		json_is_true(json_object_get(newest(&two, "audit"), "more")));
	say(deputy, "{\"id\":3,\"do\":\"audit\",\"before\":2}");
	g_assert_cmpint(number_in(newest(&two, "audit"), "id"), ==, 3);
	g_assert_false(
		json_is_true(json_object_get(newest(&two, "audit"), "more")));
	rows = json_object_get(newest(&two, "audit"), "rows");
	g_assert_cmpuint(json_array_size(rows), ==, 1);
	row = json_array_get(rows, 0);
	g_assert_cmpstr(text_in(row, "who"), ==, "chair@x.org");
	g_assert_cmpstr(text_in(row, "from"), ==, "192.0.2.9");
	g_assert_cmpstr(text_in(row, "what"), ==, "kick");
	g_assert_cmpstr(text_in(row, "whom"), ==, "ann@x.org");
	g_assert_cmpstr(text_in(row, "detail"), ==, "so");
	g_assert_cmpstr(text_in(row, "outcome"), ==, "done");
	/* Of another's room one sees nothing. */
	say(chair, "{\"id\":8,\"do\":\"audit\",\"room\":\"second@x.org\"}");
	g_assert_cmpstr(text_in(newest(&one, "error"), "code"), ==, "no-room");
	g_assert_null(newest(&one, "audit"));
	panel_close(&chair);
	panel_close(&deputy);
	g_ptr_array_unref(one.sent);
	g_ptr_array_unref(two.sent);
	tear_down();
}

static void what_is_said_again_is_done_once(void)
{
	struct socket one, two;
	struct watcher *before, *after;
	struct member *ann;
	g_autofree char *mute = NULL, *again = NULL;

	set_up();
	socket_init(&one);
	socket_init(&two);
	ann = join(rooms[0], "d1", "Ann");
	mute = g_strdup_printf("{\"id\":2,\"do\":\"mute\",\"member\":%u,"
			       "\"room\":\"first@x.org\",\"key\":\"k\"}",
			       ann->id);
	again = g_strdup_printf("{\"id\":9,\"do\":\"mute\",\"member\":%u,"
				"\"room\":\"first@x.org\",\"key\":\"k\"}",
				ann->id);
	/* The room is named: nothing need be watched. */
	before = log_in(&one, "chair@x.org", "192.0.2.9");
	say(before, mute);
	g_assert_true(ann->muted);
	panel_close(&before);
	room_unmute(rooms[0], ann->id, "deputy@x.org", NULL);
	after = log_in(&two, "chair@x.org", "192.0.2.9");
	say(after, again);
	g_assert_cmpint(number_in(newest(&two, "done"), "id"), ==, 9);
	g_assert_false(ann->muted);
	g_assert_cmpuint(trail->len, ==, 1);
	panel_close(&after);
	/* Another's key is another's. */
	after = log_in(&two, "deputy@x.org", "192.0.2.9");
	say(after, again);
	g_assert_true(ann->muted);
	panel_close(&after);
	g_ptr_array_unref(one.sent);
	g_ptr_array_unref(two.sent);
	tear_down();
}

static void an_answer_is_remembered_for_ten_minutes(void)
{
	struct repeats *reps = repeats_create();
	const struct repeat *rep;

	repeats_add(reps, "a", "k", "not-here", "He left.", 1000);
	rep = repeats_find(reps, "a", "k", 1000 + REPEATS_S - 1);
	g_assert_cmpstr(rep->code, ==, "not-here");
	g_assert_cmpstr(rep->text, ==, "He left.");
	g_assert_null(repeats_find(reps, "b", "k", 1000));
	g_assert_null(repeats_find(reps, "a", "k", 1000 + REPEATS_S));
	for (guint i = 0; i <= REPEATS_MAX; i++) {
		g_autofree char *key = g_strdup_printf("%u", i);

		repeats_add(reps, "a", key, NULL, NULL, 5000);
	}
	g_assert_null(repeats_find(reps, "a", "0", 5000));
	g_assert_nonnull(repeats_find(reps, "a", "1", 5000));
	repeats_destroy(&reps);
}

static void a_spreadsheet_finds_no_formula_in_the_trail(void)
{
	g_autoptr(GString) csv = g_string_new(NULL);
	g_autoptr(GPtrArray) rows = g_ptr_array_new();
	struct audit_row row = {
		.id = 7,
		.at = 1795384170,
		.who = (char *)"chair@x.org",
		.from = (char *)"192.0.2.9",
		.what = (char *)"kick",
		.whom = (char *)"ann@x.org",
		.detail = (char *)"=HYPERLINK(\"http://evil\",\r\n1)",
		.outcome = (char *)"done",
	};

	g_ptr_array_add(rows, &row);
	audit_text_csv(csv, rows);
	g_assert_cmpstr(
		csv->str, ==,
		"row,at,who,from,what,whom,detail,outcome\r\n"
		"7,\"2026-11-22T21:49:30Z\",\"chair@x.org\","
		"\"192.0.2.9\",\"kick\",\"ann@x.org\","
		"\"'=HYPERLINK(\"\"http://evil\"\",\r\n1)\",\"done\"\r\n");
}

/* Commands. */

static gboolean parses(const char *text, struct command *cmd)
{
	return command_parse(text, strlen(text), cmd, NULL);
}

static void reads_each_command(void)
{
	struct command cmd;

	g_assert_true(
		parses("{\"id\":1,\"do\":\"watch\",\"room\":\"a@b\",\"new\":1}",
		       &cmd));
	g_assert_cmpint(cmd.verb, ==, COMMAND_WATCH);
	g_assert_cmpstr(cmd.room, ==, "a@b");
	command_clear(&cmd);
	g_assert_true(parses("{\"id\":2,\"do\":\"kick\",\"member\":4294967295,"
			     "\"reason\":\"so\"}",
			     &cmd));
	g_assert_cmpuint(cmd.member, ==, G_MAXUINT32);
	g_assert_cmpstr(cmd.reason, ==, "so");
	command_clear(&cmd);
	g_assert_true(
		parses("{\"id\":3,\"do\":\"unmute\",\"member\":1}", &cmd));
	g_assert_cmpint(cmd.verb, ==, COMMAND_UNMUTE);
	command_clear(&cmd);
}

static void refuses_what_is_malformed(void)
{
	static const char *const bad[] = {
		"",
		"{",
		"[]",
		"null",
		"{}",
		"{\"id\":0,\"do\":\"mute\"}",
		"{\"id\":1}",
		"{\"id\":1,\"do\":5}",
		"{\"id\":1,\"do\":\"mute\"}",
		"{\"id\":1,\"do\":\"mute\",\"member\":0}",
		"{\"id\":1,\"do\":\"mute\",\"member\":4294967296}",
		"{\"id\":1,\"do\":\"mute\",\"member\":-1}",
		"{\"id\":1,\"do\":\"mute\",\"member\":\"1\"}",
		"{\"id\":1,\"id\":2,\"do\":\"mute\",\"member\":1}",
		"{\"id\":1,\"do\":\"watch\",\"room\":\"a\\u0000b\"}",
		"{\"id\":1,\"do\":\"kick\",\"member\":1,\"reason\":7}",
		"{\"id\":1,\"do\":\"mute\",\"member\":1,\"key\":7}",
		"{\"id\":1,\"do\":\"mute\",\"member\":1,\"room\":7}",
		"{\"id\":1,\"do\":\"watch\"}",
		"{\"id\":1,\"do\":\"audit\",\"limit\":0}",
		"{\"id\":1,\"do\":\"lobby\"}",
		"{\"id\":1,\"do\":\"drain\",\"on\":true}",
		"{\"id\":1,\"do\":\"move\",\"to\":\"a@x.org\"}",
		"{\"id\":1,\"do\":\"move\",\"member\":1}",
		"{\"id\":1,\"do\":\"invite\",\"address\":\"a@x.org\"}",
		"{\"id\":1,\"do\":\"invite\",\"how\":\"phone\"}",
		"{\"id\":1,\"do\":\"drain\",\"gate\":\"a\"}",
		"{\"id\":1,\"do\":\"pin\",\"pin\":\"a\\nb\"}",
		"{\"id\":1,\"do\":\"role\",\"member\":1,\"role\":\"x\"}",
		"{\"id\":1,\"do\":\"ban\",\"member\":1,\"seconds\":59}",
		"{\"id\":1,\"do\":\"ban\",\"address\":\"x\",\"seconds\":60}",
		"{\"id\":1,\"do\":\"ban\",\"seconds\":60}",
		"{\"id\":1,\"do\":\"unban\",\"address\":\"a b@x.org\"}",
		"{\"id\":1,\"do\":\"mute-all\",\"but\":[0]}",
		"{\"id\":1,\"do\":\"mute-all\",\"but\":7}",
		"{\"id\":1,\"do\":\"audit\",\"limit\":201}",
		"{\"id\":1,\"do\":\"audit\",\"before\":0}",
	};
	g_autofree char *deep = g_strnfill(COMMAND_MAX_SIZE, '[');
	g_autofree char *huge = g_strnfill(COMMAND_MAX_SIZE + 1, ' ');
	struct command cmd;

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++) {
		g_assert_false(parses(bad[i], &cmd));
		command_clear(&cmd);
	}
	g_assert_false(parses(deep, &cmd));
	g_assert_false(parses(huge, &cmd));
}

static json_t *member_in(json_t *object, const char *name)
{
	return json_object_get(object, name);
}

static void a_recording_is_shown_to_all_who_watch(void)
{
	struct socket sock, other;
	struct watcher *wtr, *beside;
	json_t *state, *row;

	set_up();
	socket_init(&sock);
	socket_init(&other);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.7");
	beside = log_in(&other, "deputy@x.org", "192.0.2.8");
	say(wtr, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	say(beside, "{\"id\":1,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	state = member_in(newest(&sock, "snapshot"), "state");
	g_assert_true(json_is_null(member_in(state, "recording")));
	g_assert_true(json_is_null(member_in(state, "announcing")));

	say(wtr, "{\"id\":2,\"do\":\"record\",\"on\":true}");
	g_assert_nonnull(newest(&sock, "done"));
	state = member_in(newest(&other, "room"), "state");
	g_assert_cmpint(
		json_integer_value(member_in(newest(&other, "room"), "n")), ==,
		1);
	row = member_in(state, "recording");
	g_assert_cmpstr(text_in(row, "recording"), ==, CATALOGUE_ID);
	g_assert_cmpstr(text_in(row, "by"), ==, "chair@x.org");
	g_assert_cmpint(json_integer_value(member_in(row, "since")), ==,
			1795437605123);
	g_assert_cmpint(
		json_integer_value(member_in(newest(&other, "recording"), "n")),
		==, 2);
	row = member_in(newest(&other, "recording"), "recording");
	g_assert_cmpstr(text_in(row, "state"), ==, "ended");
	g_assert_cmpstr(text_in(row, "why"), ==, "stopped");
	g_assert_cmpuint(json_array_size(member_in(row, "files")), ==, 2);
	/* Who comes later sees it too. */
	say(wtr, "{\"id\":3,\"do\":\"watch\",\"room\":\"first@x.org\"}");
	state = member_in(newest(&sock, "snapshot"), "state");
	g_assert_cmpstr(text_in(member_in(state, "recording"), "recording"), ==,
			CATALOGUE_ID);
	panel_close(&wtr);
	panel_close(&beside);
	g_ptr_array_unref(sock.sent);
	g_ptr_array_unref(other.sent);
	tear_down();
}

static void recordings_and_announcements_are_listed(void)
{
	struct socket sock;
	struct watcher *wtr;
	json_t *list, *row;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.7");
	say(wtr, "{\"id\":1,\"do\":\"recordings\","
		 "\"room\":\"first@x.org\"}");
	list = newest(&sock, "recordings");
	g_assert_cmpint(json_integer_value(member_in(list, "id")), ==, 1);
	row = json_array_get(member_in(list, "recordings"), 0);
	g_assert_cmpfloat(json_real_value(member_in(row, "seconds")), ==, 90);
	row = json_array_get(member_in(row, "files"), 1);
	g_assert_cmpstr(text_in(row, "file"), ==, "001-ann.opus");
	g_assert_cmpstr(text_in(row, "address"), ==, "ann@x.org");
	say(wtr, "{\"id\":2,\"do\":\"announcements\","
		 "\"room\":\"first@x.org\"}");
	list = newest(&sock, "announcements");
	row = json_array_get(member_in(list, "announcements"), 0);
	g_assert_cmpstr(text_in(row, "name"), ==, "bell.wav");
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

static void what_this_bridge_cannot_is_said_so(void)
{
	static const struct {
		const char *command, *code;
	} wrong[] = {
		{ "\"do\":\"record\"", "malformed" },
		{ "\"do\":\"record\",\"on\":1", "malformed" },
		{ "\"do\":\"announce\"", "malformed" },
		{ "\"do\":\"announce\",\"name\":\"bell.wav\"",
		  "not-supported" },
		{ "\"do\":\"recording-delete\",\"recording\":3", "malformed" },
		{ "\"do\":\"recording-delete\",\"recording\":\"x\"",
		  "not-supported" },
	};
	struct socket sock;
	struct watcher *wtr;

	set_up();
	socket_init(&sock);
	wtr = log_in(&sock, "chair@x.org", "192.0.2.7");
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++) {
		g_autofree char *text = g_strdup_printf(
			"{\"id\":%u,\"room\":\"first@x.org\",%s}", i + 1,
			wrong[i].command);
		json_t *error;

		say(wtr, text);
		error = newest(&sock, "error");
		g_assert_cmpint(json_integer_value(member_in(error, "id")), ==,
				i + 1);
		g_assert_cmpstr(text_in(error, "code"), ==, wrong[i].code);
	}
	panel_close(&wtr);
	g_ptr_array_unref(sock.sent);
	tear_down();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/panel/shows only rooms that one moderates",
			shows_only_rooms_that_one_moderates);
	g_test_add_func("/panel/a token moderates its room alone",
			a_token_moderates_its_room_alone);
	g_test_add_func("/panel/how long mail takes is told when it changes",
			how_long_mail_takes_is_told_when_it_changes);
	g_test_add_func("/panel/ten minutes are remembered of who is here",
			ten_minutes_are_remembered_of_who_is_here);
	g_test_add_func("/panel/lists rooms by address",
			lists_rooms_by_address);
	g_test_add_func("/panel/numbers events from the snapshot on",
			numbers_events_from_the_snapshot_on);
	g_test_add_func("/panel/shows who wants to speak and who may",
			shows_who_wants_to_speak_and_who_may);
	g_test_add_func("/panel/moderators see what each other does",
			moderators_see_what_each_other_does);
	g_test_add_func("/panel/a volume is a whole number of percent",
			a_volume_is_a_whole_number_of_percent);
	g_test_add_func("/panel/one that is behind gets a snapshot instead",
			one_that_is_behind_gets_a_snapshot_instead);
	g_test_add_func("/panel/a tree is told again only when it is another",
			a_tree_is_told_again_only_when_it_is_another);
	g_test_add_func("/panel/that the directory is away is said to all",
			that_the_directory_is_away_is_said_to_all);
	g_test_add_func("/panel/levels are fetched only for watched rooms",
			levels_are_fetched_only_for_watched_rooms);
	g_test_add_func("/panel/levels come each tick while somebody is loud",
			levels_come_each_tick_while_somebody_is_loud);
	g_test_add_func("/panel/figures come each second",
			figures_come_each_second);
	g_test_add_func("/panel/figures of a large room come in parts",
			figures_of_a_large_room_come_in_parts);
	g_test_add_func("/panel/one who moderates no more loses the room",
			one_who_moderates_no_more_loses_the_room);
	g_test_add_func("/panel/moderators lead the queue and the floor",
			moderators_lead_the_queue_and_the_floor);
	g_test_add_func("/panel/the door is shown as it is",
			the_door_is_shown_as_it_is);
	g_test_add_func("/panel/a gate that drains is in the state",
			a_gate_that_drains_is_in_the_state);
	g_test_add_func("/panel/every action leaves a row",
			every_action_leaves_a_row);
	g_test_add_func("/panel/what is said again is done once",
			what_is_said_again_is_done_once);
	g_test_add_func("/repeats/an answer is remembered for ten minutes",
			an_answer_is_remembered_for_ten_minutes);
	g_test_add_func("/audit/a spreadsheet finds no formula in the trail",
			a_spreadsheet_finds_no_formula_in_the_trail);
	g_test_add_func("/command/reads each command", reads_each_command);
	g_test_add_func("/command/refuses what is malformed",
			refuses_what_is_malformed);
	g_test_add_func("/panel/a recording is shown to all who watch",
			a_recording_is_shown_to_all_who_watch);
	g_test_add_func("/panel/recordings and announcements are listed",
			recordings_and_announcements_are_listed);
	g_test_add_func("/panel/what this bridge cannot is said so",
			what_this_bridge_cannot_is_said_so);
	return g_test_run();
}
