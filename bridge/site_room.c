/* One room at this site: see site_private.h. */
#include <string.h>

#include "bridge/site_private.h"

#define GUESTS_BESIDE 8 /* talkers that are on their way out */
/* Hubs beside the first have numbers that no owner gives out: he counts up
 * from 1. */
#define SIDE_HUB 0x01000000u

struct site_room *site_room_create(struct site *site, const char *address)
{
	struct site_room *room = g_new0(struct site_room, 1);

	room->site = site;
	room->address = g_strdup(address);
	room->hubs = g_ptr_array_new();
	room->trunks = g_ptr_array_new();
	room->sessions =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
				      (GDestroyNotify)site_session_destroy);
	return room;
}

static void free_want(struct document_want_hub **wantp)
{
	if (*wantp)
		document_clear(DOCUMENT_WANT_HUB, *wantp);
	g_clear_pointer(wantp, g_free);
}

static void close_hub(struct site_hub *hub)
{
	struct site_room *room = hub->room;

	g_hash_table_remove(room->site->hubs, GUINT_TO_POINTER(hub->tag));
	g_ptr_array_remove(room->hubs, hub);
	stage_close(&hub->stage);
	g_free(hub);
}

/* The first one last: the others hang on it. */
static void close_hubs(struct site_room *room)
{
	if (!room->hubs->len)
		return;
	g_info("site: closed room=%s", room->address);
	site_trunks_close(room);
	while (room->hubs->len)
		close_hub(room->hubs->pdata[room->hubs->len - 1]);
	room->cut_off = FALSE;
}

void site_room_destroy(struct site_room *room)
{
	g_hash_table_unref(room->sessions);
	close_hubs(room);
	if (room->published)
		site_status_no_hub(room);
	free_want(&room->want);
	g_ptr_array_unref(room->hubs);
	g_ptr_array_unref(room->trunks);
	g_free(room->address);
	g_free(room);
}

void site_room_want(struct site_room *room, struct document_want_hub *want)
{
	struct site *site = room->site;

	room->dirty = TRUE;
	room->refused = FALSE;
	if (want && strcmp(want->instance, site->instance) != 0) {
		g_debug("site: room=%s is wanted of another run",
			room->address);
		document_clear(DOCUMENT_WANT_HUB, want);
		g_clear_pointer(&want, g_free);
	}
	if (want) {
		free_want(&room->want);
		room->want = want;
		room->linger_us = 0;
	} else if (room->want && site->catching_up) {
		room->linger_us = g_get_monotonic_time();
	} else {
		free_want(&room->want);
	}
}

/* Hubs. */

/* Joins a further hub to the first by a ring. */
static gboolean join(struct site_room *room, struct site_hub *hub)
{
	const struct site_hub *first = room->hubs->pdata[0];
	struct trunk_config up = { .role = TRUNK_PARENT,
				   .protocol = TRUNK_PROTOCOL };
	struct trunk_config down = { .role = TRUNK_CHILD,
				     .protocol = TRUNK_PROTOCOL };
	struct trunk *parent, *child;

	g_snprintf(up.id, sizeof(up.id), "ring-%u", hub->tag);
	g_strlcpy(down.id, up.id, sizeof(down.id));
	if (trunk_create_pair(&parent, &down, &child, &up))
		return FALSE;
	if (!stage_add_trunk(first->stage, parent)) {
		trunk_destroy(&child);
		return FALSE;
	}
	if (!stage_add_trunk(hub->stage, child)) {
		stage_remove_trunk(first->stage, parent);
		return FALSE;
	}
	hub->ring = parent;
	return TRUE;
}

static struct site_hub *open_hub(struct site_room *room, guint worker)
{
	const struct document_sound *want = &room->want->sound;
	const struct config_sound sound = { .talkers = want->talkers,
					    .stereo = want->stereo,
					    .denoise = want->denoise,
					    .agc = want->agc };
	const gboolean first = !room->hubs->len;
	struct site *site = room->site;
	struct site_hub *hub = g_new0(struct site_hub, 1);
	struct hub_config cfg = { .tag = site_number(site),
				  .id = room->want->hub,
				  .root = first && room->want->root,
				  .vice = first && room->want->vice };

