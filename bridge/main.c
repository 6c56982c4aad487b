/* ipsp-bridge - the conferencing server, see ipsp-bridge(8). */
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/bridge.h"
#include "bridge/config.h"
#include "bridge/gates_command.h"
#include "bridge/program.h"
#include "bridge/token_command.h"
#include "signaling/message.h"

#define LEAVE_S 30 /* who never goes holds up nobody */

struct own {
	struct bridge *bridge;
	char *login; /* print a link to log in as this address, or NULL */
};

static gboolean open_all(struct config *cfg, void *arg, GError **error)
{
	struct own *own = arg;

	own->bridge = bridge_create(cfg, error);
	if (own->bridge && own->login) {
		g_autofree char *link =
			bridge_login_link(own->bridge, own->login);

		printf("%s\n", link ? link : "no web_address is configured");
		fflush(stdout);
	}
	return own->bridge != NULL;
}

static void configure(struct config *cfg, void *arg)
{
	struct own *own = arg;

	bridge_configure(own->bridge, cfg);
}

/* In a cluster it leaves. */
static guint leave(void *arg)
{
	struct own *own = arg;

	return bridge_leave(own->bridge) ? LEAVE_S : 0;
}

static gboolean is_left(void *arg)
{
	struct own *own = arg;

	return bridge_is_left(own->bridge);
}

static void close_all(void *arg)
{
	struct own *own = arg;

	bridge_destroy(&own->bridge);
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "token", token_command },
	{ "gates", gates_command },
};

int main(int argc, char **argv)
{
	struct own own = { 0 };
	const GOptionEntry options[] = {
		{ "login-link", 0, 0, G_OPTION_ARG_STRING, &own.login,
		  "Print a link to log in to the panel as ADDRESS", "ADDRESS" },
		{ 0 },
	};
	const struct program prog = {
		.name = "ipsp-bridge",
		.summary = "- conference rooms that are mailed",
		.config_path = "/etc/ipsp-bridge.conf",
		.options = options,
		.load = config_load,
		.open = open_all,
		.configure = configure,
		.leave = leave,
		.is_left = is_left,
		.close = close_all,
	};
	int status;

	program_begin();
	message_init();
	for (gsize i = 0; argc > 1 && i < G_N_ELEMENTS(commands); i++)
		if (!g_strcmp0(argv[1], commands[i].name))
			return commands[i].run(argc - 1, argv + 1);
	status = program_run(&prog, argc, argv, &own);
	g_free(own.login);
	return status;
}
