/* srtp_transform - what a suite does to one packet. srtp_cipher.c owns the
 * keys and the table, srtp_gcm.c and srtp_cm.c do the work. Nobody else
 * includes it, but for tests. */
#ifndef MIXER_SRTP_TRANSFORM_H
#define MIXER_SRTP_TRANSFORM_H

#include <openssl/evp.h>

#include "mixer/hmac_sha1.h"
#include "mixer/srtp_cipher.h"

#define SRTP_KEY_SIZE	 16
#define SRTP_MAX_SALT	 14
#define SRTP_RTCP_HEADER 8	    /* stays readable under SRTCP */
#define SRTP_RTCP_E	 0x80000000 /* the packet is encrypted */

/* Session keys of RTP, or of RTCP. */
struct srtp_keys {
	EVP_CIPHER_CTX *evp; /* its key is set, each packet sets the IV */
	uint8_t salt[SRTP_MAX_SALT];
	struct hmac_sha1 auth; /* where the cipher does not authenticate */
};

/* All RT. `word` is SRTCP's E flag and index; room for the growth is there
 * and a received packet is long enough. Protecting returns whether OpenSSL
 * did it, unprotecting whether the packet was authentic. */
struct srtp_transform {
	const EVP_CIPHER *(*cipher)(void);
	size_t salt;	    /* bytes */
	size_t auth;	    /* bytes of the authentication key, 0: none */
	size_t rtp_growth;  /* bytes */
	size_t rtcp_growth; /* bytes */
	size_t word_at;	    /* bytes from the packet's end back to the word */
	bool (*protect_rtp)(struct srtp_keys *keys, uint64_t index,
			    size_t header, uint8_t *buf, size_t size);
	bool (*unprotect_rtp)(struct srtp_keys *keys, uint64_t index,
			      size_t header, uint8_t *buf, size_t plain);
	bool (*protect_rtcp)(struct srtp_keys *keys, uint32_t word,
			     uint8_t *buf, size_t size);
	bool (*unprotect_rtcp)(struct srtp_keys *keys, uint32_t word,
			       uint8_t *buf, size_t plain);
};

extern const struct srtp_transform srtp_gcm, srtp_cm;

#endif
