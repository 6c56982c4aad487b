#include "bridge/recordings.h"

#include <errno.h>
#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>

#include "bridge/recording/file_name.h"
#include "bridge/recording/notice.h"
#include "bridge/recording/recorder.h"
#include "sound/sound_file.h"
#include "sound/track.h"

#define LOOK_MS	  100
#define NOTICE_MS 30000 /* at most so often to who joins */
#define MB	  1000000
#define MIX_FILE  "mix.opus"
#define TELL_ON	  "{\"t\":\"recording\",\"on\":true}"
#define TELL_OFF  "{\"t\":\"recording\",\"on\":false}"

struct recordings {
	const struct recordings_host *host;
	void *arg;
	char *directory;
	struct store *store;
	const struct media_ops *media;
	void *media_arg;
	GPtrArray *running; /* struct running */
	guint timer;	    /* while some run */
};

/* One that has begun and is not yet all written. */
struct running {
	struct recordings *recs;
	struct room *room; /* NULL: it has gone */
	struct recorder *recorder;
	struct recording *row;
	char *stopped_by;
	gboolean stopping; /* the tap is being closed; row->why says why */
	gint64 noticed_ms; /* when the room heard it last */
	GHashTable *told;  /* member ids that know it */
};

static gint64 now_ms(const struct recordings *recs)
{
	return recs->host->now_ms(recs->arg);
}

static void complain(GError **error)
{
	if (*error)
		g_critical("recordings: %s", (*error)->message);
	g_clear_error(error);
}

static char *directory_of(const struct recordings *recs, const char *id)
{
	return g_build_filename(recs->directory, id, NULL);
}

static void free_running(gpointer data)
{
	struct running *run = data;

	recorder_destroy(&run->recorder);
	recording_free(run->row);
	g_hash_table_unref(run->told);
	g_free(run->stopped_by);
	g_free(run);
}

/* Of a room at most one is not stopping. */
static struct running *of_room(const struct recordings *recs,
			       const struct room *room)
{
	for (guint i = 0; i < recs->running->len; i++) {
		struct running *run = recs->running->pdata[i];

		if (run->room == room && !run->stopping)
			return run;
	}
	return NULL;
}

static struct running *by_id(const struct recordings *recs, const char *id)
{
	for (guint i = 0; i < recs->running->len; i++) {
		struct running *run = recs->running->pdata[i];

		if (!strcmp(run->row->id, id))
			return run;
	}
	return NULL;
}

/* What the room hears and sees. */

static void sound_notice(struct recordings *recs, struct room *room,
			 struct clip *clip)
{
	if (clip)
		recs->media->play(room, clip, recs->media_arg);
}

/* Who waits in the lobby is not: nothing of his is recorded. */
static gboolean is_in(const struct member *mem)
{
	return mem->state == MEMBER_HERE && !mem->held;
}

static gboolean is_told(const struct member *mem)
{
	return is_in(mem) && member_is_person(mem);
}

static void tell_member(struct running *run, struct member *mem)
{
	struct recordings *recs = run->recs;

	if (!is_in(mem) ||
	    !g_hash_table_add(run->told, GUINT_TO_POINTER(mem->id)))
		return;
	if (is_told(mem))
		recs->media->tell(mem, TELL_ON, recs->media_arg);
	if (now_ms(recs) - run->noticed_ms < NOTICE_MS)
		return;
	run->noticed_ms = now_ms(recs);
	sound_notice(recs, run->room, notice_begins());
}

static void name_member(struct running *run, const struct member *mem)
{
	g_autofree char *key =
		g_strconcat(mem->address, "\n", mem->device, NULL);

	recorder_name(run->recorder, mem->id, key, mem->address, mem->name);
}

void recordings_changed(struct recordings *recs, struct room *room,
			struct member *mem, enum room_change change)
{
	struct running *run;

	if (change == ROOM_CLOSED)
		for (guint i = 0; i < recs->running->len; i++) {
			run = recs->running->pdata[i];
			if (run->room == room)
				run->room = NULL;
		}
	run = mem && recs->running->len ? of_room(recs, room) : NULL;
	if (!run)
		return;
	if (change == ROOM_MEMBER_ADDED)
		name_member(run, mem);
	tell_member(run, mem);
}

