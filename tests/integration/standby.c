/* standby [KILLS [STOPS]] - a caller whose PhoneGates, each a process of its
 * own, are killed one after the other (SIGKILL), or stop (SIGSTOP): for how
 * long he hears nothing. Real threads, sockets and clocks. Prints TAP and a
 * histogram. */
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "loadgen/media.h"
#include "tests/integration/standby_keys.h"

#define KILLS	    20
#define STOPS	    5
#define SETTLE_MS   400	 /* of sound, between two deaths */
#define TOO_LONG_MS 5000 /* of silence: the test has failed */
#define STEP_MS	    50	 /* of the histogram */
#define STEPS	    24	 /* the last has no end */
#define LOUD	    2000
#define TICK_MS	    20

struct gate {
	pid_t pid;
	int input; /* closed: it ends */
	uint16_t port;
};

struct trial {
	struct media *med;
	struct media_line *line;
	const char *program; /* of the gates */
	atomic_uint quiet;   /* ticks without sound, now */
	atomic_uint longest; /* since it was reset */
	unsigned switches;
	struct call_switch change; /* the newest */
	bool lost;
};

static bool speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	(void)tick_us;
	(void)arg;
	for (unsigned i = 0; i < CODEC_FRAME; i++)
		pcm_r[i] = i % 100 < 50 ? 500 : -500;
	return true;
}

static void hear(const int16_t *pcm, uint64_t tick_us, int wait_us, void *arg)
{
	struct trial *trial = arg;
	unsigned quiet;
	bool loud = false;

	(void)tick_us;
	(void)wait_us;
	for (unsigned i = 0; i < CODEC_FRAME; i++)
		loud |= pcm[i] > LOUD;
	quiet = loud ? 0 : atomic_load(&trial->quiet) + 1;
	atomic_store(&trial->quiet, quiet);
	if (quiet > atomic_load(&trial->longest))
		atomic_store(&trial->longest, quiet);
}

static const struct media_sound sound = { speak, hear };

