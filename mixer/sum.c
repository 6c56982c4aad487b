#include "mixer/sum.h"

extern const struct sum_version sum_base;
#ifdef SUM_AVX2
extern const struct sum_version sum_avx2;
#endif

static const struct sum_version *best = &sum_base;

#ifdef SUM_AVX2
/* Before main(): no thread ever sees the choice change. */
__attribute__((constructor)) static void choose(void)
{
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		best = &sum_avx2;
}
#endif

const struct sum_version *sum_version(unsigned i)
{
	if (i == 0)
		return best;
	return i == 1 && best != &sum_base ? &sum_base : NULL;
}

void sum_scale(int32_t *part_r, const int16_t *pcm, size_t n, int32_t from,
	       int32_t to)
{
	best->scale(part_r, pcm, n, from, to);
}

void sum_pan(int32_t *part_r, const int16_t *pcm, size_t n,
	     struct sum_gain from, struct sum_gain to)
{
	best->pan(part_r, pcm, n, from, to);
}

void sum_add(int32_t *sum, const int32_t *part, size_t n)
{
	best->add(sum, part, n);
}

void sum_subtract(int32_t *rest_r, const int32_t *sum, const int32_t *part,
		  size_t n)
{
	best->subtract(rest_r, sum, part, n);
}

int32_t sum_peak(const int32_t *in, size_t n)
{
	return best->peak(in, n);
}

void sum_narrow(int16_t *out_r, const int32_t *in, size_t n)
{
	best->narrow(out_r, in, n);
}

void sum_duck(int16_t *out_r, const int32_t *in, size_t n, float from, float to,
	      int32_t ceiling)
{
	best->duck(out_r, in, n, from, to, ceiling);
}

uint64_t sum_energy(const int16_t *pcm, size_t n)
{
	return best->energy(pcm, n);
}
