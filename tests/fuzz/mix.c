/* links: mixer */
/* What a member's packets may do to a room: three legs, of which two are fed
 * with whatever the input says, in the order and at the times it says.
 *
 * Each step is one byte of operation, then its operands:
 *   put   leg, sequence and timestamp as differences, size, payload
 *   tick  one to eight of them
 *   mute, volume, effort, loss, leave and join again, report */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/mix.h"

#define LEGS	3
#define MAX_OPS 400

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	const uint8_t *data;
	size_t size;
};

static unsigned take(struct input *in, unsigned bytes)
{
	unsigned value = 0;

	for (; bytes && in->size; bytes--, in->size--)
		value = value << 8 | *in->data++;
	return value;
}

struct room {
	struct mix *mix;
	struct mix_leg *leg[LEGS];
	uint64_t sequence[LEGS], timestamp[LEGS];
};

static void put(struct room *room, struct input *in)
{
	/* Mostly the next packet, else any difference up to 2^40. */
	static const unsigned shift[] = { 0, 0, 0, 4, 8, 16, 24, 32 };
	unsigned how = take(in, 1), i = how & 1;
	size_t size = take(in, 1);
	uint8_t *payload;
	int ret;

	if (how & 2)
		size = size * 6;
	if (size > in->size)
		size = in->size;
	room->sequence[i] +=
		how & 4 ? (uint64_t)(int8_t)take(in, 1) << shift[how >> 5] : 1;
	room->timestamp[i] += how & 8 ? (uint64_t)(int8_t)take(in, 1) * 120
						<< shift[how >> 5]
				      : 960;
	if (size > in->size)
		size = in->size;

	/* Of exactly this size, so that a read past it is seen. */
	payload = malloc(size ? size : 1);
	if (!payload)
		abort();
	memcpy(payload, in->data, size);
	in->data += size;
	in->size -= size;
	mix_leg_rank(room->leg[i], how & 16 ? -(int)(size & 127) : -20);
	ret = mix_leg_put(room->leg[i], room->sequence[i], room->timestamp[i],
			  payload, size);
	if (ret && ret != -EBADMSG && ret != -ESTALE && ret != -EEXIST &&
	    ret != -ENOBUFS && ret != -EMSGSIZE && ret != -EBUSY)
		abort();
	free(payload);
}

static void tick(struct room *room, unsigned ticks)
{
	while (ticks--) {
		mix_tick(room->mix);
		for (int i = 0; i < LEGS; i++) {
			const uint8_t *payload;
			size_t size = mix_leg_packet(room->leg[i], &payload);

			if (size > 1276 || (size && !payload))
				abort();
		}
	}
}

static void report(struct room *room, unsigned i)
{
	struct mix_leg_report rep;

	mix_leg_report(room->leg[i], &rep);
	if (!(rep.level_dbov >= -127 && rep.level_dbov <= 0) ||
	    rep.jitter.delay_ms < 0 || rep.jitter.delay_ms > 1500)
		abort();
}

static void shed(struct room *room, struct input *in)
{
	const struct mix_effort effort = { .complexity = (int)take(in, 1) % 11,
					   .talkers = take(in, 1) % 4 };

	mix_set_effort(room->mix, &effort);
}

static void step(struct room *room, struct input *in)
{
	unsigned op = take(in, 1), i = op >> 3 & 1;

	switch (op & 7) {
	default:
		put(room, in);
		break;
	case 3:
	case 4:
		tick(room, 1 + (op >> 5));
		break;
	case 5:
		if (op >> 5 == 1)
			mix_leg_set_gain(room->leg[i], (float)take(in, 1) / 64);
		else if (op >> 5 == 2)
			shed(room, in);
		else
			mix_leg_set_muted(room->leg[i], op >> 4 & 1);
		break;
	case 6:
		mix_leg_set_loss(room->leg[i], (int)take(in, 1) - 50);
		break;
	case 7:
		report(room, i);
		mix_leave(room->mix, room->leg[i]);
		if (op >> 4 & 1 && mix_join(room->mix, room->leg[i]))
			abort();
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* One leg sends levels, for the two seats that there are. */
	const struct mix_config mix = { .capacity = LEGS,
					.talkers = 2,
					.bitrate = 32000,
					.channels = 1,
					.jitter = { 0, 300 } };
	struct mix_leg_config cfg = { .sends = true,
				      .receives = true,
				      .channels = 1,
				      .jitter = { 0, 300 } };
	struct input in = { data, size };
	struct room room = { .mix = NULL };

	if (mix_create(&room.mix, &mix))
		abort();
	for (int i = 0; i < LEGS; i++) {
		cfg.level_header = i == 1;
		if (mix_leg_create(&room.leg[i], &cfg) ||
		    mix_join(room.mix, room.leg[i]))
			abort();
	}
	for (int n = 0; n < MAX_OPS && in.size; n++)
		step(&room, &in);
	tick(&room, 4);
	for (int i = 0; i < LEGS; i++) {
		mix_leave(room.mix, room.leg[i]);
		mix_leg_destroy(&room.leg[i]);
	}
	mix_destroy(&room.mix);
	return 0;
}
