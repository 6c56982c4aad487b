/* control - in-band control messages between caller and PhoneGate: SRTCP APP
 * packets named "IPSP", each repeated every 200 ms until it is acknowledged,
 * for at most 5 s, and shown once however often it comes (docs/ipsp.md,
 * "In-band control").
 *
 * Plain state, embedded in a call; RT, one thread. */
#ifndef LOADGEN_CONTROL_H
#define LOADGEN_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/stream.h"

#define CONTROL_SEEN	   16
#define CONTROL_QUEUE	   8 /* messages, the one under way too */
#define CONTROL_REPEAT_US  (200 * 1000)
#define CONTROL_GIVE_UP_US (5 * 1000 * 1000)

/* The state that a caller tells. Of each only the newest counts: it replaces
 * one that was not acknowledged yet, so that a repeated old one cannot overtake
 * it. */
enum control_kind {
	CONTROL_ANSWER, /* to "ask-unmute"; before the mute that it takes back
			 */
	CONTROL_SELF_MUTE,
	CONTROL_HAND,
	CONTROL_KINDS,
};

struct control_message {
	bool open; /* not acknowledged, not given up */
	uint32_t id;
	size_t size;
	uint64_t until_us; /* set once it is under way */
	uint8_t json[STREAM_APP_MAX];
};

struct control {
	/* Ours. One is sent at a time, until it is acknowledged: first the
	 * state, then what must all come, in its order. */
	struct control_message messages[CONTROL_KINDS];
	struct control_message queue[CONTROL_QUEUE]; /* a ring */
	unsigned first, waiting;		     /* of the queue */
	struct control_message *sent; /* NULL: none is under way */
	uint32_t last_id;
	uint64_t due_us;

	uint32_t seen[CONTROL_SEEN]; /* the peer's newest ids */
	unsigned n_seen;	     /* ever */
};

/* Says json from now on. Returns 0 or -EMSGSIZE. */
int control_say(struct control *ctl, enum control_kind kind, const char *json);
/* Says it after all that wait. Returns 0, -EMSGSIZE or -ENOBUFS. */
int control_queue(struct control *ctl, const uint8_t *json, size_t size);
/* The message to be sent now, or NULL; it is due again in 200 ms. */
const struct control_message *control_due(struct control *ctl, uint64_t now_us);
void control_acked(struct control *ctl, uint32_t id);
/* Whether the peer's message id is new; it is not from then on. */
bool control_is_new(struct control *ctl, uint32_t id);

#endif
