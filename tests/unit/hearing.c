/* The loadgen's judgement on sound whose truth is known. */
#include "loadgen/hearing.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "loadgen/figures.h"
#include "loadgen/tone.h"
#include "mixer/codec.h"
#include "tests/trap.h"

#define FRAME	 960
#define START_US 5000000u
#define WAIT_US	 7000

/* Lets an ear hear the script as talkers `mask` of 3 say it, `gain` times as
 * loud, delay_ms later. */
static struct ear *listen(unsigned mask, double gain, unsigned delay_ms)
{
	const struct script script = { .callers = 3 };
	const uint64_t delay = delay_ms * 48u;
	const uint64_t n = script_turn_length(&script) + SCRIPT_RATE / 2;
	struct ear *ear = NULL;

	g_assert_cmpint(ear_create(&ear, 10), ==, 0);
	for (uint64_t at = 0; at < n; at += FRAME) {
		double sum[FRAME] = { 0 };
		int16_t pcm[FRAME];

		for (unsigned who = 0; who < 3; who++) {
			if (!(mask & 1u << who) || at < delay ||
			    !script_speak(&script, who, at - delay, pcm, FRAME))
				continue;
			for (unsigned i = 0; i < FRAME; i++)
				sum[i] += gain * pcm[i];
		}
		for (unsigned i = 0; i < FRAME; i++)
			pcm[i] = (int16_t)lrint(sum[i]);
		ear_hear(ear, pcm, START_US + at * 125 / 6, WAIT_US);
	}
	return ear;
}

static struct hearing judge(struct ear *ear, unsigned talker)
{
	const struct script script = { .callers = 3 };
	struct chirp *chirp = chirp_create(EAR_RATE);
	struct hearing hearing =
		hearing_of(&script, START_US, 0, ear, talker, false, chirp);

	chirp_destroy(&chirp);
	return hearing;
}

static void who_talk_at_once_have_tones_far_apart(void)
{
	for (unsigned n = 0; n < TONE_MAX_PAIRS; n++) {
		struct tone_pair a = tone_plan(n);

		for (unsigned m = n - n % SCRIPT_TALKERS; m < n; m++) {
			struct tone_pair b = tone_plan(m);

			g_assert_cmpfloat(fabs(a.low - b.low), >=, 270);
			g_assert_cmpfloat(fabs(a.high - b.high), >=, 270);
		}
		g_assert_cmpfloat(a.low, <, 1525);
		g_assert_cmpfloat(a.high, >=, 1720);
		g_assert_cmpfloat(a.high, <=, 3130);
	}
}

static void every_caller_has_a_pair_of_his_own(void)
{
	g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);

	for (unsigned n = 0; n < TONE_MAX_PAIRS; n++) {
		struct tone_pair pair = tone_plan(n);
		guint key = (guint)pair.low * 10000 + (guint)pair.high;

		g_assert_true(g_hash_table_add(seen, GUINT_TO_POINTER(key)));
	}
}

static void measures_a_tone_beside_a_louder_one_with_gaps(void)
{
	int16_t pcm[4200];

	for (unsigned i = 0; i < G_N_ELEMENTS(pcm); i++) {
		double loud = i % 1400 < 240 ? 0 : 0.5; /* 20 ms in 117 */

		pcm[i] = (int16_t)lrint(
			32767 * (0.01 * sin(2 * M_PI * 1000 * i / 12000.0) +
				 loud * sin(2 * M_PI * 1270 * i / 12000.0)));
	}
	g_assert_cmpfloat_with_epsilon(
		tone_steady(pcm, G_N_ELEMENTS(pcm), 12000, 1000), 0.01, 0.002);
	g_assert_cmpfloat_with_epsilon(
		tone_steady(pcm, G_N_ELEMENTS(pcm), 12000, 1270), 0.5, 0.01);
	g_assert_cmpfloat(tone_steady(pcm, G_N_ELEMENTS(pcm), 12000, 2000), <,
			  1e-3);
}

/* Opus both ways, as callers and bridge use it. */
struct coded {
	struct codec_encoder *enc;
	struct codec_decoder *dec;
};

static void code(struct coded *cod, int16_t *pcm, bool lost)
{
	uint8_t buf[CODEC_MAX];
	int n = codec_encode(cod->enc, pcm, buf, sizeof(buf));

	g_assert_cmpint(n, >, 0);
	if (lost)
		codec_conceal(cod->dec, pcm, CODEC_FRAME);
	else
		g_assert_cmpint(
			codec_decode(cod->dec, buf, (size_t)n, pcm, FRAME), ==,
			FRAME);
}

