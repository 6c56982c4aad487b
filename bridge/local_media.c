#include "bridge/local_media.h"

#include <string.h>

#include "bridge/balance.h"
#include "bridge/candidates.h"
#include "bridge/token.h"
#include "bridge/workers.h"

#define CONSENT_S     30
#define JITTER_MIN_MS 0 /* a clean path waits for the next tick only */
#define JITTER_MAX_MS 400
#define COMPLEXITY    5
#define LOSS_EXPECTED 0 /* percent, until the member's RTCP says more */

/* All tables are the control thread's. */
struct local_media {
	struct workers *workers;
	struct balance balance;
	guint evening;	 /* timer */
	guint *sessions; /* on each worker */
	guint sessions_per_gate, bitrate;
	GStrv public_addresses;
	char *websocket_url;
	const struct media_events *events;
	void *arg;
	GHashTable *stages; /* struct room * => struct stage */
	GHashTable *legs;   /* member id => struct leg */
	GHashTable *gates;  /* gate id, owned by its struct gate => itself */
};

struct gate {
	struct phonegate *gate; /* the worker's */
	char id[64];
	guint sessions;
};

/* A room's place on a worker, while somebody is there. */
struct stage {
	guint worker;
	gboolean moved;		   /* from the worker where it began */
	struct mix *mix;	   /* the worker's */
	struct config_sound sound; /* as it was opened with */
	GPtrArray *gates;
};

struct leg {
	struct session *ses; /* the worker's */
	struct room *room;
	struct gate *gate;
	guint worker;
};

static void free_stage(gpointer data)
{
	struct stage *stage = data;

	g_ptr_array_unref(stage->gates);
	g_free(stage);
}

static struct gate *free_gate_of(const struct local_media *med,
				 const struct stage *stage)
{
	for (guint i = 0; stage && i < stage->gates->len; i++) {
		struct gate *gate = stage->gates->pdata[i];

		if (gate->sessions < med->sessions_per_gate)
			return gate;
	}
	return NULL;
}

static struct gate *gate_by_id(const struct stage *stage, const char *id)
{
	for (guint i = 0; i < stage->gates->len; i++) {
		struct gate *gate = stage->gates->pdata[i];

		if (!strcmp(gate->id, id))
			return gate;
	}
	return NULL;
}

/* FALSE: it has so much to do that nobody new may come. */
static gboolean is_open(const struct local_media *med, guint worker)
{
	struct worker_report rep;

	worker_report(workers_get(med->workers, worker), &rep);
	return rep.effort < EFFORT_CLOSED;
}

/* Of those that are open, if any is. */
static guint idlest(const struct local_media *med)
{
	guint best = 0;

	for (guint i = 1; i < workers_count(med->workers); i++)
		if (!is_open(med, best) ||
		    (is_open(med, i) && med->sessions[i] < med->sessions[best]))
			best = i;
	return best;
}

static gboolean place(struct room *room, const struct ipsp_message *invite,
		      struct media_places *places_r, void *arg)
{
	struct local_media *med = arg;
	struct stage *stage = g_hash_table_lookup(med->stages, room);
	struct gate *gate = free_gate_of(med, stage);
	struct media_place *place_r = &places_r->at[0];
	guint number = 0;

	(void)invite;
	*places_r = (struct media_places){ .n = 1 };
	place_r->worker = stage ? stage->worker : idlest(med);
	if (!is_open(med, place_r->worker))
		return FALSE;
	if (gate) {
		g_strlcpy(place_r->gate, gate->id, sizeof(place_r->gate));
		return TRUE;
	}
	do
		g_snprintf(place_r->gate, sizeof(place_r->gate), "local-%u",
			   ++number);
	while (g_hash_table_contains(med->gates, place_r->gate));
	return TRUE;
}

static gboolean describe(const struct media_place *at, struct ipsp_gate *gate_r,
			 void *arg)
{
	struct local_media *med = arg;
	const struct sockaddr_storage *bound;
	guint n_bound;

	if (at->worker >= workers_count(med->workers))
		return FALSE;
	memset(gate_r, 0, sizeof(*gate_r));
	g_strlcpy(gate_r->id, at->gate, sizeof(gate_r->id));
	gate_r->local = TRUE;
	bound = workers_bound(med->workers, at->worker, &n_bound);
	candidates_fill(gate_r, bound, n_bound,
			(const char *const *)med->public_addresses);
	if (med->websocket_url) {
		g_autofree char *url =
			g_strdup_printf("%s%u", med->websocket_url, at->worker);

		candidates_add_websocket(gate_r, url);
	}
	return gate_r->n_candidates > 0;
}

