#include "loadgen/ear.h"

#include <errno.h>
#include <speex/speex_resampler.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/codec.h"

#define QUALITY	    4
#define MAX_SECONDS (24 * 3600)
#define FRAMES	    50 /* in a second */

struct ear {
	SpeexResamplerState *resampler;
	uint64_t first_us; /* when pcm[0] was heard */
	int *waits_us;	   /* of each frame */
	size_t n_waits, max_waits;
	size_t n, cap;
	int16_t pcm[];
};

int ear_create(struct ear **ear_r, unsigned seconds)
{
	struct ear *ear;
	int err = 0;

	if (!seconds || seconds > MAX_SECONDS)
		return -EINVAL;
	ear = calloc(1, sizeof(*ear) +
				(size_t)seconds * EAR_RATE * sizeof(*ear->pcm));
	if (!ear)
		return -ENOMEM;
	ear->cap = (size_t)seconds * EAR_RATE;
	ear->max_waits = (size_t)seconds * FRAMES;
	ear->waits_us = calloc(ear->max_waits, sizeof(*ear->waits_us));
	ear->resampler =
		speex_resampler_init(1, 48000, EAR_RATE, QUALITY, &err);
	if (!ear->resampler || !ear->waits_us) {
		ear_destroy(&ear);
		return -ENOMEM;
	}
	/* Its first sample out is then the first in, not the filter's delay. */
	speex_resampler_skip_zeros(ear->resampler);
	*ear_r = ear;
	return 0;
}

void ear_destroy(struct ear **earp)
{
	struct ear *ear = *earp;

	*earp = NULL;
	if (!ear)
		return;
	if (ear->resampler)
		speex_resampler_destroy(ear->resampler);
	free(ear->waits_us);
	free(ear);
}

void ear_hear(struct ear *ear, const int16_t *pcm, uint64_t tick_us,
	      int wait_us)
{
	spx_uint32_t in = CODEC_FRAME;
	spx_uint32_t out = CODEC_FRAME / (48000 / EAR_RATE) + 8;
	int16_t low[CODEC_FRAME];

	if (!ear->first_us)
		ear->first_us = tick_us;
	if (ear->n_waits < ear->max_waits)
		ear->waits_us[ear->n_waits++] = wait_us;
	speex_resampler_process_int(ear->resampler, 0, pcm, &in, low, &out);
	if (out > ear->cap - ear->n)
		return;
	memcpy(ear->pcm + ear->n, low, out * sizeof(*low));
	ear->n += out;
}

const int16_t *ear_at(const struct ear *ear, uint64_t time_us, size_t n)
{
	uint64_t at;

	if (!ear->first_us || time_us < ear->first_us)
		return NULL;
	at = (time_us - ear->first_us) * EAR_RATE / 1000000;
	return at + n <= ear->n ? ear->pcm + at : NULL;
}

int ear_wait_us(const struct ear *ear, uint64_t time_us)
{
	uint64_t at = (time_us - ear->first_us) * FRAMES / 1000000;

	if (time_us < ear->first_us || at >= ear->n_waits)
		return 0;
	return ear->waits_us[at];
}
