/* A worker's load: when it leaves something out, when it takes it back, and
 * how its ticks are counted. */
#include <glib.h>

#include "bridge/gate/histogram.h"
#include "bridge/gate/stress.h"

#define SECOND 50 /* ticks */
#define TICK   20000u

static unsigned run(struct stress *strs, unsigned ticks, unsigned used_us,
		    unsigned late_us)
{
	unsigned steps = 0;

	for (unsigned i = 0; i < ticks; i++)
		steps += stress_tick(strs, used_us, late_us);
	return steps;
}

static void the_figure_follows_the_load(void)
{
	struct stress strs;

	stress_init(&strs);
	run(&strs, SECOND, TICK / 2, 0);
	g_assert_cmpfloat_with_epsilon(strs.level, 0.5, 0.02);
	run(&strs, 4 * SECOND, TICK / 10, 0);
	g_assert_cmpfloat_with_epsilon(strs.level, 0.1, 0.02);
	run(&strs, 4 * SECOND, 10 * TICK, 100 * TICK);
	g_assert_cmpfloat(strs.level, ==, 1);
}

static void a_spike_is_no_stress(void)
{
	struct stress strs;

	stress_init(&strs);
	for (int i = 0; i < 60; i++) {
		g_assert_cmpuint(run(&strs, 1, 3 * TICK, 2 * TICK), ==, 0);
		g_assert_cmpuint(run(&strs, SECOND, TICK / 3, 0), ==, 0);
	}
	g_assert_cmpint(strs.effort, ==, EFFORT_FULL);
}

static void effort_goes_down_step_by_step(void)
{
	struct stress strs;

	stress_init(&strs);
	run(&strs, SECOND, TICK * 95 / 100, 0);
	for (enum effort next = EFFORT_SIMPLE; next <= EFFORT_CLOSED; next++) {
		unsigned ticks = 0;

		while (!stress_tick(&strs, TICK * 95 / 100, 0))
			ticks++;
		g_assert_cmpint(strs.effort, ==, next);
		g_assert_cmpuint(ticks, <=, SECOND / 2);
	}
	g_assert_cmpuint(run(&strs, 60 * SECOND, 2 * TICK, 0), ==, 0);
	g_assert_cmpint(strs.effort, ==, EFFORT_CLOSED);
}

static void what_suffices_is_kept(void)
{
	struct stress strs;

	stress_init(&strs);
	while (strs.effort < EFFORT_SIMPLEST)
		stress_tick(&strs, TICK * 9 / 10, 0);
	/* Between the two marks nothing is left out, nor taken back. */
	g_assert_cmpuint(run(&strs, 600 * SECOND, TICK * 3 / 4, 0), ==, 0);
	g_assert_cmpint(strs.effort, ==, EFFORT_SIMPLEST);
}

static void effort_comes_back_slowly_and_in_reverse(void)
{
	struct stress strs;
	unsigned ticks = 0;

	stress_init(&strs);
	run(&strs, 10 * SECOND, TICK, 0);
	g_assert_cmpint(strs.effort, ==, EFFORT_CLOSED);
	for (int next = EFFORT_FEW_TALKERS; next >= EFFORT_FULL; next--) {
		for (ticks = 1; !stress_tick(&strs, TICK / 2, 0); ticks++)
			;
		g_assert_cmpint(strs.effort, ==, next);
		g_assert_cmpuint(ticks, >=, 5 * SECOND);
	}
	g_assert_cmpuint(run(&strs, 60 * SECOND, TICK / 2, 0), ==, 0);
}

/* Each step frees a little: what had to be left out is not tried again and
 * again. */
static void effort_does_not_swing(void)
{
	static const unsigned use[EFFORTS] = { 90, 80, 76, 75, 70, 70 };
	struct stress strs;
	unsigned steps = 0;

	stress_init(&strs);
	for (int i = 0; i < 600 * SECOND; i++)
		steps += stress_tick(&strs, TICK * use[strs.effort] / 100, 0);
	g_assert_cmpuint(steps, ==, 1);
	g_assert_cmpint(strs.effort, ==, EFFORT_SIMPLE);
}

static void others_on_the_cpu_are_stress_too(void)
{
	struct stress strs;

	stress_init(&strs);
	run(&strs, 3 * SECOND, TICK / 4, TICK * 3 / 4);
	g_assert_cmpfloat(strs.level, >, STRESS_HIGH);
	g_assert_cmpint(strs.effort, >, EFFORT_FULL);
	for (int i = 0; i < EFFORTS; i++)
		g_assert_nonnull(effort_name((enum effort)i));
}

static void ticks_are_counted_by_their_length(void)
{
	struct histogram hist = { 0 };
	struct histogram_reading first, second;

	histogram_read(&hist, &first);
	g_assert_cmpfloat(histogram_quantile(&first, 0.5), ==, 0);
	for (int i = 0; i < 98; i++)
		histogram_add(&hist, 1200);
	histogram_add(&hist, 7999);
	histogram_add(&hist, 1000000);
	histogram_read(&hist, &first);
	g_assert_cmpfloat(histogram_quantile(&first, 0.5), ==, 1.5);
	g_assert_cmpfloat(histogram_quantile(&first, 0.99), ==, 8.0);
	g_assert_cmpfloat(histogram_quantile(&first, 1), ==, 25.5);

	histogram_add(&hist, 499);
	histogram_read(&hist, &second);
	histogram_subtract(&second, &first);
	g_assert_cmpuint(second.sum_us, ==, 499);
	g_assert_cmpfloat(histogram_quantile(&second, 1), ==, 0.5);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stress/the figure follows the load",
			the_figure_follows_the_load);
	g_test_add_func("/stress/a spike is no stress", a_spike_is_no_stress);
	g_test_add_func("/stress/effort goes down step by step",
			effort_goes_down_step_by_step);
	g_test_add_func("/stress/what suffices is kept", what_suffices_is_kept);
	g_test_add_func("/stress/effort comes back slowly and in reverse",
			effort_comes_back_slowly_and_in_reverse);
	g_test_add_func("/stress/effort does not swing", effort_does_not_swing);
	g_test_add_func("/stress/others on the CPU are stress too",
			others_on_the_cpu_are_stress_too);
	g_test_add_func("/stress/ticks are counted by their length",
			ticks_are_counted_by_their_length);
	return g_test_run();
}
