/* The JSON part: what is read, what is refused and why, and that what we
 * write is read again. */
#include "signaling/ipsp.h"

#include <string.h>

#include "signaling/text.h"
#include "signaling/udp_candidate.h"

#define DID    "q3R0b1Zr7mC4u8yXn2KfTg"
#define PK     "-KlTWi0v9gXo4UTVT071xiMTogVduyH93T_ZwpnrAV0"
#define COMMON "\"did\":\"" DID "\",\"room\":\"r@x.example\""
#define HEAD   "{\"ipsp\":1,\"m\":\"INVITE\"," COMMON ","
#define FROM   "\"from\":\"a@y.example\",\"dev\":\"d\","
#define TIMES  "\"iat\":1000,\"exp\":1120,"
#define SUITE  "\"suite\":[\"X25519-HKDF256-AES128GCM\"],\"pk\":\"" PK "\","
#define MEDIA                                                                  \
	"\"media\":[{\"t\":\"audio\",\"c\":[\"opus/48000/2\"],\"ptime\":20}]"
#define INVITE HEAD FROM TIMES SUITE MEDIA

#define OK_HEAD                                                                \
	"{\"ipsp\":1,\"m\":\"OK\"," COMMON ",\"to\":\"a@y.example\","          \
	"\"iat\":1000,\"exp\":1060,\"suite\":\"X25519-HKDF256-AES128GCM\","    \
	"\"pk\":\"" PK "\","
#define OK_MEDIA                                                               \
	"\"media\":[{\"t\":\"audio\",\"c\":\"opus/48000/2\",\"pt\":111}]"
#define OK_GATE                                                                \
	"\"pg\":[{\"id\":\"g\",\"k\":\"local\",\"cand\":"                      \
	"[{\"p\":\"udp\",\"a\":\"192.0.2.1\",\"n\":5004}]}],"

static gboolean decode(struct ipsp_message *msg_r, const char *json,
		       GError **error)
{
	g_autoptr(GBytes) part = g_bytes_new(json, strlen(json));

	return ipsp_decode(msg_r, part, error);
}

static void reads_a_rooms_call(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) part = NULL;
	struct ipsp_message again;

	g_assert_true(decode(&msg,
			     HEAD
			     "\"from\":\"R@x.example\"," TIMES
			     "\"to\":\"a@y.example\",\"text\":\"c@x.example\"}",
			     &error));
	g_assert_no_error(error);
	g_assert_cmpint(msg.method, ==, IPSP_INVITE);
	g_assert_cmpstr(msg.called, ==, "a@y.example");
	g_assert_cmpstr(msg.text, ==, "c@x.example");
	g_assert_false(msg.suite_aes128gcm);
	part = ipsp_encode(&msg);
	g_assert_true(ipsp_decode(&again, part, NULL));
	g_assert_cmpmem(&msg, sizeof(msg), &again, sizeof(again));
	/* Of a caller `to` says nothing. */
	g_assert_true(decode(&msg, INVITE ",\"to\":\"r@x.example\"}", &error));
	g_assert_cmpstr(msg.called, ==, "");
	g_assert_false(decode(&msg,
			      HEAD "\"from\":\"r@x.example\"," TIMES "\"n\":1}",
			      &error));
	g_assert_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED);
}

