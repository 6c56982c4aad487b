#include "bridge/cluster_sites.h"

#include <string.h>

#include "bridge/directory/recommend.h"
#include "bridge/nearness.h"

struct cluster_sites {
	GHashTable *sites; /* name => struct site */
	GHashTable *taken; /* key of a wanted session => struct taken */
	struct nearness *near;
};

/* What is taken of a site stays known while it is away. */
struct site {
	gboolean here;
	struct document_site doc;
	GHashTable *gates; /* "ROOM\nGATE" => struct gate */
};

struct gate {
	char *room;
	char id[64];
	guint worker;
	guint members, standbys;
};

struct taken {
	struct site *site;
	char *gate; /* its key */
	gboolean standby;
};

static void free_gate(gpointer data)
{
	struct gate *gate = data;

	g_free(gate->room);
	g_free(gate);
}

static void free_site(gpointer data)
{
	struct site *site = data;

	document_clear(DOCUMENT_SITE, &site->doc);
	g_hash_table_unref(site->gates);
	g_free(site);
}

static void free_taken(gpointer data)
{
	struct taken *taken = data;

	g_free(taken->gate);
	g_free(taken);
}

struct cluster_sites *cluster_sites_create(void)
{
	struct cluster_sites *cs = g_new0(struct cluster_sites, 1);

	cs->sites = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					  free_site);
	cs->taken = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					  free_taken);
	cs->near = nearness_create();
	return cs;
}

void cluster_sites_destroy(struct cluster_sites **csp)
{
	struct cluster_sites *cs = *csp;

	*csp = NULL;
	if (!cs)
		return;
	g_hash_table_unref(cs->taken);
	g_hash_table_unref(cs->sites);
	nearness_destroy(&cs->near);
	g_free(cs);
}

static struct site *site_of(struct cluster_sites *cs, const char *name)
{
	struct site *site = g_hash_table_lookup(cs->sites, name);

	if (!site) {
		site = g_new0(struct site, 1);
		site->gates = g_hash_table_new_full(g_str_hash, g_str_equal,
						    g_free, free_gate);
		g_hash_table_insert(cs->sites, g_strdup(name), site);
	}
	return site;
}

void cluster_sites_set(struct cluster_sites *cs, const char *name,
		       struct document_site *doc)
{
	struct site *site = site_of(cs, name);

	document_clear(DOCUMENT_SITE, &site->doc);
	memset(&site->doc, 0, sizeof(site->doc));
	site->here = doc != NULL;
	if (doc)
		site->doc = *doc;
	else if (!g_hash_table_size(site->gates))
		g_hash_table_remove(cs->sites, name);
}

const struct document_site *cluster_sites_find(const struct cluster_sites *cs,
					       const char *name)
{
	const struct site *site = g_hash_table_lookup(cs->sites, name);

	return site && site->here ? &site->doc : NULL;
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	const struct document_site *const *one = a, *const *other = b;

	return strcmp((*one)->site, (*other)->site);
}

GPtrArray *cluster_sites_all(const struct cluster_sites *cs)
{
	GPtrArray *all = g_ptr_array_new();
	GHashTableIter iter;
	struct site *site;

	g_hash_table_iter_init(&iter, cs->sites);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&site))
		if (site->here)
			g_ptr_array_add(all, &site->doc);
	g_ptr_array_sort(all, by_name);
	return all;
}

static void release(struct cluster_sites *cs, const char *key)
{
	struct taken *taken = g_hash_table_lookup(cs->taken, key);
	struct gate *gate;

	if (!taken)
		return;
	gate = g_hash_table_lookup(taken->site->gates, taken->gate);
	*(taken->standby ? &gate->standbys : &gate->members) -= 1;
	if (!gate->members && !gate->standbys)
		g_hash_table_remove(taken->site->gates, taken->gate);
	g_hash_table_remove(cs->taken, key);
}

