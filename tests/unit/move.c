/* A room that moves from one worker to another, over real sockets: two
 * phones talk through it all the while. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "mixer/codec.h"
#include "mixer/level.h"
#include "tests/sound.h"
#include "tests/unit/gate_phone.h"
#include "tests/worker.h"

#define PHONES	    2
#define FRAME_US    20000
#define PATIENCE_US (10 * G_USEC_PER_SEC)
#define LOUD_DBOV   (-40.0f)

static const struct mix_config mix_config = { .capacity = 5,
					      .talkers = 5,
					      .bitrate = 32000,
					      .complexity = 3,
					      .channels = 1,
					      .jitter = { 0, 400 } };

/* What reached one phone. */
struct heard {
	unsigned packets, gaps, wrong_source, loud;
	bool started;
	uint64_t sequence, timestamp;
	gint64 last_us, longest_us; /* between two packets */
};

struct bench {
	struct worker *workers[2];
	struct worker *owner; /* of the room */
	struct mix *mix;
	struct phonegate *gate;
	struct session *ses[PHONES];
	struct phone phone[PHONES];
	int fd[PHONES];
	struct sockaddr_in home; /* what the phones were told */
	struct codec_encoder *enc[PHONES];
	struct codec_decoder *dec[PHONES];
	struct heard heard[PHONES];
	unsigned registered, gone, answered;
	uint64_t frames;
	gint64 next_us;
};

static void on_registered(uint32_t member, const char *path, bool first,
			  void *arg)
{
	struct bench *bench = arg;

	(void)member;
	(void)path;
	(void)first;
	bench->registered++;
}

static void on_gone(uint32_t member, enum worker_gone why, void *arg)
{
	struct bench *bench = arg;

	(void)member;
	(void)why;
	bench->gone++;
}

static const struct worker_events events = {
	.registered = on_registered,
	.gone = on_gone,
};

static int open_socket(void)
{
	struct sockaddr_in any = { .sin_family = AF_INET };
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(bind(fd, (struct sockaddr *)&any, sizeof(any)), ==, 0);
	return fd;
}

static void send_packet(struct bench *bench, unsigned i, const uint8_t *buf,
			size_t size)
{
	g_assert_cmpint(sendto(bench->fd[i], buf, size, 0,
			       (struct sockaddr *)&bench->home,
			       sizeof(bench->home)),
			==, size);
}

static void take_rtp(struct bench *bench, unsigned i, uint8_t *buf, size_t size)
{
	struct heard *heard = &bench->heard[i];
	struct stream_media media;
	int16_t pcm[SOUND_FRAME];
	gint64 now = g_get_monotonic_time();

	g_assert_cmpint(stream_receive_rtp(bench->phone[i].stream, buf, size, 0,
					   &media),
			==, 0);
	if (heard->started) {
		heard->gaps += media.sequence != heard->sequence + 1;
		heard->longest_us =
			MAX(heard->longest_us, now - heard->last_us);
	}
	heard->started = true;
	heard->sequence = media.sequence;
	heard->timestamp = media.timestamp;
	heard->last_us = now;
	heard->packets++;
	g_assert_cmpint(codec_decode(bench->dec[i], media.payload,
				     media.payload_size, pcm, SOUND_FRAME),
			==, SOUND_FRAME);
	heard->loud += level_dbov(pcm, SOUND_FRAME) > LOUD_DBOV;
}

static void receive(struct bench *bench, unsigned i)
{
	uint8_t buf[RTP_MAX_PACKET];
	struct sockaddr_in from;
	socklen_t length = sizeof(from);
	struct stream_control control;
	ssize_t n;

	while ((n = recvfrom(bench->fd[i], buf, sizeof(buf), 0,
			     (struct sockaddr *)&from, &length)) > 0) {
		enum packet_kind kind = packet_kind(buf, (size_t)n);

		bench->heard[i].wrong_source +=
			from.sin_port != bench->home.sin_port;
		if (kind == PACKET_STUN)
			bench->answered += phone_answered(&bench->phone[i], buf,
							  (size_t)n);
		else if (kind == PACKET_RTP)
			take_rtp(bench, i, buf, (size_t)n);
		else
			g_assert_cmpint(
				stream_receive_rtcp(bench->phone[i].stream, buf,
						    (size_t)n, 0, &control),
				==, 0);
	}
}

