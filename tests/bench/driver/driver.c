/* bench-driver - all members of all rooms in one thread: sends their packets
 * on absolute deadlines, counts what each of them gets.
 *
 *   bench-driver --port N --speech DIR --settle S --seconds S [--whole] < PLAN
 *
 * Says "ready" when the port is open, then reads the plan (members.h); says
 * "begin" and "end" around the time that counts, and then one line of JSON.
 * A server that can no longer reach the mark in that time ends it early,
 * unless the --whole time is wanted.
 *
 * The members' phases are spread over the 20 ms in slots of 1 ms. */
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "mixer/rtp.h"
#include "mixer/srtp_cipher.h"
#include "tests/bench/driver/ear.h"
#include "tests/bench/driver/members.h"
#include "tests/bench/driver/voices.h"
#include "tests/bench/driver/wire.h"

#define SLOTS	     20
#define SLOT_NS	     1000000
#define FRAME_NS     20000000
#define LATE_NS	     40000000 /* between two mixes of one member */
#define MAX_LATE     0.1      /* of them, per member and second */
#define MIN_MIXES    0.99     /* of those due */
#define PAYLOAD	     111
#define TAIL_MS	     400 /* a burst that was sent last is still heard */
#define MAX_DELAYS   100000
#define MAX_UNSERVED 20
#define LATENESS     20000 /* us, all above counts as this */

struct run {
	struct wire *wire;
	struct members all;
	unsigned settle, seconds;
	/* Who sends in which slot. */
	unsigned *in_slot[SLOTS], n_in_slot[SLOTS];
	int64_t from_ns, until_ns; /* CLOCK_REALTIME; 0: not begun */
	uint64_t arrived, late, strangers, dropped_before;
	unsigned expecting;
	unsigned lateness[LATENESS + 1]; /* slots that were so many us late */
	bool whole, early;
};

static int64_t now_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void sleep_until(int64_t ns)
{
	const struct timespec ts = { .tv_sec = ns / 1000000000,
				     .tv_nsec = ns % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) ==
	       EINTR)
		;
}

static int write_rtp(const struct member *who, uint8_t *buf,
		     const struct voices_packet *said)
{
	const struct rtp_packet pkt = {
		.payload_type = PAYLOAD,
		.sequence = who->sequence,
		.timestamp = who->timestamp,
		.ssrc = who->ssrc,
		.payload = said->payload,
		.payload_size = said->size,
		.level_id = who->level_id,
		.level_dbov = -said->level,
		.voice = said->level < 50,
	};

	return rtp_encode(&pkt, buf, WIRE_PACKET);
}

static void send_rtp(struct run *run, unsigned i,
		     const struct voices_packet *pkt)
{
	struct member *who = &run->all.of[i];
	uint8_t *buf = wire_room(run->wire);
	int size = write_rtp(who, buf, pkt);

	if (who->send)
		size = srtp_cipher_protect_rtp(
			who->send, who->sequence,
			(size_t)rtp_header_size(buf, (size_t)size), buf,
			(size_t)size, WIRE_PACKET);
	wire_send(run->wire, i, who->port, (size_t)size);
	who->sequence++;
}

static void speak(struct run *run, unsigned i)
{
	struct member *who = &run->all.of[i];
	struct voices_packet pkt =
		voices_packet(who->voice, who->start + who->frame);

	if (pkt.size) {
		if (who->sent_at && who->frame < run->all.frames)
			who->sent_at[who->frame] = now_ns(CLOCK_REALTIME);
		send_rtp(run, i, &pkt);
	}
	who->timestamp += VOICES_FRAME;
	who->frame++;
}

/* The Opus packet of a mix, decrypted in place where it is listened to. */
static size_t open_rtp(const struct member *who, uint8_t *buf, size_t size,
		       const uint8_t **payload_r)
{
	int head = rtp_header_size(buf, size), left = (int)size;

	if (head < 0)
		return 0;
	if (who->receive)
		left = srtp_cipher_unprotect_rtp(who->receive,
						 (unsigned)buf[2] << 8 | buf[3],
						 (size_t)head, buf, size);
	*payload_r = buf + head;
	return left > head ? (size_t)(left - head) : 0;
}

