#include "bridge/directory/local.h"

#include <gio/gio.h>
#include <string.h>

#include "bridge/directory/directory_kind.h"

/* What etcd is to a cluster: the items, and all who have opened them. */
struct store {
	guint refs;
	GTree *items; /* key to struct item */
	gint64 revision;
	GPtrArray *dirs; /* struct local, none owned */
};

struct item {
	char *value;
	gint64 created;	     /* revision */
	struct local *lease; /* whose life it shares; NULL: nobody's */
};

struct local {
	struct directory base;
	struct store *store;
	gboolean cut, expired;
	GSource *pass;	    /* while something is to be told */
	GQueue waiting;	    /* struct batch: writes while it is cut off */
	GHashTable *leased; /* key to value */
	GPtrArray *claims, *watches;
};

struct batch {
	struct directory_write *writes; /* strings owned */
	guint n;
	gint64 fence; /* happens if the first key was created then; 0: always */
	directory_done_func done;
	void *arg;
};

struct local_claim {
	struct directory_claim base;
	gint64 fence; /* of when it was last held */
	gboolean held;
};

struct local_watch {
	struct directory_watch base;
	GHashTable *known; /* keys that were told as there */
	GTree *changed;	   /* keys to tell */
	gboolean resync;
};

static gboolean on_pass(void *data);

static void schedule(struct local *lcl)
{
	if (!lcl->pass)
		lcl->pass = directory_after(&lcl->base, 0, on_pass, lcl);
}

/* ---- Store ---- */

static int compare(const void *a, const void *b, void *unused)
{
	(void)unused;
	return strcmp(a, b);
}

static void item_free(void *data)
{
	struct item *item = data;

	g_free(item->value);
	g_free(item);
}

static struct store *store_ref(struct directory *beside)
{
	struct store *store;

	if (beside) {
		store = ((struct local *)beside)->store;
	} else {
		store = g_new0(struct store, 1);
		store->items =
			g_tree_new_full(compare, NULL, g_free, item_free);
		store->dirs = g_ptr_array_new();
	}
	store->refs++;
	return store;
}

static void store_unref(struct store *store)
{
	if (--store->refs)
		return;
	g_tree_unref(store->items);
	g_ptr_array_unref(store->dirs);
	g_free(store);
}

static void key_changed(struct store *store, const char *key)
{
	for (guint i = 0; i < store->dirs->len; i++) {
		struct local *lcl = store->dirs->pdata[i];

		for (guint k = 0; k < lcl->watches->len; k++) {
			struct local_watch *watch = lcl->watches->pdata[k];

			if (g_str_has_prefix(key, watch->base.keys))
				g_tree_insert(watch->changed, g_strdup(key),
					      NULL);
		}
		schedule(lcl);
	}
}

static void set_item(struct store *store, const char *key, const char *value,
		     struct local *lease)
{
	struct item *item = g_tree_lookup(store->items, key);

	store->revision++;
	if (!value) {
		g_tree_remove(store->items, key);
	} else if (item) {
		g_free(item->value);
		item->value = g_strdup(value);
		item->lease = lease;
	} else {
		item = g_new0(struct item, 1);
		item->value = g_strdup(value);
		item->created = store->revision;
		item->lease = lease;
		g_tree_insert(store->items, g_strdup(key), item);
	}
	key_changed(store, key);
}

static void expire(struct local *lcl)
{
	g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func(g_free);

	for (GTreeNode *node = g_tree_node_first(lcl->store->items); node;
	     node = g_tree_node_next(node)) {
		struct item *item = g_tree_node_value(node);

		if (item->lease == lcl)
			g_ptr_array_add(keys, g_strdup(g_tree_node_key(node)));
	}
	for (guint i = 0; i < keys->len; i++)
		set_item(lcl->store, keys->pdata[i], NULL, NULL);
}

/* ---- Writing ---- */

static void batch_free(void *data)
{
	struct batch *batch = data;

	for (guint i = 0; i < batch->n; i++) {
		g_free((char *)batch->writes[i].key);
		g_free((char *)batch->writes[i].value);
	}
	g_free(batch->writes);
	g_free(batch);
}

static struct batch *batch_create(const struct directory_write *writes, guint n)
{
	struct batch *batch = g_new0(struct batch, 1);

