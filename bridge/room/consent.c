#include "bridge/room/consent.h"

#include "bridge/room/in_band.h"

void consent_forget(struct member *mem)
{
	mem->asked = ASKED_NOT;
	g_clear_pointer(&mem->asked_by, g_free);
}

static gboolean is_muted(const struct member *mem)
{
	return mem->muted || mem->self_muted;
}

void consent_ask(const struct room_link *link, struct member *mem,
		 const char *by, gint64 now_ms)
{
	g_autofree char *json = NULL;

	if (!is_muted(mem) || !member_is_person(mem))
		return;
	consent_forget(mem);
	mem->asked = ASKED_WAITING;
	mem->asked_n++;
	mem->asked_until_ms = now_ms + CONSENT_LIFE_MS;
	mem->asked_by = g_strdup(by);
	json = in_band_ask_unmute(mem->asked_n);
	room_link_tell(link, mem, json);
	room_link_changed(link, mem, by);
}

gboolean consent_request(const struct room_link *link, guint32 member,
			 const char *by, gint64 now_ms, GError **error)
{
	struct member *mem = room_moderated(link->room, member, error);

	if (!mem)
		return FALSE;
	if (!member_is_person(mem) || mem->state != MEMBER_HERE) {
		g_set_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE,
			    "%s cannot be asked: %s.", mem->name,
			    mem->state == MEMBER_HERE ? "it is a tool"
						      : "not here yet");
		return FALSE;
	}
	consent_ask(link, mem, by, now_ms);
	return TRUE;
}

void consent_answer(const struct room_link *link, struct member *mem, guint32 n,
		    gboolean yes)
{
	g_autofree char *by = NULL;

	if (mem->asked != ASKED_WAITING || n != mem->asked_n)
		return;
	by = g_strdup(mem->asked_by);
	consent_forget(mem);
	if (!yes) {
		mem->asked = ASKED_REFUSED;
		room_link_changed(link, mem, NULL);
		return;
	}
	mem->self_muted = FALSE;
	if (mem->muted)
		room_unmute(link->room, mem->id, by, NULL);
	else
		room_link_changed(link, mem, by);
}

void consent_run(const struct room_link *link, gint64 now_ms)
{
	const GPtrArray *members = room_members(link->room);

	for (guint i = 0; i < members->len; i++) {
		struct member *mem = members->pdata[i];

		if (mem->asked != ASKED_WAITING || now_ms < mem->asked_until_ms)
			continue;
		consent_forget(mem);
		mem->asked = ASKED_UNANSWERED;
		room_link_changed(link, mem, NULL);
	}
}
