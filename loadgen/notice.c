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

void notice_read(struct notice *notice_r, const char *json, gsize size)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *why = json_string_value(json_object_get(root, "why"));
	const char *text = json_string_value(json_object_get(root, "text"));

	*notice_r = (struct notice){ .type = NOTICE_OTHER };
	if (!g_strcmp0(type, "end")) {
		notice_r->type = NOTICE_END;
		notice_r->end = end_of(why);
		notice_r->why = text ? text_line(text, NOTICE_WHY_MAX) : NULL;
	} else if (!g_strcmp0(type, "check")) {
		notice_r->type = NOTICE_CHECK;
	} else if (ipsp_decode_standby(&notice_r->gate, json, size)) {
		notice_r->type = NOTICE_STANDBY;
	}
	json_decref(root);
}