/* A device that comes again has two legs until it has registered. For the
 * largest room, since a reload may change the capacity under a conference;
 * pages of pointers that nobody needs are never touched. */
#define MIX_LEGS (2 * ROOM_MAX_CAPACITY)

static struct stage *open_stage(struct local_media *med, struct room *room,
				const struct config_sound *sound, guint worker)
{
	struct stage *stage = g_hash_table_lookup(med->stages, room);
	const struct mix_config cfg = {
		.capacity = MIX_LEGS,
		.talkers = sound->talkers,
		.bitrate = (int)med->bitrate,
		.complexity = COMPLEXITY,
		.channels = sound->stereo ? 2 : 1,
		.denoise = sound->denoise,
		.agc = sound->agc,
		.jitter = { .min_ms = JITTER_MIN_MS, .max_ms = JITTER_MAX_MS },
	};
	struct mix *mix = NULL;

	if (stage)
		return stage->worker == worker ? stage : NULL;
	if (mix_create(&mix, &cfg))
		return NULL;
	if (workers_add(med->workers,
			&(struct addition){ .worker = worker, .mix = mix })) {
		mix_destroy(&mix);
		return NULL;
	}
	stage = g_new0(struct stage, 1);
	stage->worker = worker;
	stage->mix = mix;
	stage->sound = *sound;
	stage->gates = g_ptr_array_new_with_free_func(g_free);
	g_hash_table_insert(med->stages, room, stage);
	return stage;
}

static struct gate *open_gate(struct local_media *med, struct stage *stage,
			      const char *id)
{
	struct gate *gate = gate_by_id(stage, id);
	struct phonegate *phonegate = NULL;

	if (gate)
		return gate->sessions < med->sessions_per_gate ? gate : NULL;
	if (g_hash_table_contains(med->gates, id) ||
	    phonegate_create(&phonegate, id, stage->mix,
			     med->sessions_per_gate))
		return NULL;
	if (workers_add(med->workers,
			&(struct addition){ .worker = stage->worker,
					    .gate = phonegate })) {
		phonegate_destroy(&phonegate);
		return NULL;
	}
	gate = g_new0(struct gate, 1);
	gate->gate = phonegate;
	g_strlcpy(gate->id, id, sizeof(gate->id));
	g_ptr_array_add(stage->gates, gate);
	g_hash_table_add(med->gates, gate->id);
	return gate;
}

/* Nobody is there any more. */
static void close_empty(struct local_media *med, struct room *room,
			struct stage *stage, struct gate *gate)
{
	if (gate && !gate->sessions) {
		workers_remove(med->workers,
			       &(struct removal){ .worker = stage->worker,
						  .gate = gate->gate });
		g_hash_table_remove(med->gates, gate->id);
		g_ptr_array_remove(stage->gates, gate);
	}
	if (!stage->gates->len) {
		workers_remove(med->workers,
			       &(struct removal){ .worker = stage->worker,
						  .mix = stage->mix });
		g_hash_table_remove(med->stages, room);
	}
}

static struct session_config session_defaults(void)
{
	return (struct session_config){
		.consent_s = CONSENT_S,
		.leg = { .sends = true,
			 .receives = true,
			 .jitter = { .min_ms = JITTER_MIN_MS,
				     .max_ms = JITTER_MAX_MS },
			 .loss_expected = LOSS_EXPECTED },
	};
}

static struct session_config phone_session(const struct media_keys *keys)
{
	struct session_config cfg = session_defaults();
	struct stream_config *stream = &cfg.stream;
	g_autofree char *cname = g_uuid_string_random(); /* RFC 7022 4.2 */

	cfg.held = true;
	g_strlcpy(cfg.username, keys->did, sizeof(cfg.username));
	g_strlcpy(cfg.password, keys->keys->stun_password,
		  sizeof(cfg.password));
	stream->suite = keys->srtp ? SRTP_AEAD_AES_128_GCM : SRTP_NONE;
	stream->send_ssrc = keys->keys->ssrc_b2c;
	stream->receive_ssrc = keys->keys->ssrc_c2b;
	stream->payload_type = keys->payload_type;
	stream->level_id = keys->level_id;
	memcpy(stream->send_key, keys->keys->srtp_b2c, KEYS_SRTP_SIZE);
	memcpy(stream->receive_key, keys->keys->srtp_c2b, KEYS_SRTP_SIZE);
	g_strlcpy(stream->cname, cname, sizeof(stream->cname));
	return cfg;
}

