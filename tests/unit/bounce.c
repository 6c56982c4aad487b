/* Delivery reports: which of them end a call. */
#include "signaling/bounce.h"

#include <glib.h>
#include <string.h>

#define ID "invite@example.org"

/* A report with one field changed; NULL: as it came. */
static gboolean reports(const char *from, const char *to, char **why_r)
{
	g_autofree char *text = NULL, *changed = NULL;
	g_autoptr(GBytes) mail = NULL;
	g_auto(GStrv) pieces = NULL;

	g_assert_true(g_file_get_contents(BOUNCE, &text, NULL, NULL));
	pieces = g_strsplit(text, from ? from : "\n", -1);
	g_assert_cmpuint(g_strv_length(pieces), >, 1);
	changed = g_strjoinv(from ? to : "\r\n", pieces);
	mail = g_bytes_new(changed, strlen(changed));
	return bounce_reports(mail, ID, why_r);
}

static void a_report_of_failure_says_why(void)
{
	g_autofree char *why = NULL;

	g_assert_true(reports(NULL, NULL, &why));
	g_assert_cmpstr(why, ==,
			"550 5.1.1 <ghost@conf.example> User doesn't exist");
}

static void a_failure_without_a_reason_is_one(void)
{
	g_autofree char *why = NULL;

	g_assert_true(reports("Diagnostic-Code: smtp; 550", "X-Code: 1", &why));
	g_assert_null(why);
}

static void what_is_no_failure_of_ours_is_none(void)
{
	static const char *const changes[][2] = {
		{ "Action: failed", "Action: delayed" },
		{ "<invite@example.org>", "<other@example.org>" },
		{ "<invite@example.org>", "<an-invite@example.org>" },
		{ "multipart/report", "multipart/mixed" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(changes); i++) {
		g_autofree char *why = NULL;

		g_assert_false(reports(changes[i][0], changes[i][1], &why));
		g_assert_null(why);
	}
}

static void an_empty_mail_is_none(void)
{
	g_autoptr(GBytes) mail = g_bytes_new(NULL, 0);
	g_autofree char *why = NULL;

	g_assert_false(bounce_reports(mail, ID, &why));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/bounce/a report of failure says why",
			a_report_of_failure_says_why);
	g_test_add_func("/bounce/a failure without a reason is one",
			a_failure_without_a_reason_is_one);
	g_test_add_func("/bounce/what is no failure of ours is none",
			what_is_no_failure_of_ours_is_none);
	g_test_add_func("/bounce/an empty mail is none", an_empty_mail_is_none);
	return g_test_run();
}
