/* Which encoded stream the members of a mix hear, and that they hear no seam
 * where it changes. */
#include <stdlib.h>

#include "tests/unit/mix_room.h"

enum { CLEAN, LOSSY, THIN, CLASSES };

static const char *const names[] = { "clean", "lossy", "thin" };

/* One talker, somebody who stays in each class, and one who goes about. */
struct hall {
	struct room room;
	struct person *talker, *stays[CLASSES], *goes;
};

static void report_loss(struct person *person, int percent, unsigned times)
{
	while (times--)
		mix_leg_set_loss(person->leg, percent);
}

static void go_to(struct person *person, int class)
{
	static const int percent[] = { 0, 5, 40 };

	/* From thin to lossy the mean of the reports has to come down. */
	report_loss(person, percent[class], 40);
}

static void stay(struct hall *hall)
{
	for (int i = 0; i < CLASSES; i++)
		go_to(hall->stays[i], i);
}

static void open_hall(struct hall *hall, double hz)
{
	open_room(&hall->room);
	hall->talker = enter_with(&hall->room, hz, 3000, &levelled);
	for (int i = 0; i < CLASSES; i++)
		hall->stays[i] = enter_with(&hall->room, 0, 0, &levelled);
	hall->goes = enter_with(&hall->room, 0, 0, &levelled);
	stay(hall);
	run(&hall->room, 100);
}

static void members_of_a_class_share_its_packet(void)
{
	struct hall hall;

	open_hall(&hall, SPEECH);
	for (int i = 0; i < CLASSES; i++) {
		go_to(hall.goes, i);
		run(&hall.room, 10);
		for (int k = 0; k < CLASSES; k++)
			g_assert_true((hall.goes->packet ==
				       hall.stays[k]->packet) == (i == k));
	}
	close_room(&hall.room);
}

static void each_class_is_what_it_is_for(void)
{
	size_t bytes[CLASSES] = { 0 };
	unsigned with_fec = 0;
	struct hall hall;

	open_hall(&hall, SPEECH);
	for (unsigned t = 0; t < 100; t++) {
		if (t % 50 == 0)
			stay(&hall);
		run(&hall.room, 1);
		for (int i = 0; i < CLASSES; i++)
			bytes[i] += hall.stays[i]->size;
		/* CELT only, then speech modes: RFC 6716 3.1. */
		g_assert_true(hall.stays[CLEAN]->packet[0] & 0x80);
		g_assert_false(hall.stays[LOSSY]->packet[0] & 0x80);
		g_assert_false(hall.stays[THIN]->packet[0] & 0x80);
		with_fec += codec_packet_has_fec(hall.stays[LOSSY]->packet,
						 hall.stays[LOSSY]->size);
	}
	g_test_message("kbit/s: %.0f, %.0f, %.0f", bytes[0] * 0.004,
		       bytes[1] * 0.004, bytes[2] * 0.004);
	g_assert_cmpuint(with_fec, >, 50);
	g_assert_cmpuint(bytes[THIN], <, 20000 / 8 * 2);
	close_room(&hall.room);
}

/* The largest edge in the last frames, of those heard in both classes by who
 * stays in them. */
static int edge_of_staying(const struct hall *hall, int from, int to,
			   unsigned frames)
{
	return MAX(edge(hall->stays[from], frames),
		   edge(hall->stays[to], frames));
}

static void no_change_of_class_clicks(void)
{
	const double sounds[] = { SPEECH, 440 };
	struct hall hall;

	for (unsigned s = 0; s < G_N_ELEMENTS(sounds); s++) {
		int worst[CLASSES][CLASSES] = { 0 };

		open_hall(&hall, sounds[s]);
		for (unsigned k = 0; k < 72; k++) {
			static const int tour[] = { LOSSY, THIN, LOSSY,
						    CLEAN, THIN, CLEAN };
			int to = tour[k % 6], from = tour[(k + 5) % 6];
			int is, stays;

			/* Whatever is just being said. */
			run(&hall.room, 17 + k % 7);
			go_to(hall.goes, to);
			stay(&hall);
			run(&hall.room, 12);
			is = edge(hall.goes, 13);
			stays = edge_of_staying(&hall, from, to, 13);
			worst[from][to] =
				MAX(worst[from][to], 100 * is / MAX(stays, 1));
		}
		for (int i = 0; i < CLASSES; i++)
			for (int k = 0; k < CLASSES; k++)
				if (i != k)
					g_test_message(
						"%s to %s: edge %.2f of that"
						" of who stays",
						names[i], names[k],
						worst[i][k] / 100.0);
		for (int i = 0; i < CLASSES; i++)
			for (int k = 0; k < CLASSES; k++)
				g_assert_cmpint(worst[i][k], <, 200);
		close_room(&hall.room);
	}
}

/* Talker: his own encoder. Listener: the shared one. */
static void no_change_between_talker_and_listener_clicks(void)
{
	struct hall hall;

	for (int class = 0; class < CLASSES; class ++) {
		int worst = 0;

		open_hall(&hall, SPEECH);
		go_to(hall.goes, class);
		hall.goes->hz = 950;
		run(&hall.room, 50);
		for (unsigned k = 0; k < 20; k++) {
			int is, stays;

			/* He hears the other; they would hear him too. */
			hall.goes->amplitude = k % 2 ? 0 : 200;
			stay(&hall);
			go_to(hall.goes, class);
			run(&hall.room, 40 + k % 7);
			is = edge(hall.goes, 40);
			stays = edge(hall.stays[class], 40);
			worst = MAX(worst, 100 * is / MAX(stays, 1));
		}
		g_test_message("%s: edge %.2f of that of who stays",
			       names[class], worst / 100.0);
		g_assert_cmpint(worst, <, 200);
		close_room(&hall.room);
	}
}

