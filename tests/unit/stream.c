#include "mixer/stream.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "tests/trap.h"

#define FRAME 960u
#define T0    1000000u		/* us, monotonic */
#define WALL  1700000000000000u /* us since 1970 */

struct pair {
	struct stream *phone, *gate;
};

static struct pair make_pair(enum srtp_suite suite)
{
	struct stream_config cfg = { .suite = suite,
				     .send_ssrc = 0x1001,
				     .receive_ssrc = 0x2002,
				     .payload_type = 111,
				     .cname = "q8JzT1xw" };
	struct pair pair = { 0 };

	memset(cfg.send_key, 0x11, sizeof(cfg.send_key));
	memset(cfg.receive_key, 0x22, sizeof(cfg.receive_key));
	g_assert_cmpint(stream_create(&pair.phone, &cfg), ==, 0);
	memset(cfg.send_key, 0x22, sizeof(cfg.send_key));
	memset(cfg.receive_key, 0x11, sizeof(cfg.receive_key));
	cfg.send_ssrc = 0x2002;
	cfg.receive_ssrc = 0x1001;
	g_assert_cmpint(stream_create(&pair.gate, &cfg), ==, 0);
	return pair;
}

static void drop_pair(struct pair *pair)
{
	stream_destroy(&pair->phone);
	stream_destroy(&pair->gate);
}

static int send_one(struct stream *from, uint8_t buf[RTP_MAX_PACKET])
{
	static const uint8_t payload[60] = { 0x78, 1, 2, 3 };

	return stream_send_rtp(from, payload, sizeof(payload), FRAME, buf,
			       RTP_MAX_PACKET);
}

static struct stream_report report_of(const struct stream *stream)
{
	struct stream_report rep;

	stream_report(stream, &rep);
	return rep;
}

static void extends_counters_past_their_wrap(gconstpointer suite)
{
	struct pair pair = make_pair(GPOINTER_TO_UINT(suite));
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;
	uint64_t first = 0, first_time = 0;
	const uint64_t count = 140000; /* two wraps */

	for (uint64_t i = 0; i < count; i++) {
		int n = send_one(pair.phone, buf);

		g_assert_cmpint(stream_receive_rtp(pair.gate, buf, (size_t)n,
						   T0 + i * 20000, &media),
				==, 0);
		if (!i) {
			first = media.sequence;
			first_time = media.timestamp;
		}
		g_assert_cmpuint(media.sequence, ==, first + i);
		g_assert_cmpuint(media.timestamp, ==, first_time + i * FRAME);
		g_assert_cmpuint(media.payload_size, ==, 60);
	}
	g_assert_cmpuint(report_of(pair.gate).received, ==, count);
	g_assert_cmpint(report_of(pair.gate).lost, ==, 0);
	g_assert_cmpfloat(report_of(pair.gate).in.jitter_ms, <, 0.05);
	drop_pair(&pair);
}

static void a_replayed_packet_is_refused(void)
{
	struct pair pair = make_pair(SRTP_GCM);
	uint8_t buf[400][RTP_MAX_PACKET], copy[RTP_MAX_PACKET];
	struct stream_media media;
	int n = 0;

	for (int i = 0; i < 300; i++) {
		n = send_one(pair.phone, buf[i]);
		memcpy(copy, buf[i], sizeof(copy));
		if (i % 10 == 3) /* kept back: reordered */
			continue;
		g_assert_cmpint(stream_receive_rtp(pair.gate, copy, (size_t)n,
						   T0, &media),
				==, 0);
	}
	for (int i = 0; i < 300; i++) {
		bool fresh = i % 10 == 3 && i > 299 - 90;

		if (i % 10 == 3 && !fresh && i > 299 - 130)
			continue; /* the edge of either window */
		memcpy(copy, buf[i], sizeof(copy));
		g_assert_cmpint(stream_receive_rtp(pair.gate, copy, (size_t)n,
						   T0, &media),
				==, fresh ? 0 : -EALREADY);
	}
	g_assert_cmpuint(report_of(pair.gate).rejected_replay, >, 270);
	drop_pair(&pair);
}

static void forged_and_strange_packets_are_counted(void)
{
	struct pair pair = make_pair(SRTP_GCM);
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;
	int n = send_one(pair.phone, buf);

	buf[30] ^= 1;
	g_assert_cmpint(
		stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &media), ==,
		-EACCES);
	buf[11] ^= 1; /* another SSRC */
	g_assert_cmpint(
		stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &media), ==,
		-EADDRNOTAVAIL);
	g_assert_cmpint(stream_receive_rtp(pair.gate, buf, 11, T0, &media), ==,
			-EBADMSG);
	g_assert_cmpuint(report_of(pair.gate).rejected_auth, ==, 1);
	g_assert_cmpuint(report_of(pair.gate).rejected_ssrc, ==, 1);
	g_assert_cmpuint(report_of(pair.gate).rejected_malformed, ==, 1);
	g_assert_cmpuint(report_of(pair.gate).received, ==, 0);
	drop_pair(&pair);
}

