/* documents - what stands in the directory, as plain structs, and under which
 * names (docs/operations.md, "More hosts").
 *
 * An owner (the bridge that has claimed an account) writes what is wanted,
 * sites reconcile their media with it and write how it is. Every document is
 * one JSON object; a reader ignores members it does not know, and refuses one
 * in which a known member is not as it must be.
 *
 * Control plane; pure functions, any thread. */
#ifndef BRIDGE_DOCUMENTS_H
#define BRIDGE_DOCUMENTS_H

#include <glib.h>

#include "bridge/json_fields.h"
#include "bridge/media.h"
#include "bridge/room/room.h"
#include "signaling/ipsp.h"
#include "signaling/sdp.h"

/* All keep within the directory's DIRECTORY_MAX_VALUE. */
#define DOCUMENTS_MAX_MAIL    (32 * 1024) /* bytes */
#define DOCUMENTS_MAX_NAME    4096	  /* of what others have named */
#define DOCUMENTS_MAX_TRUNKS  64	  /* of one hub */
#define DOCUMENTS_MAX_TALKERS 256	  /* of one hub */
#define DOCUMENTS_MAX_WORKERS 64
#define DOCUMENTS_MAX_PLACES  100000 /* k counts up to it */
#define DOCUMENTS_SALT	      16
#define DOCUMENTS_MAX_SAID    6 /* in-band messages to one caller */
#define DOCUMENTS_MAX_HEARD   4 /* and from him */

/* Names: the keys under the directory's prefix. */

enum document_kind {
	DOCUMENT_SITE,		 /* sites/SITE, leased: struct document_site */
	DOCUMENT_OWNER,		 /* owners/ACCOUNT, leased: the claim */
	DOCUMENT_MEMBER,	 /* members/ROOM/DID */
	DOCUMENT_WANT_HUB,	 /* want/SITE/ROOM/hub */
	DOCUMENT_WANT_SESSION,	 /* want/SITE/ROOM/s/DID.K */
	DOCUMENT_STATUS_HUB,	 /* status/SITE/ROOM/hub, leased */
	DOCUMENT_STATUS_SESSION, /* status/SITE/ROOM/s/DID.K, leased */
	DOCUMENT_ANSWER,	 /* answers/ACCOUNT/NAME */
	DOCUMENT_KINDS,
};

/* What a name says; what its kind does not have is "" or 0. */
struct document_name {
	enum document_kind kind;
	char site[64];
	char room[321];	   /* its address */
	char account[256]; /* also of an owner */
	char did[64];	   /* of members and sessions */
	guint k;	   /* of sessions: which of the caller's places */
	char answer[256];
};

/* The key, by directory_key(). Caller frees. */
char *document_key(const struct document_name *name);
/* FALSE: it is none of these. */
gboolean document_name(struct document_name *name_r, const char *key);
/* "want/SITE/" and the like, to watch: a key that names its kind and then
 * `part` (a site, room or account; NULL: all). For wants and statuses the
 * hubs' and the sessions' prefix is the same. Caller frees. */
char *document_prefix(enum document_kind kind, const char *part);

/* Bodies. */

/* Compact JSON. `doc` is the struct of that kind. Caller frees. */
char *document_write(enum document_kind kind, gconstpointer doc);
/* Fills the struct of that kind, which document_clear() frees the inside of.
 * On failure it is empty and error is a sentence. */
gboolean document_read(enum document_kind kind, gpointer doc_r,
		       const char *text, gsize length, GError **error);
void document_clear(enum document_kind kind, gpointer doc);

/* One worker of a site: an own port and an own load. Which worker serves a
 * session is the owner's decision, since the OK mail tells its address. */
struct document_worker {
	guint n_candidates;
	struct ipsp_candidate candidates[IPSP_MAX_CANDIDATES];
	guint sessions; /* here, standbys not counted */
	double stress;	/* 0..1, bridge/gate/stress.h */
	gboolean open;	/* nobody new is to come where it is not */
};

enum document_net { DOCUMENT_NET_PRIVATE, DOCUMENT_NET_GLOBAL };

/* A PhoneGate that a caller lends to a room, see lent.h. */
struct document_lent {
	char room[321];	  /* nobody of another room is to come */
	char lender[321]; /* his address: he is not to sit there */
};

struct document_site {
	char site[64];
	char instance[23]; /* of this run of the process; random */
	char host[256];	   /* for people, and to keep two of one apart */
	enum document_net net;
	guint n_workers;
	struct document_worker *workers;
	/* It offers gates x sessions places; CONFIG_MAX_GATES are as many as
	 * it takes. */
	guint gates, sessions_per_gate;
	guint used; /* places taken */
	gboolean draining;
	gint64 since;			  /* Unix seconds */
	char release[32];		  /* "0.2.0" */
	guint protocol_min, protocol_max; /* of trunks, docs/trunk.md */
	gboolean has_lent;
	struct document_lent lent;
};

