#include "mixer/quality.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "mixer/rtcp.h"
#include "mixer/stream.h"
#include "tests/trap.h"

#define T0   1000000u
#define WALL 1700000000000000u

/* Two streams that talk to each other over a path of our making. */
struct pair {
	struct stream *phone, *gate;
	uint64_t now_us;
	struct stream_playout phone_heard, gate_heard;
};

static struct stream *make_stream(uint32_t own, uint32_t other)
{
	struct stream_config cfg = { .suite = SRTP_NONE,
				     .send_ssrc = own,
				     .receive_ssrc = other,
				     .payload_type = 111,
				     .cname = "test" };
	struct stream *stream;

	g_assert_cmpint(stream_create(&stream, &cfg), ==, 0);
	return stream;
}

static struct pair make_pair(void)
{
	return (struct pair){
		.phone = make_stream(1, 2),
		.gate = make_stream(2, 1),
		.now_us = T0,
		.phone_heard = { .buffer_ms = 40,
				 .buffer_max_ms = 500,
				 .other_ms = 43,
				 .level_dbov = -26.15f,
				 .talking = true },
		.gate_heard = { .buffer_ms = 20,
				.buffer_max_ms = 300,
				.other_ms = 14,
				.level_dbov = -60,
				.talking = false },
	};
}

static void drop_pair(struct pair *pair)
{
	stream_destroy(&pair->phone);
	stream_destroy(&pair->gate);
}

/* One frame; false: it is lost on its way. */
static void speak(struct stream *from, struct stream *to, uint64_t now_us,
		  bool arrives, bool late, struct stream_playout *heard)
{
	static const uint8_t payload[40] = { 0x78 };
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;
	int n = stream_send_rtp(from, payload, sizeof(payload), 960, buf,
				sizeof(buf));

	g_assert_cmpint(n, >, 0);
	if (arrives)
		g_assert_cmpint(
			stream_receive_rtp(to, buf, (size_t)n, now_us, &media),
			==, 0);
	if (arrives && late)
		stream_discard(to, media.sequence);
	if (arrives && !late)
		heard->played++;
	else
		heard->concealed++;
}

/* A report there takes 30 ms. Returns what was in it. */
static struct rtcp_compound report(struct stream *from, struct stream *to,
				   uint64_t now_us)
{
	static uint8_t buf[RTP_MAX_PACKET];
	struct stream_control control;
	struct rtcp_compound cmp;
	int n = stream_send_rtcp(from, NULL, now_us, WALL + now_us, buf,
				 sizeof(buf));

	g_assert_cmpint(n, >, 0);
	g_assert_cmpint(rtcp_decode(&cmp, buf, (size_t)n), ==, 0);
	g_assert_cmpint(stream_receive_rtcp(to, buf, (size_t)n, now_us + 30000,
					    &control),
			==, 0);
	return cmp;
}

/* A second of the phone's speech, of which each nth packet is lost and each
 * mth one late, and both sides' reports. Returns the gate's. */
static struct rtcp_compound second(struct pair *pair, int lost, int late)
{
	struct rtcp_compound cmp;

	for (int i = 1; i <= 50; i++, pair->now_us += 20000)
		speak(pair->phone, pair->gate, pair->now_us, !lost || i % lost,
		      late && i % late == 0, &pair->gate_heard);
	stream_note_playout(pair->gate, &pair->gate_heard);
	stream_note_playout(pair->phone, &pair->phone_heard);
	report(pair->phone, pair->gate, pair->now_us);
	cmp = report(pair->gate, pair->phone, pair->now_us + 100000);
	report(pair->phone, pair->gate, pair->now_us + 200000);
	return cmp;
}

static struct stream_report report_of(const struct stream *stream)
{
	struct stream_report rep;

	stream_report(stream, &rep);
	return rep;
}

static void nothing_is_known_before_anything_came(void)
{
	struct pair pair = make_pair();
	struct stream_report rep;

	stream_note_playout(pair.gate, &pair.gate_heard);
	rep = report_of(pair.gate);
	g_assert_cmpfloat(rep.in.loss, <, 0);
	g_assert_cmpfloat(rep.in.mos, <, 0);
	g_assert_cmpfloat(rep.out.loss, <, 0);
	g_assert_cmpfloat(rep.out.mos, <, 0);
	g_assert_cmpfloat(rep.round_trip_ms, <, 0);
	drop_pair(&pair);
}

