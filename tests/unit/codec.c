#include "mixer/codec.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>

#include "tests/sound.h"
#include "tests/trap.h"

#define LOUD 8000

static struct codec_encoder *encoder(int low_delay, int loss, int dtx)
{
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = 5,
					  .loss_expected = loss,
					  .dtx = dtx,
					  .low_delay = low_delay };
	struct codec_encoder *enc = NULL;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	return enc;
}

static struct codec_decoder *decoder(void)
{
	struct codec_decoder *dec = NULL;

	g_assert_cmpint(codec_decoder_create(&dec), ==, 0);
	return dec;
}

static void refuses_what_opus_cannot_do(void)
{
	struct codec_config cfg = { .bitrate = 100, .complexity = 5 };
	struct codec_encoder *enc = NULL;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, -EINVAL);
	cfg.bitrate = 32000;
	cfg.complexity = 11;
	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, -EINVAL);
	g_assert_null(enc);
}

static void a_tone_survives_both_modes(void)
{
	for (int low_delay = 0; low_delay < 2; low_delay++) {
		struct codec_encoder *enc = encoder(low_delay, 0, 1);
		struct codec_decoder *dec = decoder();
		int16_t pcm[SOUND_FRAME];
		uint8_t buf[CODEC_MAX];

		/* Long: a speech codec's own DTX would take it for noise. */
		for (uint64_t i = 0; i < 250; i++) {
			int n;

			sound_tone(pcm, 1000, LOUD, i);
			n = codec_encode(enc, pcm, buf, sizeof(buf));
			g_assert_cmpint(n, >, 2);
			g_assert_cmpint(codec_decode(dec, buf, (size_t)n, pcm,
						     SOUND_FRAME),
					==, SOUND_FRAME);
		}
		g_assert_cmpfloat_with_epsilon(
			sound_find(pcm, SOUND_FRAME, 1000),
			20 * log10(LOUD / 32768.0), 0.5);
		codec_encoder_destroy(&enc);
		codec_decoder_destroy(&dec);
	}
}

static void silence_is_announced_once_and_then_not_sent(void)
{
	struct codec_encoder *enc = encoder(1, 0, 1);
	int16_t pcm[SOUND_FRAME] = { 0 };
	uint8_t buf[CODEC_MAX];
	int sent = 0, announced = 0;

	for (int i = 0; i < 100; i++) {
		int n = codec_encode(enc, pcm, buf, sizeof(buf));

		sent += n > 2;
		announced += n == 1;
		if (n == 1)
			g_assert_cmpint(codec_packet_samples(buf, 1), ==,
					SOUND_FRAME);
	}
	g_assert_cmpint(sent, ==, 10);
	g_assert_cmpint(announced, ==, 1);
	sound_tone(pcm, 500, LOUD, 0);
	g_assert_cmpint(codec_encode(enc, pcm, buf, sizeof(buf)), >, 2);
	codec_encoder_destroy(&enc);
}

static void without_dtx_silence_is_sent(void)
{
	struct codec_encoder *enc = encoder(0, 0, 0);
	int16_t pcm[SOUND_FRAME] = { 0 };
	uint8_t buf[CODEC_MAX];

	for (int i = 0; i < 100; i++)
		g_assert_cmpint(codec_encode(enc, pcm, buf, sizeof(buf)), >, 0);
	codec_encoder_destroy(&enc);
}

static void a_copied_encoder_goes_on_bit_by_bit(void)
{
	struct codec_encoder *a = encoder(1, 0, 1), *b = encoder(0, 10, 1);
	uint8_t first[CODEC_MAX], second[CODEC_MAX];
	int16_t pcm[SOUND_FRAME];

	for (uint64_t i = 0; i < 40; i++) {
		sound_speech(pcm, i);
		codec_encode(a, pcm, first, sizeof(first));
		/* Another history, to be forgotten. */
		sound_tone(pcm, 3000, LOUD, i);
		codec_encode(b, pcm, second, sizeof(second));
	}
	codec_encoder_copy(b, a);
	for (uint64_t i = 40; i < 80; i++) {
		int n;

		sound_speech(pcm, i);
		n = codec_encode(a, pcm, first, sizeof(first));
		g_assert_cmpint(codec_encode(b, pcm, second, sizeof(second)),
				==, n);
		g_assert_cmpmem(first, (size_t)n, second, (size_t)n);
	}
	codec_encoder_destroy(&a);
	codec_encoder_destroy(&b);
}

