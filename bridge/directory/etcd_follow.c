/* What there is in a range of keys, and how it changes: all of it is read,
 * page by page at one revision, then a watch streams what comes after. When
 * the stream breaks, a new one resumes after the last revision that was told
 * whole; when etcd no longer has that one, all is read again, and what is not
 * there any more is told as gone. */
#include "bridge/directory/etcd_private.h"

#include <string.h>

#define PAGE	   128 /* keys */
#define PAGE_MS	   10000
#define RESTART_MS 50 /* after a stream has ended; jittered, then growing */
#define SLOWEST_MS 5000

struct etcd_follow {
	struct etcd *etcd;
	const struct etcd_follow_events *events;
	void *arg;
	char *keys;	  /* relative to the prefix */
	char *from, *end; /* with it; end NULL: exactly that key */
	gboolean dead;	  /* destroyed from its own event */

	GHashTable *known; /* key to number of the reading that saw it last */
	guint reading;	   /* number; 0: none yet */
	gint64 at;	   /* revision of the reading, then of the stream */
	gboolean synced;   /* the reading is complete: resume from `at` */
	char *page;	   /* where the next page begins */

	struct etcd_call *call;
	GSource *restart;
	struct backoff backoff;
	char *refusal; /* that was logged last */
};

static void start(struct etcd_follow *flw);

static void follow_free(void *data)
{
	struct etcd_follow *flw = data;

	g_free(flw->keys);
	g_free(flw->from);
	g_free(flw->end);
	g_free(flw->page);
	g_free(flw->refusal);
	g_hash_table_unref(flw->known);
}

static void unref(struct etcd_follow *flw)
{
	g_rc_box_release_full(flw, follow_free);
}

static void stop(struct etcd_follow *flw)
{
	directory_stop(&flw->restart);
	etcd_call_destroy(&flw->call);
}

/* ---- Telling; each may be the last: flw->dead ---- */

static void tell(struct etcd_follow *flw, const struct etcd_kv *kv)
{
	if (kv->value)
		g_hash_table_insert(flw->known, g_strdup(kv->key),
				    GUINT_TO_POINTER(flw->reading));
	else
		g_hash_table_remove(flw->known, kv->key);
	flw->etcd->base.figures.changes++;
	flw->events->kv(kv, flw->arg);
}

static gboolean tell_all(struct etcd_follow *flw, const GPtrArray *kvs)
{
	for (guint i = 0; i < kvs->len && !flw->dead; i++)
		tell(flw, kvs->pdata[i]);
	return !flw->dead;
}

/* What earlier readings saw and this one did not. */
static void tell_gone(struct etcd_follow *flw)
{
	g_autoptr(GPtrArray) gone = g_ptr_array_new_with_free_func(g_free);
	GHashTableIter iter;
	void *key, *reading;

	g_hash_table_iter_init(&iter, flw->known);
	while (g_hash_table_iter_next(&iter, &key, &reading))
		if (GPOINTER_TO_UINT(reading) != flw->reading)
			g_ptr_array_add(gone, g_strdup(key));
	for (guint i = 0; i < gone->len && !flw->dead; i++) {
		const struct etcd_kv kv = { .key = gone->pdata[i],
					    .modified = flw->at };

		tell(flw, &kv);
	}
}

/* ---- Trouble ---- */

static gboolean on_restart(void *data)
{
	struct etcd_follow *flw = data;

	directory_stop(&flw->restart);
	start(flw);
	return G_SOURCE_REMOVE;
}

static void restart_later(struct etcd_follow *flw)
{
	stop(flw);
	flw->restart = directory_after(
		&flw->etcd->base, backoff_fail(&flw->backoff), on_restart, flw);
}

static void read_again(struct etcd_follow *flw)
{
	flw->synced = FALSE;
	g_clear_pointer(&flw->page, g_free);
}

static void warn(struct etcd_follow *flw, const char *error)
{
	g_autofree char *what = g_strconcat("watch of ", flw->keys, NULL);

	etcd_warn(flw->etcd, &flw->refusal, what, error);
}

static void trouble(struct etcd_follow *flw, const GError *error)
{
	struct etcd *etcd = flw->etcd;

	/* Does only the stream not go on, or is etcd away? The session asks. */
	if (error->code == ETCD_AWAY && flw->synced) {
		restart_later(flw);
		etcd_session_check(etcd);
		return;
	}
	if (error->code == ETCD_COMPACTED)
		read_again(flw);
	else if (etcd_session_trouble(etcd, error))
		return;
	else
		warn(flw, error->message);
	restart_later(flw);
}

/* ---- The stream ---- */

/* FALSE: nothing more is to be done with this message. */
static gboolean goes_on(struct etcd_follow *flw, const struct etcd_message *msg)
{
	gboolean behind = msg->created && msg->revision < flw->at;

	if (!msg->canceled && !behind)
		return TRUE;
	/* Compacted; or this etcd does not know yet, or no longer, what we
	 * know: reading goes through its leader and finds out. */
	if (msg->compacted || behind)
		read_again(flw);
	else
		warn(flw, msg->reason ? msg->reason : "ended it");
	restart_later(flw);
	return FALSE;
}

