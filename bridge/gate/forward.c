/* forward - the way of a sound through a hub: who may be heard, to which
 * trunks it goes on, and into the mix here. */
#include "bridge/gate/hub_private.h"

#include <math.h>

#define SPOKE 15 /* packets of silence after which nobody waits for a place */

static uint8_t level_on_wire(float level_dbov)
{
	return (uint8_t)lrintf(fminf(fmaxf(-level_dbov, 0), 127));
}

bool forward_rank(struct engine *eng, struct session *ses, int level_dbov,
		  uint64_t now_us)
{
	struct hub *hub = ses->gate->entry->hub;
	struct origin *org = ses->talk;
	bool admitted, chosen;

	(void)eng;
	if (!hub || !org || !ses->joined)
		return false;
	if (mix_leg_gain(ses->leg) == 0) {
		talkers_rise(&hub->talkers, &org->talker);
		return false;
	}
	admitted = origin_note(hub, org, mix_leg_worth(ses->leg, level_dbov));
	/* Who is let in now has his seat when the packet is authentic. */
	if (admitted && org->talker.seat)
		chosen = origin_is_heard(hub, org, now_us);
	else
		chosen = admitted || org->talker.silent >= SPOKE;
	mix_leg_set_chosen(ses->leg, chosen);
	return admitted;
}

/* To all trunks that it has not come from and that want it. */
static void send_on(struct engine *eng, struct hub *hub,
		    const struct origin *org, const struct trunk_sound *snd,
		    const struct trunk *from, bool heard)
{
	uint8_t entry[TRUNK_MAX_PAYLOAD];
	struct trunk_sound next = *snd;
	size_t size;

	if (!hub->trunks || snd->hops >= TRUNK_MAX_HOPS)
		return;
	next.hops++;
	next.flags &= (uint8_t)~TRUNK_REPEATED;
	size = trunk_encode_sound(&next, entry, sizeof(entry));
	for (struct trunk *trk = hub->trunks; trk && size; trk = trk->next) {
		bool wants = trk->role == TRUNK_CHILD
				     ? heard
				     : trk == hub->up && org->talker.seat;

		if (wants && trk != from && trk->state == TRUNK_UP)
			trunk_say(eng, trk, entry, size, true);
	}
}

void forward_local(struct engine *eng, struct session *ses,
		   const struct stream_media *media, uint64_t now_us)
{
	struct hub *hub = ses->gate->entry->hub;
	struct origin *org = ses->talk;
	float gain = mix_leg_gain(ses->leg);
	struct trunk_sound snd;
	bool heard;

	if (!hub || !org || !ses->joined)
		return;
	if (gain == 0 || !origin_seat(hub, org, now_us))
		return;
	heard = origin_is_heard(hub, org, now_us);
	mix_leg_set_chosen(ses->leg, heard);
	snd = (struct trunk_sound){
		.flags = org->talker.must ? TRUNK_MUST : 0,
		.origin = org->id,
		.generation = org->generation,
		.level = level_on_wire(org->talker.level),
		.volume = (uint8_t)fminf(gain * TRUNK_VOLUME_UNITY, 255),
		.sequence = (uint32_t)media->sequence,
		.timestamp = (uint32_t)media->timestamp,
		.captured = (uint32_t)engine_wall(eng, now_us),
		.opus = media->payload,
		.opus_size = media->payload_size,
	};
	send_on(eng, hub, org, &snd, NULL, heard);
}

/* The sound that is new here; what came before, or is an earlier place's, is
 * not. */
static bool is_new(struct origin *org, const struct trunk_sound *snd)
{
	int16_t later = (int16_t)(uint16_t)(snd->generation - org->generation);

	if (later < 0 && org->window.started)
		return false;
	if (later || !org->window.started) {
		org->generation = snd->generation;
		org->window = (struct replay_window){ 0 };
		org->timestamp = (1ull << 32) + snd->timestamp;
		if (org->guest)
			mix_leg_restart(org->guest);
	}
	if (replay_check(&org->window, snd->sequence))
		return false;
	replay_add(&org->window, snd->sequence);
	return true;
}

/* Into the mix here, unless he himself is here: on his way from one gate to
 * another he may be both. */
