/* A call whose PhoneGate is the test: its stream, with the keys the other
 * way round. */
#include "loadgen/call.h"

#include <errno.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "tests/trap.h"

#define TICK_US 20000u
#define FRAME	960

struct bridge {
	struct call *call;
	struct stream *stream;
	struct stun_key key;
	struct codec_encoder *enc;
	bool answers; /* STUN */
	bool deaf;    /* RTP is lost */
	bool acks;    /* what it is told */
	bool celt;    /* the mode of the newest packet */
	int level;    /* and what it says of its level */
	uint64_t now_us;
	uint64_t tone_at;

	unsigned requests, rtp, rtcp, heard, loud;
	unsigned registered, sounded, reports, messages, byes;
	bool said_bye, acked;
	int wait_us;	 /* of the newest frame */
	double wait_ms;	 /* of the newest report */
	unsigned rtp_in; /* likewise */
	char said[STREAM_APP_MAX];
	GString *all; /* that was said, where it is acknowledged */
	enum call_event_type last;
};

static void answer(struct bridge *br, const uint8_t *buf, size_t size)
{
	struct stun_message request, reply = { .type = STUN_BINDING_SUCCESS };
	uint8_t out[STUN_MAX_MESSAGE];
	int n;

	br->requests++;
	if (!br->answers || stun_decode(&request, buf, size) < 0)
		return;
	memcpy(reply.transaction, request.transaction,
	       sizeof(reply.transaction));
	n = stun_encode(&reply, &br->key, out, sizeof(out));
	call_receive(br->call, out, (size_t)n, br->now_us);
}

static void tell(struct bridge *br, const struct stream_extra *extra);

static void take_message(struct bridge *br, const struct stream_control *ctl)
{
	const struct stream_extra ack = { .ack = true,
					  .ack_id = ctl->message_id };

	memcpy(br->said, ctl->message, ctl->message_size);
	if (!br->acks)
		return;
	g_string_append_len(br->all, (const char *)ctl->message,
			    (gssize)ctl->message_size);
	tell(br, &ack);
}

static int on_send(unsigned target, const uint8_t *buf, size_t size, void *arg)
{
	struct bridge *br = arg;
	struct stream_control ctl = { 0 };
	struct stream_media media;
	uint8_t copy[RTP_MAX_PACKET];

	(void)target;
	memcpy(copy, buf, size);
	switch (packet_kind(buf, size)) {
	case PACKET_STUN:
		answer(br, buf, size);
		break;
	case PACKET_RTP:
		if (br->deaf || stream_receive_rtp(br->stream, copy, size,
						   br->now_us, &media))
			break;
		br->rtp++;
		br->celt = media.payload[0] & 0x80; /* RFC 6716 table 2 */
		br->level = media.level_dbov;
		break;
	case PACKET_RTCP:
		if (stream_receive_rtcp(br->stream, copy, size, br->now_us,
					&ctl))
			break;
		br->rtcp++;
		br->said_bye |= ctl.bye;
		br->acked |= ctl.has_ack && ctl.ack_id == 77;
		if (ctl.has_message)
			take_message(br, &ctl);
		break;
	case PACKET_DTLS:
	case PACKET_OTHER:
		return -EINVAL;
	}
	return 0;
}

static void on_event(const struct call_event *event, void *arg)
{
	struct bridge *br = arg;

	br->registered += event->type == CALL_REGISTERED;
	br->sounded += event->type == CALL_SOUND;
	br->reports += event->type == CALL_REPORT;
	br->messages += event->type == CALL_MESSAGE;
	br->byes += event->type == CALL_BYE;
	if (event->type == CALL_REPORT) {
		br->wait_ms = event->report.wait_ms;
		br->rtp_in = event->report.counts.rtp_in;
	}
	br->last = event->type;
}

static void tone(int16_t *pcm_r, uint64_t at)
{
	for (unsigned i = 0; i < FRAME; i++)
		pcm_r[i] = (int16_t)lrint(
			8000 * sin(2 * M_PI * 440 * (double)(at + i) / 48000));
}

static bool on_speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	(void)arg;
	tone(pcm_r, tick_us * 6 / 125);
	return true;
}

static void on_hear(const int16_t *pcm, uint64_t tick_us, int wait_us,
		    void *arg)
{
	struct bridge *br = arg;
	bool loud = false;

	(void)tick_us;
	for (unsigned i = 0; i < FRAME; i++)
		loud |= pcm[i] > 4000;
	br->heard++;
	br->wait_us = wait_us;
	br->loud += loud;
}

