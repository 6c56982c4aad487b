#include "mixer/voice.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>

#include "mixer/codec.h"
#include "mixer/level.h"
#include "tests/sound.h"
#include "tests/trap.h"

#define HZ	  440
#define LOUD	  8000
#define LOUD_DBOV (-15.3f) /* a sine of LOUD */
#define SECONDS	  10
#define FRAMES	  (50 * SECONDS)

static struct voice *new_voice(void)
{
	const struct jitter_config cfg = { .min_ms = 0, .max_ms = 500 };
	struct voice *voice = NULL;

	g_assert_cmpint(voice_create(&voice, &cfg), ==, 0);
	return voice;
}

/* The largest edge in a clean tone of LOUD. */
static int natural_edge(void)
{
	int16_t pcm[SOUND_FRAME];

	sound_tone(pcm, HZ, LOUD, 0);
	return sound_edge(pcm, SOUND_FRAME);
}

static void tone(int16_t *pcm, int samples, int channels, uint64_t from)
{
	double w = 2 * G_PI * HZ / SOUND_RATE;

	for (int i = 0; i < samples * channels; i++)
		pcm[i] = (int16_t)(LOUD *
				   sin(w * ((double)from + i / channels)));
}

static void plays_packets_of_any_length_without_a_gap(void)
{
	static const int lengths[] = { 120, 240, 480, 960, 1920, 2880, 5760 };

	for (unsigned k = 0; k < 2 * G_N_ELEMENTS(lengths); k++) {
		int channels = 1 + (int)k % 2, samples = lengths[k / 2];
		OpusEncoder *enc = opus_encoder_create(
			SOUND_RATE, channels, OPUS_APPLICATION_AUDIO, NULL);
		struct voice *voice = new_voice();
		int16_t in[2 * CODEC_MAX_FRAMES], out[SOUND_FRAME];
		uint64_t sequence = 0, sent = 0;
		struct voice_report rep;
		uint8_t buf[JITTER_MAX_PAYLOAD];

		opus_encoder_ctl(enc, OPUS_SET_BITRATE(64000));
		for (uint64_t t = 0; t < 150; t++) {
			/* What was spoken until this tick has arrived. */
			while (sent + (uint64_t)samples <= (t + 1) * 960) {
				int n;

				tone(in, samples, channels, sent);
				n = opus_encode(enc, in, samples, buf,
						sizeof(buf));
				g_assert_cmpint(voice_put(voice, sequence++,
							  sent, buf, (size_t)n),
						==, 0);
				sent += (uint64_t)samples;
			}
			voice_pull(voice, out);
			if (t < 75)
				continue;
			g_assert_cmpfloat_with_epsilon(
				level_dbov(out, SOUND_FRAME), LOUD_DBOV, 1.0);
			g_assert_cmpint(sound_edge(out, SOUND_FRAME), <,
					natural_edge() * 3);
		}
		voice_report(voice, &rep);
		g_assert_cmpuint(rep.undecodable, ==, 0);
		opus_encoder_destroy(enc);
		voice_destroy(&voice);
	}
}

/* Sends FRAMES of sound; each packet that lost() names does not come. Keeps
 * the level of each frame pulled and the largest edge after the first. */
static void over_a_path(struct voice *voice, int low_delay,
			void (*sound)(int16_t *, uint64_t),
			bool (*lost)(uint64_t), float *level_r, int *edge_r)
{
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = 5,
					  .loss_expected = low_delay ? 0 : 20,
					  .low_delay = low_delay };
	struct codec_encoder *enc = NULL;
	int16_t in[SOUND_FRAME], out[2 + SOUND_FRAME] = { 0 };
	uint8_t buf[CODEC_MAX];

	*edge_r = 0;
	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (uint64_t i = 0; i < FRAMES; i++) {
		int n;

		sound(in, i);
		n = codec_encode(enc, in, buf, sizeof(buf));
		if (!lost(i))
			voice_put(voice, i, i * SOUND_FRAME, buf, (size_t)n);
		/* With the two samples before, to see across the seam. */
		memcpy(out, out + SOUND_FRAME, 2 * sizeof(*out));
		level_r[i] = voice_pull(voice, out + 2);
		if (i > 5)
			*edge_r =
				MAX(*edge_r, sound_edge(out, SOUND_FRAME + 2));
	}
	codec_encoder_destroy(&enc);
}

