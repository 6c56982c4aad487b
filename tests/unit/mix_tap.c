/* What leaves a mix for a recording, and what is played into it. */
#include <stdlib.h>

#include "tests/trap.h"
#include "tests/unit/mix_room.h"

#define KEPT_FRAMES 50

/* What came out of the tap for one track: the newest frames. */
struct track {
	uint32_t number;
	unsigned frames;
	uint64_t last;
	int16_t pcm[KEPT_FRAMES * SOUND_FRAME];
};

struct deck {
	struct room room;
	struct tap *tap;
	struct track tracks[4];
	uint64_t us;
};

static struct mix_leg_config with_track(uint32_t number)
{
	struct mix_leg_config cfg = plain;

	cfg.track = number;
	return cfg;
}

static void open_deck(struct deck *deck)
{
	memset(deck, 0, sizeof(*deck));
	open_room(&deck->room);
	for (uint32_t i = 0; i < G_N_ELEMENTS(deck->tracks); i++)
		deck->tracks[i].number = i;
	g_assert_cmpint(tap_create(&deck->tap, 1, 64), ==, 0);
	mix_set_tap(deck->room.mix, deck->tap);
}

static void drain(struct deck *deck)
{
	struct tap_frame frame;

	while (tap_pop(deck->tap, &frame)) {
		struct track *track;

		g_assert_cmpuint(frame.track, <, G_N_ELEMENTS(deck->tracks));
		track = &deck->tracks[frame.track];
		memmove(track->pcm, track->pcm + SOUND_FRAME,
			sizeof(track->pcm) - SOUND_FRAME * sizeof(int16_t));
		memcpy(track->pcm + (KEPT_FRAMES - 1) * SOUND_FRAME, frame.pcm,
		       SOUND_FRAME * sizeof(int16_t));
		track->last = frame.at;
		track->frames++;
	}
}

static void play(struct deck *deck, unsigned ticks)
{
	for (unsigned i = 0; i < ticks; i++) {
		mix_clock(deck->room.mix, deck->us, 0);
		deck->us += 20000;
		run(&deck->room, 1);
		drain(deck);
	}
}

static double level(const struct deck *deck, unsigned track, double hz)
{
	return sound_find(deck->tracks[track].pcm, KEPT_FRAMES * SOUND_FRAME,
			  hz);
}

static void close_deck(struct deck *deck)
{
	close_room(&deck->room);
	g_assert_true(tap_is_closed(deck->tap));
	tap_destroy(&deck->tap);
}

static void each_talker_is_in_his_track_and_all_are_in_the_mix(void)
{
	const struct mix_leg_config ann = with_track(1), bob = with_track(2),
				    eve = with_track(3);
	struct deck *deck = g_new(struct deck, 1);

	open_deck(deck);
	enter_with(&deck->room, 500, 8000, &ann);
	enter_with(&deck->room, 900, 8000, &bob);
	enter_with(&deck->room, 0, 0, &eve);
	play(deck, 120);
	g_assert_cmpuint(deck->tracks[0].frames, ==, 120);
	g_assert_cmpuint(deck->tracks[0].last, ==, 119);
	g_assert_cmpuint(deck->tracks[1].last, ==, 119);
	g_assert_cmpuint(deck->tracks[2].last, ==, 119);
	g_assert_cmpuint(deck->tracks[3].frames, ==, 0); /* never spoke */
	g_test_message("mix %.1f and %.1f dBFS; ann %.1f, bob in hers %.1f",
		       level(deck, 0, 500), level(deck, 0, 900),
		       level(deck, 1, 500), level(deck, 1, 900));
	g_assert_cmpfloat(level(deck, 0, 500), >, -14);
	g_assert_cmpfloat(level(deck, 0, 900), >, -14);
	g_assert_cmpfloat(level(deck, 1, 500), >, -14);
	g_assert_cmpfloat(level(deck, 1, 900), <, -60);
	g_assert_cmpfloat(level(deck, 2, 900), >, -14);
	g_assert_cmpfloat(level(deck, 2, 500), <, -60);
	close_deck(deck);
	g_free(deck);
}

