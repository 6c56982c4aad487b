#include "tests/bench/driver/voices.h"

#include <err.h>
#include <math.h>
#include <opus/opus.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/driver/burst.h"

#define LOOP	   (VOICES_FRAMES * VOICES_FRAME)
#define MAX_PACKET 400
#define BITRATE	   32000

static const double hz_of[VOICES_TALKERS] = { 2500, 3100, 3700 };

struct voice_loop {
	uint8_t payload[VOICES_FRAMES][MAX_PACKET];
	uint16_t size[VOICES_FRAMES];
	uint8_t level[VOICES_FRAMES];
	double burst[VOICES_BURSTS];
};

static struct voice_loop loops[VOICES];

bool voices_bursts(int voice)
{
	return voice >= 0 && voice < VOICES_TALKERS;
}

bool voices_fixed(int voice)
{
	return voices_bursts(voice);
}

double voices_hz(int voice)
{
	return hz_of[voice];
}

double voices_burst(int voice, unsigned i)
{
	return loops[voice].burst[i];
}

struct voices_packet voices_packet(int voice, unsigned frame)
{
	const struct voice_loop *loop = &loops[voice];
	unsigned at = frame % VOICES_FRAMES;

	return (struct voices_packet){ loop->payload[at], loop->size[at],
				       loop->level[at] };
}

/* The whole file as 48 kHz mono; the caller frees. */
static float *read_wav(const char *path, size_t *n_r)
{
	SF_INFO info = { 0 };
	SNDFILE *file = sf_open(path, SFM_READ, &info);
	SpeexResamplerState *to48;
	float *in, *out;
	spx_uint32_t n_in, n_out;

	if (!file || info.channels != 1)
		errx(1, "%s: not a mono sound file", path);
	n_in = (spx_uint32_t)info.frames;
	n_out = (spx_uint32_t)((double)n_in * VOICES_RATE / info.samplerate);
	in = calloc(n_in + 1, sizeof(*in));
	out = calloc(n_out + 1, sizeof(*out));
	to48 = speex_resampler_init(1, (spx_uint32_t)info.samplerate,
				    VOICES_RATE, 5, NULL);
	if (!in || !out || !to48)
		errx(1, "%s: no memory", path);
	n_in = (spx_uint32_t)sf_readf_float(file, in, n_in);
	speex_resampler_process_float(to48, 0, in, &n_in, out, &n_out);
	speex_resampler_destroy(to48);
	sf_close(file);
	free(in);
	*n_r = n_out;
	return out;
}

static double level_of(const float *pcm, size_t n)
{
	double sum = 0;

	for (size_t i = 0; i < n; i++)
		sum += pcm[i] * pcm[i];
	return 10 * log10(sum / (double)n + 1e-13);
}

/* Speech that never pauses: frames below -45 dBov are left out, since a
 * server may send nothing while nobody speaks, and a mix is awaited in each
 * tick here. Repeated until the loop is full; a faint noise lies under it. */
static void fill_loop(float *pcm, const char *path, double dbov)
{
	size_t n, kept = 0;
	float *wav = read_wav(path, &n);
	double gain;

	for (size_t at = 0; kept < LOOP;) {
		if (at + VOICES_FRAME > n) {
			if (!kept)
				errx(1, "%s: no speech", path);
			at = 0;
		}
		if (level_of(wav + at, VOICES_FRAME) > -45) {
			memcpy(pcm + kept, wav + at,
			       VOICES_FRAME * sizeof(*pcm));
			kept += VOICES_FRAME;
		}
		at += VOICES_FRAME;
	}
	free(wav);
	gain = pow(10, (dbov - level_of(pcm, LOOP)) / 20);
	for (size_t i = 0; i < LOOP; i++)
		pcm[i] = (float)(pcm[i] * gain + (drand48() - 0.5) * 0.001);
}

/* One burst in each period, in a hole of the speech. */
static void add_bursts(float *pcm, int voice)
{
	for (int i = 0; i < VOICES_BURSTS; i++) {
		int at = i * VOICES_PERIOD +
			 (2 * voice + 1) * VOICES_PERIOD / (2 * VOICES_TALKERS);

		burst_put(pcm, (size_t)at, hz_of[voice]);
	}
}

static void encode(struct voice_loop *loop, const float *pcm, int dtx)
{
	int err;
	OpusEncoder *enc = opus_encoder_create(VOICES_RATE, 1,
					       OPUS_APPLICATION_VOIP, &err);

	if (!enc)
		errx(1, "opus: %s", opus_strerror(err));
	opus_encoder_ctl(enc, OPUS_SET_BITRATE(BITRATE));
	opus_encoder_ctl(enc, OPUS_SET_COMPLEXITY(5));
	opus_encoder_ctl(enc, OPUS_SET_DTX(dtx));
	for (int at = 0; at < VOICES_FRAMES; at++) {
		const float *frame = pcm + at * VOICES_FRAME;
		double dbov = level_of(frame, VOICES_FRAME);
		int n = opus_encode_float(enc, frame, VOICES_FRAME,
					  loop->payload[at], MAX_PACKET);

		if (n < 0)
			errx(1, "opus: %s", opus_strerror(n));
		/* opus.h: what is of two bytes or less need not be sent. */
		loop->size[at] = dtx && n <= 2 ? 0 : (uint16_t)n;
		loop->level[at] = (uint8_t)lrint(fmin(127, fmax(0, -dbov)));
	}
	opus_encoder_destroy(enc);
}

/* Looks for the bursts where the servers will: in the decoded sound. */
static void find_bursts(struct voice_loop *loop, int voice)
{
	float *pcm = calloc(LOOP, sizeof(*pcm));
	OpusDecoder *dec = opus_decoder_create(VOICES_RATE, 1, NULL);
	size_t n;

	if (!pcm || !dec)
		errx(1, "no memory");
	for (int i = 0; i < VOICES_FRAMES; i++)
		if (opus_decode_float(dec, loop->payload[i], loop->size[i],
				      pcm + i * VOICES_FRAME, VOICES_FRAME,
				      0) != VOICES_FRAME)
			errx(1, "voice %d: frame %d is not decoded", voice, i);
	n = burst_find(pcm, LOOP, hz_of[voice], loop->burst, VOICES_BURSTS);
	if (n != VOICES_BURSTS)
		errx(1, "voice %d: %zu bursts of %d stand out", voice, n,
		     VOICES_BURSTS);
	opus_decoder_destroy(dec);
	free(pcm);
}

void voices_prepare(const char *dir)
{
	float *pcm = calloc(LOOP, sizeof(*pcm));

	if (!pcm)
		err(1, "voices");
	for (int voice = 0; voice < VOICES; voice++) {
		char path[4096];

		snprintf(path, sizeof(path), "%s/%d.wav", dir, voice);
		if (voice == VOICES_QUIET)
			for (int i = 0; i < LOOP; i++)
				pcm[i] = (float)((drand48() - 0.5) * 0.001);
		else
			fill_loop(pcm, path, voices_bursts(voice) ? -26 : -36);
		if (voices_bursts(voice))
			add_bursts(pcm, voice);
		encode(&loops[voice], pcm, voice == VOICES_QUIET);
		if (voices_bursts(voice))
			find_bursts(&loops[voice], voice);
	}
	free(pcm);
}
