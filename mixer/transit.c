#include "mixer/transit.h"

#define WORST	3    /* of these, two may stand alone */
#define ALONE	1920 /* 1/48000 s: so much later than the third */
#define FALLING 120  /* 1/48000 s a tick: an earlier stall is worked off */

void transit_reset(struct transit *trans)
{
	trans->n = trans->at = 0;
	trans->stale = true;
}

void transit_note(struct transit *trans, int64_t tick, int64_t transit)
{
	trans->stale = true;
	if (trans->n && tick == trans->tick) {
		if (transit > trans->latest[trans->at])
			trans->latest[trans->at] = transit;
		return;
	}
	if (trans->n)
		trans->at = (trans->at + 1) % TRANSIT_TICKS;
	if (trans->n < TRANSIT_TICKS)
		trans->n++;
	trans->tick = tick;
	trans->latest[trans->at] = transit;
}

/* Keeps the largest ones, in falling order. */
static void keep(int64_t worst[WORST], int64_t transit)
{
	for (int i = 0; i < WORST; i++) {
		int64_t less = worst[i];

		if (transit <= less)
			continue;
		worst[i] = transit;
		transit = less;
	}
}

static int64_t expected(const int64_t worst[WORST], unsigned n)
{
	/* At first even one in ten may be the rule. */
	int third = n < 10 ? 0 : n < 20 ? 1 : WORST - 1;

	for (int i = 0; i < third; i++)
		if (worst[i] <= worst[third] + ALONE)
			return worst[i];
	return worst[third];
}

static void look(struct transit *trans)
{
	int64_t worst[WORST] = { INT64_MIN, INT64_MIN, INT64_MIN };
	int64_t before = INT64_MIN;
	unsigned i = (trans->at + TRANSIT_TICKS + 1 - trans->n) % TRANSIT_TICKS;

	trans->stale = false;
	trans->least = INT64_MAX;
	for (unsigned left = trans->n; left; left--) {
		int64_t transit = trans->latest[i];

		if (before == INT64_MIN || transit >= before - FALLING)
			keep(worst, transit);
		if (transit < trans->least)
			trans->least = transit;
		before = transit;
		i = (i + 1) % TRANSIT_TICKS;
	}
	trans->usual = expected(worst, trans->n);
}

bool transit_known(const struct transit *trans)
{
	return trans->n > 0;
}

int64_t transit_usual(struct transit *trans)
{
	if (trans->stale)
		look(trans);
	return trans->usual;
}

int64_t transit_least(struct transit *trans)
{
	if (trans->stale)
		look(trans);
	return trans->least;
}
