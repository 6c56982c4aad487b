#include "bridge/room/drain.h"

#include <string.h>

#include "bridge/room/room_link.h"

struct drain {
	const struct room_link *link;
	GHashTable *gates; /* a set of names */
};

struct drain *drain_create(const struct room_link *link)
{
	struct drain *drn = g_new0(struct drain, 1);

	drn->link = link;
	drn->gates =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	return drn;
}

void drain_destroy(struct drain **drnp)
{
	struct drain *drn = *drnp;

	*drnp = NULL;
	if (!drn)
		return;
	g_hash_table_unref(drn->gates);
	g_free(drn);
}

GHashTable *drain_gates(const struct drain *drn)
{
	return drn->gates;
}

static gboolean is_taken(const struct drain *drn, const char *gate)
{
	const GPtrArray *members = room_members(drn->link->room);

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		if (!strcmp(mem->gate, gate))
			return TRUE;
	}
	return FALSE;
}

void drain_left(struct drain *drn, const char *gate)
{
	if (g_hash_table_contains(drn->gates, gate) && !is_taken(drn, gate) &&
	    g_hash_table_remove(drn->gates, gate))
		room_link_state(drn->link, NULL);
}

gboolean drain_set(struct drain *drn, const char *gate, gboolean on,
		   const char *by, GError **error)
{
	const struct room *room = drn->link->room;

	if (!room_obeys(room, error))
		return FALSE;
	if (!is_taken(drn, gate)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_HERE,
			    "Nobody in %s sits at a PhoneGate %s.",
			    room_name(room), gate);
		return FALSE;
	}
	if (on ? g_hash_table_add(drn->gates, g_strdup(gate))
	       : g_hash_table_remove(drn->gates, gate))
		room_link_state(drn->link, by);
	return TRUE;
}
