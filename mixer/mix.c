#include "mixer/mix.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/feed.h"
#include "mixer/level.h"
#include "mixer/voice.h"

#define TALKING	 (-50.0f) /* dBov: what is shown as talking */
#define HANGOVER 20	  /* frames that both outlast the sound */

/* A leg stays on its own feed for so many frames: after its voice ended, so
 * that its last samples have left the shared feed's look-ahead; and at first
 * or after a change of mode, so that decoder and encoder start together. */
#define SETTLE_VOICE 5
#define SETTLE_NEW   10

/* Percent of loss where a leg changes to speech modes with FEC, and back. */
#define LOSSY 3
#define CLEAN 1

/* Encoder configurations that can be shared in one mix. Legs beyond have an
 * encoder each: right, only dearer. */
#define CLASSES 4

struct mix_class {
	struct feed *feed;
	int bitrate, complexity;
	bool lossy;
	unsigned members; /* legs of this configuration */
	unsigned hearers; /* of them, who hear the shared feed in this tick */
	int loss;	  /* percent, the worst of its members */
	uint64_t fed;	  /* the tick in which the feed was last right */
};

struct mix_leg {
	struct mix *mix; /* NULL: in none */
	struct voice *voice;
	struct feed *own;
	struct mix_class *class; /* NULL: no place was free, or in no mix */
	int bitrate, complexity;
	int loss; /* percent, as the peer reports */
	bool lossy, muted;

	int16_t pcm[MIX_FRAME]; /* this tick's contribution */
	float level, peak;	/* dBov */
	unsigned audible;	/* frames for which it is still in the sum */
	unsigned talking;	/* frames for which it is still shown so */
	bool on;		/* the gain at the end of pcm */
	bool sounding;		/* pcm is in the sum of this tick */
	unsigned settle;	/* frames it still needs its own feed */
	bool private;		/* hears its own feed */
};

struct mix {
	unsigned capacity; /* {const} */
	unsigned n;
	uint64_t tick;
	struct mix_leg **legs;
	struct mix_class classes[CLASSES];
	int32_t sum[MIX_FRAME];
	int32_t farewell[MIX_FRAME]; /* the last of who left since the tick */
};

static struct codec_config codec_of(const struct mix_leg *leg)
{
	return (struct codec_config){
		.bitrate = leg->bitrate,
		.complexity = leg->complexity,
		.loss_expected = leg->lossy ? leg->loss : 0,
		.dtx = 1,
		.low_delay = !leg->lossy,
	};
}

int mix_leg_create(struct mix_leg **leg_r, const struct mix_leg_config *cfg)
{
	struct mix_leg *leg = calloc(1, sizeof(*leg));
	struct codec_config codec;
	int ret;

	if (!leg)
		return -ENOMEM;
	leg->bitrate = cfg->bitrate;
	leg->complexity = cfg->complexity;
	leg->loss = cfg->loss_expected;
	leg->lossy = leg->loss >= LOSSY;
	leg->level = leg->peak = LEVEL_SILENCE;

	codec = codec_of(leg);
	ret = voice_create(&leg->voice, &cfg->jitter);
	if (ret < 0)
		goto fail;
	ret = feed_create(&leg->own, &codec);
	if (ret < 0)
		goto fail;
	*leg_r = leg;
	return 0;

fail:
	mix_leg_destroy(&leg);
	return ret;
}

void mix_leg_destroy(struct mix_leg **legp)
{
	struct mix_leg *leg = *legp;

	*legp = NULL;
	if (!leg)
		return;
	if (leg->voice)
		voice_destroy(&leg->voice);
	if (leg->own)
		feed_destroy(&leg->own);
	free(leg);
}

void mix_leg_clock(struct mix_leg *leg, unsigned since)
{
	voice_clock(leg->voice, since);
}

int mix_leg_put(struct mix_leg *leg, uint64_t sequence, uint64_t timestamp,
		const uint8_t *payload, size_t size)
{
	return voice_put(leg->voice, sequence, timestamp, payload, size);
}

void mix_leg_restart(struct mix_leg *leg)
{
	voice_reset(leg->voice);
}

void mix_leg_set_muted(struct mix_leg *leg, bool muted)
{
	leg->muted = muted;
}

void mix_leg_set_loss(struct mix_leg *leg, int percent)
{
	leg->loss = percent < 0 ? 0 : percent > 100 ? 100 : percent;
}

