/* The thread that writes down what a tap gives. The program is also the one
 * that is killed: with --record DIRECTORY it records for ever, and prints how
 * far it has come. */
#include "bridge/recording/recorder.h"

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bridge/recording/file_name.h"
#include "sound/sound_file.h"
#include "tests/sound.h"

#define TICK_US	    20000u
#define START_US    (1000ull * G_USEC_PER_SEC)
#define ANN	    7
#define BOB	    9
#define PATIENCE_US (20 * G_USEC_PER_SEC)

static const char *program;

struct studio {
	char *directory;
	struct tap *tap;
	struct recorder *rec;
	guint64 tick;
};

static char *make_directory(void)
{
	char *directory = g_dir_make_tmp("ipsp-recorder-XXXXXX", NULL);

	g_assert_nonnull(directory);
	return directory;
}

static void remove_directory(const char *directory)
{
	g_autoptr(GDir) dir = g_dir_open(directory, 0, NULL);
	const char *name;

	while ((name = g_dir_read_name(dir))) {
		g_autofree char *path = g_build_filename(directory, name, NULL);

		g_unlink(path);
	}
	g_rmdir(directory);
}

static struct recorder *start(const char *directory, struct tap *tap,
			      guint max_s, guint64 max_bytes)
{
	const struct recorder_config cfg = {
		.directory = directory,
		.title = "Stand-up",
		.at = 1800000000,
		.max_s = max_s,
		.max_bytes = max_bytes,
	};
	GError *error = NULL;
	struct recorder *rec = recorder_create(tap, &cfg, &error);

	g_assert_no_error(error);
	return rec;
}

static void open_studio(struct studio *stu, guint max_s, guint64 max_bytes)
{
	memset(stu, 0, sizeof(*stu));
	stu->directory = make_directory();
	g_assert_cmpint(tap_create(&stu->tap, 1, 5000), ==, 0);
	stu->rec = start(stu->directory, stu->tap, max_s, max_bytes);
	recorder_name(stu->rec, ANN, "ann", "Ann.B@example.org", "Ann");
	recorder_name(stu->rec, BOB, "bob", "bob@example.org", "");
}

static void close_studio(struct studio *stu)
{
	recorder_destroy(&stu->rec);
	remove_directory(stu->directory);
	g_free(stu->directory);
}

/* One tick in which those with a frequency speak. */
static void tick(struct tap *tap, guint64 number, double ann, double bob)
{
	const double hz[] = { ann, bob };
	int32_t sum[SOUND_FRAME] = { 0 };

	tap_begin(tap, START_US + number * TICK_US, 0);
	for (guint who = 0; who < G_N_ELEMENTS(hz); who++) {
		int32_t part[SOUND_FRAME];
		int16_t pcm[SOUND_FRAME];

		if (hz[who] == 0)
			continue;
		sound_tone(pcm, hz[who], 8000, number);
		for (guint i = 0; i < SOUND_FRAME; i++)
			sum[i] += part[i] = pcm[i];
		tap_part(tap, who ? BOB : ANN, part);
	}
	tap_mix(tap, sum);
}

/* n ticks, faster than they come in life: as fast as the recorder takes them.
 */
static void run(struct studio *stu, guint n, double ann, double bob)
{
	struct recorder_status status;

	for (guint i = 0; i < n; i++) {
		tick(stu->tap, stu->tick++, ann, bob);
		if (stu->tick % 500)
			continue;
		do {
			g_usleep(1000);
			recorder_status(stu->rec, &status);
		} while (status.frames < stu->tick);
	}
}

static GArray *load(const char *directory, const char *file)
{
	g_autofree char *path = g_build_filename(directory, file, NULL);
	GError *error = NULL;
	GArray *pcm = sound_file_load(path, SOUND_FILE_MAX_S, &error);

	g_assert_no_error(error);
	return pcm;
}

