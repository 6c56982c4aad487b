#include "signaling/imap_folder.h"

#include <gio/gio.h>

/* A run of characters beyond ASCII: UTF-16BE in base64, with "," for "/" and
 * without padding, between & and -. */
static void append_run(GString *quoted, const char *run, gsize size)
{
	gsize bytes;
	g_autofree char *utf16 = g_convert(run, (gssize)size, "UTF-16BE",
					   "UTF-8", NULL, &bytes, NULL);
	g_autofree char *base64 =
		g_base64_encode((const guchar *)utf16, utf16 ? bytes : 0);

	g_string_append_c(quoted, '&');
	for (const char *c = base64; *c && *c != '='; c++)
		g_string_append_c(quoted, *c == '/' ? ',' : *c);
	g_string_append_c(quoted, '-');
}

static void append_ascii(GString *quoted, char c)
{
	if (c == '"' || c == '\\')
		g_string_append_c(quoted, '\\');
	g_string_append_c(quoted, c);
	if (c == '&')
		g_string_append_c(quoted, '-');
}

char *imap_folder_quote(const char *name, GError **error)
{
	GString *quoted;
	const char *at = name;

	for (const char *c = name; *c; c++)
		if (g_ascii_iscntrl(*c))
			at = NULL;
	if (!at || !g_utf8_validate(name, -1, NULL)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
			    "an IMAP folder's name is UTF-8 without control "
			    "characters");
		return NULL;
	}
	quoted = g_string_new("\"");
	while (*at) {
		const char *end = at;

		while ((guchar)*end >= 0x80)
			end++;
		if (end > at)
			append_run(quoted, at, (gsize)(end - at));
		else
			append_ascii(quoted, *end++);
		at = end;
	}
	g_string_append_c(quoted, '"');
	return g_string_free(quoted, FALSE);
}
