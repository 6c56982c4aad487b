#include "mixer/feed.h"

#include <errno.h>
#include <stdlib.h>

#include "mixer/limiter.h"

struct feed {
	struct limiter limiter;
	struct codec_encoder *enc;
	int loss; /* percent, as the encoder was told */
	size_t size;
	uint8_t packet[CODEC_MAX];
};

int feed_create(struct feed **feed_r, const struct codec_config *cfg)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int ret;

	if (!feed)
		return -ENOMEM;
	limiter_init(&feed->limiter, 1);
	feed->loss = cfg->loss_expected;
	ret = codec_encoder_create(&feed->enc, cfg);
	if (ret < 0) {
		feed_destroy(&feed);
		return ret;
	}
	*feed_r = feed;
	return 0;
}

void feed_destroy(struct feed **feedp)
{
	struct feed *feed = *feedp;

	*feedp = NULL;
	if (!feed)
		return;
	if (feed->enc)
		codec_encoder_destroy(&feed->enc);
	free(feed);
}

void feed_restart(struct feed *feed, const struct codec_config *cfg)
{
	limiter_init(&feed->limiter, 1);
	feed->loss = cfg->loss_expected;
	feed->size = 0;
	codec_encoder_restart(feed->enc, cfg);
}

void feed_change(struct feed *feed, const struct codec_config *cfg)
{
	feed->loss = cfg->loss_expected;
	codec_encoder_change(feed->enc, cfg);
}

void feed_copy(struct feed *dst, const struct feed *src)
{
	dst->limiter = src->limiter;
	dst->loss = src->loss;
	codec_encoder_copy(dst->enc, src->enc);
}

void feed_set_loss(struct feed *feed, int percent)
{
	if (feed->loss == percent)
		return;
	feed->loss = percent;
	codec_set_loss(feed->enc, percent);
}

void feed_run(struct feed *feed, const int32_t *mix)
{
	int16_t pcm[CODEC_FRAME];
	int n;

	limiter_run(&feed->limiter, mix, pcm, CODEC_FRAME);
	n = codec_encode(feed->enc, pcm, feed->packet, sizeof(feed->packet));
	feed->size = n > 0 ? (size_t)n : 0;
}

size_t feed_packet(const struct feed *feed, const uint8_t **payload_r)
{
	*payload_r = feed->packet;
	return feed->size;
}
