/* recording - what is known of a recording: a row of the catalogue. */
#ifndef ROOM_RECORDING_H
#define ROOM_RECORDING_H

#include <glib.h>

#define RECORDING_HZ 50 /* frames in a second */

/* Why it ended. Kept in the store by number. */
enum recording_why {
	RECORDING_RUNS,
	RECORDING_STOPPED, /* by a moderator */
	RECORDING_EMPTY,   /* nobody was left in the room */
	RECORDING_TIME,	   /* the room's limits */
	RECORDING_SIZE,
	RECORDING_DISK,	   /* a file could not be written */
	RECORDING_RESTART, /* the bridge ended, or died, in its middle */
	RECORDING_WHYS,
};

/* As docs/panel-api.md calls it; "" while it runs. */
const char *recording_why_name(enum recording_why why);

struct recording_file {
	char *file;	      /* "mix.opus", "001-ann.opus" */
	char *address, *name; /* whose voice; "" of the mix */
	guint64 bytes;
};

struct recording {
	char *id, *room; /* the room's address */
	char *by;	 /* who began it */
	gint64 at;	 /* Unix seconds */
	enum recording_why why;
	gboolean deleted; /* the last thing that is told of it */
	guint64 frames;	  /* how long it is */
	guint64 lost;	  /* of those, silence because the disk was slow */
	guint64 bytes;
	GPtrArray *files; /* struct recording_file, the mix first */
};

struct recording *recording_create(const char *id, const char *room,
				   const char *by, gint64 at);
void recording_free(struct recording *rec);
void recording_add_file(struct recording *rec, const char *file,
			const char *address, const char *name, guint64 bytes);
/* NULL: it has no such file. */
const struct recording_file *recording_file(const struct recording *rec,
					    const char *file);

#endif
