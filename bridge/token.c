#include "bridge/token.h"

#include <openssl/rand.h>
#include <string.h>

#define TOKEN_BYTES 24

char *token_generate(void)
{
	guint8 random[TOKEN_BYTES];
	char *text;

	if (RAND_bytes(random, sizeof(random)) != 1)
		g_error("token: the system gives no random bytes");
	text = g_base64_encode(random, sizeof(random));
	explicit_bzero(random, sizeof(random));
	return g_strdelimit(g_strdelimit(text, "+", '-'), "/", '_');
}

void token_digest(const char *token, guint8 digest_r[STORE_DIGEST_SIZE])
{
	g_autoptr(GChecksum) sum = g_checksum_new(G_CHECKSUM_SHA256);
	gsize size = STORE_DIGEST_SIZE;

	g_checksum_update(sum, (const guchar *)token, -1);
	g_checksum_get_digest(sum, digest_r, &size);
}

gboolean token_role(const char *word, enum store_role *role_r)
{
	static const char *const words[] = {
		[STORE_ROLE_LISTENER] = "listener",
		[STORE_ROLE_MEMBER] = "member",
		[STORE_ROLE_MODERATOR] = "moderator",
	};

	for (guint i = 0; i < G_N_ELEMENTS(words); i++)
		if (!strcmp(word, words[i])) {
			*role_r = i;
			return TRUE;
		}
	return FALSE;
}