static void reads_an_invite(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	decode(&msg,
	       INVITE ",\"net\":\"private\",\"pin\":\"4711\",\"new\":{\"x\":1},"
		      "\"pg\":[\"local\"],\"cand\":["
		      "{\"p\":\"udp\",\"a\":\"2001:db8::1\",\"n\":4000},"
		      "{\"p\":\"tcp\",\"a\":\"192.0.2.1\",\"n\":443},"
		      "{\"p\":\"udp\",\"a\":\"host.example\",\"n\":4000},"
		      "{\"p\":\"udp\",\"a\":\"192.0.2.1\",\"n\":0},"
		      "{\"p\":\"wss\",\"u\":\"wss://x.example/media/0\"},"
		      "{\"p\":\"wss\",\"u\":\"http://x.example/\"},7]}",
	       &error);
	g_assert_no_error(error);
	g_assert_cmpint(msg.method, ==, IPSP_INVITE);
	g_assert_cmpstr(msg.did, ==, DID);
	g_assert_cmpstr(msg.room, ==, "r@x.example");
	g_assert_cmpstr(msg.address, ==, "a@y.example");
	g_assert_cmpstr(msg.device, ==, "d");
	g_assert_cmpint(msg.issued, ==, 1000);
	g_assert_cmpint(msg.expires, ==, 1120);
	g_assert_true(msg.suite_aes128gcm && !msg.suite_plain);
	g_assert_true(msg.audio_opus);
	g_assert_cmpstr(msg.net, ==, "private");
	g_assert_cmpstr(msg.pin, ==, "4711");
	g_assert_cmpuint(msg.n_candidates, ==, 2);
	g_assert_cmpstr(msg.candidates[0].address, ==, "2001:db8::1");
	g_assert_cmpuint(msg.candidates[0].port, ==, 4000);
	g_assert_cmpstr(msg.candidates[1].url, ==, "wss://x.example/media/0");
}

/* Read without error, and then answered with REJECT 415 by the room. */
static void an_invite_without_our_suite_or_codec_is_read(void)
{
	struct ipsp_message msg;

	g_assert_true(decode(&msg,
			     HEAD FROM TIMES
			     "\"suite\":[\"X448-X\"],\"pk\":\"longer\"," MEDIA
			     "}",
			     NULL));
	g_assert_false(msg.suite_aes128gcm || msg.suite_plain);
	g_assert_true(decode(&msg,
			     HEAD FROM TIMES SUITE
			     "\"media\":[{\"t\":\"audio\",\"c\":[\"pcmu\"]},"
			     "{\"t\":\"audio\",\"c\":[\"opus/48000/2\"],"
			     "\"ptime\":60}]}",
			     NULL));
	g_assert_false(msg.audio_opus);
}

static void reads_an_ok(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	decode(&msg,
	       OK_HEAD OK_MEDIA ",\"n\":4,\"max\":32,\"pg\":["
				"{\"id\":\"none\",\"cand\":[{\"p\":\"x\"}]},"
				"{\"id\":\"fra1\",\"k\":\"center\",\"cand\":"
				"[{\"p\":\"udp\",\"a\":\"192.0.2.1\","
				"\"n\":5004}]}]}",
	       &error);
	g_assert_no_error(error);
	g_assert_cmpstr(msg.address, ==, "a@y.example");
	g_assert_cmpuint(msg.payload_type, ==, 111);
	g_assert_cmpuint(msg.keep_s, ==, 15);
	g_assert_cmpuint(msg.people, ==, 4);
	g_assert_cmpuint(msg.max, ==, 32);
	g_assert_cmpuint(msg.n_gates, ==, 1);
	g_assert_cmpstr(msg.gates[0].id, ==, "fra1");
	g_assert_false(msg.gates[0].local);
	g_assert_cmpuint(msg.gates[0].place, ==, 1);
}

static void reads_what_gates_an_invite_offers(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	decode(&msg,
	       INVITE ",\"pg\":[\"local\",7,{\"id\":\"none\"},"
		      "{\"id\":\"g\",\"k\":\"local\",\"cand\":["
		      "{\"p\":\"udp\",\"a\":\"192.0.2.1\",\"n\":0},"
		      "{\"p\":\"udp\",\"a\":\"192.0.2.1\","
		      "\"n\":40000}]},{\"id\":\"last\"}]}",
	       &error);
	g_assert_no_error(error);
	g_assert_cmpuint(msg.n_gates, ==, 1);
	g_assert_cmpstr(msg.gates[0].id, ==, "g");
	g_assert_true(msg.gates[0].local);
	g_assert_cmpuint(msg.gates[0].place, ==, 3);
	g_assert_cmpuint(msg.gates[0].n_candidates, ==, 1);
	g_assert_cmpuint(msg.gates[0].candidates[0].port, ==, 40000);
	g_assert_cmpstr(msg.gates[1].id, ==, "");
}

