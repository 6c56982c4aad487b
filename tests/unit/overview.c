#include "bridge/overview.h"

#include <string.h>

#include "bridge/log.h"

static void the_same_trouble_in_a_row_is_one(void)
{
	g_autoptr(GPtrArray) troubles = NULL;
	const struct log_trouble *newest, *before;

	log_note(G_LOG_LEVEL_INFO, "all is well", 500);
	log_note(G_LOG_LEVEL_WARNING, "a mailbox does not answer", 1000);
	log_note(G_LOG_LEVEL_WARNING, "a mailbox does not answer", 2000);
	log_note(G_LOG_LEVEL_CRITICAL, "the disk is full", 3000);
	troubles = log_troubles();
	g_assert_cmpuint(troubles->len, ==, 2);
	newest = troubles->pdata[0];
	before = troubles->pdata[1];
	g_assert_cmpstr(newest->text, ==, "the disk is full");
	g_assert_true(newest->error);
	g_assert_cmpuint(newest->times, ==, 1);
	g_assert_false(before->error);
	g_assert_cmpuint(before->times, ==, 2);
	g_assert_cmpint(before->at_ms, ==, 2000);
}

static void only_the_newest_troubles_are_kept(void)
{
	g_autoptr(GPtrArray) troubles = NULL;
	const struct log_trouble *newest;

	for (guint i = 0; i < 3 * LOG_MAX_TROUBLES; i++) {
		g_autofree char *text = g_strdup_printf("trouble %u", i);

		log_note(G_LOG_LEVEL_WARNING, text, i);
	}
	troubles = log_troubles();
	g_assert_cmpuint(troubles->len, ==, LOG_MAX_TROUBLES);
	newest = troubles->pdata[0];
	g_assert_cmpstr(newest->text, ==, "trouble 299");
}

static void only_the_newest_refusals_are_kept(void)
{
	struct refusals *refs = refusals_create();
	char reason[16];
	const struct refusal ref = { .account = "main",
				     .how = "ignored",
				     .reason = reason };

	for (guint i = 0; i < 2 * REFUSALS_MAX; i++) {
		g_snprintf(reason, sizeof(reason), "number %u", i);
		refusals_add(refs, &ref);
	}
	g_assert_cmpstr(refusals_get(refs, 0)->reason, ==, "number 199");
	g_assert_null(refusals_get(refs, 0)->from);
	g_assert_cmpstr(refusals_get(refs, REFUSALS_MAX - 1)->reason, ==,
			"number 100");
	g_assert_null(refusals_get(refs, REFUSALS_MAX));
	refusals_destroy(&refs);
}

/* What others wrote and what is secret. */
static void strange_words_are_JSON_and_passwords_are_not_shown(void)
{
	struct refusals *refs = refusals_create();
	const struct refusal ref = { .account = "main",
				     .from = "caf\xe9@example.org",
				     .how = "set-aside",
				     .reason = "\"quoted\"",
				     .file = "abc" };
	g_autoptr(GPtrArray) none = g_ptr_array_new();
	g_autoptr(GPtrArray) missing = g_ptr_array_new();
	const struct overview_account account = {
		.name = "main",
		.mailbox = "imaps://me:secret@mx.example/",
		.reads = TRUE,
		.why = "refused",
		.delay_s = -1,
	};
	g_autofree char *text = NULL;

	refusals_add(refs, &ref);
	g_ptr_array_add(missing, "The mailbox does not answer.");
	text = overview_text(&(struct overview){ .bridge = "one",
						 .missing = missing,
						 .rooms = none,
						 .topologies = none,
						 .accounts = &account,
						 .n_accounts = 1,
						 .troubles = none,
						 .refusals = refs });
	g_assert_nonnull(strstr(text, "\"ready\":false"));
	g_assert_nonnull(strstr(text, "caf\xef\xbf\xbd@example.org"));
	g_assert_nonnull(strstr(text, "\\\"quoted\\\""));
	g_assert_nonnull(strstr(text, "\"mailbox\":\"imaps://mx.example/\""));
	g_assert_nonnull(strstr(text, "\"state\":\"connecting\""));
	g_assert_null(strstr(text, "secret"));
	g_assert_null(strstr(text, "delay_s"));
	refusals_destroy(&refs);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/overview/the same trouble in a row is one",
			the_same_trouble_in_a_row_is_one);
	g_test_add_func("/overview/only the newest troubles are kept",
			only_the_newest_troubles_are_kept);
	g_test_add_func("/overview/only the newest refusals are kept",
			only_the_newest_refusals_are_kept);
	g_test_add_func(
		"/overview/strange words are JSON and passwords are not shown",
		strange_words_are_JSON_and_passwords_are_not_shown);
	return g_test_run();
}