/* Of its busiest worker, 0..1. */
double document_site_stress(const struct document_site *doc);

struct document_owner {
	char bridge[64]; /* its site, or its host and process */
	char host[256];
	char web[256]; /* "https://conf.example": its web side, or "" */
	gint64 since;  /* Unix seconds */
};

/* A caller's place k at a PhoneGate. */
struct document_place {
	char site[64];
	guint worker;
	char gate[64]; /* its id, unique in the room */
	guint k;
};

/* What a tool's offer and our answer agree on (docs/whip.md); its keys and
 * SSRC are sealed. It has no standby: it would not know what to do with it. */
struct document_tool {
	struct ipsp_candidate address; /* where it receives; transport udp */
	enum sdp_suite suite;
	enum sdp_direction direction; /* what it may do */
	guint bitrate;		      /* at most, bit/s; 0: not said */
	char cname[IPSP_DID_LENGTH + 1];
};

/* The PhoneGate that a member offers, as far as the room takes it: the site
 * where he sits stands in for it (lent.h). */
struct document_offer {
	char lender[321];
	struct ipsp_gate gate; /* udp candidates, none of them tried yet */
};

/* The owner's record of a member, enough for another owner to go on. */
struct document_member {
	guint32 origin;
	char address[321], name[321], device[65];
	enum member_via via;
	enum member_state state;
	enum member_role role;
	gboolean muted, self_muted;
	guint volume;	 /* percent */
	gint64 since;	 /* Unix seconds of its registration; 0: not yet */
	gint64 deadline; /* Unix seconds: see struct member */
	struct document_place place;
	gboolean has_standby;
	struct document_place standby;
	guint next_k;
	char sealed[2048]; /* struct document_secret, bridge/directory/seal.h */
	guint payload_type, level_id;
	gboolean srtp;
	gboolean has_tool;
	struct document_tool tool;
	guint8 token[32]; /* SHA-256 of a tool's token, with which it leaves */
	guint talked_s;	  /* at the places before this one */
	gint64 hand_ms;	  /* see struct member */
	gboolean has_floor;
	gint64 floor_until_ms; /* bridge/room/floor.h */
	gboolean mute_after;
	guint32 heard; /* of what he said in band at this place, the last */
	gboolean has_offer;
	struct document_offer offer;
};

struct document_sound { /* of the room, as in config.h */
	guint talkers, bitrate;
	gboolean stereo, denoise, agc;
};

enum document_trunk_role {
	DOCUMENT_TRUNK_PARENT,	  /* the peer is the parent: we dial */
	DOCUMENT_TRUNK_CHILD,	  /* the peer is a child: it dials */
	DOCUMENT_TRUNK_ALTERNATE, /* as parent, silent until needed */
	DOCUMENT_TRUNK_VICE,	  /* as child, silent until it comes */
};

/* Both ends have one with the same id, salt and protocol. */
struct document_trunk {
	char id[64]; /* unique in the room's life, goes into the keys */
	enum document_trunk_role role;
	char site[64]; /* the peer's */
	guint n_addresses;
	/* Of the peer hub's worker; transport udp. */
	struct ipsp_candidate addresses[IPSP_MAX_CANDIDATES];
	guint8 salt[DOCUMENTS_SALT]; /* fresh for each making */
	guint protocol;
};

/* What carries keys is meant for one run of a site: started anew it would begin
 * their packet numbers anew, so it passes over what names another `instance`
 * than the one it has registered. The owner makes new trunks for it, and what
 * sessions it had are lost. */

struct document_want_hub {
	char instance[23]; /* of struct document_site */
	guint32 plan;	   /* counts up; echoed in the status */
	guint32 hub;	   /* its number in the room */
	guint worker;	   /* where the trunks end; others join it by rings */
	struct document_sound sound;
	guint n_trunks;
	struct document_trunk *trunks;
	gboolean root, vice;
};

enum document_end { /* docs/ipsp.md, "In-band control", why */
		    DOCUMENT_END_QUIET, /* not told: it left, or has moved */
		    DOCUMENT_END_KICKED,
		    DOCUMENT_END_ENDED,
		    DOCUMENT_END_REPLACED,
		    DOCUMENT_END_MOVED, /* text: to which room */
};

/* The session is to end: told in band with these words, then BYE. */
struct document_ending {
	enum document_end why;
	char text[321];
};

struct document_alternate {
	guint k;
	struct ipsp_gate gate;
};

/* In-band messages, each once. The last one's number stands beside the list;
 * those before it count down. */
