/* script - who of the loadgen's callers says what, and when: known in advance
 * to everybody, so that what each hears can be checked.
 *
 * Up to SCRIPT_TALKERS callers talk in one turn: first all together, each his
 * tone pair; then one after the other a chirp, while the rest is silent. Turns
 * repeat until the script ends. Times are samples at 48 kHz from the start. */
#ifndef LOADGEN_SCRIPT_H
#define LOADGEN_SCRIPT_H

#include <stdbool.h>
#include <stdint.h>

#define SCRIPT_RATE    48000
#define SCRIPT_TALKERS 4
#define SCRIPT_LEAD    (SCRIPT_RATE / 5) /* silence before the tones */
#define SCRIPT_TONES   (SCRIPT_RATE * 6 / 10)
#define SCRIPT_GAP     (SCRIPT_RATE * 3 / 10) /* the tones' way to the ears */
#define SCRIPT_SLOT    (SCRIPT_RATE / 2)      /* of one chirp */
#define SCRIPT_TONE    0.08		      /* amplitude of each tone */
#define SCRIPT_CHIRP   0.3		      /* amplitude */

struct script {
	unsigned callers;
};

unsigned script_talkers(const struct script *script); /* of a full turn */
unsigned script_turns(const struct script *script);   /* of a round */
uint64_t script_turn_length(const struct script *script);
/* The turn of a round in which caller n talks, and his place in it. */
unsigned script_turn_of(const struct script *script, unsigned n);
unsigned script_place_of(const struct script *script, unsigned n);

/* Where in a turn the chirp of the caller in `place` begins. */
uint64_t script_chirp_at(unsigned place);

/* RT. n samples of what caller `who` says from `at` on; false: silence, and
 * pcm_r is left alone. */
bool script_speak(const struct script *script, unsigned who, uint64_t at,
		  int16_t *pcm_r, unsigned n);

/* RT. A quiet tone for those who wait for the others: n samples from at. Each
 * has his own: two equal ones can meet in the mix so that nothing is left. */
void script_hum(unsigned who, uint64_t at, int16_t *pcm_r, unsigned n);

#endif
