/* webhost - web/ with a real room and no telephone: members come and go by
 * command and their levels move by themselves.
 *
 *   webhost PORT FILES CONNECTIONS [CERTIFICATE KEY]
 *
 * Moderators of standup@localhost are chair@localhost and deputy@localhost;
 * of board@localhost, deputy@localhost alone. Prints a line "listening", then
 * one for each thing that the bridge would do. Commands on standard input,
 * one a line; its end ends the program:
 *
 *   join NAME ADDRESS      invites and registers a member, prints its id
 *   crowd N                N members at once
 *   talkers N              only the first N who came talk, always
 *   invite NAME ADDRESS    only invites
 *   leave ID
 *   self-mute ID
 *   say ID JSON            its phone says it in band
 *   churn N                N changes at once
 *   link ADDRESS           prints a log-in link
 *   close                  the room ends
 *   gate GATE              those who come from now on sit there
 *   hub SITE PARENT ALTERNATE STATE LOSS
 *                          the room is a tree now, with this hub ("-": none),
 *                          in a state of enum topology_state, by number; at it
 *                          are the gates whose names begin with SITE-
 *   directory up|down      there is a cluster, and its directory answers, or
 *                          does not since 2026-11-23 12:03 UTC
 *   owner BRIDGE           keeps the room
 *   figures                prints those of web_figures(), but for the panels'
 *                          number: queued, longest, peak, behind, cut_off
 *
 * Media worker 0 sends each packet back that begins with "prove". */
#include <gio/gio.h>
#include <gio/gunixinputstream.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/room/in_band.h"
#include "bridge/room/room.h"
#include "tests/catalogue.h"
#include "tests/quiet_room.h"
#include "tests/trail.h"
#include "web/web.h"

static struct web *web;
static struct room *room, *board;
static GMainLoop *loop;
static guint64 refreshes;
static guint talkers; /* 0: all, in turns */
static char *next_gate;
static GPtrArray *hubs; /* struct hub; none: a lone bridge */
static gboolean in_cluster, directory_up;
static char *owner;

struct hub {
	char *site, *parent, *alternate;
	enum topology_state state;
	double loss;
};

static void say(const char *format, ...) G_GNUC_PRINTF(1, 2);

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	fflush(stdout);
}

/* The room's effects. */

static void end_media(struct member *mem, void *arg)
{
	(void)arg;
	say("end-media %u", mem->id);
}

static void set_muted(struct member *mem, gboolean muted, void *arg)
{
	(void)arg;
	say("set-muted %u %d", mem->id, muted);
}

static void set_volume(struct member *mem, void *arg)
{
	(void)arg;
	say("set-volume %u %u", mem->id, mem->volume);
}

static void tell(struct member *mem, const char *json, void *arg)
{
	(void)arg;
	say("tell %u %s", mem->id, json);
}

/* Each talks in turns of some seconds, louder and softer. */
static void refresh_levels(struct room *of, void *arg)
{
	const GPtrArray *members = room_members(of);
	double t = (double)g_get_monotonic_time() / G_USEC_PER_SEC;

	(void)arg;
	refreshes++;
	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];
		double turn = sin(t / 2 + mem->id * 2.1);

		if (talkers)
			turn = i < talkers ? 1 : -1;
		mem->talking = turn > 0 && !mem->self_muted;
		mem->level = mem->talking ? (int)(-38 + 14 * turn +
						  12 * sin(t * 9 + mem->id))
					  : -127;
	}
}

static const struct room_effects effects = {
	.end_media = end_media,
	.set_muted = set_muted,
	.set_volume = set_volume,
	.tell = tell,
	.refresh_levels = refresh_levels,
	.set_deaf = quiet_set_deaf,
	.keep_door = quiet_keep_door,
};

static void changed(struct room *of, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	(void)arg;
	if (web)
		web_observer.changed(of, mem, change, by, web);
}

static const struct room_observer observer = { .changed = changed };

/* Where the room is. */

