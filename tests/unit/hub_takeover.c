/* A room of many hubs, of which one dies, stops, leaves or is moved. */
#include "tests/unit/hub_twelve.h"

static void expect_gaps(struct tree *tree, unsigned talker, unsigned most)
{
	unsigned longest = 0;

	for (unsigned i = 0; i < tree->n_members; i++) {
		unsigned gap = tree_gap(tree, i, talker);

		if (i == talker || tree->hubs[tree->members[i].hub].dead)
			continue;
		expect(gap <= most, "ms without sound", gap, i);
		longest = MAX(longest, gap);
	}
	g_test_message("%u is silent for %u ms at most", talker, longest);
}

static void reset_wires(struct tree *tree)
{
	for (unsigned w = 0; w < tree->n_wires; w++) {
		struct tree_wire *wire = &tree->wires[w];

		memset(wire->by_origin, 0, sizeof(wire->by_origin));
		wire->twice = 0;
		wire->sounds = 0;
	}
}

/* One of the twelve dies while `talker` speaks. */
static void kill_one(unsigned victim, unsigned talker)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	tree->members[talker].talks = true;
	tree_run(tree, 600);
	tree_mark(tree);
	tree_kill(tree, victim);
	tree_run(tree, 1000);
	expect_gaps(tree, talker, 200);
	/* Afterwards there is a tree again: no way twice, none back, and who
	 * speaks elsewhere is heard as well. */
	reset_wires(tree);
	tree_run(tree, 1000);
	expect_nothing_back(tree);
	for (unsigned w = 0; w < tree->n_wires; w++)
		g_assert_cmpuint(tree->wires[w].twice, ==, 0);
	g_assert_cmphex(heard_by_all(tree, 25), ==, 1u << talker);
	tree->members[talker].talks = false;
	tree->members[11].talks = true;
	tree_run(tree, 1500);
	g_assert_cmphex(heard_by_all(tree, 25), ==, 1u << 11);
	tree_stop(tree);
}

static void a_dead_hub_is_got_over(void)
{
	kill_one(4, 9);
	kill_one(2, 11);
	kill_one(6, 0);
}

static void a_dead_root_is_got_over(void)
{
	kill_one(0, 9);
	kill_one(0, 8);
}

static void a_dead_vice_is_got_over(void)
{
	kill_one(1, 10);
}

static void a_hub_that_leaves_says_so(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	tree->members[9].talks = true;
	tree_run(tree, 600);
	tree_mark(tree);
	tree_command(tree, 4,
		     (struct command){ .kind = COMMAND_REMOVE_HUB,
				       .hub = tree->hubs[4].hub });
	tree->members[4].hub = 99; /* he hears his own gate only */
	tree_run(tree, 1000);
	for (unsigned i = 0; i < 12; i++)
		if (i != 9 && i != 4)
			expect(tree_gap(tree, i, 9) <= 40, "gap",
			       tree_gap(tree, i, 9), i);
	tree->members[4].hub = 4;
	tree_stop(tree);
}

static void the_vice_yields_when_the_root_is_back(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_PARENT);
	tree->members[9].talks = true;
	tree->hubs[0].stopped = true;
	tree_run(tree, 1000);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_ROOT);
	g_assert_cmpint(tree->hubs[2].report.parent, ==, HUB_ALTERNATE);
	tree->hubs[0].stopped = false;
	tree_run(tree, 1500);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_PARENT);
	g_assert_cmphex(heard_by_all(tree, 20), ==, 1u << 9);
	tree_stop(tree);
}

