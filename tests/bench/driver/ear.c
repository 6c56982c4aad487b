#include "tests/bench/driver/ear.h"

#include <err.h>
#include <opus/opus.h>
#include <stdlib.h>

#include "tests/bench/driver/burst.h"
#include "tests/bench/driver/members.h"
#include "tests/bench/driver/voices.h"

struct ear {
	OpusDecoder *dec;
	float *pcm;	     /* VOICES_FRAME samples for each packet */
	int64_t *arrival_ns; /* of each packet */
	size_t n, max;	     /* packets */
};

struct ear *ear_new(unsigned frames)
{
	struct ear *ear = calloc(1, sizeof(*ear));

	if (!ear)
		err(1, "ear");
	ear->max = frames;
	ear->dec = opus_decoder_create(VOICES_RATE, 1, NULL);
	ear->pcm = calloc((size_t)frames * VOICES_FRAME, sizeof(*ear->pcm));
	ear->arrival_ns = calloc(frames, sizeof(*ear->arrival_ns));
	if (!ear->dec || !ear->pcm || !ear->arrival_ns)
		err(1, "ear");
	return ear;
}

void ear_free(struct ear *ear)
{
	if (!ear)
		return;
	opus_decoder_destroy(ear->dec);
	free(ear->pcm);
	free(ear->arrival_ns);
	free(ear);
}

void ear_hear(struct ear *ear, const uint8_t *payload, size_t size,
	      int64_t arrival_ns)
{
	if (ear->n == ear->max)
		return;
	/* Anything but 20 ms would stand at the wrong place. */
	if (opus_decode_float(ear->dec, payload, (opus_int32)size,
			      ear->pcm + ear->n * VOICES_FRAME, VOICES_FRAME,
			      0) != VOICES_FRAME)
		return;
	ear->arrival_ns[ear->n++] = arrival_ns;
}

static double ns_of_samples(double samples)
{
	return samples * 1e9 / VOICES_RATE;
}

/* When sample `at` of the talker's loop, in its turn `turn`, was sent; 0 when
 * it was not. */
static double sent_ns(const struct members *all, const struct member *talker,
		      unsigned turn, double at)
{
	unsigned frame = (unsigned)(at / VOICES_FRAME);
	unsigned of_run = turn * VOICES_FRAMES + frame;

	if (of_run >= all->frames || !talker->sent_at[of_run])
		return 0;
	return (double)talker->sent_at[of_run] +
	       ns_of_samples(at - frame * VOICES_FRAME);
}

/* The first of the bursts heard that lies within a period after `sent`. */
static double delay_ms(const struct ear *ear, const double *heard, size_t n,
		       double sent)
{
	for (size_t i = 0; i < n; i++) {
		size_t packet = (size_t)(heard[i] / VOICES_FRAME);
		double at =
			(double)ear->arrival_ns[packet] +
			ns_of_samples(heard[i] - (double)packet * VOICES_FRAME);
		double ms = (at - sent) / 1e6;

		if (ms > -5 && ms < VOICES_PERIOD_MS - 5)
			return ms;
	}
	return -1000;
}

static size_t talker_delays(const struct ear *ear, const struct members *all,
			    const struct member *talker, double from,
			    double until, double *delays_r, size_t max,
			    size_t *due_r)
{
	size_t turns = all->frames / VOICES_FRAMES + 1, n, found = 0;
	double *heard = calloc(turns * VOICES_BURSTS, sizeof(*heard));

	if (!heard)
		err(1, "delays");
	n = burst_find(ear->pcm, ear->n * VOICES_FRAME,
		       voices_hz(talker->voice), heard, turns * VOICES_BURSTS);
	for (unsigned i = 0; i < turns * VOICES_BURSTS; i++) {
		double at = voices_burst(talker->voice, i % VOICES_BURSTS);
		double sent = sent_ns(all, talker, i / VOICES_BURSTS, at);
		double ms;

		if (sent < from || sent >= until)
			continue;
		++*due_r;
		ms = delay_ms(ear, heard, n, sent);
		if (ms > -1000 && found < max)
			delays_r[found++] = ms;
	}
	free(heard);
	return found;
}

size_t ear_delays(const struct ear *ear, const struct members *all,
		  unsigned room, int64_t from_ns, int64_t until_ns,
		  double *delays_r, size_t max, size_t *due_r)
{
	size_t n = 0;

	for (unsigned i = 0; i < all->n; i++)
		if (all->of[i].room == room && all->of[i].sent_at)
			n += talker_delays(ear, all, &all->of[i],
					   (double)from_ns, (double)until_ns,
					   delays_r + n, max - n, due_r);
	return n;
}
