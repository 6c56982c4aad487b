/* json_fields - a struct and its JSON object, both ways by one table.
 *
 * Bounded: every text, list and number has its limits in the table, and what
 * breaks one is refused by name. Unknown members are ignored, so that releases
 * can add some; doubled ones are refused. Control plane; pure functions. */
#ifndef BRIDGE_JSON_FIELDS_H
#define BRIDGE_JSON_FIELDS_H

#include <glib.h>

enum field_kind {
	FIELD_TEXT,   /* char[size]: one line of UTF-8 */
	FIELD_NUMBER, /* guint or guint32, min to max */
	FIELD_PORT,   /* guint16, min to max */
	FIELD_SIGNED, /* int, min to max */
	FIELD_WIDE,   /* gint64, min to max */
	FIELD_DOUBLE, /* double, min to max */
	FIELD_FLAG,   /* gboolean */
	FIELD_WORD,   /* an enum that counts from 0: one of words */
	FIELD_BYTES,  /* guint8[size]: base64url, RFC 4648 5 */
	FIELD_BLOB,   /* GBytes *, at most max bytes: base64, RFC 4648 4 */
	FIELD_STRUCT, /* a struct in the struct, of `fields` */
	FIELD_ITEMS,  /* struct[max] in the struct, its number at `count` */
	FIELD_LIST,   /* pointer to structs of `size`, its number at `count` */
};

/* A row for each member; a table of them ends with an empty one. */
struct json_field {
	const char *name;
	enum field_kind kind;
	/* Refused without it. Else it is 0, empty or NULL where it is missing
	 * or null, and is not written when it is that. */
	gboolean required;
	gsize offset; /* in the struct */
	gsize size;   /* of a text's buffer, of the bytes, of one item */
	gint64 min, max;
	const char *const *words; /* ends with NULL */
	const struct json_field *fields;
	/* Of the guint with the number of items; of a struct that is not
	 * required: of the gboolean that says whether it is there, or 0. */
	gsize count;
};

/* Compact text. Caller frees. */
char *json_fields_write(const struct json_field *fields, gconstpointer object);

/* Fills the zeroed object of `size` bytes, or says in error what is wrong with
 * the text and leaves the object empty. */
gboolean json_fields_read(const struct json_field *fields, gpointer object_r,
			  gsize size, const char *text, gsize length,
			  GError **error);

/* Frees the lists and blobs in the object, not the object. */
void json_fields_clear(const struct json_field *fields, gpointer object);

#endif
