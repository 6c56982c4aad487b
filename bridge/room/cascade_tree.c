#include "bridge/room/cascade_tree.h"

/* All levels but the last are full: level d holds fan_out^d hubs. Hence all
 * above the last but one carry; leaves are only in the last two. A place that
 * becomes free above the last level is filled from the last one, whose hubs
 * have no children to take along. */

void tree_unsettle(struct cascade *cas, struct cascade_node *node)
{
	if (node->unsettled)
		return;
	node->unsettled = TRUE;
	g_ptr_array_add(cas->unsettled, node);
}

gboolean tree_carries(const struct cascade_node *node)
{
	return !node->hub.leaf || node->pressed;
}

gboolean tree_better(const struct cascade_node *a, const struct cascade_node *b)
{
	if (tree_carries(a) != tree_carries(b))
		return tree_carries(a);
	if (a->pressed != b->pressed)
		return b->pressed;
	if (a->hub.since != b->hub.since)
		return a->hub.since < b->hub.since;
	if (a->hub.members != b->hub.members)
		return a->hub.members < b->hub.members;
	return a->hub.id < b->hub.id;
}

static GPtrArray *level_at(const struct cascade *cas, guint depth)
{
	return g_ptr_array_index(cas->levels, depth);
}

static GPtrArray *last_level(const struct cascade *cas)
{
	return level_at(cas, cas->levels->len - 1);
}

/* NULL: the last level is the first. */
static GPtrArray *last_but_one(const struct cascade *cas)
{
	guint n = cas->levels->len;

	return n > 1 ? level_at(cas, n - 2) : NULL;
}

struct cascade_node *tree_root(const struct cascade *cas)
{
	return cas->levels->len ? level_at(cas, 0)->pdata[0] : NULL;
}

gboolean tree_has_room(const struct cascade *cas)
{
	guint64 most = 1;

	for (guint d = 0; d < CASCADE_MAX_DEPTH; d++)
		most = most * cas->fan_out + 1;
	return g_hash_table_size(cas->by_id) < most;
}

static void enter_level(struct cascade *cas, struct cascade_node *node)
{
	GPtrArray *level;

	if (node->depth == cas->levels->len)
		g_ptr_array_add(cas->levels, g_ptr_array_new());
	level = level_at(cas, node->depth);
	node->index = level->len;
	g_ptr_array_add(level, node);
}

static void leave_level(struct cascade *cas, struct cascade_node *node)
{
	GPtrArray *level = level_at(cas, node->depth);
	struct cascade_node *last = level->pdata[level->len - 1];

	last->index = node->index;
	level->pdata[node->index] = last;
	g_ptr_array_set_size(level, (gint)level->len - 1);
	if (!level->len)
		g_ptr_array_set_size(cas->levels, (gint)node->depth);
}

static guint child_index(const struct cascade_node *node)
{
	guint i = 0;

	while (node->parent->child[i] != node)
		i++;
	return i;
}

static void link_to(struct cascade *cas, struct cascade_node *node,
		    struct cascade_node *parent)
{
	node->parent = parent;
	node->depth = parent ? parent->depth + 1 : 0;
	if (parent) {
		parent->child[parent->n_children++] = node;
		tree_unsettle(cas, parent);
	}
	enter_level(cas, node);
	tree_unsettle(cas, node);
}

/* Of one without children. */
static void unlink_node(struct cascade *cas, struct cascade_node *node)
{
	struct cascade_node *parent = node->parent;

	if (parent) {
		parent->child[child_index(node)] =
			parent->child[--parent->n_children];
		parent->pressed = parent->pressed && parent->n_children;
		tree_unsettle(cas, parent);
	}
	leave_level(cas, node);
	node->parent = NULL;
	tree_unsettle(cas, node);
}

void tree_replace(struct cascade *cas, struct cascade_node *node,
		  struct cascade_node *by)
{
	by->depth = node->depth;
	by->index = node->index;
	level_at(cas, by->depth)->pdata[by->index] = by;
	by->parent = node->parent;
	if (by->parent) {
		by->parent->child[child_index(node)] = by;
		tree_unsettle(cas, by->parent);
	}
	by->n_children = node->n_children;
	for (guint i = 0; i < by->n_children; i++) {
		by->child[i] = node->child[i];
		by->child[i]->parent = by;
		tree_unsettle(cas, by->child[i]);
	}
	by->pressed = by->hub.leaf && by->n_children;
	node->parent = NULL;
	node->n_children = 0;
	node->pressed = FALSE;
	tree_unsettle(cas, node);
	tree_unsettle(cas, by);
}

static gboolean can_take(const struct cascade *cas,
			 const struct cascade_node *node)
{
	return tree_carries(node) && node->n_children < cas->fan_out;
}

/* Who of the level takes the child: of its own site, for then the trunk is
 * within a process, else who has the least to carry. */
static struct cascade_node *find_parent(const struct cascade *cas,
					const GPtrArray *level,
					const struct cascade_node *child,
					struct cascade_node *wish)
{
	struct cascade_node *best = NULL;
	gboolean best_near = FALSE;

	for (guint i = 0; level && i < level->len; i++) {
		struct cascade_node *it = level->pdata[i];
		gboolean near =
			child->hub.site && child->hub.site == it->hub.site;

		if (!can_take(cas, it))
			continue;
		if (it == wish)
			return it;
		if (!best || near > best_near ||
		    (near == best_near &&
		     (it->n_children < best->n_children ||
		      (it->n_children == best->n_children &&
		       tree_better(it, best))))) {
			best = it;
			best_near = near;
		}
	}
	return best;
}

