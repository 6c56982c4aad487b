/* mix - what every participant of one room on one worker hears.
 *
 * A leg is one participant's place: a voice (mixer/voice.h) for what comes
 * in, a feed for what goes out. Once per 20 ms tick each leg is decoded once,
 * summed in int32, and each leg hears the sum less exactly its own voice,
 * limited, encoded.
 *
 * All who are silent hear the same, and it is encoded once for all of them
 * that have the same encoder configuration. Who begins to speak goes on with
 * a copy of that encoder's state, and returns when he is silent again: no
 * seam is heard, and a room costs little more than its talkers.
 *
 * A voice below -65 dBov for 400 ms is left out of the sum: a room of open
 * microphones does not add up to noise. While nobody speaks nothing is sent.
 *
 * Delay on a clean path: until the next tick (0 to 20 ms), 1 ms limiter and
 * 2.5 ms encoder. Legs whose peer reports 3 % of loss or more are encoded in
 * Opus' speech modes with in-band FEC instead (6.5 ms), until it is 1 %.
 *
 * Created and destroyed by the control thread, used by one media worker.
 * 48 kHz mono, 960 samples a frame. */
#ifndef MIXER_MIX_H
#define MIXER_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/jitter.h"

#define MIX_RATE  48000
#define MIX_FRAME 960

struct mix;
struct mix_leg;

struct mix_leg_config {
	struct jitter_config jitter; /* min_ms 0: no delay on a clean path */
	int bitrate;		     /* bit/s of the encoder, 6000 to 510000 */
	int complexity;		     /* 0 to 10 */
	int loss_expected;	     /* percent at the start, 0: clean */
};

struct mix_leg_report {
	struct jitter_report jitter;
	uint64_t concealed;   /* frames: PLC, not FEC */
	uint64_t recovered;   /* frames: from in-band FEC */
	uint64_t undecodable; /* packets that Opus refused */
	float level_dbov;     /* of the last frame heard from it, -127..0 */
	float peak_dbov;      /* largest since the last report was taken */
	bool talking;	      /* level above -50 dBov, with hangover */
};

/* On success the caller owns *leg_r. Returns 0, -EINVAL or -ENOMEM. */
int mix_leg_create(struct mix_leg **leg_r, const struct mix_leg_config *cfg);

/* Accepts NULL and half-built objects; sets *legp to NULL. */
void mix_leg_destroy(struct mix_leg **legp);

/* RT. When the packets that follow came: samples after the last tick. It is
 * how drifting clocks are noticed before a packet comes too late; see
 * jitter_clock(). */
void mix_leg_clock(struct mix_leg *leg, unsigned since);

/* RT. One received Opus packet of 2.5 to 120 ms, mono or stereo, whatever
 * its bytes; see jitter_put(). -EBADMSG when it is not Opus. */
int mix_leg_put(struct mix_leg *leg, uint64_t sequence, uint64_t timestamp,
		const uint8_t *payload, size_t size);

/* RT. What comes from now on is another sender's: the old one's packets and
 * timing are forgotten. */
void mix_leg_restart(struct mix_leg *leg);

/* RT. A muted leg is decoded (its level is still shown) but nobody hears
 * it; it goes silent and comes back over one frame, without a click. */
void mix_leg_set_muted(struct mix_leg *leg, bool muted);

/* RT. Percent of our packets that the peer says it lost: more FEC. */
void mix_leg_set_loss(struct mix_leg *leg, int percent);

/* RT. After mix_tick(): the leg's packet for this tick. The payload stays
 * valid until the next tick. Returns its size, 0 when there is nothing to
 * send (DTX). */
size_t mix_leg_packet(const struct mix_leg *leg, const uint8_t **payload_r);

/* RT. Level of the newest frame heard from it, dBov, -127 to 0. */
float mix_leg_level(const struct mix_leg *leg);

/* RT. A copy of the statistics; taking it restarts the peak. */
void mix_leg_report(struct mix_leg *leg, struct mix_leg_report *rep_r);

/* A mix for up to `capacity` legs. Returns 0, -EINVAL or -ENOMEM. */
int mix_create(struct mix **mix_r, unsigned capacity);

/* The legs are not the mix's: all must have left. */
void mix_destroy(struct mix **mixp);

/* RT. Returns 0, -ENOSPC, or -EBUSY when the leg is in a mix. */
int mix_join(struct mix *mix, struct mix_leg *leg);
/* RT. Its voice fades out over one frame. A leg that is not in the mix is left
 * alone. */
void mix_leave(struct mix *mix, struct mix_leg *leg);

/* RT. One 20 ms step for all legs. */
void mix_tick(struct mix *mix);

#endif