static void a_command_line_names_a_udp_candidate(void)
{
	static const char *const wrong[] = {
		"",
		"192.0.2.1",
		"192.0.2.1:0",
		"192.0.2.1:65536",
		":5004",
		"2001:db8::1:5004",
		"host.example:5004",
		"[::1]",
	};
	struct ipsp_candidate cand;

	g_assert_true(udp_candidate_parse(&cand, "192.0.2.1:5004"));
	g_assert_cmpstr(cand.transport, ==, "udp");
	g_assert_cmpstr(cand.address, ==, "192.0.2.1");
	g_assert_cmpuint(cand.port, ==, 5004);
	g_assert_true(udp_candidate_parse(&cand, "[2001:db8::1]:65535"));
	g_assert_cmpstr(cand.address, ==, "2001:db8::1");
	g_assert_cmpuint(cand.port, ==, 65535);
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
		g_assert_false(udp_candidate_parse(&cand, wrong[i]));
}

static void refuses_what_is_malformed(void)
{
	static const char *const parts[] = {
		"",
		"[]",
		"7",
		"{",
		"{}",
		INVITE "}x",
		INVITE ",\"did\":\"" DID "\"}", /* doubled */
		INVITE ",\"pin\":null}",
		INVITE ",\"pg\":{}}",
		INVITE ",\"pg\":[{\"id\":7}]}",
		INVITE ",\"pin\":4711}",
		INVITE ",\"pin\":\"123456789012345678901234567890123\"}",
		INVITE ",\"pin\":\"a\\nb\"}",
		INVITE ",\"text\":\"\\u001b[2J\"}",
		INVITE ",\"text\":\"\\u202etxt\"}",
		INVITE ",\"text\":\"\\u0000\"}",
		INVITE ",\"cx\":\"short\"}",
		INVITE ",\"cand\":{}}",
		"{\"ipsp\":\"1\",\"m\":\"INVITE\"," COMMON
		"," FROM TIMES SUITE MEDIA "}",
		"{\"ipsp\":1,\"m\":\"INVITE\",\"did\":\"q3R0b1Zr7mC4u8yXn2KfTh"
		"\",\"room\":\"r@x.example\"," FROM TIMES SUITE MEDIA "}",
		"{\"ipsp\":1,\"m\":\"INVITE\",\"did\":\"" DID
		"\",\"room\":\"nowhere\"," FROM TIMES SUITE MEDIA "}",
		HEAD "\"from\":\"a@y.example\"," TIMES SUITE MEDIA "}",
		HEAD FROM SUITE MEDIA "}",
		HEAD FROM "\"iat\":1000,\"exp\":1121," SUITE MEDIA "}",
		HEAD FROM "\"iat\":1000,\"exp\":1000," SUITE MEDIA "}",
		HEAD FROM "\"iat\":-1,\"exp\":100," SUITE MEDIA "}",
		HEAD FROM "\"iat\":1e3,\"exp\":1120," SUITE MEDIA "}",
		HEAD FROM "\"iat\":99999999999999999999,\"exp\":1," SUITE MEDIA
			  "}",
		HEAD FROM TIMES "\"pk\":\"" PK "\"," MEDIA "}",
		HEAD FROM TIMES
		"\"suite\":[\"X25519-HKDF256-AES128GCM\"]," MEDIA "}",
		HEAD FROM TIMES SUITE "\"media\":7}",
		HEAD FROM TIMES SUITE "\"media\":[{\"t\":\"audio\",\"lv\":0,"
				      "\"c\":[\"opus/48000/2\"]}]}",
		HEAD FROM TIMES SUITE "\"media\":[{\"t\":\"audio\",\"lv\":-1,"
				      "\"c\":[\"opus/48000/2\"]}]}",
		HEAD FROM TIMES SUITE "\"media\":[{\"t\":\"audio\",\"lv\":257,"
				      "\"c\":[\"opus/48000/2\"]}]}",
		HEAD FROM TIMES SUITE
		"\"media\":[{\"t\":\"audio\",\"lv\":\"1\","
		"\"c\":[\"opus/48000/2\"]}]}",
		OK_HEAD OK_MEDIA "}",
		OK_HEAD OK_MEDIA ",\"pg\":[]}",
		OK_HEAD OK_MEDIA ",\"pg\":[\"local\"]}",
		OK_HEAD OK_GATE "\"media\":[]}",
		OK_HEAD OK_GATE "\"media\":[{\"t\":\"audio\","
				"\"c\":\"opus/48000/2\",\"pt\":95}]}",
		OK_HEAD OK_GATE "\"media\":[{\"t\":\"audio\",\"lv\":15,"
				"\"c\":\"opus/48000/2\",\"pt\":111}]}",
		OK_HEAD OK_GATE OK_MEDIA ",\"keep\":0}",
		"{\"ipsp\":1,\"m\":\"REJECT\"," COMMON
		",\"to\":\"a@y.example\"}",
		"{\"ipsp\":1,\"m\":\"REJECT\"," COMMON
		",\"to\":\"a@y.example\",\"code\":200}",
		"{\"ipsp\":1,\"m\":\"CANCEL\"," COMMON
		",\"from\":\"a@y.example\"}",
		"{\"ipsp\":1,\"m\":\"BYE\"," COMMON "}",
	};

	for (guint i = 0; i < G_N_ELEMENTS(parts); i++) {
		struct ipsp_message msg;
		g_autoptr(GError) error = NULL;

		g_test_message("%s", parts[i]);
		g_assert_false(decode(&msg, parts[i], &error));
		g_assert_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED);
		g_assert_true(text_is_line(error->message));
	}
}

