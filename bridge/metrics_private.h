/* What the sources of metrics share; see metrics.h. */
#ifndef BRIDGE_METRICS_PRIVATE_H
#define BRIDGE_METRICS_PRIVATE_H

#include "bridge/metrics.h"

#define METRICS_PREFIX "ipsp_bridge_"

/* A family's head: every sample stands below its own. */
void metrics_family(GString *text, const char *name, const char *type,
		    const char *help);
/* A sample's value, and the line's end. */
void metrics_number(GString *text, double value);

/* metrics_web.c */
void metrics_web(GString *text, const struct web_figures *fig);

/* metrics_cluster.c */
void metrics_directory(GString *text, const struct directory_figures *fig);
void metrics_cluster(GString *text, const struct cluster_figures *fig);
void metrics_site(GString *text, const struct site_figures *fig);

#endif
