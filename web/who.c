#include "web/who.h"

#include <string.h>

void who_copy(struct who *to, const struct who *from)
{
	to->name = g_strdup(from->name);
	to->room = g_strdup(from->room);
}

void who_clear(struct who *who)
{
	g_clear_pointer(&who->name, g_free);
	g_clear_pointer(&who->room, g_free);
}

gboolean who_moderates(const struct who *who, const struct room *room)
{
	return who->room ? strcmp(who->room, room_address(room)) == 0
			 : room_is_moderator(room, who->name);
}
