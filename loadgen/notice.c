#include "loadgen/notice.h"

#include <jansson.h>

#include "signaling/message.h"
#include "signaling/text.h"

static const struct {
	const char *why;
	enum caller_end end;
} ends[] = {
	{ "kicked", CALLER_KICKED },	 { "refused", CALLER_KICKED },
	{ "banned", CALLER_KICKED },	 { "ended", CALLER_ROOM_ENDED },
	{ "replaced", CALLER_REPLACED }, { "moved", CALLER_MOVED },
};

static enum caller_end end_of(const char *why)
{
	for (guint i = 0; i < G_N_ELEMENTS(ends); i++)
		if (!g_strcmp0(why, ends[i].why))
			return ends[i].end;
	return CALLER_NOT_ENDED;
}

/* Of a number that must not be believed. */
static guint number_of(const json_t *root, const char *name)
{
	json_int_t value = json_integer_value(json_object_get(root, name));

	return (guint)CLAMP(value, 0, G_MAXINT32);
}

static const struct {
	const char *type;
	enum notice_type is;
	const char *number; /* what n is called; NULL: it has none */
} plain[] = {
	{ "check", NOTICE_CHECK, NULL },   { "mute", NOTICE_MUTE, NULL },
	{ "ask-unmute", NOTICE_ASK, "n" }, { "hand", NOTICE_HAND, "place" },
	{ "floor", NOTICE_FLOOR, NULL },   { "hold", NOTICE_HOLD, NULL },
};

static gboolean read_plain(struct notice *notice_r, const json_t *root,
			   const char *type)
{
	for (guint i = 0; i < G_N_ELEMENTS(plain); i++) {
		if (g_strcmp0(type, plain[i].type) != 0)
			continue;
		notice_r->type = plain[i].is;
		notice_r->on = json_is_true(json_object_get(root, "on"));
		notice_r->seconds = number_of(root, "s");
		if (plain[i].number)
			notice_r->n = number_of(root, plain[i].number);
		return TRUE;
	}
	return FALSE;
}

void notice_read(struct notice *notice_r, const char *json, gsize size)
{
	json_t *root = json_loadb(json, size, JSON_REJECT_DUPLICATES, NULL);
	const char *type = json_string_value(json_object_get(root, "t"));
	const char *why = json_string_value(json_object_get(root, "why"));
	const char *text = json_string_value(json_object_get(root, "text"));
	const char *role = json_string_value(json_object_get(root, "role"));
	const char *room = json_string_value(json_object_get(root, "room"));

	*notice_r = (struct notice){ .type = NOTICE_OTHER };
	if (!g_strcmp0(type, "end")) {
		notice_r->type = NOTICE_END;
		notice_r->end = end_of(why);
		notice_r->why = text ? text_line(text, NOTICE_WHY_MAX) : NULL;
		notice_r->room = room ? message_address(room) : NULL;
	} else if (!g_strcmp0(type, "role")) {
		notice_r->type = NOTICE_ROLE;
		notice_r->on = !g_strcmp0(role, "listener");
	} else if (!read_plain(notice_r, root, type) &&
		   ipsp_decode_standby(&notice_r->gate, json, size)) {
		notice_r->type = NOTICE_STANDBY;
	}
	json_decref(root);
}