size_t mix_leg_packet(const struct mix_leg *leg, const uint8_t **payload_r)
{
	const struct feed *feed =
		leg->private || !leg->class ? leg->own : leg->class->feed;

	*payload_r = NULL;
	return leg->mix ? feed_packet(feed, payload_r) : 0;
}

float mix_leg_level(const struct mix_leg *leg)
{
	return leg->level;
}

void mix_leg_report(struct mix_leg *leg, struct mix_leg_report *rep_r)
{
	struct voice_report voice;

	voice_report(leg->voice, &voice);
	*rep_r = (struct mix_leg_report){
		.jitter = voice.jitter,
		.concealed = voice.concealed,
		.recovered = voice.recovered,
		.undecodable = voice.undecodable,
		.level_dbov = leg->level,
		.peak_dbov = leg->peak,
		.talking = leg->talking > 0,
	};
	leg->peak = leg->level;
}

int mix_create(struct mix **mix_r, unsigned capacity)
{
	/* A placeholder: class_take() restarts a feed as its legs need. */
	const struct codec_config codec = { .bitrate = 32000, .low_delay = 1 };
	struct mix *mix;
	int ret = -ENOMEM;

	if (!capacity)
		return -EINVAL;
	mix = calloc(1, sizeof(*mix));
	if (!mix)
		return -ENOMEM;
	mix->capacity = capacity;
	mix->legs = calloc(capacity, sizeof(*mix->legs));
	if (!mix->legs)
		goto fail;
	for (int i = 0; i < CLASSES; i++) {
		ret = feed_create(&mix->classes[i].feed, &codec);
		if (ret < 0)
			goto fail;
	}
	*mix_r = mix;
	return 0;

fail:
	mix_destroy(&mix);
	return ret;
}

void mix_destroy(struct mix **mixp)
{
	struct mix *mix = *mixp;

	*mixp = NULL;
	if (!mix)
		return;
	for (int i = 0; i < CLASSES; i++)
		if (mix->classes[i].feed)
			feed_destroy(&mix->classes[i].feed);
	free(mix->legs);
	free(mix);
}

static struct mix_class *class_of(struct mix *mix, const struct mix_leg *leg)
{
	struct mix_class *unused = NULL;

	for (int i = 0; i < CLASSES; i++) {
		struct mix_class *class = &mix->classes[i];

		if (!class->members)
			unused = class;
		else if (class->bitrate == leg->bitrate &&
			 class->complexity == leg->complexity &&
			 class->lossy == leg->lossy)
			return class;
	}
	if (unused) {
		struct codec_config codec = codec_of(leg);

		unused->bitrate = leg->bitrate;
		unused->complexity = leg->complexity;
		unused->lossy = leg->lossy;
		unused->fed = 0;
		feed_restart(unused->feed, &codec);
	}
	return unused;
}

static void enter_class(struct mix *mix, struct mix_leg *leg)
{
	leg->class = class_of(mix, leg);
	if (leg->class)
		leg->class->members++;
	leg->private = true;
	leg->settle = SETTLE_NEW;
}

static void leave_class(struct mix_leg *leg)
{
	if (leg->class)
		leg->class->members--;
	leg->class = NULL;
}

/* His decoder goes on from what it heard, be it his own feed or not. */
static void change_class(struct mix *mix, struct mix_leg *leg)
{
	struct codec_config codec;

	if (!leg->private && leg->class)
		feed_copy(leg->own, leg->class->feed);
	leave_class(leg);
	leg->lossy = !leg->lossy;
	codec = codec_of(leg);
	feed_change(leg->own, &codec);
	enter_class(mix, leg);
}

int mix_join(struct mix *mix, struct mix_leg *leg)
{
	struct codec_config codec = codec_of(leg);

	if (leg->mix)
		return -EBUSY;
	if (mix->n == mix->capacity)
		return -ENOSPC;
	mix->legs[mix->n++] = leg;
	leg->mix = mix;
	leg->on = false;
	feed_restart(leg->own, &codec);
	enter_class(mix, leg);
	return 0;
}

/* One frame in a straight line from silence to sound, or back. */
static void ramp(int16_t *pcm, bool up)
{
	for (int i = 0; i < MIX_FRAME; i++) {
		int32_t gain = up ? i + 1 : MIX_FRAME - 1 - i;

		pcm[i] = (int16_t)(pcm[i] * gain / MIX_FRAME);
	}
}

