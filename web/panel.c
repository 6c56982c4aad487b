#include "web/panel.h"

#include <gio/gio.h>
#include <string.h>

#include "web/action.h"
#include "web/audit_text.h"
#include "web/command.h"
#include "web/history.h"
#include "web/levels.h"
#include "web/panel_json.h"
#include "web/recording_json.h"
#include "web/repeats.h"
#include "web/topology_json.h"

#define FIGURES_AT_ONCE 500
#define PLACES_BEAT	(PANEL_HZ - 1)

struct panel {
	const struct panel_events *events;
	void *arg;
	GPtrArray *watchers;
	GHashTable *views;     /* struct room -> struct view */
	GHashTable *histories; /* struct room -> struct history */
	struct repeats *repeats;
	GBytes *cluster; /* as it is now; NULL: not known, or none */
	guint timer, ticks;
	guint64 behind; /* clients that were cut off from what waited */
};

/* A room that somebody watches. */
struct view {
	struct room *room;
	GPtrArray *watchers; /* at least one */
	guint64 n;	     /* of the last event */
	GBytes *tree;	     /* as it is now */
	guint silent;	     /* ticks without a level to show */
};

struct watcher {
	struct panel *pan;
	void *socket;
	struct who who;
	char *peer;
	struct view *view; /* or NULL */
	GBytes *rooms;	   /* the list as last told */
	GBytes *tree, *cluster;
	gboolean levels; /* wants them */
	gboolean behind; /* was cut off, needs everything anew */
};

static void view_free(gpointer data)
{
	struct view *view = data;

	g_ptr_array_unref(view->watchers);
	g_clear_pointer(&view->tree, g_bytes_unref);
	g_free(view);
}

static void history_free(gpointer data)
{
	struct history *his = data;

	history_destroy(&his);
}

struct panel *panel_create(const struct panel_events *events, void *arg)
{
	struct panel *pan = g_new0(struct panel, 1);

	pan->events = events;
	pan->arg = arg;
	pan->watchers = g_ptr_array_new();
	pan->repeats = repeats_create();
	pan->views = g_hash_table_new_full(NULL, NULL, NULL, view_free);
	pan->histories = g_hash_table_new_full(NULL, NULL, NULL, history_free);
	return pan;
}

void panel_destroy(struct panel **panp)
{
	struct panel *pan = *panp;

	*panp = NULL;
	if (!pan)
		return;
	if (pan->timer)
		g_source_remove(pan->timer);
	g_ptr_array_unref(pan->watchers);
	g_hash_table_destroy(pan->views);
	g_hash_table_destroy(pan->histories);
	repeats_destroy(&pan->repeats);
	g_clear_pointer(&pan->cluster, g_bytes_unref);
	g_free(pan);
}

void panel_figures(const struct panel *pan, struct panel_figures *fig_r)
{
	*fig_r = (struct panel_figures){ .watchers = pan->watchers->len,
					 .behind = pan->behind };
}

/* Sending. */

/* Takes over text. */
static void tell(struct watcher *wtr, GBytes *text)
{
	struct panel *pan = wtr->pan;

	if (!wtr->behind && !pan->events->send(wtr->socket, text, pan->arg)) {
		g_debug("panel: %s does not keep up", wtr->who.name);
		wtr->behind = TRUE;
		pan->behind++;
		pan->events->clear(wtr->socket, pan->arg);
	}
	g_bytes_unref(text);
}

/* All figures in a second. Those of a large room are spread over it: at once
 * they would be more than may wait for a client. */
static GBytes *figures_of_beat(const struct view *view, guint beat)
{
	guint members = room_members(view->room)->len;
	guint n = MAX(FIGURES_AT_ONCE, members / PANEL_HZ + 1);

	if (beat && beat * n >= members)
		return NULL;
	return panel_json_figures(view->room, beat * n, n);
}

/* NULL: there is nothing new to be said, all is silent. Once a second that is
 * said too. */
static GBytes *levels_of_tick(struct view *view)
{
	guint n;
	GBytes *frame = levels_frame(view->room, &n);

	if (n) {
		view->silent = 0;
		return frame;
	}
	if (view->silent++ % PANEL_HZ)
		g_clear_pointer(&frame, g_bytes_unref);
	return frame;
}