static void who_comes_hears_within_100_ms_and_nobody_else_is_disturbed(void)
{
	struct hall hall;
	struct person *guest;

	open_hall(&hall, 440);
	for (unsigned k = 0; k < 5; k++) {
		int before;

		run(&hall.room, 30);
		before = edge(hall.stays[CLEAN], 30);
		guest = enter_with(&hall.room, 0, 0, &levelled);
		run(&hall.room, 6);
		g_assert_true(guest->packet == hall.stays[CLEAN]->packet);
		run(&hall.room, 20);
		g_assert_cmpint(edge(hall.stays[CLEAN], 27), <, before * 2);
		g_assert_cmpfloat(find(guest, 440, 15), >, -22);
	}
	close_room(&hall.room);
}

/* A thousand who come at once cost no encoder of their own: all have the same
 * packet. */
static void many_who_come_at_once_share_one_packet(void)
{
	enum { MANY = 1000 };
	const struct mix_config cfg = { .capacity = MANY + 1,
					.talkers = 1,
					.bitrate = 32000,
					.channels = 1,
					.jitter = { 0, 400 } };
	g_autofree struct mix_leg **leg = g_new0(struct mix_leg *, MANY);
	const uint8_t *first, *packet;
	struct room room = { 0 };

	g_assert_cmpint(mix_create(&room.mix, &cfg), ==, 0);
	enter_with(&room, 440, 6000, &levelled);
	run(&room, 20);
	for (unsigned i = 0; i < MANY; i++) {
		g_assert_cmpint(mix_leg_create(&leg[i], &levelled), ==, 0);
		g_assert_cmpint(mix_join(room.mix, leg[i]), ==, 0);
	}
	run(&room, 1);
	for (unsigned i = 0; i < MANY; i++) {
		g_assert_cmpuint(mix_leg_packet(leg[i], &packet), >, 1);
		if (!i)
			first = packet;
		g_assert_true(packet == first);
	}
	for (unsigned i = 0; i < MANY; i++) {
		mix_leave(room.mix, leg[i]);
		mix_leg_destroy(&leg[i]);
	}
	close_room(&room);
}

static void who_can_take_no_more_is_thin_from_the_start(void)
{
	struct mix_leg_config narrow = levelled;
	struct person *person;
	struct hall hall;

	narrow.bitrate = 16000;
	open_hall(&hall, SPEECH);
	person = enter_with(&hall.room, 0, 0, &narrow);
	run(&hall.room, 10);
	g_assert_true(person->packet == hall.stays[THIN]->packet);
	report_loss(person, 0, 50);
	run(&hall.room, 10);
	g_assert_true(person->packet == hall.stays[THIN]->packet);
	close_room(&hall.room);
}

static void a_bad_second_makes_nobody_thin(void)
{
	struct hall hall;

	open_hall(&hall, SPEECH);
	report_loss(hall.goes, 40, 1);
	report_loss(hall.goes, 32, 1);
	report_loss(hall.goes, 26, 1);
	run(&hall.room, 10);
	g_assert_true(hall.goes->packet == hall.stays[LOSSY]->packet);
	close_room(&hall.room);
}

/* Everything at random, for a long time: the counts are right as long as who
 * should hear something is sent it, and nobody else is counted. */
static void everybody_always_hears_something(void)
{
	struct hall hall;
	struct person *it[6];
	unsigned deaf[6] = { 0 };

	open_hall(&hall, 440);
	for (unsigned i = 0; i < 6; i++)
		it[i] = enter_with(&hall.room, 900 + 100 * i, 0, &levelled);
	srand(11);
	for (unsigned t = 0; t < 3000; t++) {
		unsigned i = (unsigned)rand() % 6;

		switch (rand() % 12) {
		case 0:
			mix_leave(hall.room.mix, it[i]->leg);
			mix_join(hall.room.mix, it[i]->leg);
			break;
		case 1:
			it[i]->amplitude = rand() % 3 ? 0 : 2000;
			break;
		case 2:
			go_to(it[i], rand() % CLASSES);
			break;
		case 3:
			report_loss(it[i], rand() % 50, 1);
			break;
		default:
			break;
		}
		run(&hall.room, 1);
		for (unsigned k = 0; k < 6; k++) {
			deaf[k] = it[k]->size ? 0 : deaf[k] + 1;
			g_assert_cmpuint(deaf[k], <=, 6);
		}
	}
	close_room(&hall.room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mix/audience/members of a class share its packet",
			members_of_a_class_share_its_packet);
	g_test_add_func("/mix/audience/each class is what it is for",
			each_class_is_what_it_is_for);
	g_test_add_func("/mix/audience/no change of class clicks",
			no_change_of_class_clicks);
	g_test_add_func("/mix/audience/no change between talker and listener "
			"clicks",
			no_change_between_talker_and_listener_clicks);
	g_test_add_func(
		"/mix/audience/who comes hears within 100 ms, and "
		"nobody else is disturbed",
		who_comes_hears_within_100_ms_and_nobody_else_is_disturbed);
	g_test_add_func("/mix/audience/many who come at once share one packet",
			many_who_come_at_once_share_one_packet);
	g_test_add_func("/mix/audience/who can take no more is thin from the "
			"start",
			who_can_take_no_more_is_thin_from_the_start);
	g_test_add_func("/mix/audience/a bad second makes nobody thin",
			a_bad_second_makes_nobody_thin);
	g_test_add_func("/mix/audience/everybody always hears something",
			everybody_always_hears_something);
	return g_test_run();
}
