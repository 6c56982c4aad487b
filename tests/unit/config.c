#include "bridge/config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "signaling/message.h"

#define BRIDGE "[bridge]\nstate_directory = /var/lib/x\n"
#define MAIL   "[mail main]\nmailbox = maildir:/m\npost = smtp://localhost\n"
#define ROOM   "[room standup@example.org]\naccount = main\n"
#define WHOLE  BRIDGE MAIL ROOM

#define SECRET "0123456789abcdef0123456789abcdef"
#define ETCD                                                                   \
	"directory = etcd\netcd_url = https://a:2379, https://b:2379\n"        \
	"cluster_secret = " SECRET "\n"

/* Reads text as a configuration. problems_r: one line each, without the path;
 * the caller frees both. */
static struct config *load_by(struct config *(*loader)(const char *path,
						       GPtrArray *problems),
			      const char *text, char **problems_r)
{
	g_autofree char *path = NULL;
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	GString *all = g_string_new(NULL);
	struct config *cfg;
	int fd = g_file_open_tmp("config-XXXXXX", &path, NULL);

	g_assert_cmpint(fd, >=, 0);
	g_close(fd, NULL);
	g_assert_true(g_file_set_contents(path, text, -1, NULL));
	cfg = loader(path, problems);
	for (guint i = 0; i < problems->len; i++) {
		const char *line = problems->pdata[i];

		g_assert_true(g_str_has_prefix(line, path));
		g_string_append_printf(all, "%s\n", line + strlen(path) + 1);
	}
	g_assert_true(!cfg == (all->len > 0));
	g_unlink(path);
	g_ptr_array_unref(problems);
	*problems_r = g_string_free(all, FALSE);
	return cfg;
}

static struct config *load(const char *text, char **problems_r)
{
	return load_by(config_load, text, problems_r);
}

static void the_least_configuration_has_sensible_defaults(void)
{
	g_autofree char *problems = NULL;
	struct config *cfg = load(WHOLE, &problems);
	const struct config_room *room;

	g_assert_cmpstr(problems, ==, "");
	room = config_room(cfg, "standup@example.org");
	g_assert_nonnull(room);
	g_assert_cmpstr(room->name, ==, "standup");
	g_assert_cmpint(room->answer, ==, CONFIG_ANSWER_OPEN);
	g_assert_false(room->plain_rtp);
	g_assert_cmpuint(room->sound.talkers, ==, 5);
	g_assert_false(room->sound.stereo);
	g_assert_false(room->sound.denoise);
	g_assert_false(room->sound.agc);
	g_assert_null(room->pin);
	g_assert_cmpuint(cfg->sessions_per_gate, ==, 5);
	g_assert_cmpuint(cfg->answers_per_address, ==, 3);
	g_assert_null(cfg->web_address);
	g_assert_cmpuint(config_mail(cfg, "main")->poll_ms, ==, 3000);
	g_assert_false(cfg->directory.etcd);
	g_assert_cmpstr(cfg->directory.prefix, ==, "ipsp/1/");
	g_assert_cmpstr(cfg->site, ==, g_get_host_name());
	g_assert_cmpuint(cfg->gates, ==, 0);
	config_free(cfg);
}

