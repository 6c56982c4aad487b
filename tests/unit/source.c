/* A stream that was told no SSRC: whom it takes its sound from. */
#include "mixer/source.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "mixer/stream.h"
#include "mixer/wire.h"
#include "tests/trap.h"

#define FRAME	 960u
#define FRAME_US 20000u
#define OUR_SSRC 99

static struct stream *make_stream(enum srtp_suite suite, uint32_t send,
				  uint32_t receive)
{
	struct stream_config cfg = { .suite = suite,
				     .send_ssrc = send,
				     .receive_ssrc = receive,
				     .payload_type = 111 };
	struct stream *stream = NULL;

	g_assert_cmpint(stream_create(&stream, &cfg), ==, 0);
	return stream;
}

/* The gate's end, and any number of senders that have its keys. */
struct bench {
	enum srtp_suite suite;
	struct stream *gate;
	uint64_t now;
	struct stream_media media; /* of the last packet taken */
};

static struct bench open_bench(gconstpointer suite)
{
	struct bench bench = { .suite = GPOINTER_TO_UINT(suite),
			       .now = 1000000 };

	bench.gate = make_stream(bench.suite, OUR_SSRC, 0);
	return bench;
}

struct packet {
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;
};

static struct packet speak(struct stream *from)
{
	static const uint8_t payload[40] = { 0x78, 1, 2, 3 };
	struct packet pkt;

	pkt.size = (size_t)stream_send_rtp(from, payload, sizeof(payload),
					   FRAME, pkt.buf, sizeof(pkt.buf));
	return pkt;
}

static int arrive(struct bench *bench, const struct packet *pkt)
{
	struct packet copy = *pkt;

	return stream_receive_rtp(bench->gate, copy.buf, copy.size, bench->now,
				  &bench->media);
}

/* n frames, 20 ms apart; how many were taken. */
static unsigned talk(struct bench *bench, struct stream *from, unsigned n)
{
	unsigned taken = 0;

	for (unsigned i = 0; i < n; i++, bench->now += FRAME_US) {
		struct packet pkt = speak(from);

		taken += arrive(bench, &pkt) == 0;
	}
	return taken;
}

static void the_first_source_is_taken_at_once(gconstpointer suite)
{
	struct bench bench = open_bench(suite);
	struct stream *tool = make_stream(bench.suite, 0x77, 1);

	g_assert_cmpuint(talk(&bench, tool, 10), ==, 10);
	g_assert_false(bench.media.restarted);
	stream_destroy(&tool);
	stream_destroy(&bench.gate);
}

static void a_tool_that_starts_over_is_followed(gconstpointer suite)
{
	struct bench bench = open_bench(suite);
	unsigned restarts = 0;

	for (uint32_t ssrc = 1; ssrc <= SOURCES_MAX; ssrc++) {
		struct stream *tool = make_stream(bench.suite, ssrc, 100);

		/* Until the old one has been silent for 100 ms. */
		for (int i = 0; i < 50; i++) {
			unsigned taken = talk(&bench, tool, 1);

			g_assert_cmpuint(taken, ==, ssrc == 1 || i >= 4);
			restarts += taken && bench.media.restarted;
		}
		stream_destroy(&tool);
	}
	g_assert_cmpuint(restarts, ==, SOURCES_MAX - 1);
	stream_destroy(&bench.gate);
}

static void two_that_send_at_once_do_not_take_turns(gconstpointer suite)
{
	struct bench bench = open_bench(suite);
	struct stream *a = make_stream(bench.suite, 1, 100);
	struct stream *b = make_stream(bench.suite, 2, 100);
	struct stream_report rep;
	unsigned n_a = 0, n_b = 0;

	for (int i = 0; i < 200; i++) {
		n_a += talk(&bench, a, 1 + i % 3);
		n_b += talk(&bench, b, 1 + i % 2);
	}
	g_assert_cmpuint(n_a, >, 300);
	g_assert_cmpuint(n_b, ==, 0);
	stream_report(bench.gate, &rep);
	g_assert_cmpuint(rep.rejected_ssrc, ==, 300);
	stream_destroy(&a);
	stream_destroy(&b);
	stream_destroy(&bench.gate);
}

