/* What we write. Two ways:
 *
 * The queue holds transactions in order. One request is under way at a time;
 * what came meanwhile under the same claim goes together in the next one, so
 * that a hundred writes cost etcd about as much as one.
 *
 * Leased keys are a table of what shall be; those that are not there yet are
 * dirty. A new lease makes all of them dirty.
 *
 * Both are written again when an answer was lost: a put made twice is the
 * same, and a claim that went to another meanwhile is compared. */
#include "bridge/directory/etcd_private.h"

#include <gio/gio.h>
#include <string.h>

#define CALL_MS	  5000
#define MAX_OPS	  100	       /* in a request; etcd takes 128 */
#define MAX_BYTES (768 * 1024) /* of a request; etcd takes 1.5 MiB */
#define OVERHEAD  64	       /* of a write in memory */

struct entry {			       /* one directory_write() */
	struct directory_claim *claim; /* a reference; NULL: none */
	gint64 fence;
	json_t *ops; /* of etcd_wire_txn(), only its "success" */
	GPtrArray *keys;
	gsize bytes;
	directory_done_func done;
	void *arg;
};

struct leased {
	char *key, *value; /* NULL: to be removed */
	gboolean dirty;	   /* it is in that queue */
	gboolean sent;	   /* with this value */
};

static void send_queue(struct etcd *etcd);
static void send_leased(struct etcd *etcd);

/* ---- The queue ---- */

static void entry_free(void *data)
{
	struct entry *entry = data;

	if (entry->claim)
		etcd_claim_free(entry->claim);
	json_decref(entry->ops);
	g_ptr_array_unref(entry->keys);
	g_free(entry);
}

static struct entry *pop(struct etcd_writer *wrt)
{
	struct entry *entry = g_queue_pop_head(&wrt->queue);

	wrt->bytes -= entry->bytes;
	return entry;
}

/* The head of the queue is settled. */
static void settle(struct etcd *etcd, const GError *error)
{
	struct entry *entry = pop(&etcd->writer);
	struct directory_claim *claim = entry->claim;

	etcd->base.figures.writes += !error;
	directory_finish(&etcd->base, entry->done, entry->arg, error);
	if (claim && !etcd_writer_has(etcd, claim))
		etcd_claim_written(claim);
	entry_free(entry);
}

static gboolean clashes(GHashTable *keys, const struct entry *entry)
{
	for (guint i = 0; i < entry->keys->len; i++)
		if (g_hash_table_contains(keys, entry->keys->pdata[i]))
			return TRUE;
	return FALSE;
}

/* How many from the head can go as one: all under one claim, no key twice. */
static guint together(const struct etcd_writer *wrt)
{
	const struct entry *first = wrt->queue.head->data;
	g_autoptr(GHashTable) keys = g_hash_table_new(g_str_hash, g_str_equal);
	gsize bytes = 0, ops = 0;
	guint n = 0;

	for (GList *at = wrt->queue.head; at; at = at->next) {
		const struct entry *entry = at->data;

		bytes += entry->bytes;
		ops += entry->keys->len;
		if (n && (wrt->singly || entry->claim != first->claim ||
			  entry->fence != first->fence || ops > MAX_OPS ||
			  bytes > MAX_BYTES || clashes(keys, entry)))
			break;
		for (guint i = 0; i < entry->keys->len; i++)
			g_hash_table_add(keys, entry->keys->pdata[i]);
		n++;
	}
	return n;
}

static json_t *make_txn(struct etcd *etcd, guint n)
{
	json_t *txn = etcd_wire_txn();
	json_t *then = json_object_get(txn, "success");
	GList *at = etcd->writer.queue.head;
	const struct entry *first = at->data;

	if (first->fence) {
		g_autofree char *key = etcd_full_key(etcd, first->claim->key);

		etcd_wire_if_created(txn, key, first->fence);
	}
	for (; n; n--, at = at->next)
		json_array_extend(
			then, json_object_get(((struct entry *)at->data)->ops,
					      "success"));
	return txn;
}

/* Refused for good. Of several, each is tried alone to find the one. */
static void refuse(struct etcd *etcd, const GError *error)
{
	struct etcd_writer *wrt = &etcd->writer;

	if (wrt->sent > 1) {
		wrt->singly = TRUE;
		return;
	}
	etcd_warn(etcd, &wrt->refusal, "not written", error->message);
	settle(etcd, error);
}

