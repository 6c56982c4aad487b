/* Mails in and out: limits on raw bytes, who a mail is from, and that no
 * string of a draft leaves its place. */
#include "signaling/message.h"

#include <string.h>

#define DID	"q3R0b1Zr7mC4u8yXn2KfTg"
#define HEADERS "From: Ann <ann@example.org>\r\nTo: room@example.net\r\n"

static struct message *parse_bytes(const char *mail, gsize size,
				   const char *authserv_id, GError **error)
{
	g_autoptr(GBytes) bytes = g_bytes_new(mail, size);

	return message_parse(bytes, authserv_id, error);
}

static struct message *parse(const char *mail, GError **error)
{
	return parse_bytes(mail, strlen(mail), NULL, error);
}

static struct message *parse_well(const char *mail)
{
	g_autoptr(GError) error = NULL;
	struct message *msg = parse(mail, &error);

	g_assert_no_error(error);
	g_assert_nonnull(msg);
	return msg;
}

static void assert_refused(const char *mail, gsize size,
			   enum message_error code)
{
	g_autoptr(GError) error = NULL;

	g_assert_null(parse_bytes(mail, size, NULL, &error));
	g_assert_error(error, MESSAGE_ERROR, (int)code);
}

static void says_what_a_mail_is(void)
{
	SCOPED(message)
	msg = parse_well("Return-Path: <ann@example.org>\r\n"
			 "Delivered-To: room+4711@EXAMPLE.net\r\n"
			 "X-Original-To: other@example.net\r\n"
			 "From: =?UTF-8?B?44Ki44Oz?= <Ann@B\xc3\xbc"
			 "cher.Example>\r\n"
			 "To: Room <room@example.net>, x@example.net\r\n"
			 "Subject: hello\r\n there\r\n"
			 "Message-ID: <m1@example.org>\r\n"
			 "In-Reply-To: <m0@example.net>\r\n"
			 "IPSP-MAC: abc\r\n"
			 "\r\nHow do I join?\r\n");

	g_assert_cmpstr(msg->from_address, ==, "Ann@xn--bcher-kva.example");
	g_assert_cmpstr(msg->from_name, ==, "アン");
	g_assert_cmpstr(msg->message_id, ==, "m1@example.org");
	g_assert_cmpstr(msg->in_reply_to, ==, "m0@example.net");
	g_assert_cmpstr(msg->subject, ==, "hello there");
	g_assert_cmpstr(msg->mac, ==, "abc");
	g_assert_cmpuint(msg->recipients->len, ==, 4);
	g_assert_cmpstr(msg->recipients->pdata[0], ==, "room+4711@example.net");
	g_assert_cmpstr(msg->recipients->pdata[1], ==, "other@example.net");
	g_assert_cmpstr(msg->recipients->pdata[2], ==, "room@example.net");
	g_assert_cmpstr(msg->text, ==, "How do I join?\n");
	g_assert_null(msg->ipsp);
	g_assert_false(msg->null_sender || msg->auto_submitted || msg->list ||
		       msg->aligned || msg->japanese);
}

