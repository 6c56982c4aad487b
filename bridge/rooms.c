#include "bridge/rooms.h"

#include <string.h>

struct rooms {
	const struct room_effects *effects;
	const struct room_observer *observer;
	void *arg;
	/* Address with its local part in lower case => struct hall: mail
	 * programs change the case of what people have typed. */
	GHashTable *halls;
	GPtrArray *addresses; /* const char *, NULL-terminated */
};

static void close_hall(gpointer data)
{
	struct hall *hall = data;

	room_destroy(&hall->room);
	g_free(hall);
}

struct rooms *rooms_create(const struct room_effects *effects,
			   const struct room_observer *observer, void *arg)
{
	struct rooms *rms = g_new0(struct rooms, 1);

	rms->effects = effects;
	rms->observer = observer;
	rms->arg = arg;
	rms->halls = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					   close_hall);
	rms->addresses = g_ptr_array_new();
	g_ptr_array_add(rms->addresses, NULL);
	return rms;
}

void rooms_destroy(struct rooms **rmsp)
{
	struct rooms *rms = *rmsp;

	*rmsp = NULL;
	if (!rms)
		return;
	g_hash_table_unref(rms->halls);
	g_ptr_array_unref(rms->addresses);
	g_free(rms);
}

static void configure_hall(struct rooms *rms, const struct config_room *rules)
{
	const struct room_config cfg = {
		.address = rules->address,
		.name = rules->name,
		.moderators = (const char *const *)rules->moderators,
		.pin = rules->pin,
		.capacity = rules->capacity,
	};
	g_autofree char *key = g_ascii_strdown(rules->address, -1);
	struct hall *hall = g_hash_table_lookup(rms->halls, key);

	if (hall) {
		room_configure(hall->room, &cfg);
	} else {
		hall = g_new0(struct hall, 1);
		hall->room = room_create(&cfg, rms->effects, rms->observer,
					 rms->arg);
		g_hash_table_insert(rms->halls, g_steal_pointer(&key), hall);
	}
	hall->rules = rules;
	g_ptr_array_add(rms->addresses, rules->address);
}

static gboolean is_gone(gpointer key, gpointer value, gpointer data)
{
	const struct config *cfg = data;
	struct hall *hall = value;

	(void)key;
	return !config_room(cfg, room_address(hall->room));
}

void rooms_configure(struct rooms *rms, const struct config *cfg)
{
	g_hash_table_foreach_remove(rms->halls, is_gone, (void *)cfg);
	g_ptr_array_set_size(rms->addresses, 0);
	for (guint i = 0; i < cfg->rooms->len; i++)
		configure_hall(rms, cfg->rooms->pdata[i]);
	g_ptr_array_add(rms->addresses, NULL);
}

const struct hall *rooms_find(const struct rooms *rms, const char *address,
			      char *detail_r, gsize cap)
{
	g_autofree char *key = g_ascii_strdown(address, -1);
	const struct hall *hall = g_hash_table_lookup(rms->halls, key);
	char *at = strrchr(key, '@');
	char *plus = strchr(key, '+');

	g_strlcpy(detail_r, "", cap);
	if (hall || !at || !plus || plus > at)
		return hall;
	/* From the address itself: a PIN's case matters. */
	g_strlcpy(detail_r, address + (plus - key) + 1,
		  MIN(cap, (gsize)(at - plus)));
	memmove(plus, at, strlen(at) + 1);
	return g_hash_table_lookup(rms->halls, key);
}

gboolean rooms_own_domain(const struct rooms *rms, const char *account,
			  const char *address)
{
	const char *domain = strrchr(address, '@');
	GHashTableIter iter;
	const struct hall *hall;

	g_hash_table_iter_init(&iter, rms->halls);
	while (domain && g_hash_table_iter_next(&iter, NULL, (void **)&hall))
		if (!strcmp(hall->rules->account, account) &&
		    !g_ascii_strcasecmp(strrchr(hall->rules->address, '@'),
					domain))
			return TRUE;
	return FALSE;
}

const char *const *rooms_addresses(const struct rooms *rms)
{
	return (const char *const *)rms->addresses->pdata;
}

GPtrArray *rooms_of(const struct rooms *rms, const char *account)
{
	GPtrArray *found = g_ptr_array_new();
	GHashTableIter iter;
	const struct hall *hall;

	g_hash_table_iter_init(&iter, rms->halls);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&hall))
		if (!account || !strcmp(hall->rules->account, account))
			g_ptr_array_add(found, hall->room);
	return found;
}

GPtrArray *rooms_all(const struct rooms *rms)
{
	return rooms_of(rms, NULL);
}
