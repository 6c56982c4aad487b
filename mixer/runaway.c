#include "mixer/runaway.h"

#include <math.h>

#include "mixer/level.h"

#define WATCH  250    /* packets: five seconds */
#define ENOUGH 50     /* packets until the loudest means something */
#define SINK   0.02f  /* dB a packet: 10 dB in ten seconds */
#define MARGIN 9.0f   /* dB above the loudest */
#define FAINT  -30.0f /* dBov: to 9 dB above, growth does no harm */

void runaway_reset(struct runaway *run)
{
	run->loudest = LEVEL_SILENCE;
	run->known = LEVEL_SILENCE;
	run->heard = 0;
	run->watch = 0;
}

void runaway_gap(struct runaway *run)
{
	run->watch = WATCH;
}

float runaway_limit(const struct runaway *run)
{
	if (!run->watch || run->heard < ENOUGH)
		return HUGE_VALF;
	return fmaxf(run->loudest, FAINT) + MARGIN;
}

void runaway_hear(struct runaway *run, float dbov, bool anew)
{
	bool believed = anew || !run->watch || run->heard < ENOUGH;
	float level = believed ? dbov : fminf(dbov, run->known);

	run->loudest = fmaxf(run->loudest - SINK, level);
	if (believed)
		run->known = run->loudest;
	if (run->heard < ENOUGH)
		run->heard++;
	if (run->watch)
		run->watch--;
}
