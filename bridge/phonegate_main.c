/* ipsp-phonegate - PhoneGates on a host of their own, see ipsp-phonegate(8). */
#include <glib.h>
#include <stdlib.h>

#include "bridge/config.h"
#include "bridge/config_fixed.h"
#include "bridge/lend.h"
#include "bridge/metrics.h"
#include "bridge/program.h"
#include "bridge/site_config.h"
#include "bridge/web_config.h"
#include "signaling/udp_candidate.h"
#include "web/web.h"

#define DRAIN_S 30 /* a caller who never comes again holds up nobody */

struct phonegate {
	struct config *cfg;
	struct directory *dir;
	struct site *site;
	struct web *web; /* NULL: none configured */
	int drain_s;
	/* It is lent by a phone, at this address; see lend.h. */
	char *lend;
	struct ipsp_candidate lend_at;
};

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

	/* The listener is the last to go. */
	if (gate->site)
		stages_websocket_closed(site_stages(gate->site), worker,
					connection);
}

static char *metrics(void *arg)
{
	struct phonegate *gate = arg;
	g_autoptr(GArray) workers = stages_reports(site_stages(gate->site));
	struct directory_figures dir;
	struct site_figures site;
	const struct metrics all = {
		.gates = stages_open_gates(site_stages(gate->site)),
		.workers = (const void *)workers->data,
		.n_workers = workers->len,
		.directory = &dir,
		.site = &site,
	};

	directory_figures(gate->dir, &dir);
	site_figures(gate->site, &site);
	return metrics_text(&all);
}

static gboolean is_ready(void *arg)
{
	struct phonegate *gate = arg;
	struct directory_figures dir;
	struct site_figures site;

	directory_figures(gate->dir, &dir);
	site_figures(gate->site, &site);
	return dir.up && !site.draining;
}

static const struct web_host web_host = {
	.media_packet = media_packet,
	.media_closed = media_closed,
	.metrics = metrics,
	.is_ready = is_ready,
};

static gboolean open_web(struct phonegate *gate, GError **error)
{
	struct web_config web;

	if (!gate->cfg->web_address)
		return TRUE;
	web_config_read(gate->cfg, &web);
	gate->web = web_create(&web, &web_host, gate, error);
	return gate->web != NULL;
}

/* The whole. */

static gboolean open_all(struct config *cfg, void *arg, GError **error)
{
	struct phonegate *gate = arg;

	gate->cfg = cfg;
	gate->dir = site_config_directory(cfg, &directory_events, gate, error);
	if (!gate->dir || !open_web(gate, error))
		return FALSE;
	gate->site =
		site_config_open(cfg, gate->dir, &site_events, gate, error);
	return gate->site != NULL;
}

static void configure(struct config *cfg, void *arg)
{
	struct phonegate *gate = arg;

	config_warn_of_fixed(gate->cfg, cfg);
	web_config_reload(gate->web, gate->cfg, cfg);
	stages_offer(site_stages(gate->site), cfg->gates);
	config_free(gate->cfg);
	gate->cfg = cfg;
}

static guint leave(void *arg)
{
	struct phonegate *gate = arg;

	site_drain(gate->site);
	return (guint)gate->drain_s;
}

static gboolean is_left(void *arg)
{
	struct phonegate *gate = arg;

	return site_is_empty(gate->site);
}

static void close_all(void *arg)
{
	struct phonegate *gate = arg;

	site_destroy(&gate->site);
	if (gate->web)
		web_destroy(&gate->web);
	directory_close(&gate->dir);
	config_free(gate->cfg);
}

static const char *wrong_options(void *arg)
{
	struct phonegate *gate = arg;

	if (gate->lend && !udp_candidate_parse(&gate->lend_at, gate->lend))
		return "--lend takes ADDRESS:PORT, an IP address of this host";
	return gate->drain_s < 0 ? "--drain is at least 0" : NULL;
}

static int run_lent(void *arg)
{
	struct phonegate *gate = arg;

	if (!gate->lend)
		return -1;
	g_free(gate->lend);
	return lend_run(gate->lend_at.address, gate->lend_at.port);
}

int main(int argc, char **argv)
{
	struct phonegate gate = { .drain_s = DRAIN_S };
	const GOptionEntry options[] = {
		{ "drain", 0, 0, G_OPTION_ARG_INT, &gate.drain_s,
		  "Wait so long for callers to go elsewhere (30)", "SECONDS" },
		{ "lend", 0, 0, G_OPTION_ARG_STRING, &gate.lend,
		  "Serve a room for the phone that started this",
		  "ADDRESS:PORT" },
		{ 0 },
	};
	const struct program prog = {
		.name = "ipsp-phonegate",
		.summary = "- PhoneGates on a host of their own",
		.config_path = "/etc/ipsp-phonegate.conf",
		.options = options,
		.wrong_options = wrong_options,
		.instead = run_lent,
		.load = config_load_phonegate,
		.open = open_all,
		.configure = configure,
		.leave = leave,
		.is_left = is_left,
		.close = close_all,
	};

	program_begin();
	return program_run(&prog, argc, argv, &gate);
}
