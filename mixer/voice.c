#include "mixer/voice.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/codec.h"
#include "mixer/level.h"

#define FADE_OUT 2880	  /* samples: concealment is silent after 60 ms */
#define FADE_IN	 240	  /* samples: 5 ms, when sound comes back */
#define QUIET	 (-50.0f) /* dBov: below, a change of delay is not heard */

struct voice {
	struct jitter *jitter;
	struct codec_decoder *dec;

	/* A packet may hold more than a frame: the rest waits here. */
	int16_t pcm[VOICE_FRAME + CODEC_MAX_FRAMES];
	size_t fill; /* samples in pcm */
	float gain;  /* at the end of pcm: 1 sound, 0 silence */
	float level; /* of the last frame pulled */
	uint64_t concealed, recovered, undecodable;
};

int voice_create(struct voice **voice_r, const struct jitter_config *cfg)
{
	struct voice *voice = calloc(1, sizeof(*voice));
	int ret;

	if (!voice)
		return -ENOMEM;
	voice->level = LEVEL_SILENCE;
	ret = jitter_create(&voice->jitter, cfg);
	if (ret < 0)
		goto fail;
	ret = codec_decoder_create(&voice->dec);
	if (ret < 0)
		goto fail;
	*voice_r = voice;
	return 0;

fail:
	voice_destroy(&voice);
	return ret;
}

void voice_destroy(struct voice **voicep)
{
	struct voice *voice = *voicep;

	*voicep = NULL;
	if (!voice)
		return;
	if (voice->jitter)
		jitter_destroy(&voice->jitter);
	if (voice->dec)
		codec_decoder_destroy(&voice->dec);
	free(voice);
}

int voice_put(struct voice *voice, uint64_t sequence, uint64_t timestamp,
	      const uint8_t *payload, size_t size)
{
	int samples = codec_packet_samples(payload, size);

	if (samples < 0) {
		voice->undecodable++;
		return samples;
	}
	return jitter_put(voice->jitter, sequence, timestamp, (unsigned)samples,
			  payload, size);
}

/* Scales n samples from the present gain to `to`, linearly. */
static void ramp(struct voice *voice, int16_t *pcm, size_t n, float to)
{
	float step = (to - voice->gain) / (float)n;

	for (size_t i = 0; i < n; i++) {
		float gain = voice->gain + step * (float)(i + 1);

		pcm[i] = (int16_t)((float)pcm[i] * gain);
	}
	voice->gain = to;
}

/* n samples without a packet; the gain ends `down` lower. */
static void fade(struct voice *voice, int16_t *pcm, size_t n, float down)
{
	if (voice->gain <= 0.0f) {
		memset(pcm, 0, n * sizeof(*pcm));
		return;
	}
	codec_conceal(voice->dec, pcm, n);
	ramp(voice, pcm, n, voice->gain > down ? voice->gain - down : 0.0f);
}

static void conceal(struct voice *voice, int16_t *pcm, size_t n)
{
	voice->concealed += voice->gain > 0.0f;
	fade(voice, pcm, n, (float)n / FADE_OUT);
}

/* n samples that are the talker's own. */
static void sound(struct voice *voice, int16_t *pcm, size_t n)
{
	if (voice->gain < 1.0f)
		ramp(voice, pcm, n < FADE_IN ? n : FADE_IN, 1.0f);
}

/* Writes one step of the jitter buffer to pcm, returns samples. */
static size_t decode(struct voice *voice, enum jitter_result what,
		     const struct jitter_frame *frame, int16_t *pcm)
{
	size_t n = frame->samples;

	switch (what) {
	case JITTER_PACKET:
		if (codec_decode(voice->dec, frame->payload, frame->size, pcm,
				 n) == (int)n) {
			sound(voice, pcm, n);
			return n;
		}
		voice->undecodable++;
		break;
	case JITTER_FEC:
		if (codec_packet_has_fec(frame->payload, frame->size) &&
		    codec_decode_fec(voice->dec, frame->payload, frame->size,
				     pcm, n) == 0) {
			voice->recovered++;
			sound(voice, pcm, n);
			return n;
		}
		break;
	case JITTER_SILENCE:
		fade(voice, pcm, n, 1.0f);
		return n;
	case JITTER_LOST:
		break;
	}
	conceal(voice, pcm, n);
	return n;
}

float voice_pull(struct voice *voice, int16_t *pcm_r)
{
	while (voice->fill < VOICE_FRAME) {
		struct jitter_frame frame;
		enum jitter_result what = jitter_get(
			voice->jitter, (unsigned)(VOICE_FRAME - voice->fill),
			&frame);

		voice->fill +=
			decode(voice, what, &frame, voice->pcm + voice->fill);
	}
	memcpy(pcm_r, voice->pcm, VOICE_FRAME * sizeof(*pcm_r));
	voice->fill -= VOICE_FRAME;
	memmove(voice->pcm, voice->pcm + VOICE_FRAME,
		voice->fill * sizeof(*pcm_r));

	voice->level = level_dbov(pcm_r, VOICE_FRAME);
	jitter_tick(voice->jitter, (unsigned)voice->fill, voice->level < QUIET);
	return voice->level;
}

void voice_reset(struct voice *voice)
{
	jitter_reset(voice->jitter);
}

void voice_report(const struct voice *voice, struct voice_report *rep_r)
{
	jitter_report(voice->jitter, &rep_r->jitter);
	rep_r->concealed = voice->concealed;
	rep_r->recovered = voice->recovered;
	rep_r->undecodable = voice->undecodable;
}
