/* registration - how a caller makes itself known at one PhoneGate and stays
 * known: STUN Binding with the dialog's short-term credential, the cookie's
 * echo, consent every half `keep`, and the way to the gate's next candidate
 * when three requests 200 ms apart stay unanswered (docs/ipsp.md, "At the
 * PhoneGate").
 *
 * A state machine without socket or clock: the owner asks it what to send,
 * shows it what came, and tells it the time. RT throughout, one thread. */
#ifndef LOADGEN_REGISTRATION_H
#define LOADGEN_REGISTRATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mixer/stun.h"

#define REGISTRATION_MAX_TARGETS 16
#define REGISTRATION_TRY_US	 (200 * 1000)
#define REGISTRATION_TRIES	 3
#define REGISTRATION_CONNECT_US	 (5 * 1000 * 1000)  /* of a WebSocket */
#define REGISTRATION_LOST_US	 (30 * 1000 * 1000) /* the gate's own limit */

/* One candidate of the gate; what `url` means is the owner's business. */
struct registration_target {
	bool websocket;
	struct sockaddr_storage address; /* UDP */
	char url[256];			 /* WebSocket */
};

struct registration_config {
	char username[STUN_MAX_USERNAME];
	char password[64];
	struct registration_target targets[REGISTRATION_MAX_TARGETS];
	unsigned n_targets; /* in the order to be tried */
	unsigned laps;	    /* over all of them, before the first answer */
	uint64_t keep_us;   /* consent at least so often */
	bool echo;	    /* false: only SRTP proves our address */
};

struct registration {
	struct registration_config cfg;
	struct stun_key key;
	unsigned target; /* the one in use */
	bool registered; /* there */
	bool ever;	 /* at any target, at any time */
	unsigned failed; /* targets in a row */
	unsigned tries;	 /* of the open transaction; 0: none is open */
	uint8_t transaction[STUN_TRANSACTION_SIZE];
	uint8_t cookie[STUN_COOKIE_SIZE];
	bool echoing;	  /* the open request takes a new cookie back at once */
	uint64_t due_us;  /* when there is something to do */
	uint64_t lost_us; /* when `registered` was last true */
	bool connecting, connected;	   /* WebSocket of this target */
	struct sockaddr_storage alternate; /* where the gate sends us */
};

/* Returns 0 or -EINVAL (no target). */
int registration_init(struct registration *reg,
		      const struct registration_config *cfg, uint64_t now_us);

/* What is due now. Returns the bytes of a request in buf, for the target in
 * use; 0 when nothing is due; -ENOTCONN once for each WebSocket target: the
 * owner opens it and calls registration_connected(); -EHOSTUNREACH when no
 * target answers: it is over. */
int registration_poll(struct registration *reg, uint64_t now_us, uint8_t *buf,
		      size_t cap);

/* One STUN message that came. Returns what it was, or -EBADMSG, -EACCES or
 * -ESTALE when it was no authentic answer to our request. */
enum registration_answer {
	REGISTRATION_RENEWED,
	REGISTRATION_NEW,      /* the target in use is registered now */
	REGISTRATION_REFUSED,  /* and left */
	REGISTRATION_REDIRECT, /* to `alternate`; we stay as we are */
};
int registration_receive(struct registration *reg, const uint8_t *buf,
			 size_t size, uint64_t now_us);

/* Whether a UDP target has this address. */
bool registration_is_at(const struct registration *reg, unsigned target,
			const struct sockaddr_storage *address);

/* Asks all targets again as if it had never been done, from that of an address
 * on (NULL, or none of ours: from the first). */
void registration_restart(struct registration *reg,
			  const struct sockaddr_storage *address,
			  uint64_t now_us);

/* The WebSocket of the target in use is open. */
void registration_connected(struct registration *reg, uint64_t now_us);

/* The target in use is out of reach (a socket error, a closed WebSocket). */
void registration_unreachable(struct registration *reg, uint64_t now_us);

/* Nothing was heard for a while: asks for consent now. */
void registration_check(struct registration *reg, uint64_t now_us);

#endif
