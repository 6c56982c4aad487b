#include "bridge/gates.h"

#include <string.h>

#include "bridge/documents.h"

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
	guint members, standbys, here; /* sessions; here: registered */
	GTree *gates;		       /* id => itself */
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
	g_tree_unref(hub->gates);
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
		hub->gates = new_tree(NULL);
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

static void add_want_session(struct gates *gts,
			     const struct document_name *name,
			     const char *value)
{
	struct hub *hub = hub_of(gts, name);
	struct document_want_session doc;

	if (!parse(name->kind, &doc, value) || doc.has_end)
		return;
	*(doc.standby ? &hub->standbys : &hub->members) += 1;
	if (!doc.standby)
		g_tree_insert(hub->gates, g_strdup(doc.gate), NULL);
}

static void add_status_session(struct gates *gts,
			       const struct document_name *name,
			       const char *value)
{
	struct document_status_session doc;

	if (parse(name->kind, &doc, value))
		hub_of(gts, name)->here += *doc.path && !doc.gone;
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

/* Text. */

static double most_stress(const struct document_site *doc)
{
	double most = 0;

	for (guint i = 0; i < doc->n_workers; i++)
		most = MAX(most, doc->workers[i].stress);
	return most;
}

#define SITE_LINE "%-16s %-20s %-8s %10s %6s %7s  %s%s\n"

static gboolean site_line(gpointer key, gpointer value, gpointer data)
{
	const struct document_site *doc = value;
	g_autofree char *number = g_strdup_printf("%u", doc->gates);
	g_autofree char *gates = g_strdup_printf(
		"%s x %u", doc->gates ? number : "any", doc->sessions_per_gate);
	g_autofree char *used = g_strdup_printf("%u", doc->used);
	g_autofree char *stress =
		g_strdup_printf("%.0f %%", 100 * most_stress(doc));

	g_string_append_printf(
		data, SITE_LINE, (const char *)key, doc->host,
		doc->net == DOCUMENT_NET_GLOBAL ? "global" : "private", gates,
		used, stress, doc->release, doc->draining ? " draining" : "");
	return FALSE;
}

static gboolean owner_line(gpointer key, gpointer value, gpointer data)
{
	const struct document_owner *doc = value;
	g_autoptr(GDateTime) since = g_date_time_new_from_unix_utc(doc->since);
	g_autofree char *text =
		since ? g_date_time_format(since, "%F %T UTC") : g_strdup("?");

	g_string_append_printf(data,
			       "account %s is kept by %s on %s, which is there "
			       "since %s\n",
			       (const char *)key, doc->bridge, doc->host, text);
	return FALSE;
}

/* What is drawn of a room. */
struct drawing {
	GString *text;
	const struct room *room;
	GHashTable *drawn; /* sites */
};

static const char *parent_of(const struct hub *hub)
{
	for (guint i = 0; i < hub->doc.n_trunks; i++)
		if (hub->doc.trunks[i].role == DOCUMENT_TRUNK_PARENT)
			return hub->doc.trunks[i].site;
	return NULL;
}

static const char *state_of(const struct hub *hub)
{
	static const char *const words[] = {
		[DOCUMENT_PARENT_UP] = "",
		[DOCUMENT_PARENT_ALTERNATE] = ", by its alternate",
		[DOCUMENT_PARENT_DOWN] = ", CUT OFF",
	};

	if (!hub->wanted)
		return ", not wanted";
	return hub->told ? words[hub->status.parent] : ", NOT THERE";
}

static gboolean gate_word(gpointer key, gpointer value, gpointer data)
{
	(void)value;
	g_string_append_printf(data, " %s", (const char *)key);
	return FALSE;
}

static void draw(struct drawing *drw, const char *site, const struct hub *hub,
		 const char *indent, gboolean last);

struct children {
	struct drawing *drw;
	const char *parent; /* NULL: those that nobody has drawn */
	GPtrArray *sites;
};

static gboolean collect(gpointer key, gpointer value, gpointer data)
{
	struct children *chd = data;
	const struct hub *hub = value;

	if (chd->parent ? !g_strcmp0(parent_of(hub), chd->parent)
			: !g_hash_table_contains(chd->drw->drawn, key))
		g_ptr_array_add(chd->sites, key);
	return FALSE;
}

static void draw_children(struct drawing *drw, const char *parent,
			  const char *indent)
{
	struct children chd = { drw, parent, g_ptr_array_new() };

	g_tree_foreach(drw->room->hubs, collect, &chd);
	for (guint i = 0; i < chd.sites->len; i++) {
		const char *site = chd.sites->pdata[i];

		draw(drw, site, g_tree_lookup(drw->room->hubs, site), indent,
		     i + 1 == chd.sites->len);
	}
	g_ptr_array_unref(chd.sites);
}

/* indent NULL: at the top. */
static void draw(struct drawing *drw, const char *site, const struct hub *hub,
		 const char *indent, gboolean last)
{
	g_autofree char *below = NULL;

	/* Half-written trees may have cycles. */
	if (!g_hash_table_add(drw->drawn, (gpointer)site))
		return;
	if (indent)
		g_string_append_printf(drw->text, "%s%s ", indent,
				       last ? "└─" : "├─");
	g_string_append_printf(drw->text,
			       "%s%s%s%s, %u of %u here, "
			       "%u standbys, gates",
			       site, hub->doc.root ? " (root)" : "",
			       hub->doc.vice ? " (vice)" : "", state_of(hub),
			       hub->here, hub->members, hub->standbys);
	if (g_tree_nnodes(hub->gates))
		g_tree_foreach(hub->gates, gate_word, drw->text);
	else
		g_string_append(drw->text, " none");
	g_string_append_c(drw->text, '\n');
	below = g_strconcat(indent ? indent : "",
			    !indent ? ""
			    : last  ? "   "
				    : "│  ",
			    NULL);
	draw_children(drw, site, below);
}

static gboolean draw_root(gpointer key, gpointer value, gpointer data)
{
	const struct hub *hub = value;

	if (hub->doc.root)
		draw(data, key, hub, NULL, TRUE);
	return FALSE;
}

static void draw_room(GString *text, const char *address,
		      const struct room *room)
{
	struct drawing drw = { text, room,
			       g_hash_table_new(g_str_hash, g_str_equal) };

	g_string_append_printf(text, "\n%s\n", address);
	g_tree_foreach(room->hubs, draw_root, &drw);
	/* And what hangs on nothing. */
	draw_children(&drw, NULL, "");
	g_hash_table_unref(drw.drawn);
}

static gboolean room_lines(gpointer key, gpointer value, gpointer data)
{
	draw_room(data, key, value);
	return FALSE;
}

char *gates_text(const struct gates *gts, const char *address)
{
	GString *text = g_string_new(NULL);

	g_string_append_printf(text, SITE_LINE, "site", "host", "net", "gates",
			       "used", "stress", "release", "");
	g_tree_foreach(gts->sites, site_line, text);
	g_tree_foreach(gts->owners, owner_line, text);
	if (!address) {
		g_tree_foreach(gts->rooms, room_lines, text);
	} else {
		const struct room *room = g_tree_lookup(gts->rooms, address);

		if (room)
			draw_room(text, address, room);
		else
			g_string_append_printf(text, "\n%s\nnobody is there\n",
					       address);
	}
	return g_string_free(text, FALSE);
}