	batch->n = n;
	batch->writes = g_new0(struct directory_write, n);
	for (guint i = 0; i < n; i++) {
		batch->writes[i].key = g_strdup(writes[i].key);
		batch->writes[i].value = g_strdup(writes[i].value);
	}
	return batch;
}

static void batch_apply(struct local *lcl, const struct batch *batch)
{
	struct item *item =
		g_tree_lookup(lcl->store->items, batch->writes[0].key);

	if (batch->fence && (!item || item->created != batch->fence))
		return;
	for (guint i = 0; i < batch->n; i++)
		set_item(lcl->store, batch->writes[i].key,
			 batch->writes[i].value, NULL);
	lcl->base.figures.writes++;
	directory_finish(&lcl->base, batch->done, batch->arg, NULL);
}

static void apply_or_wait(struct local *lcl, struct batch *batch)
{
	if (!lcl->cut) {
		batch_apply(lcl, batch);
		batch_free(batch);
	} else {
		g_queue_push_tail(&lcl->waiting, batch);
	}
}

static void local_write(struct directory *dir, struct directory_claim *claim,
			const struct directory_write *writes, guint n,
			directory_done_func done, void *arg)
{
	struct local *lcl = (struct local *)dir;
	struct batch *batch;

	(void)claim; /* it is held, or directory.c had refused */
	if (lcl->waiting.length >= DIRECTORY_MAX_QUEUE) {
		g_autoptr(GError) error = g_error_new(
			G_IO_ERROR, G_IO_ERROR_BUSY,
			"%s: not written: too many writes wait", writes[0].key);

		directory_finish(dir, done, arg, error);
		return;
	}
	batch = batch_create(writes, n);
	batch->done = done;
	batch->arg = arg;
	apply_or_wait(lcl, batch);
}

static void local_lease(struct directory *dir, const char *key,
			const char *value)
{
	struct local *lcl = (struct local *)dir;

	if (value)
		g_hash_table_insert(lcl->leased, g_strdup(key),
				    g_strdup(value));
	else if (!g_hash_table_remove(lcl->leased, key))
		return;
	if (!lcl->cut)
		set_item(lcl->store, key, value, lcl);
}

/* ---- Claims ---- */

static void claim_forget(void *data)
{
	struct directory_claim *claim = data;

	g_clear_pointer(&claim->key, g_free);
	g_clear_pointer(&claim->value, g_free);
}

static struct directory_claim *local_claim(struct directory *dir,
					   const char *key, const char *value)
{
	struct local *lcl = (struct local *)dir;
	struct local_claim *claim = g_rc_box_new0(struct local_claim);

	claim->base.dir = dir;
	claim->base.key = g_strdup(key);
	claim->base.value = g_strdup(value);
	g_ptr_array_add(lcl->claims, claim);
	schedule(lcl);
	return &claim->base;
}

static gboolean is_ours(struct local *lcl, const struct local_claim *claim,
			const struct item *item)
{
	return item && item->lease == lcl && item->created == claim->fence;
}

static gint64 local_claim_fence(const struct directory_claim *base)
{
	const struct local_claim *claim = (const void *)base;
	struct local *lcl = (struct local *)base->dir;

	return claim->held && !lcl->cut &&
			       is_ours(lcl, claim,
				       g_tree_lookup(lcl->store->items,
						     base->key))
		       ? claim->fence
		       : 0;
}

static void local_claim_set(struct directory_claim *base, const char *value)
{
	g_free(base->value);
	base->value = g_strdup(value);
	schedule((struct local *)base->dir);
}

static void tell_lost(struct local_claim *claim)
{
	claim->held = FALSE;
	if (claim->base.events->lost)
		claim->base.events->lost(&claim->base, claim->base.arg);
}

static void tell_held(struct local_claim *claim)
{
	claim->held = TRUE;
	if (claim->base.events->held)
		claim->base.events->held(&claim->base, claim->fence,
					 claim->base.arg);
}

