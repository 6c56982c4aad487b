/* trunk - one edge of a room's tree: it joins a hub here to a hub on another
 * worker, in another process or on another host (docs/trunk.md).
 *
 * Both ends are configured by control beforehand, with the same id and keys.
 * The child dials: it sends to the addresses of its peer until an authentic
 * packet comes back, and the parent answers to where an authentic packet came
 * from. Both say something in each tick of 20 ms; who is silent for
 * TRUNK_SILENCE ticks is down.
 *
 * Created and destroyed by the control thread, used by one worker between
 * worker_add_trunk() and its retirement. */
#ifndef GATE_TRUNK_H
#define GATE_TRUNK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mixer/srtp_cipher.h"

/* The versions that this release speaks, docs/trunk.md: TRUNK_PROTOCOL is the
 * newest. Tests make the next release by giving it another. */
#ifndef TRUNK_PROTOCOL
#define TRUNK_PROTOCOL 1
#endif
#define TRUNK_PROTOCOL_MIN 1

#define TRUNK_MAX_PEERS	  4
#define TRUNK_ID_SIZE	  64
#define TRUNK_SALT_SIZE	  16
#define TRUNK_SILENCE	  5    /* ticks: 100 ms */
#define TRUNK_MAX_HOPS	  16   /* that sound may make */
#define TRUNK_MAX_MESSAGE 1024 /* bytes of JSON, see worker_hub_message() */

struct trunk;

/* What the peer is to this end. */
enum trunk_role {
	TRUNK_PARENT,	 /* dialled at once */
	TRUNK_ALTERNATE, /* dialled when the parent is down */
	TRUNK_CHILD,	 /* waited for: as a child, or as whose alternate
			  * this hub is; both are the same here */
};

enum trunk_state {
	TRUNK_IDLE,    /* an alternate not in use, a child not heard yet */
	TRUNK_DIALING, /* no authentic answer yet */
	TRUNK_UP,
	TRUNK_DOWN, /* was up; the peer is silent, or has left */
};

struct trunk_config {
	uint32_t tag; /* the control thread's own number for it */
	char id[TRUNK_ID_SIZE];
	enum trunk_role role;
	unsigned protocol; /* agreed on by control, one of those above */
	/* See trunk_derive(). */
	uint8_t send_key[SRTP_MAX_KEY], receive_key[SRTP_MAX_KEY];
	uint32_t send_ssrc, receive_ssrc;
	/* Where a parent or an alternate may be reached; all are tried. */
	struct sockaddr_storage peers[TRUNK_MAX_PEERS];
	unsigned n_peers;
};

/* Once a second for each trunk, and at each change of its state. Figures are
 * those of the last second; below 0: not known. */
struct trunk_report {
	enum trunk_state state;
	enum trunk_role role;
	float loss_in, loss_out; /* 0..1 of the packets */
	float round_trip_ms;
	/* How old its sound is when it comes, since it came to the hub of who
	 * speaks; as right as the two hosts' wall clocks. */
	float age_ms;
	bool redundant; /* each packet repeats the sound of the last one */
	/* Since the trunk was made. */
	uint64_t packets_in, packets_out, bytes_in, bytes_out;
	uint64_t sounds_in, sounds_out; /* entries, without the repeated */
	uint64_t repaired;  /* sounds that came by a repeated entry only */
	uint64_t malformed; /* packets that were authentic and nonsense */
};

/* Fills in keys and SSRCs for cfg->id and cfg->role, from what both ends
 * share: HKDF-SHA256 of the cluster's secret, and 16 random bytes that the
 * owner of the room made for this trunk. A salt is never used for a second
 * making of the trunk: sequence numbers begin anew. Returns 0 or -EIO. */
int trunk_derive(struct trunk_config *cfg, const uint8_t *secret, size_t size,
		 const uint8_t salt[TRUNK_SALT_SIZE]);

/* Over UDP, by the sockets of its worker. Returns 0, -EINVAL or -ENOMEM. */
int trunk_create(struct trunk **trk_r, const struct trunk_config *cfg);

/* Between two workers of one process: two ends joined by rings. Of the
 * configurations tag, id, role and protocol are used. */
int trunk_create_pair(struct trunk **parent_r,
		      const struct trunk_config *parent, struct trunk **child_r,
		      const struct trunk_config *child);

/* For a trunk that no worker was given. Accepts NULL. */
void trunk_destroy(struct trunk **trkp);

#endif
