#include "bridge/room/cascade_tree.h"

static void node_free(gpointer data)
{
	struct cascade_node *node = data;

	g_ptr_array_unref(node->waiting);
	g_free(node);
}

struct cascade *cascade_create(guint fan_out)
{
	struct cascade *cas = g_new0(struct cascade, 1);

	g_assert(fan_out >= 2 && fan_out <= CASCADE_MAX_FAN_OUT);
	cas->fan_out = fan_out;
	cas->by_id = g_hash_table_new_full(NULL, NULL, NULL, node_free);
	cas->levels = g_ptr_array_new_with_free_func(
		(GDestroyNotify)g_ptr_array_unref);
	cas->unsettled = g_ptr_array_new();
	cas->changed = g_hash_table_new(NULL, NULL);
	return cas;
}

void cascade_destroy(struct cascade **casp)
{
	struct cascade *cas = *casp;

	*casp = NULL;
	if (!cas)
		return;
	g_hash_table_unref(cas->by_id);
	g_ptr_array_unref(cas->levels);
	g_ptr_array_unref(cas->unsettled);
	g_hash_table_unref(cas->changed);
	g_free(cas);
}

static struct cascade_node *lookup(const struct cascade *cas, guint32 id)
{
	return g_hash_table_lookup(cas->by_id, GUINT_TO_POINTER(id));
}

static guint32 id_of(const struct cascade_node *node)
{
	return node ? node->hub.id : 0;
}

/* Alternates. */

static gboolean same_site(const struct cascade_node *a,
			  const struct cascade_node *b)
{
	return a->hub.site && a->hub.site == b->hub.site;
}

/* The nearest that does not die with the parent. All that are considered are
 * of lower rank. */
static struct cascade_node *find_alternate(const struct cascade *cas,
					   const struct cascade_node *node)
{
	const struct cascade_node *parent = node->parent;

	if (!parent || node == cas->vice)
		return NULL;
	for (struct cascade_node *it = parent->parent; it; it = it->parent)
		if (!same_site(it, parent))
			return it;
	if (!parent->parent || (cas->vice && !same_site(cas->vice, parent)))
		return cas->vice;
	return parent->parent;
}

static void mark_changed(struct cascade *cas, const struct cascade_node *node)
{
	g_hash_table_add(cas->changed, GUINT_TO_POINTER(node->hub.id));
}

static void refresh_alternate(struct cascade *cas, struct cascade_node *node)
{
	struct cascade_node *to = find_alternate(cas, node);

	if (to == node->alternate)
		return;
	mark_changed(cas, node);
	if (node->alternate) {
		g_ptr_array_remove_fast(node->alternate->waiting, node);
		mark_changed(cas, node->alternate);
	}
	if (to) {
		g_ptr_array_add(to->waiting, node);
		mark_changed(cas, to);
	}
	node->alternate = to;
}

/* Of the node, its children, and those below that look past it, because all
 * between are of one site. */
static void refresh_below(struct cascade *cas, struct cascade_node *node)
{
	refresh_alternate(cas, node);
	for (guint i = 0; i < node->n_children; i++) {
		struct cascade_node *child = node->child[i];

		if (same_site(child, node))
			refresh_below(cas, child);
		else
			refresh_alternate(cas, child);
	}
}

/* A vice-root stays unless it has become unfit. */
static gboolean fitter(const struct cascade_node *root,
		       const struct cascade_node *a,
		       const struct cascade_node *b,
		       const struct cascade_node *vice)
{
	if (!b)
		return TRUE;
	if (tree_carries(a) != tree_carries(b))
		return tree_carries(a);
	if (same_site(a, root) != same_site(b, root))
		return !same_site(a, root);
	if (a == vice || b == vice)
		return a == vice;
	return tree_better(a, b);
}

static void set_vice(struct cascade *cas, struct cascade_node *vice)
{
	struct cascade_node *root = tree_root(cas);

	if (cas->vice)
		mark_changed(cas, cas->vice);
	cas->vice = vice;
	if (vice)
		mark_changed(cas, vice);
	/* Who waited for the one waits for the other now. */
	if (root)
		refresh_below(cas, root);
}

