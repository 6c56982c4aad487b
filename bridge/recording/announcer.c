#include "bridge/recording/announcer.h"

#include <gio/gio.h>
#include <string.h>

#include "sound/sound_file.h"

#define MAX_LISTED 200
#define MAX_NAME   128 /* bytes */

struct announcer {
	char *directory;
	gint64 (*now_ms)(void *arg);
	void *arg;
	const struct media_ops *media;
	void *media_arg;
	GHashTable *lines; /* struct room => struct line */
};

/* What a room is to hear. */
struct line {
	GCancellable *cancel; /* of what is being decoded for it */
	GQueue paths;	      /* to be decoded: one by one, or a short one would
			       * overtake a long one */
	gboolean busy;	      /* decoding */
	GArray *ends;	      /* gint64, Unix ms: of what was asked for */
};

/* What the decoding thread is given; nobody else looks at it meanwhile. */
struct job {
	struct announcer *ann; /* not touched once it is cancelled */
	struct room *room;     /* likewise */
	char *path;
};

static void free_line(gpointer data)
{
	struct line *line = data;

	g_cancellable_cancel(line->cancel);
	g_object_unref(line->cancel);
	g_queue_clear_full(&line->paths, g_free);
	g_array_unref(line->ends);
	g_free(line);
}

static void free_job(gpointer data)
{
	struct job *job = data;

	g_free(job->path);
	g_free(job);
}

struct announcer *announcer_create(const struct announcer_config *cfg)
{
	struct announcer *ann = g_new0(struct announcer, 1);

	ann->directory = g_strdup(cfg->directory);
	ann->now_ms = cfg->now_ms;
	ann->arg = cfg->arg;
	ann->media = cfg->media;
	ann->media_arg = cfg->media_arg;
	ann->lines = g_hash_table_new_full(NULL, NULL, NULL, free_line);
	return ann;
}

void announcer_destroy(struct announcer **annp)
{
	struct announcer *ann = *annp;

	*annp = NULL;
	if (!ann)
		return;
	g_hash_table_unref(ann->lines);
	g_free(ann->directory);
	g_free(ann);
}

/* Not whatever else may lie there, and nothing outside. */
static gboolean is_announcement(const char *name)
{
	static const char *const suffixes[] = { ".wav", ".flac", ".opus",
						".ogg" };
	g_autofree char *lower = g_ascii_strdown(name, -1);

	if (*name == '.' || strchr(name, '/') || strlen(name) > MAX_NAME ||
	    !g_utf8_validate(name, -1, NULL))
		return FALSE;
	for (guint i = 0; i < G_N_ELEMENTS(suffixes); i++)
		if (g_str_has_suffix(lower, suffixes[i]))
			return TRUE;
	return FALSE;
}

static void free_announcement(gpointer data)
{
	struct room_announcement *one = data;

	g_free(one->name);
	g_free(one);
}

static gint by_name(gconstpointer a, gconstpointer b)
{
	const struct room_announcement *one =
		*(struct room_announcement *const *)a;
	const struct room_announcement *other =
		*(struct room_announcement *const *)b;

	return g_utf8_collate(one->name, other->name);
}

/* Below 0: it cannot be played. */
static double seconds_of(const struct announcer *ann, const char *name)
{
	g_autofree char *path = g_build_filename(ann->directory, name, NULL);
	const gint64 samples = sound_file_samples(path);
	const double seconds = (double)samples / SOUND_FILE_RATE;

	return samples > 0 && seconds <= ANNOUNCER_MAX_S ? seconds : -1;
}

GPtrArray *announcer_list(const struct announcer *ann)
{
	GPtrArray *list = g_ptr_array_new_with_free_func(free_announcement);
	g_autoptr(GDir) dir =
		ann->directory ? g_dir_open(ann->directory, 0, NULL) : NULL;
	const char *name;

	while (dir && list->len < MAX_LISTED && (name = g_dir_read_name(dir))) {
		double seconds =
			is_announcement(name) ? seconds_of(ann, name) : -1;
		struct room_announcement *one;

		if (seconds < 0)
			continue;
		one = g_new(struct room_announcement, 1);
		*one = (struct room_announcement){ g_strdup(name), seconds };
		g_ptr_array_add(list, one);
	}
	g_ptr_array_sort(list, by_name);
	return list;
}

