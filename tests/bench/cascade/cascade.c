/* The figures of `./dev bench cascade`, as JSON on stdout; tests/bench/
 * cascade.py makes tables and plots of them. Everything is simulated with fixed
 * seeds; but the planner's own time is measured, and trunks and lookups of the
 * bridge draw random numbers of their own, which moves figures of packets and
 * delays by a percent. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/cascade/churn.h"
#include "tests/bench/cascade/flow.h"
#include "tests/bench/cascade/outage.h"
#include "tests/bench/cascade/share.h"

#define SESSIONS 5 /* sessions_per_gate */
#define TALKERS	 5
#define SPEAKERS 8 /* of a meeting */

static const struct net_config network = {
	.talkers = TALKERS, .hop_ms = 1.0, .jitter_ms = 0.5, .seed = 1
};

static const char *comma = "";

static void next_row(void)
{
	printf("%s\n  ", comma);
	comma = ",";
}

static void print_cost(const char *name, const struct churn_cost *cost)
{
	printf(", \"%s\": {\"n\": %u, \"moves_mean\": %.4f, \"moves_max\": %u,"
	       " \"told_mean\": %.2f, \"us_mean\": %.2f, \"us_max\": %.1f}",
	       name, cost->n, cost->moves_mean, cost->moves_max,
	       cost->told_mean, cost->us_mean, cost->us_max);
}

static void print_churn(const struct churn *churn)
{
	printf("{\"members\": %u, \"hubs\": %u, \"depth\": %u", churn->members,
	       churn->hubs, churn->depth);
	print_cost("join", &churn->join);
	print_cost("leave", &churn->leave);
	print_cost("come", &churn->come);
	print_cost("crash", &churn->crash);
	print_cost("root_crash", &churn->root_crash);
}

static void print_flow(const char *name, const struct cascade *cas,
		       const struct flow_config *cfg)
{
	struct flow flow;

	flow_run(cas, cfg, &flow);
	printf(", \"%s\": {\"speakers\": %u, \"speaking_mean\": %.2f,"
	       " \"seconds\": %u, \"seconds_taken\": %.3f,"
	       " \"packets_mean\": %.1f, \"packets_max\": %.1f,"
	       " \"sounds_mean\": %.1f, \"sounds_max\": %.1f,"
	       " \"hops_mean\": %.2f, \"hops_max\": %u,"
	       " \"delay_mean\": %.3f, \"delay_p99\": %.3f,"
	       " \"delay_max\": %.3f}",
	       name, cfg->speakers, flow.speaking_mean, cfg->seconds,
	       flow.seconds_taken, flow.packets_mean, flow.packets_max,
	       flow.sounds_mean, flow.sounds_max, flow.hops_mean, flow.hops_max,
	       flow.delay_mean, flow.delay_p99, flow.delay_max);
}

static struct cascade *grow(guint members)
{
	struct cascade *cas = cascade_create(CASCADE_FAN_OUT);
	struct cascade_hub hub = { .id = 1 };

	for (; hub.id <= (members + SESSIONS - 1) / SESSIONS; hub.id++)
		if (!cascade_add(cas, &hub))
			g_error("the tree is full");
	return cas;
}

static void size(guint members, guint seconds)
{
	struct flow_config cfg = {
		.members = members,
		.sessions = SESSIONS,
		.speakers = MIN(SPEAKERS, members),
		.turns = TRUE,
		.seconds = seconds,
		.net = network,
	};
	struct cascade *cas = grow(members);
	struct churn churn;

	churn_run(members, SESSIONS, &churn);
	next_row();
	print_churn(&churn);
	print_flow("meeting", cas, &cfg);
	cfg.speakers = members;
	cfg.turns = FALSE;
	print_flow("uproar", cas, &cfg);
	printf("}");
	fflush(stdout);
	cascade_destroy(&cas);
}

