/* What a caller offers, and which answers to it he accepts. */
#include "loadgen/invite.h"

#include <gio/gio.h>
#include <string.h>

#define ROOM "standup@conf.example.net"
#define FROM "alice@example.org"
#define NOW  1795384170

static void offer(struct invite *inv, gboolean plain, gboolean no_level)
{
	const struct invite_offer what = { .room = ROOM,
					   .address = FROM,
					   .device = "phone",
					   .plain = plain,
					   .no_level = no_level };

	invite_init(inv, &what, NOW);
}

/* The OK of a room that takes all that is offered. */
static struct ipsp_message answer_to(const struct invite *inv)
{
	struct ipsp_message asked, ok = { .method = IPSP_OK,
					  .issued = NOW,
					  .expires = NOW + IPSP_OK_LIFE_S,
					  .payload_type = 111,
					  .audio_opus = TRUE,
					  .n_gates = 1 };
	struct keys_pair pair;

	g_assert_true(ipsp_decode(&asked, inv->part, NULL));
	keys_pair_generate(&pair);
	memcpy(ok.public_key, pair.public_key, sizeof(ok.public_key));
	g_strlcpy(ok.did, asked.did, sizeof(ok.did));
	g_strlcpy(ok.room, asked.room, sizeof(ok.room));
	g_strlcpy(ok.address, asked.address, sizeof(ok.address));
	ok.suite_aes128gcm = asked.suite_aes128gcm;
	ok.suite_plain = asked.suite_plain;
	ok.level_id = asked.level_id;
	return ok;
}

static gboolean accepts(struct invite *inv, const struct ipsp_message *ok)
{
	g_autoptr(GBytes) part = g_bytes_new_static("{}", 2);
	g_autoptr(GError) error = NULL;
	gboolean right = invite_accept(inv, part, ok, NULL, &error);

	g_assert_true(right == !error);
	return right;
}

static void the_level_header_is_used_where_the_room_wants_it(void)
{
	struct stream_config stream;
	struct ipsp_message ok;
	struct invite inv;

	offer(&inv, FALSE, FALSE);
	ok = answer_to(&inv);
	g_assert_cmpuint(ok.level_id, ==, 1);
	g_assert_true(accepts(&inv, &ok));
	invite_stream(&inv, &stream);
	g_assert_cmpuint(stream.level_id, ==, 1);
	g_assert_cmpint(stream.suite, ==, SRTP_AEAD_AES_128_GCM);

	ok.level_id = 0; /* an older bridge */
	g_assert_true(accepts(&inv, &ok));
	invite_stream(&inv, &stream);
	g_assert_cmpuint(stream.level_id, ==, 0);
	invite_fini(&inv);
}

static void an_id_that_was_not_offered_is_refused(void)
{
	struct ipsp_message ok;
	struct invite inv;

	offer(&inv, FALSE, FALSE);
	ok = answer_to(&inv);
	ok.level_id = 2;
	g_assert_false(accepts(&inv, &ok));
	invite_fini(&inv);

	offer(&inv, TRUE, TRUE);
	ok = answer_to(&inv);
	g_assert_cmpuint(ok.level_id, ==, 0);
	g_assert_true(accepts(&inv, &ok));
	ok.level_id = 1;
	g_assert_false(accepts(&inv, &ok));
	invite_fini(&inv);
}

static void another_suite_room_or_dialog_is_refused(void)
{
	struct ipsp_message ok;
	struct invite inv;

	offer(&inv, FALSE, FALSE);
	ok = answer_to(&inv);
	ok.suite_aes128gcm = FALSE;
	ok.suite_plain = TRUE;
	g_assert_false(accepts(&inv, &ok));
	ok = answer_to(&inv);
	g_strlcpy(ok.room, "other@conf.example.net", sizeof(ok.room));
	g_assert_false(accepts(&inv, &ok));
	ok = answer_to(&inv);
	ok.did[0] ^= 1;
	g_assert_false(accepts(&inv, &ok));
	ok = answer_to(&inv);
	ok.n_gates = 0;
	g_assert_false(accepts(&inv, &ok));
	invite_fini(&inv);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/invite/the level header is used where the room wants "
			"it",
			the_level_header_is_used_where_the_room_wants_it);
	g_test_add_func("/invite/an id that was not offered is refused",
			an_id_that_was_not_offered_is_refused);
	g_test_add_func("/invite/another suite, room or dialog is refused",
			another_suite_room_or_dialog_is_refused);
	return g_test_run();
}
