#include "web/media.h"

#include "web/peers.h"

struct media {
	const struct media_events *events;
	void *arg;
	GHashTable *paths; /* connection -> struct path */
	struct peers *unproven;
	guint32 last;
};

struct path {
	void *socket;
	guint worker;
	char *peer;
	gint64 deadline;
	gboolean proven, dropped;
};

static void path_free(gpointer data)
{
	struct path *path = data;

	g_free(path->peer);
	g_free(path);
}

struct media *media_create(const struct media_events *events, void *arg)
{
	struct media *med = g_new0(struct media, 1);

	med->events = events;
	med->arg = arg;
	med->paths = g_hash_table_new_full(NULL, NULL, NULL, path_free);
	med->unproven = peers_create(MEDIA_UNPROVEN_PER_PEER);
	return med;
}

void media_destroy(struct media **medp)
{
	struct media *med = *medp;

	*medp = NULL;
	if (!med)
		return;
	g_hash_table_destroy(med->paths);
	peers_destroy(&med->unproven);
	g_free(med);
}

static struct path *find(struct media *med, guint32 connection)
{
	return g_hash_table_lookup(med->paths, GUINT_TO_POINTER(connection));
}

guint32 media_open(struct media *med, void *socket, guint worker,
		   const char *peer, gint64 now)
{
	struct path *path;

	if (!peers_take(med->unproven, peer))
		return 0;
	path = g_new0(struct path, 1);
	path->socket = socket;
	path->worker = worker;
	path->peer = g_strdup(peer);
	path->deadline = now + MEDIA_UNPROVEN_S * G_USEC_PER_SEC;
	g_hash_table_insert(med->paths, GUINT_TO_POINTER(++med->last), path);
	return med->last;
}

static void drop(struct media *med, struct path *path)
{
	if (path->dropped)
		return;
	path->dropped = TRUE;
	med->events->drop(path->socket, med->arg);
}

void media_packet(struct media *med, guint32 connection, const guint8 *buf,
		  gsize size)
{
	struct path *path = find(med, connection);

	if (!path || path->dropped)
		return;
	if (!med->events->packet(path->worker, connection, buf, size, med->arg))
		drop(med, path);
}

void media_closed(struct media *med, guint32 connection)
{
	struct path *path = find(med, connection);
	guint worker;

	if (!path)
		return;
	worker = path->worker;
	if (!path->proven)
		peers_give(med->unproven, path->peer);
	g_hash_table_remove(med->paths, GUINT_TO_POINTER(connection));
	med->events->closed(worker, connection, med->arg);
}

void media_send(struct media *med, guint32 connection, const guint8 *buf,
		gsize size)
{
	struct path *path = find(med, connection);

	if (!path || path->dropped)
		return;
	if (!path->proven) {
		path->proven = TRUE;
		peers_give(med->unproven, path->peer);
	}
	med->events->send(path->socket, buf, size, med->arg);
}

void media_expire(struct media *med, gint64 now)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, med->paths);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct path *path = value;

		if (!path->proven && path->deadline <= now)
			drop(med, path);
	}
}