static bool none(uint64_t i)
{
	return i > FRAMES;
}

static bool each_20th(uint64_t i)
{
	return i % 20 == 13;
}

static bool one_in_five(uint64_t i)
{
	return i > 3 && ((unsigned)i * 2654435761u >> 20) % 5 == 0;
}

/* Frames that should be heard and are 10 dB too quiet. */
static int count_dips(const float *clean, const float *level)
{
	int dips = 0;

	for (int i = 5; i < FRAMES; i++) {
		/* On a lossy path the delay is up to two frames more. */
		float want = MIN(clean[i], MIN(clean[i - 1], clean[i - 2]));

		dips += want > -40 && level[i] < want - 10;
	}
	return dips;
}

static void loss_of_5_and_20_percent_is_concealed(void)
{
	static const struct {
		const char *name;
		bool (*lost)(uint64_t);
		int dips; /* allowed */
	} paths[] = { { "5 %", each_20th, 0 }, { "20 %", one_in_five, 12 } };

	for (unsigned k = 0; k < 4; k++) {
		int low_delay = k % 2, edge, clean_edge, dips;
		struct voice *voice = new_voice(), *whole = new_voice();
		float level[FRAMES], clean[FRAMES];
		struct voice_report rep;

		over_a_path(whole, low_delay, sound_speech, none, clean,
			    &clean_edge);
		over_a_path(voice, low_delay, sound_speech, paths[k / 2].lost,
			    level, &edge);
		dips = count_dips(clean, level);
		voice_report(voice, &rep);
		g_test_message("%s lost, %s: %d of %d frames too quiet, edge %d"
			       " (clean %d), %d concealed, %d from FEC",
			       paths[k / 2].name, low_delay ? "CELT" : "SILK",
			       dips, FRAMES, edge, clean_edge,
			       (int)rep.concealed, (int)rep.recovered);
		g_assert_cmpint(dips, <=, paths[k / 2].dips);
		g_assert_cmpint(edge, <, clean_edge * 2);
		g_assert_cmpuint(rep.jitter.missing, >, 0);
		if (low_delay)
			g_assert_cmpuint(rep.recovered, ==, 0);
		else
			g_assert_cmpuint(rep.recovered, >, rep.concealed / 4);
		voice_destroy(&voice);
		voice_destroy(&whole);
	}
}

static void steady(int16_t *pcm, uint64_t frame)
{
	sound_tone(pcm, HZ, LOUD, frame);
}

static bool from_2_s_on(uint64_t i)
{
	return i >= 100 && i < 150;
}

static void a_gap_fades_within_60_ms_and_comes_back_without_a_click(void)
{
	struct voice *voice = new_voice();
	struct voice_report rep;
	float level[FRAMES];
	int edge;

	over_a_path(voice, 1, steady, from_2_s_on, level, &edge);
	g_assert_cmpfloat(level[100], >, LOUD_DBOV - 10);
	for (int i = 103; i < 150; i++)
		g_assert_cmpfloat(level[i], ==, LEVEL_SILENCE);
	for (int i = 160; i < FRAMES; i++)
		g_assert_cmpfloat(level[i], >, LOUD_DBOV - 1);
	g_assert_cmpint(edge, <, LOUD / 4);
	voice_report(voice, &rep);
	g_assert_cmpuint(rep.concealed, ==, 3);
	voice_destroy(&voice);
}

static void an_announced_pause_ends_in_one_frame(void)
{
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = 5,
					  .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	struct voice *voice = new_voice();
	struct voice_report rep;
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[CODEC_MAX];
	int n = 0;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (uint64_t i = 0; i < 50; i++) {
		sound_tone(pcm, HZ, LOUD, i);
		n = codec_encode(enc, pcm, buf, sizeof(buf));
		voice_put(voice, i, i * SOUND_FRAME, buf, (size_t)n);
		voice_pull(voice, pcm);
	}
	buf[0] &= 0xfc;
	voice_put(voice, 50, 50 * SOUND_FRAME, buf, 1);
	voice_pull(voice, pcm);
	g_assert_cmpint(sound_edge(pcm, SOUND_FRAME), <, LOUD / 4);
	for (int i = 0; i < 10; i++)
		g_assert_cmpfloat(voice_pull(voice, pcm), ==, LEVEL_SILENCE);
	voice_report(voice, &rep);
	g_assert_cmpuint(rep.concealed, ==, 0);
	g_assert_cmpuint(rep.jitter.missing, ==, 0);
	codec_encoder_destroy(&enc);
	voice_destroy(&voice);
}

