/* invite - the mails that a caller writes (INVITE, CANCEL, BYE) and what he
 * makes of an OK: the dialog's keys and the media that they open. No mailbox,
 * no socket, no thread. */
#ifndef LOADGEN_INVITE_H
#define LOADGEN_INVITE_H

#include <glib.h>

#include "loadgen/call.h"
#include "signaling/ipsp.h"
#include "signaling/keys.h"

/* One dialog from the caller's side. */
struct invite {
	char did[IPSP_DID_LENGTH + 1];
	char *room, *address, *name, *device;
	char *message_id; /* of the INVITE, without <> */
	gboolean plain;	  /* only RTP in the clear is offered */
	guint8 level_id;  /* offered; 0: none */
	GBytes *part;	  /* the INVITE's JSON */
	struct keys_pair pair;
	guint8 cancel_preimage[32];
	struct keys keys; /* once has_keys */
	gboolean has_keys;
	struct ipsp_message ok;
};

struct invite_offer {
	const char *room, *address, *name, *device;
	const char *pin;	      /* may be NULL */
	gboolean plain;		      /* only RTP in the clear */
	gboolean no_level;	      /* the sound's level is not sent along */
	const struct ipsp_gate *gate; /* offered to the room, or NULL */
};

/* A fresh dialog. */
void invite_init(struct invite *inv, const struct invite_offer *offer,
		 gint64 now);
/* Forgets the keys too. Accepts a zeroed struct. */
void invite_fini(struct invite *inv);

/* The mails, ready to be posted. BYE needs the keys. */
GBytes *invite_mail(const struct invite *inv, gint64 now);
GBytes *invite_cancel_mail(const struct invite *inv, gint64 now);
GBytes *invite_bye_mail(const struct invite *inv, gint64 now);
/* To a room whose call, of that did, is not followed; only room, address and
 * name of inv are used. */
GBytes *invite_decline_mail(const struct invite *inv, const char *did,
			    gint64 now);

/* Whether two addresses are one room: room+pin@ is room@. */
gboolean invite_same_room(const char *a, const char *b);

/* Takes an OK: checks that it answers this INVITE and derives the keys.
 * room_key may be NULL. */
gboolean invite_accept(struct invite *inv, GBytes *part,
		       const struct ipsp_message *ok, GBytes *room_key,
		       GError **error);

/* What a caller wants of every gate. */
struct invite_wish {
	gboolean udp, wss; /* the candidates that he uses */
	guint64 keep_us;
	gboolean echo; /* registration_config */
};

/* A gate of the dialog, of OK or told later, as the media needs it; its
 * candidates in the order to be tried: UDP, then WebSockets. NULL when the wish
 * leaves none of them. */
struct call_place *invite_place(const struct invite *inv,
				const struct ipsp_gate *gate,
				const struct invite_wish *wish);
/* All gates of the OK that the wish leaves, in their order. */
struct call_place *invite_places(const struct invite *inv,
				 const struct invite_wish *wish);

/* Keys, payload type and the SSRCs of place k, as the media needs them. */
void invite_stream(const struct invite *inv, guint k,
		   struct stream_config *stream_r);

/* "192.0.2.1:5004" or "[2001:db8::1]:5004"; caller frees. */
char *invite_address_text(const struct sockaddr_storage *address);

#endif
