#include "signaling/language.h"

#include <string.h>

struct count {
	guint kana, han, letters;
};

static void count_char(struct count *count, gunichar c)
{
	/* The prolonged sound mark is of both kana and of neither script. */
	switch (g_unichar_get_script(c)) {
	case G_UNICODE_SCRIPT_HIRAGANA:
	case G_UNICODE_SCRIPT_KATAKANA:
		count->kana++;
		break;
	case G_UNICODE_SCRIPT_HAN:
		count->han++;
		break;
	default:
		count->letters += g_unichar_isalpha(c) != 0;
	}
}

static void count_words(struct count *count, const char *text)
{
	gboolean quoted = FALSE, start = TRUE;

	for (const char *p = text ? text : ""; *p; p = g_utf8_next_char(p)) {
		if (start)
			quoted = *p == '>';
		start = *p == '\n';
		if (!quoted)
			count_char(count, g_utf8_get_char(p));
	}
}

static gboolean begins(const char *text, const char *const *prefixes)
{
	for (; text && *prefixes; prefixes++)
		if (!g_ascii_strncasecmp(text, *prefixes, strlen(*prefixes)))
			return TRUE;
	return FALSE;
}

gboolean language_is_japanese(const struct language_hints *hints)
{
	static const char *const japanese_charsets[] = {
		"iso-2022-jp", "shift_jis",   "sjis", "euc-jp",
		"cp932",       "windows-31j", NULL
	};
	static const char *const other_charsets[] = {
		"gb", "big5", "euc-kr", "iso-2022-kr", "ks_c", "euc-tw", NULL
	};
	static const char *const japanese[] = { "ja", NULL };
	static const char *const others[] = { "zh", "ko", NULL };
	struct count count = { 0 };

	count_words(&count, hints->subject);
	count_words(&count, hints->text);
	if (count.kana)
		return TRUE;
	if (count.han)
		return !begins(hints->charset, other_charsets) &&
		       !begins(hints->content_language, others);
	return begins(hints->content_language, japanese) ||
	       (!count.letters && begins(hints->charset, japanese_charsets));
}
