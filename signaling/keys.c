#include "signaling/keys.h"

#include <gio/gio.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <string.h>

#define SHA256_SIZE 32
#define STUN_SIZE   18 /* 24 characters of base64url */
#define SSRC_SIZE   8

char *keys_base64url(const guint8 *bytes, gsize size)
{
	char *text = g_base64_encode(bytes, size);

	g_strdelimit(text, "+", '-');
	g_strdelimit(text, "/", '_');
	text[strcspn(text, "=")] = '\0';
	return text;
}

gboolean keys_base64url_decode(const char *text, guint8 *bytes_r, gsize size)
{
	gsize length = strlen(text);
	g_autofree char *padded = NULL;
	g_autofree guchar *bytes = NULL;
	g_autofree char *again = NULL;
	gsize got;

	if (length != (size * 4 + 2) / 3)
		return FALSE;
	padded = g_strdup_printf("%s%.*s", text, (int)(-length & 3), "==");
	g_strdelimit(padded, "-", '+');
	g_strdelimit(padded, "_", '/');
	bytes = g_base64_decode(padded, &got);
	if (got != size)
		return FALSE;
	/* GLib skips what is not base64, and the last character may hold
	 * spare bits: only the one canonical text names these bytes. */
	again = keys_base64url(bytes, size);
	if (strcmp(again, text) != 0)
		return FALSE;
	memcpy(bytes_r, bytes, size);
	return TRUE;
}

void keys_pair_generate(struct keys_pair *pair_r)
{
	guint8 private_key[KEYS_X25519_SIZE];

	if (RAND_priv_bytes(private_key, sizeof(private_key)) != 1)
		g_error("keys: the system gives no random bytes");
	keys_pair_from_private(pair_r, private_key);
	OPENSSL_cleanse(private_key, sizeof(private_key));
}

void keys_pair_from_private(struct keys_pair *pair_r,
			    const guint8 private_key[KEYS_X25519_SIZE])
{
	gsize size = KEYS_X25519_SIZE;
	EVP_PKEY *key = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						     private_key, size);

	if (!key ||
	    EVP_PKEY_get_raw_public_key(key, pair_r->public_key, &size) != 1)
		g_error("keys: this OpenSSL has no X25519");
	EVP_PKEY_free(key);
	memcpy(pair_r->private_key, private_key, KEYS_X25519_SIZE);
}

/* OpenSSL refuses a peer's point of small order, whose result is all zero
 * (RFC 7748 6.1). */
static gboolean x25519(const struct keys_pair *own,
		       const guint8 peer_public[KEYS_X25519_SIZE],
		       guint8 secret_r[KEYS_X25519_SIZE])
{
	gsize size = KEYS_X25519_SIZE;
	EVP_PKEY *mine = EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, NULL,
						      own->private_key, size);
	EVP_PKEY *theirs = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL,
						       peer_public, size);
	EVP_PKEY_CTX *ctx = mine ? EVP_PKEY_CTX_new(mine, NULL) : NULL;
	gboolean ok = ctx && theirs && EVP_PKEY_derive_init(ctx) == 1 &&
		      EVP_PKEY_derive_set_peer(ctx, theirs) == 1 &&
		      EVP_PKEY_derive(ctx, secret_r, &size) == 1 &&
		      size == KEYS_X25519_SIZE;

	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(theirs);
	EVP_PKEY_free(mine);
	return ok;
}

/* One step of RFC 5869: extract with a salt, or expand with an info. */
static void hkdf(int mode, const guint8 key[SHA256_SIZE],
		 OSSL_PARAM salt_or_info, guint8 *out, gsize size)
{
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
	OSSL_PARAM params[5], *param = params;

	*param++ = OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST,
						    (char *)"SHA256", 0);
	*param++ = OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode);
	*param++ = OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY,
						     (void *)key, SHA256_SIZE);
	*param++ = salt_or_info;
	*param = OSSL_PARAM_construct_end();
	if (!ctx || EVP_KDF_derive(ctx, out, size, params) != 1)
		g_error("keys: this OpenSSL has no HKDF");
	EVP_KDF_CTX_free(ctx);
	EVP_KDF_free(kdf);
}

static void hkdf_extract(const guint8 secret[KEYS_X25519_SIZE],
			 const GByteArray *salt, guint8 prk_r[SHA256_SIZE])
{
	hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, secret,
	     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SALT, salt->data,
					       salt->len),
	     prk_r, SHA256_SIZE);
}

