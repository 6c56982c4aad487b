/* Registration at PhoneGates that are played by the test: every packet and
 * every microsecond is an argument. */
#include "loadgen/registration.h"

#include <arpa/inet.h>
#include <errno.h>
#include <glib.h>
#include <string.h>

#include "loadgen/control.h"
#include "tests/trap.h"

#define MS 1000u
#define S  1000000u

static struct registration_config config(unsigned targets)
{
	struct registration_config cfg = { .username = "dialog",
					   .password = "swordfish",
					   .n_targets = targets,
					   .laps = 2,
					   .keep_us = 10 * S,
					   .echo = true };

	for (unsigned i = 0; i < targets; i++) {
		struct sockaddr_in *v4 = (void *)&cfg.targets[i].address;

		v4->sin_family = AF_INET;
		v4->sin_port = htons((in_port_t)(5000 + i));
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	}
	return cfg;
}

/* The gate: answers the newest request in buf. Returns the answer's size. */
static size_t answer(uint8_t *buf, int size, const struct stun_message *like,
		     const char *password)
{
	struct stun_message request, reply = *like;
	struct stun_key key;
	int n;

	stun_key_init(&key, password);
	g_assert_cmpint(stun_decode(&request, buf, (size_t)size), ==, 0);
	g_assert_cmpstr(request.username, ==, "dialog");
	g_assert_true(request.has_cookie);
	memcpy(reply.transaction, request.transaction,
	       sizeof(reply.transaction));
	n = stun_encode(&reply, &key, buf, STUN_MAX_MESSAGE);
	g_assert_cmpint(n, >, 0);
	return (size_t)n;
}

static const struct stun_message success = { .type = STUN_BINDING_SUCCESS,
					     .has_cookie = true,
					     .cookie = "cookie!" };

static int ask(struct registration *reg, uint64_t now_us, uint8_t *buf)
{
	return registration_poll(reg, now_us, buf, STUN_MAX_MESSAGE);
}

static int asked_and_answered(struct registration *reg, uint64_t now_us,
			      const struct stun_message *like)
{
	uint8_t buf[STUN_MAX_MESSAGE];
	int n = ask(reg, now_us, buf);
	size_t size;

	g_assert_cmpint(n, >, 0);
	size = answer(buf, n, like, "swordfish");
	return registration_receive(reg, buf, size, now_us);
}

static void the_first_answer_registers_and_its_cookie_goes_back_at_once(void)
{
	const struct registration_config cfg = config(1);
	struct stun_message second = success, request;
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];
	int n;

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	g_assert_cmpint(asked_and_answered(&reg, 0, &success), ==, 1);
	g_assert_true(reg.registered);
	n = ask(&reg, 0, buf);
	g_assert_cmpint(n, >, 0);
	g_assert_cmpint(stun_decode(&request, buf, (size_t)n), ==, 0);
	g_assert_cmpmem(request.cookie, STUN_COOKIE_SIZE, success.cookie,
			STUN_COOKIE_SIZE);
	/* The gate changes it now: no third request before consent. */
	memcpy(second.cookie, "another", STUN_COOKIE_SIZE);
	n = (int)answer(buf, n, &second, "swordfish");
	g_assert_cmpint(registration_receive(&reg, buf, (size_t)n, 1), ==, 0);
	g_assert_cmpint(ask(&reg, 4 * S, buf), ==, 0);
	g_assert_cmpint(ask(&reg, 5 * S + 1, buf), >, 0);
}

static void a_silent_target_gets_three_tries_200_ms_apart(void)
{
	const struct registration_config cfg = config(2);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	for (unsigned try = 0; try < 3; try++) {
		g_assert_cmpint(ask(&reg, try * 200 * MS, buf), >, 0);
		g_assert_cmpint(ask(&reg, try * 200 * MS + 199 * MS, buf), ==,
				0);
		g_assert_cmpuint(reg.target, ==, 0);
	}
	g_assert_cmpint(ask(&reg, 600 * MS, buf), >, 0);
	g_assert_cmpuint(reg.target, ==, 1);
}

static void nobody_answering_ends_it_after_two_laps(void)
{
	const struct registration_config cfg = config(2);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];
	unsigned requests = 0;
	uint64_t now = 0;
	int n = 0;

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	for (; n != -EHOSTUNREACH && now < 60 * S; now += 10 * MS) {
		n = ask(&reg, now, buf);
		requests += n > 0;
	}
	g_assert_cmpint(n, ==, -EHOSTUNREACH);
	g_assert_cmpuint(requests, ==, 2 * 2 * REGISTRATION_TRIES);
	g_assert_cmpuint(now, <, 4 * S);
}

