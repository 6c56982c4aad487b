/* The wire and the keys of trunks. */
#include "bridge/gate/trunk.h"

#include <errno.h>
#include <glib.h>
#include <string.h>

#include "bridge/gate/trunk_wire.h"

static const uint8_t opus[] = { 0xf8, 0xff, 0xfe };

static struct trunk_sound sound(uint32_t sequence)
{
	return (struct trunk_sound){
		.flags = TRUNK_MUST,
		.origin = 0x01020304,
		.generation = 0x0506,
		.hops = 7,
		.level = 42,
		.volume = TRUNK_VOLUME_UNITY,
		.sequence = sequence,
		.timestamp = 960 * sequence,
		.captured = 0x0a0b0c0d,
		.opus = opus,
		.opus_size = sizeof(opus),
	};
}

/* The example of docs/trunk.md. */
static void a_sound_is_written_as_documented(void)
{
	static const uint8_t expected[] = {
		0x01, 0x02, 0x00, 0x18, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
		0x07, 0x2a, 0x00, 0x00, 0x00, 0x05, 0x00, 0x00, 0x12, 0xc0,
		0x0a, 0x0b, 0x0c, 0x0d, 0x40, 0xf8, 0xff, 0xfe,
	};
	struct trunk_sound snd = sound(5);
	uint8_t buf[TRUNK_MAX_PAYLOAD];

	g_assert_cmpuint(trunk_encode_sound(&snd, buf, sizeof(buf)), ==,
			 sizeof(expected));
	g_assert_cmpmem(buf, sizeof(expected), expected, sizeof(expected));
	for (size_t cap = 0; cap < sizeof(expected); cap++)
		g_assert_cmpuint(trunk_encode_sound(&snd, buf, cap), ==, 0);
}

static void expect_sound(const struct trunk_entry *ent, uint32_t sequence,
			 uint8_t flags)
{
	struct trunk_sound snd, was = sound(sequence);

	g_assert_cmpuint(ent->kind, ==, TRUNK_SOUND);
	g_assert_cmpint(trunk_decode_sound(&snd, ent), ==, 0);
	g_assert_cmpuint(snd.flags, ==, flags);
	g_assert_cmpuint(snd.origin, ==, was.origin);
	g_assert_cmpuint(snd.generation, ==, was.generation);
	g_assert_cmpuint(snd.hops, ==, was.hops);
	g_assert_cmpuint(snd.level, ==, was.level);
	g_assert_cmpuint(snd.volume, ==, was.volume);
	g_assert_cmpuint(snd.sequence, ==, sequence);
	g_assert_cmpuint(snd.timestamp, ==, was.timestamp);
	g_assert_cmpuint(snd.captured, ==, was.captured);
	g_assert_cmpmem(snd.opus, snd.opus_size, opus, sizeof(opus));
}

static void kinds_of_later_releases_are_passed_over(void)
{
	static const uint8_t later[] = { 99, 0, 0, 3, 'n', 'e', 'w' };
	struct trunk_sound snd = sound(9);
	uint8_t buf[TRUNK_MAX_PAYLOAD];
	struct trunk_reader rd = { .at = buf };
	struct trunk_entry ent;

	memcpy(buf, later, sizeof(later));
	rd.left = sizeof(later) +
		  trunk_encode_sound(&snd, buf + sizeof(later), 200);
	trunk_mark_repeated(buf, rd.left);
	g_assert_true(trunk_read(&rd, &ent));
	g_assert_cmpuint(ent.kind, ==, 99);
	g_assert_true(trunk_read(&rd, &ent));
	expect_sound(&ent, 9, TRUNK_MUST | TRUNK_REPEATED);
	g_assert_false(trunk_read(&rd, &ent));
	g_assert_false(rd.broken);
}

static void entries_longer_than_their_packet_end_it(void)
{
	struct trunk_sound snd = sound(1);
	uint8_t buf[TRUNK_MAX_PAYLOAD];
	size_t size = trunk_encode_sound(&snd, buf, sizeof(buf));
	struct trunk_entry ent;

	for (size_t left = 1; left < size; left++) {
		struct trunk_reader rd = { .at = buf, .left = left };

		g_assert_false(trunk_read(&rd, &ent));
		g_assert_true(rd.broken);
	}
}

static void nonsense_is_refused(void)
{
	static const uint8_t zeros[600];
	uint32_t origins[2], id, root;
	struct trunk_message msg;
	struct trunk_sound snd;

	for (size_t size = 0; size <= TRUNK_SOUND_HEADER + 1; size++) {
		struct trunk_entry ent = { .data = zeros, .size = size };

		/* Nobody is called 0. */
		g_assert_cmpint(trunk_decode_sound(&snd, &ent), ==, -EBADMSG);
		g_assert_cmpint(trunk_decode_message(&msg, &ent), ==,
				size > TRUNK_MESSAGE_HEADER ? 0 : -EBADMSG);
		g_assert_cmpint(trunk_decode_ack(&id, &ent), ==,
				size < 4 ? -EBADMSG : 0);
		g_assert_cmpint(
			trunk_decode_verdict(&root, origins, 2, &ent), ==,
			!size || size % 4 || size > 12 ? -EBADMSG
						       : (int)size / 4 - 1);
	}
}

