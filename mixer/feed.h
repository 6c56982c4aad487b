/* feed - one distinct mix on its way out: limiter, then encoder, then the
 * packet of this tick. Either the mix that all silent legs of a class share,
 * or a talker's own. Used by one media worker; inside mixer/ only. */
#ifndef MIXER_FEED_H
#define MIXER_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/codec.h"

struct feed;

/* On success the caller owns *feed_r. Returns 0, -EINVAL or -ENOMEM. */
int feed_create(struct feed **feed_r, const struct codec_config *cfg);

/* Accepts NULL and half-built objects; sets *feedp to NULL. */
void feed_destroy(struct feed **feedp);

/* RT. As new, for a decoder that is new. */
void feed_restart(struct feed *feed, const struct codec_config *cfg);

/* RT. Goes on in another configuration. */
void feed_change(struct feed *feed, const struct codec_config *cfg);

/* RT. dst goes on exactly as src would: who hears src is switched to dst
 * without a seam. */
void feed_copy(struct feed *dst, const struct feed *src);

/* RT. Percent. */
void feed_set_loss(struct feed *feed, int percent);

/* RT. 0 to 10. */
void feed_set_complexity(struct feed *feed, int complexity);

/* RT. The next packet that is made needs nothing of those before it: a
 * decoder may begin there. */
void feed_refresh(struct feed *feed);

/* RT. One frame of CODEC_FRAME samples of each channel. `silent`: it is all
 * zeros, and in a pause nothing has to be done. */
void feed_run(struct feed *feed, const int32_t *mix, bool silent);

/* RT. The packet of the last run; 0 when there is nothing to send. */
size_t feed_packet(const struct feed *feed, const uint8_t **payload_r);

#endif
