/* A site over a directory in memory; its workers are real. */
#include "bridge/site.h"

#include <string.h>

#include "bridge/directory/local.h"
#include "bridge/directory/seal.h"
#include "bridge/documents.h"
#include "signaling/keys.h"

#define SECRET "0123456789abcdef0123456789abcdef"
#define ROOM   "hall@example.org"
#define DID    "AAAAAAAAAAAAAAAAAAAAAA"
#define WAIT_S 10

struct bed {
	struct directory *theirs, *ours;
	struct directory_watch *watch;
	GHashTable *seen; /* key => value, as others see it */
	struct site *site;
	char instance[23];
};

static void on_state(gboolean up, const char *why, void *arg)
{
	struct bed *bed = arg;

	(void)why;
	if (bed->site)
		site_connected(bed->site, up);
}

static void on_lease(gboolean held, void *arg)
{
	(void)held;
	(void)arg;
}

static void ignore_state(gboolean up, const char *why, void *arg)
{
	(void)up;
	(void)why;
	(void)arg;
}

static const struct directory_events our_events = { .state = on_state,
						    .lease = on_lease };
static const struct directory_events their_events = { .state = ignore_state,
						      .lease = on_lease };

static void on_changed(const char *key, const char *value, void *arg)
{
	struct bed *bed = arg;

	if (value)
		g_hash_table_insert(bed->seen, g_strdup(key), g_strdup(value));
	else
		g_hash_table_remove(bed->seen, key);
}

static const struct directory_watch_events watch_events = {
	.changed = on_changed,
};

static const char *seen(const struct bed *bed, const char *key)
{
	return g_hash_table_lookup(bed->seen, key);
}

