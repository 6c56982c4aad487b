/* worker - one media thread: its UDP port, its PhoneGates, its rooms' mixes.
 *
 * The control thread creates everything and hands it down by commands; the
 * worker applies them between ticks and hands back events and retired
 * objects, which the control thread frees. Nothing here locks.
 *
 * Objects, all created and destroyed by the control thread:
 *   worker    thread, sockets, 20 ms tick on absolute CLOCK_MONOTONIC
 *   mix       (mixer/mix.h) what one room hears on this worker
 *   phonegate up to sessions_per_gate sessions of one room
 *   session   one member: STUN credentials, path, stream, leg
 *   hub       a mix that is a node of a room's tree, and its trunks */
#ifndef GATE_WORKER_H
#define GATE_WORKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "bridge/gate/histogram.h"
#include "bridge/gate/hub.h"
#include "bridge/gate/session.h"
#include "bridge/gate/stress.h"
#include "bridge/gate/trunk.h"
#include "mixer/mix.h"
#include "mixer/stream.h"

#define WORKER_MAX_LISTEN 4

struct worker;
struct phonegate;

/* Why a session's media ended. */
enum worker_gone {
	GONE_BYE,     /* the member said RTCP BYE */
	GONE_MOVED,   /* the same, and that he goes on at another gate */
	GONE_CONSENT, /* no authenticated request for 30 s */
	GONE_PATH,    /* its WebSocket closed and no other path is proven */
};

/* Called on the control thread, from worker_dispatch(). `member` is
 * session_config.member; what it is told of may just have been removed. NULL:
 * nobody wants to know. */
struct worker_events {
	/* The first proven path, and each change of it. `path` is a literal
	 * "192.0.2.1:5004", "[2001:db8::1]:5004" or "websocket". */
	void (*registered)(uint32_t member, const char *path, bool first,
			   void *arg);
	void (*gone)(uint32_t member, enum worker_gone why, void *arg);
	/* An in-band control message (JSON text, not terminated); it was
	 * acknowledged already and comes once. */
	void (*message)(uint32_t member, const char *json, size_t size,
			void *arg);
	/* Once a second for each session. */
	void (*report)(uint32_t member, const struct session_report *rep,
		       void *arg);
	/* A DTLS datagram of a browser's session, for its handshake; from an
	 * address that passed ICE. NULL where there are no browsers. */
	void (*dtls)(uint32_t member, const uint8_t *buf, size_t size,
		     void *arg);
	/* A packet for a WebSocket path (ipsp-media). */
	void (*websocket)(uint32_t connection, const uint8_t *buf, size_t size,
			  void *arg);
	/* The cascade. `tag` is the config's.
	 * Each once a second, and when a state changes. */
	void (*trunk)(uint32_t tag, const struct trunk_report *rep, void *arg);
	void (*hub)(uint32_t tag, const struct hub_report *rep, void *arg);
	/* A message from hub `from` of the room; comes once. */
	void (*hub_message)(uint32_t tag, uint32_t from, const char *json,
			    size_t size, void *arg);
};

struct worker_config {
	unsigned index;
	int cpu; /* pin to this CPU where it is allowed, or -1 */
	/* Addresses with port; port 0 lets the kernel choose. */
	struct sockaddr_storage listen[WORKER_MAX_LISTEN];
	unsigned n_listen;
};

/* Binds the sockets and starts the thread. Returns 0 or -errno. */
int worker_create(struct worker **wrk_r, const struct worker_config *cfg,
		  const struct worker_events *events, void *arg);

/* Ends the thread; every session, gate and mix must have been removed, and
 * what was retired is freed. */
void worker_stop(struct worker *wrk);
/* Stops it first, unless it was. Workers between which rooms have moved must
 * all be stopped before the first is destroyed. */
void worker_destroy(struct worker **wrkp);

/* The address of listen[i] as bound, with its port. */
void worker_address(const struct worker *wrk, unsigned i,
		    struct sockaddr_storage *addr_r);

/* Readable when worker_dispatch() has work; the control loop watches it. */
int worker_fd(const struct worker *wrk);
void worker_dispatch(struct worker *wrk);

/* Commands, for the control thread. Each returns 0, or -EAGAIN when the worker
 * does not keep up (it is then overloaded or dead, and the caller refuses what
 * it wanted). The worker owns what is added until it retires it. */
int worker_add_mix(struct worker *wrk, struct mix *mix);
int worker_remove_mix(struct worker *wrk, struct mix *mix);
int worker_add_gate(struct worker *wrk, struct phonegate *gate);
int worker_remove_gate(struct worker *wrk, struct phonegate *gate);
/* The gate's mix was added before it. The session takes one of its places,
 * -ENOSPC when there is none; a standby takes none. Of two sessions of one user
 * name the later one answers his requests. */
int worker_add_session(struct worker *wrk, struct phonegate *gate,
		       struct session *ses);
