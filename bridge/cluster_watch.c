/* What the directory tells of sites, wants and statuses: see
 * cluster_account.h. */
#include <string.h>

#include "bridge/cluster_account.h"

static void note(GHashTable *texts, const char *key, const char *value)
{
	if (value)
		g_hash_table_insert(texts, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(texts, key);
}

/* Sites. */

static struct cluster_away *away_of(struct cluster *cl, const char *site)
{
	struct cluster_away *away = g_hash_table_lookup(cl->away, site);

	if (!away) {
		away = g_new0(struct cluster_away, 1);
		away->lost = TRUE;
		g_hash_table_insert(cl->away, g_strdup(site), away);
	}
	return away;
}

static void lose_site(struct cluster *cl, const char *site,
		      struct cluster_away *away)
{
	if (away->lost)
		return;
	g_warning("cluster: site=%s is dead", site);
	away->lost = TRUE;
	cluster_media_site_lost(cl->media, site);
}

static void site_here(struct cluster *cl, const char *site,
		      struct document_site *doc)
{
	struct cluster_away *away = away_of(cl, site);
	const gboolean same_run = !strcmp(away->instance, doc->instance);
	const gboolean news = away->lost || away->since_ms || !same_run;
	const struct document_site *before;
	gboolean drains;

	if (!same_run) {
		/* Its sessions are gone with the run before. */
		cluster_sites_set(cl->sites, site, NULL);
		lose_site(cl, site, away);
		g_strlcpy(away->instance, doc->instance,
			  sizeof(away->instance));
	}
	away->since_ms = 0;
	away->lost = FALSE;
	before = cluster_sites_find(cl->sites, site);
	drains = before && before->draining != doc->draining;
	cluster_sites_set(cl->sites, site, doc);
	if (drains)
		cluster_media_site_drains(cl->media, site);
	if (!news)
		return;
	g_info("cluster: site=%s is here, %u gates of %u", site, doc->gates,
	       doc->sessions_per_gate);
	cluster_media_site_came(cl->media, site, same_run);
}

static void site_away(struct cluster *cl, const char *site)
{
	struct cluster_away *away = away_of(cl, site);

	if (!away->since_ms)
		away->since_ms = cl->host->now_ms(cl->arg);
	cluster_sites_set(cl->sites, site, NULL);
}

static gboolean understood(const char *key, gboolean read, GError **error)
{
	if (!read)
		g_warning("cluster: %s is not understood and passed over. %s",
			  key, (*error)->message);
	g_clear_error(error);
	return read;
}

static void site_changed(const char *key, const char *value, void *arg)
{
	struct cluster *cl = arg;
	struct document_name name;
	struct document_site doc;
	GError *error = NULL;

	if (!document_name(&name, key) || name.kind != DOCUMENT_SITE)
		return;
	note(cl->shown, key, value);
	if (!value)
		site_away(cl, name.site);
	else if (understood(key,
			    document_read(DOCUMENT_SITE, &doc, value,
					  strlen(value), &error),
			    &error))
		site_here(cl, name.site, &doc);
	cluster_media_run(cl->media);
}

/* Who has all that there is may take an account over. */
static void try_accounts(struct cluster *cl)
{
	GHashTableIter iter;
	struct cluster_account *acc;

	g_hash_table_iter_init(&iter, cl->accounts);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&acc))
		cluster_account_take(acc);
}

static void sites_synced(void *arg)
{
	struct cluster *cl = arg;

	cl->sites_synced = TRUE;
	try_accounts(cl);
}

/* Sessions that are wanted, of whichever owner: what they take of a site. */

