/* What the fuzzers of a media engine share: records of one byte of command,
 * two bytes of size, and so many bytes. */
#ifndef FUZZ_ENGINE_H
#define FUZZ_ENGINE_H

#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>

#include "bridge/gate/private.h"

typedef void (*fuzz_play_func)(void *bench, uint8_t command,
			       const uint8_t *data, size_t size);

/* Records over `max` bytes are passed over; the last may be cut. */
static inline void fuzz_records(const uint8_t *data, size_t size, size_t max,
				fuzz_play_func play, void *bench)
{
	while (size > 3) {
		const uint8_t command = data[0];
		size_t length = (size_t)data[1] << 8 | data[2];

		data += 3;
		size -= 3;
		if (length > size)
			length = size;
		if (length <= max)
			play(bench, command, data, length);
		data += length;
		size -= length;
	}
}

/* 192.0.2.LAST, port 4000 */
static inline struct path fuzz_path(uint8_t last)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(4000) };
	struct path path;

	in.sin_addr.s_addr = htonl(0xc0000200u | last);
	if (!path_from_socket(&path, 0, (struct sockaddr *)&in))
		abort();
	return path;
}

static inline void fuzz_push(struct engine *eng, struct command cmd,
			     uint64_t now)
{
	if (!ring_push(eng->commands, &cmd))
		abort();
	engine_apply(eng, now);
}

/* An engine with a mix and a gate, for all inputs. */
static inline void fuzz_create(struct engine **eng_r,
			       struct engine_mix **entry_r,
			       struct phonegate **gate_r,
			       const struct mix_config *mix, unsigned places,
			       void (*flush)(struct outbox *box, void *arg),
			       void *arg, uint64_t now)
{
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	*entry_r = entry;
	if (!entry || engine_create(eng_r, flush, arg) ||
	    mix_create(&entry->mix, mix) ||
	    phonegate_create(gate_r, "local-1", entry->mix, places))
		abort();
	fuzz_push(*eng_r,
		  (struct command){ .kind = COMMAND_ADD_MIX, .entry = entry },
		  now);
	fuzz_push(*eng_r,
		  (struct command){ .kind = COMMAND_ADD_GATE, .gate = *gate_r },
		  now);
}

#endif
