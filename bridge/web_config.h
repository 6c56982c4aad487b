/* web_config - what the configuration says of the web listener, to
 * web_create(). */
#ifndef BRIDGE_WEB_CONFIG_H
#define BRIDGE_WEB_CONFIG_H

#include "bridge/config.h"
#include "web/web.h"

/* Borrows from cfg. Without the panel's files, which a PhoneGate has not. */
void web_config_read(const struct config *cfg, struct web_config *web_r);

#endif
