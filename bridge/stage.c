/* One stage, its gates and its legs: see stages.h. */
#include <string.h>

#include "bridge/room/room.h"
#include "bridge/stages_private.h"

#define CONSENT_S     30
#define JITTER_MIN_MS 0 /* a clean path waits for the next tick only */
#define JITTER_MAX_MS 400
#define COMPLEXITY    5
#define LOSS_EXPECTED 0 /* percent, until the member's RTCP says more */

/* A device that comes again has two legs until it has registered. For the
 * largest room, since a reload may change the capacity under a conference;
 * pages of pointers that nobody needs are never touched. */
#define MIX_LEGS (2 * ROOM_MAX_CAPACITY)

struct worker *stage_thread(const struct stage *stage)
{
	return workers_get(stage->sts->workers, stage->worker);
}

int stage_add(struct stage *stage, struct addition what)
{
	what.worker = stage->worker;
	return workers_add(stage->sts->workers, &what);
}

void stage_remove(struct stage *stage, struct removal what)
{
	what.worker = stage->worker;
	workers_remove(stage->sts->workers, &what);
}

struct stage *stage_open(struct stages *sts, guint worker,
			 const struct config_sound *sound, guint guests)
{
	const struct mix_config cfg = {
		.capacity = MIX_LEGS + guests,
		.talkers = sound->talkers,
		.bitrate = (int)sts->bitrate,
		.complexity = COMPLEXITY,
		.channels = sound->stereo ? 2 : 1,
		.denoise = sound->denoise,
		.agc = sound->agc,
		.jitter = { .min_ms = JITTER_MIN_MS, .max_ms = JITTER_MAX_MS },
	};
	struct stage *stage = g_new0(struct stage, 1);

	*stage = (struct stage){
		.sts = sts, .worker = worker, .guests = guests, .sound = *sound
	};
	if (worker >= stages_workers(sts) || mix_create(&stage->mix, &cfg) ||
	    stage_add(stage, (struct addition){ .mix = stage->mix })) {
		mix_destroy(&stage->mix);
		g_free(stage);
		return NULL;
	}
	stage->gates = g_ptr_array_new_with_free_func(g_free);
	stage->legs = g_ptr_array_new();
	return stage;
}

void stage_close(struct stage **stagep)
{
	struct stage *stage = *stagep;

	*stagep = NULL;
	if (!stage)
		return;
	g_assert(!stage->legs->len);
	if (stage->hub)
		stage_remove(stage, (struct removal){ .hub = stage->hub });
	stage_remove(stage, (struct removal){ .mix = stage->mix });
	g_ptr_array_unref(stage->gates);
	g_ptr_array_unref(stage->legs);
	g_free(stage);
}

guint stage_worker(const struct stage *stage)
{
	return stage->worker;
}

guint stage_sessions(const struct stage *stage)
{
	return stage->legs->len;
}

const char *stage_free_gate(const struct stage *stage, GHashTable *draining)
{
	for (guint i = 0; i < stage->gates->len; i++) {
		const struct gate *gate = stage->gates->pdata[i];

		if (gate->taken < stage->sts->sessions_per_gate &&
		    !g_hash_table_contains(draining, gate->id))
			return gate->id;
	}
	return NULL;
}

gboolean stage_move(struct stage *stage, guint to)
{
	struct stages *sts = stage->sts;
	const guint from = stage->worker, sessions = stage_sessions(stage);

	if (stage->hub ||
	    !workers_move(sts->workers, from, to, stage->mix, sessions))
		return FALSE;
	stage->worker = to;
	sts->sessions[from] -= sessions;
	sts->sessions[to] += sessions;
	return TRUE;
}

/* As the room's sound wants it. */
void stage_set_sound(const struct stage *stage, struct mix_leg_config *leg)
{
	leg->everybody = !stage->sound.talkers;
	leg->channels = stage->sound.stereo ? 2 : 1;
	leg->denoise = stage->sound.denoise;
}

/* Gates. */

static struct gate *gate_by_id(const struct stage *stage, const char *id)
{
	for (guint i = 0; i < stage->gates->len; i++) {
		struct gate *gate = stage->gates->pdata[i];

		if (!strcmp(gate->id, id))
			return gate;
	}
	return NULL;
}

/* Gates of two rooms may have one id: owners of rooms name them. */
static void count_gate(struct stages *sts, const char *id, int step)
{
	const int n =
		step + GPOINTER_TO_INT(g_hash_table_lookup(sts->gates, id));

	if (n > 0)
		g_hash_table_insert(sts->gates, g_strdup(id),
				    GINT_TO_POINTER(n));
	else
		g_hash_table_remove(sts->gates, id);
}

static struct gate *open_gate(struct stage *stage, const char *id)
{
	struct gate *gate = gate_by_id(stage, id);
	struct phonegate *phonegate = NULL;

	if (gate)
		return gate;
	if (phonegate_create(&phonegate, id, stage->mix,
			     stage->sts->sessions_per_gate))
		return NULL;
	if (stage_add(stage, (struct addition){ .gate = phonegate })) {
		phonegate_destroy(&phonegate);
		return NULL;
	}
	gate = g_new0(struct gate, 1);
	gate->gate = phonegate;
	g_strlcpy(gate->id, id, sizeof(gate->id));
	g_ptr_array_add(stage->gates, gate);
	count_gate(stage->sts, id, 1);
	return gate;
}