static void every_key_reaches_its_field(void)
{
	g_autofree char *problems = NULL;
	struct config *cfg = load(
		"# all of it\n"
		"[bridge]\n"
		"state_directory = /s\n"
		"media_address = 192.0.2.1; 2001:db8::1\n"
		"media_port = 5000\nworkers = 2\nsessions_per_gate = 7\n"
		"public_address = 198.51.100.1\n"
		"web_address = ::1\nweb_port = 8443\nweb_files = /p\n"
		"tls_certificate = /c.pem\ntls_key = /k.pem\n"
		"web_connections_per_address = 9\nbitrate = 24000\n"
		"trusted_proxies = 127.0.0.1; 192.0.2.0/24\n"
		"operators = chief@example.org\n"
		"answers_per_address = 4\nanswers_per_domain = 5\n"
		"answers_per_room = 6\n"
		"[mail main]\n"
		"mailbox = imaps://mail.example.org\nmailbox_user = u\n"
		"mailbox_password = p w\npost = smtps://mail.example.org\n"
		"post_user = v\npost_password = q\nca_file = /ca.pem\n"
		"authserv_id = mx.example.org\npoll_ms = 500\n"
		"[room Standup@EXAMPLE.org]\n"
		"name = 朝会\naccount = main\nmoderators = a@B.org, c@d.org\n"
		"capacity = 3\npin = 4711\nplain_rtp = yes\n"
		"talkers = 0\nstereo = yes\ndenoise = yes\nagc = yes\n"
		"answer = list\n"
		"allowed = a@b.org Example.NET\nkey = AAECAwQFBgcICQoLDA0ODw\n",
		&problems);
	const struct config_room *room;
	const struct config_mail *mail;

	g_assert_cmpstr(problems, ==, "");
	room = config_room(cfg, "Standup@example.org");
	mail = config_mail(cfg, "main");
	g_assert_cmpstr(cfg->media_addresses[1], ==, "2001:db8::1");
	g_assert_cmpuint(cfg->workers, ==, 2);
	g_assert_cmpstr(cfg->public_addresses[0], ==, "198.51.100.1");
	g_assert_cmpstr(cfg->web_url, ==, "https://[::1]:8443");
	g_assert_cmpuint(cfg->web_connections_per_address, ==, 9);
	g_assert_cmpuint(g_strv_length(cfg->trusted_proxies), ==, 2);
	g_assert_cmpstr(cfg->operators[0], ==, "chief@example.org");
	g_assert_cmpuint(cfg->answers_per_room, ==, 6);
	g_assert_cmpstr(mail->mailbox_password, ==, "p w");
	g_assert_cmpstr(mail->post_password, ==, "q");
	g_assert_cmpstr(mail->ca_file, ==, "/ca.pem");
	g_assert_cmpuint(mail->poll_ms, ==, 500);
	g_assert_cmpstr(room->name, ==, "朝会");
	g_assert_cmpstr(room->moderators[0], ==, "a@b.org");
	g_assert_cmpstr(room->moderators[1], ==, "c@d.org");
	g_assert_cmpstr(room->pin, ==, "4711");
	g_assert_true(room->plain_rtp);
	g_assert_cmpuint(room->sound.talkers, ==, 0);
	g_assert_true(room->sound.stereo);
	g_assert_true(room->sound.denoise);
	g_assert_true(room->sound.agc);
	g_assert_cmpint(room->answer, ==, CONFIG_ANSWER_LIST);
	g_assert_cmpstr(room->allowed[1], ==, "example.net");
	g_assert_cmpuint(g_bytes_get_size(room->key), ==, 16);
	config_free(cfg);
}

static const char *const clustered =
	"gates = 2\nsite = tokyo-1\n" ETCD
	"etcd_user = ipsp\netcd_password = p w\n"
	"etcd_ca = /ca.pem\netcd_certificate = /c.pem\netcd_key = /k.pem\n"
	"etcd_prefix = test/\n";

static void the_cluster_is_read(const struct config *cfg)
{
	g_assert_nonnull(cfg);
	g_assert_true(cfg->directory.etcd);
	g_assert_cmpstr(cfg->directory.urls[0], ==, "https://a:2379");
	g_assert_cmpstr(cfg->directory.urls[1], ==, "https://b:2379");
	g_assert_null(cfg->directory.urls[2]);
	g_assert_cmpstr(cfg->directory.user, ==, "ipsp");
	g_assert_cmpstr(cfg->directory.password, ==, "p w");
	g_assert_cmpstr(cfg->directory.ca, ==, "/ca.pem");
	g_assert_cmpstr(cfg->directory.certificate, ==, "/c.pem");
	g_assert_cmpstr(cfg->directory.key, ==, "/k.pem");
	g_assert_cmpstr(cfg->directory.prefix, ==, "test/");
	g_assert_cmpstr(cfg->directory.cluster_secret, ==, SECRET);
	g_assert_cmpuint(cfg->gates, ==, 2);
	g_assert_cmpstr(cfg->site, ==, "tokyo-1");
}

