/* floor - who wants to speak in a room, in which order, and who may now and
 * until when.
 *
 * Hands form a queue by when they went up. One at a time has the floor: his
 * hand goes down, a moderator's mute is lifted as long as he has it, and when
 * the time is over, or somebody ends it, he is told, and muted again where he
 * was. Who muted himself is asked, not unmuted (consent.h).
 *
 * A part of its room, which creates it: room_floor(). No clock: times are
 * handed in, as Unix ms. Moderators' actions are idempotent; FALSE and a
 * ROOM_ERROR where they cannot be. */
#ifndef ROOM_FLOOR_H
#define ROOM_FLOOR_H

#include "bridge/room/room.h"

#define FLOOR_MIN_S 5
#define FLOOR_MAX_S 3600

struct floor;
struct room_link;

struct floor *floor_create(const struct room_link *link);
/* Accepts NULL. */
void floor_destroy(struct floor **flrp);

/* NULL: nobody has it. */
struct member *floor_holder(const struct floor *flr);
/* Unix ms; 0: no limit, or nobody has it. */
gint64 floor_until_ms(const struct floor *flr);
/* struct member *, the longest waiting first; the floor's. */
const GPtrArray *floor_queue(const struct floor *flr);

/* What a phone says. One that changes its mind all the time is not heeded: it
 * is told how it is. */
void floor_hand(struct floor *flr, struct member *mem, gboolean up,
		gint64 now_ms);
/* He leaves the room. TRUE: he had the floor; observers are not told. */
gboolean floor_left(struct floor *flr, struct member *mem);
/* Once a second: the end of the time, and who stands where in the queue. Not
 * where another bridge keeps the room. */
void floor_run(struct floor *flr, gint64 now_ms);

/* Of a member whom another bridge has kept until now: his hand; the floor. */
void floor_restore_hand(struct floor *flr, struct member *mem, gint64 hand_ms);
void floor_restore(struct floor *flr, struct member *mem, gint64 until_ms,
		   gboolean mute_after);
/* Whether its holder is muted when he has it no more. */
gboolean floor_mutes_after(const struct floor *flr);

gboolean floor_set_hand(struct floor *flr, guint32 member, gboolean up,
			const char *by, gint64 now_ms, GError **error);
gboolean floor_hands_down(struct floor *flr, const char *by, GError **error);
/* For `seconds`; 0: without a limit. To who has it: his time begins anew. */
gboolean floor_give(struct floor *flr, guint32 member, guint seconds,
		    const char *by, gint64 now_ms, GError **error);
/* To the first of the queue. */
gboolean floor_next(struct floor *flr, guint seconds, const char *by,
		    gint64 now_ms, GError **error);
gboolean floor_extend(struct floor *flr, guint seconds, const char *by,
		      gint64 now_ms, GError **error);
gboolean floor_end(struct floor *flr, const char *by, GError **error);

#endif
