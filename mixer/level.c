#include "mixer/level.h"

#include <math.h>

#include "mixer/sum.h"

#define OVERLOAD 32768.0f

float level_dbov(const int16_t *pcm, size_t n)
{
	uint64_t energy = sum_energy(pcm, n);
	float level;

	if (!energy)
		return LEVEL_SILENCE;
	level = 10.0f *
		log10f((float)energy / ((float)n * OVERLOAD * OVERLOAD));
	return fminf(fmaxf(level, LEVEL_SILENCE), 0.0f);
}
