#include "bridge/json_fields.h"

#include <gio/gio.h>
#include <jansson.h>
#include <math.h>
#include <string.h>

#include "signaling/keys.h"
#include "signaling/text.h"

#define MAX_KEY_BYTES 64

static guint *count_of(const struct json_field *fld, gpointer object)
{
	return (guint *)((char *)object + fld->count);
}

static gpointer place_of(const struct json_field *fld, gpointer object)
{
	return (char *)object + fld->offset;
}

/* What a list or an array begins with. */
static char *items_of(const struct json_field *fld, gpointer object)
{
	gpointer place = place_of(fld, object);

	return fld->kind == FIELD_LIST ? *(char **)place : place;
}

static gboolean is_optional_struct(const struct json_field *fld)
{
	return fld->kind == FIELD_STRUCT && !fld->required && fld->count;
}

/* Writing. */

static json_t *write_object(const struct json_field *fields, gpointer object);

static json_t *write_items(const struct json_field *fld, gpointer object)
{
	const guint n = *count_of(fld, object);
	char *items = items_of(fld, object);
	json_t *list = n || fld->required ? json_array() : NULL;

	for (guint i = 0; i < n; i++)
		json_array_append_new(
			list, write_object(fld->fields, items + i * fld->size));
	return list;
}

static json_t *write_bytes(const struct json_field *fld, const guint8 *bytes)
{
	static const guint8 zeros[MAX_KEY_BYTES];
	g_autofree char *text = NULL;

	g_assert(fld->size <= sizeof(zeros));
	if (!fld->required && !memcmp(bytes, zeros, fld->size))
		return NULL;
	text = keys_base64url(bytes, fld->size);
	return json_string(text);
}

static json_t *write_blob(GBytes *bytes)
{
	g_autofree char *text = NULL;
	gconstpointer data;
	gsize size;

	if (!bytes)
		return NULL;
	data = g_bytes_get_data(bytes, &size);
	text = g_base64_encode(data, size);
	return json_string(text);
}

static json_t *write_text(const struct json_field *fld, const char *text)
{
	g_autofree char *valid = NULL;

	if (!fld->required && !*text)
		return NULL;
	valid = g_utf8_make_valid(text, -1);
	return json_string(valid);
}

static json_t *write_number(const struct json_field *fld, gint64 number)
{
	return fld->required || number ? json_integer(number) : NULL;
}

/* JSON knows neither infinities nor NaN. */
static json_t *write_double(const struct json_field *fld, double number)
{
	if (!isfinite(number))
		number = 0;
	return fld->required || number < 0 || number > 0 ? json_real(number)
							 : NULL;
}

/* NULL: it is left out. */
static json_t *write_member(const struct json_field *fld, gpointer object)
{
	gpointer place = place_of(fld, object);

	switch (fld->kind) {
	case FIELD_TEXT:
		return write_text(fld, place);
	case FIELD_NUMBER:
		return write_number(fld, *(guint *)place);
	case FIELD_PORT:
		return write_number(fld, *(guint16 *)place);
	case FIELD_SIGNED:
		return write_number(fld, *(int *)place);
	case FIELD_WIDE:
		return write_number(fld, *(gint64 *)place);
	case FIELD_DOUBLE:
		return write_double(fld, *(double *)place);
	case FIELD_FLAG:
		return fld->required || *(gboolean *)place
			       ? json_boolean(*(gboolean *)place)
			       : NULL;
	case FIELD_WORD:
		return fld->required || *(guint *)place
			       ? json_string(fld->words[*(guint *)place])
			       : NULL;
	case FIELD_BYTES:
		return write_bytes(fld, place);
	case FIELD_BLOB:
		return write_blob(*(GBytes **)place);
	case FIELD_STRUCT:
		if (is_optional_struct(fld) && !*count_of(fld, object))
			return NULL;
		return write_object(fld->fields, place);
	case FIELD_ITEMS:
	case FIELD_LIST:
		return write_items(fld, object);
	}
	return NULL;
}

static json_t *write_object(const struct json_field *fields, gpointer object)
{
	json_t *root = json_object();

	for (const struct json_field *fld = fields; fld->name; fld++) {
		json_t *value = write_member(fld, object);

		if (value)
			json_object_set_new(root, fld->name, value);
	}
	return root;
}

char *json_fields_write(const struct json_field *fields, gconstpointer object)
{
	json_t *root = write_object(fields, (gpointer)object);
	char *text = json_dumps(root, JSON_COMPACT | JSON_REAL_PRECISION(6));
	char *copy = g_strdup(text);

	/* What jansson allocates is not g_free()'s to free. */
	free(text);
	json_decref(root);
	return copy;
}

/* Reading: each reader returns FALSE for what breaks its row. */

static gboolean read_object(const struct json_field *fields, gpointer object,
			    json_t *root, const char **wrong_r);

static gboolean read_text(const struct json_field *fld, char *text,
			  json_t *value)
{
	const char *string = json_string_value(value);

	if (!string || json_string_length(value) >= fld->size ||
	    strlen(string) != json_string_length(value) ||
	    !text_is_line(string) || (fld->required && !*string))
		return FALSE;
	g_strlcpy(text, string, fld->size);
	return TRUE;
}

static gboolean read_number(const struct json_field *fld, json_t *value,
			    gint64 *number_r)
{
	if (!json_is_integer(value))
		return FALSE;
	*number_r = json_integer_value(value);
	return *number_r >= fld->min && *number_r <= fld->max;
}

static gboolean read_double(const struct json_field *fld, double *place,
			    json_t *value)
{
	const double number = json_number_value(value);

	if (!json_is_number(value) || number < (double)fld->min ||
	    number > (double)fld->max)
		return FALSE;
	*place = number;
	return TRUE;
}

