#include "mixer/codec.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <opus.h>

#include "mixer/level.h"

#define RATE 48000

/* Silent frames that are still sent: the receiver has then faded out, and
 * one lost packet does not hold the last sound. */
#define DTX_AFTER 10

struct codec_encoder {
	size_t size;  /* {const} bytes of opus */
	int channels; /* {const} */
	struct codec_config cfg;
	unsigned silent; /* frames in a row */
	uint8_t toc;	 /* of the last packet, as if of one frame */
	bool pausing;	 /* the DTX packet of this pause was sent */
	bool refresh;	 /* the next packet stands alone */
	int16_t last[CODEC_MAX_CHANNELS * CODEC_FRAME];
	OpusEncoder *opus;
};

struct codec_decoder {
	size_t size; /* {const} bytes of opus, and of kept */
	OpusDecoder *opus;
	void *kept; /* a state to come back to */
};

static bool config_ok(const struct codec_config *cfg)
{
	return cfg->bitrate >= 6000 && cfg->bitrate <= 510000 &&
	       cfg->complexity >= 0 && cfg->complexity <= 10 &&
	       cfg->loss_expected >= 0 && cfg->loss_expected <= 100;
}

int codec_encoder_create(struct codec_encoder **enc_r,
			 const struct codec_config *cfg)
{
	struct codec_encoder *enc = calloc(1, sizeof(*enc));
	int ret = -EINVAL;

	if (!enc)
		return -ENOMEM;
	if (!config_ok(cfg))
		goto fail;
	ret = -ENOMEM;
	enc->channels = cfg->stereo ? 2 : 1;
	enc->size = (size_t)opus_encoder_get_size(enc->channels);
	enc->opus = calloc(1, enc->size);
	if (!enc->opus)
		goto fail;
	ret = codec_encoder_restart(enc, cfg);
	if (ret < 0)
		goto fail;
	*enc_r = enc;
	return 0;

fail:
	codec_encoder_destroy(&enc);
	return ret;
}

void codec_encoder_destroy(struct codec_encoder **encp)
{
	struct codec_encoder *enc = *encp;

	*encp = NULL;
	if (!enc)
		return;
	free(enc->opus);
	free(enc);
}

