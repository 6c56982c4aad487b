/* What one listener costs a worker in each tick, without what the kernel
 * takes to send his packet: the engine with three talkers, and sent packets
 * that go nowhere. Prints one line for each figure; nothing passes or fails.
 *
 * Usage: bench-engine [LISTENERS [TICKS]]; under callgrind a few ticks do. */
#include <time.h>

#include "bridge/gate/private.h"
#include "mixer/codec.h"
#include "tests/sound.h"
#include "tests/unit/gate_phone.h"

#define TALKERS	   3
#define START	   1000000000ull
#define SPOKEN	   200 /* frames that are said again and again */
#define WARM_TICKS 100

struct bench {
	struct engine *eng;
	struct phone talkers[TALKERS];
	uint64_t now_us;
	uint64_t sent, said;
};

static struct {
	uint8_t buf[CODEC_MAX];
	size_t size;
} spoken[SPOKEN];

static void speak_once(void)
{
	const struct codec_config cfg = { .bitrate = 32000, .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < SPOKEN; i++) {
		sound_speech(pcm, i);
		spoken[i].size = (size_t)codec_encode(enc, pcm, spoken[i].buf,
						      CODEC_MAX);
	}
	codec_encoder_destroy(&enc);
}

static void drop(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	bench->sent += box->n;
}

static struct path path_of(unsigned member)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(5004) };
	struct path path;

	in.sin_addr.s_addr = htonl(0x0a000000 + member);
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&in));
	return path;
}

static void give(struct bench *bench, const struct command *cmd)
{
	g_assert_true(ring_push(bench->eng->commands, cmd));
	engine_apply(bench->eng, bench->now_us);
}

static struct phonegate *open_room(struct bench *bench, unsigned members)
{
	struct engine_mix *entry = calloc(1, sizeof(*entry));
	struct phonegate *gate = NULL;

	g_assert_cmpint(mix_create(&entry->mix, members), ==, 0);
	g_assert_cmpint(phonegate_create(&gate, "local-1", entry->mix, members),
			==, 0);
	give(bench,
	     &(struct command){ .kind = COMMAND_ADD_MIX, .entry = entry });
	give(bench,
	     &(struct command){ .kind = COMMAND_ADD_GATE, .gate = gate });
	return gate;
}

static void add(struct bench *bench, struct phonegate *gate, unsigned member,
		bool srtp)
{
	struct phone phone,
		*talker = member < TALKERS ? &bench->talkers[member] : &phone;
	struct session *ses = phone_create(talker, member + 1, srtp);
	struct path path = path_of(member);

	ses->gate = gate;
	give(bench,
	     &(struct command){ .kind = COMMAND_ADD_SESSION, .ses = ses });
	engine_adopt_path(bench->eng, ses, &path, bench->now_us);
	if (talker == &phone)
		phone_destroy(&phone);
}

static void run(struct bench *bench, unsigned ticks)
{
	struct event event;

	for (unsigned i = 0; i < ticks; i++) {
		for (unsigned t = 0; t < TALKERS; t++) {
			unsigned frame = (bench->said + 67 * t) % SPOKEN;
			struct path path = path_of(t);
			uint8_t buf[RTP_MAX_PACKET];
			int size = stream_send_rtp(
				bench->talkers[t].stream, spoken[frame].buf,
				spoken[frame].size, PHONE_FRAME, buf,
				sizeof(buf));

			engine_packet(bench->eng, &path, buf, (size_t)size,
				      bench->now_us);
		}
		bench->said++;
		bench->now_us += TICK_US;
		engine_tick(bench->eng, bench->now_us, 0);
		engine_settle(bench->eng);
		while (ring_pop(bench->eng->events, &event))
			;
	}
}

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

/* Nanoseconds of one tick: the least of many, the machine is not ours
 * alone. */
static double tick_ns(unsigned listeners, unsigned ticks, bool srtp)
{
	struct bench bench = { .now_us = START };
	struct phonegate *gate;
	double least = 1e12;

	g_assert_cmpint(engine_create(&bench.eng, drop, &bench), ==, 0);
	gate = open_room(&bench, TALKERS + listeners);
	for (unsigned i = 0; i < TALKERS + listeners; i++)
		add(&bench, gate, i, srtp);
	run(&bench, WARM_TICKS);
	bench.sent = 0;
	for (unsigned i = 0; i < ticks; i += 10) {
		double began = cpu_ns();

		run(&bench, 10);
		least = MIN(least, (cpu_ns() - began) / 10);
	}
	g_assert_cmpuint(bench.sent, >=, (uint64_t)ticks * listeners);
	engine_destroy(&bench.eng);
	for (unsigned i = 0; i < TALKERS; i++)
		phone_destroy(&bench.talkers[i]);
	return least;
}

int main(int argc, char **argv)
{
	unsigned listeners = argc > 1 ? (unsigned)atoi(argv[1]) : 1000;
	unsigned ticks = argc > 2 ? (unsigned)atoi(argv[2]) : 500;

	speak_once();
	for (int srtp = 0; srtp < 2; srtp++) {
		double few = tick_ns(listeners / 2, ticks, srtp);
		double many = tick_ns(listeners, ticks, srtp);

		g_print("%s: a tick of %u listeners %.3f ms, one more of them"
			" %.0f ns\n",
			srtp ? "SRTP" : "plain RTP", listeners, many / 1e6,
			(many - few) / (listeners - listeners / 2));
	}
	return 0;
}
