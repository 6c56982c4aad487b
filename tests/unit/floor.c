#include "bridge/room/floor.h"

#include <string.h>

#include "bridge/room/consent.h"
#include "bridge/room/in_band.h"
#include "tests/quiet_room.h"

#define CHAIR "chair@example.org"
#define NOW   G_GINT64_CONSTANT(1795384170000)
#define S     1000

/* A room of three, and what happened in it, one word after another. */
static struct room *room;
static struct floor *flr;
static struct member *ann, *ben, *eve;
static GString *said, *seen;

static void set_muted(struct member *mem, gboolean muted, void *arg)
{
	(void)arg;
	g_string_append_printf(said, "%s:%s ", mem->name,
			       muted ? "muted" : "heard");
}

static void tell(struct member *mem, const char *json, void *arg)
{
	(void)arg;
	g_string_append_printf(said, "%s:%s ", mem->name, json);
}

static const struct room_effects effects = {
	.end_media = quiet_end_media,
	.set_muted = set_muted,
	.set_volume = quiet_set_volume,
	.tell = tell,
	.refresh_levels = quiet_refresh_levels,
};

static void changed(struct room *of, struct member *mem,
		    enum room_change change, const char *by, void *arg)
{
	(void)of;
	(void)arg;
	if (change == ROOM_STATE)
		g_string_append_printf(seen, "floor%s%s ", by ? "/" : "",
				       by ? by : "");
	else if (change == ROOM_MEMBER_CHANGED)
		g_string_append_printf(seen, "%s%s%s ", mem->name,
				       by ? "/" : "", by ? by : "");
}

static const struct room_observer observer = { .changed = changed };

static struct member *join_via(const char *name, enum member_via via)
{
	struct member *mem =
		room_seat(room, &(struct room_guest){ .did = name,
						      .address = name,
						      .name = name,
						      .gate = "local-1",
						      .deadline = 60,
						      .via = via });

	room_registered(room, mem, "192.0.2.1:5004", 1);
	return mem;
}

static void forget(void)
{
	g_string_truncate(said, 0);
	g_string_truncate(seen, 0);
}

static void set_up(void)
{
	const struct room_config cfg = { .address = "r@example.org",
					 .capacity = 1000 };

	said = g_string_new(NULL);
	seen = g_string_new(NULL);
	room = room_create(&cfg, &effects, &observer, NULL);
	flr = room_floor(room);
	ann = join_via("ann", MEMBER_BY_MAIL);
	ben = join_via("ben", MEMBER_BY_MAIL);
	eve = join_via("eve", MEMBER_BY_MAIL);
	forget();
}

static void tear_down(void)
{
	room_destroy(&room);
	g_string_free(said, TRUE);
	g_string_free(seen, TRUE);
}

static void hear(struct member *mem, const char *json, gint64 now_ms)
{
	struct in_band msg;

	g_assert_true(in_band_read(&msg, json, strlen(json)));
	room_hear(room, mem, &msg, now_ms);
}

static void put_up(struct member *mem, gint64 now_ms)
{
	hear(mem, "{\"t\":\"hand\",\"on\":true}", now_ms);
}

static void put_down(struct member *mem, gint64 now_ms)
{
	hear(mem, "{\"t\":\"hand\",\"on\":false}", now_ms);
}

static void hands_queue_in_the_order_in_which_they_went_up(void)
{
	set_up();
	put_up(ben, NOW);
	put_up(ann, NOW); /* at the same moment: after him all the same */
	put_up(eve, NOW + 3 * S);
	g_assert_cmpstr(said->str, ==,
			"ben:{\"t\":\"hand\",\"on\":true,\"place\":1} "
			"ann:{\"t\":\"hand\",\"on\":true,\"place\":2} "
			"eve:{\"t\":\"hand\",\"on\":true,\"place\":3} ");
	g_assert_cmpstr(seen->str, ==, "ben ann eve ");
	g_assert_cmpint(ben->hand_ms, ==, NOW);
	g_assert_cmpint(ann->hand_ms, ==, NOW + 1);
	forget();

	put_down(ben, NOW + 4 * S);
	g_assert_cmpstr(said->str, ==, "ben:{\"t\":\"hand\",\"on\":false} ");
	room_run(room, NOW + 5 * S);
	g_assert_cmpstr(said->str, ==,
			"ben:{\"t\":\"hand\",\"on\":false} "
			"ann:{\"t\":\"hand\",\"on\":true,\"place\":1} "
			"eve:{\"t\":\"hand\",\"on\":true,\"place\":2} ");
	forget();
	room_run(room, NOW + 6 * S);
	put_up(ann, NOW + 6 * S); /* it is up */
	g_assert_cmpstr(said->str, ==, "");
	g_assert_cmpstr(seen->str, ==, "");
	tear_down();
}

