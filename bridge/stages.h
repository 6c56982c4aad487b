/* stages - the rooms on this process's workers: for each its mix, the
 * PhoneGates that are opened as they are needed, the sessions at them, and its
 * hub where it is part of a cascade.
 *
 * What the media of a lone bridge (local_media.h) and of a site (site.h) both
 * stand on. Control thread only. */
#ifndef BRIDGE_STAGES_H
#define BRIDGE_STAGES_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/gate/worker.h"
#include "signaling/ipsp.h"

struct stages;
struct stage; /* a room's place on one worker, while it is open */
struct leg;   /* a session at a gate of a stage */

struct stages_config {
	const char *const *addresses; /* literals to listen on */
	guint port;		      /* of worker 0, see config.h */
	guint workers;
	guint sessions_per_gate;
	guint gates; /* 0: as many as it takes; CONFIG_NO_GATES */
	guint bitrate;
	/* To announce instead of what is listened on; may be NULL. */
	const char *const *public_addresses;
	/* "wss://conf.example/media/", to which the worker's number is added;
	 * NULL: no media over WebSocket. */
	const char *websocket_url;
};

/* The configuration's part in cfg_r, valid as long as the configuration and
 * websocket_url are. NULL: no media over WebSocket. */
void stages_config_read(const struct config *cfg, const char *websocket_url,
			struct stages_config *cfg_r);
/* The URL of media over WebSocket, without the worker's number: "http..." of
 * web_url becomes "ws...", as it is secured. NULL without a web listener.
 * Caller frees. */
char *stages_config_websocket(const struct config *cfg);

/* Binds the ports and starts the workers. */
struct stages *stages_create(const struct stages_config *cfg,
			     const struct worker_events *events, void *arg,
			     GError **error);
/* Every stage must have been closed. Accepts NULL; sets *stsp to NULL. */
void stages_destroy(struct stages **stsp);

/* Another number of gates, as in stages_config; those that are open stay. */
void stages_offer(struct stages *sts, guint gates);
/* 0 to CONFIG_MAX_GATES, which is as many as it takes. */
guint stages_gates(const struct stages *sts);
guint stages_sessions_per_gate(const struct stages *sts);
/* Whether a gate of this id is open on any stage; how many are. */
gboolean stages_has_gate(const struct stages *sts, const char *id);
guint stages_open_gates(const struct stages *sts);
/* How many of them have somebody who is no standby. */
guint stages_taken_gates(const struct stages *sts);

/* ---- Workers ---- */

guint stages_workers(const struct stages *sts);
/* FALSE: it has so much to do that nobody new may come. */
gboolean stages_is_open(const struct stages *sts, guint worker);
/* The one with the fewest sessions, of those that are open if any is. */
guint stages_idlest(const struct stages *sts);
/* Standbys that nobody has come to are not counted. */
guint stages_sessions(const struct stages *sts, guint worker);
void stages_report(const struct stages *sts, guint worker,
		   struct worker_report *rep_r);
/* struct worker_report of each worker; the caller unrefs. */
GArray *stages_reports(const struct stages *sts);

/* The candidates of the worker, into gate_r. FALSE: it has none. */
gboolean stages_candidates(const struct stages *sts, guint worker,
			   struct ipsp_gate *gate_r);
/* Which of the worker's sockets serves a host at `remote`, and under which
 * address. FALSE: none. */
gboolean stages_address(const struct stages *sts, guint worker,
			const struct sockaddr_storage *remote,
			struct sockaddr_storage *address_r, guint *port_r);

/* Media over WebSocket, see web.h. FALSE: no such worker. */
gboolean stages_websocket(struct stages *sts, guint worker, guint32 connection,
			  const guint8 *buf, gsize size);
void stages_websocket_closed(struct stages *sts, guint worker,
			     guint32 connection);

/* ---- Stages ---- */

/* With `guests` legs for talkers of other hubs. NULL: the worker does not keep
 * up, or the memory does not suffice. */
struct stage *stage_open(struct stages *sts, guint worker,
			 const struct config_sound *sound, guint guests);
/* Every leg must have been closed; its hub ends with it. Accepts NULL; sets
 * *stagep to NULL. */
void stage_close(struct stage **stagep);

guint stage_worker(const struct stage *stage);
guint stage_sessions(const struct stage *stage);
/* Whether somebody sits at that gate of it who is no standby. */
gboolean stage_has_taken(const struct stage *stage, const char *id);
/* The id of a gate that has a place free, and is not one of `draining` (a set
 * of ids); NULL: a new one is to be opened. */
const char *stage_free_gate(const struct stage *stage, GHashTable *draining);

/* To another worker, with all that is on it: see worker_move(). FALSE: nothing
 * has changed. Not one that has a hub or standbys. */
gboolean stage_move(struct stage *stage, guint to);

/* A tap for what is heard here, not yet in use; the caller's. NULL: no memory.
 */
struct tap *stage_make_tap(const struct stage *stage);
/* What is heard goes there; NULL: no longer. The one before is closed, as is
 * the last one with the stage. FALSE: the worker does not keep up, nothing has
 * changed. */
gboolean stage_set_tap(struct stage *stage, struct tap *tap);
/* All that are here hear it. Takes the clip, also when it fails. */
gboolean stage_play(struct stage *stage, struct clip *clip);
void stage_hush(struct stage *stage);

/* Makes it a node of the room's tree. Guests are as many as it was opened
 * with. FALSE as for stage_open(). */
gboolean stage_set_hub(struct stage *stage, struct hub_config *cfg);
void stage_set_root(struct stage *stage, gboolean root, gboolean vice);
/* Takes the trunk, also when it fails. */
gboolean stage_add_trunk(struct stage *stage, struct trunk *trk);
void stage_remove_trunk(struct stage *stage, struct trunk *trk);

/* ---- Legs ---- */

/* What all sessions begin with; the leg as the room's sound wants it is filled
 * in by leg_open(). */
struct session_config leg_defaults(void);

/* Opens the gate if it is not open. Wipes cfg, in which are keys. NULL: the
 * gate is full, or the worker does not keep up. */
struct leg *leg_open(struct stage *stage, const char *gate,
		     struct session_config *cfg);
/* With an RTCP BYE. Its gate is closed with the last of its legs. Accepts
 * NULL; sets *legp to NULL. */
void leg_close(struct leg **legp);
/* A standby has registered: from now on it counts for its gate. */
void leg_arrived(struct leg *leg);

void leg_admit(struct leg *leg);
void leg_mute(struct leg *leg, gboolean muted);
void leg_deafen(struct leg *leg, gboolean deaf);
void leg_set_volume(struct leg *leg, guint percent);
/* An in-band message. */
void leg_tell(struct leg *leg, const char *json);
/* See worker_redirect(). */
void leg_redirect(struct leg *leg, const struct sockaddr_storage *alternate);
/* Of a browser: see worker.h. FALSE: the worker does not keep up. */
void leg_send_dtls(struct leg *leg, const guint8 *buf, gsize size);
gboolean leg_set_keys(struct leg *leg, const struct stream_config *stream);
gboolean leg_restart_ice(struct leg *leg, const char *username,
			 const char *password);
/* dBov -127..0 */
int leg_level(const struct leg *leg);

#endif
