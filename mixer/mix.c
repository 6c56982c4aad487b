#include "mixer/mix.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/mix_private.h"

/* Voices and encoders beyond those of the seats: for who has just lost his
 * and still fades out, who waits for one, and who is listened to in passing. */
#define SPARE 3

#define LOUDER 6.0f /* dB that a spare voice is worth */
#define PAUSE  15   /* frames of silence that cost a spare voice */

static size_t samples_of(const struct mix *mix)
{
	return (size_t)mix->cfg.channels * MIX_FRAME;
}

static bool config_ok(const struct mix_config *cfg)
{
	return cfg->capacity && cfg->talkers <= MIX_MAX_TALKERS &&
	       (cfg->channels == 1 || cfg->channels == 2);
}

static int create_arrays(struct mix *mix)
{
	unsigned capacity = mix->cfg.capacity, seats = mix->cfg.talkers;
	struct talker **seat;

	if (!seats || seats > capacity)
		seats = capacity;
	seat = calloc(seats, sizeof(*seat));
	talkers_init(&mix->talkers, seat, seats);
	mix->talking = calloc(capacity, sizeof(struct inlet *));
	mix->inlets = calloc(mix->n_inlets + 1, sizeof(struct inlet *));
	mix->free_inlets = calloc(mix->n_inlets + 1, sizeof(struct inlet *));
	mix->feeds = calloc(mix->n_feeds + 1, sizeof(struct feed *));
	mix->free_feeds = calloc(mix->n_feeds + 1, sizeof(struct feed *));
	mix->sum = calloc(samples_of(mix), sizeof(int32_t));
	mix->farewell = calloc(samples_of(mix), sizeof(int32_t));
	mix->others = calloc(samples_of(mix), sizeof(int32_t));
	return seat && mix->talking && mix->inlets && mix->free_inlets &&
			       mix->feeds && mix->free_feeds && mix->sum &&
			       mix->farewell && mix->others
		       ? 0
		       : -ENOMEM;
}

static int create_pool(struct mix *mix)
{
	const struct inlet_config inlet = { .jitter = mix->cfg.jitter,
					    .channels = mix->cfg.channels,
					    .denoise = mix->cfg.denoise };
	struct codec_config codec =
		audience_codec(&mix->audience, AUDIENCE_CLEAN);
	int ret = 0;

	for (unsigned i = 0; i < mix->n_inlets && !ret; i++) {
		ret = inlet_create(&mix->inlets[i], &inlet);
		mix->free_inlets[mix->n_free_inlets++] = mix->inlets[i];
	}
	for (unsigned i = 0; i < mix->n_feeds && !ret; i++) {
		ret = feed_create(&mix->feeds[i], &codec);
		mix->free_feeds[mix->n_free_feeds++] = mix->feeds[i];
	}
	return ret;
}

int mix_create(struct mix **mix_r, const struct mix_config *cfg)
{
	const struct audience_config audience = {
		.bitrate = cfg->bitrate,
		.complexity = cfg->complexity,
		.channels = cfg->channels,
	};
	struct mix *mix;
	int ret;

	if (!config_ok(cfg))
		return -EINVAL;
	mix = calloc(1, sizeof(*mix));
	if (!mix)
		return -ENOMEM;
	mix->cfg = *cfg;
	if (cfg->talkers) {
		unsigned n = cfg->talkers + SPARE;

		mix->n_inlets = n < cfg->capacity ? n : cfg->capacity;
		mix->n_feeds = mix->n_inlets;
	}
	ret = audience_init(&mix->audience, &audience);
	if (!ret)
		ret = create_arrays(mix);
	if (!ret)
		ret = create_pool(mix);
	if (ret)
		mix_destroy(&mix);
	else
		*mix_r = mix;
	return ret;
}

void mix_destroy(struct mix **mixp)
{
	struct mix *mix = *mixp;

	*mixp = NULL;
	if (!mix)
		return;
	mix_set_tap(mix, NULL);
	for (unsigned i = 0; mix->inlets && i < mix->n_inlets; i++)
		inlet_destroy(&mix->inlets[i]);
	for (unsigned i = 0; mix->feeds && i < mix->n_feeds; i++)
		feed_destroy(&mix->feeds[i]);
	audience_fini(&mix->audience);
	free(mix->talkers.seats);
	free(mix->talking);
	free(mix->inlets);
	free(mix->free_inlets);
	free(mix->feeds);
	free(mix->free_feeds);
	free(mix->sum);
	free(mix->farewell);
	free(mix->others);
	free(mix);
}