/* In a thread of its own. */
static void decode(GTask *task, gpointer source, gpointer data,
		   GCancellable *cancel)
{
	const struct job *job = data;
	GError *error = NULL;
	GArray *pcm = sound_file_load(job->path, ANNOUNCER_MAX_S, &error);

	(void)source;
	(void)cancel;
	if (pcm)
		g_task_return_pointer(task, pcm, (GDestroyNotify)g_array_unref);
	else
		g_task_return_error(task, error);
}

static void decode_next(struct announcer *ann, struct room *room);

static void decoded(GObject *source, GAsyncResult *result, gpointer arg)
{
	GTask *task = G_TASK(result);
	const struct job *job = g_task_get_task_data(task);
	g_autoptr(GError) error = NULL;
	GArray *pcm = g_task_propagate_pointer(task, &error);
	struct clip *clip = NULL;
	gsize n;

	(void)source;
	(void)arg;
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return;
	if (error)
		g_warning("announcer: %s", error->message);
	/* GLib's memory is malloc's. */
	n = pcm ? pcm->len : 0;
	if (pcm &&
	    !clip_create(&clip, (int16_t *)(void *)g_array_free(pcm, FALSE), n))
		job->ann->media->play(job->room, clip, job->ann->media_arg);
	decode_next(job->ann, job->room);
}

static void decode_next(struct announcer *ann, struct room *room)
{
	struct line *line = g_hash_table_lookup(ann->lines, room);
	char *path = g_queue_pop_head(&line->paths);
	struct job *job;
	GTask *task;

	line->busy = path != NULL;
	if (!path)
		return;
	job = g_new(struct job, 1);
	*job = (struct job){ ann, room, path };
	task = g_task_new(NULL, line->cancel, decoded, NULL);
	g_task_set_task_data(task, job, free_job);
	g_task_run_in_thread(task, decode);
	g_object_unref(task);
}

static struct line *line_of(struct announcer *ann, struct room *room)
{
	struct line *line = g_hash_table_lookup(ann->lines, room);

	if (!line) {
		line = g_new0(struct line, 1);
		g_queue_init(&line->paths);
		line->cancel = g_cancellable_new();
		line->ends = g_array_new(FALSE, FALSE, sizeof(gint64));
		g_hash_table_insert(ann->lines, room, line);
	}
	return line;
}

/* When the last of them is over, or now. */
static gint64 end_of(struct line *line, gint64 now_ms)
{
	GArray *ends = line->ends;

	while (ends->len && g_array_index(ends, gint64, 0) <= now_ms)
		g_array_remove_index(ends, 0);
	return ends->len ? g_array_index(ends, gint64, ends->len - 1) : now_ms;
}

static gboolean may_play(struct announcer *ann, struct room *room,
			 const char *name, double *seconds_r, GError **error)
{
	*seconds_r = -1;
	if (!ann->media->play)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_NOT_SUPPORTED,
			    "A bridge in a cluster cannot play announcements "
			    "yet.");
	else if (!room_members(room)->len)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "Nobody is in %s.", room_name(room));
	else if (!ann->directory || !is_announcement(name) ||
		 (*seconds_r = seconds_of(ann, name)) < 0)
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "There is no announcement %s, or no sound in it.",
			    name);
	return *seconds_r >= 0;
}

gboolean announcer_play(struct announcer *ann, struct room *room,
			const char *name, GError **error)
{
	struct line *line;
	double seconds;
	gint64 end;

	if (!may_play(ann, room, name, &seconds, error))
		return FALSE;
	line = line_of(ann, room);
	end = end_of(line, ann->now_ms(ann->arg)) + (gint64)(seconds * 1000);
	if (line->ends->len > ANNOUNCER_MAX_WAITING) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_LIMIT,
			    "%d announcements wait already.",
			    ANNOUNCER_MAX_WAITING);
		return FALSE;
	}
	g_array_append_val(line->ends, end);
	g_queue_push_tail(&line->paths,
			  g_build_filename(ann->directory, name, NULL));
	if (!line->busy)
		decode_next(ann, room);
	room_set_announcing(room, name, end);
	return TRUE;
}

void announcer_hush(struct announcer *ann, struct room *room)
{
	if (!g_hash_table_remove(ann->lines, room))
		return;
	ann->media->hush(room, ann->media_arg);
	room_set_announcing(room, NULL, 0);
}

void announcer_forget(struct announcer *ann, struct room *room)
{
	g_hash_table_remove(ann->lines, room);
}
