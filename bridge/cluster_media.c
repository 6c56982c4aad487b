#include "bridge/cluster_media.h"

#include <jansson.h>
#include <openssl/rand.h>
#include <string.h>

#include "bridge/cluster_private.h"
#include "bridge/room/drain.h"
#include "bridge/room/floor.h"

static void free_room(gpointer data)
{
	struct cluster_room *room = data;

	g_assert(!g_hash_table_size(room->seats));
	cluster_tree_destroy(&room->tree);
	g_hash_table_unref(room->seats);
	g_hash_table_unref(room->by_origin);
	g_hash_table_unref(room->sessions);
	g_hash_table_unref(room->wanted);
	g_free(room->address);
	g_free(room);
}

static void write_document(const char *room, const char *key, const char *value,
			   void *arg)
{
	struct cluster_media *cm = arg;

	cm->host->write(room, key, value, cm->arg);
}

static struct cluster_room *room_of(struct cluster_media *cm,
				    const char *address)
{
	struct cluster_room *room = g_hash_table_lookup(cm->rooms, address);

	if (room)
		return room;
	room = g_new0(struct cluster_room, 1);
	room->cm = cm;
	room->address = g_strdup(address);
	room->tree =
		cluster_tree_create(address, cm->sites, write_document, cm);
	room->seats = g_hash_table_new(g_str_hash, g_str_equal);
	room->by_origin = g_hash_table_new(NULL, NULL);
	room->sessions =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	room->wanted =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(cm->rooms, room->address, room);
	return room;
}

struct cluster_media *
cluster_media_create(struct cluster_sites *sites, const struct seal *seal,
		     guint bitrate, const struct cluster_media_host *host,
		     void *arg)
{
	struct cluster_media *cm = g_new0(struct cluster_media, 1);

	cm->sites = sites;
	cm->seal = seal;
	cm->bitrate = bitrate;
	cm->host = host;
	cm->arg = arg;
	cm->rooms =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_room);
	cm->by_member = g_hash_table_new(NULL, NULL);
	return cm;
}

void cluster_media_join(struct cluster_media *cm,
			const struct media_events *events, void *arg)
{
	cm->events = events;
	cm->events_arg = arg;
}

void cluster_media_destroy(struct cluster_media **cmp)
{
	struct cluster_media *cm = *cmp;

	*cmp = NULL;
	if (!cm)
		return;
	g_hash_table_unref(cm->rooms);
	g_hash_table_unref(cm->by_member);
	g_free(cm);
}

static struct cluster_seat *seat_of(struct cluster_media *cm,
				    const struct member *mem)
{
	return g_hash_table_lookup(cm->by_member, GUINT_TO_POINTER(mem->id));
}

/* What the conference wants. */

static struct media_place media_place(const struct document_place *place)
{
	struct media_place at = { .worker = place->worker };

	g_strlcpy(at.site, place->site, sizeof(at.site));
	g_strlcpy(at.gate, place->gate, sizeof(at.gate));
	return at;
}

static struct document_place document_place(const struct media_place *at,
					    guint k)
{
	struct document_place place = { .worker = at->worker, .k = k };

	g_strlcpy(place.site, at->site, sizeof(place.site));
	g_strlcpy(place.gate, at->gate, sizeof(place.gate));
	return place;
}

static gboolean place(struct room *room, const struct ipsp_message *invite,
		      struct media_places *places_r, void *arg)
{
	struct cluster_media *cm = arg;
	struct document_place first, standby;

	memset(places_r, 0, sizeof(*places_r));
	if (!cluster_sites_place(cm->sites, room_address(room),
				 drain_gates(room_drain(room)), invite,
				 cm->host->now_ms(cm->arg), &first, &standby))
		return FALSE;
	places_r->at[places_r->n++] = media_place(&first);
	/* Of a tool there is no INVITE. */
	if (invite && *standby.site)
		places_r->at[places_r->n++] = media_place(&standby);
	places_r->has_offer = invite && invite->n_gates > 0;
	if (places_r->has_offer)
		places_r->offer = invite->gates[0];
	return TRUE;
}

