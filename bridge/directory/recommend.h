/* recommend - at which site a caller is given a place, and where he goes when
 * that one dies. The PGDS' rule, for conferences of many points.
 *
 * Pure: what is known of the sites comes in, two of them come out. */
#ifndef BRIDGE_DIRECTORY_RECOMMEND_H
#define BRIDGE_DIRECTORY_RECOMMEND_H

#include <glib.h>

#define RECOMMEND_FULL_STRESS 0.75 /* of a worker, bridge/gate/stress.h */
#define RECOMMEND_FAR_MS      60.0

/* Table 1 of the paper, which of two ends' PhoneGates carries their call:
 *
 *                  N2 private   N2 global
 *     N1 private   RPG          PG2
 *     N1 global    PG1          PG1
 *
 * RPG is that of a third party, PG1 and PG2 their own. */
enum recommend_gate { RECOMMEND_RPG, RECOMMEND_PG1, RECOMMEND_PG2 };

enum recommend_gate recommend_table(gboolean n1_global, gboolean n2_global);

/* What the site has of the caller's room, best first. */
enum recommend_affinity {
	RECOMMEND_PLACE, /* a gate with a free place */
	/* Its mix, but another gate must be opened. Where only standbys wait
	 * for it, if a place stays free for each of them. */
	RECOMMEND_HUB,
	RECOMMEND_NONE,
};

enum recommend_owner {
	RECOMMEND_SITE,	  /* of the cluster */
	RECOMMEND_CALLER, /* the PhoneGate that this caller offers */
	RECOMMEND_OTHER,  /* one that another caller offered */
};

struct recommend_site {
	const char *site, *host; /* the caller's; names break ties */
	enum recommend_owner owner;
	gboolean global; /* its address, else private */
	gboolean draining;
	guint places, used; /* sessions, all gates together */
	guint standbys;	    /* who would come if other sites died */
	double stress;	    /* 0..1 */
	enum recommend_affinity affinity;
	double rtt_ms; /* from the caller's network; < 0: not measured */
};

struct recommend_caller {
	gboolean global;
};

/* Indices into the sites. */
struct recommendation {
	guint assigned;
	guint standby; /* the same when there is no other site */
};

/* FALSE: no site has room (all full, or draining). In order, what differs
 * first decides:
 *
 *   1. table 1, the caller for N1 and the site for N2. PG2: a global site is
 *      good for everybody. PG1: a global caller's own gate comes before all
 *      sites. RPG, and PG1 without a gate offered: a private site comes after
 *      all others, unless its round-trip time was measured, so that it is
 *      known to be reached;
 *   2. whether it is hot: stress from RECOMMEND_FULL_STRESS on;
 *   3. a site of the cluster before what another caller lent;
 *   4. whether it is RECOMMEND_FAR_MS farther than the nearest site measured;
 *   5. what it has of the room;
 *   6. load: the greater of stress and used places, in quarters;
 *   7. round-trip time in steps of 10 ms, 100 ms where not measured;
 *   8. load, exactly, standbys included; then the name.
 *
 * The standby is chosen likewise, from another site than the assigned wherever
 * there is one that does not drain; after rule 1 another host goes before the
 * same, and then a site with room, for the standbys that it has already too,
 * before one without: it needs no place before it is used, and nobody is turned
 * away in mid-call. What a caller offers is never a standby. */
gboolean recommend(const struct recommend_caller *caller,
		   const struct recommend_site *sites, guint n,
		   struct recommendation *rec_r);

/* The standby alone, for who sits at assigned (one of the sites, or NULL: one
 * that is not there). Returns its index; n: there is none. */
guint recommend_standby(const struct recommend_caller *caller,
			const struct recommend_site *sites, guint n,
			const struct recommend_site *assigned);

#endif