static void settle_vice(struct cascade *cas)
{
	struct cascade_node *root = tree_root(cas), *best = NULL;

	for (guint i = 0; root && i < root->n_children; i++)
		if (fitter(root, root->child[i], best, cas->vice))
			best = root->child[i];
	if (best != cas->vice)
		set_vice(cas, best);
}

/* The end of each call that changes anything. */
static void settle(struct cascade *cas)
{
	settle_vice(cas);
	for (guint i = 0; i < cas->unsettled->len; i++) {
		struct cascade_node *node = cas->unsettled->pdata[i];
		guint32 parent = id_of(node->parent);

		cas->moves += !node->fresh && node->told != parent;
		node->told = parent;
		node->fresh = node->unsettled = FALSE;
		mark_changed(cas, node);
		refresh_below(cas, node);
	}
	g_ptr_array_set_size(cas->unsettled, 0);
}

/* Coming, going. */

/* The uppermost: it has the most to carry. */
static struct cascade_node *find_pressed(const struct cascade *cas)
{
	struct cascade_node *best = NULL;

	for (guint d = 0; cas->leaves && !best && d < cas->levels->len; d++) {
		const GPtrArray *level = cas->levels->pdata[d];

		for (guint i = 0; i < level->len; i++) {
			struct cascade_node *it = level->pdata[i];

			if (it->pressed && (!best || tree_better(best, it)))
				best = it;
		}
	}
	return best;
}

/* One who can carry takes over from one who should not have to. */
static void relieve(struct cascade *cas, struct cascade_node *pressed,
		    struct cascade_node *by)
{
	tree_replace(cas, pressed, by);
	tree_place(cas, pressed, NULL);
}

void cascade_wish_vice(struct cascade *cas, struct cascade_node *vice)
{
	set_vice(cas, vice);
	settle(cas);
}

void cascade_add_below(struct cascade *cas, const struct cascade_hub *hub,
		       struct cascade_node *wish)
{
	struct cascade_node *node = g_new0(struct cascade_node, 1), *pressed;

	node->hub = *hub;
	cas->leaves += !!hub->leaf;
	node->waiting = g_ptr_array_new();
	node->fresh = TRUE;
	g_hash_table_insert(cas->by_id, GUINT_TO_POINTER(hub->id), node);
	pressed = hub->leaf ? NULL : find_pressed(cas);
	if (pressed)
		relieve(cas, pressed, node);
	else
		tree_place(cas, node, wish);
	settle(cas);
}

gboolean cascade_add(struct cascade *cas, const struct cascade_hub *hub)
{
	if (!hub->id || lookup(cas, hub->id) || !tree_has_room(cas))
		return FALSE;
	cascade_add_below(cas, hub, NULL);
	return TRUE;
}

static void remove_node(struct cascade *cas, struct cascade_node *node)
{
	tree_vacate(cas, node);
	g_ptr_array_remove_fast(cas->unsettled, node);
	if (cas->vice == node)
		cas->vice = NULL;
	settle(cas);
	g_assert(!node->waiting->len);
	cas->leaves -= !!node->hub.leaf;
	if (node->alternate) {
		mark_changed(cas, node->alternate);
		g_ptr_array_remove_fast(node->alternate->waiting, node);
	}
	g_hash_table_remove(cas->changed, GUINT_TO_POINTER(node->hub.id));
	g_hash_table_remove(cas->by_id, GUINT_TO_POINTER(node->hub.id));
}

static gint deepest_first(gconstpointer a, gconstpointer b)
{
	const struct cascade_node *left = *(struct cascade_node *const *)a;
	const struct cascade_node *right = *(struct cascade_node *const *)b;

	if (left->depth != right->depth)
		return left->depth > right->depth ? -1 : 1;
	return (left->hub.id > right->hub.id) - (left->hub.id < right->hub.id);
}

/* The deepest first: so none takes the place of another that goes as well. */
void cascade_remove(struct cascade *cas, const guint32 *ids, guint n)
{
	g_autoptr(GPtrArray) nodes = g_ptr_array_new();

	for (guint i = 0; i < n; i++) {
		struct cascade_node *node = lookup(cas, ids[i]);

		if (node && !g_ptr_array_find(nodes, node, NULL))
			g_ptr_array_add(nodes, node);
	}
	g_ptr_array_sort(nodes, deepest_first);
	for (guint i = 0; i < nodes->len; i++)
		remove_node(cas, nodes->pdata[i]);
}

