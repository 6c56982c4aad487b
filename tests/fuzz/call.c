/* links: loadgen */
/* What a PhoneGate, or who passes for one, may send to a caller. Input:
 * records of one byte of command, two bytes of size, the packet.
 *
 * The command's bits: 0-1 how it is dressed (as it is; as an answer to our
 * last STUN request; as an in-band message; as a packet of RTP that is next),
 * 2-4 steps of 20 ms that pass first, 5 our own mute. The stream is in the
 * clear, so that no key stands before the parsers. */
#include <stdlib.h>
#include <string.h>

#include "loadgen/call.h"
#include "loadgen/notice.h"
#include "signaling/text.h"

#define TICK_US 20000u

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum dress { AS_IT_IS, AS_STUN, AS_MESSAGE, AS_RTP };

struct bench {
	struct call *call;
	struct stream *gate;
	struct stun_key key;
	uint8_t transaction[STUN_TRANSACTION_SIZE];
	uint32_t message;
	uint64_t now;
};

static void require(bool holds)
{
	if (!holds)
		abort();
}

static int on_send(unsigned target, const uint8_t *buf, size_t size, void *arg)
{
	struct bench *bench = arg;
	struct stun_message msg;

	require(target % REGISTRATION_MAX_TARGETS < 2 &&
		size <= RTP_MAX_PACKET);
	if (packet_kind(buf, size) != PACKET_STUN)
		return 0;
	require(!stun_decode(&msg, buf, size));
	memcpy(bench->transaction, msg.transaction, sizeof(msg.transaction));
	return 0;
}

static void on_event(const struct call_event *event, void *arg)
{
	struct notice notice;

	(void)arg;
	if (event->type != CALL_MESSAGE)
		return;
	require(event->message.size <= sizeof(event->message.json));
	notice_read(&notice, event->message.json, event->message.size);
	require(!notice.why || (text_is_line(notice.why) &&
				strlen(notice.why) <= NOTICE_WHY_MAX));
	g_free(notice.why);
	g_free(notice.room);
}

static bool on_speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	(void)pcm_r;
	(void)tick_us;
	(void)arg;
	return false;
}

static void on_hear(const int16_t *pcm, uint64_t tick_us, int wait_us,
		    void *arg)
{
	(void)pcm;
	(void)tick_us;
	(void)wait_us;
	(void)arg;
}

static bool on_release(struct call_place *place, void *arg)
{
	(void)arg;
	call_place_destroy(&place);
	return true;
}

static const struct call_io io = { on_send, on_event, on_speak, on_hear,
				   on_release };

static struct call_place *place_of(unsigned k)
{
	const struct call_place_config cfg = {
		.k = k,
		.registration = { .username = "dialog",
				  .password = "swordfish",
				  .targets = { { .address.ss_family = 2 },
					       { .websocket = true } },
				  .n_targets = 2,
				  .laps = 1,
				  .keep_us = 4000000,
				  .echo = true },
		.stream = { .send_ssrc = 2 * k + 2,
			    .receive_ssrc = 2 * k + 1,
			    .payload_type = 111,
			    .cname = "caller" },
	};
	struct call_place *place;

	require(!call_place_create(&place, &cfg));
	return place;
}

static void start(struct bench *bench)
{
	const struct stream_config gate = { .send_ssrc = 1,
					    .receive_ssrc = 2,
					    .payload_type = 111,
					    .cname = "gate" };
	struct call_config cfg = {
		.places = place_of(0),
		.codec = { .bitrate = 16000 },
		.jitter = { 20, 500 },
		.report_us = 1000000,
	};

	cfg.places->next = place_of(1);
	memset(bench, 0, sizeof(*bench));
	bench->now = 1000000000;
	stun_key_init(&bench->key, "swordfish");
	require(!stream_create(&bench->gate, &gate));
	require(!call_create(&bench->call, &cfg, &io, bench));
	call_start(bench->call, bench->now, bench->now);
	call_tick(bench->call, bench->now, bench->now);
}

/* Dresses what the fuzzer made; the result's size. */
static size_t dress(struct bench *bench, enum dress how, uint8_t *buf,
		    size_t size)
{
	uint8_t bytes[RTP_MAX_PACKET];
	struct stream_extra extra = { .message = bytes, .message_size = size };
	struct stun_message msg;
	int n = -1;

	memcpy(bytes, buf, size);
	switch (how) {
	case AS_IT_IS:
		break;
	case AS_STUN:
		if (stun_decode(&msg, bytes, size))
			break;
		memcpy(msg.transaction, bench->transaction,
		       sizeof(msg.transaction));
		n = stun_encode(&msg, &bench->key, buf, RTP_MAX_PACKET);
		break;
	case AS_MESSAGE:
		extra.message_id = ++bench->message;
		if (size && size <= STREAM_APP_MAX)
			n = stream_send_rtcp(bench->gate, &extra, bench->now,
					     bench->now, buf, RTP_MAX_PACKET);
		break;
	case AS_RTP:
		n = stream_send_rtp(bench->gate, bytes, size, 960, buf,
				    RTP_MAX_PACKET);
		break;
	}
	return n > 0 ? (size_t)n : size;
}

static void play(struct bench *bench, uint8_t command, const uint8_t *data,
		 size_t size)
{
	uint8_t buf[RTP_MAX_PACKET];

	for (unsigned i = 0; i < (command >> 2 & 7); i++) {
		bench->now += TICK_US;
		call_tick(bench->call, bench->now, bench->now);
	}
	if (command & 0x20)
		call_mute(bench->call, command & 0x40);
	if (size)
		memcpy(buf, data, size);
	size = dress(bench, command & 3, buf, size);
	call_receive(bench->call, buf, size, bench->now);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bench bench;

	start(&bench);
	while (size > 3) {
		uint8_t command = data[0];
		size_t length = (size_t)data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		if (length <= RTP_MAX_PACKET)
			play(&bench, command, data, length);
		data += length;
		size -= length;
	}
	call_tick(bench.call, bench.now + TICK_US, bench.now + TICK_US);
	call_bye(bench.call, bench.now + TICK_US);
	call_destroy(&bench.call);
	stream_destroy(&bench.gate);
	return 0;
}