static gboolean tick(gpointer data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

/* Until the key has a value with `word` in it; NULL: until it has none. */
static void wait_for(const struct bed *bed, const char *key, const char *word)
{
	const gint64 until = g_get_monotonic_time() + WAIT_S * G_USEC_PER_SEC;
	const guint timer = g_timeout_add(10, tick, NULL);

	while (word ? !seen(bed, key) || !strstr(seen(bed, key), word)
		    : seen(bed, key) != NULL) {
		if (g_get_monotonic_time() > until)
			g_error("%s is %s, and not with %s", key,
				seen(bed, key), word);
		g_main_context_iteration(NULL, TRUE);
	}
	g_source_remove(timer);
}

/* For so long nothing of what is waited for has happened. */
static void spin(guint ms)
{
	const gint64 until = g_get_monotonic_time() + ms * 1000;
	const guint timer = g_timeout_add(10, tick, NULL);

	while (g_get_monotonic_time() < until)
		g_main_context_iteration(NULL, TRUE);
	g_source_remove(timer);
}

static const struct site_events site_events = { 0 };

static void open_site(struct bed *bed)
{
	static const char *const addresses[] = { "127.0.0.1", NULL };
	const struct site_config cfg = {
		.name = "a",
		.media = { .addresses = addresses,
			   .workers = 2,
			   .sessions_per_gate = 5,
			   .gates = 3,
			   .bitrate = 32000 },
		.cluster_secret = SECRET,
	};
	g_autoptr(GError) error = NULL;

	bed->site = site_create(&cfg, bed->ours, &site_events, NULL, &error);
	g_assert_no_error(error);
	g_strlcpy(bed->instance, site_instance(bed->site),
		  sizeof(bed->instance));
	wait_for(bed, "sites/a", bed->instance);
}

static void set_up(struct bed *bed)
{
	g_autoptr(GError) error = NULL;

	*bed = (struct bed){ .seen = g_hash_table_new_full(
				     g_str_hash, g_str_equal, g_free, g_free) };
	bed->theirs = directory_open(
		&(struct directory_config){ .prefix = "ipsp/1/", .lease_s = 2 },
		&their_events, bed, &error);
	g_assert_no_error(error);
	bed->ours = directory_open(
		&(struct directory_config){ .prefix = "ipsp/1/",
					    .lease_s = 2,
					    .beside = bed->theirs },
		&our_events, bed, &error);
	g_assert_no_error(error);
	bed->watch = directory_watch(bed->theirs, "s", &watch_events, bed);
	open_site(bed);
}

static void tear_down(struct bed *bed)
{
	site_destroy(&bed->site);
	directory_close(&bed->ours);
	directory_unwatch(&bed->watch);
	directory_close(&bed->theirs);
	g_hash_table_unref(bed->seen);
}

static void put(struct bed *bed, const char *key, const char *value)
{
	directory_put(bed->theirs, NULL, key, value, NULL, NULL);
}

#define HUB	       "want/a/hall@example.org/hub"
#define SESSION	       "want/a/hall@example.org/s/" DID ".0"
#define HUB_STATUS     "status/a/hall@example.org/hub"
#define SESSION_STATUS "status/a/hall@example.org/s/" DID ".0"

static void want_hub(struct bed *bed, const char *instance)
{
	struct document_want_hub doc = {
		.plan = 7,
		.hub = 1,
		.sound = { .talkers = 5, .bitrate = 32000 },
		.root = TRUE,
	};
	g_autofree char *text = NULL;

	g_strlcpy(doc.instance, instance, sizeof(doc.instance));
	text = document_write(DOCUMENT_WANT_HUB, &doc);
	put(bed, HUB, text);
}

static struct document_want_session session(const char *instance,
					    const char *secret)
{
	SCOPED(seal) seal = seal_create(secret);
	const struct document_secret keys = {
		.stun_password = "abcdefghijklmnopqrstuvwx",
		.srtp_c2b = { 1 },
		.srtp_b2c = { 2 },
		.ssrc_c2b = 1,
		.ssrc_b2c = 2,
	};
	struct document_want_session doc = { .gate = "a-1",
					     .origin = 9,
					     .payload_type = 111,
					     .srtp = TRUE,
					     .volume = 100 };
	g_autoptr(GBytes) text = document_secret_write(&keys);
	g_autofree char *sealed = seal_close(seal, SESSION, text);

	g_strlcpy(doc.instance, instance, sizeof(doc.instance));
	g_strlcpy(doc.sealed, sealed, sizeof(doc.sealed));
	return doc;
}

static void want(struct bed *bed, const struct document_want_session *doc)
{
	g_autofree char *text = document_write(DOCUMENT_WANT_SESSION, doc);

	put(bed, SESSION, text);
}

static struct site_figures figures(const struct bed *bed)
{
	struct site_figures fig;

	site_figures(bed->site, &fig);
	return fig;
}

static void a_site_says_what_it_offers(void)
{
	struct bed bed;
	struct document_site doc;
	const char *text;

	set_up(&bed);
	text = seen(&bed, "sites/a");
	g_assert_true(
		document_read(DOCUMENT_SITE, &doc, text, strlen(text), NULL));
	g_assert_cmpuint(doc.n_workers, ==, 2);
	g_assert_true(doc.workers[1].open);
	g_assert_cmpuint(doc.workers[1].n_candidates, ==, 1);
	g_assert_cmpuint(doc.workers[1].candidates[0].port, !=,
			 doc.workers[0].candidates[0].port);
	g_assert_cmpint(doc.net, ==, DOCUMENT_NET_PRIVATE);
	g_assert_cmpuint(doc.gates, ==, 3);
	g_assert_cmpuint(doc.sessions_per_gate, ==, 5);
	document_clear(DOCUMENT_SITE, &doc);
	tear_down(&bed);
}

static void what_is_wanted_is_opened_and_closed(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	doc = session(bed.instance, SECRET);
	want(&bed, &doc); /* in whatever order they come */
	want_hub(&bed, bed.instance);
	wait_for(&bed, SESSION_STATUS, "{");
	wait_for(&bed, HUB_STATUS, "\"plan\":7");
	wait_for(&bed, "sites/a", "\"used\":1");
	g_assert_cmpuint(figures(&bed).waiting, ==, 1);
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	put(&bed, HUB, NULL);
	wait_for(&bed, HUB_STATUS, NULL);
	g_assert_cmpuint(figures(&bed).rooms, ==, 0);
	tear_down(&bed);
}

static void a_standby_takes_no_place(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	want_hub(&bed, bed.instance);
	doc = session(bed.instance, SECRET);
	doc.standby = TRUE;
	doc.worker = 1; /* where the room's hub is not: a ring */
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "{");
	g_assert_cmpuint(figures(&bed).standbys, ==, 1);
	g_assert_null(strstr(seen(&bed, "sites/a"), "\"used\""));
	doc.has_end = TRUE;
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "bye");
	tear_down(&bed);
}

