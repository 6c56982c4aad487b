#include "bridge/room/member.h"

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
	g_free(mem->asked_by);
	g_free(mem->muted_by);
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
		[LEAVE_REFUSED] = "refused",   [LEAVE_BANNED] = "banned",
		[LEAVE_MOVED] = "moved",
	};

	return words[why];
}
