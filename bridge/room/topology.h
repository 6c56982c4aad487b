/* topology - where a room's sound is: its hubs, the PhoneGates at each, the
 * trunks between them; and the sites that a cluster has. Plain data for
 * people, made by who knows (a lone bridge from its room, a cluster from its
 * directory), shown by the panel and `ipsp-bridge gates`.
 *
 * Control plane; pure functions. */
#ifndef BRIDGE_ROOM_TOPOLOGY_H
#define BRIDGE_ROOM_TOPOLOGY_H

#include <glib.h>

#include "bridge/room/room.h"

struct topology_gate {
	char name[64];	     /* as in struct member */
	guint here, invited; /* people's devices */
};

/* A hub's way to another one; site "": there is none. */
struct topology_trunk {
	char site[64];
	gboolean up;		   /* it answers; an alternate: is in use */
	double loss_up, loss_down; /* 0..1, to that site, from it; below 0:
				    * not known */
	double round_trip_ms;	   /* < 0: not known */
	guint protocol;		   /* spoken, docs/trunk.md; 0: not known */
	/* People who talk on its lower and its upper side, of whom it carries
	 * those that the room hears; 0 while it is not up. */
	guint talkers_up, talkers_down;
};

enum topology_state {
	TOPOLOGY_UP, /* by its parent, or root */
	TOPOLOGY_ALTERNATE,
	TOPOLOGY_CUT_OFF, /* it does not hear the others */
	TOPOLOGY_ABSENT,  /* wanted, and its site says nothing of it */
	TOPOLOGY_LEAVING, /* not wanted any more, and still there */
};

struct topology_hub {
	char site[64]; /* "": a lone bridge's */
	enum topology_state state;
	gboolean root, vice; /* as planned */
	guint depth;	     /* 0: hangs on nothing */
	guint places;	     /* of each gate; 0: not known */
	guint here, invited, standbys;
	guint talkers; /* of who is here, those who talk */
	struct topology_trunk parent, alternate;
	GArray *gates; /* struct topology_gate, by name */
};

/* After topology_finish() a hub comes after the one that it hangs on (its
 * parent's site), and children of one beside each other by name. */
struct topology {
	char owner[64];	 /* the bridge that keeps the room; "": not known */
	gboolean ours;	 /* that is this bridge */
	guint depth;	 /* trunks from the root to the farthest hub */
	GPtrArray *hubs; /* struct topology_hub */
};

struct topology *topology_create(void);
/* Accepts NULL; sets *topp to NULL. */
void topology_destroy(struct topology **topp);

/* A hub with nothing in it. */
struct topology_hub *topology_add(struct topology *top, const char *site);
/* So many more at the gate. */
void topology_seat(struct topology_hub *hub, const char *gate, guint here,
		   guint invited);
/* When all hubs are there: puts them in order, however wrong the tree is that
 * is written, and counts what depends on the whole. */
void topology_finish(struct topology *top);

/* Of a bridge without a cluster: one hub, gates beside each other. */
struct topology *topology_of_room(const struct room *room, guint places);

/* ---- The cluster ---- */

struct topology_site {
	char site[64], host[256];
	gboolean global;     /* hosts of the Internet reach it */
	guint gates, places; /* it offers, see config.h; of each */
	guint used;	     /* places */
	double stress;	     /* 0..1, of its busiest worker */
	gboolean draining, ours;
	char release[32];
	guint protocol_min, protocol_max; /* of trunks, docs/trunk.md */
};

struct topology_cluster {
	gboolean up;   /* the directory answers */
	gint64 since;  /* Unix seconds of the last change of that */
	char why[256]; /* a sentence, when it does not */
	GArray *sites; /* struct topology_site, by name */
};

/* Takes the sites: struct topology_site, by name. */
struct topology_cluster *topology_cluster_create(GArray *sites);
/* Accepts NULL; sets *clusterp to NULL. */
void topology_cluster_destroy(struct topology_cluster **clusterp);

#endif
