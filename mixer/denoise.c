#include "mixer/denoise.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_preprocess.h>

#define RATE	 48000
#define STEP	 DENOISE_DELAY
#define LEARN	 25  /* frames */
#define SUPPRESS -15 /* dB: deeper, and what is left begins to chirp */

struct denoise {
	SpeexPreprocessState *speex;
	int16_t late[STEP]; /* came in, not yet out, as it was */
	unsigned learned;   /* frames of this talker, up to LEARN */
	bool resting;	    /* what SpeexDSP holds of the sound is old */
	float wet;	    /* share of the cleaned sound at the last sample */
};

int denoise_create(struct denoise **dn_r)
{
	struct denoise *dn = calloc(1, sizeof(*dn));
	int suppress = SUPPRESS;

	if (!dn)
		return -ENOMEM;
	/* Denoising is on by default, and nothing else is. */
	dn->speex = speex_preprocess_state_init(STEP, RATE);
	if (!dn->speex) {
		denoise_destroy(&dn);
		return -ENOMEM;
	}
	speex_preprocess_ctl(dn->speex, SPEEX_PREPROCESS_SET_NOISE_SUPPRESS,
			     &suppress);
	*dn_r = dn;
	return 0;
}

void denoise_destroy(struct denoise **dnp)
{
	struct denoise *dn = *dnp;

	*dnp = NULL;
	if (!dn)
		return;
	if (dn->speex)
		speex_preprocess_state_destroy(dn->speex);
	free(dn);
}

void denoise_restart(struct denoise *dn)
{
	/* SpeexDSP has no reset; it unlearns the last talker's noise while
	 * this one is heard as he is. */
	memset(dn->late, 0, sizeof(dn->late));
	dn->learned = 0;
	dn->wet = 0.0f;
}

/* A frame is two steps: the older one comes out with the one that waited. */
static void delay(struct denoise *dn, int16_t *pcm)
{
	int16_t newest[STEP];

	memcpy(newest, pcm + STEP, sizeof(newest));
	memcpy(pcm + STEP, pcm, sizeof(newest));
	memcpy(pcm, dn->late, sizeof(newest));
	memcpy(dn->late, newest, sizeof(newest));
}

/* pcm, which is as it was, goes over to the cleaned sound, or back. */
static void blend(struct denoise *dn, int16_t *pcm, const int16_t *clean,
		  float wet)
{
	float step = (wet - dn->wet) / DENOISE_FRAME;

	for (int i = 0; i < DENOISE_FRAME; i++) {
		float share = dn->wet + step * (float)(i + 1);
		float more = (float)(clean[i] - pcm[i]) * share;

		/* Between the two: fits. */
		pcm[i] = (int16_t)(pcm[i] + (int)lrintf(more));
	}
	dn->wet = wet;
}

void denoise_run(struct denoise *dn, int16_t *pcm, bool on)
{
	int16_t clean[DENOISE_FRAME];
	bool cleaned = on || dn->wet > 0.0f;
	bool ready = on && !dn->resting && dn->learned == LEARN;
	float wet = ready ? 1.0f : 0.0f;

	if (cleaned) {
		memcpy(clean, pcm, sizeof(clean));
		for (int at = 0; at < DENOISE_FRAME; at += STEP)
			speex_preprocess_run(dn->speex, clean + at);
	}
	dn->resting = !cleaned;
	if (cleaned && dn->learned < LEARN)
		dn->learned++;

	delay(dn, pcm);
	if (dn->wet == 1.0f && wet == 1.0f)
		memcpy(pcm, clean, sizeof(clean));
	else if (cleaned)
		blend(dn, pcm, clean, wet);
}
