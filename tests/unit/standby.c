/* The caller's switch to another gate: docs/ipsp.md, "Standby", each of its
 * rules, and how much sound it costs. */
#include "tests/trap.h"
#include "tests/unit/standby_world.h"

#define TICK_MS 20

static void assert_switch(const struct world *world, unsigned i, unsigned from,
			  unsigned to, enum call_switch_why why)
{
	g_assert_cmpuint(world->n_switches, >, i);
	g_assert_cmpuint(world->switches[i].from, ==, from);
	g_assert_cmpuint(world->switches[i].to, ==, to);
	g_assert_cmpint(world->switches[i].why, ==, why);
}

/* What is told of the loss is what was heard: a frame more or less at either
 * end, where sound fades. */
static void assert_lost(const struct world *world, unsigned from_ms,
			unsigned to_ms)
{
	guint64 lost_ms = world->switches[world->n_switches - 1].lost_us / 1000;

	g_assert_cmpuint(lost_ms, >=, from_ms);
	g_assert_cmpuint(lost_ms, <=, to_ms);
	g_assert_cmpuint(world->longest * TICK_MS, <=, lost_ms + 2 * TICK_MS);
	g_assert_cmpuint((world->longest + 5) * TICK_MS, >=, lost_ms);
}

static void a_gate_that_dies_costs_the_600_ms_of_asking_it(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->site[0].state = GATE_DEAD;
	pass(world, 3000);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_switch(world, 0, 0, 1, CALL_SILENT);
	assert_lost(world, 600, 720);
	g_assert_cmpuint(world->site[1].registered, ==, 1);
	g_assert_cmpuint(world->registered, ==, 2);
	/* Heard from then on, and hears. */
	world->longest = world->site[1].rtp_in = 0;
	pass(world, 5000);
	g_assert_cmpuint(world->longest, ==, 0);
	g_assert_cmpuint(world->site[1].rtp_in, >=, 245);
	finish(world);
}

static void a_gate_whose_host_refuses_costs_two_packets(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->site[0].state = GATE_REFUSES;
	pass(world, 3000);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_switch(world, 0, 0, 1, CALL_REFUSED);
	assert_lost(world, 20, 160);
	finish(world);
}

static void a_gate_that_wakes_after_ten_seconds_is_told_goodbye(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->site[0].state = GATE_ASLEEP;
	pass(world, 10000);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_lost(world, 600, 720);
	world->longest = 0;
	world->site[0].state = GATE_LIVES;
	pass(world, 2000);
	g_assert_cmpuint(world->site[0].gone, ==, 1);
	g_assert_cmpint(world->site[0].why, ==, GONE_MOVED);
	g_assert_cmpuint(world->longest, ==, 0);
	g_assert_cmpuint(world->n_switches, ==, 1);
	g_assert_cmpuint(world->site[1].gone, ==, 0);
	finish(world);
}

static void redirect(struct site *site, unsigned to)
{
	struct sockaddr_storage at = gate_address(to);
	struct command cmd = { .kind = COMMAND_REDIRECT,
			       .ses = site->ses,
			       .message = message_create("{}", 2) };

	g_assert_true(
		path_from_socket(&cmd.alternate, 0, (struct sockaddr *)&at));
	send_command(site, cmd);
}

static void a_gate_that_drains_costs_nothing(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	redirect(&world->site[0], 1);
	call_check(world->call, world->now); /* the gate's wish */
	pass(world, 900);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_switch(world, 0, 0, 1, CALL_REDIRECTED);
	g_assert_cmpuint(world->switches[0].lost_us, ==, 0);
	g_assert_cmpuint(world->longest, ==, 0);
	g_assert_cmpuint(world->site[0].gone, ==, 1);
	g_assert_cmpint(world->site[0].why, ==, GONE_MOVED);
	g_assert_cmpuint(world->site[1].rtp_in, >, 40);
	finish(world);
}

/* The standby it names is dead: he stays until he is told another. */
static void a_gate_that_drains_keeps_whom_it_cannot_send_away(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->site[1].state = GATE_DEAD;
	redirect(&world->site[0], 1);
	call_check(world->call, world->now);
	pass(world, 20000);
	g_assert_cmpuint(world->n_switches, ==, 0);
	g_assert_cmpuint(world->longest, ==, 0);
	call_set_standby(world->call, place_at(2, FALSE), world->now);
	pass(world, 1000);
	assert_switch(world, 0, 0, 2, CALL_REDIRECTED);
	g_assert_cmpuint(world->longest, ==, 0);
	finish(world);
}

static void a_gate_may_change_its_mind(void)
{
	struct world *world = begin(2, FALSE);
	struct command back = { .kind = COMMAND_REDIRECT };

	start_call(world);
	world->site[1].state = GATE_DEAD;
	redirect(&world->site[0], 1);
	call_check(world->call, world->now);
	pass(world, 2000);
	back.ses = world->site[0].ses;
	back.message = message_create("{}", 2);
	send_command(&world->site[0], back);
	pass(world, 2000);
	world->site[1].state = GATE_LIVES;
	pass(world, 5000);
	g_assert_cmpuint(world->n_switches, ==, 0);
	g_assert_cmpuint(world->site[1].registered, ==, 0);
	finish(world);
}

