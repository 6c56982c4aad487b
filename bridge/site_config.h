/* site_config - the directory, and this process's site in it, as the
 * configuration says. */
#ifndef BRIDGE_SITE_CONFIG_H
#define BRIDGE_SITE_CONFIG_H

#include "bridge/config.h"
#include "bridge/site.h"

/* As directory_open(). */
struct directory *site_config_directory(const struct config *cfg,
					const struct directory_events *events,
					void *arg, GError **error);

/* As site_create(). */
struct site *site_config_open(const struct config *cfg, struct directory *dir,
			      const struct site_events *events, void *arg,
			      GError **error);

#endif
