#include "bridge/directory/etcd_wire.h"

#include <string.h>

#include "bridge/directory/etcd_frames.h"

#define PREFIX "ipsp/1/"
/* base64 of ipsp/1/a, ipsp/1/b, other/a */
#define KEY_A	  "aXBzcC8xL2E="
#define KEY_B	  "aXBzcC8xL2I="
#define KEY_OTHER "b3RoZXIvYQ=="
/* As etcd 3.4.23 sends it. */
#define HEADER                                                                 \
	"\"header\":{\"cluster_id\":\"6012025715201963436\",\"member_id\":"    \
	"\"6662698563040693991\",\"revision\":\"7\",\"raft_term\":\"2\"}"

static json_t *parse(const char *text)
{
	json_t *obj = json_loads(text, 0, NULL);

	g_assert_nonnull(obj);
	return obj;
}

/* Takes obj. */
static void is(json_t *obj, const char *text)
{
	json_t *right = parse(text);

	if (!json_equal(obj, right)) {
		g_autofree char *got = json_dumps(obj, JSON_SORT_KEYS);

		g_error("got %s, not %s", got, text);
	}
	json_decref(right);
	json_decref(obj);
}

static void requests_are_as_the_gateway_wants_them(void)
{
	g_autofree char *end = etcd_wire_range_end(PREFIX "a");
	json_t *txn = etcd_wire_txn();

	g_assert_cmpstr(end, ==, PREFIX "b");
	is(etcd_wire_grant(2), "{\"TTL\":\"2\"}");
	is(etcd_wire_lease(5685691206134463493),
	   "{\"ID\":\"5685691206134463493\"}");
	is(etcd_wire_range(PREFIX "a", end, 128, 7),
	   "{\"key\":\"" KEY_A "\",\"range_end\":\"" KEY_B
	   "\",\"limit\":\"128\",\"revision\":\"7\"}");
	is(etcd_wire_watch(PREFIX "a", NULL, 8),
	   "{\"create_request\":{\"key\":\"" KEY_A
	   "\",\"start_revision\":\"8\",\"progress_notify\":true,"
	   "\"fragment\":true}}");
	etcd_wire_if_created(txn, PREFIX "a", 5);
	etcd_wire_then(txn, PREFIX "a", "v", 9);
	etcd_wire_then(txn, PREFIX "b", NULL, 9);
	etcd_wire_else_read(txn, PREFIX "a");
	is(txn,
	   "{\"compare\":[{\"key\":\"" KEY_A
	   "\",\"target\":\"CREATE\",\"result\":\"EQUAL\","
	   "\"create_revision\":\"5\"}],\"success\":[{\"request_put\":{"
	   "\"key\":\"" KEY_A "\",\"value\":\"dg==\",\"lease\":\"9\"}},{"
	   "\"request_delete_range\":{\"key\":\"" KEY_B
	   "\"}}],\"failure\":[{\"request_range\":{\"key\":\"" KEY_A "\"}}]}");
}

static void a_page_has_our_keys_and_where_it_ended(void)
{
	json_t *answer =
		parse("{" HEADER ",\"kvs\":[{\"key\":\"" KEY_A
		      "\",\"create_revision\":\"5\",\"mod_revision\":\"6\","
		      "\"value\":\"dg==\",\"lease\":\"9\"},{\"key\":\"" KEY_B
		      "\",\"create_revision\":\"4\",\"mod_revision\":\"4\"},"
		      "{\"key\":\"" KEY_OTHER
		      "\",\"value\":\"dg==\"}],\"more\":true,\"count\":\"9\"}");
	const struct etcd_kv *kv;
	struct etcd_page page;

	g_assert_true(etcd_wire_page(answer, PREFIX, &page, NULL));
	g_assert_cmpint(page.revision, ==, 7);
	g_assert_true(page.more);
	g_assert_cmpstr(page.last, ==, "other/a");
	g_assert_cmpuint(page.kvs->len, ==, 2);
	kv = page.kvs->pdata[0];
	g_assert_cmpstr(kv->key, ==, "a");
	g_assert_cmpstr(kv->value, ==, "v");
	g_assert_cmpint(kv->created, ==, 5);
	g_assert_cmpint(kv->modified, ==, 6);
	g_assert_cmpint(kv->lease, ==, 9);
	/* An empty value is left out. */
	kv = page.kvs->pdata[1];
	g_assert_cmpstr(kv->value, ==, "");
	etcd_page_fini(&page);
	json_decref(answer);
}

