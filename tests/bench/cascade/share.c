#include "tests/bench/cascade/share.h"

#include "bridge/directory/recommend.h"
#include "bridge/room/cascade.h"

#define SESSIONS 5u

/* Counted are at least so many callers with a private address, and the room
 * turned over so many times. */
#define LEAST_CALLERS 4000u
#define TURNS	      4u
#define SETTLE_TURNS  3u

struct person {
	guint index;	 /* in the room */
	gboolean global; /* has the gate at `slot`, else is a guest there */
	guint slot;
	guint standby;
	guint32 standby_serial; /* which gate of that slot was meant */
};

/* A gate that is there, or the place of one that was. */
struct slot {
	guint32 serial; /* 0: nobody's */
	GPtrArray *guests;
};

struct room {
	const struct share_config *cfg;
	GRand *rand;
	GPtrArray *people;
	GArray *slots;	      /* struct slot */
	GArray *sites;	      /* struct recommend_site, by slot */
	GArray *free;	      /* slots that are nobody's */
	struct cascade *tree; /* of the gates; ids are slots from 1 on */
	guint32 serial;
	guint gates;

	gboolean counts; /* the room has filled */
	guint came, refused, dropped, moved;
	guint64 gates_sum;
};

static struct slot *slot_at(struct room *room, guint i)
{
	return &g_array_index(room->slots, struct slot, i);
}

static struct recommend_site *site_at(struct room *room, guint i)
{
	return &g_array_index(room->sites, struct recommend_site, i);
}

static guint free_slot(struct room *room)
{
	struct slot slot = { .guests = g_ptr_array_new() };
	struct recommend_site site = {
		.site = g_strdup_printf("%08u", room->slots->len),
		.owner = RECOMMEND_OTHER,
		.global = TRUE,
		.affinity = RECOMMEND_PLACE,
		.rtt_ms = -1,
	};
	guint i;

	if (room->free->len) {
		g_ptr_array_unref(slot.guests);
		g_free((char *)site.site);
		i = g_array_index(room->free, guint, room->free->len - 1);
		g_array_set_size(room->free, room->free->len - 1);
		return i;
	}
	site.host = site.site;
	g_array_append_val(room->slots, slot);
	g_array_append_val(room->sites, site);
	return room->slots->len - 1;
}

static void sit(struct room *room, struct person *who, guint slot,
		guint standby)
{
	who->slot = slot;
	who->standby = standby;
	who->standby_serial = slot_at(room, standby)->serial;
	g_ptr_array_add(slot_at(room, slot)->guests, who);
	site_at(room, slot)->used++;
}

static void rise(struct room *room, struct person *who)
{
	g_ptr_array_remove_fast(slot_at(room, who->slot)->guests, who);
	site_at(room, who->slot)->used--;
}

static gboolean seat(struct room *room, struct person *who)
{
	const struct recommend_caller caller = { .global = FALSE };
	struct recommendation rec;

	if (!recommend(&caller, (struct recommend_site *)room->sites->data,
		       room->sites->len, &rec))
		return FALSE;
	sit(room, who, rec.assigned, rec.standby);
	return TRUE;
}

static void forget(struct room *room, struct person *who)
{
	struct person *last = room->people->pdata[room->people->len - 1];

	last->index = who->index;
	room->people->pdata[who->index] = last;
	g_ptr_array_set_size(room->people, (gint)room->people->len - 1);
	g_free(who);
}

/* His gate is gone, or has no place for him any more. */
static void move(struct room *room, struct person *who)
{
	guint standby = who->standby;
	const struct recommend_site *site = site_at(room, standby);

	room->moved += room->counts;
	if (slot_at(room, standby)->serial == who->standby_serial &&
	    standby != who->slot && site->used < site->places) {
		sit(room, who, standby, standby);
		return;
	}
	if (seat(room, who))
		return;
	room->dropped += room->counts;
	forget(room, who);
}

static guint places_at(const struct room *room, guint slot)
{
	struct cascade_place place;

	if (room->cfg->rule == SHARE_OWNER)
		return SESSIONS - 1;
	if (room->cfg->rule == SHARE_GUESTS)
		return SESSIONS;
	cascade_place(room->tree, slot + 1, &place);
	return SESSIONS - place.n_children - !place.root;
}

