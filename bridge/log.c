#include "bridge/log.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static GMutex lock;
static GQueue troubles = G_QUEUE_INIT; /* {lock} newest first */

static void free_trouble(gpointer data)
{
	struct log_trouble *trouble = data;

	g_free(trouble->text);
	g_free(trouble);
}

void log_note(GLogLevelFlags level, const char *text, gint64 now_ms)
{
	const GLogLevelFlags errors = G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL;
	struct log_trouble *trouble;

	if (!(level & (errors | G_LOG_LEVEL_WARNING)))
		return;
	g_mutex_lock(&lock);
	trouble = g_queue_peek_head(&troubles);
	if (!trouble || strcmp(trouble->text, text) != 0) {
		trouble = g_new0(struct log_trouble, 1);
		trouble->text = g_utf8_make_valid(text, -1);
		g_queue_push_head(&troubles, trouble);
	}
	trouble->at_ms = now_ms;
	trouble->error = (level & errors) != 0;
	trouble->times++;
	while (troubles.length > LOG_MAX_TROUBLES)
		free_trouble(g_queue_pop_tail(&troubles));
	g_mutex_unlock(&lock);
}

GPtrArray *log_troubles(void)
{
	GPtrArray *copies = g_ptr_array_new_with_free_func(free_trouble);

	g_mutex_lock(&lock);
	for (const GList *at = troubles.head; at; at = at->next) {
		struct log_trouble *copy =
			g_memdup2(at->data, sizeof(struct log_trouble));

		copy->text = g_strdup(copy->text);
		g_ptr_array_add(copies, copy);
	}
	g_mutex_unlock(&lock);
	return copies;
}

/* One line for each message; systemd's journal takes the level as it is. */
static GLogWriterOutput write_message(GLogLevelFlags level,
				      const GLogField *fields, gsize n,
				      gpointer data)
{
	const char *message = "";

	(void)data;
	for (gsize i = 0; i < n; i++)
		if (!g_strcmp0(fields[i].key, "MESSAGE"))
			message = fields[i].value;
	log_note(level, message, g_get_real_time() / 1000);
	if (g_log_writer_is_journald(STDERR_FILENO))
		return g_log_writer_journald(level, fields, n, NULL);
	if ((level & G_LOG_LEVEL_DEBUG) && !g_getenv("G_MESSAGES_DEBUG"))
		return G_LOG_WRITER_HANDLED;
	fprintf(stderr, "%s: %s\n",
		level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR) ? "error"
		: level & G_LOG_LEVEL_WARNING			   ? "warning"
								   : "info",
		message);
	return G_LOG_WRITER_HANDLED;
}

void log_begin(void)
{
	g_log_set_writer_func(write_message, NULL, NULL);
}