static void sizes(gboolean quick)
{
	/* The largest takes as many seconds as all others together. */
	static const struct {
		guint members, seconds;
	} rows[] = { { 5, 20 },	  { 25, 20 },  { 125, 20 },
		     { 625, 20 }, { 3125, 5 }, { 100000, 1 } };

	printf("\"sizes\": [");
	comma = "";
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (!quick || rows[i].members <= 625)
			size(rows[i].members, quick ? 2 : rows[i].seconds);
	printf("\n ]");
}

static void print_outages(guint members)
{
	static const char *const kinds[] = { "root", "middle", "leaf" };
	struct outage outages[OUTAGE_KINDS];
	struct net_config cfg = network;
	struct cascade *cas = grow(members);

	cfg.alternates = TRUE;
	outage_run(cas, &cfg, outages);
	for (guint i = 0; i < OUTAGE_KINDS; i++) {
		next_row();
		printf("{\"members\": %u, \"hub\": \"%s\", \"kills\": %u,"
		       " \"paths\": %u, \"never\": %u, \"mean\": %.2f,"
		       " \"p99\": %.2f, \"most\": %.2f}",
		       members, kinds[i], outages[i].kills, outages[i].paths,
		       outages[i].never, outages[i].mean, outages[i].p99,
		       outages[i].most);
	}
	fflush(stdout);
	cascade_destroy(&cas);
}

static void outages(gboolean quick)
{
	printf(",\n \"outages\": [");
	comma = "";
	print_outages(125);
	if (!quick)
		print_outages(625);
	printf("\n ]");
}

static void share(guint people, enum share_rule rule, double global)
{
	static const char *const names[] = { "guests", "owner", "trunks" };
	const struct share_config cfg = {
		.people = people, .global = global, .rule = rule, .seed = people
	};
	struct share found;

	share_run(&cfg, &found);
	next_row();
	printf("{\"people\": %u, \"rule\": \"%s\", \"global\": %.3f,"
	       " \"came\": %u, \"refused\": %.5f, \"dropped\": %.5f,"
	       " \"moved\": %.4f, \"gates\": %.2f}",
	       people, names[rule], global, found.came, found.refused,
	       found.dropped, found.moved, found.global_mean);
	fflush(stdout);
}

/* From what is too little to what is enough. In a room of thousands nothing is
 * left to chance, and only the paper's rule is worth the time. */
static void shares(gboolean quick)
{
	static const guint people[] = { 5, 25, 125, 625, 3125 };
	static const double globals[] = { 0.08, 0.1,  0.12, 0.14, 0.15, 0.16,
					  0.17, 0.18, 0.19, 0.2,  0.21, 0.22,
					  0.24, 0.26, 0.28, 0.3,  0.32, 0.34,
					  0.36, 0.4,  0.45, 0.5,  0.6,	0.7 };
	guint n = quick ? 3 : G_N_ELEMENTS(people);

	printf(",\n \"shares\": [");
	comma = "";
	for (guint rule = 0; rule < SHARE_RULES; rule++)
		for (guint i = 0; i < n; i++)
			for (guint j = 0; j < G_N_ELEMENTS(globals); j++)
				if (people[i] < 3125 ||
				    (rule == SHARE_GUESTS && globals[j] <= 0.3))
					share(people[i], (enum share_rule)rule,
					      globals[j]);
	printf("\n ]");
}

int main(int argc, char **argv)
{
	gboolean quick = argc > 1 && g_str_equal(argv[1], "--quick");

	if (argc > 2 || (argc == 2 && !quick)) {
		fputs("usage: bench-cascade [--quick]\n", stderr);
		return 2;
	}
	printf("{\"sessions\": %d, \"talkers\": %d, \"fan_out\": %d,\n ",
	       SESSIONS, TALKERS, CASCADE_FAN_OUT);
	sizes(quick);
	outages(quick);
	shares(quick);
	printf("}\n");
	return 0;
}
