/* How an account is taken over: see cluster_account.h. */
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/cluster_account.h"

#define SENT ".sent"

static void read_changed(const char *key, const char *value, void *arg)
{
	struct cluster_account *acc = arg;

	if (value)
		g_hash_table_insert(acc->read, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(acc->read, key);
}

static void answers_synced(void *arg)
{
	struct cluster_account *acc = arg;

	acc->answers_synced = TRUE;
	cluster_account_take(acc);
}

static void members_synced(void *arg)
{
	struct cluster_account *acc = arg;

	acc->members_synced = TRUE;
	cluster_account_take(acc);
}

static const struct directory_watch_events answers_events = {
	.changed = read_changed,
	.synced = answers_synced,
};
static const struct directory_watch_events members_events = {
	.changed = read_changed,
	.synced = members_synced,
};

/* Everything is read after the claim is held: what the owner before wrote
 * under his is there by then, and he can write no more. */
void cluster_account_begin(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;
	g_autofree char *answers = document_prefix(DOCUMENT_ANSWER, acc->name);

	acc->remembers = acc->state == CLUSTER_FROZEN;
	acc->state = CLUSTER_READING;
	acc->since_ms = cl->host->now_ms(cl->arg);
	acc->read =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	acc->watch_answers =
		directory_watch(cl->dir, answers, &answers_events, acc);
	acc->watch_members =
		directory_watch(cl->dir, "members/", &members_events, acc);
	cluster_watch_wants(cl);
}

void cluster_account_end_reading(struct cluster_account *acc)
{
	directory_unwatch(&acc->watch_answers);
	directory_unwatch(&acc->watch_members);
	acc->answers_synced = acc->members_synced = FALSE;
	g_clear_pointer(&acc->read, g_hash_table_unref);
}

void cluster_account_release(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;
	GHashTableIter iter;
	const char *room, *account;

	conference_release(cl->conf, acc->name);
	g_hash_table_iter_init(&iter, cl->rooms);
	while (g_hash_table_iter_next(&iter, (void **)&room, (void **)&account))
		if (!strcmp(account, acc->name))
			cluster_media_forget(cl->media, room);
	g_hash_table_remove_all(acc->answers);
}

/* Answers. */

static void keep_answer(struct cluster_account *acc,
			const struct document_name *name, const char *value)
{
	struct cluster *cl = acc->cl;
	g_autoptr(GError) error = NULL;
	g_autofree char *sent_key =
		cluster_account_answer_key(acc, name->answer, TRUE);
	struct document_answer prm;
	gboolean sent = g_hash_table_contains(acc->read, sent_key);

	if (!promise_read(&prm, value, &error)) {
		g_warning("cluster: answers/%s/%s is not understood: %s",
			  acc->name, name->answer, error->message);
		return;
	}
	if (prm.seated) {
		struct document_name seat = { .kind = DOCUMENT_MEMBER };
		g_autofree char *key = NULL;

		g_strlcpy(seat.room, prm.room, sizeof(seat.room));
		g_strlcpy(seat.did, prm.did, sizeof(seat.did));
		key = document_key(&seat);
		/* Who has gone again is not told to come. */
		sent |= !g_hash_table_contains(acc->read, key);
	}
	conference_keep(cl->conf, acc->name, &prm, sent);
	g_hash_table_insert(acc->answers, g_strdup(name->answer),
			    g_memdup2(&prm.until, sizeof(prm.until)));
	document_clear(DOCUMENT_ANSWER, &prm);
}

/* The INVITE of a dialog; NULL: forgotten. Caller unrefs. */
static GBytes *find_invite(const struct cluster_account *acc, const char *did)
{
	g_autofree char *name = g_strconcat("ipsp-re.", did, NULL);
	g_autofree char *key = cluster_account_answer_key(acc, name, FALSE);
	const char *value = g_hash_table_lookup(acc->read, key);
	struct document_answer prm;
	GBytes *invite;

	if (!value || !promise_read(&prm, value, NULL))
		return NULL;
	invite = prm.invite ? g_bytes_ref(prm.invite) : NULL;
	document_clear(DOCUMENT_ANSWER, &prm);
	return invite;
}

/* Members. */

static void know_site(struct cluster *cl, const char *site)
{
	struct cluster_away *away;

	if (cluster_sites_find(cl->sites, site))
		return;
	away = g_hash_table_lookup(cl->away, site);
	if (!away) {
		away = g_new0(struct cluster_away, 1);
		g_hash_table_insert(cl->away, g_strdup(site), away);
	}
	away->lost = FALSE;
	away->since_ms = cl->host->now_ms(cl->arg);
}

static struct member *adopt_tool(struct cluster_account *acc, const char *room,
				 const struct document_member *doc,
				 const struct room_guest *guest,
				 const struct room_past *past)
{
	const struct ipsp_candidate *at = &doc->tool.address;
	struct sockaddr_storage address;

	if (!candidates_parse(at->address, at->port, &address))
		return NULL;
	return conference_adopt_tool(acc->cl->conf, room, guest, past, &address,
				     doc->token);
}

static struct member *adopt(struct cluster_account *acc,
			    const struct document_name *name,
			    const struct document_member *doc,
			    const struct document_secret *secret)
{
	g_autoptr(GBytes) invite = find_invite(acc, name->did);
	const struct room_guest guest = {
		.did = name->did,
		.address = doc->address,
		.name = doc->name,
		.device = doc->device,
		.gate = doc->place.gate,
		.deadline = doc->deadline,
		.via = doc->via,
	};
	const struct room_past past = {
		.state = doc->state,
		.since = doc->since,
		.path = "",
		.muted = doc->muted,
		.self_muted = doc->self_muted,
		.role = doc->role,
		.volume = doc->volume,
		.talked_s = doc->talked_s,
		.hand_ms = doc->hand_ms,
		.has_floor = doc->has_floor,
		.floor_until_ms = doc->floor_until_ms,
		.mute_after = doc->mute_after,
	};
	struct keys keys;
	struct member *mem;

	if (doc->has_tool)
		return adopt_tool(acc, name->room, doc, &guest, &past);
	cluster_media_keys(secret, &keys);
	mem = conference_adopt(acc->cl->conf, name->room, &guest, &past, &keys,
			       invite);
	explicit_bzero(&keys, sizeof(keys));
	return mem;
}

/* One of the records that were read. */
struct record {
	struct document_name name;
	struct document_member doc;
	struct document_secret secret;
};

static void free_record(gpointer data)
{
	explicit_bzero(data, sizeof(struct record));
	g_free(data);
}

static gint by_arrival(gconstpointer a, gconstpointer b)
{
	const struct record *const *one = a, *const *other = b;

	return ((*one)->doc.deadline > (*other)->doc.deadline) -
	       ((*one)->doc.deadline < (*other)->doc.deadline);
}

static struct record *read_record(struct cluster_account *acc, const char *key,
				  const char *value)
{
	struct record *rec = g_new0(struct record, 1);
	g_autoptr(GError) error = NULL;

	if (!document_name(&rec->name, key) ||
	    rec->name.kind != DOCUMENT_MEMBER ||
	    cluster_account_of(acc->cl, rec->name.room) != acc) {
		free_record(rec);
		return NULL;
	}
	if (!document_read(DOCUMENT_MEMBER, &rec->doc, value, strlen(value),
			   &error) ||
	    !cluster_media_unseal(acc->cl->seal, key, &rec->doc, &rec->secret,
				  &error)) {
		g_critical("cluster: %s is lost: %s", key, error->message);
		g_clear_pointer(&rec, free_record);
	}
	return rec;
}

static void restore_member(struct cluster_account *acc,
			   const struct record *rec)
{
	struct cluster *cl = acc->cl;
	struct member *mem = adopt(acc, &rec->name, &rec->doc, &rec->secret);

	if (!mem)
		return;
	cluster_media_restore_member(cl->media, mem, &rec->doc, &rec->secret);
	know_site(cl, rec->doc.place.site);
	if (rec->doc.has_standby)
		know_site(cl, rec->doc.standby.site);
}

/* In order of arrival: the newer leg of a device replaces the older. */
static void restore_members(struct cluster_account *acc)
{
	g_autoptr(GPtrArray) records =
		g_ptr_array_new_with_free_func(free_record);
	GHashTableIter iter;
	const char *key, *value;

	g_hash_table_iter_init(&iter, acc->read);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value)) {
		struct record *rec = read_record(acc, key, value);

		if (rec)
			g_ptr_array_add(records, rec);
	}
	g_ptr_array_sort(records, by_arrival);
	for (guint i = 0; i < records->len; i++)
		restore_member(acc, records->pdata[i]);
}

