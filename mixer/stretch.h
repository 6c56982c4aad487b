/* stretch - sound that waits to be played, a little faster or slower.
 *
 * Time-scaling by overlap-add at the lag where the sound is most like itself
 * (as WSOLA, Verhelst & Roelands 1993): to shorten, one or more periods of the
 * pitch are left out, to lengthen, one is played again, and both ends are
 * faded over each other. Pitch and timbre stay as they are. A tick has one
 * such splice of 2.5 to 12.5 ms at most.
 *
 * The tempo changes by 5 % on the mean. While the change asked for is larger
 * than 60 ms it grows, up to 25 % from 200 ms on. In quiet frames there is
 * no such limit: nobody hears it. A splice waits for a lag at which the sound
 * is alike, the less so the longer it has waited: no sound stops it for good.
 *
 * Without a change asked for, what comes out is what went in, at once.
 *
 * Embedded in its owner, used by one thread. 48 kHz mono. */
#ifndef MIXER_STRETCH_H
#define MIXER_STRETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STRETCH_FRAME 960  /* samples out of each pull */
#define STRETCH_MOST  5760 /* samples that one push may bring */

struct stretch {
	int16_t pcm[3 * STRETCH_FRAME + STRETCH_MOST];
	size_t fill; /* samples in pcm; read by the owner */
	int credit;  /* samples that may be left out or played again */
};

/* RT. Nothing waits. */
void stretch_reset(struct stretch *st);

/* RT. Where to write what comes next, up to STRETCH_MOST samples while there
 * are fewer than 2 * STRETCH_FRAME, and then: that there are n. */
int16_t *stretch_space(struct stretch *st);
void stretch_push(struct stretch *st, size_t n);

/* RT. Whether more than a frame should be there before the next pull. */
bool stretch_wants_more(const struct stretch *st, int shorter);

/* RT. Takes a frame out; one must be there. `shorter`: samples that should be
 * left out in the long run, below zero: played again. Frames below `quiet`
 * (mean square of a sample) are changed freely. Returns the samples left out,
 * below zero when played again. */
int stretch_pull(struct stretch *st, int shorter, float quiet, int16_t *pcm_r);

#endif
