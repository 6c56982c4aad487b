#include "web/command.h"

#include <string.h>

#include <jansson.h>

#include "bridge/room/door.h"
#include "bridge/room/floor.h"
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

/* The same where it may be missing: then *text_r stays NULL. */
static gboolean optional(const json_t *object, const char *name, gsize max,
			 char **text_r)
{
	if (!json_object_get(object, name))
		return TRUE;
	*text_r = string(object, name, max);
	return *text_r != NULL;
}

/* A whole number of min to max; `missing` where there is none. */
static gboolean number(const json_t *object, const char *name, gint64 min,
		       gint64 max, gint64 missing, gint64 *number_r)
{
	const json_t *value = json_object_get(object, name);

	*number_r = value ? json_integer_value(value) : missing;
	return (!value || json_is_integer(value)) && *number_r >= min &&
	       *number_r <= max;
}

static gboolean parse_watch(const json_t *object, struct command *cmd,
			    GError **error)
{
	const json_t *levels = json_object_get(object, "levels");
	const char *word = json_string_value(levels);

	cmd->levels = !g_strcmp0(word, "binary");
	if (levels && !cmd->levels && g_strcmp0(word, "none") != 0)
		return malformed(error, "levels is neither binary nor none");
	return cmd->room || malformed(error, "room is not an address");
}

static gboolean parse_audit(const json_t *object, struct command *cmd,
			    GError **error)
{
	gint64 limit;

	if (!number(object, "before", 1, G_MAXINT64, G_MAXINT64, &cmd->before))
		return malformed(error, "before is not the number of a row");
	if (!number(object, "limit", 1, COMMAND_MAX_ROWS, 50, &limit))
		return malformed(error, "limit is not a number from 1 to 200");
	cmd->limit = (guint)limit;
	return TRUE;
}

static gboolean parse_member(const json_t *object, struct command *cmd,
			     GError **error)
{
	gint64 id;

	if (!number(object, "member", 1, G_MAXUINT32, 0, &id))
		return malformed(error, "member is not a number of one");
	cmd->member = (guint32)id;
	return TRUE;
}

static gboolean parse_history(const json_t *object, struct command *cmd,
			      GError **error)
{
	return !json_object_get(object, "member") ||
	       parse_member(object, cmd, error);
}

static gboolean parse_volume(const json_t *object, struct command *cmd,
			     GError **error)
{
	gint64 percent;

	if (!number(object, "percent", 0, ROOM_MAX_VOLUME, -1, &percent))
		return malformed(error, "percent is not a whole number from "
					"0 to 400");
	cmd->percent = (guint)percent;
	return parse_member(object, cmd, error);
}

static gboolean parse_reason(const json_t *object, struct command *cmd,
			     GError **error)
{
	return optional(object, "reason", COMMAND_MAX_REASON, &cmd->reason) ||
	       malformed(error, "reason is not a short text");
}

static gboolean parse_kick(const json_t *object, struct command *cmd,
			   GError **error)
{
	return parse_reason(object, cmd, error) &&
	       parse_member(object, cmd, error);
}

static gboolean parse_room(const json_t *object, struct command *cmd,
			   GError **error)
{
	(void)object;
	(void)cmd;
	(void)error;
	return TRUE;
}

static gboolean parse_on(const json_t *object, struct command *cmd,
			 GError **error)
{
	const json_t *on = json_object_get(object, "on");

	cmd->on = json_is_true(on);
	return json_is_boolean(on) ||
	       malformed(error, "on is neither true nor false");
}

static gboolean parse_hand(const json_t *object, struct command *cmd,
			   GError **error)
{
	return parse_on(object, cmd, error) && parse_member(object, cmd, error);
}

static gboolean parse_extend(const json_t *object, struct command *cmd,
			     GError **error)
{
	return number(object, "seconds", FLOOR_MIN_S, FLOOR_MAX_S, 0,
		      &cmd->seconds) ||
	       malformed(error, "seconds is not a whole number from 5 to "
				"3600");
}

static gboolean parse_next(const json_t *object, struct command *cmd,
			   GError **error)
{
	return !json_object_get(object, "seconds") ||
	       parse_extend(object, cmd, error);
}

static gboolean parse_floor(const json_t *object, struct command *cmd,
			    GError **error)
{
	return parse_next(object, cmd, error) &&
	       parse_member(object, cmd, error);
}

static gboolean parse_recording(const json_t *object, struct command *cmd,
				GError **error)
{
	cmd->name = string(object, "recording", COMMAND_MAX_NAME);
	return cmd->name || malformed(error, "recording is not the id of one");
}

static gboolean parse_announce(const json_t *object, struct command *cmd,
			       GError **error)
{
	cmd->name = string(object, "name", COMMAND_MAX_NAME);
	return cmd->name || malformed(error, "name is not a short text");
}