/* The end. */

static void save(struct recordings *recs, const struct recording *row)
{
	GError *error = NULL;

	store_save_recording(recs->store, row, &error);
	complain(&error);
}

/* As its recorder sees it now. */
static void renew(struct running *run)
{
	struct recorder_status status;

	recorder_status(run->recorder, &status);
	run->row->frames = status.frames;
	run->row->lost = status.lost;
	run->row->bytes = status.bytes;
	g_ptr_array_set_size(run->row->files, 0);
	recorder_list(run->recorder, run->row);
}

static void stop(struct running *run, enum recording_why why)
{
	struct recordings *recs = run->recs;
	struct room *room = run->room;

	if (run->stopping)
		return;
	run->stopping = TRUE;
	run->row->why = why;
	g_info("recordings: ends room=%s recording=%s why=%s", run->row->room,
	       run->row->id, recording_why_name(why));
	if (!room)
		return;
	recs->media->set_tap(room, NULL, recs->media_arg);
	sound_notice(recs, room, notice_ends());
	for (guint i = 0; i < room_members(room)->len; i++) {
		struct member *mem = room_members(room)->pdata[i];

		if (is_told(mem))
			recs->media->tell(mem, TELL_OFF, recs->media_arg);
	}
	room_set_recording(room, NULL, 0, run->stopped_by);
}

static void finish(struct running *run)
{
	struct recordings *recs = run->recs;

	stop(run, RECORDING_EMPTY);
	renew(run);
	save(recs, run->row);
	recs->host->changed(run->room, run->row, run->stopped_by, recs->arg);
	recs->host->ended(run->row, recs->arg);
	g_ptr_array_remove(recs->running, run);
}

/* Who has a track is in the catalogue before a kill can come. */
static void note_new_files(struct running *run)
{
	const guint before = run->row->files->len;

	renew(run);
	if (run->row->files->len != before)
		save(run->recs, run->row);
}

static void look_at(struct running *run)
{
	static const enum recording_why whys[] = {
		[RECORDER_TIME] = RECORDING_TIME,
		[RECORDER_SIZE] = RECORDING_SIZE,
		[RECORDER_FAILED] = RECORDING_DISK,
	};
	struct recorder_status status;

	note_new_files(run);
	recorder_status(run->recorder, &status);
	if (status.wish && !run->stopping) {
		if (status.wish == RECORDER_FAILED)
			g_critical("recordings: %s", status.why);
		stop(run, whys[status.wish]);
	}
	if (status.ended)
		finish(run);
}

static gboolean look(gpointer data)
{
	struct recordings *recs = data;

	for (guint i = recs->running->len; i-- > 0;)
		look_at(recs->running->pdata[i]);
	if (recs->running->len)
		return G_SOURCE_CONTINUE;
	recs->timer = 0;
	return G_SOURCE_REMOVE;
}

/* The beginning. */

/* NULL: see error. The directory's path in *path_r. */
static struct recording *make_row(const struct recordings *recs,
				  const struct room *room, const char *by,
				  char **path_r, GError **error)
{
	const gint64 at = now_ms(recs) / 1000;
	char id[FILE_NAME_ID + 1];

	file_name_id(at, g_random_int(), id);
	*path_r = directory_of(recs, id);
	if (g_mkdir_with_parents(*path_r, 0700)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED,
			    "%s cannot be made: %s.", *path_r,
			    g_strerror(errno));
		return NULL;
	}
	return recording_create(id, room_address(room), by, at);
}

static struct recorder *make_recorder(const struct recordings *recs,
				      const struct room *room,
				      const struct config_room *rules,
				      const char *path, struct tap *tap,
				      GError **error)
{
	const struct recorder_config cfg = {
		.directory = path,
		.title = room_name(room),
		.at = now_ms(recs) / 1000,
		.max_s = rules->record_max_minutes * 60,
		.max_bytes = (guint64)rules->record_max_mb * MB,
	};
	GError *why = NULL;
	struct recorder *rec = recorder_create(tap, &cfg, &why);

	if (!rec) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED, "%s.",
			    why->message);
		g_error_free(why);
	}
	return rec;
}

