#include "signaling/answer_limits.h"

#include <string.h>

/* The times of a key's last answers, a ring as long as its limit: when the
 * oldest is still inside the window, the limit is used up. */
struct window {
	guint limit, used, next;
	gint64 span; /* s */
	gint64 times[];
};

struct answer_limits {
	struct answer_limits_config cfg;
	GHashTable *windows; /* "kind:name" -> struct window */
	gint64 swept;
};

struct answer_limits *
answer_limits_create(const struct answer_limits_config *cfg)
{
	struct answer_limits *lim = g_new0(struct answer_limits, 1);

	lim->cfg = *cfg;
	lim->windows =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return lim;
}

void answer_limits_destroy(struct answer_limits **limp)
{
	struct answer_limits *lim = *limp;

	*limp = NULL;
	if (!lim)
		return;
	g_hash_table_unref(lim->windows);
	g_free(lim);
}

static gboolean has_room(const struct window *win, gint64 now)
{
	return win->used < win->limit ||
	       (win->limit > 0 && win->times[win->next] <= now - win->span);
}

static void note(struct window *win, gint64 now)
{
	win->times[win->next] = now;
	win->next = (win->next + 1) % win->limit;
	win->used = MIN(win->used + 1, win->limit);
}

static gboolean is_over(gpointer key, gpointer value, gpointer now)
{
	const struct window *win = value;
	guint newest;

	(void)key;
	if (win->used == 0)
		return TRUE;
	newest = (win->next + win->limit - 1) % win->limit;
	return win->times[newest] <= *(const gint64 *)now - win->span;
}

/* FALSE when `more` keys do not fit, even without those that are over; a
 * full table is swept once a second at most. */
static gboolean make_room(struct answer_limits *lim, guint more, gint64 now)
{
	guint size = g_hash_table_size(lim->windows);

	if (size + more > lim->cfg.max_keys && now > lim->swept) {
		lim->swept = now;
		g_hash_table_foreach_remove(lim->windows, is_over, &now);
		size = g_hash_table_size(lim->windows);
	}
	return size + more <= lim->cfg.max_keys;
}

/* The person behind an address: "Ann+x@example.org" is ann@example.org. */
static char *person(const char *address)
{
	const char *at = strrchr(address, '@');
	gsize local = strcspn(address, "+");
	g_autofree char *name = NULL;

	if (local == 0 || local > (gsize)(at - address))
		local = (gsize)(at - address);
	name = g_strdup_printf("address:%.*s%s", (int)local, address, at);
	return g_ascii_strdown(name, -1);
}

static struct window *window_new(guint limit, gint64 span)
{
	struct window *win =
		g_malloc0(sizeof(*win) + limit * sizeof(win->times[0]));

	win->limit = limit;
	win->span = span;
	return win;
}

enum answer_limits_verdict answer_limits_take(struct answer_limits *lim,
					      const char *room,
					      const char *address, gint64 now)
{
	struct {
		char *key;
		guint limit;
		gint64 span;
		enum answer_limits_verdict verdict;
		struct window *win;
	} checks[] = {
		{ person(address), lim->cfg.per_address,
		  ANSWER_LIMITS_ADDRESS_WINDOW_S, ANSWER_LIMITS_ADDRESS, NULL },
		{ g_strconcat("domain:", strrchr(address, '@') + 1, NULL),
		  lim->cfg.per_domain, ANSWER_LIMITS_DOMAIN_WINDOW_S,
		  ANSWER_LIMITS_DOMAIN, NULL },
		{ g_strconcat("room:", room, NULL), lim->cfg.per_room,
		  ANSWER_LIMITS_ROOM_WINDOW_S, ANSWER_LIMITS_ROOM, NULL },
	};
	enum answer_limits_verdict verdict = ANSWER_LIMITS_PASS;

	if (!make_room(lim, G_N_ELEMENTS(checks), now))
		verdict = ANSWER_LIMITS_MEMORY;
	for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
		checks[i].win =
			g_hash_table_lookup(lim->windows, checks[i].key);
		if (checks[i].win ? !has_room(checks[i].win, now)
				  : checks[i].limit == 0)
			verdict = checks[i].verdict;
	}
	for (guint i = 0; i < G_N_ELEMENTS(checks); i++) {
		if (verdict == ANSWER_LIMITS_PASS && !checks[i].win) {
			checks[i].win =
				window_new(checks[i].limit, checks[i].span);
			g_hash_table_insert(lim->windows,
					    g_strdup(checks[i].key),
					    checks[i].win);
		}
		if (verdict == ANSWER_LIMITS_PASS)
			note(checks[i].win, now);
		g_free(checks[i].key);
	}
	return verdict;
}

void answer_limits_allow(struct answer_limits *lim, const char *address)
{
	g_autofree char *key = person(address);
	struct window *win = g_hash_table_lookup(lim->windows, key);

	/* As if the oldest had gone out before the window. */
	if (win && win->used == win->limit && win->limit)
		win->times[win->next] = G_MININT64;
}

const char *answer_limits_reason(enum answer_limits_verdict verdict)
{
	static const char *const reasons[] = {
		[ANSWER_LIMITS_PASS] = "no limit is reached",
		[ANSWER_LIMITS_ADDRESS] =
			"this address got its answers of these 10 minutes",
		[ANSWER_LIMITS_DOMAIN] =
			"this domain got its answers of this minute",
		[ANSWER_LIMITS_ROOM] =
			"the room gave its answers of this minute",
		[ANSWER_LIMITS_MEMORY] =
			"too many senders are being counted at once",
	};

	return reasons[verdict];
}
