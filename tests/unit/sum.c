#include "mixer/sum.h"

#include <glib.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sound.h"
#include "tests/trap.h"

#define MOST (2 * SOUND_FRAME)

/* Lengths with and without a remainder for vectors of any width. */
static const size_t lengths[] = { 1, 7, 48, 96, 959, SOUND_FRAME, MOST };

static int32_t any_sum(int how)
{
	if (how == 0)
		return g_test_rand_int_range(-(1 << 30), 1 << 30);
	if (how == 1)
		return g_test_rand_bit() ? 1 << 30 : -(1 << 30);
	return g_test_rand_int_range(-40000, 40000);
}

static int16_t any_sample(int how)
{
	if (how == 1)
		return g_test_rand_bit() ? INT16_MIN : INT16_MAX;
	return (int16_t)g_test_rand_int_range(INT16_MIN, INT16_MAX + 1);
}

static int32_t any_gain(void)
{
	static const int32_t extreme[] = { 0, 1, SUM_UNITY - 1, SUM_UNITY,
					   SUM_MOST };

	return g_test_rand_bit() ? g_test_rand_int_range(0, SUM_MOST + 1)
				 : extreme[g_test_rand_int_range(0, 5)];
}

/* Plain C, written for the eye: what each version must give. */

static int32_t gain_at(size_t i, size_t n, int32_t from, int32_t to)
{
	int64_t step = ((int64_t)to - from) * (1 << 14) / (int64_t)n;

	return (int32_t)((((int64_t)from << 14) + step * (int64_t)(i + 1)) >>
			 14);
}

static int32_t scaled(int16_t sample, int32_t gain)
{
	return (int32_t)floor((double)sample * gain / SUM_UNITY + 0.5);
}

static int16_t ducked(int32_t in, float gain, int32_t ceiling)
{
	float sample = (float)in * gain;
	long whole = (long)(sample + (sample < 0 ? -0.5f : 0.5f));

	return (int16_t)CLAMP(whole, -ceiling, ceiling);
}

static void check_parts(const struct sum_version *v, size_t n, int how)
{
	struct sum_gain from = { any_gain(), any_gain() };
	struct sum_gain to = { any_gain(), any_gain() };
	int32_t mono[MOST], stereo[2 * MOST];
	int16_t pcm[MOST];

	for (size_t i = 0; i < n; i++)
		pcm[i] = any_sample(how);
	v->scale(mono, pcm, n, from.left, to.left);
	v->pan(stereo, pcm, n, from, to);
	for (size_t i = 0; i < n; i++) {
		int32_t left = gain_at(i, n, from.left, to.left);
		int32_t right = gain_at(i, n, from.right, to.right);

		g_assert_cmpint(mono[i], ==, scaled(pcm[i], left));
		g_assert_cmpint(stereo[2 * i], ==, mono[i]);
		g_assert_cmpint(stereo[2 * i + 1], ==, scaled(pcm[i], right));
	}
}

static void check_sums(const struct sum_version *v, size_t n, int how)
{
	int32_t sum[MOST] = { 0 }, part[MOST] = { 0 }, rest[MOST], was[MOST];
	int32_t largest = 0;

	for (size_t i = 0; i < n; i++) {
		was[i] = sum[i] = any_sum(how) / 2;
		part[i] = any_sum(how) / 2;
	}
	v->add(sum, part, n);
	v->subtract(rest, sum, part, n);
	for (size_t i = 0; i < n; i++) {
		g_assert_cmpint(sum[i], ==, was[i] + part[i]);
		g_assert_cmpint(rest[i], ==, was[i]);
		largest = MAX(largest, ABS(sum[i]));
	}
	g_assert_cmpint(v->peak(sum, n), ==, largest);
}

static void check_ends(const struct sum_version *v, size_t n, int how)
{
	const float from = (float)g_test_rand_double(), to = 1.0f - from;
	const float step = (to - from) / (float)n;
	int32_t in[MOST], small[MOST];
	int16_t out[MOST], same[MOST];
	uint64_t squares = 0;

	for (size_t i = 0; i < n; i++) {
		in[i] = any_sum(how);
		small[i] = any_sample(how);
		squares += (uint64_t)((int64_t)small[i] * small[i]);
	}
	v->duck(out, in, n, from, to, 32000);
	v->narrow(same, small, n);
	for (size_t i = 0; i < n; i++) {
		float gain = from + step * (float)(int)(i + 1);

		g_assert_cmpint(out[i], ==, ducked(in[i], gain, 32000));
		g_assert_cmpint(same[i], ==, small[i]);
	}
	g_assert_cmpuint(v->energy(same, n), ==, squares);
}

