#include "tests/bench/cascade/flow.h"

#include <math.h>
#include <time.h>

#define TICKS_A_SECOND 50u
#define SETTLE	       50u /* ticks that are not counted */
#define BINS	       20000u
#define BIN_MS	       0.01

/* A member who speaks at times: bursts of a second, and pauses of Brady's
 * 1.35 s, or as long as it takes until it is one's turn again. */
struct speaker {
	guint hub, phase; /* slot of the tick in which his packets come */
	gboolean on;
	guint left;	  /* ticks until he begins or ends */
	guint32 sequence; /* goes on in the pauses, as in DTX */
	double loudness;
};

struct flowing {
	const struct flow_config *cfg;
	struct net *net;
	GRand *rand;
	struct speaker *speakers;
	guint n;
	gboolean counts;

	guint64 spoken, samples, hops;
	guint hops_max;
	double delay_sum, delay_max;
	guint64 bins[BINS];
};

static void heard(guint hub, guint32 origin, guint hops, double age_ms,
		  gpointer arg)
{
	struct flowing *fl = arg;
	guint bin = (guint)(age_ms / BIN_MS);

	(void)hub;
	(void)origin;
	if (!fl->counts)
		return;
	fl->samples++;
	fl->hops += hops;
	fl->hops_max = MAX(fl->hops_max, hops);
	fl->delay_sum += age_ms;
	fl->delay_max = MAX(fl->delay_max, age_ms);
	fl->bins[MIN(bin, BINS - 1)]++;
}

static guint duration(struct flowing *fl, double mean_s)
{
	double s = -mean_s * log(1 - g_rand_double(fl->rand));

	return 1 + (guint)(s * TICKS_A_SECOND);
}

/* Spread over the whole room, as people come. */
static void place_speakers(struct flowing *fl)
{
	const struct flow_config *cfg = fl->cfg;
	guint hubs = net_hubs(fl->net);

	fl->n = cfg->speakers;
	fl->speakers = g_new0(struct speaker, fl->n);
	for (guint i = 0; i < fl->n; i++) {
		struct speaker *it = &fl->speakers[i];
		guint64 member = (guint64)i * cfg->members / fl->n;

		it->hub = MIN((guint)(member / cfg->sessions), hubs - 1);
		it->phase =
			(guint)g_rand_int_range(fl->rand, 0, NET_TICK_SLOTS);
		it->loudness = g_rand_double_range(fl->rand, -36, -20);
		it->left = duration(fl, cfg->turns ? 2.0 : 0.5);
	}
}

static void speak(struct flowing *fl, guint i)
{
	struct speaker *it = &fl->speakers[i];

	if (!--it->left) {
		it->on = !it->on;
		it->left = duration(fl, it->on		 ? 1.0
					: fl->cfg->turns ? 4.0
							 : 1.35);
	}
	it->sequence++;
	if (!it->on)
		return;
	fl->spoken += fl->counts;
	net_speak(fl->net, it->hub, i + 1, it->sequence,
		  it->loudness + g_rand_double_range(fl->rand, -6, 6));
}

static void run_ticks(struct flowing *fl, guint ticks, GArray *const *phases)
{
	for (guint slot = 0; slot < ticks * NET_TICK_SLOTS; slot++) {
		const GArray *now = phases[slot % NET_TICK_SLOTS];

		for (guint i = 0; i < now->len; i++)
			speak(fl, g_array_index(now, guint, i));
		net_step(fl->net);
	}
}

static double percentile(const struct flowing *fl, double share)
{
	guint64 sum = 0;

	for (guint i = 0; i < BINS; i++) {
		sum += fl->bins[i];
		if ((double)sum >= share * (double)fl->samples)
			return (i + 1) * BIN_MS;
	}
	return BINS * BIN_MS;
}

struct counted {
	guint64 packets, sounds;
};

static void count_hubs(const struct flowing *fl, struct counted *counted)
{
	for (guint h = 0; h < net_hubs(fl->net); h++)
		net_count(fl->net, h, &counted[h].packets, &counted[h].sounds);
}

static void sum_up(const struct flowing *fl, const struct counted *before,
		   const struct counted *after, struct flow *flow)
{
	double seconds = fl->cfg->seconds;
	guint n = net_hubs(fl->net);

	for (guint h = 0; h < n; h++) {
		double packets =
			(double)(after[h].packets - before[h].packets) /
			seconds;
		double sounds =
			(double)(after[h].sounds - before[h].sounds) / seconds;

		flow->packets_mean += packets / n;
		flow->sounds_mean += sounds / n;
		flow->packets_max = MAX(flow->packets_max, packets);
		flow->sounds_max = MAX(flow->sounds_max, sounds);
	}
	flow->speaking_mean = (double)fl->spoken / (seconds * TICKS_A_SECOND);
	if (!fl->samples)
		return;
	flow->hops_mean = (double)fl->hops / (double)fl->samples;
	flow->hops_max = fl->hops_max;
	flow->delay_mean = fl->delay_sum / (double)fl->samples;
	flow->delay_p99 = percentile(fl, 0.99);
	flow->delay_max = fl->delay_max;
}

static double cpu_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void run(struct flowing *fl, struct flow *flow)
{
	guint n = net_hubs(fl->net);
	g_autofree struct counted *before = g_new(struct counted, n);
	g_autofree struct counted *after = g_new(struct counted, n);
	GArray *phases[NET_TICK_SLOTS];
	double began;

	for (guint i = 0; i < NET_TICK_SLOTS; i++)
		phases[i] = g_array_new(FALSE, FALSE, sizeof(guint));
	for (guint i = 0; i < fl->n; i++)
		g_array_append_val(phases[fl->speakers[i].phase], i);
	run_ticks(fl, SETTLE, phases);
	count_hubs(fl, before);
	fl->counts = TRUE;
	began = cpu_s();
	run_ticks(fl, fl->cfg->seconds * TICKS_A_SECOND, phases);
	flow->seconds_taken = (cpu_s() - began) / fl->cfg->seconds;
	count_hubs(fl, after);
	sum_up(fl, before, after, flow);
	for (guint i = 0; i < NET_TICK_SLOTS; i++)
		g_array_unref(phases[i]);
}

void flow_run(const struct cascade *cas, const struct flow_config *cfg,
	      struct flow *flow_r)
{
	struct flowing *fl = g_new0(struct flowing, 1);

	*flow_r = (struct flow){ 0 };
	fl->cfg = cfg;
	fl->rand = g_rand_new_with_seed(cfg->net.seed);
	fl->net = net_create(cas, &cfg->net, heard, fl);
	place_speakers(fl);
	run(fl, flow_r);
	net_destroy(&fl->net);
	g_rand_free(fl->rand);
	g_free(fl->speakers);
	g_free(fl);
}
