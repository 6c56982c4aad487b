/* trunk_wire - what an RTP packet of a trunk holds: entries, one behind the
 * other, each with its kind and its size, so that a reader passes over kinds
 * that it does not know (docs/trunk.md, "Entries"). Reads and writes bytes;
 * keeps no state. RT, all of it. */
#ifndef GATE_TRUNK_WIRE_H
#define GATE_TRUNK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of a packet's entries: with RTP, SRTP, UDP and IPv6 around them less
 * than an Ethernet frame. */
#define TRUNK_MAX_PAYLOAD    1400
#define TRUNK_ENTRY_HEADER   4
#define TRUNK_SOUND_HEADER   21 /* bytes of a sound before its Opus packet */
#define TRUNK_MESSAGE_HEADER 13 /* the same before a message's text */
#define TRUNK_VOLUME_UNITY   64 /* in trunk_sound.volume: as it came */

enum trunk_entry_kind {
	TRUNK_SOUND = 1,
	TRUNK_VERDICT,
	TRUNK_LEAVE,
	TRUNK_MESSAGE,
	TRUNK_ACK,
};

enum trunk_entry_flags {
	TRUNK_REPEATED = 1, /* the packet before had it */
	TRUNK_MUST = 2,	    /* a sound that must be heard */
};

struct trunk_entry {
	uint8_t kind, flags;
	const uint8_t *data; /* into the packet */
	size_t size;
};

struct trunk_reader {
	const uint8_t *at;
	size_t left;
	bool broken; /* an entry was longer than the packet */
};

/* One Opus packet as its talker sent it. */
struct trunk_sound {
	uint8_t flags;
	uint32_t origin;
	uint16_t generation; /* grows where sequence and timestamp start over */
	uint8_t hops;	     /* trunks that it has gone over */
	uint8_t level;	     /* 0 to 127: dBov below 0, RFC 6464 */
	uint8_t volume;	     /* in 1/TRUNK_VOLUME_UNITY of what it was */
	uint32_t sequence, timestamp; /* of its RTP, the latter in 1/48000 s */
	uint32_t captured; /* us of the wall clock, when its first hub had it */
	const uint8_t *opus;
	size_t opus_size;
};

struct trunk_message {
	uint32_t id;
	uint32_t to, from; /* hubs; to 0: all */
	uint8_t hops;
	const uint8_t *text;
	size_t size;
};

/* False at the end, or where what is left is no entry. */
bool trunk_read(struct trunk_reader *rd, struct trunk_entry *ent_r);

/* Each returns 0 or -EBADMSG. */
int trunk_decode_sound(struct trunk_sound *snd_r,
		       const struct trunk_entry *ent);
int trunk_decode_message(struct trunk_message *msg_r,
			 const struct trunk_entry *ent);
int trunk_decode_ack(uint32_t *id_r, const struct trunk_entry *ent);
/* How many origins, or -EBADMSG; origin_r[] is for `max` of them. root_r: the
 * hub whose verdict it is, 0: nobody's. */
int trunk_decode_verdict(uint32_t *root_r, uint32_t *origins_r, unsigned max,
			 const struct trunk_entry *ent);

/* Each returns bytes written, or 0 where cap has no room. */
size_t trunk_encode_sound(const struct trunk_sound *snd, uint8_t *buf,
			  size_t cap);
size_t trunk_encode_message(const struct trunk_message *msg, uint8_t *buf,
			    size_t cap);
size_t trunk_encode_ack(uint32_t id, uint8_t *buf, size_t cap);
size_t trunk_encode_verdict(uint32_t root, const uint32_t *origins, unsigned n,
			    uint8_t *buf, size_t cap);
size_t trunk_encode_leave(uint8_t *buf, size_t cap);

/* Marks each of the entries in buf as repeated. */
void trunk_mark_repeated(uint8_t *buf, size_t size);

#endif
