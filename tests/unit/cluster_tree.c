/* Hubs and trunks from plan to documents: make before break, whatever comes
 * and goes, and the next owner goes on with the same trunks. */
#include "bridge/cluster_tree.h"

#include <string.h>

#define ROOM  "hall@conf.test"
#define SITES 12

struct world {
	struct cluster_sites *sites;
	struct cluster_tree *tree;
	GHashTable *docs; /* site => struct document_want_hub, as written */
	guint writes;
	gboolean deaf; /* nothing is confirmed */
	gint64 now_ms;
	guint runs[SITES]; /* of each site */
	guint sessions[SITES];
};

static void free_doc(gpointer data)
{
	document_clear(DOCUMENT_WANT_HUB, data);
	g_free(data);
}

static const struct document_want_hub *doc_of(const struct world *wld,
					      const char *site)
{
	return g_hash_table_lookup(wld->docs, site);
}

static const struct document_trunk *
find_trunk(const struct document_want_hub *doc, const char *id)
{
	for (guint i = 0; doc && i < doc->n_trunks; i++)
		if (!strcmp(doc->trunks[i].id, id))
			return &doc->trunks[i];
	return NULL;
}

/* The trunk to its parent, if it has one that the parent knows too. */
static const struct document_trunk *
working_parent(const struct world *wld, const struct document_want_hub *doc)
{
	for (guint i = 0; doc && i < doc->n_trunks; i++) {
		const struct document_trunk *trk = &doc->trunks[i];

		if (trk->role == DOCUMENT_TRUNK_PARENT &&
		    find_trunk(doc_of(wld, trk->site), trk->id))
			return trk;
	}
	return NULL;
}

static gboolean has_people(const struct world *wld, const char *site)
{
	return wld->sessions[*site - 'a'] > 0;
}

/* What a single write may do: a hub with people that had a parent that worked
 * has one that works afterwards, unless it is root. */
static void write_doc(const char *room, const char *key, const char *value,
		      void *arg)
{
	struct world *wld = arg;
	struct document_name name;
	struct document_want_hub *doc = NULL;
	g_autoptr(GPtrArray) had = g_ptr_array_new();
	GHashTableIter iter;
	const char *site;
	const struct document_want_hub *before;

	g_assert_cmpstr(room, ==, ROOM);
	g_assert_true(document_name(&name, key));
	g_assert_cmpint(name.kind, ==, DOCUMENT_WANT_HUB);
	g_hash_table_iter_init(&iter, wld->docs);
	while (g_hash_table_iter_next(&iter, (void **)&site,
				      (void **)&before)) {
		const struct document_trunk *trk = working_parent(wld, before);

		if (trk && has_people(wld, site) &&
		    cluster_sites_find(wld->sites, site) &&
		    cluster_sites_find(wld->sites, trk->site))
			g_ptr_array_add(had, (void *)site);
	}
	if (value) {
		doc = g_new0(struct document_want_hub, 1);
		g_assert_true(document_read(DOCUMENT_WANT_HUB, doc, value,
					    strlen(value), NULL));
		g_hash_table_insert(wld->docs, g_strdup(name.site), doc);
	} else {
		for (guint i = 0; i < had->len; i++)
			if (!strcmp(had->pdata[i], name.site))
				g_ptr_array_remove_index(had, i--);
		g_hash_table_remove(wld->docs, name.site);
	}
	wld->writes++;
	for (guint i = 0; i < had->len; i++) {
		const struct document_want_hub *now =
			doc_of(wld, had->pdata[i]);

		g_assert_nonnull(now);
		if (!wld->deaf)
			g_assert_true(now->root || working_parent(wld, now));
	}
}

static const char *name_of(guint i)
{
	static const char *const names[SITES] = {
		"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"
	};

	return names[i];
}

/* Each third site is of the next release, as far as trunks go. */
static guint newest_of(const char *site)
{
	return *site % 3 ? 1 : 2;
}