static void a_clean_path_has_the_best_mos_at_both_ends(void)
{
	struct pair pair = make_pair();
	struct stream_report rep;

	for (int i = 0; i < 12; i++)
		second(&pair, 0, 0);
	rep = report_of(pair.gate);
	g_assert_cmpfloat(rep.in.loss, ==, 0);
	g_assert_cmpfloat(rep.in.late, ==, 0);
	g_assert_cmpfloat(rep.in.concealed, ==, 0);
	g_assert_cmpfloat(rep.in.buffer_ms, ==, 20);
	g_assert_cmpfloat_with_epsilon(rep.in.mos, 4.41, 0.01);
	/* In tenths on the wire. */
	g_assert_cmpfloat_with_epsilon(report_of(pair.phone).out.mos, 4.4,
				       0.001);
	g_assert_cmpfloat(report_of(pair.phone).out.buffer_ms, ==, 20);
	drop_pair(&pair);
}

static void loss_and_lateness_are_told_apart_and_to_the_peer(void)
{
	struct pair pair = make_pair();
	struct stream_report gate, phone;

	for (int i = 0; i < 12; i++)
		second(&pair, 10, 25);
	gate = report_of(pair.gate);
	phone = report_of(pair.phone);
	/* Of 50: five are lost, and of those that came one more is late (the
	 * 25th; the 50th is lost already). */
	g_assert_cmpfloat_with_epsilon(gate.in.loss, 0.10, 0.01);
	g_assert_cmpfloat_with_epsilon(gate.in.late, 0.02, 0.005);
	g_assert_cmpfloat_with_epsilon(gate.in.concealed, 0.12, 0.005);
	g_assert_cmpfloat(gate.in.mos, <, 3.0);
	g_assert_cmpfloat(gate.in.mos, >, 1.5);
	g_assert_cmpfloat_with_epsilon(phone.out.mos, gate.in.mos, 0.2);
	g_assert_cmpfloat_with_epsilon(phone.out.loss, 0.10, 0.02);
	g_assert_cmpfloat_with_epsilon(phone.out.late, 0.02, 0.01);
	drop_pair(&pair);
}

static void what_is_recovered_is_not_suffered(void)
{
	struct pair pair = make_pair();
	float suffered, recovered;

	for (int i = 0; i < 12; i++)
		second(&pair, 10, 0);
	suffered = report_of(pair.gate).in.mos;
	for (int i = 0; i < 40; i++) {
		pair.gate_heard.recovered += 5;
		pair.gate_heard.concealed -= 5;
		second(&pair, 10, 0);
	}
	recovered = report_of(pair.gate).in.mos;
	g_assert_cmpfloat_with_epsilon(report_of(pair.gate).in.recovered, 0.1,
				       0.01);
	g_assert_cmpfloat(recovered, >, suffered + 1);
	g_assert_cmpfloat_with_epsilon(recovered, 4.41, 0.1);
	drop_pair(&pair);
}

static void a_bad_second_is_forgotten_in_half_a_minute(void)
{
	struct pair pair = make_pair();

	second(&pair, 2, 0);
	g_assert_cmpfloat(report_of(pair.gate).in.mos, <, 1.6);
	for (int i = 0; i < 30; i++)
		second(&pair, 0, 0);
	g_assert_cmpfloat(report_of(pair.gate).in.mos, >, 4.2);
	drop_pair(&pair);
}

static void the_metrics_ride_on_each_fifth_report(void)
{
	struct pair pair = make_pair();
	unsigned carried = 0;
	struct rtcp_xr_voip voip = { 0 };

	for (int i = 0; i < 50; i++) {
		struct rtcp_compound cmp = second(&pair, 10, 0);

		carried += cmp.xr.n_voip;
		if (cmp.xr.n_voip)
			voip = cmp.xr.voip[0];
	}
	g_assert_cmpuint(carried, ==, 10);
	g_assert_cmpuint(voip.ssrc, ==, 1);
	g_assert_cmpuint(voip.loss_rate, ==, 25); /* a tenth of 256 */
	g_assert_cmpuint(voip.discard_rate, ==, 0);
	/* A loss each 200 ms: less than 16 good ones between, one burst. */
	g_assert_cmpuint(voip.burst_density, ==, 25);
	g_assert_cmpuint(voip.burst_ms, >, 40000);
	g_assert_cmpuint(voip.gap_density, ==, 0);
	/* Nine good ones before it, and up to nine after it. */
	g_assert_cmpuint(voip.gap_ms, >=, 9 * 20 / 2);
	g_assert_cmpuint(voip.gap_ms, <=, 9 * 20);
	g_assert_cmpuint(voip.round_trip_ms, ==, 60);
	g_assert_cmpuint(voip.end_system_ms, ==, 34);
	g_assert_cmpint(voip.signal_dbm0, ==, RTCP_XR_UNAVAILABLE);
	g_assert_cmpint(voip.noise_dbm0, ==, -54);
	g_assert_cmpuint(voip.residual_echo, ==, RTCP_XR_UNAVAILABLE);
	g_assert_cmpuint(voip.gmin, ==, 16);
	g_assert_cmpuint(voip.rating, <, 60);
	g_assert_cmpuint(voip.external_rating, ==, RTCP_XR_UNAVAILABLE);
	g_assert_cmpuint(voip.mos_lq, >=, voip.mos_cq);
	g_assert_cmpuint(voip.buffer_ms, ==, 20);
	g_assert_cmpuint(voip.buffer_abs_max_ms, ==, 300);
	drop_pair(&pair);
}

