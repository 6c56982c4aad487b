#include "bridge/documents.h"

#include <string.h>

static gpointer empty_of(enum document_kind kind)
{
	static const gsize sizes[DOCUMENT_KINDS] = {
		[DOCUMENT_SITE] = sizeof(struct document_site),
		[DOCUMENT_OWNER] = sizeof(struct document_owner),
		[DOCUMENT_MEMBER] = sizeof(struct document_member),
		[DOCUMENT_WANT_HUB] = sizeof(struct document_want_hub),
		[DOCUMENT_WANT_SESSION] = sizeof(struct document_want_session),
		[DOCUMENT_STATUS_HUB] = sizeof(struct document_status_hub),
		[DOCUMENT_STATUS_SESSION] =
			sizeof(struct document_status_session),
		[DOCUMENT_ANSWER] = sizeof(struct document_answer),
	};

	return g_malloc0(sizes[kind]);
}

/* One of each kind with every member set. */
static const char *const examples[DOCUMENT_KINDS] = {
	[DOCUMENT_SITE] =
		"{\"site\":\"a\",\"instance\":\"6Vq0\",\"host\":\"a.example\","
		"\"net\":\"global\",\"workers\":[{\"cand\":[{\"p\":\"udp\","
		"\"a\":\"192.0.2.1\",\"n\":5004},{\"p\":\"wss\",\"u\":\"wss://"
		"a.example/media/0\"}],\"sessions\":3,\"stress\":0.25,\"open\":"
		"true},{\"cand\":[{\"p\":\"udp\",\"a\":\"2001:db8::1\",\"n\":"
		"65535}]}],\"gates\":2,\"sessions_per_gate\":5,\"used\":3,"
		"\"draining\":true,\"since\":1700000000,\"release\":\"0.2.0\","
		"\"proto_min\":1,\"proto_max\":2,\"lent\":{\"room\":"
		"\"hall@example.org\",\"lender\":\"anna@example.org\"}}",
	[DOCUMENT_OWNER] = "{\"bridge\":\"b\",\"host\":\"b.example\",\"web\":"
			   "\"https://b.example\",\"since\":1700000000}",
	[DOCUMENT_MEMBER] =
		"{\"origin\":4294967295,\"address\":\"anna@example.org\","
		"\"name\":\"Anna Öberg\",\"device\":\"laptop\",\"via\":\"mail\""
		",\"state\":\"here\",\"muted\":true,\"self_muted\":true,"
		"\"volume\":400,\"since\":1700000001,\"deadline\":1700000060,"
		"\"place\":{\"site\":\"a\",\"worker\":1,\"gate\":\"a-1\",\"k\":"
		"0},\"standby\":{\"site\":\"b\",\"gate\":\"b-1\",\"k\":1},"
		"\"next_k\":2,\"sealed\":\"c2VhbGVk\",\"pt\":111,\"lv\":1,"
		"\"srtp\":true,\"tool\":{\"addr\":{\"p\":\"udp\",\"a\":"
		"\"192.0.2.9\",\"n\":6000},\"suite\":\"gcm\",\"dir\":"
		"\"sendrecv\",\"bitrate\":24000,\"cname\":\"c\"},\"token\":"
		"\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\","
		"\"talked_s\":61,\"hand_ms\":1700000001000,"
		"\"floor\":true,\"floor_until_ms\":1700000061000,"
		"\"mute_after\":true,\"heard\":5,"
		"\"offer\":{\"lender\":\"anna@example.org\","
		"\"pg\":{\"id\":\"offered\",\"local\":true,\"cand\":[{\"p\":"
		"\"udp\",\"a\":\"192.0.2.9\",\"n\":40000}]}}}",
	[DOCUMENT_WANT_HUB] =
		"{\"instance\":\"6Vq0\",\"plan\":7,\"hub\":3,\"worker\":1,"
		"\"sound\":{\"talkers\":5,"
		"\"bitrate\":32000,\"stereo\":true,\"denoise\":true,\"agc\":"
		"true},\"trunks\":[{\"id\":\"3-1\",\"role\":\"parent\",\"site\""
		":\"b\",\"addr\":[{\"p\":\"udp\",\"a\":\"192.0.2.2\",\"n\":"
		"5004}],\"salt\":\"AQIDBAUGBwgJCgsMDQ4PEA\",\"proto\":1},{"
		"\"id\":\"4-3\",\"role\":\"vice\",\"site\":\"c\",\"salt\":"
		"\"AQIDBAUGBwgJCgsMDQ4PEA\",\"proto\":1}],\"root\":true,"
		"\"vice\":true}",
	[DOCUMENT_WANT_SESSION] =
		"{\"instance\":\"6Vq0\",\"worker\":1,\"gate\":\"a-1\","
		"\"origin\":9,\"standby\":true,"
		"\"sealed\":\"c2VhbGVk\",\"pt\":96,\"lv\":14,\"srtp\":true,"
		"\"muted\":true,\"volume\":0,\"tool\":{\"addr\":{\"p\":"
		"\"udp\",\"a\":\"::1\",\"n\":6000},\"suite\":\"plain\","
		"\"dir\":\"recvonly\",\"cname\":\"c\"},\"alternate\":{\"k\":1,"
		"\"pg\":{"
		"\"id\":\"b-1\",\"local\":true,\"cand\":[{\"p\":\"udp\",\"a\":"
		"\"192.0.2.2\",\"n\":5004}]}},\"end\":{\"why\":\"kicked\","
		"\"text\":\"Not so loud\"},\"said\":3,\"says\":[{\"m\":"
		"\"{\\\"t\\\":\\\"floor\\\"}\"}],"
		"\"offer\":{\"lender\":"
		"\"anna@example.org\",\"pg\":{\"id\":\"offered\",\"cand\":["
		"{\"p\":\"udp\",\"a\":\"192.0.2.9\",\"n\":40000}]}}}",
	[DOCUMENT_STATUS_HUB] =
		"{\"plan\":7,\"parent\":\"alternate\",\"root\":true,\"trunks\":"
		"[{\"id\":\"3-1\",\"up\":true,\"loss\":0.5,\"rtt_ms\":-1.0,"
		"\"proto\":2}],"
		"\"talkers\":[{\"o\":9,\"l\":-127}]}",
	[DOCUMENT_STATUS_SESSION] =
		"{\"path\":\"[2001:db8::1]:5004\",\"since\":1700000001,"
		"\"gone\":\"lost\",\"self_muted\":true,\"heard\":7,\"hears\":[{"
		"\"m\":\"{\\\"t\\\":\\\"hand\\\"}\"}],\"figures\":{\"in\":{"
		"\"loss\":0.25,\"mos\":4.5},\"out\":{\"loss\":-1.0},\"rtt_ms\":"
		"12.5,\"talked_s\":61,\"silent_s\":12,\"talking\":true}}",
	[DOCUMENT_ANSWER] =
		"{\"name\":\"ipsp-re.AAAA\",\"from\":\"bounce+x@example.org\","
		"\"to\":\"anna@example.org\",\"mail\":\"RnJvbQ==\","
		"\"expires\":1700000060,\"until\":1700003660,\"id\":"
		"\"MQ==\",\"digest\":"
		"\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\",\"did\":"
		"\"AAAA\",\"room\":\"hall@example.org\",\"invite\":"
		"\"e30=\",\"answer\":\"e30=\",\"deadline\":1700000060,"
		"\"seated\":true}",
};

