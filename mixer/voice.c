#include "mixer/voice.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/codec.h"
#include "mixer/comfort.h"
#include "mixer/level.h"
#include "mixer/runaway.h"
#include "mixer/stretch.h"

/* Concealment is whole for 20 ms (a lost packet by itself), then fades and
 * has ended after 60 ms. */
#define WHOLE	 960 /* samples */
#define FADE_OUT 1920
#define FADE_IN	 240 /* samples: 5 ms, when sound comes back */
#define AHEAD	 480 /* samples: Opus' shortest concealment of speech */

/* Mean square: below -50 dBov, or 6 dB above the background, a change of
 * delay is not heard. */
#define QUIET	   10737.0f
#define BACKGROUND 4.0f

struct voice {
	struct jitter *jitter;
	struct codec_decoder *dec;
	struct stretch stretch;
	struct comfort comfort;
	struct runaway runaway;

	float gain;   /* at the end of what waits: 1 sound, 0 noise */
	size_t noise; /* samples there that are nothing but noise */
	size_t whole; /* samples of concealment that do not fade yet */
	bool gap;     /* concealment is heard at the end of what waits */
	int shorter;  /* samples by which the delay should sink */
	bool skips;   /* silence instead of decoding */
	uint64_t concealed, recovered, undecodable, restarts;
	uint64_t shortened, lengthened;
};

