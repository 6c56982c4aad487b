#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "mixer/level.h"
#include "mixer/mix_private.h"

/* A leg has its own feed for so many frames more after its voice ended, so
 * that its last samples have left the shared feed's look-ahead. */
#define SETTLE 5

#define SHOWN_FOR 10 /* ticks that a level is shown without a new one */

/* Percent of loss where a leg changes to speech modes with FEC, and back. */
#define LOSSY 3
#define CLEAN 1
/* The same for the thin class, of the mean over about so many reports. What
 * is reported are recent peaks: at 5 % of random loss their mean is 8. */
#define HEAVY	14.0f
#define EASY	8.0f
#define REPORTS 8.0f

/* Where all seats are taken, who speaks without levels and waits for a seat is
 * decoded in turns: so many frames of each round. A decoder has to hear so
 * many before what it makes counts. */
#define ROUND	20 /* frames */
#define TURN	5
#define AWAKE	3
#define PATIENT 10 /* frames that he has waited then */

/* A leg that claims silence, or is distrusted, is listened to for a moment
 * when a voice is free; one leg of a mix at a time. */
#define PROBE_EVERY 10 /* ticks */
#define PROBE	    25 /* frames */

static int create_own(struct mix_leg *leg, const struct mix_leg_config *cfg)
{
	const struct codec_config codec = { .bitrate = 32000,
					    .stereo = cfg->channels == 2,
					    .dtx = 1,
					    .low_delay = 1 };
	const struct inlet_config inlet = { .jitter = cfg->jitter,
					    .channels = cfg->channels,
					    .denoise = cfg->denoise };
	int ret = 0;

	if (cfg->sends && (cfg->everybody || !cfg->level_header))
		ret = inlet_create(&leg->own_inlet, &inlet);
	/* Its configuration comes with audience_part(). */
	if (!ret && cfg->sends && cfg->receives && cfg->everybody)
		ret = feed_create(&leg->own_feed, &codec);
	return ret;
}

int mix_leg_create(struct mix_leg **leg_r, const struct mix_leg_config *cfg)
{
	struct mix_leg *leg;
	int ret;

	if (cfg->channels != 1 && cfg->channels != 2)
		return -EINVAL;
	leg = calloc(1, sizeof(*leg));
	if (!leg)
		return -ENOMEM;
	leg->sends = cfg->sends;
	leg->receives = cfg->receives;
	leg->everybody = cfg->everybody;
	leg->level_header = cfg->level_header;
	leg->thin_only = cfg->bitrate && cfg->bitrate <= AUDIENCE_THIN_RATE;
	leg->loss = cfg->loss_expected;
	leg->track = cfg->track;
	leg->gain = 1.0f;
	leg->claimed = LEVEL_NONE;
	leg->shown = leg->peak = LEVEL_SILENCE;
	talker_reset(&leg->talker);
	trust_init(&leg->trust);
	ret = create_own(leg, cfg);
	if (ret < 0)
		mix_leg_destroy(&leg);
	else
		*leg_r = leg;
	return ret;
}

void mix_leg_destroy(struct mix_leg **legp)
{
	struct mix_leg *leg = *legp;

	*legp = NULL;
	if (!leg)
		return;
	inlet_destroy(&leg->own_inlet);
	if (leg->own_feed)
		feed_destroy(&leg->own_feed);
	free(leg);
}

static void show(struct mix_leg *leg, float level)
{
	leg->shown = level;
	leg->shown_at = leg->mix->tick;
	leg->peak = fmaxf(leg->peak, level);
	if (level > TALKERS_TALK)
		leg->talked_at = leg->mix->tick;
}

/* Now and then somebody whom nobody would hear is decoded all the same. */
static bool may_probe(struct mix_leg *leg)
{
	struct mix *mix = leg->mix;

	/* The last free voice is for who speaks. */
	if (mix->tick < mix->next_probe ||
	    (!leg->own_inlet && mix->n_free_inlets < 2))
		return false;
	mix->next_probe = mix->tick + PROBE_EVERY;
	return true;
}

