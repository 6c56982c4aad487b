/* Packets that are left undecrypted: what the stream knows must not differ
 * from what it would know had it decrypted them all, whatever a forger does. */
#include "mixer/stream.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "mixer/reception.h"
#include "mixer/wire.h"
#include "tests/trap.h"

#define FRAME	 960u
#define FRAME_US 20000u
#define T0	 1000000u
#define LEVEL_ID 3
#define QUIET	 (-90)

struct bench {
	struct stream *phone, *gate;
	uint64_t now;
	unsigned decrypted, skipped;
	struct stream_media media; /* of the last one decrypted */
};

struct packet {
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;
};

static struct stream *make_stream(uint32_t send, uint32_t receive)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = send,
				     .receive_ssrc = receive,
				     .payload_type = 111,
				     .level_id = LEVEL_ID,
				     .cname = "q8JzT1xw" };
	struct stream *stream = NULL;

	memset(cfg.send_key, (int)send, sizeof(cfg.send_key));
	memset(cfg.receive_key, (int)receive, sizeof(cfg.receive_key));
	g_assert_cmpint(stream_create(&stream, &cfg), ==, 0);
	return stream;
}

static void open_bench(struct bench *bench)
{
	*bench = (struct bench){ .phone = make_stream(1, 2),
				 .gate = make_stream(2, 1),
				 .now = T0 };
}

static void close_bench(struct bench *bench)
{
	stream_destroy(&bench->phone);
	stream_destroy(&bench->gate);
}

static struct packet speak(struct bench *bench, int level)
{
	static const uint8_t payload[60] = { 0x78, 1, 2, 3 };
	struct packet pkt;

	stream_set_level(bench->phone, level, level > QUIET);
	pkt.size =
		(size_t)stream_send_rtp(bench->phone, payload, sizeof(payload),
					FRAME, pkt.buf, sizeof(pkt.buf));
	return pkt;
}

/* What the gate does with a packet of one who is not heard: 1 skipped, else
 * as stream_receive_rtp(). */
static int arrive(struct bench *bench, const struct packet *pkt)
{
	struct packet copy = *pkt;
	int level = stream_peek_level(bench->gate, copy.buf, copy.size,
				      bench->now),
	    r;

	if (level == QUIET) {
		stream_skip_rtp(bench->gate, copy.buf, copy.size, bench->now);
		bench->skipped++;
		return 1;
	}
	r = stream_receive_rtp(bench->gate, copy.buf, copy.size, bench->now,
			       &bench->media);
	bench->decrypted += !r;
	return r;
}

static int decrypt(struct bench *bench, const struct packet *pkt)
{
	struct packet copy = *pkt;

	return stream_receive_rtp(bench->gate, copy.buf, copy.size, bench->now,
				  &bench->media);
}

/* n frames of silence, of which every `lost`-th does not come (0: all do). */
static void listen_to(struct bench *bench, unsigned n, unsigned lost)
{
	for (unsigned i = 0; i < n; i++, bench->now += FRAME_US) {
		struct packet pkt = speak(bench, QUIET);

		if (!lost || i % lost != lost - 1)
			g_assert_cmpint(arrive(bench, &pkt), >=, 0);
	}
}

/* Until the next packet is one that will be authenticated: what was skipped
 * is then covered by it. */
static void cover(struct bench *bench)
{
	unsigned before = bench->decrypted;

	while (bench->decrypted == before)
		listen_to(bench, 1, 0);
}

static struct stream_report report_of(const struct stream *stream)
{
	struct stream_report rep;

	stream_report(stream, &rep);
	return rep;
}

/* As the peer learns it from us. */
static double reported_loss(struct bench *bench)
{
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_control control;
	int n = stream_send_rtcp(bench->gate, NULL, bench->now, bench->now, buf,
				 sizeof(buf));

	g_assert_cmpint(stream_receive_rtcp(bench->phone, buf, (size_t)n,
					    bench->now, &control),
			==, 0);
	return (double)report_of(bench->phone).out.loss;
}

/* A forger on the peer's address: the header is as the peer's would be. */
static struct packet forge(const struct packet *real, int ahead, int level)
{
	struct packet pkt = *real;

	wire_put16(pkt.buf + 2, (uint16_t)(wire_get16(pkt.buf + 2) + ahead));
	pkt.buf[17] = (uint8_t)-level;
	pkt.buf[40] ^= 0x55;
	return pkt;
}

