/* rtcp_xr - the blocks of an RTCP extended report (RFC 3611): the time of a
 * receiver that sends no media and the answer to it (4.4, 4.5), and the VoIP
 * metrics (4.7). Others are passed over.
 *
 * Reads and writes bytes; keeps no state. Numbers are those of the wire. */
#ifndef MIXER_RTCP_XR_H
#define MIXER_RTCP_XR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RTCP_XR_MAX	    4	/* answers, metrics kept of a packet */
#define RTCP_XR_UNAVAILABLE 127 /* a level, an R factor or a MOS */

/* DLRR, 4.5: LSR and DLSR for a receiver's time. */
struct rtcp_xr_answer {
	uint32_t ssrc; /* whose time it was */
	uint32_t lrr;  /* its middle 32 bits */
	uint32_t dlrr; /* 1/65536 s since it came */
};

/* 4.7. Rates and densities are /256, of the whole reception. */
struct rtcp_xr_voip {
	uint32_t ssrc; /* whose packets are reported */
	uint8_t loss_rate, discard_rate;
	uint8_t burst_density, gap_density;
	uint16_t burst_ms, gap_ms; /* mean durations */
	uint16_t round_trip_ms;	   /* 0: unknown */
	uint16_t end_system_ms;
	int8_t signal_dbm0, noise_dbm0;
	uint8_t residual_echo; /* dB of return loss */
	uint8_t gmin;
	uint8_t rating, external_rating; /* R factors, 0 to 100 */
	uint8_t mos_lq, mos_cq;		 /* tenths, 10 to 50 */
	uint8_t rx_config;
	uint16_t buffer_ms, buffer_max_ms, buffer_abs_max_ms;
};

struct rtcp_xr {
	bool has_time;
	uint64_t time; /* NTP 32.32, of a receiver */
	unsigned n_answers;
	struct rtcp_xr_answer answers[RTCP_XR_MAX];
	unsigned n_voip;
	struct rtcp_xr_voip voip[RTCP_XR_MAX];
};

/* RT. Adds the blocks of one packet, which follow its SSRC. A block of a kind
 * that we know but of another size is passed over, as 4.7 asks. Returns 0, or
 * -EBADMSG when the lengths do not add up. */
int rtcp_xr_decode(struct rtcp_xr *xr, const uint8_t *buf, size_t size);

/* RT. Bytes of its blocks, 0 when there is none; and writing just those. */
size_t rtcp_xr_size(const struct rtcp_xr *xr);
void rtcp_xr_encode(const struct rtcp_xr *xr, uint8_t *buf);

#endif
