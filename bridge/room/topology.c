#include "bridge/room/topology.h"

#include <string.h>

static void free_hub(gpointer data)
{
	struct topology_hub *hub = data;

	g_array_unref(hub->gates);
	g_free(hub);
}

struct topology *topology_create(void)
{
	struct topology *top = g_new0(struct topology, 1);

	top->hubs = g_ptr_array_new_with_free_func(free_hub);
	return top;
}

void topology_destroy(struct topology **topp)
{
	struct topology *top = *topp;

	*topp = NULL;
	if (!top)
		return;
	g_ptr_array_unref(top->hubs);
	g_free(top);
}

static const struct topology_trunk no_trunk = { .loss_up = -1,
						.loss_down = -1,
						.round_trip_ms = -1 };

struct topology_hub *topology_add(struct topology *top, const char *site)
{
	struct topology_hub *hub = g_new0(struct topology_hub, 1);

	g_strlcpy(hub->site, site, sizeof(hub->site));
	hub->parent = hub->alternate = no_trunk;
	hub->gates = g_array_new(FALSE, TRUE, sizeof(struct topology_gate));
	g_ptr_array_add(top->hubs, hub);
	return hub;
}

/* The place of a gate in their order; it may not be there. */
static guint find_gate(const GArray *gates, const char *name)
{
	guint from = 0, to = gates->len;

	while (from < to) {
		const guint i = (from + to) / 2;

		if (strcmp(g_array_index(gates, struct topology_gate, i).name,
			   name) < 0)
			from = i + 1;
		else
			to = i;
	}
	return from;
}

void topology_seat(struct topology_hub *hub, const char *name, guint here,
		   guint invited)
{
	const guint i = find_gate(hub->gates, name);
	struct topology_gate *gate;

	if (i == hub->gates->len ||
	    strcmp(g_array_index(hub->gates, struct topology_gate, i).name,
		   name) != 0) {
		struct topology_gate one = { .here = 0 };

		g_strlcpy(one.name, name, sizeof(one.name));
		g_array_insert_val(hub->gates, i, one);
	}
	gate = &g_array_index(hub->gates, struct topology_gate, i);
	gate->here += here;
	gate->invited += invited;
	hub->here += here;
	hub->invited += invited;
}

/* The whole. */

static gint by_site(gconstpointer a, gconstpointer b)
{
	const struct topology_hub *one = *(struct topology_hub *const *)a;
	const struct topology_hub *other = *(struct topology_hub *const *)b;

	return strcmp(one->site, other->site);
}

struct ordering {
	GPtrArray *from, *to; /* what is placed is NULL in `from` */
};

/* With all that hangs on it. */
static void place(struct ordering *ord, guint i, guint depth)
{
	struct topology_hub *hub = ord->from->pdata[i];

	ord->from->pdata[i] = NULL;
	hub->depth = depth;
	g_ptr_array_add(ord->to, hub);
	for (guint k = 0; k < ord->from->len; k++) {
		const struct topology_hub *child = ord->from->pdata[k];

		if (child && !strcmp(child->parent.site, hub->site))
			place(ord, k, depth + 1);
	}
}

static gboolean hangs(const GPtrArray *hubs, const struct topology_hub *hub)
{
	for (guint i = 0; i < hubs->len; i++) {
		const struct topology_hub *other = hubs->pdata[i];

		if (other && !strcmp(other->site, hub->parent.site))
			return *hub->parent.site != '\0';
	}
	return FALSE;
}

/* Roots first, then what hangs on nothing that is there, then cycles, which a
 * half-written tree may have. */
static void put_in_order(struct topology *top)
{
	struct ordering ord = { top->hubs, g_ptr_array_new() };

	g_ptr_array_set_free_func(top->hubs, NULL);
	g_ptr_array_sort(top->hubs, by_site);
	for (guint pass = 0; pass < 3; pass++)
		for (guint i = 0; i < ord.from->len; i++) {
			const struct topology_hub *hub = ord.from->pdata[i];

			if (hub && (pass == 2 || hub->root ||
				    (pass == 1 && !hangs(ord.from, hub))))
				place(&ord, i, 0);
		}
	g_ptr_array_unref(top->hubs);
	top->hubs = ord.to;
	g_ptr_array_set_free_func(top->hubs, free_hub);
}

/* How many talk below each hub, itself with them: children come after their
 * parents, so from the last one up. */
static void count_talkers(struct topology *top)
{
	const guint n = top->hubs->len;
	g_autofree guint *below = g_new0(guint, n + 1);
	guint all = 0;

	for (guint i = n; i-- > 0;) {
		struct topology_hub *hub = top->hubs->pdata[i];

		below[i] += hub->talkers;
		all += hub->talkers;
		for (guint k = i; hub->depth && k-- > 0;) {
			const struct topology_hub *over = top->hubs->pdata[k];

			if (strcmp(over->site, hub->parent.site) != 0)
				continue;
			below[k] += below[i];
			break;
		}
	}
	for (guint i = 0; i < n; i++) {
		struct topology_hub *hub = top->hubs->pdata[i];
		struct topology_trunk *used = hub->state == TOPOLOGY_ALTERNATE
						      ? &hub->alternate
						      : &hub->parent;

		if (!*used->site || !used->up)
			continue;
		used->talkers_up = below[i];
		used->talkers_down = all - below[i];
	}
}

void topology_finish(struct topology *top)
{
	put_in_order(top);
	count_talkers(top);
	for (guint i = 0; i < top->hubs->len; i++) {
		const struct topology_hub *hub = top->hubs->pdata[i];

		top->depth = MAX(top->depth, hub->depth);
	}
}

struct topology *topology_of_room(const struct room *room, guint places)
{
	const GPtrArray *members = room_members(room);
	struct topology *top = topology_create();
	struct topology_hub *hub;

	top->ours = TRUE;
	if (!members->len)
		return top;
	hub = topology_add(top, "");
	hub->root = TRUE;
	hub->places = places;
	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];
		const gboolean here = mem->state == MEMBER_HERE;

		topology_seat(hub, mem->gate, here, !here);
		hub->talkers += here && mem->talking;
	}
	return top;
}

/* The cluster. */

struct topology_cluster *topology_cluster_create(GArray *sites)
{
	struct topology_cluster *cluster = g_new0(struct topology_cluster, 1);

	cluster->sites = sites;
	return cluster;
}

void topology_cluster_destroy(struct topology_cluster **clusterp)
{
	struct topology_cluster *cluster = *clusterp;

	*clusterp = NULL;
	if (!cluster)
		return;
	g_array_unref(cluster->sites);
	g_free(cluster);
}
