#include "bridge/balance.h"

#include <math.h>

#define UNEVEN_MS 10000
#define PAUSE_MS  30000

static void extremes(const double *stress, guint n, guint *high_r, guint *low_r)
{
	*high_r = *low_r = 0;
	for (guint i = 1; i < n; i++) {
		if (stress[i] > stress[*high_r])
			*high_r = i;
		if (stress[i] < stress[*low_r])
			*low_r = i;
	}
}

static guint sessions_of(const struct balance_room *rooms, guint n,
			 guint worker)
{
	guint sum = 0;

	for (guint i = 0; i < n; i++)
		if (rooms[i].worker == worker)
			sum += rooms[i].sessions;
	return sum;
}

/* What would be left of the difference, and so how good a choice a room is:
 * among those that make it even the smallest, else what is left. */
static double cost_of(double difference, double load)
{
	double left = fabs(difference - 2 * load);

	return left <= BALANCE_UNEVEN ? load : 1 + left;
}

/* A room's part of its worker's stress is taken to be its part of the
 * sessions. */
static const struct balance_room *best_room(const struct balance_room *rooms,
					    guint n, guint worker,
					    double stress, double difference)
{
	const guint all = sessions_of(rooms, n, worker);
	const struct balance_room *best = NULL;
	double least = INFINITY;

	for (guint i = 0; i < n; i++) {
		const struct balance_room *room = &rooms[i];
		double load, cost;

		if (room->worker != worker || room->moved || !room->sessions)
			continue;
		load = stress * room->sessions / all;
		/* Else the other one would only be the busiest instead. */
		if (load >= difference)
			continue;
		cost = cost_of(difference, load);
		if (cost < least) {
			least = cost;
			best = room;
		}
	}
	return best;
}

const struct balance_room *balance_choose(struct balance *bal,
					  const double *stress, guint n_workers,
					  const struct balance_room *rooms,
					  guint n_rooms, gint64 now_ms,
					  guint *to_r)
{
	const struct balance_room *room;
	guint high, low;
	double difference;

	extremes(stress, n_workers, &high, &low);
	difference = stress[high] - stress[low];
	if (difference <= BALANCE_UNEVEN) {
		bal->uneven_ms = 0;
		return NULL;
	}
	if (!bal->uneven_ms)
		bal->uneven_ms = now_ms;
	if (now_ms - bal->uneven_ms < UNEVEN_MS ||
	    (bal->moved_ms && now_ms - bal->moved_ms < PAUSE_MS))
		return NULL;
	room = best_room(rooms, n_rooms, high, stress[high], difference);
	if (!room)
		return NULL;
	bal->moved_ms = now_ms;
	*to_r = low;
	return room;
}