static void on_event(const struct call_event *event, void *owner)
{
	struct trial *trial = owner;

	if (event->type == CALL_SWITCHED) {
		trial->switches++;
		trial->change = event->change;
	}
	trial->lost |= event->type == CALL_LOST || event->type == CALL_NO_GATE;
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

static const struct media_events events = { on_event, on_websocket,
					    on_retired };

static void require(bool holds, const char *what)
{
	if (holds)
		return;
	printf("Bail out! %s\n", what);
	exit(1);
}

/* A process that has the gate of place k, once it is ready. */
static struct gate open_gate(const struct trial *trial, unsigned k)
{
	char place[16], line[16] = "";
	int input[2], output[2];
	struct gate gate;

	snprintf(place, sizeof(place), "%u", k);
	require(!pipe2(input, O_CLOEXEC) && !pipe2(output, O_CLOEXEC),
		"no pipes");
	gate.pid = fork();
	require(gate.pid >= 0, "no process");
	if (!gate.pid) {
		dup2(input[0], STDIN_FILENO);
		dup2(output[1], STDOUT_FILENO);
		execl(trial->program, trial->program, place, NULL);
		_exit(1);
	}
	close(input[0]);
	close(output[1]);
	require(read(output[0], line, sizeof(line) - 1) > 0, "no gate");
	close(output[0]);
	gate.input = input[1];
	gate.port = (uint16_t)atoi(line);
	return gate;
}

static void close_gate(struct gate *gate)
{
	kill(gate->pid, SIGKILL);
	close(gate->input);
	waitpid(gate->pid, NULL, 0);
}

static void dispatch(struct trial *trial, int ms)
{
	struct pollfd bell = { .fd = media_fd(trial->med), .events = POLLIN };

	poll(&bell, 1, ms);
	media_dispatch(trial->med);
}

/* Until there has been sound for a while, as often as this was switched. */
static void settle(struct trial *trial, unsigned switches)
{
	gint64 begin = g_get_monotonic_time(), since = begin;

	while (g_get_monotonic_time() - since < SETTLE_MS * 1000) {
		dispatch(trial, 10);
		if (atomic_load(&trial->quiet) || trial->switches < switches)
			since = g_get_monotonic_time();
		require(!trial->lost, "the call was lost");
		require(since - begin < TOO_LONG_MS * 1000,
			"the sound did not come back");
	}
}

static struct call_place *place_at(unsigned k, const struct gate *gate)
{
	const struct call_place_config cfg = standby_place(k, gate->port);
	struct call_place *place;

	require(!call_place_create(&place, &cfg), "no place");
	return place;
}

static void start_call(struct trial *trial, struct gate gates[2])
{
	struct call_config cfg = {
		.codec = { .bitrate = 32000, .complexity = 1, .low_delay = 1 },
		.jitter = { 0, 1000 },
		.report_us = 1000000,
	};

	gates[0] = open_gate(trial, 0);
	gates[1] = open_gate(trial, 1);
	cfg.places = place_at(0, &gates[0]);
	cfg.places->next = place_at(1, &gates[1]);
	require(!media_create(&trial->med, &events), "no media thread");
	require(!media_add(trial->med, &trial->line, &cfg, &sound, trial,
			   trial),
		"no line");
	settle(trial, 0);
}

/* The gate of place k dies; returns for how many ms nothing was heard. */
static unsigned die(struct trial *trial, struct gate gates[2], unsigned k,
		    int how)
{
	unsigned heard_ms, told_ms;

	atomic_store(&trial->longest, 0);
	kill(gates[0].pid, how);
	settle(trial, k + 1);
	heard_ms = atomic_load(&trial->longest) * TICK_MS;
	told_ms = (unsigned)(trial->change.lost_us / 1000);
	/* Concealment is loud for three frames; a fade hides one. */
	if (told_ms + 2 * TICK_MS < heard_ms ||
	    told_ms > heard_ms + 6 * TICK_MS)
		printf("# place %u: told %u ms, heard %u ms\n", k, told_ms,
		       heard_ms);
	close_gate(&gates[0]);
	gates[0] = gates[1];
	gates[1] = open_gate(trial, k + 2);
	media_set_standby(trial->line, place_at(k + 2, &gates[1]));
	return told_ms;
}

static int by_size(const void *a, const void *b)
{
	return (*(const unsigned *)a > *(const unsigned *)b) -
	       (*(const unsigned *)a < *(const unsigned *)b);
}

static void print_histogram(const unsigned *lost_ms, unsigned n)
{
	unsigned counts[STEPS] = { 0 };

	for (unsigned i = 0; i < n; i++)
		counts[MIN(lost_ms[i] / STEP_MS, STEPS - 1)]++;
	for (unsigned i = 0; i < STEPS; i++)
		if (counts[i])
			printf("# from %4u ms: %u\n", i * STEP_MS, counts[i]);
}

/* lost_ms is sorted. */
static void judge(const char *what, unsigned *lost_ms, unsigned n,
		  unsigned p50_ms, unsigned p99_ms, unsigned test)
{
	unsigned p50, p99;

	if (!n) {
		printf("ok %u %s # SKIP none\n", test, what);
		return;
	}
	qsort(lost_ms, n, sizeof(*lost_ms), by_size);
	p50 = lost_ms[(n - 1) / 2];
	p99 = lost_ms[(n * 99 + 99) / 100 - 1];
	printf("# %s, %u times, not heard: p50 %u ms, p99 %u ms, max %u ms\n",
	       what, n, p50, p99, lost_ms[n - 1]);
	print_histogram(lost_ms, n);
	printf("%s %u %s: p50 <= %u ms, p99 <= %u ms\n",
	       p50 <= p50_ms && p99 <= p99_ms ? "ok" : "not ok", test, what,
	       p50_ms, p99_ms);
}

int main(int argc, char **argv)
{
	unsigned kills = argc > 1 ? (unsigned)atoi(argv[1]) : KILLS;
	unsigned stops = argc > 2 ? (unsigned)atoi(argv[2]) : STOPS;
	g_autofree unsigned *killed = g_new0(unsigned, kills + 1);
	g_autofree unsigned *stopped = g_new0(unsigned, stops + 1);
	struct trial trial = { .program = STANDBY_GATE };
	struct gate gates[2];

	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..2\n");
	start_call(&trial, gates);
	for (unsigned i = 0; i < kills; i++)
		killed[i] = die(&trial, gates, i, SIGKILL);
	for (unsigned i = 0; i < stops; i++)
		stopped[i] = die(&trial, gates, kills + i, SIGSTOP);
	judge("killed", killed, kills, 500, 1000, 1);
	judge("stopped", stopped, stops, 800, 1000, 2);
	media_destroy(&trial.med);
	close_gate(&gates[0]);
	close_gate(&gates[1]);
	return 0;
}
