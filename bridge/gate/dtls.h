/* dtls - the server's end of a DTLS 1.2 association (RFC 6347) that agrees on
 * SRTP keys (RFC 5764): datagrams go in, datagrams and keys come out.
 *
 * Whoever calls is who his certificate says: its SHA-256 must be the one that
 * his offer named (RFC 8122), else the handshake fails. Nothing else of
 * it is looked at. Ours is made by dtls_identity_create() and lives as long
 * as the process: P-256, signed by itself.
 *
 * Control thread only: OpenSSL allocates, and a handshake takes about a
 * millisecond. Where datagrams come from, and how many may be answered, is the
 * media thread's knowledge (ice.c): only those of an address that passed ICE
 * get here, so no cookie is asked for, and a ClientHello of a stranger costs
 * no state. */
#ifndef GATE_DTLS_H
#define GATE_DTLS_H

#include <stddef.h>
#include <stdint.h>

#include "mixer/srtp_cipher.h"

#define DTLS_FINGERPRINT  32   /* bytes: SHA-256 of a certificate */
#define DTLS_MAX_DATAGRAM 1200 /* bytes that we send, RFC 8831 5 */

struct dtls_identity;
struct dtls;

enum dtls_state {
	DTLS_SHAKING,
	DTLS_UP,
	DTLS_CLOSED, /* by the peer */
	DTLS_FAILED, /* a wrong certificate, no suite in common, ... */
};

/* Returns 0, -ENOMEM, or -EIO when OpenSSL refuses. */
int dtls_identity_create(struct dtls_identity **idn_r);
/* No association uses it any more. Accepts NULL. */
void dtls_identity_destroy(struct dtls_identity **idnp);
/* DTLS_FINGERPRINT bytes. */
const uint8_t *dtls_identity_fingerprint(const struct dtls_identity *idn);

/* `fingerprint` is that of the peer's certificate. Returns 0 or -ENOMEM. */
int dtls_create(struct dtls **dtls_r, struct dtls_identity *idn,
		const uint8_t fingerprint[DTLS_FINGERPRINT]);
/* Accepts NULL; wipes the keys. */
void dtls_destroy(struct dtls **dtlsp);

/* Takes one datagram, whatever is in it. What is no record of this association
 * is passed over. A handshake that breaks off begins anew, a few times, since
 * anybody may have sent what broke it; once it is up only the peer ends it. */
enum dtls_state dtls_take(struct dtls *dtls, const uint8_t *buf, size_t size);
/* Repeats what was not answered, first after 100 ms, then at twice the time;
 * to be called about so often while it is DTLS_SHAKING. */
enum dtls_state dtls_repeat(struct dtls *dtls);

/* The next datagram to send: its size, 0 when there is none. After each of the
 * two above. */
size_t dtls_output(struct dtls *dtls, uint8_t buf_r[DTLS_MAX_DATAGRAM]);

struct dtls_keys { /* wiped by who used them */
	enum srtp_suite suite;
	uint8_t send[SRTP_MAX_KEY]; /* key, and the salt behind it */
	uint8_t receive[SRTP_MAX_KEY];
};

/* Once it is DTLS_UP. Returns 0 or -EIO. */
int dtls_keys(struct dtls *dtls, struct dtls_keys *keys_r);

#endif
