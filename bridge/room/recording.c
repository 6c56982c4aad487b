#include "bridge/room/recording.h"

#include <string.h>

const char *recording_why_name(enum recording_why why)
{
	static const char *const names[RECORDING_WHYS] = {
		[RECORDING_RUNS] = "",
		[RECORDING_STOPPED] = "stopped",
		[RECORDING_EMPTY] = "empty",
		[RECORDING_TIME] = "time",
		[RECORDING_SIZE] = "size",
		[RECORDING_DISK] = "disk",
		[RECORDING_RESTART] = "restart",
	};

	return names[why];
}

static void free_file(gpointer data)
{
	struct recording_file *file = data;

	g_free(file->file);
	g_free(file->address);
	g_free(file->name);
	g_free(file);
}

struct recording *recording_create(const char *id, const char *room,
				   const char *by, gint64 at)
{
	struct recording *rec = g_new0(struct recording, 1);

	rec->id = g_strdup(id);
	rec->room = g_strdup(room);
	rec->by = g_strdup(by);
	rec->at = at;
	rec->files = g_ptr_array_new_with_free_func(free_file);
	return rec;
}

void recording_free(struct recording *rec)
{
	if (!rec)
		return;
	g_ptr_array_unref(rec->files);
	g_free(rec->id);
	g_free(rec->room);
	g_free(rec->by);
	g_free(rec);
}

void recording_add_file(struct recording *rec, const char *file,
			const char *address, const char *name, guint64 bytes)
{
	struct recording_file *added = g_new(struct recording_file, 1);

	*added = (struct recording_file){ g_strdup(file), g_strdup(address),
					  g_strdup(name), bytes };
	g_ptr_array_add(rec->files, added);
}

const struct recording_file *recording_file(const struct recording *rec,
					    const char *file)
{
	for (guint i = 0; i < rec->files->len; i++) {
		const struct recording_file *one = rec->files->pdata[i];

		if (!strcmp(one->file, file))
			return one;
	}
	return NULL;
}
