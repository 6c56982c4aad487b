/* inlet - where one talker enters the sum: his voice, decoded once in each
 * tick, and the part that it is of the sum.
 *
 * A mix has some, for whoever talks; who sends no levels, or is in a room in
 * which everybody is heard, has his own. Created and destroyed by the control
 * thread, used by one media worker; inside mixer/ only. */
#ifndef MIXER_INLET_H
#define MIXER_INLET_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/denoise.h"
#include "mixer/sum.h"
#include "mixer/voice.h"

struct mix_leg;

struct inlet_config {
	struct jitter_config jitter;
	int channels; /* of the sum, 1 or 2 */
	bool denoise;
};

struct inlet {
	struct voice *voice;	 /* {const} */
	struct denoise *denoise; /* {const} NULL: never */
	int channels;		 /* {const} of the sum */
	struct mix_leg *leg;	 /* who speaks here, or NULL */
	unsigned at;		 /* its place in the mix's list */
	struct sum_gain gain;	 /* at the end of part; {0, 0}: unheard */
	bool sounding;		 /* part is in the sum of this tick */
	int16_t pcm[VOICE_FRAME];
	int32_t part[2 * VOICE_FRAME]; /* as it is in the sum */
};

/* Returns 0, -EINVAL or -ENOMEM. */
int inlet_create(struct inlet **in_r, const struct inlet_config *cfg);
/* Accepts NULL and half-built objects; sets *inp to NULL. */
void inlet_destroy(struct inlet **inp);

/* RT. Nobody is here, and nothing is left of who was. */
void inlet_clear(struct inlet *in);

/* RT. Decodes the next frame; with `denoise`, and where it was created for it,
 * without its steady noise. Returns the level of what came, in dBov. */
float inlet_pull(struct inlet *in, bool denoise);

/* RT. Makes `part` of that frame, whose gain comes to `to` within 10 ms:
 * no click. `sounding` tells whether there is anything in it. */
void inlet_mix(struct inlet *in, struct sum_gain to);

#endif
