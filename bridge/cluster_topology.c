/* What people are shown of the cluster, from what the directory told last: see
 * cluster.h. It is put together when somebody looks. */
#include <string.h>

#include "bridge/cluster_account.h"
#include "bridge/gates.h"

/* Those of one room; `room` NULL: those of none. */
static void add_texts(struct gates *gts, GHashTable *texts, const char *room)
{
	g_autofree char *part = room ? directory_key("", room, "", NULL) : NULL;
	GHashTableIter iter;
	const char *key, *value;

	g_hash_table_iter_init(&iter, texts);
	while (g_hash_table_iter_next(&iter, (void **)&key, (void **)&value))
		if (!part || strstr(key, part))
			gates_add(gts, key, value);
}

static void describe_owner(const struct cluster *cl, const char *room,
			   struct topology *top)
{
	struct document_name name = { .kind = DOCUMENT_OWNER };
	const char *account = g_hash_table_lookup(cl->rooms, room);
	g_autofree char *key = NULL;
	struct document_owner doc;
	const char *value;

	if (!account)
		return;
	g_strlcpy(name.account, account, sizeof(name.account));
	key = document_key(&name);
	value = g_hash_table_lookup(cl->shown, key);
	if (!value ||
	    !document_read(DOCUMENT_OWNER, &doc, value, strlen(value), NULL))
		return;
	g_strlcpy(top->owner, doc.bridge, sizeof(top->owner));
	top->ours = !strcmp(doc.bridge, cl->name);
	document_clear(DOCUMENT_OWNER, &doc);
}

struct topology *cluster_topology(const struct cluster *cl, const char *room)
{
	struct gates *gts = gates_create();
	struct topology *top;

	add_texts(gts, cl->shown, NULL);
	add_texts(gts, cl->wants, room);
	add_texts(gts, cl->statuses, room);
	top = gates_topology(gts, room);
	if (!top)
		top = topology_create();
	describe_owner(cl, room, top);
	gates_destroy(&gts);
	return top;
}

GArray *cluster_topology_sites(const struct cluster *cl)
{
	struct gates *gts = gates_create();
	GArray *sites;

	add_texts(gts, cl->shown, NULL);
	sites = gates_sites(gts);
	for (guint i = 0; i < sites->len; i++) {
		struct topology_site *site =
			&g_array_index(sites, struct topology_site, i);

		site->ours = !strcmp(site->site, cl->name);
	}
	gates_destroy(&gts);
	return sites;
}
