#include "bridge/cluster.h"

#include <string.h>
#include <unistd.h>

#include "bridge/cluster_account.h"

#define SENT	     ".sent"
#define FORGET_BATCH 30 /* answers at once */

/* A promise that etcd has. */
struct cluster_wait {
	struct cluster *cl;
	guint64 ticket;
};

/* Writing. */

static void free_entry(gpointer data)
{
	struct cluster_entry *entry = data;

	g_free(entry->key);
	g_free(entry->value);
	g_free(entry);
}

struct cluster_account *cluster_account_of(const struct cluster *cl,
					   const char *address)
{
	const char *account = g_hash_table_lookup(cl->rooms, address);

	return account ? g_hash_table_lookup(cl->accounts, account) : NULL;
}

static void written(const GError *error, void *arg)
{
	(void)arg;
	/* What it was to be is read anew by whoever has the claim next. */
	if (error)
		g_warning("cluster: not written: %s", error->message);
}

/* The whole batch, in order; `done` is told of the last part. */
static void flush(struct cluster_account *acc, directory_done_func done,
		  void *arg)
{
	const guint n = acc->batch->len;
	g_autofree struct directory_write *writes =
		g_new0(struct directory_write, n + 1);

	for (guint i = 0; i < n; i++) {
		const struct cluster_entry *entry = acc->batch->pdata[i];

		writes[i] =
			(struct directory_write){ entry->key, entry->value };
	}
	for (guint i = 0; i < n; i += DIRECTORY_MAX_WRITES) {
		const guint part = MIN(n - i, DIRECTORY_MAX_WRITES);
		const gboolean last = i + part == n;

		directory_write(acc->cl->dir, acc->claim, writes + i, part,
				last && done ? done : written,
				last ? arg : NULL);
	}
	g_ptr_array_set_size(acc->batch, 0);
}

static gboolean flush_all(gpointer data)
{
	struct cluster *cl = data;
	GHashTableIter iter;
	struct cluster_account *acc;

	cl->flush = 0;
	g_hash_table_iter_init(&iter, cl->accounts);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		flush(acc, NULL, NULL);
	return G_SOURCE_REMOVE;
}

/* The newest value of a key stands where the key was written last, so that
 * what it relies on is before it. */
static void write_key(struct cluster_account *acc, const char *key,
		      const char *value)
{
	struct cluster_entry *entry;

	for (guint i = 0; i < acc->batch->len; i++) {
		entry = acc->batch->pdata[i];
		if (!strcmp(entry->key, key)) {
			g_ptr_array_remove_index(acc->batch, i);
			break;
		}
	}
	entry = g_new0(struct cluster_entry, 1);
	entry->key = g_strdup(key);
	entry->value = g_strdup(value);
	g_ptr_array_add(acc->batch, entry);
	if (!acc->cl->flush)
		acc->cl->flush = g_idle_add(flush_all, acc->cl);
}

/* Of what is not ours nothing is written. */
static void media_write(const char *room, const char *key, const char *value,
			void *arg)
{
	struct cluster *cl = arg;
	struct cluster_account *acc = cluster_account_of(cl, room);

	if (acc && acc->state == CLUSTER_OWNED)
		write_key(acc, key, value);
}

/* Answers. */

char *cluster_account_answer_key(const struct cluster_account *acc,
				 const char *name, gboolean sent)
{
	struct document_name key = { .kind = DOCUMENT_ANSWER };

	g_strlcpy(key.account, acc->name, sizeof(key.account));
	g_snprintf(key.answer, sizeof(key.answer), "%s%s", name,
		   sent ? SENT : "");
	return document_key(&key);
}

static void promised(const GError *error, void *arg)
{
	struct cluster_wait *wait = arg;
	struct cluster *cl = wait->cl;
	const guint64 ticket = wait->ticket;

	if (error)
		g_warning("cluster: an answer is not promised: %s",
			  error->message);
	g_hash_table_remove(cl->waiting, wait);
	conference_promised(cl->conf, ticket, !error);
}

void cluster_promise(struct cluster *cl, const char *account,
		     const struct document_answer *prm, guint64 ticket)
{
	struct cluster_account *acc =
		g_hash_table_lookup(cl->accounts, account);
	struct cluster_wait *wait = g_new0(struct cluster_wait, 1);
	g_autofree char *key =
		cluster_account_answer_key(acc, prm->name, FALSE);
	g_autofree char *value = document_write(DOCUMENT_ANSWER, prm);

	wait->cl = cl;
	wait->ticket = ticket;
	g_hash_table_add(cl->waiting, wait);
	g_hash_table_insert(acc->answers, g_strdup(prm->name),
			    g_memdup2(&prm->until, sizeof(prm->until)));
	write_key(acc, key, value);
	flush(acc, promised, wait);
}