int mix_join(struct mix *mix, struct mix_leg *leg)
{
	if (leg->mix)
		return -EBUSY;
	if (mix->n == mix->cfg.capacity)
		return -ENOSPC;
	if (!mix->cfg.talkers && !leg->everybody)
		return -EINVAL;
	if (leg->own_inlet && leg->own_inlet->channels != mix->cfg.channels)
		return -EINVAL;
	mix->n++;
	leg->mix = mix;
	leg->turn = mix->joined++;
	if (leg->sends)
		leg->place = places_take(&mix->places);
	mix_leg_begin(leg);
	if (leg->receives)
		audience_join(&mix->audience, &leg->hearer, mix_leg_class(leg));
	return 0;
}

static void give_back(struct mix *mix, struct mix_leg *leg, struct feed *feed)
{
	if (feed != leg->own_feed)
		mix->free_feeds[mix->n_free_feeds++] = feed;
}

/* He hears what the listeners hear again. */
static void return_to_shared(struct mix *mix, struct mix_leg *leg)
{
	struct feed *own = leg->hearer.own;

	if (!own)
		return;
	audience_return(&mix->audience, &leg->hearer);
	give_back(mix, leg, own);
}

void mix_leave(struct mix *mix, struct mix_leg *leg)
{
	struct feed *own = leg->hearer.own;

	if (leg->mix != mix)
		return;
	if (leg->receives)
		audience_leave(&mix->audience, &leg->hearer);
	if (own)
		give_back(mix, leg, own);
	if (leg->inlet)
		mix_drop_inlet(mix, leg);
	if (leg->sends)
		places_leave(&mix->places, leg->place);
	leg->mix = NULL;
	mix->n--;
}

/* Whose spare voice `leg` may have: who is not heard, and has less to say. */
static struct mix_leg *victim_for(const struct mix *mix,
				  const struct mix_leg *leg)
{
	struct mix_leg *victim = NULL;
	unsigned silent = PAUSE - 1;

	for (unsigned i = 0; i < mix->n_inlets; i++) {
		struct mix_leg *it = mix->inlets[i]->leg;

		if (!it || it->talker.seat || it->settle || it->hearer.own)
			continue;
		if (it->talker.silent > silent) {
			silent = it->talker.silent;
			victim = it;
		}
		if (silent < PAUSE &&
		    it->talker.score + LOUDER < leg->talker.score &&
		    (!victim || it->talker.score < victim->talker.score))
			victim = it;
	}
	return victim;
}

bool mix_has_inlet(const struct mix *mix, const struct mix_leg *leg)
{
	return leg->own_inlet || mix->n_free_inlets || victim_for(mix, leg);
}

bool mix_take_inlet(struct mix *mix, struct mix_leg *leg)
{
	struct inlet *in = leg->own_inlet;

	if (!in && !mix->n_free_inlets) {
		struct mix_leg *victim = victim_for(mix, leg);

		if (!victim)
			return false;
		mix_drop_inlet(mix, victim);
	}
	if (!in)
		in = mix->free_inlets[--mix->n_free_inlets];
	in->leg = leg;
	in->at = mix->n_talking;
	mix->talking[mix->n_talking++] = in;
	mix_leg_speak(leg, in);
	return true;
}

/* Who leaves in mid-word is not cut off. */
static void fade_away(struct mix *mix, struct inlet *in)
{
	const struct sum_gain none = { 0, 0 };

	if (!in->gain.left && !in->gain.right)
		return;
	inlet_pull(in, mix_denoises(mix));
	inlet_mix(in, none);
	sum_add(mix->farewell, in->part, samples_of(mix));
	mix->farewells = true;
}

void mix_drop_inlet(struct mix *mix, struct mix_leg *leg)
{
	struct inlet *in = leg->inlet, *last = mix->talking[--mix->n_talking];

	talkers_rise(&mix->talkers, &leg->talker);
	return_to_shared(mix, leg);
	fade_away(mix, in);
	mix_leg_hush(leg);
	mix->talking[in->at] = last;
	last->at = in->at;
	inlet_clear(in);
	if (in != leg->own_inlet)
		mix->free_inlets[mix->n_free_inlets++] = in;
}

