/* The gate's engine with invented time and packets: every rule of
 * docs/ipsp.md, "At the PhoneGate". */
#include <arpa/inet.h>
#include <errno.h>

#include "bridge/gate/private.h"
#include "mixer/codec.h"
#include "tests/trap.h"
#include "tests/unit/gate_phone.h"

#define SECOND	1000000u
#define START	(1000ull * SECOND)
#define KEPT	256 /* packets that came out since they were last cleared */
#define MEMBERS 12

struct bench {
	struct engine *eng;
	struct mix *mix;
	struct phonegate *gate;
	struct phone phone[MEMBERS];
	struct session *ses[MEMBERS];
	uint64_t now;
	unsigned n_out;
	struct outbox_packet out[KEPT];
};

static void keep(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	for (unsigned i = 0; i < box->n; i++)
		bench->out[bench->n_out++ % KEPT] = box->packets[i];
}

static struct path at(const char *literal, uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;
	struct path path;

	in->sin_port = htons(port);
	in->sin_family = AF_INET;
	if (inet_pton(AF_INET, literal, &in->sin_addr) != 1) {
		in6->sin6_family = AF_INET6;
		inet_pton(AF_INET6, literal, &in6->sin6_addr);
	}
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&ss));
	return path;
}

static void send_command(struct bench *bench, struct command cmd)
{
	g_assert_true(ring_push(bench->eng->commands, &cmd));
	engine_apply(bench->eng, bench->now);
}

static struct command message_to(struct session *ses)
{
	return (struct command){ .kind = COMMAND_MESSAGE,
				 .ses = ses,
				 .message = message_create("{}", 2) };
}

static struct bench *start(unsigned members, bool srtp)
{
	struct bench *bench = g_new0(struct bench, 1);
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	bench->now = START;
	g_assert_cmpint(engine_create(&bench->eng, keep, bench), ==, 0);
	engine_set_clock(bench->eng, START, 1700000000ull * SECOND);
	g_assert_cmpint(
		mix_create(&bench->mix,
			   &(struct mix_config){ .capacity = MEMBERS,
						 .talkers = 5,
						 .bitrate = 32000,
						 .complexity = 3,
						 .channels = 1,
						 .jitter = { 20, 200 } }),
		==, 0);
	g_assert_cmpint(
		phonegate_create(&bench->gate, "local-1", bench->mix, MEMBERS),
		==, 0);
	entry->mix = bench->mix;
	send_command(bench, (struct command){ .kind = COMMAND_ADD_MIX,
					      .entry = entry });
	send_command(bench, (struct command){ .kind = COMMAND_ADD_GATE,
					      .gate = bench->gate });
	for (unsigned i = 0; i < members; i++) {
		bench->ses[i] = phone_create(&bench->phone[i], i + 1, srtp);
		bench->ses[i]->gate = bench->gate;
		send_command(bench,
			     (struct command){ .kind = COMMAND_ADD_SESSION,
					       .ses = bench->ses[i] });
	}
	return bench;
}

/* Events of one kind until the ring is empty; the last one stays in event_r,
 * which is zero when there was none. */
static unsigned events(struct bench *bench, enum event_kind kind,
		       struct event *event_r)
{
	struct event event;
	unsigned n = 0;

	if (event_r)
		memset(event_r, 0, sizeof(*event_r));
	engine_settle(bench->eng);
	while (ring_pop(bench->eng->events, &event)) {
		if (event.kind == EVENT_RETIRED &&
		    event.retired.kind == OBJECT_MESSAGE) {
			free(event.retired.object);
			continue;
		}
		if (event.kind != kind)
			continue;
		if (event_r)
			*event_r = event;
		n++;
	}
	return n;
}

/* The engine still owns all that was added. */
static void stop(struct bench *bench)
{
	events(bench, EVENT_RETIRED, NULL);
	engine_destroy(&bench->eng);
	for (unsigned i = 0; i < MEMBERS; i++)
		if (bench->phone[i].stream)
			phone_destroy(&bench->phone[i]);
	g_free(bench);
}

static void clear(struct bench *bench)
{
	engine_settle(bench->eng);
	bench->n_out = 0;
}

static void receive(struct bench *bench, const struct path *from,
		    const uint8_t *buf, size_t size)
{
	uint8_t copy[RTP_MAX_PACKET];

	memcpy(copy, buf, size);
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

/* Sends a request; whether it was answered (and its cookie learned). */
static bool request(struct bench *bench, unsigned i, const struct path *from)
{
	uint8_t buf[RTP_MAX_PACKET];
	size_t size = phone_request(&bench->phone[i], buf);
	struct outbox_packet *out = &bench->out[0];

	clear(bench);
	receive(bench, from, buf, size);
	if (!bench->n_out)
		return false;
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpuint(out->size, <=, size);
	g_assert_true(path_equal(&out->to, from));
	return phone_answered(&bench->phone[i], out->buf, out->size);
}

static void register_at(struct bench *bench, unsigned i,
			const struct path *from)
{
	g_assert_true(request(bench, i, from));
	g_assert_true(request(bench, i, from));
	g_assert_true(path_equal(&bench->ses[i]->path, from));
	clear(bench);
}

static void speak(struct bench *bench, unsigned i, const struct path *from)
{
	uint8_t buf[RTP_MAX_PACKET];

	receive(bench, from, buf, phone_speak(&bench->phone[i], buf));
}

/* How many of the packets kept went to this path. */
static unsigned sent_to(const struct bench *bench, const struct path *to)
{
	unsigned n = 0;

	g_assert_cmpuint(bench->n_out, <=, KEPT);
	for (unsigned i = 0; i < bench->n_out; i++)
		n += path_equal(&bench->out[i].to, to);
	return n;
}

static void the_cookie_comes_back_and_media_goes_out(gconstpointer srtp)
{
	struct bench *bench = start(1, GPOINTER_TO_INT(srtp));
	struct path phone = at("192.0.2.1", 4000);
	struct event event;

	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	g_assert_true(request(bench, 0, &phone));
	run_for(bench, 5 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 1); /* that answer, nothing else */
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, NULL), ==, 0);

	g_assert_true(request(bench, 0, &phone));
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &phone), ==, bench->n_out);
	g_assert_cmpuint(bench->n_out, >, 0);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, &event), ==, 1);
	g_assert_true(event.registered.first);
	g_assert_cmpuint(event.member, ==, 1);
	g_assert_cmpstr(event.registered.path, ==, "192.0.2.1:4000");
	stop(bench);
}

