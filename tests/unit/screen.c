/* Who is answered, how often and in what words: authres, screen,
 * answer_limits and letters. */
#include "signaling/screen.h"

#include <string.h>

#include "signaling/answer_limits.h"
#include "signaling/authres.h"
#include "signaling/letters.h"
#include "signaling/text.h"

#define DID "q3R0b1Zr7mC4u8yXn2KfTg"

static void results_are_believed_only_where_they_speak_for_from(void)
{
	static const struct {
		const char *value;
		enum authres expected;
	} rows[] = {
		{ "mx.net; dkim=pass header.d=example.org", AUTHRES_ALIGNED },
		{ "MX.net 1; DKIM=Pass header.D=Example.ORG", AUTHRES_ALIGNED },
		{ " mx.net;\r\n\tdkim=pass (2048-bit; key) header.d="
		  "mail.example.org header.b=\"ab/c=\"",
		  AUTHRES_ALIGNED },
		{ "mx.net; dkim=pass header.i=@example.org header.s=s",
		  AUTHRES_ALIGNED },
		{ "mx.net; dkim=pass header.d=org", AUTHRES_UNALIGNED },
		{ "mx.net; dkim=pass header.d=notexample.org",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=pass header.d=example.org.evil.net",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=fail header.d=example.org", AUTHRES_UNALIGNED },
		{ "mx.net; dkim=pass", AUTHRES_UNALIGNED },
		{ "mx.net; spf=pass smtp.mailfrom=a@example.org",
		  AUTHRES_ALIGNED },
		{ "mx.net; spf=pass smtp.mailfrom=example.org",
		  AUTHRES_ALIGNED },
		{ "mx.net; spf=pass smtp.mailfrom=\"a; x\"@example.org",
		  AUTHRES_ALIGNED },
		{ "mx.net; spf=pass smtp.helo=example.org", AUTHRES_UNALIGNED },
		{ "mx.net; spf=pass smtp.mailfrom=a@evil.net",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dmarc=pass (p=none) header.from=example.org",
		  AUTHRES_ALIGNED },
		{ "mx.net; dmarc=pass header.from=sub.example.org",
		  AUTHRES_UNALIGNED },
		{ "mx.net; spf=fail smtp.mailfrom=evil.net; dkim=fail "
		  "header.d=evil.net; dkim=pass header.d=example.org",
		  AUTHRES_ALIGNED },
		{ "mx.net; none", AUTHRES_UNALIGNED },
		{ "mx.net", AUTHRES_UNALIGNED },
		{ "mx.net; arc=pass header.d=example.org", AUTHRES_UNALIGNED },
		/* Words in comments and strings are not results. */
		{ "mx.net; dkim=fail (; dkim=pass header.d=example.org) "
		  "header.d=evil.net",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=fail (a (nested) \\) ; dkim=pass "
		  "header.d=example.org) header.d=evil.net",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=fail reason=\"; dkim=pass "
		  "header.d=example.org\" header.d=evil.net",
		  AUTHRES_UNALIGNED },
		{ "mx.net; spf=pass smtp.mailfrom=\"@example.org\"@evil.net",
		  AUTHRES_UNALIGNED },
		/* Which of the two was verified? */
		{ "mx.net; dkim=pass header.d=evil.net header.d=example.org",
		  AUTHRES_UNALIGNED },
		/* Broken anywhere: believed nowhere. */
		{ "mx.net; dkim=pass header.d=example.org; spf",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=pass header.d=example.org (open",
		  AUTHRES_UNALIGNED },
		{ "mx.net; dkim=pass header.d=example.org; x=y z=\"open",
		  AUTHRES_UNALIGNED },
		{ "mx.net 2; dkim=pass header.d=example.org",
		  AUTHRES_UNALIGNED },
		{ "mx.net dkim=pass header.d=example.org", AUTHRES_UNALIGNED },
		{ "other.net; dkim=pass header.d=example.org",
		  AUTHRES_FOREIGN },
		{ "(mx.net;) other.net; dkim=pass header.d=example.org",
		  AUTHRES_FOREIGN },
		{ "dkim=pass header.d=example.org", AUTHRES_FOREIGN },
		{ "", AUTHRES_FOREIGN },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_test_message("%s", rows[i].value);
		g_assert_cmpint(
			authres_read(rows[i].value, "mx.net", "example.org"),
			==, rows[i].expected);
	}
}

static const char *const own[] = { "room@conf.example", "Other@conf.example",
				   NULL };
static const char *const allowed[] = { "Ann@example.org", "Bücher.example",
				       NULL };

static enum screen_verdict screen(struct message *msg,
				  const struct ipsp_message *ipsp,
				  enum screen_who who)
{
	const struct screen_policy policy = { who, allowed, own };
	const char *reason = NULL;
	enum screen_verdict verdict = screen_mail(msg, ipsp, &policy, &reason);

	g_assert_nonnull(reason);
	return verdict;
}

static struct ipsp_message ipsp_from(enum ipsp_method method,
				     const char *address)
{
	struct ipsp_message ipsp = { .method = method };

	g_strlcpy(ipsp.address, address, sizeof(ipsp.address));
	return ipsp;
}

static void a_person_and_a_phone_are_answered(void)
{
	struct message msg = { .from_address = (char *)"ann@example.org" };
	struct ipsp_message invite = ipsp_from(IPSP_INVITE, "Ann@EXAMPLE.org");

	g_assert_cmpint(screen(&msg, NULL, SCREEN_OPEN), ==, SCREEN_ANSWER);
	msg.auto_submitted = TRUE;
	g_assert_cmpint(screen(&msg, &invite, SCREEN_OPEN), ==, SCREEN_ANSWER);
}

static void no_loop_passes(void)
{
	const struct ipsp_message invite =
		ipsp_from(IPSP_INVITE, "ann@example.org");
	static const struct message mails[] = {
		{ .from_address = (char *)"room@conf.example" },
		{ .from_address = (char *)"OTHER@conf.example" },
		{ .from_address = (char *)"ann@example.org",
		  .null_sender = TRUE },
		{ .from_address = (char *)"ann@example.org", .list = TRUE },
	};
	struct message machine = { .from_address = (char *)"ann@example.org",
				   .auto_submitted = TRUE };

	for (guint i = 0; i < G_N_ELEMENTS(mails); i++) {
		struct message msg = mails[i];

		g_assert_cmpint(screen(&msg, NULL, SCREEN_OPEN), ==,
				SCREEN_IGNORE);
		g_assert_cmpint(screen(&msg, &invite, SCREEN_OPEN), ==,
				SCREEN_IGNORE);
	}
	g_assert_cmpint(screen(&machine, NULL, SCREEN_OPEN), ==, SCREEN_IGNORE);
	for (int method = IPSP_OK; method <= IPSP_REJECT; method++) {
		struct ipsp_message answer =
			ipsp_from(method, "ann@example.org");

		g_assert_cmpint(screen(&machine, &answer, SCREEN_OPEN), ==,
				SCREEN_IGNORE);
	}
}

static void a_part_speaks_for_its_sender_only(void)
{
	struct message msg = { .from_address = (char *)"ann@example.org" };
	struct ipsp_message invite = ipsp_from(IPSP_INVITE, "bob@example.org");

	g_assert_cmpint(screen(&msg, &invite, SCREEN_OPEN), ==,
			SCREEN_SET_ASIDE);
}

static void a_room_chooses_whom_it_answers(void)
{
	static const struct {
		const char *from;
		gboolean aligned;
		enum screen_who who;
		enum screen_verdict expected;
	} rows[] = {
		{ "x@any.example", FALSE, SCREEN_ALIGNED, SCREEN_SET_ASIDE },
		{ "x@any.example", TRUE, SCREEN_ALIGNED, SCREEN_ANSWER },
		{ "x@any.example", TRUE, SCREEN_LIST, SCREEN_SET_ASIDE },
		{ "ann@example.org", FALSE, SCREEN_LIST, SCREEN_ANSWER },
		{ "bob@example.org", FALSE, SCREEN_LIST, SCREEN_SET_ASIDE },
		{ "x@xn--bcher-kva.example", FALSE, SCREEN_LIST,
		  SCREEN_ANSWER },
		{ "x@sub.xn--bcher-kva.example", FALSE, SCREEN_LIST,
		  SCREEN_SET_ASIDE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct message msg = { .from_address = (char *)rows[i].from,
				       .aligned = rows[i].aligned };
		struct ipsp_message bye = ipsp_from(IPSP_BYE, rows[i].from);

		g_test_message("row %u", i);
		g_assert_cmpint(screen(&msg, NULL, rows[i].who), ==,
				rows[i].expected);
		/* A BYE proves itself and is not answered. */
		g_assert_cmpint(screen(&msg, &bye, rows[i].who), ==,
				SCREEN_ANSWER);
	}
}

static void a_bounce_names_its_dialog(void)
{
	static const struct {
		const char *to;
		gboolean null_sender, expected;
	} rows[] = {
		{ "bounce+" DID "@conf.example", TRUE, TRUE },
		{ "bounce+" DID "@conf.example", FALSE, FALSE },
		{ "bounce+" DID "x@conf.example", TRUE, FALSE },
		{ "bounce+short@conf.example", TRUE, FALSE },
		{ "room@conf.example", TRUE, FALSE },
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct message msg = { .null_sender = rows[i].null_sender };
		char did[IPSP_DID_LENGTH + 1] = "";

		msg.recipients = g_ptr_array_new();
		g_ptr_array_add(msg.recipients, (char *)"x@y.example");
		g_ptr_array_add(msg.recipients, (char *)rows[i].to);
		g_assert_cmpint(screen_bounce(&msg, did), ==, rows[i].expected);
		if (rows[i].expected)
			g_assert_cmpstr(did, ==, DID);
		g_ptr_array_unref(msg.recipients);
	}
}

static void an_address_gets_three_answers_in_ten_minutes(void)
{
	const struct answer_limits_config cfg = { 3, 30, 30, 1000 };
	SCOPED(answer_limits) lim = answer_limits_create(&cfg);
	static const char *const spellings[] = { "ann@y.example",
						 "ANN@y.example",
						 "ann+room@y.example" };

	for (int i = 0; i < 3; i++)
		g_assert_cmpint(answer_limits_take(lim, "r@x.example",
						   spellings[i], 100 + i),
				==, ANSWER_LIMITS_PASS);
	for (int i = 0; i < 3; i++)
		g_assert_cmpint(answer_limits_take(lim, "r@x.example",
						   spellings[i], 699),
				==, ANSWER_LIMITS_ADDRESS);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "bob@y.example", 699),
		==, ANSWER_LIMITS_PASS);
	/* The window slides: one more as each old one leaves it. */
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 700),
		==, ANSWER_LIMITS_PASS);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 700),
		==, ANSWER_LIMITS_ADDRESS);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 701),
		==, ANSWER_LIMITS_PASS);
	/* One more is allowed, whatever its spelling; and no two. */
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 701),
		==, ANSWER_LIMITS_ADDRESS);
	answer_limits_allow(lim, "Ann+x@y.example");
	answer_limits_allow(lim, "ann@y.example");
	answer_limits_allow(lim, "nobody@y.example");
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 701),
		==, ANSWER_LIMITS_PASS);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "ann@y.example", 701),
		==, ANSWER_LIMITS_ADDRESS);
}

