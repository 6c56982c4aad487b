#include "mixer/stretch.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sound.h"
#include "tests/trap.h"

#define LOUD	8000
#define SECONDS 10
#define NEVER	0.0f /* no frame is quiet */

/* Ten seconds out of a source that lasts as long as it takes. */
struct tape {
	void (*sound)(int16_t *pcm, uint64_t frame);
	int change; /* asked for in each tick */
	float quiet;
	int changed; /* samples left out, or below zero */
	int16_t pcm[SECONDS * SOUND_RATE];
};

static void record(struct tape *tape)
{
	struct stretch *st = g_new0(struct stretch, 1);
	uint64_t frame = 0;

	tape->changed = 0;
	stretch_reset(st);
	for (int i = 0; i < SECONDS * SOUND_RATE; i += STRETCH_FRAME) {
		while (st->fill < STRETCH_FRAME ||
		       stretch_wants_more(st, tape->change)) {
			tape->sound(stretch_space(st), frame++);
			stretch_push(st, SOUND_FRAME);
		}
		tape->changed += stretch_pull(st, tape->change, tape->quiet,
					      tape->pcm + i);
	}
	/* What went in came out, but for what was left out. */
	g_assert_cmpint((int)frame * SOUND_FRAME, ==,
			SECONDS * SOUND_RATE + tape->changed + (int)st->fill);
	g_free(st);
}

static double percent(const struct tape *tape)
{
	return 100.0 * tape->changed / (SECONDS * SOUND_RATE);
}

static void a_tone(int16_t *pcm, uint64_t frame)
{
	sound_tone(pcm, 440, LOUD, frame);
}

static void white_noise(int16_t *pcm, uint64_t frame)
{
	uint32_t x = (uint32_t)frame * 747796405u + 1;

	for (int i = 0; i < SOUND_FRAME; i++) {
		x = x * 1664525u + 1013904223u;
		pcm[i] = (int16_t)((int32_t)x >> 19);
	}
}

static void without_a_change_nothing_changes(void)
{
	static struct tape tape = { .sound = sound_speech };
	int16_t pcm[SOUND_FRAME];

	record(&tape);
	g_assert_cmpint(tape.changed, ==, 0);
	for (int i = 0; i < SECONDS * 50; i++) {
		sound_speech(pcm, (uint64_t)i);
		g_assert_cmpmem(tape.pcm + i * SOUND_FRAME, sizeof(pcm), pcm,
				sizeof(pcm));
	}
}

static void a_small_change_is_5_percent_either_way(void)
{
	static const int changes[] = { 960, -960 };

	for (unsigned k = 0; k < G_N_ELEMENTS(changes); k++) {
		static struct tape tape;

		tape.sound = sound_speech;
		tape.change = changes[k];
		record(&tape);
		g_test_message("%+d samples: tempo %+.2f %%", changes[k],
			       percent(&tape));
		g_assert_cmpfloat(fabs(percent(&tape)), <=, 5.3);
		g_assert_cmpfloat(fabs(percent(&tape)), >=, 4.0);
		g_assert_cmpint((tape.changed > 0), ==, (changes[k] > 0));
	}
}

static void a_large_change_is_25_percent(void)
{
	static struct tape tape = { .sound = sound_speech, .change = 20000 };

	record(&tape);
	g_assert_cmpfloat(percent(&tape), <=, 25.5);
	g_assert_cmpfloat(percent(&tape), >=, 20);
}

static void pitch_and_shape_of_a_tone_stay(void)
{
	static const int changes[] = { 960, -960, 20000, -20000 };
	int16_t natural[SOUND_FRAME];

	a_tone(natural, 0);
	for (unsigned k = 0; k < G_N_ELEMENTS(changes); k++) {
		static struct tape tape;
		double level;

		tape.sound = a_tone;
		tape.change = changes[k];
		record(&tape);
		g_assert_cmpint(tape.changed, !=, 0);
		g_assert_cmpint(sound_edge(tape.pcm, SECONDS * SOUND_RATE), <,
				2 * sound_edge(natural, SOUND_FRAME));
		for (int i = 0; i < SECONDS * SOUND_RATE; i += 4800) {
			level = sound_find(tape.pcm + i, 4800, 440);
			g_assert_cmpfloat_with_epsilon(
				level, 20 * log10(LOUD / 32768.0), 1.0);
		}
	}
}

static void no_sound_stops_it_for_good(void)
{
	static struct tape tape = { .sound = white_noise, .change = 960 };

	record(&tape);
	g_test_message("white noise: tempo %+.2f %%", percent(&tape));
	g_assert_cmpfloat(percent(&tape), >=, 4.0);
}

static void quiet_frames_are_changed_at_once(void)
{
	static struct tape tape = { .sound = a_tone, .change = 960 };

	tape.quiet = (float)LOUD * LOUD;
	record(&tape);
	g_assert_cmpfloat(percent(&tape), >=, 50);
	tape.change = -960;
	record(&tape);
	g_assert_cmpfloat(percent(&tape), <=, -50);
}

static void no_more_is_left_out_than_is_asked_for(void)
{
	struct stretch *st = g_new0(struct stretch, 1);
	int16_t pcm[SOUND_FRAME];
	uint64_t frame = 0;
	int left = 2000;

	stretch_reset(st);
	for (int t = 0; t < 500; t++) {
		while (st->fill < STRETCH_FRAME ||
		       stretch_wants_more(st, left)) {
			sound_speech(stretch_space(st), frame++);
			stretch_push(st, SOUND_FRAME);
		}
		left -= stretch_pull(st, left, NEVER, pcm);
		g_assert_cmpint(left, >=, 0);
	}
	/* What is less than a period of the pitch stays. */
	g_assert_cmpint(left, <, 600);
	g_free(st);
}

static void stretching_never_touches_the_heap(void)
{
	static struct stretch st;
	int16_t pcm[SOUND_FRAME];

	stretch_reset(&st);
	trap_begin();
	for (int t = 0; t < 500; t++) {
		while (st.fill < 2 * STRETCH_FRAME) {
			white_noise(stretch_space(&st), (uint64_t)t);
			stretch_push(&st, SOUND_FRAME);
		}
		stretch_pull(&st, t % 3 ? 5000 : -5000, NEVER, pcm);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/stretch/without a change nothing changes",
			without_a_change_nothing_changes);
	g_test_add_func("/stretch/a small change is 5 percent, either way",
			a_small_change_is_5_percent_either_way);
	g_test_add_func("/stretch/a large change is 25 percent",
			a_large_change_is_25_percent);
	g_test_add_func("/stretch/pitch and shape of a tone stay",
			pitch_and_shape_of_a_tone_stay);
	g_test_add_func("/stretch/no sound stops it for good",
			no_sound_stops_it_for_good);
	g_test_add_func("/stretch/quiet frames are changed at once",
			quiet_frames_are_changed_at_once);
	g_test_add_func("/stretch/no more is left out than is asked for",
			no_more_is_left_out_than_is_asked_for);
	g_test_add_func("/stretch/stretching never touches the heap",
			stretching_never_touches_the_heap);
	return g_test_run();
}
