#include "web/history.h"

#include <malloc.h>
#include <math.h>

#include <jansson.h>

#define ROOM	"r@x.org"
#define UNKNOWN (-1.0)

static double stress;

static double room_s_stress(const struct room *room, void *arg)
{
	(void)room;
	(void)arg;
	return stress;
}

static void end_media(struct member *mem, void *arg)
{
	(void)mem;
	(void)arg;
}

static void tell(struct member *mem, const char *json, void *arg)
{
	(void)mem;
	(void)json;
	(void)arg;
}

static const struct room_effects effects = { .end_media = end_media,
					     .tell = tell,
					     .stress = room_s_stress };

static struct room *make_room(void)
{
	const struct room_config cfg = { .address = ROOM,
					 .name = "R",
					 .capacity = ROOM_MAX_CAPACITY };

	stress = -1;
	return room_create(&cfg, &effects, NULL, NULL);
}

static struct member *join(struct room *room, guint n)
{
	g_autofree char *did = g_strdup_printf("d%u", n);
	g_autofree char *address = g_strdup_printf("p%u@x.org", n);
	struct member *mem =
		room_seat(room, &(struct room_guest){ .did = did,
						      .address = address,
						      .device = "phone",
						      .gate = "local-1",
						      .deadline = 1000 });

	room_registered(room, mem, "websocket", 50);
	return mem;
}

static void measure(struct member *mem, double loss, double mos)
{
	const struct member_figures fig = {
		.loss = loss, .late = -1, .jitter_ms = 3.5, .mos = mos
	};

	mem->in = mem->out = fig;
	mem->round_trip_ms = -1;
}

/* now_s is 10,000 s before the time of day. */
static json_t *ask(const struct history *his, guint32 member, gint64 now_s)
{
	g_autoptr(GBytes) text =
		history_text(his, 7, ROOM, member, now_s, now_s + 10000);
	gsize size;
	const char *data = g_bytes_get_data(text, &size);
	json_t *answer = json_loadb(data, size, 0, NULL);

	g_assert_cmpstr(json_string_value(json_object_get(answer, "t")), ==,
			"history");
	g_assert_cmpint(json_integer_value(json_object_get(answer, "id")), ==,
			7);
	return answer;
}

static gsize samples(json_t *answer, const char *name)
{
	json_t *all = json_object_get(answer, "series");

	return json_array_size(json_object_get(all, name));
}

/* Counted from the newest, 0. */
static double sample(json_t *answer, const char *name, gsize back)
{
	json_t *values =
		json_object_get(json_object_get(answer, "series"), name);
	json_t *value =
		json_array_get(values, json_array_size(values) - 1 - back);

	g_assert_nonnull(value);
	return json_is_null(value) ? UNKNOWN : json_number_value(value);
}

static void assert_near(double value, double expected)
{
	if (fabs(value - expected) > 1e-6)
		g_error("%g is not %g", value, expected);
}

static void a_sample_is_the_mean_of_five_seconds(void)
{
	struct history *his = history_create();
	struct room *room = make_room();
	struct member *ann = join(room, 1);
	json_t *answer;

	ann->level = -30;
	for (gint64 now = 100; now <= 105; now++) {
		measure(ann, now == 103 ? 0.05 : 0, now < 102 ? -1 : 4);
		history_second(his, room, now);
	}
	answer = ask(his, ann->id, 107);
	g_assert_cmpuint(samples(answer, "loss_in"), ==, 1);
	assert_near(sample(answer, "loss_in", 0), 0.01);
	assert_near(sample(answer, "mos_out", 0), 4);
	assert_near(sample(answer, "level", 0), -30);
	assert_near(sample(answer, "jitter_in", 0), 3.5);
	g_assert_cmpfloat(sample(answer, "late_in", 0), ==, UNKNOWN);
	g_assert_cmpfloat(sample(answer, "round_trip", 0), ==, UNKNOWN);
	/* It is of the seconds 100 to 104. */
	g_assert_cmpint(json_integer_value(json_object_get(answer, "until")),
			==, 10105);
	g_assert_cmpint(json_integer_value(json_object_get(answer, "member")),
			==, ann->id);
	json_decref(answer);
	history_destroy(&his);
	room_destroy(&room);
}

