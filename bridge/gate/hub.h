/* hub - a room's presence on one worker: its mix with the PhoneGates there,
 * and the trunks to the room's other hubs. Hubs are the nodes of the room's
 * tree (docs/trunk.md).
 *
 * Select in the tree, mix at the edge. Each hub passes the sound of the best
 * `talkers` of its subtree up, at once and as it came; the root's are the
 * room's, and go down to all. Twenty milliseconds apart the root's verdict
 * follows them: who the chosen are. Whoever talks here or below and is not
 * among them 200 ms after he was first sent up is not heard here either, so
 * that all hear the same ones. Remote talkers enter the mix as guests.
 *
 * A hub without a parent that is up acts as root of what is left to it, so
 * that those people go on hearing each other.
 *
 * Created and destroyed by the control thread, used by one worker between
 * worker_add_hub() and its retirement. A room with a hub never moves to
 * another worker. */
#ifndef GATE_HUB_H
#define GATE_HUB_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/mix.h"

#define HUB_MAX_TALKERS MIX_MAX_TALKERS
#define HUB_MAX_GUESTS	256
#define HUB_GRACE_US	200000u /* heard without a verdict for so long */
#define HUB_CUT_OFF_US	400000u

struct hub;

struct hub_config {
	uint32_t tag; /* the control thread's own number for it */
	uint32_t id;  /* its number in the room's tree, for messages */
	/* Of the room, as the mix has it: 0 becomes HUB_MAX_TALKERS. */
	unsigned talkers;
	/* Legs of the mix that are kept for remote talkers; its capacity
	 * counts them too. 1 to HUB_MAX_GUESTS; talkers + 8 is plenty. */
	unsigned guests;
	bool root;
	/* Becomes root when its parent is down, and yields when that is
	 * back. */
	bool vice;
	/* What a guest's leg needs of the mix: everybody, jitter, channels,
	 * denoise. The rest is set here. */
	struct mix_leg_config leg;
};

enum hub_parent {
	HUB_ROOT, /* needs none: root, or vice in its place */
	HUB_PARENT,
	HUB_ALTERNATE,
	HUB_SEEKING, /* neither is up, for less than HUB_CUT_OFF_US */
	HUB_CUT_OFF,
};

/* Once a second, and when `parent` changes. */
struct hub_report {
	enum hub_parent parent;
	unsigned guests; /* remote talkers in the mix */
	unsigned n_talkers;
	uint32_t talkers[HUB_MAX_TALKERS]; /* origins of those chosen */
};

/* Returns 0, -EINVAL or -ENOMEM. */
int hub_create(struct hub **hub_r, const struct hub_config *cfg);
/* For a hub that no worker was given. Accepts NULL. */
void hub_destroy(struct hub **hubp);

#endif
