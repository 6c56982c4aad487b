/* log - where the program's messages go: to systemd's journal or a line each
 * to stderr. The newest warnings and errors are kept for the operator's page.
 *
 * Any thread. */
#ifndef BRIDGE_LOG_H
#define BRIDGE_LOG_H

#include <glib.h>

#define LOG_MAX_TROUBLES 100

struct log_trouble {
	gint64 at_ms;	/* Unix; of the last time */
	gboolean error; /* the operator must act; else a warning */
	char *text;
	guint times; /* in a row */
};

/* Takes over GLib's messages, for good. */
void log_begin(void);

/* For log_begin(), and for tests. */
void log_note(GLogLevelFlags level, const char *text, gint64 now_ms);
/* struct log_trouble *, newest first; the caller unrefs the array, which owns
 * them. */
GPtrArray *log_troubles(void);

#endif