static gboolean parse_drain(const json_t *object, struct command *cmd,
			    GError **error)
{
	cmd->name = string(object, "gate", COMMAND_MAX_NAME);
	return (cmd->name || malformed(error, "gate is not the name of one")) &&
	       parse_on(object, cmd, error);
}

static gboolean is_line(const char *text)
{
	while (*text && !g_ascii_iscntrl(*text))
		text++;
	return !*text;
}

/* One that no mail comes from does no harm. */
static gboolean is_address(const char *text)
{
	const char *at = strrchr(text, '@');

	return at && at > text && at[1] && is_line(text) && !strchr(text, ' ');
}

static gboolean parse_address(const json_t *object, struct command *cmd,
			      GError **error)
{
	cmd->address = string(object, "address", MAX_ADDRESS);
	return (cmd->address && is_address(cmd->address)) ||
	       malformed(error, "address is none");
}

static gboolean parse_invite(const json_t *object, struct command *cmd,
			     GError **error)
{
	const char *how = json_string_value(json_object_get(object, "how"));

	cmd->link = !g_strcmp0(how, "link");
	if (!cmd->link && g_strcmp0(how, "phone") != 0)
		return malformed(error, "how is neither phone nor link");
	if (!optional(object, "name", COMMAND_MAX_NAME, &cmd->name) ||
	    (cmd->name && !is_line(cmd->name)))
		return malformed(error, "name is not a short line");
	return parse_address(object, cmd, error);
}

static gboolean parse_ban(const json_t *object, struct command *cmd,
			  GError **error)
{
	if (!number(object, "seconds", COMMAND_MIN_BAN_S, COMMAND_MAX_BAN_S, 0,
		    &cmd->seconds))
		return malformed(error, "seconds is not a number from 60 to "
					"31536000");
	if (!parse_reason(object, cmd, error))
		return FALSE;
	return json_object_get(object, "member")
		       ? parse_member(object, cmd, error)
		       : parse_address(object, cmd, error);
}

static gboolean parse_pin(const json_t *object, struct command *cmd,
			  GError **error)
{
	cmd->pin = string(object, "pin", DOOR_MAX_PIN);
	return (cmd->pin && is_line(cmd->pin)) ||
	       malformed(error, "pin is not a short line");
}

static const char *const roles[ROLES] = {
	[ROLE_MEMBER] = "member",
	[ROLE_MODERATOR] = "moderator",
	[ROLE_LISTENER] = "listener",
};

static gboolean parse_role(const json_t *object, struct command *cmd,
			   GError **error)
{
	const char *name = json_string_value(json_object_get(object, "role"));
	guint i = 0;

	while (name && i < ROLES && strcmp(roles[i], name) != 0)
		i++;
	if (!name || i == ROLES)
		return malformed(error, "role is none");
	cmd->role = (enum member_role)i;
	return parse_member(object, cmd, error);
}

static gboolean parse_but(const json_t *object, struct command *cmd,
			  GError **error)
{
	const json_t *but = json_object_get(object, "but");

	if (but &&
	    (!json_is_array(but) || json_array_size(but) > COMMAND_MAX_BUT))
		return malformed(error, "but is not a list of at most 100");
	for (gsize i = 0; i < json_array_size(but); i++) {
		const json_int_t id =
			json_integer_value(json_array_get(but, i));

		if (id < 1 || id > G_MAXUINT32)
			return malformed(error, "but is not of members");
		cmd->but[cmd->n_but++] = (guint32)id;
	}
	return TRUE;
}

static char *reason_of(const struct command *cmd)
{
	return g_strdup(cmd->reason ? cmd->reason : "");
}

static char *percent_of(const struct command *cmd)
{
	return g_strdup_printf("%u", cmd->percent);
}

static char *hand_of(const struct command *cmd)
{
	return g_strdup(cmd->on ? "up" : "down");
}

static char *seconds_of(const struct command *cmd)
{
	return cmd->seconds ? g_strdup_printf("%" G_GINT64_FORMAT, cmd->seconds)
			    : g_strdup("");
}

static char *on_of(const struct command *cmd)
{
	return g_strdup(cmd->on ? "on" : "off");
}

static char *name_of(const struct command *cmd)
{
	return g_strdup(cmd->name);
}

static gboolean parse_move(const json_t *object, struct command *cmd,
			   GError **error)
{
	cmd->name = string(object, "to", MAX_ADDRESS);
	return (cmd->name ||
		malformed(error, "to is not the address of a room")) &&
	       parse_member(object, cmd, error);
}

/* "local-1: on" */
static char *drain_of(const struct command *cmd)
{
	return g_strdup_printf("%s: %s", cmd->name, cmd->on ? "on" : "off");
}

static char *how_of(const struct command *cmd)
{
	return g_strdup(cmd->link ? "link" : "phone");
}

