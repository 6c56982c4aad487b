#include "bridge/gate/worker.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "tests/unit/gate_phone.h"

#define PATIENCE_MS 10000 /* a failing test ends; a passing one never waits */

static struct sockaddr_storage address(const char *literal, uint16_t port)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *in = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)&ss;

	if (inet_pton(AF_INET, literal, &in->sin_addr) == 1) {
		in->sin_family = AF_INET;
		in->sin_port = htons(port);
	} else {
		inet_pton(AF_INET6, literal, &in6->sin6_addr);
		in6->sin6_family = AF_INET6;
		in6->sin6_port = htons(port);
	}
	return ss;
}

static socklen_t length_of(const struct sockaddr_storage *addr)
{
	return addr->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in);
}

/* What the control thread was told. */
struct told {
	unsigned registered, gone, messages, reports;
	enum worker_gone why;
	char path[64], message[64];
	struct session_report report;
	GAsyncQueue *websocket; /* GBytes * */
};

static void on_registered(uint32_t member, const char *path, bool first,
			  void *arg)
{
	struct told *told = arg;

	g_assert_true(member == 1 || member == 2);
	g_assert_true(first || told->registered);
	told->registered++;
	g_strlcpy(told->path, path, sizeof(told->path));
}

static void on_gone(uint32_t member, enum worker_gone why, void *arg)
{
	struct told *told = arg;

	g_assert_cmpuint(member, ==, 1);
	told->gone++;
	told->why = why;
}

static void on_message(uint32_t member, const char *json, size_t size,
		       void *arg)
{
	struct told *told = arg;

	g_assert_cmpuint(member, ==, 1);
	told->messages++;
	memcpy(told->message, json, MIN(size, sizeof(told->message) - 1));
}

static void on_report(uint32_t member, const struct session_report *rep,
		      void *arg)
{
	struct told *told = arg;

	if (member == 1)
		told->report = *rep;
	told->reports++;
}

static void on_websocket(uint32_t connection, const uint8_t *buf, size_t size,
			 void *arg)
{
	struct told *told = arg;

	g_assert_cmpuint(connection, ==, 7);
	g_async_queue_push(told->websocket, g_bytes_new(buf, size));
}

static const struct worker_events events = {
	.registered = on_registered,
	.gone = on_gone,
	.message = on_message,
	.report = on_report,
	.websocket = on_websocket,
};

struct bench {
	struct worker *wrk;
	struct mix *mix;
	struct phonegate *gate;
	struct phone phone;
	struct session *ses;
	struct told told;
	struct sockaddr_storage to;
	int fd;
};

