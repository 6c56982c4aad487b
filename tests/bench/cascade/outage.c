#include "tests/bench/cascade/outage.h"

#include <math.h>
#include <string.h>

#define TALKERS 2
#define SETTLE	50u /* ticks before, so that all trunks are up */
#define AFTER	50u
#define TICK_MS 20.0
/* Less is what jitter does to a gap: no packet is lost. */
#define LOST_MS 20.0

struct dying {
	struct net *net;
	guint from[TALKERS]; /* hubs */
	guint64 slot;
	gboolean counts;
	guint64 *last; /* slot of the newest sound, by hub and talker */
	guint64 *gap;  /* the longest, in slots */
};

static void heard(guint hub, guint32 origin, guint hops, double age_ms,
		  gpointer arg)
{
	struct dying *dy = arg;
	guint at = hub * TALKERS + origin - 1;

	(void)hops;
	(void)age_ms;
	if (dy->counts)
		dy->gap[at] = MAX(dy->gap[at], dy->slot - dy->last[at]);
	dy->last[at] = dy->slot;
}

static void run_slots(struct dying *dy, guint slots)
{
	for (; slots; slots--, dy->slot++) {
		for (guint i = 0; i < TALKERS; i++)
			if (dy->slot % NET_TICK_SLOTS ==
			    (i * 211u + 17) % NET_TICK_SLOTS)
				net_speak(dy->net, dy->from[i], i + 1,
					  (guint32)(dy->slot / NET_TICK_SLOTS),
					  -25);
		net_step(dy->net);
	}
}

static void note(const struct dying *dy, guint dead, GArray *lost,
		 struct outage *out)
{
	for (guint at = 0; at < net_hubs(dy->net) * TALKERS; at++) {
		guint hub = at / TALKERS, from = dy->from[at % TALKERS];
		guint64 silent = dy->slot - dy->last[at];
		double ms =
			(double)MAX(dy->gap[at], silent) * NET_SLOT_US / 1000 -
			TICK_MS;

		if (hub == dead || from == dead || hub == from || ms < LOST_MS)
			continue;
		out->paths++;
		if (silent > 2 * NET_TICK_SLOTS)
			out->never++;
		else
			g_array_append_val(lost, ms);
	}
}

static enum outage_kind kind_of(const struct net *net, guint hub)
{
	for (guint i = hub + 1; i < net_hubs(net); i++)
		if (net_parent(net, i) == hub)
			return hub ? OUTAGE_MIDDLE : OUTAGE_ROOT;
	return hub ? OUTAGE_LEAF : OUTAGE_ROOT;
}

static void die(const struct cascade *cas, const struct net_config *cfg,
		guint dead, GArray *const *lost, struct outage *outages)
{
	guint n = cascade_size(cas);
	g_autofree guint64 *last = g_new0(guint64, (gsize)n * TALKERS);
	g_autofree guint64 *gap = g_new0(guint64, (gsize)n * TALKERS);
	struct dying dy = { .from = { n - 1, n / 3 },
			    .last = last,
			    .gap = gap };
	enum outage_kind kind;

	dy.net = net_create(cas, cfg, heard, &dy);
	kind = kind_of(dy.net, dead);
	run_slots(&dy, SETTLE * NET_TICK_SLOTS + dead * 67 % NET_TICK_SLOTS);
	dy.counts = TRUE;
	net_kill(dy.net, dead);
	run_slots(&dy, AFTER * NET_TICK_SLOTS);
	outages[kind].kills++;
	note(&dy, dead, lost[kind], &outages[kind]);
	net_destroy(&dy.net);
}

static gint compare(gconstpointer a, gconstpointer b)
{
	double left = *(const double *)a, right = *(const double *)b;

	return (left > right) - (left < right);
}

static void sum_up(GArray *lost, struct outage *out)
{
	double sum = 0;

	if (!lost->len)
		return;
	g_array_sort(lost, compare);
	for (guint i = 0; i < lost->len; i++)
		sum += g_array_index(lost, double, i);
	out->mean = sum / lost->len;
	out->p99 = g_array_index(lost, double, (lost->len - 1) * 99 / 100);
	out->most = g_array_index(lost, double, lost->len - 1);
}

void outage_run(const struct cascade *cas, const struct net_config *cfg,
		struct outage outages_r[OUTAGE_KINDS])
{
	GArray *lost[OUTAGE_KINDS];

	memset(outages_r, 0, OUTAGE_KINDS * sizeof(*outages_r));
	for (guint i = 0; i < OUTAGE_KINDS; i++)
		lost[i] = g_array_new(FALSE, FALSE, sizeof(double));
	for (guint dead = 0; dead < cascade_size(cas); dead++)
		die(cas, cfg, dead, lost, outages_r);
	for (guint i = 0; i < OUTAGE_KINDS; i++) {
		sum_up(lost[i], &outages_r[i]);
		g_array_unref(lost[i]);
	}
}