static void tells_machines_by_their_fields(void)
{
	static const struct {
		const char *field;
		gboolean null_sender, auto_submitted, list;
	} rows[] = {
		{ "Return-Path: <>", TRUE, FALSE, FALSE },
		{ "Return-Path:\r\n <> ", TRUE, FALSE, FALSE },
		{ "Auto-Submitted: auto-replied", FALSE, TRUE, FALSE },
		{ "auto-submitted: Auto-Generated; x=y", FALSE, TRUE, FALSE },
		{ "Auto-Submitted: no", FALSE, FALSE, FALSE },
		{ "Auto-Submitted: NO (a person)", FALSE, FALSE, FALSE },
		{ "Auto-Submitted: nothing", FALSE, TRUE, FALSE },
		{ "Auto-Submitted: no\r\nAuto-Submitted: auto-replied", FALSE,
		  TRUE, FALSE },
		{ "List-Id: <l.example>", FALSE, FALSE, TRUE },
		{ "list-unsubscribe: <x:y>", FALSE, FALSE, TRUE },
		{ "Precedence: Bulk", FALSE, FALSE, TRUE },
		{ "Precedence: junk", FALSE, FALSE, TRUE },
		{ "Precedence: first-class", FALSE, FALSE, FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *mail = g_strconcat(HEADERS, rows[i].field,
						    "\r\n\r\nx\r\n", NULL);
		SCOPED(message) msg = parse_well(mail);

		g_test_message("%s", rows[i].field);
		g_assert_cmpint(msg->null_sender, ==, rows[i].null_sender);
		g_assert_cmpint(msg->auto_submitted, ==,
				rows[i].auto_submitted);
		g_assert_cmpint(msg->list, ==, rows[i].list);
	}
}

static void refuses_a_mail_that_is_two_mails(void)
{
	static const char *const mails[] = {
		"From: a@b.example\r\nFrom: c@d.example\r\n\r\nx",
		"From: a@b.example\r\nfrom : c@d.example\r\n\r\nx",
		"From: a@b.example, c@d.example\r\n\r\nx",
		"From: group: a@b.example;\r\n\r\nx",
		"From: a@b.example\r\nMessage-ID: <1@x>\r\n"
		"message-id: <2@x>\r\n\r\nx",
		"From: a@b.example\r\nContent-Type: text/plain\r\n"
		"Content-Type: multipart/mixed; boundary=b\r\n\r\nx",
		"From: a@b.example\rFrom: c@d.example\r\n\r\nx",
		"From: a@b.example\r\njunk\r\n\r\nx",
		"From: a@b.example\r\n \t\r\nFrom: c@d.example\r\n\r\nx",
		" From: a@b.example\r\n\r\nx",
		"To: a@b.example\r\n\r\nx",
		"From: nobody\r\n\r\nx",
		"From: a@[192.0.2.1]\r\n\r\nx",
		"\r\nFrom: a@b.example\r\n\r\nx",
		"",
	};
	static const char nul[] = "From: a@b.example\0c\r\n\r\nx";

	for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
		g_test_message("mail %u", i);
		assert_refused(mails[i], strlen(mails[i]),
			       MESSAGE_ERROR_MALFORMED);
	}
	assert_refused(nul, sizeof(nul) - 1, MESSAGE_ERROR_MALFORMED);
}

static GString *nested(const char *type, guint levels)
{
	GString *mail = g_string_new(HEADERS);

	for (guint i = 0; i < levels; i++) {
		g_autofree char *open = g_strdup_printf(
			"; boundary=b%u\r\n\r\n--b%u\r\n", i, i);
		gboolean multi = g_str_has_prefix(type, "multipart/");

		g_string_append_printf(mail, "Content-Type: %s%s", type,
				       multi ? open : "\r\n\r\n");
	}
	return g_string_append(mail, "\r\nx\r\n");
}

static void refuses_more_than_the_limits(void)
{
	g_autoptr(GString) size = g_string_new(HEADERS "\r\n");
	g_autoptr(GString) fields = g_string_new(HEADERS);
	g_autoptr(GString) parts =
		g_string_new(HEADERS "Content-Type: multipart/mixed;\r\n"
				     " boundary=\"b b\"\r\n\r\n");
	g_autoptr(GString) hidden =
		g_string_new(HEADERS "Content-Type: multipart/mixed;\r\n"
				     " boundary*0=\"b\"; boundary*1=c\r\n\r\n");

	while (size->len <= MESSAGE_MAX_SIZE)
		g_string_append(size, "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\r\n");
	while (fields->len <= MESSAGE_MAX_HEADERS)
		g_string_append(fields, "X-Filler: xxxxxxxxxxxxxxxxxx\r\n");
	for (int i = 0; i < MESSAGE_MAX_PARTS; i++) {
		g_string_append(parts, "--b b\r\n\r\nx\r\n");
		g_string_append(hidden, "--bc\r\n\r\nx\r\n");
	}
	assert_refused(size->str, size->len, MESSAGE_ERROR_TOO_LARGE);
	assert_refused(fields->str, fields->len, MESSAGE_ERROR_TOO_LARGE);
	assert_refused(parts->str, parts->len, MESSAGE_ERROR_TOO_LARGE);
	assert_refused(hidden->str, hidden->len, MESSAGE_ERROR_TOO_LARGE);
}

