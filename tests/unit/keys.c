/* The key schedule against the mails of tests/vectors: every value of
 * docs/ipsp.md, "Test vectors". */
#include "signaling/keys.h"

#include <string.h>

#include "signaling/message.h"

#define CLIENT_PRIVATE                                                         \
	"77076d0a7318a57d3c16c17251b26645df4c2f92ebc0992ac177fba51db92c2a"
#define BRIDGE_PRIVATE                                                         \
	"5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"

static void from_hex(const char *hex, guint8 *bytes_r)
{
	for (; *hex; hex += 2)
		*bytes_r++ = (guint8)(g_ascii_xdigit_value(hex[0]) << 4 |
				      g_ascii_xdigit_value(hex[1]));
}

static void assert_hex(const guint8 *bytes, gsize size, const char *hex)
{
	GString *text = g_string_new(NULL);

	for (gsize i = 0; i < size; i++)
		g_string_append_printf(text, "%02x", bytes[i]);
	g_assert_cmpstr(text->str, ==, hex);
	g_string_free(text, TRUE);
}

static void assert_base64url(const guint8 *bytes, const char *expected)
{
	g_autofree char *text = keys_base64url(bytes, 32);

	g_assert_cmpstr(text, ==, expected);
}

static void pair_from_hex(struct keys_pair *pair_r, const char *hex)
{
	guint8 private_key[KEYS_X25519_SIZE];

	from_hex(hex, private_key);
	keys_pair_from_private(pair_r, private_key);
}

/* The decoded part of a vector's mail, as it would come from a mailbox. */
static GBytes *part_of(const char *file, struct ipsp_message *msg_r)
{
	g_autofree char *path = g_build_filename(TEST_VECTORS, file, NULL);
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) mail = NULL;
	SCOPED(message) msg = NULL;
	char *data;
	gsize size;

	g_file_get_contents(path, &data, &size, &error);
	g_assert_no_error(error);
	mail = g_bytes_new_take(data, size);
	msg = message_parse(mail, NULL, &error);
	g_assert_no_error(error);
	g_assert_nonnull(msg->ipsp);
	ipsp_decode(msg_r, msg->ipsp, &error);
	g_assert_no_error(error);
	return g_bytes_ref(msg->ipsp);
}

struct vectors {
	struct keys_pair client, bridge;
	struct ipsp_message invite, ok;
	GBytes *invite_part, *ok_part;
};

static void set_up(struct vectors *vec, gconstpointer data)
{
	(void)data;
	vec->invite_part = part_of("invite.eml", &vec->invite);
	vec->ok_part = part_of("ok.eml", &vec->ok);
	pair_from_hex(&vec->client, CLIENT_PRIVATE);
	pair_from_hex(&vec->bridge, BRIDGE_PRIVATE);
}

static void tear_down(struct vectors *vec, gconstpointer data)
{
	(void)data;
	g_bytes_unref(vec->invite_part);
	g_bytes_unref(vec->ok_part);
}

static void the_mails_carry_the_public_keys(struct vectors *vec,
					    gconstpointer data)
{
	(void)data;
	assert_base64url(vec->client.public_key,
			 "-KlTWi0v9gXo4UTVT071xiMTogVduyH93T_ZwpnrAV0");
	assert_base64url(vec->bridge.public_key,
			 "3p7bfXt9wbTTW2HC7OQ1Nz-DQ8hbeGdNrfx-FG-IK08");
	g_assert_cmpmem(vec->invite.public_key, KEYS_X25519_SIZE,
			vec->client.public_key, KEYS_X25519_SIZE);
	g_assert_cmpmem(vec->ok.public_key, KEYS_X25519_SIZE,
			vec->bridge.public_key, KEYS_X25519_SIZE);
}

static void the_parts_hash_as_published(struct vectors *vec, gconstpointer data)
{
	g_autofree char *invite = g_compute_checksum_for_bytes(
		G_CHECKSUM_SHA256, vec->invite_part);
	g_autofree char *ok =
		g_compute_checksum_for_bytes(G_CHECKSUM_SHA256, vec->ok_part);

	(void)data;
	g_assert_cmpstr(invite, ==,
			"455efebc52b6460404b209e623e16648"
			"340e9f72c638c359bd873a90902c51f2");
	g_assert_cmpstr(ok, ==,
			"a01890fe62557507990551e373d27ec0"
			"4b0684b9651467372c601f8343c5b0fa");
}