/* What a root had said that was lost is not what the next one says. */
static void an_old_verdict_is_forgotten(void)
{
	struct tree *tree = tree_start(3, 2);
	unsigned a, b;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	a = tree_join(tree, 1);
	b = tree_join(tree, 1);
	tree_join(tree, 2);
	tree_join(tree, 2);
	tree_run(tree, SETTLE);
	tree->members[a].talks = true;
	tree_run(tree, 400);
	tree_kill(tree, 0);
	tree->members[a].talks = false;
	tree_command(tree, 2,
		     (struct command){ .kind = COMMAND_SET_HUB,
				       .hub = tree->hubs[2].hub,
				       .place = { .root = true } });
	tree_run(tree, 1000);
	tree_link(tree, 1, 2, TRUNK_PARENT);
	tree->members[2].talks = tree->members[3].talks = true;
	tree_run(tree, 600);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_PARENT);
	tree->members[a].talks = true;
	tree_run(tree, 800);
	g_assert_cmphex(tree_heard(tree, b, 20), ==, 0xc);
	/* Nor is it the mix's doing that he is not. */
	g_assert_false(origin_is_heard(
		tree->hubs[1].hub, tree->members[a].ses->talk, tree->now_us));
	tree_stop(tree);
}

/* As SIGSTOP does. Its children have gone elsewhere; what they had said to it
 * in the meantime is old when it goes on. */
static void a_hub_that_was_stopped_comes_back(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	tree->members[9].talks = true;
	tree_run(tree, 600);
	tree_mark(tree);
	tree->hubs[4].stopped = true;
	tree_run(tree, 10000);
	tree->hubs[4].stopped = false;
	tree_run(tree, 500);
	for (unsigned i = 0; i < 12; i++)
		if (i != 4 && i != 9)
			expect(tree_gap(tree, i, 9) <= 200, "gap",
			       tree_gap(tree, i, 9), i);
	reset_wires(tree);
	tree_run(tree, 1000);
	for (unsigned w = 0; w < tree->n_wires; w++)
		g_assert_cmpuint(tree->wires[w].twice, ==, 0);
	expect_nothing_back(tree);
	g_assert_cmphex(heard_by_all(tree, 25), ==, 1u << 9);
	tree_stop(tree);
}

/* One after the other is stopped, for this long or that. Whichever ways the
 * hubs then take, a second later they are one tree again. */
static void whoever_is_stopped_the_room_is_whole_again(void)
{
	struct tree *tree = twelve(5);
	unsigned talker = 0;

	tree_run(tree, SETTLE);
	for (unsigned round = 0; round < 16; round++) {
		unsigned victim = (unsigned)(12 * tree_random(tree));

		tree->members[talker].talks = false;
		talker = (unsigned)(12 * tree_random(tree));
		tree->members[talker].talks = true;
		tree->hubs[victim].stopped = true;
		tree_run(tree, 50 + (unsigned)(700 * tree_random(tree)));
		tree->hubs[victim].stopped = false;
		tree_run(tree, 1000);
		g_test_message("stopped %u, talks %u", victim, talker);
		g_assert_cmphex(heard_by_all(tree, 10), ==, 1u << talker);
		tree_mark(tree);
	}
	tree_stop(tree);
}

static void who_is_cut_off_says_so_and_goes_on(void)
{
	struct tree *tree = tree_start(2, 5);
	unsigned a, b;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_join(tree, 0);
	a = tree_join(tree, 1);
	b = tree_join(tree, 1);
	tree_run(tree, SETTLE);
	tree->members[a].talks = true;
	tree_run(tree, 400);
	tree_mark(tree);
	tree_kill(tree, 0);
	tree_run(tree, 300);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_SEEKING);
	tree_run(tree, 300);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_CUT_OFF);
	/* The two at that hub never noticed. */
	g_assert_cmpuint(tree_gap(tree, b, a), ==, 0);
	tree_stop(tree);
}

static void the_parent_is_waited_for_while_its_alternate_serves(void)
{
	struct tree *tree = tree_start(3, 5);

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_run(tree, SETTLE);
	/* Of a new plan only the alternate answers. */
	tree->hubs[1].stopped = true;
	tree_link(tree, 2, 1, TRUNK_PARENT);
	tree_link(tree, 2, 0, TRUNK_ALTERNATE);
	tree_run(tree, 1000);
	g_assert_cmpint(tree->hubs[2].report.parent, ==, HUB_ALTERNATE);
	tree->hubs[1].stopped = false;
	tree_run(tree, 1000);
	g_assert_cmpint(tree->hubs[2].report.parent, ==, HUB_PARENT);
	tree_stop(tree);
}

