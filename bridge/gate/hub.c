#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define BEAT	 50  /* ticks between two reports */
#define AGAIN	 10  /* ticks without a parent, after which all are dialled */
#define HANDOVER 100 /* ticks that a new root waits for the old one */

static int create_guests(struct hub *hub, const struct hub_config *cfg)
{
	struct mix_leg_config leg = cfg->leg;
	int r = 0;

	leg.sends = leg.level_header = true;
	leg.receives = false;
	hub->legs = calloc(cfg->guests, sizeof(struct mix_leg *));
	hub->free_legs = calloc(cfg->guests, sizeof(struct mix_leg *));
	if (!hub->legs || !hub->free_legs)
		return -ENOMEM;
	hub->n_legs = cfg->guests;
	for (unsigned i = 0; i < cfg->guests && !r; i++) {
		r = mix_leg_create(&hub->legs[i], &leg);
		hub->free_legs[hub->n_free_legs++] = hub->legs[i];
	}
	return r;
}

static int create_origins(struct hub *hub)
{
	struct talker **seats = calloc(hub->limit, sizeof(*seats));

	talkers_init(&hub->talkers, seats, hub->limit);
	hub->n_origins = hub->n_legs + HUB_SPARE_ORIGINS + hub->limit;
	hub->origins = calloc(hub->n_origins, sizeof(*hub->origins));
	if (!seats || !hub->origins)
		return -ENOMEM;
	for (unsigned i = 0; i < hub->n_origins; i++) {
		hub->origins[i].next = hub->idle;
		hub->idle = &hub->origins[i];
	}
	/* Members are entered too. */
	return lookup_init(&hub->by_id, 4 * (size_t)hub->n_origins, 0);
}

int hub_create(struct hub **hub_r, const struct hub_config *cfg)
{
	struct hub *hub;
	int r;

	if (cfg->talkers > HUB_MAX_TALKERS || !cfg->guests ||
	    cfg->guests > HUB_MAX_GUESTS)
		return -EINVAL;
	hub = calloc(1, sizeof(*hub));
	if (!hub)
		return -ENOMEM;
	hub->tag = cfg->tag;
	hub->id = cfg->id;
	hub->root = cfg->root;
	hub->vice = cfg->vice;
	hub->limit = cfg->talkers ? cfg->talkers : HUB_MAX_TALKERS;
	hub->beat = 1 + cfg->tag % BEAT;
	r = create_guests(hub, cfg);
	if (!r)
		r = create_origins(hub);
	if (r)
		hub_destroy(&hub);
	else
		*hub_r = hub;
	return r;
}

void hub_destroy(struct hub **hubp)
{
	struct hub *hub = *hubp;

	*hubp = NULL;
	if (!hub)
		return;
	for (unsigned i = 0; i < hub->n_legs; i++)
		mix_leg_destroy(&hub->legs[i]);
	free(hub->legs);
	free(hub->free_legs);
	free(hub->origins);
	free(hub->talkers.seats);
	lookup_fini(&hub->by_id);
	free(hub);
}

static enum hub_parent parent_of(const struct hub *hub)
{
	if (hub->up)
		return hub->up->role == TRUNK_PARENT ? HUB_PARENT
						     : HUB_ALTERNATE;
	if (hub->root || hub->vice)
		return HUB_ROOT;
	return hub->seeking * (uint64_t)TICK_US < HUB_CUT_OFF_US ? HUB_SEEKING
								 : HUB_CUT_OFF;
}

static void tell(struct engine *eng, struct hub *hub)
{
	struct hub_report *rep = &eng->event.hub;

	hub->beat = BEAT;
	hub->told = parent_of(hub);
	eng->event.kind = EVENT_HUB;
	eng->event.member = hub->tag;
	rep->parent = hub->told;
	rep->guests = hub->n_legs - hub->n_free_legs;
	rep->n_talkers = hub->n_verdict;
	memcpy(rep->talkers, hub->verdict, sizeof(rep->talkers));
	eng->told |= ring_push(eng->events, &eng->event);
}

/* Looks for a parent other than `lost`, if it can. The vice needs none, but
 * yields to the root when that is back. */
static void seek(struct engine *eng, struct hub *hub, struct trunk *lost)
{
	bool any = hub->root;

	for (struct trunk *trk = hub->trunks; trk && !hub->root;
	     trk = trk->next) {
		if (trk->role == TRUNK_CHILD || trk == lost || trk->ending)
			continue;
		trunk_dial(eng, trk);
		any = true;
	}
	if (!lost)
		return;
	if ((!any || hub->vice) && !lost->ending)
		trunk_dial(eng, lost);
	else
		trunk_leave(eng, lost);
}

/* Above is nobody now: what was chosen there counts no more. */
static void lose_parent(struct hub *hub)
{
	for (struct origin *org = hub->active; org; org = org->next) {
		if (org->from != hub->up)
			continue;
		org->from = NULL;
		org->chosen = false;
		org->grace_us = 0;
	}
	hub->up = NULL;
	hub->n_verdict = 0;
}

