#include "web/action.h"

#include "bridge/room/floor.h"

static gint64 now_ms(void)
{
	return g_get_real_time() / 1000;
}

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

static gboolean hand(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return floor_set_hand(room_floor(room), cmd->member, cmd->on, by,
			      now_ms(), error);
}

static gboolean hands_down(struct room *room, const struct command *cmd,
			   const char *by, GError **error)
{
	(void)cmd;
	return floor_hands_down(room_floor(room), by, error);
}

static gboolean give_floor(struct room *room, const struct command *cmd,
			   const char *by, GError **error)
{
	return floor_give(room_floor(room), cmd->member, cmd->seconds, by,
			  now_ms(), error);
}

static gboolean next_floor(struct room *room, const struct command *cmd,
			   const char *by, GError **error)
{
	return floor_next(room_floor(room), cmd->seconds, by, now_ms(), error);
}

static gboolean extend_floor(struct room *room, const struct command *cmd,
			     const char *by, GError **error)
{
	return floor_extend(room_floor(room), cmd->seconds, by, now_ms(),
			    error);
}

static gboolean end_floor(struct room *room, const struct command *cmd,
			  const char *by, GError **error)
{
	(void)cmd;
	return floor_end(room_floor(room), by, error);
}

static gboolean ask_unmute(struct room *room, const struct command *cmd,
			   const char *by, GError **error)
{
	return room_ask_unmute(room, cmd->member, by, now_ms(), error);
}

static gboolean record(struct room *room, const struct command *cmd,
		       const char *by, GError **error)
{
	return room_record(room, cmd->on, by, error);
}

static gboolean delete_recording(struct room *room, const struct command *cmd,
				 const char *by, GError **error)
{
	return room_delete_recording(room, cmd->name, by, error);
}

static gboolean announce(struct room *room, const struct command *cmd,
			 const char *by, GError **error)
{
	(void)by;
	return room_announce(room, cmd->name, error);
}

static gboolean announce_end(struct room *room, const struct command *cmd,
			     const char *by, GError **error)
{
	(void)cmd;
	(void)by;
	return room_hush(room, error);
}

static gboolean (*const actions[COMMAND_VERBS])(struct room *room,
						const struct command *cmd,
						const char *by,
						GError **error) = {
	[COMMAND_MUTE] = mute,
	[COMMAND_UNMUTE] = unmute,
	[COMMAND_VOLUME] = volume,
	[COMMAND_KICK] = kick,
	[COMMAND_HAND] = hand,
	[COMMAND_HANDS_DOWN] = hands_down,
	[COMMAND_FLOOR] = give_floor,
	[COMMAND_FLOOR_NEXT] = next_floor,
	[COMMAND_FLOOR_EXTEND] = extend_floor,
	[COMMAND_FLOOR_END] = end_floor,
	[COMMAND_ASK_UNMUTE] = ask_unmute,
	[COMMAND_RECORD] = record,
	[COMMAND_RECORDING_DELETE] = delete_recording,
	[COMMAND_ANNOUNCE] = announce,
	[COMMAND_ANNOUNCE_END] = announce_end,
};

static const char *const codes[ROOM_ERRORS] = {
	[ROOM_ERROR_NOT_HERE] = "not-here",
	[ROOM_ERROR_NOT_KEPT] = "not-kept",
	[ROOM_ERROR_IMPOSSIBLE] = "impossible",
	[ROOM_ERROR_NOT_SUPPORTED] = "not-supported",
	[ROOM_ERROR_LIMIT] = "limit",
	[ROOM_ERROR_FAILED] = "failed",
};

gboolean action_is(enum command_verb verb)
{
	return actions[verb] != NULL;
}

const struct member *action_whom(const struct command *cmd,
				 const struct room *room)
{
	const struct floor *flr = room_floor(room);
	const GPtrArray *queue = floor_queue(flr);

	switch (cmd->verb) {
	case COMMAND_FLOOR_NEXT:
		return queue->len ? queue->pdata[0] : NULL;
	case COMMAND_FLOOR_EXTEND:
	case COMMAND_FLOOR_END:
		return floor_holder(flr);
	default:
		return room_member(room, cmd->member);
	}
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
