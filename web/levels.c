#include "web/levels.h"

#define SILENT_DBOV (-127)
/* From here on one talks: the mixer's own threshold, docs/panel-api.md. */
#define TALKS_DBOV (-50)

static void put_u16(guint8 *at, guint value)
{
	at[0] = (guint8)(value >> 8);
	at[1] = (guint8)value;
}

static guint8 flags_of(const struct member *mem)
{
	guint8 flags = 0;

	/* What was reported lasts over the pauses between words. */
	if (mem->talking || mem->level > TALKS_DBOV)
		flags |= LEVELS_TALKING;
	if (member_may_speak(mem))
		flags |= LEVELS_HEARD;
	return flags;
}

static void put_entry(guint8 *at, const struct member *mem)
{
	put_u16(at, mem->id >> 16);
	put_u16(at + 2, mem->id & 0xffff);
	at[4] = (guint8)CLAMP(-mem->level, 0, 127);
	at[5] = flags_of(mem);
}

static gboolean has_entry(const struct member *mem)
{
	return mem->state == MEMBER_HERE &&
	       (mem->level > SILENT_DBOV || mem->talking);
}

GBytes *levels_frame(const struct room *room, guint *n_r)
{
	const GPtrArray *members = room_members(room);
	guint8 *frame =
		g_malloc0(LEVELS_HEAD + (gsize)members->len * LEVELS_ENTRY);
	guint n = 0;

	for (guint i = 0; i < members->len && n < LEVELS_MAX_ENTRIES; i++)
		if (has_entry(members->pdata[i]))
			put_entry(frame + LEVELS_HEAD + n++ * LEVELS_ENTRY,
				  members->pdata[i]);
	frame[0] = LEVELS_KIND;
	put_u16(frame + 2, n);
	*n_r = n;
	return g_bytes_new_take(frame, LEVELS_HEAD + (gsize)n * LEVELS_ENTRY);
}
