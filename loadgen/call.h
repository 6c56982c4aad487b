/* call - the media of one caller: registration, SRTP, the microphone's
 * frames out and the mix's frames in, RTCP, in-band control; and, where the
 * gate dies or is taken away, the switch to the standby.
 *
 * A state machine without socket, thread or clock: packets and times are
 * arguments, what it wants goes out through call_io. Created and destroyed by
 * the control thread, used by one media thread in between. */
#ifndef LOADGEN_CALL_H
#define LOADGEN_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/call_place.h"
#include "mixer/codec.h"
#include "mixer/jitter.h"

struct call;

struct call_config {
	/* Where to register, then its standbys in their order; the call takes
	 * them, also when it cannot be created. */
	struct call_place *places;
	/* low_delay: CELT while the bridge reports no loss of ours, speech
	 * modes with in-band FEC from 3 % on until it is 1 % again. */
	struct codec_config codec;
	struct jitter_config jitter;
	uint64_t report_us; /* interval of CALL_REPORT */
	bool muted;	    /* from the start */
	/* After the first frame of the mix packets are only counted: neither
	 * decoded nor heard. For crowds; not where gates die. */
	bool deaf;
};

/* Packets by kind; "sound" is the first frame of the mix that was played. */
struct call_counts {
	uint32_t requests, answers; /* STUN, out and in */
	uint32_t rtp_out, rtp_in;
	uint32_t rtcp_out, rtcp_in;
};

struct call_report {
	struct stream_report stream; /* with the gate of now */
	struct jitter_report jitter;
	struct call_counts counts;
	uint64_t concealed, recovered; /* frames: by PLC, by FEC */
	uint64_t undecodable;
	double wait_ms; /* mean, from a packet's arrival to its being heard */
	float spoken_dbov, heard_dbov; /* newest frame, -127 to 0 */
	bool muted;
};

enum call_switch_why {
	CALL_SILENT,	 /* the gate did not answer any more */
	CALL_REFUSED,	 /* its host said that nobody is there */
	CALL_REDIRECTED, /* it sent us to the standby */
	CALL_WHYS,
};

struct call_switch {
	unsigned from, to; /* k */
	enum call_switch_why why;
	/* What was not heard: from the last sound of the old gate, or in a
	 * pause from its last packet, to the first of the new one, where
	 * that came within 2 s; else to the registration there. */
	uint64_t lost_us;
};

enum call_event_type {
	CALL_CONNECT,	 /* target `target` wants its WebSocket */
	CALL_REGISTERED, /* target `target` knows us, and has the call */
	CALL_SOUND,	 /* the first frame of the mix is played */
	CALL_SWITCHED,	 /* the gate of target `target` is heard now */
	CALL_LEFT,	 /* and the one before was said BYE */
	CALL_MESSAGE,	 /* in-band control from the bridge, once */
	CALL_REPORT,
	CALL_BYE,     /* the bridge hung up */
	CALL_NO_GATE, /* no target ever answered */
	CALL_LOST,    /* none answers any more */
};

struct call_event {
	enum call_event_type type;
	uint64_t time_us; /* CLOCK_MONOTONIC */
	unsigned target;
	struct call_counts counts; /* until then */
	union {
		struct {
			struct registration_target target;
			char gate[64];
		} where; /* CONNECT, REGISTERED */
		struct call_switch change;
		struct call_report report;
		struct {
			size_t size;
			char json[STREAM_APP_MAX];
		} message;
	};
};

/* RT, all on the media thread. */
struct call_io {
	/* Sends to a target; negative: it cannot be reached. */
	int (*send)(unsigned target, const uint8_t *buf, size_t size,
		    void *arg);
	void (*event)(const struct call_event *event, void *arg);
	/* The 20 ms that were spoken until tick_us; FALSE: nothing, pcm_r
	 * is left alone. */
	bool (*speak)(int16_t *pcm_r, uint64_t tick_us, void *arg);
	/* The 20 ms to be heard from tick_us on: one call for each tick
	 * from registration to the end (deaf: to the first frame), silence
	 * where nothing came. wait_us:
	 * since the newest packet of it came; a packet that the tick, being
	 * late, just met has waited less than nothing. */
	void (*hear)(const int16_t *pcm, uint64_t tick_us, int wait_us,
		     void *arg);
	/* A place is not needed any more: the control thread may free it.
	 * FALSE: not now, it is offered again. */
	bool (*release)(struct call_place *place, void *arg);
};

/* Returns 0, -EINVAL or -ENOMEM. io and arg stay the caller's. */
int call_create(struct call **call_r, const struct call_config *cfg,
		const struct call_io *io, void *arg);
/* With the places that it still has. */
void call_destroy(struct call **callp);

/* RT. Registers at the first place, now. wall_us is CLOCK_REALTIME at the
 * same moment, for RTCP; all other times are CLOCK_MONOTONIC. */
void call_start(struct call *call, uint64_t now_us, uint64_t wall_us);
/* RT. Once every 20 ms. tick_us is the time it was meant for, now_us what
 * the clock says. */
void call_tick(struct call *call, uint64_t tick_us, uint64_t now_us);
/* RT. One packet that came from any target, decrypted in place. */
void call_receive(struct call *call, uint8_t *buf, size_t size,
		  uint64_t now_us);
/* RT. The host of a UDP target says that nobody is at this port. */
void call_refused(struct call *call, const struct sockaddr_storage *address,
		  uint64_t now_us);
/* RT. The WebSocket to a target is open, or is no more. */
void call_websocket(struct call *call, unsigned target, bool open,
		    uint64_t now_us);
/* RT. From now on this is the standby, instead of all that were. */
void call_set_standby(struct call *call, struct call_place *place,
		      uint64_t now_us);
/* RT. Asks the gate for consent now, it may have something to say. */
void call_check(struct call *call, uint64_t now_us);
/* RT. Own mute; the bridge is told in-band. */
void call_mute(struct call *call, bool muted);
/* RT. The caller wants to speak, or does not any more. */
void call_raise_hand(struct call *call, bool up);
/* RT. To the n-th "ask-unmute"; yes unmutes. */
void call_answer(struct call *call, uint32_t n, bool yes);
/* RT. An in-band message, said after those that wait; dropped where too many
 * do. */
void call_message(struct call *call, const uint8_t *json, size_t size);
/* RT. One RTCP BYE; it may be repeated, nobody acknowledges it. */
void call_bye(struct call *call, uint64_t now_us);

/* A target is one candidate of one place. */
static inline unsigned call_target(unsigned k, unsigned candidate)
{
	return k * REGISTRATION_MAX_TARGETS + candidate;
}
/* RT. Media thread only. NULL: its place is gone. */
const struct registration_target *call_find_target(const struct call *call,
						   unsigned target);

#endif
