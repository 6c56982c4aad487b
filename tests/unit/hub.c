/* A room of many hubs: who hears whom. */
#include "tests/unit/hub_twelve.h"

static void everybody_hears_everybody_in_turn(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	for (unsigned i = 0; i < 12; i++) {
		tree->members[i].talks = true;
		tree_run(tree, 400);
		for (unsigned k = 0; k < 12; k++)
			expect(tree_heard(tree, k, 10) ==
				       (i == k ? 0 : 1u << i),
			       "not heard as it should be", k, i);
		tree->members[i].talks = false;
		tree_run(tree, 600);
	}
	expect_nothing_back(tree);
	for (unsigned w = 0; w < tree->n_wires; w++) {
		g_assert_cmpuint(tree->wires[w].twice, ==, 0);
		g_assert_cmpuint(tree->wires[w].hops, <=, 6);
	}
	tree_stop(tree);
}

static void nobody_speaks_and_nothing_but_verdicts_is_sent(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, 1000);
	for (unsigned w = 0; w < tree->n_wires; w++) {
		g_assert_cmpuint(tree->wires[w].sounds, ==, 0);
		/* An alternate waits in silence. */
		if (tree->wires[w].packets)
			g_assert_cmpuint(tree->wires[w].packets, <=, 52);
	}
	g_assert_cmpuint(tree->wires[2].packets, >, 40);
	g_assert_cmpuint(tree->wires[4].packets, ==, 0);
	tree_stop(tree);
}

static void of_ten_loud_talkers_all_hear_the_same_five(void)
{
	struct tree *tree = twelve(5);
	uint32_t chosen, verdict = 0;

	tree_run(tree, SETTLE);
	for (unsigned i = 1; i < 11; i++)
		tree->members[i].talks = true;
	tree_run(tree, 3000);
	chosen = heard_by_all(tree, 50);
	g_assert_cmpint(__builtin_popcount(chosen), ==, 5);
	for (unsigned i = 0; i < tree->hubs[0].report.n_talkers; i++)
		verdict |= 1u << (tree->hubs[0].report.talkers[i] - 1);
	g_assert_cmphex(verdict, ==, chosen);
	expect_nothing_back(tree);
	/* No trunk carries more than five up, nor more than five down. */
	for (unsigned w = 0; w < tree->n_wires; w++)
		g_assert_cmpuint(tree->wires[w].sounds, <=, 5 * 50 * 3 + 200);
	tree_stop(tree);
}

static void who_is_much_louder_takes_a_place_everywhere(void)
{
	struct tree *tree = tree_start(12, 2);
	unsigned loud;

	link_twelve(tree);
	for (unsigned i = 0; i < 12; i++)
		tree_join_as(tree, i, 2000, false);
	loud = tree_join_as(tree, 11, 12000, false);
	tree_run(tree, SETTLE);
	for (unsigned i = 4; i < 8; i++)
		tree->members[i].talks = true;
	tree_run(tree, 1000);
	tree->members[loud].talks = true;
	/* 1.5 s without a gap between words at his hub, and again at each
	 * where all places are taken. */
	tree_run(tree, 4500);
	for (unsigned i = 0; i < 12; i++)
		expect(tree_count(tree, i, loud, 20) == 20, "is not heard", i,
		       loud);
	tree_stop(tree);
}

static void who_must_be_heard_is(void)
{
	struct tree *tree = twelve(3);
	uint32_t chosen;

	tree_run(tree, SETTLE);
	tree_command(tree, 9,
		     (struct command){ .kind = COMMAND_MUST_HEAR,
				       .ses = tree->members[9].ses,
				       .must = true });
	for (unsigned i = 0; i < 8; i++)
		tree->members[i].talks = true;
	tree_run(tree, 1000);
	tree->members[9].talks = true;
	tree_run(tree, 1000);
	chosen = heard_by_all(tree, 25);
	g_assert_cmpint(__builtin_popcount(chosen), ==, 3);
	g_assert_true(chosen >> 9 & 1);
	tree_stop(tree);
}