/* dBFS of a tone from second `from` to `to`. */
static double level(const GArray *pcm, double from, double to, double hz)
{
	const gint16 *samples = (const gint16 *)(void *)pcm->data;
	const gsize at = (gsize)(from * SOUND_RATE),
		    n = (gsize)((to - from) * SOUND_RATE);

	g_assert_cmpuint(at + n, <=, pcm->len);
	return sound_find(samples + at, n, hz);
}

static void everybody_has_a_track_as_long_as_the_mix(void)
{
	struct recording *row =
		recording_create("id", "room@example.org", "chair", 0);
	const struct recording_file *file;
	struct recorder_status status;
	struct studio stu;
	g_autoptr(GArray) mix = NULL, ann = NULL, bob = NULL;

	open_studio(&stu, 0, 0);
	run(&stu, 100, 500, 0);	  /* 0 to 2 s: Ann */
	run(&stu, 100, 0, 900);	  /* 2 to 4 s: Bob */
	run(&stu, 100, 0, 0);	  /* 4 to 6 s: nobody */
	run(&stu, 100, 500, 900); /* 6 to 8 s: both */
	tap_close(stu.tap);
	recorder_wait(stu.rec);
	recorder_status(stu.rec, &status);
	g_assert_true(status.ended);
	g_assert_cmpint(status.wish, ==, RECORDER_GOES_ON);
	g_assert_cmpuint(status.frames, ==, 400);
	g_assert_cmpuint(status.lost, ==, 0);
	recorder_list(stu.rec, row);
	g_assert_cmpuint(row->files->len, ==, 3);
	file = row->files->pdata[0];
	g_assert_cmpstr(file->file, ==, "mix.opus");
	g_assert_cmpstr(file->address, ==, "");
	file = row->files->pdata[1];
	g_assert_cmpstr(file->file, ==, "001-ann.b.opus");
	g_assert_cmpstr(file->address, ==, "Ann.B@example.org");
	g_assert_cmpstr(file->name, ==, "Ann");
	file = row->files->pdata[2];
	g_assert_cmpstr(file->file, ==, "002-bob.opus");
	g_assert_cmpuint(file->bytes, >, 1000);

	mix = load(stu.directory, "mix.opus");
	ann = load(stu.directory, "001-ann.b.opus");
	bob = load(stu.directory, "002-bob.opus");
	g_assert_cmpuint(mix->len, ==, 400 * SOUND_FRAME);
	g_assert_cmpuint(ann->len, ==, 400 * SOUND_FRAME);
	g_assert_cmpuint(bob->len, ==, 400 * SOUND_FRAME);
	g_assert_cmpfloat(level(mix, 0.1, 1.9, 500), >, -14);
	g_assert_cmpfloat(level(mix, 2.1, 3.9, 900), >, -14);
	g_assert_cmpfloat(level(mix, 6.1, 7.9, 500), >, -14);
	g_assert_cmpfloat(level(mix, 6.1, 7.9, 900), >, -14);
	g_assert_cmpfloat(level(ann, 0.1, 1.9, 500), >, -14);
	g_assert_cmpfloat(level(ann, 2.1, 5.9, 500), <, -60);
	g_assert_cmpfloat(level(ann, 6.1, 7.9, 500), >, -14);
	g_assert_cmpfloat(level(ann, 6.1, 7.9, 900), <, -50);
	g_assert_cmpfloat(level(bob, 0.1, 1.9, 900), <, -60);
	g_assert_cmpfloat(level(bob, 2.1, 3.9, 900), >, -14);
	recording_free(row);
	close_studio(&stu);
}

