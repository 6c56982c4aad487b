/* members - who takes part in a run, and what each of them got.
 *
 * The plan comes on stdin, one line for each member in the order of their
 * addresses, ended by a line "go":
 *
 *   ROOM PORT VOICE LEVEL-ID EXPECTS EAR [SEND-KEY RECEIVE-KEY]
 *
 * PORT is the server's for this member; VOICE a number of voices.h or - for
 * one who sends nothing; LEVEL-ID the RFC 8285 id of the level header, 0 for
 * none; EXPECTS 1 when somebody else talks in the room, so that a mix is due
 * every 20 ms; EAR 1 when the mix is decoded and listened to; the keys, in
 * hexadecimal, are SRTP's (AEAD_AES_128_GCM, RFC 7714). */
#ifndef BENCH_MEMBERS_H
#define BENCH_MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ear;
struct srtp_cipher;

#define MEMBERS_KEY 28 /* bytes: key and salt */

struct member {
	unsigned room;
	uint16_t port;
	int voice; /* -1: sends nothing */
	uint8_t level_id;
	bool expects;
	struct ear *ear; /* NULL: only counted */
	/* NULL: in the clear. Receives: only with an ear. */
	struct srtp_cipher *send, *receive;
	int64_t *sent_at; /* one who bursts: ns of each frame of the run */

	uint32_t ssrc, timestamp;
	uint16_t sequence; /* far from its wrap, in the time of a run */
	unsigned frame;	   /* of the run, 20 ms each */
	unsigned start;	   /* frame of the voice that it began with */

	int64_t last_ns; /* arrival of the newest mix, 0: none */
	uint32_t arrived, late;
};

struct members {
	struct member *of;
	unsigned n;
	unsigned frames; /* longest run, for sent_at */
};

/* Reads the plan. Says what is wrong with it and exits. */
void members_read(struct members *all, unsigned frames);
void members_free(struct members *all);

#endif
