/* balance - which room moves to which worker, and when.
 *
 * Only where the busiest worker's stress has been BALANCE_UNEVEN above the
 * idlest one's for ten seconds, and not within half a minute of the last
 * move: what a move changes must show first. Of the busiest worker's rooms
 * the smallest goes that makes the two even; if none does, the one that
 * leaves the least difference. A room that moved once stays, and so does one
 * with a hub: its trunks' peers know where it is.
 *
 * Pure: no clock, no worker. */
#ifndef BRIDGE_BALANCE_H
#define BRIDGE_BALANCE_H

#include <glib.h>

#define BALANCE_UNEVEN 0.25

struct balance {
	gint64 uneven_ms; /* since when; 0: it is even */
	gint64 moved_ms;  /* the last move; 0: none yet */
};

struct balance_room {
	gpointer room; /* the caller's */
	guint worker, sessions;
	gboolean moved; /* or has a hub: it stays */
};

/* Once a second or so; now_ms is monotonic, above 0. The room to move and, in
 * *to_r, the worker to move it to; or NULL. stress is by worker. The caller
 * moves it, or the same is said again in half a minute. */
const struct balance_room *balance_choose(struct balance *bal,
					  const double *stress, guint n_workers,
					  const struct balance_room *rooms,
					  guint n_rooms, gint64 now_ms,
					  guint *to_r);

#endif