static void a_held_session_uses_its_keys_when_it_is_admitted(void)
{
	struct bench *bench = start(1, true);
	const struct stream_extra message = { .message_id = 7,
					      .message = (uint8_t *)"{}",
					      .message_size = 2 };
	struct path phone = at("192.0.2.1", 4000);
	uint8_t buf[RTP_MAX_PACKET];

	bench->ses[0]->held = true;
	register_at(bench, 0, &phone);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, NULL), ==, 1);
	speak(bench, 0, &phone);
	receive(bench, &phone, buf,
		phone_control(&bench->phone[0], &message, 0, buf));
	run_for(bench, 3 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);

	send_command(bench, (struct command){ .kind = COMMAND_ADMIT,
					      .ses = bench->ses[0] });
	run_for(bench, 3 * SECOND);
	g_assert_cmpuint(sent_to(bench, &phone), >, 0);
	stop(bench);
}

static void sound_behind_the_first_request_proves_too(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("2001:db8::1", 4000);
	struct event event;

	speak(bench, 0, &phone); /* before any request: a stranger's */
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	g_assert_true(request(bench, 0, &phone));
	speak(bench, 0, &phone);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, &event), ==, 1);
	g_assert_cmpstr(event.registered.path, ==, "[2001:db8::1]:4000");
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &phone), >, 0);
	stop(bench);
}

static void sound_in_the_clear_proves_nothing(void)
{
	struct bench *bench = start(1, false);
	struct path phone = at("192.0.2.1", 4000);

	g_assert_true(request(bench, 0, &phone));
	speak(bench, 0, &phone);
	clear(bench);
	run_for(bench, SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	stop(bench);
}

static void strangers_get_silence(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct phone other = bench->phone[0];
	uint8_t buf[RTP_MAX_PACKET] = { 0 };

	g_strlcpy(other.username, "nobody", sizeof(other.username));
	receive(bench, &phone, buf, phone_request(&other, buf));
	g_assert_cmpuint(bench->eng->counters.unknown_user, ==, 1);

	other = bench->phone[0];
	stun_key_init(&other.key, "another secret");
	receive(bench, &phone, buf, phone_request(&other, buf));
	g_assert_cmpuint(bench->eng->counters.bad_key, ==, 1);

	memset(buf, 0xff, sizeof(buf));
	receive(bench, &phone, buf, 100);
	g_assert_cmpuint(bench->eng->counters.malformed, ==, 1);
	run_for(bench, SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	stop(bench);
}

/* Another client's request has no room for a cookie: the answer would be
 * larger, so there is none. Signed here with GLib's HMAC; the engine wants a
 * FINGERPRINT too, whose CRC-32 is zlib's. */
static size_t small_request(const struct phone *phone, const char *password,
			    uint8_t *buf)
{
	static const uint8_t head[20] = { 0,	1,    0,    28 + 24,
					  0x21, 0x12, 0xa4, 0x42 };
	g_autoptr(GHmac) hmac = g_hmac_new(
		G_CHECKSUM_SHA1, (const guchar *)password, strlen(password));
	gsize mac = 20;
	uint32_t crc = 0xffffffff;

	memcpy(buf, head, sizeof(head));
	memcpy(buf + 20, "\0\6\0\x16", 4);
	memset(buf + 24, 0, 24);
	memcpy(buf + 24, phone->username, 22);
	g_hmac_update(hmac, buf, 48);
	memcpy(buf + 48, "\0\x8\0\x14", 4);
	g_hmac_get_digest(hmac, buf + 52, &mac);
	buf[3] += 8;
	for (int i = 0; i < 72; i++) {
		crc ^= buf[i];
		for (int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
	}
	crc = htonl(~crc ^ 0x5354554e);
	memcpy(buf + 72, "\x80\x28\0\4", 4);
	memcpy(buf + 76, &crc, 4);
	return 80;
}

static void a_request_too_small_for_its_answer_gets_silence(void)
{
	struct bench *bench = start(1, true);
	struct path four = at("192.0.2.1", 4000);
	struct path six = at("2001:db8::1", 4000);
	uint8_t buf[RTP_MAX_PACKET];
	size_t size = small_request(&bench->phone[0], "secret-1", buf);

	receive(bench, &four, buf, size); /* 76 bytes of answer for 80 */
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpuint(bench->out[0].size, ==, 76);
	receive(bench, &six, buf, size); /* would be 88 */
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpuint(bench->eng->counters.malformed, ==, 1);
	g_assert_cmpuint(bench->eng->counters.bad_key, ==, 0);
	stop(bench);
}

/* Everything that a listener on the caller's line could record is sent again
 * from the address of somebody else. */
static void a_spoofed_source_earns_one_small_answer(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path victim = at("198.51.100.9", 53);
	uint8_t first[RTP_MAX_PACKET], second[RTP_MAX_PACKET];
	uint8_t sound[RTP_MAX_PACKET], report[RTP_MAX_PACKET];
	size_t first_size = phone_request(&bench->phone[0], first);
	size_t second_size, sound_size, report_size;

	receive(bench, &phone, first, first_size);
	phone_answered(&bench->phone[0], bench->out[0].buf, bench->out[0].size);
	second_size = phone_request(&bench->phone[0], second);
	receive(bench, &phone, second, second_size);
	sound_size = phone_speak(&bench->phone[0], sound);
	receive(bench, &phone, sound, sound_size);
	report_size = phone_control(&bench->phone[0], NULL, 0, report);
	receive(bench, &phone, report, report_size);
	g_assert_true(path_equal(&bench->ses[0]->path, &phone));

	for (int round = 0; round < 10; round++) {
		clear(bench);
		receive(bench, &victim, first, first_size);
		g_assert_cmpuint(bench->n_out, ==, 1);
		g_assert_cmpuint(bench->out[0].size, <=, first_size);
		receive(bench, &victim, second, second_size);
		g_assert_cmpuint(bench->n_out, ==, 2);
		g_assert_cmpuint(bench->out[1].size, <=, second_size);
		for (unsigned i = 0; i < 2; i++)
			g_assert_cmpint(packet_kind(bench->out[i].buf,
						    bench->out[i].size),
					==, PACKET_STUN);
		clear(bench);
		receive(bench, &victim, sound, sound_size);
		receive(bench, &victim, report, report_size);
		run_for(bench, 2 * SECOND);
		g_assert_cmpuint(sent_to(bench, &victim), ==, 0);
		g_assert_cmpuint(sent_to(bench, &phone), >, 0);
		speak(bench, 0, &phone);
	}
	stop(bench);
}

static void roaming_moves_the_path_once_it_is_proven(gconstpointer srtp)
{
	struct bench *bench = start(1, GPOINTER_TO_INT(srtp));
	struct path home = at("192.0.2.1", 4000);
	struct path away = at("203.0.113.7", 9000);
	struct event event;

	register_at(bench, 0, &home);
	events(bench, EVENT_REGISTERED, NULL);
	g_assert_true(request(bench, 0, &away));
	clear(bench);
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &away), ==, 0);
	g_assert_cmpuint(sent_to(bench, &home), >, 0);

	g_assert_true(request(bench, 0, &away));
	clear(bench);
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &home), ==, 0);
	g_assert_cmpuint(sent_to(bench, &away), >, 0);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, &event), ==, 1);
	g_assert_false(event.registered.first);
	g_assert_cmpstr(event.registered.path, ==, "203.0.113.7:9000");
	stop(bench);
}

