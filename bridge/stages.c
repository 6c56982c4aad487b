#include "bridge/stages_private.h"

#include <string.h>

#include "bridge/candidates.h"

struct stages *stages_create(const struct stages_config *cfg,
			     const struct worker_events *events, void *arg,
			     GError **error)
{
	struct stages *sts = g_new0(struct stages, 1);

	sts->sessions = g_new0(guint, cfg->workers);
	sts->sessions_per_gate = cfg->sessions_per_gate;
	sts->bitrate = cfg->bitrate;
	stages_offer(sts, cfg->gates);
	sts->public_addresses = g_strdupv((char **)cfg->public_addresses);
	sts->websocket_url = g_strdup(cfg->websocket_url);
	sts->gates =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	sts->workers = workers_create(cfg, events, arg, error);
	if (!sts->workers)
		stages_destroy(&sts);
	return sts;
}

void stages_destroy(struct stages **stsp)
{
	struct stages *sts = *stsp;

	*stsp = NULL;
	if (!sts)
		return;
	workers_destroy(&sts->workers);
	g_hash_table_unref(sts->gates);
	g_strfreev(sts->public_addresses);
	g_free(sts->websocket_url);
	g_free(sts->sessions);
	g_free(sts);
}

guint stages_workers(const struct stages *sts)
{
	return workers_count(sts->workers);
}

void stages_report(const struct stages *sts, guint worker,
		   struct worker_report *rep_r)
{
	worker_report(workers_get(sts->workers, worker), rep_r);
}

GArray *stages_reports(const struct stages *sts)
{
	GArray *all = g_array_new(FALSE, FALSE, sizeof(struct worker_report));

	for (guint i = 0; i < stages_workers(sts); i++) {
		struct worker_report rep;

		stages_report(sts, i, &rep);
		g_array_append_val(all, rep);
	}
	return all;
}

gboolean stages_is_open(const struct stages *sts, guint worker)
{
	struct worker_report rep;

	stages_report(sts, worker, &rep);
	return rep.effort < EFFORT_CLOSED;
}

guint stages_idlest(const struct stages *sts)
{
	guint best = 0;

	for (guint i = 1; i < stages_workers(sts); i++)
		if (!stages_is_open(sts, best) ||
		    (stages_is_open(sts, i) &&
		     sts->sessions[i] < sts->sessions[best]))
			best = i;
	return best;
}

guint stages_sessions(const struct stages *sts, guint worker)
{
	return sts->sessions[worker];
}

void stages_offer(struct stages *sts, guint gates)
{
	if (gates == CONFIG_NO_GATES)
		sts->gates_offered = 0;
	else
		sts->gates_offered = gates ? gates : CONFIG_MAX_GATES;
}

guint stages_gates(const struct stages *sts)
{
	return sts->gates_offered;
}

guint stages_sessions_per_gate(const struct stages *sts)
{
	return sts->sessions_per_gate;
}

guint stages_open_gates(const struct stages *sts)
{
	return g_hash_table_size(sts->gates);
}

guint stages_taken_gates(const struct stages *sts)
{
	return sts->gates_taken;
}

gboolean stages_has_gate(const struct stages *sts, const char *id)
{
	return g_hash_table_contains(sts->gates, id);
}

gboolean stages_candidates(const struct stages *sts, guint worker,
			   struct ipsp_gate *gate_r)
{
	const struct sockaddr_storage *bound;
	guint n_bound;

	if (worker >= stages_workers(sts))
		return FALSE;
	bound = workers_bound(sts->workers, worker, &n_bound);
	candidates_fill(gate_r, bound, n_bound,
			(const char *const *)sts->public_addresses);
	if (sts->websocket_url) {
		g_autofree char *url =
			g_strdup_printf("%s%u", sts->websocket_url, worker);

		candidates_add_websocket(gate_r, url);
	}
	return gate_r->n_candidates > 0;
}

gboolean stages_address(const struct stages *sts, guint worker,
			const struct sockaddr_storage *remote,
			struct sockaddr_storage *address_r, guint *port_r)
{
	const struct sockaddr_storage *bound;
	guint n_bound;

	bound = workers_bound(sts->workers, worker, &n_bound);
	return candidates_toward(remote, bound, n_bound,
				 (const char *const *)sts->public_addresses,
				 address_r, port_r);
}

gboolean stages_websocket(struct stages *sts, guint worker, guint32 connection,
			  const guint8 *buf, gsize size)
{
	if (worker >= stages_workers(sts))
		return FALSE;
	worker_websocket(workers_get(sts->workers, worker), connection, buf,
			 size);
	return TRUE;
}

void stages_websocket_closed(struct stages *sts, guint worker,
			     guint32 connection)
{
	if (worker >= stages_workers(sts))
		return;
	/* Its packets came to this one, and were handed on if its room has
	 * moved: the others may know it too. */
	for (guint i = 0; i < stages_workers(sts); i++)
		worker_websocket_closed(workers_get(sts->workers, i),
					connection);
}