static void each_is_written_as_it_was_read(void)
{
	for (guint kind = 0; kind < DOCUMENT_KINDS; kind++) {
		g_autofree gpointer doc = empty_of(kind);
		g_autofree char *again = NULL;
		GError *error = NULL;

		document_read(kind, doc, examples[kind], strlen(examples[kind]),
			      &error);
		g_assert_no_error(error);
		again = document_write(kind, doc);
		g_assert_cmpstr(again, ==, examples[kind]);
		document_clear(kind, doc);
	}
}

static void members_are_where_they_belong(void)
{
	const char *text = examples[DOCUMENT_WANT_HUB];
	struct document_want_hub hub;
	const struct document_trunk *trunk;

	g_assert_true(document_read(DOCUMENT_WANT_HUB, &hub, text, strlen(text),
				    NULL));
	g_assert_cmpuint(hub.plan, ==, 7);
	g_assert_cmpuint(hub.hub, ==, 3);
	g_assert_cmpuint(hub.worker, ==, 1);
	g_assert_cmpuint(hub.sound.talkers, ==, 5);
	g_assert_true(hub.root);
	g_assert_cmpuint(hub.n_trunks, ==, 2);
	trunk = &hub.trunks[0];
	g_assert_cmpstr(trunk->id, ==, "3-1");
	g_assert_cmpint(trunk->role, ==, DOCUMENT_TRUNK_PARENT);
	g_assert_cmpuint(trunk->n_addresses, ==, 1);
	g_assert_cmpstr(trunk->addresses[0].address, ==, "192.0.2.2");
	g_assert_cmpuint(trunk->addresses[0].port, ==, 5004);
	g_assert_cmpuint(trunk->salt[15], ==, 16);
	g_assert_cmpuint(hub.trunks[1].n_addresses, ==, 0);
	document_clear(DOCUMENT_WANT_HUB, &hub);
	g_assert_null(hub.trunks);
}

