#include "web/rate.h"

struct rate {
	GHashTable *windows; /* name -> struct window */
	guint times, window_s;
};

struct window {
	gint64 ends;
	guint used;
};

struct rate *rate_create(guint times, guint window_s)
{
	struct rate *rat = g_new0(struct rate, 1);

	rat->windows =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	rat->times = times;
	rat->window_s = window_s;
	return rat;
}

void rate_destroy(struct rate **ratp)
{
	struct rate *rat = *ratp;

	*ratp = NULL;
	if (!rat)
		return;
	g_hash_table_destroy(rat->windows);
	g_free(rat);
}

static gboolean over(gpointer name, gpointer value, gpointer now)
{
	struct window *win = value;

	(void)name;
	return win->ends <= *(gint64 *)now;
}

static struct window *find(struct rate *rat, const char *name, gint64 now)
{
	struct window *win = g_hash_table_lookup(rat->windows, name);

	if (!win) {
		if (g_hash_table_size(rat->windows) >= RATE_MAX_NAMES)
			g_hash_table_foreach_remove(rat->windows, over, &now);
		if (g_hash_table_size(rat->windows) >= RATE_MAX_NAMES)
			return NULL;
		win = g_new0(struct window, 1);
		win->ends = now + rat->window_s;
		g_hash_table_insert(rat->windows, g_strdup(name), win);
	}
	if (win->ends <= now) {
		win->ends = now + rat->window_s;
		win->used = 0;
	}
	return win;
}

gboolean rate_allow(struct rate *rat, const char *name, gint64 now)
{
	struct window *win = find(rat, name, now);

	if (!win || win->used >= rat->times)
		return FALSE;
	win->used++;
	return TRUE;
}
