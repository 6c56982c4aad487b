/* flow - what a room's talk costs its trunks, and how long it is under way. */
#ifndef BENCH_CASCADE_FLOW_H
#define BENCH_CASCADE_FLOW_H

#include "tests/bench/cascade/net.h"

struct flow_config {
	guint members, sessions;
	guint speakers; /* of the members; the others send nothing */
	gboolean turns; /* they take turns, else all speak without regard */
	guint seconds;
	struct net_config net;
};

struct flow {
	/* Trunk packets per hub and second, in and out together. */
	double packets_mean, packets_max;
	/* Sounds in them, likewise. */
	double sounds_mean, sounds_max;
	/* From a talker's hub to the others that his sound came to. */
	double hops_mean;
	guint hops_max;
	double delay_mean, delay_p99, delay_max; /* ms */
	double speaking_mean;			 /* at once */
	double seconds_taken;			 /* CPU, to simulate a second */
};

void flow_run(const struct cascade *cas, const struct flow_config *cfg,
	      struct flow *flow_r);

#endif