static gboolean read_word(const struct json_field *fld, guint *place,
			  json_t *value)
{
	const char *string = json_string_value(value);

	for (guint i = 0; string && fld->words[i]; i++)
		if (!strcmp(string, fld->words[i])) {
			*place = i;
			return TRUE;
		}
	return FALSE;
}

static gboolean read_blob(const struct json_field *fld, GBytes **place,
			  json_t *value)
{
	const char *string = json_string_value(value);
	guchar *bytes;
	gsize size;

	/* Four characters for three bytes. */
	if (!string || !*string ||
	    json_string_length(value) / 4 > (gsize)fld->max / 3 + 1)
		return FALSE;
	bytes = g_base64_decode(string, &size);
	*place = g_bytes_new_take(bytes, size);
	return size > 0 && size <= (gsize)fld->max;
}

static gboolean read_items(const struct json_field *fld, gpointer object,
			   json_t *value, const char **wrong_r)
{
	guint *count = count_of(fld, object);
	gsize i;
	json_t *entry;

	if (!json_is_array(value) || json_array_size(value) > (gsize)fld->max)
		return FALSE;
	if (fld->kind == FIELD_LIST)
		*(gpointer *)place_of(fld, object) =
			g_malloc0_n(json_array_size(value), fld->size);
	json_array_foreach(value, i, entry)
	{
		/* Counted first: what is half read is cleared with it. */
		char *item = items_of(fld, object) + fld->size * (*count)++;

		if (!read_object(fld->fields, item, entry, wrong_r))
			return FALSE;
	}
	return TRUE;
}

static gboolean read_struct(const struct json_field *fld, gpointer object,
			    json_t *value, const char **wrong_r)
{
	if (is_optional_struct(fld))
		*count_of(fld, object) = TRUE;
	return read_object(fld->fields, place_of(fld, object), value, wrong_r);
}

static gboolean read_member(const struct json_field *fld, gpointer object,
			    json_t *value, const char **wrong_r)
{
	gpointer place = place_of(fld, object);
	gint64 number = 0;

	switch (fld->kind) {
	case FIELD_TEXT:
		return read_text(fld, place, value);
	case FIELD_NUMBER:
		if (!read_number(fld, value, &number))
			return FALSE;
		*(guint *)place = (guint)number;
		return TRUE;
	case FIELD_PORT:
		if (!read_number(fld, value, &number))
			return FALSE;
		*(guint16 *)place = (guint16)number;
		return TRUE;
	case FIELD_SIGNED:
		if (!read_number(fld, value, &number))
			return FALSE;
		*(int *)place = (int)number;
		return TRUE;
	case FIELD_WIDE:
		return read_number(fld, value, place);
	case FIELD_DOUBLE:
		return read_double(fld, place, value);
	case FIELD_FLAG:
		*(gboolean *)place = json_is_true(value);
		return json_is_boolean(value);
	case FIELD_WORD:
		return read_word(fld, place, value);
	case FIELD_BYTES:
		return json_is_string(value) &&
		       keys_base64url_decode(json_string_value(value), place,
					     fld->size);
	case FIELD_BLOB:
		return read_blob(fld, place, value);
	case FIELD_STRUCT:
		return read_struct(fld, object, value, wrong_r);
	case FIELD_ITEMS:
	case FIELD_LIST:
		return read_items(fld, object, value, wrong_r);
	}
	return FALSE;
}

/* The innermost member that is wrong is the one that is named. */
static gboolean read_object(const struct json_field *fields, gpointer object,
			    json_t *root, const char **wrong_r)
{
	if (!json_is_object(root))
		return FALSE;
	for (const struct json_field *fld = fields; fld->name; fld++) {
		json_t *value = json_object_get(root, fld->name);

		if ((!value || json_is_null(value)) && !fld->required)
			continue;
		if (value && read_member(fld, object, value, wrong_r))
			continue;
		if (!*wrong_r)
			*wrong_r = fld->name;
		return FALSE;
	}
	return TRUE;
}

gboolean json_fields_read(const struct json_field *fields, gpointer object_r,
			  gsize size, const char *text, gsize length,
			  GError **error)
{
	const char *wrong = NULL;
	json_error_t why;
	json_t *root = json_loadb(text, length, JSON_REJECT_DUPLICATES, &why);
	gboolean read;

	memset(object_r, 0, size);
	read = json_is_object(root) &&
	       read_object(fields, object_r, root, &wrong);
	if (!json_is_object(root))
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "It is not a JSON object (line %d).",
			    root ? 1 : why.line);
	else if (!read)
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "Its member \"%s\" is missing or not as it must "
			    "be.",
			    wrong);
	json_decref(root);
	if (!read) {
		json_fields_clear(fields, object_r);
		memset(object_r, 0, size);
	}
	return read;
}

void json_fields_clear(const struct json_field *fields, gpointer object)
{
	for (const struct json_field *fld = fields; fld->name; fld++) {
		gpointer place = place_of(fld, object);

		if (fld->kind == FIELD_BLOB)
			g_clear_pointer((GBytes **)place, g_bytes_unref);
		else if (fld->kind == FIELD_STRUCT)
			json_fields_clear(fld->fields, place);
		if (fld->kind != FIELD_LIST && fld->kind != FIELD_ITEMS)
			continue;
		for (guint i = 0; i < *count_of(fld, object); i++)
			json_fields_clear(fld->fields, items_of(fld, object) +
							       i * fld->size);
		*count_of(fld, object) = 0;
		if (fld->kind == FIELD_LIST)
			g_clear_pointer((gpointer *)place, g_free);
	}
}
