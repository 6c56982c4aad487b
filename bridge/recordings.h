/* recordings - the rooms that are being recorded, and the catalogue of what
 * was: who may begin, how a room is told, when it ends, and the mail about it.
 *
 * A recording is one directory of the store's, named by its id; its row in the
 * store says whose it is. It ends when a moderator says so, when nobody is left
 * in the room, at the room's limits, or when the disk does not take it. One
 * that the bridge did not end is closed at the next start, as far as its files
 * go.
 *
 * Control thread only; each that runs has a thread of its own
 * (bridge/recording/recorder.h). */
#ifndef BRIDGE_RECORDINGS_H
#define BRIDGE_RECORDINGS_H

#include <glib.h>

#include "bridge/config.h"
#include "bridge/media.h"
#include "bridge/room/recording.h"
#include "bridge/room/room.h"
#include "bridge/store/store.h"

struct recordings;

struct recordings_host {
	gint64 (*now_ms)(void *arg); /* Unix ms */
	/* The room's in the configuration as it is now; NULL: none. */
	const struct config_room *(*rules)(const char *room, void *arg);
	/* One began, ended or was deleted; `room` may have gone: then NULL. */
	void (*changed)(struct room *room, const struct recording *row,
			const char *by, void *arg);
	/* A mail about it is due. */
	void (*ended)(const struct recording *row, void *arg);
};

struct recordings_config {
	const char *directory;
	struct store *store;
	const struct media_ops *media;
	void *media_arg;
};

/* Closes what a kill has left open. */
struct recordings *recordings_create(const struct recordings_config *cfg,
				     const struct recordings_host *host,
				     void *arg);
/* Ends them all and waits until they are written: while the media still runs.
 */
void recordings_destroy(struct recordings **recsp);

/* Both are idempotent. FALSE and ROOM_ERROR when it cannot be. */
gboolean recordings_start(struct recordings *recs, struct room *room,
			  const char *by, GError **error);
void recordings_stop(struct recordings *recs, struct room *room,
		     const char *by);

/* From the rooms' observer. */
void recordings_changed(struct recordings *recs, struct room *room,
			struct member *mem, enum room_change change);

/* struct recording *, newest first, with what runs as it is now; the caller
 * unrefs. */
GPtrArray *recordings_list(struct recordings *recs, const char *room);
/* NULL: there is none. Caller frees. */
struct recording *recordings_find(struct recordings *recs, const char *id);
gboolean recordings_delete(struct recordings *recs, struct room *room,
			   const char *id, const char *by, GError **error);
/* The path of a file of a recording of that room; caller frees. NULL: there is
 * none. */
char *recordings_path(const struct recordings *recs,
		      const struct recording *row, const char *file);

#endif
