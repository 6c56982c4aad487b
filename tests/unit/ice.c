/* A browser's session in the gate's engine, with invented time and packets:
 * whose checks count, where DTLS comes from and goes, what its keys prove. */
#include <netinet/in.h>

#include "bridge/gate/private.h"
#include "tests/trap.h"
#include "tests/unit/gate_phone.h"

#define SECOND 1000000u
#define START  (1000ull * SECOND)
#define KEPT   256

struct bench {
	struct engine *eng;
	struct phonegate *gate;
	struct session *ses;
	struct session_config cfg; /* as the browser's end has it */
	struct phone browser;
	uint64_t now;
	size_t bytes_in, bytes_out;
	unsigned n_out;
	struct outbox_packet out[KEPT];
};

static void keep(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	for (unsigned i = 0; i < box->n; i++) {
		bench->bytes_out += box->packets[i].size;
		bench->out[bench->n_out++ % KEPT] = box->packets[i];
	}
}

static struct path at(uint8_t last)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(4000) };
	struct path path;

	in.sin_addr.s_addr = htonl(0xc0000200u | last);
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&in));
	return path;
}

static void push(struct bench *bench, struct command cmd)
{
	g_assert_true(ring_push(bench->eng->commands, &cmd));
	engine_apply(bench->eng, bench->now);
	engine_settle(bench->eng);
}

static void add_browser(struct bench *bench)
{
	struct session_config cfg;

	phone_keys(1, &cfg);
	g_strlcpy(cfg.username, "ours:theirs", sizeof(cfg.username));
	cfg.stream.suite = SRTP_GCM;
	cfg.ice = true;
	g_assert_cmpint(session_create(&bench->ses, &cfg), ==, 0);
	bench->ses->gate = bench->gate;
	push(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
				      .ses = bench->ses });

	stun_key_init(&bench->browser.key, cfg.password);
	g_strlcpy(bench->browser.username, cfg.username, STUN_MAX_USERNAME);
	cfg.stream.send_ssrc = 3;
	cfg.stream.receive_ssrc = 2;
	memset(cfg.stream.send_key, 0xa1, SRTP_MAX_KEY);
	memset(cfg.stream.receive_key, 0xa2, SRTP_MAX_KEY);
	g_assert_cmpint(stream_create(&bench->browser.stream, &cfg.stream), ==,
			0);
	bench->cfg = cfg;
}

static struct bench *start(void)
{
	struct bench *bench = g_new0(struct bench, 1);
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	bench->now = START;
	g_assert_cmpint(engine_create(&bench->eng, keep, bench), ==, 0);
	engine_set_clock(bench->eng, START, 1700000000ull * SECOND);
	g_assert_cmpint(
		mix_create(&entry->mix,
			   &(struct mix_config){ .capacity = 1,
						 .talkers = 1,
						 .bitrate = 32000,
						 .channels = 1,
						 .jitter = { 20, 200 } }),
		==, 0);
	g_assert_cmpint(
		phonegate_create(&bench->gate, "local-1", entry->mix, 1), ==,
		0);
	push(bench,
	     (struct command){ .kind = COMMAND_ADD_MIX, .entry = entry });
	push(bench,
	     (struct command){ .kind = COMMAND_ADD_GATE, .gate = bench->gate });
	add_browser(bench);
	return bench;
}

/* Events of one kind until the ring is empty; frees what was retired. */
static unsigned events(struct bench *bench, enum event_kind kind)
{
	struct event event;
	unsigned n = 0;

	engine_settle(bench->eng);
	while (ring_pop(bench->eng->events, &event)) {
		struct new_stream *old = event.retired.object;

		n += event.kind == kind;
		if (event.kind != EVENT_RETIRED)
			continue;
		if (event.retired.kind == OBJECT_STREAM)
			stream_destroy(&old->stream);
		free(event.retired.object);
	}
	return n;
}

static void stop(struct bench *bench)
{
	events(bench, EVENT_RETIRED);
	engine_destroy(&bench->eng);
	stream_destroy(&bench->browser.stream);
	g_free(bench);
}

static void receive(struct bench *bench, const struct path *from,
		    const uint8_t *buf, size_t size)
{
	uint8_t copy[RTP_MAX_PACKET];

	memcpy(copy, buf, size);
	bench->bytes_in += size;
	engine_packet(bench->eng, from, copy, size, bench->now);
	engine_settle(bench->eng);
}

