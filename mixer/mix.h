/* mix - what every participant of one room on one worker hears.
 *
 * A leg is one participant's place. Once per 20 ms tick the voices of those
 * who talk are decoded and summed in int32, and each leg hears the sum less
 * exactly its own voice, limited, encoded. Who listens costs nothing in a
 * tick: all listeners of a class hear one encoded stream (mixer/audience.h).
 *
 * At most `talkers` are heard at once (mixer/talkers.h). Voices and encoders
 * for them belong to the mix. A peer that sends audio levels (RFC 6464) is
 * asked before its packets are decrypted, and has a voice while it talks; one
 * that sends none has a voice of its own, and is decoded to be ranked. What a
 * header says is held against the sound: who claims 12 dB more than he says
 * (or less: to hide) is believed no more for a while, each time for longer,
 * and is ranked by what was heard of him.
 *
 * Delay on a clean path: until the next tick (0 to 20 ms), 1 ms limiter and
 * 2.5 ms encoder. Legs whose peer reports 3 % of loss or more are encoded in
 * Opus' speech modes with in-band FEC instead (6.5 ms), until it is 1 %; who
 * still loses 10 % and more for many seconds gets 16 kbit/s.
 *
 * Silence is neither encoded nor sent.
 *
 * Created and destroyed by the control thread, used by one media worker. A
 * frame is 960 samples at 48 kHz of each channel. */
#ifndef MIXER_MIX_H
#define MIXER_MIX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/clip.h"
#include "mixer/jitter.h"
#include "mixer/tap.h"

#define MIX_RATE	48000
#define MIX_FRAME	960
#define MIX_MAX_TALKERS 64
#define MIX_MAX_GAIN	4.0f /* 12 dB */

struct mix;
struct mix_leg;

struct mix_config {
	unsigned capacity;	     /* legs, at least 1 */
	unsigned talkers;	     /* heard at once, 0: everybody who talks */
	int bitrate;		     /* bit/s of the encoders, 6000 to 510000 */
	int complexity;		     /* of the encoders, 0 to 10 */
	int channels;		     /* 1, or 2: a stereo room */
	bool denoise;		     /* each talker's voice, see denoise.h */
	bool agc;		     /* the same, see agc.h */
	struct jitter_config jitter; /* of talkers' voices; min_ms 0: no delay
				      * on a clean path */
};

struct mix_leg_config {
	bool sends;	   /* may be heard */
	bool receives;	   /* hears */
	bool level_header; /* the peer sends levels: no voice of its own */
	bool everybody;	   /* for a mix of talkers 0: brings its own voice and
			    * encoder, whatever the peer sends */
	int bitrate;	   /* bit/s that the peer can take; 0: any */
	int loss_expected; /* percent at the start, 0: clean */
	uint32_t track;	   /* of a recording; 0: only in the mix */
	/* Of a voice and an encoder of its own: as the mix has them. */
	struct jitter_config jitter;
	int channels;
	bool denoise;
};

struct mix_leg_report {
	struct jitter_report jitter;
	uint64_t concealed;   /* frames: PLC, not FEC */
	uint64_t recovered;   /* frames: from in-band FEC */
	uint64_t undecodable; /* packets that Opus refused */
	uint64_t unranked;    /* packets that nobody would have heard */
	uint64_t skipped;     /* frames not decoded, while it had to wait */
	float level_dbov;     /* of the last frame heard from it, -127..0 */
	float peak_dbov;      /* largest since the last report was taken */
	bool talking;	      /* level above -50 dBov, with hangover */
	bool audible;	      /* has a seat: is heard */
	bool distrusted;      /* its level header was found false */
};

/* What load shedding takes away; zeros take nothing. */
struct mix_effort {
	int complexity; /* at most this one; 0: as configured */
	bool no_denoise;
	unsigned talkers; /* at most so many are heard; 0: as configured */
};

/* On success the caller owns *leg_r. Returns 0, -EINVAL or -ENOMEM. */
int mix_leg_create(struct mix_leg **leg_r, const struct mix_leg_config *cfg);

/* Accepts NULL and half-built objects; sets *legp to NULL. */
void mix_leg_destroy(struct mix_leg **legp);

/* RT. Before a packet is decrypted: the level its header claims, -127 to 0
 * dBov, or LEVEL_NONE
 * (mixer/level.h). False: it need not be decrypted, nobody would hear
 * it. What is true must be followed by mix_leg_put() once it has proved
 * authentic, and only that lets the claim count: a forger can move the meter of
 * somebody who is not heard, and take no seat and no voice. */