/* Whatever it says, nobody hears it. */
static bool is_mute(const struct mix_leg *leg)
{
	return leg->muted || leg->gain == 0.0f;
}

/* Whether somebody would hear the packet that claims this level. */
static bool is_wanted(struct mix_leg *leg, float level)
{
	struct mix *mix = leg->mix;

	if (leg->own_inlet && !leg->level_header)
		return true;
	if (leg->inlet && !is_mute(leg) && !leg->unchosen)
		return true;
	show(leg, level);
	if (is_mute(leg) || leg->unchosen)
		return false;
	talker_note(&leg->talker, trust_level(&leg->trust, level, mix->tick));
	if (!leg->talker.silent && mix_has_inlet(mix, leg))
		return true;
	return may_probe(leg);
}

bool mix_leg_rank(struct mix_leg *leg, int level_dbov)
{
	leg->claimed = level_dbov;
	leg->ranked =
		leg->mix && leg->sends &&
		is_wanted(leg, level_dbov == LEVEL_NONE ? LEVEL_SILENCE
							: (float)level_dbov);
	if (!leg->ranked)
		leg->unranked++;
	return leg->ranked;
}

void mix_leg_clock(struct mix_leg *leg, unsigned since)
{
	leg->clock = since;
	leg->clocked = true;
}

/* A claim that was let in counts now that its packet is authentic. */
static void claim(struct mix_leg *leg, bool first)
{
	float level = (float)leg->claimed;

	if (leg->claimed == LEVEL_NONE)
		return;
	trust_claim(&leg->trust, level);
	if (is_mute(leg) || leg->unchosen || level <= TALKERS_SILENCE ||
	    !trust_holds(&leg->trust, leg->mix->tick))
		return;
	/* Its sound may wait in the jitter buffer for a while: until then the
	 * word of the header keeps the seat. */
	leg->talker.silent = 0;
	if (first)
		talkers_seat(&leg->mix->talkers, &leg->talker);
}

int mix_leg_put(struct mix_leg *leg, uint64_t sequence, uint64_t timestamp,
		const uint8_t *payload, size_t size)
{
	bool first = !leg->inlet;

	if (!leg->sends)
		return -EPERM;
	if (!leg->mix || (leg->level_header && !leg->ranked))
		return -EBUSY;
	leg->ranked = false;
	/* RFC 7587 3.1.3: one or two bytes hold no sound. */
	if (first && size <= 2)
		return 0;
	if (first && !mix_take_inlet(leg->mix, leg))
		return -EBUSY;
	if (leg->level_header)
		claim(leg, first);
	if (leg->clocked)
		voice_clock(leg->inlet->voice, leg->clock);
	return voice_put(leg->inlet->voice, sequence, timestamp, payload, size);
}

void mix_leg_restart(struct mix_leg *leg)
{
	if (leg->inlet)
		voice_reset(leg->inlet->voice);
}

void mix_leg_set_muted(struct mix_leg *leg, bool muted)
{
	leg->muted = muted;
}

void mix_leg_set_chosen(struct mix_leg *leg, bool chosen)
{
	leg->unchosen = !chosen;
	/* Who is chosen instead has the seat with his next packet. */
	if (!chosen && leg->mix)
		talkers_rise(&leg->mix->talkers, &leg->talker);
}

void mix_leg_set_must(struct mix_leg *leg, bool must)
{
	leg->talker.must = must;
}

float mix_leg_worth(const struct mix_leg *leg, int level_dbov)
{
	if (!leg->mix || is_mute(leg))
		return LEVEL_SILENCE;
	if (!leg->level_header || level_dbov == LEVEL_NONE)
		return mix_leg_level(leg);
	return trust_level(&leg->trust, (float)level_dbov, leg->mix->tick);
}

float mix_leg_gain(const struct mix_leg *leg)
{
	return is_mute(leg) ? 0.0f : leg->gain;
}

void mix_leg_set_gain(struct mix_leg *leg, float gain)
{
	leg->gain = fminf(fmaxf(gain, 0.0f), MIX_MAX_GAIN);
}

