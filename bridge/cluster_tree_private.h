/* What the sources of cluster_tree share; see cluster_tree.h.
 *
 *   cluster_tree.c            hubs, trunks, and the steps from plan to plan
 *   cluster_tree_documents.c  what of it is written, and read again */
#ifndef BRIDGE_CLUSTER_TREE_PRIVATE_H
#define BRIDGE_CLUSTER_TREE_PRIVATE_H

#include "bridge/cluster_tree.h"
#include "bridge/room/cascade.h"

enum step { SETTLED, CHILDREN_EXPECTED, PARENTS_TOLD, OLD_ONES_GONE };

struct cluster_tree {
	char *room;
	const struct cluster_sites *sites;
	cluster_write_func write;
	void *arg;
	struct document_sound sound;
	struct cascade *plan;
	GHashTable *by_id;   /* hub number => struct hub */
	GHashTable *by_site; /* its site => the same */
	GPtrArray *edges;    /* struct edge, those that are written somewhere */
	guint32 last_hub, last_plan;
	gboolean planned; /* something may have changed */
	gboolean restoring;
	enum step step;
	gint64 step_ms; /* since then */
};

/* A trunk. It is written at the parent's end as long as it is in `edges`, at
 * the child's as long as the hub points to it. */
struct edge {
	char id[64];
	guint8 salt[DOCUMENTS_SALT];
	guint32 child, parent;
	gboolean alternate;
	guint protocol;
};

struct hub {
	guint32 id;
	char site[64];
	guint worker;
	guint sessions;
	gboolean leaf;	  /* as the plan was told */
	gboolean leaving; /* no more in the plan */
	struct document_sound sound;
	/* As planned, and as its document says. */
	struct edge *parent, *alternate;
	struct edge *told_parent, *told_alternate;
	gboolean root, vice, told_root, told_vice;
	char *text;	    /* its document, without the number of the plan */
	guint32 plan, done; /* of its document; confirmed */
};

/* cluster_tree.c */
/* NULL: there is none. */
struct hub *cluster_tree_hub(const struct cluster_tree *tree, guint32 id);
struct hub *cluster_tree_add_hub(struct cluster_tree *tree, guint32 id,
				 const char *site, guint worker);
/* As the plan is to know it. */
struct cascade_hub cluster_tree_planned(const struct hub *hub);

/* cluster_tree_documents.c */
/* Of its document. Caller frees. */
char *cluster_tree_key(const struct cluster_tree *tree, const char *site);
/* Of each hub, if that says anything new. */
void cluster_tree_write(struct cluster_tree *tree);

#endif