/* The tree has changed: trunks take places from guests. */
static void recount(struct room *room)
{
	g_autoptr(GArray) ids = cascade_take_changes(room->tree);

	for (guint i = 0; i < ids->len; i++) {
		guint slot = g_array_index(ids, guint32, i) - 1;

		site_at(room, slot)->places = places_at(room, slot);
	}
	for (guint i = 0; i < ids->len; i++) {
		guint slot = g_array_index(ids, guint32, i) - 1;
		struct recommend_site *site = site_at(room, slot);

		while (site->used > site->places) {
			struct person *who =
				slot_at(room, slot)->guests->pdata[0];

			rise(room, who);
			move(room, who);
		}
	}
}

static void open_gate(struct room *room, struct person *who)
{
	struct cascade_hub hub;

	who->slot = free_slot(room);
	slot_at(room, who->slot)->serial = ++room->serial;
	hub = (struct cascade_hub){ .id = who->slot + 1,
				    .since = room->serial };
	if (!cascade_add(room->tree, &hub))
		g_error("the tree is full");
	room->gates++;
	recount(room);
}

static void close_gate(struct room *room, guint slot)
{
	const guint32 id = slot + 1;
	GPtrArray *guests = slot_at(room, slot)->guests;

	slot_at(room, slot)->serial = 0;
	site_at(room, slot)->places = 0;
	cascade_remove(room->tree, &id, 1);
	recount(room);
	room->gates--;
	while (guests->len) {
		struct person *who = guests->pdata[0];

		rise(room, who);
		move(room, who);
	}
	g_array_append_val(room->free, slot);
}

static void arrive(struct room *room)
{
	struct person *who = g_new0(struct person, 1);

	who->global = g_rand_double(room->rand) < room->cfg->global;
	if (!who->global) {
		room->came += room->counts;
		room->gates_sum += room->counts ? room->gates : 0;
	}
	if (!who->global && !seat(room, who)) {
		room->refused += room->counts;
		g_free(who);
		return;
	}
	who->index = room->people->len;
	g_ptr_array_add(room->people, who);
	if (who->global)
		open_gate(room, who);
}

static void depart(struct room *room, struct person *who)
{
	guint slot = who->slot;
	gboolean global = who->global;

	if (!global)
		rise(room, who);
	forget(room, who);
	if (global)
		close_gate(room, slot);
}

/* Stays and intervals are exponential: whatever has happened, the next to
 * happen is an arrival or the departure of any one by their rates. */
static void step(struct room *room)
{
	guint n = room->people->len;
	double all = room->cfg->people + n;

	if (g_rand_double(room->rand) * all < room->cfg->people)
		arrive(room);
	else
		depart(room, room->people->pdata[g_rand_int_range(room->rand, 0,
								  (gint)n)]);
}

static void fini(struct room *room)
{
	g_ptr_array_foreach(room->people, (GFunc)(void (*)(void))g_free, NULL);
	for (guint i = 0; i < room->slots->len; i++) {
		g_ptr_array_unref(slot_at(room, i)->guests);
		g_free((char *)site_at(room, i)->site);
	}
	g_ptr_array_unref(room->people);
	g_array_unref(room->slots);
	g_array_unref(room->sites);
	g_array_unref(room->free);
	cascade_destroy(&room->tree);
	g_rand_free(room->rand);
}

void share_run(const struct share_config *cfg, struct share *share_r)
{
	struct room room = {
		.cfg = cfg,
		.rand = g_rand_new_with_seed(cfg->seed),
		.people = g_ptr_array_new(),
		.slots = g_array_new(FALSE, TRUE, sizeof(struct slot)),
		.sites =
			g_array_new(FALSE, TRUE, sizeof(struct recommend_site)),
		.free = g_array_new(FALSE, FALSE, sizeof(guint)),
		.tree = cascade_create(CASCADE_FAN_OUT),
	};
	guint turns = MAX(LEAST_CALLERS, TURNS * cfg->people);

	for (guint i = 0; i < 2 * SETTLE_TURNS * cfg->people; i++)
		step(&room);
	room.counts = TRUE;
	while (room.came < turns)
		step(&room);
	*share_r = (struct share){
		.came = room.came,
		.refused = (double)room.refused / room.came,
		.dropped = (double)room.dropped / room.came,
		.moved = (double)room.moved / room.came,
		.global_mean = (double)room.gates_sum / room.came,
	};
	fini(&room);
}