static void loss_of_the_new_source_is_its_own(gconstpointer suite)
{
	struct bench bench = open_bench(suite);
	struct stream *a = make_stream(bench.suite, 1, 100);
	struct stream *b = make_stream(bench.suite, 2, 100);
	struct stream_report rep;

	for (int i = 0; i < 100; i++) {
		talk(&bench, a, 1);
		speak(a); /* lost */
	}
	stream_report(bench.gate, &rep);
	g_assert_cmpint(rep.lost, ==, 99);
	talk(&bench, b, 100);
	stream_report(bench.gate, &rep);
	g_assert_cmpint(rep.lost, ==, 0);
	g_assert_cmpuint(rep.received, >, 190);
	stream_destroy(&a);
	stream_destroy(&b);
	stream_destroy(&bench.gate);
}

static void an_old_source_cannot_be_played_again(void)
{
	struct bench bench = open_bench(GUINT_TO_POINTER(SRTP_CM));
	struct stream *a = make_stream(bench.suite, 1, 100);
	struct stream *b = make_stream(bench.suite, 2, 100);
	struct packet old[20];

	for (int i = 0; i < 20; i++, bench.now += FRAME_US) {
		old[i] = speak(a);
		g_assert_cmpint(arrive(&bench, &old[i]), ==, 0);
	}
	talk(&bench, b, 50);
	bench.now += 1000000;
	for (int i = 0; i < 20; i++)
		g_assert_cmpint(arrive(&bench, &old[i]), ==, -EALREADY);
	/* It may go on, and its numbers with it. */
	g_assert_cmpuint(talk(&bench, a, 1), ==, 1);
	g_assert_true(bench.media.restarted);
	stream_destroy(&a);
	stream_destroy(&b);
	stream_destroy(&bench.gate);
}

static void the_ninth_source_is_refused(void)
{
	struct bench bench = open_bench(GUINT_TO_POINTER(SRTP_GCM));

	for (uint32_t ssrc = 1; ssrc <= SOURCES_MAX + 1; ssrc++) {
		struct stream *tool = make_stream(bench.suite, ssrc, 100);

		bench.now += SOURCES_SILENCE_US;
		g_assert_cmpuint(talk(&bench, tool, 3), ==,
				 ssrc <= SOURCES_MAX ? 3 : 0);
		stream_destroy(&tool);
	}
	stream_destroy(&bench.gate);
}

static void one_stray_packet_in_the_clear_changes_nothing(void)
{
	struct bench bench = open_bench(GUINT_TO_POINTER(SRTP_NONE));
	struct stream *a = make_stream(SRTP_NONE, 1, 100);
	struct packet stray;

	talk(&bench, a, 10);
	for (uint32_t ssrc = 2; ssrc < 50; ssrc++) {
		struct stream *b = make_stream(SRTP_NONE, ssrc, 100);

		bench.now += SOURCES_SILENCE_US;
		stray = speak(b);
		g_assert_cmpint(arrive(&bench, &stray), ==, -EADDRNOTAVAIL);
		stream_destroy(&b);
	}
	g_assert_cmpuint(talk(&bench, a, 10), ==, 10);
	g_assert_false(bench.media.restarted);
	stream_destroy(&a);
	stream_destroy(&bench.gate);
}

static void an_ssrc_that_nobody_holds_the_keys_of_is_not_kept(void)
{
	struct bench bench = open_bench(GUINT_TO_POINTER(SRTP_GCM));
	struct stream *tool = make_stream(bench.suite, 1, 100);
	struct packet pkt = speak(tool);

	for (uint32_t ssrc = 1000; ssrc < 1100; ssrc++) {
		struct packet bad = pkt;

		wire_put32(bad.buf + 8, ssrc);
		g_assert_cmpint(arrive(&bench, &bad), ==, -EACCES);
	}
	g_assert_cmpint(arrive(&bench, &pkt), ==, 0);
	stream_destroy(&tool);
	stream_destroy(&bench.gate);
}

