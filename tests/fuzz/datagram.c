/* links: gate */
/* Arbitrary datagrams at a worker's entry point, with two calls up: one in
 * the clear, whose SSRC is whatever comes, one under SRTP. Input: records of
 * one byte of command, two bytes of size, the datagram.
 *
 * The command's bits: 0-1 from where, 2 whose keys, 3-4 how it is dressed
 * (as it is; as an authentic STUN request; as authentic SRTCP; as authentic
 * SRTP), 5-7 steps of 20 ms that pass first. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/srtp_cipher.h"
#include "mixer/wire.h"
#include "tests/fuzz/engine.h"

#define SESSIONS 2

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct engine *eng; /* it, its mix and gate serve all inputs */
	struct engine_mix *entry;
	struct phonegate *gate;
	struct session *ses[SESSIONS];
	struct path own[SESSIONS], stranger;
	struct path before[SESSIONS]; /* a call that ends was answered there */
	struct srtp_cipher *cipher;
	uint32_t index;
	uint64_t now;
	size_t request; /* bytes of the one being answered, 0: none */
};

enum dress { AS_IT_IS, AS_STUN, AS_SRTCP, AS_SRTP };

/* An address that is nobody's gets STUN answers, and none is larger than
 * its request. */
static void check_output(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	for (unsigned i = 0; i < box->n; i++) {
		struct outbox_packet *pkt = &box->packets[i];
		bool stun = packet_kind(pkt->buf, pkt->size) == PACKET_STUN;
		bool proven = false;

		for (unsigned k = 0; k < SESSIONS; k++)
			proven |= path_equal(&pkt->to, &bench->ses[k]->path) ||
				  path_equal(&pkt->to, &bench->before[k]);
		if (stun && pkt->size > bench->request)
			abort();
		if (!stun && !proven)
			abort();
	}
}

static struct session *make_session(uint32_t member, bool srtp)
{
	struct session_config cfg = { .member = member,
				      .username = "user0",
				      .password = "password",
				      .consent_s = 30 };
	struct session *ses = NULL;

	cfg.username[4] = (char)('0' + member);
	cfg.stream.suite = srtp ? SRTP_GCM : SRTP_NONE;
	cfg.stream.send_ssrc = 0x10 + member;
	cfg.stream.receive_ssrc = srtp ? 0x20 + member : 0;
	cfg.stream.payload_type = 111;
	cfg.stream.level_id = 1;
	cfg.leg.jitter.min_ms = 20;
	cfg.leg.jitter.max_ms = 200;
	cfg.leg.sends = cfg.leg.receives = true;
	cfg.leg.channels = 1;
	if (session_create(&ses, &cfg))
		abort();
	return ses;
}

static void push(struct bench *bench, struct command cmd)
{
	fuzz_push(bench->eng, cmd, bench->now);
}

static void create(struct bench *bench)
{
	static const uint8_t key[SRTP_MAX_KEY];
	const struct mix_config cfg = { .capacity = SESSIONS,
					.talkers = 2,
					.bitrate = 16000,
					.complexity = 0,
					.channels = 1,
					.jitter = { 20, 200 } };

	bench->now = 1000000000;
	bench->stranger = fuzz_path(9);
	fuzz_create(&bench->eng, &bench->entry, &bench->gate, &cfg, SESSIONS,
		    check_output, bench, bench->now);
	if (srtp_cipher_create(&bench->cipher, SRTP_GCM, key, SRTP_PROTECT))
		abort();
}

static void call(struct bench *bench)
{
	for (uint32_t i = 0; i < SESSIONS; i++) {
		bench->ses[i] = make_session(i, i == 1);
		bench->ses[i]->gate = bench->gate;
		bench->own[i] = fuzz_path((uint8_t)(i + 1));
		push(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
					      .ses = bench->ses[i] });
		engine_adopt_path(bench->eng, bench->ses[i], &bench->own[i],
				  bench->now);
	}
}

/* What the control thread would take, so that no ring stays full. */
static void take_events(struct bench *bench)
{
	static struct event_message message;
	struct event event;

	while (ring_pop(bench->eng->messages, &message))
		if (message.size > sizeof(message.text))
			abort();
	while (ring_pop(bench->eng->events, &event))
		if (event.kind == EVENT_RETIRED) {
			struct session *ses = event.retired.object;

			session_destroy(&ses);
		}
}

/* Both leave, and nothing of theirs remains. */
static void hang_up(struct bench *bench)
{
	for (unsigned i = 0; i < SESSIONS; i++) {
		bench->before[i] = bench->ses[i]->path;
		push(bench, (struct command){ .kind = COMMAND_REMOVE_SESSION,
					      .ses = bench->ses[i] });
	}
	engine_settle(bench->eng);
	take_events(bench);
	if (engine_busy(bench->eng) || links_next(&bench->entry->sessions))
		abort();
}

/* Dresses what the fuzzer made; the result's size. */
static size_t dress(struct bench *bench, enum dress how, unsigned whose,
		    uint8_t *buf, size_t size)
{
	struct stun_message msg;
	struct stun_key key;
	int n = -1;

	if (how == AS_STUN && !stun_decode(&msg, buf, size)) {
		msg.type = STUN_BINDING_REQUEST;
		memcpy(msg.username, bench->ses[whose]->username,
		       sizeof(msg.username));
		stun_key_init(&key, "password");
		n = stun_encode(&msg, &key, buf, RTP_MAX_PACKET);
	} else if (how == AS_SRTCP && size >= 8) {
		memcpy(buf + 4, "\0\0\0\x21", 4);
		n = srtp_cipher_protect_rtcp(bench->cipher, bench->index++, buf,
					     size, RTP_MAX_PACKET);
	} else if (how == AS_SRTP && rtp_header_size(buf, size) > 0) {
		buf[1] = (uint8_t)((buf[1] & 0x80) | 111);
		memcpy(buf + 8, "\0\0\0\x21", 4);
		n = srtp_cipher_protect_rtp(bench->cipher, wire_get16(buf + 2),
					    (size_t)rtp_header_size(buf, size),
					    buf, size, RTP_MAX_PACKET);
	}
	return n > 0 ? (size_t)n : size;
}

static void play(void *arg, uint8_t command, const uint8_t *data, size_t size)
{
	struct bench *bench = arg;
	const struct path *from =
		command & 2 ? &bench->stranger : &bench->own[command & 1];
	uint8_t buf[RTP_MAX_PACKET];

	for (unsigned i = 0; i < command >> 5; i++) {
		bench->now += TICK_US;
		engine_tick(bench->eng, bench->now, i == 6 ? 3 : 0);
		engine_settle(bench->eng);
	}
	memcpy(buf, data, size);
	size = dress(bench, command >> 3 & 3, command >> 2 & 1, buf, size);
	bench->request = size;
	for (unsigned k = 0; k < SESSIONS; k++)
		bench->before[k] = bench->ses[k]->path;
	engine_packet(bench->eng, from, buf, size, bench->now);
	engine_settle(bench->eng);
	bench->request = 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench bench;

	if (!bench.eng)
		create(&bench);
	call(&bench);
	fuzz_records(data, size, RTP_MAX_PACKET, play, &bench);
	hang_up(&bench);
	return 0;
}
