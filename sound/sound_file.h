/* sound_file - recordings in and out: WAV (and what else libsndfile reads) of
 * any rate and channel count, and Ogg Opus, turned into 48 kHz mono; WAV out.
 * Any thread, but one at a time for each recording. */
#ifndef SOUND_SOUND_FILE_H
#define SOUND_SOUND_FILE_H

#include <glib.h>

#define SOUND_FILE_RATE		48000
#define SOUND_FILE_MAX_S	3600 /* the largest max_s */
#define SOUND_FILE_MAX_CHANNELS 32

/* The whole recording as gint16, 48 kHz mono: channels are averaged. NULL
 * and error when it cannot be read or is longer than max_s seconds. */
GArray *sound_file_load(const char *path, guint max_s, GError **error);

/* How long it is, in samples at 48 kHz, without reading all of it; -1: that
 * cannot be told, or it is no sound. Of an Ogg Opus file whose end is missing,
 * as far as it goes. */
gint64 sound_file_samples(const char *path);

/* Appends the conversion of interleaved float samples to pcm: the whole of
 * a recording at once. */
gboolean sound_file_convert(GArray *pcm, const float *samples, gsize frames,
			    guint channels, guint rate, GError **error);

struct sound_writer;

/* A WAV of 48 kHz mono, 16 bit. Its header is right at any moment, so that
 * a killed program leaves a readable file. */
struct sound_writer *sound_writer_create(const char *path, GError **error);
gboolean sound_writer_write(struct sound_writer *writer, const gint16 *pcm,
			    gsize samples, GError **error);
void sound_writer_destroy(struct sound_writer **writerp);

#endif
