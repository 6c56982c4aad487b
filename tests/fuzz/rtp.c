/* links: mixer */
#include "mixer/rtp.h"

#include <stdlib.h>
#include <string.h>

#include "mixer/level.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A level is one, and no byte behind the header decides on it. */
static void check_levels(const uint8_t *data, size_t size)
{
	int header = rtp_header_size(data, size);
	uint8_t *exact = malloc((size_t)header);

	if (!exact)
		abort();
	memcpy(exact, data, (size_t)header);
	for (unsigned id = 0; id < 256; id++) {
		int level = rtp_level(exact, (size_t)header, (uint8_t)id);

		if (level != LEVEL_NONE && (level < -127 || level > 0))
			abort();
	}
	free(exact);
}

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
	check_levels(data, size);
	pkt.level_id = pkt.marker ? 1 + pkt.payload_type % 14 : 0;
	pkt.level_dbov = -(int)(pkt.sequence % 128);
	n = rtp_encode(&pkt, buf, sizeof(buf));
	if (n < 0)
		return 0;
	if (rtp_decode(&again, buf, (size_t)n) ||
	    (pkt.level_id && rtp_level(buf, (size_t)n - again.payload_size,
				       pkt.level_id) != pkt.level_dbov) ||
	    again.sequence != pkt.sequence ||
	    again.timestamp != pkt.timestamp || again.ssrc != pkt.ssrc ||
	    again.marker != pkt.marker ||
	    again.payload_type != pkt.payload_type ||
	    again.payload_size != pkt.payload_size ||
	    memcmp(again.payload, pkt.payload, pkt.payload_size))
		abort();
	return 0;
}
