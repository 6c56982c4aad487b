#include "sound/sound_file.h"

#include <gio/gio.h>
#include <math.h>
#include <opusfile.h>
#include <sndfile.h>
#include <speex/speex_resampler.h>

#define BLOCK	4096 /* frames, at the file's own rate */
#define QUALITY 8    /* of the resampler, 0 to 10 */

/* Mono float at `rate` in, gint16 at 48 kHz out. */
struct converter {
	SpeexResamplerState *resampler; /* NULL: 48 kHz already */
	guint channels;
	GArray *pcm;
};

static gboolean converter_init(struct converter *con, GArray *pcm,
			       guint channels, guint rate, GError **error)
{
	int err = 0;

	*con = (struct converter){ .channels = channels, .pcm = pcm };
	if (!channels || channels > SOUND_FILE_MAX_CHANNELS || rate < 1000 ||
	    rate > 768000) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%u channels at %u Hz is no sound that can be "
			    "converted",
			    channels, rate);
		return FALSE;
	}
	if (rate == SOUND_FILE_RATE)
		return TRUE;
	con->resampler =
		speex_resampler_init(1, rate, SOUND_FILE_RATE, QUALITY, &err);
	if (!con->resampler) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "cannot resample from %u Hz: %s", rate,
			    speex_resampler_strerror(err));
		return FALSE;
	}
	/* The first sample out is then the first sample in. */
	speex_resampler_skip_zeros(con->resampler);
	return TRUE;
}

static void append(GArray *pcm, float sample)
{
	float scaled = CLAMP(sample * 32768.0f, -32768.0f, 32767.0f);
	gint16 value = (gint16)lrintf(scaled);

	g_array_append_val(pcm, value);
}

static void resample(struct converter *con, const float *mono, guint frames)
{
	float out[BLOCK];

	while (frames) {
		spx_uint32_t in_n = frames, out_n = BLOCK;

		speex_resampler_process_float(con->resampler, 0, mono, &in_n,
					      out, &out_n);
		for (guint i = 0; i < out_n; i++)
			append(con->pcm, out[i]);
		if (!in_n && !out_n)
			return;
		mono += in_n;
		frames -= in_n;
	}
}

/* At most BLOCK frames. */
static void convert(struct converter *con, const float *samples, guint frames)
{
	float mono[BLOCK];

	for (guint i = 0; i < frames; i++) {
		float sum = 0;

		for (guint c = 0; c < con->channels; c++)
			sum += samples[i * con->channels + c];
		mono[i] = sum / (float)con->channels;
	}
	if (con->resampler) {
		resample(con, mono, frames);
		return;
	}
	for (guint i = 0; i < frames; i++)
		append(con->pcm, mono[i]);
}

/* frames: how many came in, to push out what the filter still holds. */
static void converter_fini(struct converter *con)
{
	if (!con->resampler)
		return;
	{
		const float silence[BLOCK] = { 0 };
		guint held = (guint)speex_resampler_get_input_latency(
			con->resampler);

		resample(con, silence, MIN(held, BLOCK));
	}
	speex_resampler_destroy(con->resampler);
}

gboolean sound_file_convert(GArray *pcm, const float *samples, gsize frames,
			    guint channels, guint rate, GError **error)
{
	struct converter con;

	if (!converter_init(&con, pcm, channels, rate, error))
		return FALSE;
	for (gsize at = 0; at < frames; at += BLOCK)
		convert(&con, samples + at * channels,
			(guint)MIN(frames - at, BLOCK));
	converter_fini(&con);
	return TRUE;
}

/* What a reader appends to, and how much of it. */
struct loading {
	const char *path;
	GArray *pcm;
	guint max_s;
};

static gboolean too_long(const struct loading *load, GError **error)
{
	if (load->pcm->len <= load->max_s * SOUND_FILE_RATE)
		return FALSE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
		    "%s is longer than %u s", load->path, load->max_s);
	return TRUE;
}

