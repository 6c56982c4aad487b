#include "bridge/room/door.h"

#include <string.h>

static void free_ban(gpointer data)
{
	struct door_ban *ban = data;

	g_free(ban->address);
	g_free(ban->by);
	g_free(ban->reason);
	g_free(ban);
}

struct door *door_create(void)
{
	struct door *door = g_new0(struct door, 1);

	door->bans = g_ptr_array_new_with_free_func(free_ban);
	return door;
}

static void add_ban(struct door *door, const struct door_ban *ban)
{
	struct door_ban *copy = g_new(struct door_ban, 1);

	*copy = (struct door_ban){
		.address = g_strdup(ban->address),
		.at = ban->at,
		.until = ban->until,
		.by = g_strdup(ban->by),
		.reason = g_strdup(ban->reason ? ban->reason : ""),
	};
	g_ptr_array_add(door->bans, copy);
}

struct door *door_copy(const struct door *door)
{
	struct door *copy = door_create();

	copy->lobby = door->lobby;
	copy->pin = g_strdup(door->pin);
	for (guint i = 0; i < door->bans->len; i++)
		add_ban(copy, door->bans->pdata[i]);
	return copy;
}

void door_destroy(struct door **doorp)
{
	struct door *door = *doorp;

	*doorp = NULL;
	if (!door)
		return;
	g_ptr_array_unref(door->bans);
	g_free(door->pin);
	g_free(door);
}

/* Of the local part, what is before a + that is not its first character. */
static gsize person_length(const char *address, const char *at)
{
	gsize length = strcspn(address, "+");
	gsize local = (gsize)(at - address);

	return length && length < local ? length : local;
}

gboolean door_same_person(const char *a, const char *b)
{
	const char *a_at = strrchr(a, '@'), *b_at = strrchr(b, '@');
	gsize length;

	if (!a_at || !b_at)
		return !g_ascii_strcasecmp(a, b);
	length = person_length(a, a_at);
	return length == person_length(b, b_at) &&
	       !g_ascii_strncasecmp(a, b, length) &&
	       !g_ascii_strcasecmp(a_at, b_at);
}

static gboolean find(const struct door *door, const char *address,
		     guint *index_r)
{
	for (guint i = 0; i < door->bans->len; i++) {
		const struct door_ban *ban = door->bans->pdata[i];

		if (!door_same_person(ban->address, address))
			continue;
		*index_r = i;
		return TRUE;
	}
	return FALSE;
}

const struct door_ban *door_find(const struct door *door, const char *address,
				 gint64 now)
{
	const struct door_ban *ban;
	guint i;

	if (!find(door, address, &i))
		return NULL;
	ban = door->bans->pdata[i];
	return ban->until > now ? ban : NULL;
}

gboolean door_ban(struct door *door, const struct door_ban *ban)
{
	door_unban(door, ban->address);
	if (door->bans->len >= DOOR_MAX_BANS)
		return FALSE;
	add_ban(door, ban);
	return TRUE;
}

gboolean door_unban(struct door *door, const char *address)
{
	guint i;

	if (!find(door, address, &i))
		return FALSE;
	g_ptr_array_remove_index(door->bans, i);
	return TRUE;
}

gboolean door_expire(struct door *door, gint64 now)
{
	guint before = door->bans->len;

	for (guint i = 0; i < door->bans->len;) {
		const struct door_ban *ban = door->bans->pdata[i];

		if (ban->until <= now)
			g_ptr_array_remove_index(door->bans, i);
		else
			i++;
	}
	return door->bans->len < before;
}