static void both_ends_have_the_same_keys_and_no_other_trunk_has(void)
{
	static const uint8_t secret[] = "the secret of a cluster";
	uint8_t salt[TRUNK_SALT_SIZE] = "0123456789abcde";
	struct trunk_config up = { .id = "7-3", .role = TRUNK_ALTERNATE };
	struct trunk_config down = { .id = "7-3", .role = TRUNK_CHILD };
	struct trunk_config other = { .id = "7-3", .role = TRUNK_PARENT };

	g_assert_cmpint(trunk_derive(&up, secret, sizeof(secret), salt), ==, 0);
	g_assert_cmpint(trunk_derive(&down, secret, sizeof(secret), salt), ==,
			0);
	g_assert_cmpmem(up.send_key, 28, down.receive_key, 28);
	g_assert_cmpmem(up.receive_key, 28, down.send_key, 28);
	g_assert_cmpuint(up.send_ssrc, ==, down.receive_ssrc);
	g_assert_cmpuint(up.receive_ssrc, ==, down.send_ssrc);
	g_assert_cmpuint(up.send_ssrc, !=, up.receive_ssrc);
	g_assert_cmpint(memcmp(up.send_key, up.receive_key, 28), !=, 0);
	salt[0]++;
	g_assert_cmpint(trunk_derive(&other, secret, sizeof(secret), salt), ==,
			0);
	g_assert_cmpint(memcmp(up.send_key, other.send_key, 28), !=, 0);
	g_assert_cmpuint(up.send_ssrc, !=, other.send_ssrc);
}

/* The vector of docs/trunk.md: computed by another implementation of HKDF. */
static void keys_are_those_that_are_documented(void)
{
	static const uint8_t secret[32] = { 0,	1,  2,	3,  4,	5,  6,	7,
					    8,	9,  10, 11, 12, 13, 14, 15,
					    16, 17, 18, 19, 20, 21, 22, 23,
					    24, 25, 26, 27, 28, 29, 30, 31 };
	static const uint8_t salt[TRUNK_SALT_SIZE] = { 0xf0, 0xf1, 0xf2, 0xf3,
						       0xf4, 0xf5, 0xf6, 0xf7,
						       0xf8, 0xf9, 0xfa, 0xfb,
						       0xfc, 0xfd, 0xfe, 0xff };
	struct trunk_config cfg = { .id = "3-1", .role = TRUNK_PARENT };
	g_autofree char *up = NULL, *down = NULL;

	g_assert_cmpint(trunk_derive(&cfg, secret, sizeof(secret), salt), ==,
			0);
	up = g_malloc0(57);
	down = g_malloc0(57);
	for (int i = 0; i < 28; i++) {
		g_snprintf(up + 2 * i, 3, "%02x", cfg.send_key[i]);
		g_snprintf(down + 2 * i, 3, "%02x", cfg.receive_key[i]);
	}
	g_assert_cmpstr(
		up, ==,
		"c1594399ea4426b5581f7bb7ee24d8fdbb8c853b293b751094066936");
	g_assert_cmpstr(
		down, ==,
		"76e0b1f066f9aba8191d482b92e4b60167edfd1184863338aa3f9e32");
	g_assert_cmphex(cfg.send_ssrc, ==, 0x8ba39dc6);
	g_assert_cmphex(cfg.receive_ssrc, ==, 0x90ff2280);
}

static void what_cannot_be_a_trunk_is_refused(void)
{
	struct trunk_config cfg = { .role = TRUNK_PARENT,
				    .protocol = TRUNK_PROTOCOL + 1,
				    .send_ssrc = 1,
				    .receive_ssrc = 2 };
	struct trunk_config down = { .role = TRUNK_CHILD,
				     .protocol = TRUNK_PROTOCOL };
	struct trunk *trk = NULL, *other = NULL;

	g_assert_cmpint(trunk_create(&trk, &cfg), ==, -EINVAL);
	cfg.protocol = TRUNK_PROTOCOL;
	cfg.n_peers = TRUNK_MAX_PEERS + 1;
	g_assert_cmpint(trunk_create(&trk, &cfg), ==, -EINVAL);
	cfg.n_peers = 0;
	g_assert_cmpint(trunk_create_pair(&trk, &cfg, &other, &cfg), ==,
			-EINVAL);
	g_assert_cmpint(trunk_create_pair(&trk, &down, &other, &cfg), ==, 0);
	trunk_destroy(&other);
	trunk_destroy(&trk);
	trunk_destroy(&trk);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
#define ADD(name, function) g_test_add_func("/trunk/" name, function)
	ADD("a sound is written as documented",
	    a_sound_is_written_as_documented);
	ADD("kinds of later releases are passed over",
	    kinds_of_later_releases_are_passed_over);
	ADD("entries longer than their packet end it",
	    entries_longer_than_their_packet_end_it);
	ADD("nonsense is refused", nonsense_is_refused);
	ADD("both ends have the same keys, and no other trunk has",
	    both_ends_have_the_same_keys_and_no_other_trunk_has);
	ADD("keys are those that are documented",
	    keys_are_those_that_are_documented);
	ADD("what cannot be a trunk is refused",
	    what_cannot_be_a_trunk_is_refused);
	return g_test_run();
}