/* Twenty milliseconds of everybody's life. */
static void step(struct bench *bench)
{
	gint64 now = g_get_monotonic_time();

	bench->next_us += FRAME_US;
	if (bench->next_us > now)
		g_usleep((gulong)(bench->next_us - now));
	for (unsigned i = 0; i < PHONES; i++) {
		uint8_t payload[CODEC_MAX], buf[RTP_MAX_PACKET];
		int16_t pcm[SOUND_FRAME];
		int size;

		sound_tone(pcm, 400 + 300 * i, 8000, bench->frames);
		size = codec_encode(bench->enc[i], pcm, payload,
				    sizeof(payload));
		size = stream_send_rtp(bench->phone[i].stream, payload,
				       (size_t)size, PHONE_FRAME, buf,
				       sizeof(buf));
		send_packet(bench, i, buf, (size_t)size);
	}
	bench->frames++;
	for (unsigned i = 0; i < PHONES; i++)
		receive(bench, i);
	worker_dispatch(bench->workers[0]);
	worker_dispatch(bench->workers[1]);
}

static void run(struct bench *bench, unsigned frames)
{
	while (frames--)
		step(bench);
}

static void register_phone(struct bench *bench, unsigned i)
{
	unsigned before = bench->registered;
	gint64 end = g_get_monotonic_time() + PATIENCE_US;

	for (int request = 0; request < 2; request++) {
		unsigned answered = bench->answered;
		uint8_t buf[RTP_MAX_PACKET];

		send_packet(bench, i, buf,
			    phone_request(&bench->phone[i], buf));
		while (bench->answered == answered &&
		       g_get_monotonic_time() < end)
			step(bench);
	}
	while (bench->registered == before && g_get_monotonic_time() < end)
		step(bench);
	g_assert_cmpuint(bench->registered, >, before);
}

static void start_phone(struct bench *bench, unsigned i)
{
	const struct codec_config cfg = { .bitrate = 32000, .low_delay = 1 };

	bench->ses[i] = phone_create(&bench->phone[i], i + 1, true);
	g_assert_cmpint(
		worker_add_session(bench->owner, bench->gate, bench->ses[i]),
		==, 0);
	bench->fd[i] = open_socket();
	g_assert_cmpint(codec_encoder_create(&bench->enc[i], &cfg), ==, 0);
	g_assert_cmpint(codec_decoder_create(&bench->dec[i]), ==, 0);
}

static struct bench *start(void)
{
	struct bench *bench = g_new0(struct bench, 1);

	for (unsigned i = 0; i < G_N_ELEMENTS(bench->workers); i++)
		bench->workers[i] = worker_start(i, &events, bench);
	bench->owner = bench->workers[0];
	bench->home = worker_at(bench->owner);
	worker_open_gate(bench->owner, &mix_config, PHONES, &bench->mix,
			 &bench->gate);
	for (unsigned i = 0; i < PHONES; i++)
		start_phone(bench, i);
	bench->next_us = g_get_monotonic_time();
	for (unsigned i = 0; i < PHONES; i++)
		register_phone(bench, i);
	run(bench, 25);
	memset(bench->heard, 0, sizeof(bench->heard));
	return bench;
}

static void move(struct bench *bench)
{
	g_assert_cmpint(worker_move(bench->workers[0], bench->workers[1],
				    bench->mix, PHONES),
			==, 0);
	bench->owner = bench->workers[1];
}

static void stop(struct bench *bench)
{
	for (unsigned i = 0; i < PHONES; i++)
		if (bench->ses[i])
			worker_remove_session(bench->owner, bench->ses[i]);
	worker_remove_gate(bench->owner, bench->gate);
	worker_remove_mix(bench->owner, bench->mix);
	for (unsigned i = 0; i < 2; i++)
		worker_stop(bench->workers[i]);
	for (unsigned i = 0; i < 2; i++)
		worker_destroy(&bench->workers[i]);
	for (unsigned i = 0; i < PHONES; i++) {
		phone_destroy(&bench->phone[i]);
		codec_encoder_destroy(&bench->enc[i]);
		codec_decoder_destroy(&bench->dec[i]);
		close(bench->fd[i]);
	}
	g_free(bench);
}

static uint64_t sessions_at(const struct bench *bench, unsigned i)
{
	struct worker_report rep;

	worker_report(bench->workers[i], &rep);
	return rep.sessions;
}

static void sound_goes_on_while_its_room_moves(void)
{
	struct bench *bench = start();

	run(bench, 50);
	move(bench);
	run(bench, 100);
	g_assert_cmpuint(sessions_at(bench, 0), ==, 0);
	g_assert_cmpuint(sessions_at(bench, 1), ==, PHONES);
	for (unsigned i = 0; i < PHONES; i++) {
		const struct heard *heard = &bench->heard[i];

		g_test_message("phone %u: %u packets, the longest pause %.1f "
			       "ms, %u loud",
			       i, heard->packets, heard->longest_us / 1e3,
			       heard->loud);
		g_assert_cmpuint(heard->gaps, ==, 0);
		g_assert_cmpuint(heard->wrong_source, ==, 0);
		/* Of 150; a busy machine may miss some. */
		g_assert_cmpuint(heard->packets, >=, 120);
		g_assert_cmpuint(heard->loud, >=, heard->packets - 10);
	}
	stop(bench);
}

