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
	invite_stream(&inv, 0, &stream);
	g_assert_cmpuint(stream.level_id, ==, 1);
	g_assert_cmpint(stream.suite, ==, SRTP_GCM);

	ok.level_id = 0; /* an older bridge */
	g_assert_true(accepts(&inv, &ok));
	invite_stream(&inv, 0, &stream);
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

static void add_gate(struct ipsp_message *ok, const char *id, guint place)
{
	struct ipsp_gate *gate = &ok->gates[place];

	g_strlcpy(gate->id, id, sizeof(gate->id));
	gate->place = place;
	gate->n_candidates = 2;
	g_strlcpy(gate->candidates[0].transport, "wss", 4);
	g_strlcpy(gate->candidates[0].url, "wss://conf.example.net/0", 255);
	g_strlcpy(gate->candidates[1].transport, "udp", 4);
	g_strlcpy(gate->candidates[1].address, "2001:db8::1", 46);
	gate->candidates[1].port = (guint16)(5004 + place);
}

static void each_gate_of_the_ok_is_a_place(void)
{
	const struct invite_wish all = { .udp = TRUE, .wss = TRUE };
	const struct invite_wish none = { 0 };
	struct call_place *places, *second;
	struct stream_config stream;
	struct ipsp_message ok;
	struct invite inv;

	offer(&inv, FALSE, FALSE);
	ok = answer_to(&inv);
	ok.n_gates = 2;
	add_gate(&ok, "fra1", 0);
	add_gate(&ok, "fra2", 1);
	g_assert_true(accepts(&inv, &ok));
	g_assert_null(invite_places(&inv, &none));

	places = invite_places(&inv, &all);
	second = places->next;
	g_assert_cmpuint(places->k, ==, 0);
	g_assert_cmphex(places->ssrc, ==, inv.keys.ssrc_b2c);
	g_assert_cmpuint(second->k, ==, 1);
	g_assert_cmpstr(second->gate, ==, "fra2");
	g_assert_null(second->next);
	invite_stream(&inv, 1, &stream);
	g_assert_cmphex(second->ssrc, ==, stream.receive_ssrc);
	g_assert_cmphex(second->ssrc, !=, places->ssrc);
	/* UDP before WebSockets. */
	g_assert_cmpuint(second->reg.cfg.n_targets, ==, 2);
	g_assert_false(second->reg.cfg.targets[0].websocket);
	g_assert_true(second->reg.cfg.targets[1].websocket);
	call_place_destroy(&places);
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
	g_test_add_func("/invite/each gate of the OK is a place",
			each_gate_of_the_ok_is_a_place);
	return g_test_run();
}