static gboolean describe(const struct media_place *at, struct ipsp_gate *gate_r,
			 void *arg)
{
	struct cluster_media *cm = arg;
	const struct document_place where = document_place(at, 0);

	return cluster_sites_describe(cm->sites, &where, gate_r);
}

/* Random, so that no owner must know what those before gave out. */
static guint32 new_origin(const struct cluster_room *room)
{
	guint32 origin;

	do
		if (RAND_bytes((guint8 *)&origin, sizeof(origin)) != 1)
			g_error("cluster: the system gives no random bytes");
	while (!origin || g_hash_table_contains(room->by_origin,
						GUINT_TO_POINTER(origin)));
	return origin;
}

static void fill_member(const struct cluster_room *room,
			const struct member *mem, struct document_member *doc)
{
	doc->origin = new_origin(room);
	g_strlcpy(doc->address, mem->address, sizeof(doc->address));
	g_strlcpy(doc->name, mem->name, sizeof(doc->name));
	g_strlcpy(doc->device, mem->device, sizeof(doc->device));
	doc->via = mem->via;
	doc->state = mem->state;
	doc->role = mem->role;
	doc->volume = mem->volume;
	doc->deadline = mem->deadline;
}

static struct document_sound sound_of(const struct cluster_media *cm,
				      const struct config_sound *sound)
{
	return (struct document_sound){
		.talkers = sound->talkers,
		.bitrate = cm->bitrate,
		.stereo = sound->stereo,
		.denoise = sound->denoise,
		.agc = sound->agc,
	};
}

static struct cluster_seat *open_seat(struct cluster_media *cm,
				      struct member *mem,
				      const struct media_place *places, guint n,
				      const struct config_sound *sound)
{
	struct cluster_room *room = room_of(cm, room_address(mem->room));
	const struct document_sound all = sound_of(cm, sound);
	struct cluster_seat *seat;

	if (!cluster_tree_hubs(room->tree))
		cluster_tree_set_sound(room->tree, &all);
	seat = cluster_seat_add(room, mem);
	fill_member(room, mem, &seat->doc);
	g_hash_table_insert(room->by_origin, GUINT_TO_POINTER(seat->doc.origin),
			    seat);
	for (guint i = 0; i < n; i++) {
		const struct document_place at =
			document_place(&places[i], seat->doc.next_k++);

		*(i ? &seat->doc.standby : &seat->doc.place) = at;
	}
	seat->doc.has_standby = n > 1;
	return seat;
}

static void write_seat(struct cluster_seat *seat)
{
	const struct cluster_media *cm = seat->room->cm;

	cluster_seat_write_member(seat);
	cluster_seat_write_wants(seat);
	cluster_tree_run(seat->room->tree, cm->host->now_ms(cm->arg));
}

/* Its secret goes over the member's session: not where all can read it. */
static void take_offer(const struct member *mem, const struct ipsp_gate *gate,
		       struct document_member *doc)
{
	if (!doc->srtp) {
		g_message("cluster: the PhoneGate that member=%u offers is not "
			  "taken: his session is not encrypted",
			  mem->id);
		return;
	}
	doc->has_offer = TRUE;
	doc->offer.gate = *gate;
	g_strlcpy(doc->offer.lender, mem->address, sizeof(doc->offer.lender));
}

static gboolean open_phone(struct member *mem,
			   const struct media_places *places,
			   const struct media_keys *keys,
			   const struct config_sound *sound, void *arg)
{
	struct cluster_seat *seat =
		open_seat(arg, mem, places->at, places->n, sound);

	seat->keys = *keys->keys;
	seat->doc.payload_type = keys->payload_type;
	seat->doc.level_id = keys->level_id;
	seat->doc.srtp = keys->srtp;
	if (places->has_offer)
		take_offer(mem, &places->offer, &seat->doc);
	write_seat(seat);
	return TRUE;
}

