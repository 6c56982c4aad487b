/* join_json - what the page of a person in a room is told (docs/join.md), as
 * JSON text. The caller unrefs. Pure functions. */
#ifndef WEB_JOIN_JSON_H
#define WEB_JOIN_JSON_H

#include <glib.h>

#include "bridge/room/room.h"

#define JOIN_JSON_MAX_PEOPLE 500

/* Who he is, and where. */
GBytes *join_json_hello(const struct member *mem);
/* How he is in the room. */
GBytes *join_json_you(const struct member *mem);
/* Who is in it: names, no addresses, nobody who is held; of a large one the
 * first. */
GBytes *join_json_people(const struct room *room);
/* How good his sound is, as the panel is told it. */
GBytes *join_json_figures(const struct member *mem);
/* He is not there any more, and nobody has sent him away. */
GBytes *join_json_lost(void);

#endif
