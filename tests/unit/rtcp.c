#include "mixer/rtcp.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "mixer/rtp.h"

/* clang-format off */
/* RR of 1 about 2, SDES without CNAME but with NAME "x", an unknown packet
 * (XR), BYE of 1 and 3 with a reason; padding on the last. */
static const uint8_t foreign[] = {
	0x81, 201, 0, 7, 0, 0, 0, 1, 0, 0, 0, 2, 64, 0xff, 0xff, 0xfe, 0, 1, 0,
	9, 0, 0, 0, 48, 0x11, 0x22, 0x33, 0x44, 0, 1, 0, 0,
	0x81, 202, 0, 2, 0, 0, 0, 1, 2, 1, 'x', 0,
	0x80, 207, 0, 1, 0, 0, 0, 1,
	0xa2, 203, 0, 4, 0, 0, 0, 3, 0, 0, 0, 1, 2, 'h', 'i', 0, 0, 0, 0, 4,
};
/* clang-format on */

static void reads_what_others_write(void)
{
	struct rtcp_compound cmp;

	g_assert_cmpint(rtcp_decode(&cmp, foreign, sizeof(foreign)), ==, 0);
	g_assert_cmpuint(cmp.ssrc, ==, 1);
	g_assert_false(cmp.has_sender);
	g_assert_cmpuint(cmp.n_blocks, ==, 1);
	g_assert_cmpuint(cmp.blocks[0].ssrc, ==, 2);
	g_assert_cmpuint(cmp.blocks[0].fraction, ==, 64);
	g_assert_cmpint(cmp.blocks[0].lost, ==, -2);
	g_assert_cmpuint(cmp.blocks[0].highest, ==, 0x10009);
	g_assert_cmpuint(cmp.blocks[0].jitter, ==, 48);
	g_assert_cmpuint(cmp.blocks[0].lsr, ==, 0x11223344);
	g_assert_cmpuint(cmp.blocks[0].dlsr, ==, 0x10000);
	g_assert_cmpuint(cmp.cname_size, ==, 0);
	g_assert_true(cmp.bye);
}

static void refuses_every_truncation(void)
{
	struct rtcp_compound cmp;

	for (size_t n = 0; n < sizeof(foreign); n++) {
		/* Exact bounds, for ASan. */
		g_autofree uint8_t *buf = g_memdup2(foreign, n ? n : 1);
		/* Between two packets it is a shorter compound. */
		bool whole = n == 32 || n == 44 || n == 52;

		g_assert_cmpint(rtcp_decode(&cmp, buf, n), ==,
				whole ? 0 : -EBADMSG);
	}
}

static void refuses_lengths_that_lie(void)
{
	static const uint8_t lies[][16] = {
		/* a block is counted that is not there */
		{ 0x81, 201, 0, 1, 0, 0, 0, 1 },
		/* SR without its sender's part */
		{ 0x80, 200, 0, 1, 0, 0, 0, 1 },
		/* not RR or SR first */
		{ 0x80, 204, 0, 1, 0, 0, 0, 1 },
		/* padding beyond the packet, none, and not of 32 bits */
		{ 0xa0, 201, 0, 1, 0, 0, 0, 8 + 4 },
		{ 0xa0, 201, 0, 1, 0, 0, 0, 0 },
		{ 0xa0, 201, 0, 1, 0, 0, 0, 3 },
		/* version 1 */
		{ 0x40, 201, 0, 1, 0, 0, 0, 1 },
	};
	static const uint8_t item[] = { 0x80, 201,  0,	 1,   0,   0, 0,
					1,    0x81, 202, 0,   2,   0, 0,
					0,    1,    1,	 200, 'x', 0 };
	struct rtcp_compound cmp;

	for (size_t i = 0; i < G_N_ELEMENTS(lies); i++)
		g_assert_cmpint(rtcp_decode(&cmp, lies[i], 8), ==, -EBADMSG);
	g_assert_cmpint(rtcp_decode(&cmp, item, sizeof(item)), ==, -EBADMSG);
}