/* Who is heard here has to be chosen anew, and is heard until then. */
static void find_parent(struct engine *eng, struct hub *hub, struct trunk *trk)
{
	uint64_t until = engine_latest(eng) + HUB_GRACE_US;

	hub->up = trk;
	hub->seeking = 0;
	hub->n_verdict = 0;
	for (unsigned i = 0; i < hub->talkers.n; i++) {
		struct origin *org = origin_of(hub->talkers.seats[i]);

		org->chosen = false;
		org->grace_us = until;
	}
}

/* The root that is needs no parent any more. */
static void take_over(struct engine *eng, struct hub *hub)
{
	struct trunk *up = hub->up;

	hub->handover = 0;
	if (!up || !hub->root)
		return;
	lose_parent(hub);
	trunk_leave(eng, up);
	tell(eng, hub);
}

/* The parent of the plan is waited for while its alternate serves. */
static bool is_better(const struct trunk *trk, const struct trunk *up)
{
	return trk->role == TRUNK_PARENT && up->role == TRUNK_ALTERNATE;
}

void hub_trunk_up(struct engine *eng, struct trunk *trk)
{
	struct hub *hub = trk->hub;
	struct trunk *old = hub->up;

	if (trk->role == TRUNK_CHILD) {
		/* It may begin at once. */
		trunk_say_verdict(eng, trk, 0);
		return;
	}
	if (hub->root || (old && trk->role != TRUNK_PARENT)) {
		trunk_leave(eng, trk);
		return;
	}
	if (old)
		lose_parent(hub);
	find_parent(eng, hub, trk);
	for (struct trunk *it = hub->trunks; it; it = it->next)
		if (it == old ||
		    (it->state == TRUNK_DIALING && !is_better(it, trk)))
			trunk_leave(eng, it);
	tell(eng, hub);
}

void hub_trunk_down(struct engine *eng, struct trunk *trk)
{
	struct hub *hub = trk->hub;

	trk->state = TRUNK_DOWN;
	trunk_tell(eng, trk);
	hub_forget_ways(hub, trk);
	if (hub->up != trk)
		return;
	lose_parent(hub);
	seek(eng, hub, trk);
	tell(eng, hub);
}

static bool has_leave(const uint8_t *payload, size_t size)
{
	struct trunk_reader rd = { .at = payload, .left = size };
	struct trunk_entry ent;

	while (trunk_read(&rd, &ent))
		if (ent.kind == TRUNK_LEAVE)
			return true;
	return false;
}

static int take_verdict(struct engine *eng, struct trunk *trk,
			const struct trunk_entry *ent)
{
	struct hub *hub = trk->hub;
	uint32_t origins[HUB_MAX_TALKERS], root;
	int n = trunk_decode_verdict(&root, origins, HUB_MAX_TALKERS, ent);

	if (n < 0 || trk != hub->up)
		return n;
	/* Our own comes back: we are root no more, and the one who is to be
	 * still follows us. */
	if (root == hub->id)
		root = 0;
	if (root || !hub->handover)
		forward_verdict(eng, hub, root, origins, (unsigned)n);
	else
		take_over(eng, hub);
	return n;
}

/* Below 0: nonsense. Kinds of later releases are passed over. */
static int take_entry(struct engine *eng, struct trunk *trk,
		      const struct trunk_entry *ent, uint64_t now_us)
{
	struct trunk_message msg;
	struct trunk_sound snd;
	uint32_t id;
	int r = 0;

	switch (ent->kind) {
	case TRUNK_SOUND:
		r = trunk_decode_sound(&snd, ent);
		if (!r)
			forward_remote(eng, trk, &snd, now_us);
		break;
	case TRUNK_VERDICT:
		r = take_verdict(eng, trk, ent);
		break;
	case TRUNK_MESSAGE:
		r = trunk_decode_message(&msg, ent);
		if (!r)
			hub_route(eng, trk, &msg);
		break;
	case TRUNK_ACK:
		r = trunk_decode_ack(&id, ent);
		if (!r)
			post_acked(&trk->post, id);
		break;
	default:
		break;
	}
	return r;
}

void hub_take(struct engine *eng, struct trunk *trk, const struct path *from,
	      const uint8_t *payload, size_t size, uint64_t now_us)
{
	struct trunk_reader rd = { .at = payload, .left = size };
	struct trunk_entry ent;
	int r = 0;

	if (has_leave(payload, size)) {
		if (trk->state == TRUNK_UP)
			hub_trunk_down(eng, trk);
		return;
	}
	if (!trunk_heard(eng, trk, from))
		return;
	/* In the order of a packet: the newest first, what is repeated last. */
	while (r >= 0 && trunk_read(&rd, &ent))
		r = take_entry(eng, trk, &ent, now_us);
	trk->report.malformed += r < 0 || rd.broken;
}