/* Levels and figures may be left out: only a client that had nothing waiting
 * gets them. beat counts to PANEL_HZ in a second. */
static void tell_idle(struct view *view, guint beat)
{
	g_autoptr(GBytes) levels = levels_of_tick(view);
	g_autoptr(GBytes) second = figures_of_beat(view, beat);

	for (guint i = 0; i < view->watchers->len; i++) {
		struct watcher *wtr = view->watchers->pdata[i];
		struct panel *pan = wtr->pan;

		if (wtr->behind || !pan->events->idle(wtr->socket, pan->arg))
			continue;
		if (levels && wtr->levels)
			pan->events->send_binary(wtr->socket, levels, pan->arg);
		if (second)
			tell(wtr, g_bytes_ref(second));
	}
}

/* Where rooms are. Only the newest counts, and only to who does not have it. */

/* Takes text; the same as before stays the same object. */
static void renew(GBytes **oldp, GBytes *text)
{
	if (*oldp && text && g_bytes_equal(*oldp, text)) {
		g_bytes_unref(text);
		return;
	}
	g_clear_pointer(oldp, g_bytes_unref);
	*oldp = text;
}

static void look_at_cluster(struct panel *pan)
{
	struct topology_cluster *cluster = pan->events->cluster(pan->arg);

	renew(&pan->cluster, cluster ? topology_json_cluster(cluster) : NULL);
	topology_cluster_destroy(&cluster);
}

static void look_at_tree(struct panel *pan, struct view *view)
{
	struct topology *top = pan->events->topology(view->room, pan->arg);

	renew(&view->tree, topology_json_tree(room_address(view->room), top));
	topology_destroy(&top);
}

static void tell_new(struct watcher *wtr, GBytes **toldp, GBytes *text)
{
	if (!text || text == *toldp)
		return;
	g_clear_pointer(toldp, g_bytes_unref);
	*toldp = g_bytes_ref(text);
	tell(wtr, g_bytes_ref(text));
}

static void tell_places(struct watcher *wtr)
{
	tell_new(wtr, &wtr->cluster, wtr->pan->cluster);
	if (wtr->view)
		tell_new(wtr, &wtr->tree, wtr->view->tree);
}

static void forget_places(struct watcher *wtr)
{
	g_clear_pointer(&wtr->tree, g_bytes_unref);
	g_clear_pointer(&wtr->cluster, g_bytes_unref);
}

static gint by_address(gconstpointer a, gconstpointer b)
{
	return strcmp(room_address(*(struct room *const *)a),
		      room_address(*(struct room *const *)b));
}

/* By address, so that a new room moves no other about. */
static GPtrArray *moderated(struct panel *pan, const struct who *who,
			    const struct room *closing)
{
	g_autoptr(GPtrArray) all = pan->events->rooms(pan->arg);
	GPtrArray *rooms = g_ptr_array_new();

	for (guint i = 0; i < all->len; i++)
		if (all->pdata[i] != closing &&
		    who_moderates(who, all->pdata[i]))
			g_ptr_array_add(rooms, all->pdata[i]);
	g_ptr_array_sort(rooms, by_address);
	return rooms;
}

/* NULL: one moderates no such room. */
static struct room *find_room(struct panel *pan, const struct who *who,
			      const char *room)
{
	g_autoptr(GPtrArray) rooms = moderated(pan, who, NULL);

	for (guint i = 0; i < rooms->len; i++)
		if (strcmp(room_address(rooms->pdata[i]), room) == 0)
			return rooms->pdata[i];
	return NULL;
}

static void tell_rooms(struct watcher *wtr, const struct room *closing)
{
	g_autoptr(GPtrArray) rooms = moderated(wtr->pan, &wtr->who, closing);
	GBytes *text = panel_json_rooms(rooms);

	if (wtr->rooms && g_bytes_equal(wtr->rooms, text)) {
		g_bytes_unref(text);
		return;
	}
	g_clear_pointer(&wtr->rooms, g_bytes_unref);
	wtr->rooms = g_bytes_ref(text);
	tell(wtr, text);
}

/* Watching. */

static void unwatch(struct watcher *wtr)
{
	struct view *view = wtr->view;

	if (!view)
		return;
	wtr->view = NULL;
	g_ptr_array_remove_fast(view->watchers, wtr);
	if (!view->watchers->len)
		g_hash_table_remove(wtr->pan->views, view->room);
}

