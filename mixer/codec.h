/* codec - Opus, 48 kHz mono, 20 ms: the one place that calls libopus.
 *
 * Both halves are created and destroyed by the control thread and used by
 * one media thread. */
#ifndef MIXER_CODEC_H
#define MIXER_CODEC_H

#include <stddef.h>
#include <stdint.h>

#define CODEC_FRAME 960	 /* samples: 20 ms at 48 kHz */
#define CODEC_MAX   1276 /* bytes of one encoded frame */

struct codec_encoder;
struct codec_decoder;

struct codec_config {
	int bitrate;	   /* bit/s, 6000 to 510000 */
	int complexity;	   /* 0 to 10 */
	int loss_expected; /* percent, 0 to 100: steers in-band FEC */
	int dtx;	   /* nonzero: silence is not sent */
};

int codec_encoder_create(struct codec_encoder **enc_r,
			 const struct codec_config *cfg);
void codec_encoder_destroy(struct codec_encoder **encp);

/* RT. One frame. Returns bytes, 0 for DTX, or -EIO. */
int codec_encode(struct codec_encoder *enc, const int16_t *pcm, uint8_t *buf,
		 size_t cap);

/* RT. Percent, 0 to 100. */
void codec_set_loss(struct codec_encoder *enc, int percent);

int codec_decoder_create(struct codec_decoder **dec_r);
void codec_decoder_destroy(struct codec_decoder **decp);

/* RT. Decodes one packet of any Opus frame size up to 20 ms into exactly
 * CODEC_FRAME samples (shorter packets are not accepted: -EMSGSIZE).
 * Returns 0, -EBADMSG or -EMSGSIZE. */
int codec_decode(struct codec_decoder *dec, const uint8_t *payload, size_t size,
		 int16_t *pcm_r);

/* RT. The frame before `next`, from its in-band FEC. Returns 0 or -EBADMSG. */
int codec_decode_fec(struct codec_decoder *dec, const uint8_t *next,
		     size_t size, int16_t *pcm_r);

/* RT. A frame from nothing (PLC). */
void codec_conceal(struct codec_decoder *dec, int16_t *pcm_r);

/* RT. Samples per channel at 48 kHz that a packet holds, or -EBADMSG. */
int codec_packet_samples(const uint8_t *payload, size_t size);

#endif
