#include "bridge/token_command.h"

#include <grp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bridge/config.h"
#include "bridge/program.h"
#include "bridge/store/store.h"
#include "bridge/token.h"
#include "signaling/message.h"
#include "signaling/text.h"

#define DEFAULT_EXPIRES 86400
#define MAX_NAME	64

struct request {
	char *config_path, *role, *name;
	gint64 uses, expires;
	char **rooms; /* one */
};

static int G_GNUC_PRINTF(2, 3) fail(int status, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("ipsp-bridge token: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
	return status;
}

/* SQLite makes files beside the store: if they were root's, the bridge could
 * not use them. */
static gboolean become_owner(const char *path)
{
	struct stat info;

	if (stat(path, &info))
		return FALSE;
	if (geteuid() == info.st_uid)
		return TRUE;
	return !geteuid() && !setgroups(0, NULL) && !setgid(info.st_gid) &&
	       !setuid(info.st_uid);
}

static int add(const char *path, const struct store_token *token,
	       const char *text)
{
	g_autoptr(GError) error = NULL;
	struct store *sto = store_open(path, &error);
	gboolean added =
		sto &&
		store_add_token(sto, token, g_get_real_time() / G_USEC_PER_SEC,
				&error);

	store_close(&sto);
	if (!added)
		return fail(EXIT_FAILURE, "%s", error->message);
	printf("%s\n", text);
	return EXIT_SUCCESS;
}

static int make(const struct request *req, const struct config *cfg,
		const char *room)
{
	g_autofree char *path =
		g_build_filename(cfg->state_directory, "bridge.db", NULL);
	g_autofree char *text = token_generate();
	g_autofree char *name =
		req->name ? text_line(req->name, MAX_NAME) : NULL;
	struct store_token token = {
		.room = (char *)room,
		.role = STORE_ROLE_MEMBER,
		.name = name,
		.uses = req->uses ? req->uses : -1,
		.expires = g_get_real_time() / G_USEC_PER_SEC + req->expires,
	};

	if (req->role && !token_role(req->role, &token.role))
		return fail(EXIT_USAGE, "--role is listener, member or "
					"moderator");
	if (req->uses < 0 || req->expires <= 0)
		return fail(EXIT_USAGE, "--uses and --expires are above 0");
	if (!config_room(cfg, room))
		return fail(EXIT_FAILURE, "there is no [room %s]", room);
	if (!g_file_test(path, G_FILE_TEST_EXISTS))
		return fail(EXIT_FAILURE,
			    "there is no store %s: has the "
			    "bridge run?",
			    path);
	if (!become_owner(path))
		return fail(EXIT_FAILURE,
			    "run this as root, or as the owner of %s", path);
	token_digest(text, token.digest);
	return add(path, &token, text);
}

static void clear(struct request *req)
{
	g_free(req->config_path);
	g_free(req->role);
	g_free(req->name);
	g_strfreev(req->rooms);
}

static int run(const struct request *req)
{
	g_autofree char *room = NULL;
	struct config *cfg;
	int status;

	if (!req->rooms || g_strv_length(req->rooms) != 1)
		return fail(EXIT_USAGE, "name one room; see --help");
	room = message_address(req->rooms[0]);
	if (!room)
		return fail(EXIT_USAGE, "\"%s\" is no mail address",
			    req->rooms[0]);
	cfg = program_load(config_load_outside,
			   req->config_path ? req->config_path
					    : "/etc/ipsp-bridge.conf");
	if (!cfg)
		return EXIT_CONFIG;
	status = make(req, cfg, room);
	config_free(cfg);
	return status;
}

int token_command(int argc, char **argv)
{
	struct request req = { .expires = DEFAULT_EXPIRES };
	const GOptionEntry options[] = {
		{ "config", 'c', 0, G_OPTION_ARG_FILENAME, &req.config_path,
		  "Configuration (/etc/ipsp-bridge.conf)", "FILE" },
		{ "role", 0, 0, G_OPTION_ARG_STRING, &req.role,
		  "listener, member (the default) or moderator", "ROLE" },
		{ "uses", 0, 0, G_OPTION_ARG_INT64, &req.uses,
		  "Joins that it is good for (any number)", "N" },
		{ "expires", 0, 0, G_OPTION_ARG_INT64, &req.expires,
		  "Seconds until it is void (86400, a day)", "S" },
		{ "name", 0, 0, G_OPTION_ARG_STRING, &req.name,
		  "What the panel calls its bearer", "NAME" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY,
		  &req.rooms, NULL, "ROOM" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(
		"- print a token by which a tool joins a room");
	g_autoptr(GError) error = NULL;
	int status;

	g_option_context_add_main_entries(context, options, NULL);
	if (g_option_context_parse(context, &argc, &argv, &error))
		status = run(&req);
	else
		status = fail(EXIT_USAGE, "%s; see --help", error->message);
	clear(&req);
	return status;
}