int voice_create(struct voice **voice_r, const struct jitter_config *cfg)
{
	struct voice *voice = calloc(1, sizeof(*voice));
	int ret;

	if (!voice)
		return -ENOMEM;
	ret = jitter_create(&voice->jitter, cfg);
	if (!ret)
		ret = codec_decoder_create(&voice->dec);
	if (ret) {
		voice_destroy(&voice);
		return ret;
	}
	voice_reset(voice);
	*voice_r = voice;
	return 0;
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

void voice_reset(struct voice *voice)
{
	jitter_reset(voice->jitter);
	codec_decoder_reset(voice->dec);
	stretch_reset(&voice->stretch);
	comfort_reset(&voice->comfort);
	runaway_reset(&voice->runaway);
	voice->gain = 0;
	voice->noise = 0;
	voice->whole = 0;
	voice->gap = false;
	voice->shorter = 0;
}

void voice_clock(struct voice *voice, unsigned since)
{
	jitter_clock(voice->jitter, since);
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

static void ramp(struct voice *voice, int16_t *pcm, size_t n, float to)
{
	comfort_fade(&voice->comfort, pcm, n, voice->gain, to);
	voice->gain = to;
}

/* n samples without a packet; the gain ends `down` lower. */
static void fade(struct voice *voice, int16_t *pcm, size_t n, float down)
{
	runaway_gap(&voice->runaway);
	if (voice->gain > 0.0f) {
		codec_conceal(voice->dec, pcm, n);
		voice->noise = 0;
		if (level_dbov(pcm, n) > runaway_limit(&voice->runaway))
			down = 1.0f;
	} else {
		memset(pcm, 0, n * sizeof(*pcm));
		voice->noise += n;
	}
	ramp(voice, pcm, n, voice->gain > down ? voice->gain - down : 0.0f);
	voice->gap = voice->gain > 0.0f;
}

static void conceal(struct voice *voice, int16_t *pcm, size_t n)
{
	bool whole = voice->whole >= n;

	voice->concealed += voice->gain > 0.0f;
	voice->whole -= whole ? n : voice->whole;
	fade(voice, pcm, n, whole ? 0.0f : (float)n / FADE_OUT);
}

/* n samples that are the talker's own. */
static void sound(struct voice *voice, int16_t *pcm, size_t n)
{
	voice->noise = 0;
	voice->whole = WHOLE;
	voice->gap = false;
	if (voice->gain < 1.0f)
		ramp(voice, pcm, n < FADE_IN ? n : FADE_IN, 1.0f);
}

/* The first samples go over from `from` to what is there. */
static void join(int16_t *pcm, size_t n, const int16_t *from)
{
	int over = n < FADE_IN ? (int)n : FADE_IN;

	for (int i = 0; i < over; i++)
		pcm[i] = (int16_t)((pcm[i] * i + from[i] * (over - i)) / over);
}

/* Decodes the packet again, with a decoder that begins anew, when what came
 * out cannot be true (mixer/runaway.h). The seam is faded. */
static void hold_back(struct voice *voice, const struct jitter_frame *frame,
		      int16_t *pcm)
{
	size_t n = frame->samples;
	float level = level_dbov(pcm, n);
	bool anew = codec_packet_is_speech(frame->payload) && n >= FADE_IN &&
		    level > runaway_limit(&voice->runaway);
	int16_t before[FADE_IN];

	if (anew) {
		memcpy(before, pcm, sizeof(before));
		codec_decoder_reset(voice->dec);
		codec_decode(voice->dec, frame->payload, frame->size, pcm, n);
		join(pcm, n, before);
		level = level_dbov(pcm, n);
		runaway_gap(&voice->runaway);
		voice->restarts++;
	}
	runaway_hear(&voice->runaway, level, anew);
}

/* Whether the frame's packet could be decoded, to pcm. */
static bool decode(struct voice *voice, enum jitter_result what,
		   const struct jitter_frame *frame, int16_t *pcm)
{
	int n = (int)frame->samples;

	if (voice->skips) {
		memset(pcm, 0, frame->samples * sizeof(*pcm));
		runaway_gap(&voice->runaway);
		return true;
	}
	if (what == JITTER_PACKET) {
		if (codec_decode(voice->dec, frame->payload, frame->size, pcm,
				 frame->samples) == n) {
			hold_back(voice, frame, pcm);
			comfort_learn(&voice->comfort, pcm, frame->samples);
			return true;
		}
		voice->undecodable++;
		return false;
	}
	if (what != JITTER_FEC ||
	    !codec_packet_has_fec(frame->payload, frame->size) ||
	    codec_decode_fec(voice->dec, frame->payload, frame->size, pcm,
			     frame->samples) ||
	    level_dbov(pcm, frame->samples) > runaway_limit(&voice->runaway))
		return false;
	runaway_gap(&voice->runaway);
	voice->recovered++;
	return true;
}

/* Concealment does not end where the packet after it begins: the decoder joins
 * them with a step (libopus 1.3.1), which is heard where a voice grows softer
 * meanwhile. So concealment goes on under the packet, and is faded out
 * (as ITU-T G.711 Appendix I does). */
static bool decode_after(struct voice *voice, enum jitter_result what,
			 const struct jitter_frame *frame, int16_t *pcm)
{
	int16_t ahead[AHEAD];
	bool joins = voice->gap && !voice->skips && what != JITTER_LOST;

	if (joins)
		codec_conceal_ahead(voice->dec, ahead, AHEAD);
	if (!decode(voice, what, frame, pcm))
		return false;
	if (joins)
		join(pcm, frame->samples, ahead);
	return true;
}

/* One step of the jitter buffer, for `want` samples or more. */
static void step(struct voice *voice, size_t want)
{
	int16_t *pcm = stretch_space(&voice->stretch);
	struct jitter_frame frame;
	enum jitter_result what =
		jitter_get(voice->jitter, (unsigned)want, &frame);

	if (what == JITTER_SILENCE)
		fade(voice, pcm, frame.samples, 1.0f);
	else if (decode_after(voice, what, &frame, pcm))
		sound(voice, pcm, frame.samples);
	else
		conceal(voice, pcm, frame.samples);
	stretch_push(&voice->stretch, frame.samples);
}

static void take(struct voice *voice, int16_t *pcm_r)
{
	float background = BACKGROUND * comfort_power(&voice->comfort);
	int left_out = stretch_pull(&voice->stretch, voice->shorter,
				    fmaxf(QUIET, background), pcm_r);

	if (left_out > 0)
		voice->shortened += (unsigned)left_out;
	else
		voice->lengthened += (unsigned)-left_out;
}

float voice_pull(struct voice *voice, int16_t *pcm_r)
{
	struct stretch *st = &voice->stretch;
	bool silent;

	while (st->fill < VOICE_FRAME)
		step(voice, VOICE_FRAME - st->fill);
	while (stretch_wants_more(st, voice->shorter) &&
	       jitter_ready(voice->jitter))
		step(voice, VOICE_FRAME);
	silent = voice->noise >= st->fill;
	take(voice, pcm_r);
	if (voice->noise > st->fill)
		voice->noise = st->fill;
	voice->shorter = jitter_tick(voice->jitter, (unsigned)st->fill);
	return silent ? LEVEL_SILENCE : level_dbov(pcm_r, VOICE_FRAME);
}

void voice_skip(struct voice *voice)
{
	int16_t unheard[VOICE_FRAME];

	voice->skips = true;
	voice_pull(voice, unheard);
	voice->skips = false;
}

void voice_report(const struct voice *voice, struct voice_report *rep_r)
{
	jitter_report(voice->jitter, &rep_r->jitter);
	rep_r->concealed = voice->concealed;
	rep_r->recovered = voice->recovered;
	rep_r->undecodable = voice->undecodable;
	rep_r->restarts = voice->restarts;
	rep_r->shortened = voice->shortened;
	rep_r->lengthened = voice->lengthened;
	rep_r->waiting = (unsigned)voice->stretch.fill;
}
