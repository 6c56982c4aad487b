#include "mixer/place.h"

#include <stdlib.h>

#define SIDE 7 /* places on each side of the middle */

/* The louder and the softer channel of a place n steps from the middle:
 * SUM_UNITY times sin and cos of 45 + n * 40 / 7 degrees. */
static const int32_t law[SIDE + 1][2] = {
	{ 11585, 11585 }, { 12681, 10374 }, { 13651, 9060 }, { 14485, 7656 },
	{ 15176, 6175 },  { 15715, 4634 },  { 16098, 3046 }, { 16322, 1428 },
};

/* In which the places fill: steps from the middle, left is below 0. */
static const int order[PLACES] = { 0, -4, 4, -7, 7, -2, 2, -6,
				   6, -1, 1, -3, 3, -5, 5 };

unsigned places_take(struct places *places)
{
	unsigned best = 0;

	for (unsigned i = 1; i < PLACES; i++)
		if (places->taken[i] < places->taken[best])
			best = i;
	places->taken[best]++;
	return best;
}

void places_leave(struct places *places, unsigned place)
{
	places->taken[place]--;
}

struct sum_gain place_gain(unsigned place, int32_t gain)
{
	const int n = order[place];
	const int32_t near = gain * law[abs(n)][0] / SUM_UNITY;
	const int32_t far = gain * law[abs(n)][1] / SUM_UNITY;

	return n < 0 ? (struct sum_gain){ .left = near, .right = far }
		     : (struct sum_gain){ .left = far, .right = near };
}