static void arrival(void *context, unsigned member, uint8_t *buf, size_t size,
		    int64_t at)
{
	struct run *run = context;
	struct member *who;
	const uint8_t *payload;

	if (member >= run->all.n || size < 12 || buf[0] >> 6 != 2 ||
	    (buf[1] & 0x7f) != PAYLOAD) {
		run->strangers++; /* RTCP, mostly */
		return;
	}
	who = &run->all.of[member];
	if (who->ear) {
		size = open_rtp(who, buf, size, &payload);
		if (size)
			ear_hear(who->ear, payload, size, at);
	}
	if (who->expects && run->from_ns && at >= run->from_ns &&
	    at < run->until_ns) {
		who->arrived++;
		run->arrived++;
		if (who->last_ns && at - who->last_ns > LATE_NS) {
			who->late++;
			run->late++;
		}
	}
	who->last_ns = at;
}

/* No packet of the time that counts can still make the mark. */
static bool lost_cause(const struct run *run, int64_t now)
{
	double all = (double)run->expecting * run->seconds;
	double due = (double)(now - run->from_ns) / FRAME_NS - 2;

	return (double)run->late > MAX_LATE * all ||
	       due * run->expecting - (double)run->arrived >
		       (1 - MIN_MIXES) * 50 * all;
}

static void slot(struct run *run, uint64_t n, int64_t deadline)
{
	unsigned at = n % SLOTS;
	int64_t late;

	sleep_until(deadline);
	late = (now_ns(CLOCK_MONOTONIC) - deadline) / 1000;
	for (unsigned i = 0; i < run->n_in_slot[at]; i++)
		speak(run, run->in_slot[at][i]);
	wire_flush(run->wire);
	wire_receive(run->wire, arrival, run);
	if (run->from_ns && run->n_in_slot[at])
		run->lateness[late < LATENESS ? late : LATENESS]++;
}

static void say(const char *what)
{
	puts(what);
	fflush(stdout);
}

static void begin(struct run *run)
{
	struct wire_report rep;

	wire_report(run->wire, &rep);
	run->dropped_before = rep.dropped;
	run->from_ns = now_ns(CLOCK_REALTIME);
	run->until_ns = run->from_ns + run->seconds * 1000000000LL;
	say("begin");
}

static void go(struct run *run)
{
	int64_t start = now_ns(CLOCK_MONOTONIC) + FRAME_NS;
	uint64_t settled = (uint64_t)run->settle * 1000;
	uint64_t slots = settled + (uint64_t)run->seconds * 1000;
	uint64_t n;

	for (n = 0; n < slots && !run->early; n++) {
		if (n == settled)
			begin(run);
		slot(run, n, start + (int64_t)n * SLOT_NS);
		if (run->from_ns && !run->whole && n % 100 == 99)
			run->early = lost_cause(run, now_ns(CLOCK_REALTIME));
	}
	if (run->early)
		run->until_ns = now_ns(CLOCK_REALTIME);
	say("end");
	for (uint64_t i = 0; i < TAIL_MS && !run->early; i++, n++)
		slot(run, n, start + (int64_t)n * SLOT_NS);
}

/* One packet of silence from those who only listen: Janus sends nothing to an
 * address that has sent nothing. */
static void knock(struct run *run)
{
	static const uint8_t silence[] = { 0xf8, 0xff, 0xfe };
	const struct voices_packet pkt = { silence, sizeof(silence), 127 };

	for (unsigned i = 0; i < run->all.n; i++) {
		struct member *who = &run->all.of[i];

		if (who->voice < 0)
			send_rtp(run, i, &pkt);
	}
	wire_flush(run->wire);
}

/* Spread by the golden ratio: those of one room are as far apart as they
 * can be, whatever its size. */
static void spread(struct run *run)
{
	for (unsigned i = 0; i < SLOTS; i++)
		run->in_slot[i] =
			calloc(run->all.n + 1, sizeof(*run->in_slot[i]));
	for (unsigned i = 0; i < run->all.n; i++) {
		double turn = i * 0.6180339887498949;
		unsigned at = (unsigned)((turn - floor(turn)) * SLOTS);

		run->expecting += run->all.of[i].expects;
		if (run->all.of[i].voice >= 0)
			run->in_slot[at][run->n_in_slot[at]++] = i;
	}
}