static gboolean another_carries(const struct cascade *cas,
				const struct cascade_node *node)
{
	GHashTableIter iter;
	gpointer it;

	g_hash_table_iter_init(&iter, cas->by_id);
	while (g_hash_table_iter_next(&iter, NULL, &it))
		if (it != node && !((struct cascade_node *)it)->hub.leaf)
			return TRUE;
	return FALSE;
}

static void become_leaf(struct cascade *cas, struct cascade_node *node)
{
	if (!node->n_children) {
		node->hub.leaf = TRUE;
	} else if (!another_carries(cas, node)) {
		node->hub.leaf = node->pressed = TRUE;
		tree_unsettle(cas, node);
	} else {
		tree_vacate(cas, node);
		node->hub.leaf = TRUE;
		tree_place(cas, node, NULL);
	}
}

static void become_carrier(struct cascade *cas, struct cascade_node *node)
{
	struct cascade_node *pressed;

	node->hub.leaf = FALSE;
	if (node->pressed) {
		node->pressed = FALSE;
		tree_unsettle(cas, node);
		return;
	}
	if (!find_pressed(cas))
		return;
	tree_vacate(cas, node);
	pressed = find_pressed(cas);
	if (pressed)
		relieve(cas, pressed, node);
	else
		tree_place(cas, node, NULL);
}

void cascade_update(struct cascade *cas, const struct cascade_hub *hub)
{
	struct cascade_node *node = lookup(cas, hub->id);

	if (!node)
		return;
	node->hub.since = hub->since;
	node->hub.members = hub->members;
	if (hub->leaf && !node->hub.leaf) {
		become_leaf(cas, node);
		cas->leaves++;
	} else if (!hub->leaf && node->hub.leaf) {
		become_carrier(cas, node);
		cas->leaves--;
	}
	settle(cas);
}

/* Questions. */

guint cascade_size(const struct cascade *cas)
{
	return g_hash_table_size(cas->by_id);
}

guint cascade_depth(const struct cascade *cas)
{
	return cas->levels->len ? cas->levels->len - 1 : 0;
}

gboolean cascade_place(const struct cascade *cas, guint32 id,
		       struct cascade_place *place_r)
{
	const struct cascade_node *node = lookup(cas, id);

	if (!node)
		return FALSE;
	*place_r = (struct cascade_place){
		.parent = id_of(node->parent),
		.alternate = id_of(node->alternate),
		.depth = node->depth,
		.root = !node->parent,
		.vice = node == cas->vice,
		.pressed = node->pressed,
		.n_children = node->n_children,
	};
	for (guint i = 0; i < node->n_children; i++)
		place_r->children[i] = id_of(node->child[i]);
	return TRUE;
}

guint32 cascade_root(const struct cascade *cas)
{
	return id_of(tree_root(cas));
}

GArray *cascade_waiting(const struct cascade *cas, guint32 id)
{
	const struct cascade_node *node = lookup(cas, id);
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint i = 0; node && i < node->waiting->len; i++) {
		guint32 it = id_of(node->waiting->pdata[i]);

		g_array_append_val(ids, it);
	}
	return ids;
}

GArray *cascade_ids(const struct cascade *cas)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint32));

	for (guint d = 0; d < cas->levels->len; d++) {
		const GPtrArray *level = cas->levels->pdata[d];

		for (guint i = 0; i < level->len; i++) {
			guint32 id = id_of(level->pdata[i]);

			g_array_append_val(ids, id);
		}
	}
	return ids;
}

GArray *cascade_take_changes(struct cascade *cas)
{
	GArray *ids = g_array_new(FALSE, FALSE, sizeof(guint32));
	GHashTableIter iter;
	gpointer key;

	g_hash_table_iter_init(&iter, cas->changed);
	while (g_hash_table_iter_next(&iter, &key, NULL)) {
		guint32 id = GPOINTER_TO_UINT(key);

		g_array_append_val(ids, id);
	}
	g_hash_table_remove_all(cas->changed);
	return ids;
}

guint64 cascade_moves(const struct cascade *cas)
{
	return cas->moves;
}
