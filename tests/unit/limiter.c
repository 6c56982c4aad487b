#include "mixer/limiter.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/level.h"
#include "tests/sound.h"
#include "tests/trap.h"

static void passes_what_fits_bit_by_bit_1_ms_late(void)
{
	int32_t in[SOUND_FRAME * 2];
	int16_t out[SOUND_FRAME * 2];
	struct limiter lim;

	limiter_init(&lim, 1);
	srand(1);
	for (int i = 0; i < SOUND_FRAME * 2; i++)
		in[i] = rand() % (2 * LIMITER_CEILING + 1) - LIMITER_CEILING;
	limiter_run(&lim, in, out, SOUND_FRAME);
	limiter_run(&lim, in + SOUND_FRAME, out + SOUND_FRAME, SOUND_FRAME);
	for (int i = 0; i < LIMITER_AHEAD; i++)
		g_assert_cmpint(out[i], ==, 0);
	for (int i = LIMITER_AHEAD; i < SOUND_FRAME * 2; i++)
		g_assert_cmpint(out[i], ==, in[i - LIMITER_AHEAD]);
}

static void keeps_the_sign_and_the_ceiling_of_any_sum(void)
{
	int32_t in[SOUND_FRAME] = { 0 }, last[LIMITER_AHEAD];
	int16_t out[SOUND_FRAME];
	struct limiter lim;

	limiter_init(&lim, 1);
	srand(2);
	for (int frame = 0; frame < 200; frame++) {
		/* From one voice to thirty thousand, changing each frame. */
		int32_t range = 1 << (14 + rand() % 17);

		memcpy(last, in + SOUND_FRAME - LIMITER_AHEAD, sizeof(last));
		for (int i = 0; i < SOUND_FRAME; i++)
			in[i] = (int32_t)((double)rand() / RAND_MAX * 2 *
					  range) -
				range;
		limiter_run(&lim, in, out, SOUND_FRAME);
		for (int i = 0; i < SOUND_FRAME; i++) {
			int32_t was = i < LIMITER_AHEAD ? last[i]
							: in[i - LIMITER_AHEAD];

			g_assert_cmpint(abs(out[i]), <=, LIMITER_CEILING);
			g_assert_cmpint(abs(out[i]), <=, abs(was));
			g_assert_true(was >= 0 ? out[i] >= 0 : out[i] <= 0);
		}
	}
}

static void is_transparent_again_a_second_after_a_peak(void)
{
	int32_t in[SOUND_FRAME];
	int16_t out[SOUND_FRAME];
	struct limiter lim;

	limiter_init(&lim, 1);
	for (int i = 0; i < SOUND_FRAME; i++)
		in[i] = i % 2 ? 160000 : -160000;
	limiter_run(&lim, in, out, SOUND_FRAME);
	for (int i = 0; i < SOUND_FRAME; i++)
		in[i] = 1000;
	for (int frame = 0; frame < 5; frame++)
		limiter_run(&lim, in, out, SOUND_FRAME);
	g_assert_cmpint(out[SOUND_FRAME - 1], <, 900);
	for (int frame = 5; frame < 50; frame++)
		limiter_run(&lim, in, out, SOUND_FRAME);
	for (int i = 0; i < SOUND_FRAME; i++)
		g_assert_cmpint(out[i], ==, 1000);
}

/* The frame that is passed whole must give what the blocks would. */
static void gives_the_same_bits_in_frames_as_in_blocks(void)
{
	int32_t in[SOUND_FRAME];
	int16_t out[SOUND_FRAME], same[SOUND_FRAME];
	struct limiter frames, blocks;

	limiter_init(&frames, 1);
	limiter_init(&blocks, 1);
	srand(3);
	for (int frame = 0; frame < 400; frame++) {
		/* Loud for 20 frames, then long enough quiet to come back. */
		int32_t range = frame % 100 < 20 ? 70000 : 30000;

		for (int i = 0; i < SOUND_FRAME; i++)
			in[i] = rand() % range - range / 2;
		limiter_run(&frames, in, out, SOUND_FRAME);
		for (int at = 0; at < SOUND_FRAME; at += LIMITER_AHEAD)
			limiter_run(&blocks, in + at, same + at, LIMITER_AHEAD);
		g_assert_cmpmem(out, sizeof(out), same, sizeof(same));
	}
	g_assert_cmpfloat(frames.cut, ==, 0);
}