static void on_written(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;
	struct etcd_writer *wrt = &etcd->writer;
	struct etcd_outcome out = { 0 };
	const struct entry *first;
	g_autoptr(GError) wrong = NULL;

	if (answer && !etcd_wire_outcome(answer, etcd->prefix, &out, &wrong))
		error = wrong;
	if (error && etcd_session_trouble(etcd, error))
		return;
	etcd_call_destroy(&wrt->call);
	first = wrt->queue.head->data;
	if (error) {
		refuse(etcd, error);
	} else if (out.succeeded || !first->fence) {
		wrt->singly = FALSE;
		g_clear_pointer(&wrt->refusal, g_free);
		for (; wrt->sent; wrt->sent--)
			settle(etcd, NULL);
	} else {
		g_autoptr(GError) lost = directory_not_held(first->claim);

		for (; wrt->sent; wrt->sent--)
			settle(etcd, lost);
	}
	wrt->sent = 0;
	etcd_outcome_fini(&out);
	send_queue(etcd);
}

static void send_queue(struct etcd *etcd)
{
	struct etcd_writer *wrt = &etcd->writer;

	if (!etcd->session.up || wrt->call || !wrt->queue.length)
		return;
	wrt->sent = together(wrt);
	wrt->call = etcd_call_create(&etcd->http, "/v3/kv/txn",
				     make_txn(etcd, wrt->sent), CALL_MS,
				     on_written, etcd);
}

static struct entry *make_entry(struct etcd *etcd,
				struct directory_claim *claim,
				const struct directory_write *writes, guint n)
{
	struct entry *entry = g_new0(struct entry, 1);

	entry->claim = claim ? g_rc_box_acquire(claim) : NULL;
	entry->fence = claim ? etcd_claim_fence(claim) : 0;
	entry->ops = etcd_wire_txn();
	entry->keys = g_ptr_array_new_with_free_func(g_free);
	for (guint i = 0; i < n; i++) {
		g_autofree char *key = etcd_full_key(etcd, writes[i].key);
		const char *value = writes[i].value;

		etcd_wire_then(entry->ops, key, value, 0);
		g_ptr_array_add(entry->keys, g_strdup(writes[i].key));
		entry->bytes +=
			(strlen(key) + (value ? strlen(value) : 0)) * 4 / 3 +
			OVERHEAD;
	}
	return entry;
}

void etcd_write(struct directory *dir, struct directory_claim *claim,
		const struct directory_write *writes, guint n,
		directory_done_func done, void *arg)
{
	struct etcd *etcd = (struct etcd *)dir;
	struct etcd_writer *wrt = &etcd->writer;
	struct entry *entry = make_entry(etcd, claim, writes, n);

	if (wrt->queue.length >= DIRECTORY_MAX_QUEUE ||
	    wrt->bytes + entry->bytes > DIRECTORY_MAX_QUEUE_BYTES) {
		g_autoptr(GError) error = g_error_new(
			G_IO_ERROR, G_IO_ERROR_BUSY,
			"%s: not written: too many writes wait", writes[0].key);

		directory_finish(dir, done, arg, error);
		entry_free(entry);
		return;
	}
	entry->done = done;
	entry->arg = arg;
	wrt->bytes += entry->bytes;
	g_queue_push_tail(&wrt->queue, entry);
	send_queue(etcd);
}

gboolean etcd_writer_has(struct etcd *etcd, const struct directory_claim *claim)
{
	for (GList *at = etcd->writer.queue.head; at; at = at->next)
		if (((struct entry *)at->data)->claim == claim)
			return TRUE;
	return FALSE;
}

/* What is under way keeps its place: its answer is yet to come. */
void etcd_writer_lost(struct etcd *etcd, struct directory_claim *claim)
{
	struct etcd_writer *wrt = &etcd->writer;
	g_autoptr(GError) lost = directory_not_held(claim);
	guint place = 0;

	for (GList *at = wrt->queue.head, *next; at; at = next, place++) {
		struct entry *entry = at->data;

		next = at->next;
		if (entry->claim != claim || (wrt->call && place < wrt->sent))
			continue;
		directory_finish(&etcd->base, entry->done, entry->arg, lost);
		wrt->bytes -= entry->bytes;
		entry_free(entry);
		g_queue_delete_link(&wrt->queue, at);
	}
}

/* ---- Leased keys ---- */

static void leased_free(void *data)
{
	struct leased *lsd = data;

	g_free(lsd->key);
	g_free(lsd->value);
	g_free(lsd);
}

static void make_dirty(struct etcd_writer *wrt, struct leased *lsd)
{
	lsd->sent = FALSE;
	if (lsd->dirty)
		return;
	lsd->dirty = TRUE;
	g_queue_push_tail(&wrt->dirty, lsd);
}

