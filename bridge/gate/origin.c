/* origin - the talkers that a hub knows, and who of them it lets be heard. */
#include "bridge/gate/hub_private.h"

#include <stdlib.h>

#include "mixer/wire.h"

struct origin *origin_create(struct session *ses, uint32_t id, uint8_t place)
{
	struct origin *org = calloc(1, sizeof(*org));

	if (!org)
		return NULL;
	org->id = id;
	org->ses = ses;
	org->generation = (uint16_t)(place << 8);
	talker_reset(&org->talker);
	return org;
}

static uint64_t hash_of(const struct hub *hub, uint32_t id)
{
	uint8_t key[4];

	wire_put32(key, id);
	return lookup_hash(&hub->by_id, key, sizeof(key));
}

static struct origin *find(const struct hub *hub, uint32_t id, bool local)
{
	struct lookup_node *node = lookup_first(&hub->by_id, hash_of(hub, id));

	while (node && (node->origin->id != id || !node->origin->ses == local))
		node = lookup_next(node);
	return node ? node->origin : NULL;
}

struct origin *origin_local(const struct hub *hub, uint32_t id)
{
	return find(hub, id, true);
}

struct origin *origin_remote(const struct hub *hub, uint32_t id)
{
	return find(hub, id, false);
}

static struct hub *hub_of(const struct session *ses)
{
	return ses->talk ? ses->gate->entry->hub : NULL;
}

void origin_join(struct session *ses)
{
	struct hub *hub = hub_of(ses);

	if (hub)
		lookup_insert(&hub->by_id, &ses->talk->by_id,
			      hash_of(hub, ses->talk->id), ses->talk);
}

void origin_leave(struct session *ses)
{
	struct hub *hub = hub_of(ses);

	if (!hub)
		return;
	talkers_rise(&hub->talkers, &ses->talk->talker);
	lookup_remove(&hub->by_id, &ses->talk->by_id);
	mix_leg_set_chosen(ses->leg, true);
}

/* The lower byte; the upper one is the member's place. It is a tool that
 * starts over so often, and no keys last that long. */
void origin_restart(struct origin *org)
{
	if (org && (org->generation & 0xff) < 0xff)
		org->generation++;
}

/* Who has been quiet longest, of those without a seat. */
static struct origin *quietest(const struct hub *hub)
{
	struct origin *best = NULL;

	for (struct origin *org = hub->active; org; org = org->next)
		if (!org->talker.seat && (!best || org->quiet > best->quiet))
			best = org;
	return best;
}

struct origin *origin_take(struct hub *hub, uint32_t id)
{
	struct origin *org = origin_remote(hub, id);

	if (org)
		return org;
	if (!hub->idle)
		origin_forget(hub, quietest(hub));
	org = hub->idle;
	hub->idle = org->next;
	*org = (struct origin){ .id = id,
				.next = hub->active,
				.quiet = ORIGIN_AGAIN,
				.volume = TRUNK_VOLUME_UNITY };
	talker_reset(&org->talker);
	hub->active = org;
	lookup_insert(&hub->by_id, &org->by_id, hash_of(hub, id), org);
	return org;
}

void origin_forget(struct hub *hub, struct origin *org)
{
	struct origin **at = &hub->active;

	while (*at != org)
		at = &(*at)->next;
	*at = org->next;
	origin_release_guest(hub, org);
	talkers_rise(&hub->talkers, &org->talker);
	lookup_remove(&hub->by_id, &org->by_id);
	org->next = hub->idle;
	hub->idle = org;
}

void origin_release_guest(struct hub *hub, struct origin *org)
{
	if (!org->guest)
		return;
	mix_leave(hub->mix, org->guest);
	hub->free_legs[hub->n_free_legs++] = org->guest;
	org->guest = NULL;
}

/* Whose leg somebody else needs more. */
static struct origin *least_needed(const struct hub *hub)
{
	struct origin *best = NULL;

	for (struct origin *org = hub->active; org; org = org->next)
		if (org->guest && org->quiet > ORIGIN_QUIET &&
		    (!best || org->quiet > best->quiet))
			best = org;
	return best;
}

struct mix_leg *origin_guest(struct hub *hub, struct origin *org)
{
	struct mix_leg *leg;

	if (org->guest)
		return org->guest;
	if (!hub->n_free_legs) {
		struct origin *other = least_needed(hub);

		if (!other)
			return NULL;
		origin_release_guest(hub, other);
	}
	leg = hub->free_legs[hub->n_free_legs - 1];
	mix_leg_set_gain(leg, 1);
	mix_leg_set_must(leg, false);
	if (mix_join(hub->mix, leg))
		return NULL;
	hub->n_free_legs--;
	org->volume = TRUNK_VOLUME_UNITY;
	return org->guest = leg;
}

bool origin_is_heard(const struct hub *hub, const struct origin *org,
		     uint64_t now_us)
{
	bool judged = org->chosen || now_us < org->grace_us;

	if (!org->ses && org->from == hub->up && hub->up)
		return judged;
	return org->talker.seat && (!hub->up || judged);
}

bool origin_note(struct hub *hub, struct origin *org, float level_dbov)
{
	org->quiet = 0;
	talker_note(&org->talker, level_dbov);
	return talkers_admit(&hub->talkers, &org->talker);
}

bool origin_seat(struct hub *hub, struct origin *org, uint64_t now_us)
{
	bool before = org->talker.seat;

	if (!talkers_seat(&hub->talkers, &org->talker))
		return false;
	if (before)
		return true;
	/* A verdict that has him comes again in a tick; one that had him may
	 * have been another root's. */
	org->chosen = false;
	org->grace_us = now_us + HUB_GRACE_US;
	return true;
}

struct origin *origin_of(struct talker *talker)
{
	return (struct origin *)((char *)talker -
				 offsetof(struct origin, talker));
}

/* A talker's machine counts packets; these ticks brought none. */
static void age_seats(struct hub *hub)
{
	for (unsigned i = hub->talkers.n; i-- > 0;) {
		struct origin *org = origin_of(hub->talkers.seats[i]);

		if (org->ses)
			org->quiet++;
		if (org->quiet <= ORIGIN_QUIET)
			continue;
		talker_note(&org->talker, LEVEL_SILENCE);
		talkers_seat(&hub->talkers, &org->talker);
	}
}

void origin_tick(struct hub *hub, uint64_t now_us)
{
	struct origin *next;

	for (struct origin *org = hub->active; org; org = next) {
		next = org->next;
		if (++org->quiet > ORIGIN_IDLE)
			origin_forget(hub, org);
		else if (org->guest && !hub->entry->joined)
			origin_release_guest(hub, org); /* nobody listens */
		else if (org->guest)
			mix_leg_set_chosen(org->guest,
					   origin_is_heard(hub, org, now_us));
	}
	age_seats(hub);
}