void cluster_answered(struct cluster *cl, const char *account, const char *name)
{
	struct cluster_account *acc =
		g_hash_table_lookup(cl->accounts, account);
	g_autofree char *key = NULL;

	/* A log-in link is nobody else's. */
	if (!acc || acc->state != CLUSTER_OWNED ||
	    !g_hash_table_contains(acc->answers, name))
		return;
	key = cluster_account_answer_key(acc, name, TRUE);
	write_key(acc, key, "{}");
}

/* What nobody can ask for any more. A few at a time. */
static void forget_answers(struct cluster_account *acc)
{
	const gint64 now = acc->cl->host->now_s(acc->cl->arg);
	GHashTableIter iter;
	const char *name;
	const gint64 *until;
	guint n = 0;

	g_hash_table_iter_init(&iter, acc->answers);
	while (n < FORGET_BATCH &&
	       g_hash_table_iter_next(&iter, (void **)&name, (void **)&until)) {
		g_autofree char *key =
			cluster_account_answer_key(acc, name, FALSE);
		g_autofree char *sent =
			cluster_account_answer_key(acc, name, TRUE);

		if (*until > now)
			continue;
		n++;
		write_key(acc, key, NULL);
		write_key(acc, sent, NULL);
		g_hash_table_iter_remove(&iter);
	}
}

/* Accounts. */

static void on_held(struct directory_claim *claim, gint64 fence, void *arg)
{
	struct cluster_account *acc = arg;

	(void)claim;
	g_info("cluster: claimed account=%s fence=%" G_GINT64_FORMAT, acc->name,
	       fence);
	if (acc->state == CLUSTER_READING)
		cluster_account_end_reading(acc);
	cluster_account_begin(acc);
}

static void on_lost(struct directory_claim *claim, void *arg)
{
	struct cluster_account *acc = arg;
	struct cluster *cl = acc->cl;

	(void)claim;
	if (acc->state == CLUSTER_READING)
		cluster_account_end_reading(acc);
	g_warning("cluster: account=%s is not ours any more; its mail waits "
		  "for whoever owns it next",
		  acc->name);
	acc->state =
		acc->state == CLUSTER_OWNED ? CLUSTER_FROZEN : CLUSTER_OTHERS;
	g_ptr_array_set_size(acc->batch, 0);
	conference_set_kept(cl->conf, acc->name, FALSE);
	cl->host->owns(acc->name, FALSE, cl->arg);
}

static const struct directory_claim_events claim_events = {
	.held = on_held,
	.lost = on_lost,
};

static void free_account(gpointer data)
{
	struct cluster_account *acc = data;

	if (acc->state == CLUSTER_OWNED)
		flush(acc, NULL, NULL);
	cluster_account_end_reading(acc);
	/* Not ours to write any more: nobody's call ends. */
	acc->state = CLUSTER_OTHERS;
	cluster_account_release(acc);
	directory_release(&acc->claim);
	g_ptr_array_unref(acc->batch);
	g_hash_table_unref(acc->answers);
	g_free(acc->name);
	g_free(acc);
}

static void add_account(struct cluster *cl, const char *name)
{
	struct cluster_account *acc = g_new0(struct cluster_account, 1);
	struct document_name key = { .kind = DOCUMENT_OWNER };
	struct document_owner doc = { .since = cl->host->now_s(cl->arg) };
	g_autofree char *path = NULL;
	g_autofree char *value = NULL;

	acc->cl = cl;
	acc->name = g_strdup(name);
	acc->batch = g_ptr_array_new_with_free_func(free_entry);
	acc->answers =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_hash_table_insert(cl->accounts, acc->name, acc);
	g_strlcpy(key.account, name, sizeof(key.account));
	g_strlcpy(doc.bridge, cl->name, sizeof(doc.bridge));
	g_strlcpy(doc.host, g_get_host_name(), sizeof(doc.host));
	if (cl->web_url)
		g_strlcpy(doc.web, cl->web_url, sizeof(doc.web));
	path = document_key(&key);
	value = document_write(DOCUMENT_OWNER, &doc);
	acc->claim = directory_claim(cl->dir, path, value, &claim_events, acc);
}

static gboolean is_gone(gpointer key, gpointer value, gpointer cfg)
{
	(void)value;
	return !config_mail(cfg, key);
}