static struct session_config tool_session(const struct member *mem,
					  const struct media_tool *tool,
					  guint port)
{
	static const enum srtp_suite suites[] = {
		[SDP_PLAIN] = SRTP_NONE,
		[SDP_AEAD_AES_128_GCM] = SRTP_AEAD_AES_128_GCM,
		[SDP_AES_CM_128_HMAC_SHA1_80] = SRTP_AES_CM_128_HMAC_SHA1_80,
	};
	const struct sdp_offer *offer = tool->offer;
	g_autofree char *secret = token_generate();
	struct session_config cfg = session_defaults();
	struct stream_config *stream = &cfg.stream;

	/* It says no STUN, so nobody is told: did is only its name. */
	g_strlcpy(cfg.username, mem->did, sizeof(cfg.username));
	g_strlcpy(cfg.password, secret, sizeof(cfg.password));
	cfg.address = offer->address;
	cfg.port = port;
	cfg.leg.sends = tool->direction & SDP_SENDONLY;
	cfg.leg.receives = tool->direction & SDP_RECVONLY;
	cfg.leg.bitrate = (int)offer->max_bitrate;
	stream->suite = suites[offer->suite];
	stream->send_ssrc = tool->ssrc;
	stream->payload_type = offer->payload_type;
	stream->level_id = (guint8)offer->level_id;
	memcpy(stream->send_key, tool->key, sizeof(stream->send_key));
	memcpy(stream->receive_key, offer->crypto.key,
	       sizeof(stream->receive_key));
	g_strlcpy(stream->cname, tool->cname, sizeof(stream->cname));
	return cfg;
}

static gboolean open_leg(struct local_media *med, struct member *mem,
			 struct stage *stage, struct gate *gate,
			 struct session_config *cfg)
{
	const struct config_sound *sound = &stage->sound;
	struct session *ses = NULL;
	struct leg *leg;

	cfg->member = mem->id;
	cfg->leg.level_header = cfg->stream.level_id != 0;
	cfg->leg.everybody = !sound->talkers;
	cfg->leg.channels = sound->stereo ? 2 : 1;
	cfg->leg.denoise = sound->denoise;
	if (session_create(&ses, cfg))
		return FALSE;
	if (workers_add(med->workers,
			&(struct addition){ .worker = stage->worker,
					    .gate = gate->gate,
					    .ses = ses })) {
		session_destroy(&ses);
		return FALSE;
	}
	leg = g_new0(struct leg, 1);
	leg->ses = ses;
	leg->room = mem->room;
	leg->gate = gate;
	leg->worker = stage->worker;
	gate->sessions++;
	med->sessions[leg->worker]++;
	g_hash_table_insert(med->legs, GUINT_TO_POINTER(mem->id), leg);
	return TRUE;
}

/* Wipes cfg, in which are keys. */
static gboolean open_session(struct local_media *med, struct member *mem,
			     const struct media_place *at,
			     const struct config_sound *sound,
			     struct session_config *cfg)
{
	struct stage *stage = open_stage(med, mem->room, sound, at->worker);
	struct gate *gate = stage ? open_gate(med, stage, at->gate) : NULL;
	gboolean open;

	open = gate && open_leg(med, mem, stage, gate, cfg);
	explicit_bzero(cfg, sizeof(*cfg));
	if (open)
		return TRUE;
	g_warning("media: no session for member=%u at gate=%s", mem->id,
		  at->gate);
	if (stage)
		close_empty(med, mem->room, stage, gate);
	return FALSE;
}

static gboolean open_phone(struct member *mem,
			   const struct media_places *places,
			   const struct media_keys *keys,
			   const struct config_sound *sound, void *arg)
{
	struct local_media *med = arg;
	const struct media_place *at = &places->at[0];
	struct session_config cfg;

	if (at->worker >= workers_count(med->workers))
		return FALSE;
	cfg = phone_session(keys);
	return open_session(med, mem, at, sound, &cfg);
}

/* Which of the worker's sockets serves a tool, and under which address. */
static gboolean find_address(const struct local_media *med,
			     const struct media_place *at,
			     const struct sockaddr_storage *remote,
			     struct sockaddr_storage *address_r, guint *port_r)
{
	const struct sockaddr_storage *bound;
	guint n_bound;

	bound = workers_bound(med->workers, at->worker, &n_bound);
	return candidates_toward(remote, bound, n_bound,
				 (const char *const *)med->public_addresses,
				 address_r, port_r);
}