static void set_muted(struct tree *tree, unsigned i, bool muted)
{
	tree_command(tree, tree->members[i].hub,
		     (struct command){ .kind = COMMAND_MUTE,
				       .ses = tree->members[i].ses,
				       .muted = muted });
}

/* His sounds on all trunks together. */
static unsigned sent_of(const struct tree *tree, unsigned member)
{
	unsigned n = 0;

	for (unsigned w = 0; w < tree->n_wires; w++)
		n += tree->wires[w].by_origin[member + 1];
	return n;
}

static void the_muted_are_heard_nowhere(void)
{
	struct tree *tree = twelve(5);
	unsigned sounds;

	tree_run(tree, SETTLE);
	tree->members[9].talks = true;
	tree_run(tree, 500);
	g_assert_cmphex(tree_heard(tree, 11, 10), ==, 1u << 9);
	set_muted(tree, 9, true);
	sounds = sent_of(tree, 9);
	g_assert_cmpuint(sounds, >, 20 * 11);
	tree_run(tree, 200);
	for (unsigned i = 0; i < 12; i++)
		expect(!tree_heard(tree, i, 3), "hears the muted", i, 9);
	/* But what was on its way. */
	g_assert_cmpuint(sent_of(tree, 9), <, sounds + 12);
	set_muted(tree, 9, false);
	tree_run(tree, 300);
	g_assert_cmphex(tree_heard(tree, 11, 5), ==, 1u << 9);
	tree_stop(tree);
}

static void a_volume_set_at_one_gate_holds_at_all(void)
{
	struct tree *tree = twelve(5);

	tree_run(tree, SETTLE);
	tree_command(tree, 9,
		     (struct command){ .kind = COMMAND_SET_GAIN,
				       .ses = tree->members[9].ses,
				       .gain = 0.1f });
	tree->members[9].talks = true;
	tree_run(tree, 600);
	/* A tenth of what he says is below what this test can hear. */
	for (unsigned i = 0; i < 12; i++)
		expect(!tree_heard(tree, i, 10), "hears him as he came", i, 9);
	g_assert_cmpint((int)tree->wires[0].by_origin[10], >, 20);
	tree_stop(tree);
}

static void a_false_level_wins_a_place_nowhere(void)
{
	struct tree *tree = tree_start(12, 2);
	unsigned liar;

	link_twelve(tree);
	for (unsigned i = 0; i < 12; i++)
		tree_join(tree, i);
	liar = tree_join_as(tree, 9, 60, false);
	tree->members[liar].lies = true;
	tree_run(tree, SETTLE);
	tree->members[liar].talks = true;
	tree_run(tree, 1500);
	tree->members[5].talks = tree->members[7].talks = true;
	tree_run(tree, 1500);
	for (unsigned i = 0; i < 12; i++) {
		uint32_t heard = tree_heard(tree, i, 20);

		expect(heard == ((1u << 5 | 1u << 7) & ~(1u << i)),
		       "a whisper has kept a voice out", i, heard);
	}
	for (unsigned i = 0; i < tree->hubs[0].report.n_talkers; i++)
		g_assert_cmpuint(tree->hubs[0].report.talkers[i], !=, liar + 1);
	tree_stop(tree);
}

static void who_sends_no_levels_is_ranked_by_his_sound(void)
{
	struct tree *tree = tree_start(3, 2);
	unsigned quiet, loud;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	quiet = tree_join_as(tree, 1, 60, true);
	loud = tree_join_as(tree, 1, TREE_LOUD, true);
	tree_join(tree, 0);
	tree_join(tree, 2);
	tree_run(tree, SETTLE);
	tree->members[quiet].talks = tree->members[loud].talks = true;
	tree_run(tree, 1000);
	g_assert_cmphex(tree_heard(tree, 2, 20), ==, 1u << loud);
	g_assert_cmphex(tree_heard(tree, 3, 20), ==, 1u << loud);
	tree_stop(tree);
}

