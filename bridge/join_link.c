#include "bridge/join_link.h"

#include <string.h>

#include "bridge/token.h"

#define DEVICE_BYTES 4 /* of the digest */

/* Takes what is not const. */
static struct store_token *make_token(const char *text,
				      const struct join_guest *guest)
{
	struct store_token *token = g_new0(struct store_token, 1);

	token_digest(text, token->digest);
	token->room = g_strdup(guest->room);
	token->address = g_strdup(guest->address);
	token->name = g_strdup(guest->name);
	token->role = STORE_ROLE_MEMBER;
	return token;
}

char *join_link_make(const char *web_url, const struct join_guest *guest,
		     gint64 now, struct store_token **token_r)
{
	g_autofree char *text = token_generate();

	*token_r = make_token(text, guest);
	(*token_r)->uses = 1;
	(*token_r)->expires = now + JOIN_LINK_S;
	/* A fragment is not sent: it is in no log of a server or proxy. */
	return g_strdup_printf("%s/join#%s", web_url, text);
}

struct store_token *join_link_find(struct store *sto, const char *text,
				   gint64 now, enum join_link_state *state_r)
{
	guint8 digest[STORE_DIGEST_SIZE];
	struct store_token *token;

	token_digest(text, digest);
	token = store_token(sto, digest);
	if (token && !token->address)
		g_clear_pointer(&token, store_token_free);
	*state_r = !token		   ? JOIN_LINK_UNKNOWN
		   : !token->uses	   ? JOIN_LINK_USED
		   : token->expires <= now ? JOIN_LINK_OLD
					   : JOIN_LINK_GOOD;
	return token;
}

static gboolean exchange(struct store *sto, const struct store_token *link,
			 const struct store_token *session, gint64 now,
			 GError **error)
{
	return store_begin(sto, error) && store_use_token(sto, link, error) &&
	       store_add_token(sto, session, now, error) &&
	       store_commit(sto, error);
}

char *join_link_open(struct store *sto, const struct store_token *token,
		     const char *text, gint64 now, GError **error)
{
	const struct join_guest guest = { token->room, token->address,
					  token->name };
	g_autofree char *secret = NULL;
	SCOPED(store_token) session = NULL;

	if (token->uses < 0)
		return g_strdup(text);
	secret = token_generate();
	session = make_token(secret, &guest);
	session->uses = -1;
	session->expires = now + JOIN_SESSION_S;
	if (!exchange(sto, token, session, now, error)) {
		store_rollback(sto);
		return NULL;
	}
	return g_steal_pointer(&secret);
}

char *join_link_device(const guint8 digest[STORE_DIGEST_SIZE])
{
	GString *text = g_string_new("browser-");

	for (guint i = 0; i < DEVICE_BYTES; i++)
		g_string_append_printf(text, "%02x", digest[i]);
	return g_string_free(text, FALSE);
}