static void in_mid_call_the_next_is_tried_and_30_s_are_sat_out(void)
{
	const struct registration_config cfg = config(2);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];
	bool next = false;
	uint64_t now = 1;
	int n = 0;

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	asked_and_answered(&reg, 0, &success);
	asked_and_answered(&reg, 0, &success); /* the echo */
	for (; n != -EHOSTUNREACH && now < 90 * S; now += 10 * MS) {
		n = ask(&reg, now, buf);
		next |= n > 0 && reg.target == 1;
	}
	g_assert_true(next);
	g_assert_cmpint(n, ==, -EHOSTUNREACH);
	/* 5 s to the next consent, 0.6 s of tries, then 30 s. */
	g_assert_cmpuint(now, >, 35 * S);
	g_assert_cmpuint(now, <, 38 * S);
}

static void a_redirect_is_told_and_changes_nothing(void)
{
	const struct registration_config cfg = config(2);
	struct stun_message moved = { .type = STUN_BINDING_ERROR,
				      .error = 300 };
	uint8_t buf[STUN_MAX_MESSAGE];
	struct registration reg;

	moved.alternate = cfg.targets[1].address;
	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	asked_and_answered(&reg, 0, &success);
	asked_and_answered(&reg, 0, &success); /* the echo */
	g_assert_cmpint(asked_and_answered(&reg, 5 * S, &moved), ==,
			REGISTRATION_REDIRECT);
	g_assert_true(reg.registered);
	g_assert_cmpuint(reg.target, ==, 0);
	g_assert_true(registration_is_at(&reg, 1, &reg.alternate));
	g_assert_false(registration_is_at(&reg, 0, &reg.alternate));
	/* Asked again now and then: it may change its mind. */
	g_assert_cmpint(ask(&reg, 5 * S + 900 * MS, buf), ==, 0);
	g_assert_cmpint(asked_and_answered(&reg, 6 * S, &success), ==,
			REGISTRATION_RENEWED);
}

static void it_begins_again_at_the_address_wanted(void)
{
	const struct registration_config cfg = config(3);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	for (uint64_t now = 0; now < 60 * S; now += 100 * MS)
		if (ask(&reg, now, buf) == -EHOSTUNREACH)
			break;
	registration_restart(&reg, &cfg.targets[2].address, 60 * S);
	g_assert_cmpint(ask(&reg, 60 * S, buf), >, 0);
	g_assert_cmpuint(reg.target, ==, 2);
	registration_restart(&reg, NULL, 60 * S);
	g_assert_cmpint(asked_and_answered(&reg, 60 * S, &success), ==,
			REGISTRATION_NEW);
	g_assert_cmpuint(reg.target, ==, 0);
}

static void strangers_answers_change_nothing(void)
{
	const struct registration_config cfg = config(1);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE], old[STUN_MAX_MESSAGE];
	size_t size, old_size;
	int n;

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	n = ask(&reg, 0, buf);
	memcpy(old, buf, sizeof(old));
	size = answer(buf, n, &success, "guess");
	g_assert_cmpint(registration_receive(&reg, buf, size, 1), ==, -EACCES);
	g_assert_cmpint(registration_receive(&reg, (const uint8_t *)"x", 1, 1),
			==, -EBADMSG);
	g_assert_false(reg.registered);

	/* The right answer, twice: the second is to no open request. */
	old_size = answer(old, n, &success, "swordfish");
	g_assert_cmpint(registration_receive(&reg, old, old_size, 1), ==, 1);
	g_assert_cmpint(registration_receive(&reg, old, old_size, 2), ==,
			-ESTALE);
}

static void a_refusing_target_is_not_asked_in_a_tight_circle(void)
{
	const struct stun_message refusal = { .type = STUN_BINDING_ERROR,
					      .error = 403 };
	const struct registration_config cfg = config(1);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	g_assert_cmpint(asked_and_answered(&reg, 0, &refusal), ==,
			REGISTRATION_REFUSED);
	g_assert_cmpint(ask(&reg, 100 * MS, buf), ==, 0);
	g_assert_cmpint(asked_and_answered(&reg, 200 * MS, &refusal), ==,
			REGISTRATION_REFUSED);
	g_assert_cmpint(ask(&reg, 500 * MS, buf), ==, -EHOSTUNREACH);
}

