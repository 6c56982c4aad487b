#include "bridge/lend.h"

#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bridge/lent.h"
#include "bridge/lent_link.h"
#include "bridge/program.h"
#include "bridge/site.h"
#include "signaling/ipsp.h"
#include "signaling/lines.h"

#define RUN_EVERY_MS  50
#define SILENT_MS     5000 /* of the host: the lender is elsewhere, or gone */
#define FIRST_WORD_MS 10000
#define DRAIN_MS      5000
#define BITRATE	      32000 /* of each mix, bit/s */

struct lend {
	char *address;
	guint port;
	GMainLoop *loop;
	struct lines input;
	struct lent_link *link; /* NULL: no word has come */
	char *name;
	struct directory *dir; /* in memory: what the host has, of ours */
	struct site *site;     /* NULL: the secret has not come */
	struct directory_watch *statuses, *sites;
	gint64 since_ms, drain_until_ms;
	int code;
};

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

static void drain(struct lend *lend)
{
	if (lend->drain_until_ms)
		return;
	lend->drain_until_ms = now_ms() + DRAIN_MS;
	if (lend->site)
		site_drain(lend->site);
}

/* What the site writes goes to the host. */

static void status_changed(const char *key, const char *value, void *arg)
{
	struct lend *lend = arg;

	lent_link_put(lend->link, key, value, now_ms());
}

static const struct directory_watch_events status_events = {
	.changed = status_changed,
};

static void directory_state(gboolean up, const char *why, void *arg)
{
	struct lend *lend = arg;

	(void)why;
	if (lend->site)
		site_connected(lend->site, up);
}

static void directory_lease_held(gboolean held, void *arg)
{
	(void)held;
	(void)arg;
}

static const struct directory_events directory_events = {
	.state = directory_state,
	.lease = directory_lease_held,
};

static const struct site_events site_events = { .websocket = NULL };

static void open_site(struct lend *lend, const char *secret)
{
	const char *const addresses[] = { lend->address, NULL };
	const struct directory_config dir = { .urls = NULL };
	const struct site_config cfg = {
		.name = lend->name,
		.cluster_secret = secret,
		.media = { .addresses = addresses,
			   .port = lend->port,
			   .workers = 1,
			   .sessions_per_gate = LENT_SESSIONS,
			   .gates = 1,
			   .bitrate = BITRATE },
	};
	g_autoptr(GError) error = NULL;

	lend->dir = directory_open(&dir, &directory_events, lend, &error);
	if (lend->dir)
		lend->site = site_create(&cfg, lend->dir, &site_events, lend,
					 &error);
	if (!lend->site) {
		g_critical("lend: %s", error->message);
		lend->code = EXIT_FAILURE;
		g_main_loop_quit(lend->loop);
		return;
	}
	lend->sites =
		directory_watch(lend->dir, "sites/", &status_events, lend);
	lend->statuses =
		directory_watch(lend->dir, "status/", &status_events, lend);
}

/* What the host says. */

static void link_put(const char *key, const char *value, void *arg)
{
	struct lend *lend = arg;

	if (!strcmp(key, LENT_SECRET_KEY)) {
		if (value && !lend->site)
			open_site(lend, value);
	} else if (lend->site && g_str_has_prefix(key, "want/")) {
		directory_put(lend->dir, NULL, key, value, NULL, NULL);
	}
}

/* A line that the pipe does not take is said again later. */
static void link_send(const char *json, void *arg)
{
	g_autofree char *line = g_strconcat(json, "\n", NULL);

	(void)arg;
	if (write(STDOUT_FILENO, line, strlen(line)) < 0)
		g_debug("lend: %s", g_strerror(errno));
}

static const struct lent_link_events link_events = {
	.send = link_send,
	.put = link_put,
};

static void take_line(struct lend *lend, const char *line, gsize size)
{
	if (!lend->link) {
		lend->name = lent_link_site(line, size);
		if (!lend->name || !lent_is(lend->name)) {
			g_clear_pointer(&lend->name, g_free);
			return;
		}
		lend->link = lent_link_create(lend->name, &link_events, lend);
	}
	lent_link_message(lend->link, line, size, now_ms());
}

/* Secrets pass through here. */
static void take_lines(struct lend *lend, const char *bytes, gsize size)
{
	const char *line;
	gsize length;

	while ((line = lines_next(&lend->input, &bytes, &size, &length))) {
		take_line(lend, line, length);
		lines_reset(&lend->input);
	}
	if (lend->input.too_long)
		lines_reset(&lend->input);
}

static gboolean on_input(gint fd, GIOCondition condition, gpointer data)
{
	struct lend *lend = data;
	char buf[4096];
	const gssize size = read(fd, buf, sizeof(buf));

	(void)condition;
	if (size < 0 && (errno == EAGAIN || errno == EINTR))
		return G_SOURCE_CONTINUE;
	if (size <= 0) {
		g_message("lend: the phone is gone");
		drain(lend);
		return G_SOURCE_REMOVE;
	}
	take_lines(lend, buf, (gsize)size);
	explicit_bzero(buf, sizeof(buf));
	return G_SOURCE_CONTINUE;
}

static gboolean on_signal(gpointer data)
{
	drain(data);
	return G_SOURCE_CONTINUE;
}

static gboolean is_forsaken(const struct lend *lend, gint64 now)
{
	const gint64 heard = lend->link ? lent_link_heard_ms(lend->link) : 0;

	return heard ? now - heard > SILENT_MS
		     : now - lend->since_ms > FIRST_WORD_MS;
}

static gboolean run(gpointer data)
{
	struct lend *lend = data;
	const gint64 now = now_ms();

	if (lend->link)
		lent_link_run(lend->link, now);
	if (is_forsaken(lend, now))
		drain(lend);
	if (lend->drain_until_ms && (now >= lend->drain_until_ms ||
				     !lend->site || site_is_empty(lend->site)))
		g_main_loop_quit(lend->loop);
	return G_SOURCE_CONTINUE;
}

int lend_run(const char *address, guint port)
{
	struct lend lend = { .address = g_strdup(address),
			     .port = port,
			     .since_ms = now_ms() };

	lend.loop = g_main_loop_new(NULL, FALSE);
	lines_init(&lend.input, IPSP_MAX_MESSAGE);
	g_unix_set_fd_nonblocking(STDIN_FILENO, TRUE, NULL);
	g_unix_set_fd_nonblocking(STDOUT_FILENO, TRUE, NULL);
	g_unix_fd_add(STDIN_FILENO, G_IO_IN | G_IO_HUP, on_input, &lend);
	g_unix_signal_add(SIGTERM, on_signal, &lend);
	g_unix_signal_add(SIGINT, on_signal, &lend);
	g_timeout_add(RUN_EVERY_MS, run, &lend);
	g_main_loop_run(lend.loop);
	directory_unwatch(&lend.statuses);
	directory_unwatch(&lend.sites);
	site_destroy(&lend.site);
	directory_close(&lend.dir);
	lent_link_destroy(&lend.link);
	lines_fini(&lend.input);
	g_main_loop_unref(lend.loop);
	g_free(lend.name);
	g_free(lend.address);
	return lend.code;
}
