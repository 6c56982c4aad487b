#include "bridge/cluster_tree_private.h"

#include <openssl/rand.h>
#include <string.h>

#include "bridge/gate/trunk.h"

#define ID_BYTES 9 /* of a trunk: 12 letters */

static void free_hub(gpointer data)
{
	struct hub *hub = data;

	g_free(hub->text);
	g_free(hub);
}

struct cluster_tree *cluster_tree_create(const char *room,
					 const struct cluster_sites *sites,
					 cluster_write_func write, void *arg)
{
	struct cluster_tree *tree = g_new0(struct cluster_tree, 1);

	tree->room = g_strdup(room);
	tree->sites = sites;
	tree->write = write;
	tree->arg = arg;
	tree->plan = cascade_create(CASCADE_FAN_OUT);
	tree->by_id = g_hash_table_new(NULL, NULL);
	tree->by_site =
		g_hash_table_new_full(g_str_hash, g_str_equal, NULL, free_hub);
	tree->edges = g_ptr_array_new_with_free_func(g_free);
	return tree;
}

void cluster_tree_destroy(struct cluster_tree **treep)
{
	struct cluster_tree *tree = *treep;

	*treep = NULL;
	if (!tree)
		return;
	cascade_destroy(&tree->plan);
	g_hash_table_unref(tree->by_id);
	g_hash_table_unref(tree->by_site);
	g_ptr_array_unref(tree->edges);
	g_free(tree->room);
	g_free(tree);
}

void cluster_tree_set_sound(struct cluster_tree *tree,
			    const struct document_sound *sound)
{
	tree->sound = *sound;
}

guint cluster_tree_hubs(const struct cluster_tree *tree)
{
	return g_hash_table_size(tree->by_id);
}

guint cluster_tree_depth(const struct cluster_tree *tree)
{
	return cascade_depth(tree->plan);
}

gboolean cluster_tree_is_settled(const struct cluster_tree *tree)
{
	return tree->step == SETTLED && !tree->planned;
}

struct hub *cluster_tree_hub(const struct cluster_tree *tree, guint32 id)
{
	return g_hash_table_lookup(tree->by_id, GUINT_TO_POINTER(id));
}

struct hub *cluster_tree_add_hub(struct cluster_tree *tree, guint32 id,
				 const char *site, guint worker)
{
	struct hub *hub = g_new0(struct hub, 1);

	hub->id = id;
	hub->worker = worker;
	hub->sound = tree->sound;
	g_strlcpy(hub->site, site, sizeof(hub->site));
	g_hash_table_insert(tree->by_id, GUINT_TO_POINTER(id), hub);
	g_hash_table_insert(tree->by_site, hub->site, hub);
	return hub;
}

/* Edges. */

/* The newest version of trunks that both hubs' sites speak. */
static guint common_protocol(const struct cluster_tree *tree, guint32 child,
			     guint32 parent)
{
	const struct hub *ends[] = { cluster_tree_hub(tree, child),
				     cluster_tree_hub(tree, parent) };
	guint low = 0, high = TRUNK_PROTOCOL;

	for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
		const struct document_site *site =
			ends[i] ? cluster_sites_find(tree->sites, ends[i]->site)
				: NULL;

		if (!site)
			continue;
		low = MAX(low, site->protocol_min);
		high = i ? MIN(high, site->protocol_max) : site->protocol_max;
	}
	if (low > high)
		g_critical("cluster: room=%s: the releases of site=%s and %s "
			   "are too far apart for a trunk; upgrade the older",
			   tree->room, ends[0] ? ends[0]->site : "?",
			   ends[1] ? ends[1]->site : "?");
	return high;
}

static struct edge *new_edge(struct cluster_tree *tree, guint32 child,
			     guint32 parent, gboolean alternate)
{
	struct edge *edge = g_new0(struct edge, 1);
	guint8 random[ID_BYTES];
	g_autofree char *id = NULL;

	if (RAND_bytes(edge->salt, sizeof(edge->salt)) != 1 ||
	    RAND_bytes(random, sizeof(random)) != 1)
		g_error("cluster: the system gives no random bytes");
	id = keys_base64url(random, sizeof(random));
	g_strlcpy(edge->id, id, sizeof(edge->id));
	edge->child = child;
	edge->parent = parent;
	edge->alternate = alternate;
	edge->protocol = common_protocol(tree, child, parent);
	g_ptr_array_add(tree->edges, edge);
	return edge;
}