static void bridge_and_phonegate_read_the_same_keys_of_a_cluster(void)
{
	g_autofree char *bridge =
		g_strconcat(BRIDGE, clustered, MAIL ROOM, NULL);
	g_autofree char *phonegate = g_strconcat(
		"[phonegate]\nmedia_port = 5000\n", clustered, NULL);
	g_autofree char *problems = NULL, *more = NULL;
	struct config *cfg = load(bridge, &problems);

	g_assert_cmpstr(problems, ==, "");
	the_cluster_is_read(cfg);
	config_free(cfg);
	cfg = load_by(config_load_phonegate, phonegate, &more);
	g_assert_cmpstr(more, ==, "");
	the_cluster_is_read(cfg);
	g_assert_cmpuint(cfg->media_port, ==, 5000);
	g_assert_cmpuint(cfg->rooms->len, ==, 0);
	config_free(cfg);
}

static void only_a_bridge_may_leave_the_gates_to_others(void)
{
	g_autofree char *problems = NULL, *more = NULL;
	struct config *cfg =
		load(BRIDGE "gates = none\n" ETCD MAIL ROOM, &problems);

	g_assert_cmpstr(problems, ==, "");
	g_assert_cmpuint(cfg->gates, ==, CONFIG_NO_GATES);
	config_free(cfg);
	g_assert_null(load_by(config_load_phonegate,
			      "[phonegate]\ngates = none\n" ETCD, &more));
	g_assert_nonnull(strstr(more, "gates: none is for bridges"));
}

static void a_command_beside_the_bridge_needs_no_secret_of_it(void)
{
	g_autofree char *problems = NULL;
	struct config *cfg = load_by(
		config_load_outside,
		BRIDGE "directory = etcd\netcd_url = http://localhost:2379\n"
		       "etcd_user = u\netcd_password_file = not-here\n"
		       "cluster_secret_file = not-here\n" MAIL ROOM,
		&problems);

	g_assert_cmpstr(problems, ==, "");
	g_assert_null(cfg->directory.cluster_secret);
	config_free(cfg);
}

static void an_account_with_an_authserv_id_answers_aligned_senders_only(void)
{
	g_autofree char *problems = NULL;
	struct config *cfg = load(
		BRIDGE MAIL "authserv_id = mx.example.org\n" ROOM, &problems);

	g_assert_cmpint(config_room(cfg, "standup@example.org")->answer, ==,
			CONFIG_ANSWER_ALIGNED);
	config_free(cfg);
}

