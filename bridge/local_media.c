#include "bridge/local_media.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/balance.h"
#include "bridge/browser.h"
#include "bridge/candidates.h"
#include "bridge/leg_config.h"
#include "bridge/room/drain.h"

/* All tables are the control thread's. */
struct local_media {
	struct stages *stages;
	struct dtls_identity *identity; /* to browsers */
	struct balance balance;
	guint evening; /* timer */
	const struct local_media_web *web;
	void *arg;
	const struct media_events *events; /* NULL: not joined */
	void *events_arg;
	GHashTable *rooms; /* struct room * => struct local_room */
	GHashTable *seats; /* member id => struct seat */
};

/* A room, while somebody is there. */
struct local_room {
	struct room *room;
	struct stage *stage;
	gboolean moved; /* from the worker where it began */
};

struct seat {
	struct leg *leg;
	struct browser *browser; /* or NULL */
	struct local_room *local;
};

static struct seat *seat_of(const struct local_media *med, guint32 member)
{
	return g_hash_table_lookup(med->seats, GUINT_TO_POINTER(member));
}

static struct leg *leg_of(const struct local_media *med,
			  const struct member *mem)
{
	const struct seat *seat = seat_of(med, mem->id);

	return seat ? seat->leg : NULL;
}

static gboolean place(struct room *room, const struct ipsp_message *invite,
		      struct media_places *places_r, void *arg)
{
	struct local_media *med = arg;
	const struct local_room *local = g_hash_table_lookup(med->rooms, room);
	struct media_place *place_r = &places_r->at[0];
	GHashTable *draining = drain_gates(room_drain(room));
	const char *gate =
		local ? stage_free_gate(local->stage, draining) : NULL;
	guint number = 0;

	(void)invite;
	*places_r = (struct media_places){ .n = 1 };
	place_r->worker =
		local ? stage_worker(local->stage) : stages_idlest(med->stages);
	if (!stages_is_open(med->stages, place_r->worker))
		return FALSE;
	if (gate) {
		g_strlcpy(place_r->gate, gate, sizeof(place_r->gate));
		return TRUE;
	}
	if (stages_open_gates(med->stages) >= stages_gates(med->stages))
		return FALSE;
	do
		g_snprintf(place_r->gate, sizeof(place_r->gate), "local-%u",
			   ++number);
	while (stages_has_gate(med->stages, place_r->gate));
	return TRUE;
}

static gboolean describe(const struct media_place *at, struct ipsp_gate *gate_r,
			 void *arg)
{
	struct local_media *med = arg;

	memset(gate_r, 0, sizeof(*gate_r));
	g_strlcpy(gate_r->id, at->gate, sizeof(gate_r->id));
	gate_r->local = TRUE;
	return stages_candidates(med->stages, at->worker, gate_r);
}

static struct local_room *open_room(struct local_media *med, struct room *room,
				    const struct config_sound *sound,
				    guint worker)
{
	struct local_room *local = g_hash_table_lookup(med->rooms, room);
	struct stage *stage;

	if (local)
		return stage_worker(local->stage) == worker ? local : NULL;
	stage = stage_open(med->stages, worker, sound, 0);
	if (!stage)
		return NULL;
	local = g_new(struct local_room, 1);
	*local = (struct local_room){ .room = room, .stage = stage };
	g_hash_table_insert(med->rooms, room, local);
	return local;
}

static void close_if_empty(struct local_media *med, struct local_room *local)
{
	if (stage_sessions(local->stage))
		return;
	stage_close(&local->stage);
	g_hash_table_remove(med->rooms, local->room);
}

/* Wipes cfg, in which are keys. */
static gboolean open_session(struct local_media *med, struct member *mem,
			     const struct media_place *at,
			     const struct config_sound *sound,
			     struct session_config *cfg)
{
	struct local_room *local = open_room(med, mem->room, sound, at->worker);
	struct leg *leg = NULL;
	struct seat *seat;