static void a_better_parent_takes_over_without_a_gap(void)
{
	struct tree *tree = tree_start(3, 5);

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 1, TRUNK_PARENT);
	tree_join(tree, 0);
	tree_join(tree, 1);
	tree_join(tree, 2);
	tree_run(tree, SETTLE);
	tree->members[2].talks = true;
	tree_run(tree, 400);
	tree_mark(tree);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	tree_run(tree, 600);
	expect_gaps(tree, 2, 0);
	g_assert_cmpint(tree->reports[2].state, ==, TRUNK_DOWN);
	g_assert_cmpint(tree->reports[4].state, ==, TRUNK_UP);
	tree->members[2].talks = false;
	tree->members[1].talks = true;
	tree_run(tree, 1000);
	g_assert_cmphex(heard_by_all(tree, 10), ==, 1u << 1);
	tree_stop(tree);
}

static void remove_end(struct tree *tree, unsigned hub, unsigned wire)
{
	tree_command(tree, hub,
		     (struct command){ .kind = COMMAND_REMOVE_TRUNK,
				       .trunk = tree->ends[wire] });
}

static void set_root(struct tree *tree, unsigned hub, bool root)
{
	tree_command(tree, hub,
		     (struct command){ .kind = COMMAND_SET_HUB,
				       .hub = tree->hubs[hub].hub,
				       .place = { .root = root } });
}

/* Hub 3 goes from parent 1 to parent 2. Each of the three learns of it at
 * another time; `order`: who first. */
static void a_new_plan_moves_a_hub_without_a_gap(gconstpointer order)
{
	const char *first = order;
	struct tree *tree = tree_start(4, 5);
	unsigned old, new;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	old = tree_link(tree, 3, 1, TRUNK_PARENT);
	for (unsigned i = 0; i < 4; i++)
		tree_join(tree, i);
	tree_join(tree, 3);
	tree_run(tree, SETTLE);
	tree->members[3].talks = tree->members[0].talks = true;
	tree_run(tree, 500);
	new = tree_make_link(tree, 3, 2, TRUNK_PARENT);
	tree_mark(tree);
	for (; *first; first++) {
		if (*first == '1')
			remove_end(tree, 1, old + 1);
		if (*first == '2')
			tree_add_end(tree, 2, 3, tree->ends[new + 1]);
		if (*first == '3') {
			tree_add_end(tree, 3, 2, tree->ends[new]);
			remove_end(tree, 3, old);
		}
		tree_run(tree, 300);
	}
	tree_run(tree, 1000);
	expect_gaps(tree, 3, 0);
	expect_gaps(tree, 0, 0);
	g_assert_cmphex(heard_by_all(tree, 10), ==, 9);
	reset_wires(tree);
	tree_run(tree, 1000);
	expect_nothing_back(tree);
	g_assert_cmpuint(tree->wires[new].sounds, >=, 49);
	g_assert_cmpuint(tree->wires[old].packets, >, 0);
	g_assert_cmpuint(tree->wires[old].sounds, ==, 0);
	g_assert_null(tree->hubs[3].hub->trunks->next);
	g_assert_null(tree->hubs[1].hub->trunks->next);
	tree_stop(tree);
}

/* Hub 1 becomes root, hubs 0 and 2 its children; or ("d") hub 0 goes to its
 * child 3, a step further down. */
