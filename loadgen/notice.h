/* notice - what the bridge tells a caller in-band that his program acts on
 * (docs/ipsp.md, "In-band control"). */
#ifndef LOADGEN_NOTICE_H
#define LOADGEN_NOTICE_H

#include "loadgen/caller.h"
#include "signaling/ipsp.h"

#define NOTICE_WHY_MAX 256 /* bytes */

enum notice_type {
	NOTICE_OTHER,	/* for people, unknown, or malformed */
	NOTICE_END,	/* the call ends */
	NOTICE_STANDBY, /* another gate stands by from now on */
	NOTICE_CHECK,	/* make a STUN request now */
	NOTICE_MUTE,	/* a moderator mutes you, or does no longer */
	NOTICE_HOLD,	/* you wait in the lobby, or do no longer */
	NOTICE_ROLE,	/* on: you are a listener; else something else */
	NOTICE_ASK,	/* to unmute: asked for the n-th time */
	NOTICE_HAND,	/* your hand is up, in this place of the queue */
	NOTICE_FLOOR,	/* you have the floor, or have it no more */
};

struct notice {
	enum notice_type type;
	enum caller_end end; /* END; CALLER_NOT_ENDED: a reason unknown to us */
	char *why;  /* END: the bridge's sentence, or NULL; caller frees */
	char *room; /* END of CALLER_MOVED: where to call; likewise */
	struct ipsp_gate gate; /* STANDBY */
	gboolean on;	       /* MUTE, HOLD, ROLE, HAND, FLOOR */
	guint n;	       /* ASK; HAND: the place, 0: not said */
	guint seconds;	       /* FLOOR; 0: no limit */
};

/* Reads one message. */
void notice_read(struct notice *notice_r, const char *json, gsize size);

#endif