static void a_domain_and_a_room_have_limits_of_their_own(void)
{
	const struct answer_limits_config cfg = { 3, 5, 8, 1000 };
	SCOPED(answer_limits) lim = answer_limits_create(&cfg);

	for (int i = 0; i < 12; i++) {
		g_autofree char *here = g_strdup_printf("u%d@y.example", i);
		g_autofree char *there =
			g_strdup_printf("u%d@z%d.example", i, i);

		g_assert_cmpint(
			answer_limits_take(lim, "r@x.example", here, 1), ==,
			i < 5 ? ANSWER_LIMITS_PASS : ANSWER_LIMITS_DOMAIN);
		/* Not counted where it was refused: another room. */
		g_assert_cmpint(
			answer_limits_take(lim, "s@x.example", there, 1), ==,
			i < 8 ? ANSWER_LIMITS_PASS : ANSWER_LIMITS_ROOM);
	}
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "v@y.example", 61), ==,
		ANSWER_LIMITS_PASS);
}

static void counting_keeps_to_its_memory(void)
{
	const struct answer_limits_config cfg = { 3, 30, 1000000, 101 };
	SCOPED(answer_limits) lim = answer_limits_create(&cfg);
	guint passed = 0;

	for (int i = 0; i < 1000; i++) {
		g_autofree char *address = g_strdup_printf("u@z%d.example", i);

		passed += answer_limits_take(lim, "r@x.example", address, 1) ==
			  ANSWER_LIMITS_PASS;
	}
	/* Two keys for each sender, one for the room. */
	g_assert_cmpuint(passed, >=, 49);
	g_assert_cmpuint(passed, <=, 50);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "v@w.example", 2), ==,
		ANSWER_LIMITS_MEMORY);
	g_assert_cmpint(
		answer_limits_take(lim, "r@x.example", "v@w.example", 700), ==,
		ANSWER_LIMITS_PASS);
}

