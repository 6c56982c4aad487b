#include "mixer/jitter.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "tests/trap.h"

#define FRAME	960
#define TICK_MS 20
#define SIZE	40
#define NEVER	-1

/* A sender of 20 ms packets on a simulated network. Packet i is spoken at
 * i * 20 ms; arrive() says when it comes, in ms. Ticks are at 10, 30, 50 ms:
 * on a clean path each packet waits 10 ms. */
struct path {
	uint64_t sequence0, timestamp0;
	int (*arrive)(int i);
	bool (*spoken)(int i); /* NULL: always */
	int packets;
};

/* What was played in each tick: a packet's number, or an enum below. */
enum { LOST = -1, FEC = -2, SILENCE = -3, HELD = -4 };

/* A voice that changes the delay at once, by whole frames. */
static int shorter;

static struct jitter *new_jitter(int min_ms, int max_ms)
{
	const struct jitter_config cfg = { min_ms, max_ms };
	struct jitter *jit = NULL;

	g_assert_cmpint(jitter_create(&jit, &cfg), ==, 0);
	shorter = 0;
	return jit;
}

static int put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       int number)
{
	uint8_t payload[SIZE];

	memset(payload, number, sizeof(payload));
	memcpy(payload, &number, sizeof(number));
	return jitter_put(jit, sequence, timestamp, FRAME, payload,
			  sizeof(payload));
}

static int get_one(struct jitter *jit)
{
	struct jitter_frame frame;
	enum jitter_result what = jitter_get(jit, FRAME, &frame);
	int number = 0;

	g_assert_cmpuint(frame.samples, ==, FRAME);
	if (what == JITTER_PACKET || what == JITTER_FEC) {
		g_assert_cmpuint(frame.size, ==, SIZE);
		memcpy(&number, frame.payload, sizeof(number));
	}
	return what == JITTER_PACKET ? number
	       : what == JITTER_FEC  ? FEC
	       : what == JITTER_LOST ? LOST
				     : SILENCE;
}

static int get(struct jitter *jit)
{
	int what = HELD;

	if (shorter > -FRAME)
		what = get_one(jit);
	if (shorter >= FRAME && jitter_ready(jit))
		what = get_one(jit);
	shorter = jitter_tick(jit, 0);
	return what;
}

/* Runs the path for `ticks` ticks; played_r[t] is what was heard at
 * 10 + 20 * t ms. */
static void run(struct jitter *jit, const struct path *path, int ticks,
		int *played_r)
{
	g_autofree bool *done = g_new0(bool, path->packets);
	g_autofree uint64_t *sequence = g_new0(uint64_t, path->packets);
	uint64_t next = path->sequence0;

	for (int i = 0; i < path->packets; i++) {
		done[i] = path->spoken && !path->spoken(i);
		sequence[i] = next;
		next += !done[i];
	}
	for (int t = 0; t < ticks; t++) {
		int now = 10 + TICK_MS * t;

		for (int i = 0; i < path->packets; i++) {
			int at = path->arrive(i);

			if (done[i] || at == NEVER || at > now)
				continue;
			done[i] = true;
			put(jit, sequence[i],
			    path->timestamp0 + (uint64_t)i * FRAME, i);
		}
		played_r[t] = get(jit);
	}
}

static int count(const int *played, int from, int to, int what)
{
	int n = 0;

	for (int t = from; t < to; t++)
		n += what >= 0 ? played[t] >= 0 : played[t] == what;
	return n;
}

/* Time from speaking to playing at tick t, in ms. */
static int delay(const int *played, int t)
{
	return 10 + TICK_MS * (t - played[t]);
}

static int clean(int i)
{
	return i * TICK_MS;
}

