#include "web/history.h"

#include <jansson.h>

#include "web/panel_json.h"

#define UNKNOWN	 G_MAXUINT16
#define MAX_ROWS 9

enum reduction { MEAN, LEAST, MOST };

/* A sample s is low + s * unit. */
struct series {
	const char *name;
	double low, unit;
	enum reduction reduction;
};

static const struct series member_series[] = {
	{ "loss_in", 0, 1e-4, MEAN },  { "late_in", 0, 1e-4, MEAN },
	{ "jitter_in", 0, 0.1, MEAN }, { "mos_in", 0, 0.01, MEAN },
	{ "loss_out", 0, 1e-4, MEAN }, { "jitter_out", 0, 0.1, MEAN },
	{ "mos_out", 0, 0.01, MEAN },  { "round_trip", 0, 0.1, MEAN },
	{ "level", -127, 0.1, MEAN },
};

static const struct series room_series[] = {
	{ "people", 0, 1, MOST },	 { "talkers", 0, 1, MOST },
	{ "mos_worst", 0, 0.01, LEAST }, { "loss_worst", 0, 1e-4, MOST },
	{ "stress", 0, 1e-3, MOST },
};

#define MEMBER_ROWS G_N_ELEMENTS(member_series)
#define ROOM_ROWS   G_N_ELEMENTS(room_series)

G_STATIC_ASSERT(MEMBER_ROWS <= MAX_ROWS && ROOM_ROWS <= MAX_ROWS);

/* The samples of a member, or of the room, and what the one that is being made
 * consists of. */
struct track {
	gint64 first;		/* its oldest step */
	float values[MAX_ROWS]; /* the sum, the least or the most */
	guint8 known[MAX_ROWS]; /* of how many */
	guint16 samples[][HISTORY_SAMPLES];
};

G_STATIC_ASSERT(sizeof(struct track) +
			MEMBER_ROWS * HISTORY_SAMPLES * sizeof(guint16) <=
		HISTORY_MEMBER_BYTES);

struct history {
	gint64 step; /* that is being made */
	struct track *room;
	GHashTable *members; /* id -> struct track */
};

static struct track *track_new(guint rows, gint64 step)
{
	struct track *trk =
		g_malloc0(sizeof(*trk) + rows * sizeof(trk->samples[0]));

	trk->first = step;
	return trk;
}

struct history *history_create(void)
{
	struct history *his = g_new0(struct history, 1);

	his->members = g_hash_table_new_full(NULL, NULL, NULL, g_free);
	return his;
}

void history_destroy(struct history **hisp)
{
	struct history *his = *hisp;

	*hisp = NULL;
	if (!his)
		return;
	g_hash_table_destroy(his->members);
	g_free(his->room);
	g_free(his);
}

/* A sample is finished, and those of steps that nobody told of are not known.
 */

static guint16 sample_of(const struct series *row, double value)
{
	const double sample = (value - row->low) / row->unit + 0.5;

	return (guint16)CLAMP(sample, 0, UNKNOWN - 1);
}

static void track_finish(struct track *trk, const struct series *series,
			 guint rows, gint64 step, gint64 next)
{
	const gint64 last = MIN(next, step + HISTORY_SAMPLES + 1);

	for (guint i = 0; i < rows; i++) {
		const guint n = trk->known[i];
		const gboolean mean = series[i].reduction == MEAN;
		guint16 *samples = trk->samples[i];

		samples[step % HISTORY_SAMPLES] =
			n ? sample_of(&series[i],
				      trk->values[i] / (mean ? n : 1))
			  : UNKNOWN;
		for (gint64 k = step + 1; k < last; k++)
			samples[k % HISTORY_SAMPLES] = UNKNOWN;
		trk->known[i] = 0;
	}
	trk->first = MAX(trk->first, next - HISTORY_SAMPLES);
}

static void finish(struct history *his, const struct room *room, gint64 next)
{
	GHashTableIter iter;
	gpointer id, trk;

	g_hash_table_iter_init(&iter, his->members);
	while (g_hash_table_iter_next(&iter, &id, &trk)) {
		if (room_member(room, GPOINTER_TO_UINT(id)))
			track_finish(trk, member_series, MEMBER_ROWS, his->step,
				     next);
		else
			g_hash_table_iter_remove(&iter);
	}
	track_finish(his->room, room_series, ROOM_ROWS, his->step, next);
	his->step = next;
}

