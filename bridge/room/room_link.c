#include "bridge/room/room_link.h"

void room_link_tell(const struct room_link *link, struct member *mem,
		    const char *json)
{
	if (mem->state == MEMBER_HERE)
		link->effects->tell(mem, json, link->arg);
}

static void tell_observer(const struct room_link *link, struct member *mem,
			  enum room_change change, const char *by)
{
	if (link->observer)
		link->observer->changed(link->room, mem, change, by, link->arg);
}

void room_link_changed(const struct room_link *link, struct member *mem,
		       const char *by)
{
	tell_observer(link, mem, ROOM_MEMBER_CHANGED, by);
}

void room_link_state(const struct room_link *link, const char *by)
{
	tell_observer(link, NULL, ROOM_STATE, by);
}

void room_link_bans(const struct room_link *link, const char *by)
{
	tell_observer(link, NULL, ROOM_BANS, by);
}

void room_link_expected(const struct room_link *link, const char *by)
{
	tell_observer(link, NULL, ROOM_EXPECTED, by);
}

void room_link_sound(const struct room_link *link, struct member *mem,
		     gboolean could)
{
	const gboolean can = member_may_speak(mem);

	if (can != could)
		link->effects->set_muted(mem, !can, link->arg);
}