static void run_for(struct bench *bench, uint64_t us)
{
	for (uint64_t end = bench->now + us; bench->now < end;) {
		bench->now += TICK_US;
		engine_tick(bench->eng, bench->now, 0);
		engine_settle(bench->eng);
	}
}

/* A connectivity check; whether it was answered there, as ICE wants it. */
static bool check(struct bench *bench, const struct path *from, bool nominates)
{
	struct phone *browser = &bench->browser;
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .use_candidate = nominates };
	struct sockaddr_storage mapped;
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;

	memcpy(msg.username, browser->username, sizeof(msg.username));
	browser->transactions++;
	memcpy(msg.transaction, &browser->transactions,
	       sizeof(browser->transactions));
	size = (size_t)stun_encode(&msg, &browser->key, buf, sizeof(buf));
	bench->n_out = 0;
	receive(bench, from, buf, size);
	if (!bench->n_out)
		return false;
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpuint(bench->out[0].size, <=, size);
	g_assert_true(path_equal(&bench->out[0].to, from));
	g_assert_cmpint(
		stun_decode(&msg, bench->out[0].buf, bench->out[0].size), ==,
		0);
	path_address(from, &mapped);
	return msg.type == STUN_BINDING_SUCCESS && !msg.has_cookie &&
	       stun_authentic(&msg, bench->out[0].buf, &browser->key) &&
	       !memcmp(&msg.address, &mapped, sizeof(struct sockaddr_in));
}

/* A datagram that begins like a ClientHello; how many came up by now. */
static unsigned dtls(struct bench *bench, const struct path *from, size_t size)
{
	static const uint8_t hello[RTP_MAX_PACKET] = { 22, 0xfe, 0xfd };
	struct dtls_packet pkt;
	unsigned n = 0;

	receive(bench, from, hello, size);
	while (ring_pop(bench->eng->dtls_up, &pkt)) {
		g_assert_cmpuint(pkt.member, ==, 1);
		g_assert_cmpmem(pkt.buf, pkt.size, hello, size);
		n++;
	}
	return n;
}

/* DTLS says something; whether it went there. */
static bool answer(struct bench *bench, const struct path *to, size_t size)
{
	static const char flight[RTP_MAX_PACKET];

	bench->n_out = 0;
	push(bench,
	     (struct command){ .kind = COMMAND_SEND_DTLS,
			       .ses = bench->ses,
			       .message = message_create(flight, size) });
	g_assert_cmpuint(bench->n_out, <=, 1);
	return bench->n_out && path_equal(&bench->out[0].to, to) &&
	       bench->out[0].size == size;
}

static struct new_stream *keys(struct bench *bench)
{
	struct stream_config cfg = bench->cfg.stream;
	struct new_stream *made = calloc(1, sizeof(*made));

	cfg.send_ssrc = 2;
	cfg.receive_ssrc = 3;
	memset(cfg.send_key, 0xa2, SRTP_MAX_KEY);
	memset(cfg.receive_key, 0xa1, SRTP_MAX_KEY);
	g_assert_cmpint(stream_create(&made->stream, &cfg), ==, 0);
	return made;
}

static void set_keys(struct bench *bench)
{
	push(bench, (struct command){ .kind = COMMAND_SET_KEYS,
				      .ses = bench->ses,
				      .stream = keys(bench) });
}

static void speak(struct bench *bench, const struct path *from)
{
	uint8_t buf[RTP_MAX_PACKET];

	receive(bench, from, buf, phone_speak(&bench->browser, buf));
}

static void shake_hands(struct bench *bench, const struct path *from)
{
	g_assert_true(check(bench, from, true));
	g_assert_cmpuint(dtls(bench, from, 200), ==, 1);
	set_keys(bench);
	g_assert_true(path_equal(&bench->ses->path, from));
}

static void a_check_is_answered_and_proves_nothing(void)
{
	struct bench *bench = start();
	struct path home = at(1);

	g_assert_true(check(bench, &home, true));
	g_assert_true(check(bench, &home, true));
	speak(bench, &home); /* whose keys nobody has agreed on */
	bench->n_out = 0;
	run_for(bench, 5 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED), ==, 0);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	stop(bench);
}

/* Whatever it costs, a flood of it costs no more: nothing is kept, nobody is
 * woken, nothing is sent. */
