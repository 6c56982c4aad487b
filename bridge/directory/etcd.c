#include "bridge/directory/etcd_private.h"

#include <gio/gio.h>
#include <string.h>

char *etcd_full_key(const struct etcd *etcd, const char *key)
{
	return g_strconcat(etcd->prefix, key, NULL);
}

void etcd_warn(const struct etcd *etcd, char **lastp, const char *what,
	       const char *error)
{
	if (!g_strcmp0(*lastp, error))
		return;
	g_warning("directory: %s: etcd at %s %s", what,
		  etcd_http_url(&etcd->http), error);
	g_free(*lastp);
	*lastp = g_strdup(error);
}

/* A watch is a follow with a name outside. */
struct etcd_watch {
	struct directory_watch base;
	struct etcd_follow *follow;
};

static void on_kv(const struct etcd_kv *kv, void *arg)
{
	const struct directory_watch *watch = arg;

	if (watch->events->changed)
		watch->events->changed(kv->key, kv->value, watch->arg);
}

static void on_synced(void *arg)
{
	const struct directory_watch *watch = arg;

	if (watch->events->synced)
		watch->events->synced(watch->arg);
}

static const struct etcd_follow_events watch_events = {
	.kv = on_kv,
	.synced = on_synced,
};

static void watch_free(void *data)
{
	struct etcd_watch *watch = data;

	etcd_follow_destroy(&watch->follow);
	g_free(watch->base.keys);
	g_free(watch);
}

static struct directory_watch *etcd_watch(struct directory *dir,
					  const char *keys)
{
	struct etcd *etcd = (struct etcd *)dir;
	struct etcd_watch *watch = g_new0(struct etcd_watch, 1);

	watch->base.dir = dir;
	watch->base.keys = g_strdup(keys);
	watch->follow =
		etcd_follow_create(etcd, keys, FALSE, &watch_events, watch);
	g_ptr_array_add(etcd->watches, watch);
	return &watch->base;
}

static void etcd_unwatch(struct directory_watch *base)
{
	g_ptr_array_remove_fast(((struct etcd *)base->dir)->watches, base);
}

static void etcd_close(struct directory *dir)
{
	struct etcd *etcd = (struct etcd *)dir;

	/* Calls that are under way would block the revocation of the lease. */
	g_clear_pointer(&etcd->watches, g_ptr_array_unref);
	g_clear_pointer(&etcd->claims, g_ptr_array_unref);
	if (etcd->writer.leased)
		etcd_writer_fini(etcd);
	etcd_session_fini(etcd);
	g_clear_pointer(&etcd->follows, g_ptr_array_unref);
	etcd_http_fini(&etcd->http);
	g_free(etcd->prefix);
	g_main_context_unref(dir->context);
	g_free(etcd);
}

static struct directory *etcd_open(const struct directory_config *cfg,
				   GError **error)
{
	struct etcd *etcd = g_new0(struct etcd, 1);

	etcd->base.context = g_main_context_ref_thread_default();
	etcd->prefix = g_strdup(cfg->prefix ? cfg->prefix : "ipsp/1/");
	etcd->claims = g_ptr_array_new_with_free_func(etcd_claim_free);
	etcd->follows = g_ptr_array_new();
	etcd->watches = g_ptr_array_new_with_free_func(watch_free);
	if (!etcd_http_init(&etcd->http, &etcd->base, cfg, error)) {
		etcd_close(&etcd->base);
		return NULL;
	}
	etcd->base.figures.url = etcd_http_url(&etcd->http);
	etcd_writer_init(etcd);
	etcd_session_init(etcd, cfg);
	return &etcd->base;
}

static void etcd_figures(const struct directory *dir,
			 struct directory_figures *fig_r)
{
	const struct etcd *etcd = (const struct etcd *)dir;

	fig_r->queue = etcd->writer.queue.length;
	fig_r->leased = g_hash_table_size(etcd->writer.leased);
	fig_r->claims = etcd->claims->len;
	fig_r->watches = etcd->watches->len;
}

const struct directory_kind directory_etcd = {
	.open = etcd_open,
	.close = etcd_close,
	.write = etcd_write,
	.lease = etcd_lease,
	.claim = etcd_claim,
	.claim_set = etcd_claim_set,
	.claim_fence = etcd_claim_fence,
	.release = etcd_release,
	.watch = etcd_watch,
	.unwatch = etcd_unwatch,
	.figures = etcd_figures,
};