/* Who leaves in mid-word is heard for one frame more. */
static void fade_away(struct mix *mix, struct mix_leg *leg)
{
	voice_pull(leg->voice, leg->pcm);
	ramp(leg->pcm, false);
	for (int i = 0; i < MIX_FRAME; i++)
		mix->farewell[i] += leg->pcm[i];
}

void mix_leave(struct mix *mix, struct mix_leg *leg)
{
	unsigned i = 0;

	if (leg->mix != mix)
		return;
	while (mix->legs[i] != leg)
		i++;
	mix->legs[i] = mix->legs[--mix->n];
	if (leg->on)
		fade_away(mix, leg);
	leave_class(leg);
	leg->mix = NULL;
}

/* Decodes the leg and decides what of it is heard. */
static void hear(struct mix_leg *leg)
{
	bool was_on = leg->on;

	leg->level = voice_pull(leg->voice, leg->pcm);
	leg->peak = fmaxf(leg->peak, leg->level);
	if (leg->level > CODEC_SILENCE)
		leg->audible = HANGOVER;
	else if (leg->audible)
		leg->audible--;
	if (leg->level > TALKING)
		leg->talking = HANGOVER;
	else if (leg->talking)
		leg->talking--;

	leg->on = leg->audible && !leg->muted;
	leg->sounding = leg->on || was_on;
	if (leg->on != was_on)
		ramp(leg->pcm, leg->on);
	if (leg->sounding && leg->settle < SETTLE_VOICE)
		leg->settle = SETTLE_VOICE;
}

static void add_up(struct mix *mix)
{
	memcpy(mix->sum, mix->farewell, sizeof(mix->sum));
	memset(mix->farewell, 0, sizeof(mix->farewell));
	for (unsigned i = 0; i < mix->n; i++) {
		const struct mix_leg *leg = mix->legs[i];

		if (!leg->sounding)
			continue;
		for (int j = 0; j < MIX_FRAME; j++)
			mix->sum[j] += leg->pcm[j];
	}
}

/* Which class the leg is in, and whose feed it hears in this tick. */
static void route(struct mix *mix, struct mix_leg *leg)
{
	struct mix_class *class;

	if (leg->lossy ? leg->loss <= CLEAN : leg->loss >= LOSSY)
		change_class(mix, leg);
	class = leg->class;
	if (!class)
		return;
	if (leg->settle) {
		if (!leg->private)
			feed_copy(leg->own, class->feed);
		leg->private = true;
		leg->settle--;
		return;
	}
	/* A shared feed that rested goes on from the first who comes to it. */
	if (leg->private && class->fed + 1 < mix->tick) {
		feed_copy(class->feed, leg->own);
		class->fed = mix->tick;
	}
	leg->private = false;
}

static void run_own(struct mix *mix, struct mix_leg *leg)
{
	int32_t others[MIX_FRAME];

	feed_set_loss(leg->own, leg->lossy ? leg->loss : 0);
	if (!leg->sounding) {
		feed_run(leg->own, mix->sum);
		return;
	}
	for (int i = 0; i < MIX_FRAME; i++)
		others[i] = mix->sum[i] - leg->pcm[i];
	feed_run(leg->own, others);
}

static void run_shared(struct mix *mix)
{
	for (int i = 0; i < CLASSES; i++) {
		struct mix_class *class = &mix->classes[i];

		if (!class->hearers)
			continue;
		feed_set_loss(class->feed, class->loss);
		feed_run(class->feed, mix->sum);
		class->fed = mix->tick;
	}
}

static void count_hearers(struct mix *mix)
{
	for (int i = 0; i < CLASSES; i++)
		mix->classes[i].hearers = 0;
	for (unsigned i = 0; i < mix->n; i++) {
		const struct mix_leg *leg = mix->legs[i];
		struct mix_class *class = leg->class;

		if (leg->private || !class)
			continue;
		if (!class->hearers++)
			class->loss = 0;
		if (leg->lossy && leg->loss > class->loss)
			class->loss = leg->loss;
	}
}

void mix_tick(struct mix *mix)
{
	mix->tick++;
	for (unsigned i = 0; i < mix->n; i++)
		hear(mix->legs[i]);
	add_up(mix);
	for (unsigned i = 0; i < mix->n; i++)
		route(mix, mix->legs[i]);
	count_hearers(mix);
	run_shared(mix);
	for (unsigned i = 0; i < mix->n; i++)
		if (mix->legs[i]->private)
			run_own(mix, mix->legs[i]);
}
