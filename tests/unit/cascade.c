#include "bridge/room/cascade.h"

#include <string.h>

/* The promises of cascade.h, checked by what is told only: each check works
 * out from the places of all hubs what should be. Randomness is seeded by the
 * number of the sequence. */

#define SEQUENCES 100000
#define MAX_HUBS  256 /* in one sequence, those that went as well */

static guint64 seed;

static guint32 draw(guint32 below)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (guint32)(((seed >> 32) * below) >> 32);
}

/* One plan, by id. */
struct plan {
	guint n, fan_out;
	guint32 ids[MAX_HUBS]; /* level by level */
	gboolean here[MAX_HUBS];
	struct cascade_place at[MAX_HUBS];
};

static struct cascade_hub hubs[MAX_HUBS]; /* by id, as told to the planner */
static guint32 n_ids;

static void read_plan(const struct cascade *cas, guint fan_out,
		      struct plan *plan_r)
{
	g_autoptr(GArray) ids = cascade_ids(cas);

	memset(plan_r->here, 0, sizeof(plan_r->here));
	plan_r->fan_out = fan_out;
	plan_r->n = ids->len;
	g_assert_cmpuint(ids->len, ==, cascade_size(cas));
	for (guint i = 0; i < ids->len; i++) {
		guint32 id = g_array_index(ids, guint32, i);

		plan_r->ids[i] = id;
		plan_r->here[id] = TRUE;
		g_assert_true(cascade_place(cas, id, &plan_r->at[id]));
	}
}

static gboolean same_site(guint32 a, guint32 b)
{
	return hubs[a].site && hubs[a].site == hubs[b].site;
}

static guint least_depth(guint n, guint fan_out)
{
	guint depth = 0;

	for (guint full = 1; full < n; full = full * fan_out + 1)
		depth++;
	return depth;
}

/* The tree. */

static void check_hub(const struct plan *plan, guint32 id)
{
	const struct cascade_place *at = &plan->at[id];

	g_assert_cmpuint(at->n_children, <=, plan->fan_out);
	g_assert_true(!hubs[id].leaf || at->pressed || !at->n_children);
	g_assert_true(!at->pressed || (hubs[id].leaf && at->n_children));
	g_assert_cmpint(at->root, ==, !at->parent);
	g_assert_cmpint(at->root, ==, at->depth == 0);
	for (guint i = 0; i < at->n_children; i++) {
		guint32 child = at->children[i];

		g_assert_true(plan->here[child]);
		g_assert_cmpuint(plan->at[child].parent, ==, id);
		g_assert_cmpuint(plan->at[child].depth, ==, at->depth + 1);
	}
}

/* Depths rise by one from a parent to its child, so there is no cycle; all but
 * the root are somebody's child, so there is one tree. */
static void check_tree(const struct plan *plan)
{
	guint per_level[CASCADE_MAX_DEPTH + 1] = { 0 }, children = 0;
	guint deepest = 0, full = 1;

	for (guint i = 0; i < plan->n; i++) {
		guint32 id = plan->ids[i];

		check_hub(plan, id);
		children += plan->at[id].n_children;
		g_assert_cmpuint(plan->at[id].depth, <=, CASCADE_MAX_DEPTH);
		per_level[plan->at[id].depth]++;
		deepest = MAX(deepest, plan->at[id].depth);
	}
	g_assert_cmpuint(children, ==, plan->n ? plan->n - 1 : 0);
	for (guint d = 0; d < deepest; d++, full *= plan->fan_out)
		g_assert_cmpuint(per_level[d], ==, full);
	g_assert_cmpuint(deepest, ==, least_depth(plan->n, plan->fan_out));
}

/* Alternates. */

/* Twice the rank: 0 the root, 1 the vice-root. */
static guint rank(const struct plan *plan, guint32 id)
{
	return plan->at[id].vice ? 1 : 2 * plan->at[id].depth;
}

static gboolean another_site_above(const struct plan *plan, guint32 id)
{
	guint32 parent = plan->at[id].parent;

	for (guint i = 0; i < plan->n; i++) {
		guint32 it = plan->ids[i];

		if (plan->at[it].vice && it != id && !same_site(it, parent))
			return it != parent;
	}
	for (guint32 it = plan->at[parent].parent; it; it = plan->at[it].parent)
		if (!same_site(it, parent))
			return TRUE;
	return FALSE;
}

