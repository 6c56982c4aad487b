/* web_config - what the configuration says of the web listener, to
 * web_create(). */
#ifndef BRIDGE_WEB_CONFIG_H
#define BRIDGE_WEB_CONFIG_H

#include "bridge/config.h"
#include "web/web.h"

/* Borrows from cfg. Without the panel's files, which a PhoneGate has not. */
void web_config_read(const struct config *cfg, struct web_config *web_r);

/* After the configuration was read again: web (NULL: none), which was created
 * of old, takes the certificate of fresh as its files are now. One that cannot
 * be used is logged, and the old one stays. */
void web_config_reload(struct web *web, const struct config *old,
		       const struct config *fresh);

#endif
