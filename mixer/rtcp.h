/* rtcp - compound RTCP packets (RFC 3550 6): SR, RR, SDES CNAME, BYE, APP,
 * and extended reports (rtcp_xr.h).
 *
 * Reads and writes bytes; keeps no state. The same struct is decoded into
 * and encoded from. */
#ifndef MIXER_RTCP_H
#define MIXER_RTCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/rtcp_xr.h"

#define RTCP_MAX_BLOCKS 4 /* report blocks kept of a compound packet */
#define RTCP_MAX_APPS	4

/* A report block, RFC 3550 6.4.1. */
struct rtcp_block {
	uint32_t ssrc;	  /* whose packets are reported */
	uint8_t fraction; /* lost in the last interval, /256 */
	int32_t lost;	  /* cumulative, 24 bits signed */
	uint32_t highest; /* extended sequence number */
	uint32_t jitter;  /* 1/48000 s */
	uint32_t lsr;	  /* middle 32 bits of the last SR's NTP stamp */
	uint32_t dlsr;	  /* 1/65536 s since that SR came */
};

/* An application-defined packet, RFC 3550 6.7. */
struct rtcp_app {
	uint8_t subtype; /* 0 to 31 */
	char name[4];
	const uint8_t *data; /* encode: padded with spaces to 32 bits */
	size_t size;
	bool has_id; /* encode: a 32-bit id is written before data */
	uint32_t id;
};

struct rtcp_compound {
	uint32_t ssrc; /* of the sender of the compound packet */
	bool has_sender;
	uint64_t ntp; /* SR: wall clock, 32.32 s since 1900 */
	uint32_t rtp_timestamp;
	uint32_t packets, octets;
	unsigned n_blocks;
	struct rtcp_block blocks[RTCP_MAX_BLOCKS];
	const char *cname; /* not terminated when decoded */
	size_t cname_size; /* 0 to 255 */
	unsigned n_apps;
	struct rtcp_app apps[RTCP_MAX_APPS];
	struct rtcp_xr xr;
	bool bye;	    /* for ssrc */
	const char *reason; /* of BYE; not terminated when decoded */
	size_t reason_size; /* 0 to 255 */
};

/* RT. Decodes and checks a whole compound packet (RFC 3550 A.2): its first
 * packet must be SR or RR and all lengths must add up. Unknown types, and
 * surplus blocks and APPs, are passed over; apps hold the bytes after the
 * name, has_id unset. The result points into buf. Returns 0 or -EBADMSG. */
int rtcp_decode(struct rtcp_compound *cmp_r, const uint8_t *buf, size_t size);

/* RT. Writes SR or RR, SDES, XR, APPs, BYE. Returns bytes or -ENOBUFS. */
int rtcp_encode(const struct rtcp_compound *cmp, uint8_t *buf, size_t cap);

#endif