static void of_the_room_it_is_the_most_and_the_worst(void)
{
	struct history *his = history_create();
	struct room *room = make_room();
	struct member *ann = join(room, 1), *bob = join(room, 2);
	json_t *answer;

	measure(ann, 0, 4.4);
	measure(bob, 0.02, 3.1);
	for (gint64 now = 0; now <= 5; now++) {
		ann->talking = now == 2;
		bob->talking = now >= 2;
		bob->in.mos = now == 4 ? 2.5 : 3.1;
		stress = now == 1 ? 0.42 : 0.1;
		history_second(his, room, now);
	}
	answer = ask(his, 0, 5);
	g_assert_null(json_object_get(answer, "member"));
	assert_near(sample(answer, "people", 0), 2);
	assert_near(sample(answer, "talkers", 0), 2);
	assert_near(sample(answer, "mos_worst", 0), 2.5);
	assert_near(sample(answer, "loss_worst", 0), 0.02);
	assert_near(sample(answer, "stress", 0), 0.42);
	json_decref(answer);
	/* When all have gone it is known that nobody is there. */
	room_left(room, ann, LEAVE_BYE);
	room_left(room, bob, LEAVE_BYE);
	stress = -1;
	for (gint64 now = 6; now <= 15; now++)
		history_second(his, room, now);
	answer = ask(his, 0, 15);
	assert_near(sample(answer, "people", 0), 0);
	g_assert_cmpfloat(sample(answer, "mos_worst", 0), ==, UNKNOWN);
	g_assert_cmpfloat(sample(answer, "stress", 0), ==, UNKNOWN);
	assert_near(sample(answer, "people", 2), 2);
	json_decref(answer);
	history_destroy(&his);
	room_destroy(&room);
}

static void ten_minutes_are_kept_and_gaps_are_not_known(void)
{
	struct history *his = history_create();
	struct room *room = make_room();
	struct member *ann = join(room, 1);
	json_t *answer;

	measure(ann, 0.5, 4);
	for (gint64 now = 0; now < 2000; now += 1)
		if (now < 1900 || now >= 1920)
			history_second(his, room, now);
	history_second(his, room, 2000);
	answer = ask(his, ann->id, 2000);
	g_assert_cmpuint(samples(answer, "loss_in"), ==, HISTORY_SAMPLES);
	g_assert_cmpuint(samples(answer, "level"), ==, HISTORY_SAMPLES);
	assert_near(sample(answer, "loss_in", 0), 0.5);
	assert_near(sample(answer, "loss_in", 15), 0.5);
	for (gsize back = 16; back < 20; back++)
		g_assert_cmpfloat(sample(answer, "loss_in", back), ==, UNKNOWN);
	assert_near(sample(answer, "loss_in", 20), 0.5);
	json_decref(answer);
	/* Nobody told of anything for longer than is kept. */
	history_second(his, room, 9000);
	answer = ask(his, 0, 9000);
	g_assert_cmpuint(samples(answer, "people"), ==, HISTORY_SAMPLES);
	for (gsize back = 0; back < HISTORY_SAMPLES; back++)
		g_assert_cmpfloat(sample(answer, "people", back), ==, UNKNOWN);
	json_decref(answer);
	history_destroy(&his);
	room_destroy(&room);
}

static void nonsense_is_not_known_or_cut_off(void)
{
	struct history *his = history_create();
	struct room *room = make_room();
	struct member *ann = join(room, 1);
	json_t *answer;

	measure(ann, NAN, 4);
	ann->in.jitter_ms = 1e30;
	for (gint64 now = 0; now <= 5; now++)
		history_second(his, room, now);
	answer = ask(his, ann->id, 5);
	g_assert_cmpfloat(sample(answer, "loss_in", 0), ==, UNKNOWN);
	assert_near(sample(answer, "jitter_in", 0), 6553.4);
	json_decref(answer);
	answer = ask(NULL, 0, 5);
	g_assert_cmpuint(samples(answer, "people"), ==, 0);
	json_decref(answer);
	history_destroy(&his);
	room_destroy(&room);
}

static void who_left_costs_nothing_and_who_is_here_little(void)
{
	enum { PEOPLE = 1000 };
	struct history *his = history_create();
	struct room *room = make_room();
	gsize before, with, after;
	gint64 began;

	for (guint i = 0; i < PEOPLE; i++)
		measure(join(room, i), 0, 4);
	before = mallinfo2().uordblks;
	began = g_get_monotonic_time();
	for (gint64 now = 0; now < 60; now++)
		history_second(his, room, now);
	g_test_message("%.1f us for each second of %d members",
		       (double)(g_get_monotonic_time() - began) / 60, PEOPLE);
	with = mallinfo2().uordblks;
	g_test_message("%" G_GSIZE_FORMAT " bytes a member",
		       (with - before) / PEOPLE);
	g_assert_cmpuint((with - before) / PEOPLE, <,
			 HISTORY_MEMBER_BYTES + 200);
	room_end(room, NULL, NULL, NULL);
	history_second(his, room, 61);
	history_second(his, room, 66);
	after = mallinfo2().uordblks;
	g_assert_cmpuint(after, <, before + 20000);
	history_destroy(&his);
	room_destroy(&room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/history/a sample is the mean of five seconds",
			a_sample_is_the_mean_of_five_seconds);
	g_test_add_func("/history/of the room it is the most and the worst",
			of_the_room_it_is_the_most_and_the_worst);
	g_test_add_func("/history/ten minutes are kept and gaps are not known",
			ten_minutes_are_kept_and_gaps_are_not_known);
	g_test_add_func("/history/nonsense is not known or cut off",
			nonsense_is_not_known_or_cut_off);
	g_test_add_func("/history/who left costs nothing and who is here "
			"little",
			who_left_costs_nothing_and_who_is_here_little);
	return g_test_run();
}