static void both_sides_derive_the_published_keys(struct vectors *vec,
						 gconstpointer data)
{
	const struct keys_pair *sides[2][2] = {
		{ &vec->client, &vec->bridge }, { &vec->bridge, &vec->client }
	};

	(void)data;
	for (int i = 0; i < 2; i++) {
		struct keys keys;

		g_assert_true(keys_derive(
			&keys, sides[i][0], sides[i][1]->public_key,
			vec->invite_part, vec->ok_part, NULL, NULL));
		g_assert_cmpstr(keys.stun_password, ==,
				"cM2QmpWH7iH0C38VvIRgNHkR");
		assert_hex(keys.srtp_c2b, sizeof(keys.srtp_c2b),
			   "270831e2f68ebcc9929fc298c5199a52"
			   "38dc78df885a1d3a090c7500");
		assert_hex(keys.srtp_b2c, sizeof(keys.srtp_b2c),
			   "21b47821feb5fe3b32aa8398e635be64"
			   "d158ffe0bbacb3ee56c6dccb");
		assert_hex(keys.ctl, sizeof(keys.ctl),
			   "7f15b5036bed658e1865a2c9742e71bb"
			   "6cd51ab4b2ff524c41d6cecce39fa75a");
		g_assert_cmphex(keys.ssrc_c2b, ==, 0xfa0b4580);
		g_assert_cmphex(keys.ssrc_b2c, ==, 0xebc5e857);
	}
}

static void assert_ssrcs(const struct keys *keys, guint k, guint32 c2b,
			 guint32 b2c)
{
	guint32 got_c2b, got_b2c;

	keys_ssrcs(keys, k, &got_c2b, &got_b2c);
	g_assert_cmphex(got_c2b, ==, c2b);
	g_assert_cmphex(got_b2c, ==, b2c);
}

