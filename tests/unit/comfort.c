#include "mixer/comfort.h"

#include <glib.h>
#include <math.h>
#include <string.h>

#include "mixer/level.h"
#include "tests/sound.h"

/* Noise of this level; `pole` makes it dull. */
static void noise(int16_t *pcm, double dbov, double pole)
{
	static uint32_t x = 1;
	static double last;
	double scale = 32768 * pow(10, dbov / 20) * sqrt(3 * (1 - pole * pole));

	for (int i = 0; i < SOUND_FRAME; i++) {
		x = x * 1664525u + 1013904223u;
		last = pole * last + scale * (int32_t)x / 2147483648.0;
		pcm[i] = (int16_t)lrint(last);
	}
}

static void add_speech(int16_t *pcm, uint64_t frame)
{
	int16_t speech[SOUND_FRAME];

	sound_speech(speech, frame);
	for (int i = 0; i < SOUND_FRAME; i++)
		pcm[i] = (int16_t)(pcm[i] + speech[i]);
}

/* Two seconds of what the comfort makes. */
static void make(struct comfort *com, int16_t *pcm_r)
{
	for (int i = 0; i < 100; i++) {
		memset(pcm_r + i * SOUND_FRAME, 0xff,
		       SOUND_FRAME * sizeof(*pcm_r));
		comfort_fade(com, pcm_r + i * SOUND_FRAME, SOUND_FRAME, 0, 0);
	}
}

static float made_dbov(struct comfort *com)
{
	static int16_t pcm[100 * SOUND_FRAME];

	make(com, pcm);
	return level_dbov(pcm, G_N_ELEMENTS(pcm));
}

static double likeness_of_neighbours(const int16_t *pcm, size_t n)
{
	double product = 0, square = 1;

	for (size_t i = 1; i < n; i++) {
		product += pcm[i] * pcm[i - 1];
		square += pcm[i] * pcm[i];
	}
	return product / square;
}

static void who_was_not_heard_is_silent(void)
{
	struct comfort com;

	comfort_reset(&com);
	g_assert_cmpfloat(comfort_power(&com), ==, 0);
	g_assert_cmpfloat(made_dbov(&com), ==, LEVEL_SILENCE);
}

static void the_noise_is_like_the_background_and_never_louder(void)
{
	static const struct {
		double dbov, pole;
	} rooms[] = { { -45, 0 }, { -60, 0 }, { -60, 0.9 }, { -70, 0.6 } };

	for (unsigned k = 0; k < G_N_ELEMENTS(rooms); k++) {
		static int16_t made[100 * SOUND_FRAME];
		int16_t pcm[SOUND_FRAME];
		struct comfort com;
		float level;

		comfort_reset(&com);
		for (int i = 0; i < 300; i++) {
			noise(pcm, rooms[k].dbov, rooms[k].pole);
			if (i % 10)
				add_speech(pcm, (uint64_t)i);
			comfort_learn(&com, pcm, SOUND_FRAME);
		}
		make(&com, made);
		level = level_dbov(made, G_N_ELEMENTS(made));
		g_test_message(
			"background %.0f dBov, pole %.1f: noise %.1f"
			" dBov, pole %.2f",
			rooms[k].dbov, rooms[k].pole, (double)level,
			likeness_of_neighbours(made, G_N_ELEMENTS(made)));
		g_assert_cmpfloat(level, <=, rooms[k].dbov);
		g_assert_cmpfloat(level, >=, rooms[k].dbov - 4);
		g_assert_cmpfloat_with_epsilon(
			likeness_of_neighbours(made, G_N_ELEMENTS(made)),
			rooms[k].pole, 0.1);
	}
}

static void a_background_that_ended_is_forgotten(void)
{
	int16_t pcm[SOUND_FRAME];
	struct comfort com;

	comfort_reset(&com);
	for (int i = 0; i < 300; i++) {
		noise(pcm, -70, 0);
		comfort_learn(&com, pcm, SOUND_FRAME);
	}
	for (int i = 0; i < 300; i++) {
		noise(pcm, -50, 0);
		comfort_learn(&com, pcm, SOUND_FRAME);
	}
	g_assert_cmpfloat(made_dbov(&com), >, -54);
	memset(pcm, 0, sizeof(pcm));
	comfort_learn(&com, pcm, SOUND_FRAME);
	g_assert_cmpfloat(made_dbov(&com), ==, LEVEL_SILENCE);
}

static void digital_silence_stays_silent(void)
{
	int16_t pcm[SOUND_FRAME] = { 0 };
	struct comfort com;

	comfort_reset(&com);
	for (int i = 0; i < 300; i++) {
		if (i % 2)
			sound_speech(pcm, (uint64_t)i);
		else
			memset(pcm, 0, sizeof(pcm));
		comfort_learn(&com, pcm, SOUND_FRAME);
	}
	g_assert_cmpfloat(made_dbov(&com), ==, LEVEL_SILENCE);
}

static void sound_without_a_pause_is_no_background(void)
{
	int16_t pcm[SOUND_FRAME];
	struct comfort com;

	comfort_reset(&com);
	for (int i = 0; i < 300; i++) {
		sound_tone(pcm, 440, 8000, (uint64_t)i);
		comfort_learn(&com, pcm, SOUND_FRAME);
	}
	g_assert_cmpfloat(made_dbov(&com), ==, LEVEL_SILENCE);
}

static void sound_goes_over_into_noise_and_back_smoothly(void)
{
	int16_t pcm[SOUND_FRAME], natural[SOUND_FRAME];
	struct comfort com;

	comfort_reset(&com);
	sound_tone(natural, 2000, 8000, 0);
	for (int i = 0; i < 300; i++) {
		noise(pcm, -60, 0.5);
		comfort_learn(&com, pcm, SOUND_FRAME);
	}
	memcpy(pcm, natural, sizeof(pcm));
	comfort_fade(&com, pcm, SOUND_FRAME, 1, 0);
	g_assert_cmpint(abs(pcm[SOUND_FRAME - 1]), <, 330); /* -40 dBov */
	g_assert_cmpint(sound_edge(pcm, SOUND_FRAME), <,
			2 * sound_edge(natural, SOUND_FRAME));
	memcpy(pcm, natural, sizeof(pcm));
	comfort_fade(&com, pcm, SOUND_FRAME, 0, 1);
	g_assert_cmpint(abs(pcm[0]), <, 330);
	g_assert_cmpint(pcm[SOUND_FRAME - 1], ==, natural[SOUND_FRAME - 1]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/comfort/who was not heard is silent",
			who_was_not_heard_is_silent);
	g_test_add_func("/comfort/noise like the background, never louder",
			the_noise_is_like_the_background_and_never_louder);
	g_test_add_func("/comfort/a background that ended is forgotten",
			a_background_that_ended_is_forgotten);
	g_test_add_func("/comfort/digital silence stays silent",
			digital_silence_stays_silent);
	g_test_add_func("/comfort/sound without a pause is no background",
			sound_without_a_pause_is_no_background);
	g_test_add_func("/comfort/sound goes over into noise and back",
			sound_goes_over_into_noise_and_back_smoothly);
	return g_test_run();
}