static void sound_ends_after_sixteen_hops(void)
{
	struct tree *tree = tree_start(19, 2);

	for (unsigned i = 1; i < 19; i++)
		tree_link(tree, i, i - 1, TRUNK_PARENT);
	for (unsigned i = 0; i < 19; i++)
		tree_join(tree, i);
	tree_run(tree, 1000);
	tree->members[0].talks = true;
	tree_run(tree, 600);
	for (unsigned i = 1; i < 19; i++)
		expect(tree_heard(tree, i, 10) == (i <= 16), "hops",
		       tree_heard(tree, i, 10), i);
	tree_stop(tree);
}

/* Down a chain of 12 trunks the verdict still comes in time. */
static void the_root_chooses_who_speaks_far_below(void)
{
	struct tree *tree = tree_start(13, 2);

	for (unsigned i = 1; i < 13; i++)
		tree_link(tree, i, i - 1, TRUNK_PARENT);
	for (unsigned i = 0; i < 13; i++)
		tree_join(tree, i);
	tree_run(tree, 1000);
	tree_mark(tree);
	tree->members[12].talks = true;
	tree_run(tree, 1000);
	/* 12 ms of network, two ticks, the codec. */
	for (unsigned i = 0; i < 12; i++)
		expect(tree_count(tree, i, 12, tree->members[i].frames) >= 46,
		       "frames heard",
		       tree_count(tree, i, 12, tree->members[i].frames), i);
	tree_stop(tree);
}

/* Sounds of the first member that came into the mix of hub 2. */
static uint64_t came(const struct tree *tree)
{
	const struct origin *org = origin_remote(tree->hubs[2].hub, 1);
	struct mix_leg_report rep;

	g_assert_nonnull(org);
	mix_leg_report(org->guest, &rep);
	return rep.jitter.put;
}

/* The part that did not come over two lossy trunks. */
static double missing(bool repeat)
{
	struct tree *tree = tree_start(3, 2);
	uint64_t before;
	double part;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 1, TRUNK_PARENT);
	tree_join(tree, 0);
	tree_join(tree, 2);
	tree->members[0].talks = true;
	tree->loss = 0.05;
	/* Until both have been told of it. */
	tree_run(tree, 4000);
	before = came(tree);
	for (unsigned ms = 0; ms < 20000; ms += 20) {
		for (unsigned w = 0; w < tree->n_wires && !repeat; w++)
			tree->ends[w]->repeat_until = 0;
		tree_run(tree, 20);
	}
	part = 1 - (double)(came(tree) - before) / 1000;
	g_test_message("%.2f %% missing%s", 100 * part,
		       repeat ? ", repeated" : "");
	if (repeat) {
		g_assert_true(tree->reports[1].redundant);
		g_assert_cmpuint(tree->reports[2].repaired +
					 tree->reports[0].repaired,
				 >, 40);
	}
	tree_stop(tree);
	return part;
}

static void loss_is_repaired_by_the_next_packet(void)
{
	g_assert_cmpfloat(missing(false), >, 0.07);
	g_assert_cmpfloat(missing(true), <, 0.015);
}

static void a_room_that_goes_on_gets_a_hub(void)
{
	struct tree *tree = tree_start(2, 5);
	struct hub *hub = tree->hubs[1].hub;

	tree_join(tree, 0);
	tree_join(tree, 1);
	tree_join(tree, 1);
	tree->members[1].talks = true;
	tree_run(tree, 200);
	/* Taken away, and made anew. */
	tree_command(
		tree, 1,
		(struct command){ .kind = COMMAND_REMOVE_HUB, .hub = hub });
	tree_run(tree, 200);
	tree_mark(tree);
	tree_make_hub(tree, 1);
	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_run(tree, 600);
	g_assert_cmphex(heard_by_all(tree, 10), ==, 1u << 1);
	g_assert_cmpuint(tree_gap(tree, 2, 1), ==, 0);
	tree_stop(tree);
}