static void a_restarted_encoder_is_as_new(void)
{
	const struct codec_config cfg = {
		.bitrate = 32000, .complexity = 5, .low_delay = 1, .dtx = 1
	};
	struct codec_encoder *a = encoder(0, 20, 1), *b = encoder(1, 0, 1);
	uint8_t first[CODEC_MAX], second[CODEC_MAX];
	int16_t pcm[SOUND_FRAME];

	for (uint64_t i = 0; i < 40; i++) {
		sound_speech(pcm, i);
		codec_encode(a, pcm, first, sizeof(first));
	}
	g_assert_cmpint(codec_encoder_restart(a, &cfg), ==, 0);
	for (uint64_t i = 0; i < 40; i++) {
		int n;

		sound_speech(pcm, i);
		n = codec_encode(a, pcm, first, sizeof(first));
		g_assert_cmpint(codec_encode(b, pcm, second, sizeof(second)),
				==, n);
		g_assert_cmpmem(first, (size_t)n, second, (size_t)n);
	}
	codec_encoder_destroy(&a);
	codec_encoder_destroy(&b);
}

/* Error of `got` against `want` at the best of all small delays, in dB. */
static double distortion(const int16_t *want, const int16_t *got, size_t n)
{
	double best = 1e9;

	for (size_t delay = 0; delay < 480; delay++) {
		double power = 1, error = 1;

		for (size_t i = delay; i < n; i++) {
			double diff = got[i] - want[i - delay];

			power += (double)want[i - delay] * want[i - delay];
			error += diff * diff;
		}
		best = MIN(best, 10 * log10(error / power));
	}
	return best;
}

static void fec_is_in_speech_modes_and_beats_concealment(void)
{
	struct codec_encoder *enc = encoder(0, 20, 1), *low = encoder(1, 0, 1);
	struct codec_decoder *whole = decoder(), *fec = decoder(),
			     *plc = decoder();
	int16_t pcm[SOUND_FRAME], a[SOUND_FRAME], b[SOUND_FRAME],
		c[SOUND_FRAME];
	uint8_t last[CODEC_MAX], buf[CODEC_MAX];
	double by_fec = 0, by_plc = 0;
	int n_last = 0, lost = 0, with_fec = 0;

	for (uint64_t i = 0; i < 200; i++) {
		int n;

		sound_speech(pcm, i);
		n = codec_encode(low, pcm, buf, sizeof(buf));
		g_assert_false(codec_packet_has_fec(buf, (size_t)n));
		n = codec_encode(enc, pcm, buf, sizeof(buf));
		/* Each tenth packet is lost; n follows n_last. */
		if (i > 20 && i % 10 == 0) {
			with_fec += codec_packet_has_fec(buf, (size_t)n);
			codec_decode(whole, last, (size_t)n_last, a,
				     SOUND_FRAME);
			g_assert_cmpint(codec_decode_fec(fec, buf, (size_t)n, b,
							 SOUND_FRAME),
					==, 0);
			codec_conceal(plc, c, SOUND_FRAME);
			by_fec += distortion(a, b, SOUND_FRAME);
			by_plc += distortion(a, c, SOUND_FRAME);
			lost++;
		} else if (n_last) {
			codec_decode(whole, last, (size_t)n_last, a,
				     SOUND_FRAME);
			codec_decode(fec, last, (size_t)n_last, b, SOUND_FRAME);
			codec_decode(plc, last, (size_t)n_last, c, SOUND_FRAME);
		}
		memcpy(last, buf, (size_t)n);
		n_last = n;
	}
	g_test_message("distortion of a lost frame: FEC %.1f dB, PLC %.1f dB",
		       by_fec / lost, by_plc / lost);
	/* Opus spares it in frames that it takes for a pause. */
	g_assert_cmpint(with_fec, >, lost / 2);
	g_assert_cmpfloat(by_fec, <, by_plc - 3 * lost);
	codec_encoder_destroy(&enc);
	codec_encoder_destroy(&low);
	codec_decoder_destroy(&whole);
	codec_decoder_destroy(&fec);
	codec_decoder_destroy(&plc);
}