static gboolean address(const struct media_place *at,
			const struct sockaddr_storage *remote,
			struct sockaddr_storage *address_r, void *arg)
{
	const struct document_place where = document_place(at, 0);

	return cluster_tool_address(arg, &where, remote, address_r);
}

static gboolean open_tool(struct member *mem, const struct media_place *at,
			  const struct media_tool *tool,
			  const struct config_sound *sound, void *arg)
{
	struct cluster_seat *seat = open_seat(arg, mem, at, 1, sound);

	cluster_tool_agree(seat, tool);
	write_seat(seat);
	return TRUE;
}

static void close_session(struct member *mem, void *arg)
{
	struct cluster_media *cm = arg;
	struct cluster_seat *seat = seat_of(cm, mem);

	if (!seat)
		return;
	if (mem->leave != LEAVE_HANDED_ON)
		cluster_seat_end(seat);
	cluster_seat_remove(seat);
}

/* A site sends nothing with keys that another has used: what its place of a
 * caller is called is in the directory before the OK is on its way. */
static void admit(struct member *mem, void *arg)
{
	(void)mem;
	(void)arg;
}

static void mute(struct member *mem, gboolean muted, void *arg)
{
	struct cluster_seat *seat = seat_of(arg, mem);

	if (!seat)
		return;
	(void)muted; /* or a listener: as the member says */
	seat->doc.muted = mem->muted;
	seat->doc.role = mem->role;
	cluster_seat_write_member(seat);
	cluster_seat_write_wants(seat);
}

/* A room of a cluster has no lobby. */
static void deafen(struct member *mem, gboolean deaf, void *arg)
{
	(void)mem;
	(void)deaf;
	(void)arg;
}

static void set_volume(struct member *mem, void *arg)
{
	struct cluster_seat *seat = seat_of(arg, mem);

	if (!seat)
		return;
	seat->doc.volume = mem->volume;
	cluster_seat_write_member(seat);
	cluster_seat_write_wants(seat);
}

/* Who is muted is told so by his site. Of an end only the words are not in
 * the member. */
static void tell(struct member *mem, const char *json, void *arg)
{
	struct cluster_seat *seat = seat_of(arg, mem);
	json_t *message = json_loads(json, 0, NULL);
	const char *type = json_string_value(json_object_get(message, "t"));
	const char *text = json_string_value(json_object_get(message, "text"));
	const char *room = json_string_value(json_object_get(message, "room"));

	if (!seat || !g_strcmp0(type, "mute"))
		; /* nothing to do */
	else if (!g_strcmp0(type, "end"))
		g_strlcpy(seat->end_text,
			  text	 ? text
			  : room ? room
				 : "",
			  sizeof(seat->end_text));
	else if (strlen(json) < sizeof(seat->says[0].json))
		cluster_seat_say(seat, json);
	else
		g_warning("cluster: room=%s member=%u is not told %s, which "
			  "is too long",
			  seat->room->address, mem->id, type);
	json_decref(message);
}

/* What the next owner is to know of role, hand and floor. */
static void remember_seat(struct cluster_seat *seat)
{
	const struct member *mem = seat->mem;
	const struct floor *flr = room_floor(mem->room);
	const gboolean has = floor_holder(flr) == mem;
	const gint64 until_ms = has ? floor_until_ms(flr) : 0;
	const gboolean mute_after = has && floor_mutes_after(flr);
	struct document_member *doc = &seat->doc;

	if (doc->muted == mem->muted && doc->role == mem->role &&
	    doc->hand_ms == mem->hand_ms && doc->has_floor == has &&
	    doc->floor_until_ms == until_ms && doc->mute_after == mute_after)
		return;
	doc->muted = mem->muted;
	doc->role = mem->role;
	doc->hand_ms = mem->hand_ms;
	doc->has_floor = has;
	doc->floor_until_ms = until_ms;
	doc->mute_after = mute_after;
	cluster_seat_write_member(seat);
}