static void a_hand_that_flickers_is_told_how_it_is(void)
{
	set_up();
	put_up(ann, NOW);
	forget();
	for (guint i = 0; i < 100; i++)
		put_down(ann, NOW + 100 + i);
	g_assert_cmpint(ann->hand_ms, ==, NOW);
	g_assert_cmpstr(seen->str, ==, "");
	g_assert_true(g_str_has_prefix(
		said->str, "ann:{\"t\":\"hand\",\"on\":true,\"place\":1} "));
	put_down(ann, NOW + S);
	g_assert_cmpint(ann->hand_ms, ==, 0);
	tear_down();
}

static void only_the_first_hear_each_change_of_their_place(void)
{
	struct member *many[40];

	set_up();
	for (guint i = 0; i < G_N_ELEMENTS(many); i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);

		many[i] = join_via(name, MEMBER_BY_MAIL);
		put_up(many[i], NOW);
	}
	room_run(room, NOW);
	forget();
	room_left(room, many[0], LEAVE_BYE);
	room_run(room, NOW + S);
	g_assert_true(strstr(said->str, "m20:"));
	g_assert_null(strstr(said->str, "m21:"));
	tear_down();
}

static void the_floor_lifts_a_mute_until_its_time_is_over(void)
{
	set_up();
	g_assert_true(room_mute(room, ann->id, CHAIR, NULL));
	put_up(ann, NOW);
	put_up(ben, NOW);
	forget();
	g_assert_true(floor_next(flr, 60, CHAIR, NOW, NULL));
	g_assert_true(floor_holder(flr) == ann);
	g_assert_cmpint(floor_until_ms(flr), ==, NOW + 60 * S);
	g_assert_false(ann->muted);
	g_assert_cmpint(ann->hand_ms, ==, 0);
	g_assert_cmpstr(said->str, ==,
			"ann:heard ann:{\"t\":\"mute\",\"on\":false} "
			"ann:{\"t\":\"floor\",\"on\":true,\"s\":60} ");
	g_assert_true(g_str_has_suffix(seen->str, "floor/" CHAIR " "));
	forget();

	room_run(room, NOW + 1 * S);
	g_assert_cmpstr(said->str, ==,
			"ben:{\"t\":\"hand\",\"on\":true,\"place\":1} ");
	forget();
	room_run(room, NOW + 59 * S);
	g_assert_cmpstr(said->str, ==, "");
	room_run(room, NOW + 60 * S);
	g_assert_cmpstr(said->str, ==,
			"ann:{\"t\":\"floor\",\"on\":false,\"why\":\"time\"} "
			"ann:muted ann:{\"t\":\"mute\",\"on\":true} ");
	g_assert_cmpstr(seen->str, ==, "ann floor ");
	g_assert_null(floor_holder(flr));
	tear_down();
}