static void put_trunk(struct topology_trunk *trk, const struct hub *hub,
		      const char *site, gboolean up)
{
	if (!strcmp(site, "-"))
		return;
	g_strlcpy(trk->site, site, sizeof(trk->site));
	trk->up = up;
	if (!up)
		return;
	trk->loss_up = trk->loss_down = hub->loss;
	trk->round_trip_ms = 0.4 + 30 * hub->loss;
}

static void put_hub(struct topology *top, const struct hub *hub)
{
	const GPtrArray *members = room_members(room);
	struct topology_hub *shown = topology_add(top, hub->site);
	g_autofree char *gates = g_strconcat(hub->site, "-", NULL);

	shown->state = hub->state;
	shown->root = !strcmp(hub->parent, "-");
	shown->vice = !shown->root && top->hubs->len == 2;
	shown->places = 5;
	put_trunk(&shown->parent, hub, hub->parent, hub->state == TOPOLOGY_UP);
	put_trunk(&shown->alternate, hub, hub->alternate,
		  hub->state == TOPOLOGY_ALTERNATE);
	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];
		const gboolean here = mem->state == MEMBER_HERE;

		if (!g_str_has_prefix(mem->gate, gates))
			continue;
		topology_seat(shown, mem->gate, here, !here);
		shown->talkers += here && mem->talking;
	}
}

static struct topology *topology(struct room *of, void *arg)
{
	struct topology *top;

	(void)arg;
	if (of != room || !hubs->len)
		return topology_of_room(of, 5);
	top = topology_create();
	for (guint i = 0; i < hubs->len; i++)
		put_hub(top, hubs->pdata[i]);
	g_strlcpy(top->owner, owner ? owner : "bridge-1", sizeof(top->owner));
	top->ours = !owner;
	topology_finish(top);
	return top;
}

static struct topology_cluster *cluster(void *arg)
{
	GArray *sites;
	struct topology_cluster *shown;

	(void)arg;
	if (!in_cluster)
		return NULL;
	sites = g_array_new(FALSE, TRUE, sizeof(struct topology_site));
	for (guint i = 0; i < hubs->len; i++) {
		const struct hub *hub = hubs->pdata[i];
		struct topology_site site = { .gates = 2,
					      .places = 5,
					      .used = 10 - i,
					      .stress = 0.05 * i,
					      .draining = i == 3,
					      .global = i % 2 == 0 };

		g_strlcpy(site.site, hub->site, sizeof(site.site));
		g_snprintf(site.host, sizeof(site.host), "host%u.example.org",
			   i / 2 + 1);
		g_strlcpy(site.release, "0.3.0", sizeof(site.release));
		g_array_append_val(sites, site);
	}
	shown = topology_cluster_create(sites);
	shown->up = directory_up;
	shown->since = 1795435380; /* 2026-11-23 12:03 UTC */
	if (!directory_up)
		g_strlcpy(shown->why, "http://127.0.0.1:2379 refuses.",
			  sizeof(shown->why));
	return shown;
}

/* The web's host. */

static GPtrArray *rooms(void *arg)
{
	GPtrArray *all = g_ptr_array_new();

	(void)arg;
	if (room)
		g_ptr_array_add(all, room);
	if (board)
		g_ptr_array_add(all, board);
	return all;
}

static void mail_login(const char *address, const char *link, gboolean japanese,
		       void *arg)
{
	(void)arg;
	say("mail %s %s %s", address, link, japanese ? "ja" : "en");
}

static gboolean media_packet(guint worker, guint32 connection,
			     const guint8 *buf, gsize size, void *arg)
{
	(void)arg;
	say("media %u %u %" G_GSIZE_FORMAT, worker, connection, size);
	if (size >= 5 && memcmp(buf, "prove", 5) == 0)
		web_media_send(web, connection, buf, size);
	return worker == 0;
}

static void media_closed(guint worker, guint32 connection, void *arg)
{
	(void)arg;
	say("media-closed %u %u", worker, connection);
}

static gboolean no_token(const char *token, struct who *who_r, void *arg)
{
	(void)token;
	(void)who_r;
	(void)arg;
	return FALSE;
}

