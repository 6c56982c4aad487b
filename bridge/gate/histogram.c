#include "bridge/gate/histogram.h"

static void add(atomic_uint_fast64_t *to, uint64_t n)
{
	atomic_store_explicit(
		to, atomic_load_explicit(to, memory_order_relaxed) + n,
		memory_order_relaxed);
}

void histogram_add(struct histogram *hist, uint64_t us)
{
	uint64_t step = us / HISTOGRAM_STEP_US;

	if (step >= HISTOGRAM_STEPS)
		step = HISTOGRAM_STEPS - 1;
	add(&hist->counts[step], 1);
	add(&hist->sum_us, us);
}

void histogram_read(const struct histogram *hist,
		    struct histogram_reading *reading_r)
{
	for (unsigned i = 0; i < HISTOGRAM_STEPS; i++)
		reading_r->counts[i] = atomic_load_explicit(
			&hist->counts[i], memory_order_relaxed);
	reading_r->sum_us =
		atomic_load_explicit(&hist->sum_us, memory_order_relaxed);
}

void histogram_subtract(struct histogram_reading *from,
			const struct histogram_reading *before)
{
	for (unsigned i = 0; i < HISTOGRAM_STEPS; i++)
		from->counts[i] -= before->counts[i];
	from->sum_us -= before->sum_us;
}

double histogram_quantile(const struct histogram_reading *reading, double part)
{
	uint64_t all = 0, seen = 0;
	unsigned i;

	for (i = 0; i < HISTOGRAM_STEPS; i++)
		all += reading->counts[i];
	if (!all)
		return 0;
	for (i = 0; i < HISTOGRAM_STEPS - 1; i++) {
		seen += reading->counts[i];
		if ((double)seen >= part * (double)all)
			break;
	}
	return (i + 1) * HISTOGRAM_STEP_US / 1000.0;
}
