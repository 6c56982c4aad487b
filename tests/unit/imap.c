/* What IMAP servers say, and the bookkeeping of what was seen of a folder. */
#include <glib.h>
#include <string.h>

#include "signaling/imap_folder.h"
#include "signaling/imap_parse.h"
#include "signaling/imap_uids.h"

#define BODY_MAX 20

/* The first response of text; NULL on an error or when it is not whole. */
static const struct imap_response *first_of(struct imap_parser **prsp,
					    const char *text)
{
	gsize size = strlen(text);

	imap_parser_destroy(prsp);
	*prsp = imap_parser_create(BODY_MAX);
	return imap_parser_next(*prsp, &text, &size);
}

static void assert_body(const struct imap_response *rsp, const char *body)
{
	gsize size;
	const char *bytes = g_bytes_get_data(rsp->body, &size);

	g_assert_cmpmem(bytes, size, body, strlen(body));
}

static void the_codes_of_select_are_read(void)
{
	struct imap_parser *prs = NULL;
	const struct imap_response *rsp;

	rsp = first_of(&prs, "* OK [UIDVALIDITY 17] valid\r\n");
	g_assert_cmpint(rsp->kind, ==, IMAP_STATUS);
	g_assert_cmpuint(rsp->uidvalidity, ==, 17);
	rsp = first_of(&prs, "* ok [uidnext 4294967295] next\r\n");
	g_assert_cmpuint(rsp->uidnext, ==, G_MAXUINT32);
	rsp = first_of(&prs, "* OK [UIDNEXT 4294967296] too large\r\n");
	g_assert_cmpuint(rsp->uidnext, ==, 0);
	rsp = first_of(&prs, "ipsp2 NO [NONEXISTENT] no \001such folder\r\n");
	g_assert_cmpint(rsp->kind, ==, IMAP_TAGGED);
	g_assert_cmpint(rsp->status, ==, IMAP_NO);
	g_assert_cmpstr(rsp->tag, ==, "ipsp2");
	g_assert_cmpstr(rsp->text, ==, "no ?such folder");
	imap_parser_destroy(&prs);
}

static void a_mail_comes_out_of_any_order_of_items(void)
{
	struct imap_parser *prs = NULL;
	const struct imap_response *rsp;

	rsp = first_of(&prs, "* 1 FETCH (UID 7 FLAGS (\\Seen) "
			     "BODY[]<0> {5}\r\na)\r\nb)\r\n");
	g_assert_cmpint(rsp->kind, ==, IMAP_FETCH);
	g_assert_cmpuint(rsp->uid, ==, 7);
	g_assert_false(rsp->deleted);
	assert_body(rsp, "a)\r\nb");
	rsp = first_of(&prs, "* 1 FETCH (BODY[] {2}\r\nxy MODSEQ (12 (3)) "
			     "X \"(\\\"\" FLAGS (\\Seen \\deleted) UID 8)\r\n");
	g_assert_cmpuint(rsp->uid, ==, 8);
	g_assert_true(rsp->deleted);
	assert_body(rsp, "xy");
	rsp = first_of(&prs, "* 1 FETCH (UID 9 BODY[] \"a \\\"b\\\\\")\r\n");
	assert_body(rsp, "a \"b\\");
	rsp = first_of(&prs, "* 1 FETCH (UID 9 BODY[] NIL)\r\n");
	g_assert_null(rsp->body);
	imap_parser_destroy(&prs);
}

static void another_literal_is_not_taken_for_the_mail(void)
{
	struct imap_parser *prs = NULL;
	const struct imap_response *rsp = first_of(
		&prs, "* 1 FETCH (ENVELOPE ({3}\r\nabc NIL) X {2}\r\nde "
		      "BODY[HEADER.FIELDS (DATE TO)] {1}\r\nf UID 3 "
		      "BODY[]<0> {4}\r\nmail)\r\n");

	g_assert_cmpuint(rsp->uid, ==, 3);
	assert_body(rsp, "mail");
	imap_parser_destroy(&prs);
}

static void words_for_people_hold_no_literal(void)
{
	struct imap_parser *prs = NULL;
	const struct imap_response *rsp =
		first_of(&prs, "* OK like this {3}\r\n* 2 EXISTS\r\n");

	g_assert_cmpint(rsp->kind, ==, IMAP_STATUS);
	g_assert_cmpstr(rsp->text, ==, "like this {3}");
	imap_parser_destroy(&prs);
}

