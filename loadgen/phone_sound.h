/* phone_sound - where ipsp-phone's voice comes from and where the mix goes:
 * a file or the sound card, each way. */
#ifndef LOADGEN_PHONE_SOUND_H
#define LOADGEN_PHONE_SOUND_H

#include <glib.h>

#include "loadgen/media.h"

struct phone_sound;

struct phone_sound_config {
	const char *send;    /* "mic", a file, or NULL: silence */
	const char *receive; /* "speaker", a WAV to write, or NULL */
	gboolean loop;	     /* the file again and again, not once */
};

struct phone_sound *phone_sound_create(const struct phone_sound_config *cfg,
				       GError **error);
/* Writes what is left. The media thread must have let go of it. */
void phone_sound_destroy(struct phone_sound **soundp);

/* For media_add(), with the struct phone_sound as argument. */
extern const struct media_sound phone_sound_media;

/* Writes what was heard to the file; FALSE when that fails or the program
 * did not come here for a minute. */
gboolean phone_sound_flush(struct phone_sound *sound, GError **error);

#endif