	cfg->member = mem->id;
	if (local)
		leg = leg_open(local->stage, at->gate, cfg);
	explicit_bzero(cfg, sizeof(*cfg));
	if (!leg) {
		g_warning("media: no session for member=%u at gate=%s", mem->id,
			  at->gate);
		if (local)
			close_if_empty(med, local);
		return FALSE;
	}
	seat = g_new(struct seat, 1);
	*seat = (struct seat){ .leg = leg, .local = local };
	g_hash_table_insert(med->seats, GUINT_TO_POINTER(mem->id), seat);
	/* Before a packet of his is looked at. */
	if (!member_may_speak(mem))
		leg_mute(leg, TRUE);
	if (mem->held)
		leg_deafen(leg, TRUE);
	return TRUE;
}

static gboolean open_phone(struct member *mem,
			   const struct media_places *places,
			   const struct media_keys *keys,
			   const struct config_sound *sound, void *arg)
{
	struct local_media *med = arg;
	const struct media_place *at = &places->at[0];
	struct session_config cfg;

	if (at->worker >= stages_workers(med->stages))
		return FALSE;
	cfg = leg_config_phone(keys);
	cfg.held = true;
	return open_session(med, mem, at, sound, &cfg);
}

static gboolean address(const struct media_place *at,
			const struct sockaddr_storage *remote,
			struct sockaddr_storage *address_r, void *arg)
{
	struct local_media *med = arg;
	guint port;

	return stages_address(med->stages, at->worker, remote, address_r,
			      &port);
}

/* Where the browser asked from is where we are found most likely: a bridge on
 * its own host, or on its network. */
static gboolean browser(const struct media_place *at,
			const struct sockaddr_storage *remote,
			struct sdp_ice *ice_r, void *arg)
{
	struct local_media *med = arg;
	struct ipsp_gate gate = { 0 };
	struct sockaddr_storage address;
	guint port;

	ice_r->n_candidates = 0;
	memcpy(ice_r->fingerprint, dtls_identity_fingerprint(med->identity),
	       sizeof(ice_r->fingerprint));
	if (stages_address(med->stages, at->worker, remote, &address, &port))
		candidates_add_ice(ice_r, &address);
	stages_candidates(med->stages, at->worker, &gate);
	for (guint i = 0; i < gate.n_candidates; i++)
		if (candidates_parse(gate.candidates[i].address,
				     gate.candidates[i].port, &address))
			candidates_add_ice(ice_r, &address);
	return ice_r->n_candidates > 0;
}

static gboolean restart(struct member *mem, const char *ufrag,
			const struct sdp_ice *ice, void *arg)
{
	struct leg *leg = leg_of(arg, mem);
	char username[64];

	leg_config_username(ice, ufrag, username, sizeof(username));
	return leg && leg_restart_ice(leg, username, ice->password);
}

static gboolean open_browser(struct local_media *med, struct member *mem,
			     const struct media_place *at,
			     const struct media_tool *tool,
			     const struct config_sound *sound)
{
	struct session_config cfg = leg_config_tool(mem->did, tool, 0);
	struct stream_config stream = cfg.stream;
	struct seat *seat;

	if (!open_session(med, mem, at, sound, &cfg))
		return FALSE;
	seat = seat_of(med, mem->id);
	seat->browser = browser_create(med->identity, tool->offer->fingerprint,
				       seat->leg, &stream);
	return seat->browser != NULL;
}

static gboolean open_tool(struct member *mem, const struct media_place *at,
			  const struct media_tool *tool,
			  const struct config_sound *sound, void *arg)
{
	struct local_media *med = arg;
	struct sockaddr_storage ours;
	struct session_config cfg;
	guint port;

	if (tool->offer->suite == SDP_DTLS)
		return open_browser(med, mem, at, tool, sound);
	if (!stages_address(med->stages, at->worker, &tool->offer->address,
			    &ours, &port))
		return FALSE;
	cfg = leg_config_tool(mem->did, tool, port);
	return open_session(med, mem, at, sound, &cfg);
}

