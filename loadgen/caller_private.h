/* caller_private - one caller's state, for the three files that are a caller:
 * caller.c (life and leaving), caller_mail.c (what is mailed and read) and
 * caller_media.c (the call, and the pool). Nobody else includes it. */
#ifndef LOADGEN_CALLER_PRIVATE_H
#define LOADGEN_CALLER_PRIVATE_H

#include "loadgen/caller.h"
#include "loadgen/invite.h"
#include "loadgen/websocket.h"
#include "signaling/mailbox.h"
#include "signaling/post.h"

#define CALLER_WHY_MAX 256 /* bytes of a sentence on the end */

struct caller_pool {
	struct media *media;
	struct websocket_client *websockets; /* NULL until first needed */
	char *ca_file;
	guint watch;
};

struct caller_socket {
	struct caller *caller;
	struct websocket *websocket; /* NULL: none */
	unsigned target;
};

struct caller {
	struct caller_pool *pool;
	const struct caller_events *events;
	void *arg;
	struct caller_config cfg; /* but for its strings */
	char *address, *name, *device;
	struct ipsp_gate gate; /* without candidates: none is offered */

	struct mailbox *mailbox;
	struct post *post;
	gboolean watching, ever_watching;
	enum caller_state state;

	/* The dialog. */
	struct invite invite;
	gint64 mail_id;	    /* of the newest mail posted */
	gboolean mail_open; /* it is not sent yet */
	guint answer_timer, leave_timer, retry_timer, finish_idle;
	struct media_line *line;
	gboolean retiring; /* the line hung up, is not retired yet */
	/* Of the gate that has the call, and of the one that is asked. */
	struct caller_socket sockets[2];
	unsigned target; /* that has the call */
	struct invite_wish wish;
	const struct media_sound *sound;
	void *sound_arg;
	gboolean muted, hand;
	guint asked;	       /* to unmute, and not answered yet; 0: no */
	gboolean floor;	       /* we have it */
	gint64 floor_until_us; /* CLOCK_MONOTONIC; 0: no limit */
	enum caller_end end, bridge_end; /* bridge_end: its in-band reason */
	char *why, *bridge_why;
	char *moved_to; /* by the bridge; NULL: nowhere */
	struct caller_progress progress;
};

void caller_set_state(struct caller *caller, enum caller_state state);
/* From INVITE to the end of talking. */
gboolean caller_in_dialog(const struct caller *caller);
void caller_clear_timer(guint *timer);

/* Ends the dialog; why is copied. Does nothing outside of one. */
void caller_leave(struct caller *caller, enum caller_end end, const char *why);
/* CALLER_ENDED, once media and mail are done. */
void caller_finish_leaving(struct caller *caller);

/* caller_mail.c */
extern const struct mailbox_events caller_mailbox_events;
extern const struct post_events caller_post_events;
/* Frees the seat by mail where RTCP BYE cannot. */
void caller_take_back(struct caller *caller);

/* caller_media.c: after the OK. */
void caller_start_media(struct caller *caller);
void caller_close_websockets(struct caller *caller);

#endif
