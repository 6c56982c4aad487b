#include "bridge/room/floor.h"

#include "bridge/room/consent.h"
#include "bridge/room/in_band.h"
#include "bridge/room/room_link.h"

/* Between two changes of a hand by its phone. */
#define HAND_EVERY_MS 500
/* Who is told each change of his place: one of the first. Who stands further
 * back hears of it when he has come there. */
#define TOLD_PLACES 20

struct floor {
	const struct room_link *link;
	GPtrArray *queue;    /* struct member, by hand_ms */
	gint64 last_hand_ms; /* no two hands went up at the same time */
	gboolean stale;	     /* somebody's place is another */
	struct member *holder;
	gint64 until_ms; /* 0: no limit */
	gboolean mute_after;
};

struct floor *floor_create(const struct room_link *link)
{
	struct floor *flr = g_new0(struct floor, 1);

	flr->link = link;
	flr->queue = g_ptr_array_new();
	return flr;
}

void floor_destroy(struct floor **flrp)
{
	struct floor *flr = *flrp;

	*flrp = NULL;
	if (!flr)
		return;
	g_ptr_array_unref(flr->queue);
	g_free(flr);
}

struct member *floor_holder(const struct floor *flr)
{
	return flr->holder;
}

gint64 floor_until_ms(const struct floor *flr)
{
	return flr->until_ms;
}

const GPtrArray *floor_queue(const struct floor *flr)
{
	return flr->queue;
}

gboolean floor_mutes_after(const struct floor *flr)
{
	return flr->holder && flr->mute_after;
}

/* Takes json. */
static void tell(struct floor *flr, struct member *mem, char *json)
{
	room_link_tell(flr->link, mem, json);
	g_free(json);
}

/* Hands. */

static void tell_place(struct floor *flr, struct member *mem, guint place)
{
	if (mem->place_told == place)
		return;
	mem->place_told = place;
	tell(flr, mem, in_band_hand(place));
}

/* FALSE: it was so. */
static gboolean set_hand(struct floor *flr, struct member *mem, gboolean up,
			 gint64 now_ms)
{
	if (up == (mem->hand_ms != 0))
		return FALSE;
	if (up) {
		flr->last_hand_ms = MAX(now_ms, flr->last_hand_ms + 1);
		mem->hand_ms = flr->last_hand_ms;
		g_ptr_array_add(flr->queue, mem);
	} else {
		mem->hand_ms = 0;
		g_ptr_array_remove(flr->queue, mem);
		flr->stale = TRUE;
	}
	return TRUE;
}

static void change_hand(struct floor *flr, struct member *mem, gboolean up,
			const char *by, gint64 now_ms)
{
	if (!set_hand(flr, mem, up, now_ms))
		return;
	tell_place(flr, mem, up ? flr->queue->len : 0);
	room_link_changed(flr->link, mem, by);
}

void floor_hand(struct floor *flr, struct member *mem, gboolean up,
		gint64 now_ms)
{
	if (ABS(now_ms - mem->hand_changed_ms) < HAND_EVERY_MS) {
		guint at;

		if (!g_ptr_array_find(flr->queue, mem, &at))
			at = G_MAXUINT;
		tell(flr, mem, in_band_hand(at + 1));
		return;
	}
	mem->hand_changed_ms = now_ms;
	change_hand(flr, mem, up, NULL, now_ms);
}

static void tell_places(struct floor *flr)
{
	const guint n = MIN(flr->queue->len, TOLD_PLACES);

	if (!flr->stale)
		return;
	flr->stale = FALSE;
	for (guint i = 0; i < n; i++)
		tell_place(flr, flr->queue->pdata[i], i + 1);
}

/* The floor. */

static guint seconds_left(const struct floor *flr, gint64 now_ms)
{
	if (!flr->until_ms)
		return 0;
	return (guint)MAX(1, (flr->until_ms - now_ms + 999) / 1000);
}

static void tell_floor(struct floor *flr, gint64 now_ms)
{
	tell(flr, flr->holder, in_band_floor(seconds_left(flr, now_ms)));
}

static gint64 end_of(guint seconds, gint64 now_ms)
{
	return seconds ? now_ms + (gint64)seconds * 1000 : 0;
}

/* Nobody has it. Not said to observers. */
static void take(struct floor *flr, const char *why, const char *by)
{
	struct member *mem = flr->holder;

	flr->holder = NULL;
	flr->until_ms = 0;
	tell(flr, mem, in_band_floor_over(why));
	if (flr->mute_after)
		room_mute(flr->link->room, mem->id, by, NULL);
}