static void decodes_every_length_and_stereo(void)
{
	static const int lengths[] = { 120, 240, 480, 960, 1920, 2880, 5760 };
	int16_t pcm[2 * CODEC_MAX_FRAMES] = { 0 }, out[CODEC_MAX_FRAMES];
	uint8_t buf[4000];

	for (int channels = 1; channels <= 2; channels++) {
		for (unsigned i = 0; i < G_N_ELEMENTS(lengths); i++) {
			struct codec_decoder *dec = decoder();
			OpusEncoder *enc = opus_encoder_create(
				SOUND_RATE, channels, OPUS_APPLICATION_AUDIO,
				NULL);
			int n = opus_encode(enc, pcm, lengths[i], buf,
					    sizeof(buf));

			g_assert_cmpint(n, >, 0);
			g_assert_cmpint(codec_packet_samples(buf, (size_t)n),
					==, lengths[i]);
			g_assert_cmpint(codec_decode(dec, buf, (size_t)n, out,
						     CODEC_MAX_FRAMES),
					==, lengths[i]);
			g_assert_cmpint(codec_decode(dec, buf, (size_t)n, out,
						     (size_t)lengths[i] - 1),
					==, -EMSGSIZE);
			opus_encoder_destroy(enc);
			codec_decoder_destroy(&dec);
		}
	}
}

static void refuses_what_is_not_opus(void)
{
	/* RFC 6716 3.4: code 3 with a count of zero; with more than 120 ms;
	 * code 1 with an odd rest; nothing at all. */
	const uint8_t none[] = { 0x03, 0x00 }, much[] = { 0x1b, 0x3f },
		      odd[] = { 0x01, 0xaa };
	struct codec_decoder *dec = decoder();
	int16_t out[CODEC_MAX_FRAMES];

	g_assert_cmpint(codec_packet_samples(none, 0), ==, -EBADMSG);
	g_assert_cmpint(codec_packet_samples(none, 2), ==, -EBADMSG);
	g_assert_cmpint(codec_packet_samples(much, 2), ==, -EBADMSG);
	g_assert_cmpint(
		codec_decode(dec, odd, sizeof(odd), out, CODEC_MAX_FRAMES), ==,
		-EBADMSG);
	codec_decoder_destroy(&dec);
}

