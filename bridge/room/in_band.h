/* in_band - in-band control messages between bridge and phone as JSON
 * (docs/ipsp.md, "In-band control"): composed for a phone, read from one.
 *
 * Pure functions. Of what is composed the caller frees the text. */
#ifndef ROOM_IN_BAND_H
#define ROOM_IN_BAND_H

#include "bridge/room/room.h"

/* To a phone. */

/* NULL where the member knows already or cannot be told. text may be NULL; of
 * LEAVE_MOVED it is the room's address. */
char *in_band_end(enum member_leave why, const char *text);
char *in_band_mute(gboolean on);
/* In the lobby, or no longer. */
char *in_band_hold(gboolean on);
char *in_band_role(enum member_role role);
/* Its place in the queue, from 1; 0: its hand is down. */
char *in_band_hand(guint place);
char *in_band_ask_unmute(guint n);
/* seconds 0: no limit. */
char *in_band_floor(guint seconds);
/* why: "time", "moderator" or "next". */
char *in_band_floor_over(const char *why);

/* From a phone. */

enum in_band_type {
	IN_BAND_SELF_MUTE,
	IN_BAND_HAND,
	IN_BAND_ANSWER, /* to the n-th "ask-unmute" */
	IN_BAND_TYPES,
};

struct in_band {
	enum in_band_type type;
	gboolean on; /* muted; up; yes */
	guint32 n;   /* ANSWER; else 0 */
};

/* FALSE: it is none of these, or not as they must be. */
gboolean in_band_read(struct in_band *msg_r, const char *json, gsize size);
/* The same as its phone says it. */
char *in_band_write(const struct in_band *msg);

#endif