static void who_comes_again_goes_on_in_his_track(void)
{
	struct recording *row =
		recording_create("id", "room@example.org", "chair", 0);
	struct studio stu;
	g_autoptr(GArray) ann = NULL;

	open_studio(&stu, 0, 0);
	run(&stu, 50, 500, 0);
	/* Another member, the same person and device. */
	recorder_name(stu.rec, BOB, "ann", "ann.b@example.org", "Ann");
	run(&stu, 50, 0, 900);
	tap_close(stu.tap);
	recorder_wait(stu.rec);
	recorder_list(stu.rec, row);
	g_assert_cmpuint(row->files->len, ==, 2);
	ann = load(stu.directory, "001-ann.b.opus");
	g_assert_cmpfloat(level(ann, 0.1, 0.9, 500), >, -14);
	g_assert_cmpfloat(level(ann, 1.1, 1.9, 900), >, -14);
	recording_free(row);
	close_studio(&stu);
}

static enum recorder_wish wish_after(struct studio *stu, guint ticks)
{
	struct recorder_status status;

	run(stu, ticks, 500, 0);
	tap_close(stu->tap);
	recorder_wait(stu->rec);
	recorder_status(stu->rec, &status);
	return status.wish;
}

static void it_says_when_it_is_long_or_large_enough(void)
{
	struct studio stu;

	open_studio(&stu, 2, 0);
	g_assert_cmpint(wish_after(&stu, 99), ==, RECORDER_GOES_ON);
	close_studio(&stu);
	open_studio(&stu, 2, 0);
	g_assert_cmpint(wish_after(&stu, 100), ==, RECORDER_TIME);
	close_studio(&stu);
	open_studio(&stu, 0, 10000);
	g_assert_cmpint(wish_after(&stu, 200), ==, RECORDER_SIZE);
	close_studio(&stu);
}

static void a_track_that_cannot_be_made_ends_it_by_name(void)
{
	struct recorder_status status;
	struct studio stu;
	g_autofree char *in_the_way = NULL;

	open_studio(&stu, 0, 0);
	in_the_way = g_build_filename(stu.directory, "001-ann.b.opus", NULL);
	g_assert_true(g_file_set_contents(in_the_way, "", 0, NULL));
	run(&stu, 100, 500, 0);
	tap_close(stu.tap);
	recorder_wait(stu.rec);
	recorder_status(stu.rec, &status);
	g_assert_cmpint(status.wish, ==, RECORDER_FAILED);
	g_assert_nonnull(strstr(status.why, "001-ann.b.opus"));
	close_studio(&stu);
}