static void check_alternate(const struct plan *plan, guint32 id)
{
	const struct cascade_place *at = &plan->at[id];

	if (at->root || at->vice) {
		g_assert_cmpuint(at->alternate, ==, 0);
		return;
	}
	g_assert_true(plan->here[at->alternate]);
	g_assert_cmpuint(at->alternate, !=, at->parent);
	g_assert_cmpuint(rank(plan, at->parent), <, rank(plan, id));
	g_assert_cmpuint(rank(plan, at->alternate), <, rank(plan, id));
	if (another_site_above(plan, id))
		g_assert_false(same_site(at->alternate, at->parent));
}

static void check_alternates(const struct plan *plan)
{
	guint vices = 0;

	for (guint i = 0; i < plan->n; i++) {
		vices += plan->at[plan->ids[i]].vice;
		check_alternate(plan, plan->ids[i]);
	}
	g_assert_cmpuint(vices, ==, plan->n > 1);
}

/* Where `id` ends up when each hub goes where `to` says; 0: nowhere. */
static guint32 follow(const guint32 *to, guint32 id)
{
	guint steps = 0;

	while (to[id]) {
		id = to[id];
		g_assert_cmpuint(++steps, <, MAX_HUBS); /* else a cycle */
	}
	return id;
}

/* One hub dies. Its children use their alternates, and so does any set of
 * others whose alternate lives. */
static void check_death(const struct plan *plan, guint32 dead, guint32 one_in)
{
	guint32 to[MAX_HUBS] = { 0 }, top = 0;

	for (guint i = 0; i < plan->n; i++) {
		guint32 id = plan->ids[i];
		const struct cascade_place *at = &plan->at[id];
		gboolean away = at->parent == dead ||
				(at->alternate && at->alternate != dead &&
				 draw(one_in) == 0);

		to[id] = away ? at->alternate : at->parent;
	}
	for (guint i = 0; i < plan->n; i++) {
		guint32 id = plan->ids[i];

		if (id == dead)
			continue;
		if (!top)
			top = follow(to, id);
		g_assert_cmpuint(follow(to, id), ==, top);
	}
	if (plan->n > 1)
		g_assert_true(plan->at[top].root || plan->at[top].vice);
}

/* Between two plans. */

static gboolean has_trunk(const struct plan *plan, guint32 child, guint32 above)
{
	return plan->here[child] && plan->here[above] &&
	       (plan->at[child].parent == above ||
		plan->at[child].alternate == above);
}

/* Some have been told the new plan and some not. A trunk works where both of
 * its ends know it, whether it is to the parent or the alternate. `eager`: it
 * works where the lower end knows it, as the upper one is told first;
 * alternates are for those whose parent is gone. */
static void check_half_told(const struct plan *old, const struct plan *new,
			    gboolean eager)
{
	const struct plan *by[MAX_HUBS] = { NULL };
	guint32 to[MAX_HUBS] = { 0 };

	for (guint32 id = 1; id <= n_ids; id++)
		if (old->here[id] || new->here[id])
			by[id] = !new->here[id] || (old->here[id] && draw(2))
					 ? old
					 : new;
	for (guint32 id = 1; id <= n_ids; id++) {
		guint32 above;

		if (!by[id])
			continue;
		above = by[id]->at[id].parent;
		if (eager ? above && !new->here[above] : !draw(3))
			above = by[id]->at[id].alternate;
		if (above && (eager || has_trunk(by[above], id, above)))
			to[id] = above;
	}
	for (guint32 id = 1; id <= n_ids; id++)
		follow(to, id);
}

/* Whether one that goes has to be replaced by one from below its children:
 * all who could are there. */
static gboolean filled_from_below(const struct plan *plan, guint32 gone)
{
	guint last = plan->at[plan->ids[plan->n - 1]].depth;

	if (plan->at[gone].depth + 2 > last)
		return FALSE;
	for (guint i = 0; i < plan->n; i++) {
		guint32 it = plan->ids[i];

		if (plan->at[it].depth < last)
			continue;
		while (plan->at[it].depth > plan->at[gone].depth)
			it = plan->at[it].parent;
		if (it != gone)
			return FALSE;
	}
	return TRUE;
}

/* Whose place was: of the one that went, or of the vice-root, who is root now.
 * 0: nobody went. */
static guint32 place_to_fill(const struct plan *old, const struct plan *new)
{
	for (guint i = 0; i < old->n; i++)
		if (!new->here[old->ids[i]])
			return i ? old->ids[i] : new->ids[0];
	return 0;
}

