/* comfort - noise in place of a talker whose sound is missing, like the
 * background that he was heard with: a pause is no dead line, and a loss no
 * hole.
 *
 * Level and colour are those of the quietest frame of the last two to four
 * seconds (minimum statistics), so that the noise is never louder than what
 * was measured. The colour is one pole, from the correlation of neighbouring
 * samples. Where the quietest frame is louder than -40 dBov no background was
 * heard, and where it is below -80 dBov none is worth hearing: then, and for
 * who is digitally silent, the noise is silence.
 *
 * Embedded in its owner, used by one thread. 48 kHz mono. */
#ifndef MIXER_COMFORT_H
#define MIXER_COMFORT_H

#include <stddef.h>
#include <stdint.h>

struct comfort_background {
	float power;  /* mean square of a sample */
	float colour; /* pole of the filter, 0..1 */
};

struct comfort {
	/* The quietest frame of this window and of the one before. */
	struct comfort_background now, before;
	unsigned frames; /* in this window */
	float last;	 /* out of the filter */
	uint32_t random;
};

/* RT. Nothing was heard yet: silence. */
void comfort_reset(struct comfort *com);

/* RT. A frame of 2.5 to 120 ms that the talker really sent. */
void comfort_learn(struct comfort *com, const int16_t *pcm, size_t n);

/* RT. Mean square of the noise, 0 for silence. */
float comfort_power(const struct comfort *com);

/* RT. n samples: what is in pcm by a gain that runs from `from` to `to`
 * (0..1), and noise where that is not whole. */
void comfort_fade(struct comfort *com, int16_t *pcm, size_t n, float from,
		  float to);

#endif