static void an_address_that_was_left_cannot_be_brought_back(void)
{
	struct bench *bench = start(1, true);
	struct path home = at("192.0.2.1", 4000);
	struct path away = at("203.0.113.7", 9000);
	uint8_t old[RTP_MAX_PACKET], renewed[RTP_MAX_PACKET];
	size_t size = 0, renewed_size;

	g_assert_true(request(bench, 0, &home));
	size = phone_request(&bench->phone[0], old); /* the proof of home */
	g_assert_true(request(bench, 0, &home));
	renewed_size = phone_request(&bench->phone[0], renewed);
	receive(bench, &home, renewed, renewed_size); /* and its consent */
	register_at(bench, 0, &away);
	receive(bench, &home, old, size);
	receive(bench, &home, renewed, renewed_size);
	clear(bench);
	run_for(bench, SECOND);
	g_assert_cmpuint(sent_to(bench, &home), ==, 0);
	stop(bench);
}

static void consent_ends_after_thirty_seconds(gconstpointer srtp)
{
	struct bench *bench = start(1, GPOINTER_TO_INT(srtp));
	struct path phone = at("192.0.2.1", 4000);
	struct event event;

	register_at(bench, 0, &phone);
	for (int i = 0; i < 10; i++) { /* 150 s: over epochs of the cookie */
		run_for(bench, 15 * SECOND);
		g_assert_true(request(bench, 0, &phone));
		clear(bench);
	}
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	for (int i = 0; i < 29; i++)
		run_for(bench, SECOND), clear(bench);
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	run_for(bench, 5 * SECOND / 2); /* and a beat */
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpint(event.why, ==, GONE_CONSENT);
	clear(bench);
	run_for(bench, SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	g_assert_false(request(bench, 0, &phone));
	stop(bench);
}

/* A tick that takes long goes on receiving; its own time is older then. */
static void who_is_heard_while_a_tick_runs_stays(gconstpointer srtp)
{
	struct bench *bench = start(1, GPOINTER_TO_INT(srtp));
	struct path phone = at("192.0.2.1", 4000);

	register_at(bench, 0, &phone);
	for (int i = 0; i < 300; i++) { /* over several beats */
		bench->now += TICK_US + TICK_US / 4;
		g_assert_true(request(bench, 0, &phone));
		bench->now -= TICK_US + TICK_US / 4;
		run_for(bench, TICK_US);
		clear(bench);
	}
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	stop(bench);
}

static void a_replayed_request_does_not_keep_a_dead_call(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;
	unsigned seconds = 0;

	register_at(bench, 0, &phone);
	size = phone_request(&bench->phone[0], buf);
	while (!events(bench, EVENT_GONE, NULL) && seconds++ < 300) {
		receive(bench, &phone, buf, size);
		run_for(bench, SECOND);
		clear(bench);
	}
	/* A cookie lives for two minutes at most, consent for 30 s more. */
	g_assert_cmpuint(seconds, <, 155);
	stop(bench);
}

static struct stream_control last_control(struct bench *bench, unsigned i)
{
	struct stream_control control = { 0 }, one;

	for (unsigned k = 0; k < bench->n_out; k++) {
		struct outbox_packet *out = &bench->out[k];

		if (packet_kind(out->buf, out->size) == PACKET_RTCP &&
		    !stream_receive_rtcp(bench->phone[i].stream, out->buf,
					 out->size, 0, &one) &&
		    (one.has_message || one.has_ack || one.bye))
			control = one;
	}
	return control;
}

static void goodbye_is_said_and_heard(void)
{
	struct bench *bench = start(2, true);
	struct path a = at("192.0.2.1", 4000), b = at("192.0.2.2", 4000);
	const struct stream_extra bye = { .bye = true };
	uint8_t buf[RTP_MAX_PACKET];
	struct event event;

	register_at(bench, 0, &a);
	register_at(bench, 1, &b);
	receive(bench, &a, buf, phone_control(&bench->phone[0], &bye, 0, buf));
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpuint(event.member, ==, 1);
	g_assert_cmpint(event.why, ==, GONE_BYE);

	/* What it still had to be told goes before the goodbye. */
	send_command(bench, message_to(bench->ses[1]));
	send_command(bench, (struct command){ .kind = COMMAND_REMOVE_SESSION,
					      .ses = bench->ses[1] });
	engine_settle(bench->eng);
	g_assert_cmpuint(bench->n_out, ==, 2);
	g_assert_true(last_control(bench, 1).bye);
	g_assert_cmpuint(events(bench, EVENT_RETIRED, &event), ==, 1);
	g_assert_true(event.retired.object == bench->ses[1]);
	session_destroy(&bench->ses[1]);
	stop(bench);
}

static unsigned messages_told(struct bench *bench)
{
	struct event_message message;
	unsigned n = 0;

	while (ring_pop(bench->eng->messages, &message)) {
		g_assert_cmpmem(message.text, message.size, "{\"n\":1}", 7);
		n++;
	}
	return n;
}

static void a_message_comes_once_and_is_acknowledged_each_time(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	const struct stream_extra extra = {
		.message_id = 4711,
		.message = (const uint8_t *)"{\"n\":1}",
		.message_size = 7
	};
	uint8_t buf[RTP_MAX_PACKET];

	register_at(bench, 0, &phone);
	for (int i = 0; i < 4; i++) {
		struct stream_control control;

		clear(bench);
		receive(bench, &phone, buf,
			phone_control(&bench->phone[0], &extra, 0, buf));
		control = last_control(bench, 0);
		g_assert_true(control.has_ack);
		g_assert_cmpuint(control.ack_id, ==, 4711);
	}
	g_assert_cmpuint(messages_told(bench), ==, 1);
	stop(bench);
}

static unsigned messages_sent(struct bench *bench, uint32_t *id_r)
{
	unsigned n = 0;

	for (unsigned k = 0; k < bench->n_out; k++) {
		struct outbox_packet *out = &bench->out[k];
		struct stream_control control;

		if (packet_kind(out->buf, out->size) != PACKET_RTCP ||
		    stream_receive_rtcp(bench->phone[0].stream, out->buf,
					out->size, 0, &control) ||
		    !control.has_message)
			continue;
		g_assert_cmpmem(control.message, control.message_size, "{}", 2);
		*id_r = control.message_id;
		n++;
	}
	bench->n_out = 0;
	return n;
}

static void a_message_repeats_until_acknowledged_or_five_seconds(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct stream_extra ack = { .ack = true };
	uint8_t buf[RTP_MAX_PACKET];
	uint32_t first = 0, second = 0;
	unsigned n = 0;

	send_command(bench, message_to(bench->ses[0])); /* waits for the path */
	run_for(bench, 10 * SECOND);
	register_at(bench, 0, &phone);
	run_for(bench, SECOND);
	g_assert_cmpuint(messages_sent(bench, &first), ==, 5);
	ack.ack_id = first;
	receive(bench, &phone, buf,
		phone_control(&bench->phone[0], &ack, 0, buf));
	run_for(bench, SECOND);
	g_assert_cmpuint(messages_sent(bench, &first), ==, 0);

	send_command(bench, message_to(bench->ses[0]));
	for (int i = 0; i < 10; i++) {
		run_for(bench, SECOND);
		n += messages_sent(bench, &second);
	}
	g_assert_cmpuint(second, !=, first);
	g_assert_cmpuint(n, >=, 25);
	g_assert_cmpuint(n, <=, 26);
	stop(bench);
}

static void a_full_ring_loses_no_turn_of_a_session(void)
{
	struct bench *bench = start(2, true);
	struct path a = at("192.0.2.1", 4000), b = at("192.0.2.2", 4000);
	const struct stream_extra bye = { .bye = true };
	struct event filler = { .kind = EVENT_REPORT }, event;
	uint8_t buf[RTP_MAX_PACKET];
	unsigned registered = 0, gone = 0, retired = 0, reports = 0;

	while (ring_push(bench->eng->events, &filler))
		reports++;
	register_at(bench, 0, &a);
	register_at(bench, 1, &b);
	receive(bench, &a, buf, phone_control(&bench->phone[0], &bye, 0, buf));
	send_command(bench, (struct command){ .kind = COMMAND_REMOVE_SESSION,
					      .ses = bench->ses[1] });
	run_for(bench, SECOND);
	g_assert_true(engine_busy(bench->eng));

	while (ring_pop(bench->eng->events, &event)) {
		registered += event.kind == EVENT_REGISTERED;
		gone += event.kind == EVENT_GONE;
		retired += event.kind == EVENT_RETIRED;
		reports -= event.kind == EVENT_REPORT;
		engine_settle(bench->eng); /* one turn for each place */
	}
	g_assert_cmpuint(reports, ==, 0);
	g_assert_cmpuint(registered, ==, 1); /* the other was removed */
	g_assert_cmpuint(gone, ==, 1);
	g_assert_cmpuint(retired, ==, 1);
	session_destroy(&bench->ses[1]);
	stop(bench);
}

static void a_full_ring_makes_the_peer_send_its_message_again(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	const struct stream_extra extra = {
		.message_id = 1,
		.message = (const uint8_t *)"{\"n\":1}",
		.message_size = 7
	};
	struct event_message filler = { .size = 7, .text = "{\"n\":1}" };
	uint8_t buf[RTP_MAX_PACKET];
	unsigned n = 0;

	register_at(bench, 0, &phone);
	while (ring_push(bench->eng->messages, &filler))
		n++;
	receive(bench, &phone, buf,
		phone_control(&bench->phone[0], &extra, 0, buf));
	g_assert_false(last_control(bench, 0).has_ack);
	g_assert_cmpuint(messages_told(bench), ==, n);
	receive(bench, &phone, buf,
		phone_control(&bench->phone[0], &extra, 0, buf));
	g_assert_true(last_control(bench, 0).has_ack);
	g_assert_cmpuint(messages_told(bench), ==, 1);
	stop(bench);
}

/* The phone's sound for a while, of which each tenth packet is lost, and its
 * reports: it suffers itself, and says so. */
static void talk_badly(struct bench *bench, const struct path *phone)
{
	const struct stream_playout playout = { .played = 100,
						.concealed = 5,
						.buffer_ms = 80,
						.buffer_max_ms = 500,
						.other_ms = 43,
						.level_dbov = -30 };
	struct stream *stream = bench->phone[0].stream;
	struct stream_control control;
	struct stream_media media;
	uint8_t buf[RTP_MAX_PACKET];

	for (int i = 0; i < 500; i++) {
		size_t size = phone_speak(&bench->phone[0], buf);

		if (i % 10 != 7)
			receive(bench, phone, buf, size);
		run_for(bench, TICK_US);
		for (unsigned k = 0; k < bench->n_out; k++) {
			struct outbox_packet *out = &bench->out[k];

			if (packet_kind(out->buf, out->size) == PACKET_RTP)
				stream_receive_rtp(stream, out->buf, out->size,
						   bench->now, &media);
			else
				stream_receive_rtcp(stream, out->buf, out->size,
						    bench->now + 20000,
						    &control);
		}
		clear(bench);
		if (i % 50)
			continue;
		stream_note_playout(stream, &playout);
		size = phone_control(&bench->phone[0], NULL, bench->now, buf);
		receive(bench, phone, buf, size);
	}
}

static void figures_of_both_ways_reach_the_control_thread(void)
{
	struct bench *bench = start(2, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path other = at("192.0.2.2", 4000);
	struct session_report figures = { 0 }, *rep = &figures;
	struct event event;

	register_at(bench, 0, &phone);
	register_at(bench, 1, &other);
	events(bench, EVENT_REPORT, NULL);
	talk_badly(bench, &phone);
	while (ring_pop(bench->eng->events, &event))
		if (event.kind == EVENT_REPORT && event.member == 1)
			figures = event.report;
	g_assert_cmpfloat_with_epsilon((double)rep->in.loss, 0.1, 0.03);
	g_assert_cmpfloat(rep->in.mos, >, 1);
	g_assert_cmpfloat(rep->in.mos, <, 3.5f);
	g_assert_cmpfloat(rep->in.jitter_ms, >=, 0);
	g_assert_true(rep->registered);
	/* What the phone says of its own side. */
	g_assert_cmpfloat(rep->out.buffer_ms, ==, 80);
	g_assert_cmpfloat(rep->round_trip_ms, >=, 0);
	stop(bench);
}

/* A loud tone for so many seconds; the newest report after it. */
static struct session_report
after_tone(struct bench *bench, const struct path *phone, unsigned seconds)
{
	const struct codec_config cfg = { .bitrate = 32000, .complexity = 3 };
	struct codec_encoder *enc = NULL;
	struct session_report newest = { 0 };
	int16_t pcm[MIX_FRAME];
	uint8_t opus[256], buf[RTP_MAX_PACKET];
	struct event event;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < seconds * 50; i++) {
		int n;

		for (unsigned k = 0; k < MIX_FRAME; k++)
			pcm[k] = (i * MIX_FRAME + k) / 60 % 2 ? 6000 : -6000;
		n = codec_encode(enc, pcm, opus, sizeof(opus));
		stream_set_level(bench->phone[0].stream, -15, true);
		receive(bench, phone, buf,
			(size_t)stream_send_rtp(bench->phone[0].stream, opus,
						(size_t)n, PHONE_FRAME, buf,
						RTP_MAX_PACKET));
		run_for(bench, TICK_US);
		clear(bench);
	}
	codec_encoder_destroy(&enc);
	while (ring_pop(bench->eng->events, &event))
		if (event.kind == EVENT_REPORT && event.member == 1)
			newest = event.report;
	return newest;
}

static void who_talks_and_who_is_silent_is_counted_in_seconds(void)
{
	struct bench *bench = start(2, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path other = at("192.0.2.2", 4000);
	struct session_report rep;
	struct event event;
	unsigned talked;
	uint8_t buf[RTP_MAX_PACKET];

	register_at(bench, 0, &phone);
	register_at(bench, 1, &other);
	rep = after_tone(bench, &phone, 5);
	talked = rep.talked_s;
	g_assert_cmpuint(talked, >=, 4);
	g_assert_cmpuint(talked, <=, 5);
	g_assert_cmpuint(rep.silent_s, ==, 0);

	/* Nobody hears him: that he talks does not count, that he is not
	 * silent does. */
	send_command(bench, (struct command){ .kind = COMMAND_MUTE,
					      .ses = bench->ses[0],
					      .muted = true });
	rep = after_tone(bench, &phone, 3);
	g_assert_cmpuint(rep.talked_s, <=, talked + 1);
	g_assert_cmpuint(rep.silent_s, ==, 0);

	/* Packets of digital silence, then nothing at all. */
	for (unsigned i = 0; i < 150; i++) {
		receive(bench, &phone, buf, phone_speak(&bench->phone[0], buf));
		run_for(bench, TICK_US);
		clear(bench);
	}
	run_for(bench, 3 * SECOND);
	while (ring_pop(bench->eng->events, &event))
		if (event.kind == EVENT_REPORT && event.member == 1)
			rep = event.report;
	g_assert_cmpuint(rep.silent_s, >=, 4);
	g_assert_cmpuint(rep.silent_s, <=, 6);
	g_assert_cmpuint(rep.talked_s, <=, talked + 1);
	stop(bench);
}

static void reports_come_about_once_a_second(void)
{
	struct bench *bench = start(3, true);
	unsigned rtcp = 0, reports = 0;

	for (unsigned i = 0; i < 3; i++) {
		struct path phone = at("192.0.2.1", (uint16_t)(4000 + i));

		register_at(bench, i, &phone);
	}
	events(bench, EVENT_REPORT, NULL);
	for (int s = 0; s < 10; s++) {
		run_for(bench, SECOND);
		for (unsigned k = 0; k < bench->n_out; k++)
			rtcp += packet_kind(bench->out[k].buf,
					    bench->out[k].size) == PACKET_RTCP;
		reports += events(bench, EVENT_REPORT, NULL);
		clear(bench);
	}
	g_assert_cmpuint(reports, ==, rtcp);
	g_assert_cmpuint(rtcp, >=, 26);
	g_assert_cmpuint(rtcp, <=, 35);
	stop(bench);
}

static void missed_steps_are_a_gap_and_not_a_burst(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct stream_media before, after;

	register_at(bench, 0, &phone);
	links_remove(&bench->ses[0]->beat);
	run_for(bench, TICK_US);
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpint(stream_receive_rtp(bench->phone[0].stream,
					   bench->out[0].buf,
					   bench->out[0].size, 0, &before),
			==, 0);
	clear(bench);
	bench->now += 11 * TICK_US;
	engine_tick(bench->eng, bench->now, 10);
	engine_settle(bench->eng);
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpint(stream_receive_rtp(bench->phone[0].stream,
					   bench->out[0].buf,
					   bench->out[0].size, 0, &after),
			==, 0);
	g_assert_cmpuint(after.sequence, ==, before.sequence + 1);
	g_assert_cmpuint(after.timestamp, ==,
			 before.timestamp + 11 * PHONE_FRAME);
	stop(bench);
}

static struct stream_report report_of(const struct session *ses)
{
	struct stream_report rep;

	stream_report(ses->stream, &rep);
	return rep;
}

/* All send silence. The mix listens to a few of them by turns, see mix.h. */
static void hum(struct bench *bench, const struct path *phones, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		speak(bench, i, &phones[i]);
	run_for(bench, TICK_US);
	bench->n_out = 0;
}

static void whom_nobody_would_hear_is_left_undecrypted(void)
{
	struct bench *bench = start(MEMBERS, true);
	struct path phones[MEMBERS];
	uint64_t skipped = 0;

	for (unsigned i = 0; i < MEMBERS; i++) {
		phones[i] = at("192.0.2.1", (uint16_t)(4000 + i));
		register_at(bench, i, &phones[i]);
	}
	for (int i = 0; i < 1280; i++)
		hum(bench, phones, MEMBERS);
	for (unsigned i = 0; i < MEMBERS; i++) {
		struct stream_report rep = report_of(bench->ses[i]);

		skipped += rep.skipped;
		g_assert_cmpuint(rep.skipped, <=, 1200);
		g_assert_cmpuint(rep.received, >, 1280 - 16);
		g_assert_cmpint(rep.lost, ==, 0);
	}
	g_assert_cmpuint(skipped, >, (MEMBERS - 4) * 1100);
	stop(bench);
}

/* He reads what passes by, cannot stop it, and has an address of his own:
 * for a moment the gate takes it for the caller's next one. */
static void a_copy_of_a_skipped_packet_moves_no_path(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path thief = at("198.51.100.66", 4000);
	uint8_t stun[RTP_MAX_PACKET], sound[RTP_MAX_PACKET];
	size_t stun_size = phone_request(&bench->phone[0], stun), size;
	struct session *ses = bench->ses[0];
	unsigned copied = 0;

	register_at(bench, 0, &phone);
	send_command(bench, (struct command){ .kind = COMMAND_MUTE,
					      .ses = ses,
					      .muted = true });
	for (int i = 0; i < 1000; i++) {
		uint64_t skipped = report_of(ses).skipped;

		size = phone_speak(&bench->phone[0], sound);
		receive(bench, &phone, sound, size);
		if (report_of(ses).skipped > skipped) {
			copied++;
			receive(bench, &thief, stun, stun_size);
			receive(bench, &thief, sound, size);
		}
		run_for(bench, TICK_US);
		bench->n_out = 0;
		g_assert_true(path_equal(&ses->path, &phone));
	}
	g_assert_cmpuint(copied, >, 2);
	stop(bench);
}

/* The i-th phone, as a tool that receives at `where`: its gate's session
 * believes or awaits that address. */
static void add_tool(struct bench *bench, unsigned i, const struct path *where,
		     bool srtp)
{
	struct session_config cfg;

	phone_keys(i + 1, &cfg);
	cfg.stream.suite = srtp ? SRTP_GCM : SRTP_NONE;
	cfg.stream.receive_ssrc = 0;
	path_address(where, &cfg.address);
	bench->ses[i] = phone_create(&bench->phone[i], i + 1, srtp);
	session_destroy(&bench->ses[i]);
	g_assert_cmpint(session_create(&bench->ses[i], &cfg), ==, 0);
	bench->ses[i]->gate = bench->gate;
	send_command(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
					      .ses = bench->ses[i] });
}

static void a_tool_in_the_clear_has_its_path_at_once(void)
{
	struct bench *bench = start(0, false);
	struct path tool = at("127.0.0.1", 4000), other = at("127.0.0.1", 4001);
	struct event event;

	add_tool(bench, 0, &tool, false);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, &event), ==, 1);
	g_assert_cmpstr(event.registered.path, ==, "127.0.0.1:4000");
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &tool), >, 0);
	g_assert_cmpuint(sent_to(bench, &tool), ==, bench->n_out);
	/* Who is elsewhere is not it. */
	speak(bench, 0, &other);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	speak(bench, 0, &tool);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 1);
	stop(bench);
}