static void a_clean_path_waits_for_the_tick_and_no_longer(void)
{
	const struct path path = { .arrive = clean, .packets = 1000 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int played[1000];

	run(jit, &path, 1000, played);
	for (int t = 0; t < 1000; t++)
		g_assert_cmpint(played[t], ==, t);
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.put, ==, 1000);
	g_assert_cmpuint(rep.played, ==, 1000);
	g_assert_cmpuint(rep.missing + rep.late + rep.duplicate + rep.overflow,
			 ==, 0);
	g_assert_cmpint(rep.delay_ms, ==, 0);
	jitter_destroy(&jit);
}

static void keeps_the_least_delay_that_is_asked_for(void)
{
	const struct path path = { .arrive = clean, .packets = 1000 };
	struct jitter *jit = new_jitter(60, 500);
	int played[1000];

	run(jit, &path, 1000, played);
	for (int t = 0; t < 3; t++)
		g_assert_cmpint(played[t], ==, SILENCE);
	for (int t = 3; t < 1000; t++)
		g_assert_cmpint(delay(played, t), ==, 70);
	jitter_destroy(&jit);
}

static int swapped(int i)
{
	return (i ^ 1) * TICK_MS;
}

static void puts_reordered_packets_in_order(void)
{
	const struct path path = { .arrive = swapped, .packets = 1000 };
	struct jitter *jit = new_jitter(0, 500);
	int played[1000], last = -1;

	run(jit, &path, 1000, played);
	for (int t = 0; t < 1000; t++) {
		if (played[t] < 0)
			continue;
		g_assert_cmpint(played[t], >, last);
		last = played[t];
	}
	/* Once the delay fits, nothing is missed. */
	g_assert_cmpint(count(played, 20, 1000, 0), ==, 980);
	jitter_destroy(&jit);
}

static int jittery(int i)
{
	return i * TICK_MS + (int)((unsigned)i * 2654435761u >> 16) % 60;
}

