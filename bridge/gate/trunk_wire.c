#include "bridge/gate/trunk_wire.h"

#include <errno.h>
#include <string.h>

#include "mixer/wire.h"

bool trunk_read(struct trunk_reader *rd, struct trunk_entry *ent_r)
{
	size_t size;

	if (!rd->left || rd->broken)
		return false;
	rd->broken = rd->left < TRUNK_ENTRY_HEADER;
	if (rd->broken)
		return false;
	size = wire_get16(rd->at + 2);
	rd->broken = size > rd->left - TRUNK_ENTRY_HEADER;
	if (rd->broken)
		return false;
	*ent_r = (struct trunk_entry){ .kind = rd->at[0],
				       .flags = rd->at[1],
				       .data = rd->at + TRUNK_ENTRY_HEADER,
				       .size = size };
	rd->at += TRUNK_ENTRY_HEADER + size;
	rd->left -= TRUNK_ENTRY_HEADER + size;
	return true;
}

int trunk_decode_sound(struct trunk_sound *snd_r, const struct trunk_entry *ent)
{
	const uint8_t *p = ent->data;

	if (ent->size <= TRUNK_SOUND_HEADER || !wire_get32(p) || p[7] > 127)
		return -EBADMSG;
	*snd_r = (struct trunk_sound){
		.flags = ent->flags,
		.origin = wire_get32(p),
		.generation = wire_get16(p + 4),
		.hops = p[6],
		.level = p[7],
		.sequence = wire_get32(p + 8),
		.timestamp = wire_get32(p + 12),
		.captured = wire_get32(p + 16),
		.volume = p[20],
		.opus = p + TRUNK_SOUND_HEADER,
		.opus_size = ent->size - TRUNK_SOUND_HEADER,
	};
	return 0;
}

int trunk_decode_message(struct trunk_message *msg_r,
			 const struct trunk_entry *ent)
{
	const uint8_t *p = ent->data;

	if (ent->size <= TRUNK_MESSAGE_HEADER)
		return -EBADMSG;
	*msg_r = (struct trunk_message){
		.id = wire_get32(p),
		.to = wire_get32(p + 4),
		.from = wire_get32(p + 8),
		.hops = p[12],
		.text = p + TRUNK_MESSAGE_HEADER,
		.size = ent->size - TRUNK_MESSAGE_HEADER,
	};
	return 0;
}

int trunk_decode_ack(uint32_t *id_r, const struct trunk_entry *ent)
{
	if (ent->size < 4)
		return -EBADMSG;
	*id_r = wire_get32(ent->data);
	return 0;
}

int trunk_decode_verdict(uint32_t *root_r, uint32_t *origins_r, unsigned max,
			 const struct trunk_entry *ent)
{
	unsigned n = (unsigned)ent->size / 4;

	if (!n || ent->size % 4 || n - 1 > max)
		return -EBADMSG;
	*root_r = wire_get32(ent->data);
	for (unsigned i = 1; i < n; i++)
		origins_r[i - 1] = wire_get32(ent->data + 4 * i);
	return (int)n - 1;
}

/* The header of an entry with so many bytes; NULL: no room. */
static uint8_t *begin(enum trunk_entry_kind kind, uint8_t flags, size_t size,
		      uint8_t *buf, size_t cap)
{
	if (cap < TRUNK_ENTRY_HEADER || size > cap - TRUNK_ENTRY_HEADER ||
	    size > UINT16_MAX)
		return NULL;
	buf[0] = (uint8_t)kind;
	buf[1] = flags;
	wire_put16(buf + 2, (uint16_t)size);
	return buf + TRUNK_ENTRY_HEADER;
}

size_t trunk_encode_sound(const struct trunk_sound *snd, uint8_t *buf,
			  size_t cap)
{
	size_t size = TRUNK_SOUND_HEADER + snd->opus_size;
	uint8_t *p = begin(TRUNK_SOUND, snd->flags, size, buf, cap);

	if (!p)
		return 0;
	wire_put32(p, snd->origin);
	wire_put16(p + 4, snd->generation);
	p[6] = snd->hops;
	p[7] = snd->level;
	wire_put32(p + 8, snd->sequence);
	wire_put32(p + 12, snd->timestamp);
	wire_put32(p + 16, snd->captured);
	p[20] = snd->volume;
	memcpy(p + TRUNK_SOUND_HEADER, snd->opus, snd->opus_size);
	return TRUNK_ENTRY_HEADER + size;
}

size_t trunk_encode_message(const struct trunk_message *msg, uint8_t *buf,
			    size_t cap)
{
	size_t size = TRUNK_MESSAGE_HEADER + msg->size;
	uint8_t *p = begin(TRUNK_MESSAGE, 0, size, buf, cap);

	if (!p)
		return 0;
	wire_put32(p, msg->id);
	wire_put32(p + 4, msg->to);
	wire_put32(p + 8, msg->from);
	p[12] = msg->hops;
	memcpy(p + TRUNK_MESSAGE_HEADER, msg->text, msg->size);
	return TRUNK_ENTRY_HEADER + size;
}

size_t trunk_encode_ack(uint32_t id, uint8_t *buf, size_t cap)
{
	uint8_t *p = begin(TRUNK_ACK, 0, 4, buf, cap);

	if (!p)
		return 0;
	wire_put32(p, id);
	return TRUNK_ENTRY_HEADER + 4;
}

size_t trunk_encode_verdict(uint32_t root, const uint32_t *origins, unsigned n,
			    uint8_t *buf, size_t cap)
{
	size_t size = 4 + 4 * (size_t)n;
	uint8_t *p = begin(TRUNK_VERDICT, 0, size, buf, cap);

	if (!p)
		return 0;
	wire_put32(p, root);
	for (unsigned i = 0; i < n; i++)
		wire_put32(p + 4 + 4 * i, origins[i]);
	return TRUNK_ENTRY_HEADER + size;
}

size_t trunk_encode_leave(uint8_t *buf, size_t cap)
{
	return begin(TRUNK_LEAVE, 0, 0, buf, cap) ? TRUNK_ENTRY_HEADER : 0;
}

void trunk_mark_repeated(uint8_t *buf, size_t size)
{
	struct trunk_reader rd = { .at = buf, .left = size };
	struct trunk_entry ent;

	while (trunk_read(&rd, &ent))
		buf[ent.data - TRUNK_ENTRY_HEADER - buf + 1] |= TRUNK_REPEATED;
}
