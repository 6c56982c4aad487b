/* ipsp-phonegate - PhoneGates on a host of their own, see ipsp-phonegate(8). */
#include <glib-unix.h>
#include <glib.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/config.h"
#include "bridge/config_fixed.h"
#include "bridge/metrics.h"
#include "bridge/notify.h"
#include "bridge/program.h"
#include "bridge/site_config.h"
#include "web/web.h"

#define DRAIN_S	      30 /* a caller who never comes again holds up nobody */
#define LOOK_EVERY_MS 50

struct phonegate {
	char *config_path;
	struct config *cfg;
	struct directory *dir;
	struct site *site;
	struct web *web; /* NULL: none configured */
	GMainLoop *loop;
	int drain_s;
	gint64 drain_until_us; /* 0: it does not drain */
};

static struct config *load(const char *path)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	struct config *cfg = config_load_phonegate(path, problems);

	program_complain(problems);
	return cfg;
}

/* The directory. */

static void directory_state(gboolean up, const char *why, void *arg)
{
	struct phonegate *gate = arg;

	(void)why;
	site_connected(gate->site, up);
}

static void directory_lease_held(gboolean held, void *arg)
{
	(void)arg;
	if (!held)
		g_warning("main: the cluster takes this site for dead; calls "
			  "here go on");
}

static const struct directory_events directory_events = {
	.state = directory_state,
	.lease = directory_lease_held,
};

/* The web listener. */

static void to_websocket(guint32 connection, const guint8 *buf, gsize size,
			 void *arg)
{
	struct phonegate *gate = arg;

	if (gate->web)
		web_media_send(gate->web, connection, buf, size);
}

static const struct site_events site_events = { .websocket = to_websocket };

static gboolean media_packet(guint worker, guint32 connection,
			     const guint8 *buf, gsize size, void *arg)
{
	struct phonegate *gate = arg;

	return stages_websocket(site_stages(gate->site), worker, connection,
				buf, size);
}

static void media_closed(guint worker, guint32 connection, void *arg)
{
	struct phonegate *gate = arg;

	stages_websocket_closed(site_stages(gate->site), worker, connection);
}

static char *metrics(void *arg)
{
	struct phonegate *gate = arg;
	g_autoptr(GArray) workers = stages_reports(site_stages(gate->site));
	struct directory_figures dir;
	struct site_figures site;
	const struct metrics all = {
		.workers = (const void *)workers->data,
		.n_workers = workers->len,
		.directory = &dir,
		.site = &site,
	};

	directory_figures(gate->dir, &dir);
	site_figures(gate->site, &site);
	return metrics_text(&all);
}

static const struct web_host web_host = {
	.media_packet = media_packet,
	.media_closed = media_closed,
	.metrics = metrics,
};

static gboolean open_web(struct phonegate *gate, GError **error)
{
	const struct config *cfg = gate->cfg;
	const struct web_config web = {
		.address = cfg->web_address,
		.port = cfg->web_port,
		.url = cfg->web_url,
		.tls_certificate = cfg->tls_certificate,
		.tls_key = cfg->tls_key,
		.connections_per_address = cfg->web_connections_per_address,
		.metrics_token = cfg->metrics_token,
	};

	if (!cfg->web_address)
		return TRUE;
	gate->web = web_create(&web, &web_host, gate, error);
	return gate->web != NULL;
}

/* Signals. */

static gboolean on_hangup(gpointer data)
{
	struct phonegate *gate = data;
	struct config *cfg;

	notify_reloading();
	cfg = load(gate->config_path);
	if (cfg) {
		config_warn_of_fixed(gate->cfg, cfg);
		stages_offer(site_stages(gate->site), cfg->gates);
		config_free(gate->cfg);
		gate->cfg = cfg;
		g_message("main: the configuration was read again");
	} else {
		g_critical("main: the configuration has mistakes; the old one "
			   "stays");
	}
	notify("READY=1");
	return G_SOURCE_CONTINUE;
}

