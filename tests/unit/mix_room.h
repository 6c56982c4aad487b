/* A mix with people in it: each speaks a tone, with Opus, and hears the mix,
 * decoded. Header only. */
#ifndef TESTS_UNIT_MIX_ROOM_H
#define TESTS_UNIT_MIX_ROOM_H

#include <glib.h>
#include <string.h>

#include "mixer/codec.h"
#include "mixer/level.h"
#include "mixer/mix.h"
#include "mixer/voice.h"
#include "tests/sound.h"

#define PEOPLE 12
#define SPEECH -1.0 /* instead of a tone's frequency */
#define KEEP   150  /* frames of what was heard, for analysis */

/* One person: speaks a tone of her own, hears the mix. */
struct person {
	struct mix_leg *leg;
	struct codec_encoder *mouth;
	struct voice *ear;
	double hz, amplitude;
	bool header;		 /* sends levels */
	bool stalled;		 /* sends nothing at all */
	int lie;		 /* dB added to the level that is claimed */
	unsigned taken;		 /* packets that the mix wanted */
	uint64_t sequence;	 /* to the bridge */
	uint64_t heard_sequence; /* from the bridge */
	size_t size;		 /* of this tick's packet */
	const uint8_t *packet;
	uint64_t packets;		   /* that came */
	int16_t heard[KEEP * SOUND_FRAME]; /* the newest frames */
};

struct room {
	struct mix *mix;
	unsigned n;
	uint64_t tick;
	struct person *people[PEOPLE];
};

/* Sends no levels. */
static G_GNUC_UNUSED const struct mix_leg_config plain = {
	.sends = true,
	.receives = true,
	.channels = 1,
	.jitter = { .min_ms = 0, .max_ms = 500 },
};

static inline struct person *enter_with(struct room *room, double hz,
					double amplitude,
					const struct mix_leg_config *cfg)
{
	const struct codec_config codec = {
		.bitrate = 128000, .complexity = 5, .dtx = 1, .low_delay = 1
	};
	struct person *person = g_new0(struct person, 1);

	person->hz = hz;
	person->amplitude = amplitude;
	g_assert_cmpint(mix_leg_create(&person->leg, cfg), ==, 0);
	g_assert_cmpint(codec_encoder_create(&person->mouth, &codec), ==, 0);
	g_assert_cmpint(voice_create(&person->ear, &plain.jitter), ==, 0);
	person->header = cfg->level_header;
	g_assert_cmpint(mix_join(room->mix, person->leg), ==, 0);
	room->people[room->n++] = person;
	return person;
}

/* Sends levels. */
static G_GNUC_UNUSED const struct mix_leg_config levelled = {
	.sends = true,
	.receives = true,
	.level_header = true,
	.channels = 1,
};

static inline struct person *enter(struct room *room, double hz,
				   double amplitude)
{
	return enter_with(room, hz, amplitude, &plain);
}

static inline void open_room_with(struct room *room, unsigned talkers,
				  int bitrate)
{
	const struct mix_config cfg = {
		.capacity = PEOPLE,
		.talkers = talkers,
		.bitrate = bitrate,
		.complexity = 5,
		.channels = 1,
		.jitter = { .min_ms = 0, .max_ms = 500 },
	};

	memset(room, 0, sizeof(*room));
	g_assert_cmpint(mix_create(&room->mix, &cfg), ==, 0);
}

static inline void open_room(struct room *room)
{
	open_room_with(room, 5, 64000);
}

static inline void close_room(struct room *room)
{
	for (unsigned i = 0; i < room->n; i++) {
		struct person *person = room->people[i];

		mix_leave(room->mix, person->leg);
		mix_leg_destroy(&person->leg);
		codec_encoder_destroy(&person->mouth);
		voice_destroy(&person->ear);
		g_free(person);
	}
	mix_destroy(&room->mix);
}

static inline int speak(struct person *person, uint64_t tick)
{
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[CODEC_MAX];
	int n;

	if (person->hz == SPEECH)
		sound_speech(pcm, tick);
	else
		sound_tone(pcm, person->hz, person->amplitude, tick);
	n = codec_encode(person->mouth, pcm, buf, sizeof(buf));
	if (n <= 0 || person->stalled)
		return MIN(n, 0);
	if (person->header) {
		int level = (int)lrintf(level_dbov(pcm, SOUND_FRAME));

		level = CLAMP(level + person->lie, -127, 0);
		if (!mix_leg_rank(person->leg, level)) {
			person->sequence++;
			return 0;
		}
		person->taken++;
	}
	return mix_leg_put(person->leg, person->sequence++, tick * SOUND_FRAME,
			   buf, (size_t)n);
}

static inline void hear(struct person *person, uint64_t tick)
{
	memmove(person->heard, person->heard + SOUND_FRAME,
		sizeof(person->heard) - SOUND_FRAME * sizeof(int16_t));
	person->size = mix_leg_packet(person->leg, &person->packet);
	if (person->size) {
		person->packets++;
		voice_put(person->ear, person->heard_sequence++,
			  tick * SOUND_FRAME, person->packet, person->size);
	}
	voice_pull(person->ear, person->heard + (KEEP - 1) * SOUND_FRAME);
}

static inline void run(struct room *room, unsigned ticks)
{
	for (unsigned t = 0; t < ticks; t++) {
		for (unsigned i = 0; i < room->n; i++)
			g_assert_cmpint(speak(room->people[i], room->tick), ==,
					0);
		mix_tick(room->mix);
		for (unsigned i = 0; i < room->n; i++)
			hear(room->people[i], room->tick);
		room->tick++;
	}
}

/* dB of full scale in the last `frames` frames heard. */
static inline double find(const struct person *person, double hz,
			  unsigned frames)
{
	return sound_find(person->heard + (KEEP - frames) * SOUND_FRAME,
			  frames * SOUND_FRAME, hz);
}

static inline int edge(const struct person *person, unsigned frames)
{
	return sound_edge(person->heard + (KEEP - frames) * SOUND_FRAME,
			  frames * SOUND_FRAME);
}

#endif