static void who_moved_may_roam(void)
{
	struct bench *bench = start();
	unsigned registered;

	move(bench);
	run(bench, 10);
	registered = bench->registered;
	close(bench->fd[0]);
	bench->fd[0] = open_socket();
	register_phone(bench, 0);
	g_assert_cmpuint(bench->registered, ==, registered + 1);
	memset(bench->heard, 0, sizeof(bench->heard));
	run(bench, 50);
	g_assert_cmpuint(bench->heard[0].packets, >=, 40);
	g_assert_cmpuint(bench->heard[1].loud, >=, 30);
	g_assert_cmpuint(bench->gone, ==, 0);
	stop(bench);
}

static void commands_reach_who_moved(void)
{
	static const struct stream_extra bye = { .bye = true };
	struct worker_report rep;
	struct bench *bench = start();
	uint8_t buf[RTP_MAX_PACKET];
	gint64 end = g_get_monotonic_time() + PATIENCE_US;
	uint64_t unknown;

	move(bench);
	g_assert_cmpint(worker_mute(bench->owner, bench->ses[0], true), ==, 0);
	run(bench, 25);
	memset(bench->heard, 0, sizeof(bench->heard));
	run(bench, 25);
	g_assert_cmpuint(bench->heard[1].loud, ==, 0);
	g_assert_cmpuint(bench->heard[0].loud, >=, 15);

	send_packet(bench, 1, buf,
		    phone_control(&bench->phone[1], &bye, 0, buf));
	while (!bench->gone && g_get_monotonic_time() < end)
		step(bench);
	g_assert_cmpuint(bench->gone, ==, 1);
	g_assert_cmpint(worker_remove_session(bench->owner, bench->ses[1]), ==,
			0);
	bench->ses[1] = NULL;
	run(bench, 10);
	/* Home has forgotten it. */
	worker_report(bench->workers[0], &rep);
	unknown = rep.unknown_user;
	send_packet(bench, 1, buf, phone_request(&bench->phone[1], buf));
	run(bench, 10);
	worker_report(bench->workers[0], &rep);
	g_assert_cmpuint(rep.unknown_user, ==, unknown + 1);
	stop(bench);
}

/* By its new name it is found at home, where it asks, and not by the old. */
static void an_ice_restart_reaches_the_home_of_who_moved(void)
{
	struct bench *bench = start();
	struct phone old = bench->phone[0];
	gint64 end = g_get_monotonic_time() + PATIENCE_US;
	struct worker_report rep;
	uint8_t buf[RTP_MAX_PACKET];
	unsigned answered;
	uint64_t unknown;

	move(bench);
	run(bench, 10);
	g_assert_cmpint(worker_restart_ice(bench->owner, bench->ses[0],
					   "another:name", "another secret"),
			==, 0);
	g_strlcpy(bench->phone[0].username, "another:name", STUN_MAX_USERNAME);
	stun_key_init(&bench->phone[0].key, "another secret");
	answered = bench->answered;
	while (bench->answered == answered && g_get_monotonic_time() < end) {
		send_packet(bench, 0, buf,
			    phone_request(&bench->phone[0], buf));
		step(bench);
	}
	g_assert_cmpuint(bench->answered, >, answered);

	worker_report(bench->workers[0], &rep);
	unknown = rep.unknown_user;
	send_packet(bench, 0, buf, phone_request(&old, buf));
	do {
		step(bench);
		worker_report(bench->workers[0], &rep);
	} while (rep.unknown_user == unknown && g_get_monotonic_time() < end);
	g_assert_cmpuint(rep.unknown_user, ==, unknown + 1);
	stop(bench);
}

static void a_room_that_is_not_there_does_not_move(void)
{
	struct bench *bench = start();
	struct mix *other = NULL;

	g_assert_cmpint(mix_create(&other, &mix_config), ==, 0);
	g_assert_cmpint(
		worker_move(bench->workers[0], bench->workers[1], other, 1), ==,
		-ENOENT);
	mix_destroy(&other);
	run(bench, 25);
	g_assert_cmpuint(bench->heard[0].packets, >=, 20);
	stop(bench);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/move/sound goes on while its room moves",
			sound_goes_on_while_its_room_moves);
	g_test_add_func("/move/who moved may roam", who_moved_may_roam);
	g_test_add_func("/move/commands reach who moved",
			commands_reach_who_moved);
	g_test_add_func("/move/an ICE restart reaches the home of who moved",
			an_ice_restart_reaches_the_home_of_who_moved);
	g_test_add_func("/move/a room that is not there does not move",
			a_room_that_is_not_there_does_not_move);
	return g_test_run();
}
