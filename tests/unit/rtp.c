#include "mixer/rtp.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "mixer/level.h"
#include "mixer/wire.h"

#define ID 5

/* A packet whose header extension is this profile and these bytes, filled up
 * with zeros, and whose payload is two bytes; its size. */
static size_t make(uint8_t *buf, uint16_t profile, const void *elements,
		   size_t size)
{
	size_t words = (size + 3) / 4;

	memset(buf, 0, 16 + 4 * words + 2);
	buf[0] = 0x90;
	buf[1] = 111;
	wire_put16(buf + 12, profile);
	wire_put16(buf + 14, (uint16_t)words);
	memcpy(buf + 16, elements, size);
	memcpy(buf + 16 + 4 * words, "\xf8\xff", 2);
	return 16 + 4 * words + 2;
}

/* The level found in a packet that ends, in the heap, where it ends: a step
 * past it is seen by a sanitizer or valgrind. */
static int level_in(uint16_t profile, const void *elements, size_t size)
{
	uint8_t buf[1500];
	size_t n = make(buf, profile, elements, size);
	uint8_t *exact = g_memdup2(buf, n);
	int header = rtp_header_size(exact, n), level;

	g_assert_cmpint(header, ==, n - 2);
	level = rtp_level(exact, (size_t)header, ID);
	g_free(exact);
	return level;
}

#define LEVEL(profile, bytes) level_in(profile, bytes, sizeof(bytes) - 1)

static void a_level_is_read_in_both_forms(void)
{
	/* RFC 6464 3: V and 7 bits of -dBov. */
	g_assert_cmpint(LEVEL(0xbede, "\x50\x00"), ==, 0);
	g_assert_cmpint(LEVEL(0xbede, "\x50\xff"), ==, -127);
	g_assert_cmpint(LEVEL(0xbede, "\x50\x2a"), ==, -42);
	/* Behind another element and padding. */
	g_assert_cmpint(LEVEL(0xbede, "\x12\x01\x02\x03\x00\x00\x50\xaa"), ==,
			-42);
	g_assert_cmpint(LEVEL(0x1000, "\x05\x01\x2a"), ==, -42);
	/* The low four bits of the profile are the application's. */
	g_assert_cmpint(LEVEL(0x100f, "\x00\x21\x00\x05\x01\xaa"), ==, -42);
}

static void hostile_extensions_have_no_level(void)
{
	static const uint8_t elements[256] = { 0 };

	/* Another profile, other ids, none at all. */
	g_assert_cmpint(LEVEL(0xbedf, "\x50\x2a"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0xbede, "\x60\x2a"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0xbede, ""), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0x1000, ""), ==, LEVEL_NONE);
	g_assert_cmpint(level_in(0xbede, elements, 256), ==, LEVEL_NONE);
	/* Two bytes of data, or none, are no level. */
	g_assert_cmpint(LEVEL(0xbede, "\x51\x2a\x2a"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0x1000, "\x05\x00\x2a\x00"), ==, LEVEL_NONE);
	/* The element says that it reaches past the extension. */
	g_assert_cmpint(LEVEL(0xbede, "\x00\x00\x00\x50"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0xbede, "\x1f\x00\x50\x2a"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0x1000, "\x00\x00\x05\x01"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0x1000, "\x00\x00\x00\x05"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0x1000, "\x07\xff\x05\x01\x2a"), ==, LEVEL_NONE);
	/* Id 15, and id 0 with a size, end all (RFC 8285 4.2). */
	g_assert_cmpint(LEVEL(0xbede, "\xf0\x00\x50\x2a"), ==, LEVEL_NONE);
	g_assert_cmpint(LEVEL(0xbede, "\x01\x00\x00\x50\x2a"), ==, LEVEL_NONE);
}

static void an_extension_longer_than_the_packet_is_refused(void)
{
	uint8_t buf[64];
	size_t n = make(buf, 0xbede, "\x50\x2a", 2);

	wire_put16(buf + 14, 2);
	g_assert_cmpint(rtp_header_size(buf, n), ==, -EBADMSG);
	wire_put16(buf + 14, 0xffff);
	g_assert_cmpint(rtp_header_size(buf, n), ==, -EBADMSG);
	g_assert_cmpint(rtp_header_size(buf, 15), ==, -EBADMSG);
}

static void a_level_that_was_written_is_read(void)
{
	static const uint8_t payload[] = { 0xf8, 0xff, 0xfe };
	struct rtp_packet pkt = { .payload = payload,
				  .payload_size = sizeof(payload),
				  .payload_type = 111 },
			  back;
	uint8_t buf[64];
	int n;

	for (int level = -140; level <= 20; level++) {
		for (uint8_t id = 1; id <= RTP_MAX_LEVEL_ID; id++) {
			pkt.level_id = id;
			pkt.level_dbov = level;
			pkt.voice = level & 1;
			n = rtp_encode(&pkt, buf, sizeof(buf));
			g_assert_cmpint(n, ==,
					RTP_HEADER_SIZE + RTP_LEVEL_SIZE + 3);
			g_assert_cmpint(rtp_level(buf, 20, id), ==,
					CLAMP(level, -127, 0));
			g_assert_cmpint(rtp_level(buf, 20, id ^ 1), ==,
					LEVEL_NONE);
			g_assert_cmpint(buf[17] >> 7, ==, level & 1);
			g_assert_cmpint(rtp_decode(&back, buf, (size_t)n), ==,
					0);
			g_assert_cmpmem(back.payload, back.payload_size,
					payload, sizeof(payload));
		}
	}
	g_assert_cmpint(rtp_encode(&pkt, buf, (size_t)n - 1), ==, -ENOBUFS);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/rtp/a level is read in both forms",
			a_level_is_read_in_both_forms);
	g_test_add_func("/rtp/hostile extensions have no level",
			hostile_extensions_have_no_level);
	g_test_add_func("/rtp/an extension longer than the packet is refused",
			an_extension_longer_than_the_packet_is_refused);
	g_test_add_func("/rtp/a level that was written is read",
			a_level_that_was_written_is_read);
	return g_test_run();
}