static bool on_release(struct call_place *place, void *arg)
{
	(void)arg;
	call_place_destroy(&place);
	return true;
}

static const struct call_io io = { on_send, on_event, on_speak, on_hear,
				   on_release };

static struct stream_config stream_of(bool caller)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = 1 + caller,
				     .receive_ssrc = 2 - caller,
				     .payload_type = 111,
				     .level_id = 7,
				     .cname = "test" };

	memset(cfg.send_key, 1 + caller, SRTP_MAX_KEY);
	memset(cfg.receive_key, 2 - caller, SRTP_MAX_KEY);
	return cfg;
}

static void setup_caller(struct bridge *br, bool answers, bool deaf)
{
	static const struct codec_config codec = { .bitrate = 32000,
						   .low_delay = 1 };
	const struct stream_config stream = stream_of(false);
	const struct call_place_config place = {
		.registration = { .username = "dialog",
				  .password = "swordfish",
				  .targets = { { .address.ss_family = 2 } },
				  .n_targets = 1,
				  .laps = 2,
				  .keep_us = 4000000,
				  .echo = true },
		.stream = stream_of(true),
	};
	struct call_config cfg = {
		.codec = codec,
		.jitter = { 20, 500 },
		.report_us = 1000000,
		.deaf = deaf,
	};

	memset(br, 0, sizeof(*br));
	br->answers = answers;
	br->now_us = 1000000;
	br->all = g_string_new(NULL);
	stun_key_init(&br->key, "swordfish");
	g_assert_cmpint(stream_create(&br->stream, &stream), ==, 0);
	g_assert_cmpint(codec_encoder_create(&br->enc, &codec), ==, 0);
	g_assert_cmpint(call_place_create(&cfg.places, &place), ==, 0);
	g_assert_cmpint(call_create(&br->call, &cfg, &io, br), ==, 0);
}

static void setup(struct bridge *br, bool answers)
{
	setup_caller(br, answers, false);
}

static void teardown(struct bridge *br)
{
	call_destroy(&br->call);
	stream_destroy(&br->stream);
	codec_encoder_destroy(&br->enc);
	g_string_free(br->all, TRUE);
}

static void tick(struct bridge *br)
{
	br->now_us += TICK_US;
	call_tick(br->call, br->now_us, br->now_us);
}

static void play(struct bridge *br)
{
	int16_t pcm[FRAME];
	uint8_t payload[CODEC_MAX], buf[RTP_MAX_PACKET];
	int n;

	tone(pcm, br->tone_at);
	br->tone_at += FRAME;
	n = codec_encode(br->enc, pcm, payload, sizeof(payload));
	n = stream_send_rtp(br->stream, payload, (size_t)n, FRAME, buf,
			    sizeof(buf));
	call_receive(br->call, buf, (size_t)n, br->now_us);
}

static void tell(struct bridge *br, const struct stream_extra *extra)
{
	uint8_t buf[RTP_MAX_PACKET];
	int n = stream_send_rtcp(br->stream, extra, br->now_us, br->now_us, buf,
				 sizeof(buf));

	g_assert_cmpint(n, >, 0);
	call_receive(br->call, buf, (size_t)n, br->now_us);
}

static void sound_rides_behind_the_first_request(void)
{
	struct bridge br;

	setup(&br, false);
	call_start(br.call, br.now_us, br.now_us);
	g_assert_cmpuint(br.requests, ==, 1);
	tick(&br);
	g_assert_cmpuint(br.rtp, ==, 1);
	/* No more than one for each request until the gate answers. */
	for (int i = 0; i < 5; i++)
		tick(&br);
	g_assert_cmpuint(br.rtp, ==, 1);
	g_assert_cmpuint(br.heard, ==, 0);
	teardown(&br);
}

static void every_tick_is_said_and_heard_from_registration_on(void)
{
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	g_assert_cmpuint(br.registered, ==, 1);
	for (int i = 0; i < 100; i++) {
		play(&br);
		tick(&br);
	}
	g_assert_cmpuint(br.rtp, ==, 100);
	g_assert_cmpuint(br.heard, ==, 100);
	g_assert_cmpint(br.level, ==, -15); /* 8000 / sqrt(2) of 32768 */
	g_assert_cmpuint(br.loud, >, 90);
	g_assert_cmpuint(br.sounded, ==, 1);
	g_assert_cmpuint(br.reports, ==, 2);
	g_assert_cmpuint(br.rtcp, ==, 2);
	teardown(&br);
}