static void a_message_tells_puts_and_deletions(void)
{
	json_t *message = parse(
		"{\"result\":{" HEADER ",\"events\":[{\"kv\":{\"key\":\"" KEY_A
		"\",\"create_revision\":\"7\",\"mod_revision\":\"7\","
		"\"value\":\"dg==\"}},{\"type\":\"DELETE\",\"kv\":{\"key\":"
		"\"" KEY_B "\",\"mod_revision\":\"7\"}}]}}");
	const struct etcd_kv *gone;
	struct etcd_message msg;

	g_assert_true(etcd_wire_message(message, PREFIX, &msg, NULL));
	g_assert_false(msg.created || msg.canceled || msg.fragment);
	g_assert_cmpint(msg.revision, ==, 7);
	g_assert_cmpuint(msg.kvs->len, ==, 2);
	gone = msg.kvs->pdata[1];
	g_assert_cmpstr(gone->key, ==, "b");
	g_assert_null(gone->value);
	g_assert_cmpint(gone->modified, ==, 7);
	etcd_message_fini(&msg);
	json_decref(message);
}

static void a_watch_that_begins_too_early_is_compacted(void)
{
	json_t *message = parse("{\"result\":{\"header\":{},\"canceled\":true,"
				"\"compact_revision\":\"12\"}}");
	struct etcd_message msg;

	g_assert_true(etcd_wire_message(message, PREFIX, &msg, NULL));
	g_assert_true(msg.canceled);
	g_assert_cmpint(msg.compacted, ==, 12);
	etcd_message_fini(&msg);
	json_decref(message);
}

static void a_refused_transaction_shows_who_was_there(void)
{
	json_t *answer = parse(
		"{" HEADER ",\"responses\":[{\"response_range\":{\"header\":{"
		"\"revision\":\"7\"},\"kvs\":[{\"key\":\"" KEY_A
		"\",\"create_revision\":\"3\",\"mod_revision\":\"3\","
		"\"value\":\"dg==\",\"lease\":\"9\"}],\"count\":\"1\"}}]}");
	struct etcd_outcome out;

	g_assert_true(etcd_wire_outcome(answer, PREFIX, &out, NULL));
	g_assert_false(out.succeeded);
	g_assert_cmpint(out.read->created, ==, 3);
	g_assert_cmpint(out.read->lease, ==, 9);
	etcd_outcome_fini(&out);
	json_decref(answer);
}

static void a_lease_that_is_gone_has_no_time_to_live(void)
{
	json_t *lives = parse("{\"result\":{\"ID\":\"123\",\"TTL\":\"2\"}}");
	json_t *gone = parse("{\"result\":{\"ID\":\"123\"}}");
	json_t *none = parse("{\"result\":{}}");
	gint64 lease, seconds;

	g_assert_true(etcd_wire_lease_answer(lives, &lease, &seconds, NULL));
	g_assert_cmpint(seconds, ==, 2);
	g_assert_true(etcd_wire_lease_answer(gone, &lease, &seconds, NULL));
	g_assert_cmpint(lease, ==, 123);
	g_assert_cmpint(seconds, ==, 0);
	g_assert_false(etcd_wire_lease_answer(none, &lease, &seconds, NULL));
	json_decref(lives);
	json_decref(gone);
	json_decref(none);
}

/* What etcd says, as it says it; what is to be done; what an operator reads. */
static const struct {
	const char *text;
	int code;
	enum etcd_error error;
	const char *advice;
} errors[] = {
	{ "etcdserver: requested lease not found", 5, ETCD_NO_LEASE, "says" },
	{ "etcdserver: mvcc: required revision has been compacted", 11,
	  ETCD_COMPACTED, "says" },
	{ "etcdserver: invalid auth token", 16, ETCD_STRANGER, "says" },
	{ "etcdserver: authentication failed, invalid user ID or password", 3,
	  ETCD_REFUSED, "etcd_password" },
	{ "etcdserver: user name is empty", 3, ETCD_REFUSED, "etcd_user" },
	{ "etcdserver: permission denied", 7, ETCD_REFUSED, "etcd_prefix" },
	{ "etcdserver: no leader", 14, ETCD_AWAY, "no leader" },
	{ "etcdserver: request timed out", 14, ETCD_AWAY, "timed out" },
	{ "etcdserver: too many requests", 8, ETCD_AWAY, "too many" },
	{ "etcdserver: mvcc: database space exceeded", 8, ETCD_REFUSED,
	  "defragment" },
	{ "etcdserver: request is too large", 3, ETCD_REFUSED, "too large" },
};

