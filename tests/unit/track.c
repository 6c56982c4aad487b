/* Files that are written while people speak, on one clock. */
#include "sound/track.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <math.h>
#include <opusfile.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "sound/sound_file.h"
#include "tests/sound.h"

static char *directory;

static struct track *make(const char *name, guint channels, char **path_r)
{
	struct track_config cfg = { .channels = channels,
				    .bitrate = 32000 * channels,
				    .title = "Stand-up",
				    .artist = "Ann",
				    .date = "2026-11-23T12:00:00Z" };
	struct track *trk;
	GError *error = NULL;

	cfg.path = *path_r = g_build_filename(directory, name, NULL);
	trk = track_create(&cfg, &error);
	g_assert_no_error(error);
	return trk;
}

static void put_tone(struct track *trk, guint64 at, double hz)
{
	gint16 pcm[TRACK_FRAME];

	sound_tone(pcm, hz, 8000, at);
	g_assert_true(track_put(trk, at, pcm, NULL));
}

static void work(struct track *trk, guint64 until)
{
	while (!track_has(trk, until))
		g_assert_true(track_work(trk, until, 500, NULL));
}

static GArray *close_and_load(struct track *trk, const char *path)
{
	guint64 bytes = 0;
	GStatBuf facts;
	GArray *pcm;

	g_assert_true(track_close(&trk, &bytes, NULL));
	g_assert_null(trk);
	g_assert_cmpint(g_stat(path, &facts), ==, 0);
	g_assert_cmpuint(bytes, ==, facts.st_size);
	pcm = sound_file_load(path, SOUND_FILE_MAX_S, NULL);
	g_assert_nonnull(pcm);
	return pcm;
}

/* dBFS of a tone in n frames from frame `at` on. */
static double level(const GArray *pcm, guint64 at, guint n, double hz)
{
	const gint16 *samples = (const gint16 *)(void *)pcm->data;

	g_assert_cmpuint((at + n) * TRACK_FRAME, <=, pcm->len);
	return sound_find(samples + at * TRACK_FRAME, (gsize)n * TRACK_FRAME,
			  hz);
}

static void a_file_holds_what_was_put_and_where(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("whole.opus", 1, &path);
	g_autoptr(GArray) pcm = NULL;

	for (guint64 at = 0; at < 50; at++)
		put_tone(trk, at, 1000);
	for (guint64 at = 130; at < 180; at++) /* a long gap: it waits */
		put_tone(trk, at, 600);
	work(trk, 250);
	pcm = close_and_load(trk, path);
	g_assert_cmpuint(pcm->len, ==, 250 * TRACK_FRAME);
	g_assert_cmpfloat(level(pcm, 5, 40, 1000), >, -14);
	g_assert_cmpfloat(level(pcm, 60, 60, 1000), <, -60);
	g_assert_cmpfloat(level(pcm, 135, 40, 600), >, -14);
	g_assert_cmpfloat(level(pcm, 190, 60, 600), <, -60);
}

/* The sample where sound begins, looked for from the second before it on. */
static gint64 onset(const char *path, guint64 before)
{
	OggOpusFile *file = op_open_file(path, NULL);
	gint64 at = (gint64)before * TRACK_FRAME;
	float block[2 * TRACK_FRAME];
	int n, i = 0;

	g_assert_nonnull(file);
	g_assert_cmpint(op_pcm_seek(file, at), ==, 0);
	while ((n = op_read_float_stereo(file, block, G_N_ELEMENTS(block)))) {
		g_assert_cmpint(n, >, 0);
		for (i = 0; i < n && fabsf(block[2 * i]) < 0.06f; i++)
			;
		if (i < n)
			break;
		at += n;
	}
	op_free(file);
	return at + i;
}

/* Two people clap at once; one of them has not been heard before. */
static void check_alignment(guint64 clap)
{
	g_autofree char *mix_path = NULL, *path = NULL;
	struct track *mix = make("mix.opus", 1, &mix_path);
	struct track *trk = make("late.opus", 1, &path);
	const gint16 silence[TRACK_FRAME] = { 0 };
	const gint64 right = (gint64)clap * TRACK_FRAME;
	gint64 one, other;

	for (guint64 at = 0; at < clap; at++)
		g_assert_true(track_put(mix, at, silence, NULL));
	for (guint64 at = clap; at < clap + 25; at++) {
		put_tone(mix, at, 1000);
		put_tone(trk, at, 1000);
	}
	work(trk, clap + 25);
	g_assert_true(track_close(&mix, NULL, NULL));
	g_assert_true(track_close(&trk, NULL, NULL));
	one = onset(mix_path, clap - 25);
	other = onset(path, clap - 25);
	g_test_message("at %.1f s: the clap is at sample %" G_GINT64_FORMAT
		       " and %" G_GINT64_FORMAT ", was at %" G_GINT64_FORMAT,
		       (double)clap * 0.02, one, other, right);
	g_assert_cmpint(ABS(one - other), <, TRACK_FRAME);
	g_assert_cmpint(ABS(one - right), <, TRACK_FRAME);
	g_assert_cmpint(sound_file_samples(mix_path), ==,
			right + 25 * TRACK_FRAME);
	g_assert_cmpint(sound_file_samples(path), ==, right + 25 * TRACK_FRAME);
	g_unlink(mix_path);
	g_unlink(path);
}

static void tracks_stay_side_by_side(void)
{
	check_alignment(40);
	check_alignment(1537);
}