static gboolean reads(enum document_kind kind, const char *text)
{
	g_autofree gpointer doc = empty_of(kind);
	GError *error = NULL;
	const gboolean read =
		document_read(kind, doc, text, strlen(text), &error);

	g_assert_true(read == !error);
	document_clear(kind, doc);
	g_clear_error(&error);
	return read;
}

/* The example with one thing in it another. */
static gboolean reads_with(enum document_kind kind, const char *what,
			   const char *by)
{
	GString *text = g_string_new(examples[kind]);
	gboolean read;

	g_assert_cmpuint(g_string_replace(text, what, by, 1), ==, 1);
	read = reads(kind, text->str);
	g_string_free(text, TRUE);
	return read;
}

static void what_breaks_a_limit_is_refused(void)
{
	g_autofree char *long_name = g_strnfill(64, 'x');
	g_autofree char *long_site =
		g_strdup_printf("\"site\":\"%s\"", long_name);

	g_assert_false(reads(DOCUMENT_SITE, ""));
	g_assert_false(reads(DOCUMENT_SITE, "[]"));
	g_assert_false(reads(DOCUMENT_SITE, "{}"));
	g_assert_false(reads_with(DOCUMENT_SITE, "\"site\":\"a\"", long_site));
	g_assert_false(reads_with(DOCUMENT_SITE, "\"a\"", "\"\""));
	g_assert_false(reads_with(DOCUMENT_SITE, "\"a\"", "\"a\\nb\""));
	g_assert_false(reads_with(DOCUMENT_SITE, "65535", "65536"));
	g_assert_false(reads_with(DOCUMENT_SITE, "65535", "-1"));
	g_assert_false(reads_with(DOCUMENT_SITE, "0.25", "1.5"));
	g_assert_false(reads_with(DOCUMENT_SITE, "global", "local"));
	g_assert_false(
		reads_with(DOCUMENT_SITE, "\"gates\":2", "\"gates\":2.0"));
	g_assert_false(
		reads_with(DOCUMENT_SITE, "\"gates\":2", "\"gates\":null"));
	g_assert_false(reads_with(DOCUMENT_SITE, "\"gates\":2",
				  "\"gates\":2,\"gates\":3"));
	g_assert_false(reads_with(DOCUMENT_MEMBER, "4294967295", "4294967296"));
	g_assert_false(reads_with(DOCUMENT_WANT_HUB, "DQ4PEA\",\"proto\":1},{",
				  "DQ4PE\",\"proto\":1},{"));
	g_assert_false(reads_with(DOCUMENT_STATUS_HUB, "-127", "-128"));
	g_assert_false(reads_with(DOCUMENT_ANSWER, "RnJvbQ==", ""));
	g_assert_true(reads_with(DOCUMENT_SITE, "\"gates\":2",
				 "\"gates\":2,\"later\":{}"));
	g_assert_true(reads_with(DOCUMENT_MEMBER, ",\"lv\":1", ",\"lv\":null"));
}

static void a_list_is_no_longer_than_it_may_be(void)
{
	struct document_status_hub hub = { .n_talkers = DOCUMENTS_MAX_TALKERS };
	g_autofree struct document_talker *talkers =
		g_new0(struct document_talker, DOCUMENTS_MAX_TALKERS + 1);
	g_autofree char *fits = NULL;
	g_autofree char *over = NULL;

	hub.talkers = talkers;
	fits = document_write(DOCUMENT_STATUS_HUB, &hub);
	hub.n_talkers++;
	over = document_write(DOCUMENT_STATUS_HUB, &hub);
	g_assert_true(reads(DOCUMENT_STATUS_HUB, fits));
	g_assert_false(reads(DOCUMENT_STATUS_HUB, over));
}

static void a_secret_comes_back(void)
{
	struct document_secret secret = {
		.stun_password = "abcdefghijklmnopqrstuvwx",
		.srtp_c2b = { 1, 2, 3 },
		.srtp_b2c = { [27] = 255 },
		.ssrc_c2b = 0xffffffff,
		.ssrc_b2c = 1,
		.prk = { 9 },
		.tool_in = { [29] = 1 },
		.tool_out = { 2 },
	};
	struct document_secret again;
	g_autoptr(GBytes) text = document_secret_write(&secret);

	g_assert_true(document_secret_read(&again, text, NULL));
	g_assert_cmpmem(&again, sizeof(again), &secret, sizeof(secret));
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/documents/each is written as it was read",
			each_is_written_as_it_was_read);
	g_test_add_func("/documents/members are where they belong",
			members_are_where_they_belong);
	g_test_add_func("/documents/what breaks a limit is refused",
			what_breaks_a_limit_is_refused);
	g_test_add_func("/documents/a list is no longer than it may be",
			a_list_is_no_longer_than_it_may_be);
	g_test_add_func("/documents/a secret comes back", a_secret_comes_back);
	return g_test_run();
}
