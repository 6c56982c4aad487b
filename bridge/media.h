/* media - what the conference wants of the media plane and is told by it.
 *
 * Three implement it: local_media.h, with this process's workers,
 * cluster_media.h, with the sites of a directory, and the scenarios' fake.
 * Control thread only. */
#ifndef BRIDGE_MEDIA_H
#define BRIDGE_MEDIA_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/gate/session.h"
#include "bridge/room/room.h"
#include "signaling/ipsp.h"
#include "signaling/keys.h"
#include "signaling/sdp.h"

/* A place at a PhoneGate. */
struct media_place {
	char site[64]; /* the process; "": this one, without a directory */
	guint worker;  /* of this process; a site chooses its own */
	char gate[64]; /* "local-1" */
};

/* The assigned one, then one to go to when that does not answer. */
#define MEDIA_MAX_PLACES 2

struct media_places {
	guint n;
	struct media_place at[MEDIA_MAX_PLACES];
	/* The PhoneGate that the caller offers, which is to be used for
	 * others (lent.h). */
	gboolean has_offer;
	struct ipsp_gate offer;
};

/* What a session is keyed with. */
struct media_keys {
	const char *did;
	const struct keys *keys;
	gboolean srtp; /* FALSE: RTP in the clear */
	guint8 payload_type;
	guint8 level_id; /* of the caller's level header, 0: he sends none */
};

/* What a tool's session is made of, as its offer and our answer agree
 * (docs/whip.md). */
struct media_tool {
	const struct sdp_offer *offer;
	enum sdp_direction direction; /* what it may do of what it offers */
	guint32 ssrc;		      /* that we send with, and the rest */
	const char *cname;
	guint8 key[SDP_MAX_KEY];   /* as the suite of the offer says */
	const struct sdp_ice *ice; /* ours, with SDP_DTLS */
	/* SHA-256 of its bearer's token, for whoever keeps the room next. */
	const guint8 *token;
};

struct media_ops {
	/* Where the room's next member would be served; its INVITE says what
	 * it knows of its network, a tool has none (NULL). Reserves nothing.
	 * FALSE: there is no place. */
	gboolean (*place)(struct room *room, const struct ipsp_message *invite,
			  struct media_places *places_r, void *arg);
	/* As the OK mail describes it. FALSE: no such worker any more. */
	gboolean (*describe)(const struct media_place *place,
			     struct ipsp_gate *gate_r, void *arg);
	/* Opens the session of a member, muted and deaf as he is; its gates
	 * are opened or reopened; sound counts where it is the first of its
	 * room.
	 * FALSE: the worker does not keep up. */
	gboolean (*open)(struct member *mem, const struct media_places *places,
			 const struct media_keys *keys,
			 const struct config_sound *sound, void *arg);
	/* The address there that a tool at `remote` is to use. FALSE: none. */
	gboolean (*address)(const struct media_place *place,
			    const struct sockaddr_storage *remote,
			    struct sockaddr_storage *address_r, void *arg);
	/* What a browser that asked from `remote` is told of us: candidates
	 * and fingerprint. FALSE: none leads to it. NULL: browsers are not
	 * served. */
	gboolean (*browser)(const struct media_place *place,
			    const struct sockaddr_storage *remote,
			    struct sdp_ice *ice_r, void *arg);
	/* A browser's user fragment is another now; ours are in ice. FALSE:
	 * the worker does not keep up. */
	gboolean (*restart)(struct member *mem, const char *ufrag,
			    const struct sdp_ice *ice, void *arg);
	/* Opens a tool's session, which is admitted at once. */
	gboolean (*open_tool)(struct member *mem,
			      const struct media_place *place,
			      const struct media_tool *tool,
			      const struct config_sound *sound, void *arg);
	/* The session ends with an RTCP BYE. One that is not open is left
	 * alone. */
	void (*close)(struct member *mem, void *arg);
	/* Until then the session has answered STUN only: nothing is sent with
	 * keys whose use is not written down, lest a restart uses them from a
	 * new beginning. */
	void (*admit)(struct member *mem, void *arg);
	void (*mute)(struct member *mem, gboolean muted, void *arg);
	/* Whether it hears anybody. */
	void (*deafen)(struct member *mem, gboolean deaf, void *arg);
	/* To mem->volume. */
	void (*set_volume)(struct member *mem, void *arg);
	void (*tell)(struct member *mem, const char *json, void *arg);
	/* Copies the newest levels into the members. */
	void (*levels)(struct room *room, void *arg);
	/* See room_stress(); NULL: not known. */
	double (*stress)(const struct room *room, void *arg);
	/* The member's hand, or (NULL) who has the floor, may have changed:
	 * whoever keeps the room next is to know. NULL: nobody will. */
	void (*remember)(struct room *room, struct member *mem, void *arg);
	/* These four are NULL where there is no recording and no playing. */
	/* A tap for the room's sound, not yet in use; the caller's. NULL:
	 * nobody is there. */
	struct tap *(*make_tap)(struct room *room, void *arg);
	/* NULL: no longer; then, or when nobody is left, the tap is closed.
	 * FALSE: nobody is there, or the worker does not keep up. */
	gboolean (*set_tap)(struct room *room, struct tap *tap, void *arg);
	/* All hear it, after what was given before. Takes the clip. FALSE: as
	 * above. */
	gboolean (*play)(struct room *room, struct clip *clip, void *arg);
	/* What is played and what waits ends. */
	void (*hush)(struct room *room, void *arg);
};

/* How a member does, once a second. */
struct media_figures {
	struct member_figures in, out; /* from the member, and to it */
	double round_trip_ms;	       /* < 0: not known */
	guint talked_s, silent_s;      /* see session_report */
	gboolean talking;
};

/* What the media plane tells; `member` is struct member's id, of one who may
 * have gone meanwhile. */
struct media_events {
	void (*registered)(guint32 member, const char *path, void *arg);
	/* lost: no BYE was said. */
	void (*gone)(guint32 member, gboolean lost, void *arg);
	void (*message)(guint32 member, const char *json, gsize size,
			void *arg);
	void (*figures)(guint32 member, const struct media_figures *fig,
			void *arg);
};

/* What both a lone bridge and a site make of what their workers tell. */
struct media_figures media_figures(const struct session_report *rep);

#endif