/* A minute of a processor: RECORD_HOURS=4. */
static void after_hours_too(void)
{
	const char *hours = g_getenv("RECORD_HOURS");

	if (hours)
		check_alignment(g_ascii_strtoull(hours, NULL, 10) * 3600 * 50 +
				17);
	else
		g_test_skip("RECORD_HOURS is not set");
}

static void two_channels_stay_two(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("stereo.opus", 2, &path);
	g_autoptr(GArray) pcm = NULL;

	for (guint64 at = 0; at < 50; at++) {
		gint16 left[TRACK_FRAME], both[2 * TRACK_FRAME];

		sound_tone(left, 1000, 8000, at);
		for (guint i = 0; i < TRACK_FRAME; i++) {
			both[2 * i] = left[i];
			both[2 * i + 1] = 0;
		}
		g_assert_true(track_put(trk, at, both, NULL));
	}
	pcm = close_and_load(trk, path);
	/* Averaged: 6 dB less. */
	g_assert_cmpfloat_with_epsilon(level(pcm, 5, 40, 1000), -18.2, 1);
}

static void an_old_frame_is_left_out(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("old.opus", 1, &path);
	g_autoptr(GArray) pcm = NULL;

	for (guint64 at = 0; at < 50; at++)
		put_tone(trk, at, 1000);
	put_tone(trk, 49, 1000);
	put_tone(trk, 3, 1000);
	put_tone(trk, 200, 1000);
	put_tone(trk, 200, 1000);
	put_tone(trk, 199, 1000);
	work(trk, 201);
	pcm = close_and_load(trk, path);
	g_assert_cmpuint(pcm->len, ==, 201 * TRACK_FRAME);
}

static void what_was_written_is_in_the_file_half_a_second_later(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("growing.opus", 1, &path);
	gint64 samples;

	for (guint64 at = 0; at < 500; at++)
		put_tone(trk, at, 1000);
	g_assert_true(track_sync(trk, NULL));
	samples = sound_file_samples(path);
	g_test_message("of 10.00 s, %.2f s are in the file", samples / 48000.0);
	g_assert_cmpint(samples, >=, 475 * TRACK_FRAME);
	g_assert_true(track_close(&trk, NULL, NULL));
	g_assert_cmpint(sound_file_samples(path), ==, 500 * TRACK_FRAME);
}

static void a_track_without_frames_is_one_of_silence(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("empty.opus", 1, &path);
	g_autoptr(GArray) pcm = close_and_load(trk, path);

	g_assert_cmpuint(pcm->len, ==, TRACK_FRAME);
}

static void a_file_that_is_there_is_not_written_over(void)
{
	g_autofree char *path = g_build_filename(directory, "there", NULL);
	const struct track_config cfg = { .path = path,
					  .channels = 1,
					  .bitrate = 32000 };
	g_autofree char *text = NULL;
	GError *error = NULL;

	g_assert_true(g_file_set_contents(path, "precious", -1, NULL));
	g_assert_null(track_create(&cfg, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_EXISTS);
	g_assert_nonnull(strstr(error->message, path));
	g_clear_error(&error);
	g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
	g_assert_cmpstr(text, ==, "precious");
}

/* A disk that is full, as far as write(2) tells. */
static void what_cannot_be_written_is_an_error_that_stays(void)
{
	g_autofree char *path = NULL;
	struct track *trk = make("full.opus", 1, &path);
	struct rlimit before, small;
	GError *error = NULL;
	guint64 at = 0;

	g_assert_cmpint(getrlimit(RLIMIT_FSIZE, &before), ==, 0);
	small = before;
	small.rlim_cur = 8192;
	signal(SIGXFSZ, SIG_IGN);
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &small), ==, 0);
	while (!error && at < 500) {
		gint16 pcm[TRACK_FRAME];

		sound_tone(pcm, 1000, 8000, at);
		track_put(trk, at++, pcm, &error);
	}
	g_assert_cmpint(setrlimit(RLIMIT_FSIZE, &before), ==, 0);
	g_assert_nonnull(error);
	g_assert_nonnull(strstr(error->message, path));
	g_test_message("%s", error->message);
	g_clear_error(&error);
	g_assert_false(track_work(trk, 600, 500, NULL));
	g_assert_false(track_close(&trk, NULL, &error));
	g_assert_nonnull(error);
	g_clear_error(&error);
}

int main(int argc, char *argv[])
{
	int ret;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("ipsp-track-XXXXXX", NULL);
	g_test_add_func("/track/a file holds what was put and where",
			a_file_holds_what_was_put_and_where);
	g_test_add_func("/track/tracks stay side by side",
			tracks_stay_side_by_side);
	g_test_add_func("/track/after hours too", after_hours_too);
	g_test_add_func("/track/two channels stay two", two_channels_stay_two);
	g_test_add_func("/track/an old frame is left out",
			an_old_frame_is_left_out);
	g_test_add_func("/track/what was written is in the file soon",
			what_was_written_is_in_the_file_half_a_second_later);
	g_test_add_func("/track/without frames it is one of silence",
			a_track_without_frames_is_one_of_silence);
	g_test_add_func("/track/a file that is there is not written over",
			a_file_that_is_there_is_not_written_over);
	g_test_add_func("/track/what cannot be written is an error that stays",
			what_cannot_be_written_is_an_error_that_stays);
	ret = g_test_run();
	{
		g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
		const char *name;

		while ((name = g_dir_read_name(dir))) {
			g_autofree char *path =
				g_build_filename(directory, name, NULL);

			g_unlink(path);
		}
	}
	g_rmdir(directory);
	return ret;
}