static void a_websocket_is_opened_first_and_given_up_after_5_s(void)
{
	struct registration_config cfg = config(2);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];

	cfg.targets[0].websocket = true;
	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	g_assert_cmpint(ask(&reg, 0, buf), ==, -ENOTCONN);
	g_assert_cmpint(ask(&reg, 4 * S, buf), ==, 0);
	g_assert_cmpint(ask(&reg, 5 * S, buf), >, 0);
	g_assert_cmpuint(reg.target, ==, 1);

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	g_assert_cmpint(ask(&reg, 0, buf), ==, -ENOTCONN);
	registration_connected(&reg, 30 * MS);
	g_assert_cmpint(ask(&reg, 30 * MS, buf), >, 0);
	g_assert_cmpuint(reg.target, ==, 0);
	registration_unreachable(&reg, 40 * MS);
	g_assert_cmpint(ask(&reg, 40 * MS, buf), >, 0);
	g_assert_cmpuint(reg.target, ==, 1);
}

static void without_echo_the_cookie_never_goes_back(void)
{
	struct registration_config cfg = config(1);
	struct stun_message request;
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];
	int n;

	cfg.echo = false;
	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	g_assert_cmpint(asked_and_answered(&reg, 0, &success), ==, 1);
	g_assert_cmpint(ask(&reg, 0, buf), ==, 0);
	registration_check(&reg, 2 * S);
	n = ask(&reg, 2 * S, buf);
	g_assert_cmpint(n, >, 0);
	g_assert_cmpint(stun_decode(&request, buf, (size_t)n), ==, 0);
	for (unsigned i = 0; i < STUN_COOKIE_SIZE; i++)
		g_assert_cmpuint(request.cookie[i], ==, 0);
}

static uint32_t due(struct control *ctl, uint64_t now)
{
	const struct control_message *msg = control_due(ctl, now);

	return msg ? msg->id : 0;
}

static void a_control_message_repeats_until_acknowledged_or_5_s(void)
{
	struct control ctl = { 0 };
	unsigned sent = 0;

	g_assert_cmpint(control_say(&ctl, CONTROL_HAND, "{}"), ==, 0);
	for (uint64_t now = 0; now < 10 * S; now += 20 * MS)
		sent += due(&ctl, now) == 1;
	g_assert_cmpuint(sent, ==, 25);

	control_say(&ctl, CONTROL_HAND, "{\"a\":1}");
	g_assert_cmpuint(due(&ctl, 10 * S), ==, 2);
	control_say(&ctl, CONTROL_HAND, "{\"a\":2}");
	g_assert_cmpuint(due(&ctl, 10 * S), ==, 3);
	control_acked(&ctl, 2); /* of the one that was replaced */
	g_assert_cmpuint(due(&ctl, 10 * S + 200 * MS), ==, 3);
	control_acked(&ctl, 3);
	g_assert_cmpuint(due(&ctl, 10 * S + 400 * MS), ==, 0);
}

static void control_messages_of_several_kinds_wait_for_each_other(void)
{
	char longest[STREAM_APP_MAX + 2] = { 0 };
	struct control ctl = { 0 };

	memset(longest, 'x', STREAM_APP_MAX + 1);
	g_assert_cmpint(control_say(&ctl, CONTROL_HAND, longest), ==,
			-EMSGSIZE);
	control_say(&ctl, CONTROL_HAND, "{\"h\":1}");
	g_assert_cmpuint(due(&ctl, 0), ==, 1);
	control_say(&ctl, CONTROL_SELF_MUTE, "{\"m\":1}");
	g_assert_cmpuint(due(&ctl, 100 * MS), ==, 0);
	g_assert_cmpuint(due(&ctl, 200 * MS), ==, 1);
	control_acked(&ctl, 2); /* it is not under way yet */
	control_acked(&ctl, 1);
	g_assert_cmpuint(due(&ctl, 220 * MS), ==, 2);
	/* Given up, it makes way too. */
	control_say(&ctl, CONTROL_HAND, "{\"h\":2}");
	g_assert_cmpuint(due(&ctl, 5220 * MS), ==, 3);
	control_acked(&ctl, 3);
	g_assert_cmpuint(due(&ctl, 6 * S), ==, 0);
}

/* The size of what is sent now, 0: nothing. */
static size_t due_size(struct control *ctl, uint64_t now)
{
	const struct control_message *msg = control_due(ctl, now);

	return msg ? msg->size : 0;
}

