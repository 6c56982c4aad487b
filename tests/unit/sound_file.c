#include "sound/sound_file.h"

#include <glib/gstdio.h>
#include <math.h>
#include <opusenc.h>
#include <sndfile.h>

#include "loadgen/tone.h"

static char *directory;

static char *path_of(const char *name)
{
	return g_build_filename(directory, name, NULL);
}

/* One second of 1 kHz, each channel c at amplitude 0.5 * (c == 0). */
static float *sine(guint channels, guint rate)
{
	float *samples = g_new0(float, (gsize)channels *rate);

	for (guint i = 0; i < rate; i++)
		samples[i * channels] =
			(float)(0.5 * sin(2 * M_PI * 1000 * i / rate));
	return samples;
}

static void check_sine(const GArray *pcm, guint channels)
{
	const gint16 *samples = (const gint16 *)(void *)pcm->data;
	double amplitude = tone_steady(samples + 4800, 38400, 48000, 1000);

	g_assert_cmpint(ABS((gint)pcm->len - 48000), <=, 2);
	g_assert_cmpfloat_with_epsilon(amplitude, 0.5 / channels, 0.005);
	/* The first sample out is the first in: the sine starts at 0 and
	 * has its first crest after 12 samples. */
	g_assert_cmpint(ABS(samples[0]), <, 1500);
	g_assert_cmpint(samples[12], >, 0.8 * 0.5 / channels * 32767);
}

static void every_rate_and_channel_count_becomes_48_khz_mono(void)
{
	static const guint rates[] = { 8000,  11025, 16000, 22050, 32000,
				       44100, 48000, 96000, 192000 };

	for (guint r = 0; r < G_N_ELEMENTS(rates); r++) {
		for (guint channels = 1; channels <= 6; channels++) {
			g_autofree float *samples = sine(channels, rates[r]);
			g_autoptr(GArray) pcm =
				g_array_new(FALSE, FALSE, sizeof(gint16));

			g_assert_true(sound_file_convert(pcm, samples, rates[r],
							 channels, rates[r],
							 NULL));
			check_sine(pcm, channels);
		}
	}
}

static void loud_samples_are_limited_not_wrapped(void)
{
	const float samples[] = { 2.0f, -2.0f, 1.0f, -1.0f };
	g_autoptr(GArray) pcm = g_array_new(FALSE, FALSE, sizeof(gint16));

	g_assert_true(sound_file_convert(pcm, samples, 4, 1, 48000, NULL));
	g_assert_cmpint(g_array_index(pcm, gint16, 0), ==, 32767);
	g_assert_cmpint(g_array_index(pcm, gint16, 1), ==, -32768);
	g_assert_cmpint(g_array_index(pcm, gint16, 2), ==, 32767);
	g_assert_cmpint(g_array_index(pcm, gint16, 3), ==, -32768);
}

static void odd_formats_are_refused(void)
{
	g_autoptr(GArray) pcm = g_array_new(FALSE, FALSE, sizeof(gint16));
	const float sample = 0;

	g_assert_false(sound_file_convert(pcm, &sample, 1, 0, 48000, NULL));
	g_assert_false(sound_file_convert(pcm, &sample, 1, 33, 48000, NULL));
	g_assert_false(sound_file_convert(pcm, &sample, 1, 1, 10, NULL));
}

static void reads_a_stereo_wav_of_44100_hz(void)
{
	g_autofree char *path = path_of("stereo.wav");
	g_autofree float *samples = sine(2, 44100);
	SF_INFO info = { .samplerate = 44100,
			 .channels = 2,
			 .format = SF_FORMAT_WAV | SF_FORMAT_PCM_24 };
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	g_autoptr(GArray) pcm = NULL;

	g_assert_cmpint(sf_writef_float(file, samples, 44100), ==, 44100);
	sf_close(file);
	pcm = sound_file_load(path, 3600, NULL);
	g_assert_nonnull(pcm);
	check_sine(pcm, 2);
}

static void reads_ogg_opus(void)
{
	g_autofree char *path = path_of("voice.opus");
	g_autofree float *samples = sine(1, 48000);
	OggOpusComments *comments = ope_comments_create();
	OggOpusEnc *enc =
		ope_encoder_create_file(path, comments, 48000, 1, 0, NULL);
	g_autoptr(GArray) pcm = NULL;

	ope_encoder_write_float(enc, samples, 48000);
	ope_encoder_drain(enc);
	ope_encoder_destroy(enc);
	ope_comments_destroy(comments);
	pcm = sound_file_load(path, 3600, NULL);
	g_assert_nonnull(pcm);
	g_assert_cmpint(ABS((gint)pcm->len - 48000), <=, 960);
	g_assert_cmpfloat_with_epsilon(
		tone_steady((gint16 *)(void *)pcm->data + 4800, 38400, 48000,
			    1000),
		0.5, 0.05);
}

static void what_is_no_sound_is_refused_with_its_name(void)
{
	g_autofree char *path = path_of("letter.wav");
	g_autofree char *opus = path_of("letter.opus");
	g_autoptr(GError) error = NULL;

	g_assert_true(g_file_set_contents(path, "Dear all", -1, NULL));
	g_assert_null(sound_file_load(path, 3600, &error));
	g_assert_nonnull(strstr(error->message, path));
	g_clear_error(&error);
	g_assert_true(g_file_set_contents(opus, "Dear all", -1, NULL));
	g_assert_null(sound_file_load(opus, 3600, &error));
	g_assert_nonnull(strstr(error->message, opus));
}

static void a_wav_is_readable_while_it_is_written(void)
{
	g_autofree char *path = path_of("out.wav");
	struct sound_writer *writer = sound_writer_create(path, NULL);
	g_autofree gint16 *frame = g_new0(gint16, 960);
	g_autoptr(GArray) pcm = NULL;

	for (int i = 0; i < 960; i++)
		frame[i] = (gint16)(i * 30);
	for (int i = 0; i < 5; i++)
		g_assert_true(sound_writer_write(writer, frame, 960, NULL));
	pcm = sound_file_load(path, 3600, NULL);
	g_assert_nonnull(pcm);
	g_assert_cmpuint(pcm->len, ==, 4800);
	g_assert_cmpint(g_array_index(pcm, gint16, 960 + 7), ==, 210);
	sound_writer_destroy(&writer);
	g_assert_null(writer);
}

int main(int argc, char **argv)
{
	static const char *const names[] = { "stereo.wav", "voice.opus",
					     "letter.wav", "letter.opus",
					     "out.wav" };
	int code;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("sound_file-XXXXXX", NULL);
	g_test_add_func("/sound_file/every rate and channel count becomes 48 "
			"kHz mono",
			every_rate_and_channel_count_becomes_48_khz_mono);
	g_test_add_func("/sound_file/loud samples are limited, not wrapped",
			loud_samples_are_limited_not_wrapped);
	g_test_add_func("/sound_file/odd formats are refused",
			odd_formats_are_refused);
	g_test_add_func("/sound_file/reads a stereo WAV of 44100 Hz",
			reads_a_stereo_wav_of_44100_hz);
	g_test_add_func("/sound_file/reads Ogg Opus", reads_ogg_opus);
	g_test_add_func("/sound_file/what is no sound is refused with its name",
			what_is_no_sound_is_refused_with_its_name);
	g_test_add_func("/sound_file/a WAV is readable while it is written",
			a_wav_is_readable_while_it_is_written);
	code = g_test_run();
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path = path_of(names[i]);

		g_unlink(path);
	}
	g_rmdir(directory);
	g_free(directory);
	return code;
}
