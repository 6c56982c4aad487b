/* SHA-1's bare state is deprecated by OpenSSL for being open to all; that it
 * can be kept and gone on from is what is needed here. */
#define OPENSSL_SUPPRESS_DEPRECATED

#include "mixer/hmac_sha1.h"

#include <string.h>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#define BLOCK 64

static void keyed_state(uint32_t state_r[5], const uint8_t key[BLOCK],
			uint8_t pad)
{
	uint8_t block[BLOCK];
	SHA_CTX sha;

	for (size_t i = 0; i < sizeof(block); i++)
		block[i] = key[i] ^ pad;
	SHA1_Init(&sha);
	SHA1_Update(&sha, block, sizeof(block));
	state_r[0] = sha.h0;
	state_r[1] = sha.h1;
	state_r[2] = sha.h2;
	state_r[3] = sha.h3;
	state_r[4] = sha.h4;
	OPENSSL_cleanse(block, sizeof(block));
	OPENSSL_cleanse(&sha, sizeof(sha));
}

static void resume(SHA_CTX *sha, const uint32_t state[5])
{
	SHA1_Init(sha);
	sha->h0 = state[0];
	sha->h1 = state[1];
	sha->h2 = state[2];
	sha->h3 = state[3];
	sha->h4 = state[4];
	sha->Nl = BLOCK * 8; /* bits that went in */
}

void hmac_sha1_init(struct hmac_sha1 *key_r, const void *key, size_t size)
{
	uint8_t block[BLOCK] = { 0 };

	if (size > sizeof(block)) /* RFC 2104 2 */
		SHA1(key, size, block);
	else
		memcpy(block, key, size);
	keyed_state(key_r->inner, block, 0x36);
	keyed_state(key_r->outer, block, 0x5c);
	OPENSSL_cleanse(block, sizeof(block));
}

void hmac_sha1(const struct hmac_sha1 *key, const void *head, size_t head_size,
	       const void *body, size_t body_size,
	       uint8_t mac_r[HMAC_SHA1_SIZE])
{
	uint8_t inner[HMAC_SHA1_SIZE];
	SHA_CTX sha;

	resume(&sha, key->inner);
	SHA1_Update(&sha, head, head_size);
	SHA1_Update(&sha, body, body_size);
	SHA1_Final(inner, &sha);
	resume(&sha, key->outer);
	SHA1_Update(&sha, inner, sizeof(inner));
	SHA1_Final(mac_r, &sha);
}