static void our_own_packets_come_back_unheard(gconstpointer suite)
{
	struct bench bench = open_bench(suite);

	g_assert_cmpuint(talk(&bench, bench.gate, 5), ==, 0);
	stream_destroy(&bench.gate);
}

/* RTCP comes first, or alone from who only listens; BYE ends the call when
 * it is that of who is heard. */
static void bye_of_a_source_that_was_replaced_ends_nothing(gconstpointer suite)
{
	static const struct stream_extra bye = { .bye = true };
	struct bench bench = open_bench(suite);
	struct stream *a = make_stream(bench.suite, 1, 100);
	struct stream *b = make_stream(bench.suite, 2, 100);
	struct stream_control control;
	uint8_t buf[RTP_MAX_PACKET];
	int n = stream_send_rtcp(a, NULL, 0, 0, buf, sizeof(buf));

	g_assert_cmpint(
		stream_receive_rtcp(bench.gate, buf, (size_t)n, 0, &control),
		==, 0);
	talk(&bench, a, 10);
	bench.now += SOURCES_SILENCE_US;
	talk(&bench, b, 10);
	n = stream_send_rtcp(a, &bye, 0, 0, buf, sizeof(buf));
	g_assert_cmpint(
		stream_receive_rtcp(bench.gate, buf, (size_t)n, 0, &control),
		==, 0);
	g_assert_false(control.bye);
	n = stream_send_rtcp(b, &bye, 0, 0, buf, sizeof(buf));
	g_assert_cmpint(
		stream_receive_rtcp(bench.gate, buf, (size_t)n, 0, &control),
		==, 0);
	g_assert_true(control.bye);
	stream_destroy(&a);
	stream_destroy(&b);
	stream_destroy(&bench.gate);
}

static void a_change_never_touches_the_heap(gconstpointer suite)
{
	struct bench bench = open_bench(suite);
	struct stream *a = make_stream(bench.suite, 1, 100);
	struct stream *b = make_stream(bench.suite, 2, 100);
	unsigned taken;

	trap_begin();
	taken = talk(&bench, a, 10);
	taken += talk(&bench, b, 10);
	taken += talk(&bench, a, 10);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(taken, ==, 22);
	stream_destroy(&a);
	stream_destroy(&b);
	stream_destroy(&bench.gate);
}

#define EACH(name, test)                                                       \
	g_test_add_data_func("/source/GCM/" name, GUINT_TO_POINTER(SRTP_GCM),  \
			     test);                                            \
	g_test_add_data_func("/source/plain/" name,                            \
			     GUINT_TO_POINTER(SRTP_NONE), test)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	EACH("the first source is taken at once",
	     the_first_source_is_taken_at_once);
	EACH("a tool that starts over is followed",
	     a_tool_that_starts_over_is_followed);
	EACH("two that send at once do not take turns",
	     two_that_send_at_once_do_not_take_turns);
	EACH("loss of the new source is its own",
	     loss_of_the_new_source_is_its_own);
	EACH("our own packets come back unheard",
	     our_own_packets_come_back_unheard);
	EACH("BYE of a source that was replaced ends nothing",
	     bye_of_a_source_that_was_replaced_ends_nothing);
	EACH("a change never touches the heap",
	     a_change_never_touches_the_heap);
	g_test_add_func("/source/an old source cannot be played again",
			an_old_source_cannot_be_played_again);
	g_test_add_func("/source/the ninth source is refused",
			the_ninth_source_is_refused);
	g_test_add_func("/source/one stray packet in the clear changes nothing",
			one_stray_packet_in_the_clear_changes_nothing);
	g_test_add_func("/source/an SSRC that nobody holds the keys of is not "
			"kept",
			an_ssrc_that_nobody_holds_the_keys_of_is_not_kept);
	return g_test_run();
}
