/* net - a room of hubs over a network and a clock that are invented.
 *
 * The tree is the planner's; hubs, trunks, their packets and SRTP, selection
 * and verdicts are the bridge's own (bridge/gate), called as a worker calls
 * them, each hub at its own moment of the 20 ms. Mixes are left out: nobody
 * listens here, and what a member says is given to his hub as if it came
 * by one more trunk. */
#ifndef BENCH_CASCADE_NET_H
#define BENCH_CASCADE_NET_H

#include "bridge/room/cascade.h"

#define NET_SLOT_US    50u
#define NET_TICK_SLOTS 400u /* 20 ms */

struct net;

struct net_config {
	guint talkers; /* that are heard */
	/* A trunk's one-way time: the first, and an exponential part that each
	 * packet draws anew. */
	double hop_ms, jitter_ms;
	gboolean alternates; /* those of the plan are made as well */
	guint32 seed;
};

/* A sound came to a hub, for the first time or again. Hubs are counted from
 * the root on, level by level. */
typedef void (*net_heard)(guint hub, guint32 origin, guint hops, double age_ms,
			  gpointer arg);

struct net *net_create(const struct cascade *cas, const struct net_config *cfg,
		       net_heard heard, gpointer arg);
void net_destroy(struct net **netp);

guint net_hubs(const struct net *net);
guint net_depth(const struct net *net, guint hub);
/* 0 or an index; of the root its own. */
guint net_parent(const struct net *net, guint hub);

/* A member's packet of 20 ms. Origins count from 1. */
void net_speak(struct net *net, guint hub, guint32 origin, guint32 sequence,
	       double level_dbov);
/* Time goes on by NET_SLOT_US. */
void net_step(struct net *net);
/* As if its host lost its power. */
void net_kill(struct net *net, guint hub);

/* In and out over all of its trunks, since it began. */
void net_count(const struct net *net, guint hub, guint64 *packets_r,
	       guint64 *sounds_r);

#endif