static void surplus_blocks_and_apps_are_passed_over(void)
{
	uint8_t buf[1024] = { 0x80 | 31, 201, 0, 1 + 31 * 6 };
	size_t size = 8 + 31 * 24;
	struct rtcp_compound cmp;

	for (int i = 0; i < 10; i++, size += 12)
		memcpy(buf + size, "\x80\xcc\x00\x02\0\0\0\0IPSP", 12);
	g_assert_cmpint(rtcp_decode(&cmp, buf, size), ==, 0);
	g_assert_cmpuint(cmp.n_blocks, ==, RTCP_MAX_BLOCKS);
	g_assert_cmpuint(cmp.n_apps, ==, RTCP_MAX_APPS);
}

static void a_goodbye_may_have_a_reason(void)
{
	static const char words[] = "moved elsewhere";
	struct rtcp_compound got,
		cmp = { .ssrc = 1, .bye = true, .reason = words };
	uint8_t buf[64];
	int n;

	for (cmp.reason_size = 0; cmp.reason_size < sizeof(words);
	     cmp.reason_size++) {
		n = rtcp_encode(&cmp, buf, sizeof(buf));
		g_assert_cmpint(n, >, 0);
		g_assert_cmpint(n % 4, ==, 0);
		g_assert_cmpint(rtcp_decode(&got, buf, (size_t)n), ==, 0);
		g_assert_true(got.bye);
		g_assert_cmpmem(got.reason, got.reason_size, words,
				cmp.reason_size);
	}
	/* One that is said to be longer than the packet is none. */
	cmp.reason_size = 3;
	n = rtcp_encode(&cmp, buf, sizeof(buf));
	buf[n - 4] = 4;
	g_assert_cmpint(rtcp_decode(&got, buf, (size_t)n), ==, 0);
	g_assert_true(got.bye);
	g_assert_cmpuint(got.reason_size, ==, 0);
}

static void writing_stops_at_the_end_of_the_buffer(void)
{
	struct rtcp_compound cmp = { .ssrc = 1,
				     .has_sender = true,
				     .n_blocks = 1,
				     .cname = "abc",
				     .cname_size = 3,
				     .n_apps = 1,
				     .bye = true };
	uint8_t buf[256];
	int size;

	cmp.apps[0].data = (const uint8_t *)"{}";
	cmp.apps[0].size = 2;
	cmp.apps[0].has_id = true;
	size = rtcp_encode(&cmp, buf, sizeof(buf));
	g_assert_cmpint(size, ==, 52 + 16 + 20 + 8);
	g_assert_cmpint(size % 4, ==, 0);
	for (int cap = 0; cap < size; cap++) {
		g_autofree uint8_t *exact = g_malloc((gsize)cap + !cap);

		g_assert_cmpint(rtcp_encode(&cmp, exact, (size_t)cap), ==,
				-ENOBUFS);
	}
}

static const struct rtcp_xr reports = {
	.has_time = true,
	.time = 0xe000000080000000,
	.n_answers = 2,
	.answers = { { 2, 0x11223344, 65536 }, { 3, 4, 5 } },
	.n_voip = 1,
	.voip = { {
		.ssrc = 2,
		.loss_rate = 10,
		.discard_rate = 3,
		.burst_density = 128,
		.gap_density = 2,
		.burst_ms = 120,
		.gap_ms = 4000,
		.round_trip_ms = 80,
		.end_system_ms = 60,
		.signal_dbm0 = -20,
		.noise_dbm0 = -70,
		.residual_echo = RTCP_XR_UNAVAILABLE,
		.gmin = 16,
		.rating = 88,
		.external_rating = RTCP_XR_UNAVAILABLE,
		.mos_lq = 42,
		.mos_cq = 41,
		.rx_config = 0xb2,
		.buffer_ms = 40,
		.buffer_max_ms = 500,
		.buffer_abs_max_ms = 600,
	} },
};

