/* Whole ticks: of a mix, and of a worker's engine with its sessions, sent
 * packets going nowhere. */
#include <glib.h>

#include "mixer/mix.h"
#include "tests/bench/micro/micro.h"
#include "tests/unit/gate_crowd.h"

#define FRAMES 200

struct bench {
	struct mix *mix;
	struct mix_leg *leg[500];
	unsigned talkers;
	uint8_t spoken[FRAMES][CODEC_MAX];
	int size[FRAMES];
	uint64_t sequence;
	struct crowd *crowd;
};

static void rehearse(struct bench *b)
{
	const struct codec_config cfg = { .bitrate = 32000, .complexity = 5 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		sound_speech(pcm, i);
		b->size[i] = codec_encode(enc, pcm, b->spoken[i], CODEC_MAX);
	}
	codec_encoder_destroy(&enc);
}

/* Each says the same words, at another place. */
static void tick(void *context, unsigned i)
{
	struct bench *b = context;

	for (unsigned t = 0; t < b->talkers; t++) {
		unsigned at = (i + 37 * t) % FRAMES;

		mix_leg_rank(b->leg[t], -20);
		mix_leg_put(b->leg[t], b->sequence, b->sequence * SOUND_FRAME,
			    b->spoken[at], (size_t)b->size[at]);
	}
	b->sequence++;
	mix_tick(b->mix);
}

/* A room of `legs`, of which the first `talkers` speak. */
static void bench_mix(struct bench *b, unsigned legs, unsigned talkers)
{
	const struct mix_config cfg = {
		.capacity = legs,
		.talkers = 5,
		.bitrate = 32000,
		.complexity = 5,
		.channels = 1,
		.jitter = { .min_ms = 0, .max_ms = 500 },
	};
	const struct mix_leg_config leg = { .sends = true,
					    .receives = true,
					    .level_header = true,
					    .channels = 1 };
	g_autofree char *what = g_strdup_printf(
		"mix: tick of %u, %u of them talking", legs, talkers);

	g_assert_cmpint(mix_create(&b->mix, &cfg), ==, 0);
	for (unsigned i = 0; i < legs; i++) {
		g_assert_cmpint(mix_leg_create(&b->leg[i], &leg), ==, 0);
		g_assert_cmpint(mix_join(b->mix, b->leg[i]), ==, 0);
	}
	b->talkers = talkers;
	/* Not the first second, while delays settle. */
	for (unsigned i = 0; i < 50; i++)
		tick(b, i);
	micro_time(what, tick, b, 1);
	for (unsigned i = 0; i < legs; i++) {
		mix_leave(b->mix, b->leg[i]);
		mix_leg_destroy(&b->leg[i]);
	}
	mix_destroy(&b->mix);
}

static void crowd_tick(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	crowd_run(b->crowd, 1);
}

static void bench_engine(struct bench *b, unsigned members, bool srtp)
{
	g_autofree char *what =
		g_strdup_printf("engine: tick of %u, 3 of them talking (%s)",
				members, srtp ? "AES-128-GCM" : "plain");

	b->crowd = crowd_start(members, srtp);
	crowd_run(b->crowd, 100);
	micro_time(what, crowd_tick, b, 1);
	crowd_stop(b->crowd);
}

void micro_room(void)
{
	static const unsigned rooms[][2] = { { 5, 0 }, { 5, 1 },  { 5, 3 },
					     { 5, 5 }, { 50, 3 }, { 500, 3 } };
	struct bench *b = g_new0(struct bench, 1);

	rehearse(b);
	for (size_t i = 0; i < G_N_ELEMENTS(rooms); i++)
		bench_mix(b, rooms[i][0], rooms[i][1]);
	for (int srtp = 0; srtp < 2; srtp++) {
		bench_engine(b, 500, srtp);
		bench_engine(b, 1000, srtp);
	}
	g_free(b);
}