enum audience_class mix_leg_class(const struct mix_leg *leg)
{
	enum audience_class now = leg->hearer.class;

	if (leg->thin_only)
		return AUDIENCE_THIN;
	if (now == AUDIENCE_THIN)
		return leg->mean_loss < EASY ? AUDIENCE_LOSSY : now;
	if (now == AUDIENCE_LOSSY && leg->mean_loss >= HEAVY)
		return AUDIENCE_THIN;
	if (now == AUDIENCE_LOSSY)
		return leg->loss <= CLEAN ? AUDIENCE_CLEAN : now;
	return leg->loss >= LOSSY ? AUDIENCE_LOSSY : AUDIENCE_CLEAN;
}

void mix_leg_set_loss(struct mix_leg *leg, int percent)
{
	leg->loss = percent < 0 ? 0 : percent > 100 ? 100 : percent;
	leg->mean_loss += ((float)leg->loss - leg->mean_loss) / REPORTS;
	if (!leg->mix || !leg->receives)
		return;
	audience_move(&leg->mix->audience, &leg->hearer, mix_leg_class(leg));
	audience_note_loss(&leg->mix->audience, leg->hearer.class, leg->loss);
}

size_t mix_leg_packet(const struct mix_leg *leg, const uint8_t **payload_r)
{
	*payload_r = NULL;
	if (!leg->mix || !leg->receives)
		return 0;
	return audience_packet(&leg->mix->audience, &leg->hearer, payload_r);
}

float mix_leg_level(const struct mix_leg *leg)
{
	if (!leg->mix || leg->mix->tick - leg->shown_at > SHOWN_FOR)
		return LEVEL_SILENCE;
	return leg->shown;
}

/* total += now - before. */
static void add_reports(struct voice_report *total,
			const struct voice_report *now,
			const struct voice_report *before)
{
	struct jitter_report *jitter = &total->jitter;

	jitter->put += now->jitter.put - before->jitter.put;
	jitter->late += now->jitter.late - before->jitter.late;
	jitter->duplicate += now->jitter.duplicate - before->jitter.duplicate;
	jitter->overflow += now->jitter.overflow - before->jitter.overflow;
	jitter->played += now->jitter.played - before->jitter.played;
	jitter->missing += now->jitter.missing - before->jitter.missing;
	jitter->last = now->jitter.last;
	jitter->delay_ms = now->jitter.delay_ms;
	total->concealed += now->concealed - before->concealed;
	total->recovered += now->recovered - before->recovered;
	total->undecodable += now->undecodable - before->undecodable;
	total->restarts += now->restarts - before->restarts;
	total->shortened += now->shortened - before->shortened;
	total->lengthened += now->lengthened - before->lengthened;
	total->waiting = now->waiting;
}

void mix_leg_begin(struct mix_leg *leg)
{
	talker_reset(&leg->talker);
	trust_init(&leg->trust);
	leg->shown = leg->peak = LEVEL_SILENCE;
	leg->shown_at = leg->talked_at = 0;
	agc_init(&leg->agc);
	leg->settle = 0;
	leg->ranked = false;
}

void mix_leg_speak(struct mix_leg *leg, struct inlet *in)
{
	leg->inlet = in;
	leg->waiting = 0;
	leg->awake = AWAKE;
	voice_report(in->voice, &leg->before);
	if (leg->talker.silent > MIX_KEEP - PROBE)
		leg->talker.silent = MIX_KEEP - PROBE;
}

void mix_leg_hush(struct mix_leg *leg)
{
	struct voice_report now;

	voice_report(leg->inlet->voice, &now);
	add_reports(&leg->total, &now, &leg->before);
	leg->inlet = NULL;
	leg->settle = 0;
}

