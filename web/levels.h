/* levels - how loud everybody in a room is now, as the binary message of
 * subprotocol ipsp-panel (docs/panel-api.md, "Levels"). */
#ifndef WEB_LEVELS_H
#define WEB_LEVELS_H

#include <glib.h>

#include "bridge/room/room.h"

#define LEVELS_HEAD	   4 /* bytes */
#define LEVELS_ENTRY	   6
#define LEVELS_KIND	   1
#define LEVELS_TALKING	   1 /* flags */
#define LEVELS_HEARD	   2
#define LEVELS_MAX_ENTRIES ROOM_MAX_CAPACITY

/* Of the members as room_refresh_levels() left them; *n_r: how many are in it.
 * The caller unrefs. */
GBytes *levels_frame(const struct room *room, guint *n_r);

#endif
