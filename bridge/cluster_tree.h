/* cluster_tree - the hubs and trunks of one room, from what the planner says
 * (bridge/room/cascade.h) to the documents that make them: want/SITE/ROOM/hub.
 *
 * Make before break, in three steps, each waited for until the sites say that
 * it is done, or are late:
 *   1. who gets a new child, or is somebody's new alternate, is told of it,
 *   2. the children are told of their new parents and alternates, and root and
 *      vice-root of their part,
 *   3. the trunks that nobody uses any more are taken away, and with them the
 *      hubs that the room has left.
 * A hub that is new, or whose parent has died, is not kept waiting: for it the
 * first two are one. Every trunk that is made has an id and a salt of its own.
 *
 * Pure state; time is an argument. Control thread. */
#ifndef BRIDGE_CLUSTER_TREE_H
#define BRIDGE_CLUSTER_TREE_H

#include <glib.h>

#include "bridge/cluster_sites.h"
#include "bridge/documents.h"

#define CLUSTER_TREE_LATE_MS 1000 /* a step that a site does not confirm */

struct cluster_tree;

/* value NULL: the document goes. */
typedef void (*cluster_write_func)(const char *room, const char *key,
				   const char *value, void *arg);

/* The sites outlive the tree. */
struct cluster_tree *cluster_tree_create(const char *room,
					 const struct cluster_sites *sites,
					 cluster_write_func write, void *arg);
/* Writes nothing. Accepts NULL. */
void cluster_tree_destroy(struct cluster_tree **treep);

/* Of the room, for hubs that are opened from now on. */
void cluster_tree_set_sound(struct cluster_tree *tree,
			    const struct document_sound *sound);

/* What an owner before has written, each hub once; then restored(). */
void cluster_tree_restore(struct cluster_tree *tree, const char *site,
			  const struct document_want_hub *doc);
void cluster_tree_restored(struct cluster_tree *tree);

/* So many sessions, standbys too, are wanted of the site from now on; `worker`
 * is for where it has none yet. 0: its hub goes. */
void cluster_tree_set(struct cluster_tree *tree, const char *site, guint worker,
		      guint sessions);
/* The site is dead, or has started anew: its hub is no more. */
void cluster_tree_lost(struct cluster_tree *tree, const char *site);
/* As the site confirms it. */
void cluster_tree_told(struct cluster_tree *tree, const char *site,
		       guint32 plan);

/* What was written is not there any more, or a site is back: what stands is
 * written again with the next run. */
void cluster_tree_write_again(struct cluster_tree *tree);

/* Plans, and writes what is to be written now. Whenever something above has
 * changed, and now and then for sites that are late. */
void cluster_tree_run(struct cluster_tree *tree, gint64 now_ms);
/* No step is waited for. */
gboolean cluster_tree_is_settled(const struct cluster_tree *tree);

/* For people. */
guint cluster_tree_hubs(const struct cluster_tree *tree);
guint cluster_tree_depth(const struct cluster_tree *tree);

#endif
