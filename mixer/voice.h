/* voice - one talker: Opus packets in, in any order and at any time; 20 ms of
 * sound out in each tick, whatever the network did.
 *
 * A lost frame is made from the next packet's in-band FEC when that packet is
 * there, else concealed: whole for 20 ms, and faded into comfort noise
 * (mixer/comfort.h) by 60 ms. A pause (DTX) becomes such noise at once. Both
 * ends of a gap are ramps, and concealment goes on for 5 ms under what follows
 * it: no clicks. The delay is changed by time-scaling
 * (mixer/stretch.h).
 *
 * Created and destroyed by the control thread, used by one media thread. The
 * mixer has some for its talkers, a caller has one for what the bridge sends.
 */
#ifndef MIXER_VOICE_H
#define MIXER_VOICE_H

#include <stddef.h>
#include <stdint.h>

#include "mixer/jitter.h"

#define VOICE_FRAME 960 /* samples: 20 ms at 48 kHz, mono */

struct voice;

struct voice_report {
	struct jitter_report jitter;
	uint64_t concealed;   /* frames: PLC, not FEC */
	uint64_t recovered;   /* frames: from in-band FEC */
	uint64_t undecodable; /* packets that Opus refused */
	uint64_t restarts;    /* of a decoder that ran away (mixer/runaway.h) */
	uint64_t shortened;   /* samples left out by time-scaling */
	uint64_t lengthened;  /* samples played again by it */
	unsigned waiting;     /* samples decoded and not yet pulled */
};

/* On success the caller owns *voice_r. Returns 0, -EINVAL or -ENOMEM. */
int voice_create(struct voice **voice_r, const struct jitter_config *cfg);

/* Accepts NULL and half-built objects; sets *voicep to NULL. */
void voice_destroy(struct voice **voicep);

/* RT. When the packets that follow came: samples after the last pull; see
 * jitter_clock(). */
void voice_clock(struct voice *voice, unsigned since);

/* RT. One received Opus packet of 2.5 to 120 ms, mono or stereo, see
 * jitter_put(). Returns as that does, and -EBADMSG when it is not Opus. */
int voice_put(struct voice *voice, uint64_t sequence, uint64_t timestamp,
	      const uint8_t *payload, size_t size);

/* RT. The next VOICE_FRAME samples; once in each tick. Returns the level of
 * the talker's own sound in dBov (mixer/level.h): a frame that is nothing but
 * comfort noise counts as silent, so that a mixer may leave it out. */
float voice_pull(struct voice *voice, int16_t *pcm_r);

/* RT. Instead of voice_pull(), for a talker whom nobody hears: time goes on and
 * packets are taken, but not decoded. The first two frames that are pulled
 * after it are not quite what was said. */
void voice_skip(struct voice *voice);

/* RT. As new, for another sender: packets, timing, decoder, background. The
 * counters run on. */
void voice_reset(struct voice *voice);

/* RT. */
void voice_report(const struct voice *voice, struct voice_report *rep_r);

#endif
