/* What ipsp-phone and ipsp-loadgen are asked for. */
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "loadgen/loadgen_options.h"
#include "loadgen/phone_options.h"

static char *config;

static gboolean phone(struct phone_options *opt, GError **error,
		      ...) G_GNUC_NULL_TERMINATED;

/* The words after "ipsp-phone --config FILE". */
static gboolean phone(struct phone_options *opt, GError **error, ...)
{
	char *argv[32] = { (char *)"ipsp-phone", (char *)"--config", config };
	int argc = 3;
	va_list args;

	va_start(args, error);
	while ((argv[argc] = va_arg(args, char *)))
		argc++;
	va_end(args);
	return phone_options_parse(opt, argc, argv, error);
}

static void write_config(const char *text)
{
	g_assert_true(g_file_set_contents(config, text, -1, NULL));
}

static void the_command_line_wins_over_the_file(void)
{
	struct phone_options opt;

	write_config("[account]\nfrom = me@example.org\nname = Me\n"
		     "mailbox = imaps://mail.example.org\n"
		     "post = smtps://mail.example.org\nuser = me\n"
		     "password = secret\ntransport = wss\n");
	g_assert_true(phone(&opt, NULL, "--name", "Somebody", "--for", "1.5",
			    "--send", "mic", "call", "room@example.org", NULL));
	g_assert_cmpstr(opt.room, ==, "room@example.org");
	g_assert_cmpstr(opt.from, ==, "me@example.org");
	g_assert_cmpstr(opt.name, ==, "Somebody");
	g_assert_cmpstr(opt.mailbox, ==, "imaps://mail.example.org");
	g_assert_cmpstr(opt.password, ==, "secret");
	g_assert_cmpint(opt.transport, ==, CALLER_WSS);
	g_assert_cmpfloat(opt.seconds, ==, 1.5);
	g_assert_cmpstr(opt.send, ==, "mic");
	g_assert_null(opt.receive);
	phone_options_clear(&opt);
}

static void a_phone_waits_or_calls(void)
{
	struct phone_options opt;

	write_config("[account]\nfrom = me@example.org\n"
		     "mailbox = maildir:/m\npost = maildir:/%u\n");
	g_assert_true(phone(&opt, NULL, "wait", "--accept", "room@example.org",
			    NULL));
	g_assert_null(opt.room);
	g_assert_cmpstr(opt.accept, ==, "room@example.org");
	phone_options_clear(&opt);
	g_assert_false(phone(&opt, NULL, "wait", "room@example.org", NULL));
	phone_options_clear(&opt);
	g_assert_false(phone(&opt, NULL, "--accept", "room@example.org", "call",
			     "room@example.org", NULL));
	phone_options_clear(&opt);
}

static void a_password_comes_from_a_file_without_its_newline(void)
{
	g_autofree char *secret = g_strconcat(config, ".secret", NULL);
	g_autofree char *text =
		g_strdup_printf("[account]\nfrom = a@b\nmailbox = maildir:/m\n"
				"post = maildir:/%%u\npassword_file = %s\n",
				secret);
	struct phone_options opt;

	g_assert_true(g_file_set_contents(secret, "open sesame\n", -1, NULL));
	write_config(text);
	g_assert_true(phone(&opt, NULL, "call", "r@b", NULL));
	g_assert_cmpstr(opt.password, ==, "open sesame");
	phone_options_clear(&opt);
	g_unlink(secret);
	g_assert_false(phone(&opt, NULL, "call", "r@b", NULL));
	phone_options_clear(&opt);
}

static void check_mistake(const char *text, const char *named)
{
	g_autoptr(GError) error = NULL;
	struct phone_options opt;

	write_config(text);
	g_assert_false(phone(&opt, &error, "call", "r@b", NULL));
	g_assert_nonnull(error);
	if (!strstr(error->message, named))
		g_error("\"%s\" does not name \"%s\"", error->message, named);
	phone_options_clear(&opt);
}