static void a_gate_more_than_it_offers_is_refused(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	stages_offer(site_stages(bed.site), CONFIG_NO_GATES);
	want_hub(&bed, bed.instance);
	doc = session(bed.instance, SECRET);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "full");
	wait_for(&bed, "sites/a", "\"gates\":0");
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	/* It was not used: there is nothing that must not be repeated. */
	stages_offer(site_stages(bed.site), 1);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "{");
	g_assert_null(strstr(seen(&bed, SESSION_STATUS), "full"));
	g_assert_cmpuint(stages_taken_gates(site_stages(bed.site)), ==, 1);
	/* Who is there stays. */
	stages_offer(site_stages(bed.site), CONFIG_NO_GATES);
	wait_for(&bed, "sites/a", "\"gates\":0");
	g_assert_null(strstr(seen(&bed, SESSION_STATUS), "full"));
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	g_assert_cmpuint(stages_taken_gates(site_stages(bed.site)), ==, 0);
	tear_down(&bed);
}

/* In the clear: it has its path at once, the address of its offer. */
static void a_tool_is_served_at_its_address(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	want_hub(&bed, bed.instance);
	doc = session(bed.instance, SECRET);
	doc.has_tool = TRUE;
	doc.tool = (struct document_tool){
		.address = { .transport = "udp",
			     .address = "127.0.0.1",
			     .port = 9 },
		.suite = SDP_PLAIN,
		.direction = SDP_SENDRECV,
		.cname = "tool",
	};
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "\"path\":\"127.0.0.1:9\"");
	/* It is told nothing in band, and sent nowhere. */
	doc.muted = TRUE;
	want(&bed, &doc);
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	tear_down(&bed);
}

static void keys_are_used_by_one_run_and_once(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	want_hub(&bed, "another");
	doc = session("another", SECRET);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "lost");
	g_assert_null(seen(&bed, HUB_STATUS));
	want_hub(&bed, bed.instance);
	wait_for(&bed, HUB_STATUS, "{");
	g_assert_nonnull(strstr(seen(&bed, SESSION_STATUS), "lost"));
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	doc = session(bed.instance, SECRET);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "{");
	put(&bed, SESSION, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "lost");
	tear_down(&bed);
}

static void what_is_not_sealed_by_the_cluster_is_not_served(void)
{
	struct bed bed;
	struct document_want_session doc;

	set_up(&bed);
	want_hub(&bed, bed.instance);
	wait_for(&bed, HUB_STATUS, "{");
	doc = session(bed.instance, "another secret of thirty-two bytes");
	g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*is not served*");
	want(&bed, &doc);
	spin(200);
	g_test_assert_expected_messages();
	g_assert_null(seen(&bed, SESSION_STATUS));
	g_test_expect_message(NULL, G_LOG_LEVEL_WARNING, "*not understood*");
	put(&bed, SESSION, "{}");
	spin(200);
	g_test_assert_expected_messages();
	doc = session(bed.instance, SECRET);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "{");
	tear_down(&bed);
}