static void forget_edge(struct hub *hub, const struct edge *edge)
{
	struct edge **const ends[] = { &hub->parent, &hub->alternate,
				       &hub->told_parent,
				       &hub->told_alternate };

	for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
		if (*ends[i] == edge)
			*ends[i] = NULL;
}

static gboolean is_used(const struct cluster_tree *tree,
			const struct edge *edge)
{
	const struct hub *hub = cluster_tree_hub(tree, edge->child);

	return hub && !hub->leaving &&
	       (hub->parent == edge || hub->alternate == edge ||
		hub->told_parent == edge || hub->told_alternate == edge);
}

static void drop_unused(struct cluster_tree *tree)
{
	for (guint i = tree->edges->len; i-- > 0;) {
		struct edge *edge = tree->edges->pdata[i];
		struct hub *hub = cluster_tree_hub(tree, edge->child);

		if (is_used(tree, edge))
			continue;
		if (hub)
			forget_edge(hub, edge);
		g_ptr_array_remove_index_fast(tree->edges, i);
	}
}

/* Hubs come and go. */

static void remove_hub(struct cluster_tree *tree, struct hub *hub)
{
	const guint32 id = hub->id;

	for (guint i = tree->edges->len; i-- > 0;) {
		struct edge *edge = tree->edges->pdata[i];
		struct hub *child = cluster_tree_hub(tree, edge->child);

		if (edge->child != id && edge->parent != id)
			continue;
		if (child)
			forget_edge(child, edge);
		g_ptr_array_remove_index_fast(tree->edges, i);
	}
	g_hash_table_remove(tree->by_id, GUINT_TO_POINTER(id));
	g_hash_table_remove(tree->by_site, hub->site);
}

void cluster_tree_lost(struct cluster_tree *tree, const char *site)
{
	struct hub *hub = g_hash_table_lookup(tree->by_site, site);
	g_autofree char *key = NULL;

	if (!hub)
		return;
	key = cluster_tree_key(tree, site);
	tree->write(tree->room, key, NULL, tree->arg);
	if (!hub->leaving)
		cascade_remove(tree->plan, &hub->id, 1);
	remove_hub(tree, hub);
	tree->planned = TRUE;
}

struct cascade_hub cluster_tree_planned(const struct hub *hub)
{
	/* Who came first has the smaller number. */
	return (struct cascade_hub){
		.id = hub->id,
		.site = g_quark_from_string(hub->site),
		.since = hub->id,
		.members = hub->sessions,
		.leaf = hub->leaf,
	};
}

void cluster_tree_set(struct cluster_tree *tree, const char *site, guint worker,
		      guint sessions)
{
	struct hub *hub = g_hash_table_lookup(tree->by_site, site);
	const struct document_site *doc = cluster_sites_find(tree->sites, site);
	const gboolean leaf = doc && (doc->draining || doc->has_lent);
	struct cascade_hub planned;

	/* What is left over of a dead site makes no hub. */
	if (!hub && (!sessions || !doc))
		return;
	if (!hub)
		hub = cluster_tree_add_hub(tree, ++tree->last_hub, site,
					   worker);
	else if (hub->sessions == sessions && hub->leaf == leaf)
		return;
	else if (!sessions && !hub->leaving && !tree->restoring)
		cascade_remove(tree->plan, &hub->id, 1);
	tree->planned = TRUE;
	hub->sessions = sessions;
	hub->leaf = leaf;
	hub->leaving = !sessions;
	if (!sessions || tree->restoring)
		return;
	planned = cluster_tree_planned(hub);
	if (!cascade_add(tree->plan, &planned))
		cascade_update(tree->plan, &planned);
}

