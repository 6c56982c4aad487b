#include "bridge/outbox.h"

#include <string.h>

/* On their way at once, for one account: a slow server keeps back its own
 * mail only, and a long queue does not fill the memory. */
#define MAX_ON_THE_WAY 32
#define FIRST_RETRY_MS 1000
#define LAST_RETRY_MS  60000

struct outbox {
	struct store *sto;
	const struct outbox_events *events;
	void *arg;
	GHashTable *on_the_way; /* &id => struct store_post, without its mail */
};

static void free_post(gpointer data)
{
	store_post_free(data);
}

struct outbox *outbox_create(struct store *sto,
			     const struct outbox_events *events, void *arg)
{
	struct outbox *ob = g_new0(struct outbox, 1);

	ob->sto = sto;
	ob->events = events;
	ob->arg = arg;
	ob->on_the_way = g_hash_table_new_full(g_int64_hash, g_int64_equal,
					       NULL, free_post);
	return ob;
}

void outbox_destroy(struct outbox **obp)
{
	struct outbox *ob = *obp;

	*obp = NULL;
	if (!ob)
		return;
	g_hash_table_unref(ob->on_the_way);
	g_free(ob);
}

static void drop(struct outbox *ob, const struct store_post *post,
		 const char *why)
{
	g_autoptr(GError) error = NULL;

	g_warning("outbox: dropped %s: %s", post->name, why);
	if (!store_post_dropped(ob->sto, post->id, why, &error))
		g_critical("outbox: %s", error->message);
	ob->events->dropped(post, why, ob->arg);
}

static guint count_on_the_way(const struct outbox *ob, const char *account)
{
	const struct store_post *post;
	GHashTableIter iter;
	guint n = 0;

	g_hash_table_iter_init(&iter, ob->on_the_way);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&post))
		n += !strcmp(post->account, account);
	return n;
}

static void run_account(struct outbox *ob, const char *account, gint64 now_ms)
{
	guint n = count_on_the_way(ob, account);
	GPtrArray *due =
		store_due_posts(ob->sto, account, now_ms, MAX_ON_THE_WAY + n);

	for (guint i = 0; i < due->len; i++) {
		struct store_post *post = due->pdata[i];

		if (g_hash_table_contains(ob->on_the_way, &post->id))
			continue;
		if (post->expires && post->expires * 1000 <= now_ms) {
			drop(ob, post, "it expired before it could be sent");
			continue;
		}
		if (n++ >= MAX_ON_THE_WAY)
			break;
		ob->events->post(post, ob->arg);
		g_clear_pointer(&post->mail, g_bytes_unref);
		g_hash_table_insert(ob->on_the_way, &post->id, post);
		due->pdata[i] = NULL;
	}
	g_ptr_array_unref(due);
}

void outbox_run(struct outbox *ob, gint64 now_ms)
{
	GPtrArray *accounts = store_due_accounts(ob->sto, now_ms);

	for (guint i = 0; i < accounts->len; i++)
		run_account(ob, accounts->pdata[i], now_ms);
	g_ptr_array_unref(accounts);
}

static gint64 backoff(guint attempts)
{
	return MIN(FIRST_RETRY_MS << MIN(attempts, 6), LAST_RETRY_MS);
}

void outbox_done(struct outbox *ob, gint64 id, enum post_result result,
		 const char *why, gint64 now_ms)
{
	struct store_post *post = NULL;
	g_autoptr(GError) error = NULL;
	gboolean kept = TRUE;

	if (!g_hash_table_steal_extended(ob->on_the_way, &id, NULL,
					 (void **)&post))
		return;
	switch (result) {
	case POST_SENT:
		g_info("outbox: sent %s", post->name);
		kept = store_post_sent(ob->sto, id, &error);
		ob->events->sent(post, ob->arg);
		break;
	case POST_RETRY:
		g_info("outbox: %s waits: %s", post->name, why);
		kept = store_post_failed(ob->sto, id,
					 now_ms + backoff(post->attempts), why,
					 &error);
		break;
	case POST_REFUSED:
		drop(ob, post, why);
		break;
	}
	if (!kept) {
		/* As if it were on its way still: to send it once more would
		 * be worse than to wait for a restart. */
		g_critical("outbox: %s", error->message);
		g_hash_table_insert(ob->on_the_way, &post->id, post);
		return;
	}
	store_post_free(post);
}