static void what_vanished_in_an_outage_is_kept_for_a_while(void)
{
	struct bed bed;
	struct document_want_session doc;

	/* The directory warns of its outage. */
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	set_up(&bed);
	want_hub(&bed, bed.instance);
	doc = session(bed.instance, SECRET);
	want(&bed, &doc);
	wait_for(&bed, SESSION_STATUS, "{");
	directory_local_cut(bed.ours, TRUE);
	spin(100);
	directory_local_expire(bed.ours);
	put(&bed, SESSION, NULL);
	put(&bed, HUB, NULL);
	wait_for(&bed, SESSION_STATUS, NULL);
	directory_local_cut(bed.ours, FALSE);
	wait_for(&bed, SESSION_STATUS, "{");
	wait_for(&bed, "sites/a", bed.instance);
	spin(200);
	g_assert_cmpuint(figures(&bed).waiting, ==, 1);
	want_hub(&bed, bed.instance); /* the owner wrote them again */
	want(&bed, &doc);
	spin(200);
	put(&bed, SESSION, NULL); /* and this is no outage any more */
	wait_for(&bed, SESSION_STATUS, NULL);
	tear_down(&bed);
}

static void two_sites_of_one_name_are_noticed(void)
{
	struct bed bed;
	struct document_site doc = { .site = "a",
				     .instance = "another",
				     .host = "elsewhere",
				     .sessions_per_gate = 5 };
	g_autofree char *text = document_write(DOCUMENT_SITE, &doc);

	set_up(&bed);
	spin(100);
	g_test_expect_message(NULL, G_LOG_LEVEL_CRITICAL,
			      "*elsewhere, is called site=a as well*");
	put(&bed, "sites/a", text);
	spin(200);
	g_test_assert_expected_messages();
	tear_down(&bed);
}

#define ROOMS	 3
#define SESSIONS 4 /* of a room */
#define CHANGES	 400
#define ERA	 40 /* changes */

/* want/a/ROOM/hub, want/a/ROOM/s/DID.K; others come in each era, since keys are
 * used once. */
static char *some_key(guint room, guint session, guint era)
{
	struct document_name name = { .site = "a", .k = era };

	g_snprintf(name.did, sizeof(name.did), "caller-%u-%u", room, session);
	g_snprintf(name.room, sizeof(name.room), "room%u@example.org", room);
	name.kind =
		session < SESSIONS ? DOCUMENT_WANT_SESSION : DOCUMENT_WANT_HUB;
	return document_key(&name);
}

static char *some_hub(const struct bed *bed, guint32 plan)
{
	struct document_trunk trunks[3] = { 0 };
	struct document_want_hub doc = {
		.plan = plan,
		.hub = 1,
		.worker = (guint)g_test_rand_int_range(0, 3), /* of two */
		.sound = { .talkers = 5, .bitrate = 32000 },
		.n_trunks = (guint)g_test_rand_int_range(0, 4),
		.trunks = trunks,
		.root = g_test_rand_bit(),
		.vice = g_test_rand_bit(),
	};

	g_strlcpy(doc.instance, bed->instance, sizeof(doc.instance));
	for (guint i = 0; i < doc.n_trunks; i++) {
		struct document_trunk *trk = &trunks[i];

		trk->role = (enum document_trunk_role)g_test_rand_int_range(
			0, DOCUMENT_TRUNK_VICE + 1);
		g_snprintf(trk->id, sizeof(trk->id), "t%u", i);
		g_strlcpy(trk->site, "b", sizeof(trk->site));
		trk->protocol = 1;
		trk->salt[0] = (guint8)g_test_rand_int_range(1, 256);
		trk->n_addresses = 1;
		g_strlcpy(trk->addresses[0].transport, "udp",
			  sizeof(trk->addresses[0].transport));
		g_strlcpy(trk->addresses[0].address, "127.0.0.1",
			  sizeof(trk->addresses[0].address));
		trk->addresses[0].port = 9; /* discard */
	}
	return document_write(DOCUMENT_WANT_HUB, &doc);
}

static char *some_session(const struct bed *bed, const char *key)
{
	struct document_want_session doc = session(bed->instance, SECRET);
	const struct document_secret keys = { .stun_password = "x",
					      .ssrc_c2b = 1,
					      .ssrc_b2c = 2 };
	g_autoptr(GBytes) text = document_secret_write(&keys);
	SCOPED(seal) seal = seal_create(SECRET);
	g_autofree char *sealed = seal_close(seal, key, text);

	g_strlcpy(doc.sealed, sealed, sizeof(doc.sealed));
	doc.worker = (guint)g_test_rand_int_range(0, 3);
	doc.standby = g_test_rand_bit();
	doc.muted = g_test_rand_bit();
	doc.has_end = !g_test_rand_int_range(0, 4);
	g_snprintf(doc.gate, sizeof(doc.gate), "a-%d",
		   g_test_rand_int_range(0, 2));
	return document_write(DOCUMENT_WANT_SESSION, &doc);
}