static void one_in_sixteen_is_decrypted(void)
{
	struct bench bench;

	open_bench(&bench);
	listen_to(&bench, 1600, 0);
	g_assert_cmpuint(bench.decrypted, ==, 100);
	g_assert_cmpuint(bench.skipped, ==, 1500);
	cover(&bench);
	g_assert_cmpuint(report_of(bench.gate).received, ==,
			 bench.decrypted + bench.skipped);
	g_assert_cmpint(report_of(bench.gate).lost, ==, 0);
	g_assert_cmpfloat(reported_loss(&bench), ==, 0);
	close_bench(&bench);
}

static void who_is_heard_again_is_decrypted_at_once(void)
{
	struct bench bench;
	struct packet pkt;

	open_bench(&bench);
	listen_to(&bench, 50, 0);
	pkt = speak(&bench, -20);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 0);
	g_assert_cmpint(bench.media.level_dbov, ==, -20);
	g_assert_true(bench.media.fresh && !bench.media.restarted);
	close_bench(&bench);
}

static void the_first_packet_after_a_pause_is_decrypted(void)
{
	struct bench bench;
	struct packet pkt;

	open_bench(&bench);
	for (int i = 0; i < 10; i++) { /* DTX: one packet in 400 ms */
		bench.now += 400000;
		pkt = speak(&bench, QUIET);
		g_assert_cmpint(arrive(&bench, &pkt), ==, 0);
	}
	close_bench(&bench);
}

static void loss_among_the_skipped_is_still_counted(void)
{
	struct bench bench;

	open_bench(&bench);
	listen_to(&bench, 4000, 10);
	cover(&bench);
	g_assert_cmpint(report_of(bench.gate).lost, ==, 400);
	g_assert_cmpfloat(fabs(reported_loss(&bench) - 0.1), <, 0.01);
	g_assert_cmpuint(bench.skipped, >, 3000);
	close_bench(&bench);
}

static void the_sequence_number_wraps_among_the_skipped(void)
{
	struct bench bench;
	struct packet pkt;

	open_bench(&bench);
	listen_to(&bench, 3 * 65536, 0);
	pkt = speak(&bench, -20);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 0);
	g_assert_cmpuint(bench.media.sequence, >, 3 * 65536);
	g_assert_cmpint(report_of(bench.gate).lost, ==, 0);
	g_assert_cmpuint(report_of(bench.gate).received, ==, 3 * 65536 + 1);
	close_bench(&bench);
}

static void reordered_packets_are_not_lost(void)
{
	struct bench bench;
	unsigned n = 0;

	open_bench(&bench);
	cover(&bench);
	/* The first of three comes last. */
	for (unsigned i = 0; i < 600; i++) {
		struct packet a = speak(&bench, QUIET);
		struct packet b = speak(&bench, QUIET);
		struct packet c = speak(&bench, QUIET);

		n += 3;
		g_assert_cmpint(arrive(&bench, &b), >=, 0);
		g_assert_cmpint(arrive(&bench, &c), >=, 0);
		g_assert_cmpint(arrive(&bench, &a), >=, 0);
		bench.now += 3 * FRAME_US;
	}
	cover(&bench);
	g_assert_cmpint(report_of(bench.gate).lost, ==, 0);
	g_assert_cmpuint(bench.skipped, >, n / 2);
	close_bench(&bench);
}

/* What was skipped and covered is known: it cannot be played again, nor prove
 * an address; before it is covered it can be played, but proves nothing. */
static void a_copy_of_a_skipped_packet_proves_nothing(void)
{
	struct bench bench;
	struct packet pkt;

	open_bench(&bench);
	cover(&bench);
	pkt = speak(&bench, QUIET);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 1);
	g_assert_cmpint(decrypt(&bench, &pkt), ==, 0);
	g_assert_false(bench.media.fresh);

	bench.now += RECEPTION_DISPUTE_US; /* it came twice */
	cover(&bench);
	pkt = speak(&bench, QUIET);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 1);
	cover(&bench);
	g_assert_cmpint(decrypt(&bench, &pkt), ==, -EALREADY);
	close_bench(&bench);
}

