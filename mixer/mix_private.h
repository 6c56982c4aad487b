/* What mix.c and mix_leg.c share. */
#ifndef MIXER_MIX_PRIVATE_H
#define MIXER_MIX_PRIVATE_H

#include "mixer/agc.h"
#include "mixer/audience.h"
#include "mixer/inlet.h"
#include "mixer/mix.h"
#include "mixer/place.h"
#include "mixer/talkers.h"
#include "mixer/trust.h"

/* A voice is kept for so many frames of silence, with what it has learned of
 * the path, as long as others are free; else for so many. */
#define MIX_KEEP  500
#define MIX_YIELD 100

struct mix_leg {
	/* What a packet and a tick of somebody who only listens touch. */
	struct mix *mix; /* NULL: in none */
	struct hearer hearer;
	struct inlet *inlet; /* where it speaks now, or NULL */
	bool sends, receives, everybody, level_header; /* {const} */
	bool muted;
	bool unchosen;	   /* see mix_leg_set_chosen() */
	bool ranked;	   /* the packet now being taken was let in by rank() */
	bool clocked;	   /* mix_leg_clock() is called */
	unsigned clock;	   /* what it said last */
	int claimed;	   /* its level, dBov, or LEVEL_NONE */
	float shown;	   /* dBov: for meters */
	float peak;	   /* the same, since the last report */
	uint64_t shown_at; /* tick */
	uint64_t talked_at; /* tick, 0: never */

	struct talker talker;
	struct trust trust;
	struct agc agc;
	unsigned turn;	 /* among those who wait */
	unsigned place;	 /* where it stands in a stereo room */
	float gain;	 /* its volume */
	unsigned settle; /* frames for which it still needs its own feed */
	bool thin_only;	 /* {const} */
	uint32_t track;	 /* {const} of a recording */
	int loss;	 /* percent, the newest report */
	float mean_loss; /* of some reports */

	struct inlet *own_inlet; /* {const} or NULL */
	struct feed *own_feed;	 /* {const} or NULL */
	uint64_t unranked, skipped;
	unsigned waiting; /* frames for which it has spoken without a seat */
	unsigned awake;	  /* frames decoded in a row */
	struct voice_report before; /* what its voice had counted for others */
	struct voice_report total;  /* of the voices it had */
};

struct mix {
	struct mix_config cfg; /* {const} */
	struct mix_effort effort;
	struct tap *tap;   /* NULL: nobody records */
	struct clip *clip; /* NULL: nothing is played */
	unsigned n;	   /* legs */
	uint64_t tick;
	struct talkers talkers;
	struct audience audience;
	struct places places;
	unsigned n_talking; /* inlets with somebody in them */
	struct inlet **talking;
	unsigned n_inlets, n_feeds, n_free_inlets, n_free_feeds;
	struct inlet **inlets, **free_inlets; /* the pool, and its rest */
	struct feed **feeds, **free_feeds;
	bool full;	     /* all seats are taken by who speaks */
	unsigned joined;     /* how often; spreads what is done in turns */
	uint64_t next_probe; /* tick */
	bool farewells;	     /* there is something in farewell */
	int32_t *sum;	     /* channels * MIX_FRAME each */
	int32_t *farewell;   /* the last of who left since the tick */
	int32_t *others;
};

static inline bool mix_denoises(const struct mix *mix)
{
	return mix->cfg.denoise && !mix->effort.no_denoise;
}

/* mix.c. An inlet for a leg that is about to be decoded; false: none is to
 * be had. */
bool mix_take_inlet(struct mix *mix, struct mix_leg *leg);
/* The leg is not decoded any more; what was heard of it fades out. */
void mix_drop_inlet(struct mix *mix, struct mix_leg *leg);
/* Whether mix_take_inlet() would find one. */
bool mix_has_inlet(const struct mix *mix, const struct mix_leg *leg);

/* mix_leg.c. The leg is new in its mix. */
void mix_leg_begin(struct mix_leg *leg);
/* It has an inlet; it has none any more. */
void mix_leg_speak(struct mix_leg *leg, struct inlet *in);
void mix_leg_hush(struct mix_leg *leg);
/* One frame of the leg is decoded and becomes its part. */
void mix_leg_hear(struct mix_leg *leg);
/* The class that it should be in. */
enum audience_class mix_leg_class(const struct mix_leg *leg);

#endif