static void claim_pass(struct local *lcl, struct local_claim *claim)
{
	struct directory_claim *base = &claim->base;
	struct item *item;

	if (!base->released && claim->held && !local_claim_fence(base))
		tell_lost(claim);
	if (base->released || lcl->cut)
		return;
	item = g_tree_lookup(lcl->store->items, base->key);
	if (!item) {
		set_item(lcl->store, base->key, base->value, lcl);
		item = g_tree_lookup(lcl->store->items, base->key);
		claim->fence = item->created;
	}
	if (!is_ours(lcl, claim, item))
		return;
	if (strcmp(item->value, base->value) != 0)
		set_item(lcl->store, base->key, base->value, lcl);
	if (!claim->held)
		tell_held(claim);
}

static void local_release(struct directory_claim *base)
{
	struct local_claim *claim = (struct local_claim *)base;
	struct local *lcl = (struct local *)base->dir;
	struct item *item = g_tree_lookup(lcl->store->items, base->key);

	if (is_ours(lcl, claim, item)) {
		const struct directory_write gone = { base->key, NULL };
		struct batch *batch = batch_create(&gone, 1);

		batch->fence = claim->fence;
		apply_or_wait(lcl, batch);
	}
	base->released = TRUE;
	g_ptr_array_remove(lcl->claims, claim);
}

/* ---- Watching ---- */

static void watch_forget(void *data)
{
	struct local_watch *watch = data;

	g_clear_pointer(&watch->base.keys, g_free);
	g_clear_pointer(&watch->known, g_hash_table_unref);
	g_clear_pointer(&watch->changed, g_tree_unref);
}

static GTree *key_set(void)
{
	return g_tree_new_full(compare, NULL, g_free, NULL);
}

static struct directory_watch *local_watch(struct directory *dir,
					   const char *keys)
{
	struct local *lcl = (struct local *)dir;
	struct local_watch *watch = g_rc_box_new0(struct local_watch);

	watch->base.dir = dir;
	watch->base.keys = g_strdup(keys);
	watch->known =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	watch->changed = key_set();
	watch->resync = TRUE;
	g_ptr_array_add(lcl->watches, watch);
	schedule(lcl);
	return &watch->base;
}

static void local_unwatch(struct directory_watch *base)
{
	struct local *lcl = (struct local *)base->dir;

	base->ended = TRUE;
	g_ptr_array_remove(lcl->watches, base);
}

/* All that is there and all that was told counts as changed. */
static void all_changed(struct local *lcl, struct local_watch *watch)
{
	GHashTableIter iter;
	void *key;

	for (GTreeNode *node =
		     g_tree_lower_bound(lcl->store->items, watch->base.keys);
	     node && g_str_has_prefix(g_tree_node_key(node), watch->base.keys);
	     node = g_tree_node_next(node))
		g_tree_insert(watch->changed, g_strdup(g_tree_node_key(node)),
			      NULL);
	g_hash_table_iter_init(&iter, watch->known);
	while (g_hash_table_iter_next(&iter, &key, NULL))
		g_tree_insert(watch->changed, g_strdup(key), NULL);
}

static void tell_change(struct local *lcl, struct local_watch *watch,
			const char *key)
{
	struct item *item = g_tree_lookup(lcl->store->items, key);
	g_autofree char *value = item ? g_strdup(item->value) : NULL;

	if (value)
		g_hash_table_add(watch->known, g_strdup(key));
	else if (!g_hash_table_remove(watch->known, key))
		return;
	lcl->base.figures.changes++;
	if (watch->base.events->changed)
		watch->base.events->changed(key, value, watch->base.arg);
}

static void watch_pass(struct local *lcl, struct local_watch *watch)
{
	g_autoptr(GTree) changed = NULL;
	gboolean resync = watch->resync;

	if (lcl->cut || watch->base.ended)
		return;
	if (resync)
		all_changed(lcl, watch);
	watch->resync = FALSE;
	changed = g_steal_pointer(&watch->changed);
	watch->changed = key_set();
	for (GTreeNode *node = g_tree_node_first(changed);
	     node && !watch->base.ended; node = g_tree_node_next(node))
		tell_change(lcl, watch, g_tree_node_key(node));
	if (resync && !watch->base.ended && watch->base.events->synced)
		watch->base.events->synced(watch->base.arg);
}

/* ---- The directory ---- */

static void put_leased(struct local *lcl)
{
	GHashTableIter iter;
	void *key, *value;

	g_hash_table_iter_init(&iter, lcl->leased);
	while (g_hash_table_iter_next(&iter, &key, &value))
		set_item(lcl->store, key, value, lcl);
}

