#include "tests/bench/cascade/churn.h"

#include <time.h>

#define MEMBER_CHANGES 20000u
#define HUB_CHANGES    2000u

struct gate {
	guint32 id;
	guint used;
};

struct churning {
	struct cascade *cas;
	guint sessions;
	guint32 last_id;
	GRand *rand;
	GArray *gates;		 /* struct gate, those in the tree */
	struct churn_cost *cost; /* who pays for the next change */
};

static double cpu_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* What happened since `moves` and `began`, on the account of the cost. Sums
 * until finish() makes means of them. */
static void account(struct churning *ch, guint64 moves, double began)
{
	double us = cpu_us() - began;
	g_autoptr(GArray) told = cascade_take_changes(ch->cas);
	struct churn_cost *cost = ch->cost;
	guint moved = (guint)(cascade_moves(ch->cas) - moves);

	cost->moves_max = MAX(cost->moves_max, moved);
	cost->moves_mean += moved;
	cost->told_mean += told->len;
	cost->us_mean += us;
	cost->us_max = MAX(cost->us_max, us);
}

static void finish(struct churn_cost *cost)
{
	if (!cost->n)
		return;
	cost->moves_mean /= cost->n;
	cost->told_mean /= cost->n;
	cost->us_mean /= cost->n;
}

static void open_gate(struct churning *ch, guint used)
{
	struct gate gate = { ++ch->last_id, used };
	const struct cascade_hub hub = { .id = gate.id,
					 .since = gate.id,
					 .members = used };
	guint64 moves = cascade_moves(ch->cas);
	double began = cpu_us();

	if (!cascade_add(ch->cas, &hub))
		g_error("the tree is full at %u hubs", cascade_size(ch->cas));
	account(ch, moves, began);
	g_array_append_val(ch->gates, gate);
}

static void close_gate(struct churning *ch, guint i)
{
	guint32 id = g_array_index(ch->gates, struct gate, i).id;
	guint64 moves = cascade_moves(ch->cas);
	double began = cpu_us();

	cascade_remove(ch->cas, &id, 1);
	account(ch, moves, began);
	g_array_remove_index_fast(ch->gates, i);
}

/* The first gate with a place, from a random one on; else a new one. */
static void join(struct churning *ch)
{
	guint n = ch->gates->len;
	guint from = n ? (guint)g_rand_int_range(ch->rand, 0, (gint)n) : 0;

	ch->cost->n++;
	for (guint i = 0; i < n; i++) {
		struct gate *gate =
			&g_array_index(ch->gates, struct gate, (from + i) % n);

		if (gate->used < ch->sessions) {
			gate->used++;
			return;
		}
	}
	open_gate(ch, 1);
}

static guint random_gate(struct churning *ch)
{
	return (guint)g_rand_int_range(ch->rand, 0, (gint)ch->gates->len);
}

/* A random member: of each gate with the probability of its people. */
static void leave(struct churning *ch)
{
	for (;;) {
		guint i = random_gate(ch);
		struct gate *gate = &g_array_index(ch->gates, struct gate, i);

		if ((guint)g_rand_int_range(ch->rand, 0, (gint)ch->sessions) >=
		    gate->used)
			continue;
		ch->cost->n++;
		if (!--gate->used)
			close_gate(ch, i);
		return;
	}
}

/* A fifth of the room goes, and others come for them: now it is fewer, now
 * more. */
static void member_churn(struct churning *ch, struct churn *churn)
{
	guint swing = MAX(1, churn->members / 5);

	for (guint done = 0; done < MEMBER_CHANGES; done += 2 * swing) {
		ch->cost = &churn->leave;
		for (guint i = 0; i < swing; i++)
			leave(ch);
		ch->cost = &churn->join;
		for (guint i = 0; i < swing; i++)
			join(ch);
	}
}

static void hub_churn(struct churning *ch, struct churn *churn)
{
	for (guint i = 0; i < HUB_CHANGES; i++) {
		gboolean root = i % 10 == 0;
		guint at = random_gate(ch);

		for (guint j = 0; root && j < ch->gates->len; j++)
			if (g_array_index(ch->gates, struct gate, j).id ==
			    cascade_root(ch->cas))
				at = j;
		root = g_array_index(ch->gates, struct gate, at).id ==
		       cascade_root(ch->cas);
		ch->cost = root ? &churn->root_crash : &churn->crash;
		ch->cost->n++;
		close_gate(ch, at);
		ch->cost = &churn->come;
		ch->cost->n++;
		open_gate(ch, ch->sessions);
	}
}

void churn_run(guint members, guint sessions, struct churn *churn_r)
{
	struct churn_cost unpaid = { 0 };
	struct churning ch = {
		.cas = cascade_create(CASCADE_FAN_OUT),
		.sessions = sessions,
		.rand = g_rand_new_with_seed(members),
		.gates = g_array_new(FALSE, FALSE, sizeof(struct gate)),
		.cost = &unpaid,
	};

	*churn_r = (struct churn){ .members = members };
	for (guint left = members; left;) {
		guint used = MIN(left, sessions);

		open_gate(&ch, used);
		left -= used;
	}
	churn_r->hubs = cascade_size(ch.cas);
	churn_r->depth = cascade_depth(ch.cas);
	member_churn(&ch, churn_r);
	hub_churn(&ch, churn_r);
	finish(&churn_r->join);
	finish(&churn_r->leave);
	finish(&churn_r->come);
	finish(&churn_r->crash);
	finish(&churn_r->root_crash);
	cascade_destroy(&ch.cas);
	g_array_unref(ch.gates);
	g_rand_free(ch.rand);
}