/* Sends RTCP BYE, forgets the keys, retires the session. */
int worker_remove_session(struct worker *wrk, struct session *ses);
/* For a session that was created held. */
int worker_admit(struct worker *wrk, struct session *ses);
int worker_mute(struct worker *wrk, struct session *ses, bool muted);
/* It is sent nothing of the mix, as if nobody spoke. */
int worker_deafen(struct worker *wrk, struct session *ses, bool deaf);
/* See mix_leg_set_gain(). */
int worker_set_gain(struct worker *wrk, struct session *ses, float gain);
/* Moves a room, its mix, gates and all `sessions` of its sessions, to another
 * worker; afterwards commands for them go to that one. Waits until `from` has
 * let it go: a few ms, at worst its tick. Its members keep their address: what
 * they send is handed on, what they hear comes from where they send to. At
 * most once in a room's life, and never with a hub. Returns 0, or with nothing
 * changed -EAGAIN, -ENOMEM or -ENOENT. */
int worker_move(struct worker *from, struct worker *to, struct mix *mix,
		unsigned sessions);
/* Sends an in-band control message and repeats it until acknowledged, for
 * at most 5 s. -EMSGSIZE over STREAM_APP_MAX. */
int worker_message(struct worker *wrk, struct session *ses, const char *json);
/* Sends the member to another gate, where a session awaits him: his requests
 * are answered by 300 and this address, a UDP candidate of the standby that he
 * was told of before, and he is asked to make one now. He stays in the mix
 * until he says BYE. Family 0: he may stay after all. -EINVAL for what is no
 * address. */
int worker_redirect(struct worker *wrk, struct session *ses,
		    const struct sockaddr_storage *alternate);
/* For a browser's session (session_config.ice), see ice.c. A datagram of DTLS,
 * to where its last one came from; at most RTP_MAX_PACKET bytes. */
int worker_send_dtls(struct worker *wrk, struct session *ses,
		     const uint8_t *buf, size_t size);
/* The handshake is done: that address is proven, media flows with these keys.
 * -EINVAL or -ENOMEM where there is no such stream. */
int worker_set_keys(struct worker *wrk, struct session *ses,
		    const struct stream_config *stream);
/* An ICE restart: from now on these are its credentials. Its path stays until
 * another is nominated. -EINVAL when they are too long. */
int worker_restart_ice(struct worker *wrk, struct session *ses,
		       const char *username, const char *password);
/* The cascade, see hub.h. A mix has one hub at most, added after it and
 * removed before it. What is removed says so to its peers. */
int worker_add_hub(struct worker *wrk, struct mix *mix, struct hub *hub);
/* And the trunks that it still has. */
int worker_remove_hub(struct worker *wrk, struct hub *hub);
int worker_set_hub(struct worker *wrk, struct hub *hub, bool root, bool vice);
/* -EADDRNOTAVAIL: the worker has no socket of any of its peers' families. A
 * hub may have many children and alternates; a parent that is added when it
 * has one takes its place. */
int worker_add_trunk(struct worker *wrk, struct hub *hub, struct trunk *trk);
/* One that is up lingers until the child of the two is up elsewhere, for 2 s at
 * most; it reports no more. */
int worker_remove_trunk(struct worker *wrk, struct trunk *trk);
/* One of the room's `talkers` places is this member's whenever he speaks,
 * however loud others are. */
int worker_must_hear(struct worker *wrk, struct session *ses, bool must);
/* A JSON text for hub `to`, from trunk to trunk; 0: for all others. Each hop
 * repeats it until acknowledged, for at most 5 s. -EMSGSIZE. */
int worker_hub_message(struct worker *wrk, struct hub *hub, uint32_t to,
		       const char *json);
/* What is heard in this mix goes to the tap too, NULL: no longer. The one
 * before is closed, as is the last one when the mix goes. */
int worker_set_tap(struct worker *wrk, struct mix *mix, struct tap *tap);
/* All in this mix hear it, after those that were given before; the worker's
 * when this succeeds. */
int worker_play(struct worker *wrk, struct mix *mix, struct clip *clip);
/* What is played ends within 20 ms, what waits is not played. */
int worker_hush(struct worker *wrk, struct mix *mix);
/* A packet from a WebSocket, and its close. `connection` is the web side's
 * own number, never reused. Packets beyond the ring's room are dropped and
 * counted. */
int worker_websocket(struct worker *wrk, uint32_t connection,
		     const uint8_t *buf, size_t size);
int worker_websocket_closed(struct worker *wrk, uint32_t connection);

/* Counters of the whole worker. Any thread. */
struct worker_report {
	uint64_t ticks, late_ticks; /* late: began > 5 ms after its time */
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
	uint64_t unknown_user, bad_key; /* STUN, answered by silence */
	uint64_t unproven;		/* media from an address not proven */
	uint64_t malformed;
	uint64_t dropped; /* a ring or a socket had no room for it */
	uint64_t unread;  /* the kernel had no room for it, coming in */
	uint64_t sessions;
	double stress; /* 0..1, see stress.h */
	enum effort effort;
	struct histogram_reading tick_times;	/* from begin to all sent */
	struct histogram_reading tick_lateness; /* of its begin */
};
void worker_report(const struct worker *wrk, struct worker_report *rep_r);

/* A PhoneGate: `sessions` places in one room's mix. id is shown to people,
 * for example "local-1". Returns 0, -EINVAL or -ENOMEM. */
int phonegate_create(struct phonegate **gate_r, const char *id, struct mix *mix,
		     unsigned sessions);
void phonegate_destroy(struct phonegate **gatep);

#endif
