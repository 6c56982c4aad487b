/* ipsp-bridge - the conferencing server, see ipsp-bridge(8). */
#include <glib-unix.h>
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "bridge/bridge.h"
#include "bridge/config.h"
#include "bridge/gates_command.h"
#include "bridge/notify.h"
#include "bridge/program.h"
#include "bridge/token_command.h"
#include "signaling/message.h"

#define LEAVE_S	      30 /* who never goes holds up nobody */
#define LOOK_EVERY_MS 50

struct program {
	char *config_path;
	struct bridge *bridge;
	GMainLoop *loop;
	gint64 leave_until_us; /* 0: it is not leaving */
};

/* NULL: every mistake was written to stderr. */
static struct config *load(const char *path)
{
	GPtrArray *problems = g_ptr_array_new_with_free_func(g_free);
	struct config *cfg = config_load(path, problems);

	program_complain(problems);
	return cfg;
}

static gboolean on_hangup(gpointer data)
{
	struct program *prog = data;
	struct config *cfg;

	notify_reloading();
	cfg = load(prog->config_path);
	if (cfg) {
		bridge_configure(prog->bridge, cfg);
		g_message("main: the configuration was read again");
	} else {
		g_critical("main: the configuration has mistakes; the old one "
			   "stays");
	}
	notify("READY=1");
	return G_SOURCE_CONTINUE;
}

static gboolean look(gpointer data)
{
	struct program *prog = data;
	const gboolean late = g_get_monotonic_time() >= prog->leave_until_us;

	if (!late && !bridge_is_left(prog->bridge))
		return G_SOURCE_CONTINUE;
	if (late)
		g_warning("main: not everybody has gone; ending all the same");
	g_main_loop_quit(prog->loop);
	return G_SOURCE_REMOVE;
}

/* In a cluster it leaves, and ends at once when asked a second time. */
static gboolean on_end(gpointer data)
{
	struct program *prog = data;

	notify("STOPPING=1");
	if (prog->leave_until_us || !bridge_leave(prog->bridge)) {
		g_main_loop_quit(prog->loop);
		return G_SOURCE_CONTINUE;
	}
	g_message("main: leaving");
	prog->leave_until_us =
		g_get_monotonic_time() + LEAVE_S * G_USEC_PER_SEC;
	g_timeout_add(LOOK_EVERY_MS, look, prog);
	return G_SOURCE_CONTINUE;
}

static int run(struct program *prog, struct config *cfg, const char *login)
{
	g_autoptr(GError) error = NULL;

	prog->bridge = bridge_create(cfg, &error);
	if (!prog->bridge) {
		g_critical("main: %s", error->message);
		return EXIT_FAILURE;
	}
	prog->loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGHUP, on_hangup, prog);
	program_hold_hangup(FALSE);
	g_unix_signal_add(SIGTERM, on_end, prog);
	g_unix_signal_add(SIGINT, on_end, prog);
	if (login) {
		g_autofree char *link = bridge_login_link(prog->bridge, login);

		printf("%s\n", link ? link : "no web_address is configured");
		fflush(stdout);
	}
	g_message("main: ready");
	notify("READY=1");
	g_main_loop_run(prog->loop);
	g_message("main: ending");
	bridge_destroy(&prog->bridge);
	g_main_loop_unref(prog->loop);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct program prog = { 0 };
	gboolean check = FALSE, version = FALSE;
	g_autofree char *login = NULL;
	const GOptionEntry options[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &prog.config_path,
		  "Configuration (/etc/ipsp-bridge.conf)", "FILE" },
		{ "check-config", 0, 0, G_OPTION_ARG_NONE, &check,
		  "Name every mistake of the configuration and end", NULL },
		{ "login-link", 0, 0, G_OPTION_ARG_STRING, &login,
		  "Print a link to log in to the panel as ADDRESS", "ADDRESS" },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &version,
		  "Print the version and end", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context =
		g_option_context_new("- conference rooms that are mailed");
	g_autoptr(GError) error = NULL;
	struct config *cfg;
	int status = EXIT_SUCCESS;

	/* Words on the command line are UTF-8, whatever LANG says. */
	setlocale(LC_CTYPE, "C.UTF-8");
	/* The state holds mails and keys: for this user only. */
	umask(077);
	message_init();
	if (argc > 1 && !strcmp(argv[1], "token"))
		return token_command(argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "gates"))
		return gates_command(argc - 1, argv + 1);
	program_hold_hangup(TRUE);
	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error) ||
	    argc > 1) {
		fprintf(stderr, "ipsp-bridge: %s; see --help\n",
			error ? error->message : "too many arguments");
		return EXIT_USAGE;
	}
	if (version) {
		printf("ipsp-bridge %s\n", IPSP_VERSION_TEXT);
		return EXIT_SUCCESS;
	}
	program_begin();
	if (!prog.config_path)
		prog.config_path = g_strdup("/etc/ipsp-bridge.conf");
	cfg = load(prog.config_path);
	if (!cfg)
		status = EXIT_CONFIG;
	else if (check)
		config_free(cfg);
	else
		status = run(&prog, cfg, login);
	g_free(prog.config_path);
	return status;
}
