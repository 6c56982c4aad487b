/* codec - Opus at 48 kHz: the one place that calls libopus.
 *
 * We send 20 ms frames. What comes in may be any Opus packet (RFC 6716 3):
 * 2.5 to 120 ms, mono or stereo (mixed down), any bandwidth.
 *
 * Both halves are created and destroyed by the control thread and used by
 * one media thread. */
#ifndef MIXER_CODEC_H
#define MIXER_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CODEC_FRAME	   960	/* samples: 20 ms at 48 kHz */
#define CODEC_MAX	   1276 /* bytes of one encoded frame */
#define CODEC_MAX_FRAMES   5760 /* samples of one packet: 120 ms */
#define CODEC_STEP	   120	/* every length is a multiple: 2.5 ms */
#define CODEC_MAX_CHANNELS 2	/* that we send */

/* dBov (mixer/level.h): a quieter frame counts as silence. */
#define CODEC_SILENCE (-65.0f)

struct codec_encoder;
struct codec_decoder;

struct codec_config {
	int bitrate;	   /* bit/s, 6000 to 510000 */
	int complexity;	   /* 0 to 10 */
	int loss_expected; /* percent, 0 to 100: steers in-band FEC */
	int stereo;	   /* nonzero: two channels, interleaved */
	int dtx;	   /* nonzero: silence is not sent */
	/* Nonzero: CELT only, 2.5 ms of look-ahead and a third of the work.
	 * Zero: speech modes, 6.5 ms, with in-band FEC for lossy paths. */
	int low_delay;
};

/* Returns 0, -EINVAL or -ENOMEM. */
int codec_encoder_create(struct codec_encoder **enc_r,
			 const struct codec_config *cfg);
void codec_encoder_destroy(struct codec_encoder **encp);

/* RT. As new, with another configuration of the same channels. Returns 0 or
 * -EINVAL, and then nothing has changed. */
int codec_encoder_restart(struct codec_encoder *enc,
			  const struct codec_config *cfg);

/* RT. Goes on in another configuration, mode included: the new one has heard
 * the last frame, so that the sound has no hole. Returns 0, -EINVAL, and then
 * nothing has changed, or -EIO: then it is as restarted. */
int codec_encoder_change(struct codec_encoder *enc,
			 const struct codec_config *cfg);

/* RT. dst goes on exactly as src would: a listener who is switched from one
 * to the other at this frame hears no seam. */
void codec_encoder_copy(struct codec_encoder *dst,
			const struct codec_encoder *src);

/* RT. One frame of each channel. Returns bytes, 0 for DTX, or -EIO. With dtx,
 * what is below CODEC_SILENCE is sent for 200 ms more, then once as a packet of
 * one byte, which tells the receiver that the pause is no loss, then not at
 * all. */
int codec_encode(struct codec_encoder *enc, const int16_t *pcm, uint8_t *buf,
		 size_t cap);

/* RT. The next packet needs nothing of those before it (opus_defines.h,
 * OPUS_SET_PREDICTION_DISABLED): a decoder may begin there. */
void codec_encoder_refresh(struct codec_encoder *enc);

/* RT. 0 to 10. */
void codec_set_complexity(struct codec_encoder *enc, int complexity);

/* RT. Percent, 0 to 100. */
void codec_set_loss(struct codec_encoder *enc, int percent);

int codec_decoder_create(struct codec_decoder **dec_r);
void codec_decoder_destroy(struct codec_decoder **decp);

/* RT. As new: for another sender. */
void codec_decoder_reset(struct codec_decoder *dec);

/* RT. Decodes one packet of any length. Returns samples written, -EBADMSG,
 * or -EMSGSIZE when it holds more than cap samples. */
int codec_decode(struct codec_decoder *dec, const uint8_t *payload, size_t size,
		 int16_t *pcm_r, size_t cap);

/* RT. The n samples before `next`, from its in-band FEC where it has some,
 * by concealment where not. n is a multiple of CODEC_STEP, at most 5760.
 * Returns 0 or -EBADMSG. */
int codec_decode_fec(struct codec_decoder *dec, const uint8_t *next,
		     size_t size, int16_t *pcm_r, size_t n);

/* RT. n samples from nothing (PLC), n as above. */
void codec_conceal(struct codec_decoder *dec, int16_t *pcm_r, size_t n);

/* RT. The same, but the decoder stays where it is: what concealment would go
 * on with, for who joins it to the packet that has come. */
void codec_conceal_ahead(struct codec_decoder *dec, int16_t *pcm_r, size_t n);

/* RT. Samples per channel at 48 kHz that a packet holds, or -EBADMSG. */
int codec_packet_samples(const uint8_t *payload, size_t size);

/* RT. Whether a packet that is Opus is of a speech mode: SILK or hybrid. */
bool codec_packet_is_speech(const uint8_t *payload);

/* RT. Whether the packet carries in-band FEC of the frame before it. */
bool codec_packet_has_fec(const uint8_t *payload, size_t size);

#endif