static void close_if_empty(struct stage *stage, struct gate *gate)
{
	if (gate->legs)
		return;
	stage_remove(stage, (struct removal){ .gate = gate->gate });
	count_gate(stage->sts, gate->id, -1);
	g_ptr_array_remove(stage->gates, gate);
}

gboolean stage_has_taken(const struct stage *stage, const char *id)
{
	const struct gate *gate = gate_by_id(stage, id);

	return gate && gate->taken;
}

/* Legs. */

/* One more (or less) that is no standby: see struct gate. */
static void take(const struct leg *leg, int step)
{
	struct stages *sts = leg->stage->sts;
	const gboolean before = leg->gate->taken > 0;

	leg->gate->taken = (guint)((int)leg->gate->taken + step);
	sts->gates_taken += (leg->gate->taken > 0) - before;
	sts->sessions[leg->stage->worker] =
		(guint)((int)sts->sessions[leg->stage->worker] + step);
}

struct session_config leg_defaults(void)
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

/* NULL: the worker does not keep up, or the gate is full. */
static struct session *add_session(struct stage *stage, struct gate *gate,
				   const struct session_config *cfg)
{
	struct session *ses = NULL;

	if (session_create(&ses, cfg))
		return NULL;
	if (stage_add(stage,
		      (struct addition){ .gate = gate->gate, .ses = ses }))
		session_destroy(&ses);
	return ses;
}

struct leg *leg_open(struct stage *stage, const char *id,
		     struct session_config *cfg)
{
	struct gate *gate = open_gate(stage, id);
	struct session *ses = NULL;
	struct leg *leg = NULL;

	cfg->leg.level_header = cfg->stream.level_id != 0;
	stage_set_sound(stage, &cfg->leg);
	if (gate)
		ses = add_session(stage, gate, cfg);
	if (ses) {
		leg = g_new(struct leg, 1);
		*leg = (struct leg){ .ses = ses,
				     .stage = stage,
				     .gate = gate,
				     .member = cfg->member,
				     .standby = cfg->standby };
		g_ptr_array_add(stage->legs, leg);
		gate->legs++;
		take(leg, !leg->standby);
	} else if (gate) {
		close_if_empty(stage, gate);
	}
	explicit_bzero(cfg, sizeof(*cfg));
	return leg;
}

void leg_close(struct leg **legp)
{
	struct leg *leg = *legp;
	struct stage *stage = leg ? leg->stage : NULL;

	*legp = NULL;
	if (!leg)
		return;
	stage_remove(stage, (struct removal){ .ses = leg->ses });
	g_ptr_array_remove(stage->legs, leg);
	leg->gate->legs--;
	take(leg, -!leg->standby);
	close_if_empty(stage, leg->gate);
	g_free(leg);
}

void leg_arrived(struct leg *leg)
{
	take(leg, leg->standby);
	leg->standby = FALSE;
}

/* A command that found no place in the worker's ring. */
static void check(const struct leg *leg, int result, const char *what)
{
	if (result)
		g_critical("media: worker %u did not take %s of member=%u: %s",
			   leg->stage->worker, what, leg->member,
			   g_strerror(-result));
}

void leg_admit(struct leg *leg)
{
	check(leg, worker_admit(stage_thread(leg->stage), leg->ses),
	      "the admission");
}

void leg_mute(struct leg *leg, gboolean muted)
{
	check(leg, worker_mute(stage_thread(leg->stage), leg->ses, muted),
	      "a mute");
}

void leg_deafen(struct leg *leg, gboolean deaf)
{
	check(leg, worker_deafen(stage_thread(leg->stage), leg->ses, deaf),
	      "a hold");
}

void leg_set_volume(struct leg *leg, guint percent)
{
	check(leg,
	      worker_set_gain(stage_thread(leg->stage), leg->ses,
			      (float)percent / 100.0f),
	      "the volume");
}

void leg_tell(struct leg *leg, const char *json)
{
	if (worker_message(stage_thread(leg->stage), leg->ses, json))
		g_warning("media: member=%u was not told %s", leg->member,
			  json);
}

void leg_redirect(struct leg *leg, const struct sockaddr_storage *alternate)
{
	check(leg,
	      worker_redirect(stage_thread(leg->stage), leg->ses, alternate),
	      "the alternate");
}

/* One that is lost is repeated, as in the network. */
void leg_send_dtls(struct leg *leg, const guint8 *buf, gsize size)
{
	if (worker_send_dtls(stage_thread(leg->stage), leg->ses, buf, size))
		g_warning("media: worker %u did not take a datagram of "
			  "member=%u",
			  leg->stage->worker, leg->member);
}

gboolean leg_set_keys(struct leg *leg, const struct stream_config *stream)
{
	const int r =
		worker_set_keys(stage_thread(leg->stage), leg->ses, stream);

	check(leg, r, "the keys");
	return !r;
}

gboolean leg_restart_ice(struct leg *leg, const char *username,
			 const char *password)
{
	const int r = worker_restart_ice(stage_thread(leg->stage), leg->ses,
					 username, password);

	check(leg, r, "an ICE restart");
	return !r;
}

int leg_level(const struct leg *leg)
{
	return session_level(leg->ses);
}
