#include "bridge/directory/seal.h"

#include <gio/gio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#include "signaling/keys.h"

#define KEY_SIZE   32
#define NONCE_SIZE 12
#define TAG_SIZE   16
#define MAX_SECRET (64 * 1024)

struct seal {
	guint8 key[KEY_SIZE];
};

static void derive(const void *secret, gsize size, const char *info,
		   guint8 key_r[KEY_SIZE])
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						 (char *)"SHA256", 0),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						  (void *)secret, size),
		OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
						  (void *)info, strlen(info)),
		OSSL_PARAM_construct_end(),
	};

	if (!ctx || EVP_KDF_derive(ctx, key_r, KEY_SIZE, params) != 1)
		g_error("seal: this OpenSSL has no HKDF");
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

struct seal *seal_create(const char *secret)
{
	struct seal *seal = g_new0(struct seal, 1);

	derive(secret, strlen(secret), "IPSP seal", seal->key);
	return seal;
}

char *seal_lend(const struct seal *seal, const char *site)
{
	g_autofree char *info = g_strconcat("IPSP lent gate ", site, NULL);
	guint8 key[KEY_SIZE];
	char *text;

	derive(seal->key, sizeof(seal->key), info, key);
	text = keys_base64url(key, sizeof(key));
	OPENSSL_cleanse(key, sizeof(key));
	return text;
}

void seal_destroy(struct seal **sealp)
{
	struct seal *seal = g_steal_pointer(sealp);

	if (!seal)
		return;
	OPENSSL_cleanse(seal, sizeof(*seal));
	g_free(seal);
}

/* bytes: nonce, ciphertext, tag. */
char *seal_close(const struct seal *seal, const char *name, GBytes *secret)
{
	gsize size;
	const guint8 *plain = g_bytes_get_data(secret, &size);
	gsize all = NONCE_SIZE + size + TAG_SIZE;
	g_autofree guint8 *bytes = g_malloc(all);
	guint8 *cipher = bytes + NONCE_SIZE;
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;

	g_assert(size <= MAX_SECRET);
	if (RAND_bytes(bytes, NONCE_SIZE) != 1)
		g_error("seal: the system gives no random bytes");
	if (!ctx ||
	    EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->key,
			       bytes) != 1 ||
	    EVP_EncryptUpdate(ctx, NULL, &n, (const guint8 *)name,
			      (int)strlen(name)) != 1 ||
	    EVP_EncryptUpdate(ctx, cipher, &n, plain, (int)size) != 1 ||
	    EVP_EncryptFinal_ex(ctx, cipher + size, &n) != 1 ||
	    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, TAG_SIZE,
				cipher + size) != 1)
		g_error("seal: this OpenSSL has no AES-256-GCM");
	EVP_CIPHER_CTX_free(ctx);
	return keys_base64url(bytes, all);
}

static gboolean decrypt(const struct seal *seal, const char *name,
			guint8 *bytes, gsize size, guint8 *plain_r)
{
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	guint8 *cipher = bytes + NONCE_SIZE;
	int n;
	gboolean right =
		ctx &&
		EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, seal->key,
				   bytes) == 1 &&
		EVP_DecryptUpdate(ctx, NULL, &n, (const guint8 *)name,
				  (int)strlen(name)) == 1 &&
		EVP_DecryptUpdate(ctx, plain_r, &n, cipher, (int)size) == 1 &&
		EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, TAG_SIZE,
				    cipher + size) == 1 &&
		EVP_DecryptFinal_ex(ctx, plain_r + size, &n) == 1;

	EVP_CIPHER_CTX_free(ctx);
	return right;
}

GBytes *seal_open(const struct seal *seal, const char *name, const char *text,
		  GError **error)
{
	gsize all = strlen(text) * 3 / 4; /* base64url without padding */
	gsize size = all - NONCE_SIZE - TAG_SIZE;
	g_autofree guint8 *bytes = NULL, *plain = NULL;

	if (all < NONCE_SIZE + TAG_SIZE || size > MAX_SECRET) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "what is sealed in %s has a wrong length", name);
		return NULL;
	}
	bytes = g_malloc(all);
	plain = g_malloc(size + 1);
	if (!keys_base64url_decode(text, bytes, all) ||
	    !decrypt(seal, name, bytes, size, plain)) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "what is sealed in %s does not open: has every "
			    "process the same cluster_secret?",
			    name);
		return NULL;
	}
	return g_bytes_new_take(g_steal_pointer(&plain), size);
}
