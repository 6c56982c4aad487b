#include "bridge/recording/file_name.h"

#include <string.h>

#define SUFFIX	  ".opus"
#define MAX_STEM  32 /* characters of an address */
#define MAX_FILES 64 /* bytes of a name */

static gboolean is_plain(char c)
{
	return g_ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
}

void file_name_id(gint64 at, guint32 chance, char id_r[FILE_NAME_ID + 1])
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(at);
	g_autofree char *time = g_date_time_format(when, "%Y%m%d-%H%M%S");

	g_snprintf(id_r, FILE_NAME_ID + 1, "%s-%08x", time, chance);
}

gboolean file_name_is_id(const char *text)
{
	static const char form[] = "dddddddd-dddddd-xxxxxxxx";

	G_STATIC_ASSERT(sizeof(form) == FILE_NAME_ID + 1);
	if (strlen(text) != FILE_NAME_ID)
		return FALSE;
	for (guint i = 0; i < FILE_NAME_ID; i++) {
		gboolean right = form[i] == 'd'	  ? g_ascii_isdigit(text[i])
				 : form[i] == 'x' ? g_ascii_isxdigit(text[i])
						  : text[i] == '-';

		if (!right)
			return FALSE;
	}
	return TRUE;
}

void file_name_of(guint number, const char *address, char *name_r, gsize size)
{
	char stem[MAX_STEM + 1];
	guint n = 0;

	for (; n < MAX_STEM && address[n] && address[n] != '@'; n++)
		stem[n] = is_plain(address[n])
				  ? (char)g_ascii_tolower(address[n])
				  : '_';
	stem[n] = '\0';
	g_snprintf(name_r, size, "%03u-%s" SUFFIX, number, stem);
}

gboolean file_name_is_safe(const char *name)
{
	const gsize n = strlen(name);

	if (n >= MAX_FILES || !g_str_has_suffix(name, SUFFIX) || *name == '.')
		return FALSE;
	for (gsize i = 0; i < n; i++)
		if (!is_plain(name[i]))
			return FALSE;
	return TRUE;
}
