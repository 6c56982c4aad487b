#include "mixer/srtp_cipher.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mixer/wire.h"

#define KEY_SIZE    16
#define SALT_SIZE   12
#define IV_SIZE	    12
#define RTCP_HEADER 8	       /* stays readable under SRTCP */
#define RTCP_E	    0x80000000 /* the packet is encrypted */

/* RFC 3711 4.3.2. */
enum label {
	LABEL_RTP_KEY = 0,
	LABEL_RTP_SALT = 2,
	LABEL_RTCP_KEY = 3,
	LABEL_RTCP_SALT = 5,
};

struct half {
	EVP_CIPHER_CTX *evp; /* its key is set, each packet sets the IV */
	uint8_t salt[SALT_SIZE];
};

struct srtp_cipher {
	struct half rtp, rtcp;
};

/* The key derivation of RFC 3711 4.3.3 (AES in counter mode) with the salt
 * padded as RFC 7714 11 says, and a derivation rate of 0. */
static int derive(const uint8_t master[SRTP_CIPHER_KEY], enum label label,
		  uint8_t *key_r, int size)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { 0 };
	int n, ok;

	if (!evp)
		return -ENOMEM;
	memcpy(iv, master + KEY_SIZE, SALT_SIZE);
	iv[7] ^= (uint8_t)label;
	memset(key_r, 0, (size_t)size);
	ok = EVP_EncryptInit_ex(evp, EVP_aes_128_ctr(), NULL, master, iv) &&
	     EVP_EncryptUpdate(evp, key_r, &n, key_r, size);
	EVP_CIPHER_CTX_free(evp);
	OPENSSL_cleanse(iv, sizeof(iv));
	return ok ? 0 : -EIO;
}

static int half_init(struct half *half, const uint8_t master[SRTP_CIPHER_KEY],
		     enum label key_label, enum label salt_label,
		     enum srtp_direction direction)
{
	uint8_t key[KEY_SIZE];
	int r = derive(master, key_label, key, sizeof(key));

	if (!r)
		r = derive(master, salt_label, half->salt, SALT_SIZE);
	if (!r && !(half->evp = EVP_CIPHER_CTX_new()))
		r = -ENOMEM;
	if (!r && !EVP_CipherInit_ex(half->evp, EVP_aes_128_gcm(), NULL, key,
				     NULL, direction == SRTP_PROTECT))
		r = -EIO;
	OPENSSL_cleanse(key, sizeof(key));
	return r;
}

int srtp_cipher_create(struct srtp_cipher **cip_r,
		       const uint8_t key[SRTP_CIPHER_KEY],
		       enum srtp_direction direction)
{
	struct srtp_cipher *cip = calloc(1, sizeof(*cip));
	int r;

	if (!cip)
		return -ENOMEM;
	r = half_init(&cip->rtp, key, LABEL_RTP_KEY, LABEL_RTP_SALT, direction);
	if (!r)
		r = half_init(&cip->rtcp, key, LABEL_RTCP_KEY, LABEL_RTCP_SALT,
			      direction);
	if (r)
		srtp_cipher_destroy(&cip);
	else
		*cip_r = cip;
	return r;
}

void srtp_cipher_destroy(struct srtp_cipher **cipp)
{
	struct srtp_cipher *cip = *cipp;

	*cipp = NULL;
	if (!cip)
		return;
	EVP_CIPHER_CTX_free(cip->rtp.evp);
	EVP_CIPHER_CTX_free(cip->rtcp.evp);
	OPENSSL_cleanse(cip, sizeof(*cip));
	free(cip);
}

static bool begin(struct half *half, uint8_t iv[IV_SIZE])
{
	for (int i = 0; i < IV_SIZE; i++)
		iv[i] ^= half->salt[i];
	return EVP_CipherInit_ex(half->evp, NULL, NULL, NULL, iv, -1);
}

static bool update(struct half *half, uint8_t *out, const uint8_t *in,
		   size_t size)
{
	int n;

	/* An empty update with output would end the additional data. */
	return !size || EVP_CipherUpdate(half->evp, out, &n, in, (int)size);
}

/* The tag of what was encrypted, to tag. */
static bool seal(struct half *half, uint8_t tag[SRTP_CIPHER_TAG])
{
	uint8_t none[16];
	int n;

	return EVP_CipherFinal_ex(half->evp, none, &n) &&
	       EVP_CIPHER_CTX_ctrl(half->evp, EVP_CTRL_AEAD_GET_TAG,
				   SRTP_CIPHER_TAG, tag);
}