static void a_strangers_hello_leaves_no_trace(void)
{
	struct bench *bench = start();
	struct path home = at(1);

	g_assert_true(check(bench, &home, true));
	for (uint8_t i = 2; i < 200; i++) {
		struct path stranger = at(i);

		bench->n_out = 0;
		g_assert_cmpuint(dtls(bench, &stranger, 1200), ==, 0);
		g_assert_cmpuint(bench->n_out, ==, 0);
	}
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 198);
	g_assert_cmpuint(bench->ses->dtls.kind, ==, PATH_NONE);
	g_assert_false(answer(bench, &home, 100)); /* it said nothing yet */
	stop(bench);
}

static void a_phone_speaks_no_dtls(void)
{
	struct bench *bench = start();
	struct path home = at(1);

	g_assert_true(check(bench, &home, true));
	bench->ses->ice = false;
	g_assert_cmpuint(dtls(bench, &home, 200), ==, 0);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	stop(bench);
}

/* All that an address got that has not proved that it hears. */
static void an_answer_is_at_most_three_times_the_question(void)
{
	struct bench *bench = start();
	struct path home = at(1);
	unsigned sent = 0;

	g_assert_true(check(bench, &home, true));
	g_assert_cmpuint(dtls(bench, &home, 300), ==, 1);
	for (unsigned i = 0; i < 10; i++)
		sent += answer(bench, &home, 300);
	g_assert_cmpuint(sent, >=, 3);
	g_assert_cmpuint(bench->bytes_out, <=, 3 * bench->bytes_in);
	g_assert_cmpuint(bench->eng->counters.dropped, ==, 10 - sent);

	set_keys(bench); /* now it has proved it */
	g_assert_true(answer(bench, &home, 1200));
	g_assert_true(answer(bench, &home, 1200));
	stop(bench);
}

static void a_flood_of_dtls_is_cut_each_second(void)
{
	struct bench *bench = start();
	struct path home = at(1);
	unsigned n = 0;

	g_assert_true(check(bench, &home, true));
	for (unsigned i = 0; i < 500; i++)
		n += dtls(bench, &home, 100);
	g_assert_cmpuint(n, ==, 50);
	run_for(bench, 3 * SECOND);
	g_assert_cmpuint(dtls(bench, &home, 100), ==, 1);
	stop(bench);
}

static void its_keys_prove_its_address(void)
{
	struct bench *bench = start();
	struct path home = at(1);

	shake_hands(bench, &home);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED), ==, 1);
	speak(bench, &home);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 0);
	bench->n_out = 0;
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(bench->n_out, >, 0);
	for (unsigned i = 0; i < MIN(bench->n_out, KEPT); i++)
		g_assert_true(path_equal(&bench->out[i].to, &home));
	stop(bench);
}

/* Who captured a check sends it from a victim's address, and a datagram, while
 * hands are shaken with another. */
static void a_handshake_from_two_addresses_proves_none(void)
{
	struct bench *bench = start();
	struct path home = at(1), victim = at(2);

	g_assert_true(check(bench, &home, true));
	g_assert_cmpuint(dtls(bench, &home, 200), ==, 1);
	g_assert_true(check(bench, &victim, true));
	g_assert_cmpuint(dtls(bench, &victim, 200), ==, 1);
	set_keys(bench);
	g_assert_cmpuint(bench->ses->path.kind, ==, PATH_NONE);
	bench->n_out = 0;
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);

	g_assert_true(check(bench, &home, true));
	speak(bench, &home);
	g_assert_true(path_equal(&bench->ses->path, &home));
	stop(bench);
}

static void who_is_nominated_gives_way_to_nominees_only(void)
{
	struct bench *bench = start();
	struct path first = at(1), second = at(2), third = at(3);

	g_assert_true(check(bench, &first, false));
	g_assert_true(check(bench, &second, false));
	g_assert_true(path_equal(&bench->ses->candidate, &second));
	g_assert_true(check(bench, &first, true));
	g_assert_true(path_equal(&bench->ses->candidate, &first));
	g_assert_true(check(bench, &second, false));
	g_assert_true(path_equal(&bench->ses->candidate, &first));
	g_assert_true(check(bench, &third, true));
	g_assert_true(path_equal(&bench->ses->candidate, &third));
	stop(bench);
}

/* From Wi-Fi to mobile: its checks come from elsewhere, then its sound. */
static void its_sound_takes_the_path_along(void)
{
	struct bench *bench = start();
	struct path home = at(1), away = at(2);

	shake_hands(bench, &home);
	speak(bench, &away); /* not checked: a stranger */
	g_assert_true(path_equal(&bench->ses->path, &home));
	g_assert_true(check(bench, &away, true));
	g_assert_true(path_equal(&bench->ses->path, &home));
	speak(bench, &away);
	g_assert_true(path_equal(&bench->ses->path, &away));
	stop(bench);
}

