#include "bridge/gate/stress.h"

#define TICK_US	   20000u
#define RISE	   0.08f /* of the difference, each tick: 250 ms */
#define FALL	   0.04f /* 0.5 s */
#define WORST	   1.5f	 /* one tick's share; more says nothing more */
#define DOWN_TICKS 25	 /* 0.5 s */
#define UP_TICKS   250	 /* 5 s */

void stress_init(struct stress *strs)
{
	*strs = (struct stress){ .effort = EFFORT_FULL };
}

/* A tick that begins late has so much less time: lateness counts like use. It
 * is how the load of others shows, whose time is not in ours. */
static float share(unsigned used_us, unsigned late_us)
{
	float part = ((float)used_us + (float)late_us) / TICK_US;

	return part < WORST ? part : WORST;
}

bool stress_tick(struct stress *strs, unsigned used_us, unsigned late_us)
{
	float difference = share(used_us, late_us) - strs->level;

	strs->level += difference * (difference > 0 ? RISE : FALL);
	if (strs->level > 1)
		strs->level = 1;
	strs->high = strs->level >= STRESS_HIGH ? strs->high + 1 : 0;
	strs->low = strs->level <= STRESS_LOW ? strs->low + 1 : 0;
	if (strs->high >= DOWN_TICKS && strs->effort < EFFORT_CLOSED)
		strs->effort++;
	else if (strs->low >= UP_TICKS && strs->effort > EFFORT_FULL)
		strs->effort--;
	else
		return false;
	strs->high = strs->low = 0;
	return true;
}

const char *effort_name(enum effort effort)
{
	static const char *const names[EFFORTS] = {
		[EFFORT_FULL] = "full",
		[EFFORT_SIMPLE] = "simple",
		[EFFORT_SIMPLEST] = "simplest",
		[EFFORT_NO_DENOISE] = "no-denoise",
		[EFFORT_FEW_TALKERS] = "few-talkers",
		[EFFORT_CLOSED] = "closed",
	};

	return names[effort];
}
