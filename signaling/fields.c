#include "signaling/fields.h"

#include <string.h>

#include "signaling/message.h"
#include "signaling/text.h"

#define MAX_VALUE  900 /* bytes: unfolded it would still fit a line */
#define LINE	   76  /* RFC 5322 2.1.1 wishes 78 */
#define WORD_BYTES 42  /* encoded, "Subject: " before it and all, one line */

/* Where in its line the field that is written stands. */
struct folded {
	GString *fields;
	gsize column;
	gboolean begun; /* has a word */
};

static struct folded begin_field(GString *fields, const char *name)
{
	g_string_append_printf(fields, "%s:", name);
	return (struct folded){ fields, strlen(name) + 1, FALSE };
}

/* One word, on the next line when this one is full. */
static void add_word(struct folded *to, const char *word)
{
	/* A line of spaces alone would end the header for some. */
	gboolean fold =
		to->begun && *word && to->column + 1 + strlen(word) > LINE;

	g_string_append(to->fields, fold ? "\r\n " : " ");
	g_string_append(to->fields, word);
	to->column = (fold ? 0 : to->column) + 1 + strlen(word);
	to->begun = TRUE;
}

static void add_words(struct folded *to, const char *text)
{
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (char **word = words; *word; word++)
		add_word(to, *word);
}

/* "Name: value", broken at spaces. */
static void add_folded(GString *fields, const char *name, const char *value)
{
	struct folded to = begin_field(fields, name);

	add_words(&to, value);
	g_string_append(fields, "\r\n");
}

static gboolean is_plain(const char *text)
{
	return g_str_is_ascii(text) && !strstr(text, "=?");
}

/* Encoded words with a space between, which does not count as text: RFC
 * 2047 6.2. No character is split over two (5). */
static char *encoded_words(const char *text)
{
	GString *words = g_string_new(NULL);

	while (*text) {
		g_autofree char *chunk = g_strdup(text);
		g_autofree char *base64 = NULL;

		text_cut(chunk, WORD_BYTES);
		base64 = g_base64_encode((const guchar *)chunk, strlen(chunk));
		g_string_append_printf(words, "%s=?UTF-8?B?%s?=",
				       words->len ? " " : "", base64);
		text += strlen(chunk);
	}
	return g_string_free(words, FALSE);
}

void fields_add_text(GString *fields, const char *name, const char *value)
{
	g_autofree char *line = value ? text_line(value, MAX_VALUE) : NULL;
	g_autofree char *words = NULL;

	if (!line || !*line)
		return;
	words = is_plain(line) ? g_strdup(line) : encoded_words(line);
	add_folded(fields, name, words);
}

void fields_add_id(GString *fields, const char *name, const char *id)
{
	g_autofree char *value = NULL;

	if (!id || !*id || strlen(id) > MAX_VALUE || !text_is_line(id) ||
	    strpbrk(id, "<> "))
		return;
	value = g_strdup_printf("<%s>", id);
	add_folded(fields, name, value);
}

static char *quoted_string(const char *text)
{
	GString *quoted = g_string_new("\"");

	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			g_string_append_c(quoted, '\\');
		g_string_append_c(quoted, *text);
	}
	g_string_append_c(quoted, '"');
	return g_string_free(quoted, FALSE);
}

static char *addr_spec(const char *address)
{
	char *clean = message_address(address);

	if (!clean) {
		/* Not ours to judge, but it may not end and begin another. */
		clean = text_line(address, MAX_VALUE);
		g_strdelimit(clean, "<>,;:()\" ", '_');
	}
	return clean;
}

/* The address is one word, even where its local part has spaces in quotes:
 * a line break there would become part of it. */
void fields_add_mailbox(GString *fields, const char *name, const char *display,
			const char *address)
{
	struct folded to = begin_field(fields, name);
	g_autofree char *clean = addr_spec(address);
	g_autofree char *line = display ? text_line(display, MAX_VALUE) : NULL;
	g_autofree char *phrase = NULL;
	g_autofree char *bracketed = NULL;

	if (line && *line) {
		phrase = is_plain(line) ? quoted_string(line)
					: encoded_words(line);
		bracketed = g_strdup_printf("<%s>", clean);
		add_words(&to, phrase);
	}
	add_word(&to, bracketed ? bracketed : clean);
	g_string_append(fields, "\r\n");
}

void fields_add_date(GString *fields, const char *name, gint64 time)
{
	/* Not by strftime: day and month names are those of RFC 5322. */
	static const char *const days[] = { "Mon", "Tue", "Wed", "Thu",
					    "Fri", "Sat", "Sun" };
	static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
					      "May", "Jun", "Jul", "Aug",
					      "Sep", "Oct", "Nov", "Dec" };
	g_autoptr(GDateTime) date = g_date_time_new_from_unix_utc(time);

	g_string_append_printf(
		fields, "%s: %s, %02d %s %04d %02d:%02d:%02d +0000\r\n", name,
		days[g_date_time_get_day_of_week(date) - 1],
		g_date_time_get_day_of_month(date),
		months[g_date_time_get_month(date) - 1],
		g_date_time_get_year(date), g_date_time_get_hour(date),
		g_date_time_get_minute(date), g_date_time_get_second(date));
}
