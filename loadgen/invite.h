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
	const char *pin;   /* may be NULL */
	gboolean plain;	   /* only RTP in the clear */
	gboolean no_level; /* the sound's level is not sent along */
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

/* Whether two addresses are one room: room+pin@ is room@. */
gboolean invite_same_room(const char *a, const char *b);

/* Takes an OK: checks that it answers this INVITE and derives the keys.
 * room_key may be NULL. */
gboolean invite_accept(struct invite *inv, GBytes *part,
		       const struct ipsp_message *ok, GBytes *room_key,
		       GError **error);

/* The OK's candidates in the order to be tried: all of UDP, then WebSockets;
 * returns their number, which is 0 when the wish leaves none. */
guint invite_targets(const struct invite *inv, gboolean udp, gboolean wss,
		     struct registration_target *targets_r, guint max);

/* The id of the PhoneGate that announced this target, or "". */
const char *invite_gate(const struct invite *inv,
			const struct registration_target *target);

/* Keys and payload type as the media needs them. */
void invite_stream(const struct invite *inv, struct stream_config *stream_r);

/* "192.0.2.1:5004" or "[2001:db8::1]:5004"; caller frees. */
char *invite_address_text(const struct sockaddr_storage *address);

#endif