/* Whether tag is that of what was decrypted, in constant time. */
static bool unseal(struct half *half, uint8_t tag[SRTP_CIPHER_TAG])
{
	uint8_t none[16];
	int n;

	return EVP_CIPHER_CTX_ctrl(half->evp, EVP_CTRL_AEAD_SET_TAG,
				   SRTP_CIPHER_TAG, tag) &&
	       EVP_CipherFinal_ex(half->evp, none, &n);
}

/* RFC 7714 8.1: 0 0 | SSRC | ROC | SEQ. */
static bool begin_rtp(struct half *half, const uint8_t *buf, size_t header,
		      uint64_t index)
{
	uint8_t iv[IV_SIZE] = { 0 };

	memcpy(iv + 2, buf + 8, 4);
	wire_put32(iv + 6, (uint32_t)(index >> 16));
	wire_put16(iv + 10, (uint16_t)index);
	return begin(half, iv) && update(half, NULL, buf, header);
}

int srtp_cipher_protect_rtp(struct srtp_cipher *cip, uint64_t index,
			    size_t header, uint8_t *buf, size_t size,
			    size_t cap)
{
	struct half *half = &cip->rtp;

	if (cap < size + SRTP_CIPHER_TAG)
		return -ENOBUFS;
	if (!begin_rtp(half, buf, header, index) ||
	    !update(half, buf + header, buf + header, size - header) ||
	    !seal(half, buf + size))
		return -EIO;
	return (int)(size + SRTP_CIPHER_TAG);
}

int srtp_cipher_unprotect_rtp(struct srtp_cipher *cip, uint64_t index,
			      size_t header, uint8_t *buf, size_t size)
{
	struct half *half = &cip->rtp;
	size_t plain;

	if (size < header + SRTP_CIPHER_TAG)
		return -EBADMSG;
	plain = size - SRTP_CIPHER_TAG;
	if (!begin_rtp(half, buf, header, index) ||
	    !update(half, buf + header, buf + header, plain - header) ||
	    !unseal(half, buf + plain))
		return -EACCES;
	return (int)plain;
}

/* RFC 7714 9.1: 0 0 | SSRC | 0 0 | index; the additional data is the first
 * eight bytes and the word with E and the index. */
static bool begin_rtcp(struct half *half, const uint8_t *buf, uint32_t word)
{
	uint8_t iv[IV_SIZE] = { 0 }, trailer[4];

	memcpy(iv + 2, buf + 4, 4);
	wire_put32(iv + 8, word & ~RTCP_E);
	wire_put32(trailer, word);
	return begin(half, iv) && update(half, NULL, buf, RTCP_HEADER) &&
	       update(half, NULL, trailer, sizeof(trailer));
}

int srtp_cipher_protect_rtcp(struct srtp_cipher *cip, uint32_t index,
			     uint8_t *buf, size_t size, size_t cap)
{
	struct half *half = &cip->rtcp;
	uint32_t word = index | RTCP_E;

	if (size < RTCP_HEADER || cap < size + SRTP_CIPHER_GROWTH)
		return -ENOBUFS;
	if (!begin_rtcp(half, buf, word) ||
	    !update(half, buf + RTCP_HEADER, buf + RTCP_HEADER,
		    size - RTCP_HEADER) ||
	    !seal(half, buf + size))
		return -EIO;
	wire_put32(buf + size + SRTP_CIPHER_TAG, word);
	return (int)(size + SRTP_CIPHER_GROWTH);
}

int srtp_cipher_unprotect_rtcp(struct srtp_cipher *cip, uint32_t *index_r,
			       uint8_t *buf, size_t size)
{
	struct half *half = &cip->rtcp;
	size_t plain;
	uint32_t word;

	if (size < RTCP_HEADER + SRTP_CIPHER_GROWTH)
		return -EBADMSG;
	plain = size - SRTP_CIPHER_GROWTH;
	word = wire_get32(buf + size - 4);
	if (!(word & RTCP_E) || !begin_rtcp(half, buf, word) ||
	    !update(half, buf + RTCP_HEADER, buf + RTCP_HEADER,
		    plain - RTCP_HEADER) ||
	    !unseal(half, buf + plain))
		return -EACCES;
	*index_r = word & ~RTCP_E;
	return (int)plain;
}
