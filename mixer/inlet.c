#include "mixer/inlet.h"

#include <errno.h>
#include <stdlib.h>

#define FADE 480 /* samples: 10 ms; over 5 a pure tone is heard to click */

int inlet_create(struct inlet **in_r, const struct inlet_config *cfg)
{
	struct inlet *in = calloc(1, sizeof(*in));
	int ret;

	if (!in)
		return -ENOMEM;
	in->channels = cfg->channels;
	ret = voice_create(&in->voice, &cfg->jitter);
	if (!ret && cfg->denoise)
		ret = denoise_create(&in->denoise);
	if (ret < 0) {
		inlet_destroy(&in);
		return ret;
	}
	*in_r = in;
	return 0;
}

void inlet_destroy(struct inlet **inp)
{
	struct inlet *in = *inp;

	*inp = NULL;
	if (!in)
		return;
	if (in->voice)
		voice_destroy(&in->voice);
	denoise_destroy(&in->denoise);
	free(in);
}

void inlet_clear(struct inlet *in)
{
	voice_reset(in->voice);
	if (in->denoise)
		denoise_restart(in->denoise);
	in->leg = NULL;
	in->gain = (struct sum_gain){ 0, 0 };
	in->sounding = false;
}

float inlet_pull(struct inlet *in, bool denoise)
{
	float level = voice_pull(in->voice, in->pcm);

	if (in->denoise)
		denoise_run(in->denoise, in->pcm, denoise);
	return level;
}

static void place(struct inlet *in, unsigned at, unsigned n,
		  struct sum_gain from, struct sum_gain to)
{
	if (in->channels == 2)
		sum_pan(in->part + 2 * at, in->pcm + at, n, from, to);
	else
		sum_scale(in->part + at, in->pcm + at, n, from.left, to.left);
}

static bool is_heard(struct sum_gain gain)
{
	return gain.left || gain.right;
}

void inlet_mix(struct inlet *in, struct sum_gain to)
{
	struct sum_gain from = in->gain;

	in->gain = to;
	in->sounding = is_heard(from) || is_heard(to);
	if (!in->sounding)
		return;
	if (from.left == to.left && from.right == to.right) {
		place(in, 0, VOICE_FRAME, to, to);
		return;
	}
	place(in, 0, FADE, from, to);
	place(in, FADE, VOICE_FRAME - FADE, to, to);
}
