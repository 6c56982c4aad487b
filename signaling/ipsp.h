/* ipsp - the JSON part of an IPSP/1 mail, decoded once into plain structs.
 *
 * Decoding bounds every length (docs/ipsp.md, "The JSON part"): at most
 * 16 KiB, duplicate members refused, unknown members ignored. */
#ifndef SIGNALING_IPSP_H
#define SIGNALING_IPSP_H

#include <glib.h>

#include "signaling/keys.h"

#define IPSP_VERSION	    1
#define IPSP_DID_BYTES	    16
#define IPSP_DID_LENGTH	    22 /* base64url */
#define IPSP_MAX_PART	    (16 * 1024)
#define IPSP_INVITE_LIFE_S  120
#define IPSP_OK_LIFE_S	    60
#define IPSP_MAX_CANDIDATES 8
#define IPSP_MAX_GATES	    4
#define IPSP_MAX_MESSAGE    1024 /* in-band */

#define IPSP_SUITE_AES128GCM "X25519-HKDF256-AES128GCM"
/* STUN is keyed as ever, RTP goes in the clear: lab rooms only. */
#define IPSP_SUITE_PLAIN "X25519-HKDF256-PLAIN"

enum ipsp_method {
	IPSP_INVITE,
	IPSP_OK,
	IPSP_BUSY,
	IPSP_REJECT,
	IPSP_CANCEL,
	IPSP_BYE,
	IPSP_METHODS,
};

/* Why a part was refused, and with what REJECT code it is answered. */
#define IPSP_ERROR ipsp_error_quark()
GQuark ipsp_error_quark(void);
enum ipsp_error {
	IPSP_ERROR_MALFORMED, /* set aside, not answered */
	IPSP_ERROR_VERSION,   /* REJECT 415 */
	IPSP_ERROR_METHOD,    /* a method that we do not know: set aside */
};

enum ipsp_reject {
	IPSP_REJECT_PIN = 401,
	IPSP_REJECT_FORBIDDEN = 403,
	IPSP_REJECT_NOT_FOUND = 404,
	IPSP_REJECT_EXPIRED = 408,
	IPSP_REJECT_ENDED = 410,
	IPSP_REJECT_UNSUPPORTED = 415,
	IPSP_REJECT_LOCKED = 423,
	IPSP_REJECT_TOO_MANY = 429,
};

struct ipsp_candidate {
	char transport[4]; /* "udp" or "wss" */
	char address[46];  /* udp: a literal; empty for wss */
	guint16 port;	   /* udp */
	char url[256];	   /* wss */
};

struct ipsp_gate {
	char id[64];
	gboolean local; /* "k": "local" or "center" */
	guint n_candidates;
	struct ipsp_candidate candidates[IPSP_MAX_CANDIDATES];
	guint place; /* as read: where in OK's list, or of a standby */
};

/* Which fields are set depends on method: the table of docs/ipsp.md. Unset
 * strings are "", unset numbers 0. */
struct ipsp_message {
	enum ipsp_method method;
	char did[IPSP_DID_LENGTH + 1];
	char room[321];	   /* address as mailed */
	char address[321]; /* "from" (to the room) or "to" (to the caller) */
	char device[65];
	gint64 issued, expires;		       /* Unix seconds; 0: absent */
	gboolean suite_aes128gcm, suite_plain; /* offered, or the one chosen */
	guint8 public_key[KEYS_X25519_SIZE];
	guint8 cancel_hash[32]; /* INVITE "cx": SHA256 of the preimage */
	gboolean has_cancel_hash;
	guint8 cancel_preimage[32]; /* CANCEL "cx" */
	gboolean audio_opus;	    /* INVITE offers, OK picks opus/48000/2 */
	guint8 level_id; /* of the audio level's RTP header extension; 0: none
			  */
	guint8 payload_type; /* OK */
	char net[8];	     /* "private", "global" or "" */
	/* INVITE "to": whom the room calls; "": it is a caller's. Then only
	 * issued, expires and text are used. */
	char called[321];
	char pin[33];	    /* INVITE; also room+pin@ */
	guint n_candidates; /* INVITE: hints only, never sent to */
	struct ipsp_candidate candidates[IPSP_MAX_CANDIDATES];
	/* OK: first the assigned one. INVITE: those that the caller offers. */
	guint n_gates;
	struct ipsp_gate gates[IPSP_MAX_GATES];
	guint keep_s;	   /* OK */
	guint people, max; /* OK, BUSY */
	guint code;	   /* REJECT, BUSY */
	guint retry_s;	   /* BUSY, REJECT 429 */
	char text[257];	   /* BUSY, REJECT, BYE: a sentence for people */
};

/* part is the decoded JSON. On failure error is of IPSP_ERROR, and did, room
 * and address are filled as far as they could be read (so that a REJECT 415
 * can be sent). */
gboolean ipsp_decode(struct ipsp_message *msg_r, GBytes *part, GError **error);

/* The JSON part for msg; the caller frees it with g_bytes_unref(). */
GBytes *ipsp_encode(const struct ipsp_message *msg);

/* The in-band message `standby`: json is not terminated. FALSE for any other,
 * and when no candidate of it can be used. */
gboolean ipsp_decode_standby(struct ipsp_gate *gate_r, const char *json,
			     gsize size);
/* The same for a gate as place k >= 1, at most IPSP_MAX_MESSAGE bytes: where
 * its candidates are too many, the last are left out. Caller frees. */
char *ipsp_encode_standby(const struct ipsp_gate *gate, guint k);

const char *ipsp_method_name(enum ipsp_method method);

/* A fresh dialog id. */
void ipsp_did_generate(char did_r[IPSP_DID_LENGTH + 1]);

#endif
