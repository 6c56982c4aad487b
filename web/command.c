#include "web/command.h"

#include <string.h>

#include <jansson.h>

#include "bridge/room/room.h"

G_DEFINE_QUARK(web - command - error - quark, command_error)

#define MAX_ADDRESS 320 /* RFC 5321 4.5.3.1: 64 + 1 + 255 */

static gboolean malformed(GError **error, const char *what)
{
	g_set_error(error, COMMAND_ERROR, COMMAND_ERROR_MALFORMED,
		    "The command is malformed: %s.", what);
	return FALSE;
}

/* A copy of the string member `name`; NULL when it is none or too long. */
static char *string(const json_t *object, const char *name, gsize max)
{
	const json_t *value = json_object_get(object, name);

	if (!json_is_string(value) || json_string_length(value) > max ||
	    strlen(json_string_value(value)) != json_string_length(value))
		return NULL;
	return g_strdup(json_string_value(value));
}

static gboolean parse_watch(const json_t *object, struct command *cmd,
			    GError **error)
{
	cmd->room = string(object, "room", MAX_ADDRESS);
	return cmd->room || malformed(error, "room is not an address");
}

static gboolean parse_member(const json_t *object, struct command *cmd,
			     GError **error)
{
	json_int_t id = json_integer_value(json_object_get(object, "member"));

	if (id < 1 || id > G_MAXUINT32)
		return malformed(error, "member is not a number of one");
	cmd->member = (guint32)id;
	return TRUE;
}

static gboolean parse_volume(const json_t *object, struct command *cmd,
			     GError **error)
{
	const json_t *percent = json_object_get(object, "percent");
	json_int_t value = json_integer_value(percent);

	if (!json_is_integer(percent) || value < 0 || value > ROOM_MAX_VOLUME)
		return malformed(error, "percent is not a whole number from "
					"0 to 400");
	cmd->percent = (guint)value;
	return parse_member(object, cmd, error);
}

static gboolean parse_kick(const json_t *object, struct command *cmd,
			   GError **error)
{
	if (json_object_get(object, "reason"))
		cmd->reason = string(object, "reason", COMMAND_MAX_REASON);
	else
		cmd->reason = g_strdup("");
	if (!cmd->reason)
		return malformed(error, "reason is not a short text");
	return parse_member(object, cmd, error);
}

static const struct {
	const char *name;
	gboolean (*parse)(const json_t *object, struct command *cmd,
			  GError **error);
} verbs[COMMAND_VERBS] = {
	[COMMAND_WATCH] = { "watch", parse_watch },
	[COMMAND_MUTE] = { "mute", parse_member },
	[COMMAND_UNMUTE] = { "unmute", parse_member },
	[COMMAND_VOLUME] = { "volume", parse_volume },
	[COMMAND_KICK] = { "kick", parse_kick },
};

static gboolean parse(const json_t *object, struct command *cmd, GError **error)
{
	const char *name = json_string_value(json_object_get(object, "do"));
	json_int_t id = json_integer_value(json_object_get(object, "id"));

	if (id < 1)
		return malformed(error, "id is not a number above 0");
	cmd->id = id;
	for (guint i = 0; name && i < COMMAND_VERBS; i++)
		if (strcmp(verbs[i].name, name) == 0) {
			cmd->verb = (enum command_verb)i;
			return verbs[i].parse(object, cmd, error);
		}
	g_set_error(error, COMMAND_ERROR, COMMAND_ERROR_UNKNOWN,
		    "This bridge does not know that command.");
	return FALSE;
}

gboolean command_parse(const char *text, gsize size, struct command *cmd_r,
		       GError **error)
{
	json_t *object;
	gboolean ok;

	memset(cmd_r, 0, sizeof(*cmd_r));
	if (size > COMMAND_MAX_SIZE)
		return malformed(error, "it is too long");
	object = json_loadb(text, size, JSON_REJECT_DUPLICATES, NULL);
	if (!object)
		return malformed(error, "it is not JSON");
	ok = parse(object, cmd_r, error);
	json_decref(object);
	return ok;
}

void command_clear(struct command *cmd)
{
	g_clear_pointer(&cmd->room, g_free);
	g_clear_pointer(&cmd->reason, g_free);
}