static gboolean address(const struct media_place *at,
			const struct sockaddr_storage *remote,
			struct sockaddr_storage *address_r, void *arg)
{
	struct local_media *med = arg;
	guint port;

	return find_address(med, at, remote, address_r, &port);
}

static gboolean open_tool(struct member *mem, const struct media_place *at,
			  const struct media_tool *tool,
			  const struct config_sound *sound, void *arg)
{
	struct local_media *med = arg;
	struct sockaddr_storage ours;
	struct session_config cfg;
	guint port;

	if (!find_address(med, at, &tool->offer->address, &ours, &port))
		return FALSE;
	cfg = tool_session(mem, tool, port);
	return open_session(med, mem, at, sound, &cfg);
}

static void close_session(struct member *mem, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg =
		g_hash_table_lookup(med->legs, GUINT_TO_POINTER(mem->id));

	if (!leg)
		return;
	workers_remove(med->workers, &(struct removal){ .worker = leg->worker,
							.ses = leg->ses });
	med->sessions[leg->worker]--;
	leg->gate->sessions--;
	close_empty(med, leg->room, g_hash_table_lookup(med->stages, leg->room),
		    leg->gate);
	g_hash_table_remove(med->legs, GUINT_TO_POINTER(mem->id));
}

static void admit(struct member *mem, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg =
		g_hash_table_lookup(med->legs, GUINT_TO_POINTER(mem->id));

	if (leg &&
	    worker_admit(workers_get(med->workers, leg->worker), leg->ses))
		g_critical("media: worker %u did not admit member=%u",
			   leg->worker, mem->id);
}

static void mute(struct member *mem, gboolean muted, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg =
		g_hash_table_lookup(med->legs, GUINT_TO_POINTER(mem->id));

	if (leg && worker_mute(workers_get(med->workers, leg->worker), leg->ses,
			       muted))
		g_critical("media: worker %u did not take a mute of member=%u",
			   leg->worker, mem->id);
}

static void set_volume(struct member *mem, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg =
		g_hash_table_lookup(med->legs, GUINT_TO_POINTER(mem->id));

	if (leg && worker_set_gain(workers_get(med->workers, leg->worker),
				   leg->ses, (float)mem->volume / 100.0f))
		g_critical("media: worker %u did not take the volume of "
			   "member=%u",
			   leg->worker, mem->id);
}

static void tell(struct member *mem, const char *json, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg =
		g_hash_table_lookup(med->legs, GUINT_TO_POINTER(mem->id));

	if (leg && worker_message(workers_get(med->workers, leg->worker),
				  leg->ses, json))
		g_warning("media: member=%u was not told %s", mem->id, json);
}

static void levels(struct room *room, void *arg)
{
	struct local_media *med = arg;
	const GPtrArray *members = room_members(room);

	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];
		struct leg *leg = g_hash_table_lookup(
			med->legs, GUINT_TO_POINTER(mem->id));

		if (leg)
			mem->level = session_level(leg->ses);
	}
}

const struct media_ops local_media_ops = {
	.place = place,
	.describe = describe,
	.open = open_phone,
	.address = address,
	.open_tool = open_tool,
	.close = close_session,
	.admit = admit,
	.mute = mute,
	.set_volume = set_volume,
	.tell = tell,
	.levels = levels,
};

GArray *local_media_reports(const struct local_media *med)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct worker_report));

	for (guint i = 0; i < workers_count(med->workers); i++) {
		struct worker_report rep;

		worker_report(workers_get(med->workers, i), &rep);
		g_array_append_val(all, rep);
	}
	return all;
}

gboolean local_media_websocket(struct local_media *med, guint worker,
			       guint32 connection, const guint8 *buf,
			       gsize size)
{
	if (worker >= workers_count(med->workers))
		return FALSE;
	worker_websocket(workers_get(med->workers, worker), connection, buf,
			 size);
	return TRUE;
}

void local_media_websocket_closed(struct local_media *med, guint worker,
				  guint32 connection)
{
	if (worker >= workers_count(med->workers))
		return;
	/* Its packets came to this one, and were handed on if its room has
	 * moved: the others may know it too. */
	for (guint i = 0; i < workers_count(med->workers); i++)
		worker_websocket_closed(workers_get(med->workers, i),
					connection);
}

static void on_registered(uint32_t member, const char *path, bool first,
			  void *arg)
{
	struct local_media *med = arg;

	(void)first;
	med->events->registered(member, path, med->arg);
}

static void on_gone(uint32_t member, enum worker_gone why, void *arg)
{
	struct local_media *med = arg;

	med->events->gone(member, why != GONE_BYE, med->arg);
}

