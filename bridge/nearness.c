#include "bridge/nearness.h"

#include <arpa/inet.h>
#include <string.h>

#include "bridge/candidates.h"

#define SMOOTH 8 /* RFC 6298: alpha is 1/8 */

struct way {
	double rtt_ms;
	gint64 at_ms; /* of the newest sample */
};

struct nearness {
	GHashTable *ways; /* "NETWORK SITE" => struct way */
};

struct nearness *nearness_create(void)
{
	struct nearness *near = g_new0(struct nearness, 1);

	near->ways =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return near;
}

void nearness_destroy(struct nearness **nearp)
{
	struct nearness *near = *nearp;

	*nearp = NULL;
	if (!near)
		return;
	g_hash_table_unref(near->ways);
	g_free(near);
}

/* NULL: no address, or one that says nothing. Caller frees. */
static char *key_of(const char *address, const char *site)
{
	struct sockaddr_storage any;
	char text[INET6_ADDRSTRLEN];

	if (!candidates_parse(address, 0, &any) || candidates_is_private(&any))
		return NULL;
	if (any.ss_family == AF_INET) {
		struct in_addr *in = &((struct sockaddr_in *)&any)->sin_addr;

		in->s_addr &= htonl(0xffffff00);
		inet_ntop(AF_INET, in, text, sizeof(text));
	} else {
		struct in6_addr *in = &((struct sockaddr_in6 *)&any)->sin6_addr;

		memset(in->s6_addr + 6, 0, 10);
		inet_ntop(AF_INET6, in, text, sizeof(text));
	}
	return g_strconcat(text, " ", site, NULL);
}

/* Without port and brackets. NULL: it is none. Caller frees. */
static char *address_of_path(const char *path)
{
	const char *colon = strrchr(path, ':');
	gboolean brackets = *path == '[';

	if (!colon || (brackets && (colon - path < 2 || colon[-1] != ']')))
		return NULL;
	return g_strndup(path + brackets,
			 (gsize)(colon - path) - 2 * (gsize)brackets);
}

static gint newest_first(gconstpointer a, gconstpointer b)
{
	gint64 left = *(const gint64 *)a, right = *(const gint64 *)b;

	return (left < right) - (left > right);
}

static gboolean is_older(gpointer key, gpointer way, gpointer than)
{
	(void)key;
	return ((const struct way *)way)->at_ms < *(const gint64 *)than;
}

/* The older half goes, so that this is seldom done. */
static void forget(struct nearness *near)
{
	g_autoptr(GArray) times = g_array_new(FALSE, FALSE, sizeof(gint64));
	GHashTableIter iter;
	gpointer way;

	g_hash_table_iter_init(&iter, near->ways);
	while (g_hash_table_iter_next(&iter, NULL, &way))
		g_array_append_val(times, ((struct way *)way)->at_ms);
	g_array_sort(times, newest_first);
	g_hash_table_foreach_remove(
		near->ways, is_older,
		&g_array_index(times, gint64, NEARNESS_MAX / 2));
	/* Many of the same moment: any of them. */
	g_hash_table_iter_init(&iter, near->ways);
	while (g_hash_table_size(near->ways) > NEARNESS_MAX / 2 &&
	       g_hash_table_iter_next(&iter, NULL, NULL))
		g_hash_table_iter_remove(&iter);
}

void nearness_note(struct nearness *near, const char *path, const char *site,
		   double rtt_ms, gint64 now_ms)
{
	g_autofree char *address = address_of_path(path);
	g_autofree char *key = address ? key_of(address, site) : NULL;
	struct way *way;

	if (!key || rtt_ms < 0)
		return;
	way = g_hash_table_lookup(near->ways, key);
	if (way) {
		way->rtt_ms += (rtt_ms - way->rtt_ms) / SMOOTH;
		way->at_ms = now_ms;
		return;
	}
	if (g_hash_table_size(near->ways) >= NEARNESS_MAX)
		forget(near);
	way = g_new(struct way, 1);
	*way = (struct way){ rtt_ms, now_ms };
	g_hash_table_insert(near->ways, g_steal_pointer(&key), way);
}

double nearness_rtt_ms(const struct nearness *near, const char *address,
		       const char *site, gint64 now_ms)
{
	g_autofree char *key = key_of(address, site);
	const struct way *way =
		key ? g_hash_table_lookup(near->ways, key) : NULL;

	return way && now_ms - way->at_ms <= NEARNESS_TRUST ? way->rtt_ms : -1;
}