void cluster_tree_told(struct cluster_tree *tree, const char *site,
		       guint32 plan)
{
	struct hub *hub = g_hash_table_lookup(tree->by_site, site);

	if (hub)
		hub->done = plan;
}

void cluster_tree_write_again(struct cluster_tree *tree)
{
	GHashTableIter iter;
	struct hub *hub;

	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub))
		g_clear_pointer(&hub->text, g_free);
	tree->planned = TRUE;
}

/* Steps. */

/* The edge of the plan: the one that is there already, or a new one. */
static void aim(struct cluster_tree *tree, struct hub *hub, guint32 parent,
		gboolean alternate)
{
	struct edge **edgep = alternate ? &hub->alternate : &hub->parent;
	struct edge *told = alternate ? hub->told_alternate : hub->told_parent;

	if (*edgep && (*edgep)->parent == parent)
		return;
	if (told && told->parent == parent)
		*edgep = told;
	else
		*edgep = parent ? new_edge(tree, hub->id, parent, alternate)
				: NULL;
}

static void take_plan(struct cluster_tree *tree)
{
	g_autoptr(GArray) ids = cascade_take_changes(tree->plan);

	for (guint i = 0; i < ids->len; i++) {
		struct hub *hub =
			cluster_tree_hub(tree, g_array_index(ids, guint32, i));
		struct cascade_place place;

		if (!hub || !cascade_place(tree->plan, hub->id, &place))
			continue;
		aim(tree, hub, place.parent, FALSE);
		aim(tree, hub, place.alternate, TRUE);
		hub->root = place.root;
		hub->vice = place.vice;
	}
}

/* All of them, or only who has no parent to lose. */
static void tell_parents(struct cluster_tree *tree, gboolean all)
{
	GHashTableIter iter;
	struct hub *hub;

	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub)) {
		/* Where it was root there is sound below it: not broken. */
		if (hub->leaving ||
		    (!all && (hub->told_parent || hub->told_root)))
			continue;
		hub->told_parent = hub->parent;
		hub->told_alternate = hub->alternate;
		hub->told_root = hub->root;
		hub->told_vice = hub->vice;
	}
}

static void remove_left(struct cluster_tree *tree)
{
	GHashTableIter iter;
	struct hub *hub;
	g_autoptr(GPtrArray) left = g_ptr_array_new();

	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub))
		if (hub->leaving)
			g_ptr_array_add(left, hub);
	for (guint i = 0; i < left->len; i++) {
		g_autofree char *key = NULL;

		hub = left->pdata[i];
		key = cluster_tree_key(tree, hub->site);
		tree->write(tree->room, key, NULL, tree->arg);
		remove_hub(tree, hub);
	}
}

/* Those who are not here any more are not waited for. */
static gboolean is_done(const struct cluster_tree *tree, gint64 now_ms)
{
	GHashTableIter iter;
	const struct hub *hub;

	if (now_ms - tree->step_ms >= CLUSTER_TREE_LATE_MS)
		return TRUE;
	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub))
		if (hub->done < hub->plan &&
		    cluster_sites_find(tree->sites, hub->site))
			return FALSE;
	return TRUE;
}

static void take_step(struct cluster_tree *tree, gint64 now_ms)
{
	tree->step_ms = now_ms;
	switch (tree->step) {
	case SETTLED:
		return;
	case CHILDREN_EXPECTED:
		tell_parents(tree, FALSE);
		break;
	case PARENTS_TOLD:
		tell_parents(tree, TRUE);
		break;
	case OLD_ONES_GONE:
		drop_unused(tree);
		remove_left(tree);
		break;
	}
	cluster_tree_write(tree);
}

void cluster_tree_run(struct cluster_tree *tree, gint64 now_ms)
{
	if (tree->planned) {
		tree->planned = FALSE;
		take_plan(tree);
		tree->step = CHILDREN_EXPECTED;
		take_step(tree, now_ms);
	}
	while (tree->step != SETTLED && is_done(tree, now_ms)) {
		tree->step =
			tree->step == OLD_ONES_GONE ? SETTLED : tree->step + 1;
		take_step(tree, now_ms);
	}
}
