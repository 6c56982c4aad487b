/* What one listener costs a worker in each tick, without what the kernel
 * takes to send his packet: the engine with three talkers, and sent packets
 * that go nowhere. Prints one line for each figure; nothing passes or fails.
 *
 * Usage: bench-engine [LISTENERS [TICKS]]; under callgrind a few ticks do. */
#include <time.h>

#include "tests/unit/gate_crowd.h"

#define WARM_TICKS 100
#define ROUND	   10 /* ticks that are timed at once */

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds of one tick: the least of many, the machine is not ours
 * alone. */
static double tick_ns(unsigned listeners, unsigned ticks, bool srtp)
{
	struct crowd *crowd = crowd_start(CROWD_TALKERS + listeners, srtp);
	double least = 1e12;

	crowd_run(crowd, WARM_TICKS);
	for (unsigned i = 0; i < ticks; i += ROUND) {
		double began = cpu_ns();

		crowd_run(crowd, ROUND);
		least = MIN(least, (cpu_ns() - began) / ROUND);
	}
	crowd_stop(crowd);
	return least;
}

int main(int argc, char **argv)
{
	unsigned listeners = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	unsigned ticks = argc > 2 ? (unsigned)atoi(argv[2]) : 500;

	for (int srtp = 0; srtp < 2; srtp++) {
		double few = tick_ns(listeners / 2, ticks, srtp);
		double many = tick_ns(listeners, ticks, srtp);

		g_print("%s: a tick of %u listeners %.3f ms, one more of them"
			" %.0f ns\n",
			srtp ? "SRTP" : "plain RTP", listeners, many / 1e6,
			(many - few) / (listeners - listeners / 2));
	}
	return 0;
}