/* RFC 3611 3, 4.4, 4.5, 4.7: the same, written by hand. */
/* clang-format off */
static const uint8_t reports_wire[] = {
	0x80, 207, 0, 20, 0, 0, 0, 1,
	4, 0, 0, 2, 0xe0, 0, 0, 0, 0x80, 0, 0, 0,
	5, 0, 0, 6, 0, 0, 0, 2, 0x11, 0x22, 0x33, 0x44, 0, 1, 0, 0,
	0, 0, 0, 3, 0, 0, 0, 4, 0, 0, 0, 5,
	7, 0, 0, 8, 0, 0, 0, 2, 10, 3, 128, 2, 0, 120, 0x0f, 0xa0,
	0, 80, 0, 60, 0xec, 0xba, 127, 16, 88, 127, 42, 41,
	0xb2, 0, 0, 40, 0x01, 0xf4, 0x02, 0x58,
};
/* clang-format on */

static void extended_reports_are_written_as_the_rfc_draws_them(void)
{
	const struct rtcp_compound cmp = { .ssrc = 1, .xr = reports };
	struct rtcp_compound again;
	uint8_t buf[256];
	int size = rtcp_encode(&cmp, buf, sizeof(buf));

	/* RR and an empty SDES before it. */
	g_assert_cmpint(size, ==, 8 + 12 + (int)sizeof(reports_wire));
	g_assert_cmpmem(buf + 20, sizeof(reports_wire), reports_wire,
			sizeof(reports_wire));
	g_assert_cmpint(rtcp_decode(&again, buf, (size_t)size), ==, 0);
	g_assert_cmpint(again.xr.time, ==, reports.time);
	g_assert_cmpuint(again.xr.n_answers, ==, 2);
	g_assert_cmpmem(again.xr.answers, sizeof(again.xr.answers),
			reports.answers, sizeof(reports.answers));
	g_assert_cmpuint(again.xr.n_voip, ==, 1);
	g_assert_cmpuint(again.xr.voip[0].burst_ms, ==, 120);
	g_assert_cmpint(again.xr.voip[0].noise_dbm0, ==, -70);
	g_assert_cmpuint(again.xr.voip[0].mos_cq, ==, 41);
	g_assert_cmpuint(again.xr.voip[0].buffer_abs_max_ms, ==, 600);
}

static void unknown_and_odd_blocks_are_passed_over(void)
{
	/* A loss RLE block, VoIP metrics of one word, another's time. */
	static const uint8_t odd[] = {
		1, 9, 0, 1, 'a', 'b', 'c', 'd', 7, 0, 0, 1, 1, 2, 3,
		4, 4, 0, 0, 1,	 1,   2,   3,	4, 5, 0, 0, 1, 1, 2,
		3, 4, 4, 0, 0,	 2,   1,   2,	3, 4, 5, 6, 7, 8,
	};
	struct rtcp_xr xr = { 0 };

	g_assert_cmpint(rtcp_xr_decode(&xr, odd, sizeof(odd)), ==, 0);
	g_assert_cmpuint(xr.n_voip, ==, 0);
	g_assert_cmpuint(xr.n_answers, ==, 0);
	g_assert_true(xr.has_time);
	g_assert_cmphex(xr.time, ==, 0x0102030405060708);
	for (size_t n = 0; n < sizeof(odd); n++) {
		g_autofree uint8_t *buf = g_memdup2(odd, n ? n : 1);
		bool whole = n == 0 || n == 8 || n == 16 || n == 24 || n == 32;

		g_assert_cmpint(rtcp_xr_decode(&xr, buf, n), ==,
				whole ? 0 : -EBADMSG);
	}
}