static gboolean may_start(const struct recordings *recs,
			  const struct room *room,
			  const struct config_room *rules, GError **error)
{
	if (!recs->media->make_tap) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
			    "A bridge in a cluster cannot record yet.");
		return FALSE;
	}
	if (rules && rules->record)
		return TRUE;
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
		    "%s is configured not to be recorded.", room_name(room));
	return FALSE;
}

static gboolean save_first(struct recordings *recs, const struct recording *row,
			   GError **error)
{
	GError *why = NULL;

	if (store_save_recording(recs->store, row, &why))
		return TRUE;
	g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED, "%s.", why->message);
	g_error_free(why);
	return FALSE;
}

/* Everything is there: from here on it is recorded. */
static gboolean begin(struct running *run, struct tap *tap, GError **error)
{
	struct recordings *recs = run->recs;
	struct room *room = run->room;
	const GPtrArray *members = room_members(room);

	for (guint i = 0; i < members->len; i++)
		name_member(run, members->pdata[i]);
	recorder_list(run->recorder, run->row);
	if (!save_first(recs, run->row, error))
		return FALSE;
	if (!recs->media->set_tap(room, tap, recs->media_arg)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED,
			    "The media worker does not keep up.");
		store_delete_recording(recs->store, run->row->id, NULL);
		return FALSE;
	}
	g_info("recordings: begins room=%s recording=%s by=%s", run->row->room,
	       run->row->id, run->row->by);
	for (guint i = 0; i < members->len; i++)
		tell_member(run, members->pdata[i]);
	room_set_recording(room, run->row->id, now_ms(recs), run->row->by);
	return TRUE;
}

/* What has not begun leaves nothing. */
static void undo(struct running *run, struct tap *tap, const char *path)
{
	g_autofree char *mix = g_build_filename(path, MIX_FILE, NULL);

	if (run->recorder)
		tap_close(tap);
	free_running(run);
	g_unlink(mix);
	g_rmdir(path);
}

gboolean recordings_start(struct recordings *recs, struct room *room,
			  const char *by, GError **error)
{
	const struct config_room *rules =
		recs->host->rules(room_address(room), recs->arg);
	g_autofree char *path = NULL;
	struct running *run;
	struct tap *tap;

	if (of_room(recs, room))
		return TRUE;
	if (!may_start(recs, room, rules, error))
		return FALSE;
	tap = recs->media->make_tap(room, recs->media_arg);
	if (!tap) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "Nobody is in %s.", room_name(room));
		return FALSE;
	}
	run = g_new0(struct running, 1);
	run->recs = recs;
	run->room = room;
	run->told = g_hash_table_new(NULL, NULL);
	run->row = make_row(recs, room, by, &path, error);
	if (run->row)
		run->recorder =
			make_recorder(recs, room, rules, path, tap, error);
	else
		tap_destroy(&tap);
	if (!run->recorder || !begin(run, tap, error)) {
		undo(run, tap, path);
		return FALSE;
	}
	g_ptr_array_add(recs->running, run);
	if (!recs->timer)
		recs->timer = g_timeout_add(LOOK_MS, look, recs);
	recs->host->changed(room, run->row, by, recs->arg);
	return TRUE;
}

void recordings_stop(struct recordings *recs, struct room *room, const char *by)
{
	struct running *run = of_room(recs, room);

	if (!run)
		return;
	run->stopped_by = g_strdup(by);
	stop(run, RECORDING_STOPPED);
}

/* The catalogue. */

/* How far the files of a recording go that nobody has ended. */
static void survey(const char *path, struct recording *row)
{
	row->bytes = 0;
	for (guint i = 0; i < row->files->len; i++) {
		struct recording_file *file = row->files->pdata[i];
		g_autofree char *name =
			g_build_filename(path, file->file, NULL);
		GStatBuf facts;

		if (g_stat(name, &facts))
			continue;
		file->bytes = (guint64)facts.st_size;
		row->bytes += file->bytes;
		if (!i)
			row->frames =
				(guint64)MAX(sound_file_samples(name), 0) /
				TRACK_FRAME;
	}
}