static void every_letter_is_whole_in_both_languages(void)
{
	for (int kind = 0; kind < LETTERS_KINDS; kind++)
		for (int japanese = 0; japanese < 2; japanese++) {
			const struct letters_facts facts = {
				.japanese = japanese,
				.room = "atrium@conf.example",
				.person = "ann@example.org",
				.people = 4,
				.max = 32,
				.retry_s = 60,
				.link = "https://conf.example/login#t",
				.seconds = 600,
				.names = japanese ? "アン" : "Ann",
				.lobby = TRUE,
				.by = "chair@example.org",
			};
			g_autofree char *subject =
				letters_subject(kind, &facts);
			g_autofree char *text = letters_text(kind, &facts);
			/* Their readers' language is not known: both. */
			const gboolean both = kind == LETTERS_RECORDING ||
					      kind == LETTERS_CALL;
			g_autofree char *first =
				g_strndup(text, both ? strcspn(text, "\n")
						     : strlen(text));

			g_test_message("%s", text);
			g_assert_true(text_is_line(subject) && *subject);
			g_assert_true(g_str_has_suffix(text, "\n"));
			g_assert_null(strpbrk(text, "{}"));
			g_assert_null(strpbrk(subject, "{}"));
			g_assert_null(strstr(text, "(null)"));
			g_assert_cmpint(!g_str_is_ascii(first), ==, japanese);
		}
}