static void count_want(struct cluster *cl, const char *key, const char *value)
{
	struct document_name name;
	struct document_want_session doc;
	struct document_place place = { 0 };
	struct cluster_account *acc;

	if (!document_name(&name, key) || name.kind != DOCUMENT_WANT_SESSION)
		return;
	acc = cluster_account_of(cl, name.room);
	/* Of ours we know the newest; this is what we wrote a while ago. */
	if (acc && acc->state == CLUSTER_OWNED)
		return;
	if (!value || !document_read(DOCUMENT_WANT_SESSION, &doc, value,
				     strlen(value), NULL)) {
		cluster_sites_take(cl->sites, key, name.room, NULL, FALSE);
		return;
	}
	g_strlcpy(place.site, name.site, sizeof(place.site));
	g_strlcpy(place.gate, doc.gate, sizeof(place.gate));
	place.worker = doc.worker;
	cluster_sites_take(cl->sites, key, name.room,
			   doc.has_end ? NULL : &place, doc.standby);
	document_clear(DOCUMENT_WANT_SESSION, &doc);
}

static void want_changed(const char *key, const char *value, void *arg)
{
	struct cluster *cl = arg;

	if (cl->old_wants)
		g_hash_table_remove(cl->old_wants, key);
	note(cl->wants, key, value);
	count_want(cl, key, value);
}

static void want_synced(void *arg)
{
	struct cluster *cl = arg;
	g_autoptr(GHashTable) gone = g_steal_pointer(&cl->old_wants);
	GHashTableIter iter;
	const char *key;

	if (gone) {
		g_hash_table_iter_init(&iter, gone);
		while (g_hash_table_iter_next(&iter, (void **)&key, NULL)) {
			g_hash_table_remove(cl->wants, key);
			count_want(cl, key, NULL);
		}
	}
	cl->want_synced = TRUE;
	try_accounts(cl);
}

/* Statuses. */

static gboolean read_session(const char *key, const char *value,
			     struct document_status_session *doc_r)
{
	GError *error = NULL;

	return understood(key,
			  document_read(DOCUMENT_STATUS_SESSION, doc_r, value,
					strlen(value), &error),
			  &error);
}

static void tell_hub(struct cluster *cl, const struct document_name *name,
		     const char *key, const char *value)
{
	struct document_status_hub hub;
	GError *error = NULL;

	if (!value || !understood(key,
				  document_read(DOCUMENT_STATUS_HUB, &hub,
						value, strlen(value), &error),
				  &error))
		return;
	cluster_media_hub_told(cl->media, name, &hub);
	document_clear(DOCUMENT_STATUS_HUB, &hub);
}

static void tell_status(struct cluster *cl, const struct document_name *name,
			const char *key, const char *value)
{
	struct document_status_session doc;

	if (name->kind == DOCUMENT_STATUS_HUB)
		tell_hub(cl, name, key, value);
	else if (name->kind == DOCUMENT_STATUS_SESSION &&
		 (!value || read_session(key, value, &doc)))
		cluster_media_session_told(cl->media, name,
					   value ? &doc : NULL);
}

/* Also in another's room: whoever seats the next ones knows how far they are.
 * Of ours cluster_media does it. */
static void measure(struct cluster *cl, const struct document_name *name,
		    const char *key, const char *value)
{
	struct document_status_session doc;

	if (name->kind == DOCUMENT_STATUS_SESSION && value &&
	    read_session(key, value, &doc) && doc.has_figures &&
	    doc.figures.round_trip_ms >= 0)
		cluster_sites_measured(cl->sites, name->site, doc.path,
				       doc.figures.round_trip_ms,
				       cl->host->now_ms(cl->arg));
}

static void status_changed(const char *key, const char *value, void *arg)
{
	struct cluster *cl = arg;
	struct document_name name;
	const struct cluster_account *acc;

	if (!document_name(&name, key))
		return;
	note(cl->statuses, key, value);
	acc = cluster_account_of(cl, name.room);
	if (!acc || acc->state != CLUSTER_OWNED) {
		measure(cl, &name, key, value);
		return;
	}
	tell_status(cl, &name, key, value);
	cluster_media_run(cl->media);
}

