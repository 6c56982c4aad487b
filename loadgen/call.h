/* call - the media of one caller: registration, SRTP, the microphone's
 * frames out and the mix's frames in, RTCP, in-band control.
 *
 * A state machine without socket, thread or clock: packets and times are
 * arguments, what it wants goes out through call_io. Created and destroyed by
 * the control thread, used by one media thread in between. */
#ifndef LOADGEN_CALL_H
#define LOADGEN_CALL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/registration.h"
#include "mixer/codec.h"
#include "mixer/jitter.h"
#include "mixer/stream.h"

struct call;

struct call_config {
	struct registration_config registration;
	struct stream_config stream;
	/* low_delay: CELT while the bridge reports no loss of ours, speech
	 * modes with in-band FEC from 3 % on until it is 1 % again. */
	struct codec_config codec;
	struct jitter_config jitter;
	uint64_t report_us; /* interval of CALL_REPORT */
	bool muted;	    /* from the start */
};

/* Packets by kind; "sound" is the first frame of the mix that was played. */
struct call_counts {
	uint32_t requests, answers; /* STUN, out and in */
	uint32_t rtp_out, rtp_in;
	uint32_t rtcp_out, rtcp_in;
};

struct call_report {
	struct stream_report stream;
	struct jitter_report jitter;
	struct call_counts counts;
	uint64_t concealed, recovered; /* frames: by PLC, by FEC */
	uint64_t undecodable;
	double wait_ms; /* mean, from a packet's arrival to its being heard */
	float spoken_dbov, heard_dbov; /* newest frame, -127 to 0 */
	bool muted;
};

enum call_event_type {
	CALL_CONNECT,	 /* target `target` wants its WebSocket */
	CALL_REGISTERED, /* target `target` knows us */
	CALL_SOUND,	 /* the first frame of the mix is played */
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
		struct registration_target where; /* CONNECT, REGISTERED */
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
	 * from registration to the end, silence where nothing came. wait_us:
	 * since the newest packet of it came; a packet that the tick, being
	 * late, just met has waited less than nothing. */
	void (*hear)(const int16_t *pcm, uint64_t tick_us, int wait_us,
		     void *arg);
};

/* Returns 0, -EINVAL or -ENOMEM. io and arg stay the caller's. */
int call_create(struct call **call_r, const struct call_config *cfg,
		const struct call_io *io, void *arg);
void call_destroy(struct call **callp);

/* RT. Registers at the first target, now. wall_us is CLOCK_REALTIME at the
 * same moment, for RTCP; all other times are CLOCK_MONOTONIC. */
void call_start(struct call *call, uint64_t now_us, uint64_t wall_us);
/* RT. Once every 20 ms. tick_us is the time it was meant for, now_us what
 * the clock says. */
void call_tick(struct call *call, uint64_t tick_us, uint64_t now_us);
/* RT. One packet that came from any target, decrypted in place. */
void call_receive(struct call *call, uint8_t *buf, size_t size,
		  uint64_t now_us);
/* RT. The WebSocket to a target is open, or is no more. */
void call_websocket(struct call *call, unsigned target, bool open,
		    uint64_t now_us);
/* RT. Own mute; the bridge is told in-band. */
void call_mute(struct call *call, bool muted, uint64_t now_us);
/* RT. One RTCP BYE; it may be repeated, nobody acknowledges it. */
void call_bye(struct call *call, uint64_t now_us);
/* RT. Media thread only: ALTERNATE-SERVER may change it. */
const struct registration_target *call_target(const struct call *call,
					      unsigned target);

#endif