/* White noise of -60 dBov, with 2 s of a tone over it. */
static void in_a_room(int16_t *pcm, uint64_t frame)
{
	static uint32_t x = 1;

	memset(pcm, 0, SOUND_FRAME * sizeof(*pcm));
	if (frame < 100)
		sound_tone(pcm, HZ, LOUD, frame);
	for (int i = 0; i < SOUND_FRAME; i++) {
		x = x * 1664525u + 1013904223u;
		pcm[i] = (int16_t)(pcm[i] + ((int32_t)x >> 16) / 577);
	}
}

static void a_pause_sounds_like_the_background_and_counts_as_silence(void)
{
	const struct codec_config cfg = { .bitrate = 64000,
					  .complexity = 5,
					  .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	struct voice *voice = new_voice();
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[CODEC_MAX];
	int n = 0;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (uint64_t i = 0; i < 300; i++) {
		in_a_room(pcm, i);
		n = codec_encode(enc, pcm, buf, sizeof(buf));
		voice_put(voice, i, i * SOUND_FRAME, buf, (size_t)n);
		g_assert_cmpfloat(voice_pull(voice, pcm), >, -65);
	}
	buf[0] &= 0xfc;
	voice_put(voice, 300, 300 * SOUND_FRAME, buf, 1);
	voice_pull(voice, pcm);
	for (int i = 301; i < 1000; i++) {
		g_assert_cmpfloat(voice_pull(voice, pcm), ==, LEVEL_SILENCE);
		g_assert_cmpfloat(level_dbov(pcm, SOUND_FRAME), >, -64);
		g_assert_cmpfloat(level_dbov(pcm, SOUND_FRAME), <, -59);
	}
	sound_tone(pcm, HZ, LOUD, 0);
	n = codec_encode(enc, pcm, buf, sizeof(buf));
	voice_put(voice, 301, 1000 * SOUND_FRAME, buf, (size_t)n);
	g_assert_cmpfloat(voice_pull(voice, pcm), >, LOUD_DBOV - 3);
	codec_encoder_destroy(&enc);
	voice_destroy(&voice);
}

static void another_sender_finds_nothing_of_the_one_before(void)
{
	struct voice *voice = new_voice(), *new = new_voice();
	float level[FRAMES], fresh[FRAMES];
	int edge;

	over_a_path(voice, 0, in_a_room, one_in_five, level, &edge);
	voice_reset(voice);
	over_a_path(voice, 1, steady, none, level, &edge);
	over_a_path(new, 1, steady, none, fresh, &edge);
	g_assert_cmpmem(level, sizeof(level), fresh, sizeof(fresh));
	voice_destroy(&voice);
	voice_destroy(&new);
}

/* A hum, a pause, then two tones: with libopus 1.3.1 a decoder that misses a
 * packet of this grows to -1 dBov. */
static void hum_and_two_tones(int16_t *pcm, uint64_t frame)
{
	int16_t high[SOUND_FRAME];

	memset(pcm, 0, SOUND_FRAME * sizeof(*pcm));
	if (frame < 80)
		sound_tone(pcm, 300, 1638, frame);
	if (frame < 100)
		return;
	sound_tone(pcm, 1025, 2621, frame);
	sound_tone(high, 2536, 2621, frame);
	for (int i = 0; i < SOUND_FRAME; i++)
		pcm[i] = (int16_t)(pcm[i] + high[i]);
}

static uint64_t missing;

static bool one_is_missing(uint64_t i)
{
	return i == missing;
}

static void a_decoder_that_missed_a_packet_does_not_run_away(void)
{
	uint64_t restarts = 0;

	for (missing = 96; missing < 124; missing += 4) {
		struct voice *voice = new_voice();
		struct voice_report rep;
		float level[FRAMES], loudest = LEVEL_SILENCE;
		int edge;

		over_a_path(voice, 0, hum_and_two_tones, one_is_missing, level,
			    &edge);
		for (int i = 0; i < FRAMES; i++)
			loudest = MAX(loudest, level[i]);
		voice_report(voice, &rep);
		restarts += rep.restarts;
		/* The tones have -18.9 dBov together. */
		g_assert_cmpfloat(loudest, <, -9);
		voice_destroy(&voice);
	}
	g_test_message("%d restarts", (int)restarts);
}

/* Speech that is 20 dB louder from 2 s on, after a lost packet. */
static void speaking_up(int16_t *pcm, uint64_t frame)
{
	sound_speech(pcm, frame);
	for (int i = 0; i < SOUND_FRAME && frame < 100; i++)
		pcm[i] = (int16_t)(pcm[i] / 10);
}

static bool before_speaking_up(uint64_t i)
{
	return i == 99;
}

static void who_speaks_up_after_a_loss_is_heard(void)
{
	struct voice *voice = new_voice(), *whole = new_voice();
	float level[FRAMES], clean[FRAMES];
	int edge, clean_edge;

	over_a_path(whole, 0, speaking_up, none, clean, &clean_edge);
	over_a_path(voice, 0, speaking_up, before_speaking_up, level, &edge);
	for (int i = 101; i < FRAMES; i++)
		g_assert_cmpfloat(level[i], >, clean[i] - 6);
	g_assert_cmpint(edge, <, clean_edge * 2);
	voice_destroy(&voice);
	voice_destroy(&whole);
}

static void bytes_that_are_not_opus_are_counted_and_harmless(void)
{
	struct voice *voice = new_voice();
	struct voice_report rep;
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[200];
	unsigned refused = 0;

	g_assert_cmpint(voice_put(voice, 0, 0, buf, 0), ==, -EBADMSG);
	srand(3);
	for (uint64_t i = 0; i < 3000; i++) {
		size_t size = 1 + (size_t)rand() % sizeof(buf);

		for (size_t j = 0; j < size; j++)
			buf[j] = (uint8_t)rand();
		refused += voice_put(voice, i, i * SOUND_FRAME, buf, size) ==
			   -EBADMSG;
		voice_pull(voice, pcm);
	}
	voice_report(voice, &rep);
	g_assert_cmpuint(refused, >, 0);
	g_assert_cmpuint(rep.undecodable, >, refused);
	voice_destroy(&voice);
}

static void hearing_never_touches_the_heap(void)
{
	struct voice *voice = new_voice();
	struct voice_report rep;
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[60];
	unsigned x = 1;

	trap_begin();
	for (uint64_t i = 0; i < 2000; i++) {
		for (size_t j = 0; j < sizeof(buf); j++) {
			x = x * 1664525u + 1013904223u;
			buf[j] = (uint8_t)(x >> 24);
		}
		if (x >> 29)
			voice_put(voice, i, i * SOUND_FRAME, buf, sizeof(buf));
		if (i == 1000)
			voice_reset(voice);
		voice_pull(voice, pcm);
		voice_report(voice, &rep);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	voice_destroy(&voice);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/voice/plays packets of any length without a gap",
			plays_packets_of_any_length_without_a_gap);
	g_test_add_func("/voice/loss of 5 and 20 percent is concealed",
			loss_of_5_and_20_percent_is_concealed);
	g_test_add_func(
		"/voice/a gap fades within 60 ms and comes back without a "
		"click",
		a_gap_fades_within_60_ms_and_comes_back_without_a_click);
	g_test_add_func("/voice/an announced pause ends in one frame",
			an_announced_pause_ends_in_one_frame);
	g_test_add_func(
		"/voice/a pause sounds like the background, counts as"
		" silence",
		a_pause_sounds_like_the_background_and_counts_as_silence);
	g_test_add_func("/voice/another sender finds nothing of the last",
			another_sender_finds_nothing_of_the_one_before);
	g_test_add_func("/voice/a decoder that missed a packet does not run"
			" away",
			a_decoder_that_missed_a_packet_does_not_run_away);
	g_test_add_func("/voice/who speaks up after a loss is heard",
			who_speaks_up_after_a_loss_is_heard);
	g_test_add_func("/voice/bytes that are not Opus are counted, harmless",
			bytes_that_are_not_opus_are_counted_and_harmless);
	g_test_add_func("/voice/hearing never touches the heap",
			hearing_never_touches_the_heap);
	return g_test_run();
}
