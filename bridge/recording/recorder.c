#include "bridge/recording/recorder.h"

#include <gio/gio.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>

#include "bridge/recording/file_name.h"
#include "sound/track.h"

#define LOOK_MS	 50
#define SYNC_MS	 400
#define AT_ONCE	 500 /* frames of silence between two looks at the tap */
#define NICENESS 5   /* behind the control thread */

/* bit/s of each channel */
#define MIX_BITRATE   40000
#define VOICE_BITRATE 32000

#define MIX_FILE "mix.opus"

/* What one file is of. */
struct sheet {
	struct track *track;  /* {recorder} NULL: he was not heard yet */
	char *address, *name; /* {const} */
	char file[64];	      /* {lock} "": there is none yet */
	guint number;	      /* {lock} of the file: 0 is the mix */
	guint64 bytes;	      /* {lock} */
};

struct recorder {
	struct tap *tap;		/* {const} */
	char *directory, *title, *date; /* {const} */
	guint max_s;			/* {const} */
	guint64 max_bytes;		/* {const} */
	GThread *thread;		/* {control} */
	gint hurry;			/* atomic */

	GMutex lock;
	GPtrArray *sheets;	       /* {lock} the mix first */
	GHashTable *by_key;	       /* {lock} char * => struct sheet */
	GHashTable *members;	       /* {lock} number => struct sheet */
	struct recorder_status status; /* {lock} */

	/* {recorder} */
	GPtrArray *open;  /* struct sheet: those with a track */
	guint64 frames;	  /* so far: where the clock stands */
	gboolean failed;  /* nothing is written any more */
	gint64 synced_us; /* monotonic */
};

static void free_sheet(gpointer data)
{
	struct sheet *sheet = data;

	track_close(&sheet->track, NULL, NULL);
	g_free(sheet->address);
	g_free(sheet->name);
	g_free(sheet);
}

static struct sheet *make_sheet(const char *address, const char *name)
{
	struct sheet *sheet = g_new0(struct sheet, 1);

	sheet->address = g_strdup(address);
	sheet->name = g_strdup(name);
	return sheet;
}

static void fail(struct recorder *rec, GError *error)
{
	rec->failed = TRUE;
	g_mutex_lock(&rec->lock);
	rec->status.wish = RECORDER_FAILED;
	g_strlcpy(rec->status.why, error->message, sizeof(rec->status.why));
	g_mutex_unlock(&rec->lock);
	g_error_free(error);
}

/* Any thread, before the others have it. */
static gboolean open_track(struct recorder *rec, struct sheet *sheet,
			   const char *file, guint bitrate, GError **error)
{
	const guint channels = (guint)tap_channels(rec->tap);
	g_autofree char *path = g_build_filename(rec->directory, file, NULL);
	const struct track_config cfg = {
		.path = path,
		.channels = channels,
		.bitrate = bitrate * channels,
		.title = rec->title,
		.artist = *sheet->name ? sheet->name : sheet->address,
		.date = rec->date,
	};

	sheet->track = track_create(&cfg, error);
	if (!sheet->track)
		return FALSE;
	g_ptr_array_add(rec->open, sheet);
	g_mutex_lock(&rec->lock);
	sheet->number = rec->open->len - 1;
	g_strlcpy(sheet->file, file, sizeof(sheet->file));
	g_mutex_unlock(&rec->lock);
	return TRUE;
}

/* The voice's file is made when it is heard for the first time. NULL: nobody
 * has told whose it is, or there are too many. */
static struct sheet *sheet_of(struct recorder *rec, guint32 member)
{
	struct sheet *sheet;
	GError *error = NULL;
	char file[64];

	g_mutex_lock(&rec->lock);
	sheet = g_hash_table_lookup(rec->members, GUINT_TO_POINTER(member));
	g_mutex_unlock(&rec->lock);
	if (!sheet || sheet->track)
		return sheet;
	if (rec->open->len > RECORDER_MAX_TRACKS)
		return NULL;
	file_name_of(rec->open->len, sheet->address, file, sizeof(file));
	if (open_track(rec, sheet, file, VOICE_BITRATE, &error))
		return sheet;
	fail(rec, error);
	return NULL;
}

