#include <string.h>

#include "bridge/site_private.h"
#include "signaling/keys.h"

#define INSTANCE_BYTES 16
#define SPENT_LIFE_S   86400

guint32 site_number(struct site *site)
{
	if (!++site->last_number)
		site->last_number = 1;
	return site->last_number;
}

/* What is spent. */

static GHashTable *new_spent(void)
{
	return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

static void forget_spent(struct site *site, gint64 now_us)
{
	if (now_us - site->spent_since_us <
	    (gint64)SPENT_LIFE_S * G_USEC_PER_SEC)
		return;
	g_hash_table_unref(site->spent_before);
	site->spent_before = site->spent;
	site->spent = new_spent();
	site->spent_since_us = now_us;
}

gboolean site_is_spent(const struct site *site, const char *what)
{
	return g_hash_table_contains(site->spent, what) ||
	       g_hash_table_contains(site->spent_before, what);
}

void site_spend(struct site *site, const char *what)
{
	g_hash_table_add(site->spent, g_strdup(what));
}

/* Reconciling. */

static gboolean run(gpointer data)
{
	struct site *site = data;
	const gint64 now_us = g_get_monotonic_time();
	GHashTableIter iter;
	struct site_room *room;

	site->run = 0;
	g_hash_table_iter_init(&iter, site->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room))
		if (room->dirty && !site_room_reconcile(room, now_us))
			g_hash_table_iter_remove(&iter);
	site_status_site(site);
	return G_SOURCE_REMOVE;
}

void site_run_soon(struct site *site)
{
	if (!site->run)
		site->run = g_idle_add(run, site);
}

/* Once a second all is looked at: what was refused is tried again, what has
 * lingered goes, and load and levels are told. */
static gboolean run_all(gpointer data)
{
	struct site *site = data;
	GHashTableIter iter;
	struct site_room *room;

	forget_spent(site, g_get_monotonic_time());
	g_hash_table_iter_init(&iter, site->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room))
		room->dirty = TRUE;
	g_clear_handle_id(&site->run, g_source_remove);
	run(site);
	return G_SOURCE_CONTINUE;
}

/* What the workers tell. */

static void on_registered(uint32_t number, const char *path, bool first,
			  void *arg)
{
	struct site *site = arg;
	struct site_session *ses =
		g_hash_table_lookup(site->sessions, GUINT_TO_POINTER(number));

	(void)first;
	if (ses)
		site_session_registered(ses, path);
}

static void on_gone(uint32_t number, enum worker_gone why, void *arg)
{
	static const enum document_gone gones[] = {
		[GONE_BYE] = DOCUMENT_GONE_BYE,
		[GONE_MOVED] = DOCUMENT_GONE_MOVED,
		[GONE_CONSENT] = DOCUMENT_GONE_LOST,
		[GONE_PATH] = DOCUMENT_GONE_LOST,
	};
	struct site *site = arg;
	struct site_session *ses =
		g_hash_table_lookup(site->sessions, GUINT_TO_POINTER(number));

	if (ses)
		site_session_gone(ses, gones[why]);
}

static void on_message(uint32_t number, const char *json, size_t size,
		       void *arg)
{
	struct site *site = arg;
	struct site_session *ses =
		g_hash_table_lookup(site->sessions, GUINT_TO_POINTER(number));

	if (ses)
		site_session_message(ses, json, size);
}

static void on_report(uint32_t number, const struct session_report *rep,
		      void *arg)
{
	struct site *site = arg;
	struct site_session *ses =
		g_hash_table_lookup(site->sessions, GUINT_TO_POINTER(number));

	if (ses)
		site_session_report(ses, rep);
}

static void on_websocket(uint32_t connection, const uint8_t *buf, size_t size,
			 void *arg)
{
	struct site *site = arg;

	if (site->events->websocket)
		site->events->websocket(connection, buf, size, site->arg);
}

static void on_trunk(uint32_t tag, const struct trunk_report *rep, void *arg)
{
	struct site *site = arg;
	struct site_trunk *trk =
		g_hash_table_lookup(site->trunks, GUINT_TO_POINTER(tag));

	if (!trk)
		return;
	if (trk->told && trk->report.state != rep->state)
		g_info("site: room=%s trunk=%s %s", trk->room->address, trk->id,
		       rep->state == TRUNK_UP ? "is up" : "is not up");
	trk->told = TRUE;
	trk->report = *rep;
}

static void on_hub(uint32_t tag, const struct hub_report *rep, void *arg)
{
	struct site *site = arg;
	struct site_hub *hub =
		g_hash_table_lookup(site->hubs, GUINT_TO_POINTER(tag));

	if (hub)
		site_room_hub_told(hub, rep);
}

static void on_hub_message(uint32_t tag, uint32_t from, const char *json,
			   size_t size, void *arg)
{
	(void)arg;
	(void)json;
	(void)size;
	/* Nothing is said between hubs yet: a later release may. */
	g_debug("site: hub tag=%u has a message from hub %u", tag, from);
}