void cluster_sites_take(struct cluster_sites *cs, const char *key,
			const char *room, const struct document_place *place,
			gboolean standby)
{
	struct taken *taken;
	struct gate *gate;

	release(cs, key);
	if (!place)
		return;
	taken = g_new0(struct taken, 1);
	taken->site = site_of(cs, place->site);
	taken->gate = g_strconcat(room, "\n", place->gate, NULL);
	taken->standby = standby;
	g_hash_table_insert(cs->taken, g_strdup(key), taken);
	gate = g_hash_table_lookup(taken->site->gates, taken->gate);
	if (!gate) {
		gate = g_new0(struct gate, 1);
		gate->room = g_strdup(room);
		g_strlcpy(gate->id, place->gate, sizeof(gate->id));
		gate->worker = place->worker;
		g_hash_table_insert(taken->site->gates, g_strdup(taken->gate),
				    gate);
	}
	*(standby ? &gate->standbys : &gate->members) += 1;
}

/* What a site has of a room. */
struct share {
	guint free;		     /* places */
	guint members, standbys;     /* of the room */
	guint all_standbys;	     /* of all rooms */
	const struct gate *open;     /* with a free place, or NULL */
	const struct gate *roomiest; /* the one with the fewest, or NULL */
};

static gboolean is_open(const struct site *site, guint worker)
{
	return worker < site->doc.n_workers && site->doc.workers[worker].open;
}

static gboolean any_open(const struct site *site)
{
	for (guint i = 0; i < site->doc.n_workers; i++)
		if (is_open(site, i))
			return TRUE;
	return FALSE;
}

/* A room, as who is to be seated sees it. */
struct seating {
	const char *room;
	GHashTable *draining; /* ids of its gates; NULL: none */
};

static gboolean drains(const struct seating *in, const struct gate *gate)
{
	return in->draining && g_hash_table_contains(in->draining, gate->id);
}

/* The order of a hash table is not that of the next bridge. */
static gboolean is_before(const struct seating *in, const struct gate *gate,
			  const struct gate *other)
{
	if (!other || drains(in, gate) != drains(in, other))
		return !other || drains(in, other);
	return gate->members < other->members ||
	       (gate->members == other->members &&
		strcmp(gate->id, other->id) < 0);
}

static struct share share_of(const struct site *site, const struct seating *in)
{
	const guint size = site->doc.sessions_per_gate;
	struct share share = { 0 };
	const struct gate *gate;
	GHashTableIter iter;
	guint used = 0, left;

	g_hash_table_iter_init(&iter, site->gates);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&gate)) {
		/* A gate of standbys alone is not one that is taken. */
		used += gate->members > 0;
		share.all_standbys += gate->standbys;
		if (strcmp(gate->room, in->room) != 0)
			continue;
		share.members += gate->members;
		share.standbys += gate->standbys;
		if (is_before(in, gate, share.roomiest))
			share.roomiest = gate;
		if (!gate->members || gate->members >= size ||
		    drains(in, gate) || !is_open(site, gate->worker))
			continue;
		share.free += size - gate->members;
		/* Gates are filled one after the other. */
		if (!share.open || strcmp(gate->id, share.open->id) < 0)
			share.open = gate;
	}
	left = site->doc.gates > used ? (site->doc.gates - used) * size : 0;
	share.free += left;
	if (!any_open(site))
		share.free = 0;
	return share;
}

guint cluster_sites_free(const struct cluster_sites *cs, const char *name,
			 const char *room)
{
	const struct site *site = g_hash_table_lookup(cs->sites, name);

	const struct seating in = { .room = room };

	return site && site->here ? share_of(site, &in).free : 0;
}

static double least_stress(const struct document_site *doc)
{
	double least = 1;

	for (guint i = 0; i < doc->n_workers; i++)
		if (doc->workers[i].open)
			least = MIN(least, doc->workers[i].stress);
	return least;
}