/* The first frames of a turn as its first talker hears them: the three others
 * through Opus twice, one packet in `loss` lost, and himself `echo` times. */
static double own_tone(unsigned turn, unsigned loss, double echo)
{
	const struct script script = { .callers = 4 * (turn + 1) };
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = 3,
					  .low_delay = 1 };
	const uint64_t begin = turn * script_turn_length(&script);
	struct coded coded[5];
	struct ear *ear = NULL;
	const int16_t *heard;
	double db;

	g_assert_cmpint(ear_create(&ear, 2), ==, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(coded); i++) {
		codec_encoder_create(&coded[i].enc, &cfg);
		codec_decoder_create(&coded[i].dec);
	}
	for (unsigned f = 0; f < SCRIPT_TONES / FRAME; f++) {
		double sum[FRAME] = { 0 };
		int16_t pcm[FRAME];

		for (unsigned i = 0; i < 4; i++) {
			double gain = i ? 1 : echo;

			memset(pcm, 0, sizeof(pcm));
			script_speak(&script, 4 * turn + i,
				     begin + SCRIPT_LEAD + f * FRAME, pcm,
				     FRAME);
			code(&coded[i], pcm, loss && (f + 7 * i) % loss == 0);
			for (unsigned k = 0; k < FRAME; k++)
				sum[k] += gain * pcm[k];
		}
		for (unsigned k = 0; k < FRAME; k++)
			pcm[k] = (int16_t)lrint(sum[k]);
		code(&coded[4], pcm, false);
		ear_hear(ear, pcm, START_US + f * 20000, WAIT_US);
	}
	heard = ear_at(ear, START_US + 200000, EAR_RATE * 35 / 100);
	db = tone_db(fmin(tone_steady(heard, EAR_RATE * 35 / 100, EAR_RATE,
				      tone_plan(4 * turn).low),
			  tone_steady(heard, EAR_RATE * 35 / 100, EAR_RATE,
				      tone_plan(4 * turn).high)) /
		     SCRIPT_TONE);
	for (unsigned i = 0; i < G_N_ELEMENTS(coded); i++) {
		codec_encoder_destroy(&coded[i].enc);
		codec_decoder_destroy(&coded[i].dec);
	}
	ear_destroy(&ear);
	return db;
}

static void the_noise_of_Opus_and_lost_packets_are_no_echo(void)
{
	for (unsigned turn = 0; turn < 12; turn++) {
		g_assert_cmpfloat(own_tone(turn, 0, 0), <,
				  HEARING_SELF_TONE_DB);
		g_assert_cmpfloat(own_tone(turn, 9, 0), <,
				  HEARING_SELF_TONE_DB);
	}
}

static void a_faint_echo_is_found_beside_the_others(void)
{
	for (unsigned turn = 0; turn < 12; turn++) {
		g_assert_cmpfloat(own_tone(turn, 0, 0.02), >,
				  HEARING_SELF_TONE_DB);
		g_assert_cmpfloat(own_tone(turn, 9, 0.02), >,
				  HEARING_SELF_TONE_DB);
	}
}

static void finds_the_delay_to_a_fraction_of_a_millisecond(void)
{
	for (unsigned delay_ms = 0; delay_ms <= 400; delay_ms += 50) {
		struct ear *ear = listen(1 << 1, 1, delay_ms);
		struct hearing hearing = judge(ear, 1);

		g_assert_true(hearing.complete);
		g_assert_cmpfloat_with_epsilon(hearing.delay_ms, delay_ms,
					       0.25);
		g_assert_cmpfloat_with_epsilon(
			hearing.added_ms,
			delay_ms - HEARING_TALKER_MS - WAIT_US / 1000.0, 0.25);
		g_assert_cmpfloat_with_epsilon(hearing.chirp_db, 0, 0.5);
		ear_destroy(&ear);
	}
}

static void who_talks_is_heard_and_who_does_not_is_missed(void)
{
	struct ear *ear = listen(1 << 0 | 1 << 2, 0.5, 90);

	for (unsigned talker = 0; talker < 3; talker++) {
		struct hearing hearing = judge(ear, talker);

		g_assert_true(hearing_is_heard(&hearing) == (talker != 1));
		g_assert_true(hearing_is_silent(&hearing) == (talker == 1));
		if (talker != 1)
			g_assert_cmpfloat_with_epsilon(hearing.tone_db, -6,
						       0.5);
	}
	ear_destroy(&ear);
}

