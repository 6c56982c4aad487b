#include "bridge/room/cascade_tree.h"

/* The tree is grown again in the order of its levels, each hub under the
 * parent it had: where all levels but the last were full, each finds its old
 * place free. What is not connected with the root comes last. */

#define ORPHAN G_MAXUINT

struct sapling {
	const struct cascade_planned *planned;
	guint depth; /* as planned, or ORPHAN */
};

static gint order(gconstpointer a, gconstpointer b)
{
	const struct sapling *left = a, *right = b;
	const struct cascade_hub *old = &left->planned->hub;
	const struct cascade_hub *young = &right->planned->hub;

	if (left->depth != right->depth)
		return left->depth < right->depth ? -1 : 1;
	if (old->since != young->since)
		return old->since < young->since ? -1 : 1;
	return (old->id > young->id) - (old->id < young->id);
}

/* Of several that say they are root the eldest; the vice-root where the root
 * is not among them. */
static const struct cascade_planned *
find_root(const struct cascade_planned *hubs, guint n)
{
	const struct cascade_planned *root = NULL;

	for (guint i = 0; i < n; i++) {
		const struct cascade_planned *it = &hubs[i];

		if (!it->root && !it->vice)
			continue;
		if (!root || it->root > root->root ||
		    (it->root == root->root && it->hub.since < root->hub.since))
			root = it;
	}
	return root;
}

static guint planned_depth(GHashTable *by_id,
			   const struct cascade_planned *root,
			   const struct cascade_planned *it)
{
	guint depth = 0;

	for (; it && depth <= CASCADE_MAX_DEPTH; depth++) {
		if (it == root)
			return depth;
		it = g_hash_table_lookup(by_id, GUINT_TO_POINTER(it->parent));
	}
	return ORPHAN;
}

/* Whether the tree is what was planned, so that nobody need be told. */
static gboolean as_planned(const struct cascade *cas,
			   const struct cascade_planned *hubs, guint n)
{
	for (guint i = 0; i < n; i++) {
		struct cascade_place place;

		if (!cascade_place(cas, hubs[i].hub.id, &place) ||
		    place.parent != hubs[i].parent ||
		    place.root != hubs[i].root || place.vice != hubs[i].vice)
			return FALSE;
	}
	return TRUE;
}

static struct cascade_node *lookup(const struct cascade *cas, guint32 id)
{
	return g_hash_table_lookup(cas->by_id, GUINT_TO_POINTER(id));
}

static void restore_vice(struct cascade *cas,
			 const struct cascade_planned *hubs, guint n)
{
	for (guint i = 0; i < n; i++) {
		struct cascade_node *node = lookup(cas, hubs[i].hub.id);

		if (hubs[i].vice && node && node->parent &&
		    node->parent == tree_root(cas)) {
			cascade_wish_vice(cas, node);
			return;
		}
	}
}

void cascade_restore(struct cascade *cas, const struct cascade_planned *hubs,
		     guint n)
{
	const struct cascade_planned *root = find_root(hubs, n);
	g_autoptr(GHashTable) by_id = g_hash_table_new(NULL, NULL);
	g_autofree struct sapling *saplings = g_new(struct sapling, n);

	for (guint i = 0; i < n; i++)
		g_hash_table_insert(by_id, GUINT_TO_POINTER(hubs[i].hub.id),
				    (gpointer)&hubs[i]);
	for (guint i = 0; i < n; i++)
		saplings[i] = (struct sapling){
			.planned = &hubs[i],
			.depth = planned_depth(by_id, root, &hubs[i]),
		};
	if (n)
		qsort(saplings, n, sizeof(*saplings), order);
	for (guint i = 0; i < n; i++) {
		const struct cascade_planned *it = saplings[i].planned;

		if (it->hub.id && !lookup(cas, it->hub.id) &&
		    tree_has_room(cas))
			cascade_add_below(cas, &it->hub,
					  lookup(cas, it->parent));
	}
	restore_vice(cas, hubs, n);
	if (as_planned(cas, hubs, n))
		g_hash_table_remove_all(cas->changed);
}