static void a_deaf_caller_speaks_and_counts_and_hears_one_frame(void)
{
	struct bridge br;

	setup_caller(&br, true, true);
	call_start(br.call, br.now_us, br.now_us);
	for (int i = 0; i < 100; i++) {
		play(&br);
		tick(&br);
	}
	g_assert_cmpuint(br.rtp, ==, 100);
	g_assert_cmpuint(br.rtcp, ==, 2);
	g_assert_cmpuint(br.sounded, ==, 1);
	g_assert_cmpuint(br.heard, <, 10);
	g_assert_cmpuint(br.rtp_in, ==, 100);
	teardown(&br);
}

/* What ipsp-loadgen subtracts and ipsp-phone shows. */
static void it_is_known_how_long_a_packet_waited(void)
{
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	for (int i = 0; i < 100; i++) {
		br.now_us += 13000;
		play(&br);
		br.now_us -= 13000;
		tick(&br);
	}
	g_assert_cmpint(br.wait_us, ==, 7000 + 20000); /* jitter.min_ms */
	g_assert_cmpfloat_with_epsilon(br.wait_ms, 27, 0.01);
	teardown(&br);
}

static void loss_changes_the_mode_and_its_end_changes_it_back(void)
{
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	for (int second = 0; second < 30; second++) {
		bool lossy = second >= 5 && second < 12;

		for (int i = 0; i < 50; i++) {
			br.deaf = lossy && i % 10 == 0;
			tick(&br);
		}
		tell(&br, &(struct stream_extra){ 0 });
		if (second == 4)
			g_assert_true(br.celt);
		if (second == 11)
			g_assert_false(br.celt);
	}
	g_assert_true(br.celt);
	teardown(&br);
}

static void what_is_lost_is_heard_as_silence_on_the_same_clock(void)
{
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	for (int i = 0; i < 200; i++) {
		if (i < 50 || i >= 150)
			play(&br);
		else
			br.tone_at += FRAME;
		tick(&br);
	}
	g_assert_cmpuint(br.heard, ==, 200);
	g_assert_cmpuint(br.loud, >, 80);
	g_assert_cmpuint(br.loud, <, 130);
	teardown(&br);
}

static void a_muted_caller_is_silent_and_says_so(void)
{
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	tick(&br);
	call_mute(br.call, true);
	for (int i = 0; i < 60; i++)
		tick(&br);
	g_assert_cmpstr(g_strchomp(br.said), ==,
			"{\"t\":\"self-mute\",\"on\":true}");
	/* Digital silence is not worth a packet for each frame. */
	g_assert_cmpuint(br.rtp, <, 20);
	g_assert_cmpint(br.level, ==, -127);
	teardown(&br);
}

static void a_yes_unmutes_and_says_so_and_a_no_does_not(void)
{
	struct bridge br;

	setup(&br, true);
	br.acks = true;
	call_start(br.call, br.now_us, br.now_us);
	call_mute(br.call, true);
	for (int i = 0; i < 60; i++)
		tick(&br);
	g_string_truncate(br.all, 0);
	call_answer(br.call, 1, false);
	for (int i = 0; i < 60; i++)
		tick(&br);
	g_assert_cmpstr(br.all->str, ==,
			"{\"t\":\"answer\",\"n\":1,\"yes\":false}");
	g_assert_cmpint(br.level, ==, -127);

	g_string_truncate(br.all, 0);
	call_answer(br.call, 2, true);
	call_raise_hand(br.call, true);
	for (int i = 0; i < 60; i++)
		tick(&br);
	g_assert_cmpstr(br.all->str, ==,
			"{\"t\":\"answer\",\"n\":2,\"yes\":true}"
			"{\"t\":\"self-mute\",\"on\":false}"
			"{\"t\":\"hand\",\"on\":true}");
	g_assert_cmpint(br.level, >, -30);
	teardown(&br);
}

static void a_message_is_acknowledged_each_time_and_shown_once(void)
{
	static const char json[] = "{\"t\":\"mute\",\"on\":true}";
	const struct stream_extra extra = { .message_id = 77,
					    .message = (const uint8_t *)json,
					    .message_size = strlen(json) };
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	tell(&br, &extra);
	g_assert_true(br.acked);
	br.acked = false;
	tell(&br, &extra);
	g_assert_true(br.acked);
	g_assert_cmpuint(br.messages, ==, 1);
	teardown(&br);
}

