#include "bridge/room/member.h"

#include <jansson.h>
#include <stdlib.h>

#define SILENT_DBOV (-127)

static const struct member_figures unknown = { -1, -1, -1, -1, -1, -1, -1 };

struct member *member_create(struct room *room, const struct room_guest *guest)
{
	static guint32 last_id;
	struct member *mem = g_new0(struct member, 1);
	const char *name = guest->name;

	mem->id = ++last_id;
	mem->room = room;
	g_strlcpy(mem->did, guest->did, sizeof(mem->did));
	mem->address = g_strdup(guest->address);
	mem->name = g_strdup(name && *name ? name : guest->address);
	mem->device = g_strdup(guest->device ? guest->device : "");
	mem->via = guest->via;
	mem->gate = g_strdup(guest->gate);
	mem->path = g_strdup("");
	mem->state = MEMBER_INVITED;
	mem->deadline = guest->deadline;
	mem->in = mem->out = unknown;
	mem->round_trip_ms = -1;
	mem->level = SILENT_DBOV;
	mem->volume = 100;
	return mem;
}

void member_destroy(struct member **memp)
{
	struct member *mem = *memp;

	*memp = NULL;
	if (!mem)
		return;
	g_free(mem->address);
	g_free(mem->name);
	g_free(mem->device);
	g_free(mem->gate);
	g_free(mem->path);
	g_free(mem);
}

char *member_device_key(const struct member *mem)
{
	return g_strconcat(mem->address, "\n", mem->device, NULL);
}

const char *member_leave_word(enum member_leave why)
{
	static const char *const words[] = {
		[LEAVE_NOT_GONE] = "here",     [LEAVE_BYE] = "bye",
		[LEAVE_LOST] = "lost",	       [LEAVE_NO_SHOW] = "no-show",
		[LEAVE_REPLACED] = "replaced", [LEAVE_KICKED] = "kicked",
		[LEAVE_ENDED] = "ended",       [LEAVE_HANDED_ON] = "handed on",
	};

	return words[why];
}

/* Our own copy: what jansson allocates is not g_free()'s to free. */
static char *dump(json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	char *copy = g_strdup(text);

	free(text);
	json_decref(message);
	return copy;
}

char *member_end_message(enum member_leave why, const char *text)
{
	static const char *const words[] = {
		[LEAVE_REPLACED] = "replaced",
		[LEAVE_KICKED] = "kicked",
		[LEAVE_ENDED] = "ended",
	};
	json_t *message;

	if (why >= G_N_ELEMENTS(words) || !words[why])
		return NULL;
	message = json_pack("{s:s,s:s}", "t", "end", "why", words[why]);
	if (text && *text)
		json_object_set_new(message, "text", json_string(text));
	return dump(message);
}

char *member_mute_message(gboolean on)
{
	return dump(json_pack("{s:s,s:b}", "t", "mute", "on", on));
}
