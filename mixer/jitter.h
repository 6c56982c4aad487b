/* jitter - one talker's packets, put in order and paced to 20 ms frames.
 *
 * SpeexDSP's jitter buffer in millisecond units on extended timestamps, with
 * a packet pool of our own: its default allocates on each put, and in 48 kHz
 * units a spike of 683 ms overflows its 16-bit timings for good. Delay
 * follows the network up at once and comes down again within 3 s.
 *
 * Created and destroyed by the control thread, used by one media thread. */
#ifndef MIXER_JITTER_H
#define MIXER_JITTER_H

#include <stddef.h>
#include <stdint.h>

#define JITTER_MAX_PAYLOAD 1276 /* bytes: the largest Opus frame, RFC 6716 */

struct jitter;

struct jitter_config {
	int min_ms; /* delay that is always kept, 0 to 200 */
	int max_ms; /* what is later than this is dropped, 60 to 1000 */
};

struct jitter_report {
	uint64_t put, late, duplicate, overflow; /* packets */
	uint64_t played, missing;		 /* frames */
	int delay_ms;				 /* kept at this moment */
};

enum jitter_result {
	JITTER_PACKET,	/* payload_r holds the frame to decode */
	JITTER_FEC,	/* the frame is lost, payload_r is the NEXT packet,
			 * whose in-band FEC describes it (RFC 6716 2.1.7) */
	JITTER_LOST,	/* lost: conceal it */
	JITTER_SILENCE, /* nothing expected: not started, or DTX pause */
};

/* On success the caller owns *jit_r. Returns 0, -EINVAL or -ENOMEM. */
int jitter_create(struct jitter **jit_r, const struct jitter_config *cfg);
void jitter_destroy(struct jitter **jitp);

/* RT. Copies one packet in. timestamp is extended, in 1/48000 s; samples is
 * the packet's length. Late, doubled and surplus packets are counted, not
 * kept. Returns 0, -ESTALE, -EEXIST, -ENOBUFS or -EMSGSIZE. */
int jitter_put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       unsigned samples, const uint8_t *payload, size_t size);

/* RT. The next 20 ms; once for each tick. The payload stays valid until the
 * next call. */
enum jitter_result jitter_get(struct jitter *jit, const uint8_t **payload_r,
			      size_t *size_r);

/* RT. Forgets all packets and timing: a new sender, or a muted one. */
void jitter_reset(struct jitter *jit);

/* RT. */
void jitter_report(const struct jitter *jit, struct jitter_report *rep_r);

#endif
