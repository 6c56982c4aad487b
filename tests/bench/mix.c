/* What a tick costs, in us: medians, on one core. Prints one line for each
 * figure; nothing here passes or fails. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "mixer/codec.h"
#include "mixer/jitter.h"
#include "mixer/limiter.h"
#include "mixer/mix.h"
#include "tests/sound.h"

#define FRAMES 400 /* 8 s of sound */

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void print(const char *what, double *us, size_t n)
{
	qsort(us, n, sizeof(*us), compare);
	g_print("%-52s %9.2f us   p99 %9.2f us\n", what, us[n / 2],
		us[n * 99 / 100]);
}

struct packet {
	uint8_t buf[CODEC_MAX];
	int size;
};

static struct packet spoken[FRAMES];

static void bench_encode(const char *what, int low_delay, int complexity,
			 int loss)
{
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = complexity,
					  .loss_expected = loss,
					  .low_delay = low_delay };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];
	double us[FRAMES];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (int i = 0; i < FRAMES; i++) {
		sound_speech(pcm, (uint64_t)i);
		us[i] = now_us();
		spoken[i].size =
			codec_encode(enc, pcm, spoken[i].buf, CODEC_MAX);
		us[i] = now_us() - us[i];
	}
	print(what, us, FRAMES);
	codec_encoder_destroy(&enc);
}

/* Of what bench_encode() encoded last. */
static void bench_decode(const char *what)
{
	struct codec_decoder *dec = NULL;
	int16_t pcm[SOUND_FRAME];
	double us[FRAMES];

	g_assert_cmpint(codec_decoder_create(&dec), ==, 0);
	for (int i = 0; i < FRAMES; i++) {
		us[i] = now_us();
		codec_decode(dec, spoken[i].buf, (size_t)spoken[i].size, pcm,
			     SOUND_FRAME);
		us[i] = now_us() - us[i];
	}
	print(what, us, FRAMES);
	codec_decoder_destroy(&dec);
}

static void bench_jitter(void)
{
	const struct jitter_config cfg = { .min_ms = 40, .max_ms = 500 };
	struct jitter *jit = NULL;
	double us[FRAMES];

	g_assert_cmpint(jitter_create(&jit, &cfg), ==, 0);
	for (uint64_t i = 0; i < FRAMES; i++) {
		struct jitter_frame frame;

		us[i] = now_us();
		jitter_put(jit, i, i * SOUND_FRAME, SOUND_FRAME, spoken[i].buf,
			   (size_t)spoken[i].size);
		jitter_get(jit, SOUND_FRAME, &frame);
		jitter_tick(jit, 0);
		us[i] = now_us() - us[i];
	}
	print("jitter: put, get and tick", us, FRAMES);
	jitter_destroy(&jit);
}

static void bench_limiter(const char *what, int32_t amplitude)
{
	int32_t in[SOUND_FRAME];
	int16_t out[SOUND_FRAME];
	struct limiter lim;
	double us[FRAMES];

	limiter_init(&lim, 1);
	for (int i = 0; i < SOUND_FRAME; i++)
		in[i] = i / 50 % 2 ? amplitude : -amplitude;
	for (int i = 0; i < FRAMES; i++) {
		us[i] = now_us();
		limiter_run(&lim, in, out, SOUND_FRAME);
		us[i] = now_us() - us[i];
	}
	print(what, us, FRAMES);
}

/* A room of `legs`, of which the first `talkers` speak. */
static void bench_tick(unsigned legs, unsigned talkers)
{
	const struct mix_leg_config cfg = {
		.jitter = { .min_ms = 0, .max_ms = 500 },
		.bitrate = 32000,
		.complexity = 5,
	};
	g_autofree struct mix_leg **leg = g_new0(struct mix_leg *, legs);
	g_autofree char *what = NULL;
	struct mix *mix = NULL;
	double us[FRAMES];

	g_assert_cmpint(mix_create(&mix, legs), ==, 0);
	for (unsigned i = 0; i < legs; i++) {
		g_assert_cmpint(mix_leg_create(&leg[i], &cfg), ==, 0);
		g_assert_cmpint(mix_join(mix, leg[i]), ==, 0);
	}
	for (uint64_t t = 0; t < FRAMES; t++) {
		/* Each says the same words, at another place. */
		for (unsigned i = 0; i < talkers; i++) {
			const struct packet *pkt =
				&spoken[(t + 37 * i) % FRAMES];

			mix_leg_put(leg[i], t, t * SOUND_FRAME, pkt->buf,
				    (size_t)pkt->size);
		}
		us[t] = now_us();
		mix_tick(mix);
		us[t] = now_us() - us[t];
	}
	what = g_strdup_printf("tick: %u legs, %u of them talking", legs,
			       talkers);
	/* Without the first second, in which all have an encoder each. */
	print(what, us + 50, FRAMES - 50);
	for (unsigned i = 0; i < legs; i++) {
		mix_leave(mix, leg[i]);
		mix_leg_destroy(&leg[i]);
	}
	mix_destroy(&mix);
}

int main(void)
{
	bench_encode("encode: speech modes, complexity 5, FEC 10 %", 0, 5, 10);
	bench_decode("decode: speech modes");
	bench_encode("encode: CELT, complexity 0", 1, 0, 0);
	bench_encode("encode: CELT, complexity 5", 1, 5, 0);
	bench_decode("decode: CELT");
	bench_jitter();
	bench_limiter("limiter: nothing to do", 20000);
	bench_limiter("limiter: limiting", 160000);
	bench_tick(5, 0);
	bench_tick(5, 1);
	bench_tick(5, 3);
	bench_tick(5, 5);
	bench_tick(50, 3);
	bench_tick(500, 3);
	return 0;
}
