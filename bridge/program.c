#include "bridge/program.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>

/* One line for each message; systemd's journal takes the level as it is. */
static GLogWriterOutput write_log(GLogLevelFlags level, const GLogField *fields,
				  gsize n, gpointer data)
{
	const char *message = "";

	(void)data;
	if (g_log_writer_is_journald(STDERR_FILENO))
		return g_log_writer_journald(level, fields, n, NULL);
	if ((level & G_LOG_LEVEL_DEBUG) && !g_getenv("G_MESSAGES_DEBUG"))
		return G_LOG_WRITER_HANDLED;
	for (gsize i = 0; i < n; i++)
		if (!g_strcmp0(fields[i].key, "MESSAGE"))
			message = fields[i].value;
	fprintf(stderr, "%s: %s\n",
		level & (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR) ? "error"
		: level & G_LOG_LEVEL_WARNING			   ? "warning"
								   : "info",
		message);
	return G_LOG_WRITER_HANDLED;
}

void program_begin(void)
{
	g_log_set_writer_func(write_log, NULL, NULL);
	signal(SIGPIPE, SIG_IGN);
}

void program_hold_hangup(gboolean held)
{
	sigset_t hangup;

	sigemptyset(&hangup);
	sigaddset(&hangup, SIGHUP);
	pthread_sigmask(held ? SIG_BLOCK : SIG_UNBLOCK, &hangup, NULL);
}

void program_complain(GPtrArray *problems)
{
	for (guint i = 0; i < problems->len; i++)
		fprintf(stderr, "%s\n", (char *)problems->pdata[i]);
	g_ptr_array_unref(problems);
}
