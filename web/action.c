#include "web/action.h"

static gboolean mute(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return room_mute(room, cmd->member, by, error);
}

static gboolean unmute(struct room *room, const struct command *cmd,
		       const char *by, GError **error)
{
	return room_unmute(room, cmd->member, by, error);
}

static gboolean volume(struct room *room, const struct command *cmd,
		       const char *by, GError **error)
{
	return room_set_volume(room, cmd->member, cmd->percent, by, error);
}

static gboolean kick(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return room_kick(room, cmd->member, by, cmd->reason, error);
}

static gboolean (*const actions[COMMAND_VERBS])(struct room *room,
						const struct command *cmd,
						const char *by,
						GError **error) = {
	[COMMAND_MUTE] = mute,
	[COMMAND_UNMUTE] = unmute,
	[COMMAND_VOLUME] = volume,
	[COMMAND_KICK] = kick,
};

static const char *const codes[ROOM_ERRORS] = {
	[ROOM_ERROR_NOT_HERE] = "not-here",
	[ROOM_ERROR_NOT_KEPT] = "not-kept",
};

gboolean action_is(enum command_verb verb)
{
	return actions[verb] != NULL;
}

gboolean action_run(const struct command *cmd, struct room *room,
		    const char *by, const char **code_r, GError **error)
{
	GError *why = NULL;

	if (actions[cmd->verb](room, cmd, by, &why))
		return TRUE;
	g_assert(why->domain == ROOM_ERROR);
	*code_r = codes[why->code];
	g_propagate_error(error, why);
	return FALSE;
}