static void remember(struct room *room, struct member *mem, void *arg)
{
	struct cluster_media *cm = arg;
	struct cluster_room *found =
		g_hash_table_lookup(cm->rooms, room_address(room));
	struct cluster_seat *seat = mem ? seat_of(cm, mem) : NULL;
	GHashTableIter iter;

	if (seat)
		remember_seat(seat);
	if (mem || !found)
		return;
	g_hash_table_iter_init(&iter, found->seats);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat))
		remember_seat(seat);
}

/* They are in the members already: cluster_media_hub_told(). */
static void levels(struct room *room, void *arg)
{
	(void)room;
	(void)arg;
}

/* Of the sites where its members sit; by what those have written last. */
static double stress(const struct room *room, void *arg)
{
	struct cluster_media *cm = arg;
	const struct cluster_room *found =
		g_hash_table_lookup(cm->rooms, room_address(room));
	GHashTableIter iter;
	gpointer site, wanted;
	double most = -1;

	if (!found)
		return -1;
	g_hash_table_iter_init(&iter, found->sessions);
	while (g_hash_table_iter_next(&iter, &site, &wanted)) {
		const struct document_site *doc =
			GPOINTER_TO_UINT(wanted)
				? cluster_sites_find(cm->sites, site)
				: NULL;

		if (doc)
			most = MAX(most, document_site_stress(doc));
	}
	return most;
}

const struct media_ops cluster_media_ops = {
	.place = place,
	.describe = describe,
	.open = open_phone,
	.address = address,
	.open_tool = open_tool,
	.close = close_session,
	.admit = admit,
	.mute = mute,
	.deafen = deafen,
	.set_volume = set_volume,
	.tell = tell,
	.levels = levels,
	.stress = stress,
	.remember = remember,
};

/* What an owner before has written. */

void cluster_media_restore_hub(struct cluster_media *cm, const char *address,
			       const char *site,
			       const struct document_want_hub *doc)
{
	struct cluster_room *room = room_of(cm, address);
	const struct document_site *at = cluster_sites_find(cm->sites, site);

	cluster_tree_set_sound(room->tree, &doc->sound);
	/* Another run of the site: its trunks are to have new keys. */
	if (at && strcmp(at->instance, doc->instance) != 0)
		return;
	cluster_tree_restore(room->tree, site, doc);
}

void cluster_media_restore_member(struct cluster_media *cm, struct member *mem,
				  const struct document_member *doc,
				  const struct document_secret *secret)
{
	struct cluster_room *room = room_of(cm, room_address(mem->room));
	struct cluster_seat *seat = cluster_seat_add(room, mem);

	seat->doc = *doc;
	if (doc->has_tool)
		seat->tool = *secret;
	else
		cluster_media_keys(secret, &seat->keys);
	g_hash_table_insert(room->by_origin, GUINT_TO_POINTER(doc->origin),
			    seat);
}

static gboolean is_at(const struct document_place *at,
		      const struct document_name *name)
{
	return at->k == name->k && !strcmp(at->site, name->site);
}

void cluster_media_restore_session(struct cluster_media *cm,
				   const struct document_name *name,
				   const struct document_want_session *doc)
{
	struct cluster_room *room = room_of(cm, name->room);
	struct cluster_seat *seat = g_hash_table_lookup(room->seats, name->did);
	const struct document_site *site =
		cluster_sites_find(cm->sites, name->site);
	struct document_place at = { .worker = doc->worker, .k = name->k };
	gboolean standby, stale;

	g_strlcpy(at.site, name->site, sizeof(at.site));
	g_strlcpy(at.gate, doc->gate, sizeof(at.gate));
	standby = seat && seat->doc.has_standby &&
		  is_at(&seat->doc.standby, name);
	/* Another run of the site does not have the session any more. */
	stale = site && strcmp(site->instance, doc->instance) != 0;
	if (stale && standby)
		standby = seat->doc.has_standby = FALSE;
	else if (stale && seat && is_at(&seat->doc.place, name))
		seat->stranded_ms = cm->host->now_ms(cm->arg);
	if (seat && is_at(&seat->doc.place, name))
		seat->said = doc->said;
	cluster_want_add(room, name->did, &at, standby);
	if (!standby && !(seat && is_at(&seat->doc.place, name)))
		cluster_want_drop(room, name->did, &at,
				  doc->has_end ? CLUSTER_ENDING_MS : 0);
}

