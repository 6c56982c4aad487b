#include "bridge/media.h"

#include <jansson.h>

static struct member_figures direction(const struct stream_figures *fig)
{
	return (struct member_figures){
		.loss = (double)fig->loss,
		.late = (double)fig->late,
		.concealed = (double)fig->concealed,
		.recovered = (double)fig->recovered,
		.jitter_ms = (double)fig->jitter_ms,
		.buffer_ms = (double)fig->buffer_ms,
		.mos = (double)fig->mos,
	};
}

struct media_figures media_figures(const struct session_report *rep)
{
	return (struct media_figures){
		.in = direction(&rep->in),
		.out = direction(&rep->out),
		.round_trip_ms = (double)rep->round_trip_ms,
		.talking = rep->talking,
	};
}

gboolean media_self_mute(const char *json, gsize size, gboolean *on_r)
{
	json_t *message = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(message, "t"));
	json_t *on = json_object_get(message, "on");
	gboolean is_one = !g_strcmp0(type, "self-mute") && json_is_boolean(on);

	*on_r = json_is_true(on);
	json_decref(message);
	return is_one;
}
