/* The next release of ipsp-phonegate, as far as trunks go, for a test of two
 * that are one release apart: built with the next TRUNK_PROTOCOL, and whatever
 * it says on a trunk is followed by an entry, and carries a flag, that the
 * present one has never heard of (docs/trunk.md, "Entries"). */
#define trunk_encode_sound   present_sound
#define trunk_encode_verdict present_verdict
#include "bridge/gate/trunk_wire.c"
#undef trunk_encode_sound
#undef trunk_encode_verdict

size_t trunk_encode_sound(const struct trunk_sound *snd, uint8_t *buf,
			  size_t cap);
size_t trunk_encode_verdict(uint32_t root, const uint32_t *origins, unsigned n,
			    uint8_t *buf, size_t cap);

#define LATER_KIND 200
#define LATER_FLAG 0x80

static size_t add_later(uint8_t *buf, size_t size, size_t cap)
{
	static const uint8_t what[] = "of a later release";
	uint8_t *p = begin(LATER_KIND, LATER_FLAG, sizeof(what), buf + size,
			   cap - size);

	if (!size || !p)
		return size;
	memcpy(p, what, sizeof(what));
	return size + TRUNK_ENTRY_HEADER + sizeof(what);
}

size_t trunk_encode_sound(const struct trunk_sound *snd, uint8_t *buf,
			  size_t cap)
{
	struct trunk_sound later = *snd;

	later.flags |= LATER_FLAG;
	return add_later(buf, present_sound(&later, buf, cap), cap);
}

size_t trunk_encode_verdict(uint32_t root, const uint32_t *origins, unsigned n,
			    uint8_t *buf, size_t cap)
{
	return add_later(buf, present_verdict(root, origins, n, buf, cap), cap);
}
