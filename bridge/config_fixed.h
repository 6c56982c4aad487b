/* config_fixed - what of a configuration a running program does not change. */
#ifndef BRIDGE_CONFIG_FIXED_H
#define BRIDGE_CONFIG_FIXED_H

#include "bridge/config.h"

/* A warning for each such key that is another one now: it takes effect at the
 * next start. */
void config_warn_of_fixed(const struct config *old, const struct config *fresh);

#endif