void cluster_sites_measured(struct cluster_sites *cs, const char *site,
			    const char *path, double rtt_ms, gint64 now_ms)
{
	nearness_note(cs->near, path, site, rtt_ms, now_ms);
}

/* By any address that the caller says is his. */
static double measured_ms(const struct cluster_sites *cs, const char *site,
			  const struct ipsp_message *invite, gint64 now_ms)
{
	double rtt_ms = -1;

	for (guint i = 0; i < invite->n_candidates && rtt_ms < 0; i++)
		rtt_ms = nearness_rtt_ms(
			cs->near, invite->candidates[i].address, site, now_ms);
	return rtt_ms;
}

/* Whether the room's mix there is a reason to come, too. Where only standbys
 * wait it is, as long as there will be a place for each who comes in need. */
static gboolean has_hub(const struct share *share)
{
	return share->members ||
	       (share->standbys && share->free > share->standbys);
}

static struct recommend_site view(const struct site *site,
				  const struct seating *in)
{
	const struct share share = share_of(site, in);
	const guint all = site->doc.gates * site->doc.sessions_per_gate;

	return (struct recommend_site){
		.site = site->doc.site,
		.host = site->doc.host,
		.owner = site->doc.has_lent ? RECOMMEND_OTHER : RECOMMEND_SITE,
		.global = site->doc.net == DOCUMENT_NET_GLOBAL,
		.draining = site->doc.draining,
		.places = any_open(site) ? all : 0,
		.used = all - MIN(all, share.free),
		.standbys = share.all_standbys,
		.stress = least_stress(&site->doc),
		.affinity = share.open	      ? RECOMMEND_PLACE
			    : has_hub(&share) ? RECOMMEND_HUB
					      : RECOMMEND_NONE,
		.rtt_ms = -1,
	};
}

static guint idlest_worker(const struct site *site)
{
	guint best = 0;

	for (guint i = 1; i < site->doc.n_workers; i++)
		if (!is_open(site, best) ||
		    (is_open(site, i) &&
		     site->doc.workers[i].sessions <
			     site->doc.workers[best].sessions))
			best = i;
	return best;
}

static gboolean has_gate(const struct site *site, const char *room,
			 const char *id)
{
	g_autofree char *key = g_strconcat(room, "\n", id, NULL);
	const struct gate *gate = g_hash_table_lookup(site->gates, key);

	return gate && gate->members;
}

/* A gate that is not there yet, beside those of the room. */
static void new_gate(const struct site *site, const char *room,
		     const struct share *share, struct document_place *place_r)
{
	guint number = 0;

	place_r->worker =
		share->roomiest && is_open(site, share->roomiest->worker)
			? share->roomiest->worker
			: idlest_worker(site);
	do
		g_snprintf(place_r->gate, sizeof(place_r->gate), "%.48s-%u",
			   site->doc.site, ++number);
	while (has_gate(site, room, place_r->gate));
}

static void fill(const struct site *site, const struct seating *in,
		 gboolean standby, struct document_place *place_r)
{
	const struct share share = share_of(site, in);
	const struct gate *gate = share.open;

	/* A standby opens no gate beside those of the room: survivors sit
	 * closer together. */
	if (standby && !gate && share.roomiest && !drains(in, share.roomiest))
		gate = share.roomiest;
	g_strlcpy(place_r->site, site->doc.site, sizeof(place_r->site));
	if (!gate) {
		new_gate(site, in->room, &share, place_r);
		return;
	}
	place_r->worker = gate->worker;
	g_strlcpy(place_r->gate, gate->id, sizeof(place_r->gate));
}

/* The sites that serve one, and what is seen of each for one room. */
struct choice {
	GPtrArray *sites; /* struct site * */
	GArray *views;	  /* struct recommend_site */
	struct recommend_caller caller;
};

static void choice_clear(struct choice *cho)
{
	g_ptr_array_unref(cho->sites);
	g_array_unref(cho->views);
}