static void a_dead_standby_costs_its_three_tries(void)
{
	struct world *world = begin(3, FALSE);

	start_call(world);
	world->site[0].state = world->site[1].state = GATE_DEAD;
	pass(world, 4000);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_switch(world, 0, 0, 2, CALL_SILENT);
	assert_lost(world, 1200, 1340);
	finish(world);
}

static void standbys_are_asked_again_until_one_lives(void)
{
	struct world *world = begin(3, FALSE);

	start_call(world);
	for (unsigned i = 0; i < GATES; i++)
		world->site[i].state = GATE_REFUSES;
	pass(world, 10000);
	g_assert_cmpuint(world->requests, <, 250);
	world->site[1].state = GATE_LIVES;
	pass(world, 1000);
	g_assert_cmpuint(world->n_switches, ==, 1);
	assert_switch(world, 0, 0, 1, CALL_REFUSED);
	finish(world);
}

static void who_finds_no_gate_for_half_a_minute_is_lost(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->site[0].state = world->site[1].state = GATE_DEAD;
	pass(world, 29000);
	g_assert_cmpint(world->last, !=, CALL_LOST);
	pass(world, 3000);
	g_assert_cmpint(world->last, ==, CALL_LOST);
	finish(world);
}

static void a_first_gate_that_never_answers_is_passed_by(void)
{
	struct world *world = begin(2, FALSE);

	world->site[0].state = GATE_DEAD;
	call_start(world->call, world->now, world->now);
	pass(world, 800);
	g_assert_cmpuint(world->registered, ==, 1);
	g_assert_cmpuint(world->site[1].registered, ==, 1);
	g_assert_true(world->heard_any);
	pass(world, 3000);
	g_assert_cmpuint(world->n_switches, ==, 0); /* he was nowhere before */
	finish(world);
}

static void no_gate_at_all_ends_it(void)
{
	struct world *world = begin(2, FALSE);

	world->site[0].state = world->site[1].state = GATE_DEAD;
	call_start(world->call, world->now, world->now);
	pass(world, 5000);
	g_assert_cmpint(world->last, ==, CALL_NO_GATE);
	finish(world);
}

static void a_first_gate_that_drains_sends_on(void)
{
	struct world *world = begin(3, FALSE);

	redirect(&world->site[0], 2);
	call_start(world->call, world->now, world->now);
	pass(world, 300);
	g_assert_cmpuint(world->site[0].registered, ==, 0);
	g_assert_cmpuint(world->site[2].registered, ==, 1);
	g_assert_true(world->heard_any);
	finish(world);
}

static void several_gates_die_one_after_the_other(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	for (unsigned k = 0; k + 1 < GATES; k++) {
		world->site[k].state = k % 2 ? GATE_DEAD : GATE_REFUSES;
		pass(world, 3000);
		g_assert_cmpuint(world->n_switches, ==, k + 1);
		assert_switch(world, k, k, k + 1,
			      k % 2 ? CALL_SILENT : CALL_REFUSED);
		g_assert_cmpuint(world->quiet, ==, 0);
		/* An old one, told late, counts for nothing. */
		if (k + 2 < GATES)
			call_set_standby(world->call, place_at(k + 2, FALSE),
					 world->now);
		call_set_standby(world->call, place_at(k, FALSE), world->now);
	}
	/* All but the last place, the one before, and the one of now. */
	g_assert_cmpuint(world->released->len, ==, GATES - 1 + GATES - 2);
	finish(world);
}

static void a_silent_room_is_no_dead_gate(void)
{
	struct world *world = begin(2, FALSE);
	unsigned before;

	start_call(world);
	world->silent = TRUE;
	pass(world, 2000);
	before = world->requests;
	pass(world, 30000);
	g_assert_cmpuint(world->n_switches, ==, 0);
	g_assert_cmpuint(world->requests - before, <=, 30 * 3);
	/* And a gate that dies in a pause is noticed within a second. */
	world->site[0].state = GATE_DEAD;
	pass(world, 1000);
	g_assert_cmpuint(world->site[1].registered, ==, 1);
	pass(world, 3000);
	assert_switch(world, 0, 0, 1, CALL_SILENT);
	g_assert_cmpuint(world->switches[0].lost_us, <=, 1000000);
	finish(world);
}

static void his_own_network_may_fail_for_a_while(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	world->cut = TRUE;
	pass(world, 5000);
	world->cut = FALSE;
	pass(world, 1000);
	g_assert_cmpuint(world->quiet, ==, 0);
	g_assert_cmpuint(world->n_switches, <=, 1);
	g_assert_cmpint(world->last, !=, CALL_LOST);
	finish(world);
}