int codec_encoder_restart(struct codec_encoder *enc,
			  const struct codec_config *cfg)
{
	/* Opus' in-place init: the state was allocated by us, at create. */
	if (!config_ok(cfg) || (cfg->stereo ? 2 : 1) != enc->channels ||
	    opus_encoder_init(enc->opus, RATE, enc->channels,
			      cfg->low_delay
				      ? OPUS_APPLICATION_RESTRICTED_LOWDELAY
				      : OPUS_APPLICATION_VOIP) != OPUS_OK)
		return -EINVAL;

	enc->cfg = *cfg;
	enc->silent = 0;
	enc->pausing = false;
	enc->refresh = false;
	memset(enc->last, 0, sizeof(enc->last));
	opus_encoder_ctl(enc->opus, OPUS_SET_BITRATE(cfg->bitrate));
	opus_encoder_ctl(enc->opus, OPUS_SET_COMPLEXITY(cfg->complexity));
	opus_encoder_ctl(enc->opus, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	codec_set_loss(enc, cfg->loss_expected);
	return 0;
}

int codec_encoder_change(struct codec_encoder *enc,
			 const struct codec_config *cfg)
{
	uint8_t unheard[CODEC_MAX];
	int16_t last[CODEC_MAX_CHANNELS * CODEC_FRAME];
	int ret;

	memcpy(last, enc->last, sizeof(last));
	ret = codec_encoder_restart(enc, cfg);
	if (ret < 0)
		return ret;
	memcpy(enc->last, last, sizeof(last));
	/* Should it fail, the next frame is as after a restart. */
	ret = opus_encode(enc->opus, last, CODEC_FRAME, unheard,
			  sizeof(unheard));
	return ret < 0 ? -EIO : 0;
}

void codec_encoder_copy(struct codec_encoder *dst,
			const struct codec_encoder *src)
{
	/* opus.h: the state "is position independent and can be freely
	 * copied". */
	memcpy(dst->opus, src->opus, src->size);
	dst->cfg = src->cfg;
	dst->silent = src->silent;
	dst->toc = src->toc;
	dst->pausing = src->pausing;
	dst->refresh = src->refresh;
	memcpy(dst->last, src->last, sizeof(dst->last));
}

static int encode(struct codec_encoder *enc, const int16_t *pcm, uint8_t *buf,
		  size_t cap)
{
	int n;

	if (enc->refresh)
		opus_encoder_ctl(enc->opus, OPUS_SET_PREDICTION_DISABLED(1));
	n = opus_encode(enc->opus, pcm, CODEC_FRAME, buf, (opus_int32)cap);
	if (enc->refresh)
		opus_encoder_ctl(enc->opus, OPUS_SET_PREDICTION_DISABLED(0));
	enc->refresh = false;
	return n;
}

int codec_encode(struct codec_encoder *enc, const int16_t *pcm, uint8_t *buf,
		 size_t cap)
{
	size_t samples = (size_t)enc->channels * CODEC_FRAME;
	bool silent = level_dbov(pcm, samples) < CODEC_SILENCE;
	int n;

	memcpy(enc->last, pcm, samples * sizeof(*pcm));
	/* Opus' own DTX is not used: it takes tones and music for noise. */
	enc->silent = silent ? enc->silent + 1 : 0;
	if (!enc->cfg.dtx || enc->silent <= DTX_AFTER) {
		enc->pausing = false;
		n = encode(enc, pcm, buf, cap);
		if (n <= 0)
			return -EIO;
		enc->toc = buf[0] & 0xfc;
		return n;
	}

	/* In a pause the encoder rests where it is. */
	enc->silent = DTX_AFTER;
	if (enc->pausing || !cap)
		return 0;
	enc->pausing = true;
	buf[0] = enc->toc;
	return 1;
}

void codec_encoder_refresh(struct codec_encoder *enc)
{
	enc->refresh = true;
}

void codec_set_complexity(struct codec_encoder *enc, int complexity)
{
	enc->cfg.complexity = complexity;
	opus_encoder_ctl(enc->opus, OPUS_SET_COMPLEXITY(complexity));
}

void codec_set_loss(struct codec_encoder *enc, int percent)
{
	int loss = percent < 0 ? 0 : percent > 100 ? 100 : percent;

	enc->cfg.loss_expected = loss;
	opus_encoder_ctl(enc->opus, OPUS_SET_PACKET_LOSS_PERC(loss));
	opus_encoder_ctl(enc->opus, OPUS_SET_INBAND_FEC(loss > 0));
}

int codec_decoder_create(struct codec_decoder **dec_r)
{
	struct codec_decoder *dec = calloc(1, sizeof(*dec));
	int err;

	if (!dec)
		return -ENOMEM;
	dec->size = (size_t)opus_decoder_get_size(1);
	dec->kept = malloc(dec->size);
	dec->opus = opus_decoder_create(RATE, 1, &err);
	if (!dec->opus || !dec->kept) {
		codec_decoder_destroy(&dec);
		return -ENOMEM;
	}
	*dec_r = dec;
	return 0;
}

void codec_decoder_destroy(struct codec_decoder **decp)
{
	struct codec_decoder *dec = *decp;

	*decp = NULL;
	if (!dec)
		return;
	if (dec->opus)
		opus_decoder_destroy(dec->opus);
	free(dec->kept);
	free(dec);
}

void codec_decoder_reset(struct codec_decoder *dec)
{
	opus_decoder_ctl(dec->opus, OPUS_RESET_STATE);
}

int codec_decode(struct codec_decoder *dec, const uint8_t *payload, size_t size,
		 int16_t *pcm_r, size_t cap)
{
	int samples = codec_packet_samples(payload, size);

	if (samples < 0)
		return samples;
	if ((size_t)samples > cap)
		return -EMSGSIZE;
	samples = opus_decode(dec->opus, payload, (opus_int32)size, pcm_r,
			      samples, 0);
	return samples > 0 ? samples : -EBADMSG;
}

int codec_decode_fec(struct codec_decoder *dec, const uint8_t *next,
		     size_t size, int16_t *pcm_r, size_t n)
{
	if (codec_packet_samples(next, size) < 0)
		return -EBADMSG;
	if (opus_decode(dec->opus, next, (opus_int32)size, pcm_r, (int)n, 1) !=
	    (int)n)
		return -EBADMSG;
	return 0;
}

void codec_conceal(struct codec_decoder *dec, int16_t *pcm_r, size_t n)
{
	if (opus_decode(dec->opus, NULL, 0, pcm_r, (int)n, 0) != (int)n)
		memset(pcm_r, 0, n * sizeof(*pcm_r));
}

void codec_conceal_ahead(struct codec_decoder *dec, int16_t *pcm_r, size_t n)
{
	memcpy(dec->kept, dec->opus, dec->size);
	codec_conceal(dec, pcm_r, n);
	memcpy(dec->opus, dec->kept, dec->size);
}

int codec_packet_samples(const uint8_t *payload, size_t size)
{
	int samples;

	if (!size || size > INT32_MAX)
		return -EBADMSG;
	samples = opus_packet_get_nb_samples(payload, (opus_int32)size, RATE);
	return samples > 0 && samples <= CODEC_MAX_FRAMES ? samples : -EBADMSG;
}

bool codec_packet_is_speech(const uint8_t *payload)
{
	/* Configurations 0 to 15, RFC 6716 table 2. */
	return !(payload[0] & 0x80);
}

bool codec_packet_has_fec(const uint8_t *payload, size_t size)
{
	const unsigned char *frame[48];
	opus_int16 frame_size[48];
	int samples, vad_flags;

	if (codec_packet_samples(payload, size) < 0 ||
	    !codec_packet_is_speech(payload))
		return false;
	if (opus_packet_parse(payload, (opus_int32)size, NULL, frame,
			      frame_size, NULL) <= 0 ||
	    frame_size[0] < 1)
		return false;

	/* RFC 6716 4.2.3: one VAD bit for each 20 ms, then the LBRR bit; for
	 * stereo the same again for the side channel. */
	samples = opus_packet_get_samples_per_frame(payload, RATE);
	vad_flags = samples > CODEC_FRAME ? samples / CODEC_FRAME : 1;
	if (frame[0][0] >> (7 - vad_flags) & 1)
		return true;
	return opus_packet_get_nb_channels(payload) == 2 &&
	       frame[0][0] >> (6 - 2 * vad_flags) & 1;
}
