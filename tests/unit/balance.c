#include "bridge/balance.h"

#define S 1000 /* ms */

static guint to;

/* Says every second until `seconds` are over, or a room is to move: its
 * sessions; 0: none. */
static guint watch(struct balance *bal, const double *stress, guint workers,
		   const struct balance_room *rooms, guint n, gint64 *now,
		   gint64 seconds)
{
	for (gint64 end = *now + seconds * S; *now < end; *now += S) {
		const struct balance_room *room = balance_choose(
			bal, stress, workers, rooms, n, *now, &to);

		if (room)
			return room->sessions;
	}
	return 0;
}

static void even_workers_keep_their_rooms(void)
{
	const double stress[] = { 0.5, 0.3, 0.4 };
	const struct balance_room rooms[] = { { NULL, 0, 10, FALSE },
					      { NULL, 0, 20, FALSE } };
	struct balance bal = { 0 };
	gint64 now = S;

	g_assert_cmpuint(watch(&bal, stress, 3, rooms, 2, &now, 3600), ==, 0);
}

static void the_smallest_room_that_evens_out_goes_to_the_idlest(void)
{
	const double stress[] = { 0.3, 0.8, 0.1 };
	/* Of 0.8 these are 0.08, 0.24, 0.4 and 0.08. */
	const struct balance_room rooms[] = {
		{ NULL, 1, 10, FALSE }, { NULL, 1, 50, FALSE },
		{ NULL, 1, 30, FALSE }, { NULL, 1, 10, FALSE },
		{ NULL, 0, 35, FALSE },
	};
	struct balance bal = { 0 };
	gint64 now = S;

	g_assert_cmpuint(watch(&bal, stress, 3, rooms, 5, &now, 60), ==, 30);
	g_assert_cmpuint(to, ==, 2);
	g_assert_cmpint(now, ==, 11 * S);
}

static void a_moment_is_not_uneven(void)
{
	const double uneven[] = { 0.8, 0.1 }, even[] = { 0.5, 0.4 };
	const struct balance_room rooms[] = { { NULL, 0, 10, FALSE },
					      { NULL, 0, 10, FALSE } };
	struct balance bal = { 0 };
	gint64 now = S;

	for (int i = 0; i < 20; i++) {
		g_assert_cmpuint(watch(&bal, uneven, 2, rooms, 2, &now, 9), ==,
				 0);
		g_assert_cmpuint(watch(&bal, even, 2, rooms, 2, &now, 1), ==,
				 0);
	}
}

static void one_move_in_half_a_minute(void)
{
	const double stress[] = { 0.9, 0.1 };
	const struct balance_room rooms[] = { { NULL, 0, 10, FALSE },
					      { NULL, 0, 10, FALSE } };
	struct balance bal = { 0 };
	gint64 now = S, first;

	g_assert_cmpuint(watch(&bal, stress, 2, rooms, 2, &now, 60), ==, 10);
	first = now;
	now += S;
	g_assert_cmpuint(watch(&bal, stress, 2, rooms, 2, &now, 60), ==, 10);
	g_assert_cmpint(now - first, ==, 30 * S);
}

static void a_move_that_only_swaps_is_none(void)
{
	const double stress[] = { 0.9, 0.2 };
	const struct balance_room rooms[] = { { NULL, 0, 10, FALSE } };
	const struct balance_room been[] = { { NULL, 0, 10, TRUE },
					     { NULL, 0, 10, TRUE },
					     { NULL, 0, 0, FALSE } };
	struct balance bal = { 0 };
	gint64 now = S;

	g_assert_cmpuint(watch(&bal, stress, 2, rooms, 1, &now, 120), ==, 0);
	g_assert_cmpuint(watch(&bal, stress, 2, been, 3, &now, 120), ==, 0);
	g_assert_cmpuint(watch(&bal, stress, 1, rooms, 1, &now, 120), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/balance/even workers keep their rooms",
			even_workers_keep_their_rooms);
	g_test_add_func("/balance/the smallest room that evens out goes to the "
			"idlest",
			the_smallest_room_that_evens_out_goes_to_the_idlest);
	g_test_add_func("/balance/a moment is not uneven",
			a_moment_is_not_uneven);
	g_test_add_func("/balance/one move in half a minute",
			one_move_in_half_a_minute);
	g_test_add_func("/balance/a move that only swaps is none",
			a_move_that_only_swaps_is_none);
	return g_test_run();
}