bool mix_leg_rank(struct mix_leg *leg, int level_dbov);

/* RT. When the packets that follow came: samples after the last tick. It is
 * how drifting clocks are noticed before a packet comes too late; see
 * jitter_clock(). */
void mix_leg_clock(struct mix_leg *leg, unsigned since);

/* RT. One received Opus packet of 2.5 to 120 ms, mono or stereo, whatever
 * its bytes; see jitter_put(). -EBADMSG when it is not Opus, -EBUSY when
 * nobody would hear it, -EPERM when the leg does not send. */
int mix_leg_put(struct mix_leg *leg, uint64_t sequence, uint64_t timestamp,
		const uint8_t *payload, size_t size);

/* RT. What comes from now on is another sender's: the old one's packets and
 * timing are forgotten. */
void mix_leg_restart(struct mix_leg *leg);

/* RT. Nobody hears a muted leg, and it takes no seat; its level is still
 * shown, from the header if there is one. It goes silent and comes back
 * without a click. */
void mix_leg_set_muted(struct mix_leg *leg, bool muted);

/* RT. Whether its sound is among that which the whole of a cascaded room
 * hears (bridge/gate/hub.h); at first it is. While not, it takes no seat, but
 * goes on being ranked and, without a level header, decoded. */
void mix_leg_set_chosen(struct mix_leg *leg, bool chosen);

/* RT. It has a seat whenever it speaks, however loud others are. */
void mix_leg_set_must(struct mix_leg *leg, bool must);

/* RT. What the level of its newest authentic packet is worth, -127 to 0 dBov:
 * itself, or where its headers were found false, or there are none, what was
 * heard of it. LEVEL_SILENCE while it is muted. */
float mix_leg_worth(const struct mix_leg *leg, int level_dbov);

/* RT. How loud the others hear it: 1 is as it came, at most MIX_MAX_GAIN,
 * with what AGC adds too. It is reached without a click. With 0 it is as if
 * muted. */
void mix_leg_set_gain(struct mix_leg *leg, float gain);
/* RT. The same; 0 while it is muted. */
float mix_leg_gain(const struct mix_leg *leg);

/* RT. Percent of our packets that the peer says it lost; once for each of its
 * reports. Chooses its class, and how much FEC that has. */
void mix_leg_set_loss(struct mix_leg *leg, int percent);

/* RT. After mix_tick(): the leg's packet for this tick. The payload stays
 * valid until the next tick, and is the same one for all that hear the same.
 * Returns its size, 0 when there is nothing to send (DTX). */
size_t mix_leg_packet(const struct mix_leg *leg, const uint8_t **payload_r);

/* RT. The level of the newest frame heard from it, -127 to 0 dBov. */
float mix_leg_level(const struct mix_leg *leg);

/* RT. A copy of the statistics; taking it restarts the peak. */
void mix_leg_report(struct mix_leg *leg, struct mix_leg_report *rep_r);

/* Returns 0, -EINVAL or -ENOMEM. */
int mix_create(struct mix **mix_r, const struct mix_config *cfg);

/* The legs are not the mix's: all must have left. */
void mix_destroy(struct mix **mixp);

/* RT. Returns 0, -ENOSPC, -EBUSY when the leg is in a mix, or -EINVAL when
 * the mix needs legs that bring everything (`everybody`). */
int mix_join(struct mix *mix, struct mix_leg *leg);
/* RT. Its voice fades out. A leg that is not in the mix is left alone. */
void mix_leave(struct mix *mix, struct mix_leg *leg);

/* RT. */
void mix_set_effort(struct mix *mix, const struct mix_effort *effort);

/* RT. Until the next one, or NULL, takes its place, each tick goes there too:
 * the mix, and who is heard in it as his track. The one before is closed. */
void mix_set_tap(struct mix *mix, struct tap *tap);
/* RT. Before each tick, for the tap: see tap_begin(). */
void mix_clock(struct mix *mix, uint64_t now_us, unsigned missed);

/* RT. All hear it, beside who talks; NULL: nothing. It stays the caller's, who
 * looks after each tick whether it is over. */
void mix_set_clip(struct mix *mix, struct clip *clip);

/* RT. One 20 ms step for all legs. */
void mix_tick(struct mix *mix);

#endif