/* Calls for each key of the account, in the order of the keys: two bridges
 * that read the same do the same. */
static void
each(struct cluster_account *acc, GHashTable *table, enum document_kind kind,
     void (*take)(struct cluster_account *acc, const char *key,
		  const struct document_name *name, const char *value))
{
	g_autoptr(GList) keys = g_hash_table_get_keys(table);

	keys = g_list_sort(keys, (GCompareFunc)strcmp);
	for (GList *item = keys; item; item = item->next) {
		struct document_name name;

		if (!document_name(&name, item->data) || name.kind != kind)
			continue;
		if (kind == DOCUMENT_ANSWER
			    ? !strcmp(name.account, acc->name)
			    : cluster_account_of(acc->cl, name.room) == acc)
			take(acc, item->data, &name,
			     g_hash_table_lookup(table, item->data));
	}
}

static void take_answer(struct cluster_account *acc, const char *key,
			const struct document_name *name, const char *value)
{
	(void)key;
	if (!g_str_has_suffix(name->answer, SENT))
		keep_answer(acc, name, value);
}

static void take_hub(struct cluster_account *acc, const char *key,
		     const struct document_name *name, const char *value)
{
	struct document_want_hub doc;

	(void)key;
	if (!document_read(DOCUMENT_WANT_HUB, &doc, value, strlen(value), NULL))
		return;
	cluster_media_restore_hub(acc->cl->media, name->room, name->site, &doc);
	know_site(acc->cl, name->site);
	document_clear(DOCUMENT_WANT_HUB, &doc);
}

