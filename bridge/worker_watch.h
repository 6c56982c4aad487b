/* worker_watch - reads the media workers' counters and says in the log what an
 * operator should know of them: each second whether they have changed their
 * effort, every ten seconds what went wrong.
 *
 * Control thread only. */
#ifndef BRIDGE_WORKER_WATCH_H
#define BRIDGE_WORKER_WATCH_H

#include <glib.h>

#include "bridge/gate/worker.h"

struct worker_watch;

/* Watches `n` workers, which must outlive it. */
struct worker_watch *worker_watch_create(struct worker *const *workers,
					 guint n);
void worker_watch_destroy(struct worker_watch **wchp);

/* What to say of the time between two readings: a sentence, or NULL for
 * nothing; the caller frees. Trouble is the host's own: late ticks, full
 * rings and sockets. Refusals are what others sent in vain. */
char *worker_watch_trouble(const struct worker_report *before,
			   const struct worker_report *after);
char *worker_watch_refusals(const struct worker_report *before,
			    const struct worker_report *after);

#endif
