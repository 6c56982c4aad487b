/* audience - which encoded stream each leg of a mix hears.
 *
 * All who listen hear the same, and it is encoded once for all of them that
 * are in the same class:
 *
 *   clean  CELT, low delay: 2.5 ms, and a third of the work
 *   lossy  Opus' speech modes with in-band FEC, 6.5 ms
 *   thin   the same at 16 kbit/s, for who can take no more
 *
 * A decoder can come to a running stream at a frame that needs nothing of
 * those before it. Who is new, and who changes class, waits for such a frame;
 * while somebody waits the stream has one, at most every 100 ms. Who changes
 * hears his old class until then. A place here costs no more than a number
 * in a count: nothing is done in a tick for who only listens.
 *
 * Who talks has a feed of his own, which begins as a copy of the shared one:
 * his decoder cannot tell. He comes back without a copy: two encoders that
 * have heard the same differ by less than is heard.
 *
 * Used by one media worker; inside mixer/ only. */
#ifndef MIXER_AUDIENCE_H
#define MIXER_AUDIENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/feed.h"

#define AUDIENCE_THIN_RATE 16000 /* bit/s of the thin class, at most */

enum audience_class {
	AUDIENCE_CLEAN,
	AUDIENCE_LOSSY,
	AUDIENCE_THIN,
	AUDIENCE_CLASSES,
	AUDIENCE_NONE = AUDIENCE_CLASSES, /* hears nothing */
};

/* A leg's place; zeros: in no audience. */
struct hearer {
	struct feed *own;	    /* what he hears instead, or NULL */
	uint64_t since;		    /* 0, or waits for a frame from here on */
	enum audience_class class;  /* where he is, or is going */
	enum audience_class before; /* what he hears while he waits */
};

struct audience_stream {
	struct feed *feed; /* {const} */
	unsigned hearers;  /* of the shared feed in this tick */
	unsigned waiting;  /* who come at the next independent frame */
	unsigned from[AUDIENCE_CLASSES + 1]; /* and hear what until then */
	uint64_t ran;			     /* the last tick of the feed */
	uint64_t refreshed; /* the tick of its last independent frame */
	int loss;	    /* percent, the worst of its members */
	int next_loss;	    /* the same, being collected */
};

struct audience_config {
	int bitrate, complexity, channels;
};

struct audience {
	struct audience_config cfg;
	uint64_t tick;
	struct audience_stream streams[AUDIENCE_CLASSES];
};

/* Returns 0, -EINVAL or -ENOMEM; fini after any of them. */
int audience_init(struct audience *aud, const struct audience_config *cfg);
void audience_fini(struct audience *aud);

/* What the encoder of a class is; a talker's own is the same. */
struct codec_config audience_codec(const struct audience *aud,
				   enum audience_class class);

/* RT. */
void audience_join(struct audience *aud, struct hearer *who,
		   enum audience_class class);
void audience_leave(struct audience *aud, struct hearer *who);
void audience_move(struct audience *aud, struct hearer *who,
		   enum audience_class class);

/* RT. From here on he hears `own`, which goes on as what he heard; and back.
 * The feed is the caller's again then, and when he leaves. */
void audience_part(struct audience *aud, struct hearer *who, struct feed *own);
void audience_return(struct audience *aud, struct hearer *who);

/* RT. Percent of its packets that a member of the class lost, for FEC. */
void audience_note_loss(struct audience *aud, enum audience_class class,
			int percent);
/* RT. Of all classes, 0 to 10. */
void audience_set_complexity(struct audience *aud, int complexity);

/* RT. Begins a tick. */
void audience_tick(struct audience *aud);
/* RT. Encodes the tick's mix for each class that somebody hears; `silent`:
 * there is nothing in it. */
void audience_run(struct audience *aud, const int32_t *mix, bool silent);

/* RT. This tick's packet, valid until the next one. 0: nothing to send. */
size_t audience_packet(const struct audience *aud, const struct hearer *who,
		       const uint8_t **payload_r);

#endif