/* What a hub is told, in a number: its trunks of all kinds. */
static guint64 mix_in(guint64 what, guint32 id)
{
	return (what + id) * 0x9e3779b97f4a7c15u;
}

static void documents(const struct plan *plan, guint64 *doc_r)
{
	memset(doc_r, 0, MAX_HUBS * sizeof(*doc_r));
	for (guint i = 0; i < plan->n; i++) {
		guint32 id = plan->ids[i];
		const struct cascade_place *at = &plan->at[id];

		doc_r[id] += mix_in(1 + at->root + 2 * (guint)at->vice, 0);
		doc_r[id] += mix_in(10, at->parent) + mix_in(20, at->alternate);
		if (at->parent)
			doc_r[at->parent] += mix_in(30, id);
		if (at->alternate)
			doc_r[at->alternate] += mix_in(40, id);
	}
}

static void check_changes(struct cascade *cas, const struct plan *old,
			  const struct plan *new)
{
	g_autoptr(GArray) ids = cascade_take_changes(cas);
	guint64 before[MAX_HUBS], after[MAX_HUBS];
	gboolean told[MAX_HUBS] = { FALSE };

	documents(old, before);
	documents(new, after);
	for (guint i = 0; i < ids->len; i++)
		told[g_array_index(ids, guint32, i)] = TRUE;
	for (guint32 id = 1; id <= n_ids; id++) {
		if (new->here[id] && before[id] != after[id])
			g_assert_true(told[id]);
		if (told[id])
			g_assert_true(new->here[id]);
	}
}

static void check_waiting(const struct cascade *cas, const struct plan *plan,
			  guint32 id)
{
	g_autoptr(GArray) ids = cascade_waiting(cas, id);
	guint n = 0;

	for (guint i = 0; i < plan->n; i++)
		n += plan->at[plan->ids[i]].alternate == id;
	g_assert_cmpuint(ids->len, ==, n);
	for (guint i = 0; i < ids->len; i++)
		g_assert_cmpuint(
			plan->at[g_array_index(ids, guint32, i)].alternate, ==,
			id);
}

/* Moves. */

enum kind { COME, GO, GO_ROOT, LEAF, CARRY, N_KINDS };

/* The most moves seen in one change, by [leaves among them][kind], beyond
 * multiples of fan_out. */
static gint most_over[2][N_KINDS];

static guint count_moves(const struct plan *old, const struct plan *new)
{
	guint moves = 0;

	for (guint i = 0; i < new->n; i++) {
		guint32 id = new->ids[i];

		moves += old->here[id] &&
			 old->at[id].parent != new->at[id].parent;
	}
	return moves;
}

/* What cascade.h allows: [leaves][kind], times fan_out and beyond. */
static const struct {
	guint times, more;
} bounds[2][N_KINDS] = {
	{ { 0, 0 }, { 1, 1 }, { 2, 1 }, { 0, 0 }, { 0, 0 } },
	{ { 0, 2 }, { 2, 1 }, { 3, 1 }, { 3, 2 }, { 0, 0 } },
};

static void check_moves(struct cascade *cas, const struct plan *old,
			const struct plan *new, enum kind kind, gboolean leaves,
			guint64 counted)
{
	guint moves = count_moves(old, new);
	gint over =
		(gint)moves - (gint)(bounds[leaves][kind].times * new->fan_out);

	g_assert_cmpuint(cascade_moves(cas) - counted, ==, moves);
	most_over[leaves][kind] = MAX(most_over[leaves][kind], over);
	g_assert_cmpint(over, <=, (gint)bounds[leaves][kind].more);
}

static gboolean any_pressed(const struct plan *plan)
{
	for (guint i = 0; i < plan->n; i++)
		if (plan->at[plan->ids[i]].pressed)
			return TRUE;
	return FALSE;
}

/* The root is another only if it went, or does not carry. */
static void check_root(const struct plan *old, const struct plan *new)
{
	guint32 was = old->n ? old->ids[0] : 0;

	if (was && new->here[was] && !hubs[was].leaf)
		g_assert_true(new->at[was].root);
	/* Its vice was ready for it. */
	if (was && !new->here[was] && new->n)
		g_assert_true(old->at[new->ids[0]].vice);
}

/* Random changes. */

struct world {
	struct cascade *cas;
	guint fan_out, limit, sites, leaf_percent;
	struct plan plan[2]; /* the last and the one before, in turn */
	guint now;
	gboolean leaves;
};