static void errors_say_what_to_do(void)
{
	for (guint i = 0; i < G_N_ELEMENTS(errors); i++) {
		json_t *answer =
			json_pack("{s:s, s:i}", "error", errors[i].text, "code",
				  errors[i].code);
		g_autoptr(GError) error = etcd_wire_error(400, answer);

		g_assert_error(error, ETCD_ERROR, (int)errors[i].error);
		g_assert_nonnull(strstr(error->message, errors[i].advice));
		json_decref(answer);
	}
}

static void what_is_no_etcd_is_away(void)
{
	g_autoptr(GError) error = etcd_wire_error(404, NULL);
	g_autoptr(GError) wrong = NULL;
	json_t *answer = parse("{\"header\":{\"revision\":\"x\"}}");
	struct etcd_page page;

	g_assert_error(error, ETCD_ERROR, ETCD_AWAY);
	g_assert_nonnull(strstr(error->message, "404"));
	g_assert_false(etcd_wire_page(answer, PREFIX, &page, &wrong));
	g_assert_error(wrong, ETCD_ERROR, ETCD_AWAY);
	json_decref(answer);
}

static void frames_come_whole_however_the_stream_is_cut(void)
{
	static const char stream[] = "{\"n\":0}\n{\"n\":1}\n\n";

	for (gsize piece = 1; piece < sizeof(stream); piece++) {
		struct etcd_frames frm;
		g_autoptr(GError) error = NULL;
		json_t *obj;
		int n = 0;

		etcd_frames_init(&frm);
		for (gsize at = 0; at < sizeof(stream) - 2; at += piece) {
			etcd_frames_put(&frm, stream + at,
					MIN(piece, sizeof(stream) - 2 - at));
			while ((obj = etcd_frames_next(&frm, &error))) {
				g_assert_cmpint(
					json_integer_value(
						json_object_get(obj, "n")),
					==, n++);
				json_decref(obj);
			}
			g_assert_no_error(error);
		}
		g_assert_cmpint(n, ==, 2);
		g_assert_cmpuint(etcd_frames_size(&frm), ==, 0);
		etcd_frames_fini(&frm);
	}
}

static void a_line_without_end_is_given_up(void)
{
	g_autofree char *much = g_strnfill(1024 * 1024, 'x');
	g_autoptr(GError) error = NULL;
	struct etcd_frames frm;

	etcd_frames_init(&frm);
	for (guint i = 0; i < 9 && !error; i++) {
		etcd_frames_put(&frm, much, 1024 * 1024);
		g_assert_null(etcd_frames_next(&frm, &error));
		g_assert_true(i == 8 || !error);
	}
	g_assert_error(error, ETCD_ERROR, ETCD_AWAY);
	etcd_frames_fini(&frm);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/etcd-wire/requests are as the gateway wants them",
			requests_are_as_the_gateway_wants_them);
	g_test_add_func("/etcd-wire/a page has our keys and where it ended",
			a_page_has_our_keys_and_where_it_ended);
	g_test_add_func("/etcd-wire/a message tells puts and deletions",
			a_message_tells_puts_and_deletions);
	g_test_add_func("/etcd-wire/a watch that begins too early is compacted",
			a_watch_that_begins_too_early_is_compacted);
	g_test_add_func("/etcd-wire/a refused transaction shows who was there",
			a_refused_transaction_shows_who_was_there);
	g_test_add_func("/etcd-wire/a lease that is gone has no time to live",
			a_lease_that_is_gone_has_no_time_to_live);
	g_test_add_func("/etcd-wire/errors say what to do",
			errors_say_what_to_do);
	g_test_add_func("/etcd-wire/what is no etcd is away",
			what_is_no_etcd_is_away);
	g_test_add_func(
		"/etcd-wire/frames come whole however the stream is cut",
		frames_come_whole_however_the_stream_is_cut);
	g_test_add_func("/etcd-wire/a line without end is given up",
			a_line_without_end_is_given_up);
	return g_test_run();
}
