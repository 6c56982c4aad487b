/* workers - this process's media workers: started, listened to, and made to
 * forget what must be forgotten.
 *
 * Control thread only. */
#ifndef BRIDGE_WORKERS_H
#define BRIDGE_WORKERS_H

#include <glib.h>

#include "bridge/gate/worker.h"
#include "bridge/stages.h"

struct workers;

/* cfg's addresses, port and number of workers. */
struct workers *workers_create(const struct stages_config *cfg,
			       const struct worker_events *events, void *arg,
			       GError **error);
void workers_destroy(struct workers **wksp);

guint workers_count(const struct workers *wks);
struct worker *workers_get(const struct workers *wks, guint i);
/* The addresses that worker i listens on, with their ports. */
const struct sockaddr_storage *workers_bound(const struct workers *wks, guint i,
					     guint *n_r);

/* What a worker gets: one of the five; a session with its gate, a hub with its
 * mix, a trunk with its hub. Where
 * hundreds come at once (the dialogs of before a restart) the worker is given
 * a moment to take them. Returns 0 or -errno: then it is still the caller's;
 * -EAGAIN: the worker does not keep up. */
struct addition {
	guint worker;
	struct mix *mix;
	struct phonegate *gate;
	struct session *ses;
	struct hub *hub;
	struct trunk *trunk;
};
int workers_add(struct workers *wks, const struct addition *add);

/* Moves a room with all `sessions` of it to another worker, see
 * worker_move(). FALSE: nothing has changed. */
gboolean workers_move(struct workers *wks, guint from, guint to,
		      struct mix *mix, guint sessions);

/* Removals must not be lost, a worker forgets keys by them: what finds no
 * place in its ring is done as soon as there is one, in order. One of the
 * five is set. */
struct removal {
	guint worker;
	struct session *ses;
	struct phonegate *gate;
	struct mix *mix;
	struct hub *hub;
	struct trunk *trunk;
};
void workers_remove(struct workers *wks, const struct removal *rem);

#endif
