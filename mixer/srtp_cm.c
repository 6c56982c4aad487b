/* AES_CM_128_HMAC_SHA1_80 for SRTP, RFC 3711 4.1.1 and 4.2.1. */
#include "mixer/srtp_transform.h"

#include <string.h>

#include <openssl/crypto.h>

#include "mixer/wire.h"

#define IV_SIZE	 16
#define TAG_SIZE 10

/* (salt * 2^16) XOR (SSRC * 2^64) XOR (index * 2^16); counter mode is the
 * same in both directions. */
static bool crypt(struct srtp_keys *keys, const uint8_t ssrc[4], uint64_t index,
		  uint8_t *buf, size_t size)
{
	uint8_t iv[IV_SIZE] = { 0 };
	int n;

	memcpy(iv + 4, ssrc, 4);
	wire_put32(iv + 8, (uint32_t)(index >> 16));
	wire_put16(iv + 12, (uint16_t)index);
	for (int i = 0; i < SRTP_MAX_SALT; i++)
		iv[i] ^= keys->salt[i];
	return EVP_CipherInit_ex(keys->evp, NULL, NULL, NULL, iv, -1) &&
	       EVP_CipherUpdate(keys->evp, buf, &n, buf, (int)size);
}

/* The packet and the rollover counter, which it does not carry. */
static void tag_rtp(const struct srtp_keys *keys, uint64_t index,
		    const uint8_t *buf, size_t size,
		    uint8_t mac_r[HMAC_SHA1_SIZE])
{
	uint8_t roc[4];

	wire_put32(roc, (uint32_t)(index >> 16));
	hmac_sha1(&keys->auth, buf, size, roc, sizeof(roc), mac_r);
}

static bool protect_rtp(struct srtp_keys *keys, uint64_t index, size_t header,
			uint8_t *buf, size_t size)
{
	uint8_t mac[HMAC_SHA1_SIZE];

	if (!crypt(keys, buf + 8, index, buf + header, size - header))
		return false;
	tag_rtp(keys, index, buf, size, mac);
	memcpy(buf + size, mac, TAG_SIZE);
	return true;
}

static bool unprotect_rtp(struct srtp_keys *keys, uint64_t index, size_t header,
			  uint8_t *buf, size_t plain)
{
	uint8_t mac[HMAC_SHA1_SIZE];

	tag_rtp(keys, index, buf, plain, mac);
	return !CRYPTO_memcmp(mac, buf + plain, TAG_SIZE) &&
	       crypt(keys, buf + 8, index, buf + header, plain - header);
}

/* The tag is that of all before it, the word included. */
static bool protect_rtcp(struct srtp_keys *keys, uint32_t word, uint8_t *buf,
			 size_t size)
{
	uint8_t mac[HMAC_SHA1_SIZE];

	if (!crypt(keys, buf + 4, word & ~SRTP_RTCP_E, buf + SRTP_RTCP_HEADER,
		   size - SRTP_RTCP_HEADER))
		return false;
	wire_put32(buf + size, word);
	hmac_sha1(&keys->auth, buf, size + 4, "", 0, mac);
	memcpy(buf + size + 4, mac, TAG_SIZE);
	return true;
}

static bool unprotect_rtcp(struct srtp_keys *keys, uint32_t word, uint8_t *buf,
			   size_t plain)
{
	uint8_t mac[HMAC_SHA1_SIZE];

	hmac_sha1(&keys->auth, buf, plain + 4, "", 0, mac);
	return !CRYPTO_memcmp(mac, buf + plain + 4, TAG_SIZE) &&
	       crypt(keys, buf + 4, word & ~SRTP_RTCP_E, buf + SRTP_RTCP_HEADER,
		     plain - SRTP_RTCP_HEADER);
}

const struct srtp_transform srtp_cm = {
	.cipher = EVP_aes_128_ctr,
	.salt = 14,
	.auth = 20,
	.rtp_growth = TAG_SIZE,
	.rtcp_growth = 4 + TAG_SIZE,
	.word_at = 4 + TAG_SIZE,
	.protect_rtp = protect_rtp,
	.unprotect_rtp = unprotect_rtp,
	.protect_rtcp = protect_rtcp,
	.unprotect_rtcp = unprotect_rtcp,
};
