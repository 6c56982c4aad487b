#include "bridge/delays.h"

#include <stdlib.h>
#include <string.h>

const guint delays_bounds_s[DELAYS_BOUNDS] = {
	1, 2, 5, 10, 20, 30, 60, 120, 300
};

struct delays {
	GHashTable *accounts; /* name => struct account */
};

struct account {
	guint64 counts[DELAYS_BOUNDS + 1], sum_s;
	gint64 last[DELAYS_LAST]; /* a ring */
	guint64 n;
};

struct delays *delays_create(void)
{
	struct delays *dls = g_new0(struct delays, 1);

	dls->accounts =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	return dls;
}

void delays_destroy(struct delays **dlsp)
{
	struct delays *dls = *dlsp;

	*dlsp = NULL;
	if (!dls)
		return;
	g_hash_table_unref(dls->accounts);
	g_free(dls);
}

void delays_note(struct delays *dls, const char *account, gint64 seconds)
{
	struct account *acc = g_hash_table_lookup(dls->accounts, account);
	guint i = 0;

	if (!acc) {
		acc = g_new0(struct account, 1);
		g_hash_table_insert(dls->accounts, g_strdup(account), acc);
	}
	seconds = MAX(seconds, 0);
	while (i < DELAYS_BOUNDS && seconds > delays_bounds_s[i])
		i++;
	acc->counts[i]++;
	acc->sum_s += (guint64)seconds;
	acc->last[acc->n++ % DELAYS_LAST] = seconds;
}

static int by_size(const void *a, const void *b)
{
	const gint64 *one = a, *other = b;

	return (*one > *other) - (*one < *other);
}

void delays_figures(const struct delays *dls, const char *account,
		    struct delay_figures *fig_r)
{
	const struct account *acc = g_hash_table_lookup(dls->accounts, account);
	gint64 sorted[DELAYS_LAST];
	gsize n;

	*fig_r = (struct delay_figures){ .median_s = -1 };
	if (!acc)
		return;
	memcpy(fig_r->counts, acc->counts, sizeof(fig_r->counts));
	fig_r->sum_s = acc->sum_s;
	n = MIN(acc->n, DELAYS_LAST);
	memcpy(sorted, acc->last, sizeof(sorted));
	qsort(sorted, n, sizeof(*sorted), by_size);
	fig_r->median_s = sorted[n / 2];
}