static void site_comes(struct world *wld, guint i)
{
	struct document_site doc = { .n_workers = 1,
				     .gates = 2,
				     .sessions_per_gate = 5,
				     .protocol_min = 1,
				     .protocol_max = newest_of(name_of(i)) };

	doc.workers = g_new0(struct document_worker, 1);
	doc.workers[0].open = TRUE;
	doc.workers[0].n_candidates = 1;
	g_strlcpy(doc.workers[0].candidates[0].transport, "udp", 4);
	g_strlcpy(doc.workers[0].candidates[0].address, "192.0.2.1", 46);
	doc.workers[0].candidates[0].port = (guint16)(40000 + i);
	g_strlcpy(doc.site, name_of(i), sizeof(doc.site));
	g_snprintf(doc.instance, sizeof(doc.instance), "run-%u",
		   ++wld->runs[i]);
	cluster_sites_set(wld->sites, name_of(i), &doc);
}

static void site_dies(struct world *wld, guint i)
{
	cluster_sites_set(wld->sites, name_of(i), NULL);
	cluster_tree_lost(wld->tree, name_of(i));
	g_assert_null(doc_of(wld, name_of(i)));
}

static void confirm(struct world *wld)
{
	GHashTableIter iter;
	const char *site;
	const struct document_want_hub *doc;

	g_hash_table_iter_init(&iter, wld->docs);
	while (g_hash_table_iter_next(&iter, (void **)&site, (void **)&doc))
		cluster_tree_told(wld->tree, site, doc->plan);
}

static void settle(struct world *wld)
{
	for (guint i = 0; i < 8; i++) {
		cluster_tree_run(wld->tree, wld->now_ms);
		if (!wld->deaf)
			confirm(wld);
		else
			wld->now_ms += CLUSTER_TREE_LATE_MS;
	}
	g_assert_true(cluster_tree_is_settled(wld->tree));
}

static void begin(struct world *wld_r)
{
	static const struct document_sound sound = { .talkers = 5,
						     .bitrate = 32000 };

	memset(wld_r, 0, sizeof(*wld_r));
	wld_r->now_ms = 1000;
	wld_r->sites = cluster_sites_create();
	wld_r->docs = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    free_doc);
	wld_r->tree = cluster_tree_create(ROOM, wld_r->sites, write_doc, wld_r);
	cluster_tree_set_sound(wld_r->tree, &sound);
}

static void end(struct world *wld)
{
	cluster_tree_destroy(&wld->tree);
	cluster_sites_destroy(&wld->sites);
	g_hash_table_unref(wld->docs);
}

/* Once all is settled: one root, each other a parent that knows it; no trunk
 * of which only one end knows, or in a version that one does not speak. */
static void check(const struct world *wld)
{
	GHashTableIter iter;
	const char *site;
	const struct document_want_hub *doc;
	guint roots = 0;

	g_assert_cmpuint(g_hash_table_size(wld->docs), ==,
			 cluster_tree_hubs(wld->tree));
	g_hash_table_iter_init(&iter, wld->docs);
	while (g_hash_table_iter_next(&iter, (void **)&site, (void **)&doc)) {
		roots += doc->root;
		g_assert_true(doc->root || working_parent(wld, doc));
		for (guint i = 0; i < doc->n_trunks; i++) {
			const struct document_trunk *trk = &doc->trunks[i];
			const struct document_trunk *other =
				find_trunk(doc_of(wld, trk->site), trk->id);

			g_assert_nonnull(other);
			g_assert_cmpmem(trk->salt, sizeof(trk->salt),
					other->salt, sizeof(other->salt));
			g_assert_cmpuint(trk->protocol, ==, other->protocol);
			g_assert_cmpuint(
				trk->protocol, ==,
				MIN(newest_of(site), newest_of(trk->site)));
		}
	}
	if (g_hash_table_size(wld->docs))
		g_assert_cmpuint(roots, ==, 1);
}

static void set(struct world *wld, guint i, guint sessions)
{
	wld->sessions[i] = sessions;
	cluster_tree_set(wld->tree, name_of(i), 0, sessions);
}

