/* What the sites tell of the rooms that are ours: see cluster_private.h. */
#include <string.h>

#include "bridge/cluster_private.h"

#define SILENT_DBOV (-127)

static void tell_self_mute(struct cluster_seat *seat, gboolean muted)
{
	struct cluster_media *cm = seat->room->cm;
	g_autofree char *json = g_strdup_printf(
		"{\"t\":\"self-mute\",\"on\":%s}", muted ? "true" : "false");

	if (seat->doc.self_muted == muted)
		return;
	seat->doc.self_muted = muted;
	cluster_seat_write_member(seat);
	cm->events->message(seat->mem->id, json, strlen(json), cm->events_arg);
}

/* What he has said since; each is heard once, by whoever owns the room. */
static void tell_heard(struct cluster_seat *seat,
		       const struct document_status_session *doc)
{
	struct cluster_media *cm = seat->room->cm;
	const guint32 first = doc->heard - doc->n_hears + 1;
	const guint32 before = seat->doc.heard;

	if (doc->heard == before)
		return;
	seat->doc.heard = doc->heard;
	cluster_seat_write_member(seat);
	for (guint i = 0; i < doc->n_hears; i++)
		if ((gint32)(first + i - before) > 0)
			cm->events->message(seat->mem->id, doc->hears[i].json,
					    strlen(doc->hears[i].json),
					    cm->events_arg);
}

static void tell_figures(struct cluster_seat *seat,
			 const struct document_status_session *doc)
{
	struct cluster_media *cm = seat->room->cm;
	struct media_figures fig = doc->figures;

	if (!doc->has_figures)
		return;
	if (fig.round_trip_ms >= 0)
		cluster_sites_measured(cm->sites, seat->doc.place.site,
				       doc->path, fig.round_trip_ms,
				       cm->host->now_ms(cm->arg));
	fig.talked_s += seat->doc.talked_s;
	cm->events->figures(seat->mem->id, &fig, cm->events_arg);
}

/* At his place. He may be gone after this. */
static void here(struct cluster_seat *seat,
		 const struct document_status_session *doc)
{
	struct cluster_media *cm = seat->room->cm;
	const char *room = seat->room->address;
	g_autofree char *did = g_strdup(seat->did);
	const gboolean first = seat->doc.state == MEMBER_INVITED;

	if (!*doc->path)
		return;
	if (first) {
		seat->doc.state = MEMBER_HERE;
		seat->doc.since = doc->since;
		cluster_seat_write_member(seat);
	}
	tell_self_mute(seat, doc->self_muted);
	tell_figures(seat, doc);
	if (first || strcmp(seat->mem->path, doc->path) != 0)
		cm->events->registered(seat->mem->id, doc->path,
				       cm->events_arg);
	seat = cluster_seat_find(cm, room, did);
	if (seat)
		tell_heard(seat, doc);
}

static void standby_told(struct cluster_seat *seat,
			 const struct document_status_session *doc)
{
	if (doc->gone) {
		cluster_seat_renew_standby(seat);
	} else if (*doc->path) {
		cluster_seat_switch(seat);
		here(seat, doc);
	}
}

static void lose_place(struct cluster_seat *seat, gint64 now_ms)
{
	if (!seat->stranded_ms)
		seat->stranded_ms = now_ms;
}

/* Another owner was faster to take the last gate there. Who has not come yet
 * asks there in vain and goes to his standby, which his OK has told him: it is
 * his place from now on. Who has none (a tool) is gone, and may ask again. */
static void refused(struct cluster_seat *seat)
{
	struct cluster_media *cm = seat->room->cm;
	const struct document_place old = seat->doc.place;

	g_message("cluster: room=%s member=%u: site=%s is full already",
		  seat->room->address, seat->mem->id, seat->doc.place.site);
	if (!seat->doc.has_standby) {
		cm->events->gone(seat->mem->id, TRUE, cm->events_arg);
		return;
	}
	cluster_seat_switch(seat);
	cluster_want_drop(seat->room, seat->did, &old, 0);
}

/* A session that is nobody's place any more has gone. */
static void old_one_told(struct cluster_media *cm,
			 const struct document_name *name,
			 const struct document_status_session *doc)
{
	struct cluster_room *room = g_hash_table_lookup(cm->rooms, name->room);
	struct document_name want = *name;
	g_autofree char *key = NULL;

	want.kind = DOCUMENT_WANT_SESSION;
	key = document_key(&want);
	if (room && (!doc || doc->gone))
		cluster_want_remove(room, key);
}

