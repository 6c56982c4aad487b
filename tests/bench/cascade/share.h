/* share - can the callers' own gates carry a conference?
 *
 * The paper: a PhoneGate takes five sessions, so calls are possible in theory
 * when those with a global address are 20 % of those with a private one. That
 * is everybody packed in perfectly. Here people come and go: those with a
 * global address bring a gate, and take it away with them. */
#ifndef BENCH_CASCADE_SHARE_H
#define BENCH_CASCADE_SHARE_H

#include <glib.h>

/* What a gate's five sessions are used for. */
enum share_rule {
	SHARE_GUESTS, /* five others; its owner needs none: the paper */
	SHARE_OWNER,  /* its owner and four others */
	SHARE_TRUNKS, /* both ends of each trunk of the tree count as well */
	SHARE_RULES,
};

struct share_config {
	guint people;  /* in the room, on average, if nobody is refused */
	double global; /* 0..1 of those who come */
	enum share_rule rule;
	guint32 seed;
};

struct share {
	guint came;	    /* with a private address, after the room filled */
	double refused;	    /* 0..1 of them: no place when they came */
	double dropped;	    /* 0..1 of them: their gate left, no place */
	double moved;	    /* times a call changed its gate, mean */
	double global_mean; /* gates there, mean over those who came */
};

/* People stay for half an hour on average, exponentially; they come as
 * Poisson. Each gets assigned and standby from bridge/directory/recommend. */
void share_run(const struct share_config *cfg, struct share *share_r);

#endif
