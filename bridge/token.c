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

static const char *const role_words[] = {
	[STORE_ROLE_LISTENER] = "listener",
	[STORE_ROLE_MEMBER] = "member",
	[STORE_ROLE_MODERATOR] = "moderator",
	[STORE_ROLE_PANEL] = "panel",
};

gboolean token_role(const char *word, enum store_role *role_r)
{
	for (guint i = 0; i < STORE_ROLE_PANEL; i++)
		if (!strcmp(word, role_words[i])) {
			*role_r = i;
			return TRUE;
		}
	return FALSE;
}

const char *token_role_word(enum store_role role)
{
	return role < G_N_ELEMENTS(role_words) ? role_words[role] : "unknown";
}

char *token_name(const struct store_token *token)
{
	const guint8 *digest = token->digest;

	if (token->address)
		return g_strdup(token->address);
	return token->name ? g_strdup(token->name)
			   : g_strdup_printf("%02x%02x%02x%02x", digest[0],
					     digest[1], digest[2], digest[3]);
}

gboolean token_moderates(struct store *sto, const char *token, gint64 now,
			 struct who *who_r)
{
	SCOPED(store_token) found = NULL;
	g_autofree char *name = NULL;
	guint8 digest[STORE_DIGEST_SIZE];

	token_digest(token, digest);
	found = store_token(sto, digest);
	if (!found || found->role != STORE_ROLE_PANEL || !found->uses ||
	    found->expires <= now)
		return FALSE;
	name = token_name(found);
	who_r->name = g_strconcat("token:", name, NULL);
	who_r->room = g_steal_pointer(&found->room);
	return TRUE;
}