static void a_new_plan_moves_the_root_without_a_gap(gconstpointer order)
{
	const char *first = order;
	struct tree *tree = tree_start(4, 5);
	unsigned one, two, zero, again, below = strchr(order, 'd') ? 3 : 1;

	one = tree_link(tree, 1, 0, TRUNK_PARENT);
	two = tree_link(tree, 2, 0, TRUNK_PARENT);
	tree_link(tree, 3, 1, TRUNK_PARENT);
	for (unsigned i = 0; i < 4; i++)
		tree_join(tree, i);
	tree_run(tree, SETTLE);
	tree->members[3].talks = tree->members[2].talks = true;
	tree_run(tree, 500);
	zero = tree_make_link(tree, 0, below, TRUNK_PARENT);
	again = tree_make_link(tree, 2, 1, TRUNK_PARENT);
	tree_mark(tree);
	for (; *first; first++) {
		if (*first == '0') {
			set_root(tree, 0, false);
			tree_add_end(tree, 0, below, tree->ends[zero]);
			remove_end(tree, 0, one + 1);
			remove_end(tree, 0, two + 1);
		}
		if (*first == '1') {
			set_root(tree, 1, true);
			tree_add_end(tree, below, 0, tree->ends[zero + 1]);
			tree_add_end(tree, 1, 2, tree->ends[again + 1]);
			remove_end(tree, 1, one);
		}
		if (*first == '2') {
			tree_add_end(tree, 2, 1, tree->ends[again]);
			remove_end(tree, 2, two);
		}
		tree_run(tree, 100);
	}
	tree_run(tree, 1500);
	expect_gaps(tree, 3, 0);
	expect_gaps(tree, 2, 0);
	g_assert_cmphex(heard_by_all(tree, 10), ==, 12);
	g_assert_cmpint(tree->hubs[1].report.parent, ==, HUB_ROOT);
	g_assert_cmpint(tree->hubs[0].report.parent, ==, HUB_PARENT);
	reset_wires(tree);
	tree_run(tree, 1000);
	expect_nothing_back(tree);
	tree_stop(tree);
}

int main(int argc, char **argv)
{
	static const char *const orders[] = { "123", "132", "213",
					      "231", "312", "321" };
	static const char *const roots[] = {
		"012",	"021",	"102",	"120",	"201",	"210",
		"012d", "021d", "102d", "120d", "201d", "210d",
	};

	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/hub_takeover/" name, function)
	ADD("a dead hub is got over within 200 ms", a_dead_hub_is_got_over);
	ADD("a dead root is got over within 200 ms", a_dead_root_is_got_over);
	ADD("a dead vice is got over within 200 ms", a_dead_vice_is_got_over);
	ADD("a hub that leaves says so", a_hub_that_leaves_says_so);
	ADD("the vice yields when the root is back",
	    the_vice_yields_when_the_root_is_back);
	ADD("an old verdict is forgotten", an_old_verdict_is_forgotten);
	ADD("a hub that was stopped comes back",
	    a_hub_that_was_stopped_comes_back);
	ADD("whoever is stopped, the room is whole again",
	    whoever_is_stopped_the_room_is_whole_again);
	ADD("who is cut off says so and goes on",
	    who_is_cut_off_says_so_and_goes_on);
	ADD("the parent is waited for while its alternate serves",
	    the_parent_is_waited_for_while_its_alternate_serves);
	ADD("a better parent takes over without a gap",
	    a_better_parent_takes_over_without_a_gap);
	for (unsigned i = 0; i < G_N_ELEMENTS(orders); i++) {
		g_autofree char *name =
			g_strdup_printf("/hub_takeover/a new plan moves a hub "
					"without a gap: %s",
					orders[i]);

		g_test_add_data_func(name, orders[i],
				     a_new_plan_moves_a_hub_without_a_gap);
	}
	for (unsigned i = 0; i < G_N_ELEMENTS(roots); i++) {
		g_autofree char *name =
			g_strdup_printf("/hub_takeover/a new plan moves the "
					"root without a gap: %s",
					roots[i]);

		g_test_add_data_func(name, roots[i],
				     a_new_plan_moves_the_root_without_a_gap);
	}
	return g_test_run();
}