/* What a second adds. */

static void add(struct track *trk, const struct series *series, guint i,
		double value)
{
	float *to = &trk->values[i];

	if (!(value >= series[i].low))
		return; /* not known */
	if (!trk->known[i]++)
		*to = (float)value;
	else if (series[i].reduction == MEAN)
		*to += (float)value;
	else if (series[i].reduction == LEAST)
		*to = MIN(*to, (float)value);
	else
		*to = MAX(*to, (float)value);
}

static void add_member(struct history *his, const struct member *mem)
{
	const double values[MEMBER_ROWS] = {
		mem->in.loss, mem->in.late,	  mem->in.jitter_ms,
		mem->in.mos,  mem->out.loss,	  mem->out.jitter_ms,
		mem->out.mos, mem->round_trip_ms, mem->level,
	};
	struct track *trk =
		g_hash_table_lookup(his->members, GUINT_TO_POINTER(mem->id));

	if (!trk) {
		trk = track_new(MEMBER_ROWS, his->step);
		g_hash_table_insert(his->members, GUINT_TO_POINTER(mem->id),
				    trk);
	}
	for (guint i = 0; i < MEMBER_ROWS; i++)
		add(trk, member_series, i, values[i]);
}

static void add_room(struct history *his, const struct room *room)
{
	const GPtrArray *members = room_members(room);
	guint people = 0, talkers = 0;
	double mos = G_MAXDOUBLE, loss = -1;

	for (guint i = 0; i < members->len; i++) {
		const struct member *mem = members->pdata[i];

		if (mem->state != MEMBER_HERE)
			continue;
		add_member(his, mem);
		people++;
		talkers += mem->talking ? 1 : 0;
		loss = MAX(loss, MAX(mem->in.loss, mem->out.loss));
		if (mem->in.mos >= 0)
			mos = MIN(mos, mem->in.mos);
		if (mem->out.mos >= 0)
			mos = MIN(mos, mem->out.mos);
	}
	add(his->room, room_series, 0, people);
	add(his->room, room_series, 1, talkers);
	add(his->room, room_series, 2, mos < G_MAXDOUBLE ? mos : -1);
	add(his->room, room_series, 3, loss);
	add(his->room, room_series, 4, room_stress(room));
}

void history_second(struct history *his, const struct room *room, gint64 now_s)
{
	const gint64 step = now_s / HISTORY_STEP_S;

	if (!his->room) {
		his->step = step;
		his->room = track_new(ROOM_ROWS, step);
	} else if (step > his->step) {
		finish(his, room, step);
	}
	add_room(his, room);
}

/* The answer. */

static json_t *values_of(const struct track *trk, guint i,
			 const struct series *row, gint64 end)
{
	json_t *values = json_array();

	for (gint64 k = trk->first; k < end; k++) {
		const guint16 sample = trk->samples[i][k % HISTORY_SAMPLES];

		json_array_append_new(
			values, sample == UNKNOWN
					? json_null()
					: panel_json_rounded(
						  row->low + sample * row->unit,
						  row->unit));
	}
	return values;
}

GBytes *history_text(const struct history *his, gint64 id, const char *room,
		     guint32 member, gint64 now_s, gint64 unix_s)
{
	const struct series *series = member ? member_series : room_series;
	const guint rows = member ? MEMBER_ROWS : ROOM_ROWS;
	const struct track *trk =
		!his	 ? NULL
		: member ? g_hash_table_lookup(his->members,
					       GUINT_TO_POINTER(member))
			 : his->room;
	const gint64 end = his ? his->step : now_s / HISTORY_STEP_S;
	json_t *all = json_object(), *text;

	for (guint i = 0; i < rows; i++)
		json_object_set_new(all, series[i].name,
				    trk ? values_of(trk, i, &series[i], end)
					: json_array());
	text = json_pack("{s:s, s:I, s:o, s:i, s:I, s:o}", "t", "history", "id",
			 (json_int_t)id, "room", panel_json_string(room),
			 "step_s", HISTORY_STEP_S, "until",
			 (json_int_t)(unix_s - (now_s - end * HISTORY_STEP_S)),
			 "series", all);
	if (member)
		json_object_set_new(text, "member", json_integer(member));
	return panel_json_bytes(text);
}