static void a_bye_ends_it_from_either_side(void)
{
	const struct stream_extra bye = { .bye = true };
	struct bridge br;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	tell(&br, &bye);
	tell(&br, &bye);
	g_assert_cmpuint(br.byes, ==, 1);
	br.rtp = 0;
	tick(&br);
	g_assert_cmpuint(br.rtp, ==, 0);
	teardown(&br);

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	call_bye(br.call, br.now_us);
	g_assert_true(br.said_bye);
	teardown(&br);
}

static void a_gate_that_falls_silent_is_asked_at_once(void)
{
	struct bridge br;
	unsigned requests;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	for (int i = 0; i < 50; i++) {
		play(&br);
		tick(&br);
	}
	requests = br.requests;
	br.answers = false;
	tick(&br);
	g_assert_cmpuint(br.requests, ==, requests);
	tick(&br); /* 60 ms after the last packet */
	g_assert_cmpuint(br.requests, ==, requests + 1);
	for (int i = 0; i < 21; i++)
		tick(&br);
	g_assert_cmpuint(br.requests, ==, requests + 3);
	for (int i = 0; i < 60 * 50 && br.last != CALL_LOST; i++)
		tick(&br);
	g_assert_cmpint(br.last, ==, CALL_LOST);
	teardown(&br);
}

/* It lives and has nothing to say. */
static void a_pause_is_asked_about_now_and_then(void)
{
	struct bridge br;
	unsigned requests;

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	requests = br.requests;
	for (int i = 0; i < 250; i++)
		tick(&br);
	g_assert_cmpuint(br.requests - requests, >=, 10);
	g_assert_cmpuint(br.requests - requests, <=, 16);
	teardown(&br);
}

static void garbage_changes_nothing(void)
{
	struct bridge br;
	uint8_t buf[300];

	setup(&br, true);
	call_start(br.call, br.now_us, br.now_us);
	for (unsigned size = 0; size < sizeof(buf); size++) {
		for (unsigned i = 0; i < size; i++)
			buf[i] = (uint8_t)g_test_rand_int();
		if (size)
			buf[0] = (uint8_t)(g_test_rand_int() % 3 * 64);
		call_receive(br.call, buf, size, br.now_us);
	}
	tick(&br);
	g_assert_cmpuint(br.byes + br.messages + br.sounded, ==, 0);
	g_assert_cmpuint(br.heard, ==, 1);
	teardown(&br);
}

static void a_call_never_touches_the_heap(void)
{
	struct bridge br;

	setup(&br, true);
	trap_begin();
	call_start(br.call, br.now_us, br.now_us);
	for (int i = 0; i < 200; i++) {
		if (i % 7)
			play(&br);
		if (i == 50)
			call_mute(br.call, true);
		if (i == 60)
			call_raise_hand(br.call, true);
		if (i == 70)
			call_answer(br.call, G_MAXUINT32, false);
		tick(&br);
	}
	call_bye(br.call, br.now_us);
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(br.loud, >, 50);
	teardown(&br);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/call/sound rides behind the first request",
			sound_rides_behind_the_first_request);
	g_test_add_func("/call/every tick is said and heard from registration "
			"on",
			every_tick_is_said_and_heard_from_registration_on);
	g_test_add_func("/call/a deaf caller speaks and counts and hears one "
			"frame",
			a_deaf_caller_speaks_and_counts_and_hears_one_frame);
	g_test_add_func("/call/it is known how long a packet waited",
			it_is_known_how_long_a_packet_waited);
	g_test_add_func("/call/loss changes the mode and its end changes it "
			"back",
			loss_changes_the_mode_and_its_end_changes_it_back);
	g_test_add_func("/call/what is lost is heard as silence on the same "
			"clock",
			what_is_lost_is_heard_as_silence_on_the_same_clock);
	g_test_add_func("/call/a muted caller is silent and says so",
			a_muted_caller_is_silent_and_says_so);
	g_test_add_func("/call/a yes unmutes and says so and a no does not",
			a_yes_unmutes_and_says_so_and_a_no_does_not);
	g_test_add_func("/call/a message is acknowledged each time and shown "
			"once",
			a_message_is_acknowledged_each_time_and_shown_once);
	g_test_add_func("/call/a BYE ends it from either side",
			a_bye_ends_it_from_either_side);
	g_test_add_func("/call/a gate that falls silent is asked at once",
			a_gate_that_falls_silent_is_asked_at_once);
	g_test_add_func("/call/a pause is asked about now and then",
			a_pause_is_asked_about_now_and_then);
	g_test_add_func("/call/garbage changes nothing",
			garbage_changes_nothing);
	g_test_add_func("/call/a call never touches the heap",
			a_call_never_touches_the_heap);
	return g_test_run();
}
