#include "bridge/room/in_band.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* Our own copy: what jansson allocates is not g_free()'s to free. */
static char *dump(json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	char *copy = g_strdup(text);

	free(text);
	json_decref(message);
	return copy;
}

/* To a phone. */

char *in_band_end(enum member_leave why, const char *text)
{
	static const char *const words[] = {
		[LEAVE_REPLACED] = "replaced", [LEAVE_KICKED] = "kicked",
		[LEAVE_ENDED] = "ended",       [LEAVE_REFUSED] = "refused",
		[LEAVE_BANNED] = "banned",     [LEAVE_MOVED] = "moved",
	};
	json_t *message;

	if (why >= G_N_ELEMENTS(words) || !words[why])
		return NULL;
	message = json_pack("{s:s,s:s}", "t", "end", "why", words[why]);
	if (text && *text)
		json_object_set_new(message,
				    why == LEAVE_MOVED ? "room" : "text",
				    json_string(text));
	return dump(message);
}

char *in_band_mute(gboolean on)
{
	return dump(json_pack("{s:s,s:b}", "t", "mute", "on", on));
}

char *in_band_hold(gboolean on)
{
	return dump(json_pack("{s:s,s:b}", "t", "hold", "on", on));
}

char *in_band_role(enum member_role role)
{
	static const char *const words[ROLES] = {
		[ROLE_MEMBER] = "member",
		[ROLE_MODERATOR] = "moderator",
		[ROLE_LISTENER] = "listener",
	};

	return dump(json_pack("{s:s,s:s}", "t", "role", "role", words[role]));
}

char *in_band_hand(guint place)
{
	if (!place)
		return dump(json_pack("{s:s,s:b}", "t", "hand", "on", FALSE));
	return dump(json_pack("{s:s,s:b,s:i}", "t", "hand", "on", TRUE, "place",
			      (int)place));
}

char *in_band_ask_unmute(guint n)
{
	return dump(
		json_pack("{s:s,s:I}", "t", "ask-unmute", "n", (json_int_t)n));
}

char *in_band_floor(guint seconds)
{
	json_t *message = json_pack("{s:s,s:b}", "t", "floor", "on", TRUE);

	if (seconds)
		json_object_set_new(message, "s", json_integer(seconds));
	return dump(message);
}

char *in_band_floor_over(const char *why)
{
	return dump(json_pack("{s:s,s:b,s:s}", "t", "floor", "on", FALSE, "why",
			      why));
}

/* From a phone. */

static const struct {
	const char *name, *flag;
	gboolean numbered;
} kinds[IN_BAND_TYPES] = {
	[IN_BAND_SELF_MUTE] = { "self-mute", "on", FALSE },
	[IN_BAND_HAND] = { "hand", "on", FALSE },
	[IN_BAND_ANSWER] = { "answer", "yes", TRUE },
};

static gboolean read_message(struct in_band *msg_r, const json_t *root)
{
	const char *name = json_string_value(json_object_get(root, "t"));
	const json_t *flag, *n = json_object_get(root, "n");
	guint i = 0;

	while (name && i < IN_BAND_TYPES && strcmp(kinds[i].name, name) != 0)
		i++;
	if (!name || i == IN_BAND_TYPES)
		return FALSE;
	flag = json_object_get(root, kinds[i].flag);
	if (!json_is_boolean(flag))
		return FALSE;
	*msg_r = (struct in_band){ .type = (enum in_band_type)i,
				   .on = json_is_true(flag) };
	if (!kinds[i].numbered)
		return TRUE;
	if (json_integer_value(n) < 1 || json_integer_value(n) > G_MAXUINT32)
		return FALSE;
	msg_r->n = (guint32)json_integer_value(n);
	return TRUE;
}

gboolean in_band_read(struct in_band *msg_r, const char *json, gsize size)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	gboolean ok = read_message(msg_r, root);

	json_decref(root);
	return ok;
}

char *in_band_write(const struct in_band *msg)
{
	json_t *root = json_pack("{s:s}", "t", kinds[msg->type].name);

	if (kinds[msg->type].numbered)
		json_object_set_new(root, "n", json_integer(msg->n));
	json_object_set_new(root, kinds[msg->type].flag, json_boolean(msg->on));
	return dump(root);
}
