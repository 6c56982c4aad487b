/* The workers of a process: what is asked of them at a restart. */
#include "bridge/workers.h"

#include <glib.h>
#include <sched.h>

#include "mixer/mix.h"

#define MANY 20000 /* many times what a command ring holds */

static void registered(uint32_t member, const char *path, bool first, void *arg)
{
	(void)member;
	(void)path;
	(void)first;
	(void)arg;
}

/* From here on the worker runs only while we wait, where we may decide that:
 * on one CPU, and as the more urgent of the two. */
static void starve_worker(void)
{
	const struct sched_param urgent = { .sched_priority = 2 };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one) ||
	    sched_setscheduler(0, SCHED_FIFO, &urgent))
		g_test_message("no real-time priority here: the worker runs");
}

static const struct worker_events events = { .registered = registered };

static void thousands_at_once_find_their_place(void)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	const struct stages_config cfg = { .addresses = addresses,
					   .workers = 1,
					   .sessions_per_gate = 5 };
	g_autoptr(GError) error = NULL;
	struct workers *wks;
	struct mix *mix = NULL;

	starve_worker();
	wks = workers_create(&cfg, &events, NULL, &error);
	g_assert_no_error(error);
	g_assert_cmpint(
		mix_create(&mix, &(struct mix_config){ .capacity = 2,
						       .talkers = 2,
						       .bitrate = 32000,
						       .complexity = 3,
						       .channels = 1,
						       .jitter = { 20, 200 } }),
		==, 0);
	g_assert_cmpint(workers_add(wks, &(struct addition){ .mix = mix }), ==,
			0);
	for (unsigned i = 0; i < MANY; i++) {
		struct phonegate *gate = NULL;

		g_assert_cmpint(phonegate_create(&gate, "local-1", mix, 1), ==,
				0);
		g_assert_cmpint(
			workers_add(wks, &(struct addition){ .gate = gate }),
			==, 0);
	}
	workers_destroy(&wks);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/workers/thousands at once find their place",
			thousands_at_once_find_their_place);
	return g_test_run();
}
