#include "bridge/program.h"

#include <glib-unix.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/log.h"
#include "bridge/notify.h"
#include "signaling/standard_fds.h"

#define LOOK_EVERY_MS 50

struct running {
	const struct program *prog;
	void *arg;
	char *config_path;
	GMainLoop *loop;
	gint64 leave_until_us; /* 0: it is not leaving */
};

void program_begin(void)
{
	standard_fds_open();
	/* Words on the command line are UTF-8, whatever LANG says. */
	setlocale(LC_CTYPE, "C.UTF-8");
	/* The state holds mails and keys. */
	umask(077);
}

/* Held back from the very start until somebody takes it: an operator's reload
 * right after the start must not end the program. */
static void hold_hangup(gboolean held)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	pthread_sigmask(held ? SIG_BLOCK : SIG_UNBLOCK, &hangup, NULL);
}

struct config *program_load(program_load_func load, const char *path)
{
	g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func(g_free);
	struct config *cfg = load(path, problems);

	for (guint i = 0; i < problems->len; i++)
		fprintf(stderr, "%s\n", (char *)problems->pdata[i]);
	return cfg;
}

/* Signals. */

static gboolean on_hangup(gpointer data)
{
	const struct running *run = data;
	struct config *cfg;

	notify_reloading();
	cfg = program_load(run->prog->load, run->config_path);
	if (cfg) {
		run->prog->configure(cfg, run->arg);
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
	const struct running *run = data;
	const gboolean late = g_get_monotonic_time() >= run->leave_until_us;

	if (!late && !run->prog->is_left(run->arg))
		return G_SOURCE_CONTINUE;
	if (late)
		g_warning("main: not everybody has gone; ending all the same");
	g_main_loop_quit(run->loop);
	return G_SOURCE_REMOVE;
}

static gboolean on_end(gpointer data)
{
	struct running *run = data;
	guint seconds = 0;

	if (!run->leave_until_us) {
		notify("STOPPING=1");
		seconds = run->prog->leave(run->arg);
	}
	if (!seconds) {
		g_main_loop_quit(run->loop);
		return G_SOURCE_CONTINUE;
	}
	g_message("main: leaving");
	run->leave_until_us = g_get_monotonic_time() + seconds * G_USEC_PER_SEC;
	g_timeout_add(LOOK_EVERY_MS, look, run);
	return G_SOURCE_CONTINUE;
}

/* The whole. */

static int run_until_ended(struct running *run, struct config *cfg)
{
	g_autoptr(GError) error = NULL;

	if (!run->prog->open(cfg, run->arg, &error)) {
		g_critical("main: %s", error->message);
		run->prog->close(run->arg);
		return EXIT_FAILURE;
	}
	run->loop = g_main_loop_new(NULL, FALSE);
	g_unix_signal_add(SIGHUP, on_hangup, run);
	hold_hangup(FALSE);
	g_unix_signal_add(SIGTERM, on_end, run);
	g_unix_signal_add(SIGINT, on_end, run);
	g_message("main: ready");
	notify("READY=1");
	g_main_loop_run(run->loop);
	g_message("main: ending");
	run->prog->close(run->arg);
	g_main_loop_unref(run->loop);
	return EXIT_SUCCESS;
}

static int run_daemon(struct running *run, gboolean check)
{
	struct config *cfg;

	if (!run->config_path)
		run->config_path = g_strdup(run->prog->config_path);
	cfg = program_load(run->prog->load, run->config_path);
	if (!cfg)
		return EXIT_CONFIG;
	if (!check)
		return run_until_ended(run, cfg);
	config_free(cfg);
	return EXIT_SUCCESS;
}

struct choices {
	gboolean check, version;
};

static gboolean parse(struct running *run, struct choices *chs, int *argcp,
		      char ***argvp, GError **error)
{
	const struct program *prog = run->prog;
	g_autofree char *config_words =
		g_strdup_printf("Configuration (%s)", prog->config_path);
	const GOptionEntry options[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &run->config_path,
		  config_words, "FILE" },
		{ "check-config", 0, 0, G_OPTION_ARG_NONE, &chs->check,
		  "Name every mistake of the configuration and end", NULL },
		{ "version", 0, 0, G_OPTION_ARG_NONE, &chs->version,
		  "Print the version and end", NULL },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(prog->summary);
	const char *wrong = NULL;

	g_option_context_add_main_entries(context, options, NULL);
	g_option_context_add_main_entries(context, prog->options, NULL);
	if (!g_option_context_parse(context, argcp, argvp, error))
		return FALSE;
	if (*argcp > 1)
		wrong = "too many arguments";
	else if (prog->wrong_options)
		wrong = prog->wrong_options(run->arg);
	if (wrong)
		g_set_error(error, G_OPTION_ERROR, G_OPTION_ERROR_FAILED, "%s",
			    wrong);
	return !wrong;
}

int program_run(const struct program *prog, int argc, char **argv, void *arg)
{
	struct running run = { .prog = prog, .arg = arg };
	struct choices chs = { 0 };
	g_autoptr(GError) error = NULL;
	int status = -1;

	hold_hangup(TRUE);
	if (!parse(&run, &chs, &argc, &argv, &error)) {
		fprintf(stderr, "%s: %s; see --help\n", prog->name,
			error->message);
		g_free(run.config_path);
		return EXIT_USAGE;
	}
	if (chs.version) {
		printf("%s %s\n", prog->name, IPSP_VERSION_TEXT);
		g_free(run.config_path);
		return EXIT_SUCCESS;
	}
	log_begin();
	/* What is written to a peer that has gone ends nothing. */
	signal(SIGPIPE, SIG_IGN);
	if (prog->instead)
		status = prog->instead(arg);
	if (status < 0)
		status = run_daemon(&run, chs.check);
	g_free(run.config_path);
	return status;
}
