/* hmac_sha1 - HMAC-SHA1 (RFC 2104) with the key hashed once beforehand, for
 * packets: STUN's MESSAGE-INTEGRITY and SRTP's HMAC_SHA1_80.
 *
 * OpenSSL's EVP_MAC and HMAC allocate for every message; SHA-1 with its
 * state at hand needs no heap. */
#ifndef MIXER_HMAC_SHA1_H
#define MIXER_HMAC_SHA1_H

#include <stddef.h>
#include <stdint.h>

#define HMAC_SHA1_SIZE 20

/* SHA-1's state after the padded key, inner and outer. A secret. */
struct hmac_sha1 {
	uint32_t inner[5], outer[5];
};

void hmac_sha1_init(struct hmac_sha1 *key_r, const void *key, size_t size);

/* RT. The code of head and body, one after the other. */
void hmac_sha1(const struct hmac_sha1 *key, const void *head, size_t head_size,
	       const void *body, size_t body_size,
	       uint8_t mac_r[HMAC_SHA1_SIZE]);

#endif