/* Callbacks may end any of them: copies hold references. */
static void *acquire(const void *object, void *unused)
{
	(void)unused;
	return g_rc_box_acquire((void *)object);
}

static void pass_claims(struct local *lcl)
{
	g_autoptr(GPtrArray) claims =
		g_ptr_array_copy(lcl->claims, acquire, NULL);

	for (guint i = 0; i < claims->len; i++)
		claim_pass(lcl, claims->pdata[i]);
}

static void pass_watches(struct local *lcl)
{
	g_autoptr(GPtrArray) watches =
		g_ptr_array_copy(lcl->watches, acquire, NULL);

	for (guint i = 0; i < watches->len; i++)
		watch_pass(lcl, watches->pdata[i]);
}

static gboolean on_pass(void *data)
{
	struct local *lcl = data;

	directory_stop(&lcl->pass);
	if (lcl->cut || lcl->expired)
		directory_tell_lease(&lcl->base, FALSE);
	if (lcl->cut)
		directory_tell_state(&lcl->base, FALSE, "it is cut off");
	else
		directory_tell_state(&lcl->base, TRUE, NULL);
	if (!lcl->cut) {
		if (lcl->expired)
			put_leased(lcl);
		lcl->expired = FALSE;
		directory_tell_lease(&lcl->base, TRUE);
	}
	pass_claims(lcl);
	pass_watches(lcl);
	return G_SOURCE_REMOVE;
}

void directory_local_cut(struct directory *dir, gboolean cut)
{
	struct local *lcl = (struct local *)dir;

	if (lcl->cut == cut)
		return;
	lcl->cut = cut;
	schedule(lcl);
	if (cut)
		return;
	while (lcl->waiting.length)
		apply_or_wait(lcl, g_queue_pop_head(&lcl->waiting));
	put_leased(lcl);
	for (guint i = 0; i < lcl->watches->len; i++)
		((struct local_watch *)lcl->watches->pdata[i])->resync = TRUE;
}

void directory_local_expire(struct directory *dir)
{
	struct local *lcl = (struct local *)dir;

	lcl->expired = TRUE;
	expire(lcl);
	schedule(lcl);
}

static void release_claim(void *data)
{
	g_rc_box_release_full(data, claim_forget);
}

static void release_watch(void *data)
{
	g_rc_box_release_full(data, watch_forget);
}

static struct directory *local_open(const struct directory_config *cfg,
				    GError **error)
{
	struct local *lcl = g_new0(struct local, 1);

	(void)error;
	lcl->base.context = g_main_context_ref_thread_default();
	lcl->base.figures.url = "local";
	lcl->store = store_ref(cfg->beside);
	g_ptr_array_add(lcl->store->dirs, lcl);
	lcl->leased =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	lcl->claims = g_ptr_array_new_with_free_func(release_claim);
	lcl->watches = g_ptr_array_new_with_free_func(release_watch);
	schedule(lcl);
	return &lcl->base;
}

static void local_close(struct directory *dir)
{
	struct local *lcl = (struct local *)dir;

	directory_stop(&lcl->pass);
	g_ptr_array_remove(lcl->store->dirs, lcl);
	expire(lcl);
	g_queue_clear_full(&lcl->waiting, batch_free);
	g_ptr_array_unref(lcl->claims);
	g_ptr_array_unref(lcl->watches);
	g_hash_table_unref(lcl->leased);
	store_unref(lcl->store);
	g_main_context_unref(dir->context);
	g_free(lcl);
}

static void local_figures(const struct directory *dir,
			  struct directory_figures *fig_r)
{
	const struct local *lcl = (const struct local *)dir;

	fig_r->queue = lcl->waiting.length;
	fig_r->leased = g_hash_table_size(lcl->leased);
	fig_r->claims = lcl->claims->len;
	fig_r->watches = lcl->watches->len;
}

const struct directory_kind directory_local = {
	.open = local_open,
	.close = local_close,
	.write = local_write,
	.lease = local_lease,
	.claim = local_claim,
	.claim_set = local_claim_set,
	.claim_fence = local_claim_fence,
	.release = local_release,
	.watch = local_watch,
	.unwatch = local_unwatch,
	.figures = local_figures,
};