static void who_slept_himself_accuses_nobody(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	/* He is about to ask the standby when his lid is closed. */
	world->cut = TRUE;
	pass(world, 500);
	for (int i = 0; i < 5000; i++)
		step(world, FALSE);
	world->cut = FALSE;
	world->next_us = world->now;
	pass(world, 3000);
	g_assert_cmpuint(world->quiet, ==, 0);
	g_assert_cmpuint(world->n_switches, ==, 0);
	g_assert_cmpuint(world->site[1].stun_in, ==, 0);
	finish(world);
}

/* One that is asked in vain stays fresh, and serves later. */
static void a_false_alarm_costs_no_standby(void)
{
	struct world *world = begin(2, FALSE);

	start_call(world);
	for (int i = 0; i < 3; i++) {
		world->site[0].state = GATE_ASLEEP;
		pass(world, 590); /* 10 ms on the way; the answer is not here */
		world->site[0].state = GATE_LIVES;
		pass(world, 2000);
		g_assert_cmpuint(world->n_switches, ==, 0);
	}
	g_assert_cmpuint(world->site[1].registered, ==, 0);
	world->site[0].state = GATE_DEAD;
	pass(world, 1000);
	g_assert_cmpuint(world->site[1].registered, ==, 1);
	finish(world);
}

static void a_websocket_is_opened_beside_the_first(void)
{
	struct world *world = begin(2, TRUE);

	call_start(world->call, world->now, world->now);
	g_assert_cmpuint(world->connect_target, ==, call_target(0, 0));
	call_websocket(world->call, call_target(0, 0), true, world->now);
	pass(world, 500);
	g_assert_true(world->heard_any);
	world->longest = 0;
	redirect(&world->site[0], 1);
	call_check(world->call, world->now);
	pass(world, 100);
	g_assert_cmpuint(world->connects, ==, 2);
	g_assert_cmpuint(world->connect_target, ==, call_target(1, 0));
	call_websocket(world->call, call_target(1, 0), true, world->now);
	pass(world, 1500);
	g_assert_cmpuint(world->n_switches, ==, 1);
	g_assert_cmpint(world->last, ==, CALL_LEFT);
	g_assert_cmpuint(world->longest, ==, 0);
	g_assert_cmpuint(world->site[0].gone, ==, 1);
	finish(world);
}

/* The gate's packets are made outside of the trap. */
static void a_switch_never_touches_the_heap(void)
{
	struct world *world = begin(3, FALSE);
	unsigned calls = 0;

	start_call(world);
	g_ptr_array_set_size(world->released, 64);
	g_ptr_array_set_size(world->released, 0);
	world->site[0].state = GATE_DEAD;
	for (int i = 0; i < 2000; i++) {
		step(world, FALSE);
		if (world->next_us > world->now)
			continue;
		/* What is posted finds room. */
		g_array_set_size(world->flights, world->flights->len + 64);
		g_array_set_size(world->flights, world->flights->len - 64);
		trap_begin();
		call_tick(world->call, world->next_us, world->now);
		calls += trap_end();
		world->next_us += TICK_US;
	}
	g_assert_cmpuint(world->n_switches, ==, 1);
	g_assert_cmpuint(calls, ==, 0);
	finish(world);
}

#define TEST(name, function) g_test_add_func("/standby/" name, function)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST("a gate that dies costs the 600 ms of asking it",
	     a_gate_that_dies_costs_the_600_ms_of_asking_it);
	TEST("a gate whose host refuses costs two packets",
	     a_gate_whose_host_refuses_costs_two_packets);
	TEST("a gate that wakes after ten seconds is told goodbye",
	     a_gate_that_wakes_after_ten_seconds_is_told_goodbye);
	TEST("a gate that drains costs nothing",
	     a_gate_that_drains_costs_nothing);
	TEST("a gate that drains keeps whom it cannot send away",
	     a_gate_that_drains_keeps_whom_it_cannot_send_away);
	TEST("a gate may change its mind", a_gate_may_change_its_mind);
	TEST("a dead standby costs its three tries",
	     a_dead_standby_costs_its_three_tries);
	TEST("standbys are asked again until one lives",
	     standbys_are_asked_again_until_one_lives);
	TEST("who finds no gate for half a minute is lost",
	     who_finds_no_gate_for_half_a_minute_is_lost);
	TEST("a first gate that never answers is passed by",
	     a_first_gate_that_never_answers_is_passed_by);
	TEST("no gate at all ends it", no_gate_at_all_ends_it);
	TEST("a first gate that drains sends on",
	     a_first_gate_that_drains_sends_on);
	TEST("several gates die one after the other",
	     several_gates_die_one_after_the_other);
	TEST("a silent room is no dead gate", a_silent_room_is_no_dead_gate);
	TEST("his own network may fail for a while",
	     his_own_network_may_fail_for_a_while);
	TEST("who slept himself accuses nobody",
	     who_slept_himself_accuses_nobody);
	TEST("a false alarm costs no standby", a_false_alarm_costs_no_standby);
	TEST("a WebSocket is opened beside the first",
	     a_websocket_is_opened_beside_the_first);
	TEST("a switch never touches the heap",
	     a_switch_never_touches_the_heap);
	return g_test_run();
}
