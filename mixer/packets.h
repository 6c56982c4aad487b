/* packets - the packets of one talker that wait to be played: where they lie,
 * in no order. Each is given back by itself.
 *
 * Their bytes lie in one ring, so that a voice needs memory for what packets
 * are, not for what they could be at most. Nothing is allocated after init.
 * Made by the control thread, used by one media thread. */
#ifndef MIXER_PACKETS_H
#define MIXER_PACKETS_H

#include <stddef.h>
#include <stdint.h>

struct packet {
	uint64_t sequence;
	int64_t time;	  /* 1/48000 s, on the line of its owner */
	unsigned samples; /* 1/48000 s that it lasts */
	unsigned size;	  /* bytes */

	/* Set by packets_add(). */
	struct packets *pool; /* NULL: a free slot */
	size_t at;	      /* of the bytes in the ring */
};

struct packets {
	struct packet *slots;
	uint8_t *ring;
	unsigned n, cap; /* slots taken; {const} in all */
	size_t bytes;	 /* {const} in ring */
	size_t next;	 /* where the next packet's bytes go */
};

/* For up to `cap` packets of `bytes` together. Returns 0 or -ENOMEM. */
int packets_init(struct packets *pkts, unsigned cap, size_t bytes);
void packets_fini(struct packets *pkts);

/* RT. Copies a packet in. Returns where it stays until it is freed, or NULL
 * when there is no room. */
struct packet *packets_add(struct packets *pkts, const struct packet *pkt,
			   const uint8_t *payload);

/* RT. Gives one back. Its bytes stay until the next add. */
void packets_free(struct packet *pkt);

/* RT. Of the packets that end after `time` the one that begins first, of
 * several the longest, or NULL. */
const struct packet *packets_from(const struct packets *pkts, int64_t time);

/* RT. The bytes of a packet. */
const uint8_t *packets_payload(const struct packet *pkt);

#endif