static void who_is_muted_is_in_no_file(void)
{
	const struct mix_leg_config ann = with_track(1), bob = with_track(2);
	struct deck *deck = g_new(struct deck, 1);
	struct person *muted;
	unsigned before;

	open_deck(deck);
	muted = enter_with(&deck->room, 500, 8000, &ann);
	enter_with(&deck->room, 900, 8000, &bob);
	play(deck, 60);
	mix_leg_set_muted(muted->leg, true);
	play(deck, 10);
	before = deck->tracks[1].frames;
	play(deck, KEPT_FRAMES);
	g_assert_cmpuint(deck->tracks[1].frames, ==, before);
	g_assert_cmpfloat(level(deck, 0, 500), <, -60);
	g_assert_cmpfloat(level(deck, 0, 900), >, -14);
	close_deck(deck);
	g_free(deck);
}

static void a_new_tap_takes_the_place_of_the_old_one(void)
{
	const struct mix_leg_config ann = with_track(1);
	struct deck *deck = g_new(struct deck, 1);
	struct tap *old;

	open_deck(deck);
	enter_with(&deck->room, 500, 8000, &ann);
	play(deck, 30);
	old = deck->tap;
	g_assert_cmpint(tap_create(&deck->tap, 1, 64), ==, 0);
	mix_set_tap(deck->room.mix, deck->tap);
	g_assert_true(tap_is_closed(old));
	g_assert_false(tap_is_closed(deck->tap));
	play(deck, 30);
	g_assert_cmpuint(deck->tracks[0].last, ==, 29); /* its own clock */
	tap_destroy(&old);
	close_deck(deck);
	g_free(deck);
}

static struct clip *tone_clip(unsigned frames, double hz, double amplitude)
{
	int16_t *pcm = malloc(frames * SOUND_FRAME * sizeof(*pcm));
	struct clip *clip = NULL;

	for (unsigned i = 0; i < frames; i++)
		sound_tone(pcm + i * SOUND_FRAME, hz, amplitude, i);
	g_assert_cmpint(clip_create(&clip, pcm, (size_t)frames * SOUND_FRAME),
			==, 0);
	return clip;
}

static void a_clip_is_heard_by_all_and_recorded_in_the_mix(void)
{
	const struct mix_leg_config ann = with_track(1), bob = with_track(2);
	struct deck *deck = g_new(struct deck, 1);
	struct clip *clip = tone_clip(100, 1300, 6000);
	struct person *talker, *listener;
	unsigned ticks = 0;

	open_deck(deck);
	talker = enter_with(&deck->room, 500, 8000, &ann);
	listener = enter_with(&deck->room, 0, 0, &bob);
	play(deck, 30);
	mix_set_clip(deck->room.mix, clip);
	for (; !clip_is_over(clip); ticks++)
		play(deck, 1);
	g_assert_cmpuint(ticks, ==, 100);
	g_test_message("clip: talker %.1f, listener %.1f, mix %.1f dBFS; own "
		       "voice %.1f",
		       find(talker, 1300, 60), find(listener, 1300, 60),
		       level(deck, 0, 1300), find(talker, 500, 60));
	g_assert_cmpfloat(find(talker, 1300, 60), >, -17);
	g_assert_cmpfloat(find(listener, 1300, 60), >, -17);
	g_assert_cmpfloat(find(listener, 500, 60), >, -14);
	g_assert_cmpfloat(find(talker, 500, 60), <, -45);
	g_assert_cmpfloat(level(deck, 0, 1300), >, -17);
	g_assert_cmpfloat(level(deck, 1, 1300), <, -60);
	/* What is over plays nothing, and does not begin anew. */
	play(deck, KEEP);
	g_assert_cmpfloat(find(listener, 1300, 60), <, -60);
	mix_set_clip(deck->room.mix, NULL);
	clip_destroy(&clip);
	close_deck(deck);
	g_free(deck);
}

