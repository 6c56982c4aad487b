/* stun - the Binding method of STUN (RFC 8489) with short-term credentials,
 * as IPSP/1 registers a session's key at its PhoneGate.
 *
 * Reads and writes bytes without heap or state: media threads answer
 * registrations in their tick. */
#ifndef MIXER_STUN_H
#define MIXER_STUN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "mixer/hmac_sha1.h"

#define STUN_TRANSACTION_SIZE 12
#define STUN_COOKIE_SIZE      8	  /* ours, docs/ipsp.md "The cookie" */
#define STUN_MAX_MESSAGE      256 /* bytes, of all we write */
#define STUN_MAX_USERNAME     64

enum stun_type {
	STUN_BINDING_REQUEST = 0x0001,
	STUN_BINDING_INDICATION = 0x0011,
	STUN_BINDING_SUCCESS = 0x0101,
	STUN_BINDING_ERROR = 0x0111,
};

/* A short-term password, hashed once at join. */
struct stun_key {
	struct hmac_sha1 hmac;
};

struct stun_message {
	enum stun_type type;
	uint8_t transaction[STUN_TRANSACTION_SIZE];
	char username[STUN_MAX_USERNAME]; /* "" when absent */
	bool has_cookie;
	uint8_t cookie[STUN_COOKIE_SIZE];
	struct sockaddr_storage
		address; /* XOR-MAPPED-ADDRESS; family 0: none */
	struct sockaddr_storage
		alternate; /* ALTERNATE-SERVER; family 0: none */
	int error;	   /* ERROR-CODE, 0 when absent */
	bool use_candidate;
	bool unknown_required; /* a comprehension-required stranger */
	size_t integrity;      /* offset of MESSAGE-INTEGRITY, 0: none */
	bool fingerprint;      /* present and right */
};

void stun_key_init(struct stun_key *key_r, const char *password);

/* RT. Decodes and checks FINGERPRINT where present.
 * Returns 0 or -EBADMSG. */
int stun_decode(struct stun_message *msg_r, const uint8_t *buf, size_t size);

/* RT. Whether MESSAGE-INTEGRITY is there and made with key, in constant
 * time. msg was decoded from buf. */
bool stun_authentic(const struct stun_message *msg, const uint8_t *buf,
		    const struct stun_key *key);

/* RT. An authenticator over `what` for IPSP-COOKIE: truncated HMAC-SHA1
 * under a secret of the gate, initialised like a password. */
void stun_cookie(const struct stun_key *secret, const void *what, size_t size,
		 uint8_t cookie_r[STUN_COOKIE_SIZE]);

/* RT. Writes msg: type, transaction, username, cookie, address, error and
 * alternate where set; then MESSAGE-INTEGRITY (key may be NULL: none) and
 * FINGERPRINT. Requests are padded so that no answer to them is larger.
 * Returns bytes written or -ENOBUFS. */
int stun_encode(const struct stun_message *msg, const struct stun_key *key,
		uint8_t *buf, size_t cap);

#endif