static void refuses_more_than_16_kib(void)
{
	g_autoptr(GString) json = g_string_new(INVITE ",\"x\":\"");
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	while (json->len < IPSP_MAX_PART - 2)
		g_string_append_c(json, 'x');
	g_string_append(json, "\"}");
	g_assert_cmpuint(json->len, ==, IPSP_MAX_PART);
	g_assert_true(decode(&msg, json->str, NULL));
	g_string_append_c(json, ' ');
	g_assert_false(decode(&msg, json->str, &error));
	g_assert_error(error, IPSP_ERROR, IPSP_ERROR_MALFORMED);
}

static void a_later_version_can_be_refused_by_mail(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	g_assert_false(decode(&msg,
			      "{\"ipsp\":2,\"m\":\"INVITE\"," COMMON
			      ",\"from\":\"a@y.example\",\"pk\":[7]}",
			      &error));
	g_assert_error(error, IPSP_ERROR, IPSP_ERROR_VERSION);
	g_assert_cmpstr(msg.did, ==, DID);
	g_assert_cmpstr(msg.room, ==, "r@x.example");
	g_assert_cmpstr(msg.address, ==, "a@y.example");
}

static void an_unknown_method_is_its_own_error(void)
{
	struct ipsp_message msg;
	g_autoptr(GError) error = NULL;

	g_assert_false(decode(&msg,
			      "{\"ipsp\":1,\"m\":\"STATUS\"," COMMON
			      ",\"from\":\"a@y.example\"}",
			      &error));
	g_assert_error(error, IPSP_ERROR, IPSP_ERROR_METHOD);
}