static void a_tool_takes_nobodys_address(void)
{
	struct bench *bench = start(1, false);
	struct path phone = at("192.0.2.1", 4000);
	struct event event;

	register_at(bench, 0, &phone);
	events(bench, EVENT_REGISTERED, NULL);
	add_tool(bench, 1, &phone, false);
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpuint(event.member, ==, 2);
	g_assert_cmpint(event.why, ==, GONE_PATH);
	g_assert_true(path_equal(&bench->ses[0]->path, &phone));
	run_for(bench, SECOND);
	g_assert_cmpuint(sent_to(bench, &phone), >, 0);
	stop(bench);
}

static void a_phone_that_proves_an_address_has_it_from_a_tool(void)
{
	struct bench *bench = start(1, false);
	struct path place = at("127.0.0.1", 4000);
	struct event event;

	add_tool(bench, 1, &place, false);
	register_at(bench, 0, &place);
	events(bench, EVENT_REGISTERED, NULL);
	run_for(bench, 5 * SECOND / 2);
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpuint(event.member, ==, 2);
	g_assert_cmpint(event.why, ==, GONE_PATH);
	stop(bench);
}

static void a_tool_with_srtp_proves_its_address(void)
{
	struct bench *bench = start(0, true);
	struct path tool = at("192.0.2.1", 4000), other = at("192.0.2.2", 4000);
	uint8_t report[RTP_MAX_PACKET], forged[RTP_MAX_PACKET];
	size_t size;

	add_tool(bench, 0, &tool, true);
	run_for(bench, 40 * SECOND);
	g_assert_cmpuint(bench->n_out, ==, 0);
	size = phone_control(&bench->phone[0], NULL, bench->now, report);
	memcpy(forged, report, size);
	forged[size - 1] ^= 1;
	receive(bench, &tool, forged, size);
	receive(bench, &other, report, size);
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, NULL), ==, 0);
	g_assert_cmpuint(bench->n_out, ==, 0);
	receive(bench, &tool, report, size);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, NULL), ==, 1);
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &tool), >, 0);
	stop(bench);
}

