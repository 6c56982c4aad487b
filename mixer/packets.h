/* packets - the packets of one talker that wait to be played, by time.
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
	size_t at;	  /* of the bytes in the ring; set by packets_add() */
};

struct packets {
	struct packet *list; /* by time */
	uint8_t *ring;
	unsigned n, cap;
	size_t bytes; /* {const} in ring */
	size_t next;  /* where the next packet's bytes go */
};

/* For up to `cap` packets of `bytes` together. Returns 0 or -ENOMEM. */
int packets_init(struct packets *pkts, unsigned cap, size_t bytes);
void packets_fini(struct packets *pkts);

/* RT. Copies a packet in. Returns 0, or -ENOBUFS when there is no room. */
int packets_add(struct packets *pkts, const struct packet *pkt,
		const uint8_t *payload);

/* RT. The packet that is played first, or NULL. Valid until the next call
 * that changes something. */
const struct packet *packets_first(const struct packets *pkts);

/* RT. Takes the first one out. Its bytes stay until the next add. */
void packets_drop(struct packets *pkts);
void packets_clear(struct packets *pkts);

/* RT. The bytes of a packet. */
const uint8_t *packets_payload(const struct packets *pkts,
			       const struct packet *pkt);

#endif