static gboolean read_sndfile(const struct loading *load, GError **error)
{
	SF_INFO info = { 0 };
	SNDFILE *file = sf_open(load->path, SFM_READ, &info);
	g_autofree float *block = NULL;
	struct converter con;
	gboolean fits = TRUE;
	sf_count_t n;

	if (!file) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "%s cannot be read: %s", load->path,
			    sf_strerror(NULL));
		return FALSE;
	}
	if (!converter_init(&con, load->pcm, (guint)info.channels,
			    (guint)info.samplerate, error)) {
		sf_close(file);
		return FALSE;
	}
	block = g_new(float, BLOCK *(gsize)info.channels);
	while (fits && (n = sf_readf_float(file, block, BLOCK)) > 0) {
		convert(&con, block, (guint)n);
		fits = !too_long(load, error);
	}
	converter_fini(&con);
	sf_close(file);
	return fits;
}

static gboolean read_opus(const struct loading *load, OggOpusFile *file,
			  GError **error)
{
	struct converter con = { .channels = 2, .pcm = load->pcm };
	float block[BLOCK];
	gboolean fits = TRUE;
	int n;

	/* Opus is always decoded at 48 kHz (RFC 7845 5.1). */
	while (fits && (n = op_read_float_stereo(file, block, BLOCK)) != 0) {
		if (n == OP_HOLE)
			continue;
		if (n < 0) {
			g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
				    "%s is damaged (%d)", load->path, n);
			fits = FALSE;
			break;
		}
		convert(&con, block, (guint)n);
		fits = !too_long(load, error);
	}
	op_free(file);
	return fits;
}

static gboolean read_any(const struct loading *load, GError **error)
{
	g_autofree char *lower = g_ascii_strdown(load->path, -1);
	gboolean opus = g_str_has_suffix(lower, ".opus");
	OggOpusFile *file = NULL;
	int err = 0;

	if (opus || g_str_has_suffix(lower, ".ogg"))
		file = op_open_file(load->path, &err);
	if (file)
		return read_opus(load, file, error);
	if (!opus)
		return read_sndfile(load, error);
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "%s is no readable Ogg Opus file (%d)", load->path, err);
	return FALSE;
}

GArray *sound_file_load(const char *path, guint max_s, GError **error)
{
	g_autoptr(GArray) pcm = g_array_new(FALSE, FALSE, sizeof(gint16));
	const struct loading load = { path, pcm, max_s };

	if (!read_any(&load, error))
		return NULL;
	if (!pcm->len) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
			    "%s holds no sound", path);
		return NULL;
	}
	return g_steal_pointer(&pcm);
}

gint64 sound_file_samples(const char *path)
{
	OggOpusFile *opus = op_open_file(path, NULL);
	SF_INFO info = { 0 };
	SNDFILE *file;
	gint64 samples;

	if (opus) {
		samples = op_pcm_total(opus, -1);
		op_free(opus);
		return samples < 0 ? -1 : samples;
	}
	file = sf_open(path, SFM_READ, &info);
	if (!file)
		return -1;
	sf_close(file);
	if (info.samplerate < 1 || info.frames < 0)
		return -1;
	return (gint64)((double)info.frames / info.samplerate *
			SOUND_FILE_RATE);
}

struct sound_writer {
	SNDFILE *file;
	char *path;
};

struct sound_writer *sound_writer_create(const char *path, GError **error)
{
	SF_INFO info = { .samplerate = SOUND_FILE_RATE,
			 .channels = 1,
			 .format = SF_FORMAT_WAV | SF_FORMAT_PCM_16 };
	SNDFILE *file = sf_open(path, SFM_WRITE, &info);
	struct sound_writer *writer;

	if (!file) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "%s cannot be written: %s", path,
			    sf_strerror(NULL));
		return NULL;
	}
	sf_command(file, SFC_SET_UPDATE_HEADER_AUTO, NULL, SF_TRUE);
	writer = g_new0(struct sound_writer, 1);
	writer->file = file;
	writer->path = g_strdup(path);
	return writer;
}

gboolean sound_writer_write(struct sound_writer *writer, const gint16 *pcm,
			    gsize samples, GError **error)
{
	if (sf_write_short(writer->file, pcm, (sf_count_t)samples) ==
	    (sf_count_t)samples)
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "%s cannot be written: %s", writer->path,
		    sf_strerror(writer->file));
	return FALSE;
}

void sound_writer_destroy(struct sound_writer **writerp)
{
	struct sound_writer *writer = g_steal_pointer(writerp);

	if (!writer)
		return;
	sf_close(writer->file);
	g_free(writer->path);
	g_free(writer);
}
