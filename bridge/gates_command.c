#include "bridge/gates_command.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>

#include "bridge/config.h"
#include "bridge/directory/directory.h"
#include "bridge/gates_text.h"
#include "bridge/program.h"
#include "bridge/site_config.h"
#include "signaling/message.h"

#define PATIENCE_S 5

static const char *const parts[] = { "sites/", "owners/", "want/", "status/" };

struct reading {
	struct gates *gates;
	GMainLoop *loop;
	guint missing; /* parts that have not been told */
	char *why;     /* the directory does not answer; NULL: it does */
};

static int G_GNUC_PRINTF(2, 3) fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ipsp-bridge gates: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return status;
}

static void state(gboolean up, const char *why, void *arg)
{
	struct reading *rdg = arg;

	g_free(rdg->why);
	rdg->why = up ? NULL : g_strdup(why);
}

static void changed(const char *key, const char *value, void *arg)
{
	struct reading *rdg = arg;

	if (value && rdg->missing)
		gates_add(rdg->gates, key, value);
}

static void synced(void *arg)
{
	struct reading *rdg = arg;

	if (!--rdg->missing)
		g_main_loop_quit(rdg->loop);
}

static gboolean give_up(gpointer data)
{
	struct reading *rdg = data;

	g_main_loop_quit(rdg->loop);
	return G_SOURCE_CONTINUE;
}

static const struct directory_events directory_events = { .state = state };
static const struct directory_watch_events watch_events = {
	.changed = changed,
	.synced = synced,
};

static int read_all(struct reading *rdg, struct directory *dir,
		    const char *room)
{
	struct directory_watch *watches[G_N_ELEMENTS(parts)];
	g_autofree char *text = NULL;
	guint timer = g_timeout_add_seconds(PATIENCE_S, give_up, rdg);

	rdg->missing = G_N_ELEMENTS(parts);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		watches[i] = directory_watch(dir, parts[i], &watch_events, rdg);
	g_main_loop_run(rdg->loop);
	g_source_remove(timer);
	for (guint i = 0; i < G_N_ELEMENTS(parts); i++)
		directory_unwatch(&watches[i]);
	if (rdg->missing)
		return fail(EXIT_FAILURE, "%s",
			    rdg->why ? rdg->why
				     : "the directory does not answer");
	text = gates_text(rdg->gates, room);
	fputs(text, stdout);
	return EXIT_SUCCESS;
}

static int run(const struct config *cfg, const char *room)
{
	struct reading rdg = { .gates = gates_create(),
			       .loop = g_main_loop_new(NULL, FALSE) };
	g_autoptr(GError) error = NULL;
	SCOPED(directory)
	dir = site_config_directory(cfg, &directory_events, &rdg, &error);
	int status;

	if (dir)
		status = read_all(&rdg, dir, room);
	else
		status = fail(EXIT_FAILURE, "%s", error->message);
	gates_destroy(&rdg.gates);
	g_main_loop_unref(rdg.loop);
	g_free(rdg.why);
	return status;
}

static int load_and_run(const char *path, char **rooms)
{
	g_autofree char *room = NULL;
	struct config *cfg;
	int status;

	if (rooms && g_strv_length(rooms) > 1)
		return fail(EXIT_USAGE, "name one room, or none; see --help");
	room = rooms ? message_address(rooms[0]) : NULL;
	if (rooms && !room)
		return fail(EXIT_USAGE, "\"%s\" is no mail address", rooms[0]);
	cfg = program_load(config_load, path ? path : "/etc/ipsp-bridge.conf");
	if (!cfg)
		return EXIT_CONFIG;
	status = cfg->directory.etcd
			 ? run(cfg, room)
			 : fail(EXIT_FAILURE, "this bridge is in no cluster: "
					      "directory = etcd makes one");
	config_free(cfg);
	return status;
}

int gates_command(int argc, char **argv)
{
	g_autofree char *path = NULL;
	g_auto(GStrv) rooms = NULL;
	const GOptionEntry options[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &path,
		  "Configuration (/etc/ipsp-bridge.conf)", "FILE" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &rooms,
		  NULL, "[ROOM]" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(
		"- print the sites of the cluster and the trees of its rooms");
	g_autoptr(GError) error = NULL;

	g_option_context_add_main_entries(context, options, NULL);
	if (!g_option_context_parse(context, &argc, &argv, &error))
		return fail(EXIT_USAGE, "%s; see --help", error->message);
	return load_and_run(path, rooms);
}