static void takes_parts_up_to_the_limits(void)
{
	static const char *const types[] = { "multipart/mixed",
					     "message/rfc822" };
	g_autoptr(GString) parts = g_string_new(
		HEADERS "Content-Type: multipart/mixed; boundary=b\r\n\r\n");

	for (int i = 0; i < MESSAGE_MAX_PARTS - 1; i++)
		g_string_append(parts, "--b\r\n\r\nx\r\n");
	message_free(parse_well(parts->str));
	for (guint i = 0; i < G_N_ELEMENTS(types); i++) {
		g_autoptr(GString) deep =
			nested(types[i], MESSAGE_MAX_DEPTH - 1);
		g_autoptr(GString) deeper = nested(types[i], MESSAGE_MAX_DEPTH);

		message_free(parse_well(deep->str));
		assert_refused(deeper->str, deeper->len,
			       MESSAGE_ERROR_TOO_LARGE);
	}
}

#define IPSP_PART(json)                                                        \
	"--b\r\nContent-Type: application/ipsp+json; method=INVITE; v=1\r\n\r" \
	"\n" json "\r\n"

static void an_ipsp_part_is_the_senders_own(void)
{
	static const char forwarded[] = HEADERS
		"Content-Type: message/rfc822\r\n\r\n" HEADERS
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" IPSP_PART(
			"{}") "--b--\r\n";
	static const char two[] = HEADERS
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" IPSP_PART(
			"{}") IPSP_PART("{}") "--b--\r\n";
	static const char footer[] = HEADERS
		"Content-Type: multipart/mixed; boundary=b\r\n\r\n" IPSP_PART(
			"{\"a\":1}") "--b\r\n\r\nfooter\r\n--b--\r\n";
	SCOPED(message) inner = parse_well(forwarded);
	SCOPED(message) msg = parse_well(footer);

	g_assert_null(inner->ipsp);
	assert_refused(two, strlen(two), MESSAGE_ERROR_MALFORMED);
	g_assert_cmpmem(g_bytes_get_data(msg->ipsp, NULL),
			g_bytes_get_size(msg->ipsp), "{\"a\":1}", 7);
}