/* Says how many sessions there were at most. */
static guint change_what_is_wanted(struct bed *bed)
{
	guint most = 0;

	for (guint i = 0; i < CHANGES; i++) {
		const guint n = (guint)g_test_rand_int_range(0, SESSIONS + 1);
		const guint room = (guint)g_test_rand_int_range(0, ROOMS);
		g_autofree char *key = some_key(room, n, i / ERA);
		g_autofree char *text = NULL;

		if (g_test_rand_int_range(0, 3))
			text = n < SESSIONS ? some_session(bed, key)
					    : some_hub(bed, i);
		put(bed, key, text);
		if (!g_test_rand_int_range(0, 3))
			spin(5);
		most = MAX(most, figures(bed).waiting + figures(bed).standbys);
	}
	return most;
}

static void in_whatever_order_nothing_is_left(void)
{
	struct bed bed;
	guint most;

	/* Of workers that are not there it warns. */
	g_log_set_always_fatal(G_LOG_LEVEL_CRITICAL | G_LOG_FATAL_MASK);
	set_up(&bed);
	most = change_what_is_wanted(&bed);
	g_test_message("%u sessions at most", most);
	g_assert_cmpuint(most, >, ROOMS);
	for (guint era = 0; era < CHANGES / ERA; era++)
		for (guint i = 0; i < ROOMS * (SESSIONS + 1); i++) {
			g_autofree char *key = some_key(
				i / (SESSIONS + 1), i % (SESSIONS + 1), era);

			put(&bed, key, NULL);
		}
	spin(100);
	g_assert_cmpuint(figures(&bed).rooms, ==, 0);
	g_assert_cmpuint(figures(&bed).waiting, ==, 0);
	g_assert_cmpuint(figures(&bed).trunks, ==, 0);
	g_assert_cmpuint(stages_open_gates(site_stages(bed.site)), ==, 0);
	g_assert_null(strstr(seen(&bed, "sites/a"), "\"used\""));
	g_assert_cmpuint(g_hash_table_size(bed.seen), ==, 1);
	tear_down(&bed);
}

static void a_site_that_drains_says_so(void)
{
	struct bed bed;

	set_up(&bed);
	g_assert_false(figures(&bed).draining);
	site_drain(bed.site);
	wait_for(&bed, "sites/a", "\"draining\":true");
	g_assert_true(site_is_empty(bed.site));
	tear_down(&bed);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/site/says what it offers",
			a_site_says_what_it_offers);
	g_test_add_func("/site/what is wanted is opened and closed",
			what_is_wanted_is_opened_and_closed);
	g_test_add_func("/site/a standby takes no place",
			a_standby_takes_no_place);
	g_test_add_func("/site/a gate more than it offers is refused",
			a_gate_more_than_it_offers_is_refused);
	g_test_add_func("/site/a tool is served at its address",
			a_tool_is_served_at_its_address);
	g_test_add_func("/site/keys are used by one run and once",
			keys_are_used_by_one_run_and_once);
	g_test_add_func("/site/what is not sealed by the cluster is not served",
			what_is_not_sealed_by_the_cluster_is_not_served);
	g_test_add_func("/site/what vanished in an outage is kept for a while",
			what_vanished_in_an_outage_is_kept_for_a_while);
	g_test_add_func("/site/two of one name are noticed",
			two_sites_of_one_name_are_noticed);
	g_test_add_func("/site/in whatever order nothing is left",
			in_whatever_order_nothing_is_left);
	g_test_add_func("/site/one that drains says so",
			a_site_that_drains_says_so);
	return g_test_run();
}
