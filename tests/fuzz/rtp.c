/* links: mixer */
#include "mixer/rtp.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What was read lies inside the packet and is written as it was. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rtp_packet pkt, again;
	uint8_t buf[RTP_MAX_PACKET];
	int n;

	packet_kind(data, size);
	if (rtp_decode(&pkt, data, size))
		return 0;
	if (pkt.payload < data ||
	    pkt.payload + pkt.payload_size > data + size ||
	    rtp_header_size(data, size) < RTP_HEADER_SIZE)
		abort();
	n = rtp_encode(&pkt, buf, sizeof(buf));
	if (n < 0)
		return 0;
	if (rtp_decode(&again, buf, (size_t)n) ||
	    again.sequence != pkt.sequence ||
	    again.timestamp != pkt.timestamp || again.ssrc != pkt.ssrc ||
	    again.marker != pkt.marker ||
	    again.payload_type != pkt.payload_type ||
	    again.payload_size != pkt.payload_size ||
	    memcmp(again.payload, pkt.payload, pkt.payload_size))
		abort();
	return 0;
}