static void take(struct recorder *rec, const struct tap_frame *frame)
{
	struct sheet *sheet = frame->track == TAP_MIX
				      ? rec->open->pdata[0]
				      : sheet_of(rec, frame->track);
	GError *error = NULL;

	if (frame->track == TAP_MIX)
		rec->frames = frame->at + 1;
	if (sheet && !rec->failed &&
	    !track_put(sheet->track, frame->at, frame->pcm, &error))
		fail(rec, error);
}

static void drain(struct recorder *rec)
{
	struct tap_frame frame;

	while (tap_pop(rec->tap, &frame))
		if (!rec->failed)
			take(rec, &frame);
}

/* Brings all files to where the clock is, or nearer. FALSE: not yet there. */
static gboolean fill(struct recorder *rec)
{
	gboolean there = TRUE;

	for (guint i = 0; i < rec->open->len && !rec->failed; i++) {
		struct sheet *sheet = rec->open->pdata[i];
		GError *error = NULL;

		if (!track_work(sheet->track, rec->frames, AT_ONCE, &error))
			fail(rec, error);
		there = there && track_has(sheet->track, rec->frames);
	}
	return there || rec->failed;
}

static void sync_files(struct recorder *rec)
{
	const gint64 now_us = g_get_monotonic_time();

	if (now_us - rec->synced_us < SYNC_MS * 1000)
		return;
	rec->synced_us = now_us;
	for (guint i = 0; i < rec->open->len && !rec->failed; i++) {
		struct sheet *sheet = rec->open->pdata[i];
		GError *error = NULL;

		if (!track_sync(sheet->track, &error))
			fail(rec, error);
	}
}

static void tell(struct recorder *rec, gboolean ended)
{
	struct recorder_status *status = &rec->status;

	g_mutex_lock(&rec->lock);
	status->frames = rec->frames;
	status->lost = tap_lost(rec->tap);
	status->bytes = 0;
	for (guint i = 0; i < rec->open->len; i++) {
		struct sheet *sheet = rec->open->pdata[i];

		if (sheet->track)
			sheet->bytes = track_bytes(sheet->track);
		status->bytes += sheet->bytes;
	}
	if (!status->wish && rec->max_s &&
	    rec->frames >= (guint64)rec->max_s * RECORDING_HZ)
		status->wish = RECORDER_TIME;
	if (!status->wish && rec->max_bytes && status->bytes >= rec->max_bytes)
		status->wish = RECORDER_SIZE;
	status->ended = ended;
	g_mutex_unlock(&rec->lock);
}

static void finish(struct recorder *rec)
{
	while (!g_atomic_int_get(&rec->hurry) && !fill(rec))
		;
	for (guint i = 0; i < rec->open->len; i++) {
		struct sheet *sheet = rec->open->pdata[i];
		GError *error = NULL;
		guint64 bytes;

		if (!track_close(&sheet->track, &bytes, &error) && !rec->failed)
			fail(rec, g_steal_pointer(&error));
		g_clear_error(&error);
		g_mutex_lock(&rec->lock);
		sheet->bytes = bytes;
		g_mutex_unlock(&rec->lock);
	}
}

static gpointer run(gpointer data)
{
	struct recorder *rec = data;
	gboolean closed = FALSE;

	setpriority(PRIO_PROCESS, 0, NICENESS); /* of this thread, on Linux */
	while (!closed) {
		gboolean there;

		closed = tap_is_closed(rec->tap);
		drain(rec);
		there = fill(rec);
		sync_files(rec);
		tell(rec, FALSE);
		if (there && !closed)
			g_usleep(LOOK_MS * 1000);
	}
	finish(rec);
	tell(rec, TRUE);
	return NULL;
}

/* Signals are the control thread's. */
static GThread *start(struct recorder *rec, GError **error)
{
	sigset_t all, before;
	GThread *thread;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	thread = g_thread_try_new("recorder", run, rec, error);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return thread;
}

