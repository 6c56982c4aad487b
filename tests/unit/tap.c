/* What a recorder is given, on the clock of a room's ticks. */
#include "mixer/tap.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "tests/trap.h"

#define TICK_US	 20000u
#define FOUR_H	 (4u * 3600 * 50) /* ticks */
#define START_US (77ull * G_USEC_PER_SEC)
#define MANY	 8
#define TALKER	 7

static int32_t sound[2 * TAP_FRAME];

static struct tap *make(int channels, size_t frames)
{
	struct tap *tap = NULL;

	g_assert_cmpint(tap_create(&tap, channels, frames), ==, 0);
	return tap;
}

/* The number of the one frame that is there. */
static uint64_t pop_at(struct tap *tap)
{
	struct tap_frame frame;

	g_assert_true(tap_pop(tap, &frame));
	return frame.at;
}

static void the_clock_of_four_hours_is_the_monotonic_one(void)
{
	struct tap *tap = make(1, MANY);
	GRand *rand = g_rand_new_with_seed(5);
	uint64_t due = 0, at = 0, last = 0, worst = 0;

	while (due < FOUR_H) {
		/* Ticks begin late, some never run, and twice an hour the
		 * room stands empty for up to a minute. */
		guint32 chance = (guint32)g_rand_int_range(rand, 0, 90000);
		unsigned missed = chance < 900 ? chance % 7 : 0;
		unsigned late = chance % 9000;

		due += 1 + missed;
		if (chance == 1)
			due += (uint64_t)g_rand_int_range(rand, 10, 3000);
		tap_begin(tap, START_US + due * TICK_US + late, missed);
		tap_part(tap, TALKER, sound);
		tap_mix(tap, sound);
		at = pop_at(tap);
		g_assert_cmpuint(pop_at(tap), ==, at); /* one clock */
		if (last)
			g_assert_cmpuint(at, >, last);
		last = at;
		/* The first tick is 0, and began in the past by `late`. */
		worst = MAX(worst, due > at ? due - at : at - due);
	}
	g_test_message("after 4 h: tick %" G_GUINT64_FORMAT
		       " of %" G_GUINT64_FORMAT ", never off by more than "
		       "%" G_GUINT64_FORMAT,
		       at, due, worst);
	/* The first due is 1, and its number is 0. */
	g_assert_cmpuint(worst, <=, 2);
	g_rand_free(rand);
	tap_destroy(&tap);
}

static void a_stall_that_nobody_counted_is_a_gap(void)
{
	struct tap *tap = make(1, MANY);
	uint64_t now_us = START_US;

	tap_begin(tap, now_us, 0);
	tap_mix(tap, sound);
	g_assert_cmpuint(pop_at(tap), ==, 0);
	/* Late by less than what ticks are late now and then: no gap. */
	tap_begin(tap, now_us += 4 * TICK_US, 0);
	tap_mix(tap, sound);
	g_assert_cmpuint(pop_at(tap), ==, 1);
	tap_begin(tap, now_us += 500 * TICK_US, 0);
	tap_mix(tap, sound);
	g_assert_cmpuint(pop_at(tap), ==, 504);
	tap_destroy(&tap);
}

static void what_finds_no_place_is_lost_and_counted(void)
{
	struct tap *tap = make(1, 4);
	struct tap_frame frame;
	unsigned popped = 0;

	for (unsigned i = 0; i < 10; i++) {
		tap_begin(tap, START_US + (uint64_t)i * TICK_US, 0);
		tap_mix(tap, sound);
	}
	while (tap_pop(tap, &frame))
		g_assert_cmpuint(frame.at, ==, popped++);
	g_assert_cmpuint(popped, >=, 4);
	g_assert_cmpuint(tap_lost(tap), ==, 10 - popped);
	/* And the clock goes on. */
	tap_begin(tap, START_US + 10 * TICK_US, 0);
	tap_mix(tap, sound);
	g_assert_cmpuint(pop_at(tap), ==, 10);
	tap_destroy(&tap);
}

static void loud_sound_is_cut_or_limited_and_never_wraps(void)
{
	struct tap *tap = make(2, MANY);
	struct tap_frame frame;

	for (size_t i = 0; i < G_N_ELEMENTS(sound); i++)
		sound[i] = i % 2 ? 100000 : -100000;
	tap_begin(tap, START_US, 0);
	tap_part(tap, TALKER, sound);
	tap_mix(tap, sound);
	g_assert_true(tap_pop(tap, &frame));
	g_assert_cmpuint(frame.track, ==, TALKER);
	for (size_t i = 0; i < G_N_ELEMENTS(sound); i++)
		g_assert_cmpint(frame.pcm[i], ==, i % 2 ? 32767 : -32768);
	g_assert_true(tap_pop(tap, &frame));
	g_assert_cmpuint(frame.track, ==, TAP_MIX);
	for (size_t i = 200; i < G_N_ELEMENTS(sound); i++)
		g_assert_true(i % 2 ? frame.pcm[i] > 20000
				    : frame.pcm[i] < -20000);
	memset(sound, 0, sizeof(sound));
	tap_destroy(&tap);
}

static void the_workers_side_takes_no_memory_and_no_lock(void)
{
	struct tap *tap = make(2, 4);

	trap_begin();
	for (unsigned i = 0; i < 10; i++) {
		tap_begin(tap, START_US + (uint64_t)i * TICK_US, 0);
		tap_part(tap, TALKER, sound);
		tap_mix(tap, sound);
	}
	tap_close(tap);
	g_assert_cmpuint(trap_locks(), ==, 0);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_true(tap_is_closed(tap));
	tap_destroy(&tap);
}

static void one_or_two_channels(void)
{
	struct tap *tap = NULL;

	g_assert_cmpint(tap_create(&tap, 0, 4), ==, -EINVAL);
	g_assert_cmpint(tap_create(&tap, 3, 4), ==, -EINVAL);
	g_assert_null(tap);
	tap_destroy(&tap);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tap/the clock of 4 h is the monotonic one",
			the_clock_of_four_hours_is_the_monotonic_one);
	g_test_add_func("/tap/a stall that nobody counted is a gap",
			a_stall_that_nobody_counted_is_a_gap);
	g_test_add_func("/tap/what finds no place is lost and counted",
			what_finds_no_place_is_lost_and_counted);
	g_test_add_func("/tap/loud sound is cut or limited and never wraps",
			loud_sound_is_cut_or_limited_and_never_wraps);
	g_test_add_func("/tap/the worker's side takes no memory and no lock",
			the_workers_side_takes_no_memory_and_no_lock);
	g_test_add_func("/tap/one or two channels", one_or_two_channels);
	return g_test_run();
}
