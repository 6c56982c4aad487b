/* cascade_tree - the shape of the tree: which hub is whose child, such that
 * all levels but the last are full. Alternates, vice-root and what has
 * changed are cascade.c's.
 *
 * Private to the cascade. A node is linked (in the tree) or loose. */
#ifndef ROOM_CASCADE_TREE_H
#define ROOM_CASCADE_TREE_H

#include "bridge/room/cascade.h"

struct cascade_node {
	struct cascade_hub hub;
	struct cascade_node *parent, *alternate;
	struct cascade_node *child[CASCADE_MAX_FAN_OUT];
	guint n_children;
	guint depth, index; /* in its level */
	gboolean pressed;

	GPtrArray *waiting; /* nodes whose alternate it is */
	guint32 told;	    /* id of the parent at the end of the last call */
	gboolean fresh;	    /* came in this call */
	gboolean unsettled; /* in cascade.unsettled */
};

struct cascade {
	guint fan_out;
	GHashTable *by_id; /* id => struct cascade_node, owned */
	guint leaves;	   /* of them, hub.leaf */
	GPtrArray *levels; /* of GPtrArray of struct cascade_node; none empty */
	struct cascade_node *vice;
	GPtrArray *unsettled; /* nodes whose trunks changed in this call */
	GHashTable *changed;  /* ids, for cascade_take_changes() */
	guint64 moves;
};

/* NULL: the tree is empty. */
struct cascade_node *tree_root(const struct cascade *cas);
gboolean tree_carries(const struct cascade_node *node);
/* Whether one would rather have a above than b: it carries, is older. A total
 * order, so that the same hubs make the same tree. */
gboolean tree_better(const struct cascade_node *a,
		     const struct cascade_node *b);
/* Whether there is still room at all. */
gboolean tree_has_room(const struct cascade *cas);

/* A loose node gets a place; under `wish`, if that keeps the levels full (may
 * be NULL). */
void tree_place(struct cascade *cas, struct cascade_node *node,
		struct cascade_node *wish);
/* The node becomes loose, another takes its place if it has to be filled. The
 * root's is taken by the vice-root. */
void tree_vacate(struct cascade *cas, struct cascade_node *node);
/* A loose node takes the place and the children of another, which becomes
 * loose; a leaf is pressed if there are any. */
void tree_replace(struct cascade *cas, struct cascade_node *node,
		  struct cascade_node *by);

/* cascade_add() with a wish for a parent, which may be NULL. The id is new. */
void cascade_add_below(struct cascade *cas, const struct cascade_hub *hub,
		       struct cascade_node *wish);
/* Who is vice-root, if he is as fit for it as any other. */
void cascade_wish_vice(struct cascade *cas, struct cascade_node *vice);

/* To be asked about at the end of the call. */
void tree_unsettle(struct cascade *cas, struct cascade_node *node);

#endif