/* Even if a dispute is raised on purpose between the two. */
static void a_dispute_makes_no_copy_fresh(void)
{
	struct bench bench;
	struct packet pkt, bad;

	open_bench(&bench);
	cover(&bench);
	pkt = speak(&bench, QUIET);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 1);
	bad = forge(&pkt, 1, -10);
	g_assert_cmpint(arrive(&bench, &bad), ==, -EACCES);
	g_assert_cmpint(decrypt(&bench, &pkt), ==, 0);
	g_assert_false(bench.media.fresh);
	close_bench(&bench);
}

/* Nobody can tell which of them were the peer's. */
static void a_disputed_gap_counts_neither_way(void)
{
	struct bench bench;
	struct stream_report before, after;
	struct packet pkt, bad;

	open_bench(&bench);
	cover(&bench);
	before = report_of(bench.gate);
	listen_to(&bench, 5, 0);
	for (int i = 0; i < 2; i++) /* lost */
		pkt = speak(&bench, QUIET);
	bad = forge(&pkt, 1, -10);
	g_assert_cmpint(arrive(&bench, &bad), ==, -EACCES);
	pkt = speak(&bench, QUIET);
	g_assert_cmpint(arrive(&bench, &pkt), ==, 0);

	after = report_of(bench.gate);
	g_assert_cmpuint(after.skipped, ==, before.skipped + 5);
	g_assert_cmpuint(after.received, ==, before.received + 1);
	g_assert_cmpuint(after.bytes_in, ==, before.bytes_in + pkt.size);
	g_assert_cmpint(after.lost, ==, 0);
	close_bench(&bench);
}

static void a_number_that_comes_twice_is_looked_into(void)
{
	struct bench bench;
	struct packet real, bad;

	open_bench(&bench);
	cover(&bench);
	real = speak(&bench, QUIET);
	bad = forge(&real, 0, QUIET);
	g_assert_cmpint(arrive(&bench, &bad), ==, 1);
	g_assert_cmpint(arrive(&bench, &real), ==, 0);
	/* And so is all that follows, for a while. */
	listen_to(&bench, RECEPTION_DISPUTE_US / FRAME_US, 0);
	g_assert_cmpuint(bench.skipped, ==, 1);
	listen_to(&bench, RECEPTION_SKIP_RUN, 0);
	g_assert_cmpuint(bench.skipped, >, RECEPTION_SKIP_RUN / 2);
	close_bench(&bench);
}

/* He writes numbers ahead of the peer's, as fast as he likes. */
static void a_forger_moves_no_rollover_counter(void)
{
	struct bench bench;
	struct packet real, bad;

	open_bench(&bench);
	cover(&bench);
	for (int i = 0; i < 3000; i++) {
		real = speak(&bench, QUIET);
		for (int k = 1; k < 20; k++) {
			bad = forge(&real, k * 3000, QUIET);
			g_assert_cmpint(arrive(&bench, &bad), !=, 0);
			bad = forge(&real, k, QUIET);
			g_assert_cmpint(arrive(&bench, &bad), !=, 0);
		}
		g_assert_cmpint(arrive(&bench, &real), >=, 0);
		bench.now += FRAME_US;
	}
	real = speak(&bench, -20);
	g_assert_cmpint(arrive(&bench, &real), ==, 0);
	g_assert_cmpint(ABS(report_of(bench.gate).lost), <=, 16);
	close_bench(&bench);
}

/* A tenth is lost; he fills in for all of it, or for all that is to come. */
static void a_forger_hides_no_loss(gconstpointer how)
{
	bool ahead = GPOINTER_TO_INT(how);
	struct bench bench;
	uint64_t came;

	open_bench(&bench);
	cover(&bench);
	came = report_of(bench.gate).received + 5400;
	for (int i = 0; i < 6000; i++, bench.now += FRAME_US) {
		struct packet real = speak(&bench, QUIET), bad;

		bad = forge(&real, ahead, QUIET);
		if (ahead)
			arrive(&bench, &bad);
		if (i % 10 != 9)
			arrive(&bench, &real);
		else
			arrive(&bench, &bad);
	}
	g_assert_cmpuint(report_of(bench.gate).received, <=, came);
	cover(&bench);
	g_assert_cmpint(report_of(bench.gate).lost, >, 500);
	g_assert_cmpint(report_of(bench.gate).lost, <=, 600);
	g_assert_cmpfloat(fabs(reported_loss(&bench) - 0.1), <, 0.02);
	close_bench(&bench);
}