static void take_session(struct cluster_account *acc, const char *key,
			 const struct document_name *name, const char *value)
{
	struct document_want_session doc;

	(void)key;
	if (!document_read(DOCUMENT_WANT_SESSION, &doc, value, strlen(value),
			   NULL))
		return;
	cluster_media_restore_session(acc->cl->media, name, &doc);
	document_clear(DOCUMENT_WANT_SESSION, &doc);
}

static void restored(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;
	GHashTableIter iter;
	const char *room, *account;

	g_hash_table_iter_init(&iter, cl->rooms);
	while (g_hash_table_iter_next(&iter, (void **)&room,
				      (void **)&account)) {
		if (strcmp(account, acc->name) != 0)
			continue;
		cluster_media_restored(cl->media, room);
		cluster_watch_tell_again(cl, room);
	}
}

static gboolean has_any(struct cluster_account *acc, GHashTable *table)
{
	GHashTableIter iter;
	const char *key;
	struct document_name name;

	g_hash_table_iter_init(&iter, table);
	while (g_hash_table_iter_next(&iter, (void **)&key, NULL))
		if (document_name(&name, key) &&
		    (!strcmp(name.account, acc->name) ||
		     cluster_account_of(acc->cl, name.room) == acc))
			return TRUE;
	return FALSE;
}

/* There is nothing at all, though there was something: it came back without its
 * data. What this bridge remembers is all that there is; sites keep what they
 * have for a while (site.h). */
static gboolean write_again(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;
	GHashTableIter iter;
	const char *room, *account;

	if (!acc->remembers || has_any(acc, acc->read) ||
	    has_any(acc, cl->wants))
		return FALSE;
	acc->state = CLUSTER_OWNED;
	g_hash_table_iter_init(&iter, cl->rooms);
	while (g_hash_table_iter_next(&iter, (void **)&room, (void **)&account))
		if (!strcmp(account, acc->name))
			cluster_media_write_again(cl->media, room);
	return TRUE;
}

static void read_back(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;

	cluster_account_release(acc);
	acc->state = CLUSTER_OWNED;
	each(acc, acc->read, DOCUMENT_ANSWER, take_answer);
	each(acc, cl->wants, DOCUMENT_WANT_HUB, take_hub);
	restore_members(acc);
	each(acc, cl->wants, DOCUMENT_WANT_SESSION, take_session);
	restored(acc);
}

/* Sites that are not here may only be late: see know_site(). */
void cluster_account_take(struct cluster_account *acc)
{
	struct cluster *cl = acc->cl;
	const gint64 now_ms = cl->host->now_ms(cl->arg);

	if (acc->state != CLUSTER_READING || !acc->answers_synced ||
	    !acc->members_synced || !cl->want_synced || !cl->sites_synced ||
	    !cl->status_synced)
		return;
	cl->takeovers++;
	cl->patient_until_ms =
		MAX(cl->patient_until_ms, now_ms + CLUSTER_RETURN_MS);
	if (!write_again(acc))
		read_back(acc);
	cluster_media_run(cl->media);
	g_message("cluster: account=%s is ours, read in %" G_GINT64_FORMAT
		  " ms",
		  acc->name, now_ms - acc->since_ms);
	cluster_account_end_reading(acc);
	conference_set_kept(cl->conf, acc->name, TRUE);
	cl->host->owns(acc->name, TRUE, cl->arg);
}
