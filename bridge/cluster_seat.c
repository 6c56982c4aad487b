/* A seat and its documents: see cluster_private.h. */
#include <string.h>

#include "bridge/cluster_private.h"
#include "bridge/room/drain.h"
#include "bridge/lent.h"

/* A message is written with all that is written meanwhile, so that a site that
 * was away for a moment still has it. */
#define SAID_MS 10000

static char *session_key(const struct cluster_room *room, const char *did,
			 const struct document_place *place)
{
	struct document_name name = { .kind = DOCUMENT_WANT_SESSION,
				      .k = place->k };

	g_strlcpy(name.site, place->site, sizeof(name.site));
	g_strlcpy(name.room, room->address, sizeof(name.room));
	g_strlcpy(name.did, did, sizeof(name.did));
	return document_key(&name);
}

static char *member_key(const struct cluster_seat *seat)
{
	struct document_name name = { .kind = DOCUMENT_MEMBER };

	g_strlcpy(name.room, seat->room->address, sizeof(name.room));
	g_strlcpy(name.did, seat->did, sizeof(name.did));
	return document_key(&name);
}

static void write_document(struct cluster_room *room, const char *key,
			   const char *value)
{
	room->cm->host->write(room->address, key, value, room->cm->arg);
}

/* Sessions. */

static void count(struct cluster_room *room, const char *site, guint worker,
		  int by)
{
	guint n = GPOINTER_TO_UINT(g_hash_table_lookup(room->sessions, site));

	n = (guint)((int)n + by);
	g_hash_table_insert(room->sessions, g_strdup(site),
			    GUINT_TO_POINTER(n));
	cluster_tree_set(room->tree, site, worker, n);
}

void cluster_want_add(struct cluster_room *room, const char *did,
		      const struct document_place *place, gboolean standby)
{
	g_autofree char *key = session_key(room, did, place);

	cluster_sites_take(room->cm->sites, key, room->address, place, standby);
	if (!g_hash_table_contains(room->wanted, key)) {
		struct cluster_want *want = g_new0(struct cluster_want, 1);

		g_strlcpy(want->site, place->site, sizeof(want->site));
		g_hash_table_insert(room->wanted, g_strdup(key), want);
		count(room, place->site, place->worker, 1);
	}
}

void cluster_want_remove(struct cluster_room *room, const char *key)
{
	struct cluster_want *want = g_hash_table_lookup(room->wanted, key);

	if (!want)
		return;
	cluster_sites_take(room->cm->sites, key, room->address, NULL, FALSE);
	write_document(room, key, NULL);
	count(room, want->site, 0, -1);
	g_hash_table_remove(room->wanted, key);
}

void cluster_want_drop(struct cluster_room *room, const char *did,
		       const struct document_place *place, gint64 linger_ms)
{
	g_autofree char *key = session_key(room, did, place);
	struct cluster_want *want = g_hash_table_lookup(room->wanted, key);
	const gint64 now_ms = room->cm->host->now_ms(room->cm->arg);

	if (!want)
		return;
	if (!linger_ms || !cluster_sites_find(room->cm->sites, place->site)) {
		g_autofree char *copy = g_strdup(key);

		cluster_want_remove(room, copy);
		return;
	}
	/* Its place is free already: it is to go. */
	cluster_sites_take(room->cm->sites, key, room->address, NULL, FALSE);
	want->until_ms = now_ms + linger_ms;
}

/* What is sealed under the key's name. */
static void seal(const struct seal *seal, const char *key,
		 const struct document_secret *secret, char *text_r, gsize cap)
{
	g_autoptr(GBytes) bytes = document_secret_write(secret);
	g_autofree char *sealed = seal_close(seal, key, bytes);

	g_strlcpy(text_r, sealed, cap);
}

/* For a site's eyes. */
static void seal_for(const struct cluster_media *cm, const char *site,
		     const char *key, const struct document_secret *secret,
		     char *text_r, gsize cap)
{
	SCOPED(seal) lent = NULL;

	if (lent_is(site))
		lent = lent_seal(cm->seal, site);
	seal(lent ? lent : cm->seal, key, secret, text_r, cap);
}

static void common_secret(const struct keys *keys,
			  struct document_secret *secret_r)
{
	memset(secret_r, 0, sizeof(*secret_r));
	g_strlcpy(secret_r->stun_password, keys->stun_password,
		  sizeof(secret_r->stun_password));
	memcpy(secret_r->srtp_c2b, keys->srtp_c2b, sizeof(secret_r->srtp_c2b));
	memcpy(secret_r->srtp_b2c, keys->srtp_b2c, sizeof(secret_r->srtp_b2c));
}

/* For one of its places. */
static void place_secret(const struct cluster_seat *seat, guint k,
			 struct document_secret *secret_r)
{
	if (seat->doc.has_tool) {
		*secret_r = seat->tool;
		return;
	}
	common_secret(&seat->keys, secret_r);
	keys_ssrcs(&seat->keys, k, &secret_r->ssrc_c2b, &secret_r->ssrc_b2c);
}