static void status_synced(void *arg)
{
	struct cluster *cl = arg;

	cl->status_synced = TRUE;
	try_accounts(cl);
}

void cluster_watch_tell_again(struct cluster *cl, const char *room)
{
	GHashTableIter iter;
	const char *key, *value;

	g_hash_table_iter_init(&iter, cl->statuses);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value)) {
		struct document_name name;

		if (document_name(&name, key) && !strcmp(name.room, room))
			tell_status(cl, &name, key, value);
	}
}

/* Owners. What was ours and is another's now is shown no more. */
static void owner_changed(const char *key, const char *value, void *arg)
{
	struct cluster *cl = arg;
	struct document_name name;
	struct document_owner doc;
	struct cluster_account *acc;

	note(cl->shown, key, value);
	if (!value || !document_name(&name, key) ||
	    !document_read(DOCUMENT_OWNER, &doc, value, strlen(value), NULL))
		return;
	acc = g_hash_table_lookup(cl->accounts, name.account);
	if (strcmp(doc.bridge, cl->name) != 0)
		g_info("cluster: account=%s is kept by bridge=%s", name.account,
		       doc.bridge);
	if (acc && acc->state == CLUSTER_FROZEN &&
	    strcmp(doc.bridge, cl->name) != 0) {
		acc->state = CLUSTER_OTHERS;
		cluster_account_release(acc);
	}
}

static const struct directory_watch_events owner_events = {
	.changed = owner_changed,
};
static const struct directory_watch_events site_events = {
	.changed = site_changed,
	.synced = sites_synced,
};
static const struct directory_watch_events want_events = {
	.changed = want_changed,
	.synced = want_synced,
};
static const struct directory_watch_events status_events = {
	.changed = status_changed,
	.synced = status_synced,
};

static GHashTable *new_texts(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
}

void cluster_watch_wants(struct cluster *cl)
{
	GHashTableIter iter;
	const char *key;

	directory_unwatch(&cl->watch_want);
	cl->want_synced = FALSE;
	g_clear_pointer(&cl->old_wants, g_hash_table_unref);
	cl->old_wants =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_hash_table_iter_init(&iter, cl->wants);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL))
		g_hash_table_add(cl->old_wants, g_strdup(key));
	cl->watch_want = directory_watch(cl->dir, "want/", &want_events, cl);
}

void cluster_watch_begin(struct cluster *cl)
{
	cl->wants = new_texts();
	cl->statuses = new_texts();
	cl->shown = new_texts();
	cl->away =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	cl->watch_sites = directory_watch(cl->dir, "sites/", &site_events, cl);
	cl->watch_status =
		directory_watch(cl->dir, "status/", &status_events, cl);
	cl->watch_owners =
		directory_watch(cl->dir, "owners/", &owner_events, cl);
	cluster_watch_wants(cl);
}

void cluster_watch_end(struct cluster *cl)
{
	directory_unwatch(&cl->watch_sites);
	directory_unwatch(&cl->watch_owners);
	directory_unwatch(&cl->watch_want);
	directory_unwatch(&cl->watch_status);
	g_clear_pointer(&cl->old_wants, g_hash_table_unref);
	g_hash_table_unref(cl->wants);
	g_hash_table_unref(cl->statuses);
	g_hash_table_unref(cl->shown);
	g_hash_table_unref(cl->away);
}

void cluster_watch_run(struct cluster *cl)
{
	const gint64 now_ms = cl->host->now_ms(cl->arg);
	GHashTableIter iter;
	struct cluster_away *away;
	const char *site;

	if (now_ms < cl->patient_until_ms)
		return;
	g_hash_table_iter_init(&iter, cl->away);
	while (g_hash_table_iter_next(&iter, (void **)&site, (void **)&away))
		if (away->since_ms &&
		    now_ms - away->since_ms >= CLUSTER_SITE_GRACE_MS)
			lose_site(cl, site, away);
}