static gboolean look(gpointer data)
{
	struct phonegate *gate = data;
	const gboolean late = g_get_monotonic_time() >= gate->drain_until_us;

	if (!late && !site_is_empty(gate->site))
		return G_SOURCE_CONTINUE;
	if (late)
		g_warning("main: not everybody has gone; ending all the same");
	g_main_loop_quit(gate->loop);
	return G_SOURCE_REMOVE;
}

/* The first time it drains, the second time it ends at once. */
static gboolean on_end(gpointer data)
{
	struct phonegate *gate = data;

	if (gate->drain_until_us) {
		g_main_loop_quit(gate->loop);
		return G_SOURCE_CONTINUE;
	}
	notify("STOPPING=1");
	gate->drain_until_us =
		g_get_monotonic_time() + gate->drain_s * G_USEC_PER_SEC;
	site_drain(gate->site);
	g_timeout_add(LOOK_EVERY_MS, look, gate);
	return G_SOURCE_CONTINUE;
}

/* The whole. */

static gboolean open_all(struct phonegate *gate, GError **error)
{
	gate->dir = site_config_directory(gate->cfg, &directory_events, gate,
					  error);
	if (!gate->dir || !open_web(gate, error))
		return FALSE;
	gate->site = site_config_open(gate->cfg, gate->dir, &site_events, gate,
				      error);
	return gate->site != NULL;
}

static void close_all(struct phonegate *gate)
{
	site_destroy(&gate->site);
	if (gate->web)
		web_destroy(&gate->web);
	directory_close(&gate->dir);
}

static int run(struct phonegate *gate)
{
	g_autoptr(GError) error = NULL;

	if (!open_all(gate, &error)) {
		g_critical("main: %s", error->message);
		close_all(gate);
		return EXIT_FAILURE;
	}
	gate->loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGHUP, on_hangup, gate);
	program_hold_hangup(FALSE);
	g_unix_signal_add(SIGTERM, on_end, gate);
	g_unix_signal_add(SIGINT, on_end, gate);
	g_message("main: ready");
	notify("READY=1");
	g_main_loop_run(gate->loop);
	g_message("main: ending");
	close_all(gate);
	g_main_loop_unref(gate->loop);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct phonegate gate = { .drain_s = DRAIN_S };
	gboolean check = FALSE, version = FALSE;
	const GOptionEntry options[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &gate.config_path,
		  "Configuration (/etc/ipsp-phonegate.conf)", "FILE" },
		{ "check-config", 0, 0, G_OPTION_ARG_NONE, &check,
		  "Name every mistake of the configuration and end", NULL },
		{ "drain", 0, 0, G_OPTION_ARG_INT, &gate.drain_s,
		  "Wait so long for callers to go elsewhere (30)", "SECONDS" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version,
		  "Print the version and end", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("- PhoneGates on a host of their own");
	g_autoptr(GError) error = NULL;
	int status = EXIT_SUCCESS;

	setlocale(LC_CTYPE, "C.UTF-8");
	umask(077);
	program_hold_hangup(TRUE);
	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) ||
	    argc > 1 || gate.drain_s < 0) {
		fprintf(stderr, "ipsp-phonegate: %s; see --help\n",
			error	   ? error->message
			: argc > 1 ? "too many arguments"
				   : "--drain is at least 0");
		return EXIT_USAGE;
	}
	if (version) {
		printf("ipsp-phonegate %s\n", IPSP_VERSION_TEXT);
		return EXIT_SUCCESS;
	}
	program_begin();
	if (!gate.config_path)
		gate.config_path = g_strdup("/etc/ipsp-phonegate.conf");
	gate.cfg = load(gate.config_path);
	if (!gate.cfg)
		status = EXIT_CONFIG;
	else if (!check)
		status = run(&gate);
	config_free(gate.cfg);
	g_free(gate.config_path);
	return status;
}
