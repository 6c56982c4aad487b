/* What the control thread gives a room to hear, and what it takes of its sound
 * (bridge/gate/play.c): with invented time, on the engine itself. */
#include <stdlib.h>

#include "bridge/gate/private.h"
#include "tests/trap.h"
#include "tests/unit/gate_phone.h"

#define START_US 1000000000u
#define TICK_US	 20000u

struct bench {
	struct engine *eng;
	struct mix *mix;
	uint64_t now_us;
	unsigned clips, mixes; /* that came back */
};

static void drop(struct outbox *box, void *arg)
{
	(void)box;
	(void)arg;
}

static void give(struct bench *bench, struct command cmd)
{
	g_assert_true(ring_push(bench->eng->commands, &cmd));
	engine_apply(bench->eng, bench->now_us);
}

static void open_bench(struct bench *bench)
{
	const struct mix_config cfg = { .capacity = 4,
					.talkers = 2,
					.bitrate = 32000,
					.channels = 1,
					.jitter = { 0, 200 } };
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	*bench = (struct bench){ .now_us = START_US };
	g_assert_cmpint(engine_create(&bench->eng, drop, bench), ==, 0);
	engine_set_clock(bench->eng, START_US, START_US);
	g_assert_cmpint(mix_create(&bench->mix, &cfg), ==, 0);
	entry->mix = bench->mix;
	/* As if somebody were there: an empty mix is not run. */
	entry->joined = 1;
	give(bench,
	     (struct command){ .kind = COMMAND_ADD_MIX, .entry = entry });
}

static void take_back(struct bench *bench)
{
	struct event event;

	engine_settle(bench->eng);
	while (ring_pop(bench->eng->events, &event)) {
		g_assert_cmpint(event.kind, ==, EVENT_RETIRED);
		if (event.retired.kind == OBJECT_CLIP) {
			play_free(event.retired.object);
			bench->clips++;
		} else {
			struct engine_mix *entry = event.retired.object;

			g_assert_cmpint(event.retired.kind, ==, OBJECT_MIX);
			g_assert_null(entry->clips);
			mix_destroy(&entry->mix);
			free(entry);
			bench->mixes++;
		}
	}
}

static void tick(struct bench *bench, unsigned n)
{
	while (n--) {
		bench->now_us += TICK_US;
		trap_begin();
		engine_tick(bench->eng, bench->now_us, 0);
		g_assert_cmpuint(trap_end(), ==, 0);
		take_back(bench);
	}
}

static void remove_mix(struct bench *bench)
{
	give(bench,
	     (struct command){ .kind = COMMAND_REMOVE_MIX, .mix = bench->mix });
	take_back(bench);
	g_assert_cmpuint(bench->mixes, ==, 1);
}

static void close_bench(struct bench *bench)
{
	engine_destroy(&bench->eng);
}

static void add_clip(struct bench *bench, unsigned frames)
{
	const size_t n = (size_t)frames * 960;
	struct engine_clip *entry = calloc(1, sizeof(*entry));
	int16_t *pcm = malloc(n * sizeof(*pcm));

	for (size_t i = 0; i < n; i++)
		pcm[i] = i % 2 ? 5000 : -5000;
	g_assert_cmpint(clip_create(&entry->clip, pcm, n), ==, 0);
	give(bench, (struct command){ .kind = COMMAND_PLAY,
				      .mix = bench->mix,
				      .clip = entry });
}

static void set_tap(struct bench *bench, struct tap *tap)
{
	give(bench, (struct command){ .kind = COMMAND_SET_TAP,
				      .mix = bench->mix,
				      .tap = tap });
}

static struct tap *make_tap(void)
{
	struct tap *tap = NULL;

	g_assert_cmpint(tap_create(&tap, 1, 64), ==, 0);
	return tap;
}

static void clips_are_played_one_after_the_other(void)
{
	struct tap *tap = make_tap();
	struct tap_frame frame;
	struct bench bench;
	unsigned loud = 0, frames = 0;

	open_bench(&bench);
	set_tap(&bench, tap);
	add_clip(&bench, 5);
	add_clip(&bench, 3);
	tick(&bench, 4);
	g_assert_cmpuint(bench.clips, ==, 0);
	tick(&bench, 1);
	g_assert_cmpuint(bench.clips, ==, 1);
	tick(&bench, 3);
	g_assert_cmpuint(bench.clips, ==, 2);
	tick(&bench, 12);
	while (tap_pop(tap, &frame)) {
		g_assert_cmpuint(frame.at, ==, frames++);
		loud += abs(frame.pcm[500]) > 4000;
	}
	g_assert_cmpuint(frames, ==, 20);
	g_assert_cmpuint(loud, ==, 8);
	remove_mix(&bench);
	g_assert_true(tap_is_closed(tap));
	tap_destroy(&tap);
	close_bench(&bench);
}

static void hush_ends_what_is_played_and_what_waits(void)
{
	struct bench bench;

	open_bench(&bench);
	for (unsigned i = 0; i < 3; i++)
		add_clip(&bench, 1000);
	tick(&bench, 10);
	give(&bench,
	     (struct command){ .kind = COMMAND_HUSH, .mix = bench.mix });
	take_back(&bench);
	g_assert_cmpuint(bench.clips, ==, 2);
	tick(&bench, 1); /* in which the first fades out */
	g_assert_cmpuint(bench.clips, ==, 3);
	/* Again there is nothing to end. */
	give(&bench,
	     (struct command){ .kind = COMMAND_HUSH, .mix = bench.mix });
	tick(&bench, 1);
	remove_mix(&bench);
	close_bench(&bench);
}

static void what_comes_for_a_room_that_went_comes_back(void)
{
	struct tap *tap = make_tap();
	struct bench bench;

	open_bench(&bench);
	add_clip(&bench, 10);
	tick(&bench, 2);
	remove_mix(&bench);
	g_assert_cmpuint(bench.clips, ==, 1);
	add_clip(&bench, 10);
	set_tap(&bench, tap);
	give(&bench,
	     (struct command){ .kind = COMMAND_HUSH, .mix = bench.mix });
	take_back(&bench);
	g_assert_cmpuint(bench.clips, ==, 2);
	g_assert_true(tap_is_closed(tap));
	tap_destroy(&tap);
	close_bench(&bench);
}

static void what_is_there_at_the_end_is_freed(void)
{
	struct tap *tap = make_tap();
	struct bench bench;

	open_bench(&bench);
	set_tap(&bench, tap);
	add_clip(&bench, 10);
	add_clip(&bench, 10);
	tick(&bench, 2);
	close_bench(&bench);
	g_assert_true(tap_is_closed(tap));
	tap_destroy(&tap);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/play/clips are played one after the other",
			clips_are_played_one_after_the_other);
	g_test_add_func("/play/hush ends what is played and what waits",
			hush_ends_what_is_played_and_what_waits);
	g_test_add_func("/play/what comes for a room that went comes back",
			what_comes_for_a_room_that_went_comes_back);
	g_test_add_func("/play/what is there at the end is freed",
			what_is_there_at_the_end_is_freed);
	return g_test_run();
}