static void play(struct engine *eng, struct hub *hub, struct origin *org,
		 const struct trunk_sound *snd, bool heard, uint64_t now_us)
{
	struct mix_leg *leg;

	if (!hub->entry->joined || origin_local(hub, org->id))
		return;
	leg = heard ? origin_guest(hub, org) : org->guest;
	if (!leg)
		return;
	mix_leg_set_chosen(leg, heard);
	mix_leg_set_must(leg, snd->flags & TRUNK_MUST);
	if (org->volume != snd->volume)
		mix_leg_set_gain(leg, (float)snd->volume / TRUNK_VOLUME_UNITY);
	org->volume = snd->volume;
	if (!heard || !mix_leg_rank(leg, -snd->level))
		return;
	mix_leg_clock(leg, engine_since_tick(eng, now_us));
	mix_leg_put(leg, snd->sequence, org->timestamp, snd->opus,
		    snd->opus_size);
}

static void note_arrival(struct engine *eng, struct trunk *trk,
			 const struct trunk_sound *snd, uint64_t now_us)
{
	uint32_t now = (uint32_t)engine_wall(eng, now_us);

	if (snd->flags & TRUNK_REPEATED) {
		trk->report.repaired++;
		return;
	}
	trk->age_us += (int32_t)(now - snd->captured);
	trk->ages++;
}

/* From above he is chosen already, until the verdict says otherwise; from
 * below he needs a seat here. */
static void judge(struct hub *hub, struct origin *org, struct trunk *trk,
		  const struct trunk_sound *snd, uint64_t now_us)
{
	bool again = org->quiet >= ORIGIN_AGAIN;

	org->from = trk;
	org->talker.must = snd->flags & TRUNK_MUST;
	if (trk == hub->up) {
		talkers_rise(&hub->talkers, &org->talker);
		org->quiet = 0;
		if (again) {
			org->chosen = false;
			org->grace_us = now_us + HUB_GRACE_US;
		}
		return;
	}
	if (origin_note(hub, org, -(float)snd->level))
		origin_seat(hub, org, now_us);
}

void forward_remote(struct engine *eng, struct trunk *trk,
		    const struct trunk_sound *snd, uint64_t now_us)
{
	struct hub *hub = trk->hub;
	struct origin *org;
	bool heard;

	/* A parent that this hub has left, or not yet. */
	if (trk->role != TRUNK_CHILD && trk != hub->up)
		return;
	if (!(snd->flags & TRUNK_REPEATED))
		trk->report.sounds_in++;
	org = origin_take(hub, snd->origin);
	if (!is_new(org, snd))
		return;
	/* Wraps once a day: the next nearest to the newest. */
	org->timestamp +=
		(uint64_t)(int64_t)(int32_t)(snd->timestamp -
					     (uint32_t)org->timestamp);
	note_arrival(eng, trk, snd, now_us);
	judge(hub, org, trk, snd, now_us);
	heard = origin_is_heard(hub, org, now_us);
	send_on(eng, hub, org, snd, trk, heard);
	play(eng, hub, org, snd, heard, now_us);
}

static bool is_among(const uint32_t *origins, unsigned n, uint32_t id)
{
	while (n)
		if (origins[--n] == id)
			return true;
	return false;
}

static void choose(struct engine *eng, struct hub *hub, struct origin *org,
		   bool chosen)
{
	struct mix_leg *leg;

	if (!org)
		return;
	org->chosen = chosen;
	if (!chosen)
		org->grace_us = 0;
	leg = org->ses ? org->ses->leg : org->guest;
	/* A member without a seat is judged by his next packet. */
	if (leg && (!org->ses || org->talker.seat))
		mix_leg_set_chosen(
			leg, origin_is_heard(hub, org, engine_latest(eng)));
}

void forward_verdict(struct engine *eng, struct hub *hub, uint32_t root,
		     const uint32_t *origins, unsigned n)
{
	bool changed = n != hub->n_verdict || root != hub->root_id;

	hub->root_id = root;
	for (unsigned i = 0; i < hub->n_verdict; i++) {
		uint32_t id = hub->verdict[i];

		if (is_among(origins, n, id))
			continue;
		changed = true;
		choose(eng, hub, origin_local(hub, id), false);
		choose(eng, hub, origin_remote(hub, id), false);
	}
	for (unsigned i = 0; i < n; i++) {
		choose(eng, hub, origin_local(hub, origins[i]), true);
		choose(eng, hub, origin_remote(hub, origins[i]), true);
		hub->verdict[i] = origins[i];
	}
	hub->n_verdict = n;
	/* Down a deep tree it would come too late a tick at a time. */
	for (struct trunk *trk = hub->trunks; changed && trk; trk = trk->next)
		if (trk->role == TRUNK_CHILD && trk->state == TRUNK_UP)
			trunk_say_verdict(eng, trk, 0);
}
