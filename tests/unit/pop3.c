/* What POP3 servers say; lines; the pace of new tries; servers' URLs. */
#include <glib.h>
#include <string.h>

#include "signaling/backoff.h"
#include "signaling/lines.h"
#include "signaling/mail_server.h"
#include "signaling/pop3_parse.h"

#define MAIL_MAX 32

/* The mail in text, fed in pieces of `piece` bytes; result_r is how it ended.
 */
static GBytes *mail_of(const char *text, gsize piece,
		       enum pop3_result *result_r)
{
	struct pop3_parser *prs = pop3_parser_create(MAIL_MAX);
	gsize left = strlen(text);
	GBytes *mail;

	pop3_parser_expect(prs, POP3_MAIL);
	*result_r = POP3_MORE;
	while (left && *result_r == POP3_MORE) {
		gsize n = MIN(piece, left);
		const char *bytes = text;

		text += n;
		left -= n;
		*result_r = pop3_parser_next(prs, &bytes, &n);
	}
	mail = pop3_parser_mail(prs);
	pop3_parser_destroy(&prs);
	return mail;
}

static void a_mail_loses_its_stuffed_dots_however_it_is_cut(void)
{
	static const char expected[] = "a\r\n.b\r\n.\rc\r\n...\r\n";

	for (gsize piece = 1; piece < 40; piece++) {
		enum pop3_result result;
		g_autoptr(GBytes) mail =
			mail_of("+OK\r\na\r\n..b\r\n..\rc\r\n....\r\n.\r\n",
				piece, &result);

		g_assert_cmpint(result, ==, POP3_OK);
		g_assert_cmpmem(g_bytes_get_data(mail, NULL),
				g_bytes_get_size(mail), expected,
				strlen(expected));
	}
}

static void a_mail_without_bounds_is_cut(void)
{
	enum pop3_result result;
	g_autofree char *long_line = g_strnfill(100, 'x');
	g_autofree char *text = g_strconcat("+OK\r\n", long_line, NULL);
	g_autoptr(GBytes) mail = mail_of(text, 7, &result);

	g_assert_cmpint(result, ==, POP3_FULL);
	g_assert_cmpuint(g_bytes_get_size(mail), ==, MAIL_MAX);
}

static void a_list_comes_line_by_line(void)
{
	const char *text = "+OK 2 messages\r\n1 abc\r\n2 def\r\n.\r\n+OK rest";
	gsize size = strlen(text);
	struct pop3_parser *prs = pop3_parser_create(MAIL_MAX);

	pop3_parser_expect(prs, POP3_LIST);
	g_assert_cmpint(pop3_parser_next(prs, &text, &size), ==, POP3_LINE);
	g_assert_cmpstr(pop3_parser_text(prs), ==, "1 abc");
	g_assert_cmpint(pop3_parser_next(prs, &text, &size), ==, POP3_LINE);
	g_assert_cmpstr(pop3_parser_text(prs), ==, "2 def");
	g_assert_cmpint(pop3_parser_next(prs, &text, &size), ==, POP3_OK);
	g_assert_cmpstr(text, ==, "+OK rest");
	pop3_parser_destroy(&prs);
}

static void what_is_no_pop3_is_said_so(void)
{
	g_autofree char *endless = g_strnfill(POP3_MAX_LINE + 10, 'x');
	const char *const texts[] = { "HTTP/1.1 400\r\n", endless };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct pop3_parser *prs = pop3_parser_create(MAIL_MAX);
		const char *text = texts[i];
		gsize size = strlen(text);

		pop3_parser_expect(prs, POP3_STATUS);
		g_assert_cmpint(pop3_parser_next(prs, &text, &size), ==,
				POP3_WRONG);
		pop3_parser_destroy(&prs);
	}
}

static void lines_end_with_lf_or_crlf_and_are_bounded(void)
{
	const char *text = "one\r\ntwo\n\n12345678\r\n123456789\n";
	static const char *const wanted[] = { "one", "two", "", "12345678" };
	gsize size = strlen(text), length;
	struct lines lns;

	lines_init(&lns, 8);
	for (guint i = 0; i < G_N_ELEMENTS(wanted); i++)
		g_assert_cmpstr(lines_next(&lns, &text, &size, &length), ==,
				wanted[i]);
	g_assert_false(lns.too_long);
	g_assert_null(lines_next(&lns, &text, &size, &length));
	g_assert_true(lns.too_long);
	lines_fini(&lns);
	lines_init(&lns, 8);
	text = "12345678901";
	size = strlen(text);
	g_assert_null(lines_next(&lns, &text, &size, &length));
	g_assert_true(lns.too_long);
	lines_fini(&lns);
}

