/* What a site hears of the directory: see site_private.h. */
#include <string.h>

#include "bridge/site_private.h"

static struct site_room *room_of(struct site *site, const char *address)
{
	struct site_room *room = g_hash_table_lookup(site->rooms, address);

	if (!room) {
		room = site_room_create(site, address);
		g_hash_table_insert(site->rooms, room->address, room);
	}
	return room;
}

static struct site_session *session_of(struct site_room *room,
				       const struct document_name *name)
{
	char *key = g_strdup_printf("%s.%u", name->did, name->k);
	struct site_session *ses = g_hash_table_lookup(room->sessions, key);

	if (ses) {
		g_free(key);
		return ses;
	}
	ses = site_session_create(room, name->did, name->k);
	g_hash_table_insert(room->sessions, key, ses);
	return ses;
}

/* FALSE: it cannot be read; *want_r stays NULL then, as for one that is gone.
 */
static gboolean read_want(const struct document_name *name, const char *key,
			  const char *value, gsize size, gpointer *want_r)
{
	g_autoptr(GError) error = NULL;
	g_autofree gpointer doc = NULL;

	if (!value)
		return TRUE;
	doc = g_malloc0(size);
	if (!document_read(name->kind, doc, value, strlen(value), &error)) {
		g_warning("site: %s is not understood and passed over. %s", key,
			  error->message);
		return FALSE;
	}
	*want_r = g_steal_pointer(&doc);
	return TRUE;
}

static void want_changed(const char *key, const char *value, void *arg)
{
	struct site *site = arg;
	struct document_name name;
	gpointer want = NULL;

	if (!document_name(&name, key) || strcmp(name.site, site->name) != 0) {
		g_debug("site: passed over %s", key);
	} else if (name.kind == DOCUMENT_WANT_HUB) {
		if (read_want(&name, key, value,
			      sizeof(struct document_want_hub), &want))
			site_room_want(room_of(site, name.room), want);
	} else if (name.kind == DOCUMENT_WANT_SESSION) {
		if (read_want(&name, key, value,
			      sizeof(struct document_want_session), &want))
			site_session_want(
				session_of(room_of(site, name.room), &name),
				want);
	}
	site_run_soon(site);
}

static void want_synced(void *arg)
{
	struct site *site = arg;

	site->catching_up = FALSE;
	site_run_soon(site);
}

static const struct directory_watch_events want_events = {
	.changed = want_changed,
	.synced = want_synced,
};

/* Our own key. At first the run before us may still stand there. */
static void own_changed(const char *key, const char *value, void *arg)
{
	struct site *site = arg;
	struct document_name name;
	struct document_site doc;

	if (!value || !document_name(&name, key) ||
	    strcmp(name.site, site->name) != 0 ||
	    !document_read(DOCUMENT_SITE, &doc, value, strlen(value), NULL))
		return;
	if (!strcmp(doc.instance, site->instance)) {
		site->seen_own = TRUE;
	} else if (site->seen_own && !site->doubled) {
		site->doubled = TRUE;
		g_critical("site: another process, on %s, is called site=%s as "
			   "well: give one of them another name",
			   doc.host, site->name);
	}
	document_clear(DOCUMENT_SITE, &doc);
}

static const struct directory_watch_events own_events = {
	.changed = own_changed,
};

void site_connected(struct site *site, gboolean up)
{
	if (!up)
		site->catching_up = TRUE;
}

void site_watch_begin(struct site *site)
{
	g_autofree char *wants = document_prefix(DOCUMENT_WANT_HUB, site->name);
	struct document_name name = { .kind = DOCUMENT_SITE };
	g_autofree char *own = NULL;

	g_strlcpy(name.site, site->name, sizeof(name.site));
	own = document_key(&name);
	site->own = directory_watch(site->dir, own, &own_events, site);
	site->watch = directory_watch(site->dir, wants, &want_events, site);
}

void site_watch_end(struct site *site)
{
	directory_unwatch(&site->watch);
	directory_unwatch(&site->own);
}
