/* hearing - what one caller heard of another, found by comparing an ear with
 * the script.
 *
 * Delay is from mouth to ear: a frame sent in a tick was spoken in the 20 ms
 * before it, counted from the tick's intended time; a frame played in a tick
 * is heard from then on. Sound cards would add their own.
 *
 * What the bridge and the network add to it is what neither end needs for
 * itself: it is counted from when the talker's packet leaves to when the
 * listener's arrives, and the bridge's encoder and limiter belong to it. Two
 * callers without a bridge between them would show 0. */
#ifndef LOADGEN_HEARING_H
#define LOADGEN_HEARING_H

#include <stdbool.h>
#include <stdint.h>

#include "loadgen/chirp.h"
#include "loadgen/ear.h"
#include "loadgen/script.h"

#define HEARING_HEARD_DB -12.0 /* each tone, against how it was spoken */
#define HEARING_SELF_DB	 -50.0 /* own chirp, while all others are silent */
/* Own tones, beside all others'. Opus' noise at 32 kbit/s is at -45 dB even
 * where one packet in nine is lost. */
#define HEARING_SELF_TONE_DB -40.0
/* A frame is sent when it is complete, and CELT looks 2.5 ms ahead. */
#define HEARING_TALKER_MS (20 + 2.5)
#define HEARING_MATCH	  0.5 /* a chirp's correlation that is believed */

struct hearing {
	bool complete;	 /* false: the ear does not reach so far */
	double tone_db;	 /* the weaker tone, 0: as spoken */
	double chirp_db; /* 0: as spoken */
	double delay_ms; /* < 0: no chirp was found */
	double added_ms; /* of delay_ms: less both ends' own */
};

/* What `listener` heard of `talker` in a round; own: they are one.
 * start_us: the script's. */
struct hearing hearing_of(const struct script *script, uint64_t start_us,
			  unsigned round, const struct ear *listener,
			  unsigned talker, bool own, const struct chirp *chirp);

/* Of two rounds: the worse for another's voice, the worse for one's own. */
struct hearing hearing_worse(struct hearing a, struct hearing b, bool own);

bool hearing_is_heard(const struct hearing *hearing);
bool hearing_is_silent(const struct hearing *hearing);

#endif
