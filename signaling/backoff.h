/* backoff - how long to wait before the next try: 1 s, doubling to 60 s unless
 * said otherwise, each jittered so that a thousand clients of a server that
 * restarts do not come back as one. Zeroed means no failure yet. */
#ifndef SIGNALING_BACKOFF_H
#define SIGNALING_BACKOFF_H

#include <glib.h>

struct backoff {
	guint failures;		 /* in a row */
	guint first_ms, last_ms; /* 0: 1 s, 60 s */
};

/* Counts one more failure. Returns ms: 3/4 to 5/4 of the step. */
guint backoff_fail(struct backoff *off);
void backoff_reset(struct backoff *off);

#endif
