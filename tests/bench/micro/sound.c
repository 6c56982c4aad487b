/* What is done to PCM: sums, limiter, time-scaling, noise. */
#include <glib.h>
#include <string.h>

#include "mixer/agc.h"
#include "mixer/comfort.h"
#include "mixer/denoise.h"
#include "mixer/level.h"
#include "mixer/limiter.h"
#include "mixer/stretch.h"
#include "mixer/sum.h"
#include "tests/bench/micro/micro.h"
#include "tests/sound.h"

#define FRAMES 200
#define TIMES  64 /* of what takes less than a microsecond */

struct bench {
	const struct sum_version *sum;
	struct limiter lim;
	struct stretch stretch;
	struct comfort comfort;
	struct denoise *denoise;
	struct agc agc;
	int shorter;
	int16_t speech[FRAMES][SOUND_FRAME];
	int16_t pcm[2 * SOUND_FRAME], out[2 * SOUND_FRAME];
	int32_t part[2 * SOUND_FRAME], mix[2 * SOUND_FRAME];
	int32_t rest[2 * SOUND_FRAME];
};

/* A call of TIMES: what it is given does not depend on what it gave. */
#define REPEAT(name, call)                                                     \
	static void name(void *context, unsigned i)                            \
	{                                                                      \
		struct bench *b = context;                                     \
                                                                               \
		(void)i;                                                       \
		for (int t = 0; t < TIMES; t++)                                \
			call;                                                  \
	}

static volatile int64_t result; /* is used, as far as a compiler can tell */

REPEAT(sum_scale_unity,
       b->sum->scale(b->part, b->pcm, SOUND_FRAME, SUM_UNITY, SUM_UNITY))
REPEAT(sum_scale_ramp,
       b->sum->scale(b->part, b->pcm, SOUND_FRAME, 0, SUM_UNITY))
REPEAT(sum_add_part, b->sum->add(b->mix, b->part, SOUND_FRAME))
REPEAT(sum_subtract_own,
       b->sum->subtract(b->rest, b->mix, b->part, SOUND_FRAME))
REPEAT(sum_peak_of, result = b->sum->peak(b->part, SOUND_FRAME))
REPEAT(sum_narrow_to, b->sum->narrow(b->out, b->part, SOUND_FRAME))
REPEAT(sum_duck_to,
       b->sum->duck(b->out, b->part, SOUND_FRAME, 1, 0.5f, LIMITER_CEILING))
REPEAT(sum_energy_of, result = (int64_t)b->sum->energy(b->pcm, SOUND_FRAME))
REPEAT(level, result = (int64_t)level_dbov(b->pcm, SOUND_FRAME))
REPEAT(limit, limiter_run(&b->lim, b->part, b->out, SOUND_FRAME))
REPEAT(limit_stereo, limiter_run(&b->lim, b->part, b->out, 2 * SOUND_FRAME))
REPEAT(agc, result = (int64_t)agc_run(&b->agc, -30.0f))

static void sum_pan_stereo(void *context, unsigned i)
{
	const struct sum_gain from = { SUM_UNITY, SUM_UNITY / 2 };
	struct bench *b = context;

	(void)i;
	for (int t = 0; t < TIMES; t++)
		b->sum->pan(b->part, b->pcm, SOUND_FRAME, from, from);
}

static void bench_sum(struct bench *b)
{
	static const struct {
		const char *name;
		micro_stage stage;
	} parts[] = {
		{ "scale, unity", sum_scale_unity },
		{ "scale, ramp", sum_scale_ramp },
		{ "pan", sum_pan_stereo },
		{ "add", sum_add_part },
		{ "subtract", sum_subtract_own },
		{ "peak", sum_peak_of },
		{ "narrow", sum_narrow_to },
		{ "duck", sum_duck_to },
		{ "energy", sum_energy_of },
	};

	for (unsigned v = 0; (b->sum = sum_version(v)); v++)
		for (size_t i = 0; i < G_N_ELEMENTS(parts); i++) {
			g_autofree char *what = g_strdup_printf(
				"sum: %s (%s)", parts[i].name, b->sum->name);

			memset(b->mix, 0, sizeof(b->mix));
			micro_time(what, parts[i].stage, b, TIMES);
		}
}

static void fill_part(struct bench *b, int32_t amplitude)
{
	for (int i = 0; i < 2 * SOUND_FRAME; i++)
		b->part[i] = i / 50 % 2 ? amplitude : -amplitude;
}

static void bench_limiter(struct bench *b)
{
	static const struct {
		const char *name;
		int32_t amplitude;
		int channels;
	} cases[] = {
		{ "limiter: nothing to do", 20000, 1 },
		{ "limiter: limiting", 160000, 1 },
		{ "limiter: nothing to do, stereo", 20000, 2 },
		{ "limiter: limiting, stereo", 160000, 2 },
	};

	for (size_t i = 0; i < G_N_ELEMENTS(cases); i++) {
		fill_part(b, cases[i].amplitude);
		limiter_init(&b->lim, cases[i].channels);
		micro_time(cases[i].name,
			   cases[i].channels == 1 ? limit : limit_stereo, b,
			   TIMES);
	}
}

static void stretch(void *context, unsigned i)
{
	struct bench *b = context;

	do {
		memcpy(stretch_space(&b->stretch), b->speech[i % FRAMES],
		       sizeof(b->speech[0]));
		stretch_push(&b->stretch, STRETCH_FRAME);
	} while (stretch_wants_more(&b->stretch, b->shorter));
	result += stretch_pull(&b->stretch, b->shorter, 0, b->out);
}

static void comfort_noise(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	comfort_fade(&b->comfort, b->out, SOUND_FRAME, 0, 0);
}

static void comfort_hear(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	comfort_learn(&b->comfort, b->pcm, SOUND_FRAME);
}

static void denoise(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	memcpy(b->out, b->pcm, SOUND_FRAME * sizeof(*b->out));
	denoise_run(b->denoise, b->out, true);
}

void micro_sound(void)
{
	struct bench *b = g_new0(struct bench, 1);

	sound_speech(b->pcm, 25);
	fill_part(b, 20000);
	micro_time("level", level, b, TIMES);
	bench_sum(b);
	bench_limiter(b);
	micro_time("agc", agc, b, TIMES);
	comfort_reset(&b->comfort);
	micro_time("comfort: learn", comfort_hear, b, 1);
	micro_time("comfort: noise", comfort_noise, b, 1);
	for (unsigned i = 0; i < FRAMES; i++)
		sound_speech(b->speech[i], i);
	stretch_reset(&b->stretch);
	micro_time("stretch: nothing to do", stretch, b, 1);
	b->shorter = 100 * SOUND_RATE / 1000;
	micro_time("stretch: shorter", stretch, b, 1);
	g_assert_cmpint(denoise_create(&b->denoise), ==, 0);
	micro_time("denoise", denoise, b, 1);
	denoise_destroy(&b->denoise);
	g_free(b);
}