static void close_session(struct member *mem, void *arg)
{
	struct local_media *med = arg;
	struct seat *seat = seat_of(med, mem->id);

	if (!seat)
		return;
	browser_destroy(&seat->browser);
	leg_close(&seat->leg);
	close_if_empty(med, seat->local);
	g_hash_table_remove(med->seats, GUINT_TO_POINTER(mem->id));
}

static void admit(struct member *mem, void *arg)
{
	struct leg *leg = leg_of(arg, mem);

	if (leg)
		leg_admit(leg);
}

static void mute(struct member *mem, gboolean muted, void *arg)
{
	struct leg *leg = leg_of(arg, mem);

	if (leg)
		leg_mute(leg, muted);
}

static void deafen(struct member *mem, gboolean deaf, void *arg)
{
	struct leg *leg = leg_of(arg, mem);

	if (leg)
		leg_deafen(leg, deaf);
}

static void set_volume(struct member *mem, void *arg)
{
	struct leg *leg = leg_of(arg, mem);

	if (leg)
		leg_set_volume(leg, mem->volume);
}

static void tell(struct member *mem, const char *json, void *arg)
{
	struct local_media *med = arg;
	struct leg *leg = leg_of(med, mem);

	if (mem->via == MEMBER_BY_BROWSER)
		med->web->tell(mem, json, med->arg);
	else if (leg)
		leg_tell(leg, json);
}

static void levels(struct room *room, void *arg)
{
	const GPtrArray *members = room_members(room);

	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];
		struct leg *leg = leg_of(arg, mem);

		if (leg)
			mem->level = leg_level(leg);
	}
}

static struct stage *stage_of(const struct local_media *med,
			      const struct room *room)
{
	const struct local_room *local = g_hash_table_lookup(med->rooms, room);

	return local ? local->stage : NULL;
}

static double stress(const struct room *room, void *arg)
{
	const struct local_media *med = arg;
	const struct stage *stage = stage_of(med, room);
	struct worker_report rep;

	if (!stage)
		return -1;
	stages_report(med->stages, stage_worker(stage), &rep);
	return rep.stress;
}

static struct tap *make_tap(struct room *room, void *arg)
{
	const struct stage *stage = stage_of(arg, room);

	return stage ? stage_make_tap(stage) : NULL;
}

static gboolean set_tap(struct room *room, struct tap *tap, void *arg)
{
	struct stage *stage = stage_of(arg, room);

	return stage && stage_set_tap(stage, tap);
}

static gboolean play(struct room *room, struct clip *clip, void *arg)
{
	struct stage *stage = stage_of(arg, room);

	if (stage)
		return stage_play(stage, clip);
	clip_destroy(&clip);
	return FALSE;
}

static void hush(struct room *room, void *arg)
{
	struct stage *stage = stage_of(arg, room);

	if (stage)
		stage_hush(stage);
}

const struct media_ops local_media_ops = {
	.place = place,
	.describe = describe,
	.open = open_phone,
	.address = address,
	.browser = browser,
	.restart = restart,
	.open_tool = open_tool,
	.close = close_session,
	.admit = admit,
	.mute = mute,
	.deafen = deafen,
	.set_volume = set_volume,
	.tell = tell,
	.levels = levels,
	.stress = stress,
	.make_tap = make_tap,
	.set_tap = set_tap,
	.play = play,
	.hush = hush,
};

struct stages *local_media_stages(const struct local_media *med)
{
	return med->stages;
}

static void on_registered(uint32_t member, const char *path, bool first,
			  void *arg)
{
	struct local_media *med = arg;

	(void)first;
	med->events->registered(member, path, med->events_arg);
}

static void on_gone(uint32_t member, enum worker_gone why, void *arg)
{
	struct local_media *med = arg;

	med->events->gone(member, why != GONE_BYE, med->events_arg);
}

static void on_message(uint32_t member, const char *json, size_t size,
		       void *arg)
{
	struct local_media *med = arg;

	med->events->message(member, json, size, med->events_arg);
}