static const struct ipsp_message examples[] = {
	{ .method = IPSP_INVITE,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .device = "Küche 1",
	  .issued = 1000,
	  .expires = 1120,
	  .suite_aes128gcm = TRUE,
	  .suite_plain = TRUE,
	  .public_key = { 1, 2, 3 },
	  .has_cancel_hash = TRUE,
	  .cancel_hash = { 4, 5, 6 },
	  .audio_opus = TRUE,
	  .level_id = 1,
	  .net = "global",
	  .pin = "4711",
	  .n_candidates = 1,
	  .candidates = { { "udp", "192.0.2.1", 5004, "" } },
	  .n_gates = 1,
	  .gates = { { "offered",
		       TRUE,
		       1,
		       { { "udp", "192.0.2.1", 40000, "" } },
		       0 } } },
	{ .method = IPSP_OK,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .issued = 1000,
	  .expires = 1060,
	  .suite_plain = TRUE,
	  .public_key = { 9 },
	  .audio_opus = TRUE,
	  .payload_type = 111,
	  .level_id = 14,
	  .n_gates = 2,
	  .gates = { { "local-1",
		       TRUE,
		       2,
		       { { "udp", "2001:db8::1", 5004, "" },
			 { "wss", "", 0, "wss://x.example/media/0" } },
		       0 },
		     { "fra1",
		       FALSE,
		       1,
		       { { "udp", "192.0.2.7", 1, "" } },
		       1 } },
	  .keep_s = 15,
	  .people = 3,
	  .max = 32 },
	{ .method = IPSP_BUSY,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .people = 5,
	  .max = 5,
	  .code = 486,
	  .retry_s = 60,
	  .text = "満員です。" },
	{ .method = IPSP_REJECT,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .code = IPSP_REJECT_EXPIRED,
	  .text = "Too late." },
	{ .method = IPSP_CANCEL,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .cancel_preimage = { 7, 8 } },
	{ .method = IPSP_BYE,
	  .did = DID,
	  .room = "r@x.example",
	  .address = "a@y.example",
	  .issued = 1000 },
};

static void what_is_written_is_read_again(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(examples); i++) {
		g_autoptr(GBytes) part = ipsp_encode(&examples[i]);
		struct ipsp_message msg;
		g_autoptr(GError) error = NULL;

		ipsp_decode(&msg, part, &error);
		g_assert_no_error(error);
		g_assert_cmpmem(&msg, sizeof(msg), &examples[i],
				sizeof(examples[i]));
	}
}

/* Strings of a program that cut or pasted them badly. */
static void what_is_written_can_always_be_read(void)
{
	struct ipsp_message msg = examples[3], got;
	g_autoptr(GBytes) part = NULL;
	g_autoptr(GError) error = NULL;

	g_strlcpy(msg.text, "two\nlines, half a \xe6\xbc", sizeof(msg.text));
	part = ipsp_encode(&msg);
	ipsp_decode(&got, part, &error);
	g_assert_no_error(error);
	g_assert_true(g_str_has_prefix(got.text, "two lines, half a"));
}

static void a_standby_is_told_and_read(void)
{
	struct ipsp_gate gate = examples[1].gates[0], got;
	g_autofree char *text = ipsp_encode_standby(&gate, 7);

	g_assert_cmpstr(text, ==,
			"{\"t\":\"standby\",\"k\":7,\"pg\":{\"id\":\"local-1\","
			"\"k\":\"local\",\"cand\":[{\"p\":\"udp\","
			"\"a\":\"2001:db8::1\",\"n\":5004},{\"p\":\"wss\","
			"\"u\":\"wss://x.example/media/0\"}]}}");
	g_assert_true(ipsp_decode_standby(&got, text, strlen(text)));
	gate.place = 7;
	g_assert_cmpmem(&got, sizeof(got), &gate, sizeof(gate));
}