static void lines_are_forgotten_without_a_trace(void)
{
	const char *text = "secret\nsec", *next = "ret\n";
	gsize size = strlen(text), length;
	struct lines lns;
	const char *line;

	lines_init(&lns, 8);
	line = lines_next(&lns, &text, &size, &length);
	g_assert_cmpstr(line, ==, "secret");
	lines_reset(&lns);
	for (gsize i = 0; i < lns.partial->allocated_len; i++)
		g_assert_cmpint(lns.partial->str[i], ==, 0);
	g_assert_null(lines_next(&lns, &text, &size, &length));
	lines_reset(&lns);
	size = strlen(next);
	g_assert_cmpstr(lines_next(&lns, &next, &size, &length), ==, "ret");
	g_assert_null(lines_next(&lns, &text, &size, &length));
	lines_fini(&lns);
}

static void lines_begin_anew_after_one_that_was_too_long(void)
{
	const char *text = "1234567890123", *next = "one\n";
	gsize size = strlen(text), length;
	struct lines lns;

	lines_init(&lns, 8);
	g_assert_null(lines_next(&lns, &text, &size, &length));
	g_assert_true(lns.too_long);
	lines_reset(&lns);
	size = strlen(next);
	g_assert_cmpstr(lines_next(&lns, &next, &size, &length), ==, "one");
	lines_fini(&lns);
}

static void tries_double_to_a_minute_with_jitter(void)
{
	struct backoff off = { 0 };
	guint first, differ = 0;

	for (guint step = 1000; step < 64000; step *= 2) {
		guint ms = backoff_fail(&off);

		g_assert_cmpuint(ms, >=, MIN(step, 60000) * 3 / 4);
		g_assert_cmpuint(ms, <=, MIN(step, 60000) * 5 / 4);
	}
	for (int i = 0; i < 1000; i++)
		g_assert_cmpuint(backoff_fail(&off), <=, 75000);
	backoff_reset(&off);
	first = backoff_fail(&off);
	for (int i = 0; i < 20; i++) {
		backoff_reset(&off);
		differ += backoff_fail(&off) != first;
	}
	g_assert_cmpuint(differ, >, 0);
}

static void a_servers_url_holds_no_password(void)
{
	struct mail_server srv;
	g_autoptr(GError) error = NULL;

	g_assert_false(mail_server_init(&srv, "imaps://me:secret@mail.test/",
					NULL, NULL, NULL, &error));
	g_assert_null(strstr(error->message, "secret"));
	g_assert_true(mail_server_init(&srv, "imaps://[2001:db8::1]:1993/a%20b",
				       "u", "p", NULL, NULL));
	g_assert_cmpstr(srv.url, ==, "imaps://[2001:db8::1]:1993/");
	g_assert_cmpstr(srv.path, ==, "a b");
	g_assert_false(srv.loopback);
	mail_server_fini(&srv);
	for (guint i = 0; i < 3; i++) {
		static const char *const here[] = { "imap://localhost",
						    "imap://127.1.2.3:9",
						    "imap://[::1]" };

		g_assert_true(mail_server_init(&srv, here[i], NULL, NULL, NULL,
					       NULL));
		g_assert_true(srv.loopback);
		mail_server_fini(&srv);
	}
}

#define ADD(name) g_test_add_func("/pop3/" #name, name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(a_mail_loses_its_stuffed_dots_however_it_is_cut);
	ADD(a_mail_without_bounds_is_cut);
	ADD(a_list_comes_line_by_line);
	ADD(what_is_no_pop3_is_said_so);
	ADD(lines_end_with_lf_or_crlf_and_are_bounded);
	ADD(lines_are_forgotten_without_a_trace);
	ADD(lines_begin_anew_after_one_that_was_too_long);
	ADD(tries_double_to_a_minute_with_jitter);
	ADD(a_servers_url_holds_no_password);
	return g_test_run();
}
