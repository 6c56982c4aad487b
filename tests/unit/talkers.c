#include "mixer/talkers.h"

#include <glib.h>

#define SEATS 3
#define QUIET -127.0f

static struct talker *seats[SEATS];
static struct talkers tks;
static struct talker who[6];

static void begin(void)
{
	talkers_init(&tks, seats, SEATS);
	for (unsigned i = 0; i < G_N_ELEMENTS(who); i++)
		talker_reset(&who[i]);
}

/* One frame of each. */
static void say(const float *levels, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		talker_note(&who[i], levels[i]);
		talkers_seat(&tks, &who[i]);
	}
}

static void say_for(unsigned frames, const float *levels, unsigned n)
{
	while (frames--)
		say(levels, n);
}

static void a_free_seat_is_taken_with_the_first_frame(void)
{
	const float levels[] = { -20, QUIET, -40, -64 };

	begin();
	say(levels, 4);
	g_assert_true(who[0].seat);
	g_assert_false(who[1].seat);
	g_assert_true(who[2].seat);
	g_assert_true(who[3].seat);
	g_assert_cmpuint(tks.n, ==, 3);
}

static void a_pause_within_a_sentence_does_not_cost_the_seat(void)
{
	const float all[] = { -20, -20, -20, -20 };
	const float pause[] = { QUIET, -20, -20, -20 };

	begin();
	say_for(50, all, 4);
	for (int i = 0; i < 5; i++) {
		/* 280 ms. */
		say_for(14, pause, 4);
		g_assert_true(who[0].seat);
		say_for(20, all, 4);
	}
	g_assert_false(who[3].seat);
}

static void the_longest_silent_gives_way_at_once(void)
{
	const float all[] = { -20, -20, -20, QUIET };
	const float two[] = { -20, QUIET, -20, QUIET };
	const float one[] = { QUIET, QUIET, -20, QUIET };
	const float next[] = { QUIET, QUIET, -20, -35 };

	begin();
	say_for(50, all, 4);
	say_for(3, two, 4);
	say_for(15, one, 4);
	say(next, 4);
	g_assert_true(who[3].seat);
	g_assert_false(who[1].seat);
	g_assert_true(who[0].seat);
}

static void noise_gives_way_to_a_voice_at_once(void)
{
	const float noise[] = { -55, -20, -58, QUIET };
	const float voice[] = { -55, -20, -58, -40 };

	begin();
	say_for(100, noise, 4);
	say(voice, 4);
	g_assert_true(who[3].seat);
	g_assert_false(who[2].seat);
	g_assert_true(who[0].seat);
}

static void who_is_louder_waits_for_a_gap(void)
{
	const float all[] = { -20, -30, -20, QUIET };
	const float louder[] = { -20, -30, -20, -15 };
	const float gap[] = { -20, -60, -20, -15 };

	begin();
	say_for(50, all, 4);
	/* A second: long enough to want the seat, not to cut a word. */
	say_for(50, louder, 4);
	g_assert_false(who[3].seat);
	say(gap, 4);
	g_assert_true(who[3].seat);
	g_assert_false(who[1].seat);
}

static void who_never_pauses_is_cut_at_last(void)
{
	const float all[] = { -20, -30, -20, QUIET };
	const float louder[] = { -20, -30, -20, -15 };

	begin();
	say_for(50, all, 4);
	say_for(74, louder, 4);
	g_assert_false(who[3].seat);
	say_for(2, louder, 4);
	g_assert_true(who[3].seat);
	g_assert_false(who[1].seat);
}

static void who_is_as_loud_does_not_get_a_seat(void)
{
	float levels[] = { -20, -22, -24, -19 };

	begin();
	say(levels, 3);
	for (int i = 0; i < 1000; i++) {
		levels[1] = i % 40 < 8 ? QUIET : -22;
		say(levels, 4);
		g_assert_false(who[3].seat);
	}
}

static void seats_are_free_again_after_400_ms(void)
{
	const float all[] = { -20, -20, -20 };
	const float none[] = { QUIET, QUIET, QUIET };

	begin();
	say_for(50, all, 3);
	say_for(19, none, 3);
	g_assert_cmpuint(tks.n, ==, 3);
	say(none, 3);
	g_assert_cmpuint(tks.n, ==, 0);
	for (int i = 0; i < 3; i++)
		g_assert_false(who[i].seat);
}

static void fewer_seats_cost_the_quietest_theirs(void)
{
	const float all[] = { -20, -40, -30 };

	begin();
	say_for(50, all, 3);
	talkers_limit(&tks, 1);
	g_assert_true(who[0].seat);
	g_assert_cmpuint(tks.n, ==, 1);
	say_for(10, all, 3);
	g_assert_cmpuint(tks.n, ==, 1);
	talkers_limit(&tks, 100);
	say(all, 3);
	g_assert_cmpuint(tks.n, ==, 3);
	talkers_limit(&tks, 0);
	g_assert_cmpuint(tks.n, ==, 1);
}

/* Everybody's levels at random: seats and talkers agree on who sits where. */
static void seats_and_talkers_always_agree(void)
{
	begin();
	srand(3);
	for (int i = 0; i < 20000; i++) {
		struct talker *it = &who[rand() % 6];

		talker_note(it, (float)(rand() % 128 - 127));
		talkers_seat(&tks, it);
		if (rand() % 50 == 0)
			talkers_rise(&tks, &who[rand() % 6]);
		if (rand() % 100 == 0)
			talkers_limit(&tks, (unsigned)rand() % 5);
		g_assert_cmpuint(tks.n, <=, tks.limit);
		for (unsigned k = 0; k < tks.n; k++)
			g_assert_cmpuint(seats[k]->seat, ==, k + 1);
		for (unsigned k = 0, n = 0; k < 6; k++) {
			n += who[k].seat > 0;
			g_assert_cmpuint(n, <=, tks.n);
		}
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/talkers/a free seat is taken with the first frame",
			a_free_seat_is_taken_with_the_first_frame);
	g_test_add_func("/talkers/a pause within a sentence does not cost the "
			"seat",
			a_pause_within_a_sentence_does_not_cost_the_seat);
	g_test_add_func("/talkers/the longest silent gives way at once",
			the_longest_silent_gives_way_at_once);
	g_test_add_func("/talkers/noise gives way to a voice at once",
			noise_gives_way_to_a_voice_at_once);
	g_test_add_func("/talkers/who is louder waits for a gap",
			who_is_louder_waits_for_a_gap);
	g_test_add_func("/talkers/who never pauses is cut at last",
			who_never_pauses_is_cut_at_last);
	g_test_add_func("/talkers/who is as loud does not get a seat",
			who_is_as_loud_does_not_get_a_seat);
	g_test_add_func("/talkers/seats are free again after 400 ms",
			seats_are_free_again_after_400_ms);
	g_test_add_func("/talkers/fewer seats cost the quietest theirs",
			fewer_seats_cost_the_quietest_theirs);
	g_test_add_func("/talkers/seats and talkers always agree",
			seats_and_talkers_always_agree);
	return g_test_run();
}