/* For whoever keeps the room next. */
static void member_secret(const struct cluster_seat *seat,
			  struct document_secret *secret_r)
{
	if (seat->doc.has_tool) {
		*secret_r = seat->tool;
		return;
	}
	common_secret(&seat->keys, secret_r);
	secret_r->ssrc_c2b = seat->keys.ssrc_c2b;
	secret_r->ssrc_b2c = seat->keys.ssrc_b2c;
	memcpy(secret_r->ctl, seat->keys.ctl, sizeof(secret_r->ctl));
	memcpy(secret_r->prk, seat->keys.prk, sizeof(secret_r->prk));
}

static void fill_alternate(const struct cluster_seat *seat,
			   struct document_want_session *doc)
{
	doc->has_alternate = seat->doc.has_standby &&
			     cluster_sites_describe(seat->room->cm->sites,
						    &seat->doc.standby,
						    &doc->alternate.gate);
	doc->alternate.k = doc->has_alternate ? seat->doc.standby.k : 0;
}

static void fill_says(const struct cluster_seat *seat,
		      struct document_want_session *doc)
{
	const gint64 now_ms = seat->room->cm->host->now_ms(seat->room->cm->arg);
	const guint n = MIN(seat->said, DOCUMENTS_MAX_SAID);

	doc->said = seat->said;
	for (guint i = 0; i < n; i++) {
		const struct cluster_said *one =
			&seat->says[(seat->said - n + i) % DOCUMENTS_MAX_SAID];

		/* Between newer ones none may be missing. */
		if (doc->n_says || now_ms - one->at_ms < SAID_MS)
			g_strlcpy(doc->says[doc->n_says++].json, one->json,
				  sizeof(one->json));
	}
}

static void write_want(struct cluster_seat *seat,
		       const struct document_place *place, gboolean standby,
		       const struct document_ending *ending)
{
	const struct document_member *mem = &seat->doc;
	const struct document_site *site =
		cluster_sites_find(seat->room->cm->sites, place->site);
	g_autofree char *key = session_key(seat->room, seat->did, place);
	g_autofree char *value = NULL;
	struct document_want_session doc = {
		.worker = place->worker,
		.origin = mem->origin,
		.standby = standby,
		.payload_type = mem->payload_type,
		.level_id = mem->level_id,
		.srtp = mem->srtp,
		.muted = mem->muted || mem->role == ROLE_LISTENER,
		.volume = mem->volume,
		.has_tool = mem->has_tool,
		.tool = mem->tool,
	};
	struct document_secret secret;

	/* Of a site that is away nothing is known: it keeps what it has. */
	if (!site)
		return;
	g_strlcpy(doc.instance, site->instance, sizeof(doc.instance));
	g_strlcpy(doc.gate, place->gate, sizeof(doc.gate));
	place_secret(seat, place->k, &secret);
	seal_for(seat->room->cm, place->site, key, &secret, doc.sealed,
		 sizeof(doc.sealed));
	explicit_bzero(&secret, sizeof(secret));
	/* What a caller lent stands in for nobody. */
	doc.has_offer = mem->has_offer && !lent_is(place->site);
	if (doc.has_offer)
		doc.offer = mem->offer;
	if (!standby) {
		fill_alternate(seat, &doc);
		fill_says(seat, &doc);
	}
	if (ending) {
		doc.has_end = TRUE;
		doc.end = *ending;
	}
	value = document_write(DOCUMENT_WANT_SESSION, &doc);
	write_document(seat->room, key, value);
}

void cluster_seat_write_wants(struct cluster_seat *seat)
{
	const struct document_member *doc = &seat->doc;

	cluster_want_add(seat->room, seat->did, &doc->place, FALSE);
	if (doc->has_standby) {
		cluster_want_add(seat->room, seat->did, &doc->standby, TRUE);
		write_want(seat, &doc->standby, TRUE, NULL);
	}
	write_want(seat, &doc->place, FALSE, NULL);
}

void cluster_seat_say(struct cluster_seat *seat, const char *json)
{
	struct cluster_media *cm = seat->room->cm;
	struct cluster_said *one =
		&seat->says[seat->said++ % DOCUMENTS_MAX_SAID];

	one->at_ms = cm->host->now_ms(cm->arg);
	g_strlcpy(one->json, json, sizeof(one->json));
	write_want(seat, &seat->doc.place, FALSE, NULL);
}

void cluster_seat_write_member(struct cluster_seat *seat)
{
	g_autofree char *key = member_key(seat);
	g_autofree char *value = NULL;
	struct document_secret secret;

	member_secret(seat, &secret);
	seal(seat->room->cm->seal, key, &secret, seat->doc.sealed,
	     sizeof(seat->doc.sealed));
	explicit_bzero(&secret, sizeof(secret));
	value = document_write(DOCUMENT_MEMBER, &seat->doc);
	write_document(seat->room, key, value);
}

gboolean cluster_media_unseal(const struct seal *sea, const char *key,
			      const struct document_member *doc,
			      struct document_secret *secret_r, GError **error)
{
	g_autoptr(GBytes) text = seal_open(sea, key, doc->sealed, error);