static void two_channels_share_one_gain(void)
{
	int32_t in[2 * SOUND_FRAME];
	int16_t out[2 * SOUND_FRAME];
	struct limiter lim;

	limiter_init(&lim, 2);
	/* The left is twice too loud, the right a fourth of it. */
	for (int i = 0; i < SOUND_FRAME; i++) {
		in[2 * i] = 64000;
		in[2 * i + 1] = -16000;
	}
	limiter_run(&lim, in, out, 2 * SOUND_FRAME);
	for (int i = 0; i < 2 * LIMITER_AHEAD; i++)
		g_assert_cmpint(out[i], ==, 0);
	for (int i = LIMITER_AHEAD; i < SOUND_FRAME; i++) {
		g_assert_cmpint(out[2 * i], ==, LIMITER_CEILING);
		g_assert_cmpint(out[2 * i + 1], ==, -LIMITER_CEILING / 4);
	}
	/* And passes both as they are when both fit. */
	limiter_init(&lim, 2);
	for (int i = 0; i < 2 * SOUND_FRAME; i++)
		in[i] = i;
	limiter_run(&lim, in, out, 2 * SOUND_FRAME);
	for (int i = 2 * LIMITER_AHEAD; i < 2 * SOUND_FRAME; i++)
		g_assert_cmpint(out[i], ==, i - 2 * LIMITER_AHEAD);
}

static void levels_are_those_of_rfc_6464(void)
{
	int16_t pcm[SOUND_FRAME] = { 0 };

	g_assert_cmpfloat(level_dbov(pcm, SOUND_FRAME), ==, -127);
	pcm[0] = 1;
	g_assert_cmpfloat(level_dbov(pcm, SOUND_FRAME), <, -115);
	sound_tone(pcm, 1000, 32767, 0);
	g_assert_cmpfloat_with_epsilon(level_dbov(pcm, SOUND_FRAME), -3.01,
				       0.01);
	sound_tone(pcm, 1000, 3276.7, 0);
	g_assert_cmpfloat_with_epsilon(level_dbov(pcm, SOUND_FRAME), -23.01,
				       0.01);
	for (int i = 0; i < SOUND_FRAME; i++)
		pcm[i] = i / 48 % 2 ? INT16_MIN : INT16_MAX;
	g_assert_cmpfloat_with_epsilon(level_dbov(pcm, SOUND_FRAME), 0, 0.01);
}

static void limiting_never_touches_the_heap(void)
{
	int32_t in[SOUND_FRAME];
	int16_t out[SOUND_FRAME];
	struct limiter lim;
	float level = 0;

	limiter_init(&lim, 1);
	for (int i = 0; i < SOUND_FRAME; i++)
		in[i] = i * 100;
	trap_begin();
	for (int frame = 0; frame < 100; frame++) {
		limiter_run(&lim, in, out, SOUND_FRAME);
		level += level_dbov(out, SOUND_FRAME);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpfloat(level, <, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/limiter/passes what fits bit by bit, 1 ms late",
			passes_what_fits_bit_by_bit_1_ms_late);
	g_test_add_func("/limiter/keeps the sign and the ceiling of any sum",
			keeps_the_sign_and_the_ceiling_of_any_sum);
	g_test_add_func("/limiter/is transparent again a second after a peak",
			is_transparent_again_a_second_after_a_peak);
	g_test_add_func("/limiter/gives the same bits in frames as in blocks",
			gives_the_same_bits_in_frames_as_in_blocks);
	g_test_add_func("/limiter/two channels share one gain",
			two_channels_share_one_gain);
	g_test_add_func("/level/levels are those of RFC 6464",
			levels_are_those_of_rfc_6464);
	g_test_add_func("/limiter/limiting never touches the heap",
			limiting_never_touches_the_heap);
	return g_test_run();
}