static void in_a_room_without_limit_all_are_heard(void)
{
	struct tree *tree = tree_start(4, 0);

	for (unsigned i = 1; i < 4; i++)
		tree_link(tree, i, i / 2, TRUNK_PARENT);
	for (unsigned i = 0; i < 8; i++) {
		tree_join_as(tree, i % 4, 3000, i & 1);
		tree->members[i].talks = true;
	}
	tree_run(tree, 2000);
	g_assert_cmphex(heard_by_all(tree, 20), ==, 0xff);
	tree_stop(tree);
}

static void two_workers_of_a_process_are_joined_by_rings(void)
{
	struct tree *tree = tree_start(4, 5);

	tree_link_rings(tree, 1, 0);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	tree_link_rings(tree, 3, 2);
	for (unsigned i = 0; i < 4; i++)
		tree_join(tree, i);
	tree_run(tree, SETTLE);
	for (unsigned i = 0; i < 4; i++) {
		tree->members[i].talks = true;
		tree_run(tree, 500);
		g_assert_cmphex(heard_by_all(tree, 10), ==, 1u << i);
		tree->members[i].talks = false;
		tree_run(tree, 600);
	}
	/* Whose end is destroyed is gone. */
	tree_command(tree, 2,
		     (struct command){ .kind = COMMAND_REMOVE_HUB,
				       .hub = tree->hubs[2].hub });
	tree_run(tree, 100);
	g_assert_cmpint(tree->hubs[3].report.parent, ==, HUB_SEEKING);
	tree_stop(tree);
}

/* He is heard from his new place from its first packet on, and never from
 * the old one again; nor does he hear himself. */
static void a_member_who_moves_is_one_talker(void)
{
	struct tree *tree = tree_start(3, 5);
	struct session *old;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_link(tree, 2, 0, TRUNK_PARENT);
	for (unsigned i = 0; i < 3; i++)
		tree_join(tree, i);
	tree_run(tree, SETTLE);
	tree->members[1].talks = true;
	tree_run(tree, 600);
	tree_mark(tree);
	old = tree->members[1].ses;
	tree_seat(tree, 1, 2, 1);
	tree_run(tree, 600);
	tree_command(
		tree, 1,
		(struct command){ .kind = COMMAND_REMOVE_SESSION, .ses = old });
	tree_run(tree, 600);
	g_assert_cmpuint(tree_gap(tree, 0, 1), <=, 40);
	g_assert_cmpuint(tree_gap(tree, 2, 1), <=, 40);
	g_assert_cmphex(tree_heard(tree, 1, tree->members[1].frames), ==, 0);
	for (unsigned i = 0; i < 3; i++)
		g_assert_cmpuint(tree->hubs[i].report.n_talkers, ==, 1);
	tree_stop(tree);
}

static void say(struct tree *tree, unsigned from, uint32_t to, const char *text)
{
	struct message *msg = message_create(text, strlen(text));

	tree_command(
		tree, from,
		(struct command){ .kind = COMMAND_HUB_MESSAGE,
				  .hub = tree->hubs[from].hub,
				  .letter = { .message = msg, .to = to } });
}

static void messages_find_their_hub_through_loss(void)
{
	struct tree *tree = twelve(5);

	tree->loss = 0.2;
	tree_run(tree, 1500);
	say(tree, 9, 111, "{\"t\":\"one\"}");
	tree_run(tree, 3000);
	for (unsigned i = 0; i < 12; i++)
		g_assert_cmpuint(tree->hubs[i].messages, ==, i == 11);
	g_assert_cmpstr(tree->hubs[11].message, ==, "{\"t\":\"one\"}");
	g_assert_cmpuint(tree->hubs[11].message_from, ==, 109);
	say(tree, 11, 109, "{\"t\":\"two\"}");
	tree_run(tree, 3000);
	g_assert_cmpstr(tree->hubs[9].message, ==, "{\"t\":\"two\"}");
	say(tree, 3, 0, "{\"t\":\"all\"}");
	tree_run(tree, 4000);
	for (unsigned i = 0; i < 12; i++)
		g_assert_cmpuint(tree->hubs[i].messages, ==,
				 (i == 11) + (i == 9) + (i != 3));
	tree_stop(tree);
}

