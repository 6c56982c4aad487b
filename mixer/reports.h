/* reports - what RTCP tells of one stream, both ways: sender and receiver
 * reports (RFC 3550 6.4), extended reports (RFC 3611), the round trip from
 * either, and the figures made of them.
 *
 * A plain struct inside its stream, begun by reports_init(). RT, all of it. */
#ifndef MIXER_REPORTS_H
#define MIXER_REPORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/quality.h"
#include "mixer/rtcp.h"
#include "mixer/source.h"

#define REPORTS_SENT 8 /* whose round trip can still be told */

struct reports {
	/* Our own times: of SRs, or of XRs while we send no media. */
	struct {
		uint32_t time;
		uint64_t sent_us;
	} sent[REPORTS_SENT];
	unsigned n_sent;
	uint64_t packets_before; /* sent, at the last report */
	/* The time of a peer that sends no media, until it is answered. */
	struct source_clock asked;
	uint32_t asked_by;
	uint64_t voip_due_us;
	double round_trip_ms; /* < 0: not known */
	struct quality quality;
};

/* What the sender half of the stream did. */
struct reports_sender {
	uint32_t ssrc;
	uint64_t packets;
	uint32_t octets, rtp_timestamp;
};

void reports_init(struct reports *rep);

/* What the source src said; ssrc is that of our own packets. now_us is
 * CLOCK_MONOTONIC here and below. */
void reports_take(struct reports *rep, struct source *src,
		  const struct rtcp_compound *cmp, uint32_t ssrc,
		  uint64_t now_us);

/* Adds what we say: SR or RR, and an XR where one is due. src is who is heard,
 * NULL: nobody; wall_us is CLOCK_REALTIME. */
void reports_fill(struct reports *rep, struct rtcp_compound *cmp,
		  const struct reports_sender *sender, struct source *src,
		  uint64_t now_us, uint64_t wall_us);

#endif
