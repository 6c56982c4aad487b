#include "web/joiners.h"

#include <string.h>

#include <jansson.h>

#include "web/join_json.h"
#include "web/levels.h"

#define TICK_MS (1000 / JOINERS_HZ)
#define BEATS	JOINERS_HZ /* ticks of a second */
/* Of a large room the list of people is told less often. */
#define LARGE_ROOM 50

struct joiners {
	const struct join_host *host;
	void *host_arg;
	const struct joiners_events *events;
	void *arg;
	GPtrArray *all;	   /* struct joiner */
	GHashTable *rooms; /* struct room => struct hall_view */
	guint timer, ticks;
};

/* A room, while the page of somebody in it is open. */
struct hall_view {
	guint joiners;
	GBytes *people; /* as told last; NULL: not made yet */
	gboolean stale;
	guint silent; /* ticks without a level to show */
};

struct joiner {
	struct joiners *jns;
	void *socket;
	char *session;
	struct member *mem; /* NULL: has not proved itself, or has gone */
	gint64 deadline;    /* monotonic us, of the hello */
	gboolean over;	    /* the socket is closing */
	gboolean stale;	    /* has to be told how its person is */
	gboolean new_here;  /* has not been told the people */
	gboolean behind;
};

static void free_view(gpointer data)
{
	struct hall_view *view = data;

	g_clear_pointer(&view->people, g_bytes_unref);
	g_free(view);
}

struct joiners *joiners_create(const struct join_host *host, void *host_arg,
			       const struct joiners_events *events, void *arg)
{
	struct joiners *jns = g_new0(struct joiners, 1);

	jns->host = host;
	jns->host_arg = host_arg;
	jns->events = events;
	jns->arg = arg;
	jns->all = g_ptr_array_new();
	jns->rooms = g_hash_table_new_full(NULL, NULL, NULL, free_view);
	return jns;
}

void joiners_destroy(struct joiners **jnsp)
{
	struct joiners *jns = *jnsp;

	*jnsp = NULL;
	if (!jns)
		return;
	g_clear_handle_id(&jns->timer, g_source_remove);
	g_ptr_array_unref(jns->all);
	g_hash_table_unref(jns->rooms);
	g_free(jns);
}

/* Sending. */

/* Takes over text. */
static void tell(struct joiner *jnr, GBytes *text)
{
	struct joiners *jns = jnr->jns;

	if (!jnr->behind && !jns->events->send(jnr->socket, text, jns->arg))
		jnr->behind = TRUE;
	g_bytes_unref(text);
}

static void end(struct joiner *jnr, gboolean done)
{
	if (jnr->over)
		return;
	jnr->over = TRUE;
	jnr->jns->events->close(jnr->socket, done, jnr->jns->arg);
}

static void tell_state(struct joiner *jnr)
{
	jnr->stale = FALSE;
	tell(jnr, join_json_you(jnr->mem));
}

/* The same bytes for all in the room. */
static void make_people(struct hall_view *view, const struct room *room)
{
	view->stale = FALSE;
	g_clear_pointer(&view->people, g_bytes_unref);
	view->people = join_json_people(room);
}

static gboolean may_see(const struct joiner *jnr)
{
	return jnr->mem && !jnr->over && jnr->mem->state == MEMBER_HERE &&
	       !jnr->mem->held;
}

/* Who belongs to whom. */

static void leave(struct joiner *jnr)
{
	struct joiners *jns = jnr->jns;
	struct hall_view *view;

	if (!jnr->mem)
		return;
	view = g_hash_table_lookup(jns->rooms, jnr->mem->room);
	if (!--view->joiners)
		g_hash_table_remove(jns->rooms, jnr->mem->room);
	jnr->mem = NULL;
}

static struct joiner *find(const struct joiners *jns, const struct member *mem)
{
	for (guint i = 0; i < jns->all->len; i++) {
		struct joiner *jnr = jns->all->pdata[i];

		if (jnr->mem == mem)
			return jnr;
	}
	return NULL;
}

static void enter(struct joiner *jnr, struct member *mem)
{
	struct joiners *jns = jnr->jns;
	struct joiner *older = find(jns, mem);
	struct hall_view *view = g_hash_table_lookup(jns->rooms, mem->room);

	if (!view) {
		view = g_new0(struct hall_view, 1);
		view->stale = TRUE;
		g_hash_table_insert(jns->rooms, mem->room, view);
	}
	view->joiners++;
	if (older) {
		leave(older);
		end(older, TRUE);
	}
	jnr->mem = mem;
	jnr->new_here = TRUE;
	tell(jnr, join_json_hello(mem));
	tell_state(jnr);
}

static void greet(struct joiner *jnr, const char *text, gsize size)
{
	struct joiners *jns = jnr->jns;
	json_t *root = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *token = json_string_value(json_object_get(root, "token"));
	struct member *mem = NULL;

	if (token && !g_strcmp0(type, "hello"))
		mem = jns->host->member(jnr->session, token, jns->host_arg);
	json_decref(root);
	if (mem)
		enter(jnr, mem);
	else
		end(jnr, FALSE);
}

