/* jitter - one talker's packets, put in order and paced to the tick.
 *
 * SpeexDSP's jitter buffer orders them, gives up what is past, and hands out
 * what is due along a line in units of half a millisecond, of which all Opus
 * packets last a whole number. Around it is what it lacks: a packet pool (its
 * own allocates at each put, and leaks what comes too late), extended
 * timestamps, pauses told from loss, refusal of what is off the line.
 *
 * The line moves only when it is asked, and by as much: SpeexDSP's adjustment
 * of the delay is off. That comes in jumps of a frame, and first when packets
 * were already too late. jitter_tick() says by how many samples the delay
 * should change, and the voice does it by time-scaling (mixer/stretch.h), so
 * that nothing is cut out of what waits.
 *
 * The delay covers the lateness that is usual on the path (mixer/transit.h)
 * and some milliseconds more, so that drifting clocks are followed before a
 * tick is missed. On a path that loses packets it covers one frame more: the
 * packet whose in-band FEC describes a lost one is there when it is needed.
 *
 * A packet that is not there in its tick may be late or lost. The line stands
 * still until more is known: a late packet is still played, and the delay has
 * grown by what was concealed; a lost one was concealed already.
 *
 * In each tick: jitter_get() until the caller has 20 ms, then jitter_tick().
 * Created and destroyed by the control thread, used by one media thread. */
#ifndef MIXER_JITTER_H
#define MIXER_JITTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JITTER_MAX_PAYLOAD 1276 /* bytes: the largest Opus frame, RFC 6716 */
#define JITTER_TICK	   960	/* 1/48000 s */

struct jitter;

struct jitter_config {
	int min_ms; /* delay that is always kept, 0 to 200; 0 adds none */
	/* What has waited for longer is dropped, 60 to 1000. Memory is kept
	 * for packets of 10 ms and 128 kb/s for so long. */
	int max_ms;
};

struct jitter_report {
	uint64_t put, late, duplicate, overflow; /* packets */
	uint64_t played, missing;		 /* packets */
	uint64_t last; /* sequence of the newest packet played */
	int delay_ms;  /* beyond that of the fastest packet */
};

enum jitter_result {
	JITTER_PACKET,	/* the frame holds the packet to decode */
	JITTER_FEC,	/* lost; the frame holds the NEXT packet, whose
			 * in-band FEC describes it (RFC 6716 2.1.7) */
	JITTER_LOST,	/* lost or late: conceal it */
	JITTER_SILENCE, /* nothing expected: not started, or DTX pause */
};

struct jitter_frame {
	const uint8_t *payload; /* valid until the next put */
	size_t size;		/* bytes */
	unsigned samples;	/* what this step covers, 1/48000 s */
};

/* On success the caller owns *jit_r. Returns 0, -EINVAL or -ENOMEM. */
int jitter_create(struct jitter **jit_r, const struct jitter_config *cfg);
void jitter_destroy(struct jitter **jitp);

/* RT. The packets that follow came `since` samples after the last tick. Who
 * never calls this gets a delay in whole ticks, and no notice of drift. */
void jitter_clock(struct jitter *jit, unsigned since);

/* RT. Copies one packet in. timestamp is extended, in 1/48000 s; samples is
 * the packet's length, 120 to 5760, a multiple of 120. Late, doubled and
 * surplus packets are counted, not kept. A time line that jumps while the
 * sequence goes on is followed at once; one that jumps with it, from its second
 * packet on. Returns 0, -ESTALE, -EEXIST, -ENOBUFS or -EMSGSIZE. */
int jitter_put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       unsigned samples, const uint8_t *payload, size_t size);

/* RT. The next step. At least `want` samples (1 to 960) are missing in this
 * tick: any step may bring more or fewer. All steps are whole multiples of
 * 120, but a packet's. */
enum jitter_result jitter_get(struct jitter *jit, unsigned want,
			      struct jitter_frame *frame_r);

/* RT. Whether the next step will be a packet: one that the caller may take
 * before its time, when the delay is to become shorter. */
bool jitter_ready(const struct jitter *jit);

/* RT. Ends the tick: `left` samples of what was got wait at the caller for
 * the next one. Returns by how many samples the delay should become shorter,
 * or longer when it is below zero: of what is played next, so many should be
 * left out or made up. */
int jitter_tick(struct jitter *jit, unsigned left);

/* RT. Forgets all packets and timing: a new sender. Counters run on. */
void jitter_reset(struct jitter *jit);

/* RT. */
void jitter_report(const struct jitter *jit, struct jitter_report *rep_r);

#endif
