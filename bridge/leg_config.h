/* leg_config - the session of a caller, as what was agreed with him says.
 * Pure; what is given back holds keys, which leg_open() wipes. */
#ifndef BRIDGE_LEG_CONFIG_H
#define BRIDGE_LEG_CONFIG_H

#include "bridge/gate/session.h"
#include "bridge/media.h"

/* Of a phone; not held. */
struct session_config leg_config_phone(const struct media_keys *keys);
/* Of a tool, on that socket of its worker; of a browser on any. */
struct session_config
leg_config_tool(const char *did, const struct media_tool *tool, guint port);

/* The user name of a browser's checks, RFC 8445 7.2.2. */
void leg_config_username(const struct sdp_ice *ours, const char *theirs,
			 char *username_r, gsize size);

#endif