static void a_literal_is_kept_only_as_far_as_asked(void)
{
	struct imap_parser *prs = NULL;
	const struct imap_response *rsp = first_of(
		&prs, "* 1 FETCH (UID 3 BODY[]<0> {30}\r\n"
		      "0123456789012345678901234567891 X {4}\r\nabcd)\r\n");

	g_assert_null(imap_parser_error(prs));
	g_assert_cmpuint(g_bytes_get_size(rsp->body), ==, BODY_MAX);
	imap_parser_destroy(&prs);
}

static void what_has_no_bounds_is_an_error(void)
{
	g_autofree char *line = g_strnfill(IMAP_MAX_TEXT + 1, 'x');
	g_autoptr(GString) many = g_string_new("* 1 FETCH (X");
	const char *const texts[] = {
		line,
		"* 1 FETCH (BODY[] {67108865}\r\n",
		"* 1 FETCH (BODY[] {99999999999999999999}\r\n",
	};
	struct imap_parser *prs = NULL;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_assert_null(first_of(&prs, texts[i]));
		g_assert_nonnull(imap_parser_error(prs));
	}
	for (int i = 0; i <= IMAP_MAX_LITERALS; i++)
		g_string_append(many, " {1}\r\nx");
	g_assert_null(first_of(&prs, many->str));
	g_assert_nonnull(imap_parser_error(prs));
	imap_parser_destroy(&prs);
}

/* -- UIDs ------------------------------------------------------------------ */

static void assert_position(struct imap_uids *uids, const char *wanted)
{
	g_autofree char *position = imap_uids_position(uids);

	g_assert_cmpstr(position, ==, wanted);
}

static void assert_fetch(struct imap_uids *uids, const char *wanted)
{
	g_autofree char *set = imap_uids_fetch_set(uids, 50);

	g_assert_cmpstr(set, ==, wanted);
}

static void assert_delete(struct imap_uids *uids, const char *wanted)
{
	g_autofree char *set = imap_uids_delete_set(uids, 50);

	g_assert_cmpstr(set, ==, wanted);
}

static void the_position_is_the_lowest_mail_not_out_of_the_way(void)
{
	struct imap_uids *uids = imap_uids_create("9:5");

	g_assert_true(imap_uids_select(uids, 9, 20));
	assert_fetch(uids, "5:4294967295");
	g_assert_true(imap_uids_came(uids, 5));
	g_assert_true(imap_uids_came(uids, 6));
	g_assert_true(imap_uids_came(uids, 8));
	g_assert_false(imap_uids_fetched(uids));
	g_assert_true(imap_uids_done(uids, 9, 6));
	assert_position(uids, "9:5");
	g_assert_true(imap_uids_done(uids, 9, 5));
	assert_position(uids, "9:5"); /* done, but not deleted */
	assert_delete(uids, "5,6");
	imap_uids_expunged(uids);
	assert_position(uids, "9:8");
	g_assert_true(imap_uids_done(uids, 9, 8));
	assert_delete(uids, "8");
	imap_uids_expunged(uids);
	assert_position(uids, "9:9");
	assert_delete(uids, NULL);
	imap_uids_destroy(&uids);
}

static void a_mail_is_shown_once(void)
{
	struct imap_uids *uids = imap_uids_create("9:5");

	imap_uids_select(uids, 9, 20);
	assert_fetch(uids, "5:4294967295");
	g_assert_true(imap_uids_came(uids, 7));
	g_assert_false(imap_uids_came(uids, 7));
	g_assert_false(imap_uids_came(uids, 4)); /* older than asked */
	g_assert_false(imap_uids_came(uids, 0));
	/* The connection breaks before the FETCH was complete: asked for
	 * again, because the server owes no order, but not shown again. */
	imap_uids_lost(uids);
	g_assert_true(imap_uids_select(uids, 9, 21));
	assert_fetch(uids, "5:4294967295");
	g_assert_true(imap_uids_came(uids, 6));
	g_assert_false(imap_uids_came(uids, 7));
	imap_uids_fetched(uids);
	assert_fetch(uids, "8:4294967295");
	imap_uids_destroy(&uids);
}

