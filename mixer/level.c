#include "mixer/level.h"

#include <math.h>

#define OVERLOAD 32768.0f

float level_dbov(const int16_t *pcm, size_t n)
{
	uint64_t energy = 0;
	float level;

	for (size_t i = 0; i < n; i++)
		energy += (uint32_t)(pcm[i] * pcm[i]);
	if (!energy)
		return LEVEL_SILENCE;
	level = 10.0f *
		log10f((float)energy / ((float)n * OVERLOAD * OVERLOAD));
	return fminf(fmaxf(level, LEVEL_SILENCE), 0.0f);
}
