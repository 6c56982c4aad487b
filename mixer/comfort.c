#include "mixer/comfort.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "mixer/sum.h"

#define WINDOW 100 /* frames: two seconds */

#define LOUDEST	 107374.0f /* mean square: -40 dBov */
#define FAINTEST 10.7f	   /* -80 dBov */

#define MAX_COLOUR 0.98f

static const struct comfort_background unheard = { .power = FLT_MAX };

void comfort_reset(struct comfort *com)
{
	com->now = com->before = unheard;
	com->frames = 0;
	com->last = 0;
	com->random = 1;
}

/* The pole of a first-order process whose neighbours are alike so much. */
static float colour_of(const int16_t *pcm, size_t n)
{
	float square = 1, product = 0;

	for (size_t i = 1; i < n; i++) {
		square += (float)pcm[i] * (float)pcm[i];
		product += (float)pcm[i] * (float)pcm[i - 1];
	}
	return fminf(fmaxf(product / square, 0), MAX_COLOUR);
}

void comfort_learn(struct comfort *com, const int16_t *pcm, size_t n)
{
	float power = (float)sum_energy(pcm, n) / (float)n;

	if (com->frames == WINDOW) {
		com->frames = 0;
		com->before = com->now;
		com->now = unheard;
	}
	com->frames++;
	if (power >= com->now.power)
		return;
	com->now.power = power;
	com->now.colour = colour_of(pcm, n);
}

static const struct comfort_background *background(const struct comfort *com)
{
	return com->now.power < com->before.power ? &com->now : &com->before;
}

float comfort_power(const struct comfort *com)
{
	float power = background(com)->power;

	return power > FAINTEST && power < LOUDEST ? power : 0;
}

/* White noise of variance 1, by a linear congruence (Numerical Recipes). */
static float white(struct comfort *com)
{
	com->random = com->random * 1664525u + 1013904223u;
	return (float)(int32_t)com->random * (1.7320508f / 2147483648.0f);
}

void comfort_fade(struct comfort *com, int16_t *pcm, size_t n, float from,
		  float to)
{
	float pole = background(com)->colour;
	float scale = sqrtf(comfort_power(com) * (1.0f - pole * pole));
	float gain = from, step = (to - from) / (float)n;

	for (size_t i = 0; i < n; i++) {
		gain += step;
		com->last = pole * com->last + scale * white(com);
		pcm[i] = (int16_t)lrintf(gain * (float)pcm[i] +
					 (1.0f - gain) * com->last);
	}
}
