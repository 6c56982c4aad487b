/* caller - one person who calls rooms by mail: his mail account, the INVITE
 * he sends, the answer he awaits, the keys of both, and the call that comes
 * of it. ipsp-phone has one, ipsp-loadgen has hundreds; all of a process
 * share one caller_pool.
 *
 * Lives on the default GLib main context; every callback comes from there,
 * none from inside a function of this header except caller_invite(). */
#ifndef LOADGEN_CALLER_H
#define LOADGEN_CALLER_H

#include <glib.h>

#include "loadgen/call.h"
#include "loadgen/media.h"
#include "signaling/ipsp.h"

struct caller;
struct caller_pool; /* the media thread and the WebSocket client */

enum caller_transport {
	CALLER_AUTO, /* every UDP candidate, then WebSockets */
	CALLER_UDP,
	CALLER_WSS,
};

struct caller_config {
	const char *address, *name; /* name may be NULL */
	const char *device;	    /* NULL: "phone" */
	const char *mailbox_url, *post_url;
	const char *username, *password; /* of both; NULL: none */
	const char *ca_file;		 /* NULL: the system's */
	guint poll_ms;			 /* 0: the mailbox's own default */
	enum caller_transport transport;
	gboolean plain;	  /* RTP in the clear; lab rooms only */
	GBytes *room_key; /* NULL: none; the caller takes a reference */
	const struct ipsp_gate *gate; /* offered in INVITE, copied; or NULL */
	gboolean no_echo;	      /* see registration_config.echo */
	gboolean no_level;	      /* see invite_offer */
	guint answer_s;		      /* awaits the answer so long; 0: 120 */
	struct codec_config codec;
	gboolean deaf; /* see call_config */
	guint report_ms;
};

enum caller_state {
	CALLER_CONNECTING,  /* to the mailbox */
	CALLER_READY,	    /* the mailbox is watched */
	CALLER_INVITING,    /* INVITE mailed, the answer awaited */
	CALLER_REGISTERING, /* OK read */
	CALLER_TALKING,
	CALLER_LEAVING,
	CALLER_ENDED, /* caller_end() says why; may invite again */
};

enum caller_end {
	CALLER_NOT_ENDED,
	CALLER_HUNG_UP, /* caller_hang_up() */
	CALLER_BYE,	/* the bridge hung up without a reason */
	CALLER_KICKED,
	CALLER_ROOM_ENDED,
	CALLER_REPLACED, /* another device of the same name came */
	CALLER_MOVED,	 /* a moderator wants us in caller_moved_to() */
	CALLER_BUSY,
	CALLER_REJECTED,
	CALLER_NO_ANSWER,      /* no OK came in time */
	CALLER_BAD_ANSWER,     /* an OK that cannot be used */
	CALLER_NOT_SENT,       /* the mail was refused, or came back */
	CALLER_MAILBOX_FAILED, /* log-in or network, before it ever worked */
	CALLER_NO_GATE,	       /* no PhoneGate answered */
	CALLER_LOST,	       /* it answers no more */
	CALLER_FAILED,	       /* this machine: no memory, no socket */
};

/* CLOCK_MONOTONIC, us; 0: not yet. */
struct caller_times {
	gint64 submitted; /* INVITE given to post */
	gint64 posted;	  /* taken by the mail server */
	gint64 ok_read;
	gint64 registered;
	gint64 first_sound; /* the first frame of the mix is played */
};

struct caller_progress {
	struct caller_times times;
	guint mails_out, mails_in; /* of this dialog, until first sound */
	struct call_counts counts; /* packets, until first sound */
	char gate[64];		   /* id of the PhoneGate of now */
	char path[80];		   /* "udp 192.0.2.1:5004" or a URL */
};

/* A room calls us in (docs/ipsp.md, "A room calls"). */
struct caller_ring {
	const char *did, *room;
	const char *name; /* of the room; NULL: not known */
	const char *by;	  /* for whom it calls; "" if it does not say */
};

struct caller_events {
	void (*state)(struct caller *caller, enum caller_state state,
		      void *arg);
	/* CALL_SOUND, CALL_SWITCHED, CALL_REPORT and CALL_MESSAGE. */
	void (*event)(struct caller *caller, const struct call_event *event,
		      void *arg);
	/* Once for each call, where we are in none; NULL: such mails are left
	 * alone. caller_invite() answers it. */
	void (*ring)(struct caller *caller, const struct caller_ring *ring,
		     void *arg);
};

/* ca_file: trusted for wss; NULL: the system's. */
struct caller_pool *caller_pool_create(const char *ca_file, GError **error);
/* All its callers must have been destroyed. */
void caller_pool_destroy(struct caller_pool **poolp);
struct media *caller_pool_media(struct caller_pool *pool);

/* Connects to the account. */
struct caller *caller_create(struct caller_pool *pool,
			     const struct caller_config *cfg,
			     const struct caller_events *events, void *arg,
			     GError **error);
/* Silent and at once: a call that is not CALLER_ENDED is cut off. Not from
 * inside a callback of the caller. */
void caller_destroy(struct caller **callerp);

/* Mails an INVITE to room. pin may be NULL. FALSE in mid-call. */
gboolean caller_invite(struct caller *caller, const char *room, const char *pin,
		       const struct media_sound *sound, void *sound_arg,
		       GError **error);
/* Tells the room that we do not come, whose call has that did. */
void caller_decline(struct caller *caller, const char *room, const char *did);
/* CANCEL, BYE by mail or RTCP BYE, whichever fits; CALLER_ENDED follows
 * within 5 s. */
void caller_hang_up(struct caller *caller);
void caller_mute(struct caller *caller, gboolean muted);
/* Wants to speak, or does not any more; the room may lower it too. Only while
 * there is a call. */
void caller_raise_hand(struct caller *caller, gboolean up);
gboolean caller_hand(const struct caller *caller);
/* Whether a moderator has asked to unmute; yes does. */
gboolean caller_is_asked(const struct caller *caller);
void caller_answer(struct caller *caller, gboolean yes);
/* Seconds for which the caller still has the floor; 0: no limit, -1: has it
 * not. */
gint caller_floor_s(const struct caller *caller);
/* An in-band message, of at most IPSP_MAX_MESSAGE bytes; lost where there is no
 * call, or where too many wait. */
void caller_message(struct caller *caller, const char *json, gsize size);

enum caller_state caller_state(const struct caller *caller);
enum caller_end caller_end(const struct caller *caller);
/* A sentence on the end, for people. */
const char *caller_why(const struct caller *caller);
/* The room to call after CALLER_MOVED, of the domain of the one before; NULL:
 * none that we should believe in. Until the next caller_invite(). */
const char *caller_moved_to(const struct caller *caller);
const struct caller_progress *caller_progress(const struct caller *caller);
gboolean caller_muted(const struct caller *caller);

/* "ready", "hung-up": for JSON. */
const char *caller_state_name(enum caller_state state);
const char *caller_end_name(enum caller_end end);
/* "silent", "refused", "redirected". */
const char *caller_switch_name(enum call_switch_why why);

#endif
