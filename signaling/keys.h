/* keys - the key schedule of IPSP/1: X25519 in INVITE and OK, HKDF-SHA256
 * to everything a dialog needs (docs/ipsp.md, "Keys").
 *
 *   th  = SHA256(INVITE part) | SHA256(OK part)    over the decoded bytes
 *   PRK = HKDF-Extract(th [| room key], X25519)    RFC 7748, RFC 5869
 */
#ifndef SIGNALING_KEYS_H
#define SIGNALING_KEYS_H

#include <glib.h>

#define KEYS_X25519_SIZE 32
#define KEYS_SRTP_SIZE	 28
#define KEYS_CTL_SIZE	 32
#define KEYS_ROOM_SIZE	 16
#define KEYS_PRK_SIZE	 32

struct keys_pair {
	guint8 private_key[KEYS_X25519_SIZE];
	guint8 public_key[KEYS_X25519_SIZE];
};

struct keys {
	char stun_password[25];		 /* base64url of 18 bytes */
	guint8 srtp_c2b[KEYS_SRTP_SIZE]; /* caller to bridge */
	guint8 srtp_b2c[KEYS_SRTP_SIZE];
	guint32 ssrc_c2b, ssrc_b2c; /* "IPSP/1 ssrc", never equal */
	guint8 ctl[KEYS_CTL_SIZE];  /* HMAC-SHA256 of BYE mails */
	guint8 prk[KEYS_PRK_SIZE];  /* what all of it was expanded from */
};

void keys_pair_generate(struct keys_pair *pair_r);

/* Fills pair_r from a private key (stored dialogs, test vectors). */
void keys_pair_from_private(struct keys_pair *pair_r,
			    const guint8 private_key[KEYS_X25519_SIZE]);

/* invite and ok are the exact bytes of the two JSON parts; room_key may be
 * NULL. FALSE when the peer's point gives the all-zero secret. */
gboolean keys_derive(struct keys *keys_r, const struct keys_pair *own,
		     const guint8 peer_public[KEYS_X25519_SIZE], GBytes *invite,
		     GBytes *ok, GBytes *room_key, GError **error);

/* The SSRCs of a dialog's place k (docs/ipsp.md, "Standby"), never equal; place
 * 0 has those of struct keys. The SRTP keys are the same at all places: it is
 * by the SSRC that their nonces differ. */
void keys_ssrcs(const struct keys *keys, guint k, guint32 *c2b_r,
		guint32 *b2c_r);

/* HMAC-SHA256 with ctl over the bytes of a JSON part, base64url: the MAC
 * that a BYE mail carries in its IPSP-MAC header. Caller frees. */
char *keys_mac(const struct keys *keys, GBytes *part);
/* Constant time. */
gboolean keys_mac_right(const struct keys *keys, GBytes *part, const char *mac);

/* A room's pre-shared key as people hand it on: base64url of 16 bytes. NULL
 * when text is not that. Caller frees. */
GBytes *keys_room_key(const char *text);

/* base64url without padding. Encoding: caller frees. Decoding: FALSE unless
 * text is exactly `size` bytes. */
char *keys_base64url(const guint8 *bytes, gsize size);
gboolean keys_base64url_decode(const char *text, guint8 *bytes_r, gsize size);

#endif