static void give(struct floor *flr, struct member *mem, guint seconds,
		 const char *by, gint64 now_ms)
{
	if (flr->holder && flr->holder != mem)
		take(flr, "next", by);
	if (!flr->holder) {
		flr->holder = mem;
		flr->mute_after = mem->muted;
	}
	flr->until_ms = end_of(seconds, now_ms);
	/* What follows says that the hand is down. */
	if (set_hand(flr, mem, FALSE, now_ms)) {
		mem->place_told = 0;
		room_link_changed(flr->link, mem, by);
	}
	room_unmute(flr->link->room, mem->id, by, NULL);
	tell_floor(flr, now_ms);
	if (mem->self_muted)
		consent_ask(flr->link, mem, by, now_ms);
	room_link_state(flr->link, by);
}

gboolean floor_left(struct floor *flr, struct member *mem)
{
	set_hand(flr, mem, FALSE, 0);
	if (flr->holder != mem)
		return FALSE;
	flr->holder = NULL;
	flr->until_ms = 0;
	return TRUE;
}

void floor_run(struct floor *flr, gint64 now_ms)
{
	if (!room_is_kept(flr->link->room))
		return;
	if (flr->holder && flr->until_ms && now_ms >= flr->until_ms) {
		take(flr, "time", NULL);
		room_link_state(flr->link, NULL);
	}
	tell_places(flr);
}

void floor_restore_hand(struct floor *flr, struct member *mem, gint64 hand_ms)
{
	guint i = flr->queue->len;

	if (!hand_ms)
		return;
	while (i &&
	       ((struct member *)flr->queue->pdata[i - 1])->hand_ms > hand_ms)
		i--;
	mem->hand_ms = hand_ms;
	g_ptr_array_insert(flr->queue, (gint)i, mem);
	flr->last_hand_ms = MAX(flr->last_hand_ms, hand_ms);
}

void floor_restore(struct floor *flr, struct member *mem, gint64 until_ms,
		   gboolean mute_after)
{
	flr->holder = mem;
	flr->until_ms = until_ms;
	flr->mute_after = mute_after;
}

/* Moderators. */

gboolean floor_set_hand(struct floor *flr, guint32 member, gboolean up,
			const char *by, gint64 now_ms, GError **error)
{
	struct member *mem = room_moderated(flr->link->room, member, error);

	if (mem)
		change_hand(flr, mem, up, by, now_ms);
	return mem != NULL;
}

gboolean floor_hands_down(struct floor *flr, const char *by, GError **error)
{
	if (!room_obeys(flr->link->room, error))
		return FALSE;
	while (flr->queue->len)
		change_hand(flr, flr->queue->pdata[flr->queue->len - 1], FALSE,
			    by, 0);
	return TRUE;
}

static gboolean impossible(GError **error, const char *why)
{
	g_set_error_literal(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE, why);
	return FALSE;
}

gboolean floor_give(struct floor *flr, guint32 member, guint seconds,
		    const char *by, gint64 now_ms, GError **error)
{
	struct member *mem = room_moderated(flr->link->room, member, error);

	if (!mem)
		return FALSE;
	if (mem->state != MEMBER_HERE)
		return impossible(error, "Who is not here yet cannot have the "
					 "floor.");
	give(flr, mem, seconds, by, now_ms);
	return TRUE;
}

gboolean floor_next(struct floor *flr, guint seconds, const char *by,
		    gint64 now_ms, GError **error)
{
	if (!room_obeys(flr->link->room, error))
		return FALSE;
	if (!flr->queue->len)
		return impossible(error, "Nobody's hand is up.");
	give(flr, flr->queue->pdata[0], seconds, by, now_ms);
	return TRUE;
}

gboolean floor_extend(struct floor *flr, guint seconds, const char *by,
		      gint64 now_ms, GError **error)
{
	if (!room_obeys(flr->link->room, error))
		return FALSE;
	if (!flr->holder)
		return impossible(error, "Nobody has the floor.");
	if (!flr->until_ms)
		return impossible(error, "The floor was given without a "
					 "limit.");
	flr->until_ms = MIN(flr->until_ms + (gint64)seconds * 1000,
			    now_ms + (gint64)FLOOR_MAX_S * 1000);
	tell_floor(flr, now_ms);
	room_link_state(flr->link, by);
	return TRUE;
}

gboolean floor_end(struct floor *flr, const char *by, GError **error)
{
	if (!room_obeys(flr->link->room, error))
		return FALSE;
	if (!flr->holder)
		return TRUE;
	take(flr, "moderator", by);
	room_link_state(flr->link, by);
	return TRUE;
}
