/* standby_gate PLACE - a process of one PhoneGate, for standby.c to kill: a
 * media worker of its own, a session for the caller's place, and a voice that
 * always says something. Prints its UDP port, and ends with its input. */
#include <arpa/inet.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bridge/gate/worker.h"
#include "loadgen/media.h"
#include "tests/integration/standby_keys.h"

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

static void on_registered(uint32_t member, const char *path, bool first,
			  void *arg)
{
	(void)member;
	(void)path;
	(void)first;
	(void)arg;
}

static void on_gone(uint32_t member, enum worker_gone why, void *arg)
{
	(void)member;
	(void)why;
	(void)arg;
}

static void on_message(uint32_t member, const char *json, size_t size,
		       void *arg)
{
	(void)member;
	(void)json;
	(void)size;
	(void)arg;
}

static void on_report(uint32_t member, const struct session_report *rep,
		      void *arg)
{
	(void)member;
	(void)rep;
	(void)arg;
}

static void on_packet(uint32_t connection, const uint8_t *buf, size_t size,
		      void *arg)
{
	(void)connection;
	(void)buf;
	(void)size;
	(void)arg;
}

static const struct worker_events worker_events = {
	.registered = on_registered,
	.gone = on_gone,
	.message = on_message,
	.report = on_report,
	.websocket = on_packet,
};

static void require(int r, const char *what)
{
	if (!r)
		return;
	fprintf(stderr, "standby_gate: %s: %d\n", what, r);
	exit(1);
}

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
	require(session_create(&ses, &cfg), "session");
	require(worker_add_session(wrk, gate, ses), "session");
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

	require(mix_create(&mix, &cfg), "mix");
	require(worker_add_mix(wrk, mix), "mix");
	require(phonegate_create(&gate, "test", mix, 4), "gate");
	require(worker_add_gate(wrk, gate), "gate");
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
	require(call_place_create(&cfg.places, &place), "place");
	require(media_add(med, &line, &cfg, &sound, NULL, NULL), "line");
}

int main(int argc, char **argv)
{
	struct worker_config cfg = { .cpu = -1, .n_listen = 1 };
	struct sockaddr_in *v4 = (void *)&cfg.listen[0];
	struct sockaddr_storage at;
	struct worker *wrk;
	struct media *med;
	uint16_t port;

	if (argc != 2)
		return 2;
	v4->sin_family = AF_INET;
	v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	require(worker_create(&wrk, &cfg, &worker_events, NULL), "worker");
	require(media_create(&med, &media_events), "media");
	open_gate(wrk, (unsigned)atoi(argv[1]));
	worker_address(wrk, 0, &at);
	port = ntohs(((struct sockaddr_in *)&at)->sin_port);
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
