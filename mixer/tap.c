#include "mixer/tap.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/limiter.h"
#include "mixer/ring.h"

#define TICK_US 20000u

/* Ticks by which the count may be behind the clock: a tick begins late now and
 * then. What is more is a time without ticks. */
#define SLACK 5

struct tap {
	struct ring *ring;
	int channels;		    /* {const} */
	atomic_bool closed;	    /* {worker} */
	atomic_uint_least64_t lost; /* {worker} */

	/* {worker} */
	bool started;
	uint64_t start_us;
	struct limiter limiter;
	struct tap_frame frame; /* the one being made */
};

int tap_create(struct tap **tap_r, int channels, size_t frames)
{
	struct tap *tap;
	int ret;

	if (channels != 1 && channels != 2)
		return -EINVAL;
	tap = calloc(1, sizeof(*tap));
	if (!tap)
		return -ENOMEM;
	tap->channels = channels;
	limiter_init(&tap->limiter, channels);
	ret = ring_create(&tap->ring, frames,
			  offsetof(struct tap_frame, pcm) +
				  (size_t)channels * TAP_FRAME *
					  sizeof(int16_t));
	if (ret)
		tap_destroy(&tap);
	else
		*tap_r = tap;
	return ret;
}

void tap_destroy(struct tap **tapp)
{
	struct tap *tap = *tapp;

	*tapp = NULL;
	if (!tap)
		return;
	ring_destroy(&tap->ring);
	free(tap);
}

void tap_begin(struct tap *tap, uint64_t now_us, unsigned missed)
{
	uint64_t due;

	if (!tap->started) {
		tap->started = true;
		tap->start_us = now_us;
		return;
	}
	tap->frame.at += 1 + missed;
	due = (now_us - tap->start_us + TICK_US / 2) / TICK_US;
	if (due > tap->frame.at + SLACK)
		tap->frame.at = due;
}

void tap_part(struct tap *tap, uint32_t track, const int32_t *part)
{
	struct tap_frame *frame = &tap->frame;
	size_t n = (size_t)tap->channels * TAP_FRAME;

	frame->track = track;
	for (size_t i = 0; i < n; i++) {
		int32_t x = part[i] > INT16_MAX ? INT16_MAX : part[i];

		frame->pcm[i] = (int16_t)(x < INT16_MIN ? INT16_MIN : x);
	}
	ring_push(tap->ring, frame);
}

void tap_mix(struct tap *tap, const int32_t *sum)
{
	struct tap_frame *frame = &tap->frame;

	frame->track = TAP_MIX;
	limiter_run(&tap->limiter, sum, frame->pcm,
		    (size_t)tap->channels * TAP_FRAME);
	/* The only writer. */
	if (!ring_push(tap->ring, frame))
		atomic_store_explicit(
			&tap->lost,
			atomic_load_explicit(&tap->lost, memory_order_relaxed) +
				1,
			memory_order_relaxed);
}

void tap_close(struct tap *tap)
{
	atomic_store_explicit(&tap->closed, true, memory_order_release);
}

int tap_channels(const struct tap *tap)
{
	return tap->channels;
}

bool tap_pop(struct tap *tap, struct tap_frame *frame_r)
{
	return ring_pop(tap->ring, frame_r);
}

bool tap_is_closed(const struct tap *tap)
{
	return atomic_load_explicit(&tap->closed, memory_order_acquire);
}

uint64_t tap_lost(const struct tap *tap)
{
	return atomic_load_explicit(&tap->lost, memory_order_relaxed);
}
