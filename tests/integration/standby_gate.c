/* standby_gate PLACE - a process of one PhoneGate, for standby.c to kill: a
 * media worker of its own, a session for the caller's place, and a voice that
 * always says something. Prints its UDP port, and ends with its input. */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "loadgen/media.h"
#include "tests/integration/standby_keys.h"
#include "tests/worker.h"

#define ANNOUNCER 1000000 /* a place that no caller has */

static bool speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	uint64_t at = tick_us * 6 / 125;

	(void)arg;
	for (unsigned i = 0; i < CODEC_FRAME; i++)
		pcm_r[i] = (int16_t)lrint(
			8000 * sin(2 * G_PI * 440 * (double)((at + i) % 48000) /
				   48000));
	return true;
}

static void hear(const int16_t *pcm, uint64_t tick_us, int wait_us, void *arg)
{
	(void)pcm;
	(void)tick_us;
	(void)wait_us;
	(void)arg;
}

static const struct media_sound sound = { speak, hear };

static void on_event(const struct call_event *event, void *owner)
{
	(void)event;
	(void)owner;
}

static void on_websocket(unsigned target, const uint8_t *buf, size_t size,
			 void *owner)
{
	(void)target;
	(void)buf;
	(void)size;
	(void)owner;
}

static void on_retired(void *owner)
{
	(void)owner;
}

static const struct media_events media_events = { on_event, on_websocket,
						  on_retired };

static const struct worker_events worker_events = { 0 };

static void add_session(struct worker *wrk, struct phonegate *gate, unsigned k)
{
	struct session_config cfg = {
		.member = k,
		.password = STANDBY_PASSWORD,
		.consent_s = 30,
		.standby = k > 0,
		.stream = standby_stream(k, false),
		.leg = { .sends = true,
			 .receives = true,
			 .level_header = true,
			 .channels = 1,
			 .jitter = { 0, 500 } },
	};
	struct session *ses;

	standby_username(k == ANNOUNCER, cfg.username);
	g_assert_cmpint(session_create(&ses, &cfg), ==, 0);
	g_assert_cmpint(worker_add_session(wrk, gate, ses), ==, 0);
}

static void open_gate(struct worker *wrk, unsigned k)
{
	const struct mix_config cfg = { .capacity = 4,
					.talkers = 3,
					.bitrate = 32000,
					.complexity = 1,
					.channels = 1,
					.jitter = { 0, 500 } };
	struct phonegate *gate;
	struct mix *mix;

	worker_open_gate(wrk, &cfg, 4, &mix, &gate);
	add_session(wrk, gate, k);
	add_session(wrk, gate, ANNOUNCER);
}

/* The voice is a caller of this process. */
static void announce(struct media *med, uint16_t port)
{
	struct call_config cfg = {
		.codec = { .bitrate = 32000, .complexity = 1, .low_delay = 1 },
		.jitter = { 0, 500 },
		.report_us = 1000000,
	};
	struct call_place_config place = standby_place(ANNOUNCER, port);
	struct media_line *line;

	standby_username(true, place.registration.username);
	g_assert_cmpint(call_place_create(&cfg.places, &place), ==, 0);
	g_assert_cmpint(media_add(med, &line, &cfg, &sound, NULL, NULL), ==, 0);
}

int main(int argc, char **argv)
{
	struct worker *wrk;
	struct media *med;
	uint16_t port;

	if (argc != 2)
		return 2;
	wrk = worker_start(0, &worker_events, NULL);
	g_assert_cmpint(media_create(&med, &media_events), ==, 0);
	open_gate(wrk, (unsigned)atoi(argv[1]));
	port = ntohs(worker_at(wrk).sin_port);
	announce(med, port);
	printf("%u\n", port);
	fflush(stdout);
	for (;;) {
		struct pollfd fds[] = {
			{ .fd = STDIN_FILENO, .events = POLLIN },
			{ .fd = worker_fd(wrk), .events = POLLIN },
			{ .fd = media_fd(med), .events = POLLIN },
		};

		poll(fds, 3, -1);
		if (fds[0].revents)
			_exit(0);
		worker_dispatch(wrk);
		media_dispatch(med);
	}
}
