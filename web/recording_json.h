/* recording_json - what the panel is told of recordings and announcements
 * (docs/panel-api.md). Pure functions; the caller unrefs each result. */
#ifndef WEB_RECORDING_JSON_H
#define WEB_RECORDING_JSON_H

#include <glib.h>

#include "bridge/room/recording.h"

/* One began, ended or was deleted; by may be NULL. */
GBytes *recording_json_event(const struct recording *row, const char *by,
			     guint64 n);
/* The answer to command `id`: rows of struct recording. */
GBytes *recording_json_list(gint64 id, const char *room, const GPtrArray *rows);
/* Likewise, of struct room_announcement. */
GBytes *recording_json_announcements(gint64 id, const char *room,
				     const GPtrArray *list);

#endif