static void without_its_directory_nothing_begins(void)
{
	const struct recorder_config cfg = { .directory = "/nowhere/at/all",
					     .title = "Stand-up" };
	struct tap *tap = NULL;
	GError *error = NULL;

	g_assert_cmpint(tap_create(&tap, 1, 10), ==, 0);
	g_assert_null(recorder_create(tap, &cfg, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
	g_clear_error(&error);
}

/* The one that is killed: a tick each 20 ms, and its number to the parent. */
static int record_for_ever(const char *directory)
{
	gint64 next_us = g_get_monotonic_time();
	struct recorder *rec;
	struct tap *tap = NULL;

	g_assert_cmpint(tap_create(&tap, 1, 5000), ==, 0);
	rec = start(directory, tap, 0, 0);
	recorder_name(rec, ANN, "ann", "ann@example.org", "Ann");
	for (guint32 i = 0;; i++) {
		gint64 now_us = g_get_monotonic_time();

		tick(tap, i, 500, 0);
		if (write(STDOUT_FILENO, &i, sizeof(i)) != sizeof(i))
			return 1;
		next_us += TICK_US;
		if (next_us > now_us)
			g_usleep((gulong)(next_us - now_us));
	}
}

static void a_kill_loses_at_most_a_second(void)
{
	static const char *const files[] = { "mix.opus", "001-ann.opus" };
	g_autofree char *directory = make_directory();
	const char *argv[] = { program, "--record", directory, NULL };
	gint64 end = g_get_monotonic_time() + PATIENCE_US;
	guint32 tick_said = 0;
	GError *error = NULL;
	GPid child;
	int out;

	g_spawn_async_with_pipes(NULL, (char **)argv, NULL,
				 G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &child,
				 NULL, &out, NULL, &error);
	g_assert_no_error(error);
	while (tick_said < 150 && g_get_monotonic_time() < end)
		g_assert_cmpint(read(out, &tick_said, sizeof(tick_said)), ==,
				sizeof(tick_said));
	g_assert_cmpint(kill(child, SIGKILL), ==, 0);
	while (read(out, &tick_said, sizeof(tick_said)) == sizeof(tick_said))
		;
	g_assert_cmpint(waitpid(child, NULL, 0), ==, child);
	close(out);
	g_assert_cmpuint(tick_said, >=, 150);
	for (guint i = 0; i < G_N_ELEMENTS(files); i++) {
		g_autofree char *path =
			g_build_filename(directory, files[i], NULL);
		g_autoptr(GArray) pcm = load(directory, files[i]);
		const double there = pcm->len / (double)SOUND_RATE,
			     said = (tick_said + 1) * 0.02;

		g_test_message("killed after %.2f s: %s has %.2f s", said,
			       files[i], there);
		g_assert_cmpfloat(there, >=, said - 1);
		g_assert_cmpfloat(there, <=, said);
		g_assert_cmpint(sound_file_samples(path), ==, pcm->len);
		g_assert_cmpfloat(level(pcm, 0.1, there - 0.1, 500), >, -14);
	}
	remove_directory(directory);
}

static void names_are_safe_whatever_people_are_called(void)
{
	static const struct {
		const char *address, *file;
	} known[] = {
		{ "ann@example.org", "007-ann.opus" },
		{ "Ann.B+x@example.org", "007-ann.b_x.opus" },
		{ "../../etc/passwd@x", "007-.._.._etc_passwd.opus" },
		{ "\xe5\xb7\x9d@example.jp", "007-___.opus" },
		{ "@", "007-.opus" },
		{ "a-name-that-is-longer-than-thirty-two-letters@x",
		  "007-a-name-that-is-longer-than-thirt.opus" },
	};
	char id[FILE_NAME_ID + 1];

	for (guint i = 0; i < G_N_ELEMENTS(known); i++) {
		char file[64];

		file_name_of(7, known[i].address, file, sizeof(file));
		g_assert_cmpstr(file, ==, known[i].file);
		g_assert_true(file_name_is_safe(file));
	}
	g_assert_false(file_name_is_safe("../mix.opus"));
	g_assert_false(file_name_is_safe(".opus"));
	g_assert_false(file_name_is_safe("mix.wav"));
	g_assert_false(file_name_is_safe("a/mix.opus"));
	g_assert_false(file_name_is_safe(""));
	file_name_id(1800000000, 0x1f2e3d4c, id);
	g_assert_cmpstr(id, ==, "20270115-080000-1f2e3d4c");
	g_assert_true(file_name_is_id(id));
	g_assert_false(file_name_is_id("20270115-080000-1f2e3d4"));
	g_assert_false(file_name_is_id("../../../../etc/passwd-x"));
}

int main(int argc, char *argv[])
{
	if (argc == 3 && !strcmp(argv[1], "--record"))
		return record_for_ever(argv[2]);
	program = argv[0];
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/recorder/everybody has a track as long as the mix",
			everybody_has_a_track_as_long_as_the_mix);
	g_test_add_func("/recorder/who comes again goes on in his track",
			who_comes_again_goes_on_in_his_track);
	g_test_add_func("/recorder/it says when it is long or large enough",
			it_says_when_it_is_long_or_large_enough);
	g_test_add_func("/recorder/a track that cannot be made ends it by name",
			a_track_that_cannot_be_made_ends_it_by_name);
	g_test_add_func("/recorder/without its directory nothing begins",
			without_its_directory_nothing_begins);
	g_test_add_func("/recorder/a kill loses at most a second",
			a_kill_loses_at_most_a_second);
	g_test_add_func("/recorder/names are safe",
			names_are_safe_whatever_people_are_called);
	return g_test_run();
}
