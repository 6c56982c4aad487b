/* recorder - one thread that takes what a tap gives and writes it down: the
 * room's mix, and a track for each person who is heard.
 *
 * Its files are mix.opus and NNN-WHO.opus, all as long as the recording, with
 * silence where somebody was not heard. A person has one track, however often
 * he comes. Encoding and writing may take as long as they like: the tap's ring
 * holds some seconds, and what is lost then is silence in all files.
 *
 * Created, asked and destroyed by the control thread; what both threads see
 * stands behind a mutex that neither holds while it waits for anything. */
#ifndef BRIDGE_RECORDING_RECORDER_H
#define BRIDGE_RECORDING_RECORDER_H

#include <glib.h>

#include "bridge/room/recording.h"
#include "mixer/tap.h"

/* People beyond are in the mix only: each has a file open. */
#define RECORDER_MAX_TRACKS 250

struct recorder;

/* Why a recorder wants to be ended: whoever made it closes the tap then. */
enum recorder_wish {
	RECORDER_GOES_ON,
	RECORDER_TIME,	 /* it is as long as it may be */
	RECORDER_SIZE,	 /* its files are as large as they may be */
	RECORDER_FAILED, /* a file cannot be written */
};

struct recorder_config {
	const char *directory; /* is there, and empty */
	const char *title;     /* of the room, for the files' tags */
	gint64 at;	       /* Unix seconds */
	guint max_s;	       /* 0: no limit */
	guint64 max_bytes;     /* 0: no limit */
};

struct recorder_status {
	enum recorder_wish wish;
	char why[256];	/* of FAILED */
	gboolean ended; /* the tap was closed, and all is written */
	guint64 frames; /* of 20 ms: how long it is */
	guint64 lost;	/* of those, silence because the disk was slow */
	guint64 bytes;
};

/* Opens mix.opus. Takes the tap, also when that fails; nobody may have it yet
 * who writes. */
struct recorder *recorder_create(struct tap *tap,
				 const struct recorder_config *cfg,
				 GError **error);
/* The tap was closed, or closes soon: waits until all is written. */
void recorder_wait(struct recorder *rec);
/* Waits, too. Accepts NULL; sets *recp to NULL. */
void recorder_destroy(struct recorder **recp);
/* It is to be done at once: tracks need not be filled up to their end. */
void recorder_hurry(struct recorder *rec);

/* Whose voice has this number in the tap. `key` is the same for one person on
 * one device. */
void recorder_name(struct recorder *rec, guint32 member, const char *key,
		   const char *address, const char *name);

void recorder_status(struct recorder *rec, struct recorder_status *status_r);
/* Adds its files so far to a row of the catalogue that has none. */
void recorder_list(struct recorder *rec, struct recording *row);

#endif