/* A mistake, and how the line that names it begins. */
static const struct {
	const char *text, *problem;
} mistakes[] = {
	{ WHOLE "capcity = 4\n", "8: [room standup@example.org] has no key "
				 "\"capcity\"; it has name, account" },
	{ WHOLE "capacity = many\n", "8: capacity: \"many\" is not a whole "
				     "number from 1 to 10000" },
	{ WHOLE "capacity = 0\n", "8: capacity: \"0\" is not a whole number" },
	{ WHOLE "plain_rtp = maybe\n", "8: plain_rtp: \"maybe\" is neither" },
	{ WHOLE "talkers = all\n",
	  "8: talkers: \"all\" is not a whole number" },
	{ WHOLE "stereo = 2\n", "8: stereo: \"2\" is neither" },
	{ WHOLE "moderators = nobody\n",
	  "8: moderators: \"nobody\" is no mail address" },
	{ WHOLE "answer = some\n", "8: answer: \"some\" is none of open" },
	{ WHOLE "answer = list\n", "8: answer = list and allowed" },
	{ WHOLE "allowed = a@b.org\n", "8: answer = list and allowed" },
	{ WHOLE "answer = aligned\n", "8: answer = aligned needs authserv_id" },
	{ WHOLE "offered_gates = a@b.org\n",
	  "8: give offered_gates and offered_gates_networks, or neither" },
	{ WHOLE "offered_gates_networks = 192.0.2.0/24\n",
	  "8: give offered_gates and offered_gates_networks, or neither" },
	{ WHOLE "offered_gates = a@b.org\n"
		"offered_gates_networks = 192.0.2.0/24\n",
	  "8: offered_gates needs directory = etcd" },
	{ WHOLE "key = short\n", "8: key: a room key is 16 bytes" },
	{ WHOLE "pin =\n", "8: pin: give a value, or leave the key out" },
	{ WHOLE "name = a\nname = b\n", "9: name stands already in line 8" },
	{ WHOLE "nonsense\n", "8: this is no [group]" },
	{ WHOLE "[rooms]\n", "8: there is no group [rooms]; there are" },
	{ WHOLE "[room no address]\naccount = main\n",
	  "8: \"no address\" is no mail address" },
	{ WHOLE "[room standup@EXAMPLE.org]\naccount = main\n",
	  "8: the room standup@example.org is there already" },
	{ "x = 1\n" WHOLE, "1: a key before the first [group]" },
	{ BRIDGE "web_port = 70000\n" MAIL ROOM, "3: web_port: \"70000\"" },
	{ BRIDGE "media_address = localhost\n" MAIL ROOM,
	  "3: media_address: \"localhost\" is no IPv4 or IPv6 address" },
	{ BRIDGE "tls_key = /k\n" MAIL ROOM, "3: give tls_certificate and" },
	{ BRIDGE "web_files = panel\n" MAIL ROOM,
	  "3: web_files: give an absolute path, not \"panel\"" },
	{ BRIDGE "web_url = https://x/\n" MAIL ROOM,
	  "3: web_url: leave out the final slash" },
	{ BRIDGE "media_port = 65535\nworkers = 2\n" MAIL ROOM,
	  "3: media_port: each worker takes the next port" },
	{ "[bridge]\n" MAIL ROOM, "1: [bridge] needs state_directory" },
	{ MAIL ROOM, "1: there is no group [bridge]" },
	{ BRIDGE MAIL, "1: there is no room" },
	{ BRIDGE ROOM, "4: account: there is no [mail main]" },
	{ BRIDGE MAIL "[room a@b.org]\n", "6: [room a@b.org] needs account" },
	{ BRIDGE "[mail main]\npost = smtp://h\n" ROOM,
	  "3: [mail main] needs mailbox" },
	{ BRIDGE "[mail main]\nmailbox = /var/mail\npost = smtp://h\n" ROOM,
	  "4: mailbox: \"/var/mail\" is no URL" },
	{ BRIDGE MAIL "mailbox_password_file = x\n" ROOM,
	  "6: mailbox_password_file: give an absolute path" },
	{ BRIDGE MAIL "post_password_file = /nonexistent\n" ROOM,
	  "6: post_password_file: " },
	{ WHOLE "pin_file = /nonexistent\npin = 1\n", "8: give pin or" },
	{ "\xff\n", "1: a configuration is UTF-8 text" },
	{ BRIDGE "directory = zookeeper\n" MAIL ROOM,
	  "3: directory: \"zookeeper\" is neither local nor etcd" },
	{ BRIDGE "directory = etcd\ncluster_secret = " SECRET "\n" MAIL ROOM,
	  "1: [bridge] needs etcd_url, like" },
	{ BRIDGE "directory = etcd\netcd_url = http://h:1\n" MAIL ROOM,
	  "3: directory = etcd needs cluster_secret_file" },
	{ BRIDGE "etcd_url = http://h:1\n" MAIL ROOM,
	  "3: etcd_url needs directory = etcd" },
	{ BRIDGE "etcd_url = http://h:1/\n" MAIL ROOM, "3: etcd_url: each is" },
	{ BRIDGE "etcd_url = http://h\n" MAIL ROOM, "3: etcd_url: each is" },
	{ BRIDGE "etcd_url = ftp://h:1\n" MAIL ROOM, "3: etcd_url: each is" },
	{ BRIDGE "etcd_url = http://u:p@h:1\n" MAIL ROOM,
	  "3: etcd_url: each is" },
	{ BRIDGE ETCD "etcd_user = u\n" MAIL ROOM,
	  "6: give etcd_user and etcd_password, or neither" },
	{ BRIDGE ETCD "etcd_key = /k\n" MAIL ROOM,
	  "6: give etcd_certificate and etcd_key, or neither" },
	{ BRIDGE "directory = etcd\ncluster_secret = " SECRET "\n"
		 "etcd_url = http://192.0.2.1:2379\n"
		 "etcd_user = u\netcd_password = p\n" MAIL ROOM,
	  "5: etcd_url: a password goes by https:// only" },
	{ BRIDGE "etcd_prefix = ipsp\n" MAIL ROOM,
	  "3: etcd_prefix: \"ipsp\" is no prefix" },
	{ BRIDGE "cluster_secret = short\n" MAIL ROOM,
	  "3: cluster_secret: a secret has 32 characters or more" },
	{ BRIDGE "site = a/b\n" MAIL ROOM, "3: site: \"a/b\" is no name" },
	{ BRIDGE "gates = -1\n" MAIL ROOM, "3: gates: \"-1\" is not a" },
	{ BRIDGE "gates = none\n" MAIL ROOM,
	  "3: gates = none needs directory = etcd" },
	{ BRIDGE "nothing = 1\n" MAIL ROOM,
	  "3: [bridge] has no key \"nothing\"; it has state_directory, "
	  "web_files, recordings_directory, announcements_directory, "
	  "operators, answers_per_address, answers_per_domain, "
	  "answers_per_room, media_address" },
};

