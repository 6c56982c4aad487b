#include "loadgen/notice.h"

#include <jansson.h>

#include "signaling/text.h"

static const struct {
	const char *why;
	enum caller_end end;
} ends[] = {
	{ "kicked", CALLER_KICKED },
	{ "ended", CALLER_ROOM_ENDED },
	{ "replaced", CALLER_REPLACED },
};

static enum caller_end end_of(const char *why)
{
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
		if (!g_strcmp0(why, ends[i].why))
			return ends[i].end;
	return CALLER_NOT_ENDED;
}

gboolean notice_read(struct notice *notice_r, const char *json, gsize size)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *why = json_string_value(json_object_get(root, "why"));
	const char *text = json_string_value(json_object_get(root, "text"));
	gboolean is_end = !g_strcmp0(type, "end");

	if (is_end) {
		notice_r->end = end_of(why);
		notice_r->why = text ? text_line(text, NOTICE_WHY_MAX) : NULL;
	}
	json_decref(root);
	return is_end;
}
