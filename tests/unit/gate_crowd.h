/* gate_crowd - a room full of members in a gate's engine, of whom three talk:
 * for tests and benchmarks of a whole tick. Packets that are sent go nowhere;
 * time is invented. */
#ifndef TESTS_GATE_CROWD_H
#define TESTS_GATE_CROWD_H

#include "bridge/gate/private.h"
#include "mixer/codec.h"
#include "tests/sound.h"
#include "tests/unit/gate_phone.h"

#define CROWD_TALKERS 3
#define CROWD_SPOKEN  200 /* frames that are said again and again */
#define CROWD_START   1000000000ull

struct crowd {
	struct engine *eng;
	struct phone talkers[CROWD_TALKERS];
	uint64_t now_us;
	uint64_t sent; /* packets that were flushed */
	unsigned said;
	struct {
		uint8_t buf[CODEC_MAX];
		size_t size;
		int level;
	} spoken[CROWD_SPOKEN];
};

static inline void crowd_rehearse(struct crowd *crowd)
{
	const struct codec_config cfg = { .bitrate = 32000, .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < CROWD_SPOKEN; i++) {
		sound_speech(pcm, i);
		crowd->spoken[i].size = (size_t)codec_encode(
			enc, pcm, crowd->spoken[i].buf, CODEC_MAX);
		crowd->spoken[i].level = (int)level_dbov(pcm, SOUND_FRAME);
	}
	codec_encoder_destroy(&enc);
}

static inline void crowd_drop(struct outbox *box, void *arg)
{
	struct crowd *crowd = arg;

	crowd->sent += box->n;
}

static inline struct path crowd_path(unsigned member)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(5004) };
	struct path path;

	in.sin_addr.s_addr = htonl(0x0a000000 + member);
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&in));
	return path;
}

static inline void crowd_command(struct crowd *crowd, struct command cmd)
{
	g_assert_true(ring_push(crowd->eng->commands, &cmd));
	engine_apply(crowd->eng, crowd->now_us);
}

static inline struct phonegate *crowd_room(struct crowd *crowd,
					   unsigned members)
{
	struct engine_mix *entry = calloc(1, sizeof(*entry));
	struct phonegate *gate = NULL;

	g_assert_cmpint(
		mix_create(&entry->mix,
			   &(struct mix_config){ .capacity = members,
						 .talkers = 5,
						 .bitrate = 32000,
						 .complexity = 5,
						 .channels = 1,
						 .jitter = { 0, 400 } }),
		==, 0);
	g_assert_cmpint(phonegate_create(&gate, "local-1", entry->mix, members),
			==, 0);
	crowd_command(crowd, (struct command){ .kind = COMMAND_ADD_MIX,
					       .entry = entry });
	crowd_command(crowd, (struct command){ .kind = COMMAND_ADD_GATE,
					       .gate = gate });
	return gate;
}

/* The first CROWD_TALKERS members talk. */
static inline void crowd_join(struct crowd *crowd, struct phonegate *gate,
			      unsigned member, bool srtp)
{
	struct phone phone;
	struct phone *own =
		member < CROWD_TALKERS ? &crowd->talkers[member] : &phone;
	struct session *ses = phone_create(own, member + 1, srtp);
	struct path path = crowd_path(member);

	ses->gate = gate;
	crowd_command(crowd, (struct command){ .kind = COMMAND_ADD_SESSION,
					       .ses = ses });
	engine_adopt_path(crowd->eng, ses, &path, crowd->now_us);
	if (own == &phone)
		phone_destroy(&phone);
}

static inline struct crowd *crowd_start(unsigned members, bool srtp)
{
	struct crowd *crowd = g_new0(struct crowd, 1);
	struct phonegate *gate;

	crowd_rehearse(crowd);
	crowd->now_us = CROWD_START;
	g_assert_cmpint(engine_create(&crowd->eng, crowd_drop, crowd), ==, 0);
	gate = crowd_room(crowd, members);
	for (unsigned i = 0; i < members; i++)
		crowd_join(crowd, gate, i, srtp);
	return crowd;
}

static inline void crowd_stop(struct crowd *crowd)
{
	engine_destroy(&crowd->eng);
	for (unsigned i = 0; i < CROWD_TALKERS; i++)
		phone_destroy(&crowd->talkers[i]);
	g_free(crowd);
}

static inline void crowd_talk(struct crowd *crowd, unsigned talker)
{
	unsigned frame = (crowd->said + 67 * talker) % CROWD_SPOKEN;
	struct path path = crowd_path(talker);
	uint8_t buf[RTP_MAX_PACKET];
	int size;

	stream_set_level(crowd->talkers[talker].stream,
			 crowd->spoken[frame].level, true);
	size = stream_send_rtp(
		crowd->talkers[talker].stream, crowd->spoken[frame].buf,
		crowd->spoken[frame].size, PHONE_FRAME, buf, sizeof(buf));
	engine_packet(crowd->eng, &path, buf, (size_t)size, crowd->now_us);
}

static inline void crowd_run(struct crowd *crowd, unsigned ticks)
{
	struct event event;

	for (unsigned i = 0; i < ticks; i++) {
		for (unsigned t = 0; t < CROWD_TALKERS; t++)
			crowd_talk(crowd, t);
		crowd->said++;
		crowd->now_us += TICK_US;
		engine_tick(crowd->eng, crowd->now_us, 0);
		engine_settle(crowd->eng);
		while (ring_pop(crowd->eng->events, &event))
			;
	}
}

#endif