static void hkdf_expand(const guint8 prk[SHA256_SIZE], const char *info,
			guint8 *out, gsize size)
{
	hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, prk,
	     OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO,
					       (void *)info, strlen(info)),
	     out, size);
}

static void append_sha256(GByteArray *salt, GBytes *part)
{
	guint8 digest[SHA256_SIZE];
	gsize size;
	const void *data = g_bytes_get_data(part, &size);

	if (EVP_Digest(data, size, digest, NULL, EVP_sha256(), NULL) != 1)
		g_error("keys: this OpenSSL has no SHA-256");
	g_byte_array_append(salt, digest, sizeof(digest));
}

static GByteArray *transcript(GBytes *invite, GBytes *ok, GBytes *room_key)
{
	GByteArray *salt = g_byte_array_new();

	append_sha256(salt, invite);
	append_sha256(salt, ok);
	if (room_key)
		g_byte_array_append(salt, g_bytes_get_data(room_key, NULL),
				    (guint)g_bytes_get_size(room_key));
	return salt;
}

static guint32 read_u32(const guint8 *bytes)
{
	guint32 value;

	memcpy(&value, bytes, sizeof(value));
	return GUINT32_FROM_BE(value);
}

void keys_ssrcs(const struct keys *keys, guint k, guint32 *c2b_r,
		guint32 *b2c_r)
{
	guint8 ssrc[SSRC_SIZE];
	char info[32] = "IPSP/1 ssrc";

	if (k)
		g_snprintf(info, sizeof(info), "IPSP/1 ssrc %u", k);
	hkdf_expand(keys->prk, info, ssrc, sizeof(ssrc));
	*c2b_r = read_u32(ssrc);
	*b2c_r = read_u32(ssrc + 4);
	if (*b2c_r == *c2b_r)
		*b2c_r ^= 1;
}

static void expand(struct keys *keys_r)
{
	const guint8 *prk = keys_r->prk;
	guint8 stun[STUN_SIZE];
	g_autofree char *password = NULL;

	hkdf_expand(prk, "IPSP/1 stun", stun, sizeof(stun));
	hkdf_expand(prk, "IPSP/1 srtp c2b", keys_r->srtp_c2b,
		    sizeof(keys_r->srtp_c2b));
	hkdf_expand(prk, "IPSP/1 srtp b2c", keys_r->srtp_b2c,
		    sizeof(keys_r->srtp_b2c));
	hkdf_expand(prk, "IPSP/1 ctl", keys_r->ctl, sizeof(keys_r->ctl));
	keys_ssrcs(keys_r, 0, &keys_r->ssrc_c2b, &keys_r->ssrc_b2c);
	password = keys_base64url(stun, sizeof(stun));
	g_strlcpy(keys_r->stun_password, password,
		  sizeof(keys_r->stun_password));
}

gboolean keys_derive(struct keys *keys_r, const struct keys_pair *own,
		     const guint8 peer_public[KEYS_X25519_SIZE], GBytes *invite,
		     GBytes *ok, GBytes *room_key, GError **error)
{
	g_autoptr(GByteArray) salt = NULL;
	guint8 secret[KEYS_X25519_SIZE];

	if (!x25519(own, peer_public, secret)) {
		g_set_error_literal(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "the peer's public key is a point of small "
				    "order, which gives no secret");
		return FALSE;
	}
	salt = transcript(invite, ok, room_key);
	hkdf_extract(secret, salt, keys_r->prk);
	expand(keys_r);
	OPENSSL_cleanse(secret, sizeof(secret));
	return TRUE;
}

char *keys_mac(const struct keys *keys, GBytes *part)
{
	guint8 mac[SHA256_SIZE];
	gsize size;
	const guint8 *data = g_bytes_get_data(part, &size);

	if (!HMAC(EVP_sha256(), keys->ctl, sizeof(keys->ctl), data, size, mac,
		  NULL))
		g_error("keys: this OpenSSL has no HMAC");
	return keys_base64url(mac, sizeof(mac));
}

gboolean keys_mac_right(const struct keys *keys, GBytes *part, const char *mac)
{
	g_autofree char *right = keys_mac(keys, part);
	gsize length = strlen(right);

	return strlen(mac) == length && CRYPTO_memcmp(mac, right, length) == 0;
}

GBytes *keys_room_key(const char *text)
{
	guint8 bytes[KEYS_ROOM_SIZE];

	return keys_base64url_decode(text, bytes, sizeof(bytes))
		       ? g_bytes_new(bytes, sizeof(bytes))
		       : NULL;
}
