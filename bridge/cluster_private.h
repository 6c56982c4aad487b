/* The inside of cluster_media: cluster_media.c has what the conference calls
 * and how seats are restored, cluster_seat.c a seat and its documents,
 * cluster_tool.c what a tool's seat has of its own, cluster_status.c what the
 * sites tell. */
#ifndef BRIDGE_CLUSTER_PRIVATE_H
#define BRIDGE_CLUSTER_PRIVATE_H

#include "bridge/cluster_media.h"

struct cluster_media {
	struct cluster_sites *sites;
	const struct seal *seal;
	guint bitrate;
	const struct cluster_media_host *host;
	void *arg;
	const struct media_events *events; /* NULL: not joined */
	void *events_arg;
	GHashTable *rooms;     /* address => struct cluster_room */
	GHashTable *by_member; /* member id => struct cluster_seat */
};

struct cluster_room {
	struct cluster_media *cm;
	char *address;
	struct cluster_tree *tree;
	GHashTable *seats;     /* did => struct cluster_seat */
	GHashTable *by_origin; /* origin => the same */
	GHashTable *sessions;  /* site => how many are wanted there */
	GHashTable *wanted;    /* key => struct cluster_want */
};

/* A session that is wanted at a site. */
struct cluster_want {
	char site[64];
	gint64 until_ms; /* nobody's any more; 0: it is somebody's place */
};

/* In band, to a caller. */
struct cluster_said {
	gint64 at_ms;
	char json[sizeof(((struct document_said *)0)->json)];
};

struct cluster_seat {
	struct cluster_room *room;
	struct member *mem;
	char did[IPSP_DID_LENGTH + 1];
	struct document_member doc;
	struct keys keys;
	struct document_secret tool; /* a tool's keys, in place of those */
	char end_text[321];	     /* or the room, of who is moved */
	guint32 said;		     /* how many; the newest are kept */
	struct cluster_said says[DOCUMENTS_MAX_SAID];
	gint64 stranded_ms; /* its site is dead since then; 0: it is not */
};

struct cluster_seat *cluster_seat_find(struct cluster_media *cm,
				       const char *room, const char *did);

/* Its keys and doc are filled in by the caller. */
struct cluster_seat *cluster_seat_add(struct cluster_room *room,
				      struct member *mem);
/* Forgets it; writes nothing. */
void cluster_seat_remove(struct cluster_seat *seat);

/* What the directory has of a seat, written as it is now. */
void cluster_seat_write_member(struct cluster_seat *seat);
void cluster_seat_write_wants(struct cluster_seat *seat);
/* Whether it has no standby, and is to be found one: not while its own site is
 * dead, and never if it is a tool's. */
gboolean cluster_seat_lacks_standby(const struct cluster_seat *seat);
/* Another one than now, and all is written. */
void cluster_seat_renew_standby(struct cluster_seat *seat);
/* The caller has gone to his standby. */
void cluster_seat_switch(struct cluster_seat *seat);
/* Something in band, by his site. */
void cluster_seat_say(struct cluster_seat *seat, const char *json);
/* Takes all of it from the directory; who is still there is told why. */
void cluster_seat_end(struct cluster_seat *seat);

/* Tools. */

/* The address of the worker's that a tool at `remote` is to use. FALSE: none
 * of its family. */
gboolean cluster_tool_address(struct cluster_media *cm,
			      const struct document_place *place,
			      const struct sockaddr_storage *remote,
			      struct sockaddr_storage *address_r);
/* Those whose place is there are gone: they cannot be sent on, and post again.
 */
void cluster_tools_end_at(struct cluster_media *cm, const char *site);
/* Into the seat's record and secret. */
void cluster_tool_agree(struct cluster_seat *seat,
			const struct media_tool *tool);

/* Sessions. */
void cluster_want_add(struct cluster_room *room, const char *did,
		      const struct document_place *place, gboolean standby);
/* At once (linger_ms 0), or when it says that it is gone, or then. */
void cluster_want_drop(struct cluster_room *room, const char *did,
		       const struct document_place *place, gint64 linger_ms);
void cluster_want_remove(struct cluster_room *room, const char *key);

#endif
