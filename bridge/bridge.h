/* bridge - the whole program on one main loop: the conference with its mail
 * accounts, its media workers and its web side.
 *
 * Control thread, default main context. */
#ifndef BRIDGE_BRIDGE_H
#define BRIDGE_BRIDGE_H

#include <glib.h>

#include "bridge/config.h"

struct bridge;

/* Takes cfg. */
struct bridge *bridge_create(struct config *cfg, GError **error);
/* In a cluster: another bridge is to own what this one does, and who is here
 * is sent to his standby; there is no way back. FALSE: it is alone. */
gboolean bridge_leave(struct bridge *br);
/* Whether everybody has gone. */
gboolean bridge_is_left(const struct bridge *br);
/* Ends every call that is left with an RTCP BYE. */
void bridge_destroy(struct bridge **brp);

/* New rooms and accounts; what else has changed needs a restart, and is
 * named in the log. Takes cfg. */
void bridge_configure(struct bridge *br, struct config *cfg);

/* A moderator's log-in link for the panel; NULL without a web listener.
 * Caller frees. */
char *bridge_login_link(struct bridge *br, const char *address);

#endif
