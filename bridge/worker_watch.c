#include "bridge/worker_watch.h"

#include <stddef.h>

#define PERIOD_S    10	/* of looks, one each second */
#define LATE_ONE_IN 100 /* a smaller part of all ticks is no trouble */

struct watched {
	struct worker *worker;
	struct worker_report last; /* a period ago at most */
	enum effort effort;	   /* as it was told */
};

struct worker_watch {
	struct watched *watched;
	guint n;
	guint looks;
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
	guint64 unread = after->unread - before->unread;
	GString *text = g_string_new(NULL);

	if (late * LATE_ONE_IN > ticks) {
		struct histogram_reading times = after->tick_times;

		histogram_subtract(&times, &before->tick_times);
		g_string_append_printf(
			text,
			"%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			" ticks began late, people hear gaps: this host has"
			" too little CPU for its calls (a tick took %.1f ms,"
			" one in a hundred %.1f ms, the longest %.1f ms)",
			late, ticks, histogram_quantile(&times, 0.5),
			histogram_quantile(&times, 0.99),
			histogram_quantile(&times, 1));
	}
	if (dropped)
		g_string_append_printf(
			text, "%s%" G_GUINT64_FORMAT " packets found no room",
			text->len ? "; " : "", dropped);
	if (unread)
		g_string_append_printf(
			text,
			"%s%" G_GUINT64_FORMAT " packets came too fast for the"
			" socket's buffer: raise net.core.rmem_max",
			text->len ? "; " : "", unread);
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

static void look_back(struct watched *one, guint i,
		      const struct worker_report *now)
{
	g_autofree char *trouble = worker_watch_trouble(&one->last, now);
	g_autofree char *refused = worker_watch_refusals(&one->last, now);

	if (trouble)
		g_warning("media: worker=%u %s", i, trouble);
	if (refused)
		g_info("media: worker=%u refused packets: %s", i, refused);
	one->last = *now;
}

static gboolean look(gpointer data)
{
	struct worker_watch *wch = data;
	gboolean period = ++wch->looks % PERIOD_S == 0;

	for (guint i = 0; i < wch->n; i++) {
		struct watched *one = &wch->watched[i];
		struct worker_report now;

		worker_report(one->worker, &now);
		if (now.effort != one->effort)
			g_log(G_LOG_DOMAIN,
			      now.effort > one->effort ? G_LOG_LEVEL_WARNING
						       : G_LOG_LEVEL_INFO,
			      "media: worker=%u stress=%.2f effort=%s", i,
			      now.stress, effort_name(now.effort));
		one->effort = now.effort;
		if (period)
			look_back(one, i, &now);
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
	wch->timer = g_timeout_add_seconds(1, look, wch);
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