static const struct {
	const char *text, *problem;
} phonegate_mistakes[] = {
	{ "[phonegate]\n", "1: [phonegate] needs directory = etcd" },
	{ "[phonegate]\nstate_directory = /s\n" ETCD,
	  "2: [phonegate] has no key \"state_directory\"; it has media" },
	{ "[phonegate]\n" ETCD ROOM,
	  "5: there is no group [room standup@example.org]; there is" },
	{ "# nothing\n", "1: there is no group [phonegate]" },
};

static void each_mistake_is_named_by_its_line(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(mistakes); i++) {
		g_autofree char *problems = NULL;

		g_assert_null(load(mistakes[i].text, &problems));
		if (!g_str_has_prefix(problems, mistakes[i].problem))
			g_error("\"%s\" gave \"%s\"", mistakes[i].text,
				problems);
	}
	for (guint i = 0; i < G_N_ELEMENTS(phonegate_mistakes); i++) {
		g_autofree char *problems = NULL;

		g_assert_null(load_by(config_load_phonegate,
				      phonegate_mistakes[i].text, &problems));
		if (!g_str_has_prefix(problems, phonegate_mistakes[i].problem))
			g_error("\"%s\" gave \"%s\"",
				phonegate_mistakes[i].text, problems);
	}
}

static void all_mistakes_are_found_in_one_reading_in_order(void)
{
	g_autofree char *problems = NULL;
	g_auto(GStrv) lines = NULL;

	g_assert_null(load("[bridge]\nworkers = none\nwhat is this\n"
			   "bitrate = 1\n" MAIL ROOM "capacity = -1\n",
			   &problems));
	lines = g_strsplit(problems, "\n", -1);
	g_assert_cmpuint(g_strv_length(lines), ==, 6);
	g_assert_true(g_str_has_prefix(lines[0], "1: [bridge] needs"));
	g_assert_true(g_str_has_prefix(lines[1], "2: workers"));
	g_assert_true(g_str_has_prefix(lines[2], "3: this is no"));
	g_assert_true(g_str_has_prefix(lines[3], "4: bitrate"));
	g_assert_true(g_str_has_prefix(lines[4], "10: capacity"));
}