void joiners_message(struct joiner *jnr, const char *text, gsize size)
{
	struct joiners *jns = jnr->jns;

	if (jnr->over)
		return;
	if (jnr->mem)
		jns->host->hear(jnr->mem, text, size, jns->host_arg);
	else
		greet(jnr, text, size);
}

void joiners_drained(struct joiner *jnr)
{
	if (!jnr->behind)
		return;
	jnr->behind = FALSE;
	jnr->stale = jnr->new_here = TRUE;
}

/* Time. */

static void tell_people(struct joiner *jnr, const struct hall_view *view)
{
	jnr->new_here = FALSE;
	tell(jnr, g_bytes_ref(view->people));
}

/* Levels may be left out: only who has nothing waiting gets them. NULL: all is
 * silent, and has been told so. */
static GBytes *levels_of_tick(struct hall_view *view, const struct room *room)
{
	guint n;
	GBytes *frame = levels_frame(room, &n);

	view->silent = n ? 0 : view->silent + 1;
	if (view->silent > 1)
		g_clear_pointer(&frame, g_bytes_unref);
	return frame;
}

static void run_room(struct joiners *jns, struct room *room,
		     struct hall_view *view, gboolean second)
{
	const gboolean large = room_members(room)->len > LARGE_ROOM;
	const gboolean renewed = view->stale && (second || !large);
	g_autoptr(GBytes) levels = NULL;

	if (renewed || !view->people)
		make_people(view, room);
	room_refresh_levels(room);
	levels = levels_of_tick(view, room);
	for (guint i = 0; i < jns->all->len; i++) {
		struct joiner *jnr = jns->all->pdata[i];

		if (!may_see(jnr) || jnr->mem->room != room)
			continue;
		if (renewed || jnr->new_here)
			tell_people(jnr, view);
		if (second)
			tell(jnr, join_json_figures(jnr->mem));
		if (levels && !jnr->behind &&
		    jns->events->idle(jnr->socket, jns->arg))
			jns->events->send_binary(jnr->socket, levels, jns->arg);
	}
}

static void run_joiner(struct joiner *jnr, gint64 now)
{
	if (jnr->mem && jnr->stale)
		tell_state(jnr);
	else if (!jnr->mem && now >= jnr->deadline)
		end(jnr, FALSE);
}

static gboolean tick(gpointer data)
{
	struct joiners *jns = data;
	const gboolean second = ++jns->ticks % BEATS == 0;
	const gint64 now = g_get_monotonic_time();
	GHashTableIter iter;
	gpointer room, view;

	for (guint i = 0; i < jns->all->len; i++)
		run_joiner(jns->all->pdata[i], now);
	g_hash_table_iter_init(&iter, jns->rooms);
	while (g_hash_table_iter_next(&iter, &room, &view))
		run_room(jns, room, view, second);
	return G_SOURCE_CONTINUE;
}

struct joiner *joiners_open(struct joiners *jns, void *socket,
			    const char *session)
{
	struct joiner *jnr = g_new0(struct joiner, 1);

	jnr->jns = jns;
	jnr->socket = socket;
	jnr->session = g_strdup(session);
	jnr->deadline =
		g_get_monotonic_time() + JOINERS_HELLO_S * G_USEC_PER_SEC;
	g_ptr_array_add(jns->all, jnr);
	if (!jns->timer)
		jns->timer = g_timeout_add(TICK_MS, tick, jns);
	return jnr;
}

void joiners_close(struct joiner **jnrp)
{
	struct joiner *jnr = *jnrp;
	struct joiners *jns;

	*jnrp = NULL;
	if (!jnr)
		return;
	jns = jnr->jns;
	leave(jnr);
	g_ptr_array_remove_fast(jns->all, jnr);
	if (!jns->all->len)
		g_clear_handle_id(&jns->timer, g_source_remove);
	g_free(jnr->session);
	g_free(jnr);
}

/* What the room tells. */

void joiners_tell(struct joiners *jns, const struct member *mem,
		  const char *json)
{
	struct joiner *jnr = find(jns, mem);

	if (jnr)
		tell(jnr, g_bytes_new(json, strlen(json)));
}

/* in_band_end() has told why, where a moderator or the person himself had a
 * part in it. */
static void gone(struct joiners *jns, const struct member *mem)
{
	struct joiner *jnr = find(jns, mem);

	if (!jnr)
		return;
	if (mem->leave == LEAVE_LOST || mem->leave == LEAVE_NO_SHOW)
		tell(jnr, join_json_lost());
	leave(jnr);
	end(jnr, TRUE);
}

void joiners_changed(struct joiners *jns, struct room *room, struct member *mem,
		     enum room_change change)
{
	struct hall_view *view = g_hash_table_lookup(jns->rooms, room);
	struct joiner *jnr;

	if (!view || change == ROOM_MEMBER_FIGURES || change == ROOM_BANS)
		return;
	view->stale = TRUE;
	if (change == ROOM_MEMBER_GONE) {
		gone(jns, mem);
	} else if (change == ROOM_STATE) {
		for (guint i = 0; i < jns->all->len; i++) {
			jnr = jns->all->pdata[i];
			jnr->stale |= jnr->mem && jnr->mem->room == room;
		}
	} else if (mem && (jnr = find(jns, mem))) {
		jnr->stale = TRUE;
	}
}