static void follows_jitter_up_and_then_loses_little(void)
{
	const struct path path = { .arrive = jittery, .packets = 3000 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int played[3000], worst = 0;

	run(jit, &path, 3000, played);
	for (int t = 50; t < 3000; t++)
		if (played[t] >= 0)
			worst = MAX(worst, delay(played, t));
	jitter_report(jit, &rep);
	g_test_message("60 ms of jitter: played %" G_GUINT64_FORMAT
		       " of 3000, delay at most %d ms",
		       rep.played, worst);
	g_assert_cmpint(count(played, 50, 3000, 0), >=, 2950 * 99 / 100);
	g_assert_cmpint(worst, <=, 110);
	jitter_destroy(&jit);
}

/* Stalls from 2 s on for `stall` ms: all that was sent comes at its end. */
static int stall;

static int stalled(int i)
{
	int at = i * TICK_MS;

	return at >= 2000 && at < 2000 + stall ? 2000 + stall : at;
}

static void a_late_burst_is_cut_to_the_limit_and_shed_within_3_s(void)
{
	static const int stalls[] = { 100, 200, 400, 700, 1500, 5000 };

	for (unsigned k = 0; k < G_N_ELEMENTS(stalls); k++) {
		const struct path path = { .arrive = stalled, .packets = 800 };
		struct jitter *jit = new_jitter(0, 500);
		struct jitter_report rep;
		int played[800], end, back = 0, worst = 0;

		stall = stalls[k];
		end = (2000 + stall) / TICK_MS;
		run(jit, &path, 800, played);
		for (int t = end; t < 800; t++) {
			if (played[t] < 0)
				continue;
			worst = MAX(worst, delay(played, t));
			if (delay(played, t) > 50)
				back = t + 1;
		}
		jitter_report(jit, &rep);
		g_test_message("stall of %4d ms: delay up to %3d ms, back"
			       " after %4d ms, %3d frames not played",
			       stall, worst, MAX(0, back - end) * TICK_MS,
			       800 - (int)rep.played);
		g_assert_cmpint(worst, <=, 520);
		g_assert_cmpint((back - end) * TICK_MS, <=, 3000);
		g_assert_cmpint(count(played, end + 200, 800, 0), ==,
				800 - end - 200);
		g_assert_cmpint(rep.delay_ms, <=, 40);
		jitter_destroy(&jit);
	}
}

static int lossy(int i)
{
	return i % 20 == 7 ? NEVER : i * TICK_MS;
}

static void a_lossy_path_keeps_the_packet_that_carries_the_fec(void)
{
	const struct path path = { .arrive = lossy, .packets = 1500 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int played[1500];

	run(jit, &path, 1500, played);
	jitter_report(jit, &rep);
	g_test_message("5 %% lost: %d frames from FEC, %d concealed",
		       count(played, 0, 1500, FEC),
		       count(played, 0, 1500, LOST));
	g_assert_cmpuint(rep.missing, ==, 75);
	g_assert_cmpuint(rep.late, ==, 0);
	/* From the third second on all of them. */
	g_assert_cmpint(count(played, 400, 1500, FEC), ==, 55);
	g_assert_cmpint(count(played, 400, 1500, LOST), ==, 0);
	for (int t = 400; t < 1500; t++)
		if (played[t] >= 0)
			g_assert_cmpint(delay(played, t), ==, 30);
	jitter_destroy(&jit);
}

/* One second of talk, two of pause. */
static bool in_spurt(int i)
{
	return i % 150 < 50;
}

static void a_pause_is_silence_and_not_loss(void)
{
	const struct path path = { .arrive = clean,
				   .spoken = in_spurt,
				   .packets = 1500 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int played[1500];

	run(jit, &path, 1500, played);
	for (int t = 0; t < 1500; t++)
		if (in_spurt(t))
			g_assert_cmpint(played[t], ==, t);
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.played, ==, 500);
	g_assert_cmpuint(rep.missing, ==, 0);
	/* Who does not announce the pause looks lost for 200 ms at most. */
	g_assert_cmpint(count(played, 0, 1500, LOST), <=, 10 * 10);
	jitter_destroy(&jit);
}

static void an_announced_pause_is_silence_at_once(void)
{
	const uint8_t dtx = 0xf8;
	struct jitter *jit = new_jitter(0, 500);

	g_assert_cmpint(put(jit, 0, 0, 1), ==, 0);
	g_assert_cmpint(get(jit), ==, 1);
	g_assert_cmpint(jitter_put(jit, 1, FRAME, FRAME, &dtx, 1), ==, 0);
	for (int t = 0; t < 100; t++)
		g_assert_cmpint(get(jit), ==, SILENCE);
	/* Exactly when its time has come. */
	g_assert_cmpint(put(jit, 2, 101 * FRAME, 2), ==, 0);
	g_assert_cmpint(get(jit), ==, 2);
	jitter_destroy(&jit);
}

/* SpeexDSP would start anew with the first packet after 21 steps in vain. */
static void a_second_of_pause_in_what_waits_loses_nothing(void)
{
	enum { PAUSE = 45 };
	const uint8_t dtx = 0xf8;
	struct jitter *jit = new_jitter(0, 1000);

	g_assert_cmpint(put(jit, 0, 0, 0), ==, 0);
	g_assert_cmpint(jitter_put(jit, 1, FRAME, FRAME, &dtx, 1), ==, 0);
	g_assert_cmpint(put(jit, 2, PAUSE * FRAME, PAUSE), ==, 0);
	g_assert_cmpint(get_one(jit), ==, 0);
	for (int t = 1; t < PAUSE; t++) {
		g_assert_cmpint(put(jit, 2 + (uint64_t)t,
				    (uint64_t)(PAUSE + t) * FRAME, PAUSE + t),
				==, 0);
		g_assert_cmpint(get_one(jit), ==, SILENCE);
	}
	for (int t = PAUSE; t < 2 * PAUSE; t++)
		g_assert_cmpint(get_one(jit), ==, t);
	g_assert_cmpint(get_one(jit), !=, SILENCE);
	jitter_destroy(&jit);
}

/* SpeexDSP would let the line stand still for it in the next gap. */
static void a_packet_that_is_half_past_moves_no_line(void)
{
	const uint8_t dtx = 0xf8;
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_frame frame;

	g_assert_cmpint(put(jit, 0, 0, 0), ==, 0);
	g_assert_cmpint(jitter_put(jit, 1, FRAME, FRAME, &dtx, 1), ==, 0);
	g_assert_cmpint(put(jit, 3, 4 * FRAME, 3), ==, 0);
	g_assert_cmpint(get(jit), ==, 0);
	g_assert_cmpint(get(jit), ==, SILENCE);
	g_assert_cmpint(jitter_get(jit, FRAME / 2, &frame), ==, JITTER_SILENCE);
	g_assert_cmpuint(frame.samples, ==, FRAME / 2);
	jitter_tick(jit, 0);
	g_assert_cmpint(put(jit, 2, 2 * FRAME, 2), ==, 0);
	g_assert_cmpint(get_one(jit), ==, 2);
	g_assert_cmpint(get_one(jit), ==, SILENCE);
	g_assert_cmpint(get_one(jit), ==, 3);
	jitter_destroy(&jit);
}

static void of_packets_of_one_time_one_is_played(void)
{
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	unsigned kept = 0;

	for (uint64_t i = 0; i < 100; i++)
		kept += put(jit, i, 0, 0) == 0;
	g_assert_cmpuint(kept, >, 25);
	g_assert_cmpuint(kept, <, 100);
	g_assert_cmpint(get(jit), ==, 0);
	/* The others make room. */
	for (uint64_t i = 1; i < 100; i++) {
		g_assert_cmpint(put(jit, 99 + i, i * FRAME, (int)i), ==, 0);
		g_assert_cmpint(get(jit), ==, (int)i);
	}
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.played, ==, 100);
	g_assert_cmpuint(rep.late, ==, kept - 1);
	g_assert_cmpuint(rep.overflow, ==, 100 - kept);
	g_assert_cmpuint(rep.put, ==, rep.played + rep.late + rep.overflow);
	jitter_destroy(&jit);
}

static int jittery_spurts(int i)
{
	return i * TICK_MS + (i % 7 == 3 ? 45 : 0);
}

static void the_delay_survives_a_pause(void)
{
	const struct path path = { .arrive = jittery_spurts,
				   .spoken = in_spurt,
				   .packets = 3000 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int played[3000];

	run(jit, &path, 3000, played);
	jitter_report(jit, &rep);
	g_test_message("45 ms of jitter in spurts: played %" G_GUINT64_FORMAT
		       " of 1000",
		       rep.played);
	g_assert_cmpuint(rep.played, >=, 985);
	jitter_destroy(&jit);
}

static void counters_that_wrap_are_nothing_special(void)
{
	/* Extended numbers pass 2^16 and 2^32; and from the top to zero. (The
	 * clean path above passes the wrap of SpeexDSP's own time.) */
	static const uint64_t starts[] = { 65500, 0xffffff00, UINT64_MAX - 99 };

	for (unsigned k = 0; k < G_N_ELEMENTS(starts); k++) {
		const struct path path = { .arrive = clean,
					   .packets = 600,
					   .sequence0 = starts[k],
					   .timestamp0 = starts[k] *
							 (uint64_t)FRAME };
		struct jitter *jit = new_jitter(0, 500);
		int played[600];

		run(jit, &path, 600, played);
		for (int t = 0; t < 600; t++)
			g_assert_cmpint(played[t], ==, t);
		jitter_destroy(&jit);
	}
}

static void a_restarted_sender_is_followed(void)
{
	static const int64_t jumps[] = { 1000000, -1000000, 1LL << 31,
					 -(1LL << 31), 1LL << 50 };

	for (unsigned k = 0; k < G_N_ELEMENTS(jumps); k++) {
		struct jitter *jit = new_jitter(0, 500);
		int silent = 0, heard = 0;

		for (uint64_t i = 0; i < 100; i++) {
			put(jit, 5000 + i, 1000000 + i * FRAME, (int)i);
			g_assert_cmpint(get(jit), ==, (int)i);
		}
		for (uint64_t i = 0; i < 100; i++) {
			put(jit, 77 + i,
			    1000000 + (uint64_t)jumps[k] + i * FRAME, (int)i);
			if (get(jit) == (int)i)
				heard++;
			else
				silent++;
		}
		g_assert_cmpint(silent, <=, 5);
		g_assert_cmpint(heard, >=, 95);
		jitter_destroy(&jit);
	}
}

static void a_stray_packet_does_not_move_the_time_line(void)
{
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;

	for (uint64_t i = 0; i < 300; i++) {
		put(jit, i, i * FRAME, (int)i);
		if (i % 50 == 10)
			g_assert_cmpint(
				put(jit, i + 5000, (i + 100000) * FRAME, 9999),
				==, -ESTALE);
		g_assert_cmpint(get(jit), ==, (int)i);
	}
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.late, ==, 6);
	jitter_destroy(&jit);
}

static void a_path_that_became_longer_than_the_limit_is_followed(void)
{
	struct jitter *jit = new_jitter(0, 200);
	int heard = 0;

	for (uint64_t i = 0; i < 100; i++) {
		put(jit, i, i * FRAME, (int)i);
		get(jit);
	}
	for (uint64_t i = 100; i < 200; i++) {
		if (i >= 150) /* 1 s later than before */
			put(jit, i - 50, (i - 50) * FRAME, (int)i - 50);
		heard += get(jit) >= 0;
	}
	g_assert_cmpint(heard, >=, 45);
	jitter_destroy(&jit);
}

static void every_refusal_is_counted(void)
{
	const uint8_t big[JITTER_MAX_PAYLOAD + 1] = { 0 };
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	int full = 0;

	g_assert_cmpint(put(jit, 10, 10 * FRAME, 10), ==, 0);
	g_assert_cmpint(put(jit, 10, 10 * FRAME, 10), ==, -EEXIST);
	g_assert_cmpint(get(jit), ==, 10);
	g_assert_cmpint(put(jit, 10, 10 * FRAME, 10), ==, -EEXIST);
	g_assert_cmpint(put(jit, 9, 9 * FRAME, 9), ==, -ESTALE);
	for (uint64_t i = 0; i < 100; i++)
		/* 2.5 ms packets: more than the pool has places. */
		full += jitter_put(jit, 11 + i, 11 * FRAME + i * 120, 120, big,
				   10) == -ENOBUFS;
	g_assert_cmpint(full, >, 0);
	g_assert_cmpint(jitter_put(jit, 99, 0, 960, big, sizeof(big)), ==,
			-EMSGSIZE);
	g_assert_cmpint(jitter_put(jit, 99, 0, 960, big, 0), ==, -EMSGSIZE);
	g_assert_cmpint(jitter_put(jit, 99, 0, 5761, big, 10), ==, -EMSGSIZE);
	g_assert_cmpint(jitter_put(jit, 99, 0, 961, big, 10), ==, -EMSGSIZE);
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.put, ==, 104);
	g_assert_cmpuint(rep.duplicate, ==, 2);
	g_assert_cmpuint(rep.late, ==, 1);
	g_assert_cmpuint(rep.overflow, ==, (unsigned)full);
	jitter_destroy(&jit);
}