void cluster_media_session_told(struct cluster_media *cm,
				const struct document_name *name,
				const struct document_status_session *doc)
{
	struct cluster_seat *seat =
		cluster_seat_find(cm, name->room, name->did);
	const struct document_member *mem = seat ? &seat->doc : NULL;

	if (mem && mem->place.k == name->k &&
	    !strcmp(mem->place.site, name->site)) {
		/* Where to is told by the other site, perhaps later. */
		if (doc && doc->gone == DOCUMENT_GONE_MOVED)
			lose_place(seat, cm->host->now_ms(cm->arg));
		else if (doc && doc->gone == DOCUMENT_GONE_FULL)
			refused(seat);
		else if (doc && doc->gone)
			cm->events->gone(seat->mem->id,
					 doc->gone == DOCUMENT_GONE_LOST,
					 cm->events_arg);
		else if (doc)
			here(seat, doc);
	} else if (mem && mem->has_standby && mem->standby.k == name->k &&
		   !strcmp(mem->standby.site, name->site)) {
		if (doc)
			standby_told(seat, doc);
	} else {
		old_one_told(cm, name, doc);
	}
}

/* Who is not among the talkers of his site does not talk. */
static void be_silent(struct cluster_room *room, const char *site)
{
	GHashTableIter iter;
	struct cluster_seat *seat;

	g_hash_table_iter_init(&iter, room->seats);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat))
		if (!strcmp(seat->doc.place.site, site))
			seat->mem->level = SILENT_DBOV;
}

void cluster_media_hub_told(struct cluster_media *cm,
			    const struct document_name *name,
			    const struct document_status_hub *doc)
{
	struct cluster_room *room = g_hash_table_lookup(cm->rooms, name->room);

	if (!room || !doc)
		return;
	cluster_tree_told(room->tree, name->site, doc->plan);
	be_silent(room, name->site);
	for (guint i = 0; i < doc->n_talkers; i++) {
		struct cluster_seat *seat = g_hash_table_lookup(
			room->by_origin,
			GUINT_TO_POINTER(doc->talkers[i].origin));

		if (seat && !strcmp(seat->doc.place.site, name->site))
			seat->mem->level = doc->talkers[i].level_dbov;
	}
}

/* Sites. */

void cluster_media_site_lost(struct cluster_media *cm, const char *site)
{
	const gint64 now_ms = cm->host->now_ms(cm->arg);
	GHashTableIter rooms, seats;
	struct cluster_room *room;
	struct cluster_seat *seat;

	g_hash_table_iter_init(&rooms, cm->rooms);
	while (g_hash_table_iter_next(&rooms, NULL, (void **)&room)) {
		cluster_tree_lost(room->tree, site);
		g_hash_table_iter_init(&seats, room->seats);
		while (g_hash_table_iter_next(&seats, NULL, (void **)&seat)) {
			if (!strcmp(seat->doc.place.site, site))
				lose_place(seat, now_ms);
			/* Who is cut off cannot be told a new one. */
			else if (seat->doc.has_standby &&
				 !strcmp(seat->doc.standby.site, site))
				cluster_seat_renew_standby(seat);
		}
	}
}

void cluster_media_site_drains(struct cluster_media *cm, const char *site)
{
	const struct document_site *doc = cluster_sites_find(cm->sites, site);
	GHashTableIter rooms, seats;
	struct cluster_room *room;
	struct cluster_seat *seat;

	g_hash_table_iter_init(&rooms, cm->rooms);
	while (g_hash_table_iter_next(&rooms, NULL, (void **)&room)) {
		/* Others are not to hear through its hub any more. */
		cluster_tree_set(room->tree, site, 0,
				 GPOINTER_TO_UINT(g_hash_table_lookup(
					 room->sessions, site)));
		g_hash_table_iter_init(&seats, room->seats);
		while (g_hash_table_iter_next(&seats, NULL, (void **)&seat))
			if (doc && doc->draining && seat->doc.has_standby &&
			    !strcmp(seat->doc.standby.site, site))
				cluster_seat_renew_standby(seat);
	}
	if (doc && doc->draining)
		cluster_tools_end_at(cm, site);
}

/* The same run of it: his place is there still. */
static void back_at(struct cluster_seat *seat, guint sessions)
{
	seat->stranded_ms = 0;
	cluster_tree_set(seat->room->tree, seat->doc.place.site,
			 seat->doc.place.worker, sessions);
	cluster_seat_write_wants(seat);
}

void cluster_media_site_came(struct cluster_media *cm, const char *site,
			     gboolean same_run)
{
	GHashTableIter rooms, seats;
	struct cluster_room *room;
	struct cluster_seat *seat;

	g_hash_table_iter_init(&rooms, cm->rooms);
	while (g_hash_table_iter_next(&rooms, NULL, (void **)&room)) {
		const guint n = GPOINTER_TO_UINT(
			g_hash_table_lookup(room->sessions, site));

		if (same_run)
			cluster_tree_write_again(room->tree);
		g_hash_table_iter_init(&seats, room->seats);
		while (g_hash_table_iter_next(&seats, NULL, (void **)&seat)) {
			if (same_run && !strcmp(seat->doc.place.site, site))
				back_at(seat, n);
			else if (same_run && seat->doc.has_standby &&
				 !strcmp(seat->doc.standby.site, site))
				cluster_seat_write_wants(seat);
			if (cluster_seat_lacks_standby(seat))
				cluster_seat_renew_standby(seat);
		}
	}
}