static void check(struct world *w, enum kind kind, gboolean single,
		  guint64 moves)
{
	const struct plan *old = &w->plan[w->now];
	struct plan *new = &w->plan[1 - w->now];

	read_plan(w->cas, w->fan_out, new);
	check_tree(new);
	check_alternates(new);
	check_changes(w->cas, old, new);
	if (single) {
		check_root(old, new);
		check_half_told(old, new, FALSE);
		if (!w->leaves && new->n && place_to_fill(old, new) &&
		    !filled_from_below(old, place_to_fill(old, new)))
			check_half_told(old, new, TRUE);
	}
	if (single && !any_pressed(old) && !any_pressed(new))
		check_moves(w->cas, old, new, kind, w->leaves, moves);
	if (new->n) {
		guint32 id = new->ids[draw(new->n)];

		check_waiting(w->cas, new, id);
		check_death(new, id, 1 + draw(8));
		check_death(new, new->ids[0], 1 + draw(8));
	}
	w->now = 1 - w->now;
}

static void come(struct world *w)
{
	guint64 moves = cascade_moves(w->cas);
	struct cascade_hub *hub = &hubs[++n_ids];

	*hub = (struct cascade_hub){ .id = n_ids,
				     .site = draw(w->sites + 1),
				     .since = draw(1000),
				     .members = draw(6),
				     .leaf = draw(100) < w->leaf_percent };
	w->leaves = w->leaves || hub->leaf;
	g_assert_true(cascade_add(w->cas, hub));
	g_assert_false(cascade_add(w->cas, hub));
	check(w, COME, TRUE, moves);
}

static void go(struct world *w, guint32 id)
{
	guint64 moves = cascade_moves(w->cas);
	gboolean root = w->plan[w->now].at[id].root;

	cascade_remove(w->cas, &id, 1);
	check(w, root ? GO_ROOT : GO, TRUE, moves);
}

static void site_dies(struct world *w, guint32 site)
{
	const struct plan *plan = &w->plan[w->now];
	guint32 dead[MAX_HUBS];
	guint n = 0;

	for (guint i = 0; i < plan->n; i++)
		if (hubs[plan->ids[i]].site == site)
			dead[n++] = plan->ids[i];
	cascade_remove(w->cas, dead, n);
	check(w, GO, FALSE, 0);
	for (guint i = 0; i < n; i++)
		g_assert_false(w->plan[w->now].here[dead[i]]);
}

static void turn_leaf(struct world *w, guint32 id)
{
	guint64 moves = cascade_moves(w->cas);

	w->leaves = TRUE;
	hubs[id].leaf = !hubs[id].leaf;
	cascade_update(w->cas, &hubs[id]);
	check(w, hubs[id].leaf ? LEAF : CARRY, TRUE, moves);
}

static void change(struct world *w)
{
	const struct plan *plan = &w->plan[w->now];
	guint what = draw(100);

	if (!plan->n || (plan->n < w->limit && what < 55))
		come(w);
	else if (what < 75)
		go(w, plan->ids[draw(plan->n)]);
	else if (what < 85)
		go(w, plan->ids[0]);
	else if (what < 93 || !w->leaf_percent)
		site_dies(w, 1 + draw(w->sites));
	else
		turn_leaf(w, plan->ids[draw(plan->n)]);
}

/* Another owner reads the plan back, whole or damaged. */
static void check_restore(const struct world *w, gboolean damaged)
{
	const struct plan *plan = &w->plan[w->now];
	struct cascade *cas = cascade_create(w->fan_out);
	struct cascade_planned read[MAX_HUBS];
	struct plan again;
	g_autoptr(GArray) changes = NULL;

	for (guint i = 0; i < plan->n; i++) {
		/* In any order. */
		guint j = draw(i + 1);
		guint32 id = plan->ids[i];

		read[i] = read[j];
		read[j] = (struct cascade_planned){
			.hub = hubs[id],
			.parent = plan->at[id].parent,
			.root = plan->at[id].root,
			.vice = plan->at[id].vice,
		};
	}
	for (guint i = 0; damaged && i < plan->n; i++)
		if (!draw(3)) {
			read[i].parent = draw(n_ids + 2);
			read[i].root = !draw(4);
			read[i].vice = !draw(4);
		}
	cascade_restore(cas, read, plan->n);
	read_plan(cas, w->fan_out, &again);
	check_tree(&again);
	check_alternates(&again);
	g_assert_cmpuint(again.n, ==, plan->n);
	changes = cascade_take_changes(cas);
	if (!damaged && !any_pressed(plan)) {
		g_assert_cmpuint(count_moves(plan, &again), ==, 0);
		g_assert_cmpuint(changes->len, ==, 0);
		for (guint i = 0; i < plan->n; i++)
			g_assert_cmpuint(plan->at[plan->ids[i]].alternate, ==,
					 again.at[plan->ids[i]].alternate);
	}
	cascade_destroy(&cas);
}