static gboolean is_ready(void *arg)
{
	(void)arg;
	return TRUE;
}

static gboolean is_operator(const char *address, void *arg)
{
	(void)arg;
	return !strcmp(address, "chief@localhost");
}

static char *overview(void *arg)
{
	(void)arg;
	return g_strdup("{\"bridge\":\"webhost\",\"release\":\"0\","
			"\"started\":1795437605,\"ready\":true,"
			"\"rooms\":[]}");
}

static char *no_file(const char *id, const char *file, char **room_r, void *arg)
{
	(void)id;
	(void)file;
	(void)arg;
	*room_r = NULL;
	return NULL;
}

/* One link is good, "good"; it is everybody's session, too. */
static void look(const char *token, gboolean open, struct join_answer *answer_r,
		 void *arg)
{
	(void)arg;
	answer_r->verdict =
		strcmp(token, "good") ? JOIN_LINK_IS_NONE : JOIN_WELCOME;
	answer_r->room = g_strdup("standup@localhost");
	answer_r->address = g_strdup("ann@example.org");
	answer_r->session = open ? g_strdup(token) : NULL;
}

static struct member *joined(const char *session, const char *token, void *arg)
{
	const GPtrArray *members = room_members(room);

	(void)arg;
	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (!strcmp(mem->did, session) && !strcmp(token, "good"))
			return mem;
	}
	return NULL;
}

static void hear(struct member *mem, const char *json, gsize size, void *arg)
{
	struct in_band msg;

	(void)arg;
	if (in_band_read(&msg, json, size))
		room_hear(room, mem, &msg, g_get_real_time() / 1000);
}

static const struct web_host host = {
	.rooms = rooms,
	.topology = topology,
	.cluster = cluster,
	.mail_login = mail_login,
	.token = no_token,
	.audit = trail_audit,
	.audited = trail_audited,
	.is_ready = is_ready,
	.is_operator = is_operator,
	.overview = overview,
	.recordings = catalogue_recordings,
	.announcements = catalogue_announcements,
	.recording_file = no_file,
	.media_packet = media_packet,
	.media_closed = media_closed,
	.people = { .look = look, .member = joined, .hear = hear },
};

/* Figures once a second, as a media worker would report them. */
static gboolean figures(gpointer data)
{
	const GPtrArray *members = room ? room_members(room) : NULL;

	(void)data;
	if (room)
		room_run(room, g_get_real_time() / 1000);
	for (guint i = 0; members && i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (mem->state != MEMBER_HERE)
			continue;
		mem->in = (struct member_figures){
			.loss = mem->id % 3 ? 0.001 : 0.06,
			.late = 0.001,
			.concealed = mem->id % 3 ? 0.001 : 0.02,
			.recovered = mem->id % 3 ? 0 : 0.04,
			.jitter_ms = 3.5 + mem->id,
			.buffer_ms = 60,
			.mos = mem->id % 3 ? 4.4 : 3.4,
		};
		mem->out = (struct member_figures){
			.loss = 0.002,
			.late = 0,
			.concealed = -1,
			.recovered = -1,
			.jitter_ms = 2,
			.buffer_ms = 40,
			.mos = 4.3,
		};
		mem->round_trip_ms = 18 + 7.0 * mem->id;
		room_figures(room, mem);
	}
	return G_SOURCE_CONTINUE;
}

/* Commands. */

static struct member *seat(char **words)
{
	static guint n;
	g_autofree char *did = g_strdup_printf("dialog%u", ++n);
	g_autofree char *gate = g_strdup_printf("local-%u", (n + 4) / 5);

	return room_seat(
		room,
		&(struct room_guest){
			.did = did,
			.address = words[2],
			.name = words[1],
			.device = "phone",
			.gate = next_gate ? next_gate : gate,
			.deadline = g_get_real_time() / G_USEC_PER_SEC + 60 });
}

static void do_invite(char **words)
{
	struct member *mem = seat(words);

	if (mem)
		say("invited %u", mem->id);
	else
		say("full");
}

