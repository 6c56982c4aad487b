/* place - where each voice of a stereo room stands between left and right.
 *
 * A voice keeps its place for as long as it is in the room, and the places
 * fill so that few voices stand far apart: the middle, half left, half right,
 * left, right, then between. Beyond fifteen a place is shared, the emptiest
 * first. The outermost is 40 degrees of the pan law's 45: nobody is in one ear
 * only.
 *
 * Equal power: left^2 + right^2 is 1 in every place, so that none is louder
 * than another. Used by one media worker; inside mixer/ only. */
#ifndef MIXER_PLACE_H
#define MIXER_PLACE_H

#include "mixer/sum.h"

#define PLACES 15

/* A room's; zeros: all are free. */
struct places {
	unsigned taken[PLACES]; /* voices at each */
};

/* RT. A place for one more voice, 0 to PLACES - 1. */
unsigned places_take(struct places *places);
/* RT. */
void places_leave(struct places *places, unsigned place);

/* RT. The gain of a voice of gain `gain` (SUM_UNITY is 1) that stands there,
 * each channel rounded down. */
struct sum_gain place_gain(unsigned place, int32_t gain);

#endif
