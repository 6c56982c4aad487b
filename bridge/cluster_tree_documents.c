/* The documents of a tree: what its owner writes, and what the next one reads
 * again. */
#include "bridge/cluster_tree_private.h"

#include <string.h>

static void fill_trunk(const struct cluster_tree *tree, const struct edge *edge,
		       gboolean at_child, struct document_trunk *trk_r)
{
	const struct hub *peer =
		cluster_tree_hub(tree, at_child ? edge->parent : edge->child);
	const struct document_site *site =
		cluster_sites_find(tree->sites, peer->site);

	if (at_child)
		trk_r->role = edge->alternate ? DOCUMENT_TRUNK_ALTERNATE
					      : DOCUMENT_TRUNK_PARENT;
	else
		trk_r->role = edge->alternate ? DOCUMENT_TRUNK_VICE
					      : DOCUMENT_TRUNK_CHILD;
	g_strlcpy(trk_r->id, edge->id, sizeof(trk_r->id));
	g_strlcpy(trk_r->site, peer->site, sizeof(trk_r->site));
	memcpy(trk_r->salt, edge->salt, sizeof(trk_r->salt));
	trk_r->protocol = edge->protocol;
	/* Who is waited for need not be known by an address. */
	if (!at_child || !site || peer->worker >= site->n_workers)
		return;
	for (guint i = 0; i < site->workers[peer->worker].n_candidates; i++) {
		const struct ipsp_candidate *cand =
			&site->workers[peer->worker].candidates[i];

		if (*cand->address)
			trk_r->addresses[trk_r->n_addresses++] = *cand;
	}
}

static void add_trunk(const struct cluster_tree *tree, GArray *trunks,
		      const struct edge *edge, gboolean at_child)
{
	struct document_trunk trk = { 0 };

	if (!edge || trunks->len == DOCUMENTS_MAX_TRUNKS ||
	    !cluster_tree_hub(tree, at_child ? edge->parent : edge->child))
		return;
	fill_trunk(tree, edge, at_child, &trk);
	g_array_append_val(trunks, trk);
}

static char *hub_text(const struct cluster_tree *tree, const struct hub *hub,
		      guint32 plan)
{
	g_autoptr(GArray) trunks =
		g_array_new(FALSE, FALSE, sizeof(struct document_trunk));
	const struct document_site *site =
		cluster_sites_find(tree->sites, hub->site);
	struct document_want_hub doc = {
		.plan = plan,
		.hub = hub->id,
		.worker = hub->worker,
		.sound = hub->sound,
		.root = hub->told_root,
		.vice = hub->told_vice,
	};

	if (site)
		g_strlcpy(doc.instance, site->instance, sizeof(doc.instance));
	add_trunk(tree, trunks, hub->told_parent, TRUE);
	add_trunk(tree, trunks, hub->told_alternate, TRUE);
	for (guint i = 0; i < tree->edges->len; i++) {
		const struct edge *edge = tree->edges->pdata[i];

		if (edge->parent == hub->id)
			add_trunk(tree, trunks, edge, FALSE);
	}
	doc.trunks = (void *)trunks->data;
	doc.n_trunks = trunks->len;
	return document_write(DOCUMENT_WANT_HUB, &doc);
}

char *cluster_tree_key(const struct cluster_tree *tree, const char *site)
{
	struct document_name name = { .kind = DOCUMENT_WANT_HUB };

	g_strlcpy(name.site, site, sizeof(name.site));
	g_strlcpy(name.room, tree->room, sizeof(name.room));
	return document_key(&name);
}

/* If it says anything new. */
static void write_hub(struct cluster_tree *tree, struct hub *hub)
{
	g_autofree char *text = hub_text(tree, hub, 0);
	g_autofree char *key = NULL;
	g_autofree char *value = NULL;

	if (!g_strcmp0(text, hub->text) ||
	    !cluster_sites_find(tree->sites, hub->site))
		return;
	g_free(hub->text);
	hub->text = g_steal_pointer(&text);
	hub->plan = ++tree->last_plan;
	key = cluster_tree_key(tree, hub->site);
	value = hub_text(tree, hub, hub->plan);
	tree->write(tree->room, key, value, tree->arg);
}

void cluster_tree_write(struct cluster_tree *tree)
{
	GHashTableIter iter;
	struct hub *hub;

	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub))
		write_hub(tree, hub);
}

/* What was written before. */

static void restore_trunk(struct cluster_tree *tree, struct hub *hub,
			  const struct document_trunk *trk)
{
	const gboolean alternate = trk->role == DOCUMENT_TRUNK_ALTERNATE;
	const struct hub *peer = g_hash_table_lookup(tree->by_site, trk->site);
	struct edge *edge;

	if (!peer || (trk->role != DOCUMENT_TRUNK_PARENT && !alternate))
		return;
	edge = g_new0(struct edge, 1);
	g_strlcpy(edge->id, trk->id, sizeof(edge->id));
	memcpy(edge->salt, trk->salt, sizeof(edge->salt));
	edge->protocol = trk->protocol;
	edge->child = hub->id;
	edge->parent = peer->id;
	edge->alternate = alternate;
	g_ptr_array_add(tree->edges, edge);
	if (alternate)
		hub->told_alternate = hub->alternate = edge;
	else
		hub->told_parent = hub->parent = edge;
}

void cluster_tree_restore(struct cluster_tree *tree, const char *site,
			  const struct document_want_hub *doc)
{
	struct hub *hub;

	if (g_hash_table_contains(tree->by_site, site) ||
	    cluster_tree_hub(tree, doc->hub))
		return;
	tree->restoring = TRUE;
	hub = cluster_tree_add_hub(tree, doc->hub, site, doc->worker);
	hub->sound = doc->sound;
	hub->root = hub->told_root = doc->root;
	hub->vice = hub->told_vice = doc->vice;
	hub->plan = doc->plan;
	/* Its trunks can be named only when all hubs are there. */
	hub->text = document_write(DOCUMENT_WANT_HUB, doc);
	tree->last_hub = MAX(tree->last_hub, doc->hub);
	tree->last_plan = MAX(tree->last_plan, doc->plan);
}

static void restore_trunks(struct cluster_tree *tree, struct hub *hub)
{
	struct document_want_hub doc;

	if (!hub->text || !document_read(DOCUMENT_WANT_HUB, &doc, hub->text,
					 strlen(hub->text), NULL))
		return;
	for (guint i = 0; i < doc.n_trunks; i++)
		restore_trunk(tree, hub, &doc.trunks[i]);
	document_clear(DOCUMENT_WANT_HUB, &doc);
}

void cluster_tree_restored(struct cluster_tree *tree)
{
	g_autoptr(GArray) hubs =
		g_array_new(FALSE, FALSE, sizeof(struct cascade_planned));
	GHashTableIter iter;
	struct hub *hub;

	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub))
		restore_trunks(tree, hub);
	g_hash_table_iter_init(&iter, tree->by_id);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hub)) {
		const struct cascade_planned one = {
			.hub = cluster_tree_planned(hub),
			.parent = hub->parent ? hub->parent->parent : 0,
			.root = hub->root,
			.vice = hub->vice,
		};

		g_free(hub->text);
		hub->text = hub_text(tree, hub, 0);
		hub->leaving = !hub->sessions;
		if (!hub->leaving)
			g_array_append_val(hubs, one);
	}
	tree->restoring = FALSE;
	cascade_restore(tree->plan, (const void *)hubs->data, hubs->len);
	tree->planned = TRUE;
}