static void a_clip_sounds_in_a_room_where_nobody_speaks(void)
{
	struct room room;
	struct clip *clip = tone_clip(100, 1300, 6000);
	struct person *listener;

	open_room(&room);
	listener = enter(&room, 0, 0);
	enter(&room, 0, 0);
	run(&room, 100);
	g_assert_cmpuint(listener->size, ==, 0);
	mix_set_clip(room.mix, clip);
	run(&room, 90);
	g_assert_cmpfloat(find(listener, 1300, 60), >, -17);
	run(&room, 100);
	g_assert_cmpuint(listener->size, ==, 0);
	clip_destroy(&clip);
	close_room(&room);
}

static void a_stopped_clip_fades_and_clicks_nowhere(void)
{
	struct room room;
	struct clip *clip = tone_clip(500, 300, 12000);
	struct person *listener;
	int before;

	open_room(&room);
	listener = enter(&room, 0, 0);
	mix_set_clip(room.mix, clip);
	run(&room, KEEP);
	before = edge(listener, 100);
	clip_stop(clip);
	run(&room, 1);
	g_assert_true(clip_is_over(clip));
	run(&room, 60);
	g_test_message("edge: %d while it sounds, %d when it stops", before,
		       edge(listener, 80));
	g_assert_cmpint(edge(listener, 80), <, 2 * before + 40);
	run(&room, KEEP);
	g_assert_cmpfloat(find(listener, 300, 100), <, -60);
	clip_destroy(&clip);
	close_room(&room);
}

static void a_recorded_tick_takes_no_memory(void)
{
	const struct mix_leg_config ann = with_track(1);
	struct deck *deck = g_new(struct deck, 1);
	struct clip *clip = tone_clip(100, 1300, 6000);

	open_deck(deck);
	enter_with(&deck->room, 500, 8000, &ann);
	play(deck, 30);
	mix_set_clip(deck->room.mix, clip);
	speak(deck->room.people[0], deck->room.tick);
	trap_begin();
	mix_clock(deck->room.mix, deck->us, 0);
	mix_tick(deck->room.mix);
	clip_stop(clip);
	mix_tick(deck->room.mix);
	mix_set_clip(deck->room.mix, NULL);
	mix_set_tap(deck->room.mix, NULL);
	g_assert_cmpuint(trap_locks(), ==, 0);
	g_assert_cmpuint(trap_end(), ==, 0);
	clip_destroy(&clip);
	close_deck(deck);
	g_free(deck);
}

static void a_clip_without_sound_is_none(void)
{
	struct clip *clip = NULL;

	g_assert_cmpint(clip_create(&clip, malloc(2), 0), ==, -EINVAL);
	g_assert_null(clip);
	clip_destroy(&clip);
}

int main(int argc, char *argv[])
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/tap/each talker in his track, all in the mix",
			each_talker_is_in_his_track_and_all_are_in_the_mix);
	g_test_add_func("/tap/who is muted is in no file",
			who_is_muted_is_in_no_file);
	g_test_add_func("/tap/a new tap takes the place of the old one",
			a_new_tap_takes_the_place_of_the_old_one);
	g_test_add_func("/clip/is heard by all and recorded in the mix",
			a_clip_is_heard_by_all_and_recorded_in_the_mix);
	g_test_add_func("/clip/sounds in a room where nobody speaks",
			a_clip_sounds_in_a_room_where_nobody_speaks);
	g_test_add_func("/clip/a stopped one fades and clicks nowhere",
			a_stopped_clip_fades_and_clicks_nowhere);
	g_test_add_func("/clip/without sound it is none",
			a_clip_without_sound_is_none);
	g_test_add_func("/tap/a recorded tick takes no memory",
			a_recorded_tick_takes_no_memory);
	return g_test_run();
}
