/* topology_json - where rooms are (bridge/room/topology.h), as messages of
 * subprotocol ipsp-panel (docs/panel-api.md, "Where a room is"). Pure
 * functions; the caller unrefs each result. */
#ifndef WEB_TOPOLOGY_JSON_H
#define WEB_TOPOLOGY_JSON_H

#include <glib.h>

#include "bridge/room/topology.h"

GBytes *topology_json_tree(const char *room, const struct topology *top);
GBytes *topology_json_cluster(const struct topology_cluster *cluster);

#endif
