#include "web/login.h"

#include <string.h>

#define NOW 1700000000

static void a_token_opens_one_session(void)
{
	struct login *lgn = login_create(NULL, NULL);
	g_autofree char *token = login_token(lgn, "a@example.org", NOW);
	g_autofree char *secret = login_redeem(lgn, token, NOW + 1);

	g_assert_cmpuint(strlen(token), ==, 22);
	g_assert_nonnull(secret);
	g_assert_cmpstr(secret, !=, token);
	g_assert_null(login_redeem(lgn, token, NOW + 1));
	g_assert_cmpstr(login_session(lgn, secret, NOW + 1), ==,
			"a@example.org");
	/* A token is no session, a session no token. */
	g_assert_null(login_session(lgn, token, NOW + 1));
	g_assert_null(login_redeem(lgn, secret, NOW + 1));
	login_destroy(&lgn);
	g_assert_null(lgn);
}

static void tokens_and_sessions_end_in_time(void)
{
	struct login *lgn = login_create(NULL, NULL);
	g_autofree char *late = login_token(lgn, "a@example.org", NOW);
	g_autofree char *timely = login_token(lgn, "a@example.org", NOW);
	g_autofree char *secret =
		login_redeem(lgn, timely, NOW + LOGIN_TOKEN_S - 1);
	gint64 opened = NOW + LOGIN_TOKEN_S - 1;

	g_assert_nonnull(secret);
	g_assert_null(login_redeem(lgn, late, NOW + LOGIN_TOKEN_S));
	g_assert_nonnull(
		login_session(lgn, secret, opened + LOGIN_SESSION_S - 1));
	g_assert_null(login_session(lgn, secret, opened + LOGIN_SESSION_S));
	login_destroy(&lgn);
}

static void what_is_almost_a_secret_is_none(void)
{
	struct login *lgn = login_create(NULL, NULL);
	g_autofree char *token = login_token(lgn, "a@example.org", NOW);
	g_autofree char *longer = g_strconcat(token, "A", NULL);
	g_autofree char *shorter = g_strndup(token, 21);
	g_autofree char *huge = g_strnfill(100000, 'A');
	char first = token[0];

	g_assert_null(login_redeem(lgn, NULL, NOW));
	g_assert_null(login_redeem(lgn, "", NOW));
	g_assert_null(login_redeem(lgn, longer, NOW));
	g_assert_null(login_redeem(lgn, shorter, NOW));
	g_assert_null(login_redeem(lgn, huge, NOW));
	token[0] = first == 'A' ? 'B' : 'A';
	g_assert_null(login_redeem(lgn, token, NOW));
	token[0] = first;
	g_free(login_redeem(lgn, token, NOW));
	login_destroy(&lgn);
}

static void logging_out_ends_one_session_only(void)
{
	struct login *lgn = login_create(NULL, NULL);
	g_autofree char *a = login_token(lgn, "a@example.org", NOW);
	g_autofree char *b = login_token(lgn, "a@example.org", NOW);
	g_autofree char *first = login_redeem(lgn, a, NOW);
	g_autofree char *second = login_redeem(lgn, b, NOW);

	login_end(lgn, first);
	login_end(lgn, first);
	login_end(lgn, NULL);
	g_assert_null(login_session(lgn, first, NOW));
	g_assert_nonnull(login_session(lgn, second, NOW));
	login_destroy(&lgn);
}

/* What a keeper was told of the one session. */
struct kept {
	char *digest, *address;
	gint64 expires;
};

static void keep(const struct login_session *ses, void *arg)
{
	struct kept *kept = arg;

	g_assert_null(kept->digest);
	kept->digest = g_strdup(ses->digest);
	kept->address = g_strdup(ses->address);
	kept->expires = ses->expires;
}

static void let_go(const char *digest, void *arg)
{
	struct kept *kept = arg;

	g_assert_cmpstr(digest, ==, kept->digest);
	g_clear_pointer(&kept->digest, g_free);
}

