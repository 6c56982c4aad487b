/* What bridge.c (the parts and their lives) and bridge_status.c (what they tell
 * people) share; see bridge.h. */
#ifndef BRIDGE_BRIDGE_PRIVATE_H
#define BRIDGE_BRIDGE_PRIVATE_H

#include "bridge/accounts.h"
#include "bridge/bridge.h"
#include "bridge/cluster.h"
#include "bridge/conference.h"
#include "bridge/local_media.h"
#include "bridge/site.h"
#include "web/web.h"

struct bridge {
	struct web *web;	   /* NULL: none configured */
	struct local_media *media; /* of a lone bridge; else NULL, and: */
	struct directory *dir;
	struct site *site;
	struct cluster *cluster;
	gint64 directory_since; /* Unix seconds: up or down since then */
	char *directory_why;	/* it is down; NULL: it is up */
	struct conference *conf;
	struct studio *studio;
	struct accounts *accounts;
	struct conference_host host;
	guint timer, cluster_timer;
	gint64 started; /* Unix seconds */
	gboolean leaving;
};

static inline struct stages *bridge_stages(const struct bridge *br)
{
	return br->site ? site_stages(br->site) : local_media_stages(br->media);
}

/* bridge_status.c, for struct web_host; arg is the bridge. Not before it is
 * whole: the first request comes from the main loop. */
struct topology *bridge_topology(struct room *room, void *arg);
struct topology_cluster *bridge_cluster(void *arg);
char *bridge_metrics(void *arg);
gboolean bridge_is_ready(void *arg);
char *bridge_overview(void *arg);

#endif
