/* leg_config - the session of a caller, as what was agreed with him says.
 * Pure; what is given back holds keys, which leg_open() wipes. */
#ifndef BRIDGE_LEG_CONFIG_H
#define BRIDGE_LEG_CONFIG_H

#include "bridge/gate/session.h"
#include "bridge/media.h"

/* Of a phone; not held. */
struct session_config leg_config_phone(const struct media_keys *keys);
/* Of a tool, on that socket of its worker. */
struct session_config
leg_config_tool(const char *did, const struct media_tool *tool, guint port);

#endif
