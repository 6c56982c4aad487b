/* Opus by the classes in which the mixer encodes, and what else a voice asks
 * of its decoder. */
#include <glib.h>

#include "mixer/codec.h"
#include "tests/bench/micro/micro.h"
#include "tests/sound.h"

#define FRAMES 200

struct bench {
	struct codec_encoder *enc;
	struct codec_decoder *dec;
	int16_t pcm[FRAMES][SOUND_FRAME];
	uint8_t buf[FRAMES][CODEC_MAX];
	int size[FRAMES];
};

static void encode(void *context, unsigned i)
{
	struct bench *b = context;
	unsigned at = i % FRAMES;

	b->size[at] = codec_encode(b->enc, b->pcm[at], b->buf[at], CODEC_MAX);
}

static void decode(void *context, unsigned i)
{
	struct bench *b = context;
	int16_t pcm[SOUND_FRAME];
	unsigned at = i % FRAMES;

	codec_decode(b->dec, b->buf[at], (size_t)b->size[at], pcm, SOUND_FRAME);
}

/* A frame is missing and so the one after it tells of it. */
static void decode_fec(void *context, unsigned i)
{
	struct bench *b = context;
	int16_t pcm[SOUND_FRAME];
	unsigned at = i % FRAMES;

	codec_decode_fec(b->dec, b->buf[at], (size_t)b->size[at], pcm,
			 SOUND_FRAME);
}

static void conceal(void *context, unsigned i)
{
	struct bench *b = context;
	int16_t pcm[SOUND_FRAME];

	(void)i;
	codec_conceal(b->dec, pcm, SOUND_FRAME);
}

/* A frame that came, and then one that did not: a fresh loss each time. */
static void decode_conceal(void *context, unsigned i)
{
	decode(context, i);
	conceal(context, i);
}

static void bench_class(struct bench *b, const char *name,
			struct codec_config cfg)
{
	static const int complexities[] = { 10, 0, 5 };

	for (size_t c = 0; c < G_N_ELEMENTS(complexities); c++) {
		g_autofree char *what = g_strdup_printf(
			"encode %s, complexity %d", name, complexities[c]);

		cfg.complexity = complexities[c];
		g_assert_cmpint(codec_encoder_create(&b->enc, &cfg), ==, 0);
		micro_time(what, encode, b, 1);
		/* All of it, for the decoder. */
		for (unsigned i = 0; i < FRAMES; i++)
			encode(b, i);
		codec_encoder_destroy(&b->enc);
	}
}

static void bench_decode(struct bench *b, const char *name, bool speech)
{
	g_autofree char *what = g_strdup_printf("decode %s", name);
	g_autofree char *lost =
		g_strdup_printf("decode %s, and conceal one", name);
	g_autofree char *fec = g_strdup_printf("decode %s, FEC only", name);

	g_assert_cmpint(codec_decoder_create(&b->dec), ==, 0);
	micro_time(what, decode, b, 1);
	micro_time(lost, decode_conceal, b, 1);
	if (speech)
		micro_time(fec, decode_fec, b, 1);
	codec_decoder_destroy(&b->dec);
}

void micro_codec(void)
{
	struct bench *b = g_new0(struct bench, 1);

	for (unsigned i = 0; i < FRAMES; i++)
		sound_speech(b->pcm[i], i);
	bench_class(b, "clean (CELT 32k)",
		    (struct codec_config){ .bitrate = 32000, .low_delay = 1 });
	bench_decode(b, "clean", false);
	bench_class(
		b, "lossy (speech 32k, FEC 10 %)",
		(struct codec_config){ .bitrate = 32000, .loss_expected = 10 });
	bench_decode(b, "lossy", true);
	bench_class(b, "thin (speech 14k)",
		    (struct codec_config){ .bitrate = 14000 });
	bench_decode(b, "thin", false);
	g_free(b);
}
