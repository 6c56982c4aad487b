#include "mixer/srtp_cipher.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "mixer/srtp_transform.h"
#include "mixer/wire.h"

/* RFC 3711 4.3.2; RTCP's are RTP's and three. */
enum label { LABEL_KEY, LABEL_AUTH, LABEL_SALT, LABELS };

static const struct srtp_transform *const transforms[] = {
	[SRTP_GCM] = &srtp_gcm,
	[SRTP_CM] = &srtp_cm,
};

struct srtp_cipher {
	const struct srtp_transform *how;
	struct srtp_keys rtp, rtcp;
};

static const struct srtp_transform *transform_of(enum srtp_suite suite)
{
	return suite < sizeof(transforms) / sizeof(*transforms)
		       ? transforms[suite]
		       : NULL;
}

size_t srtp_suite_key_size(enum srtp_suite suite)
{
	const struct srtp_transform *how = transform_of(suite);

	return how ? SRTP_KEY_SIZE + how->salt : 0;
}

/* The key derivation of RFC 3711 4.3.3: AES in counter mode, a derivation
 * rate of 0. Salts shorter than 14 bytes are padded (RFC 7714 11). */
static int derive(const struct srtp_transform *how, const uint8_t *master,
		  unsigned label, uint8_t *key_r, size_t size)
{
	EVP_CIPHER_CTX *evp = EVP_CIPHER_CTX_new();
	uint8_t iv[16] = { 0 };
	int n, ok;

	if (!evp)
		return -ENOMEM;
	memcpy(iv, master + SRTP_KEY_SIZE, how->salt);
	iv[7] ^= (uint8_t)label;
	memset(key_r, 0, size);
	ok = EVP_EncryptInit_ex(evp, EVP_aes_128_ctr(), NULL, master, iv) &&
	     EVP_EncryptUpdate(evp, key_r, &n, key_r, (int)size);
	EVP_CIPHER_CTX_free(evp);
	OPENSSL_cleanse(iv, sizeof(iv));
	return ok ? 0 : -EIO;
}

static int keys_init(struct srtp_keys *keys, const struct srtp_transform *how,
		     const uint8_t *master, unsigned first_label,
		     enum srtp_direction direction)
{
	uint8_t key[SRTP_KEY_SIZE], auth[HMAC_SHA1_SIZE] = { 0 };
	int r = derive(how, master, first_label + LABEL_KEY, key, sizeof(key));

	if (!r)
		r = derive(how, master, first_label + LABEL_AUTH, auth,
			   how->auth);
	if (!r)
		r = derive(how, master, first_label + LABEL_SALT, keys->salt,
			   how->salt);
	if (!r && !(keys->evp = EVP_CIPHER_CTX_new()))
		r = -ENOMEM;
	if (!r && !EVP_CipherInit_ex(keys->evp, how->cipher(), NULL, key, NULL,
				     direction == SRTP_PROTECT))
		r = -EIO;
	if (!r)
		hmac_sha1_init(&keys->auth, auth, how->auth);
	OPENSSL_cleanse(key, sizeof(key));
	OPENSSL_cleanse(auth, sizeof(auth));
	return r;
}

int srtp_cipher_create(struct srtp_cipher **cip_r, enum srtp_suite suite,
		       const uint8_t *key, enum srtp_direction direction)
{
	const struct srtp_transform *how = transform_of(suite);
	struct srtp_cipher *cip;
	int r;

	if (!how)
		return -EINVAL;
	cip = calloc(1, sizeof(*cip));
	if (!cip)
		return -ENOMEM;
	cip->how = how;
	r = keys_init(&cip->rtp, how, key, 0, direction);
	if (!r)
		r = keys_init(&cip->rtcp, how, key, LABELS, direction);
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

int srtp_cipher_protect_rtp(struct srtp_cipher *cip, uint64_t index,
			    size_t header, uint8_t *buf, size_t size,
			    size_t cap)
{
	size_t growth = cip->how->rtp_growth;

	if (cap < size + growth)
		return -ENOBUFS;
	if (!cip->how->protect_rtp(&cip->rtp, index, header, buf, size))
		return -EIO;
	return (int)(size + growth);
}

int srtp_cipher_unprotect_rtp(struct srtp_cipher *cip, uint64_t index,
			      size_t header, uint8_t *buf, size_t size)
{
	size_t growth = cip->how->rtp_growth;

	if (size < header + growth)
		return -EBADMSG;
	if (!cip->how->unprotect_rtp(&cip->rtp, index, header, buf,
				     size - growth))
		return -EACCES;
	return (int)(size - growth);
}

int srtp_cipher_protect_rtcp(struct srtp_cipher *cip, uint32_t index,
			     uint8_t *buf, size_t size, size_t cap)
{
	size_t growth = cip->how->rtcp_growth;

	if (size < SRTP_RTCP_HEADER || cap < size + growth)
		return -ENOBUFS;
	if (!cip->how->protect_rtcp(&cip->rtcp, index | SRTP_RTCP_E, buf, size))
		return -EIO;
	return (int)(size + growth);
}

int srtp_cipher_unprotect_rtcp(struct srtp_cipher *cip, uint32_t *index_r,
			       uint8_t *buf, size_t size)
{
	size_t growth = cip->how->rtcp_growth;
	uint32_t word;

	if (size < SRTP_RTCP_HEADER + growth)
		return -EBADMSG;
	word = wire_get32(buf + size - cip->how->word_at);
	if (!(word & SRTP_RTCP_E) ||
	    !cip->how->unprotect_rtcp(&cip->rtcp, word, buf, size - growth))
		return -EACCES;
	*index_r = word & ~SRTP_RTCP_E;
	return (int)(size - growth);
}