static void control_messages_that_must_all_come_wait_behind_the_state(void)
{
	static const uint8_t text[STREAM_APP_MAX + 1];
	struct control ctl = { 0 };

	for (unsigned i = 0; i < CONTROL_QUEUE; i++)
		g_assert_cmpint(control_queue(&ctl, text, i + 1), ==, 0);
	g_assert_cmpint(control_queue(&ctl, text, 1), ==, -ENOBUFS);
	g_assert_cmpuint(due_size(&ctl, 0), ==, 1);
	/* The state goes before them, not before the one under way. */
	control_say(&ctl, CONTROL_HAND, "{\"hand\":1}");
	g_assert_cmpuint(due_size(&ctl, 20 * MS), ==, 0);
	g_assert_cmpuint(due_size(&ctl, 200 * MS), ==, 1);
	control_acked(&ctl, 1);
	g_assert_cmpuint(due_size(&ctl, 220 * MS), ==, 10);
	control_acked(&ctl, CONTROL_QUEUE + 1);
	/* What is acknowledged makes room; the order stays. */
	g_assert_cmpint(control_queue(&ctl, text, STREAM_APP_MAX + 1), ==,
			-EMSGSIZE);
	g_assert_cmpint(control_queue(&ctl, text, CONTROL_QUEUE + 1), ==, 0);
	for (unsigned i = 1; i <= CONTROL_QUEUE; i++) {
		g_assert_cmpuint(due_size(&ctl, 240 * MS), ==, i + 1);
		control_acked(&ctl, ctl.sent->id);
	}
	g_assert_cmpuint(due_size(&ctl, 240 * MS), ==, 0);
	/* Given up, it makes room and way too. */
	control_queue(&ctl, text, 1);
	control_queue(&ctl, text, 2);
	g_assert_cmpuint(due_size(&ctl, 1 * S), ==, 1);
	g_assert_cmpuint(due_size(&ctl, 6 * S), ==, 2);
	g_assert_cmpuint(ctl.waiting, ==, 1);
}

static void a_repeated_control_message_is_shown_once(void)
{
	struct control ctl = { 0 };

	for (uint32_t id = 0; id < 100; id++) {
		g_assert_true(control_is_new(&ctl, id));
		g_assert_false(control_is_new(&ctl, id));
	}
	g_assert_false(control_is_new(&ctl, 90));
}

static void registering_never_touches_the_heap(void)
{
	const struct registration_config cfg = config(2);
	struct registration reg;
	uint8_t buf[STUN_MAX_MESSAGE];

	g_assert_cmpint(registration_init(&reg, &cfg, 0), ==, 0);
	trap_begin();
	for (uint64_t now = 0; now < 2 * S; now += 20 * MS) {
		int n = registration_poll(&reg, now, buf, sizeof(buf));

		if (n > 0)
			registration_receive(&reg, buf, (size_t)n, now);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func(
		"/registration/the first answer registers and its "
		"cookie goes back at once",
		the_first_answer_registers_and_its_cookie_goes_back_at_once);
	g_test_add_func("/registration/a silent target gets three tries 200 "
			"ms apart",
			a_silent_target_gets_three_tries_200_ms_apart);
	g_test_add_func("/registration/nobody answering ends it after two laps",
			nobody_answering_ends_it_after_two_laps);
	g_test_add_func("/registration/in mid-call the next is tried and 30 "
			"s are sat out",
			in_mid_call_the_next_is_tried_and_30_s_are_sat_out);
	g_test_add_func("/registration/a redirect is told and changes nothing",
			a_redirect_is_told_and_changes_nothing);
	g_test_add_func("/registration/it begins again at the address wanted",
			it_begins_again_at_the_address_wanted);
	g_test_add_func("/registration/strangers' answers change nothing",
			strangers_answers_change_nothing);
	g_test_add_func("/registration/a refusing target is not asked in a "
			"tight circle",
			a_refusing_target_is_not_asked_in_a_tight_circle);
	g_test_add_func("/registration/a WebSocket is opened first and given "
			"up after 5 s",
			a_websocket_is_opened_first_and_given_up_after_5_s);
	g_test_add_func("/registration/without echo the cookie never goes back",
			without_echo_the_cookie_never_goes_back);
	g_test_add_func("/control/a message repeats until acknowledged or 5 s",
			a_control_message_repeats_until_acknowledged_or_5_s);
	g_test_add_func(
		"/control/messages of several kinds wait for each other",
		control_messages_of_several_kinds_wait_for_each_other);
	g_test_add_func(
		"/control/messages that must all come wait behind the state",
		control_messages_that_must_all_come_wait_behind_the_state);
	g_test_add_func("/control/a repeated message is shown once",
			a_repeated_control_message_is_shown_once);
	g_test_add_func("/registration/registering never touches the heap",
			registering_never_touches_the_heap);
	return g_test_run();
}