/* One report from `from` to `to`, with what else it says. */
static struct stream_control tell(struct stream *from, struct stream *to,
				  const struct stream_extra *extra,
				  uint64_t sent_us, uint64_t arrives_us,
				  uint8_t buf[RTP_MAX_PACKET])
{
	struct stream_control control;
	int n = stream_send_rtcp(from, extra, sent_us, WALL + sent_us, buf,
				 RTP_MAX_PACKET);

	g_assert_cmpint(n, >, 0);
	g_assert_cmpint(
		stream_receive_rtcp(to, buf, (size_t)n, arrives_us, &control),
		==, 0);
	return control;
}

static void loss_jitter_and_round_trip_reach_the_peer(gconstpointer suite)
{
	struct pair pair = make_pair(GPOINTER_TO_UINT(suite));
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;
	const struct stream_playout playout = { 0 };
	struct stream_report rep;
	uint64_t t = T0;

	/* A quarter is lost; every other packet is 8 ms late. */
	for (int i = 0; i < 400; i++, t += 20000) {
		int n = send_one(pair.phone, buf);

		if (i % 4 != 1)
			stream_receive_rtp(pair.gate, buf, (size_t)n,
					   t + (i & 1) * 8000u, &media);
	}
	/* 30 ms there, 500 ms kept, 50 ms back. */
	tell(pair.phone, pair.gate, NULL, t, t + 30000, buf);
	tell(pair.gate, pair.phone, NULL, t + 530000, t + 580000, buf);

	rep = report_of(pair.phone);
	g_assert_cmpfloat(fabs(rep.out.loss - 0.25), <, 0.01);
	g_assert_cmpfloat(fabs(rep.round_trip_ms - 80), <, 0.1);
	stream_note_playout(pair.gate, &playout);
	rep = report_of(pair.gate);
	g_assert_cmpint(rep.lost, ==, 100);
	g_assert_cmpfloat(fabs(rep.in.loss - 0.25), <, 0.01);
	g_assert_cmpfloat(rep.in.jitter_ms, >, 2);
	g_assert_cmpfloat(rep.in.jitter_ms, <, 8);
	g_assert_cmpfloat(
		fabs(rep.in.jitter_ms - report_of(pair.phone).out.jitter_ms), <,
		0.05);
	g_assert_cmpfloat(rep.round_trip_ms, <, 0); /* nobody answered yet */
	drop_pair(&pair);
}

static void messages_and_acknowledgements_arrive(gconstpointer suite)
{
	static const char mute[] = "{\"t\":\"mute\",\"on\":true}";
	struct pair pair = make_pair(GPOINTER_TO_UINT(suite));
	struct stream_extra extra = { .bye = true,
				      .ack = true,
				      .ack_id = 77,
				      .message_id = 78,
				      .message = (const uint8_t *)mute,
				      .message_size = strlen(mute) };
	uint8_t buf[RTP_MAX_PACKET], longest[STREAM_APP_MAX + 1];
	struct stream_control control;

	control = tell(pair.gate, pair.phone, &extra, T0, T0, buf);
	g_assert_true(control.bye && control.has_ack && control.has_message);
	g_assert_cmpuint(control.ack_id, ==, 77);
	g_assert_cmpuint(control.message_id, ==, 78);
	g_assert_cmpmem(control.message, control.message_size, mute,
			strlen(mute));

	memset(longest, 'x', sizeof(longest));
	extra.message = longest;
	extra.message_size = STREAM_APP_MAX;
	control = tell(pair.gate, pair.phone, &extra, T0, T0, buf);
	g_assert_cmpmem(control.message, control.message_size, longest,
			STREAM_APP_MAX);
	extra.message_size = STREAM_APP_MAX + 1;
	g_assert_cmpint(
		stream_send_rtcp(pair.gate, &extra, T0, WALL, buf, sizeof(buf)),
		==, -ENOBUFS);

	control = tell(pair.gate, pair.phone, NULL, T0, T0, buf);
	g_assert_false(control.bye || control.has_ack || control.has_message);
	drop_pair(&pair);
}

static void a_replayed_report_is_refused(void)
{
	struct pair pair = make_pair(SRTP_GCM);
	uint8_t buf[RTP_MAX_PACKET], copy[RTP_MAX_PACKET];
	struct stream_control control;
	int n = stream_send_rtcp(pair.phone, NULL, T0, WALL, buf, sizeof(buf));

	memcpy(copy, buf, sizeof(copy));
	g_assert_cmpint(
		stream_receive_rtcp(pair.gate, buf, (size_t)n, T0, &control),
		==, 0);
	g_assert_cmpint(
		stream_receive_rtcp(pair.gate, copy, (size_t)n, T0, &control),
		==, -EALREADY);
	drop_pair(&pair);
}

