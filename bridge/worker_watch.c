#include "bridge/worker_watch.h"

#include <stddef.h>

#define PERIOD_S    10
#define LATE_ONE_IN 100 /* a smaller part of all ticks is no trouble */

struct watched {
	struct worker *worker;
	struct worker_report last;
};

struct worker_watch {
	struct watched *watched;
	guint n;
	guint timer;
};

/* The counters of packets that somebody sent in vain. */
static const struct {
	size_t offset;
	const char *name;
} refusals[] = {
	{ offsetof(struct worker_report, unknown_user), "unknown user" },
	{ offsetof(struct worker_report, bad_key), "wrong key" },
	{ offsetof(struct worker_report, unproven), "unproven address" },
	{ offsetof(struct worker_report, malformed), "malformed" },
};

static guint64 grown(const struct worker_report *before,
		     const struct worker_report *after, size_t offset)
{
	const guint64 *from = (const void *)((const char *)before + offset);
	const guint64 *to = (const void *)((const char *)after + offset);

	return *to - *from;
}

char *worker_watch_trouble(const struct worker_report *before,
			   const struct worker_report *after)
{
	guint64 ticks = after->ticks - before->ticks;
	guint64 late = after->late_ticks - before->late_ticks;
	guint64 dropped = after->dropped - before->dropped;
	GString *text = g_string_new(NULL);

	if (late * LATE_ONE_IN > ticks)
		g_string_append_printf(
			text,
			"%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			" ticks began late, people hear gaps: this host has"
			" too little CPU for its calls",
			late, ticks);
	if (dropped)
		g_string_append_printf(
			text, "%s%" G_GUINT64_FORMAT " packets found no room",
			text->len ? "; " : "", dropped);
	return g_string_free(text, text->len == 0);
}

char *worker_watch_refusals(const struct worker_report *before,
			    const struct worker_report *after)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < G_N_ELEMENTS(refusals); i++) {
		guint64 n = grown(before, after, refusals[i].offset);

		if (n)
			g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT,
					       text->len ? ", " : "",
					       refusals[i].name, n);
	}
	return g_string_free(text, text->len == 0);
}

static gboolean look(gpointer data)
{
	struct worker_watch *wch = data;

	for (guint i = 0; i < wch->n; i++) {
		struct watched *one = &wch->watched[i];
		struct worker_report now;
		g_autofree char *trouble = NULL;
		g_autofree char *refused = NULL;

		worker_report(one->worker, &now);
		trouble = worker_watch_trouble(&one->last, &now);
		refused = worker_watch_refusals(&one->last, &now);
		if (trouble)
			g_warning("media: worker=%u %s", i, trouble);
		if (refused)
			g_info("media: worker=%u refused packets: %s", i,
			       refused);
		one->last = now;
	}
	return G_SOURCE_CONTINUE;
}

struct worker_watch *worker_watch_create(struct worker *const *workers, guint n)
{
	struct worker_watch *wch = g_new0(struct worker_watch, 1);

	wch->n = n;
	wch->watched = g_new0(struct watched, n);
	for (guint i = 0; i < n; i++) {
		wch->watched[i].worker = workers[i];
		worker_report(workers[i], &wch->watched[i].last);
	}
	wch->timer = g_timeout_add_seconds(PERIOD_S, look, wch);
	return wch;
}

void worker_watch_destroy(struct worker_watch **wchp)
{
	struct worker_watch *wch = *wchp;

	*wchp = NULL;
	if (!wch)
		return;
	g_source_remove(wch->timer);
	g_free(wch->watched);
	g_free(wch);
}