static void coding_never_touches_the_heap(void)
{
	const struct codec_config cfg = { .bitrate = 24000, .complexity = 3 };
	struct codec_encoder *a = encoder(1, 0, 1), *b = encoder(0, 20, 1);
	struct codec_decoder *dec = decoder();
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[CODEC_MAX];

	trap_begin();
	for (uint64_t i = 0; i < 100; i++) {
		struct codec_encoder *enc = i & 1 ? a : b;
		int n;

		sound_tone(pcm, 700, i % 50 < 25 ? LOUD : 0, i);
		codec_set_loss(b, (int)i);
		n = codec_encode(enc, pcm, buf, sizeof(buf));
		if (n > 0) {
			codec_decode_fec(dec, buf, (size_t)n, pcm, SOUND_FRAME);
			codec_decode(dec, buf, (size_t)n, pcm, SOUND_FRAME);
		}
		codec_conceal_ahead(dec, pcm, SOUND_FRAME / 2);
		codec_conceal(dec, pcm, SOUND_FRAME);
		if (i == 50)
			codec_encoder_copy(b, a);
		if (i == 60)
			codec_encoder_restart(b, &cfg);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	codec_encoder_destroy(&a);
	codec_encoder_destroy(&b);
	codec_decoder_destroy(&dec);
}

static void concealment_ahead_leaves_no_trace(void)
{
	for (int low_delay = 0; low_delay < 2; low_delay++) {
		struct codec_encoder *enc = encoder(low_delay, 0, 1);
		struct codec_decoder *one = decoder(), *other = decoder();
		int16_t a[SOUND_FRAME], b[SOUND_FRAME];
		uint8_t buf[CODEC_MAX];

		for (uint64_t i = 0; i < 50; i++) {
			int n;

			sound_speech(a, i);
			n = codec_encode(enc, a, buf, sizeof(buf));
			g_assert_cmpint(n, >, 0);
			codec_conceal_ahead(one, b, SOUND_FRAME);
			if (i % 10 == 9) {
				codec_conceal(one, a, SOUND_FRAME);
				g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
				codec_conceal(other, b, SOUND_FRAME);
			} else {
				codec_decode(one, buf, (size_t)n, a,
					     SOUND_FRAME);
				codec_decode(other, buf, (size_t)n, b,
					     SOUND_FRAME);
			}
			g_assert_cmpmem(a, sizeof(a), b, sizeof(b));
		}
		codec_encoder_destroy(&enc);
		codec_decoder_destroy(&one);
		codec_decoder_destroy(&other);
	}
}

static void a_change_of_mode_leaves_no_seam(void)
{
	const struct codec_config clean = { .bitrate = 32000,
					    .complexity = 5,
					    .low_delay = 1 };
	const struct codec_config lossy = { .bitrate = 32000,
					    .complexity = 5,
					    .loss_expected = 8 };
	g_autofree int16_t *heard = g_new(int16_t, 200 * SOUND_FRAME);
	struct codec_encoder *enc = NULL;
	struct codec_decoder *dec = NULL;
	int before;

	g_assert_cmpint(codec_encoder_create(&enc, &clean), ==, 0);
	g_assert_cmpint(codec_decoder_create(&dec), ==, 0);
	for (unsigned i = 0; i < 200; i++) {
		int16_t pcm[SOUND_FRAME];
		uint8_t buf[CODEC_MAX];
		int n;

		if (i % 50 == 49)
			g_assert_cmpint(
				codec_encoder_change(
					enc, i % 100 == 49 ? &lossy : &clean),
				==, 0);
		sound_tone(pcm, 440, 3000, i);
		n = codec_encode(enc, pcm, buf, sizeof(buf));
		g_assert_cmpint(n, >, 0);
		g_assert_cmpint(!(buf[0] & 0x80), ==, (i + 51) % 100 < 50);
		codec_decode(dec, buf, (size_t)n, heard + i * SOUND_FRAME,
			     SOUND_FRAME);
	}
	before = sound_edge(heard + 10 * SOUND_FRAME, 30 * SOUND_FRAME);
	g_assert_cmpint(sound_edge(heard + 10 * SOUND_FRAME, 190 * SOUND_FRAME),
			<, before * 3);
	codec_encoder_destroy(&enc);
	codec_decoder_destroy(&dec);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/codec/refuses what Opus cannot do",
			refuses_what_opus_cannot_do);
	g_test_add_func("/codec/a tone survives both modes",
			a_tone_survives_both_modes);
	g_test_add_func("/codec/silence is announced once and then not sent",
			silence_is_announced_once_and_then_not_sent);
	g_test_add_func("/codec/without DTX silence is sent",
			without_dtx_silence_is_sent);
	g_test_add_func("/codec/a copied encoder goes on bit by bit",
			a_copied_encoder_goes_on_bit_by_bit);
	g_test_add_func("/codec/a restarted encoder is as new",
			a_restarted_encoder_is_as_new);
	g_test_add_func("/codec/FEC is in speech modes and beats concealment",
			fec_is_in_speech_modes_and_beats_concealment);
	g_test_add_func("/codec/decodes every length and stereo",
			decodes_every_length_and_stereo);
	g_test_add_func("/codec/refuses what is not Opus",
			refuses_what_is_not_opus);
	g_test_add_func("/codec/coding never touches the heap",
			coding_never_touches_the_heap);
	g_test_add_func("/codec/concealment ahead leaves no trace",
			concealment_ahead_leaves_no_trace);
	g_test_add_func("/codec/a change of mode leaves no seam",
			a_change_of_mode_leaves_no_seam);
	return g_test_run();
}