static void hubs_that_come_are_joined_at_once(void)
{
	struct world wld;

	begin(&wld);
	for (guint i = 0; i < SITES; i++) {
		site_comes(&wld, i);
		set(&wld, i, 1);
		cluster_tree_run(wld.tree, wld.now_ms);
		/* Without having waited for anybody. */
		g_assert_true(doc_of(&wld, name_of(i))->root ||
			      working_parent(&wld, doc_of(&wld, name_of(i))));
		settle(&wld);
		check(&wld);
	}
	g_assert_cmpuint(cluster_tree_depth(wld.tree), ==, 2);
	end(&wld);
}

static void come_and_go(struct world *wld, GRand *rand, guint rounds)
{
	for (guint round = 0; round < rounds; round++) {
		const guint i = (guint)g_rand_int_range(rand, 0, SITES);
		const gboolean here =
			cluster_sites_find(wld->sites, name_of(i)) != NULL;

		if (!here)
			site_comes(wld, i);
		else if (g_rand_int_range(rand, 0, 4) == 0)
			site_dies(wld, i);
		set(wld, i, (guint)g_rand_int_range(rand, 0, 3));
		/* Sometimes in the middle of a change. */
		cluster_tree_run(wld->tree, wld->now_ms);
		if (g_rand_boolean(rand))
			continue;
		settle(wld);
		check(wld);
	}
	settle(wld);
	check(wld);
}

static void nobody_loses_a_parent_before_the_new_one_is_there(void)
{
	GRand *rand = g_rand_new_with_seed(1);

	for (guint i = 0; i < 50; i++) {
		struct world wld;

		begin(&wld);
		come_and_go(&wld, rand, 100);
		end(&wld);
	}
	g_rand_free(rand);
}

static void sites_that_confirm_nothing_do_not_hold_it_up(void)
{
	GRand *rand = g_rand_new_with_seed(2);
	struct world wld;

	begin(&wld);
	wld.deaf = TRUE;
	come_and_go(&wld, rand, 200);
	end(&wld);
	g_rand_free(rand);
}

static void the_next_owner_writes_nothing_that_is_written(void)
{
	struct world wld;
	GHashTableIter iter;
	const char *site;
	const struct document_want_hub *doc;
	struct cluster_tree *next;
	guint writes;

	begin(&wld);
	for (guint i = 0; i < SITES; i++) {
		site_comes(&wld, i);
		set(&wld, i, 1);
		settle(&wld);
	}
	next = cluster_tree_create(ROOM, wld.sites, write_doc, &wld);
	g_hash_table_iter_init(&iter, wld.docs);
	while (g_hash_table_iter_next(&iter, (void **)&site, (void **)&doc))
		cluster_tree_restore(next, site, doc);
	for (guint i = 0; i < SITES; i++)
		cluster_tree_set(next, name_of(i), 0, 1);
	cluster_tree_restored(next);
	cluster_tree_destroy(&wld.tree);
	wld.tree = next;
	writes = wld.writes;
	settle(&wld);
	g_assert_cmpuint(wld.writes, ==, writes);
	check(&wld);
	/* And goes on. */
	site_dies(&wld, 0);
	settle(&wld);
	check(&wld);
	end(&wld);
}

static void another_run_of_a_site_gets_other_keys(void)
{
	struct world wld;
	char id[64];

	begin(&wld);
	for (guint i = 0; i < 2; i++) {
		site_comes(&wld, i);
		set(&wld, i, 1);
		settle(&wld);
	}
	g_strlcpy(id, doc_of(&wld, "b")->trunks[0].id, sizeof(id));
	site_dies(&wld, 1);
	site_comes(&wld, 1);
	cluster_tree_set(wld.tree, "b", 0, 1);
	settle(&wld);
	check(&wld);
	g_assert_null(find_trunk(doc_of(&wld, "b"), id));
	g_assert_cmpstr(doc_of(&wld, "b")->instance, ==, "run-2");
	end(&wld);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name) g_test_add_func("/cluster tree/" #name, name)
	ADD(hubs_that_come_are_joined_at_once);
	ADD(nobody_loses_a_parent_before_the_new_one_is_there);
	ADD(sites_that_confirm_nothing_do_not_hold_it_up);
	ADD(the_next_owner_writes_nothing_that_is_written);
	ADD(another_run_of_a_site_gets_other_keys);
#undef ADD
	return g_test_run();
}