static void a_tool_that_falls_silent_is_gone(void)
{
	struct bench *bench = start(0, false);
	struct path quiet = at("127.0.0.1", 4000), once = at("127.0.0.1", 4001);
	struct event event;

	add_tool(bench, 0, &quiet, false);
	add_tool(bench, 1, &once, false);
	for (int i = 0; i < 100; i++) { /* DTX, and a report now and then */
		uint8_t buf[RTP_MAX_PACKET];

		receive(bench, &once, buf,
			phone_control(&bench->phone[1], NULL, bench->now, buf));
		run_for(bench, 5 * SECOND);
		clear(bench);
		g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	}
	run_for(bench, 24 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	run_for(bench, 4 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpuint(event.member, ==, 2);
	g_assert_cmpint(event.why, ==, GONE_CONSENT);
	run_for(bench, 60 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 0);
	stop(bench);
}

static void a_closed_websocket_ends_the_call_on_it(void)
{
	struct bench *bench = start(2, true);
	struct path web = path_from_websocket(9), udp = at("192.0.2.1", 4000);
	struct event event;

	register_at(bench, 0, &web);
	register_at(bench, 1, &web); /* a second call takes the socket over */
	register_at(bench, 0, &web);
	g_assert_true(bench->ses[1]->path.kind == PATH_NONE);
	register_at(bench, 1, &udp);
	send_command(bench, (struct command){ .kind = COMMAND_WEBSOCKET_CLOSED,
					      .connection = 9 });
	g_assert_cmpuint(events(bench, EVENT_GONE, &event), ==, 1);
	g_assert_cmpuint(event.member, ==, 1);
	g_assert_cmpint(event.why, ==, GONE_PATH);
	clear(bench);
	run_for(bench, 2 * SECOND);
	g_assert_cmpuint(sent_to(bench, &web), ==, 0);
	g_assert_cmpuint(sent_to(bench, &udp), >, 0);
	stop(bench);
}

static void mapped_addresses_are_what_they_map(void)
{
	struct path four = at("192.0.2.1", 4000);
	struct path six = at("::ffff:192.0.2.1", 4000);
	struct path other = at("192.0.2.1", 4001);
	struct sockaddr_in none = { .sin_family = AF_INET };
	struct path path;

	g_assert_true(path_equal(&four, &six));
	g_assert_false(path_equal(&four, &other));
	g_assert_false(path_from_socket(&path, 0, (struct sockaddr *)&none));
}

static void a_call_never_touches_the_heap(void)
{
	struct bench *bench = start(2, true);
	struct path a = at("192.0.2.1", 4000), b = at("2001:db8::1", 4000);
	struct path web = path_from_websocket(1);
	const struct stream_extra extra = { .message_id = 9,
					    .message = (const uint8_t *)"{}",
					    .message_size = 2 };
	struct command mute = { .kind = COMMAND_MUTE,
				.ses = bench->ses[0],
				.muted = true };
	struct command message = message_to(bench->ses[0]);
	struct command remove = { .kind = COMMAND_REMOVE_SESSION,
				  .ses = bench->ses[1] };
	uint8_t buf[RTP_MAX_PACKET];

	trap_begin();
	register_at(bench, 0, &a);
	register_at(bench, 1, &web);
	send_command(bench, mute);
	send_command(bench, message);
	for (int i = 0; i < 500; i++) {
		speak(bench, 0, &a);
		speak(bench, 1, &web);
		phone_speak(&bench->phone[0], buf);
		buf[14] ^= 1; /* forged */
		receive(bench, &a, buf, 31);
		receive(bench, &b, buf, 31); /* from nowhere */
		if (i % 50 == 0)
			receive(bench, &a, buf,
				phone_control(&bench->phone[0], &extra, 0,
					      buf));
		run_for(bench, TICK_US);
		clear(bench);
	}
	register_at(bench, 1, &b);
	send_command(bench, remove);
	engine_settle(bench->eng);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(bench->eng->counters.unproven, ==, 500);
	g_assert_cmpuint(events(bench, EVENT_RETIRED, NULL), ==, 1);
	session_destroy(&bench->ses[1]);
	stop(bench);
}

#define BOTH(name, test)                                                       \
	g_test_add_data_func("/gate/SRTP/" name, GINT_TO_POINTER(true), test); \
	g_test_add_data_func("/gate/plain/" name, GINT_TO_POINTER(false), test)

/* What a request is answered by: 0 for success, else the error. */
static int answer_to(struct bench *bench, unsigned i, const struct path *from,
		     struct sockaddr_storage *alternate_r)
{
	struct outbox_packet *out = &bench->out[0];
	struct stun_message msg;
	uint8_t buf[RTP_MAX_PACKET];
	size_t size = phone_request(&bench->phone[i], buf);

	clear(bench);
	receive(bench, from, buf, size);
	g_assert_cmpuint(bench->n_out, ==, 1);
	g_assert_cmpuint(out->size, <=, size);
	g_assert_cmpint(stun_decode(&msg, out->buf, out->size), ==, 0);
	g_assert_true(stun_authentic(&msg, out->buf, &bench->phone[i].key));
	*alternate_r = msg.alternate;
	return msg.error;
}

static struct command redirect_to(struct session *ses, const char *literal,
				  uint16_t port)
{
	struct command cmd = message_to(ses);

	cmd.kind = COMMAND_REDIRECT;
	if (literal)
		cmd.alternate = at(literal, port);
	return cmd;
}

static void assert_alternate(const struct sockaddr_storage *address,
			     const char *literal, uint16_t port)
{
	struct path is, want = at(literal, port);

	g_assert_true(
		path_from_socket(&is, 0, (const struct sockaddr *)address));
	g_assert_true(path_equal(&is, &want));
}

static void who_is_sent_elsewhere_stays_until_he_goes(void)
{
	struct bench *bench = start(2, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path roamed = at("192.0.2.1", 4001);
	struct sockaddr_storage alternate;
	uint8_t buf[RTP_MAX_PACKET];

	register_at(bench, 0, &phone);
	send_command(bench, redirect_to(bench->ses[0], "2001:db8::7", 7000));
	run_for(bench, TICK_US);
	g_assert_cmpuint(sent_to(bench, &phone), >,
			 1); /* sound, and a message */
	g_assert_cmpint(answer_to(bench, 0, &phone, &alternate), ==, 300);
	assert_alternate(&alternate, "2001:db8::7", 7000);
	/* He is heard and hears for as long as he asks. */
	for (int i = 0; i < PHONE_CONSENT_S; i++) {
		speak(bench, 0, &phone);
		answer_to(bench, 0, &phone, &alternate);
		clear(bench);
		run_for(bench, 2 * SECOND);
		g_assert_cmpuint(sent_to(bench, &phone), >, 0);
	}
	/* A new address is not taken: he proves it where he goes. */
	g_assert_cmpint(answer_to(bench, 0, &roamed, &alternate), ==, 300);
	speak(bench, 0, &roamed);
	g_assert_true(path_equal(&bench->ses[0]->path, &phone));

	send_command(bench, redirect_to(bench->ses[0], NULL, 0));
	g_assert_cmpint(answer_to(bench, 0, &phone, &alternate), ==, 0);

	send_command(bench, redirect_to(bench->ses[0], "192.0.2.9", 7000));
	receive(bench, &phone, buf,
		phone_control(&bench->phone[0],
			      &(struct stream_extra){ .bye = true }, bench->now,
			      buf));
	g_assert_cmpuint(events(bench, EVENT_GONE, NULL), ==, 1);
	stop(bench);
}

static void who_never_came_is_sent_elsewhere_too(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct sockaddr_storage alternate;

	send_command(bench, redirect_to(bench->ses[0], "192.0.2.9", 7000));
	g_assert_cmpint(answer_to(bench, 0, &phone, &alternate), ==, 300);
	assert_alternate(&alternate, "192.0.2.9", 7000);
	speak(bench, 0, &phone);
	g_assert_cmpuint(events(bench, EVENT_REGISTERED, NULL), ==, 0);
	g_assert_false(bench->ses[0]->joined);
	stop(bench);
}

static void a_standby_joins_when_its_member_comes(void)
{
	struct bench *bench = start(2, true);
	struct path phone = at("192.0.2.1", 4000);
	struct path other = at("192.0.2.2", 4000);
	unsigned alone;

	bench->ses[1]->standby = true;
	register_at(bench, 0, &other);
	alone = bench->gate->entry->joined;
	run_for(bench, 10 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_REPORT, NULL), <=, 12);
	g_assert_cmpuint(sent_to(bench, &phone), ==, 0);
	g_assert_true(request(bench, 1, &phone)); /* it answers */
	g_assert_cmpuint(bench->gate->entry->joined, ==, alone);
	speak(bench, 1, &phone);
	g_assert_cmpuint(bench->gate->entry->joined, ==, alone + 1);
	clear(bench);
	run_for(bench, 3 * SECOND);
	g_assert_cmpuint(sent_to(bench, &phone), >, 0);
	run_for(bench, 7 * SECOND);
	g_assert_cmpuint(events(bench, EVENT_REPORT, NULL), >=, 16);
	stop(bench);
}

static void of_two_places_the_later_one_answers(void)
{
	struct bench *bench = start(1, true);
	struct path phone = at("192.0.2.1", 4000);
	struct session_config cfg;
	struct session *second;

	register_at(bench, 0, &phone);
	phone_keys(1, &cfg);
	cfg.stream.suite = SRTP_GCM;
	cfg.stream.send_ssrc = 70;
	cfg.stream.receive_ssrc = 71;
	cfg.standby = true;
	g_assert_cmpint(session_create(&second, &cfg), ==, 0);
	second->gate = bench->gate;
	send_command(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
					      .ses = second });
	g_assert_true(request(bench, 0, &phone));
	g_assert_true(request(bench, 0, &phone));
	g_assert_true(path_equal(&second->path, &phone));
	g_assert_cmpint(bench->ses[0]->path.kind, ==, PATH_NONE);
	stop(bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	BOTH("the cookie comes back and media goes out",
	     the_cookie_comes_back_and_media_goes_out);
	BOTH("roaming moves the path once it is proven",
	     roaming_moves_the_path_once_it_is_proven);
	BOTH("who is heard while a tick runs stays",
	     who_is_heard_while_a_tick_runs_stays);
	BOTH("consent ends after thirty seconds",
	     consent_ends_after_thirty_seconds);
	g_test_add_func(
		"/gate/a held session uses its keys when it is admitted",
		a_held_session_uses_its_keys_when_it_is_admitted);
	g_test_add_func("/gate/sound behind the first request proves too",
			sound_behind_the_first_request_proves_too);
	g_test_add_func("/gate/sound in the clear proves nothing",
			sound_in_the_clear_proves_nothing);
	g_test_add_func("/gate/strangers get silence", strangers_get_silence);
	g_test_add_func("/gate/a spoofed source earns one small answer",
			a_spoofed_source_earns_one_small_answer);
	g_test_add_func("/gate/a request too small for its answer gets silence",
			a_request_too_small_for_its_answer_gets_silence);
	g_test_add_func("/gate/an address that was left cannot be brought back",
			an_address_that_was_left_cannot_be_brought_back);
	g_test_add_func("/gate/a replayed request does not keep a dead call",
			a_replayed_request_does_not_keep_a_dead_call);
	g_test_add_func("/gate/goodbye is said and heard",
			goodbye_is_said_and_heard);
	g_test_add_func("/gate/a message comes once and is acknowledged "
			"each time",
			a_message_comes_once_and_is_acknowledged_each_time);
	g_test_add_func("/gate/a message repeats until acknowledged or "
			"five seconds",
			a_message_repeats_until_acknowledged_or_five_seconds);
	g_test_add_func("/gate/a full ring loses no turn of a session",
			a_full_ring_loses_no_turn_of_a_session);
	g_test_add_func("/gate/a full ring makes the peer send its "
			"message again",
			a_full_ring_makes_the_peer_send_its_message_again);
	g_test_add_func("/gate/figures of both ways reach the control thread",
			figures_of_both_ways_reach_the_control_thread);
	g_test_add_func(
		"/gate/who talks and who is silent is counted in seconds",
		who_talks_and_who_is_silent_is_counted_in_seconds);
	g_test_add_func("/gate/reports come about once a second",
			reports_come_about_once_a_second);
	g_test_add_func("/gate/missed steps are a gap and not a burst",
			missed_steps_are_a_gap_and_not_a_burst);
	g_test_add_func("/gate/whom nobody would hear is left undecrypted",
			whom_nobody_would_hear_is_left_undecrypted);
	g_test_add_func("/gate/a copy of a skipped packet moves no path",
			a_copy_of_a_skipped_packet_moves_no_path);
	g_test_add_func("/gate/a closed WebSocket ends the call on it",
			a_closed_websocket_ends_the_call_on_it);
	g_test_add_func("/gate/mapped addresses are what they map",
			mapped_addresses_are_what_they_map);
	g_test_add_func("/gate/who is sent elsewhere stays until he goes",
			who_is_sent_elsewhere_stays_until_he_goes);
	g_test_add_func("/gate/who never came is sent elsewhere too",
			who_never_came_is_sent_elsewhere_too);
	g_test_add_func("/gate/a standby joins when its member comes",
			a_standby_joins_when_its_member_comes);
	g_test_add_func("/gate/of two places the later one answers",
			of_two_places_the_later_one_answers);
	g_test_add_func("/gate/a call never touches the heap",
			a_call_never_touches_the_heap);
	g_test_add_func("/gate/a tool in the clear has its path at once",
			a_tool_in_the_clear_has_its_path_at_once);
	g_test_add_func("/gate/a tool takes nobodys address",
			a_tool_takes_nobodys_address);
	g_test_add_func(
		"/gate/a phone that proves an address has it from a tool",
		a_phone_that_proves_an_address_has_it_from_a_tool);
	g_test_add_func("/gate/a tool with srtp proves its address",
			a_tool_with_srtp_proves_its_address);
	g_test_add_func("/gate/a tool that falls silent is gone",
			a_tool_that_falls_silent_is_gone);
	return g_test_run();
}
