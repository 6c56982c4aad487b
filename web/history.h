/* history - how a room and its members did of late: ten minutes, a sample for
 * each five seconds, whether or not anybody watched.
 *
 * Of a member a sample is the mean of what was known in those seconds; of the
 * room it is the most people and talkers, and the worst of the rest. Samples
 * are numbers of two bytes: HISTORY_MEMBER_BYTES for who has been here for ten
 * minutes or ten seconds, and nothing for who has left. */
#ifndef WEB_HISTORY_H
#define WEB_HISTORY_H

#include <glib.h>

#include "bridge/room/room.h"

#define HISTORY_STEP_S	     5
#define HISTORY_SAMPLES	     120
#define HISTORY_MEMBER_BYTES 2400 /* at most, but for the allocator's own */

struct history; /* of one room */

struct history *history_create(void);
/* Accepts NULL; sets *hisp to NULL. */
void history_destroy(struct history **hisp);

/* Once a second: the room as it is now. now_s: any clock that does not go back,
 * here and below. */
void history_second(struct history *his, const struct room *room, gint64 now_s);

/* The answer to a `history` (docs/panel-api.md): of a member, or with 0 of the
 * room. unix_s is the time of now_s. */
GBytes *history_text(const struct history *his, gint64 id, const char *room,
		     guint32 member, gint64 now_s, gint64 unix_s);

#endif