static void a_forger_invents_no_loss(void)
{
	struct bench bench;

	open_bench(&bench);
	cover(&bench);
	for (int i = 0; i < 6000; i++, bench.now += FRAME_US) {
		struct packet real = speak(&bench, QUIET), bad;

		for (int k = 0; k < 60; k += 7) {
			bad = forge(&real, k, k & 1 ? QUIET : -10);
			arrive(&bench, &bad);
		}
		g_assert_cmpint(arrive(&bench, &real), >=, 0);
	}
	cover(&bench);
	g_assert_cmpint(report_of(bench.gate).lost, <=, 0);
	g_assert_cmpfloat(reported_loss(&bench), <=, 0.002);
	close_bench(&bench);
}

/* He says that the talker is silent, just before the talker's own packets. */
static void a_forger_silences_nobody(void)
{
	struct bench bench;
	unsigned heard = 0;

	open_bench(&bench);
	cover(&bench);
	for (int i = 0; i < 1000; i++, bench.now += FRAME_US) {
		struct packet real = speak(&bench, -20);
		struct packet bad = forge(&real, 0, QUIET);

		arrive(&bench, &bad);
		heard += arrive(&bench, &real) == 0;
	}
	g_assert_cmpuint(heard, ==, 1000);
	close_bench(&bench);
}

static void in_the_clear_nothing_is_skipped(void)
{
	const struct stream_config cfg = { .send_ssrc = 2,
					   .receive_ssrc = 1,
					   .payload_type = 111,
					   .level_id = LEVEL_ID };
	const struct stream_config back = { .send_ssrc = 1,
					    .receive_ssrc = 2,
					    .payload_type = 111,
					    .level_id = LEVEL_ID };
	struct bench bench = { .now = T0 };

	g_assert_cmpint(stream_create(&bench.gate, &cfg), ==, 0);
	g_assert_cmpint(stream_create(&bench.phone, &back), ==, 0);
	listen_to(&bench, 100, 0);
	g_assert_cmpuint(bench.decrypted, ==, 100);
	g_assert_cmpint(bench.media.level_dbov, ==, QUIET);
	close_bench(&bench);
}

static void skipping_never_touches_the_heap(void)
{
	struct bench bench;

	open_bench(&bench);
	trap_begin();
	listen_to(&bench, 500, 9);
	g_assert_cmpuint(trap_end(), ==, 0);
	close_bench(&bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/skips/one in sixteen is decrypted",
			one_in_sixteen_is_decrypted);
	g_test_add_func("/skips/who is heard again is decrypted at once",
			who_is_heard_again_is_decrypted_at_once);
	g_test_add_func("/skips/the first packet after a pause is decrypted",
			the_first_packet_after_a_pause_is_decrypted);
	g_test_add_func("/skips/loss among the skipped is still counted",
			loss_among_the_skipped_is_still_counted);
	g_test_add_func("/skips/the sequence number wraps among the skipped",
			the_sequence_number_wraps_among_the_skipped);
	g_test_add_func("/skips/reordered packets are not lost",
			reordered_packets_are_not_lost);
	g_test_add_func("/skips/a copy of a skipped packet proves nothing",
			a_copy_of_a_skipped_packet_proves_nothing);
	g_test_add_func("/skips/a dispute makes no copy fresh",
			a_dispute_makes_no_copy_fresh);
	g_test_add_func("/skips/a disputed gap counts neither way",
			a_disputed_gap_counts_neither_way);
	g_test_add_func("/skips/a number that comes twice is looked into",
			a_number_that_comes_twice_is_looked_into);
	g_test_add_func("/skips/a forger moves no rollover counter",
			a_forger_moves_no_rollover_counter);
	g_test_add_data_func("/skips/a forger hides no loss in the gaps",
			     GINT_TO_POINTER(0), a_forger_hides_no_loss);
	g_test_add_data_func("/skips/a forger hides no loss ahead of it",
			     GINT_TO_POINTER(1), a_forger_hides_no_loss);
	g_test_add_func("/skips/a forger invents no loss",
			a_forger_invents_no_loss);
	g_test_add_func("/skips/a forger silences nobody",
			a_forger_silences_nobody);
	g_test_add_func("/skips/in the clear nothing is skipped",
			in_the_clear_nothing_is_skipped);
	g_test_add_func("/skips/skipping never touches the heap",
			skipping_never_touches_the_heap);
	return g_test_run();
}