struct document_said {
	char json[256];
};
struct document_heard {
	char json[96];
};

/* The owner removes it when the status says that it is gone, or when it is no
 * longer wanted: a session without a want ends, quietly. */
struct document_want_session {
	char instance[23]; /* of struct document_site */
	guint worker;
	char gate[64]; /* opened when its first session comes */
	guint32 origin;
	gboolean standby;  /* joins no mix until it registers */
	char sealed[2048]; /* struct document_secret */
	guint payload_type, level_id;
	gboolean srtp;
	gboolean muted;
	guint volume; /* percent */
	gboolean has_tool;
	struct document_tool tool;
	/* Where the caller goes when this place dies or drains; he is told in
	 * band whenever it changes. */
	gboolean has_alternate;
	struct document_alternate alternate;
	gboolean has_end;
	struct document_ending end;
	/* What the owner has said to him of late; in a place only. */
	guint32 said;
	guint n_says;
	struct document_said says[DOCUMENTS_MAX_SAID];
	gboolean has_offer;
	struct document_offer offer;
};

/* What is sealed: keys of one caller. A want has those of its place k only,
 * the member's record `prk` too, from which those of later ones come. */
struct document_secret {
	char stun_password[25]; /* "" of a tool */
	guint8 srtp_c2b[KEYS_SRTP_SIZE], srtp_b2c[KEYS_SRTP_SIZE];
	guint32 ssrc_c2b, ssrc_b2c;
	guint8 ctl[KEYS_CTL_SIZE]; /* zeros in a want */
	guint8 prk[32];		   /* zeros in a want */
	/* Of a tool, in place of those above but ssrc_b2c: what it sends with
	 * and what we do, as its suite says. */
	guint8 tool_in[SDP_MAX_KEY], tool_out[SDP_MAX_KEY];
};
/* For seal_close(); wiped when freed. Caller unrefs. */
GBytes *document_secret_write(const struct document_secret *secret);
/* What seal_open() gave. Caller wipes secret_r. */
gboolean document_secret_read(struct document_secret *secret_r, GBytes *text,
			      GError **error);

enum document_parent {
	DOCUMENT_PARENT_UP, /* or it is root */
	DOCUMENT_PARENT_ALTERNATE,
	DOCUMENT_PARENT_DOWN,
};

struct document_trunk_status {
	char id[64];
	gboolean up;
	double loss;	/* 0..1, of what the peer sent us */
	double rtt_ms;	/* < 0: not known */
	guint protocol; /* that is spoken, docs/trunk.md; 0: not said */
};

struct document_talker {
	guint32 origin;
	int level_dbov; /* -127..0 */
};

/* Once a second at most. */
struct document_status_hub {
	guint32 plan; /* the newest that is done */
	enum document_parent parent;
	gboolean root; /* as it takes itself for now */
	guint n_trunks;
	struct document_trunk_status *trunks;
	guint n_talkers;
	struct document_talker *talkers; /* those here who talk */
};

enum document_gone {
	DOCUMENT_NOT_GONE,
	DOCUMENT_GONE_BYE,
	DOCUMENT_GONE_LOST,
	DOCUMENT_GONE_MOVED, /* to his standby, he says */
	/* He has never been there: another owner was faster to take the last
	 * of the site's gates. */
	DOCUMENT_GONE_FULL,
};

/* There from when the session is open: it answers STUN from then on. Written
 * at once when somebody registers or goes, with new figures now and then. */
struct document_status_session {
	char path[80]; /* "192.0.2.1:5004", "websocket"; "": not registered */
	gint64 since;  /* Unix seconds of its registration; 0: not yet */
	enum document_gone gone;
	gboolean self_muted;
	/* What else he said in band of late (bridge/room/in_band.h). */
	guint32 heard;
	guint n_hears;
	struct document_heard hears[DOCUMENTS_MAX_HEARD];
	gboolean has_figures;
	struct media_figures figures;
};

/* An answer that was promised, see promise.h; NAME.sent beside it says that
 * it was posted. */
struct document_answer {
	/* The mail to post, see struct store_post. */
	char name[128], envelope_from[400], recipient[321];
	GBytes *mail;
	gint64 expires; /* Unix seconds; 0: never */
	/* Unix seconds: from then on nobody can ask for it any more. */
	gint64 until;

	/* The mail that it answers, see struct store_mail; bytes, since others
	 * chose them. sender: NULL but for a person's mail. */
	GBytes *id, *sender;
	guint8 digest[32];

	/* Its dialog, see struct store_dialog; did is "" for a person's. */
	char did[IPSP_DID_LENGTH + 1];
	char room[321], address[321], person[321], device[65];
	GBytes *invite, *answer;
	gint64 deadline;
	gboolean seated; /* the answer is OK */
};

#endif