static void do_join(char **words)
{
	struct member *mem = seat(words);
	g_autofree char *path = NULL;

	if (!mem) {
		say("full");
		return;
	}
	path = mem->id % 4 ? g_strdup_printf("192.0.2.%u:5004", mem->id)
			   : g_strdup("websocket");
	room_registered(room, mem, path, g_get_real_time() / G_USEC_PER_SEC);
	say("joined %u", mem->id);
}

static struct member *member_named(const char *id)
{
	return room_member(room, (guint32)strtoul(id, NULL, 10));
}

static void do_crowd(char **words)
{
	const guint number = (guint)strtoul(words[1], NULL, 10);
	const gint64 now = g_get_real_time() / G_USEC_PER_SEC;

	for (guint i = 1; i <= number; i++) {
		g_autofree char *name = g_strdup_printf("Person-%03u", i);
		g_autofree char *address = g_strdup_printf("p%u@localhost", i);
		struct member *mem =
			seat((char *[]){ NULL, name, address, NULL });

		if (mem)
			room_registered(room, mem, "websocket", now);
	}
	say("crowded");
}

static void do_talkers(char **words)
{
	talkers = (guint)strtoul(words[1], NULL, 10);
}

static void do_leave(char **words)
{
	struct member *mem = member_named(words[1]);

	if (mem)
		room_left(room, mem, LEAVE_BYE);
}

static void do_self_mute(char **words)
{
	struct member *mem = member_named(words[1]);

	if (mem)
		room_self_muted(room, mem, !mem->self_muted);
}

static void do_say(char **words)
{
	struct member *mem = member_named(words[1]);
	struct in_band msg;

	if (mem && in_band_read(&msg, words[2], strlen(words[2])))
		room_hear(room, mem, &msg, g_get_real_time() / 1000);
	else
		say("what? %s", words[2]);
}

static void do_churn(char **words)
{
	struct member *mem = room_members(room)->pdata[0];

	for (long i = strtol(words[1], NULL, 10); i > 0; i--)
		room_self_muted(room, mem, !mem->self_muted);
	say("churned");
}

static void do_link(char **words)
{
	g_autofree char *link = web_login_link(web, words[1]);

	say("link %s", link);
}

static void do_refreshes(char **words)
{
	(void)words;
	say("refreshes %" G_GUINT64_FORMAT, refreshes);
}

static void do_close(char **words)
{
	struct room *closing = room;

	(void)words;
	room_destroy(&closing);
	room = NULL;
	say("closed");
}

static void do_gate(char **words)
{
	g_free(next_gate);
	next_gate = g_strdup(words[1]);
}

/* SITE PARENT ALTERNATE STATE LOSS */
static void do_hub(char **words)
{
	g_auto(GStrv) of = g_strsplit(words[1], " ", 5);
	struct hub *hub = NULL;

	if (g_strv_length(of) != 5)
		return;
	for (guint i = 0; i < hubs->len; i++)
		if (!strcmp(((struct hub *)hubs->pdata[i])->site, of[0]))
			hub = hubs->pdata[i];
	if (!hub) {
		hub = g_new0(struct hub, 1);
		hub->site = g_strdup(of[0]);
		g_ptr_array_add(hubs, hub);
	}
	g_free(hub->parent);
	g_free(hub->alternate);
	hub->parent = g_strdup(of[1]);
	hub->alternate = g_strdup(of[2]);
	hub->state = (enum topology_state)strtoul(of[3], NULL, 10);
	hub->loss = g_ascii_strtod(of[4], NULL);
}

static void free_hub(gpointer data)
{
	struct hub *hub = data;

	g_free(hub->site);
	g_free(hub->parent);
	g_free(hub->alternate);
	g_free(hub);
}

static void do_directory(char **words)
{
	in_cluster = TRUE;
	directory_up = !strcmp(words[1], "up");
}

static void do_owner(char **words)
{
	g_free(owner);
	owner = g_strdup(words[1]);
	room_set_kept(room, FALSE);
}