/* What a kill has left. */
static void close_left_open(struct recordings *recs)
{
	g_autoptr(GPtrArray) rows = store_recordings(recs->store, NULL);

	for (guint i = 0; i < rows->len; i++) {
		struct recording *row = rows->pdata[i];
		g_autofree char *path = directory_of(recs, row->id);

		if (row->why != RECORDING_RUNS)
			continue;
		row->why = RECORDING_RESTART;
		survey(path, row);
		g_warning("recordings: a kill ended room=%s recording=%s "
			  "seconds=%" G_GUINT64_FORMAT,
			  row->room, row->id, row->frames / RECORDING_HZ);
		save(recs, row);
		recs->host->ended(row, recs->arg);
	}
}

GPtrArray *recordings_list(struct recordings *recs, const char *room)
{
	GPtrArray *rows = store_recordings(recs->store, room);

	for (guint i = 0; i < rows->len; i++) {
		struct recording *row = rows->pdata[i];
		struct running *run = by_id(recs, row->id);

		if (!run)
			continue;
		note_new_files(run);
		row->frames = run->row->frames;
		row->lost = run->row->lost;
		row->bytes = run->row->bytes;
		g_ptr_array_set_size(row->files, 0);
		recorder_list(run->recorder, row);
	}
	return rows;
}

struct recording *recordings_find(struct recordings *recs, const char *id)
{
	return file_name_is_id(id) ? store_recording(recs->store, id) : NULL;
}

char *recordings_path(const struct recordings *recs,
		      const struct recording *row, const char *file)
{
	if (!file_name_is_safe(file) || !recording_file(row, file))
		return NULL;
	return g_build_filename(recs->directory, row->id, file, NULL);
}

static void remove_files(const struct recordings *recs, const char *id)
{
	g_autofree char *path = directory_of(recs, id);
	g_autoptr(GDir) dir = g_dir_open(path, 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		g_autofree char *file = g_build_filename(path, name, NULL);

		g_unlink(file);
	}
	if (g_rmdir(path) && errno != ENOENT)
		g_critical("recordings: %s cannot be removed: %s", path,
			   g_strerror(errno));
}

gboolean recordings_delete(struct recordings *recs, struct room *room,
			   const char *id, const char *by, GError **error)
{
	struct recording *row = recordings_find(recs, id);
	GError *why = NULL;
	gboolean ok = FALSE;

	if (!row || strcmp(row->room, room_address(room))) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_HERE,
			    "%s has no such recording.", room_name(room));
	} else if (by_id(recs, id)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "It is still being recorded.");
	} else if (!store_delete_recording(recs->store, id, &why)) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_FAILED, "%s.",
			    why->message);
		g_error_free(why);
	} else {
		remove_files(recs, id);
		row->deleted = TRUE;
		recs->host->changed(room, row, by, recs->arg);
		ok = TRUE;
	}
	recording_free(row);
	return ok;
}

struct recordings *recordings_create(const struct recordings_config *cfg,
				     const struct recordings_host *host,
				     void *arg)
{
	struct recordings *recs = g_new0(struct recordings, 1);

	recs->host = host;
	recs->arg = arg;
	recs->directory = g_strdup(cfg->directory);
	recs->store = cfg->store;
	recs->media = cfg->media;
	recs->media_arg = cfg->media_arg;
	recs->running = g_ptr_array_new_with_free_func(free_running);
	close_left_open(recs);
	return recs;
}

void recordings_destroy(struct recordings **recsp)
{
	struct recordings *recs = *recsp;

	*recsp = NULL;
	if (!recs)
		return;
	g_clear_handle_id(&recs->timer, g_source_remove);
	for (guint i = 0; i < recs->running->len; i++) {
		struct running *run = recs->running->pdata[i];

		recorder_hurry(run->recorder);
		stop(run, RECORDING_RESTART);
	}
	while (recs->running->len) {
		struct running *run = recs->running->pdata[0];

		recorder_wait(run->recorder);
		finish(run);
	}
	g_ptr_array_unref(recs->running);
	g_free(recs->directory);
	g_free(recs);
}
