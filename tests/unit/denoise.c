#include "mixer/denoise.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/level.h"
#include "tests/sound.h"
#include "tests/trap.h"

#define FRAMES 500

/* Speech of a second, a pause of a second, over hiss of about -40 dBov. */
static void noisy_speech(int16_t *pcm, uint64_t frame)
{
	if (frame % 100 < 50)
		sound_speech(pcm, frame);
	else
		memset(pcm, 0, SOUND_FRAME * sizeof(*pcm));
	for (int i = 0; i < SOUND_FRAME; i++)
		pcm[i] = (int16_t)(pcm[i] + g_test_rand_int_range(-560, 560));
}

static bool speech_at(unsigned frame)
{
	/* Away from the edges. */
	return frame % 100 >= 5 && frame % 100 < 45;
}

static bool pause_at(unsigned frame)
{
	return frame % 100 >= 75 && frame % 100 < 98;
}

static void hiss_goes_and_speech_stays(void)
{
	double hiss = 0, hiss_was = 0, speech = 0, speech_was = 0;
	struct denoise *dn;

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	for (unsigned frame = 0; frame < FRAMES; frame++) {
		int16_t pcm[SOUND_FRAME];
		double was, is;

		noisy_speech(pcm, frame);
		was = pow(10, level_dbov(pcm, SOUND_FRAME) / 10);
		denoise_run(dn, pcm, true);
		is = pow(10, level_dbov(pcm, SOUND_FRAME) / 10);
		if (frame < 200)
			continue;
		hiss += pause_at(frame) ? is : 0;
		hiss_was += pause_at(frame) ? was : 0;
		speech += speech_at(frame) ? is : 0;
		speech_was += speech_at(frame) ? was : 0;
	}
	g_test_message("hiss %.1f dB, speech %.1f dB",
		       10 * log10(hiss / hiss_was),
		       10 * log10(speech / speech_was));
	g_assert_cmpfloat(10 * log10(hiss / hiss_was), <, -12);
	g_assert_cmpfloat_with_epsilon(10 * log10(speech / speech_was), 0, 1);
	denoise_destroy(&dn);
}

static void switched_off_it_is_10_ms_of_delay_and_nothing_else(void)
{
	int16_t in[10 * SOUND_FRAME], out[10 * SOUND_FRAME];
	struct denoise *dn;

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	for (unsigned frame = 0; frame < 10; frame++)
		noisy_speech(in + frame * SOUND_FRAME, frame);
	memcpy(out, in, sizeof(in));
	for (unsigned frame = 0; frame < 10; frame++)
		denoise_run(dn, out + frame * SOUND_FRAME, false);
	for (int i = DENOISE_DELAY; i < 10 * SOUND_FRAME; i++)
		g_assert_cmpint(out[i], ==, in[i - DENOISE_DELAY]);
	denoise_destroy(&dn);
}

/* Another talker, after one with much noise. */
static void a_new_talker_loses_no_syllable(void)
{
	int16_t in[20 * SOUND_FRAME], out[20 * SOUND_FRAME];
	struct denoise *dn;

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	for (unsigned frame = 0; frame < 200; frame++) {
		for (int i = 0; i < SOUND_FRAME; i++)
			out[i] = (int16_t)g_test_rand_int_range(-9000, 9000);
		denoise_run(dn, out, true);
	}
	denoise_restart(dn);
	for (unsigned frame = 0; frame < 20; frame++)
		sound_speech(in + frame * SOUND_FRAME, frame);
	memcpy(out, in, sizeof(in));
	for (unsigned frame = 0; frame < 20; frame++)
		denoise_run(dn, out + frame * SOUND_FRAME, true);
	for (int i = 0; i < DENOISE_DELAY; i++)
		g_assert_cmpint(out[i], ==, 0);
	for (int i = DENOISE_DELAY; i < 20 * SOUND_FRAME; i++)
		g_assert_cmpint(out[i], ==, in[i - DENOISE_DELAY]);
	denoise_destroy(&dn);
}

static void a_rest_forgets_no_noise(void)
{
	struct denoise *dn;
	int16_t pcm[SOUND_FRAME];
	float level = 0;

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	for (unsigned frame = 0; frame < 300; frame++) {
		for (int i = 0; i < SOUND_FRAME; i++)
			pcm[i] = (int16_t)g_test_rand_int_range(-560, 560);
		/* 100 frames on, 100 of rest, then on again. */
		denoise_run(dn, pcm, frame / 100 != 1);
		level = level_dbov(pcm, SOUND_FRAME);
		if (frame == 99)
			g_assert_cmpfloat(level, <, -50);
		else if (frame > 101 && frame < 200)
			g_assert_cmpfloat_with_epsilon(level, -40, 1);
		else if (frame > 202)
			g_assert_cmpfloat(level, <, -50);
	}
	denoise_destroy(&dn);
}

static void switching_makes_no_click(void)
{
	static int16_t out[FRAMES * SOUND_FRAME];
	struct denoise *dn;

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	for (unsigned frame = 0; frame < FRAMES; frame++) {
		int16_t *pcm = out + frame * SOUND_FRAME;

		sound_tone(pcm, 300, 8000 * (1 + sin(frame / 10.0)) / 2, frame);
		denoise_run(dn, pcm, frame / 60 % 2);
	}
	/* At its loudest the tone bends by 12, and by 16 where its amplitude
	 * steps; with a switch instead of the fade it is 79. */
	g_test_message("edge %d", sound_edge(out + SOUND_FRAME,
					     (FRAMES - 1) * SOUND_FRAME));
	g_assert_cmpint(
		sound_edge(out + SOUND_FRAME, (FRAMES - 1) * SOUND_FRAME), <,
		60);
	denoise_destroy(&dn);
}

static void denoising_never_touches_the_heap(void)
{
	struct denoise *dn;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(denoise_create(&dn), ==, 0);
	trap_begin();
	for (unsigned frame = 0; frame < 120; frame++) {
		sound_speech(pcm, frame);
		denoise_run(dn, pcm, frame < 100);
	}
	denoise_restart(dn);
	g_assert_cmpuint(trap_end(), ==, 0);
	denoise_destroy(&dn);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/denoise/hiss goes and speech stays",
			hiss_goes_and_speech_stays);
	g_test_add_func(
		"/denoise/switched off it is 10 ms of delay and nothing else",
		switched_off_it_is_10_ms_of_delay_and_nothing_else);
	g_test_add_func("/denoise/a new talker loses no syllable",
			a_new_talker_loses_no_syllable);
	g_test_add_func("/denoise/a rest forgets no noise",
			a_rest_forgets_no_noise);
	g_test_add_func("/denoise/switching makes no click",
			switching_makes_no_click);
	g_test_add_func("/denoise/denoising never touches the heap",
			denoising_never_touches_the_heap);
	return g_test_run();
}