	if (!first)
		cfg.id += (worker + 1) * SIDE_HUB;
	hub->room = room;
	hub->tag = cfg.tag;
	hub->stage =
		stage_open(site->stages, worker, &sound,
			   (sound.talkers ? sound.talkers : HUB_MAX_TALKERS) +
				   GUESTS_BESIDE);
	if (!hub->stage || !stage_set_hub(hub->stage, &cfg) ||
	    (!first && !join(room, hub))) {
		if (!room->refused)
			g_warning("site: worker %u has no place for room=%s",
				  worker, room->address);
		room->refused = TRUE;
		stage_close(&hub->stage);
		g_free(hub);
		return NULL;
	}
	if (first) {
		room->root = cfg.root;
		room->vice = cfg.vice;
	}
	g_ptr_array_add(room->hubs, hub);
	g_hash_table_insert(site->hubs, GUINT_TO_POINTER(hub->tag), hub);
	g_info("site: opened room=%s hub=%u worker=%u", room->address, cfg.id,
	       worker);
	return hub;
}

struct site_hub *site_room_hub(struct site_room *room, guint worker)
{
	for (guint i = 0; i < room->hubs->len; i++) {
		struct site_hub *hub = room->hubs->pdata[i];

		if (stage_worker(hub->stage) == worker)
			return hub;
	}
	return room->hubs->len && room->want ? open_hub(room, worker) : NULL;
}

/* A worker that the room has left. */
static void close_empty_hubs(struct site_room *room)
{
	for (guint i = room->hubs->len; i-- > 1;) {
		struct site_hub *hub = room->hubs->pdata[i];
		const struct site_hub *first = room->hubs->pdata[0];

		if (stage_sessions(hub->stage))
			continue;
		stage_remove_trunk(first->stage, hub->ring);
		close_hub(hub);
	}
}

static void set_root(struct site_room *room)
{
	const struct document_want_hub *want = room->want;
	const struct site_hub *hub = room->hubs->pdata[0];

	if (want->root == room->root && want->vice == room->vice)
		return;
	room->root = want->root;
	room->vice = want->vice;
	stage_set_root(hub->stage, room->root, room->vice);
}

/* Reconciling. */

static void reconcile_hub(struct site_room *room)
{
	if (!room->hubs->len && !open_hub(room, room->want->worker))
		return;
	set_root(room);
	site_trunks_reconcile(room);
}

static void reconcile_sessions(struct site_room *room, gint64 now_us)
{
	GHashTableIter iter;
	struct site_session *ses;

	g_hash_table_iter_init(&iter, room->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&ses))
		if (!site_session_reconcile(ses, now_us))
			g_hash_table_iter_remove(&iter);
}

static gboolean has_lingered(const struct site_room *room, gint64 now_us)
{
	return room->linger_us &&
	       now_us - room->linger_us >= SITE_LINGER_S * G_USEC_PER_SEC;
}

gboolean site_room_reconcile(struct site_room *room, gint64 now_us)
{
	room->dirty = FALSE;
	if (has_lingered(room, now_us))
		free_want(&room->want);
	if (room->want && !room->linger_us)
		reconcile_hub(room);
	reconcile_sessions(room, now_us);
	close_empty_hubs(room);
	if (!room->want && !g_hash_table_size(room->sessions))
		return FALSE;
	site_status_hub(room);
	return TRUE;
}

/* The hub has reported. */

static void send_away(struct site_room *room, gboolean cut_off)
{
	if (room->cut_off == cut_off)
		return;
	room->cut_off = cut_off;
	if (cut_off)
		g_warning("site: room=%s is cut off from the others, its "
			  "people go to their alternates",
			  room->address);
	else
		g_info("site: room=%s is joined to the others again",
		       room->address);
}

void site_room_hub_told(struct site_hub *hub, const struct hub_report *rep)
{
	struct site_room *room = hub->room;

	/* A change is worth telling at once. */
	if (hub->report.parent != rep->parent) {
		room->dirty = TRUE;
		site_run_soon(room->site);
	}
	hub->report = *rep;
	if (hub == room->hubs->pdata[0] && rep->parent != HUB_SEEKING)
		send_away(room, rep->parent == HUB_CUT_OFF);
}
