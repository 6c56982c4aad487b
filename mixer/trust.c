#include "mixer/trust.h"

#include <math.h>

#define FLOOR	  (-70.0f) /* dBov: how silent silence is makes no lie */
#define OFF	  12.0f	   /* dB */
#define OFF_LIMIT 25	   /* frames */
#define SMOOTH	  0.2f
#define TERM	  250	/* ticks: 5 s */
#define LONGEST	  15000 /* ticks: 5 min */

void trust_init(struct trust *trust)
{
	*trust = (struct trust){ .claimed = FLOOR, .measured = FLOOR };
}

void trust_claim(struct trust *trust, float level_dbov)
{
	float level = fmaxf(level_dbov, FLOOR);

	trust->claimed += (level - trust->claimed) * SMOOTH;
	trust->fresh = true;
}

static void distrust(struct trust *trust, uint64_t tick)
{
	if (trust->term && tick - trust->until > trust->term)
		trust->term = 0;
	trust->term = trust->term ? 2 * trust->term : TERM;
	if (trust->term > LONGEST)
		trust->term = LONGEST;
	trust->until = tick + trust->term;
	trust->off = 0;
}

bool trust_measure(struct trust *trust, float level_dbov, uint64_t tick)
{
	float level = fmaxf(level_dbov, FLOOR);
	bool fresh = trust->fresh;

	trust->measured += (level - trust->measured) * SMOOTH;
	trust->fresh = false;
	/* A frame without a packet says nothing about what was claimed. */
	if (!fresh || !trust_holds(trust, tick))
		return false;
	if (fabsf(trust->claimed - trust->measured) > OFF) {
		if (++trust->off < OFF_LIMIT)
			return false;
		distrust(trust, tick);
		return true;
	}
	if (trust->off)
		trust->off--;
	return false;
}

bool trust_holds(const struct trust *trust, uint64_t tick)
{
	return tick >= trust->until;
}

float trust_level(const struct trust *trust, float claimed_dbov, uint64_t tick)
{
	return trust_holds(trust, tick) ? claimed_dbov : trust->measured;
}
