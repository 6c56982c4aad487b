/* links: gate */
/* A browser's session at a worker's entry point. Input: records of one byte of
 * command, two bytes of size, a datagram.
 *
 * The command's bits: 0-1 from which of four addresses; 2 sent as an authentic
 * check, 3 which nominates; 4 then DTLS answers with a full flight; 5 then it
 * has the keys; 6 then ICE restarts; 7 a second passes first.
 *
 * Whatever comes: who has not proved that he hears is sent at most three times
 * what came from him, and DTLS is passed up of checked addresses only. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/engine.h"

#define PLACES	4
#define FACTOR	3
#define FLIGHT	1200
#define SECOND	50 /* ticks */
#define PASSING "password"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct place {
	struct path path;
	size_t in, out;
	bool checked, proven;
};

struct bench {
	struct engine *eng; /* it, its mix and gate serve all inputs */
	struct engine_mix *entry;
	struct phonegate *gate;
	struct session *ses;
	struct place places[PLACES];
	unsigned restarts;
	uint64_t now;
};

static struct stream_config stream_of(uint8_t key)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = 2,
				     .payload_type = 111 };

	memset(cfg.send_key, key, SRTP_MAX_KEY);
	memset(cfg.receive_key, key, SRTP_MAX_KEY);
	return cfg;
}

static void note_proven(struct bench *bench)
{
	for (unsigned i = 0; i < PLACES; i++)
		bench->places[i].proven |=
			path_equal(&bench->places[i].path, &bench->ses->path);
}

static void check_output(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	note_proven(bench);
	for (unsigned i = 0; i < box->n; i++)
		for (unsigned k = 0; k < PLACES; k++) {
			struct place *place = &bench->places[k];

			if (!path_equal(&place->path, &box->packets[i].to))
				continue;
			place->out += box->packets[i].size;
			if (!place->proven && place->out > FACTOR * place->in)
				abort();
		}
}

static void push(struct bench *bench, struct command cmd)
{
	fuzz_push(bench->eng, cmd, bench->now);
	engine_settle(bench->eng);
}

static void create(struct bench *bench)
{
	const struct mix_config mix = { .capacity = 1,
					.talkers = 1,
					.bitrate = 16000,
					.channels = 1,
					.jitter = { 20, 200 } };

	bench->now = 1000000000;
	fuzz_create(&bench->eng, &bench->entry, &bench->gate, &mix, 1,
		    check_output, bench, bench->now);
}

static void call(struct bench *bench)
{
	struct session_config cfg = { .member = 1,
				      .username = "a0:b",
				      .password = PASSING,
				      .consent_s = 30,
				      .ice = true,
				      .stream = stream_of(1) };

	cfg.leg.jitter.min_ms = 20;
	cfg.leg.jitter.max_ms = 200;
	cfg.leg.sends = cfg.leg.receives = true;
	cfg.leg.channels = 1;
	if (session_create(&bench->ses, &cfg))
		abort();
	bench->ses->gate = bench->gate;
	bench->restarts = 0;
	for (unsigned i = 0; i < PLACES; i++)
		bench->places[i] =
			(struct place){ .path = fuzz_path((uint8_t)(i + 1)) };
	push(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
				      .ses = bench->ses });
}

static void take_events(struct bench *bench)
{
	static struct event_message message;
	struct event event;

	while (ring_pop(bench->eng->messages, &message))
		;
	while (ring_pop(bench->eng->events, &event)) {
		struct new_stream *old = event.retired.object;
		struct session *ses = event.retired.object;

		if (event.kind != EVENT_RETIRED)
			continue;
		if (event.retired.kind == OBJECT_SESSION) {
			session_destroy(&ses);
			continue;
		}
		if (event.retired.kind == OBJECT_STREAM)
			stream_destroy(&old->stream);
		free(event.retired.object);
	}
}

/* The datagram as a check of the session as it is now; its size. */
static size_t dress(struct bench *bench, bool nominates, uint8_t *buf)
{
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .use_candidate = nominates };
	struct stun_key key;

	memcpy(msg.username, bench->ses->username, sizeof(msg.username));
	stun_key_init(&key, PASSING);
	return (size_t)stun_encode(&msg, &key, buf, RTP_MAX_PACKET);
}

static void restart(struct bench *bench)
{
	struct credentials *cred = calloc(1, sizeof(*cred));

	if (!cred)
		abort();
	strcpy(cred->username, "a0:b");
	cred->username[1] = (char)('0' + ++bench->restarts % 10);
	stun_key_init(&cred->key, PASSING);
	push(bench, (struct command){ .kind = COMMAND_RESTART_ICE,
				      .ses = bench->ses,
				      .credentials = cred });
}

static void set_keys(struct bench *bench)
{
	const struct stream_config cfg = stream_of(2);
	struct new_stream *made = calloc(1, sizeof(*made));

	if (!made || stream_create(&made->stream, &cfg))
		abort();
	push(bench, (struct command){ .kind = COMMAND_SET_KEYS,
				      .ses = bench->ses,
				      .stream = made });
}

static void take_dtls(struct bench *bench, const struct place *from)
{
	static struct dtls_packet pkt;

	while (ring_pop(bench->eng->dtls_up, &pkt))
		if (pkt.member != 1 || !pkt.size || !from->checked)
			abort();
}

static void play(void *arg, uint8_t command, const uint8_t *data, size_t size)
{
	struct bench *bench = arg;
	static const char flight[FLIGHT];
	struct place *from = &bench->places[command & 3];
	uint8_t buf[RTP_MAX_PACKET];

	for (unsigned i = 0; command & 0x80 && i < SECOND; i++) {
		bench->now += TICK_US;
		engine_tick(bench->eng, bench->now, 0);
		engine_settle(bench->eng);
	}
	memcpy(buf, data, size);
	if (command & 4) {
		size = dress(bench, command & 8, buf);
		from->checked = true;
	}
	from->in += size;
	engine_packet(bench->eng, &from->path, buf, size, bench->now);
	engine_settle(bench->eng);
	take_dtls(bench, from);
	if (command & 0x10)
		push(bench, (struct command){ .kind = COMMAND_SEND_DTLS,
					      .ses = bench->ses,
					      .message = message_create(
						      flight, FLIGHT) });
	if (command & 0x20)
		set_keys(bench);
	if (command & 0x40)
		restart(bench);
	note_proven(bench); /* where goodbye is said */
	take_events(bench);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench bench;

	if (!bench.eng)
		create(&bench);
	call(&bench);
	fuzz_records(data, size, RTP_MAX_PACKET, play, &bench);
	push(&bench, (struct command){ .kind = COMMAND_REMOVE_SESSION,
				       .ses = bench.ses });
	take_events(&bench);
	if (engine_busy(bench.eng))
		abort();
	return 0;
}
