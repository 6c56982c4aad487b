#include "bridge/gates.h"

#include <string.h>

struct gates {
	GTree *sites;  /* name => struct document_site */
	GTree *owners; /* account => struct document_owner */
	GTree *rooms;  /* address => struct room */
};

struct room {
	GTree *hubs; /* site => struct hub */
};

struct hub {
	gboolean wanted; /* doc is there */
	struct document_want_hub doc;
	gboolean told; /* status is there */
	struct document_status_hub status;
	GHashTable *sessions; /* "DID.K" => struct session */
};

struct session {
	char gate[64]; /* "": not wanted */
	gboolean standby, here;
};

static gint by_name(gconstpointer a, gconstpointer b, gpointer data)
{
	(void)data;
	return strcmp(a, b);
}

static GTree *new_tree(GDestroyNotify destroy)
{
	return g_tree_new_full(by_name, NULL, g_free, destroy);
}

static void free_site(gpointer data)
{
	document_clear(DOCUMENT_SITE, data);
	g_free(data);
}

static void free_hub(gpointer data)
{
	struct hub *hub = data;

	document_clear(DOCUMENT_WANT_HUB, &hub->doc);
	document_clear(DOCUMENT_STATUS_HUB, &hub->status);
	g_hash_table_unref(hub->sessions);
	g_free(hub);
}

static void free_room(gpointer data)
{
	struct room *room = data;

	g_tree_unref(room->hubs);
	g_free(room);
}

struct gates *gates_create(void)
{
	struct gates *gts = g_new0(struct gates, 1);

	gts->sites = new_tree(free_site);
	gts->owners = new_tree(g_free);
	gts->rooms = new_tree(free_room);
	return gts;
}

void gates_destroy(struct gates **gtsp)
{
	struct gates *gts = *gtsp;

	*gtsp = NULL;
	if (!gts)
		return;
	g_tree_unref(gts->sites);
	g_tree_unref(gts->owners);
	g_tree_unref(gts->rooms);
	g_free(gts);
}

static struct hub *hub_of(struct gates *gts, const struct document_name *name)
{
	struct room *room = g_tree_lookup(gts->rooms, name->room);
	struct hub *hub;

	if (!room) {
		room = g_new0(struct room, 1);
		room->hubs = new_tree(free_hub);
		g_tree_insert(gts->rooms, g_strdup(name->room), room);
	}
	hub = g_tree_lookup(room->hubs, name->site);
	if (!hub) {
		hub = g_new0(struct hub, 1);
		hub->sessions = g_hash_table_new_full(g_str_hash, g_str_equal,
						      g_free, g_free);
		g_tree_insert(room->hubs, g_strdup(name->site), hub);
	}
	return hub;
}

static gboolean parse(enum document_kind kind, gpointer doc_r,
		      const char *value)
{
	return document_read(kind, doc_r, value, strlen(value), NULL);
}

static void add_site(struct gates *gts, const struct document_name *name,
		     const char *value)
{
	struct document_site doc;

	if (parse(name->kind, &doc, value))
		g_tree_insert(gts->sites, g_strdup(name->site),
			      g_memdup2(&doc, sizeof(doc)));
}

static void add_owner(struct gates *gts, const struct document_name *name,
		      const char *value)
{
	struct document_owner doc;

	if (parse(name->kind, &doc, value))
		g_tree_insert(gts->owners, g_strdup(name->account),
			      g_memdup2(&doc, sizeof(doc)));
}

static void add_want_hub(struct gates *gts, const struct document_name *name,
			 const char *value)
{
	struct hub *hub = hub_of(gts, name);

	document_clear(name->kind, &hub->doc);
	hub->wanted = parse(name->kind, &hub->doc, value);
}

static void add_status_hub(struct gates *gts, const struct document_name *name,
			   const char *value)
{
	struct hub *hub = hub_of(gts, name);

	document_clear(name->kind, &hub->status);
	hub->told = parse(name->kind, &hub->status, value);
}

static struct session *session_of(struct gates *gts,
				  const struct document_name *name)
{
	GHashTable *sessions = hub_of(gts, name)->sessions;
	g_autofree char *id = g_strdup_printf("%s.%u", name->did, name->k);
	struct session *ses = g_hash_table_lookup(sessions, id);

	if (!ses) {
		ses = g_new0(struct session, 1);
		g_hash_table_insert(sessions, g_steal_pointer(&id), ses);
	}
	return ses;
}

static void add_want_session(struct gates *gts,
			     const struct document_name *name,
			     const char *value)
{
	struct document_want_session doc;
	struct session *ses;

	if (!parse(name->kind, &doc, value))
		return;
	ses = session_of(gts, name);
	g_strlcpy(ses->gate, doc.has_end ? "" : doc.gate, sizeof(ses->gate));
	ses->standby = doc.standby;
	document_clear(name->kind, &doc);
}

static void add_status_session(struct gates *gts,
			       const struct document_name *name,
			       const char *value)
{
	struct document_status_session doc;

	if (!parse(name->kind, &doc, value))
		return;
	session_of(gts, name)->here = *doc.path && !doc.gone;
	document_clear(name->kind, &doc);
}

void gates_add(struct gates *gts, const char *key, const char *value)
{
	static void (*const adders[DOCUMENT_KINDS])(
		struct gates * gts, const struct document_name *name,
		const char *value) = {
		[DOCUMENT_SITE] = add_site,
		[DOCUMENT_OWNER] = add_owner,
		[DOCUMENT_WANT_HUB] = add_want_hub,
		[DOCUMENT_WANT_SESSION] = add_want_session,
		[DOCUMENT_STATUS_HUB] = add_status_hub,
		[DOCUMENT_STATUS_SESSION] = add_status_session,
	};
	struct document_name name;

	if (document_name(&name, key) && adders[name.kind])
		adders[name.kind](gts, &name, value);
}