static void lose_room(struct watcher *wtr)
{
	tell(wtr, panel_json_closed(room_address(wtr->view->room)));
	unwatch(wtr);
}

static void tell_snapshot(struct watcher *wtr)
{
	const struct view *view = wtr->view;

	tell(wtr, panel_json_snapshot(view->room, view->n,
				      g_get_real_time() / 1000));
}

static void watch(struct watcher *wtr, const struct command *cmd,
		  struct room *room)
{
	GHashTable *views = wtr->pan->views;
	struct view *view;

	unwatch(wtr);
	wtr->levels = cmd->levels;
	view = g_hash_table_lookup(views, room);
	if (!view) {
		view = g_new0(struct view, 1);
		view->room = room;
		view->watchers = g_ptr_array_new();
		g_hash_table_insert(views, room, view);
	}
	g_ptr_array_add(view->watchers, wtr);
	wtr->view = view;
	room_refresh_levels(room);
	tell_snapshot(wtr);
	g_clear_pointer(&wtr->tree, g_bytes_unref);
	look_at_tree(wtr->pan, view);
	tell_places(wtr);
}

static void every_second(struct panel *pan)
{
	for (guint i = 0; i < pan->watchers->len; i++) {
		struct watcher *wtr = pan->watchers->pdata[i];

		tell_rooms(wtr, NULL);
		/* A reload can take the room from a moderator. */
		if (wtr->view && !who_moderates(&wtr->who, wtr->view->room))
			lose_room(wtr);
	}
}

/* Once a second, too, but not when figures go out: who has something waiting
 * would get none. */
static void look_at_places(struct panel *pan)
{
	GHashTableIter iter;
	struct view *view;

	look_at_cluster(pan);
	g_hash_table_iter_init(&iter, pan->views);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&view))
		look_at_tree(pan, view);
	for (guint i = 0; i < pan->watchers->len; i++) {
		struct watcher *wtr = pan->watchers->pdata[i];

		if (!wtr->behind && pan->events->idle(wtr->socket, pan->arg))
			tell_places(wtr);
	}
}

static gboolean tick(gpointer data)
{
	struct panel *pan = data;
	guint beat = ++pan->ticks % PANEL_HZ;
	GHashTableIter iter;
	gpointer value;

	if (beat == PLACES_BEAT)
		look_at_places(pan);
	g_hash_table_iter_init(&iter, pan->views);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct view *view = value;

		room_refresh_levels(view->room);
		tell_idle(view, beat);
	}
	if (!beat)
		every_second(pan);
	return G_SOURCE_CONTINUE;
}

gboolean panel_is_moderator(struct panel *pan, const char *address)
{
	const struct who who = { .name = (char *)address };
	g_autoptr(GPtrArray) rooms = moderated(pan, &who, NULL);

	return rooms->len > 0;
}

gboolean panel_moderates(struct panel *pan, const struct who *who,
			 const char *room)
{
	return find_room(pan, who, room) != NULL;
}

struct watcher *panel_open(struct panel *pan, void *socket,
			   const struct who *who, const char *peer)
{
	struct watcher *wtr = g_new0(struct watcher, 1);

	wtr->pan = pan;
	wtr->socket = socket;
	who_copy(&wtr->who, who);
	wtr->peer = g_strdup(peer);
	g_ptr_array_add(pan->watchers, wtr);
	if (!pan->timer)
		pan->timer = g_timeout_add(1000 / PANEL_HZ, tick, pan);
	tell(wtr, panel_json_hello(who->name));
	tell_rooms(wtr, NULL);
	look_at_cluster(pan);
	tell_places(wtr);
	return wtr;
}

void panel_close(struct watcher **wtrp)
{
	struct watcher *wtr = *wtrp;
	struct panel *pan;

	*wtrp = NULL;
	if (!wtr)
		return;
	pan = wtr->pan;
	unwatch(wtr);
	g_ptr_array_remove_fast(pan->watchers, wtr);
	if (!pan->watchers->len && pan->timer) {
		g_source_remove(pan->timer);
		pan->timer = 0;
	}
	g_clear_pointer(&wtr->rooms, g_bytes_unref);
	forget_places(wtr);
	who_clear(&wtr->who);
	g_free(wtr->peer);
	g_free(wtr);
}

