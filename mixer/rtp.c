#include "mixer/rtp.h"

#include <errno.h>
#include <string.h>

#include "mixer/level.h"
#include "mixer/wire.h"

#define VERSION	      2
#define STUN_HEADER   20
#define RTCP_HEADER   8
#define DTLS_RECORD   13     /* RFC 9147 4, RFC 7983 7 */
#define ONE_BYTE      0xbede /* extension elements' heads, RFC 8285 4.2 */
#define TWO_BYTE      0x1000 /* the same, 4.3 */
#define TWO_BYTE_MASK 0xfff0

int rtp_header_size(const uint8_t *buf, size_t size)
{
	size_t header = RTP_HEADER_SIZE;

	if (size < header || buf[0] >> 6 != VERSION)
		return -EBADMSG;
	header += 4u * (buf[0] & 0x0f);
	if (buf[0] & 0x10) { /* X: 16 bits of profile, 16 bits of words */
		if (size < header + 4)
			return -EBADMSG;
		header += 4 + 4u * wire_get16(buf + header + 2);
	}
	return size < header ? -EBADMSG : (int)header;
}

int rtp_decode(struct rtp_packet *pkt_r, const uint8_t *buf, size_t size)
{
	int header = rtp_header_size(buf, size);
	size_t payload, padding;

	if (header < 0)
		return header;
	payload = size - (size_t)header;
	if (buf[0] & 0x20) { /* P: the last byte counts itself */
		padding = payload ? buf[size - 1] : 0;
		if (!padding || padding > payload)
			return -EBADMSG;
		payload -= padding;
	}
	*pkt_r = (struct rtp_packet){
		.marker = buf[1] & 0x80,
		.payload_type = buf[1] & 0x7f,
		.sequence = wire_get16(buf + 2),
		.timestamp = wire_get32(buf + 4),
		.ssrc = wire_get32(buf + 8),
		.payload = buf + header,
		.payload_size = payload,
	};
	return 0;
}

/* The data of the first element with this id among one-byte heads: four bits
 * of id, four bits of size less one. A zero byte is padding; id 15, and id 0
 * with a size, end it all. */
static const uint8_t *find_one_byte(const uint8_t *at, const uint8_t *end,
				    uint8_t id, size_t *size_r)
{
	while (at < end) {
		uint8_t head = *at++;
		size_t size = (head & 0x0f) + 1u;

		if (!head)
			continue;
		if (head >> 4 == 0 || head >> 4 == 15 ||
		    size > (size_t)(end - at))
			return NULL;
		if (head >> 4 == id) {
			*size_r = size;
			return at;
		}
		at += size;
	}
	return NULL;
}

/* The same among two-byte heads: id, size. Id 0 is one byte of padding. */
static const uint8_t *find_two_byte(const uint8_t *at, const uint8_t *end,
				    uint8_t id, size_t *size_r)
{
	while (at < end) {
		uint8_t head = *at++;
		size_t size;

		if (!head)
			continue;
		if (at == end || *at > end - at - 1)
			return NULL;
		size = *at++;
		if (head == id) {
			*size_r = size;
			return at;
		}
		at += size;
	}
	return NULL;
}

int rtp_level(const uint8_t *buf, size_t header, uint8_t id)
{
	size_t fixed = RTP_HEADER_SIZE + 4u * (buf[0] & 0x0f), size = 0;
	const uint8_t *data = NULL, *at = buf + fixed + 4, *end = buf + header;
	uint16_t profile;

	if (!id || !(buf[0] & 0x10))
		return LEVEL_NONE;
	profile = wire_get16(buf + fixed);
	if (profile == ONE_BYTE)
		data = find_one_byte(at, end, id, &size);
	else if ((profile & TWO_BYTE_MASK) == TWO_BYTE)
		data = find_two_byte(at, end, id, &size);
	return data && size == 1 ? -(*data & 0x7f) : LEVEL_NONE;
}

/* One element with a one-byte head, filled up to 32 bits (RFC 6464 3). */
static void write_level(const struct rtp_packet *pkt, uint8_t *buf)
{
	int level = pkt->level_dbov;

	level = level > 0 ? 0 : level < -127 ? -127 : level;
	wire_put16(buf, ONE_BYTE);
	wire_put16(buf + 2, 1);
	buf[4] = (uint8_t)(pkt->level_id << 4);
	buf[5] = (uint8_t)(pkt->voice << 7 | -level);
	wire_put16(buf + 6, 0);
}

int rtp_encode(const struct rtp_packet *pkt, uint8_t *buf, size_t cap)
{
	size_t header = RTP_HEADER_SIZE + (pkt->level_id ? RTP_LEVEL_SIZE : 0u);

	if (pkt->payload_size > RTP_MAX_PACKET ||
	    cap < header + pkt->payload_size)
		return -ENOBUFS;
	buf[0] = (uint8_t)(VERSION << 6 | (pkt->level_id ? 0x10 : 0));
	buf[1] = (uint8_t)(pkt->marker << 7 | (pkt->payload_type & 0x7f));
	wire_put16(buf + 2, pkt->sequence);
	wire_put32(buf + 4, pkt->timestamp);
	wire_put32(buf + 8, pkt->ssrc);
	if (pkt->level_id)
		write_level(pkt, buf + RTP_HEADER_SIZE);
	memcpy(buf + header, pkt->payload, pkt->payload_size);
	return (int)(header + pkt->payload_size);
}

enum packet_kind packet_kind(const uint8_t *buf, size_t size)
{
	if (size >= STUN_HEADER && buf[0] <= 3)
		return PACKET_STUN;
	if (size >= DTLS_RECORD && buf[0] >= 20 && buf[0] <= 63)
		return PACKET_DTLS;
	if (size < RTCP_HEADER || buf[0] >> 6 != VERSION)
		return PACKET_OTHER;
	/* RFC 5761 4: RTCP types 192 to 223 are where the marker bit would
	 * meet payload types 64 to 95, which no session uses. */
	if (buf[1] >= 192 && buf[1] <= 223)
		return PACKET_RTCP;
	return size >= RTP_HEADER_SIZE ? PACKET_RTP : PACKET_OTHER;
}