static void on_message(uint32_t member, const char *json, size_t size,
		       void *arg)
{
	struct local_media *med = arg;

	med->events->message(member, json, size, med->arg);
}

static void on_report(uint32_t member, const struct session_report *rep,
		      void *arg)
{
	struct local_media *med = arg;

	med->events->report(member, rep, med->arg);
}

static void on_websocket(uint32_t connection, const uint8_t *buf, size_t size,
			 void *arg)
{
	struct local_media *med = arg;

	med->events->websocket(connection, buf, size, med->arg);
}

/* Rooms from a busy worker to an idle one. */

static guint stage_sessions(const struct stage *stage)
{
	guint n = 0;

	for (guint i = 0; i < stage->gates->len; i++)
		n += ((const struct gate *)stage->gates->pdata[i])->sessions;
	return n;
}

static void move_room(struct local_media *med, struct room *room, guint to)
{
	struct stage *stage = g_hash_table_lookup(med->stages, room);
	const guint from = stage->worker, sessions = stage_sessions(stage);
	GHashTableIter iter;
	struct leg *leg;

	if (!workers_move(med->workers, from, to, stage->mix, sessions)) {
		g_warning("media: room=%s does not move from worker=%u to %u",
			  room_address(room), from, to);
		return;
	}
	g_info("media: moved room=%s sessions=%u from worker=%u to %u",
	       room_address(room), sessions, from, to);
	stage->worker = to;
	stage->moved = TRUE;
	med->sessions[from] -= sessions;
	med->sessions[to] += sessions;
	g_hash_table_iter_init(&iter, med->legs);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&leg))
		if (leg->room == room)
			leg->worker = to;
}

static gboolean even_out(gpointer data)
{
	struct local_media *med = data;
	const guint n_workers = workers_count(med->workers);
	g_autofree double *stress = g_new(double, n_workers);
	g_autoptr(GArray) rooms =
		g_array_new(FALSE, FALSE, sizeof(struct balance_room));
	const struct balance_room *chosen;
	GHashTableIter iter;
	struct stage *stage;
	struct room *room;
	guint to;

	for (guint i = 0; i < n_workers; i++) {
		struct worker_report rep;

		worker_report(workers_get(med->workers, i), &rep);
		stress[i] = rep.stress;
	}
	g_hash_table_iter_init(&iter, med->stages);
	while (g_hash_table_iter_next(&iter, (void **)&room, (void **)&stage)) {
		const struct balance_room one = { room, stage->worker,
						  stage_sessions(stage),
						  stage->moved };

		g_array_append_val(rooms, one);
	}
	chosen = balance_choose(&med->balance, stress, n_workers,
				(const void *)rooms->data, rooms->len,
				g_get_monotonic_time() / 1000, &to);
	if (chosen)
		move_room(med, chosen->room, to);
	return G_SOURCE_CONTINUE;
}

static const struct worker_events worker_events = {
	.registered = on_registered,
	.gone = on_gone,
	.message = on_message,
	.report = on_report,
	.websocket = on_websocket,
};

struct local_media *local_media_create(const struct local_media_config *cfg,
				       const struct media_events *events,
				       void *arg, GError **error)
{
	struct local_media *med = g_new0(struct local_media, 1);

	med->sessions = g_new0(guint, cfg->workers);
	med->sessions_per_gate = cfg->sessions_per_gate;
	med->bitrate = cfg->bitrate;
	med->public_addresses = g_strdupv((char **)cfg->public_addresses);
	med->websocket_url = g_strdup(cfg->websocket_url);
	med->events = events;
	med->arg = arg;
	med->stages = g_hash_table_new_full(NULL, NULL, NULL, free_stage);
	med->legs = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	med->gates = g_hash_table_new(g_str_hash, g_str_equal);
	med->workers = workers_create(cfg, &worker_events, med, error);
	if (!med->workers)
		local_media_destroy(&med);
	else if (cfg->workers > 1)
		med->evening = g_timeout_add_seconds(1, even_out, med);
	return med;
}

void local_media_destroy(struct local_media **medp)
{
	struct local_media *med = *medp;

	*medp = NULL;
	if (!med)
		return;
	g_clear_handle_id(&med->evening, g_source_remove);
	workers_destroy(&med->workers);
	g_hash_table_unref(med->gates);
	g_hash_table_unref(med->legs);
	g_hash_table_unref(med->stages);
	g_strfreev(med->public_addresses);
	g_free(med->websocket_url);
	g_free(med->sessions);
	g_free(med);
}