void panel_drained(struct watcher *wtr)
{
	if (!wtr->behind)
		return;
	wtr->behind = FALSE;
	g_clear_pointer(&wtr->rooms, g_bytes_unref);
	forget_places(wtr);
	tell_rooms(wtr, NULL);
	if (wtr->view)
		tell_snapshot(wtr);
	tell_places(wtr);
}

/* Commands. */

/* The room that the command is for; NULL: none that one moderates. */
static struct room *room_of(struct watcher *wtr, const struct command *cmd,
			    GError **error)
{
	struct room *room = NULL;

	if (cmd->room)
		room = find_room(wtr->pan, &wtr->who, cmd->room);
	else if (wtr->view && who_moderates(&wtr->who, wtr->view->room))
		room = wtr->view->room;
	if (!room && cmd->room)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    "You moderate no room %s.", cmd->room);
	else if (!room)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    "You watch no room.");
	return room;
}

static void tell_audit(struct watcher *wtr, const struct command *cmd,
		       struct room *room)
{
	struct panel *pan = wtr->pan;
	/* One more tells whether there are more. */
	g_autoptr(GPtrArray) rows = pan->events->audited(
		room_address(room), cmd->before, cmd->limit + 1, pan->arg);

	tell(wtr,
	     audit_text_rows(cmd->id, room_address(room), rows, cmd->limit));
}

static void tell_recordings(struct watcher *wtr, const struct command *cmd,
			    struct room *room)
{
	struct panel *pan = wtr->pan;
	g_autoptr(GPtrArray) rows =
		pan->events->recordings(room_address(room), pan->arg);

	tell(wtr, recording_json_list(cmd->id, room_address(room), rows));
}

static void tell_announcements(struct watcher *wtr, const struct command *cmd,
			       struct room *room)
{
	struct panel *pan = wtr->pan;
	g_autoptr(GPtrArray) list = pan->events->announcements(pan->arg);

	tell(wtr,
	     recording_json_announcements(cmd->id, room_address(room), list));
}

static gint64 monotonic_s(void)
{
	return g_get_monotonic_time() / G_USEC_PER_SEC;
}

static void tell_history(struct watcher *wtr, const struct command *cmd,
			 struct room *room)
{
	tell(wtr,
	     history_text(g_hash_table_lookup(wtr->pan->histories, room),
			  cmd->id, room_address(room), cmd->member,
			  monotonic_s(), g_get_real_time() / G_USEC_PER_SEC));
}

/* What a question is answered by; `done` follows. */
static void (*const questions[COMMAND_VERBS])(struct watcher *wtr,
					      const struct command *cmd,
					      struct room *room) = {
	[COMMAND_WATCH] = watch,
	[COMMAND_AUDIT] = tell_audit,
	[COMMAND_HISTORY] = tell_history,
	[COMMAND_RECORDINGS] = tell_recordings,
	[COMMAND_ANNOUNCEMENTS] = tell_announcements,
};

/* Writes down what was done, or why not, and shows it to who watches. */
static void audit(struct watcher *wtr, const struct command *cmd,
		  const char *room, const char *whom, const char *outcome)
{
	struct panel *pan = wtr->pan;
	g_autofree char *detail = command_detail(cmd);
	struct audit_row row = {
		.room = (char *)room,
		.who = wtr->who.name,
		.from = wtr->peer,
		.what = (char *)command_name(cmd->verb),
		.whom = (char *)whom,
		.detail = detail,
		.outcome = (char *)outcome,
	};
	GBytes *text;

	pan->events->audit(&row, pan->arg);
	text = audit_text_row(&row);
	for (guint i = 0; i < pan->watchers->len; i++) {
		struct watcher *other = pan->watchers->pdata[i];

		if (other->view &&
		    strcmp(room_address(other->view->room), room) == 0)
			tell(other, g_bytes_ref(text));
	}
	g_bytes_unref(text);
}

static const char *act(struct watcher *wtr, const struct command *cmd,
		       struct room *room, GError **error)
{
	const struct member *mem = action_whom(cmd, room);
	g_autofree char *address = g_strdup(room_address(room));
	g_autofree char *whom = g_strdup(mem		? mem->address
					 : cmd->address ? cmd->address
							: "");
	const char *code = NULL;

