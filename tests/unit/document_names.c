#include "bridge/documents.h"

static void check_key(const struct document_name *name, const char *key)
{
	g_autofree char *written = document_key(name);
	struct document_name again;

	g_assert_cmpstr(written, ==, key);
	g_assert_true(document_name(&again, key));
	g_assert_cmpint(again.kind, ==, name->kind);
	g_assert_cmpstr(again.site, ==, name->site);
	g_assert_cmpstr(again.room, ==, name->room);
	g_assert_cmpstr(again.account, ==, name->account);
	g_assert_cmpstr(again.did, ==, name->did);
	g_assert_cmpuint(again.k, ==, name->k);
	g_assert_cmpstr(again.answer, ==, name->answer);
}

static void a_key_says_what_stands_under_it(void)
{
	g_autofree char *prefix = document_prefix(DOCUMENT_WANT_HUB, "a");
	g_autofree char *all = document_prefix(DOCUMENT_SITE, NULL);
	struct document_name name;

	check_key(&(struct document_name){ .kind = DOCUMENT_SITE, .site = "a" },
		  "sites/a");
	check_key(&(struct document_name){ .kind = DOCUMENT_WANT_SESSION,
					   .site = "a",
					   .room = "x/y@example.org",
					   .did = "AB-_",
					   .k = 12 },
		  "want/a/x%2Fy@example.org/s/AB-_.12");
	check_key(&(struct document_name){ .kind = DOCUMENT_STATUS_HUB,
					   .site = "a",
					   .room = "r@example.org" },
		  "status/a/r@example.org/hub");
	check_key(&(struct document_name){ .kind = DOCUMENT_ANSWER,
					   .account = "main",
					   .answer = "n" },
		  "answers/main/n");
	g_assert_cmpstr(prefix, ==, "want/a/");
	g_assert_cmpstr(all, ==, "sites/");
	g_assert_false(document_name(&name, "sites"));
	g_assert_false(document_name(&name, "sites/a/b"));
	g_assert_false(document_name(&name, "want/a/r/s/AB"));
	g_assert_false(document_name(&name, "want/a/r/s/AB.x"));
	g_assert_false(document_name(&name, "want/a/r/hub/s/x"));
	g_assert_false(document_name(&name, "want/a/r/s/AB.1/x"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/document_names/a key says what stands under it",
			a_key_says_what_stands_under_it);
	return g_test_run();
}
