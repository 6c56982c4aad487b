/* rtp - the RTP header (RFC 3550 5.1) with the audio level that it may carry
 * (RFC 6464, RFC 8285), and what a datagram is by its first bytes. Reads and
 * writes bytes; keeps no state. */
#ifndef MIXER_RTP_H
#define MIXER_RTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTP_HEADER_SIZE	 12
#define RTP_MAX_PACKET	 1500  /* bytes, any packet we send or take */
#define RTP_CLOCK_RATE	 48000 /* Hz: RFC 7587 4.1, always for Opus */
#define RTP_LEVEL_SIZE	 8     /* bytes that a level adds to the header */
#define RTP_MAX_LEVEL_ID 14    /* RFC 8285 4.2: 15 is reserved */

struct rtp_packet {
	bool marker;
	uint8_t payload_type;
	uint16_t sequence;
	uint32_t timestamp; /* 1/48000 s */
	uint32_t ssrc;
	const uint8_t *payload; /* into the caller's buffer, without padding */
	size_t payload_size;
	/* To be written; see rtp_level() for reading. */
	uint8_t level_id; /* 0: no level */
	int level_dbov;	  /* -127 to 0 */
	bool voice;	  /* the level is that of a voice */
};

/* RT. Bytes before the payload: fixed header, CSRCs, extension; these stay
 * readable under SRTP. Or -EBADMSG. */
int rtp_header_size(const uint8_t *buf, size_t size);

/* RT. Decodes buf; the result points into it. Returns 0 or -EBADMSG. */
int rtp_decode(struct rtp_packet *pkt_r, const uint8_t *buf, size_t size);

/* RT. The audio level in the header extension with this id, in dBov (-127
 * to 0); LEVEL_NONE (mixer/level.h) when there is none or its form is wrong.
 * header is what rtp_header_size() returned for buf. */
int rtp_level(const uint8_t *buf, size_t header, uint8_t id);

/* RT. Writes header and payload. Returns bytes written or -ENOBUFS. */
int rtp_encode(const struct rtp_packet *pkt, uint8_t *buf, size_t cap);

/* RT. What a datagram is by its first bytes (RFC 7983 7, RFC 5761 4). */
enum packet_kind {
	PACKET_OTHER,
	PACKET_STUN,
	PACKET_DTLS,
	PACKET_RTP,
	PACKET_RTCP,
};
enum packet_kind packet_kind(const uint8_t *buf, size_t size);

#endif