static void reasons_fit_the_json_part(void)
{
	static const guint codes[] = { 401, 403, 404, 408, 410,
				       415, 423, 429, 486, 499 };

	for (guint i = 0; i < G_N_ELEMENTS(codes); i++)
		for (int japanese = 0; japanese < 2; japanese++) {
			const char *reason = letters_reason(codes[i], japanese);

			g_assert_cmpuint(strlen(reason), <=, 256);
			g_assert_true(text_is_line(reason));
			g_assert_cmpint(!g_str_is_ascii(reason), ==, japanese);
		}
}

static void an_answer_keeps_the_subject(void)
{
	struct letters_facts facts = { .room = "r@x.example",
				       .subject = "Tea {room}?" };
	g_autofree char *once = letters_subject(LETTERS_OK, &facts);
	g_autofree char *twice = NULL;

	g_assert_cmpstr(once, ==, "Re: Tea {room}?");
	facts.subject = once;
	twice = letters_subject(LETTERS_OK, &facts);
	g_assert_cmpstr(twice, ==, once);
}

static void the_command_joins_and_does_nothing_else(void)
{
	struct letters_facts facts = {
		.room = "atrium@conf.example",
		.person = "ann@example.org",
	};
	g_autofree char *plain = letters_command(&facts);
	g_autofree char *hostile = NULL;
	g_auto(GStrv) argv = NULL;
	int argc;

	g_assert_cmpstr(plain, ==,
			"ipsp-phone call atrium@conf.example"
			" --from ann@example.org"
			" --mailbox imaps://imap.example.org"
			" --post smtps://smtp.example.org");
	facts.person = "v+`rm${IFS}x`'&|@example.org";
	facts.mailbox_url = "maildir:/run/mail/v";
	hostile = letters_command(&facts);
	g_assert_true(g_shell_parse_argv(hostile, &argc, &argv, NULL));
	g_assert_cmpint(argc, ==, 9);
	g_assert_cmpstr(argv[4], ==, facts.person);
	g_assert_cmpstr(argv[6], ==, facts.mailbox_url);
	g_assert_nonnull(strstr(hostile, "--from '"));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/screen/results are believed only where they speak "
			"for From",
			results_are_believed_only_where_they_speak_for_from);
	g_test_add_func("/screen/a person and a phone are answered",
			a_person_and_a_phone_are_answered);
	g_test_add_func("/screen/no loop passes", no_loop_passes);
	g_test_add_func("/screen/a part speaks for its sender only",
			a_part_speaks_for_its_sender_only);
	g_test_add_func("/screen/a room chooses whom it answers",
			a_room_chooses_whom_it_answers);
	g_test_add_func("/screen/a bounce names its dialog",
			a_bounce_names_its_dialog);
	g_test_add_func("/answer_limits/an address gets three answers in ten "
			"minutes",
			an_address_gets_three_answers_in_ten_minutes);
	g_test_add_func("/answer_limits/a domain and a room have limits of "
			"their own",
			a_domain_and_a_room_have_limits_of_their_own);
	g_test_add_func("/answer_limits/counting keeps to its memory",
			counting_keeps_to_its_memory);
	g_test_add_func("/letters/every letter is whole in both languages",
			every_letter_is_whole_in_both_languages);
	g_test_add_func("/letters/reasons fit the JSON part",
			reasons_fit_the_json_part);
	g_test_add_func("/letters/an answer keeps the subject",
			an_answer_keeps_the_subject);
	g_test_add_func("/letters/the command joins and does nothing else",
			the_command_joins_and_does_nothing_else);
	return g_test_run();
}
