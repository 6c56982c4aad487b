/* runaway - a decoder of Opus' speech modes that grows without end.
 *
 * A steady sound of two tones is coded with a long-term prediction whose gain
 * is about one. A decoder that missed a packet or a pause is not where the
 * encoder is, and with such a sound the difference does not die away but grows,
 * to full scale within half a second (seen with libopus 1.3.1). A decoder
 * that begins anew has nothing that could grow.
 *
 * So: for five seconds after a gap, a packet that decodes to 9 dB more than the
 * loudest of the last ten seconds of sound is decoded again by a decoder that
 * begins anew, and that is what is heard. Who just speaks up is as loud again.
 * Where packets are lost all the time that watch never ends: the loudest then
 * follows what is heard up to what was known before, so that it neither grows
 * with the error nor sinks below a healthy voice.
 *
 * Embedded in its owner, RT. */
#ifndef MIXER_RUNAWAY_H
#define MIXER_RUNAWAY_H

#include <stdbool.h>

struct runaway {
	float loudest;	/* dBov, sinks slowly */
	float known;	/* the same, when a packet was last believed */
	unsigned heard; /* packets, up to what is needed to know anything */
	unsigned watch; /* packets until a gap is forgotten */
};

void runaway_reset(struct runaway *run);

/* A packet was concealed, or a pause has begun, or a decoder begins anew. */
void runaway_gap(struct runaway *run);

/* The level in dBov above which something is wrong: far above all that there
 * can be, while nothing is known or the last gap is long ago. */
float runaway_limit(const struct runaway *run);

/* A packet came out at this level. `anew`: of a decoder that began anew. Only
 * that, and what is long after any gap, is believed to be loud: growth is
 * gradual. */
void runaway_hear(struct runaway *run, float dbov, bool anew);

#endif