void hub_packet(struct engine *eng, struct trunk *trk, const struct path *from,
		enum packet_kind kind, uint8_t *buf, size_t size,
		uint64_t now_us)
{
	struct stream_control control;
	struct stream_media media;
	int r;

	if (kind == PACKET_RTP)
		r = stream_receive_rtp(trk->stream, buf, size, now_us, &media);
	else
		r = stream_receive_rtcp(trk->stream, buf, size, now_us,
					&control);
	if (r) {
		count(&eng->counters.unproven, 1);
		return;
	}
	trk->report.packets_in++;
	trk->report.bytes_in += size;
	if (kind == PACKET_RTP)
		hub_take(eng, trk, from, media.payload, media.payload_size,
			 now_us);
	else
		trunk_heard(eng, trk, from);
}

static void end_trunk(struct engine *eng, struct trunk *trk)
{
	struct hub *hub = trk->hub;
	struct trunk **at = &hub->trunks;

	while (*at != trk)
		at = &(*at)->next;
	*at = trk->next;
	trunk_end(eng, trk);
	trunk_exit(eng, trk);
	hub_forget_ways(hub, trk);
	if (hub->up == trk) {
		lose_parent(hub);
		seek(eng, hub, NULL);
		tell(eng, hub);
	}
	for (struct origin *org = hub->active; org; org = org->next)
		if (org->from == trk)
			org->from = NULL;
	engine_retire(eng, &trk->retiree, OBJECT_TRUNK, trk);
}

void hub_remove_trunk(struct engine *eng, struct trunk *trk)
{
	if (trk->state == TRUNK_UP)
		trk->ending = TRUNK_LINGER;
	else
		end_trunk(eng, trk);
}

/* Until the child, or this hub, has another parent and has said so. */
static void linger(struct engine *eng, struct trunk *trk)
{
	if (--trk->ending && (trk->state == TRUNK_UP || trk->leaving))
		return;
	end_trunk(eng, trk);
}

/* Who of the subtree are the best are, at the root, the room's. */
static void decide(struct hub *hub)
{
	hub->root_id = hub->id;
	hub->n_verdict = hub->talkers.n;
	for (unsigned i = 0; i < hub->talkers.n; i++)
		hub->verdict[i] = origin_of(hub->talkers.seats[i])->id;
}

void hub_tick(struct engine *eng, struct hub *hub, unsigned missed,
	      uint64_t now_us)
{
	struct trunk *next;

	origin_tick(hub, now_us);
	if (!hub->up) {
		decide(hub);
		if (!hub->root && ++hub->seeking % AGAIN == 0)
			seek(eng, hub, NULL);
	}
	if (hub->handover && !--hub->handover)
		take_over(eng, hub);
	for (struct trunk *trk = hub->trunks; trk; trk = next) {
		next = trk->next;
		trunk_tick(eng, trk, missed, now_us);
		if (trk->ending)
			linger(eng, trk);
	}
	if (!--hub->beat || parent_of(hub) != hub->told)
		tell(eng, hub);
}

void hub_attach(struct engine *eng, struct engine_mix *entry, struct hub *hub)
{
	hub->entry = entry;
	entry->hub = hub;
	eng->hubs++;
	for (struct session *ses = links_next(&entry->sessions); ses;
	     ses = links_next(&ses->in_room))
		if (ses->joined)
			origin_join(ses);
}

void hub_detach(struct engine *eng, struct hub *hub)
{
	while (hub->trunks)
		end_trunk(eng, hub->trunks);
	for (struct session *ses = links_next(&hub->entry->sessions); ses;
	     ses = links_next(&ses->in_room))
		if (ses->joined)
			origin_leave(ses);
	while (hub->active)
		origin_forget(hub, hub->active);
	hub->entry->hub = NULL;
	eng->hubs--;
	engine_retire(eng, &hub->retiree, OBJECT_HUB, hub);
}

void hub_add_trunk(struct engine *eng, struct hub *hub, struct trunk *trk)
{
	trk->hub = hub;
	trk->next = hub->trunks;
	hub->trunks = trk;
	trunk_enter(eng, trk);
	if (trk->role == TRUNK_PARENT && !hub->root)
		trunk_dial(eng, trk);
}

void hub_set(struct engine *eng, struct hub *hub, bool root, bool vice)
{
	hub->root = root;
	hub->vice = vice;
	/* The old root may not know yet that it is to come here. When it has,
	 * its verdict is nobody's. */
	hub->handover = root && hub->up ? HANDOVER : 0;
	hub->seeking = 0;
	if (!root && !hub->up)
		for (struct trunk *trk = hub->trunks; trk; trk = trk->next)
			if (trk->role == TRUNK_PARENT && !trk->ending)
				trunk_dial(eng, trk);
	tell(eng, hub);
}