static void run_sequence(guint number)
{
	/* Most are of a size at which things happen; some are large. */
	gboolean large = number % 100 == 0;
	struct world w = { .now = 0 };

	seed = number;
	draw(1);
	n_ids = 0;
	w.fan_out = draw(3) ? CASCADE_FAN_OUT : 2 + draw(4);
	w.limit = large ? 130 : 2 + draw(24);
	w.sites = 1 + draw(8);
	w.leaf_percent = draw(2) ? 0 : draw(100);
	w.cas = cascade_create(w.fan_out);
	for (guint i = large ? 180 : 12 + draw(20); i; i--)
		change(&w);
	check_restore(&w, FALSE);
	check_restore(&w, TRUE);
	cascade_destroy(&w.cas);
}

static void the_promises_hold_over_100_000_sequences(void)
{
	static const char *const kinds[] = { "come", "go", "root goes",
					     "become a leaf", "carry again" };

	for (guint i = 0; i < SEQUENCES; i++)
		run_sequence(i);
	for (guint leaves = 0; leaves < 2; leaves++)
		for (guint kind = 0; kind < N_KINDS; kind++)
			g_test_message("%s, %s: at most %u fan_out %+d moves",
				       leaves ? "leaves" : "all carry",
				       kinds[kind], bounds[leaves][kind].times,
				       most_over[leaves][kind]);
}

/* One thing at a time. */

static void grow(struct cascade *cas, guint n)
{
	while (n--) {
		struct cascade_hub *hub = &hubs[++n_ids];

		*hub = (struct cascade_hub){ .id = n_ids, .since = n_ids };
		g_assert_true(cascade_add(cas, hub));
	}
}

static struct cascade *grown(guint n)
{
	struct cascade *cas = cascade_create(CASCADE_FAN_OUT);

	n_ids = 0;
	grow(cas, n);
	return cas;
}

static struct cascade_place place_of(const struct cascade *cas, guint32 id)
{
	struct cascade_place place;

	g_assert_true(cascade_place(cas, id, &place));
	return place;
}

static void the_first_is_root_and_the_eldest_beside_it_vice(void)
{
	struct cascade *cas = grown(6);

	g_assert_cmpuint(cascade_root(cas), ==, 1);
	g_assert_true(place_of(cas, 2).vice);
	g_assert_cmpuint(place_of(cas, 2).alternate, ==, 0);
	g_assert_cmpuint(place_of(cas, 3).alternate, ==, 2);
	g_assert_cmpuint(place_of(cas, 6).parent, ==, 2);
	g_assert_cmpuint(place_of(cas, 6).alternate, ==, 1);
	g_assert_cmpuint(cascade_depth(cas), ==, 2);
	g_assert_cmpuint(cascade_moves(cas), ==, 0);
	cascade_destroy(&cas);
}

static void an_empty_tree_has_nothing(void)
{
	struct cascade *cas = grown(1);
	struct cascade_place place;
	const guint32 id = 1, unknown = 7;

	cascade_remove(cas, &unknown, 1);
	g_assert_cmpuint(cascade_size(cas), ==, 1);
	cascade_remove(cas, &id, 1);
	g_assert_cmpuint(cascade_size(cas), ==, 0);
	g_assert_cmpuint(cascade_root(cas), ==, 0);
	g_assert_cmpuint(cascade_depth(cas), ==, 0);
	g_assert_false(cascade_place(cas, 1, &place));
	cascade_restore(cas, NULL, 0);
	g_assert_cmpuint(cascade_size(cas), ==, 0);
	grow(cas, 1);
	g_assert_cmpuint(cascade_root(cas), ==, 2);
	cascade_destroy(&cas);
}

static void the_vice_root_takes_over_from_a_dead_root(void)
{
	struct cascade *cas = grown(21);
	const guint32 dead = 1;

	cascade_remove(cas, &dead, 1);
	g_assert_cmpuint(cascade_root(cas), ==, 2);
	g_assert_cmpuint(place_of(cas, 2).n_children, ==, 4);
	g_assert_cmpuint(place_of(cas, 3).parent, ==, 2);
	g_assert_true(place_of(cas, 3).vice);
	cascade_destroy(&cas);
}

