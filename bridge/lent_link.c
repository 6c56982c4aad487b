#include "bridge/lent_link.h"

#include <jansson.h>
#include <string.h>

#include "bridge/directory/directory.h"
#include "signaling/ipsp.h"

#define PIECE 600 /* bytes, so that a message keeps to IPSP_MAX_MESSAGE */
/* Of a record. */
#define MAX_RECORD (DIRECTORY_MAX_KEY + 1 + DIRECTORY_MAX_VALUE)

struct piece {
	guint number;
	gboolean more; /* of its record */
	gsize size;
	gint64 said_ms;
	guint8 bytes[PIECE];
};

struct lent_link {
	char *site;
	const struct lent_link_events *events;
	void *arg;

	/* What is to be said: keys in the order of their first change, and the
	 * newest value of each (NULL: gone). */
	GQueue keys;	    /* of `values`' strings */
	GHashTable *values; /* key => value, both owned */
	GByteArray *record; /* being said */
	gsize offset;
	GQueue pieces; /* struct piece, not acknowledged yet */
	guint last;    /* the newest number */
	gint64 said_ms;

	/* What is heard. */
	guint heard; /* the newest number that came */
	gboolean owes;
	GByteArray *coming;
	gint64 heard_ms;
};

struct lent_link *lent_link_create(const char *site,
				   const struct lent_link_events *events,
				   void *arg)
{
	struct lent_link *link = g_new0(struct lent_link, 1);

	link->site = g_strdup(site);
	link->events = events;
	link->arg = arg;
	g_queue_init(&link->keys);
	g_queue_init(&link->pieces);
	link->values =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	link->record = g_byte_array_new();
	link->coming = g_byte_array_new();
	return link;
}

/* Keys are in it. */
static void wipe(GByteArray *bytes)
{
	if (bytes->len)
		explicit_bzero(bytes->data, bytes->len);
	g_byte_array_set_size(bytes, 0);
}

static void free_piece(gpointer data)
{
	explicit_bzero(data, sizeof(struct piece));
	g_free(data);
}

void lent_link_destroy(struct lent_link **linkp)
{
	struct lent_link *link = *linkp;

	*linkp = NULL;
	if (!link)
		return;
	wipe(link->record);
	wipe(link->coming);
	g_byte_array_unref(link->record);
	g_byte_array_unref(link->coming);
	g_queue_clear_full(&link->pieces, free_piece);
	g_queue_clear(&link->keys);
	g_hash_table_unref(link->values);
	g_free(link->site);
	g_free(link);
}

/* Saying. */

static void say(struct lent_link *link, const struct piece *piece,
		gint64 now_ms)
{
	json_t *root = json_pack("{ss ss sI}", "t", "gate", "s", link->site,
				 "a", (json_int_t)link->heard);
	char *text;

	if (piece) {
		g_autofree char *data =
			keys_base64url(piece->bytes, piece->size);

		json_object_set_new(root, "n", json_integer(piece->number));
		json_object_set_new(root, "d", json_string(data));
		if (piece->more)
			json_object_set_new(root, "more", json_true());
	}
	text = json_dumps(root, JSON_COMPACT);
	json_decref(root);
	g_assert(text && strlen(text) <= IPSP_MAX_MESSAGE);
	link->said_ms = now_ms;
	link->owes = FALSE;
	link->events->send(text, link->arg);
	explicit_bzero(text, strlen(text));
	free(text);
}

/* The next key that waits becomes the record. FALSE: none does. */
static gboolean next_record(struct lent_link *link)
{
	const char *key = g_queue_pop_head(&link->keys);
	const char *value;

	wipe(link->record);
	link->offset = 0;
	if (!key)
		return FALSE;
	value = g_hash_table_lookup(link->values, key);
	g_byte_array_append(link->record, (const guint8 *)key,
			    (guint)strlen(key));
	if (value) {
		g_byte_array_append(link->record, (const guint8 *)"\n", 1);
		g_byte_array_append(link->record, (const guint8 *)value,
				    (guint)strlen(value));
	}
	g_hash_table_remove(link->values, key);
	return TRUE;
}

static void say_next(struct lent_link *link, gint64 now_ms)
{
	while (g_queue_get_length(&link->pieces) < LENT_LINK_WINDOW) {
		struct piece *piece;

		if (link->offset >= link->record->len && !next_record(link))
			return;
		piece = g_new0(struct piece, 1);
		piece->number = ++link->last;
		piece->size = MIN(PIECE, link->record->len - link->offset);
		memcpy(piece->bytes, link->record->data + link->offset,
		       piece->size);
		link->offset += piece->size;
		piece->more = link->offset < link->record->len;
		piece->said_ms = now_ms;
		g_queue_push_tail(&link->pieces, piece);
		say(link, piece, now_ms);
	}
}

