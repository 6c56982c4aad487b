/* quiet_room.h - effects of a room for tests that ask nothing of them: each
 * takes those that it does not look at. */
#ifndef TESTS_QUIET_ROOM_H
#define TESTS_QUIET_ROOM_H

#include "bridge/room/room.h"

static inline void quiet_end_media(struct member *mem, void *arg)
{
	(void)mem;
	(void)arg;
}

static inline void quiet_set_muted(struct member *mem, gboolean muted,
				   void *arg)
{
	(void)mem;
	(void)muted;
	(void)arg;
}

static inline void quiet_set_deaf(struct member *mem, gboolean deaf, void *arg)
{
	(void)mem;
	(void)deaf;
	(void)arg;
}

static inline void quiet_set_volume(struct member *mem, void *arg)
{
	(void)mem;
	(void)arg;
}

static inline void quiet_tell(struct member *mem, const char *json, void *arg)
{
	(void)mem;
	(void)json;
	(void)arg;
}

static inline void quiet_refresh_levels(struct room *room, void *arg)
{
	(void)room;
	(void)arg;
}

static inline gboolean quiet_keep_door(struct room *room,
				       const struct door *door, void *arg,
				       GError **error)
{
	(void)room;
	(void)door;
	(void)arg;
	(void)error;
	return TRUE;
}

#endif