static void a_secret_comes_from_the_credentials_directory(void)
{
	g_autofree char *directory = g_dir_make_tmp("config-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(directory, "room-pin", NULL);
	g_autofree char *problems = NULL;
	struct config *cfg;

	g_assert_true(g_file_set_contents(path, "4711\n", -1, NULL));
	g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
	cfg = load(WHOLE "pin_file = room-pin\n", &problems);
	g_assert_cmpstr(problems, ==, "");
	g_assert_cmpstr(config_room(cfg, "standup@example.org")->pin, ==,
			"4711");
	config_free(cfg);
	g_unsetenv("CREDENTIALS_DIRECTORY");
	g_unlink(path);
	g_rmdir(directory);
}

static void a_file_that_is_not_there_is_a_mistake_too(void)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);

	g_assert_null(config_load("/nonexistent/x.conf", problems));
	g_assert_cmpuint(problems->len, ==, 1);
	g_assert_true(g_str_has_prefix(problems->pdata[0],
				       "/nonexistent/x.conf:1: "));
	g_ptr_array_unref(problems);
}

static void the_example_is_right(void)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *directory = g_dir_make_tmp("config-XXXXXX", NULL);
	g_autofree char *password =
		g_build_filename(directory, "rooms-password", NULL);
	struct config *cfg;

	g_assert_true(g_file_set_contents(password, "secret\n", -1, NULL));
	g_setenv("CREDENTIALS_DIRECTORY", directory, TRUE);
	cfg = config_load(EXAMPLE_CONFIG, problems);
	for (guint i = 0; i < problems->len; i++)
		g_test_message("%s", (char *)problems->pdata[i]);
	g_assert_nonnull(cfg);
	g_assert_cmpuint(cfg->rooms->len, >=, 2);
	config_free(cfg);
	g_unsetenv("CREDENTIALS_DIRECTORY");
	g_ptr_array_unref(problems);
	g_unlink(password);
	g_rmdir(directory);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	message_init();
	g_test_add_func("/config/the least configuration has sensible defaults",
			the_least_configuration_has_sensible_defaults);
	g_test_add_func("/config/every key reaches its field",
			every_key_reaches_its_field);
	g_test_add_func("/config/bridge and phonegate read the same keys of a "
			"cluster",
			bridge_and_phonegate_read_the_same_keys_of_a_cluster);
	g_test_add_func("/config/only a bridge may leave the gates to others",
			only_a_bridge_may_leave_the_gates_to_others);
	g_test_add_func("/config/a command beside the bridge needs no secret "
			"of it",
			a_command_beside_the_bridge_needs_no_secret_of_it);
	g_test_add_func(
		"/config/an account with an authserv-id answers aligned "
		"senders only",
		an_account_with_an_authserv_id_answers_aligned_senders_only);
	g_test_add_func("/config/each mistake is named by its line",
			each_mistake_is_named_by_its_line);
	g_test_add_func(
		"/config/all mistakes are found in one reading in order",
		all_mistakes_are_found_in_one_reading_in_order);
	g_test_add_func("/config/a secret comes from the credentials directory",
			a_secret_comes_from_the_credentials_directory);
	g_test_add_func("/config/a file that is not there is a mistake too",
			a_file_that_is_not_there_is_a_mistake_too);
	g_test_add_func("/config/the example is right", the_example_is_right);
	return g_test_run();
}
