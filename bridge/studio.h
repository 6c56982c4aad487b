/* studio - a bridge's recordings and announcements, between the conference
 * whose rooms they are of and the media that have the sound.
 *
 * Control thread only. */
#ifndef BRIDGE_STUDIO_H
#define BRIDGE_STUDIO_H

#include <glib.h>

#include "bridge/conference.h"
#include "bridge/media.h"
#include "bridge/room/recording.h"

struct studio;

struct studio_host {
	gint64 (*now_ms)(void *arg); /* Unix ms */
	/* See recordings_host. */
	void (*changed)(struct room *room, const struct recording *row,
			const char *by, void *arg);
};

/* As the conference's configuration says. */
struct studio *studio_create(struct conference *conf,
			     const struct media_ops *media, void *media_arg,
			     const struct studio_host *host, void *arg);
/* Ends every recording: before the conference and the media end. Accepts
 * NULL. */
void studio_destroy(struct studio **stup);

/* What rooms want, see room_record(). */
gboolean studio_record(struct studio *stu, struct room *room, gboolean on,
		       const char *by, GError **error);
gboolean studio_announce(struct studio *stu, struct room *room,
			 const char *name, GError **error);
void studio_hush(struct studio *stu, struct room *room);
/* From their observer. */
void studio_changed(struct studio *stu, struct room *room, struct member *mem,
		    enum room_change change);

/* What panels ask: see recordings.h and announcer.h. */
GPtrArray *studio_recordings(struct studio *stu, const char *room);
GPtrArray *studio_announcements(struct studio *stu);
gboolean studio_delete(struct studio *stu, struct room *room, const char *id,
		       const char *by, GError **error);
/* The file's path, caller frees, and its room's address, likewise. NULL: there
 * is no such file. */
char *studio_file(struct studio *stu, const char *id, const char *file,
		  char **room_r);

#endif