/* "86400 s: reason" */
static char *ban_of(const struct command *cmd)
{
	return g_strdup_printf("%" G_GINT64_FORMAT " s%s%s", cmd->seconds,
			       cmd->reason ? ": " : "",
			       cmd->reason ? cmd->reason : "");
}

/* Who reads the trail later need not know it. */
static char *pin_of(const struct command *cmd)
{
	return g_strdup(*cmd->pin ? "set" : "none");
}

static char *role_of(const struct command *cmd)
{
	return g_strdup(roles[cmd->role]);
}

static const struct {
	const char *name;
	gboolean (*parse)(const json_t *object, struct command *cmd,
			  GError **error);
	char *(*detail)(const struct command *cmd); /* NULL: none */
} verbs[COMMAND_VERBS] = {
	[COMMAND_WATCH] = { "watch", parse_watch, NULL },
	[COMMAND_AUDIT] = { "audit", parse_audit, NULL },
	[COMMAND_HISTORY] = { "history", parse_history, NULL },
	[COMMAND_MUTE] = { "mute", parse_member, NULL },
	[COMMAND_UNMUTE] = { "unmute", parse_member, NULL },
	[COMMAND_VOLUME] = { "volume", parse_volume, percent_of },
	[COMMAND_MUTE_ALL] = { "mute-all", parse_but, NULL },
	[COMMAND_ROLE] = { "role", parse_role, role_of },
	[COMMAND_KICK] = { "kick", parse_kick, reason_of },
	[COMMAND_HAND] = { "hand", parse_hand, hand_of },
	[COMMAND_HANDS_DOWN] = { "hands-down", parse_room, NULL },
	[COMMAND_FLOOR] = { "floor", parse_floor, seconds_of },
	[COMMAND_FLOOR_NEXT] = { "floor-next", parse_next, seconds_of },
	[COMMAND_FLOOR_EXTEND] = { "floor-extend", parse_extend, seconds_of },
	[COMMAND_FLOOR_END] = { "floor-end", parse_room, NULL },
	[COMMAND_ASK_UNMUTE] = { "ask-unmute", parse_member, NULL },
	[COMMAND_RECORD] = { "record", parse_on, on_of },
	[COMMAND_RECORDINGS] = { "recordings", parse_room, NULL },
	[COMMAND_RECORDING_DELETE] = { "recording-delete", parse_recording,
				       name_of },
	[COMMAND_ANNOUNCEMENTS] = { "announcements", parse_room, NULL },
	[COMMAND_ANNOUNCE] = { "announce", parse_announce, name_of },
	[COMMAND_ANNOUNCE_END] = { "announce-end", parse_room, NULL },
	[COMMAND_BAN] = { "ban", parse_ban, ban_of },
	[COMMAND_UNBAN] = { "unban", parse_address, NULL },
	[COMMAND_LOCK] = { "lock", parse_room, NULL },
	[COMMAND_UNLOCK] = { "unlock", parse_room, NULL },
	[COMMAND_LOBBY] = { "lobby", parse_on, on_of },
	[COMMAND_ADMIT] = { "admit", parse_member, NULL },
	[COMMAND_ADMIT_ALL] = { "admit-all", parse_room, NULL },
	[COMMAND_REFUSE] = { "refuse", parse_kick, reason_of },
	[COMMAND_PIN] = { "pin", parse_pin, pin_of },
	[COMMAND_END] = { "end", parse_reason, reason_of },
	[COMMAND_DRAIN] = { "drain", parse_drain, drain_of },
	[COMMAND_INVITE] = { "invite", parse_invite, how_of },
	[COMMAND_MOVE] = { "move", parse_move, name_of },
};

const char *command_name(enum command_verb verb)
{
	return verbs[verb].name;
}

char *command_detail(const struct command *cmd)
{
	return verbs[cmd->verb].detail ? verbs[cmd->verb].detail(cmd)
				       : g_strdup("");
}

/* What every command may have. */
static gboolean parse_common(const json_t *object, struct command *cmd,
			     GError **error)
{
	if (!optional(object, "key", COMMAND_MAX_KEY, &cmd->key))
		return malformed(error, "key is not a short text");
	if (!optional(object, "room", MAX_ADDRESS, &cmd->room))
		return malformed(error, "room is not an address");
	return TRUE;
}

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
			return parse_common(object, cmd, error) &&
			       verbs[i].parse(object, cmd, error);
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
	g_clear_pointer(&cmd->key, g_free);
	g_clear_pointer(&cmd->room, g_free);
	g_clear_pointer(&cmd->reason, g_free);
	g_clear_pointer(&cmd->name, g_free);
	g_clear_pointer(&cmd->address, g_free);
	g_clear_pointer(&cmd->pin, g_free);
}