void cluster_configure(struct cluster *cl)
{
	const struct config *cfg = conference_config(cl->conf);
	GHashTableIter iter;
	struct cluster_account *acc;

	g_hash_table_foreach_remove(cl->accounts, is_gone, (void *)cfg);
	for (guint i = 0; i < cfg->rooms->len; i++) {
		const struct config_room *room = cfg->rooms->pdata[i];

		g_hash_table_insert(cl->rooms, g_strdup(room->address),
				    g_strdup(room->account));
	}
	for (guint i = 0; i < cfg->mails->len; i++) {
		const struct config_mail *mail = cfg->mails->pdata[i];

		if (!g_hash_table_contains(cl->accounts, mail->name))
			add_account(cl, mail->name);
	}
	/* An account that was opened anew is read by its owner again. */
	g_hash_table_iter_init(&iter, cl->accounts);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc)) {
		const gboolean owned = acc->state == CLUSTER_OWNED;

		conference_set_kept(cl->conf, acc->name, owned);
		if (owned)
			cl->host->owns(acc->name, TRUE, cl->arg);
	}
}

struct document_owner *cluster_keeper(const struct cluster *cl,
				      const char *account)
{
	struct document_name key = { .kind = DOCUMENT_OWNER };
	struct document_owner *doc = g_new0(struct document_owner, 1);
	g_autofree char *path = NULL;
	const char *value;

	g_strlcpy(key.account, account, sizeof(key.account));
	path = document_key(&key);
	value = g_hash_table_lookup(cl->shown, path);
	if (!value ||
	    !document_read(DOCUMENT_OWNER, doc, value, strlen(value), NULL) ||
	    !strcmp(doc->bridge, cl->name))
		g_clear_pointer(&doc, g_free);
	return doc;
}

/* The cluster itself. */

static gint64 media_now_ms(void *arg)
{
	struct cluster *cl = arg;

	return cl->host->now_ms(cl->arg);
}

static const struct cluster_media_host media_host = {
	.now_ms = media_now_ms,
	.write = media_write,
};

struct cluster *cluster_create(const struct cluster_config *cfg,
			       struct directory *dir,
			       const struct cluster_host *host, void *arg)
{
	struct cluster *cl = g_new0(struct cluster, 1);

	cl->name = g_strdup(cfg->name);
	cl->web_url = g_strdup(cfg->web_url);
	cl->dir = dir;
	cl->host = host;
	cl->arg = arg;
	cl->seal = seal_create(cfg->cluster_secret);
	cl->sites = cluster_sites_create();
	cl->media = cluster_media_create(cl->sites, cl->seal, cfg->bitrate,
					 &media_host, cl);
	cl->rooms =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	cl->accounts = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					     free_account);
	cl->waiting = g_hash_table_new_full(NULL, NULL, g_free, NULL);
	cluster_watch_begin(cl);
	return cl;
}

void cluster_destroy(struct cluster **clp)
{
	struct cluster *cl = *clp;

	*clp = NULL;
	if (!cl)
		return;
	g_hash_table_unref(cl->accounts);
	g_hash_table_unref(cl->rooms);
	g_clear_handle_id(&cl->flush, g_source_remove);
	cluster_watch_end(cl);
	cluster_media_destroy(&cl->media);
	cluster_sites_destroy(&cl->sites);
	seal_destroy(&cl->seal);
	g_hash_table_unref(cl->waiting);
	g_free(cl->name);
	g_free(cl->web_url);
	g_free(cl);
}

struct cluster_media *cluster_media_of(const struct cluster *cl)
{
	return cl->media;
}

void cluster_join(struct cluster *cl, struct conference *conf)
{
	cl->conf = conf;
	cluster_media_join(cl->media, &conference_media_events, conf);
	cluster_configure(cl);
}

void cluster_connected(struct cluster *cl, gboolean up)
{
	if (up)
		cl->patient_until_ms =
			cl->host->now_ms(cl->arg) + CLUSTER_RETURN_MS;
}

void cluster_run(struct cluster *cl)
{
	GHashTableIter iter;
	struct cluster_account *acc;

	cluster_watch_run(cl);
	cluster_media_run(cl->media);
	g_hash_table_iter_init(&iter, cl->accounts);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		if (acc->state == CLUSTER_OWNED)
			forget_answers(acc);
}

void cluster_figures(const struct cluster *cl, struct cluster_figures *fig_r)
{
	GPtrArray *sites = cluster_sites_all(cl->sites);
	GHashTableIter iter;
	const struct cluster_account *acc;

	*fig_r = (struct cluster_figures){
		.accounts = g_hash_table_size(cl->accounts),
		.sites = sites->len,
		.takeovers = cl->takeovers,
	};
	g_ptr_array_unref(sites);
	g_hash_table_iter_init(&iter, cl->accounts);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		fig_r->owned += acc->state == CLUSTER_OWNED;
	cluster_media_trees(cl->media, &fig_r->hubs, &fig_r->depth);
}
