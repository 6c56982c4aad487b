/* srtp_cipher - SRTP for the packets of one direction (RFC 3711): encryption
 * and authentication by one of the suites below.
 *
 * It turns bytes into bytes; which index a packet has, and whether that
 * index came before, is the stream's knowledge.
 *
 * Why not libsrtp: Debian's libsrtp2 is built on NSS, whose GCM makes ten
 * heap calls and takes locks for every packet. Here a ready EVP context per
 * direction takes a new IV and nothing else. tests/unit/srtp_cipher.c
 * compares every packet with libsrtp2's.
 *
 * Created and destroyed by the control thread, used by one media thread. */
#ifndef MIXER_SRTP_CIPHER_H
#define MIXER_SRTP_CIPHER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SRTP_MAX_KEY	30 /* bytes: master key and salt, of any suite */
#define SRTP_MAX_GROWTH 20 /* bytes that a suite adds to a packet, at most */

enum srtp_suite {
	SRTP_NONE, /* in the clear: there is no cipher */
	SRTP_GCM,  /* AEAD_AES_128_GCM of RFC 7714, key 16 + salt 12 */
	SRTP_CM,   /* AES_CM_128_HMAC_SHA1_80 of RFC 3711, key 16 + salt 14 */
};

struct srtp_cipher;

enum srtp_direction { SRTP_PROTECT, SRTP_UNPROTECT };

/* Bytes of master key and salt together, 0 for SRTP_NONE. */
size_t srtp_suite_key_size(enum srtp_suite suite);

/* key is the master key, and the salt behind it. Returns 0, -EINVAL for
 * SRTP_NONE, -ENOMEM, or -EIO when OpenSSL refuses the cipher. */
int srtp_cipher_create(struct srtp_cipher **cip_r, enum srtp_suite suite,
		       const uint8_t *key, enum srtp_direction direction);
/* Accepts NULL and half-built objects; wipes the keys. */
void srtp_cipher_destroy(struct srtp_cipher **cipp);

/* RT. One RTP packet in place, whose first `header` bytes stay readable.
 * index is the 48-bit ROC | SEQ. Both return the new size. Protecting needs
 * up to SRTP_MAX_GROWTH bytes after size: -ENOBUFS where cap has no room.
 * Unprotecting: -EBADMSG when too short, -EACCES when not authentic (what
 * buf then holds is void). */
int srtp_cipher_protect_rtp(struct srtp_cipher *cip, uint64_t index,
			    size_t header, uint8_t *buf, size_t size,
			    size_t cap);
int srtp_cipher_unprotect_rtp(struct srtp_cipher *cip, uint64_t index,
			      size_t header, uint8_t *buf, size_t size);

/* RT. The same for one compound RTCP packet and its 31-bit index, which the
 * packet carries. A packet that is not encrypted (E = 0) is refused. */
int srtp_cipher_protect_rtcp(struct srtp_cipher *cip, uint32_t index,
			     uint8_t *buf, size_t size, size_t cap);
int srtp_cipher_unprotect_rtcp(struct srtp_cipher *cip, uint32_t *index_r,
			       uint8_t *buf, size_t size);

#endif