void cluster_media_restored(struct cluster_media *cm, const char *address)
{
	struct cluster_room *room = g_hash_table_lookup(cm->rooms, address);
	GHashTableIter iter;
	struct cluster_seat *seat;

	if (!room)
		return;
	g_hash_table_iter_init(&iter, room->seats);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat)) {
		if (cluster_seat_lacks_standby(seat))
			cluster_seat_renew_standby(seat);
	}
	cluster_tree_restored(room->tree);
	cluster_tree_run(room->tree, cm->host->now_ms(cm->arg));
}

void cluster_media_write_again(struct cluster_media *cm, const char *address)
{
	struct cluster_room *room = g_hash_table_lookup(cm->rooms, address);
	GHashTableIter iter;
	struct cluster_seat *seat;

	if (!room)
		return;
	g_hash_table_iter_init(&iter, room->seats);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat)) {
		cluster_seat_write_member(seat);
		cluster_seat_write_wants(seat);
	}
	cluster_tree_write_again(room->tree);
}

void cluster_media_forget(struct cluster_media *cm, const char *address)
{
	g_hash_table_remove(cm->rooms, address);
}

/* Time. */

static void remove_over(struct cluster_room *room, gint64 now_ms)
{
	g_autoptr(GPtrArray) over = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	const struct cluster_want *want;
	const char *key;

	g_hash_table_iter_init(&iter, room->wanted);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&want))
		if (want->until_ms && want->until_ms <= now_ms)
			g_ptr_array_add(over, g_strdup(key));
	for (guint i = 0; i < over->len; i++)
		cluster_want_remove(room, over->pdata[i]);
}

static void end_stranded(struct cluster_room *room, gint64 now_ms)
{
	struct cluster_media *cm = room->cm;
	g_autoptr(GArray) gone = g_array_new(FALSE, FALSE, sizeof(guint32));
	GHashTableIter iter;
	const struct cluster_seat *seat;

	g_hash_table_iter_init(&iter, room->seats);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&seat))
		/* An invited one may register at his standby until his OK
		 * expires. */
		if (seat->stranded_ms && seat->doc.state == MEMBER_HERE &&
		    now_ms - seat->stranded_ms >= CLUSTER_STRANDED_MS)
			g_array_append_val(gone, seat->mem->id);
	for (guint i = 0; i < gone->len; i++)
		cm->events->gone(g_array_index(gone, guint32, i), TRUE,
				 cm->events_arg);
}

void cluster_media_run(struct cluster_media *cm)
{
	const gint64 now_ms = cm->host->now_ms(cm->arg);
	GHashTableIter iter;
	struct cluster_room *room;

	g_hash_table_iter_init(&iter, cm->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room)) {
		remove_over(room, now_ms);
		end_stranded(room, now_ms);
		cluster_tree_run(room->tree, now_ms);
	}
}

void cluster_media_trees(const struct cluster_media *cm, guint *hubs_r,
			 guint *depth_r)
{
	GHashTableIter iter;
	const struct cluster_room *room;

	*hubs_r = *depth_r = 0;
	g_hash_table_iter_init(&iter, cm->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room)) {
		*hubs_r += cluster_tree_hubs(room->tree);
		*depth_r = MAX(*depth_r, cluster_tree_depth(room->tree));
	}
}