static void a_new_uidvalidity_forgets_everything(void)
{
	struct imap_uids *uids = imap_uids_create("9:5");

	imap_uids_select(uids, 9, 8);
	assert_fetch(uids, "5:4294967295");
	imap_uids_came(uids, 5);
	imap_uids_fetched(uids);
	g_assert_false(imap_uids_select(uids, 10, 100));
	g_assert_false(imap_uids_done(uids, 9, 5));
	g_assert_false(imap_uids_done(uids, 10, 5));
	imap_uids_want(uids, 40);
	imap_uids_want(uids, 42);
	imap_uids_want(uids, 100); /* new anyhow */
	imap_uids_searched(uids);
	assert_position(uids, "10:40");
	assert_fetch(uids, "40,42");
	g_assert_true(imap_uids_came(uids, 42)); /* 40 is gone meanwhile */
	g_assert_true(imap_uids_fetched(uids));
	assert_position(uids, "10:42");
	assert_fetch(uids, "100:4294967295");
	imap_uids_destroy(&uids);
}

static void a_search_that_was_cut_off_is_made_again(void)
{
	struct imap_uids *uids = imap_uids_create("8:2");

	g_assert_false(imap_uids_select(uids, 9, 30));
	imap_uids_want(uids, 20);
	/* A position now would leave behind what was not listed yet. */
	g_assert_null(imap_uids_position(uids));
	imap_uids_lost(uids);
	g_assert_false(imap_uids_select(uids, 9, 31));
	imap_uids_want(uids, 20);
	imap_uids_want(uids, 21);
	imap_uids_searched(uids);
	assert_position(uids, "9:20");
	assert_fetch(uids, "20,21");
	imap_uids_destroy(&uids);
}

static void a_deletion_that_was_cut_off_is_tried_again(void)
{
	struct imap_uids *uids = imap_uids_create(NULL);

	g_assert_null(imap_uids_position(uids));
	g_assert_false(imap_uids_select(uids, 9, 3));
	imap_uids_searched(uids);
	assert_position(uids, "9:3");
	assert_fetch(uids, "3:4294967295");
	imap_uids_came(uids, 3);
	imap_uids_deleted(uids, 4); /* flagged before we came */
	imap_uids_fetched(uids);
	imap_uids_done(uids, 9, 3);
	assert_delete(uids, "3,4");
	g_assert_false(imap_uids_any_done(uids));
	imap_uids_lost(uids);
	g_assert_true(imap_uids_any_done(uids));
	assert_delete(uids, "3,4");
	imap_uids_destroy(&uids);
}

static void a_position_of_nonsense_counts_as_none(void)
{
	static const char *const texts[] = { "",      "9",   "9:",
					     ":5",    "0:5", "9:0",
					     "9:5:1", "x:y", "9:4294967296" };

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++) {
		struct imap_uids *uids;

		g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*position*");
		uids = imap_uids_create(texts[i]);
		g_test_assert_expected_messages();
		g_assert_false(imap_uids_select(uids, 9, 5));
		imap_uids_destroy(&uids);
	}
}

static void folders_are_written_in_modified_utf7(void)
{
	/* The first is RFC 3501 5.1.3's own example. */
	static const char *const names[][2] = {
		{ "~peter/mail/\345\217\260\345\214\227/"
		  "\346\227\245\346\234\254\350\252\236",
		  "\"~peter/mail/&U,BTFw-/&ZeVnLIqe-\"" },
		{ "R&D \"x\\y\"", "\"R&-D \\\"x\\\\y\\\"\"" },
		{ "INBOX", "\"INBOX\"" },
	};

	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *quoted = imap_folder_quote(names[i][0], NULL);

		g_assert_cmpstr(quoted, ==, names[i][1]);
	}
	g_assert_null(imap_folder_quote("x\r\ny", NULL));
	g_assert_null(imap_folder_quote("\377", NULL));
}

#define ADD(name) g_test_add_func("/imap/" #name, name)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(the_codes_of_select_are_read);
	ADD(a_mail_comes_out_of_any_order_of_items);
	ADD(another_literal_is_not_taken_for_the_mail);
	ADD(words_for_people_hold_no_literal);
	ADD(a_literal_is_kept_only_as_far_as_asked);
	ADD(what_has_no_bounds_is_an_error);
	ADD(the_position_is_the_lowest_mail_not_out_of_the_way);
	ADD(a_mail_is_shown_once);
	ADD(a_new_uidvalidity_forgets_everything);
	ADD(a_search_that_was_cut_off_is_made_again);
	ADD(a_deletion_that_was_cut_off_is_tried_again);
	ADD(a_position_of_nonsense_counts_as_none);
	ADD(folders_are_written_in_modified_utf7);
	return g_test_run();
}