static void nobody_without_the_keys_is_heard(void)
{
	struct tree *tree = tree_start(2, 5);
	struct path from = tree_address(1, 7);
	uint8_t buf[RTP_MAX_PACKET];
	struct tree_packet *pkt;

	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_join(tree, 0);
	tree_run(tree, SETTLE);
	g_assert_cmpint(tree->reports[1].state, ==, TRUNK_UP);
	tree->members[0].talks = true;
	while (!tree->n_flying)
		tree_run(tree, 1);
	pkt = &tree->flying[0];
	memcpy(buf, pkt->buf, pkt->size);
	buf[pkt->size - 1] ^= 1;
	engine_packet(tree->hubs[pkt->to].eng, &from, buf, pkt->size,
		      tree->now_us);
	g_assert_cmpuint(tree->hubs[pkt->to].eng->counters.unproven, ==, 1);
	/* A copy that comes first proves another address only where the peer's
	 * own is silent. */
	memcpy(buf, pkt->buf, pkt->size);
	engine_packet(tree->hubs[pkt->to].eng, &from, buf, pkt->size,
		      tree->now_us);
	tree_run(tree, 500);
	g_assert_cmpint(tree->reports[1].state, ==, TRUNK_UP);
	g_assert_cmpint(tree->reports[0].state, ==, TRUNK_UP);
	tree_stop(tree);
}

static void reports_tell_of_the_path(void)
{
	struct tree *tree = tree_start(2, 5);

	tree->delay_us = 7000;
	tree_link(tree, 1, 0, TRUNK_PARENT);
	tree_join(tree, 0);
	tree->members[0].talks = true;
	tree_run(tree, 4000);
	g_assert_cmpfloat(tree->reports[0].loss_in, ==, 0);
	g_assert_cmpfloat_with_epsilon(tree->reports[0].round_trip_ms, 14, 2);
	g_assert_cmpfloat_with_epsilon(tree->reports[1].round_trip_ms, 14, 2);
	g_assert_cmpfloat_with_epsilon(tree->reports[0].age_ms, 7, 0.5);
	g_assert_cmpuint(tree->reports[0].sounds_in, >, 100);
	g_assert_false(tree->reports[0].redundant);
	tree_stop(tree);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/hub/" name, function)
	ADD("everybody of twelve hubs hears everybody, in turn",
	    everybody_hears_everybody_in_turn);
	ADD("nobody speaks and nothing but verdicts is sent",
	    nobody_speaks_and_nothing_but_verdicts_is_sent);
	ADD("of ten loud talkers all hear the same five",
	    of_ten_loud_talkers_all_hear_the_same_five);
	ADD("who is much louder takes a place everywhere",
	    who_is_much_louder_takes_a_place_everywhere);
	ADD("who must be heard is", who_must_be_heard_is);
	ADD("the muted are heard nowhere", the_muted_are_heard_nowhere);
	ADD("a volume set at one gate holds at all",
	    a_volume_set_at_one_gate_holds_at_all);
	ADD("a false level wins a place nowhere",
	    a_false_level_wins_a_place_nowhere);
	ADD("who sends no levels is ranked by his sound",
	    who_sends_no_levels_is_ranked_by_his_sound);
	ADD("sound ends after sixteen hops", sound_ends_after_sixteen_hops);
	ADD("the root chooses who speaks far below",
	    the_root_chooses_who_speaks_far_below);
	ADD("loss is repaired by the next packet",
	    loss_is_repaired_by_the_next_packet);
	ADD("a room that goes on gets a hub", a_room_that_goes_on_gets_a_hub);
	ADD("in a room without limit all are heard",
	    in_a_room_without_limit_all_are_heard);
	ADD("two workers of a process are joined by rings",
	    two_workers_of_a_process_are_joined_by_rings);
	ADD("a member who moves is one talker",
	    a_member_who_moves_is_one_talker);
	ADD("messages find their hub through loss",
	    messages_find_their_hub_through_loss);
	ADD("nobody without the keys is heard",
	    nobody_without_the_keys_is_heard);
	ADD("reports tell of the path", reports_tell_of_the_path);
	return g_test_run();
}