/* Whose last mix is long ago when the time is over. */
static void count_silent(struct run *run)
{
	for (unsigned i = 0; i < run->all.n; i++) {
		const struct member *who = &run->all.of[i];

		if (who->expects && who->last_ns &&
		    run->until_ns - who->last_ns > LATE_NS)
			run->late++;
	}
}

static unsigned lateness_us(const struct run *run, double share)
{
	uint64_t n = 0, below = 0;
	unsigned us = 0;

	for (unsigned i = 0; i <= LATENESS; i++)
		n += run->lateness[i];
	for (us = 0; us < LATENESS; us++) {
		below += run->lateness[us];
		if ((double)below >= share * (double)n)
			break;
	}
	return us;
}

static void print_delays(const struct run *run)
{
	double *ms = calloc(MAX_DELAYS, sizeof(*ms));
	size_t n = 0, due = 0;

	for (unsigned i = 0; ms && i < run->all.n; i++)
		if (run->all.of[i].ear)
			n += ear_delays(run->all.of[i].ear, &run->all,
					run->all.of[i].room, run->from_ns,
					run->until_ns, ms + n, MAX_DELAYS - n,
					&due);
	printf("\"bursts\": %zu, \"delays_ms\": [", due);
	for (size_t i = 0; i < n; i++)
		printf("%s%.2f", i ? ", " : "", ms[i]);
	printf("]");
	free(ms);
}

/* Who got less than half of what was due to him, the first few by number. */
static void print_unserved(const struct run *run, double due)
{
	unsigned n = 0;

	printf("\"unserved\": [");
	for (unsigned i = 0; i < run->all.n && n < MAX_UNSERVED; i++) {
		const struct member *who = &run->all.of[i];

		if (who->expects && who->arrived < due / 2)
			printf("%s%u", n++ ? ", " : "", i);
	}
	printf("], ");
}

static void print(struct run *run)
{
	double seconds = (double)(run->until_ns - run->from_ns) / 1e9;
	struct wire_report rep;

	wire_report(run->wire, &rep);
	printf("{\"members\": %u, \"expecting\": %u, \"seconds\": %.3f, ",
	       run->all.n, run->expecting, seconds);
	printf("\"ended_early\": %s, ", run->early ? "true" : "false");
	printf("\"due\": %.0f, \"arrived\": %llu, \"late\": %llu, ",
	       seconds * 50 * run->expecting, (unsigned long long)run->arrived,
	       (unsigned long long)run->late);
	printf("\"sent\": %llu, \"refused\": %llu, \"dropped\": %llu, ",
	       (unsigned long long)rep.sent, (unsigned long long)rep.refused,
	       (unsigned long long)(rep.dropped - run->dropped_before));
	printf("\"buffer\": %zu, \"lateness_us\": {\"p50\": %u, \"p99\": %u}, ",
	       rep.buffer, lateness_us(run, 0.5), lateness_us(run, 0.99));
	print_unserved(run, seconds * 50);
	print_delays(run);
	printf("}\n");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'p' },
		{ "speech", required_argument, NULL, 'w' },
		{ "settle", required_argument, NULL, 't' },
		{ "seconds", required_argument, NULL, 's' },
		{ "whole", no_argument, NULL, 'a' },
		{ 0 },
	};
	struct run run = { .settle = 2, .seconds = 4 };
	const char *speech = NULL;
	unsigned port = 0;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) >= 0)
		if (c == 'p')
			port = (unsigned)atoi(optarg);
		else if (c == 'w')
			speech = optarg;
		else if (c == 't')
			run.settle = (unsigned)atoi(optarg);
		else if (c == 's')
			run.seconds = (unsigned)atoi(optarg);
		else if (c == 'a')
			run.whole = true;
		else
			return 2;
	if (!port || port > 65535 || !speech || !run.seconds)
		errx(2, "--port and --speech are needed");
	voices_prepare(speech);
	run.wire = wire_open((uint16_t)port);
	say("ready");
	members_read(&run.all, (run.settle + run.seconds + 2) * 50);
	spread(&run);
	wire_receive(run.wire, arrival, &run); /* what came before: nothing */
	knock(&run);
	go(&run);
	count_silent(&run);
	print(&run);
	members_free(&run.all);
	for (unsigned i = 0; i < SLOTS; i++)
		free(run.in_slot[i]);
	wire_close(run.wire);
	return 0;
}
