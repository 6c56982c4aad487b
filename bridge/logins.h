/* logins - who is logged in to the panel, in the store: a restart logs nobody
 * out.
 *
 * Control thread only. */
#ifndef BRIDGE_LOGINS_H
#define BRIDGE_LOGINS_H

#include <glib.h>

#include "bridge/store/store.h"
#include "web/web.h"

/* Gives web those of before. */
void logins_restore(struct store *sto, struct web *web, gint64 now);

/* See web_host.sessions. What the store does not take holds until the bridge
 * ends, and is in the log. */
void logins_opened(struct store *sto, const struct login_session *ses);
void logins_ended(struct store *sto, const char *digest);

#endif
