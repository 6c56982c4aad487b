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
	char *config_path, *role, *name, *revoke;
	gboolean panel, list;
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

/* NULL: why not was said. */
static struct store *open_store(const struct config *cfg)
{
	g_autofree char *path =
		g_build_filename(cfg->state_directory, "bridge.db", NULL);
	g_autoptr(GError) error = NULL;
	struct store *sto = NULL;

	if (!g_file_test(path, G_FILE_TEST_EXISTS)) {
		fail(0, "there is no store %s: has the bridge run?", path);
	} else if (!become_owner(path)) {
		fail(0, "run this as root, or as the owner of %s", path);
	} else {
		sto = store_open(path, &error);
		if (!sto)
			fail(0, "%s", error->message);
	}
	return sto;
}

static gint64 now(void)
{
	return g_get_real_time() / G_USEC_PER_SEC;
}

static int make(const struct request *req, struct store *sto, const char *room)
{
	g_autofree char *text = token_generate();
	g_autofree char *name =
		req->name ? text_line(req->name, MAX_NAME) : NULL;
	g_autoptr(GError) error = NULL;
	struct store_token token = {
		.room = (char *)room,
		.role = req->panel ? STORE_ROLE_PANEL : STORE_ROLE_MEMBER,
		.name = name,
		.uses = req->uses ? req->uses : -1,
		.expires = now() + req->expires,
	};

	if (req->role)
		token_role(req->role, &token.role);
	token_digest(text, token.digest);
	if (!store_add_token(sto, &token, now(), &error))
		return fail(EXIT_FAILURE, "%s", error->message);
	printf("%s\n", text);
	return EXIT_SUCCESS;
}

#define LINE "%-24s %-10s %8s  %s\n"

static int list(const struct request *req, struct store *sto, const char *room)
{
	g_autoptr(GPtrArray) tokens = store_tokens(sto, room, now());

	(void)req;
	printf(LINE, "name", "role", "uses", "until");
	for (guint i = 0; i < tokens->len; i++) {
		const struct store_token *token = tokens->pdata[i];
		g_autofree char *name = token_name(token);
		g_autofree char *uses =
			token->uses < 0 ? g_strdup("any")
					: g_strdup_printf("%" G_GINT64_FORMAT,
							  token->uses);
		g_autoptr(GDateTime) until =
			g_date_time_new_from_unix_utc(token->expires);
		g_autofree char *when =
			until ? g_date_time_format(until, "%F %T UTC")
			      : g_strdup("?");

		printf(LINE, name, token_role_word(token->role), uses, when);
	}
	return EXIT_SUCCESS;
}

static int take_back(const struct request *req, struct store *sto,
		     const char *room)
{
	g_autoptr(GPtrArray) tokens = store_tokens(sto, room, now());
	g_autoptr(GError) error = NULL;
	guint n = 0;

	for (guint i = 0; i < tokens->len; i++) {
		const struct store_token *token = tokens->pdata[i];
		g_autofree char *name = token_name(token);

		if (strcmp(name, req->revoke) != 0)
			continue;
		if (!store_void_token(sto, token->digest, &error))
			return fail(EXIT_FAILURE, "%s", error->message);
		n++;
	}
	return n ? EXIT_SUCCESS
		 : fail(EXIT_FAILURE, "%s has no token \"%s\"; see --list",
			room, req->revoke);
}

/* NULL: it can be done; else why not. */
static const char *mistake(const struct request *req)
{
	const gboolean joins = req->role || req->uses;
	const gboolean makes = joins || req->panel || req->name;
	enum store_role role;

	if (!req->rooms || g_strv_length(req->rooms) != 1)
		return "name one room; see --help";
	if ((req->list && req->revoke) || ((req->list || req->revoke) && makes))
		return "--list and --revoke stand alone";
	if (req->panel && joins)
		return "--panel joins nothing: it has neither --role nor "
		       "--uses";
	if (req->role && !token_role(req->role, &role))
		return "--role is listener, member or moderator";
	if (req->uses < 0 || req->expires <= 0)
		return "--uses and --expires are above 0";
	return NULL;
}

static void clear(struct request *req)
{
	g_free(req->config_path);
	g_free(req->role);
	g_free(req->name);
	g_free(req->revoke);
	g_strfreev(req->rooms);
}

static int run_in(const struct request *req, const struct config *cfg,
		  const char *room)
{
	int (*const what)(const struct request *req, struct store *sto,
			  const char *room) = req->list	    ? list
					      : req->revoke ? take_back
							    : make;
	struct store *sto;
	int status;

	/* What is left of a room that is no more can be looked at. */
	if (what == make && !config_room(cfg, room))
		return fail(EXIT_FAILURE, "there is no [room %s]", room);
	sto = open_store(cfg);
	if (!sto)
		return EXIT_FAILURE;
	status = what(req, sto, room);
	store_close(&sto);
	return status;
}

static int run(const struct request *req)
{
	const char *wrong = mistake(req);
	g_autofree char *room = NULL;
	struct config *cfg;
	int status;

	if (wrong)
		return fail(EXIT_USAGE, "%s", wrong);
	room = message_address(req->rooms[0]);
	if (!room)
		return fail(EXIT_USAGE, "\"%s\" is no mail address",
			    req->rooms[0]);
	cfg = program_load(config_load_outside,
			   req->config_path ? req->config_path
					    : "/etc/ipsp-bridge.conf");
	if (!cfg)
		return EXIT_CONFIG;
	status = run_in(req, cfg, room);
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
		{ "panel", 0, 0, G_OPTION_ARG_NONE, &req.panel,
		  "A script's, which acts as a moderator's panel does", NULL },
		{ "list", 0, 0, G_OPTION_ARG_NONE, &req.list,
		  "Print what tokens ROOM has instead", NULL },
		{ "revoke", 0, 0, G_OPTION_ARG_STRING, &req.revoke,
		  "Void those tokens of ROOM instead", "NAME" },
		{ G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY,
		  &req.rooms, NULL, "ROOM" },
		{ 0 },
	};
	g_autoptr(GOptionContext) context = g_option_context_new(
		"- print a token by which a tool joins a room, or a script "
		"moderates it");
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