static void a_session_that_was_kept_goes_on(void)
{
	static const struct login_events events = { keep, let_go };
	struct kept kept = { 0 };
	struct login *before = login_create(&events, &kept);
	struct login *after = login_create(&events, &kept);
	g_autofree char *token = login_token(before, "a@example.org", NOW);
	g_autofree char *secret = login_redeem(before, token, NOW);

	g_assert_cmpint(kept.expires, ==, NOW + LOGIN_SESSION_S);
	/* What is kept is no secret that logs anybody in. */
	g_assert_null(login_session(before, kept.digest, NOW));
	login_restore(after, &(struct login_session){ kept.digest, kept.address,
						      kept.expires });
	g_assert_cmpstr(login_session(after, secret, NOW + 1), ==,
			"a@example.org");
	g_assert_null(login_session(after, secret, NOW + LOGIN_SESSION_S));
	login_end(after, secret);
	g_assert_null(kept.digest);
	login_end(after, secret);
	g_free(kept.address);
	login_destroy(&before);
	login_destroy(&after);
}

static void asking_is_limited_by_address_and_by_peer(void)
{
	struct login *lgn = login_create(NULL, NULL);

	for (int i = 0; i < LOGIN_ASKS_PER_ADDRESS; i++)
		g_assert_true(login_may_ask(lgn, "a@x.org", "192.0.2.1", NOW));
	g_assert_false(login_may_ask(lgn, "a@x.org", "192.0.2.2", NOW));
	g_assert_true(login_may_ask(lgn, "b@x.org", "192.0.2.2", NOW));
	g_assert_true(login_may_ask(lgn, "a@x.org", "192.0.2.2",
				    NOW + LOGIN_WINDOW_S));
	for (int i = 0; i < LOGIN_ASKS_PER_PEER; i++) {
		g_autofree char *address = g_strdup_printf("u%d@x.org", i);

		g_assert_true(login_may_ask(lgn, address, "192.0.2.3", NOW));
	}
	g_assert_false(login_may_ask(lgn, "z@x.org", "192.0.2.3", NOW));
	login_destroy(&lgn);
}

static void trying_is_limited_by_peer(void)
{
	struct login *lgn = login_create(NULL, NULL);

	for (int i = 0; i < LOGIN_TRIES_PER_PEER; i++)
		g_assert_true(login_may_try(lgn, "192.0.2.1", NOW));
	g_assert_false(login_may_try(lgn, "192.0.2.1", NOW));
	g_assert_true(login_may_try(lgn, "192.0.2.9", NOW));
	g_assert_true(login_may_try(lgn, "192.0.2.1", NOW + LOGIN_WINDOW_S));
	login_destroy(&lgn);
}

static void secrets_do_not_repeat(void)
{
	struct login *lgn = login_create(NULL, NULL);
	g_autoptr(GHashTable) seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (int i = 0; i < 1000; i++)
		g_assert_true(g_hash_table_add(
			seen, login_token(lgn, "a@example.org", NOW)));
	login_destroy(&lgn);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/login/a token opens one session",
			a_token_opens_one_session);
	g_test_add_func("/login/tokens and sessions end in time",
			tokens_and_sessions_end_in_time);
	g_test_add_func("/login/what is almost a secret is none",
			what_is_almost_a_secret_is_none);
	g_test_add_func("/login/logging out ends one session only",
			logging_out_ends_one_session_only);
	g_test_add_func("/login/a session that was kept goes on",
			a_session_that_was_kept_goes_on);
	g_test_add_func("/login/asking is limited by address and by peer",
			asking_is_limited_by_address_and_by_peer);
	g_test_add_func("/login/trying is limited by peer",
			trying_is_limited_by_peer);
	g_test_add_func("/login/secrets do not repeat", secrets_do_not_repeat);
	return g_test_run();
}