/* What the panel shows. */

static enum topology_state state_of(const struct hub *hub)
{
	static const enum topology_state states[] = {
		[DOCUMENT_PARENT_UP] = TOPOLOGY_UP,
		[DOCUMENT_PARENT_ALTERNATE] = TOPOLOGY_ALTERNATE,
		[DOCUMENT_PARENT_DOWN] = TOPOLOGY_CUT_OFF,
	};

	if (!hub->wanted)
		return TOPOLOGY_LEAVING;
	return hub->told ? states[hub->status.parent] : TOPOLOGY_ABSENT;
}

/* NULL: it does not tell of it. */
static const struct document_trunk_status *trunk_told(const struct hub *hub,
						      const char *id)
{
	for (guint i = 0; hub && hub->told && i < hub->status.n_trunks; i++)
		if (!strcmp(hub->status.trunks[i].id, id))
			return &hub->status.trunks[i];
	return NULL;
}

/* What each end tells is of what comes to it. */
static void describe_trunk(const struct room *room, const struct hub *hub,
			   const struct document_trunk *doc,
			   struct topology_trunk *trk)
{
	const struct document_trunk_status *here = trunk_told(hub, doc->id);
	const struct document_trunk_status *there =
		trunk_told(g_tree_lookup(room->hubs, doc->site), doc->id);

	g_strlcpy(trk->site, doc->site, sizeof(trk->site));
	trk->up = here && here->up;
	trk->protocol = here ? here->protocol : 0;
	if (trk->up) {
		trk->loss_down = here->loss;
		trk->round_trip_ms = here->rtt_ms;
		trk->loss_up = there && there->up ? there->loss : -1;
	}
}

static void describe_sessions(const struct hub *hub, struct topology_hub *shown)
{
	GHashTableIter iter;
	const struct session *ses;

	g_hash_table_iter_init(&iter, hub->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&ses)) {
		if (*ses->gate && ses->standby && !ses->here)
			shown->standbys++;
		else if (*ses->gate)
			topology_seat(shown, ses->gate, ses->here, !ses->here);
	}
}

struct describing {
	const struct gates *gts;
	const struct room *room;
	struct topology *top;
};

static gboolean describe_hub(gpointer key, gpointer value, gpointer data)
{
	const struct describing *dsc = data;
	const struct hub *hub = value;
	const struct document_site *site = g_tree_lookup(dsc->gts->sites, key);
	struct topology_hub *shown;

	/* A session's last word, after its hub. */
	if (!hub->wanted && !hub->told)
		return FALSE;
	shown = topology_add(dsc->top, key);
	shown->state = state_of(hub);
	shown->root = hub->doc.root;
	shown->vice = hub->doc.vice;
	shown->places = site ? site->sessions_per_gate : 0;
	shown->talkers = hub->told ? hub->status.n_talkers : 0;
	for (guint i = 0; i < hub->doc.n_trunks; i++) {
		const struct document_trunk *trk = &hub->doc.trunks[i];

		if (trk->role == DOCUMENT_TRUNK_PARENT)
			describe_trunk(dsc->room, hub, trk, &shown->parent);
		else if (trk->role == DOCUMENT_TRUNK_ALTERNATE)
			describe_trunk(dsc->room, hub, trk, &shown->alternate);
	}
	describe_sessions(hub, shown);
	return FALSE;
}

struct topology *gates_topology(const struct gates *gts, const char *address)
{
	struct describing dsc = { gts, g_tree_lookup(gts->rooms, address),
				  NULL };

	if (!dsc.room)
		return NULL;
	dsc.top = topology_create();
	g_tree_foreach(dsc.room->hubs, describe_hub, &dsc);
	topology_finish(dsc.top);
	return dsc.top;
}

static gboolean describe_site(gpointer key, gpointer value, gpointer data)
{
	const struct document_site *doc = value;
	struct topology_site site = {
		.global = doc->net == DOCUMENT_NET_GLOBAL,
		.gates = doc->gates,
		.places = doc->sessions_per_gate,
		.used = doc->used,
		.stress = document_site_stress(doc),
		.draining = doc->draining,
		.protocol_min = doc->protocol_min,
		.protocol_max = doc->protocol_max,
	};

	g_strlcpy(site.site, key, sizeof(site.site));
	g_strlcpy(site.host, doc->host, sizeof(site.host));
	g_strlcpy(site.release, doc->release, sizeof(site.release));
	g_array_append_val((GArray *)data, site);
	return FALSE;
}

GArray *gates_sites(const struct gates *gts)
{
	GArray *sites = g_array_new(FALSE, TRUE, sizeof(struct topology_site));

	g_tree_foreach(gts->sites, describe_site, sites);
	return sites;
}

static gboolean list_name(gpointer key, gpointer value, gpointer data)
{
	(void)value;
	g_ptr_array_add(data, key);
	return FALSE;
}

GPtrArray *gates_rooms(const struct gates *gts)
{
	GPtrArray *names = g_ptr_array_new();

	g_tree_foreach(gts->rooms, list_name, names);
	return names;
}

GPtrArray *gates_accounts(const struct gates *gts)
{
	GPtrArray *names = g_ptr_array_new();

	g_tree_foreach(gts->owners, list_name, names);
	return names;
}

const struct document_owner *gates_owner(const struct gates *gts,
					 const char *account)
{
	return g_tree_lookup(gts->owners, account);
}
