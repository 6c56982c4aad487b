/* call_private - one call's state, for the two files that are a call: call.c
 * (sound, control, the tick) and call_places.c (which gate has it). Nobody else
 * includes it. */
#ifndef LOADGEN_CALL_PRIVATE_H
#define LOADGEN_CALL_PRIVATE_H

#include "loadgen/call.h"
#include "loadgen/control.h"
#include "mixer/voice.h"

#define CALL_ARRIVALS 64 /* packets whose arrival is known: over a second */

/* What one gate sends, on its way to the ear. */
struct call_heard {
	struct voice *voice;
	uint64_t arrived_us[CALL_ARRIVALS]; /* of packets, by sequence */
	uint64_t before, played; /* packets: of other gates, of this one */
};

struct call {
	struct call_config cfg;	  /* {const} but for places */
	const struct call_io *io; /* {const} */
	void *arg;		  /* {const} */

	/* All below: {worker}. */
	struct control control;
	struct codec_encoder *enc;
	uint64_t tick_us; /* the last one */
	uint64_t now_us;  /* when that was run */

	bool started, over, sounded, muted;
	bool silenced; /* the mute has taken effect */
	bool behind;   /* one RTP packet rides behind a request */
	unsigned paused;
	uint64_t wall_offset_us; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	uint64_t rtcp_due_us, report_due_us;
	struct call_counts counts;
	bool lossy;
	double loss;	  /* of our packets, 0..1, slow to sink */
	int wait_us;	  /* of the newest packet played */
	int64_t waits_us; /* since the last report: their sum */
	unsigned n_waits; /* and number */
	double wait_ms;	  /* their mean at the last report */
	float spoken_dbov, heard_dbov;

	/* Where we are, where we may go, and where we were: that one is said
	 * BYE, and kept until the next switch. */
	struct call_place *active, *standbys, *left;
	struct call_place *released; /* not taken yet by who frees them */
	struct call_place *asked;    /* among the standbys; NULL: none */
	unsigned last_k;	     /* the highest that we were told */
	bool hopeless;	   /* active, which never answered, is given up */
	bool asked_all;	   /* standbys, in vain */
	bool redirected;   /* active sends us to the standby */
	bool pausing;	   /* active has nothing to send */
	uint64_t heard_us; /* when an authentic packet of it last came */
	uint64_t alarm_us; /* since when it is asked whether it lives; or 0 */
	unsigned refusals; /* in a row */

	/* While a switch goes on the old gate is still heard. */
	struct call_heard heard[2];
	unsigned ear; /* of the two: active's */
	bool switching;
	struct call_switch change;
	uint64_t switched_us;  /* registered at the new gate */
	uint64_t sound_end_us; /* of what was last heard, as ticks go */
	uint64_t old_heard_us; /* heard_us of the old gate */
	unsigned byes;	       /* owed to `left` */
	uint64_t byes_us;      /* when it was last said there */
};

/* call.c */
void call_tell(struct call *call, enum call_event_type type, uint64_t now_us);
/* Over, for this reason. */
void call_finish(struct call *call, enum call_event_type why, uint64_t now_us);
/* To the target in use of a place; FALSE: nothing was sent. size may be an
 * error, or 0. */
bool call_send(struct call *call, struct call_place *place, const uint8_t *buf,
	       int size, uint64_t now_us);
/* One RTCP compound to the target in use of a place. */
void call_send_rtcp(struct call *call, struct call_place *place,
		    const struct stream_extra *extra, uint64_t now_us);
/* The ear that hears a gate for the first time. */
void call_reset_ear(struct call_heard *heard);
/* To a new gate: what it must be told, and what it can decode. */
void call_introduce(struct call *call, uint64_t now_us);

/* call_places.c */
/* Each tick: notices death, asks the gates. */
void call_places_tick(struct call *call, uint64_t now_us);
void call_places_poll(struct call *call, uint64_t now_us);
void call_places_stun(struct call *call, const uint8_t *buf, size_t size,
		      uint64_t now_us);
/* Whose SSRC a packet has; NULL: nobody's. */
struct call_place *call_place_of(struct call *call, uint32_t ssrc);
/* Something authentic came from it. */
void call_places_heard(struct call *call, const struct call_place *place,
		       uint64_t now_us);
/* The target in use of a place cannot be reached. */
void call_places_unreachable(struct call *call, struct call_place *place,
			     uint64_t now_us);
/* The new gate is heard, from this tick on. */
void call_places_switched(struct call *call, uint64_t tick_us);

#endif
