/* srtp_cipher - AES-128-GCM for the packets of one SSRC in one direction
 * (RFC 3711 with the transforms of RFC 7714).
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

#include <stddef.h>
#include <stdint.h>

#define SRTP_CIPHER_KEY	   28 /* bytes: master key and salt, RFC 7714 12 */
#define SRTP_CIPHER_TAG	   16
#define SRTP_CIPHER_GROWTH (SRTP_CIPHER_TAG + 4) /* RTCP: tag and index */

struct srtp_cipher;

enum srtp_direction { SRTP_PROTECT, SRTP_UNPROTECT };

/* Returns 0, -ENOMEM, or -EIO when OpenSSL refuses AES-GCM. */
int srtp_cipher_create(struct srtp_cipher **cip_r,
		       const uint8_t key[SRTP_CIPHER_KEY],
		       enum srtp_direction direction);
/* Accepts NULL and half-built objects; wipes the keys. */
void srtp_cipher_destroy(struct srtp_cipher **cipp);

/* RT. One RTP packet in place, whose first `header` bytes stay readable.
 * index is the 48-bit ROC | SEQ. Both return the new size. Protecting needs
 * SRTP_CIPHER_TAG bytes after size: -ENOBUFS where cap has no room.
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
