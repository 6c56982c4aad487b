#include "sound/track.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gio.h>
#include <opusenc.h>
#include <string.h>
#include <unistd.h>

#define RATE	   48000
#define COMPLEXITY 5
/* A page is written when it holds so many samples: 240 ms. */
#define PAGE 11520
/* Silence of which more is written by track_work() only: 1 s. */
#define GAP 50

/* A frame that waits. */
struct waiting {
	guint64 at;
	gint16 pcm[];
};

struct track {
	OggOpusEnc *enc;
	OggOpusComments *tags;
	char *path;
	int fd;
	int error; /* errno of the first write that failed */
	guint channels;
	guint64 frames; /* encoded */
	guint64 bytes;	/* in the file */
	gboolean dirty; /* not yet on the disk */
	GQueue waiting; /* struct waiting */
	gint16 silence[2 * TRACK_FRAME];
};

/* Zero is success (opusenc.h). */
static int on_write(void *user, const unsigned char *buf, opus_int32 size)
{
	struct track *trk = user;
	gsize left = (gsize)size;

	while (left && !trk->error) {
		gssize n = write(trk->fd, buf, left);

		if (n < 0 && errno != EINTR)
			trk->error = errno;
		if (n <= 0)
			continue;
		buf += n;
		left -= (gsize)n;
		trk->bytes += (guint64)n;
	}
	trk->dirty = TRUE;
	return trk->error != 0;
}

/* The file is closed by track_close(), after the disk has it. */
static int on_close(void *user)
{
	(void)user;
	return 0;
}

static gboolean failed(const struct track *trk, const char *what,
		       GError **error)
{
	const int why = trk->error ? trk->error : EIO;

	g_set_error(error, G_IO_ERROR, g_io_error_from_errno(why),
		    "%s cannot be %s: %s", trk->path, what, g_strerror(why));
	return FALSE;
}

static gboolean open_encoder(struct track *trk, const struct track_config *cfg)
{
	static const OpusEncCallbacks callbacks = { on_write, on_close };
	int err = 0;

	trk->enc = ope_encoder_create_callbacks(
		&callbacks, trk, trk->tags, RATE, (int)cfg->channels, 0, &err);
	/* Frames of 60 ms cost half as much as three of 20, silence too. */
	return trk->enc &&
	       !ope_encoder_ctl(trk->enc,
				OPUS_SET_BITRATE((int)cfg->bitrate)) &&
	       !ope_encoder_ctl(trk->enc, OPUS_SET_COMPLEXITY(COMPLEXITY)) &&
	       !ope_encoder_ctl(trk->enc, OPUS_SET_EXPERT_FRAME_DURATION(
						  OPUS_FRAMESIZE_60_MS)) &&
	       !ope_encoder_ctl(trk->enc, OPE_SET_DECISION_DELAY(0)) &&
	       !ope_encoder_ctl(trk->enc, OPE_SET_MUXING_DELAY(PAGE)) &&
	       !ope_encoder_flush_header(trk->enc);
}

static void add_tag(struct track *trk, const char *name, const char *value)
{
	if (value && *value)
		ope_comments_add(trk->tags, name, value);
}

static void destroy(struct track *trk)
{
	if (trk->enc)
		ope_encoder_destroy(trk->enc);
	ope_comments_destroy(trk->tags);
	if (trk->fd >= 0)
		close(trk->fd);
	g_queue_clear_full(&trk->waiting, g_free);
	g_free(trk->path);
	g_free(trk);
}

struct track *track_create(const struct track_config *cfg, GError **error)
{
	struct track *trk = g_new0(struct track, 1);

	trk->path = g_strdup(cfg->path);
	trk->channels = cfg->channels;
	g_queue_init(&trk->waiting);
	trk->tags = ope_comments_create();
	add_tag(trk, "TITLE", cfg->title);
	add_tag(trk, "ARTIST", cfg->artist);
	add_tag(trk, "DATE", cfg->date);
	trk->fd =
		open(cfg->path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (trk->fd < 0)
		trk->error = errno;
	if (trk->fd < 0 || !open_encoder(trk, cfg)) {
		failed(trk, "made", error);
		if (trk->fd >= 0)
			unlink(cfg->path);
		destroy(trk);
		return NULL;
	}
	return trk;
}

static gboolean encode(struct track *trk, const gint16 *pcm, GError **error)
{
	if (trk->error || ope_encoder_write(trk->enc, pcm, TRACK_FRAME))
		return failed(trk, "written", error);
	trk->frames++;
	return TRUE;
}

gboolean track_put(struct track *trk, guint64 at, const gint16 *pcm,
		   GError **error)
{
	const gsize size = trk->channels * TRACK_FRAME * sizeof(gint16);
	const struct waiting *last = g_queue_peek_tail(&trk->waiting);
	struct waiting *wait;

	if (at < trk->frames || (last && at <= last->at))
		return TRUE;
	if (!last && at - trk->frames <= GAP) {
		while (trk->frames < at)
			if (!encode(trk, trk->silence, error))
				return FALSE;
		return encode(trk, pcm, error);
	}
	wait = g_malloc(sizeof(*wait) + size);
	wait->at = at;
	memcpy(wait->pcm, pcm, size);
	g_queue_push_tail(&trk->waiting, wait);
	return TRUE;
}

gboolean track_work(struct track *trk, guint64 until, guint most,
		    GError **error)
{
	while (most-- && !track_has(trk, until)) {
		struct waiting *first = g_queue_peek_head(&trk->waiting);
		gboolean is_next = first && first->at == trk->frames;

		if (!encode(trk, is_next ? first->pcm : trk->silence, error))
			return FALSE;
		if (is_next)
			g_free(g_queue_pop_head(&trk->waiting));
	}
	return TRUE;
}

gboolean track_has(const struct track *trk, guint64 until)
{
	return trk->frames >= until && !trk->waiting.length;
}

gboolean track_sync(struct track *trk, GError **error)
{
	if (!trk->dirty)
		return TRUE;
	if (!trk->error && fdatasync(trk->fd))
		trk->error = errno;
	trk->dirty = FALSE;
	return trk->error ? failed(trk, "written", error) : TRUE;
}

guint64 track_bytes(const struct track *trk)
{
	return trk->bytes;
}

gboolean track_close(struct track **trkp, guint64 *bytes_r, GError **error)
{
	struct track *trk = *trkp;
	gboolean ok = TRUE;

	*trkp = NULL;
	if (!trk)
		return TRUE;
	/* libopusenc aborts if it is to end a file without sound. */
	if (!trk->frames)
		ok = encode(trk, trk->silence, error);
	if (ok && (trk->error || ope_encoder_drain(trk->enc)))
		ok = failed(trk, "written", error);
	if (ok)
		ok = track_sync(trk, error);
	if (bytes_r)
		*bytes_r = trk->bytes;
	destroy(trk);
	return ok;
}