/* The best of those in the level that carry, or of those that do not. */
static struct cascade_node *find(const GPtrArray *level, gboolean carries)
{
	struct cascade_node *best = NULL;

	for (guint i = 0; level && i < level->len; i++) {
		struct cascade_node *it = level->pdata[i];

		if (tree_carries(it) == carries &&
		    (!best || tree_better(it, best)))
			best = it;
	}
	return best;
}

/* Nobody carries another child: the one wished for has to, or the best of the
 * level. */
static void press(struct cascade *cas, const GPtrArray *level,
		  struct cascade_node *child, struct cascade_node *wish)
{
	struct cascade_node *it =
		wish && wish->depth + 1 <= cas->levels->len &&
				level_at(cas, wish->depth) == level &&
				!tree_carries(wish)
			? wish
			: find(level, FALSE);

	g_assert(it); /* else one who carries would have been found */
	it->pressed = TRUE;
	link_to(cas, child, it);
}

/* `by`, loose, takes the place of a leaf that has no children, and the leaf
 * becomes its child. */
static void push_down(struct cascade *cas, struct cascade_node *leaf,
		      struct cascade_node *by)
{
	tree_replace(cas, leaf, by);
	link_to(cas, leaf, by);
}

void tree_place(struct cascade *cas, struct cascade_node *node,
		struct cascade_node *wish)
{
	GPtrArray *above = last_but_one(cas), *last;
	struct cascade_node *parent, *leaf, *up;

	if (!cas->levels->len) {
		link_to(cas, node, NULL);
		return;
	}
	last = last_level(cas);
	parent = find_parent(cas, above, node, wish);
	leaf = find(above, FALSE);
	/* The last level is full: a new one begins. */
	if (!parent && !leaf)
		parent = find_parent(cas, last, node, wish);
	if (parent) {
		link_to(cas, node, parent);
		return;
	}
	/* Leaves are where somebody is needed who carries. */
	if (tree_carries(node)) {
		push_down(cas, leaf ? leaf : find(last, FALSE), node);
		return;
	}
	up = leaf ? find(last, TRUE) : NULL;
	if (up) {
		unlink_node(cas, up);
		push_down(cas, leaf, up);
		link_to(cas, node, up);
		return;
	}
	press(cas, leaf ? above : last, node, wish);
}

/* How well one of the last level would do in the place of a node above it. A
 * child of that node is best: one trunk less is moved. One from far below it is
 * worst: who hears of the change before that one has would be above himself. */
static guint fitness(const struct cascade_node *filler,
		     const struct cascade_node *node)
{
	const struct cascade_node *it = filler;

	if (filler->parent == node)
		return 2;
	while (it->depth > node->depth)
		it = it->parent;
	return it != node;
}

static struct cascade_node *find_filler(const GPtrArray *last,
					const struct cascade_node *node)
{
	struct cascade_node *best = NULL;
	guint best_fitness = 0;

	for (guint i = 0; i < last->len; i++) {
		struct cascade_node *it = last->pdata[i];
		guint fit;

		if (!tree_carries(it))
			continue;
		fit = fitness(it, node);
		if (!best || fit > best_fitness ||
		    (fit == best_fitness && tree_better(it, best))) {
			best = it;
			best_fitness = fit;
		}
	}
	return best;
}

/* Its children are leaves, and nobody below carries: the best of them takes
 * the place and the others go where there is room. */
static void disperse(struct cascade *cas, struct cascade_node *node)
{
	struct cascade_node *other[CASCADE_MAX_FAN_OUT], *heir = node->child[0];
	guint n = 0;

	for (guint i = 1; i < node->n_children; i++)
		if (tree_better(node->child[i], heir))
			heir = node->child[i];
	unlink_node(cas, heir);
	while (node->n_children) {
		other[n] = node->child[0];
		unlink_node(cas, other[n++]);
	}
	tree_replace(cas, node, heir);
	while (n)
		tree_place(cas, other[--n], NULL);
}

/* Of those that carry the last level: it takes the fewest along. */
static struct cascade_node *least_laden(const GPtrArray *level)
{
	struct cascade_node *best = NULL;

	for (guint i = 0; i < level->len; i++) {
		struct cascade_node *it = level->pdata[i];

		if (tree_carries(it) &&
		    (!best || it->n_children < best->n_children ||
		     (it->n_children == best->n_children &&
		      tree_better(it, best))))
			best = it;
	}
	return best;
}

static void vacate_below_root(struct cascade *cas, struct cascade_node *node)
{
	GPtrArray *last = last_level(cas);
	struct cascade_node *filler;

	if (node->depth + 1 == cas->levels->len) {
		unlink_node(cas, node);
		return;
	}
	filler = find_filler(last, node);
	if (!filler && !node->n_children)
		filler = find(last, FALSE);
	if (filler) {
		unlink_node(cas, filler);
		tree_replace(cas, node, filler);
	} else if (node->depth + 2 == cas->levels->len) {
		disperse(cas, node);
	} else {
		filler = least_laden(last_but_one(cas));
		vacate_below_root(cas, filler);
		tree_replace(cas, node, filler);
	}
}

void tree_vacate(struct cascade *cas, struct cascade_node *node)
{
	struct cascade_node *heir = cas->vice;

	if (node->parent) {
		vacate_below_root(cas, node);
		return;
	}
	if (!node->n_children) {
		unlink_node(cas, node);
		return;
	}
	vacate_below_root(cas, heir);
	tree_replace(cas, node, heir);
}