/* What a caller lent is for other callers of his room: for a tool, and for a
 * new standby, there is no INVITE. */
static gboolean serves(const struct site *site, const char *room,
		       const struct ipsp_message *invite)
{
	const struct document_lent *lent = &site->doc.lent;

	return !site->doc.has_lent ||
	       (invite && !strcmp(lent->room, room) &&
		g_ascii_strcasecmp(lent->lender, invite->address) != 0);
}

/* For who sent the INVITE; NULL: nothing is known of him. */
static struct choice choice_of(const struct cluster_sites *cs,
			       const struct seating *in,
			       const struct ipsp_message *invite, gint64 now_ms)
{
	struct choice cho = {
		.sites = g_ptr_array_new(),
		.views = g_array_new(FALSE, FALSE,
				     sizeof(struct recommend_site)),
		.caller.global = invite && !strcmp(invite->net, "global"),
	};
	g_autoptr(GPtrArray) docs = cluster_sites_all(cs);

	for (guint i = 0; i < docs->len; i++) {
		const struct document_site *doc = docs->pdata[i];
		struct site *site = g_hash_table_lookup(cs->sites, doc->site);
		struct recommend_site one = view(site, in);

		if (!serves(site, in->room, invite))
			continue;
		if (invite)
			one.rtt_ms = measured_ms(cs, doc->site, invite, now_ms);
		g_ptr_array_add(cho.sites, site);
		g_array_append_val(cho.views, one);
	}
	return cho;
}

gboolean cluster_sites_standby(const struct cluster_sites *cs, const char *room,
			       GHashTable *draining,
			       const struct document_place *place,
			       struct document_place *standby_r)
{
	const struct seating in = { room, draining };
	struct choice cho = choice_of(cs, &in, NULL, 0);
	const struct recommend_site *views = (const void *)cho.views->data;
	const struct recommend_site *assigned = NULL;
	guint best;

	memset(standby_r, 0, sizeof(*standby_r));
	for (guint i = 0; i < cho.views->len; i++)
		if (!strcmp(views[i].site, place->site))
			assigned = &views[i];
	best = recommend_standby(&cho.caller, views, cho.views->len, assigned);
	if (best < cho.views->len)
		fill(cho.sites->pdata[best], &in, TRUE, standby_r);
	choice_clear(&cho);
	return *standby_r->site != 0;
}

gboolean cluster_sites_place(const struct cluster_sites *cs, const char *room,
			     GHashTable *draining,
			     const struct ipsp_message *invite, gint64 now_ms,
			     struct document_place *place_r,
			     struct document_place *standby_r)
{
	const struct seating in = { room, draining };
	struct choice cho = choice_of(cs, &in, invite, now_ms);
	struct recommendation rec;
	const gboolean found =
		recommend(&cho.caller, (const void *)cho.views->data,
			  cho.views->len, &rec);

	memset(place_r, 0, sizeof(*place_r));
	memset(standby_r, 0, sizeof(*standby_r));
	if (found)
		fill(cho.sites->pdata[rec.assigned], &in, FALSE, place_r);
	if (found && rec.standby != rec.assigned)
		fill(cho.sites->pdata[rec.standby], &in, TRUE, standby_r);
	choice_clear(&cho);
	return found;
}

gboolean cluster_sites_describe(const struct cluster_sites *cs,
				const struct document_place *place,
				struct ipsp_gate *gate_r)
{
	const struct document_site *doc = cluster_sites_find(cs, place->site);
	const struct document_worker *worker;

	memset(gate_r, 0, sizeof(*gate_r));
	if (!doc || place->worker >= doc->n_workers)
		return FALSE;
	worker = &doc->workers[place->worker];
	g_strlcpy(gate_r->id, place->gate, sizeof(gate_r->id));
	gate_r->n_candidates = worker->n_candidates;
	memcpy(gate_r->candidates, worker->candidates,
	       sizeof(gate_r->candidates));
	return gate_r->n_candidates > 0;
}
