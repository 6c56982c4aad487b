#include "mixer/feed.h"

#include <errno.h>
#include <stdlib.h>

#include "mixer/limiter.h"

/* Silent runs after which the limiter is empty and the encoder has said that
 * it pauses: codec_encode(). */
#define PAUSE 12

struct feed {
	struct limiter limiter;
	struct codec_encoder *enc;
	int channels;	      /* {const} */
	int loss, complexity; /* as the encoder was told */
	unsigned silent;      /* runs in a row without sound */
	size_t size;
	uint8_t packet[CODEC_MAX];
};

int feed_create(struct feed **feed_r, const struct codec_config *cfg)
{
	struct feed *feed = calloc(1, sizeof(*feed));
	int ret;

	if (!feed)
		return -ENOMEM;
	feed->channels = cfg->stereo ? 2 : 1;
	limiter_init(&feed->limiter, feed->channels);
	feed->loss = cfg->loss_expected;
	feed->complexity = cfg->complexity;
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
	limiter_init(&feed->limiter, feed->channels);
	feed->loss = cfg->loss_expected;
	feed->complexity = cfg->complexity;
	feed->silent = 0;
	feed->size = 0;
	codec_encoder_restart(feed->enc, cfg);
}

void feed_change(struct feed *feed, const struct codec_config *cfg)
{
	feed->loss = cfg->loss_expected;
	feed->complexity = cfg->complexity;
	codec_encoder_change(feed->enc, cfg);
}

void feed_copy(struct feed *dst, const struct feed *src)
{
	dst->limiter = src->limiter;
	dst->loss = src->loss;
	dst->complexity = src->complexity;
	dst->silent = src->silent;
	codec_encoder_copy(dst->enc, src->enc);
}

void feed_set_loss(struct feed *feed, int percent)
{
	if (feed->loss == percent)
		return;
	feed->loss = percent;
	codec_set_loss(feed->enc, percent);
}

void feed_set_complexity(struct feed *feed, int complexity)
{
	if (feed->complexity == complexity)
		return;
	feed->complexity = complexity;
	codec_set_complexity(feed->enc, complexity);
}

void feed_refresh(struct feed *feed)
{
	codec_encoder_refresh(feed->enc);
}

void feed_run(struct feed *feed, const int32_t *mix, bool silent)
{
	int16_t pcm[CODEC_MAX_CHANNELS * CODEC_FRAME];
	size_t samples = (size_t)feed->channels * CODEC_FRAME;
	int n;

	feed->silent = silent ? feed->silent + 1 : 0;
	if (feed->silent > PAUSE) {
		feed->silent = PAUSE;
		feed->size = 0;
		return;
	}
	limiter_run(&feed->limiter, mix, pcm, samples);
	n = codec_encode(feed->enc, pcm, feed->packet, sizeof(feed->packet));
	feed->size = n > 0 ? (size_t)n : 0;
}

size_t feed_packet(const struct feed *feed, const uint8_t **payload_r)
{
	*payload_r = feed->packet;
	return feed->size;
}