	action_run(cmd, room, wtr->who.name, &code, error);
	audit(wtr, cmd, address, whom, code ? code : "done");
	return code;
}

static const char *run(struct watcher *wtr, const struct command *cmd,
		       GError **error)
{
	struct room *room = room_of(wtr, cmd, error);

	if (!room)
		return "no-room";
	if (action_is(cmd->verb))
		return act(wtr, cmd, room, error);
	if (cmd->member && !room_member(room, cmd->member)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
			    "Nobody with number %u is in %s any more.",
			    cmd->member, room_name(room));
		return "not-here";
	}
	questions[cmd->verb](wtr, cmd, room);
	return NULL;
}

static void answer(struct watcher *wtr, gint64 id, const char *code,
		   const char *text)
{
	tell(wtr,
	     code ? panel_json_error(id, code, text) : panel_json_done(id));
}

/* What is said again under its key is answered again. */
static void run_once(struct watcher *wtr, const struct command *cmd)
{
	struct repeats *reps = wtr->pan->repeats;
	gint64 now = monotonic_s();
	gboolean keyed = cmd->key && action_is(cmd->verb);
	const struct repeat *before =
		keyed ? repeats_find(reps, wtr->who.name, cmd->key, now) : NULL;
	g_autoptr(GError) error = NULL;
	const char *code, *text;

	if (before) {
		answer(wtr, cmd->id, before->code, before->text);
		return;
	}
	code = run(wtr, cmd, &error);
	text = error ? error->message : NULL;
	/* Who is not let in a room has done nothing. */
	if (keyed && g_strcmp0(code, "no-room") != 0)
		repeats_add(reps, wtr->who.name, cmd->key, code, text, now);
	answer(wtr, cmd->id, code, text);
}

void panel_message(struct watcher *wtr, const char *text, gsize size)
{
	g_autoptr(GError) error = NULL;
	struct command cmd;

	if (command_parse(text, size, &cmd, &error))
		run_once(wtr, &cmd);
	else
		answer(wtr, cmd.id,
		       error->code == COMMAND_ERROR_UNKNOWN ? "unknown"
							    : "malformed",
		       error->message);
	command_clear(&cmd);
}

/* What happens in rooms. */

void panel_second(struct panel *pan)
{
	g_autoptr(GPtrArray) rooms = pan->events->rooms(pan->arg);

	for (guint i = 0; i < rooms->len; i++) {
		struct room *room = rooms->pdata[i];
		struct history *his = g_hash_table_lookup(pan->histories, room);

		if (!his && !room_members(room)->len)
			continue;
		if (!his) {
			his = history_create();
			g_hash_table_insert(pan->histories, room, his);
		}
		room_refresh_levels(room);
		history_second(his, room, monotonic_s());
	}
}

static void room_closed(struct panel *pan, struct room *room)
{
	g_hash_table_remove(pan->histories, room);
	for (guint i = 0; i < pan->watchers->len; i++) {
		struct watcher *wtr = pan->watchers->pdata[i];

		if (wtr->view && wtr->view->room == room)
			lose_room(wtr);
		tell_rooms(wtr, room);
	}
}

/* Takes over text. */
static void tell_all(struct view *view, GBytes *text)
{
	for (guint i = 0; i < view->watchers->len; i++)
		tell(view->watchers->pdata[i], g_bytes_ref(text));
	g_bytes_unref(text);
}

void panel_recording(struct panel *pan, struct room *room,
		     const struct recording *row, const char *by)
{
	struct view *view = g_hash_table_lookup(pan->views, room);

	if (view)
		tell_all(view, recording_json_event(row, by, ++view->n));
}

void panel_changed(struct panel *pan, struct room *room, struct member *mem,
		   enum room_change change, const char *by)
{
	struct view *view = g_hash_table_lookup(pan->views, room);

	if (change == ROOM_CLOSED) {
		room_closed(pan, room);
		return;
	}
	/* Figures go out together, once a second. */
	if (!view || change == ROOM_MEMBER_FIGURES)
		return;
	view->n++;
	tell_all(view, mem ? panel_json_event(mem, change, by, view->n)
			   : panel_json_room_event(room, change, by, view->n));
}
