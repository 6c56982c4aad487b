#include "bridge/config_text.h"

#include <string.h>

#define MAX_FILE (1024 * 1024)

static void free_mistake(gpointer data)
{
	struct config_mistake *mistake = data;

	g_free(mistake->sentence);
}

static void add_mistake(struct config_text *text, guint line, char *sentence)
{
	struct config_mistake mistake = { .line = line, .sentence = sentence };

	g_array_append_val(text->mistakes, mistake);
}

static char *place(const char *group, const char *key)
{
	return key ? g_strconcat(group, "\n", key, NULL) : g_strdup(group);
}

static guint line_of(const struct config_text *text, const char *group,
		     const char *key)
{
	g_autofree char *at = group ? place(group, key) : NULL;

	return at ? GPOINTER_TO_UINT(g_hash_table_lookup(text->lines, at)) : 0;
}

void config_text_mistake(struct config_text *text, const char *group,
			 const char *key, const char *format, ...)
{
	guint line = line_of(text, group, key);
	va_list args;

	/* What is missing has no line: its group's then. */
	if (!line)
		line = line_of(text, group, NULL);
	va_start(args, format);
	add_mistake(text, line, g_strdup_vprintf(format, args));
	va_end(args);
}

/* GKeyFile merges what stands twice; here the second is a mistake. */
static void note(struct config_text *text, const char *group, const char *key,
		 guint line)
{
	char *at = place(group, key);
	guint before = GPOINTER_TO_UINT(g_hash_table_lookup(text->lines, at));

	if (before) {
		add_mistake(text, line,
			    g_strdup_printf("%s stands already in line %u; "
					    "keep one of the two",
					    key ? key : group, before));
		g_free(at);
		return;
	}
	g_hash_table_insert(text->lines, at, GUINT_TO_POINTER(line));
}

/* FALSE when the line says nothing that could be read. */
static gboolean scan_line(struct config_text *text, char **group,
			  const char *line, guint number)
{
	const char *equals = strchr(line, '=');
	const char *wrong = NULL;

	if (!*line || *line == '#')
		return TRUE;
	if (*line == '[' && g_str_has_suffix(line, "]")) {
		g_free(*group);
		*group = g_strndup(line + 1, strlen(line) - 2);
		note(text, *group, NULL, number);
	} else if (!equals || equals == line) {
		wrong = "this is no [group], no \"key = value\" and no "
			"# comment";
	} else if (!*group) {
		wrong = "a key before the first [group]; begin with [bridge]";
	} else {
		g_autofree char *key = g_strndup(line, (gsize)(equals - line));

		note(text, *group, g_strchomp(key), number);
	}
	if (wrong)
		add_mistake(text, number, g_strdup(wrong));
	return !wrong;
}

/* The text without the lines that cannot be read, so that what follows them
 * is still checked in the same reading. Caller frees. */
static char *scan(struct config_text *text, const char *data)
{
	g_auto(GStrv) lines = g_strsplit(data, "\n", -1);
	g_autofree char *group = NULL;

	for (guint i = 0; lines[i]; i++)
		if (!scan_line(text, &group, g_strstrip(lines[i]), i + 1))
			*lines[i] = '\0';
	return g_strjoinv("\n", lines);
}

void config_text_init(struct config_text *text_r, const char *path)
{
	g_autoptr(GError) error = NULL;
	g_autofree char *data = NULL, *readable = NULL;
	gsize size = 0;

	text_r->path = g_strdup(path);
	text_r->file = g_key_file_new();
	text_r->lines =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	text_r->mistakes =
		g_array_new(FALSE, FALSE, sizeof(struct config_mistake));
	g_array_set_clear_func(text_r->mistakes, free_mistake);

	if (!g_file_get_contents(path, &data, &size, &error)) {
		add_mistake(text_r, 0, g_strdup(error->message));
		return;
	}
	if (size > MAX_FILE || !g_utf8_validate(data, (gssize)size, NULL)) {
		add_mistake(text_r, 0,
			    g_strdup("a configuration is UTF-8 text of at "
				     "most 1 MiB"));
		return;
	}
	readable = scan(text_r, data);
	if (!g_key_file_load_from_data(text_r->file, readable, (gsize)-1,
				       G_KEY_FILE_NONE, &error))
		add_mistake(text_r, 0, g_strdup(error->message));
}

void config_text_fini(struct config_text *text)
{
	g_array_unref(text->mistakes);
	g_hash_table_unref(text->lines);
	g_key_file_free(text->file);
	g_free(text->path);
}

static int by_line(const void *a, const void *b)
{
	const struct config_mistake *first = a, *second = b;

	return (first->line > second->line) - (first->line < second->line);
}

void config_text_report(struct config_text *text, GPtrArray *problems)
{
	g_array_sort(text->mistakes, by_line);
	for (guint i = 0; i < text->mistakes->len; i++) {
		const struct config_mistake *mistake = &g_array_index(
			text->mistakes, struct config_mistake, i);

		g_ptr_array_add(problems,
				g_strdup_printf("%s:%u: %s", text->path,
						MAX(mistake->line, 1),
						mistake->sentence));
	}
}