static void each_place_has_ssrcs_of_its_own(struct vectors *vec,
					    gconstpointer data)
{
	g_autoptr(GBytes) room_key = g_bytes_new_static(
		"\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16);
	struct keys keys;

	(void)data;
	g_assert_true(keys_derive(&keys, &vec->client, vec->bridge.public_key,
				  vec->invite_part, vec->ok_part, NULL, NULL));
	assert_hex(keys.prk, sizeof(keys.prk),
		   "0d16e72ac53cb575da6c69744d589b5c"
		   "de2bd8b290e7fcb9848f97c03573eec1");
	assert_ssrcs(&keys, 0, 0xfa0b4580, 0xebc5e857);
	assert_ssrcs(&keys, 1, 0x7bf242e5, 0x5e5af0bf);
	assert_ssrcs(&keys, 2, 0x3a6c673e, 0x51375c5d);
	assert_ssrcs(&keys, 10, 0xfd59145b, 0xcefafa27);
	g_assert_true(keys_derive(&keys, &vec->client, vec->bridge.public_key,
				  vec->invite_part, vec->ok_part, room_key,
				  NULL));
	assert_ssrcs(&keys, 1, 0x265ca595, 0x3b61cca9);
}

static void a_room_key_changes_every_key(struct vectors *vec,
					 gconstpointer data)
{
	g_autoptr(GBytes) room_key = g_bytes_new_static(
		"\0\1\2\3\4\5\6\7\x8\x9\xa\xb\xc\xd\xe\xf", 16);
	struct keys keys;

	(void)data;
	g_assert_true(keys_derive(&keys, &vec->client, vec->bridge.public_key,
				  vec->invite_part, vec->ok_part, room_key,
				  NULL));
	g_assert_cmpstr(keys.stun_password, ==, "hth1Rh5JQnaOo9VRfmim8vNZ");
	assert_hex(keys.srtp_c2b, sizeof(keys.srtp_c2b),
		   "6bae095df7028f79f86bda758b07b588649326647da372027fb22eee");
	assert_hex(keys.srtp_b2c, sizeof(keys.srtp_b2c),
		   "11489e42392b362e72ec03197a08c15e5cc08285187a1296edf2d1cc");
	assert_hex(keys.ctl, sizeof(keys.ctl),
		   "36998a2e892d5fa1c4eb012759feced7"
		   "60df034c37c078dba09610b1ff3273f7");
	g_assert_cmphex(keys.ssrc_c2b, ==, 0xccfe25d8);
	g_assert_cmphex(keys.ssrc_b2c, ==, 0xb693354f);
}

static void one_changed_byte_changes_the_keys(struct vectors *vec,
					      gconstpointer data)
{
	gsize size;
	const void *bytes = g_bytes_get_data(vec->ok_part, &size);
	g_autofree char *changed = g_memdup2(bytes, size);
	g_autoptr(GBytes) part = NULL;
	struct keys keys;

	(void)data;
	changed[size / 2] ^= 1;
	part = g_bytes_new(changed, size);
	g_assert_true(keys_derive(&keys, &vec->client, vec->bridge.public_key,
				  vec->invite_part, part, NULL, NULL));
	g_assert_cmpstr(keys.stun_password, !=, "cM2QmpWH7iH0C38VvIRgNHkR");
}

static void a_point_of_small_order_is_refused(struct vectors *vec,
					      gconstpointer data)
{
	/* u = 0, 1, and p - 1, little-endian: RFC 7748 6.1, and its
	 * errata's list of points. */
	guint8 points[3][KEYS_X25519_SIZE] = { { 0 }, { 1 }, { 0xec } };

	(void)data;
	memset(points[2] + 1, 0xff, KEYS_X25519_SIZE - 2);
	points[2][31] = 0x7f;
	for (int i = 0; i < 3; i++) {
		g_autoptr(GError) error = NULL;
		struct keys keys;

		g_assert_false(keys_derive(&keys, &vec->client, points[i],
					   vec->invite_part, vec->ok_part, NULL,
					   &error));
		g_assert_nonnull(error);
	}
}

static void a_mac_proves_its_bytes_only(struct vectors *vec, gconstpointer data)
{
	static const char bye[] =
		"{\"ipsp\":1,\"m\":\"BYE\",\"did\":\"q3R0b1Zr7mC4u8yXn2KfTg\","
		"\"room\":\"atrium@conf.example.net\","
		"\"from\":\"alice@example.org\",\"dev\":\"laptop-1\","
		"\"iat\":1795384200}";
	g_autoptr(GBytes) part = g_bytes_new_static(bye, sizeof(bye) - 1);
	g_autoptr(GBytes) other = g_bytes_new_static(bye, sizeof(bye) - 2);
	g_autofree char *mac = NULL;
	struct keys keys;

	(void)data;
	g_assert_true(keys_derive(&keys, &vec->client, vec->bridge.public_key,
				  vec->invite_part, vec->ok_part, NULL, NULL));
	mac = keys_mac(&keys, part);
	g_assert_cmpstr(mac, ==, "P7CA9bVUtbi6akpCNkfIR6n0lOXxkN7H-4R0z7iA0LM");
	g_assert_true(keys_mac_right(&keys, part, mac));
	g_assert_false(keys_mac_right(&keys, other, mac));
	g_assert_false(keys_mac_right(&keys, part, ""));
	mac[42] ^= 1;
	g_assert_false(keys_mac_right(&keys, part, mac));
}

static void fresh_pairs_agree_and_differ(void)
{
	g_autoptr(GBytes) part = g_bytes_new_static("{}", 2);
	struct keys_pair one, two;
	struct keys here, there;

	keys_pair_generate(&one);
	keys_pair_generate(&two);
	g_assert_cmpint(memcmp(one.public_key, two.public_key, 32), !=, 0);
	g_assert_true(keys_derive(&here, &one, two.public_key, part, part, NULL,
				  NULL));
	g_assert_true(keys_derive(&there, &two, one.public_key, part, part,
				  NULL, NULL));
	g_assert_cmpstr(here.stun_password, ==, there.stun_password);
	g_assert_cmpuint(here.ssrc_b2c, ==, there.ssrc_b2c);
	g_assert_cmpuint(here.ssrc_c2b, !=, here.ssrc_b2c);
}

static void base64url_has_one_text_for_each_value(void)
{
	guint8 bytes[16] = { 0 }, got[16];
	g_autofree char *text = NULL;

	bytes[0] = 0xfb;
	bytes[15] = 0xff;
	text = keys_base64url(bytes, sizeof(bytes));
	g_assert_cmpstr(text, ==, "-wAAAAAAAAAAAAAAAAAA_w");
	g_assert_true(keys_base64url_decode(text, got, sizeof(got)));
	g_assert_cmpmem(got, sizeof(got), bytes, sizeof(bytes));
	/* Other spare bits, another alphabet, padding, length, junk. */
	g_assert_false(
		keys_base64url_decode("-wAAAAAAAAAAAAAAAAAA_x", got, 16));
	g_assert_false(
		keys_base64url_decode("+wAAAAAAAAAAAAAAAAAA/w", got, 16));
	g_assert_false(
		keys_base64url_decode("-wAAAAAAAAAAAAAAAAAA_w==", got, 16));
	g_assert_false(keys_base64url_decode("-wAAAAAAAAAAAAAAAAAA_", got, 16));
	g_assert_false(
		keys_base64url_decode("-wAAAAAAAAA AAAAAAAA_w", got, 16));
	g_assert_false(keys_base64url_decode("", got, 16));
}

#define VECTOR_TEST(name, function)                                            \
	g_test_add("/keys/" name, struct vectors, NULL, set_up, function,      \
		   tear_down)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	message_init();
	VECTOR_TEST("the mails carry the public keys",
		    the_mails_carry_the_public_keys);
	VECTOR_TEST("the parts hash as published", the_parts_hash_as_published);
	VECTOR_TEST("both sides derive the published keys",
		    both_sides_derive_the_published_keys);
	VECTOR_TEST("each place has SSRCs of its own",
		    each_place_has_ssrcs_of_its_own);
	VECTOR_TEST("a room key changes every key",
		    a_room_key_changes_every_key);
	VECTOR_TEST("one changed byte changes the keys",
		    one_changed_byte_changes_the_keys);
	VECTOR_TEST("a point of small order is refused",
		    a_point_of_small_order_is_refused);
	VECTOR_TEST("a MAC proves its bytes only", a_mac_proves_its_bytes_only);
	g_test_add_func("/keys/fresh pairs agree and differ",
			fresh_pairs_agree_and_differ);
	g_test_add_func("/keys/base64url has one text for each value",
			base64url_has_one_text_for_each_value);
	return g_test_run();
}