static unsigned add_up(struct mix *mix)
{
	size_t samples = samples_of(mix);
	unsigned sounding = 0;

	memcpy(mix->sum, mix->farewell, samples * sizeof(*mix->sum));
	if (mix->farewells)
		memset(mix->farewell, 0, samples * sizeof(*mix->farewell));
	for (unsigned i = 0; i < mix->n_talking; i++) {
		if (!mix->talking[i]->sounding)
			continue;
		sum_add(mix->sum, mix->talking[i]->part, samples);
		sounding++;
	}
	if (mix->clip && !clip_is_over(mix->clip)) {
		clip_add(mix->clip, mix->sum, mix->cfg.channels);
		sounding++;
	}
	return sounding;
}

/* Who leaves in mid-word is missing the 10 ms in which he fades. */
static void record(struct mix *mix)
{
	for (unsigned i = 0; i < mix->n_talking; i++) {
		const struct inlet *in = mix->talking[i];

		if (in->sounding && in->leg->track)
			tap_part(mix->tap, in->leg->track, in->part);
	}
	tap_mix(mix->tap, mix->sum);
}

static struct feed *take_feed(struct mix *mix, struct mix_leg *leg)
{
	if (leg->own_feed)
		return leg->own_feed;
	/* Of two legs that need one, who is heard needs it more than who has
	 * just been. */
	for (unsigned i = 0; i < mix->n_talking && !mix->n_free_feeds; i++) {
		struct mix_leg *it = mix->talking[i]->leg;

		if (it->hearer.own && !it->own_feed && !it->talker.seat)
			return_to_shared(mix, it);
	}
	return mix->n_free_feeds ? mix->free_feeds[--mix->n_free_feeds] : NULL;
}

/* Whether this leg hears its own feed in this tick. */
static void route(struct mix *mix, struct mix_leg *leg)
{
	struct feed *own;

	if (!leg->receives)
		return;
	if (!leg->settle) {
		return_to_shared(mix, leg);
		return;
	}
	if (leg->hearer.own || (!leg->talker.seat && !leg->own_feed))
		return;
	own = take_feed(mix, leg);
	if (own)
		audience_part(&mix->audience, &leg->hearer, own);
}

static void run_own(struct mix *mix, struct inlet *in, unsigned sounding)
{
	struct feed *own = in->leg->hearer.own;
	enum audience_class class = in->leg->hearer.class;
	bool silent = sounding == (in->sounding ? 1 : 0) && !mix->farewells;

	feed_set_loss(own, mix->audience.streams[class].loss);
	if (!in->sounding) {
		feed_run(own, mix->sum, silent);
		return;
	}
	sum_subtract(mix->others, mix->sum, in->part, samples_of(mix));
	feed_run(own, mix->others, silent);
}

void mix_tick(struct mix *mix)
{
	unsigned sounding;

	mix->tick++;
	audience_tick(&mix->audience);
	mix->full = talkers_full(&mix->talkers);
	/* Backwards: who falls silent leaves the list. */
	for (unsigned i = mix->n_talking; i-- > 0;)
		mix_leg_hear(mix->talking[i]->leg);
	sounding = add_up(mix);
	if (mix->tap)
		record(mix);
	for (unsigned i = 0; i < mix->n_talking; i++)
		route(mix, mix->talking[i]->leg);
	audience_run(&mix->audience, mix->sum, !sounding && !mix->farewells);
	for (unsigned i = 0; i < mix->n_talking; i++)
		if (mix->talking[i]->leg->hearer.own)
			run_own(mix, mix->talking[i], sounding);
	mix->farewells = false;
}

void mix_set_tap(struct mix *mix, struct tap *tap)
{
	if (mix->tap)
		tap_close(mix->tap);
	mix->tap = tap;
}

void mix_clock(struct mix *mix, uint64_t now_us, unsigned missed)
{
	if (mix->tap)
		tap_begin(mix->tap, now_us, missed);
}

void mix_set_clip(struct mix *mix, struct clip *clip)
{
	mix->clip = clip;
}

void mix_set_effort(struct mix *mix, const struct mix_effort *effort)
{
	int complexity = mix->cfg.complexity;
	unsigned seats = mix->talkers.size;

	mix->effort = *effort;
	if (effort->complexity && effort->complexity < complexity)
		complexity = effort->complexity;
	if (effort->talkers && effort->talkers < seats)
		seats = effort->talkers;
	audience_set_complexity(&mix->audience, complexity);
	for (unsigned i = 0; i < mix->n_talking; i++)
		if (mix->talking[i]->leg->hearer.own)
			feed_set_complexity(mix->talking[i]->leg->hearer.own,
					    complexity);
	talkers_limit(&mix->talkers, seats);
}
