/* announcer - sound files of a directory, played to rooms.
 *
 * WAV, FLAC, Ogg Opus and Ogg Vorbis. A file is decoded whole, by a thread of
 * its own, before it is played. Control thread only. */
#ifndef BRIDGE_RECORDING_ANNOUNCER_H
#define BRIDGE_RECORDING_ANNOUNCER_H

#include <glib.h>

#include "bridge/media.h"
#include "bridge/room/room.h"

#define ANNOUNCER_MAX_S	      300 /* of one file */
#define ANNOUNCER_MAX_WAITING 4	  /* in a room, beside the one being played */

struct announcer;

struct announcer_config {
	const char *directory;	     /* NULL: there is nothing to play */
	gint64 (*now_ms)(void *arg); /* Unix ms */
	void *arg;
	const struct media_ops *media;
	void *media_arg;
};

struct announcer *announcer_create(const struct announcer_config *cfg);
/* What is still being decoded is not played. */
void announcer_destroy(struct announcer **annp);

/* What can be played: struct room_announcement of what is in the directory, by
 * name, in an array that the caller unrefs. */
GPtrArray *announcer_list(const struct announcer *ann);

/* After what the room hears already. FALSE and ROOM_ERROR when it cannot
 * be. */
gboolean announcer_play(struct announcer *ann, struct room *room,
			const char *name, GError **error);
void announcer_hush(struct announcer *ann, struct room *room);
/* The room goes away. */
void announcer_forget(struct announcer *ann, struct room *room);

#endif
