#include "web/recording_json.h"

#include "bridge/room/sound.h"
#include "web/panel_json.h"

static json_t *file_of(const struct recording_file *file)
{
	return json_pack("{s:o, s:o, s:o, s:I}", "file",
			 panel_json_string(file->file), "address",
			 panel_json_string(file->address), "name",
			 panel_json_string(file->name), "bytes",
			 (json_int_t)file->bytes);
}

static json_t *recording_of(const struct recording *row)
{
	const char *state = row->deleted ? "deleted"
			    : row->why	 ? "ended"
					 : "running";
	json_t *files = json_array();

	for (guint i = 0; i < row->files->len; i++)
		json_array_append_new(files, file_of(row->files->pdata[i]));
	return json_pack("{s:s, s:I, s:o, s:s, s:s, s:f, s:f, s:I, s:o}",
			 "recording", row->id, "at", (json_int_t)row->at, "by",
			 panel_json_string(row->by), "state", state, "why",
			 recording_why_name(row->why), "seconds",
			 (double)row->frames / RECORDING_HZ, "lost_s",
			 (double)row->lost / RECORDING_HZ, "bytes",
			 (json_int_t)row->bytes, "files", files);
}

GBytes *recording_json_event(const struct recording *row, const char *by,
			     guint64 n)
{
	json_t *object =
		json_pack("{s:s, s:I, s:o}", "t", "recording", "n",
			  (json_int_t)n, "recording", recording_of(row));

	if (by)
		json_object_set_new(object, "by", panel_json_string(by));
	return panel_json_bytes(object);
}

GBytes *recording_json_list(gint64 id, const char *room, const GPtrArray *rows)
{
	json_t *array = json_array();

	for (guint i = 0; i < rows->len; i++)
		json_array_append_new(array, recording_of(rows->pdata[i]));
	return panel_json_bytes(json_pack(
		"{s:s, s:I, s:o, s:o}", "t", "recordings", "id", (json_int_t)id,
		"room", panel_json_string(room), "recordings", array));
}

GBytes *recording_json_announcements(gint64 id, const char *room,
				     const GPtrArray *list)
{
	json_t *array = json_array();

	for (guint i = 0; i < list->len; i++) {
		const struct room_announcement *one = list->pdata[i];

		json_array_append_new(array,
				      json_pack("{s:o, s:f}", "name",
						panel_json_string(one->name),
						"seconds", one->seconds));
	}
	return panel_json_bytes(json_pack("{s:s, s:I, s:o, s:o}", "t",
					  "announcements", "id", (json_int_t)id,
					  "room", panel_json_string(room),
					  "announcements", array));
}
