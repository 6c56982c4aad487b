#include "mixer/rtp.h"

#include <errno.h>
#include <string.h>

#include "mixer/wire.h"

#define VERSION	    2
#define STUN_HEADER 20
#define RTCP_HEADER 8

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

int rtp_encode(const struct rtp_packet *pkt, uint8_t *buf, size_t cap)
{
	if (pkt->payload_size > RTP_MAX_PACKET ||
	    cap < RTP_HEADER_SIZE + pkt->payload_size)
		return -ENOBUFS;
	buf[0] = VERSION << 6;
	buf[1] = (uint8_t)(pkt->marker << 7 | (pkt->payload_type & 0x7f));
	wire_put16(buf + 2, pkt->sequence);
	wire_put32(buf + 4, pkt->timestamp);
	wire_put32(buf + 8, pkt->ssrc);
	memcpy(buf + RTP_HEADER_SIZE, pkt->payload, pkt->payload_size);
	return (int)(RTP_HEADER_SIZE + pkt->payload_size);
}

enum packet_kind packet_kind(const uint8_t *buf, size_t size)
{
	if (size >= STUN_HEADER && buf[0] <= 3)
		return PACKET_STUN;
	if (size < RTCP_HEADER || buf[0] >> 6 != VERSION)
		return PACKET_OTHER;
	/* RFC 5761 4: RTCP types 192 to 223 are where the marker bit would
	 * meet payload types 64 to 95, which no session uses. */
	if (buf[1] >= 192 && buf[1] <= 223)
		return PACKET_RTCP;
	return size >= RTP_HEADER_SIZE ? PACKET_RTP : PACKET_OTHER;
}