static void no_packet_of_the_pool_is_ever_lost(void)
{
	/* Late packets leak in SpeexDSP: here they would fill the pool. */
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	unsigned x = 1;

	for (int i = 0; i < 20000; i++) {
		x = x * 1664525u + 1013904223u;
		put(jit, (uint64_t)i + (x >> 8) % 40,
		    (uint64_t)(i + 100) * FRAME - (x >> 16) % 40 * FRAME, i);
		get(jit);
	}
	jitter_reset(jit);
	for (uint64_t i = 0; i < 25; i++)
		g_assert_cmpint(put(jit, i, i * FRAME, (int)i), ==, 0);
	jitter_report(jit, &rep);
	g_assert_cmpuint(rep.overflow, ==, 0);
	jitter_destroy(&jit);
}

static void refuses_delays_out_of_range(void)
{
	static const struct jitter_config wrong[] = {
		{ -1, 500 }, { 201, 500 }, { 0, 59 }, { 0, 1001 }, { 150, 100 },
	};
	struct jitter *jit = NULL;

	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_cmpint(jitter_create(&jit, &wrong[i]), ==, -EINVAL);
	g_assert_null(jit);
	jitter_destroy(&jit);
}

static void buffering_never_touches_the_heap(void)
{
	struct jitter *jit = new_jitter(0, 500);
	struct jitter_report rep;
	unsigned x = 1;

	trap_begin();
	for (uint64_t i = 0; i < 3000; i++) {
		x = x * 1664525u + 1013904223u;
		if (x >> 28 < 12)
			put(jit, i, (i - (x >> 20) % 4) * FRAME, (int)i);
		if (i % 700 == 0)
			put(jit, i + 9, i << 20, 0);
		if (i % 1000 == 999)
			jitter_reset(jit);
		get(jit);
		jitter_report(jit, &rep);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	jitter_destroy(&jit);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/jitter/a clean path waits for the tick, no longer",
			a_clean_path_waits_for_the_tick_and_no_longer);
	g_test_add_func("/jitter/keeps the least delay that is asked for",
			keeps_the_least_delay_that_is_asked_for);
	g_test_add_func("/jitter/puts reordered packets in order",
			puts_reordered_packets_in_order);
	g_test_add_func("/jitter/follows jitter up and then loses little",
			follows_jitter_up_and_then_loses_little);
	g_test_add_func("/jitter/a late burst is cut and shed within 3 s",
			a_late_burst_is_cut_to_the_limit_and_shed_within_3_s);
	g_test_add_func("/jitter/a lossy path keeps the packet with the FEC",
			a_lossy_path_keeps_the_packet_that_carries_the_fec);
	g_test_add_func("/jitter/a pause is silence and not loss",
			a_pause_is_silence_and_not_loss);
	g_test_add_func("/jitter/an announced pause is silence at once",
			an_announced_pause_is_silence_at_once);
	g_test_add_func("/jitter/a second of pause in what waits loses nothing",
			a_second_of_pause_in_what_waits_loses_nothing);
	g_test_add_func("/jitter/a packet that is half past moves no line",
			a_packet_that_is_half_past_moves_no_line);
	g_test_add_func("/jitter/of packets of one time one is played",
			of_packets_of_one_time_one_is_played);
	g_test_add_func("/jitter/the delay survives a pause",
			the_delay_survives_a_pause);
	g_test_add_func("/jitter/counters that wrap are nothing special",
			counters_that_wrap_are_nothing_special);
	g_test_add_func("/jitter/a restarted sender is followed",
			a_restarted_sender_is_followed);
	g_test_add_func("/jitter/a stray packet does not move the time line",
			a_stray_packet_does_not_move_the_time_line);
	g_test_add_func(
		"/jitter/a path that became longer than the limit is followed",
		a_path_that_became_longer_than_the_limit_is_followed);
	g_test_add_func("/jitter/every refusal is counted",
			every_refusal_is_counted);
	g_test_add_func("/jitter/no packet of the pool is ever lost",
			no_packet_of_the_pool_is_ever_lost);
	g_test_add_func("/jitter/refuses delays out of range",
			refuses_delays_out_of_range);
	g_test_add_func("/jitter/buffering never touches the heap",
			buffering_never_touches_the_heap);
	return g_test_run();
}