static void a_faint_echo_of_oneself_is_a_fault(void)
{
	struct ear *loud = listen(1, 0.01, 120), *faint = listen(1, 0.001, 120);
	struct hearing hearing = judge(loud, 0);

	g_assert_cmpfloat_with_epsilon(hearing.chirp_db, -40, 1);
	g_assert_false(hearing_is_silent(&hearing));
	hearing = judge(faint, 0);
	g_assert_cmpfloat(hearing.chirp_db, <, -55);
	g_assert_true(hearing_is_silent(&hearing));
	ear_destroy(&loud);
	ear_destroy(&faint);
}

static void an_ear_that_missed_the_end_is_incomplete(void)
{
	const struct script script = { .callers = 3 };
	struct chirp *chirp = chirp_create(EAR_RATE);
	struct ear *ear = listen(7, 1, 50);
	struct hearing hearing =
		hearing_of(&script, START_US, 1, ear, 0, false, chirp);

	g_assert_false(hearing.complete);
	g_assert_false(hearing_is_heard(&hearing));
	g_assert_false(hearing_is_silent(&hearing));
	ear_destroy(&ear);
	chirp_destroy(&chirp);
}

static void the_worst_round_counts(void)
{
	const struct hearing good = { true, -1, -1, 80, 30 };
	const struct hearing bad = { true, -30, -2, -1, 0 };
	struct hearing other = hearing_worse(good, bad, false);
	struct hearing own = hearing_worse(good, bad, true);

	g_assert_cmpfloat(other.tone_db, ==, -30);
	g_assert_cmpfloat(other.delay_ms, ==, -1);
	g_assert_cmpfloat(own.tone_db, ==, -1);
}

static void speaking_and_hearing_never_touch_the_heap(void)
{
	const struct script script = { .callers = 3 };
	struct ear *ear = NULL;
	int16_t pcm[FRAME] = { 0 };

	g_assert_cmpint(ear_create(&ear, 10), ==, 0);
	trap_begin();
	for (uint64_t at = 0; at < 3 * SCRIPT_RATE; at += FRAME) {
		script_speak(&script, 0, at, pcm, FRAME);
		script_hum(0, at, pcm, FRAME);
		ear_hear(ear, pcm, START_US + at * 125 / 6, WAIT_US);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	ear_destroy(&ear);
}

static void percentiles_are_of_nearest_rank(void)
{
	struct figures fig;

	figures_init(&fig);
	g_assert_true(isnan(figures_percentile(&fig, 50)));
	for (int i = 100; i >= 1; i--)
		figures_add(&fig, i);
	g_assert_cmpfloat(figures_percentile(&fig, 50), ==, 50);
	g_assert_cmpfloat(figures_percentile(&fig, 99), ==, 99);
	g_assert_cmpfloat(figures_percentile(&fig, 100), ==, 100);
	figures_add(&fig, 0);
	g_assert_cmpfloat(figures_percentile(&fig, 0), ==, 0);
	figures_fini(&fig);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/hearing/who talk at once have tones far apart",
			who_talk_at_once_have_tones_far_apart);
	g_test_add_func("/hearing/every caller has a pair of his own",
			every_caller_has_a_pair_of_his_own);
	g_test_add_func("/hearing/measures a tone beside a louder one with "
			"gaps",
			measures_a_tone_beside_a_louder_one_with_gaps);
	g_test_add_func("/hearing/the noise of Opus and lost packets are no "
			"echo",
			the_noise_of_Opus_and_lost_packets_are_no_echo);
	g_test_add_func("/hearing/a faint echo is found beside the others",
			a_faint_echo_is_found_beside_the_others);
	g_test_add_func("/hearing/finds the delay to a fraction of a "
			"millisecond",
			finds_the_delay_to_a_fraction_of_a_millisecond);
	g_test_add_func("/hearing/who talks is heard and who does not is "
			"missed",
			who_talks_is_heard_and_who_does_not_is_missed);
	g_test_add_func("/hearing/a faint echo of oneself is a fault",
			a_faint_echo_of_oneself_is_a_fault);
	g_test_add_func("/hearing/an ear that missed the end is incomplete",
			an_ear_that_missed_the_end_is_incomplete);
	g_test_add_func("/hearing/the worst round counts",
			the_worst_round_counts);
	g_test_add_func("/hearing/speaking and hearing never touch the heap",
			speaking_and_hearing_never_touch_the_heap);
	g_test_add_func("/hearing/percentiles are of nearest rank",
			percentiles_are_of_nearest_rank);
	return g_test_run();
}
