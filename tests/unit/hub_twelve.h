/* hub_twelve - a room of twelve hubs, and what its tests look for. */
#ifndef TESTS_HUB_TWELVE_H
#define TESTS_HUB_TWELVE_H

#include "tests/unit/hub_tree.h"

#define SETTLE 400 /* ms: all trunks are up */

static inline void expect(bool right, const char *what, unsigned a, unsigned b)
{
	if (right)
		return;
	g_test_message("%s: %u, %u", what, a, b);
	g_test_fail();
}

/* Twelve hubs, four levels, as the planner would: each has its grandparent for
 * an alternate, those below the root the vice-root, who is hub 1. */
static const unsigned parents[12] = { 0, 0, 0, 0, 1, 1, 2, 2, 3, 4, 4, 6 };

static inline void link_twelve(struct tree *tree)
{
	tree_command(tree, 1,
		     (struct command){ .kind = COMMAND_SET_HUB,
				       .hub = tree->hubs[1].hub,
				       .place = { .vice = true } });
	for (unsigned i = 1; i < 12; i++) {
		unsigned parent = parents[i];

		tree_link(tree, i, parent, TRUNK_PARENT);
		if (i == 1)
			continue;
		tree_link(tree, i, parent ? parents[parent] : 1,
			  TRUNK_ALTERNATE);
	}
}

static inline struct tree *twelve(unsigned talkers)
{
	struct tree *tree = tree_start(12, talkers);

	link_twelve(tree);
	for (unsigned i = 0; i < 12; i++)
		tree_join(tree, i);
	return tree;
}

/* Nothing that came by a trunk goes back over it. */
static inline void expect_nothing_back(const struct tree *tree)
{
	for (unsigned w = 0; w < tree->n_wires; w += 2)
		for (unsigned i = 1; i <= TREE_MEMBERS; i++)
			expect(!tree->wires[w].by_origin[i] ||
				       !tree->wires[w + 1].by_origin[i],
			       "both ways over a trunk", w, i);
}

/* Whom all hear, the same everywhere; 0: they do not. */
static inline uint32_t heard_by_all(const struct tree *tree, unsigned frames)
{
	uint32_t chosen = 0;

	for (unsigned i = 0; i < tree->n_members; i++)
		if (!tree->hubs[tree->members[i].hub].dead)
			chosen |= tree_heard(tree, i, frames);
	for (unsigned i = 0; i < tree->n_members; i++) {
		uint32_t heard;

		if (tree->hubs[tree->members[i].hub].dead)
			continue;
		heard = tree_heard(tree, i, frames);
		if (heard != (chosen & ~(1u << i))) {
			g_test_message("%u hears %x of %x", i, heard, chosen);
			return 0;
		}
	}
	return chosen;
}

#endif