static void on_report(uint32_t member, const struct session_report *rep,
		      void *arg)
{
	struct local_media *med = arg;
	const struct media_figures fig = media_figures(rep);

	med->events->figures(member, &fig, med->events_arg);
}

/* A browser may go without a word; that its DTLS closes is as good as one. */
static void on_dtls(uint32_t member, const uint8_t *buf, size_t size, void *arg)
{
	struct local_media *med = arg;
	struct seat *seat = seat_of(med, member);
	enum dtls_state state;

	if (!seat || !seat->browser)
		return;
	state = browser_take(seat->browser, buf, size);
	if (state == DTLS_FAILED)
		g_info("media: no DTLS with member=%u: not the certificate of "
		       "its offer, or nothing in common",
		       member);
	if (state > DTLS_UP)
		med->events->gone(member, state == DTLS_FAILED,
				  med->events_arg);
}

static void on_websocket(uint32_t connection, const uint8_t *buf, size_t size,
			 void *arg)
{
	struct local_media *med = arg;

	med->web->websocket(connection, buf, size, med->arg);
}

/* Rooms from a busy worker to an idle one. */

static void move_room(struct local_room *local, guint to)
{
	const guint from = stage_worker(local->stage);

	if (!stage_move(local->stage, to)) {
		g_warning("media: room=%s does not move from worker=%u to %u",
			  room_address(local->room), from, to);
		return;
	}
	g_info("media: moved room=%s sessions=%u from worker=%u to %u",
	       room_address(local->room), stage_sessions(local->stage), from,
	       to);
	local->moved = TRUE;
}

static gboolean even_out(gpointer data)
{
	struct local_media *med = data;
	const guint n_workers = stages_workers(med->stages);
	g_autofree double *stress = g_new(double, n_workers);
	g_autoptr(GArray) rooms =
		g_array_new(FALSE, FALSE, sizeof(struct balance_room));
	const struct balance_room *chosen;
	GHashTableIter iter;
	struct local_room *local;
	guint to;

	for (guint i = 0; i < n_workers; i++) {
		struct worker_report rep;

		stages_report(med->stages, i, &rep);
		stress[i] = rep.stress;
	}
	g_hash_table_iter_init(&iter, med->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&local)) {
		const struct balance_room one = { local,
						  stage_worker(local->stage),
						  stage_sessions(local->stage),
						  local->moved };

		g_array_append_val(rooms, one);
	}
	chosen = balance_choose(&med->balance, stress, n_workers,
				(const void *)rooms->data, rooms->len,
				g_get_monotonic_time() / 1000, &to);
	if (chosen)
		move_room(chosen->room, to);
	return G_SOURCE_CONTINUE;
}

static const struct worker_events worker_events = {
	.registered = on_registered,
	.gone = on_gone,
	.message = on_message,
	.report = on_report,
	.dtls = on_dtls,
	.websocket = on_websocket,
};

struct local_media *local_media_create(const struct stages_config *cfg,
				       const struct local_media_web *web,
				       void *arg, GError **error)
{
	struct local_media *med = g_new0(struct local_media, 1);

	med->web = web;
	med->arg = arg;
	med->rooms = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	med->seats = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	if (dtls_identity_create(&med->identity))
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "OpenSSL makes no certificate for browsers");
	else
		med->stages = stages_create(cfg, &worker_events, med, error);
	if (!med->stages)
		local_media_destroy(&med);
	else if (cfg->workers > 1)
		med->evening = g_timeout_add_seconds(1, even_out, med);
	return med;
}

void local_media_join(struct local_media *med,
		      const struct media_events *events, void *arg)
{
	med->events = events;
	med->events_arg = arg;
}

void local_media_destroy(struct local_media **medp)
{
	struct local_media *med = *medp;

	*medp = NULL;
	if (!med)
		return;
	g_clear_handle_id(&med->evening, g_source_remove);
	stages_destroy(&med->stages);
	dtls_identity_destroy(&med->identity);
	g_hash_table_unref(med->seats);
	g_hash_table_unref(med->rooms);
	g_free(med);
}