static void rtp_headers_are_read_with_all_their_parts(void)
{
	/* Two CSRCs, an extension of one word, three bytes of padding. */
	static const uint8_t full[] = {
		0xb2, 0xef, 0x12, 0x34, 0, 0, 3,   0xc0, 0, 0,	  0,
		7,    0,    0,	  0,	1, 0, 0,   0,	 2, 0xbe, 0xde,
		0,    1,    0x10, 0x7f, 0, 0, 'a', 'b',	 0, 0,	  3,
	};
	struct rtp_packet pkt;

	g_assert_cmpint(rtp_header_size(full, sizeof(full)), ==, 28);
	g_assert_cmpint(rtp_decode(&pkt, full, sizeof(full)), ==, 0);
	g_assert_true(pkt.marker);
	g_assert_cmpuint(pkt.payload_type, ==, 111);
	g_assert_cmpuint(pkt.sequence, ==, 0x1234);
	g_assert_cmpuint(pkt.timestamp, ==, 960);
	g_assert_cmpuint(pkt.ssrc, ==, 7);
	g_assert_cmpmem(pkt.payload, pkt.payload_size, "ab", 2);
	for (size_t n = 0; n < 28; n++) {
		g_autofree uint8_t *buf = g_memdup2(full, n ? n : 1);

		g_assert_cmpint(rtp_decode(&pkt, buf, n), ==, -EBADMSG);
	}
	/* Padding that would reach into the header. */
	g_assert_cmpint(rtp_decode(&pkt, full, 30), ==, -EBADMSG);
}

static void the_first_bytes_say_what_it_is(void)
{
	uint8_t buf[20] = { 0 };

	g_assert_cmpint(packet_kind(buf, 20), ==, PACKET_STUN);
	g_assert_cmpint(packet_kind(buf, 19), ==, PACKET_OTHER);
	buf[0] = 4; /* of nothing that is spoken here, as 19 and 64 */
	g_assert_cmpint(packet_kind(buf, 20), ==, PACKET_OTHER);
	buf[0] = 19;
	g_assert_cmpint(packet_kind(buf, 20), ==, PACKET_OTHER);
	buf[0] = 20;
	g_assert_cmpint(packet_kind(buf, 13), ==, PACKET_DTLS);
	g_assert_cmpint(packet_kind(buf, 12), ==, PACKET_OTHER);
	buf[0] = 63;
	g_assert_cmpint(packet_kind(buf, 20), ==, PACKET_DTLS);
	buf[0] = 64;
	g_assert_cmpint(packet_kind(buf, 20), ==, PACKET_OTHER);
	buf[0] = 0x80;
	buf[1] = 111;
	g_assert_cmpint(packet_kind(buf, 12), ==, PACKET_RTP);
	g_assert_cmpint(packet_kind(buf, 11), ==, PACKET_OTHER);
	buf[1] = 0x80 | 111;
	g_assert_cmpint(packet_kind(buf, 12), ==, PACKET_RTP);
	buf[1] = 201;
	g_assert_cmpint(packet_kind(buf, 8), ==, PACKET_RTCP);
	g_assert_cmpint(packet_kind(buf, 0), ==, PACKET_OTHER);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtcp/reads what others write",
			reads_what_others_write);
	g_test_add_func("/rtcp/refuses every truncation",
			refuses_every_truncation);
	g_test_add_func("/rtcp/refuses lengths that lie",
			refuses_lengths_that_lie);
	g_test_add_func("/rtcp/surplus blocks and APPs are passed over",
			surplus_blocks_and_apps_are_passed_over);
	g_test_add_func("/rtcp/a goodbye may have a reason",
			a_goodbye_may_have_a_reason);
	g_test_add_func("/rtcp/writing stops at the end of the buffer",
			writing_stops_at_the_end_of_the_buffer);
	g_test_add_func(
		"/rtcp/extended reports are written as the RFC draws them",
		extended_reports_are_written_as_the_rfc_draws_them);
	g_test_add_func("/rtcp/unknown and odd blocks are passed over",
			unknown_and_odd_blocks_are_passed_over);
	g_test_add_func("/rtp/headers are read with all their parts",
			rtp_headers_are_read_with_all_their_parts);
	g_test_add_func("/rtp/the first bytes say what it is",
			the_first_bytes_say_what_it_is);
	return g_test_run();
}
