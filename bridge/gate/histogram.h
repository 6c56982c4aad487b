/* histogram - how long things took, counted in steps of half a millisecond.
 *
 * One thread adds, any thread reads; nothing is ever reset: who wants the last
 * ten seconds subtracts two readings. */
#ifndef GATE_HISTOGRAM_H
#define GATE_HISTOGRAM_H

#include <stdatomic.h>
#include <stdint.h>

#define HISTOGRAM_STEP_US 500
#define HISTOGRAM_STEPS	  51 /* the last: 25 ms and more */

struct histogram {
	atomic_uint_fast64_t counts[HISTOGRAM_STEPS];
	atomic_uint_fast64_t sum_us;
};

struct histogram_reading {
	uint64_t counts[HISTOGRAM_STEPS]; /* counts[i]: below (i + 1) steps */
	uint64_t sum_us;
};

/* RT. */
void histogram_add(struct histogram *hist, uint64_t us);
void histogram_read(const struct histogram *hist,
		    struct histogram_reading *reading_r);
/* What came between two readings. */
void histogram_subtract(struct histogram_reading *from,
			const struct histogram_reading *before);
/* Milliseconds that a part (0..1) of all did not exceed, rounded up to a step;
 * 0 where there is nothing. 1 gives the largest. */
double histogram_quantile(const struct histogram_reading *reading, double part);

#endif