static void the_next_takes_the_floor_from_who_has_it(void)
{
	g_autoptr(GError) error = NULL;

	set_up();
	g_assert_true(floor_give(flr, ann->id, 0, CHAIR, NOW, NULL));
	g_assert_cmpstr(said->str, ==, "ann:{\"t\":\"floor\",\"on\":true} ");
	g_assert_cmpint(floor_until_ms(flr), ==, 0);
	room_run(room, NOW + 7200 * S);
	g_assert_true(floor_holder(flr) == ann);
	g_assert_false(floor_extend(flr, 30, CHAIR, NOW, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE);
	g_clear_error(&error);
	g_assert_false(floor_next(flr, 30, CHAIR, NOW, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE);
	put_up(ben, NOW);
	forget();
	g_assert_true(floor_next(flr, 30, CHAIR, NOW, NULL));
	g_assert_cmpstr(said->str, ==,
			"ann:{\"t\":\"floor\",\"on\":false,\"why\":\"next\"} "
			"ben:{\"t\":\"floor\",\"on\":true,\"s\":30} ");
	/* Nobody was muted before: nobody is after. */
	g_assert_false(ann->muted);
	tear_down();
}

static void the_floor_is_extended_ended_and_left(void)
{
	set_up();
	floor_give(flr, ann->id, 30, CHAIR, NOW, NULL);
	forget();
	g_assert_true(floor_extend(flr, 60, CHAIR, NOW + 10 * S, NULL));
	g_assert_cmpstr(said->str, ==,
			"ann:{\"t\":\"floor\",\"on\":true,\"s\":80} ");
	g_assert_cmpint(floor_until_ms(flr), ==, NOW + 90 * S);
	/* Its limit holds for what is added, too. */
	floor_extend(flr, FLOOR_MAX_S, CHAIR, NOW + 10 * S, NULL);
	g_assert_cmpint(floor_until_ms(flr), ==, NOW + (10 + FLOOR_MAX_S) * S);
	forget();
	g_assert_true(floor_end(flr, CHAIR, NULL));
	g_assert_true(floor_end(flr, CHAIR, NULL));
	g_assert_cmpstr(
		said->str, ==,
		"ann:{\"t\":\"floor\",\"on\":false,\"why\":\"moderator\"} ");
	g_assert_cmpstr(seen->str, ==, "floor/" CHAIR " ");

	floor_give(flr, ben->id, 30, CHAIR, NOW, NULL);
	put_up(eve, NOW);
	forget();
	room_left(room, ben, LEAVE_BYE);
	room_left(room, eve, LEAVE_BYE);
	g_assert_cmpstr(seen->str, ==, "floor ");
	g_assert_null(floor_holder(flr));
	g_assert_cmpuint(floor_queue(flr)->len, ==, 0);
	room_run(room, NOW + 60 * S);
	tear_down();
}

static void all_hands_go_down_at_once(void)
{
	set_up();
	put_up(ann, NOW);
	put_up(ben, NOW);
	forget();
	g_assert_true(floor_hands_down(flr, CHAIR, NULL));
	g_assert_cmpuint(floor_queue(flr)->len, ==, 0);
	g_assert_cmpstr(said->str, ==,
			"ben:{\"t\":\"hand\",\"on\":false} "
			"ann:{\"t\":\"hand\",\"on\":false} ");
	forget();
	g_assert_true(
		floor_set_hand(flr, ben->id, TRUE, CHAIR, NOW + 9 * S, NULL));
	g_assert_cmpstr(seen->str, ==, "ben/" CHAIR " ");
	tear_down();
}

static void nothing_is_done_in_a_room_that_another_keeps(void)
{
	g_autoptr(GError) error = NULL;

	set_up();
	floor_give(flr, ann->id, 5, CHAIR, NOW, NULL);
	room_set_kept(room, FALSE);
	forget();
	g_assert_false(floor_end(flr, CHAIR, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_NOT_KEPT);
	g_clear_error(&error);
	g_assert_false(floor_give(flr, ben->id, 5, CHAIR, NOW, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_NOT_KEPT);
	room_run(room, NOW + 60 * S);
	g_assert_cmpstr(said->str, ==, "");
	tear_down();
}

static void another_owner_goes_on_with_hands_and_floor(void)
{
	const struct room_past first = { .state = MEMBER_HERE,
					 .volume = 100,
					 .hand_ms = NOW - 5 * S };
	const struct room_past holds = { .state = MEMBER_HERE,
					 .volume = 100,
					 .talked_s = 77,
					 .has_floor = TRUE,
					 .floor_until_ms = NOW + 5 * S,
					 .mute_after = TRUE };
	struct member *fay, *gus;

	set_up();
	put_up(ann, NOW);
	fay = room_adopt(room,
			 &(struct room_guest){
				 .did = "fay", .address = "fay", .gate = "g" },
			 &first);
	gus = room_adopt(room,
			 &(struct room_guest){
				 .did = "gus", .address = "gus", .gate = "g" },
			 &holds);
	g_assert_true(floor_queue(flr)->pdata[0] == fay);
	g_assert_true(floor_queue(flr)->pdata[1] == ann);
	g_assert_cmpuint(gus->talked_s, ==, 77);
	room_run(room, NOW + 5 * S);
	g_assert_null(floor_holder(flr));
	g_assert_true(gus->muted);
	tear_down();
}

/* Consent. */

static void ask(struct member *mem)
{
	g_assert_true(room_ask_unmute(room, mem->id, CHAIR, NOW, NULL));
}

static void a_yes_unmutes_and_a_no_does_not(void)
{
	set_up();
	room_mute(room, ann->id, CHAIR, NULL);
	room_self_muted(room, ann, TRUE);
	forget();
	ask(ann);
	g_assert_cmpstr(said->str, ==, "ann:{\"t\":\"ask-unmute\",\"n\":1} ");
	g_assert_cmpint(ann->asked, ==, ASKED_WAITING);
	g_assert_true(ann->muted);
	hear(ann, "{\"t\":\"answer\",\"n\":1,\"yes\":false}", NOW);
	g_assert_cmpint(ann->asked, ==, ASKED_REFUSED);
	g_assert_true(ann->muted);
	g_assert_true(ann->self_muted);
	forget();

	ask(ann);
	hear(ann, "{\"t\":\"answer\",\"n\":1,\"yes\":true}", NOW); /* late */
	g_assert_true(ann->muted);
	hear(ann, "{\"t\":\"answer\",\"n\":2,\"yes\":true}", NOW);
	g_assert_false(ann->muted);
	g_assert_false(ann->self_muted);
	g_assert_cmpint(ann->asked, ==, ASKED_NOT);
	g_assert_cmpstr(said->str, ==,
			"ann:{\"t\":\"ask-unmute\",\"n\":2} ann:heard "
			"ann:{\"t\":\"mute\",\"on\":false} ");
	tear_down();
}

static void nobody_unmutes_himself_without_having_been_asked(void)
{
	set_up();
	room_mute(room, ann->id, CHAIR, NULL);
	hear(ann, "{\"t\":\"answer\",\"n\":1,\"yes\":true}", NOW);
	g_assert_true(ann->muted);
	ask(ann);
	/* A mute that comes after the question is the last word. */
	room_unmute(room, ann->id, CHAIR, NULL);
	room_mute(room, ann->id, CHAIR, NULL);
	hear(ann, "{\"t\":\"answer\",\"n\":1,\"yes\":true}", NOW);
	g_assert_true(ann->muted);
	tear_down();
}

static void a_question_that_nobody_answers_ends(void)
{
	set_up();
	room_mute(room, ann->id, CHAIR, NULL);
	ask(ann);
	room_run(room, NOW + CONSENT_LIFE_MS - 1);
	g_assert_cmpint(ann->asked, ==, ASKED_WAITING);
	room_run(room, NOW + CONSENT_LIFE_MS);
	g_assert_cmpint(ann->asked, ==, ASKED_UNANSWERED);
	hear(ann, "{\"t\":\"answer\",\"n\":1,\"yes\":true}",
	     NOW + CONSENT_LIFE_MS);
	g_assert_true(ann->muted);
	/* Who unmutes himself later needs no question any more. */
	room_unmute(room, ann->id, CHAIR, NULL);
	g_assert_cmpint(ann->asked, ==, ASKED_NOT);
	tear_down();
}

static void only_who_is_muted_is_asked_and_no_tool(void)
{
	g_autoptr(GError) error = NULL;
	struct member *tool;

	set_up();
	tool = join_via("tool", MEMBER_BY_TOKEN);
	room_mute(room, tool->id, CHAIR, NULL);
	forget();
	ask(ann);
	g_assert_false(room_ask_unmute(room, tool->id, CHAIR, NOW, &error));
	g_assert_error(error, ROOM_ERROR, ROOM_ERROR_IMPOSSIBLE);
	g_assert_cmpstr(said->str, ==, "");
	g_assert_cmpstr(seen->str, ==, "");
	tear_down();
}

static void who_gets_the_floor_is_asked_where_he_muted_himself(void)
{
	set_up();
	room_self_muted(room, ann, TRUE);
	forget();
	floor_give(flr, ann->id, 30, CHAIR, NOW, NULL);
	g_assert_true(ann->self_muted);
	g_assert_cmpstr(said->str, ==,
			"ann:{\"t\":\"floor\",\"on\":true,\"s\":30} "
			"ann:{\"t\":\"ask-unmute\",\"n\":1} ");
	tear_down();
}

/* In-band messages. */

static void what_phones_say_is_read_strictly(void)
{
	static const char *const wrong[] = {
		"",
		"{}",
		"[]",
		"{\"t\":\"hand\"}",
		"{\"t\":\"hand\",\"on\":1}",
		"{\"t\":7,\"on\":true}",
		"{\"t\":\"floor\",\"on\":true}",
		"{\"t\":\"answer\",\"yes\":true}",
		"{\"t\":\"answer\",\"yes\":true,\"n\":0}",
		"{\"t\":\"answer\",\"yes\":true,\"n\":4294967296}",
		"{\"t\":\"hand\",\"on\":true,\"on\":false}",
	};
	static const char *const right[] = {
		"{\"t\":\"self-mute\",\"on\":true}",
		"{\"t\":\"hand\",\"on\":false}",
		"{\"t\":\"answer\",\"n\":4294967295,\"yes\":true}",
	};
	struct in_band msg;

	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_false(in_band_read(&msg, wrong[i], strlen(wrong[i])));
	for (guint i = 0; i < G_N_ELEMENTS(right); i++) {
		g_autofree char *again = NULL;

		g_assert_true(in_band_read(&msg, right[i], strlen(right[i])));
		again = in_band_write(&msg);
		g_assert_cmpstr(again, ==, right[i]);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/floor/hands queue in the order in which they went up",
			hands_queue_in_the_order_in_which_they_went_up);
	g_test_add_func("/floor/a hand that flickers is told how it is",
			a_hand_that_flickers_is_told_how_it_is);
	g_test_add_func("/floor/only the first hear each change of their place",
			only_the_first_hear_each_change_of_their_place);
	g_test_add_func("/floor/the floor lifts a mute until its time is over",
			the_floor_lifts_a_mute_until_its_time_is_over);
	g_test_add_func("/floor/the next takes the floor from who has it",
			the_next_takes_the_floor_from_who_has_it);
	g_test_add_func("/floor/the floor is extended, ended and left",
			the_floor_is_extended_ended_and_left);
	g_test_add_func("/floor/all hands go down at once",
			all_hands_go_down_at_once);
	g_test_add_func("/floor/nothing is done in a room that another keeps",
			nothing_is_done_in_a_room_that_another_keeps);
	g_test_add_func("/floor/another owner goes on with hands and floor",
			another_owner_goes_on_with_hands_and_floor);
	g_test_add_func("/consent/a yes unmutes and a no does not",
			a_yes_unmutes_and_a_no_does_not);
	g_test_add_func("/consent/nobody unmutes himself without having been "
			"asked",
			nobody_unmutes_himself_without_having_been_asked);
	g_test_add_func("/consent/a question that nobody answers ends",
			a_question_that_nobody_answers_ends);
	g_test_add_func("/consent/only who is muted is asked, and no tool",
			only_who_is_muted_is_asked_and_no_tool);
	g_test_add_func("/consent/who gets the floor is asked where he muted "
			"himself",
			who_gets_the_floor_is_asked_where_he_muted_himself);
	g_test_add_func("/in-band/what phones say is read strictly",
			what_phones_say_is_read_strictly);
	return g_test_run();
}