static void destroy(struct recorder *rec)
{
	tap_destroy(&rec->tap);
	g_hash_table_unref(rec->members);
	g_hash_table_unref(rec->by_key);
	g_ptr_array_unref(rec->open);
	g_ptr_array_unref(rec->sheets);
	g_mutex_clear(&rec->lock);
	g_free(rec->directory);
	g_free(rec->title);
	g_free(rec->date);
	g_free(rec);
}

static char *date_of(gint64 at)
{
	g_autoptr(GDateTime) when = g_date_time_new_from_unix_utc(at);

	return g_date_time_format_iso8601(when);
}

struct recorder *recorder_create(struct tap *tap,
				 const struct recorder_config *cfg,
				 GError **error)
{
	struct recorder *rec = g_new0(struct recorder, 1);
	struct sheet *mix = make_sheet("", "");

	rec->tap = tap;
	rec->directory = g_strdup(cfg->directory);
	rec->title = g_strdup(cfg->title);
	rec->date = date_of(cfg->at);
	rec->max_s = cfg->max_s;
	rec->max_bytes = cfg->max_bytes;
	g_mutex_init(&rec->lock);
	rec->open = g_ptr_array_new();
	rec->sheets = g_ptr_array_new_with_free_func(free_sheet);
	rec->by_key =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	rec->members = g_hash_table_new(NULL, NULL);
	g_ptr_array_add(rec->sheets, mix);
	if (!open_track(rec, mix, MIX_FILE, MIX_BITRATE, error) ||
	    !(rec->thread = start(rec, error))) {
		destroy(rec);
		return NULL;
	}
	return rec;
}

void recorder_wait(struct recorder *rec)
{
	if (rec->thread)
		g_thread_join(g_steal_pointer(&rec->thread));
}

void recorder_destroy(struct recorder **recp)
{
	struct recorder *rec = *recp;

	*recp = NULL;
	if (!rec)
		return;
	recorder_wait(rec);
	destroy(rec);
}

void recorder_hurry(struct recorder *rec)
{
	g_atomic_int_set(&rec->hurry, TRUE);
}

void recorder_name(struct recorder *rec, guint32 member, const char *key,
		   const char *address, const char *name)
{
	struct sheet *sheet;

	g_mutex_lock(&rec->lock);
	sheet = g_hash_table_lookup(rec->by_key, key);
	if (!sheet) {
		sheet = make_sheet(address, name);
		g_ptr_array_add(rec->sheets, sheet);
		g_hash_table_insert(rec->by_key, g_strdup(key), sheet);
	}
	g_hash_table_insert(rec->members, GUINT_TO_POINTER(member), sheet);
	g_mutex_unlock(&rec->lock);
}

void recorder_status(struct recorder *rec, struct recorder_status *status_r)
{
	g_mutex_lock(&rec->lock);
	*status_r = rec->status;
	g_mutex_unlock(&rec->lock);
}

/* In the order in which they were first heard. */
static gint by_number(gconstpointer a, gconstpointer b)
{
	const struct sheet *one = *(struct sheet *const *)a;
	const struct sheet *other = *(struct sheet *const *)b;

	return (one->number > other->number) - (one->number < other->number);
}

void recorder_list(struct recorder *rec, struct recording *row)
{
	g_autoptr(GPtrArray) sheets = g_ptr_array_new();

	g_mutex_lock(&rec->lock);
	for (guint i = 0; i < rec->sheets->len; i++) {
		const struct sheet *sheet = rec->sheets->pdata[i];

		if (*sheet->file)
			g_ptr_array_add(sheets, rec->sheets->pdata[i]);
	}
	g_ptr_array_sort(sheets, by_number);
	for (guint i = 0; i < sheets->len; i++) {
		const struct sheet *sheet = sheets->pdata[i];

		recording_add_file(row, sheet->file, sheet->address,
				   sheet->name, sheet->bytes);
	}
	g_mutex_unlock(&rec->lock);
}
