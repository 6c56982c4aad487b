/* phone_display - what ipsp-phone shows: one live line on a terminal, JSON
 * lines anywhere else (ipsp-phone(1), "Output"). */
#ifndef LOADGEN_PHONE_DISPLAY_H
#define LOADGEN_PHONE_DISPLAY_H

#include <glib.h>

#include "loadgen/caller.h"

/* json: JSON lines; otherwise the live line. */
void phone_display_state(gboolean json, const struct caller *caller);
void phone_display_figures(gboolean json, const struct caller *caller,
			   const struct call_report *rep);
/* Another gate has the call now. */
void phone_display_switch(gboolean json, const struct caller *caller,
			  const struct call_switch *change);
/* An in-band control message. */
void phone_display_message(gboolean json, const char *message, gsize size);
/* We call another room, where a moderator wants us. */
void phone_display_moved(gboolean json, const char *room);
/* A room calls. */
void phone_display_ring(gboolean json, const struct caller_ring *ring);
void phone_display_end(gboolean json, const struct caller *caller, int code);

#endif
