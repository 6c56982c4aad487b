/* trunk_keys - a trunk's keys from the secret of its cluster. */
#include "bridge/gate/trunk.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include "mixer/wire.h"

#define PRK_SIZE 32 /* SHA-256 */
#define KEY_SIZE 28 /* AES-128-GCM: key 16, salt 12 (RFC 7714) */

/* One step of RFC 5869; `with` is the salt, or the info. */
static int hkdf(int mode, const uint8_t *key, size_t key_size, OSSL_PARAM with,
		uint8_t *out, size_t size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)"SHA256", 0),
		OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  (void *)key, key_size),
		with,
		OSSL_PARAM_construct_end(),
	};
	int r = ctx && EVP_KDF_derive(ctx, out, size, params) == 1 ? 0 : -EIO;

	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
	return r;
}

static int expand(const uint8_t prk[PRK_SIZE], const char *what, const char *id,
		  uint8_t *out, size_t size)
{
	char info[32 + TRUNK_ID_SIZE];

	snprintf(info, sizeof(info), "IPSP trunk %s %s", what, id);
	return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk, PRK_SIZE,
		    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info,
						      strlen(info)),
		    out, size);
}

int trunk_derive(struct trunk_config *cfg, const uint8_t *secret, size_t size,
		 const uint8_t salt[TRUNK_SALT_SIZE])
{
	bool parent = cfg->role == TRUNK_CHILD; /* this end is */
	uint8_t prk[PRK_SIZE], ssrcs[8] = { 0 };
	uint32_t up, down;
	int r = hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, secret, size,
		     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT,
						       (void *)salt,
						       TRUNK_SALT_SIZE),
		     prk, sizeof(prk));

	if (!r)
		r = expand(prk, "up", cfg->id,
			   parent ? cfg->receive_key : cfg->send_key, KEY_SIZE);
	if (!r)
		r = expand(prk, "down", cfg->id,
			   parent ? cfg->send_key : cfg->receive_key, KEY_SIZE);
	if (!r)
		r = expand(prk, "ssrc", cfg->id, ssrcs, sizeof(ssrcs));
	up = wire_get32(ssrcs);
	down = wire_get32(ssrcs + 4);
	/* Once in four thousand million: two of one RTP session differ. */
	down += up == down;
	cfg->send_ssrc = parent ? down : up;
	cfg->receive_ssrc = parent ? up : down;
	OPENSSL_cleanse(prk, sizeof(prk));
	return r;
}
