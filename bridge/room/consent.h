/* consent - asking somebody to unmute. Nobody is unmuted from afar: his phone
 * asks him, and only his yes lifts a moderator's mute and his own.
 *
 * A part of the room. No clock: times are handed in, as Unix ms. */
#ifndef ROOM_CONSENT_H
#define ROOM_CONSENT_H

#include "bridge/room/room_link.h"

#define CONSENT_LIFE_MS 60000

/* A moderator's action, as in room.h. Who is not muted need not be asked. A
 * tool cannot be. */
gboolean consent_request(const struct room_link *link, guint32 member,
			 const char *by, gint64 now_ms, GError **error);
/* The same of a member who can be asked. */
void consent_ask(const struct room_link *link, struct member *mem,
		 const char *by, gint64 now_ms);
/* What his phone says to the n-th question. One that was not asked, or that a
 * moderator's mute has overtaken, counts for nothing. */
void consent_answer(const struct room_link *link, struct member *mem, guint32 n,
		    gboolean yes);
/* Muted anew, or unmuted: nobody waits for an answer any more. */
void consent_forget(struct member *mem);
/* Once a second: who has not answered in time. */
void consent_run(const struct room_link *link, gint64 now_ms);

#endif
