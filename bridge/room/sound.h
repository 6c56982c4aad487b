/* sound - what happens to a room's sound beside people: that it is written
 * down, or that something is played to all. For panels to show. */
#ifndef ROOM_SOUND_H
#define ROOM_SOUND_H

#include <glib.h>

struct room_sound {
	char *recording;	/* its id; NULL: none runs */
	char *recorded_by;	/* who began it */
	gint64 recorded_since;	/* Unix ms */
	char *announcing;	/* the newest; NULL: none */
	gint64 announced_until; /* Unix ms: then it is over, and may still
				 * stand here */
};

/* Something that can be played. */
struct room_announcement {
	char *name;
	double seconds;
};

#endif
