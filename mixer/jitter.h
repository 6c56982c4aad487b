/* jitter - one talker's packets, put in order and paced to the tick.
 *
 * SpeexDSP's jitter buffer, with what it lacks: a packet pool of our own (its
 * default allocates on each put and leaks what is too late), extended
 * timestamps, pauses told from loss, refusal of what is off the time line,
 * and a memory of 2 s instead of 20. It runs in units of half a millisecond:
 * in 48 kHz units a spike of 683 ms overflows its 16-bit timings for good.
 *
 * Delay follows the network up at once and comes down again within 3 s, in
 * quiet frames if there are any. It moves in steps of 20 ms. On a path that
 * loses packets it keeps one frame more, so that the packet whose in-band FEC
 * describes a lost one is there when it is needed.
 *
 * In each tick: jitter_get() until the caller has 20 ms, then jitter_tick().
 * Created and destroyed by the control thread, used by one media thread. */
#ifndef MIXER_JITTER_H
#define MIXER_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JITTER_MAX_PAYLOAD 1276 /* bytes: the largest Opus frame, RFC 6716 */

struct jitter;

struct jitter_config {
	int min_ms; /* delay that is always kept, 0 to 200; 0 adds none */
	int max_ms; /* what is later than this is dropped, 60 to 1000 */
};

struct jitter_report {
	uint64_t put, late, duplicate, overflow; /* packets */
	uint64_t played, missing;		 /* frames; a pause is none */
	uint64_t last; /* sequence of the newest packet played */
	int delay_ms;  /* kept at this moment */
};

enum jitter_result {
	JITTER_PACKET,	/* the frame holds the packet to decode */
	JITTER_FEC,	/* lost; the frame holds the NEXT packet, whose
			 * in-band FEC describes it (RFC 6716 2.1.7) */
	JITTER_LOST,	/* lost: conceal it */
	JITTER_SILENCE, /* nothing expected: not started, or DTX pause */
};

struct jitter_frame {
	const uint8_t *payload; /* valid until the next get or put */
	size_t size;		/* bytes */
	unsigned samples;	/* what this step covers, 1/48000 s */
	unsigned skip;		/* of them, at the head: already too late */
};

/* On success the caller owns *jit_r. Returns 0, -EINVAL or -ENOMEM. */
int jitter_create(struct jitter **jit_r, const struct jitter_config *cfg);
void jitter_destroy(struct jitter **jitp);

/* RT. Copies one packet in. timestamp is extended, in 1/48000 s; samples is
 * the packet's length, 120 to 5760. Late, doubled and surplus packets are
 * counted, not kept. A time line that jumps is followed after 80 ms. Returns 0,
 * -ESTALE, -EEXIST, -ENOBUFS or -EMSGSIZE. */
int jitter_put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       unsigned samples, const uint8_t *payload, size_t size);

/* RT. The next step. `want` samples (a multiple of 120, at most 960) are
 * missing in this tick: JITTER_PACKET may bring more or fewer, all others
 * cover exactly so much. */
enum jitter_result jitter_get(struct jitter *jit, unsigned want,
			      struct jitter_frame *frame_r);

/* RT. Ends the tick: `left` samples of what was got wait at the caller for
 * the next one. `quiet`: this is a good moment to shorten the delay. */
void jitter_tick(struct jitter *jit, unsigned left, bool quiet);

/* RT. Forgets all packets and timing: a new sender. */
void jitter_reset(struct jitter *jit);

/* RT. */
void jitter_report(const struct jitter *jit, struct jitter_report *rep_r);

#endif
