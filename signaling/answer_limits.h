/* answer_limits - how many answers an address, its domain and a room get in a
 * sliding window (docs/ipsp.md, "The room's mailbox").
 *
 * Exact: in no span of the window's length does a key get more. Time is an
 * argument. Memory is bounded by max_keys; when that many keys are inside
 * their windows at once, what would need one more is refused. */
#ifndef SIGNALING_ANSWER_LIMITS_H
#define SIGNALING_ANSWER_LIMITS_H

#include <glib.h>

#include "signaling/scoped.h"

#define ANSWER_LIMITS_ADDRESS_WINDOW_S 600
#define ANSWER_LIMITS_DOMAIN_WINDOW_S  60
#define ANSWER_LIMITS_ROOM_WINDOW_S    60

struct answer_limits;

struct answer_limits_config {
	guint per_address; /* in 10 min; 3 */
	guint per_domain;  /* in 1 min; 30 */
	guint per_room;	   /* in 1 min; 30 */
	guint max_keys;	   /* addresses, domains and rooms; 65536 */
};

enum answer_limits_verdict {
	ANSWER_LIMITS_PASS,
	ANSWER_LIMITS_ADDRESS,
	ANSWER_LIMITS_DOMAIN,
	ANSWER_LIMITS_ROOM,
	ANSWER_LIMITS_MEMORY,
};

struct answer_limits *
answer_limits_create(const struct answer_limits_config *cfg);
void answer_limits_destroy(struct answer_limits **limp);
SCOPED_DESTROY(answer_limits, answer_limits_destroy)

/* Whether one more answer from room to address may go out at now (s, of a
 * clock that does not go back). It is counted only when it may. Addresses
 * are normalised (message_address()); their case and "+tag" do not make
 * another person of them. */
enum answer_limits_verdict answer_limits_take(struct answer_limits *lim,
					      const char *room,
					      const char *address, gint64 now);

/* One more answer may go to that address, where its limit is used up. Those of
 * its domain and of the room stay. */
void answer_limits_allow(struct answer_limits *lim, const char *address);

/* A sentence for the log; static. */
const char *answer_limits_reason(enum answer_limits_verdict verdict);

#endif