static void every_version_gives_the_bits_of_plain_c(void)
{
	const struct sum_version *v;
	unsigned versions = 0;

	for (; (v = sum_version(versions)); versions++) {
		g_test_message("%s", v->name);
		for (int round = 0; round < 60; round++) {
			size_t n = lengths[round % (int)G_N_ELEMENTS(lengths)];

			check_parts(v, n, round % 3);
			check_sums(v, n, round % 3);
			check_ends(v, n, round % 3);
		}
	}
	g_assert_cmpuint(versions, >=, 1);
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx2"))
		g_assert_cmpuint(versions, ==, 2);
#endif
}

static void unity_changes_no_bit_and_zero_leaves_nothing(void)
{
	int32_t part[SOUND_FRAME];
	int16_t pcm[SOUND_FRAME];

	for (int i = 0; i < SOUND_FRAME; i++)
		pcm[i] = any_sample(0);
	sum_scale(part, pcm, SOUND_FRAME, SUM_UNITY, SUM_UNITY);
	for (int i = 0; i < SOUND_FRAME; i++)
		g_assert_cmpint(part[i], ==, pcm[i]);
	sum_scale(part, pcm, SOUND_FRAME, 0, 0);
	for (int i = 0; i < SOUND_FRAME; i++)
		g_assert_cmpint(part[i], ==, 0);
	sum_scale(part, pcm, SOUND_FRAME, SUM_MOST, 0);
	g_assert_cmpint(part[SOUND_FRAME - 1], ==, 0);
}

static void a_change_of_volume_makes_no_click(void)
{
	int16_t pcm[3 * SOUND_FRAME], out[3 * SOUND_FRAME];
	int32_t part[SOUND_FRAME];
	/* From rest to the most and back, a frame each. */
	static const int32_t gains[] = { 1000, 1000, SUM_MOST, 0 };

	for (uint64_t frame = 0; frame < 3; frame++) {
		int16_t *at = pcm + frame * SOUND_FRAME;

		sound_tone(at, 200, 8000, frame);
		sum_scale(part, at, SOUND_FRAME, gains[frame],
			  gains[frame + 1]);
		sum_narrow(out + frame * SOUND_FRAME, part, SOUND_FRAME);
	}
	/* The tone itself, at its loudest, bends by 22. */
	g_assert_cmpint(sound_edge(out, 3 * SOUND_FRAME), <, 30);
}

static void summing_never_touches_the_heap(void)
{
	static int32_t sum[MOST], part[MOST], rest[MOST];
	static int16_t pcm[SOUND_FRAME], out[MOST];
	const struct sum_gain none = { 0, 0 }, half = { 8192, 8192 };
	uint64_t all = 0;

	pcm[5] = 1000;
	trap_begin();
	sum_scale(part, pcm, SOUND_FRAME, 0, SUM_UNITY);
	sum_pan(part, pcm, SOUND_FRAME, none, half);
	sum_add(sum, part, MOST);
	sum_subtract(rest, sum, part, MOST);
	sum_duck(out, sum, MOST, 1, 0.5f, 32000);
	sum_narrow(out, sum, MOST);
	all += (uint64_t)sum_peak(rest, MOST) + sum_energy(pcm, SOUND_FRAME);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(all, ==, 1000000);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/sum/every version gives the bits of plain C",
			every_version_gives_the_bits_of_plain_c);
	g_test_add_func("/sum/unity changes no bit and zero leaves nothing",
			unity_changes_no_bit_and_zero_leaves_nothing);
	g_test_add_func("/sum/a change of volume makes no click",
			a_change_of_volume_makes_no_click);
	g_test_add_func("/sum/summing never touches the heap",
			summing_never_touches_the_heap);
	return g_test_run();
}
