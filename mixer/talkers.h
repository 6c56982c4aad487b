/* talkers - who of a room is heard.
 *
 * A room has a number of seats; who sits on one is in the sum. A seat that is
 * free is taken by whoever speaks, with the first frame. When all are taken
 *
 *   - who has been silent for 300 ms gives way at once, the longest silent
 *     first: a pause within a sentence does not cost the seat,
 *   - who must be heard takes the place of the weakest of the others,
 *   - who is only noise (below TALKERS_TALK) gives way to a voice,
 *   - else the quietest gives way to who has been 6 dB louder for 500 ms, in
 *     the first gap between two words, or after 1.5 s without one.
 *
 * After 400 ms of silence a seat is free again. A pure state machine: levels
 * in, seats out; each talker's state is a part of its owner. One call is one
 * frame of 20 ms. Used by one media worker. */
#ifndef MIXER_TALKERS_H
#define MIXER_TALKERS_H

#include <stdbool.h>

#define TALKERS_SILENCE	 (-65.0f) /* dBov: what is below is silence */
#define TALKERS_TALK	 (-50.0f) /* dBov: what is above is a voice */
#define TALKERS_HANGOVER 20	  /* frames that a seat outlasts the sound */

struct talker {
	float level;	   /* dBov, of the newest frame */
	float score;	   /* dBov: the loudest of late, sinking 25 dB/s */
	unsigned silent;   /* frames since it was last above silence */
	unsigned pressing; /* frames for which it was louder than a seat */
	unsigned seat;	   /* from 1; 0: none */
	bool must;	   /* gives way to nobody while it speaks */
};

struct talkers {
	struct talker **seats; /* {const} room for `size` */
	unsigned size;	       /* {const} */
	unsigned limit;	       /* seats in use, <= size */
	unsigned n;	       /* of them, taken */
};

/* seats stays the caller's. */
void talkers_init(struct talkers *tks, struct talker **seats, unsigned size);

/* RT. Fewer or more seats, 1 to size: who sits beyond rises at once, the
 * quietest first. */
void talkers_limit(struct talkers *tks, unsigned limit);

/* RT. As new: silent, without a seat; who must be heard still must. */
void talker_reset(struct talker *who);

/* RT. One frame of this talker, -127 to 0 dBov. */
void talker_note(struct talker *who, float level_dbov);

/* RT. Whether he would be seated now; to be asked once a frame. */
bool talkers_admit(const struct talkers *tks, struct talker *who);

/* RT. Seats him when he speaks and there is a place, takes his seat when he
 * has been silent for long. To be called after each talker_note(); returns
 * whether he has a seat. Another may lose his by it. */
bool talkers_seat(struct talkers *tks, struct talker *who);

/* RT. Whether all seats are taken, by people who speak. */
bool talkers_full(const struct talkers *tks);

/* RT. Gives up his seat, if any. */
void talkers_rise(struct talkers *tks, struct talker *who);

#endif