void mix_leg_report(struct mix_leg *leg, struct mix_leg_report *rep_r)
{
	struct voice_report voice = leg->total;
	uint64_t tick = leg->mix ? leg->mix->tick : 0;

	if (leg->inlet) {
		struct voice_report now;

		voice_report(leg->inlet->voice, &now);
		add_reports(&voice, &now, &leg->before);
	}
	*rep_r = (struct mix_leg_report){
		.jitter = voice.jitter,
		.concealed = voice.concealed,
		.recovered = voice.recovered,
		.undecodable = voice.undecodable,
		.unranked = leg->unranked,
		.skipped = leg->skipped,
		.level_dbov = mix_leg_level(leg),
		.peak_dbov = leg->peak,
		.talking = leg->talked_at &&
			   tick - leg->talked_at < TALKERS_HANGOVER,
		.audible = leg->talker.seat,
		.distrusted = !trust_holds(&leg->trust, tick),
	};
	leg->peak = rep_r->level_dbov;
}

/* What the header had won him is lost. */
static void forget_claims(struct mix_leg *leg)
{
	talkers_rise(&leg->mix->talkers, &leg->talker);
	talker_reset(&leg->talker);
}

/* How loud it is in the sum, and where. */
static struct sum_gain gain_of(const struct mix_leg *leg)
{
	float gain = leg->gain;
	int32_t fixed;

	if (!leg->talker.seat)
		return (struct sum_gain){ 0, 0 };
	if (leg->mix->cfg.agc)
		gain *= powf(10.0f, leg->agc.gain / 20.0f);
	fixed = (int32_t)lrintf(fminf(gain, MIX_MAX_GAIN) * SUM_UNITY);
	if (leg->mix->cfg.channels == 2)
		return place_gain(leg->place, fixed);
	return (struct sum_gain){ fixed, fixed };
}

/* Whether it is passed over in this tick. */
static bool has_to_wait(const struct mix_leg *leg)
{
	const struct mix *mix = leg->mix;

	if (leg->settle || leg->talker.seat || leg->talker.silent)
		return false;
	if (is_mute(leg) && !leg->own_inlet)
		return false;
	if (!is_mute(leg) && (!mix->full || leg->waiting < PATIENT))
		return false;
	return (mix->tick + leg->turn) % ROUND >= TURN;
}

static void skip(struct mix_leg *leg)
{
	voice_skip(leg->inlet->voice);
	show(leg, leg->shown);
	leg->awake = 0;
	leg->skipped++;
}

/* What was decoded counts: seat or none. */
static void judge(struct mix_leg *leg, float level)
{
	struct mix *mix = leg->mix;

	show(leg, level);
	agc_run(&leg->agc, level);
	if (leg->level_header && trust_measure(&leg->trust, level, mix->tick))
		forget_claims(leg);
	talker_note(&leg->talker, level);
	if (is_mute(leg) || leg->unchosen)
		talkers_rise(&mix->talkers, &leg->talker);
	else
		talkers_seat(&mix->talkers, &leg->talker);
	if (leg->talker.seat || leg->talker.silent)
		leg->waiting = 0;
	else
		leg->waiting++;
}

/* Whether it needs its voice no more. */
static bool is_done(const struct mix_leg *leg)
{
	unsigned silent = leg->talker.silent;

	if (leg->own_inlet)
		return silent > MIX_KEEP;
	return is_mute(leg) || leg->unchosen || silent > MIX_KEEP ||
	       (silent > MIX_YIELD && !leg->mix->n_free_inlets);
}

void mix_leg_hear(struct mix_leg *leg)
{
	struct mix *mix = leg->mix;
	struct inlet *in = leg->inlet;
	float level;

	if (has_to_wait(leg)) {
		skip(leg);
		return;
	}
	level = inlet_pull(in, mix_denoises(mix) && leg->talker.seat);
	if (leg->awake < AWAKE)
		leg->awake++;
	if (leg->awake == AWAKE)
		judge(leg, level);
	inlet_mix(in, gain_of(leg));
	if (in->sounding)
		leg->settle = SETTLE;
	else if (leg->settle)
		leg->settle--;
	if (!leg->settle && is_done(leg))
		mix_drop_inlet(mix, leg);
}
