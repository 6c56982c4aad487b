/* rate - how often somebody may do something: so many times in a window.
 *
 * Time is an argument, in seconds of any one clock. Memory is bounded: when
 * too many names are counted at once, new ones are refused. */
#ifndef WEB_RATE_H
#define WEB_RATE_H

#include <glib.h>

#define RATE_MAX_NAMES 10000

struct rate;

struct rate *rate_create(guint times, guint window_s);
void rate_destroy(struct rate **ratp);

/* Counts one; FALSE when name is over its limit until its window ends. */
gboolean rate_allow(struct rate *rat, const char *name, gint64 now);

#endif