static void checks_alone_are_no_consent(void)
{
	struct bench *bench = start();
	struct path home = at(1);

	shake_hands(bench, &home);
	for (unsigned i = 0; i < PHONE_CONSENT_S; i++) {
		speak(bench, &home);
		g_assert_true(check(bench, &home, true));
		run_for(bench, 2 * SECOND);
		g_assert_cmpuint(events(bench, EVENT_GONE), ==, 0);
	}
	for (unsigned i = 0; i < PHONE_CONSENT_S && !bench->ses->gone; i++) {
		check(bench, &home, true);
		run_for(bench, 2 * SECOND);
	}
	g_assert_true(bench->ses->gone);
	g_assert_cmpuint(events(bench, EVENT_GONE), ==, 1);
	g_assert_cmpuint(dtls(bench, &home, 200), ==, 0);
	g_assert_false(answer(bench, &home, 100));
	stop(bench);
}

static struct credentials *new_credentials(void)
{
	struct credentials *cred = calloc(1, sizeof(*cred));

	g_strlcpy(cred->username, "others:again", sizeof(cred->username));
	stun_key_init(&cred->key, "another password");
	return cred;
}

static void a_restart_changes_the_credentials_and_keeps_the_path(void)
{
	struct bench *bench = start();
	struct path home = at(1), away = at(2);

	shake_hands(bench, &home);
	push(bench, (struct command){ .kind = COMMAND_RESTART_ICE,
				      .ses = bench->ses,
				      .credentials = new_credentials() });
	g_assert_false(check(bench, &away, true));
	g_assert_cmpuint(bench->eng->counters.unknown_user, ==, 1);
	speak(bench, &home);
	g_assert_true(path_equal(&bench->ses->path, &home));

	g_strlcpy(bench->browser.username, "others:again", STUN_MAX_USERNAME);
	g_assert_false(check(bench, &away, true));
	g_assert_cmpuint(bench->eng->counters.bad_key, ==, 1);
	stun_key_init(&bench->browser.key, "another password");
	g_assert_true(check(bench, &away, true));
	speak(bench, &away);
	g_assert_true(path_equal(&bench->ses->path, &away));
	stop(bench);
}

static void a_handshake_never_touches_the_heap(void)
{
	struct bench *bench = start();
	struct path home = at(1), stranger = at(2);
	struct new_stream *made = keys(bench);
	struct credentials *cred = new_credentials();
	struct message *flight = message_create("flight", 6);
	unsigned heap;

	trap_begin();
	check(bench, &home, true);
	dtls(bench, &stranger, 1200);
	dtls(bench, &home, 200);
	push(bench, (struct command){ .kind = COMMAND_SEND_DTLS,
				      .ses = bench->ses,
				      .message = flight });
	push(bench, (struct command){ .kind = COMMAND_SET_KEYS,
				      .ses = bench->ses,
				      .stream = made });
	speak(bench, &home);
	run_for(bench, SECOND);
	push(bench, (struct command){ .kind = COMMAND_RESTART_ICE,
				      .ses = bench->ses,
				      .credentials = cred });
	run_for(bench, SECOND);
	heap = trap_end();
	g_assert_cmpuint(heap, ==, 0);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED), ==, 1);
	stop(bench);
}

#define TEST(name)                                                             \
	do {                                                                   \
		g_autofree char *path =                                        \
			g_strdelimit(g_strdup("/ice/" #name), "_", ' ');       \
		g_test_add_func(path, name);                                   \
	} while (0)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST(a_check_is_answered_and_proves_nothing);
	TEST(a_strangers_hello_leaves_no_trace);
	TEST(a_phone_speaks_no_dtls);
	TEST(an_answer_is_at_most_three_times_the_question);
	TEST(a_flood_of_dtls_is_cut_each_second);
	TEST(its_keys_prove_its_address);
	TEST(a_handshake_from_two_addresses_proves_none);
	TEST(who_is_nominated_gives_way_to_nominees_only);
	TEST(its_sound_takes_the_path_along);
	TEST(checks_alone_are_no_consent);
	TEST(a_restart_changes_the_credentials_and_keeps_the_path);
	TEST(a_handshake_never_touches_the_heap);
	return g_test_run();
}