	return text && document_secret_read(secret_r, text, error);
}

void cluster_media_keys(const struct document_secret *secret,
			struct keys *keys_r)
{
	memset(keys_r, 0, sizeof(*keys_r));
	g_strlcpy(keys_r->stun_password, secret->stun_password,
		  sizeof(keys_r->stun_password));
	memcpy(keys_r->srtp_c2b, secret->srtp_c2b, sizeof(keys_r->srtp_c2b));
	memcpy(keys_r->srtp_b2c, secret->srtp_b2c, sizeof(keys_r->srtp_b2c));
	keys_r->ssrc_c2b = secret->ssrc_c2b;
	keys_r->ssrc_b2c = secret->ssrc_b2c;
	memcpy(keys_r->ctl, secret->ctl, sizeof(keys_r->ctl));
	memcpy(keys_r->prk, secret->prk, sizeof(keys_r->prk));
}

/* Seats. */

struct cluster_seat *cluster_seat_find(struct cluster_media *cm,
				       const char *room, const char *did)
{
	struct cluster_room *found = g_hash_table_lookup(cm->rooms, room);

	return found ? g_hash_table_lookup(found->seats, did) : NULL;
}

struct cluster_seat *cluster_seat_add(struct cluster_room *room,
				      struct member *mem)
{
	struct cluster_seat *seat = g_new0(struct cluster_seat, 1);

	seat->room = room;
	seat->mem = mem;
	g_strlcpy(seat->did, mem->did, sizeof(seat->did));
	g_hash_table_insert(room->seats, seat->did, seat);
	g_hash_table_insert(room->cm->by_member, GUINT_TO_POINTER(mem->id),
			    seat);
	return seat;
}

void cluster_seat_remove(struct cluster_seat *seat)
{
	struct cluster_room *room = seat->room;

	g_hash_table_remove(room->by_origin,
			    GUINT_TO_POINTER(seat->doc.origin));
	g_hash_table_remove(room->cm->by_member,
			    GUINT_TO_POINTER(seat->mem->id));
	g_hash_table_remove(room->seats, seat->did);
	explicit_bzero(&seat->keys, sizeof(seat->keys));
	explicit_bzero(&seat->tool, sizeof(seat->tool));
	g_free(seat);
}

gboolean cluster_seat_lacks_standby(const struct cluster_seat *seat)
{
	return !seat->doc.has_standby && !seat->stranded_ms &&
	       !seat->doc.has_tool;
}

void cluster_seat_renew_standby(struct cluster_seat *seat)
{
	struct document_member *doc = &seat->doc;

	if (doc->has_standby)
		cluster_want_drop(seat->room, seat->did, &doc->standby, 0);
	/* Where there is no second site he has none. */
	doc->has_standby = cluster_sites_standby(
		seat->room->cm->sites, seat->room->address,
		drain_gates(room_drain(seat->mem->room)), &doc->place,
		&doc->standby);
	if (doc->has_standby)
		doc->standby.k = doc->next_k++;
	cluster_seat_write_member(seat);
	cluster_seat_write_wants(seat);
}

void cluster_seat_switch(struct cluster_seat *seat)
{
	struct document_member *doc = &seat->doc;
	const struct document_place old = doc->place;

	g_info("cluster: room=%s member=%u has moved from gate=%s to %s",
	       seat->room->address, seat->mem->id, old.gate, doc->standby.gate);
	seat->stranded_ms = 0;
	doc->place = doc->standby;
	doc->has_standby = FALSE;
	doc->talked_s = seat->mem->talked_s;
	doc->heard = 0;
	room_moved(seat->mem->room, seat->mem, doc->place.gate);
	cluster_want_drop(seat->room, seat->did, &old, CLUSTER_LINGER_MS);
	cluster_seat_renew_standby(seat);
}

void cluster_seat_end(struct cluster_seat *seat)
{
	static const enum document_end ends[] = {
		[LEAVE_REPLACED] = DOCUMENT_END_REPLACED,
		[LEAVE_KICKED] = DOCUMENT_END_KICKED,
		[LEAVE_ENDED] = DOCUMENT_END_ENDED,
		[LEAVE_MOVED] = DOCUMENT_END_MOVED,
	};
	const enum member_leave why = seat->mem->leave;
	struct document_member *doc = &seat->doc;
	struct document_ending ending = { .why = DOCUMENT_END_QUIET };
	g_autofree char *key = member_key(seat);

	/* A tool does not know our messages. */
	if (why < G_N_ELEMENTS(ends) && !doc->has_tool)
		ending.why = ends[why];
	g_strlcpy(ending.text, seat->end_text, sizeof(ending.text));
	write_document(seat->room, key, NULL);
	if (doc->has_standby)
		cluster_want_drop(seat->room, seat->did, &doc->standby, 0);
	if (ending.why == DOCUMENT_END_QUIET) {
		cluster_want_drop(seat->room, seat->did, &doc->place, 0);
		return;
	}
	write_want(seat, &doc->place, FALSE, &ending);
	cluster_want_drop(seat->room, seat->did, &doc->place,
			  CLUSTER_ENDING_MS);
}