static void silence_moves_the_timestamp_and_marks_the_next_packet(void)
{
	struct pair pair = make_pair(SRTP_GCM);
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media a, b, c;
	int n = send_one(pair.phone, buf);

	stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &a);
	n = send_one(pair.phone, buf);
	stream_receive_rtp(pair.gate, buf, (size_t)n, T0 + 20000, &b);
	for (int i = 0; i < 10; i++)
		g_assert_cmpint(stream_send_rtp(pair.phone, NULL, 0, FRAME, buf,
						sizeof(buf)),
				==, 0);
	n = send_one(pair.phone, buf);
	stream_receive_rtp(pair.gate, buf, (size_t)n, T0 + 240000, &c);
	g_assert_true(a.marker && !b.marker && c.marker);
	g_assert_cmpuint(c.sequence, ==, b.sequence + 1);
	g_assert_cmpuint(c.timestamp, ==, b.timestamp + 11 * FRAME);
	drop_pair(&pair);
}

static void a_source_in_the_clear_may_start_over(void)
{
	struct pair pair = make_pair(SRTP_NONE);
	struct pair again = make_pair(SRTP_NONE);
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media = { 0 };
	uint64_t before;
	int n;

	for (int i = 0; i < 40000; i++) {
		n = send_one(pair.phone, buf);
		stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &media);
	}
	before = media.sequence;
	do /* away from where the old one stands */
		n = send_one(again.phone, buf);
	while (ABS((int16_t)(uint16_t)((buf[2] << 8 | buf[3]) - before)) <
	       4000);
	g_assert_cmpint(
		stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &media), ==,
		-EALREADY);
	n = send_one(again.phone, buf);
	g_assert_cmpint(
		stream_receive_rtp(pair.gate, buf, (size_t)n, T0, &media), ==,
		0);
	g_assert_cmpuint(media.sequence, >, before);
	drop_pair(&pair);
	drop_pair(&again);
}

static void a_tick_never_touches_the_heap(void)
{
	static const uint8_t text[] = "{}";
	struct pair pair = make_pair(SRTP_GCM);
	struct stream_extra extra = { .message = text, .message_size = 2 };
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;
	struct stream_control control;
	struct stream_report rep;
	bool right = true;

	trap_begin();
	for (uint64_t i = 0; i < 500; i++) {
		int n = send_one(pair.phone, buf);

		right &= !stream_receive_rtp(pair.gate, buf, (size_t)n,
					     T0 + i * 20000, &media);
		n = stream_send_rtcp(pair.phone, &extra, T0, WALL, buf,
				     sizeof(buf));
		buf[20] ^= i & 1;
		right &= !stream_receive_rtcp(pair.gate, buf, (size_t)n, T0,
					      &control) == !(i & 1);
		stream_report(pair.gate, &rep);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_true(right);
	g_assert_cmpuint(rep.rejected_auth, ==, 250);
	drop_pair(&pair);
}

static void refuses_what_cannot_work(void)
{
	struct stream_config cfg = { .send_ssrc = 1, .receive_ssrc = 1 };
	struct stream *stream = NULL;

	g_assert_cmpint(stream_create(&stream, &cfg), ==, -EINVAL);
	cfg.send_ssrc = 2;
	cfg.payload_type = 128;
	g_assert_cmpint(stream_create(&stream, &cfg), ==, -EINVAL);
	cfg.payload_type = 111;
	memset(cfg.cname, 'x', sizeof(cfg.cname));
	g_assert_cmpint(stream_create(&stream, &cfg), ==, -EINVAL);
	g_assert_null(stream);
}

#define EACH(name, test)                                                       \
	g_test_add_data_func("/stream/GCM/" name, GUINT_TO_POINTER(SRTP_GCM),  \
			     test);                                            \
	g_test_add_data_func("/stream/CM/" name, GUINT_TO_POINTER(SRTP_CM),    \
			     test);                                            \
	g_test_add_data_func("/stream/plain/" name,                            \
			     GUINT_TO_POINTER(SRTP_NONE), test)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	EACH("extends counters past their wrap",
	     extends_counters_past_their_wrap);
	g_test_add_func("/stream/a replayed packet is refused",
			a_replayed_packet_is_refused);
	EACH("loss, jitter and round trip reach the peer",
	     loss_jitter_and_round_trip_reach_the_peer);
	EACH("messages and acknowledgements arrive",
	     messages_and_acknowledgements_arrive);
	g_test_add_func("/stream/forged and strange packets are counted",
			forged_and_strange_packets_are_counted);
	g_test_add_func("/stream/a replayed report is refused",
			a_replayed_report_is_refused);
	g_test_add_func("/stream/silence moves the timestamp and marks "
			"the next packet",
			silence_moves_the_timestamp_and_marks_the_next_packet);
	g_test_add_func("/stream/a source in the clear may start over",
			a_source_in_the_clear_may_start_over);
	g_test_add_func("/stream/a tick never touches the heap",
			a_tick_never_touches_the_heap);
	g_test_add_func("/stream/refuses what cannot work",
			refuses_what_cannot_work);
	return g_test_run();
}
