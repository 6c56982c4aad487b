/* transit - how late one sender's packets come: what the delay has to cover.
 *
 * A packet's transit is its arrival on our clock less its time on the
 * sender's. Only differences of transits mean anything: the two clocks begin
 * at different moments, and drift.
 *
 * Each tick in which packets came counts with its latest one, for the last
 * three seconds of such ticks. The delay has to cover the latest of them, but
 * not the two worst when they stand alone: a stall that happens once is worked
 * off, one that comes again and again is expected. What a stall held back and
 * then comes at once is one event, however many ticks it takes.
 *
 * All times in 1/48000 s. RT, except that the owner embeds it. */
#ifndef MIXER_TRANSIT_H
#define MIXER_TRANSIT_H

#include <stdbool.h>
#include <stdint.h>

#define TRANSIT_TICKS 150

struct transit {
	int64_t latest[TRANSIT_TICKS]; /* of each tick, a ring */
	unsigned n, at;		       /* entries; the newest one */
	int64_t tick;		       /* of the newest entry */
	bool stale;		       /* the two below must be found anew */
	int64_t usual, least;
};

/* Nothing is known. */
void transit_reset(struct transit *trans);

/* A packet came in this tick (any number that grows by one). */
void transit_note(struct transit *trans, int64_t tick, int64_t transit);

/* Whether there was a note yet: then the two below mean something. */
bool transit_known(const struct transit *trans);

/* What the delay has to cover. */
int64_t transit_usual(struct transit *trans);

/* The least of the last three seconds: no delay at all. */
int64_t transit_least(struct transit *trans);

#endif