static void a_root_that_drains_hands_the_root_on_and_stays(void)
{
	struct cascade *cas = grown(10);

	hubs[1].leaf = TRUE;
	cascade_update(cas, &hubs[1]);
	g_assert_cmpuint(cascade_root(cas), ==, 2);
	g_assert_cmpuint(cascade_size(cas), ==, 10);
	g_assert_cmpuint(place_of(cas, 1).n_children, ==, 0);
	/* It does not get it back. */
	hubs[1].leaf = FALSE;
	cascade_update(cas, &hubs[1]);
	g_assert_cmpuint(cascade_root(cas), ==, 2);
	cascade_destroy(&cas);
}

static void where_all_are_leaves_one_carries_until_another_can(void)
{
	struct cascade *cas = cascade_create(CASCADE_FAN_OUT);

	n_ids = 0;
	for (guint i = 1; i <= 6; i++) {
		hubs[i] = (struct cascade_hub){ .id = i, .leaf = TRUE };
		g_assert_true(cascade_add(cas, &hubs[i]));
	}
	g_assert_true(place_of(cas, 1).pressed);
	g_assert_cmpuint(place_of(cas, 1).n_children, ==, 4);
	hubs[7] = (struct cascade_hub){ .id = 7 };
	g_assert_true(cascade_add(cas, &hubs[7]));
	g_assert_cmpuint(cascade_root(cas), ==, 7);
	g_assert_false(place_of(cas, 1).pressed);
	cascade_destroy(&cas);
}

static void the_vice_root_is_on_another_site_than_the_root(void)
{
	struct cascade *cas = cascade_create(CASCADE_FAN_OUT);

	for (guint i = 1; i <= 4; i++) {
		hubs[i] = (struct cascade_hub){ .id = i,
						.since = i,
						.site = i < 4 ? 1 : 2 };
		g_assert_true(cascade_add(cas, &hubs[i]));
	}
	g_assert_true(place_of(cas, 4).vice);
	g_assert_cmpuint(place_of(cas, 2).alternate, ==, 4);
	cascade_destroy(&cas);
}

static void a_tree_of_full_depth_takes_no_more(void)
{
	struct cascade *cas = cascade_create(2);
	struct cascade_hub hub = { 0 };

	for (hub.id = 1; hub.id <= 511; hub.id++)
		g_assert_true(cascade_add(cas, &hub));
	g_assert_cmpuint(cascade_depth(cas), ==, CASCADE_MAX_DEPTH);
	g_assert_false(cascade_add(cas, &hub));
	g_assert_cmpuint(cascade_size(cas), ==, 511);
	cascade_destroy(&cas);
}

static void twenty_thousand_hubs_are_seven_trunks_deep(void)
{
	struct cascade *cas = cascade_create(CASCADE_FAN_OUT);
	struct cascade_hub hub = { 0 };

	for (hub.id = 1; hub.id <= 20000; hub.id++)
		g_assert_true(cascade_add(cas, &hub));
	g_assert_cmpuint(cascade_depth(cas), ==, 7);
	g_assert_cmpuint(cascade_moves(cas), ==, 0);
	cascade_destroy(&cas);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/cascade/the promises hold over 100,000 sequences",
			the_promises_hold_over_100_000_sequences);
	g_test_add_func("/cascade/the first is root, the eldest beside it vice",
			the_first_is_root_and_the_eldest_beside_it_vice);
	g_test_add_func("/cascade/an empty tree has nothing",
			an_empty_tree_has_nothing);
	g_test_add_func("/cascade/the vice-root takes over from a dead root",
			the_vice_root_takes_over_from_a_dead_root);
	g_test_add_func(
		"/cascade/a root that drains hands the root on and stays",
		a_root_that_drains_hands_the_root_on_and_stays);
	g_test_add_func("/cascade/where all are leaves one carries until "
			"another can",
			where_all_are_leaves_one_carries_until_another_can);
	g_test_add_func(
		"/cascade/the vice-root is on another site than the root",
		the_vice_root_is_on_another_site_than_the_root);
	g_test_add_func("/cascade/a tree of full depth takes no more",
			a_tree_of_full_depth_takes_no_more);
	g_test_add_func("/cascade/twenty thousand hubs are seven trunks deep",
			twenty_thousand_hubs_are_seven_trunks_deep);
	return g_test_run();
}
