/* track - an Ogg Opus file (RFC 7845) that is written while it is spoken, in
 * frames of 20 ms that are numbered by a common clock. Files that begin with
 * the same number 0 stay side by side: where a frame is missing, silence is
 * written.
 *
 * What was encoded is in the file within half a second, and on the disk with
 * track_sync(): a killed program leaves a file that plays up to there.
 *
 * A frame that is far ahead of the file waits in memory until the silence
 * before it is written, which track_work() does piece by piece: four hours of
 * it take some 25 s of a processor. Any thread, but one at a time. */
#ifndef SOUND_TRACK_H
#define SOUND_TRACK_H

#include <glib.h>

#define TRACK_FRAME 960 /* samples of each channel */

struct track;

struct track_config {
	const char *path;   /* is made, and must not be there */
	guint channels;	    /* 1 or 2 */
	guint bitrate;	    /* bit/s */
	const char *title;  /* for the file's tags; NULL: none */
	const char *artist; /* likewise */
	const char *date;   /* likewise, ISO 8601 */
};

/* NULL and error when the file cannot be made. Of a track that failed once
 * every later call fails too. */
struct track *track_create(const struct track_config *cfg, GError **error);
/* The file ends where its last frame did, or is one frame of silence, and has
 * bytes_r (may be NULL) bytes. FALSE: its end is not on the disk. Accepts NULL;
 * sets *trkp to NULL. */
gboolean track_close(struct track **trkp, guint64 *bytes_r, GError **error);

/* Frame `at`, interleaved. One that is not after all before it is left out. */
gboolean track_put(struct track *trk, guint64 at, const gint16 *pcm,
		   GError **error);
/* Silence up to frame `until`, of it and of what waits at most `most` frames.
 */
gboolean track_work(struct track *trk, guint64 until, guint most,
		    GError **error);
/* Whether the file is that far: nothing is left for track_work(). */
gboolean track_has(const struct track *trk, guint64 until);

/* Waits for the disk. */
gboolean track_sync(struct track *trk, GError **error);
/* In the file. */
guint64 track_bytes(const struct track *trk);

#endif