static void start(struct bench *bench, const char *literal)
{
	struct worker_config cfg = { .cpu = -1, .n_listen = 1 };
	struct sockaddr_storage any = address(literal, 0);

	memset(bench, 0, sizeof(*bench));
	cfg.listen[0] = any;
	bench->told.websocket =
		g_async_queue_new_full((GDestroyNotify)g_bytes_unref);
	g_assert_cmpint(worker_create(&bench->wrk, &cfg, &events, &bench->told),
			==, 0);
	worker_address(bench->wrk, 0, &bench->to);
	g_assert_cmpint(
		mix_create(&bench->mix,
			   &(struct mix_config){ .capacity = 5,
						 .talkers = 5,
						 .bitrate = 32000,
						 .complexity = 3,
						 .channels = 1,
						 .jitter = { 20, 200 } }),
		==, 0);
	g_assert_cmpint(worker_add_mix(bench->wrk, bench->mix), ==, 0);
	g_assert_cmpint(
		phonegate_create(&bench->gate, "local-1", bench->mix, 1), ==,
		0);
	g_assert_cmpint(worker_add_gate(bench->wrk, bench->gate), ==, 0);
	bench->ses = phone_create(&bench->phone, 1, true);
	g_assert_cmpint(worker_add_session(bench->wrk, bench->gate, bench->ses),
			==, 0);
	bench->fd = socket(any.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	g_assert_cmpint(
		bind(bench->fd, (struct sockaddr *)&any, length_of(&any)), ==,
		0);
}

static void stop(struct bench *bench)
{
	worker_remove_session(bench->wrk, bench->ses);
	worker_remove_gate(bench->wrk, bench->gate);
	worker_remove_mix(bench->wrk, bench->mix);
	worker_destroy(&bench->wrk);
	g_assert_null(bench->wrk);
	phone_destroy(&bench->phone);
	g_async_queue_unref(bench->told.websocket);
	close(bench->fd);
}

static void send_packet(struct bench *bench, const uint8_t *buf, size_t size)
{
	g_assert_cmpint(sendto(bench->fd, buf, size, 0,
			       (struct sockaddr *)&bench->to,
			       length_of(&bench->to)),
			==, size);
}

/* The next packet of one kind. */
static size_t await_packet(struct bench *bench, enum packet_kind kind,
			   uint8_t buf[RTP_MAX_PACKET])
{
	for (;;) {
		struct pollfd pfd = { .fd = bench->fd, .events = POLLIN };
		ssize_t n;

		g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
		n = recv(bench->fd, buf, RTP_MAX_PACKET, 0);
		g_assert_cmpint(n, >, 0);
		if (packet_kind(buf, (size_t)n) == kind)
			return (size_t)n;
	}
}

/* Dispatches until *counter is at least n. */
static void await_event(struct bench *bench, const unsigned *counter,
			unsigned n)
{
	while (*counter < n) {
		struct pollfd pfd = { .fd = worker_fd(bench->wrk),
				      .events = POLLIN };

		g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
		worker_dispatch(bench->wrk);
	}
}

static void register_phone(struct bench *bench)
{
	uint8_t buf[RTP_MAX_PACKET];

	for (int i = 0; i < 2; i++) {
		send_packet(bench, buf, phone_request(&bench->phone, buf));
		g_assert_true(
			phone_answered(&bench->phone, buf,
				       await_packet(bench, PACKET_STUN, buf)));
	}
	await_event(bench, &bench->told.registered, 1);
}

static void a_call_over_real_sockets(gconstpointer literal)
{
	static const char text[] = "{\"t\":\"self-mute\",\"on\":true}";
	struct stream_extra extra = { .message_id = 5,
				      .message = (const uint8_t *)text,
				      .message_size = sizeof(text) - 1 };
	struct stream_extra bye = { .bye = true };
	struct sockaddr_storage own = { 0 };
	socklen_t length = sizeof(own);
	struct stream_control control;
	struct stream_media media;
	struct bench bench;
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;

	start(&bench, literal);
	register_phone(&bench);
	getsockname(bench.fd, (struct sockaddr *)&own, &length);
	g_assert_cmpmem(&bench.phone.mapped, length, &own, length);
	g_assert_nonnull(strstr(bench.told.path, literal));

	for (int i = 0; i < 10; i++) {
		send_packet(&bench, buf, phone_speak(&bench.phone, buf));
		size = await_packet(&bench, PACKET_RTP, buf);
		g_assert_cmpint(stream_receive_rtp(bench.phone.stream, buf,
						   size, 0, &media),
				==, 0);
	}
	send_packet(&bench, buf, phone_control(&bench.phone, &extra, 0, buf));
	await_event(&bench, &bench.told.messages, 1);
	g_assert_cmpstr(bench.told.message, ==, text);

	g_assert_cmpint(worker_message(bench.wrk, bench.ses,
				       "{\"t\":\"mute\",\"on\":true}"),
			==, 0);
	g_assert_cmpint(worker_mute(bench.wrk, bench.ses, true), ==, 0);
	do {
		size = await_packet(&bench, PACKET_RTCP, buf);
		g_assert_cmpint(stream_receive_rtcp(bench.phone.stream, buf,
						    size, 0, &control),
				==, 0);
	} while (!control.has_message);
	await_event(&bench, &bench.told.reports, bench.told.reports + 1);
	g_assert_cmpuint(bench.told.report.received, ==, 10);
	g_assert_true(bench.told.report.registered);

	send_packet(&bench, buf, phone_control(&bench.phone, &bye, 0, buf));
	await_event(&bench, &bench.told.gone, 1);
	g_assert_cmpint(bench.told.why, ==, GONE_BYE);
	stop(&bench);
}

static void removal_says_goodbye_and_frees_the_place(void)
{
	struct stream_control control;
	struct bench bench;
	struct phone late;
	struct session *ses;
	uint8_t buf[RTP_MAX_PACKET];

	start(&bench, "127.0.0.1");
	register_phone(&bench);
	ses = phone_create(&late, 2, true);
	g_assert_cmpint(worker_add_session(bench.wrk, bench.gate, ses), ==,
			-ENOSPC);
	g_assert_cmpint(worker_remove_session(bench.wrk, bench.ses), ==, 0);
	bench.ses = ses;
	do
		g_assert_cmpint(stream_receive_rtcp(
					bench.phone.stream, buf,
					await_packet(&bench, PACKET_RTCP, buf),
					0, &control),
				==, 0);
	while (!control.bye);
	while (worker_add_session(bench.wrk, bench.gate, ses)) {
		struct pollfd pfd = { .fd = worker_fd(bench.wrk),
				      .events = POLLIN };

		g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
		worker_dispatch(bench.wrk);
	}
	g_assert_cmpuint(bench.told.gone, ==, 0);
	phone_destroy(&late);
	stop(&bench);
}

static size_t await_websocket(struct bench *bench, enum packet_kind kind,
			      uint8_t buf[RTP_MAX_PACKET])
{
	for (;;) {
		struct pollfd pfd = { .fd = worker_fd(bench->wrk),
				      .events = POLLIN };
		GBytes *bytes = g_async_queue_try_pop(bench->told.websocket);
		size_t size;

		if (!bytes) {
			g_assert_cmpint(poll(&pfd, 1, PATIENCE_MS), ==, 1);
			worker_dispatch(bench->wrk);
			continue;
		}
		size = g_bytes_get_size(bytes);
		memcpy(buf, g_bytes_get_data(bytes, NULL), size);
		g_bytes_unref(bytes);
		if (packet_kind(buf, size) == kind)
			return size;
	}
}

static void a_call_over_a_websocket(void)
{
	struct bench bench;
	struct stream_media media;
	uint8_t buf[RTP_MAX_PACKET];
	size_t size;

	start(&bench, "127.0.0.1");
	for (int i = 0; i < 2; i++) {
		worker_websocket(bench.wrk, 7, buf,
				 phone_request(&bench.phone, buf));
		g_assert_true(phone_answered(
			&bench.phone, buf,
			await_websocket(&bench, PACKET_STUN, buf)));
	}
	worker_websocket(bench.wrk, 7, buf, phone_speak(&bench.phone, buf));
	size = await_websocket(&bench, PACKET_RTP, buf);
	g_assert_cmpint(
		stream_receive_rtp(bench.phone.stream, buf, size, 0, &media),
		==, 0);
	await_event(&bench, &bench.told.registered, 1);
	g_assert_cmpstr(bench.told.path, ==, "websocket");
	g_assert_cmpint(worker_websocket_closed(bench.wrk, 7), ==, 0);
	await_event(&bench, &bench.told.gone, 1);
	g_assert_cmpint(bench.told.why, ==, GONE_PATH);
	stop(&bench);
}

static void both_families_share_a_port(void)
{
	struct worker_config cfg = { .cpu = -1, .n_listen = 2 };
	struct sockaddr_storage first, second;
	struct worker *wrk = NULL, *other = NULL;
	struct told told = { 0 };

	/* Another process may hold the port in the other family: try a few. */
	for (int i = 0; i < 20 && !wrk; i++) {
		cfg.n_listen = 1;
		cfg.listen[0] = address("::", 0);
		g_assert_cmpint(worker_create(&other, &cfg, &events, &told), ==,
				0);
		worker_address(other, 0, &second);
		worker_destroy(&other);
		cfg.n_listen = 2;
		cfg.listen[0] = address(
			"0.0.0.0",
			ntohs(((struct sockaddr_in6 *)&second)->sin6_port));
		cfg.listen[1] = second;
		worker_create(&wrk, &cfg, &events, &told);
	}
	g_assert_nonnull(wrk);
	worker_address(wrk, 0, &first);
	worker_address(wrk, 1, &second);
	g_assert_cmpuint(((struct sockaddr_in *)&first)->sin_port, ==,
			 ((struct sockaddr_in6 *)&second)->sin6_port);
	g_assert_cmpint(worker_create(&other, &cfg, &events, &told), ==,
			-EADDRINUSE);
	g_assert_null(other);
	worker_destroy(&wrk);
}

/* How often this process's media thread went to sleep. */
static unsigned long sleeps(void)
{
	g_autoptr(GDir) tasks = g_dir_open("/proc/self/task", 0, NULL);
	const char *task;

	while ((task = g_dir_read_name(tasks))) {
		g_autofree char *path =
			g_strdup_printf("/proc/self/task/%s/status", task);
		g_autofree char *text = NULL;
		const char *line;

		if (!g_file_get_contents(path, &text, NULL, NULL) ||
		    !strstr(text, "Name:\tmedia-0"))
			continue;
		line = strstr(text, "\nvoluntary_ctxt_switches:");
		g_assert_nonnull(line);
		return strtoul(strchr(line, ':') + 1, NULL, 10);
	}
	g_assert_not_reached();
}

static void an_empty_worker_sleeps(void)
{
	struct worker_report before, after;
	struct bench bench;
	unsigned long slept;

	start(&bench, "127.0.0.1");
	do
		worker_report(bench.wrk, &before);
	while (before.ticks < 3);
	g_assert_cmpuint(before.sessions, ==, 1);
	worker_remove_session(bench.wrk, bench.ses);
	do
		worker_report(bench.wrk, &before);
	while (before.sessions);
	g_usleep(100000); /* the retirement is told, the timer disarmed */
	worker_report(bench.wrk, &before);
	slept = sleeps();
	g_usleep(200000);
	worker_report(bench.wrk, &after);
	g_assert_cmpuint(after.ticks, ==, before.ticks);
	g_assert_cmpuint(sleeps(), ==, slept);

	phone_destroy(&bench.phone);
	bench.ses = phone_create(&bench.phone, 1, true);
	worker_dispatch(bench.wrk);
	g_assert_cmpint(worker_add_session(bench.wrk, bench.gate, bench.ses),
			==, 0);
	do
		worker_report(bench.wrk, &after);
	while (after.ticks < before.ticks + 3);
	stop(&bench);
}

/* Four times as many packets as a worker may wake up for. */
static void a_rush_of_packets_is_taken_together(void)
{
	enum { PACKETS = 4000, PACE_US = 250 };
	struct worker_report before, after;
	const uint8_t junk[100] = { 0xff };
	struct bench bench;
	unsigned long slept;
	gint64 next;

	start(&bench, "127.0.0.1");
	worker_report(bench.wrk, &before);
	slept = sleeps();
	next = g_get_monotonic_time();
	for (int i = 0; i < PACKETS; i++) {
		send_packet(&bench, junk, sizeof(junk));
		for (next += PACE_US; g_get_monotonic_time() < next;)
			;
	}
	slept = sleeps() - slept;
	do
		worker_report(bench.wrk, &after);
	while (after.packets_in < before.packets_in + PACKETS);
	g_test_message("%d packets, %lu sleeps", PACKETS, slept);
	g_assert_cmpuint(slept, <, PACKETS / 2);
	stop(&bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/worker/a call over real sockets (IPv4)",
			     "127.0.0.1", a_call_over_real_sockets);
	g_test_add_data_func("/worker/a call over real sockets (IPv6)", "::1",
			     a_call_over_real_sockets);
	g_test_add_func("/worker/removal says goodbye and frees the place",
			removal_says_goodbye_and_frees_the_place);
	g_test_add_func("/worker/a call over a WebSocket",
			a_call_over_a_websocket);
	g_test_add_func("/worker/both families share a port",
			both_families_share_a_port);
	g_test_add_func("/worker/an empty worker sleeps",
			an_empty_worker_sleeps);
	g_test_add_func("/worker/a rush of packets is taken together",
			a_rush_of_packets_is_taken_together);
	return g_test_run();
}
