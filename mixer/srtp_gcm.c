/* AEAD_AES_128_GCM for SRTP, RFC 7714. */
#include "mixer/srtp_transform.h"

#include <string.h>

#include "mixer/wire.h"

#define IV_SIZE	 12
#define TAG_SIZE 16

static bool begin(struct srtp_keys *keys, uint8_t iv[IV_SIZE])
{
	for (int i = 0; i < IV_SIZE; i++)
		iv[i] ^= keys->salt[i];
	return EVP_CipherInit_ex(keys->evp, NULL, NULL, NULL, iv, -1);
}

static bool update(struct srtp_keys *keys, uint8_t *out, const uint8_t *in,
		   size_t size)
{
	int n;

	/* An empty update with output would end the additional data. */
	return !size || EVP_CipherUpdate(keys->evp, out, &n, in, (int)size);
}

/* The tag of what was encrypted, to tag. */
static bool seal(struct srtp_keys *keys, uint8_t tag[TAG_SIZE])
{
	uint8_t none[16];
	int n;

	return EVP_CipherFinal_ex(keys->evp, none, &n) &&
	       EVP_CIPHER_CTX_ctrl(keys->evp, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
				   tag);
}

/* Whether tag is that of what was decrypted, in constant time. */
static bool unseal(struct srtp_keys *keys, uint8_t tag[TAG_SIZE])
{
	uint8_t none[16];
	int n;

	return EVP_CIPHER_CTX_ctrl(keys->evp, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
				   tag) &&
	       EVP_CipherFinal_ex(keys->evp, none, &n);
}

/* RFC 7714 8.1: 0 0 | SSRC | ROC | SEQ. */
static bool begin_rtp(struct srtp_keys *keys, const uint8_t *buf, size_t header,
		      uint64_t index)
{
	uint8_t iv[IV_SIZE] = { 0 };

	memcpy(iv + 2, buf + 8, 4);
	wire_put32(iv + 6, (uint32_t)(index >> 16));
	wire_put16(iv + 10, (uint16_t)index);
	return begin(keys, iv) && update(keys, NULL, buf, header);
}

static bool protect_rtp(struct srtp_keys *keys, uint64_t index, size_t header,
			uint8_t *buf, size_t size)
{
	return begin_rtp(keys, buf, header, index) &&
	       update(keys, buf + header, buf + header, size - header) &&
	       seal(keys, buf + size);
}

static bool unprotect_rtp(struct srtp_keys *keys, uint64_t index, size_t header,
			  uint8_t *buf, size_t plain)
{
	return begin_rtp(keys, buf, header, index) &&
	       update(keys, buf + header, buf + header, plain - header) &&
	       unseal(keys, buf + plain);
}

/* RFC 7714 9.1: 0 0 | SSRC | 0 0 | index; the additional data is the first
 * eight bytes and the word, which follows the tag. */
static bool begin_rtcp(struct srtp_keys *keys, const uint8_t *buf,
		       uint32_t word)
{
	uint8_t iv[IV_SIZE] = { 0 }, trailer[4];

	memcpy(iv + 2, buf + 4, 4);
	wire_put32(iv + 8, word & ~SRTP_RTCP_E);
	wire_put32(trailer, word);
	return begin(keys, iv) && update(keys, NULL, buf, SRTP_RTCP_HEADER) &&
	       update(keys, NULL, trailer, sizeof(trailer));
}

static bool crypt_rtcp(struct srtp_keys *keys, uint32_t word, uint8_t *buf,
		       size_t size)
{
	uint8_t *body = buf + SRTP_RTCP_HEADER;

	return begin_rtcp(keys, buf, word) &&
	       update(keys, body, body, size - SRTP_RTCP_HEADER);
}

static bool protect_rtcp(struct srtp_keys *keys, uint32_t word, uint8_t *buf,
			 size_t size)
{
	wire_put32(buf + size + TAG_SIZE, word);
	return crypt_rtcp(keys, word, buf, size) && seal(keys, buf + size);
}

static bool unprotect_rtcp(struct srtp_keys *keys, uint32_t word, uint8_t *buf,
			   size_t plain)
{
	return crypt_rtcp(keys, word, buf, plain) && unseal(keys, buf + plain);
}

const struct srtp_transform srtp_gcm = {
	.cipher = EVP_aes_128_gcm,
	.salt = 12,
	.rtp_growth = TAG_SIZE,
	.rtcp_growth = TAG_SIZE + 4,
	.word_at = 4,
	.protect_rtp = protect_rtp,
	.unprotect_rtp = unprotect_rtp,
	.protect_rtcp = protect_rtcp,
	.unprotect_rtcp = unprotect_rtcp,
};
