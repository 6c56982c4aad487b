/* cascade - the tree of a room's hubs.
 *
 * A hub is a room's presence on one media worker; a trunk is an edge of the
 * tree. The planner says for each hub which hub its trunk goes to, and which
 * its alternate trunk, ready at both ends before anything has happened, so
 * that the death of a hub is got over without asking anybody.
 *
 * What it promises after each call (docs/cascade.md has the reasons, the unit
 * test holds it to them):
 *
 *   - one tree: a single root, no cycle; no hub has more than `fan_out`
 *     children, and a leaf has none (but see `pressed`),
 *   - all levels but the last are full: no tree of so many hubs is less deep,
 *   - the root stays root as long as it lives and carries,
 *   - a hub that comes moves no other where all can carry, else at most
 *     2; one that goes moves at most fan_out + 1, and 2 fan_out + 1
 *     where there are leaves or it was the root (both: 3 fan_out + 1). Who
 *     becomes a leaf moves itself besides. Relieving the pressed is not
 *     counted here,
 *   - every trunk, alternate ones too, leads to a hub of lower rank: the root
 *     is 0, the vice-root half, any other hub its depth. So whichever hubs use
 *     their alternates there is no cycle; and after the death of any one hub
 *     those of its children lead to the root, or, if that was the root, to the
 *     vice-root, who is then root without being told,
 *   - as long as a trunk works only where both of its ends know it, hubs that
 *     have heard of the last change and hubs that have not form no cycle. It
 *     may work as soon as the lower end knows it, if those who still have a
 *     parent do not use alternates, none is a leaf, and a hub that went was not
 *     above the whole last level,
 *   - the alternate is on another site than the parent wherever there is an
 *     ancestor, or the vice-root, on another.
 *
 * Pure state: no socket, no clock, no file. Control thread. The same calls
 * give the same tree. */
#ifndef ROOM_CASCADE_H
#define ROOM_CASCADE_H

#include <glib.h>

#define CASCADE_FAN_OUT	    4
#define CASCADE_MAX_FAN_OUT 16
#define CASCADE_MAX_DEPTH   8 /* up and down again: the 16 hops of a trunk */

struct cascade;

struct cascade_hub {
	guint32 id;    /* not 0; the owner's, unique in the room's life */
	guint32 site;  /* hubs of one site die together; 0: on its own */
	gint64 since;  /* the older, the sooner trusted with a place above */
	guint members; /* of hubs else alike, the smaller one is moved */
	gboolean leaf; /* shall have no children: it drains, or is a caller's */
};

struct cascade_place {
	guint32 parent;	   /* 0: it is the root */
	guint32 alternate; /* 0: none; the vice-root becomes root instead */
	guint depth;	   /* trunks to the root */
	gboolean root, vice;
	/* A leaf that has children all the same, because the others cannot
	 * carry all. It is relieved by the next hub that can. */
	gboolean pressed;
	guint n_children;
	guint32 children[CASCADE_MAX_FAN_OUT];
};

/* fan_out: 2 to CASCADE_MAX_FAN_OUT. */
struct cascade *cascade_create(guint fan_out);
/* Accepts NULL; sets *casp to NULL. */
void cascade_destroy(struct cascade **casp);

/* A hub that comes. FALSE when the tree is as large as CASCADE_MAX_DEPTH
 * allows; nothing has changed then. Ids that are there already are refused as
 * well. */
gboolean cascade_add(struct cascade *cas, const struct cascade_hub *hub);

/* Hubs that went or died, several when it is a site. Unknown ids are passed
 * over. */
void cascade_remove(struct cascade *cas, const guint32 *ids, guint n);

/* New members, age or leaf of a hub that is there; its site stays. Who becomes
 * a leaf hands its children on, and the root its root, like one that goes. */
void cascade_update(struct cascade *cas, const struct cascade_hub *hub);

/* As somebody planned it earlier, read back from a directory. */
struct cascade_planned {
	struct cascade_hub hub;
	guint32 parent; /* 0: root; may be unknown or wrong */
	gboolean root, vice;
};

/* Into an empty cascade. A tree that keeps the promises is taken as it is;
 * any other nonsense becomes a tree that does, with what fits kept. Hubs beyond
 * CASCADE_MAX_DEPTH are left out. */
void cascade_restore(struct cascade *cas, const struct cascade_planned *hubs,
		     guint n);

guint cascade_size(const struct cascade *cas);
/* Levels below the root; 0 also when there is none. */
guint cascade_depth(const struct cascade *cas);
/* FALSE: no such hub. */
gboolean cascade_place(const struct cascade *cas, guint32 id,
		       struct cascade_place *place_r);
/* 0: the tree is empty. */
guint32 cascade_root(const struct cascade *cas);
/* The hubs whose alternate trunk leads to this one: guint32, in no order.
 * Caller unrefs. */
GArray *cascade_waiting(const struct cascade *cas, guint32 id);
/* All ids, level by level from the root. Caller unrefs. */
GArray *cascade_ids(const struct cascade *cas);

/* The ids of all hubs whose trunks, or whose root or vice, have changed since
 * this was last asked: those whose documents are to be written again. Both ends
 * of a trunk are told. Hubs that went are not among them. Caller unrefs. */
GArray *cascade_take_changes(struct cascade *cas);
/* How many hubs have been given another parent since it was created. */
guint64 cascade_moves(const struct cascade *cas);

#endif