void lent_link_put(struct lent_link *link, const char *key, const char *value,
		   gint64 now_ms)
{
	if (strlen(key) > DIRECTORY_MAX_KEY ||
	    (value && strlen(value) > DIRECTORY_MAX_VALUE))
		return;
	if (!g_hash_table_contains(link->values, key)) {
		char *copy;

		if (g_hash_table_size(link->values) == LENT_LINK_MAX_KEYS)
			return;
		copy = g_strdup(key);
		g_queue_push_tail(&link->keys, copy);
		g_hash_table_insert(link->values, copy, g_strdup(value));
	} else {
		/* The key that is there stays, `keys` points to it. */
		g_hash_table_insert(link->values, g_strdup(key),
				    g_strdup(value));
	}
	say_next(link, now_ms);
}

void lent_link_run(struct lent_link *link, gint64 now_ms)
{
	const struct piece *first = g_queue_peek_head(&link->pieces);

	if (first && now_ms - first->said_ms >= LENT_LINK_AGAIN_MS)
		for (GList *it = link->pieces.head; it; it = it->next) {
			struct piece *piece = it->data;

			piece->said_ms = now_ms;
			say(link, piece, now_ms);
		}
	if (now_ms - link->said_ms >= LENT_LINK_ALIVE_MS)
		say(link, NULL, now_ms);
}

/* Hearing. */

static void acknowledged(struct lent_link *link, json_int_t number)
{
	struct piece *piece;

	if (number > link->last)
		return;
	while ((piece = g_queue_peek_head(&link->pieces)) &&
	       piece->number <= number)
		free_piece(g_queue_pop_head(&link->pieces));
}

static void deliver(struct lent_link *link)
{
	g_autofree char *text = NULL;
	char *feed;

	text = g_strndup((const char *)link->coming->data, link->coming->len);
	feed = strchr(text, '\n');
	/* No zero is in a text. */
	if (strlen(text) == link->coming->len &&
	    g_utf8_validate(text, -1, NULL)) {
		if (feed)
			*feed = '\0';
		link->events->put(text, feed ? feed + 1 : NULL, link->arg);
	}
	explicit_bzero(text, link->coming->len);
	wipe(link->coming);
}

/* FALSE: it is none that we can read. */
static gboolean take_piece(struct lent_link *link, const char *data,
			   gboolean more)
{
	const gsize size = strlen(data) * 3 / 4;
	guint8 bytes[PIECE];

	if (!size || size > sizeof(bytes) ||
	    !keys_base64url_decode(data, bytes, size))
		return FALSE;
	link->heard++;
	/* One that is too long is passed over, to its end. */
	if (link->coming->len <= MAX_RECORD)
		g_byte_array_append(link->coming, bytes, (guint)size);
	explicit_bzero(bytes, sizeof(bytes));
	if (more)
		return TRUE;
	if (link->coming->len <= MAX_RECORD)
		deliver(link);
	else
		wipe(link->coming);
	return TRUE;
}

static json_t *parse(const char *json, gsize size)
{
	json_t *root =
		size > IPSP_MAX_MESSAGE
			? NULL
			: json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));

	if (g_strcmp0(type, "gate") == 0 &&
	    json_is_string(json_object_get(root, "s")))
		return root;
	json_decref(root);
	return NULL;
}

char *lent_link_site(const char *json, gsize size)
{
	json_t *root = parse(json, size);
	char *site = g_strdup(json_string_value(json_object_get(root, "s")));

	json_decref(root);
	return site;
}

gboolean lent_link_message(struct lent_link *link, const char *json, gsize size,
			   gint64 now_ms)
{
	json_t *root = parse(json, size);
	const char *site = json_string_value(json_object_get(root, "s"));
	const char *data = json_string_value(json_object_get(root, "d"));
	const json_int_t number =
		json_integer_value(json_object_get(root, "n"));
	const gboolean ours = !g_strcmp0(site, link->site);

	if (ours) {
		link->heard_ms = now_ms;
		acknowledged(link,
			     json_integer_value(json_object_get(root, "a")));
		link->owes |= data != NULL;
		if (data && number == (json_int_t)link->heard + 1)
			take_piece(link, data,
				   json_is_true(json_object_get(root, "more")));
		say_next(link, now_ms);
		if (link->owes)
			say(link, NULL, now_ms);
	}
	json_decref(root);
	return ours;
}

gint64 lent_link_heard_ms(const struct lent_link *link)
{
	return link->heard_ms;
}