static void do_figures(char **words)
{
	struct web_figures fig;

	(void)words;
	web_figures(web, &fig);
	say("figures %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT " %" G_GSIZE_FORMAT
	    " %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT,
	    fig.queued, fig.longest, fig.peak, fig.behind, fig.cut_off);
}

static const struct {
	const char *name;
	guint words;
	void (*run)(char **words);
} commands[] = {
	{ "join", 3, do_join },	  { "invite", 3, do_invite },
	{ "crowd", 2, do_crowd }, { "talkers", 2, do_talkers },
	{ "leave", 2, do_leave }, { "self-mute", 2, do_self_mute },
	{ "say", 3, do_say },	  { "churn", 2, do_churn },
	{ "link", 2, do_link },	  { "refreshes", 1, do_refreshes },
	{ "close", 1, do_close }, { "gate", 2, do_gate },
	{ "hub", 2, do_hub },	  { "directory", 2, do_directory },
	{ "owner", 2, do_owner }, { "figures", 1, do_figures },
};

static void run(const char *line)
{
	for (gsize i = 0; i < G_N_ELEMENTS(commands); i++) {
		g_auto(GStrv) words =
			g_strsplit(line, " ", (int)commands[i].words);

		if (words[0] && strcmp(commands[i].name, words[0]) == 0 &&
		    g_strv_length(words) == commands[i].words) {
			commands[i].run(words);
			return;
		}
	}
	say("what? %s", line);
}

static void read_line(GObject *source, GAsyncResult *result, gpointer data)
{
	GDataInputStream *input = G_DATA_INPUT_STREAM(source);
	g_autofree char *line =
		g_data_input_stream_read_line_finish(input, result, NULL, NULL);

	if (!line) {
		g_main_loop_quit(loop);
		return;
	}
	run(line);
	g_data_input_stream_read_line_async(input, G_PRIORITY_DEFAULT, NULL,
					    read_line, data);
}

int main(int argc, char **argv)
{
	static const char *const both[] = { "chair@localhost",
					    "deputy@localhost", NULL };
	const struct room_config standup = {
		.address = "standup@localhost",
		.name = "Stand-up",
		.moderators = both,
		.capacity = 600,
	};
	const struct room_config second = {
		.address = "board@localhost",
		.name = "Board",
		.moderators = both + 1,
		.capacity = 5,
	};
	struct web_config cfg = { .address = "127.0.0.1" };
	g_autofree char *url = NULL;
	g_autoptr(GInputStream) input = g_unix_input_stream_new(0, FALSE);
	g_autoptr(GDataInputStream) lines = g_data_input_stream_new(input);
	g_autoptr(GError) error = NULL;

	if (argc != 4 && argc != 6)
		return 2;
	cfg.port = (guint)strtoul(argv[1], NULL, 10);
	cfg.files = argv[2];
	cfg.connections_per_address = (guint)strtoul(argv[3], NULL, 10);
	if (argc == 6) {
		cfg.tls_certificate = argv[4];
		cfg.tls_key = argv[5];
	}
	url = g_strdup_printf("http%s://127.0.0.1:%u", argc == 6 ? "s" : "",
			      cfg.port);
	cfg.url = url;
	loop = g_main_loop_new(NULL, FALSE);
	web = web_create(&cfg, &host, NULL, &error);
	if (!web) {
		fprintf(stderr, "%s\n", error->message);
		return 1;
	}
	hubs = g_ptr_array_new_with_free_func(free_hub);
	room = room_create(&standup, &effects, &observer, NULL);
	board = room_create(&second, &effects, &observer, NULL);
	g_timeout_add(1000, figures, NULL);
	say("listening");
	g_data_input_stream_read_line_async(lines, G_PRIORITY_DEFAULT, NULL,
					    read_line, NULL);
	g_main_loop_run(loop);
	room_destroy(&room);
	room_destroy(&board);
	web_destroy(&web);
	g_ptr_array_unref(hubs);
	g_free(next_gate);
	g_free(owner);
	g_main_loop_unref(loop);
	return 0;
}