static void a_standby_of_many_words_is_cut_to_a_message(void)
{
	struct ipsp_gate gate = { .id = "fra1", .n_candidates = 8 }, got;
	g_autofree char *text = NULL;

	for (guint i = 0; i < gate.n_candidates; i++) {
		strcpy(gate.candidates[i].transport, "wss");
		memset(gate.candidates[i].url, 'a', 255);
		memcpy(gate.candidates[i].url, "wss://", 6);
	}
	text = ipsp_encode_standby(&gate, 1);
	g_assert_cmpuint(strlen(text), <=, IPSP_MAX_MESSAGE);
	g_assert_true(ipsp_decode_standby(&got, text, strlen(text)));
	g_assert_cmpuint(got.n_candidates, ==, 3);
}

static void what_is_no_standby_is_refused(void)
{
#define PG                                                                     \
	"\"pg\":{\"id\":\"a\",\"cand\":[{\"p\":\"udp\",\"a\":\"::1\",\"n\":1}" \
	"]}"
	static const char *const texts[] = {
		"",
		"[]",
		"{}",
		"{\"t\":\"mute\",\"k\":1," PG "}",
		"{\"t\":7,\"k\":1," PG "}",
		"{\"t\":\"standby\"," PG "}",
		"{\"t\":\"standby\",\"k\":0," PG "}",
		"{\"t\":\"standby\",\"k\":1}",
		"{\"t\":\"standby\",\"k\":1,\"pg\":{\"id\":\"a\"}}",
	};
	struct ipsp_gate gate;

	for (guint i = 0; i < G_N_ELEMENTS(texts); i++)
		g_assert_false(
			ipsp_decode_standby(&gate, texts[i], strlen(texts[i])));
	g_assert_true(ipsp_decode_standby(
		&gate, "{\"t\":\"standby\",\"k\":1," PG "}  ",
		strlen("{\"t\":\"standby\",\"k\":1," PG "}  ")));
}

static void dialog_ids_are_fresh(void)
{
	char one[IPSP_DID_LENGTH + 1], two[IPSP_DID_LENGTH + 1];
	guint8 bytes[IPSP_DID_BYTES];

	ipsp_did_generate(one);
	ipsp_did_generate(two);
	g_assert_cmpstr(one, !=, two);
	g_assert_true(keys_base64url_decode(one, bytes, sizeof(bytes)));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/ipsp/reads an INVITE", reads_an_invite);
	g_test_add_func("/ipsp/reads a room's call", reads_a_rooms_call);
	g_test_add_func("/ipsp/an INVITE without our suite or codec is read",
			an_invite_without_our_suite_or_codec_is_read);
	g_test_add_func("/ipsp/reads an OK", reads_an_ok);
	g_test_add_func("/ipsp/refuses what is malformed",
			refuses_what_is_malformed);
	g_test_add_func("/ipsp/refuses more than 16 KiB",
			refuses_more_than_16_kib);
	g_test_add_func("/ipsp/a later version can be refused by mail",
			a_later_version_can_be_refused_by_mail);
	g_test_add_func("/ipsp/an unknown method is its own error",
			an_unknown_method_is_its_own_error);
	g_test_add_func("/ipsp/what is written is read again",
			what_is_written_is_read_again);
	g_test_add_func("/ipsp/what is written can always be read",
			what_is_written_can_always_be_read);
	g_test_add_func("/ipsp/a standby is told and read",
			a_standby_is_told_and_read);
	g_test_add_func("/ipsp/a standby of many words is cut to a message",
			a_standby_of_many_words_is_cut_to_a_message);
	g_test_add_func("/ipsp/what is no standby is refused",
			what_is_no_standby_is_refused);
	g_test_add_func("/ipsp/reads what gates an invite offers",
			reads_what_gates_an_invite_offers);
	g_test_add_func("/ipsp/a command line names a UDP candidate",
			a_command_line_names_a_udp_candidate);
	g_test_add_func("/ipsp/dialog ids are fresh", dialog_ids_are_fresh);
	return g_test_run();
}