static void every_mistake_in_the_file_is_named(void)
{
	check_mistake("[account]\nform = a@b\n", "form");
	check_mistake("[acount]\nfrom = a@b\n", "acount");
	check_mistake("from = a@b\n", config);
	check_mistake("[account]\nfrom = a@b\npost = maildir:/m\n",
		      "--mailbox");
	check_mistake("[account]\nfrom = a@b\nmailbox = maildir:/m\n"
		      "post = maildir:/m\ntransport = tcp\n",
		      "tcp");
}

static void only_call_is_a_command(void)
{
	struct phone_options opt;

	write_config("[account]\nfrom = a@b\nmailbox = maildir:/m\n"
		     "post = maildir:/m\n");
	g_assert_false(phone(&opt, NULL, "r@b", NULL));
	phone_options_clear(&opt);
	g_assert_false(phone(&opt, NULL, "ring", "r@b", NULL));
	phone_options_clear(&opt);
	g_assert_false(phone(&opt, NULL, "call", "r@b", "s@b", NULL));
	phone_options_clear(&opt);
	g_assert_false(phone(&opt, NULL, "--for", "-1", "call", "r@b", NULL));
	phone_options_clear(&opt);
}

static void a_pattern_changes_only_its_number(void)
{
	g_autofree char *one = loadgen_options_expand("user%d@x", 7);
	g_autofree char *post = loadgen_options_expand("maildir:/m/%u/%d", 12);
	g_autofree char *percent = loadgen_options_expand("50%%d%", 1);

	g_assert_cmpstr(one, ==, "user7@x");
	g_assert_cmpstr(post, ==, "maildir:/m/%u/12");
	g_assert_cmpstr(percent, ==, "50%d%");
	g_assert_null(loadgen_options_expand(NULL, 1));
}

static gboolean loadgen(const char *from, const char *callers)
{
	char *argv[] = { (char *)"ipsp-loadgen", (char *)"--room",
			 (char *)"r@b",		 (char *)"--from",
			 (char *)from,		 (char *)"--mailbox",
			 (char *)"maildir:/%d",	 (char *)"--post",
			 (char *)"maildir:/%u",	 (char *)"--callers",
			 (char *)callers,	 NULL };
	struct loadgen_options opt;
	gboolean right = loadgen_options_parse(
		&opt, (int)G_N_ELEMENTS(argv) - 1, argv, NULL);

	loadgen_options_clear(&opt);
	return right;
}

static void callers_are_many_and_each_has_an_address(void)
{
	g_assert_true(loadgen("u%d@b", "3"));
	g_assert_false(loadgen("u@b", "3"));
	g_assert_false(loadgen("u%d@b", "1"));
	g_assert_false(loadgen("u%d@b", "100000"));
}

int main(int argc, char **argv)
{
	g_autofree char *directory = NULL;
	int code;

	g_test_init(&argc, &argv, NULL);
	directory = g_dir_make_tmp("caller_options-XXXXXX", NULL);
	config = g_build_filename(directory, "phone.conf", NULL);
	g_test_add_func("/options/a phone waits or calls",
			a_phone_waits_or_calls);
	g_test_add_func("/phone_options/the command line wins over the file",
			the_command_line_wins_over_the_file);
	g_test_add_func("/phone_options/a password comes from a file without "
			"its newline",
			a_password_comes_from_a_file_without_its_newline);
	g_test_add_func("/phone_options/every mistake in the file is named",
			every_mistake_in_the_file_is_named);
	g_test_add_func("/phone_options/only call is a command",
			only_call_is_a_command);
	g_test_add_func("/loadgen_options/a pattern changes only its number",
			a_pattern_changes_only_its_number);
	g_test_add_func("/loadgen_options/callers are many and each has an "
			"address",
			callers_are_many_and_each_has_an_address);
	code = g_test_run();
	g_unlink(config);
	g_rmdir(directory);
	g_free(config);
	return code;
}
