/* trust - whether what a peer's level headers claim is what is heard of it.
 *
 * Claims and decoded levels are compared smoothed, in frames in which a
 * packet came. Who is 12 dB or more off for half a second is distrusted: for
 * 5 s at first, twice as long each time after, 5 minutes at most. For so long
 * the level last measured counts instead. Good behaviour for as long as the
 * distrust had lasted makes it forgotten.
 *
 * A plain value; a part of its owner. */
#ifndef MIXER_TRUST_H
#define MIXER_TRUST_H

#include <stdbool.h>
#include <stdint.h>

struct trust {
	float claimed, measured; /* dBov, smoothed, not below the floor */
	unsigned off;	/* frames that did not fit, less those that did */
	unsigned term;	/* ticks of the last distrust, 0: never */
	uint64_t until; /* tick: distrusted so long */
	bool fresh;	/* a claim came since the last frame */
};

/* RT. */
void trust_init(struct trust *trust);
/* RT. An authentic packet claims so much. */
void trust_claim(struct trust *trust, float level_dbov);
/* RT. One decoded frame at this level. True when distrust begins with it. */
bool trust_measure(struct trust *trust, float level_dbov, uint64_t tick);
/* RT. */
bool trust_holds(const struct trust *trust, uint64_t tick);
/* RT. What a claim is worth: itself, or what was measured. */
float trust_level(const struct trust *trust, float claimed_dbov, uint64_t tick);

#endif