static const struct worker_events worker_events = {
	.registered = on_registered,
	.gone = on_gone,
	.message = on_message,
	.report = on_report,
	.websocket = on_websocket,
	.trunk = on_trunk,
	.hub = on_hub,
	.hub_message = on_hub_message,
};

/* The whole. */

static void make_instance(struct site *site)
{
	guint32 bytes[INSTANCE_BYTES / sizeof(guint32)];
	g_autofree char *text = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(bytes); i++)
		bytes[i] = g_random_int();
	text = keys_base64url((const guint8 *)bytes, sizeof(bytes));
	g_strlcpy(site->instance, text, sizeof(site->instance));
}

static void start(struct site *site)
{
	site_watch_begin(site);
	site->every = g_timeout_add_seconds(1, run_all, site);
	site_run_soon(site);
	g_info("site: site=%s instance=%s workers=%u gates=%u x %u", site->name,
	       site->instance, stages_workers(site->stages),
	       stages_gates(site->stages),
	       stages_sessions_per_gate(site->stages));
}

struct site *site_create(const struct site_config *cfg, struct directory *dir,
			 const struct site_events *events, void *arg,
			 GError **error)
{
	struct site *site = g_new0(struct site, 1);

	site->name = g_strdup(cfg->name);
	site->cluster_secret = g_strdup(cfg->cluster_secret);
	site->since = g_get_real_time() / G_USEC_PER_SEC;
	site->events = events;
	site->arg = arg;
	site->dir = dir;
	make_instance(site);
	site->seal = seal_create(cfg->cluster_secret);
	site->rooms = g_hash_table_new_full(g_str_hash, g_str_equal, NULL,
					    (GDestroyNotify)site_room_destroy);
	site->sessions = g_hash_table_new(NULL, NULL);
	site->hubs = g_hash_table_new(NULL, NULL);
	site->trunks = g_hash_table_new(NULL, NULL);
	site->spent = new_spent();
	site->spent_before = new_spent();
	site->spent_since_us = g_get_monotonic_time();
	site->stages = stages_create(&cfg->media, &worker_events, site, error);
	if (site->stages)
		start(site);
	else
		site_destroy(&site);
	return site;
}

void site_destroy(struct site **sitep)
{
	struct site *site = *sitep;

	*sitep = NULL;
	if (!site)
		return;
	site_watch_end(site);
	g_clear_handle_id(&site->every, g_source_remove);
	g_hash_table_unref(site->rooms);
	g_clear_handle_id(&site->run, g_source_remove);
	stages_destroy(&site->stages);
	g_hash_table_unref(site->sessions);
	g_hash_table_unref(site->hubs);
	g_hash_table_unref(site->trunks);
	g_hash_table_unref(site->spent);
	g_hash_table_unref(site->spent_before);
	seal_destroy(&site->seal);
	explicit_bzero(site->cluster_secret, strlen(site->cluster_secret));
	g_free(site->cluster_secret);
	g_free(site->name);
	g_free(site);
}

void site_drain(struct site *site)
{
	g_message("site: draining, sessions=%u",
		  g_hash_table_size(site->sessions));
	site->draining = TRUE;
	run_all(site);
}

gboolean site_is_empty(const struct site *site)
{
	struct site_figures fig;
	GHashTableIter iter;
	const struct site_room *room;

	site_figures(site, &fig);
	if (fig.registered)
		return FALSE;
	g_hash_table_iter_init(&iter, site->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room))
		if (site_trunks_carry(room))
			return FALSE;
	return TRUE;
}

struct stages *site_stages(const struct site *site)
{
	return site->stages;
}

const char *site_instance(const struct site *site)
{
	return site->instance;
}

static void count_trunks(const struct site *site, struct site_figures *fig)
{
	GHashTableIter iter;
	const struct site_trunk *trk;

	g_hash_table_iter_init(&iter, site->trunks);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&trk)) {
		const struct trunk_report *rep = &trk->report;

		fig->trunks_down +=
			rep->state == TRUNK_DIALING || rep->state == TRUNK_DOWN;
		if (rep->state != TRUNK_UP)
			continue;
		fig->trunks_up++;
		fig->trunk_loss = MAX(fig->trunk_loss, rep->loss_in);
		fig->trunk_round_trip_ms =
			MAX(fig->trunk_round_trip_ms, rep->round_trip_ms);
		fig->trunk_age_ms = MAX(fig->trunk_age_ms, rep->age_ms);
	}
	fig->trunks = g_hash_table_size(site->trunks);
}

void site_figures(const struct site *site, struct site_figures *fig_r)
{
	GHashTableIter iter;
	const struct site_session *ses;
	const struct site_room *room;

	*fig_r = (struct site_figures){
		.rooms = g_hash_table_size(site->rooms),
		.draining = site->draining,
	};
	g_hash_table_iter_init(&iter, site->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&ses)) {
		if (*ses->status.path)
			fig_r->registered++;
		else if (ses->want->standby)
			fig_r->standbys++;
		else
			fig_r->waiting++;
	}
	g_hash_table_iter_init(&iter, site->rooms);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&room))
		fig_r->cut_off += room->cut_off;
	count_trunks(site, fig_r);
}