static void on_message(const json_t *answer, const GError *error, void *arg)
{
	struct etcd_follow *flw = g_rc_box_acquire(arg);
	struct etcd_message msg = { 0 };
	g_autoptr(GError) wrong = NULL;

	if (answer &&
	    !etcd_wire_message(answer, flw->etcd->prefix, &msg, &wrong)) {
		error = wrong;
		/* What it was we do not know. */
		if (wrong->code == ETCD_AWAY)
			read_again(flw);
	}
	if (error) {
		trouble(flw, error);
	} else if (goes_on(flw, &msg)) {
		if (msg.created) {
			backoff_reset(&flw->backoff);
			g_clear_pointer(&flw->refusal, g_free);
		} else if (tell_all(flw, msg.kvs) && !msg.fragment) {
			flw->at = MAX(flw->at, msg.revision);
		}
	}
	etcd_message_fini(&msg);
	unref(flw);
}

/* ---- The reading ---- */

static void read_page(struct etcd_follow *flw);

static void page_read(struct etcd_follow *flw, const struct etcd_page *page)
{
	if (!flw->page) {
		flw->at = page->revision;
		flw->reading++;
	}
	if (!tell_all(flw, page->kvs))
		return;
	if (page->more) {
		/* The next key after it, in etcd's order: but for a zero byte,
		 * which no text has, there is none smaller than this. */
		g_free(flw->page);
		flw->page = g_strconcat(page->last, "\x01", NULL);
		read_page(flw);
		return;
	}
	g_clear_pointer(&flw->page, g_free);
	tell_gone(flw);
	if (flw->dead)
		return;
	flw->synced = TRUE;
	flw->etcd->base.figures.resyncs += flw->reading > 1;
	if (flw->events->synced)
		flw->events->synced(flw->arg);
	if (!flw->dead)
		start(flw);
}

static void on_page(const json_t *answer, const GError *error, void *arg)
{
	struct etcd_follow *flw = g_rc_box_acquire(arg);
	struct etcd_page page = { 0 };
	g_autoptr(GError) wrong = NULL;

	if (answer &&
	    etcd_wire_page(answer, flw->etcd->prefix, &page, &wrong)) {
		etcd_call_destroy(&flw->call);
		page_read(flw, &page);
	} else {
		trouble(flw, wrong ? wrong : error);
	}
	etcd_page_fini(&page);
	unref(flw);
}

static void read_page(struct etcd_follow *flw)
{
	json_t *body = etcd_wire_range(flw->page ? flw->page : flw->from,
				       flw->end, PAGE, flw->page ? flw->at : 0);

	flw->call = etcd_call_create(&flw->etcd->http, "/v3/kv/range", body,
				     PAGE_MS, on_page, flw);
}

static void start(struct etcd_follow *flw)
{
	if (!flw->etcd->session.up || flw->call || flw->restart)
		return;
	if (!flw->synced) {
		g_clear_pointer(&flw->page, g_free);
		read_page(flw);
		return;
	}
	flw->call = etcd_stream_create(
		&flw->etcd->http, "/v3/watch",
		etcd_wire_watch(flw->from, flw->end, flw->at + 1), on_message,
		flw);
}

/* ---- The interface ---- */

struct etcd_follow *etcd_follow_create(struct etcd *etcd, const char *keys,
				       gboolean exactly,
				       const struct etcd_follow_events *events,
				       void *arg)
{
	struct etcd_follow *flw = g_rc_box_new0(struct etcd_follow);

	flw->etcd = etcd;
	flw->events = events;
	flw->arg = arg;
	flw->keys = g_strdup(keys);
	flw->from = etcd_full_key(etcd, keys);
	flw->end = exactly ? NULL : etcd_wire_range_end(flw->from);
	flw->known =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	flw->backoff.first_ms = RESTART_MS;
	flw->backoff.last_ms = SLOWEST_MS;
	g_ptr_array_add(etcd->follows, flw);
	start(flw);
	return flw;
}

void etcd_follow_destroy(struct etcd_follow **flwp)
{
	struct etcd_follow *flw = g_steal_pointer(flwp);

	if (!flw)
		return;
	flw->dead = TRUE;
	stop(flw);
	g_ptr_array_remove_fast(flw->etcd->follows, flw);
	unref(flw);
}

void etcd_follows_start(struct etcd *etcd)
{
	for (guint i = 0; i < etcd->follows->len; i++)
		start(etcd->follows->pdata[i]);
}

void etcd_follows_stop(struct etcd *etcd)
{
	for (guint i = 0; i < etcd->follows->len; i++)
		stop(etcd->follows->pdata[i]);
}

void etcd_follows_resync(struct etcd *etcd)
{
	for (guint i = 0; i < etcd->follows->len; i++) {
		struct etcd_follow *flw = etcd->follows->pdata[i];

		stop(flw);
		read_again(flw);
		start(flw);
	}
}
