/* What this site writes to the directory: see site_private.h. All of it is
 * leased: it goes when the process does. */
#include <math.h>
#include <string.h>

#include "bridge/candidates.h"
#include "bridge/site_private.h"

/* Smaller changes are not worth a write. */
#define STRESS_STEP	   0.05
#define LOSS_STEP	   0.005
#define ROUND_TRIP_STEP_MS 1.0

static double rounded(double value, double step)
{
	return round(value / step) * step;
}

static void write_document(struct site *site, const struct document_name *name,
			   gconstpointer doc)
{
	g_autofree char *key = document_key(name);
	g_autofree char *text = doc ? document_write(name->kind, doc) : NULL;

	directory_lease(site->dir, key, text);
}

/* The site itself. */

/* Whether the address is one of the Internet's own: no NAT is before it. */
static gboolean is_global(const char *literal)
{
	static const char *const others[] = {
		"10.0.0.0/8",	  "172.16.0.0/12",
		"192.168.0.0/16", "169.254.0.0/16",
		"100.64.0.0/10",  "127.0.0.0/8",
		"fc00::/7",	  "fe80::/10",
		"::1/128",	  NULL,
	};
	struct sockaddr_storage address;

	return *literal && candidates_parse(literal, 0, &address) &&
	       !candidates_in(&address, others);
}

static void describe_worker(const struct site *site, guint i,
			    struct document_site *doc)
{
	struct document_worker *worker = &doc->workers[i];
	struct ipsp_gate gate = { 0 };
	struct worker_report rep;

	stages_candidates(site->stages, i, &gate);
	stages_report(site->stages, i, &rep);
	worker->n_candidates = gate.n_candidates;
	memcpy(worker->candidates, gate.candidates, sizeof(gate.candidates));
	for (guint c = 0; c < gate.n_candidates; c++)
		if (is_global(gate.candidates[c].address))
			doc->net = DOCUMENT_NET_GLOBAL;
	worker->sessions = stages_sessions(site->stages, i);
	worker->stress = MIN(1, rounded(rep.stress, STRESS_STEP));
	worker->open = rep.effort < EFFORT_CLOSED;
	doc->used += worker->sessions;
}

void site_status_site(struct site *site)
{
	const guint n_workers = stages_workers(site->stages);
	g_autofree struct document_worker *workers =
		g_new0(struct document_worker, n_workers);
	struct document_name name = { .kind = DOCUMENT_SITE };
	struct document_site doc = {
		.net = DOCUMENT_NET_PRIVATE,
		.n_workers = n_workers,
		.workers = workers,
		.gates = stages_gates(site->stages),
		.sessions_per_gate = stages_sessions_per_gate(site->stages),
		.draining = site->draining,
		.since = site->since,
		.release = IPSP_VERSION_TEXT,
		.protocol_min = TRUNK_PROTOCOL_MIN,
		.protocol_max = TRUNK_PROTOCOL,
	};

	g_strlcpy(name.site, site->name, sizeof(name.site));
	g_strlcpy(doc.site, site->name, sizeof(doc.site));
	g_strlcpy(doc.instance, site->instance, sizeof(doc.instance));
	g_strlcpy(doc.host, g_get_host_name(), sizeof(doc.host));
	for (guint i = 0; i < n_workers; i++)
		describe_worker(site, i, &doc);
	write_document(site, &name, &doc);
}

/* A room's hub. */

static void name_hub(const struct site_room *room, struct document_name *name_r)
{
	*name_r = (struct document_name){ .kind = DOCUMENT_STATUS_HUB };
	g_strlcpy(name_r->site, room->site->name, sizeof(name_r->site));
	g_strlcpy(name_r->room, room->address, sizeof(name_r->room));
}

static enum document_parent parent_of(enum hub_parent parent)
{
	switch (parent) {
	case HUB_ROOT:
	case HUB_PARENT:
		return DOCUMENT_PARENT_UP;
	case HUB_ALTERNATE:
		return DOCUMENT_PARENT_ALTERNATE;
	case HUB_SEEKING:
	case HUB_CUT_OFF:
		break;
	}
	return DOCUMENT_PARENT_DOWN;
}

static struct document_trunk_status *
describe_trunks(const struct site_room *room, guint n)
{
	struct document_trunk_status *all =
		g_new0(struct document_trunk_status, n);

	for (guint i = 0; i < n; i++) {
		const struct site_trunk *trk = room->trunks->pdata[i];

		g_strlcpy(all[i].id, trk->id, sizeof(all[i].id));
		all[i].protocol = trk->protocol;
		all[i].up = trk->told && trk->report.state == TRUNK_UP;
		all[i].rtt_ms = -1;
		if (!trk->told)
			continue;
		all[i].loss = rounded(MAX(0, trk->report.loss_in), LOSS_STEP);
		all[i].rtt_ms = rounded(MAX(-1, trk->report.round_trip_ms),
					ROUND_TRIP_STEP_MS);
	}
	return all;
}

static gboolean talks(const struct site_session *ses)
{
	return ses->leg && ses->status.figures.talking;
}

/* struct document_talker; the caller unrefs. */
static GArray *describe_talkers(const struct site_room *room)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct document_talker));
	GHashTableIter iter;
	const struct site_session *ses;

	g_hash_table_iter_init(&iter, room->sessions);
	while (g_hash_table_iter_next(&iter, NULL, (void **)&ses)) {
		struct document_talker one;

		if (!talks(ses) || all->len == DOCUMENTS_MAX_TALKERS)
			continue;
		one = (struct document_talker){
			.origin = ses->want->origin,
			.level_dbov = CLAMP(leg_level(ses->leg), -127, 0),
		};
		g_array_append_val(all, one);
	}
	return all;
}

void site_status_hub(struct site_room *room)
{
	const guint n_trunks = MIN(room->trunks->len, DOCUMENTS_MAX_TRUNKS);
	g_autofree struct document_trunk_status *trunks = NULL;
	g_autoptr(GArray) talkers = NULL;
	const struct site_hub *hub;
	struct document_status_hub doc;
	struct document_name name;

	if (!room->hubs->len || !room->want)
		return;
	hub = room->hubs->pdata[0];
	trunks = describe_trunks(room, n_trunks);
	talkers = describe_talkers(room);
	doc = (struct document_status_hub){
		.plan = room->want->plan,
		.parent = parent_of(hub->report.parent),
		.root = hub->report.parent == HUB_ROOT,
		.n_trunks = n_trunks,
		.trunks = trunks,
		.n_talkers = talkers->len,
		.talkers = (struct document_talker *)(void *)talkers->data,
	};
	name_hub(room, &name);
	write_document(room->site, &name, &doc);
	room->published = TRUE;
}

void site_status_no_hub(struct site_room *room)
{
	struct document_name name;

	name_hub(room, &name);
	write_document(room->site, &name, NULL);
	room->published = FALSE;
}

/* A session. */

static void name_session(const struct site_session *ses,
			 struct document_name *name_r)
{
	name_hub(ses->room, name_r);
	name_r->kind = DOCUMENT_STATUS_SESSION;
	g_strlcpy(name_r->did, ses->did, sizeof(name_r->did));
	name_r->k = ses->k;
}

void site_status_session(struct site_session *ses)
{
	struct document_name name;

	name_session(ses, &name);
	write_document(ses->room->site, &name, &ses->status);
	ses->published = TRUE;
}

void site_status_no_session(struct site_session *ses)
{
	struct document_name name;

	name_session(ses, &name);
	write_document(ses->room->site, &name, NULL);
	ses->published = FALSE;
}
