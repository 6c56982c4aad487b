/* outage - how long the others hear nothing when a hub dies.
 *
 * Not the people of that hub: they go to their standby. Nobody is told
 * anything: what is measured is what trunks and alternates do by themselves. */
#ifndef BENCH_CASCADE_OUTAGE_H
#define BENCH_CASCADE_OUTAGE_H

#include "tests/bench/cascade/net.h"

enum outage_kind { OUTAGE_ROOT, OUTAGE_MIDDLE, OUTAGE_LEAF, OUTAGE_KINDS };

struct outage {
	guint kills;
	guint paths; /* from a talker to another hub, that went by it */
	guint never; /* of them, those that did not come back */
	/* Of the others: sound that did not come, ms. */
	double mean, p99, most;
};

/* Each hub dies once, in a room of its own. */
void outage_run(const struct cascade *cas, const struct net_config *cfg,
		struct outage outages_r[OUTAGE_KINDS]);

#endif
