#include "bridge/bridge_private.h"
#include "bridge/log.h"
#include "bridge/metrics.h"
#include "bridge/overview.h"

struct topology *bridge_topology(struct room *room, void *arg)
{
	struct bridge *br = arg;

	if (br->cluster)
		return cluster_topology(br->cluster, room_address(room));
	return topology_of_room(room,
				stages_sessions_per_gate(bridge_stages(br)));
}

struct topology_cluster *bridge_cluster(void *arg)
{
	struct bridge *br = arg;
	struct topology_cluster *shown;

	if (!br->cluster)
		return NULL;
	shown = topology_cluster_create(cluster_topology_sites(br->cluster));
	shown->up = !br->directory_why;
	shown->since = br->directory_since;
	if (br->directory_why)
		g_strlcpy(shown->why, br->directory_why, sizeof(shown->why));
	return shown;
}

char *bridge_metrics(void *arg)
{
	struct bridge *br = arg;
	g_autoptr(GArray) workers = stages_reports(bridge_stages(br));
	g_autoptr(GArray) figures = accounts_figures(br->accounts);
	g_autoptr(GPtrArray) rooms = conference_rooms(br->conf);
	g_autofree struct metrics_account *accounts =
		g_new0(struct metrics_account, figures->len + 1);
	struct directory_figures directory;
	struct site_figures site;
	struct cluster_figures cluster;
	struct web_figures web;
	struct metrics metrics = {
		.gates = stages_open_gates(bridge_stages(br)),
		.workers = (const void *)workers->data,
		.n_workers = workers->len,
		.rooms = rooms,
		.accounts = accounts,
		.n_accounts = figures->len,
	};

	web_figures(br->web, &web); /* which asks for this */
	metrics.web = &web;
	if (br->dir) {
		directory_figures(br->dir, &directory);
		site_figures(br->site, &site);
		metrics.directory = &directory;
		metrics.site = &site;
	}
	if (br->cluster) {
		cluster_figures(br->cluster, &cluster);
		metrics.cluster = &cluster;
	}

	for (guint i = 0; i < figures->len; i++) {
		const struct account_figures *fig =
			&g_array_index(figures, struct account_figures, i);

		accounts[i] = (struct metrics_account){
			.name = fig->name,
			.reads = fig->reads,
			.watching = fig->watching,
			.state_s = (double)(g_get_monotonic_time() -
					    fig->since_us) /
				   G_USEC_PER_SEC,
			.mails = fig->mails,
			.sent = fig->posted[POST_SENT],
			.late = fig->posted[POST_RETRY],
			.refused = fig->posted[POST_REFUSED],
			.waiting = conference_waiting(br->conf, fig->name),
		};
		conference_delays(br->conf, fig->name, &accounts[i].delay);
	}
	return metrics_text(&metrics);
}

/* What stands in the way of somebody who mails a room. */

static void sentence(GPtrArray *missing, const char *format, ...)
	G_GNUC_PRINTF(2, 3);

static void sentence(GPtrArray *missing, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	g_ptr_array_add(missing, g_strdup_vprintf(format, args));
	va_end(args);
}

static void mailboxes_missing(const GArray *accounts, GPtrArray *missing)
{
	for (guint i = 0; i < accounts->len; i++) {
		const struct account_figures *fig =
			&g_array_index(accounts, struct account_figures, i);

		if (fig->reads && !fig->watching)
			sentence(missing,
				 "The mailbox of the account %s does not "
				 "answer%s%s",
				 fig->name, fig->why ? ": " : " yet.",
				 fig->why ? fig->why : "");
	}
}

/* char *; the caller unrefs. */
static GPtrArray *missing_of(const struct bridge *br, const GArray *accounts)
{
	GPtrArray *missing = g_ptr_array_new_with_free_func(g_free);
	const struct stages *sts = bridge_stages(br);
	gboolean open = FALSE;

	if (br->leaving)
		sentence(missing, "The bridge is ending.");
	if (br->dir && br->directory_why)
		sentence(missing, "The directory does not answer: %s",
			 br->directory_why);
	for (guint i = 0; i < stages_workers(sts); i++)
		open |= stages_is_open(sts, i);
	if (!open)
		sentence(missing, "All media workers have so much to do that "
				  "nobody new may come.");
	mailboxes_missing(accounts, missing);
	return missing;
}

gboolean bridge_is_ready(void *arg)
{
	const struct bridge *br = arg;
	g_autoptr(GArray) accounts = accounts_figures(br->accounts);
	g_autoptr(GPtrArray) missing = missing_of(br, accounts);

	return !missing->len;
}

static void read_account(const struct bridge *br,
			 const struct account_figures *fig,
			 struct overview_account *acc_r)
{
	const struct config_mail *mail =
		config_mail(conference_config(br->conf), fig->name);
	const gint64 for_us = g_get_monotonic_time() - fig->since_us;

	struct delay_figures delay;

	conference_delays(br->conf, fig->name, &delay);
	*acc_r = (struct overview_account){
		.name = fig->name,
		.mailbox = mail ? mail->mailbox_url : "",
		.reads = fig->reads,
		.watching = fig->watching,
		.since = (g_get_real_time() - for_us) / G_USEC_PER_SEC,
		.why = fig->why,
		.mails = fig->mails,
		.sent = fig->posted[POST_SENT],
		.late = fig->posted[POST_RETRY],
		.refused = fig->posted[POST_REFUSED],
		.waiting = conference_waiting(br->conf, fig->name),
		.delay_s = delay.median_s,
	};
}

static void free_topology(gpointer data)
{
	struct topology *top = data;

	topology_destroy(&top);
}

char *bridge_overview(void *arg)
{
	struct bridge *br = arg;
	const struct config *cfg = conference_config(br->conf);
	g_autoptr(GArray) workers = stages_reports(bridge_stages(br));
	g_autoptr(GArray) figures = accounts_figures(br->accounts);
	g_autoptr(GPtrArray) missing = missing_of(br, figures);
	g_autoptr(GPtrArray) rooms = conference_rooms(br->conf);
	g_autoptr(GPtrArray) troubles = log_troubles();
	g_autoptr(GPtrArray) topologies =
		g_ptr_array_new_with_free_func(free_topology);
	g_autofree struct overview_account *accounts =
		g_new0(struct overview_account, figures->len + 1);
	const struct overview ov = {
		.at_ms = g_get_real_time() / 1000,
		.started = br->started,
		.bridge = cfg->site,
		.missing = missing,
		.config = cfg,
		.rooms = rooms,
		.topologies = topologies,
		.workers = (const void *)workers->data,
		.n_workers = workers->len,
		.accounts = accounts,
		.n_accounts = figures->len,
		.troubles = troubles,
		.refusals = conference_refusals(br->conf),
	};

	for (guint i = 0; i < rooms->len; i++)
		g_ptr_array_add(topologies,
				bridge_topology(rooms->pdata[i], br));
	for (guint i = 0; i < figures->len; i++)
		read_account(br,
			     &g_array_index(figures, struct account_figures, i),
			     &accounts[i]);
	return overview_text(&ov);
}
