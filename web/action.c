#include "web/action.h"

#include "bridge/room/drain.h"
#include "bridge/room/entrance.h"
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
	return floor_give(room_floor(room), cmd->member, (guint)cmd->seconds,
			  by, now_ms(), error);
}

static gboolean next_floor(struct room *room, const struct command *cmd,
			   const char *by, GError **error)
{
	return floor_next(room_floor(room), (guint)cmd->seconds, by, now_ms(),
			  error);
}

static gboolean extend_floor(struct room *room, const struct command *cmd,
			     const char *by, GError **error)
{
	return floor_extend(room_floor(room), (guint)cmd->seconds, by, now_ms(),
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

static gboolean mute_all(struct room *room, const struct command *cmd,
			 const char *by, GError **error)
{
	return room_mute_all(room, cmd->but, cmd->n_but, by, error);
}

static gboolean role(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return room_set_role(room, cmd->member, cmd->role, by, error);
}

static gboolean end(struct room *room, const struct command *cmd,
		    const char *by, GError **error)
{
	return room_end(room, by, cmd->reason, error);
}

/* A tool has no address that could be kept out. */
static const char *address_of(struct room *room, guint32 id, GError **error)
{
	const struct member *mem = room_member(room, id);

	if (mem && member_is_person(mem))
		return mem->address;
	if (mem)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "%s is a tool; its token can be revoked.",
			    mem->name);
	else
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_HERE,
			    "Nobody with number %u is in %s any more.", id,
			    room_name(room));
	return NULL;
}

static gboolean ban(struct room *room, const struct command *cmd,
		    const char *by, GError **error)
{
	const gint64 now = now_ms() / 1000;
	g_autofree char *address =
		g_strdup(cmd->member ? address_of(room, cmd->member, error)
				     : cmd->address);
	const struct door_ban ban = {
		.address = address,
		.at = now,
		.until = now + cmd->seconds,
		.by = (char *)by,
		.reason = cmd->reason,
	};

	return address && entrance_ban(room_entrance(room), &ban, error);
}

static gboolean unban(struct room *room, const struct command *cmd,
		      const char *by, GError **error)
{
	return entrance_unban(room_entrance(room), cmd->address, by, error);
}

static gboolean lock(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return entrance_set_locked(room_entrance(room),
				   cmd->verb == COMMAND_LOCK, by, error);
}

static gboolean lobby(struct room *room, const struct command *cmd,
		      const char *by, GError **error)
{
	return entrance_set_lobby(room_entrance(room), cmd->on, by, error);
}

static gboolean admit(struct room *room, const struct command *cmd,
		      const char *by, GError **error)
{
	return entrance_admit(room_entrance(room), cmd->member, by, error);
}

static gboolean admit_all(struct room *room, const struct command *cmd,
			  const char *by, GError **error)
{
	(void)cmd;
	return entrance_admit_all(room_entrance(room), by, error);
}

static gboolean refuse(struct room *room, const struct command *cmd,
		       const char *by, GError **error)
{
	return entrance_refuse(room_entrance(room), cmd->member, by,
			       cmd->reason, error);
}

static gboolean pin(struct room *room, const struct command *cmd,
		    const char *by, GError **error)
{
	return entrance_set_pin(room_entrance(room), cmd->pin, by, error);
}

static gboolean drain(struct room *room, const struct command *cmd,
		      const char *by, GError **error)
{
	return drain_set(room_drain(room), cmd->name, cmd->on, by, error);
}

/* By a link a browser comes; nobody mails one yet. */
static gboolean invite(struct room *room, const struct command *cmd,
		       const char *by, GError **error)
{
	if (!cmd->link)
		return room_invite(room, cmd->address, cmd->name, by,
				   now_ms() / 1000, error);
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
		    "This bridge mails no links to join by.");
	return FALSE;
}

static gboolean move(struct room *room, const struct command *cmd,
		     const char *by, GError **error)
{
	return room_move(room, cmd->member, cmd->name, by, now_ms() / 1000,
			 error);
}

static gboolean (*const actions[COMMAND_VERBS])(struct room *room,
						const struct command *cmd,
						const char *by,
						GError **error) = {
	[COMMAND_MUTE] = mute,
	[COMMAND_UNMUTE] = unmute,
	[COMMAND_VOLUME] = volume,
	[COMMAND_MUTE_ALL] = mute_all,
	[COMMAND_ROLE] = role,
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
	[COMMAND_BAN] = ban,
	[COMMAND_UNBAN] = unban,
	[COMMAND_LOCK] = lock,
	[COMMAND_UNLOCK] = lock,
	[COMMAND_LOBBY] = lobby,
	[COMMAND_ADMIT] = admit,
	[COMMAND_ADMIT_ALL] = admit_all,
	[COMMAND_REFUSE] = refuse,
	[COMMAND_PIN] = pin,
	[COMMAND_END] = end,
	[COMMAND_DRAIN] = drain,
	[COMMAND_INVITE] = invite,
	[COMMAND_MOVE] = move,
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