void etcd_lease(struct directory *dir, const char *key, const char *value)
{
	struct etcd *etcd = (struct etcd *)dir;
	struct leased *lsd = g_hash_table_lookup(etcd->writer.leased, key);

	if (!lsd) {
		if (!value)
			return;
		lsd = g_new0(struct leased, 1);
		lsd->key = g_strdup(key);
		g_hash_table_insert(etcd->writer.leased, lsd->key, lsd);
	} else if (!g_strcmp0(lsd->value, value)) {
		return;
	}
	g_free(lsd->value);
	lsd->value = g_strdup(value);
	make_dirty(&etcd->writer, lsd);
	send_leased(etcd);
}

/* Of those that were sent, which are the head of the queue, some may have
 * another value by now: they go to its end. */
static void settle_leased(struct etcd *etcd)
{
	struct etcd_writer *wrt = &etcd->writer;

	for (; wrt->leased_sent; wrt->leased_sent--) {
		struct leased *lsd = g_queue_pop_head(&wrt->dirty);

		if (!lsd->sent) {
			g_queue_push_tail(&wrt->dirty, lsd);
			continue;
		}
		lsd->dirty = FALSE;
		etcd->base.figures.writes++;
		if (!lsd->value)
			g_hash_table_remove(wrt->leased, lsd->key);
	}
	if (!wrt->dirty.length && etcd_session_alive(etcd))
		directory_tell_lease(&etcd->base, TRUE);
}

static void on_leased(const json_t *answer, const GError *error, void *arg)
{
	struct etcd *etcd = arg;
	struct etcd_writer *wrt = &etcd->writer;

	(void)answer;
	if (error && etcd_session_trouble(etcd, error))
		return;
	etcd_call_destroy(&wrt->leased_call);
	if (!error) {
		settle_leased(etcd);
		send_leased(etcd);
		return;
	}
	/* Refused: etcd is full, or our rights were taken. Each renewal of
	 * the lease tries again, and the session says what is wrong. */
	wrt->leased_sent = 0;
	etcd_warn(etcd, &wrt->refusal, "our keys wait", error->message);
}

static void send_leased(struct etcd *etcd)
{
	struct etcd_writer *wrt = &etcd->writer;
	json_t *txn;
	gsize bytes = 0;

	if (!etcd->session.up || !etcd->session.lease || wrt->leased_call ||
	    !wrt->dirty.length)
		return;
	txn = etcd_wire_txn();
	wrt->leased_sent = 0;
	for (GList *at = wrt->dirty.head;
	     at && wrt->leased_sent < MAX_OPS && bytes < MAX_BYTES / 2;
	     at = at->next) {
		struct leased *lsd = at->data;
		g_autofree char *key = etcd_full_key(etcd, lsd->key);

		etcd_wire_then(txn, key, lsd->value, etcd->session.lease);
		bytes += strlen(key) + (lsd->value ? strlen(lsd->value) : 0);
		lsd->sent = TRUE;
		wrt->leased_sent++;
	}
	wrt->leased_call = etcd_call_create(&etcd->http, "/v3/kv/txn", txn,
					    CALL_MS, on_leased, etcd);
}

void etcd_writer_renew(struct etcd *etcd)
{
	struct etcd_writer *wrt = &etcd->writer;
	GHashTableIter iter;
	void *lsd;

	etcd_writer_stop_leased(etcd);
	g_hash_table_iter_init(&iter, wrt->leased);
	while (g_hash_table_iter_next(&iter, NULL, &lsd))
		make_dirty(wrt, lsd);
	send_leased(etcd);
}

/* ---- Both ---- */

void etcd_writer_init(struct etcd *etcd)
{
	etcd->writer.leased = g_hash_table_new_full(g_str_hash, g_str_equal,
						    NULL, leased_free);
}

void etcd_writer_fini(struct etcd *etcd)
{
	struct etcd_writer *wrt = &etcd->writer;

	etcd_writer_stop(etcd);
	g_queue_clear_full(&wrt->queue, entry_free);
	g_queue_clear(&wrt->dirty);
	g_clear_pointer(&wrt->leased, g_hash_table_unref);
	g_free(wrt->refusal);
}

void etcd_writer_start(struct etcd *etcd)
{
	send_queue(etcd);
	send_leased(etcd);
}

void etcd_writer_stop_leased(struct etcd *etcd)
{
	etcd_call_destroy(&etcd->writer.leased_call);
	etcd->writer.leased_sent = 0;
}

void etcd_writer_stop(struct etcd *etcd)
{
	etcd_writer_stop_leased(etcd);
	etcd_call_destroy(&etcd->writer.call);
	etcd->writer.sent = 0;
}
