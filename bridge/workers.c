#include "bridge/workers.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib-unix.h>
#include <sched.h>

#include "bridge/candidates.h"
#include "bridge/worker_watch.h"

#define RETRY_MS     20
#define RETRY_AT_END 50
#define PATIENCE_MS  100

struct slot {
	struct worker *worker; /* {const} */
	guint source;	       /* of the main loop */
	struct sockaddr_storage bound[WORKER_MAX_LISTEN];
};

struct workers {
	struct slot *slots;
	guint n_slots, n_bound;
	GQueue late; /* struct removal that a ring had no place for */
	guint retry; /* its timer */
	struct worker_watch *watch;
};

static int try_addition(struct workers *wks, const struct addition *add)
{
	struct worker *wrk = wks->slots[add->worker].worker;

	if (add->ses)
		return worker_add_session(wrk, add->gate, add->ses);
	if (add->trunk)
		return worker_add_trunk(wrk, add->hub, add->trunk);
	if (add->hub)
		return worker_add_hub(wrk, add->mix, add->hub);
	if (add->gate)
		return worker_add_gate(wrk, add->gate);
	return worker_add_mix(wrk, add->mix);
}

int workers_add(struct workers *wks, const struct addition *add)
{
	int result = try_addition(wks, add);

	for (int i = 0; i < PATIENCE_MS && result == -EAGAIN; i++) {
		g_usleep(1000);
		result = try_addition(wks, add);
	}
	return result;
}

gboolean workers_move(struct workers *wks, guint from, guint to,
		      struct mix *mix, guint sessions)
{
	/* What is still to be removed stands with the worker that it is at. */
	return g_queue_is_empty(&wks->late) &&
	       !worker_move(wks->slots[from].worker, wks->slots[to].worker, mix,
			    sessions);
}

static int try_removal(struct workers *wks, const struct removal *rem)
{
	struct worker *wrk = wks->slots[rem->worker].worker;

	if (rem->ses)
		return worker_remove_session(wrk, rem->ses);
	if (rem->trunk)
		return worker_remove_trunk(wrk, rem->trunk);
	if (rem->hub)
		return worker_remove_hub(wrk, rem->hub);
	if (rem->gate)
		return worker_remove_gate(wrk, rem->gate);
	return worker_remove_mix(wrk, rem->mix);
}

static gboolean retry_removals(gpointer data)
{
	struct workers *wks = data;
	struct removal *rem;

	while ((rem = g_queue_peek_head(&wks->late)) && !try_removal(wks, rem))
		g_free(g_queue_pop_head(&wks->late));
	if (rem)
		return G_SOURCE_CONTINUE;
	wks->retry = 0;
	return G_SOURCE_REMOVE;
}

void workers_remove(struct workers *wks, const struct removal *rem)
{
	if (g_queue_is_empty(&wks->late) && !try_removal(wks, rem))
		return;
	g_warning("workers: worker %u does not keep up, removing later",
		  rem->worker);
	g_queue_push_tail(&wks->late, g_memdup2(rem, sizeof(*rem)));
	if (!wks->retry)
		wks->retry = g_timeout_add(RETRY_MS, retry_removals, wks);
}

static gboolean dispatch(int fd, GIOCondition condition, gpointer data)
{
	(void)fd;
	(void)condition;
	worker_dispatch(data);
	return G_SOURCE_CONTINUE;
}

/* Where a worker runs: from the last CPU that we may use down, since the first
 * has most of the interrupts and of what else runs. -1: there is one only. */
static int cpu_of(guint worker)
{
	cpu_set_t allowed;
	guint left;
	int n, cpu = CPU_SETSIZE;

	if (sched_getaffinity(0, sizeof(allowed), &allowed))
		return -1;
	n = CPU_COUNT(&allowed);
	if (n < 2)
		return -1;
	left = worker % (guint)n + 1;
	while (left)
		left -= CPU_ISSET((gsize)--cpu, &allowed);
	return cpu;
}

static gboolean start_worker(struct workers *wks,
			     const struct stages_config *cfg, guint i,
			     const struct worker_events *events, void *arg,
			     GError **error)
{
	struct worker_config wcfg = { .index = i, .cpu = cpu_of(i) };
	struct slot *slot = &wks->slots[i];
	int result;

	for (;
	     cfg->addresses[wcfg.n_listen] && wcfg.n_listen < WORKER_MAX_LISTEN;
	     wcfg.n_listen++)
		candidates_parse(cfg->addresses[wcfg.n_listen],
				 cfg->port ? cfg->port + i : 0,
				 &wcfg.listen[wcfg.n_listen]);
	result = worker_create(&slot->worker, &wcfg, events, arg);
	if (result) {
		g_set_error(error, G_IO_ERROR, g_io_error_from_errno(-result),
			    "Cannot open media port %u on %s: %s",
			    cfg->port + i, cfg->addresses[0],
			    g_strerror(-result));
		return FALSE;
	}
	wks->n_bound = wcfg.n_listen;
	for (guint n = 0; n < wcfg.n_listen; n++)
		worker_address(slot->worker, n, &slot->bound[n]);
	slot->source = g_unix_fd_add(worker_fd(slot->worker), G_IO_IN, dispatch,
				     slot->worker);
	return TRUE;
}

static void watch(struct workers *wks)
{
	g_autofree struct worker **workers =
		g_new(struct worker *, wks->n_slots);

	for (guint i = 0; i < wks->n_slots; i++)
		workers[i] = wks->slots[i].worker;
	wks->watch = worker_watch_create(workers, wks->n_slots);
}

struct workers *workers_create(const struct stages_config *cfg,
			       const struct worker_events *events, void *arg,
			       GError **error)
{
	struct workers *wks = g_new0(struct workers, 1);

	wks->n_slots = cfg->workers;
	wks->slots = g_new0(struct slot, wks->n_slots);
	g_queue_init(&wks->late);
	for (guint i = 0; i < wks->n_slots; i++)
		if (!start_worker(wks, cfg, i, events, arg, error)) {
			workers_destroy(&wks);
			return NULL;
		}
	watch(wks);
	return wks;
}

void workers_destroy(struct workers **wksp)
{
	struct workers *wks = *wksp;

	*wksp = NULL;
	if (!wks)
		return;
	worker_watch_destroy(&wks->watch);
	g_clear_handle_id(&wks->retry, g_source_remove);
	/* A worker that takes nothing any more is not waited for long. */
	for (int i = 0; i < RETRY_AT_END && retry_removals(wks); i++)
		g_usleep(RETRY_MS * 1000);
	for (guint i = 0; i < wks->n_slots; i++)
		if (wks->slots[i].worker)
			worker_stop(wks->slots[i].worker);
	for (guint i = 0; i < wks->n_slots; i++) {
		g_clear_handle_id(&wks->slots[i].source, g_source_remove);
		if (wks->slots[i].worker)
			worker_destroy(&wks->slots[i].worker);
	}
	g_queue_clear_full(&wks->late, g_free);
	g_free(wks->slots);
	g_free(wks);
}

guint workers_count(const struct workers *wks)
{
	return wks->n_slots;
}

struct worker *workers_get(const struct workers *wks, guint i)
{
	return wks->slots[i].worker;
}

const struct sockaddr_storage *workers_bound(const struct workers *wks, guint i,
					     guint *n_r)
{
	*n_r = wks->n_bound;
	return wks->slots[i].bound;
}
