#include "web/login.h"

#include <string.h>

#include <openssl/rand.h>

#include "web/rate.h"

#define SECRET_BYTES 16
#define MAX_SECRET   64 /* a longer one is none of ours */

struct login {
	const struct login_events *events; /* or NULL */
	void *arg;
	GHashTable *tokens, *sessions; /* digest -> struct grant */
	struct rate *asks_by_address, *asks_by_peer, *tries_by_peer;
};

struct grant {
	char *address;
	gint64 expires;
};

static void grant_free(gpointer data)
{
	struct grant *grant = data;

	g_free(grant->address);
	g_free(grant);
}

struct login *login_create(const struct login_events *events, void *arg)
{
	struct login *lgn = g_new0(struct login, 1);

	lgn->events = events;
	lgn->arg = arg;
	lgn->tokens = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					    grant_free);
	lgn->sessions = g_hash_table_new_full(g_str_hash, g_str_equal, g_free,
					      grant_free);
	lgn->asks_by_address =
		rate_create(LOGIN_ASKS_PER_ADDRESS, LOGIN_WINDOW_S);
	lgn->asks_by_peer = rate_create(LOGIN_ASKS_PER_PEER, LOGIN_WINDOW_S);
	lgn->tries_by_peer = rate_create(LOGIN_TRIES_PER_PEER, LOGIN_WINDOW_S);
	return lgn;
}

void login_destroy(struct login **lgnp)
{
	struct login *lgn = *lgnp;

	*lgnp = NULL;
	if (!lgn)
		return;
	g_hash_table_destroy(lgn->tokens);
	g_hash_table_destroy(lgn->sessions);
	rate_destroy(&lgn->asks_by_address);
	rate_destroy(&lgn->asks_by_peer);
	rate_destroy(&lgn->tries_by_peer);
	g_free(lgn);
}

static char *digest_of(const char *secret)
{
	return g_compute_checksum_for_string(G_CHECKSUM_SHA256, secret, -1);
}

static char *new_secret(void)
{
	guint8 bytes[SECRET_BYTES];
	char *text;

	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		g_error("login: no random bytes");
	text = g_base64_encode(bytes, sizeof(bytes));
	g_strdelimit(text, "+", '-');
	g_strdelimit(text, "/", '_');
	text[strcspn(text, "=")] = '\0';
	return text;
}

static gboolean is_over(gpointer digest, gpointer value, gpointer now)
{
	struct grant *grant = value;

	(void)digest;
	return grant->expires <= *(gint64 *)now;
}

static void grant_add(GHashTable *table, const char *digest,
		      const char *address, gint64 expires)
{
	struct grant *grant = g_new0(struct grant, 1);

	grant->address = g_strdup(address);
	grant->expires = expires;
	g_hash_table_insert(table, g_strdup(digest), grant);
}

/* Grants a new secret. Each time the table is cleared of what is over: it
 * grows by moderators' log-ins only, so it is short. */
static char *grant_new(GHashTable *table, const char *address, gint64 now,
		       guint life_s)
{
	char *secret = new_secret();
	g_autofree char *digest = digest_of(secret);

	g_hash_table_foreach_remove(table, is_over, &now);
	grant_add(table, digest, address, now + life_s);
	return secret;
}

static struct grant *grant_find(GHashTable *table, const char *secret,
				gint64 now)
{
	g_autofree char *digest = NULL;
	struct grant *grant;

	if (!secret || strlen(secret) > MAX_SECRET)
		return NULL;
	digest = digest_of(secret);
	grant = g_hash_table_lookup(table, digest);
	return grant && grant->expires > now ? grant : NULL;
}

static void grant_remove(GHashTable *table, const char *secret)
{
	g_autofree char *digest = digest_of(secret);

	g_hash_table_remove(table, digest);
}

gboolean login_may_ask(struct login *lgn, const char *address, const char *peer,
		       gint64 now)
{
	return rate_allow(lgn->asks_by_peer, peer, now) &&
	       rate_allow(lgn->asks_by_address, address, now);
}

char *login_token(struct login *lgn, const char *address, gint64 now)
{
	return grant_new(lgn->tokens, address, now, LOGIN_TOKEN_S);
}

gboolean login_may_try(struct login *lgn, const char *peer, gint64 now)
{
	return rate_allow(lgn->tries_by_peer, peer, now);
}

char *login_redeem(struct login *lgn, const char *token, gint64 now)
{
	struct grant *grant = grant_find(lgn->tokens, token, now);
	char *secret;

	if (!grant)
		return NULL;
	secret = grant_new(lgn->sessions, grant->address, now, LOGIN_SESSION_S);
	if (lgn->events && lgn->events->opened) {
		g_autofree char *digest = digest_of(secret);
		const struct login_session ses = { digest, grant->address,
						   now + LOGIN_SESSION_S };

		lgn->events->opened(&ses, lgn->arg);
	}
	grant_remove(lgn->tokens, token);
	return secret;
}

void login_restore(struct login *lgn, const struct login_session *ses)
{
	grant_add(lgn->sessions, ses->digest, ses->address, ses->expires);
}

const char *login_session(struct login *lgn, const char *secret, gint64 now)
{
	struct grant *grant = grant_find(lgn->sessions, secret, now);

	return grant ? grant->address : NULL;
}

void login_end(struct login *lgn, const char *secret)
{
	g_autofree char *digest = secret ? digest_of(secret) : NULL;

	if (digest && g_hash_table_remove(lgn->sessions, digest) &&
	    lgn->events && lgn->events->ended)
		lgn->events->ended(digest, lgn->arg);
}
