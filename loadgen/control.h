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
#define CONTROL_REPEAT_US  (200 * 1000)
#define CONTROL_GIVE_UP_US (5 * 1000 * 1000)

struct control {
	/* Ours. A caller only ever tells states ("self-mute"): the newest
	 * replaces one that was not acknowledged yet, so that a repeated
	 * old state cannot overtake it. */
	uint32_t id; /* 0: none was said yet */
	bool open;   /* not acknowledged, not given up */
	size_t size;
	uint64_t due_us, until_us;
	uint8_t json[STREAM_APP_MAX];

	uint32_t seen[CONTROL_SEEN]; /* the peer's newest ids */
	unsigned n_seen;	     /* ever */
};

/* Says json from now on. Returns 0 or -EMSGSIZE. */
int control_say(struct control *ctl, const char *json, uint64_t now_us);
/* Whether our message is to be sent now; it is due again in 200 ms. */
bool control_due(struct control *ctl, uint64_t now_us);
void control_acked(struct control *ctl, uint32_t id);
/* Whether the peer's message id is new; it is not from then on. */
bool control_is_new(struct control *ctl, uint32_t id);

#endif