static void hears_japanese(void)
{
	static const struct {
		const char *fields, *body;
		gboolean japanese;
	} rows[] = {
		{ "Subject: hello", "how do I join", FALSE },
		{ "Subject: =?UTF-8?B?5Lya6K2w44Gr5Y+C5Yqg?=", "", TRUE },
		{ "Subject: hi", "参加したいです", TRUE },
		{ "Subject: hi", "会議参加", TRUE },
		{ "Subject: hi\r\nContent-Language: zh-CN", "会议参加", FALSE },
		{ "Subject: hi", "thanks\n> 参加したいです\n", FALSE },
		{ "X: y\r\nContent-Language: ja", "", TRUE },
		{ "Content-Type: text/plain; charset=iso-2022-jp",
		  "\x1b$B;22C$7$?$$\x1b(B", TRUE },
		{ "Subject: hi\r\nContent-Type: text/plain; charset=big5",
		  "\xb7|\xc4\xb3", FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		gboolean typed = strstr(rows[i].fields, "Content-Type") != NULL;
		g_autofree char *mail =
			g_strconcat(HEADERS, rows[i].fields,
				    typed ? ""
					  : "\r\nContent-Type: text/plain; "
					    "charset=utf-8",
				    "\r\n\r\n", rows[i].body, NULL);
		SCOPED(message) msg = parse_well(mail);

		g_test_message("row %u", i);
		g_assert_cmpint(msg->japanese, ==, rows[i].japanese);
	}
}

static void addresses_have_one_spelling(void)
{
	static const struct {
		const char *text, *address;
	} rows[] = {
		{ "A@EXAMPLE.org", "A@example.org" },
		{ "a@例え.JP", "a@xn--r8jz45g.jp" },
		{ "ア@例え.jp", "ア@xn--r8jz45g.jp" },
		{ "taro..@docomo.ne.jp", "taro..@docomo.ne.jp" },
		{ "\"a b\"@example.org", "\"a b\"@example.org" },
		{ "standup@localhost", "standup@localhost" },
		{ "a@b@c.example", NULL },
		{ "@example.org", NULL },
		{ "a@", NULL },
		{ "a", NULL },
		{ "", NULL },
		{ "a b@example.org", NULL },
		{ "a\r\nBcc:x@example.org", NULL },
		{ "a@example.org\r\n", NULL },
		{ "a@ex ample.org", NULL },
		{ "a@-example.org", NULL },
		{ "a@example..org", NULL },
		{ "a@[192.0.2.1]", NULL },
		{ "a\xff@example.org", NULL },
		{ "<a@example.org>", NULL },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *address = message_address(rows[i].text);

		g_test_message("row %u", i);
		g_assert_cmpstr(address, ==, rows[i].address);
	}
}

static const struct message_draft ok_draft = {
	.from_address = "atrium@conf.example.net",
	.from_name = "会議室 atrium",
	.to_address = "alice@example.org",
	.subject = "Re: 会議室 atrium に参加させてください、"
		   "よろしくお願いします",
	.message_id = "ipsp-ok." DID ".b7d1@conf.example.net",
	.in_reply_to = "ipsp." DID "@example.org",
	.text = "ようこそ。\nWelcome.\n",
	.method = IPSP_OK,
	.did = DID,
	.date = 1795384171,
	.expires = 1795384231,
	.auto_replied = TRUE,
};

static char *build(const struct message_draft *draft, struct message **msg_r)
{
	g_autoptr(GError) error = NULL;
	GBytes *mail = message_build(draft);
	gsize size;
	char *text;

	*msg_r = message_parse(mail, NULL, &error);
	g_assert_no_error(error);
	text = g_bytes_unref_to_data(mail, &size);
	text = g_realloc(text, size + 1);
	text[size] = 0;
	return text;
}

static void what_is_built_is_parsed_again(void)
{
	struct message_draft draft = ok_draft;
	GString *json = g_string_new("{\"ipsp\":1,\"x\":\"");
	g_autoptr(GBytes) part = NULL;
	g_autoptr(GBytes) one = NULL;
	g_autoptr(GBytes) two = NULL;
	SCOPED(message) msg = NULL;
	g_autofree char *text = NULL;

	for (int i = 0; i < 300; i++)
		g_string_append(json, "\xe3\x81\x82\\n");
	part = g_string_free_to_bytes(g_string_append(json, "\"}"));
	draft.ipsp = part;
	draft.mac = "P7CA9bVUtbi6akpCNkfIR6n0lOXxkN7H-4R0z7iA0LM";
	text = build(&draft, &msg);

	g_assert_true(g_bytes_equal(msg->ipsp, part));
	g_assert_cmpstr(msg->from_address, ==, draft.from_address);
	g_assert_cmpstr(msg->from_name, ==, draft.from_name);
	g_assert_cmpstr(msg->recipients->pdata[0], ==, draft.to_address);
	g_assert_cmpstr(msg->subject, ==, draft.subject);
	g_assert_cmpstr(msg->message_id, ==, draft.message_id);
	g_assert_cmpstr(msg->in_reply_to, ==, draft.in_reply_to);
	g_assert_cmpstr(msg->mac, ==, draft.mac);
	g_assert_cmpstr(msg->text, ==, draft.text);
	g_assert_true(msg->auto_submitted);
	g_assert_true(msg->japanese);

	one = message_build(&draft);
	two = message_build(&draft);
	g_assert_true(g_bytes_equal(one, two));
}

/* What servers, filters and people look for in the raw bytes. */
static void a_built_mail_has_the_form_of_the_specification(void)
{
	static const char *const lines[] = {
		"To: alice@example.org",
		"Date: Sun, 22 Nov 2026 21:49:31 +0000",
		("In-Reply-To: <ipsp." DID "@example.org>"),
		("References: <ipsp." DID "@example.org>"),
		"IPSP-Version: 1",
		"IPSP-Method: OK",
		("IPSP-Dialog: " DID),
		"Expires: Sun, 22 Nov 2026 21:50:31 +0000",
		"Auto-Submitted: auto-replied",
		"X-Auto-Response-Suppress: All",
		"Content-Type: application/ipsp+json; method=OK; v=1",
		"Content-Disposition: attachment; filename=ok.ipsp",
		"Content-Transfer-Encoding: base64",
	};
	struct message_draft draft = ok_draft;
	g_autoptr(GBytes) part = g_bytes_new_static("{}", 2);
	SCOPED(message) msg = NULL;
	g_autofree char *text = NULL;
	g_auto(GStrv) got = NULL;
	gboolean found[G_N_ELEMENTS(lines)] = { FALSE };

	draft.ipsp = part;
	text = build(&draft, &msg);
	g_assert_cmpuint(strlen(text), >, 0);
	got = g_strsplit(text, "\r\n", -1);
	for (char **line = got; *line; line++) {
		g_test_message("%s", *line);
		g_assert_cmpuint(strlen(*line), <=, 78);
		g_assert_true(g_str_is_ascii(*line));
		g_assert_null(strchr(*line, '\n'));
		for (guint i = 0; i < G_N_ELEMENTS(lines); i++)
			found[i] |= !strcmp(*line, lines[i]);
	}
	for (guint i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_test_message("%s", lines[i]);
		g_assert_true(found[i]);
	}
	g_assert_nonnull(strstr(text, "text/plain"));
	g_assert_true(strstr(text, "text/plain") < strstr(text, "ipsp+json"));
}

static void a_mail_for_people_has_no_ipsp_in_it(void)
{
	struct message_draft draft = ok_draft;
	SCOPED(message) msg = NULL;
	g_autofree char *text = NULL;

	draft.text = "Plain.\n--=_ipsp\nStill plain.\n";
	draft.auto_replied = FALSE;
	text = build(&draft, &msg);
	g_assert_null(msg->ipsp);
	g_assert_null(strstr(text, "IPSP-"));
	g_assert_null(strstr(text, "multipart"));
	g_assert_nonnull(strstr(text, "Auto-Submitted: auto-generated\r\n"));
	g_assert_cmpstr(msg->text, ==, draft.text);
}

/* Each string in turn tries to become a field, a body or a part of its own.
 * With and without what makes an encoder leave the ordinary path. */
static void no_string_leaves_its_place(void)
{
	static const char *const attacks[] = {
		"x\r\nBcc: victim@example.com\r\n\r\nbody",
		"x\nBcc: victim@example.com\n\nbody",
		"x\rBcc: victim@example.com",
		"\xe4\xbc\x9a\r\nBcc: victim@example.com",
		"=?utf-8?q?x=0d=0aBcc:_victim@example.com?=",
		"x>, <victim@example.com",
		"\r\n--=_ipsp\r\nContent-Type: application/ipsp+json\r\n\r\n{}",
		"\"\r\nBcc: victim@example.com",
		"\xff\r\nBcc: victim@example.com",
		("x\xe2\x80\xa8"
		 "Bcc: victim@example.com"),
	};
	g_autoptr(GBytes) part = g_bytes_new_static("{\"a\":1}", 7);

	for (guint i = 0; i < G_N_ELEMENTS(attacks) * 9; i++) {
		const char *bad = attacks[i / 9];
		struct message_draft draft = ok_draft;
		const char **places[] = {
			&draft.from_name,    &draft.subject,
			&draft.text,	     &draft.message_id,
			&draft.in_reply_to,  &draft.did,
			&draft.mac,	     &draft.to_address,
			&draft.from_address,
		};
		g_autoptr(GError) error = NULL;
		g_autoptr(GBytes) mail = NULL;
		SCOPED(message) msg = NULL;
		g_autofree char *text = NULL;

		draft.ipsp = part;
		*places[i % 9] = bad;
		mail = message_build(&draft);
		text = g_strndup(g_bytes_get_data(mail, NULL),
				 g_bytes_get_size(mail));
		/* In the body, lines are free. */
		*strstr(text, "\r\n\r\n") = '\0';
		g_test_message("attack %u in place %u", i / 9, i % 9);
		g_assert_null(strstr(text, "\r\nBcc"));
		g_assert_null(strstr(text, "\nBcc"));
		g_assert_null(strstr(text, "\rBcc"));

		/* A broken sender address makes no mail, but never two. */
		msg = message_parse(mail, NULL, &error);
		if (i % 9 == 8 && !msg)
			continue;
		g_assert_no_error(error);
		g_assert_true(g_bytes_equal(msg->ipsp, part));
		g_assert_cmpuint(msg->recipients->len, <=, 1);
	}
}

static void only_our_topmost_results_count(void)
{
#define RESULTS(id, domain)                                                    \
	"Authentication-Results: " id "; dkim=pass header.d=" domain "\r\n"
	static const struct {
		const char *fields;
		gboolean aligned;
	} rows[] = {
		{ RESULTS("mx.example.net", "example.org"), TRUE },
		{ RESULTS("other.example", "x.example")
			  RESULTS("mx.example.net", "example.org"),
		  TRUE },
		{ RESULTS("mx.example.net", "x.example")
			  RESULTS("mx.example.net", "example.org"),
		  FALSE },
		{ RESULTS("mx.example.net.evil.example", "example.org"),
		  FALSE },
		{ "X-" RESULTS("mx.example.net", "example.org"), FALSE },
		{ "", FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *mail =
			g_strconcat(rows[i].fields, HEADERS, "\r\nx", NULL);
		SCOPED(message)
		msg = parse_bytes(mail, strlen(mail), "mx.example.net", NULL);
		SCOPED(message) untold = parse_well(mail);

		g_test_message("row %u", i);
		g_assert_cmpint(msg->aligned, ==, rows[i].aligned);
		g_assert_false(untold->aligned);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	message_init();
	g_test_add_func("/message/says what a mail is", says_what_a_mail_is);
	g_test_add_func("/message/tells machines by their fields",
			tells_machines_by_their_fields);
	g_test_add_func("/message/refuses a mail that is two mails",
			refuses_a_mail_that_is_two_mails);
	g_test_add_func("/message/refuses more than the limits",
			refuses_more_than_the_limits);
	g_test_add_func("/message/takes parts up to the limits",
			takes_parts_up_to_the_limits);
	g_test_add_func("/message/an IPSP part is the sender's own",
			an_ipsp_part_is_the_senders_own);
	g_test_add_func("/message/hears Japanese", hears_japanese);
	g_test_add_func("/message/addresses have one spelling",
			addresses_have_one_spelling);
	g_test_add_func("/message/what is built is parsed again",
			what_is_built_is_parsed_again);
	g_test_add_func("/message/a built mail has the form of the "
			"specification",
			a_built_mail_has_the_form_of_the_specification);
	g_test_add_func("/message/a mail for people has no IPSP in it",
			a_mail_for_people_has_no_ipsp_in_it);
	g_test_add_func("/message/no string leaves its place",
			no_string_leaves_its_place);
	g_test_add_func("/message/only our topmost results count",
			only_our_topmost_results_count);
	return g_test_run();
}