/* The phone only listens, and the bridge is silent: no SR from either. */
static void who_only_listens_learns_his_round_trip(void)
{
	struct pair pair = make_pair();
	uint64_t t = pair.now_us;
	struct rtcp_compound cmp = report(pair.phone, pair.gate, t);

	g_assert_false(cmp.has_sender);
	g_assert_true(cmp.xr.has_time);
	/* 30 ms there, 470 ms kept, 30 ms back. */
	cmp = report(pair.gate, pair.phone, t + 500000);
	g_assert_cmpuint(cmp.xr.n_answers, ==, 1);
	g_assert_cmpuint(cmp.xr.answers[0].ssrc, ==, 1);
	g_assert_cmpfloat_with_epsilon(report_of(pair.phone).round_trip_ms, 60,
				       0.1);
	/* Answered once. */
	cmp = report(pair.gate, pair.phone, t + 600000);
	g_assert_cmpuint(cmp.xr.n_answers, ==, 0);
	/* And the gate by its own. */
	report(pair.phone, pair.gate, t + 700000);
	g_assert_cmpfloat_with_epsilon(report_of(pair.gate).round_trip_ms, 60,
				       0.1);
	drop_pair(&pair);
}

static void a_peer_without_extended_reports_is_rated_by_its_loss(void)
{
	struct quality q;

	quality_init(&q);
	for (int i = 0; i < 100; i++)
		quality_take_block(&q, 0.05, 3, 40);
	g_assert_cmpfloat_with_epsilon(q.out.mos, 3.35, 0.05);
	g_assert_cmpfloat_with_epsilon(q.out.loss, 0.05, 0.001);
	g_assert_cmpfloat(q.out.late, <, 0);
}

static void metrics_that_make_no_sense_are_not_taken(void)
{
	static const uint8_t odd[] = { 0, 9, 51, 127, 255 };
	struct quality q;

	quality_init(&q);
	for (gsize i = 0; i < G_N_ELEMENTS(odd); i++) {
		struct rtcp_xr_voip voip = { .mos_cq = odd[i] };

		quality_take_voip(&q, &voip);
		g_assert_cmpfloat(q.out.mos, <, 0);
	}
}

/* A decoder that is taken from a pool counts from its own beginning. */
static void counters_that_begin_anew_are_no_loss(void)
{
	struct pair pair = make_pair();

	for (int i = 0; i < 5; i++)
		second(&pair, 0, 0);
	pair.gate_heard.played = 3;
	second(&pair, 0, 0);
	g_assert_cmpfloat(report_of(pair.gate).in.concealed, ==, 0);
	g_assert_cmpfloat(report_of(pair.gate).in.mos, >, 4.3);
	drop_pair(&pair);
}

static void reports_take_nothing_from_the_heap(void)
{
	struct pair pair = make_pair();
	uint8_t buf[RTP_MAX_PACKET];
	int n;

	second(&pair, 10, 25);
	trap_begin();
	stream_note_playout(pair.gate, &pair.gate_heard);
	n = stream_send_rtcp(pair.gate, NULL, pair.now_us + 9000000, WALL, buf,
			     sizeof(buf));
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpint(n, >, 0);
	drop_pair(&pair);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/quality/nothing is known before anything came",
			nothing_is_known_before_anything_came);
	g_test_add_func("/quality/a clean path has the best MOS at both ends",
			a_clean_path_has_the_best_mos_at_both_ends);
	g_test_add_func(
		"/quality/loss and lateness are told apart and to the peer",
		loss_and_lateness_are_told_apart_and_to_the_peer);
	g_test_add_func("/quality/what is recovered is not suffered",
			what_is_recovered_is_not_suffered);
	g_test_add_func("/quality/a bad second is forgotten in half a minute",
			a_bad_second_is_forgotten_in_half_a_minute);
	g_test_add_func("/quality/the metrics ride on each fifth report",
			the_metrics_ride_on_each_fifth_report);
	g_test_add_func("/quality/who only listens learns his round trip",
			who_only_listens_learns_his_round_trip);
	g_test_add_func(
		"/quality/a peer without extended reports is rated by its loss",
		a_peer_without_extended_reports_is_rated_by_its_loss);
	g_test_add_func("/quality/metrics that make no sense are not taken",
			metrics_that_make_no_sense_are_not_taken);
	g_test_add_func("/quality/counters that begin anew are no loss",
			counters_that_begin_anew_are_no_loss);
	g_test_add_func("/quality/reports take nothing from the heap",
			reports_take_nothing_from_the_heap);
	return g_test_run();
}
