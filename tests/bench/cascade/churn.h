/* churn - what the planner does to a room whose people come and go.
 *
 * Each gate of `sessions` places is a hub of its own, as if each were on
 * another worker: the worst case, the largest tree. */
#ifndef BENCH_CASCADE_CHURN_H
#define BENCH_CASCADE_CHURN_H

#include "bridge/room/cascade.h"

/* Of one kind of change. */
struct churn_cost {
	guint n;		/* such changes */
	guint moves_max;	/* hubs given another parent, in one */
	double moves_mean;	/* of all n */
	double told_mean;	/* hubs with anything new in their documents */
	double us_mean, us_max; /* the planner's own time, CPU */
};

struct churn {
	guint members, hubs, depth;
	struct churn_cost join, leave; /* of a member */
	struct churn_cost come, crash; /* of a hub */
	struct churn_cost root_crash;
};

/* Fills a room one by one, lets members come and go at random, then hubs. */
void churn_run(guint members, guint sessions, struct churn *churn_r);

#endif
