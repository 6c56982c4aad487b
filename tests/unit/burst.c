#include "mixer/burst.h"

#include <glib.h>
#include <string.h>

/* Packets as a line of text: '.' came in time, 'x' never came, 'l' came too
 * late, and good ones to the end of the window so that all is judged. */
static void play(struct burst *bst, uint64_t first, const char *line)
{
	uint64_t n = strlen(line);

	for (uint64_t i = 0; i < n; i++)
		if (line[i] != 'x') {
			burst_received(bst, first + i);
			if (line[i] == 'l')
				burst_discarded(bst, first + i);
		}
	for (uint64_t i = 0; i < BURST_WINDOW; i++)
		burst_received(bst, first + n + i);
}

static struct burst_report report_of(const char *line)
{
	struct burst bst = { 0 };
	struct burst_report rep;

	play(&bst, 1000, line);
	g_assert_cmpuint(bst.packets, ==, strlen(line));
	burst_report(&bst, &rep);
	return rep;
}

#define GOOD_16 "................"

static void without_loss_all_is_one_gap(void)
{
	struct burst_report rep = report_of(GOOD_16 GOOD_16);

	g_assert_cmpfloat(rep.burst_density, ==, 0);
	g_assert_cmpfloat(rep.burst_packets, ==, 0);
	g_assert_cmpfloat(rep.gap_density, ==, 0);
	g_assert_cmpfloat(rep.gap_packets, ==, 32);
	g_assert_cmpfloat(rep.ratio, ==, 1);
}

static void lone_losses_belong_to_the_gap(void)
{
	struct burst_report rep =
		report_of(GOOD_16 "x" GOOD_16 "l" GOOD_16 "x" GOOD_16);

	g_assert_cmpfloat(rep.burst_density, ==, 0);
	g_assert_cmpfloat_with_epsilon(rep.gap_density, 3 / 67.0, 1e-9);
	g_assert_cmpfloat(rep.gap_packets, ==, 67);
}

/* Fifteen good packets do not end a burst, sixteen do. */
static void sixteen_good_packets_end_a_burst(void)
{
	struct burst_report one = report_of(GOOD_16 "x..............."
						    "x" GOOD_16);
	struct burst_report none = report_of(GOOD_16 "x" GOOD_16 "x" GOOD_16);

	g_assert_cmpfloat(one.burst_packets, ==, 17);
	g_assert_cmpfloat_with_epsilon(one.burst_density, 2 / 17.0, 1e-9);
	g_assert_cmpfloat(one.gap_packets, ==, 16);
	g_assert_cmpfloat(one.gap_density, ==, 0);
	g_assert_cmpfloat(none.burst_packets, ==, 0);
}

static void bursts_and_gaps_have_their_mean_lengths(void)
{
	/* 20 good, burst of 3, 16 + 1 + 16 with a lone one, burst of 7. */
	struct burst_report rep =
		report_of("...." GOOD_16 "xlx" GOOD_16 "x" GOOD_16 "x.x...x");

	g_assert_cmpfloat(rep.burst_packets, ==, 5);
	g_assert_cmpfloat_with_epsilon(rep.burst_density, 6 / 10.0, 1e-9);
	g_assert_cmpfloat(rep.gap_packets, ==, (20 + 33) / 2.0);
	g_assert_cmpfloat_with_epsilon(rep.gap_density, 1 / 53.0, 1e-9);
}

/* The burst at the very start has no gap before it: RFC 3611 assumes good
 * packets before the session, but they are not of it. */
static void a_session_may_begin_with_a_burst(void)
{
	struct burst bst = { 0 };
	struct burst_report rep;

	burst_received(&bst, 7);
	burst_discarded(&bst, 7);
	play(&bst, 8, "x" GOOD_16);
	burst_report(&bst, &rep);
	g_assert_cmpfloat(rep.burst_packets, ==, 2);
	g_assert_cmpfloat(rep.burst_density, ==, 1);
	g_assert_cmpfloat(rep.gap_packets, ==, 16);
}

static void order_and_doubles_do_not_matter(void)
{
	struct burst bst = { 0 };

	burst_received(&bst, 100);
	for (uint64_t i = 101; i < 400; i += 3) {
		burst_received(&bst, i + 2);
		burst_received(&bst, i);
		burst_received(&bst, i);
		burst_received(&bst, i + 1);
		burst_received(&bst, 50); /* before the first */
	}
	g_assert_cmpuint(bst.bad, ==, 0);
	g_assert_cmpuint(bst.packets, ==, 300 + 1 - BURST_WINDOW);
}

static void random_and_grouped_losses_are_told_apart(void)
{
	g_autoptr(GRand) random = g_rand_new_with_seed(5);
	struct burst alone = { 0 }, grouped = { 0 };
	struct burst_report rep;
	bool down = false;

	/* Both lose a tenth; the second one in runs of five. */
	for (uint64_t i = 0; i < 100000; i++) {
		if (g_rand_double(random) >= 0.1)
			burst_received(&alone, i);
		down = g_rand_double(random) < (down ? 0.8 : 0.2 / 9);
		if (!down)
			burst_received(&grouped, i);
	}
	burst_report(&alone, &rep);
	g_assert_cmpfloat_with_epsilon(rep.ratio, 1, 0.02);
	burst_report(&grouped, &rep);
	g_assert_cmpfloat_with_epsilon(rep.ratio, 4.5, 0.3);
}

static void a_blackout_is_one_burst_however_long(void)
{
	struct burst bst = { 0 };
	struct burst_report rep;

	play(&bst, 0, GOOD_16);
	/* All that came lies between, judged at once. */
	play(&bst, 1ull << 40, GOOD_16);
	burst_report(&bst, &rep);
	g_assert_cmpfloat(rep.burst_packets, ==, (double)((1ull << 40) - 80));
	g_assert_cmpfloat(rep.burst_density, ==, 1);
}

static void a_source_that_starts_over_lost_nothing(void)
{
	struct burst bst = { 0 };
	struct burst_report rep;

	play(&bst, 500, GOOD_16);
	burst_jump(&bst, 70000);
	play(&bst, 70000, GOOD_16);
	burst_report(&bst, &rep);
	g_assert_cmpuint(bst.bad, ==, 0);
	g_assert_cmpfloat(rep.gap_packets, ==, 16 + BURST_WINDOW + 16);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/burst/without loss all is one gap",
			without_loss_all_is_one_gap);
	g_test_add_func("/burst/lone losses belong to the gap",
			lone_losses_belong_to_the_gap);
	g_test_add_func("/burst/sixteen good packets end a burst",
			sixteen_good_packets_end_a_burst);
	g_test_add_func("/burst/bursts and gaps have their mean lengths",
			bursts_and_gaps_have_their_mean_lengths);
	g_test_add_func("/burst/a session may begin with a burst",
			a_session_may_begin_with_a_burst);
	g_test_add_func("/burst/order and doubles do not matter",
			order_and_doubles_do_not_matter);
	g_test_add_func("/burst/random and grouped losses are told apart",
			random_and_grouped_losses_are_told_apart);
	g_test_add_func("/burst/a blackout is one burst however long",
			a_blackout_is_one_burst_however_long);
	g_test_add_func("/burst/a source that starts over lost nothing",
			a_source_that_starts_over_lost_nothing);
	return g_test_run();
}
