#include "signaling/text.h"

#include <string.h>

/* Direction overrides and isolates let "gpj.exe" read "exe.jpg" (Unicode TR
 * 36, 2.5); the separators break lines in some viewers. */
static gboolean is_harmful(gunichar c)
{
	return g_unichar_iscntrl(c) || (c >= 0x2028 && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

char *text_line(const char *text, gsize max)
{
	g_autofree char *valid = g_utf8_make_valid(text, -1);
	GString *line = g_string_new(NULL);

	for (const char *p = valid; *p; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		g_string_append_unichar(line, is_harmful(c) ? ' ' : c);
	}
	g_strstrip(line->str);
	text_cut(line->str, max);
	return g_string_free(line, FALSE);
}

gboolean text_is_line(const char *text)
{
	if (!g_utf8_validate(text, -1, NULL))
		return FALSE;
	for (const char *p = text; *p; p = g_utf8_next_char(p))
		if (is_harmful(g_utf8_get_char(p)))
			return FALSE;
	return TRUE;
}

void text_cut(char *text, gsize max)
{
	if (strlen(text) <= max)
		return;
	while (max > 0 && ((guchar)text[max] & 0xc0) == 0x80)
		max--;
	text[max] = '\0';
}
