/* The host of a lent PhoneGate, over a directory in memory, and a gate that
 * says what it likes. */
#include "bridge/lent_host.h"

#include <string.h>

#include "bridge/directory/local.h"
#include "bridge/lent.h"
#include "bridge/lent_link.h"
#include "bridge/lent_trial.h"
#include "tests/unit/lent_gate.h"

#define SECRET	 "0123456789abcdef0123456789abcdef"
#define ROOM	 "hall@example.org"
#define DID	 "AAAAAAAAAAAAAAAAAAAAAA"
#define NAME	 "lent-" DID ".0"
#define SITE	 "sites/" NAME
#define HUB	 "status/" NAME "/" ROOM "/hub"
#define SESSION	 "status/" NAME "/" ROOM "/s/BBBBBBBBBBBBBBBBBBBBBB."
#define INSTANCE "6Vq0"
#define STEP_MS	 5
#define WAIT_S	 10

struct bed {
	struct directory *theirs, *ours;
	struct directory_watch *watch;
	GHashTable *seen; /* key => value, as others see it */
	struct seal *cluster;
	struct document_offer offer;
	struct lent_host *host;
	GQueue to_gate, to_host; /* messages on their way */
	struct lent_gate gate;	 /* its socket, and its end of the link: */
	struct lent_link *link;
	GHashTable *told; /* key => value, as it has them */
	guint timer;
};

static gint64 now_ms(void)
{
	return g_get_monotonic_time() / 1000;
}

/* The directory. */

static void ignore_state(gboolean up, const char *why, void *arg)
{
	(void)up;
	(void)why;
	(void)arg;
}

static void ignore_lease(gboolean held, void *arg)
{
	(void)held;
	(void)arg;
}

static const struct directory_events directory_events = {
	.state = ignore_state,
	.lease = ignore_lease,
};

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

/* The gate. */

static void say(struct bed *bed, const char *key, const char *value)
{
	lent_link_put(bed->link, key, value, now_ms());
}

/* The session of the trial is open at once. */
static void open_trial(struct bed *bed, const char *key, const char *text,
		       struct document_name *name)
{
	SCOPED(seal) seal = lent_seal(bed->cluster, NAME);
	struct document_want_session want;
	struct document_secret secret;
	g_autoptr(GBytes) bytes = NULL;
	g_autofree char *status = NULL;

	g_assert_true(document_read(DOCUMENT_WANT_SESSION, &want, text,
				    strlen(text), NULL));
	g_assert_cmpstr(want.instance, ==, INSTANCE);
	bytes = seal_open(seal, key, want.sealed, NULL);
	g_assert_true(document_secret_read(&secret, bytes, NULL));
	lent_gate_serve(&bed->gate, name->did, secret.stun_password);
	name->kind = DOCUMENT_STATUS_SESSION;
	status = document_key(name);
	say(bed, status, "{}");
}

static void gate_put(const char *key, const char *value, void *arg)
{
	struct bed *bed = arg;
	struct document_name name;

	if (!value) {
		g_hash_table_remove(bed->told, key);
		return;
	}
	g_hash_table_insert(bed->told, g_strdup(key), g_strdup(value));
	if (document_name(&name, key) && name.kind == DOCUMENT_WANT_SESSION &&
	    !strcmp(name.room, LENT_TRIAL_ROOM))
		open_trial(bed, key, value, &name);
}

static void gate_send(const char *json, void *arg)
{
	struct bed *bed = arg;

	g_queue_push_tail(&bed->to_host, g_strdup(json));
}

static const struct lent_link_events gate_events = { .send = gate_send,
						     .put = gate_put };

static void host_send(const char *json, void *arg)
{
	struct bed *bed = arg;

	g_queue_push_tail(&bed->to_gate, g_strdup(json));
}

static const struct lent_host_events host_events = { .send = host_send };

static gboolean step(gpointer data)
{
	struct bed *bed = data;
	char *json;

	while ((json = g_queue_pop_head(&bed->to_gate))) {
		g_assert_true(lent_link_message(bed->link, json, strlen(json),
						now_ms()));
		g_free(json);
	}
	while ((json = g_queue_pop_head(&bed->to_host))) {
		g_assert_true(!bed->host ||
			      lent_host_message(bed->host, json, strlen(json)));
		g_free(json);
	}
	lent_link_run(bed->link, now_ms());
	return G_SOURCE_CONTINUE;
}

static struct directory *open_directory(struct directory *beside)
{
	const struct directory_config cfg = { .beside = beside };
	g_autoptr(GError) error = NULL;
	struct directory *dir =
		directory_open(&cfg, &directory_events, NULL, &error);

	g_assert_no_error(error);
	return dir;
}

static void set_up(struct bed *bed)
{
	struct lent_host_config cfg = { .room = ROOM, .did = DID };

	*bed = (struct bed){ .cluster = seal_create(SECRET),
			     .offer = { .lender = "ann@example.org",
					.gate = { .id = "offered",
						  .n_candidates = 1 } } };
	bed->seen =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	bed->told =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_queue_init(&bed->to_gate);
	g_queue_init(&bed->to_host);
	bed->theirs = open_directory(NULL);
	bed->ours = open_directory(bed->theirs);
	bed->watch = directory_watch(bed->theirs, "", &watch_events, bed);
	lent_gate_open(&bed->gate, &bed->offer.gate.candidates[0]);
	bed->link = lent_link_create(NAME, &gate_events, bed);
	cfg.dir = bed->ours;
	cfg.seal = bed->cluster;
	cfg.offer = &bed->offer;
	bed->host = lent_host_create(&cfg, &host_events, bed);
	bed->timer = g_timeout_add(STEP_MS, step, bed);
}

static void tear_down(struct bed *bed)
{
	g_source_remove(bed->timer);
	lent_host_destroy(&bed->host);
	lent_link_destroy(&bed->link);
	lent_gate_close(&bed->gate);
	directory_close(&bed->ours);
	directory_unwatch(&bed->watch);
	directory_close(&bed->theirs);
	seal_destroy(&bed->cluster);
	g_queue_clear_full(&bed->to_gate, g_free);
	g_queue_clear_full(&bed->to_host, g_free);
	g_hash_table_unref(bed->told);
	g_hash_table_unref(bed->seen);
}

/* Until the key has a value; or none. */
static void wait_for(GHashTable *table, const char *key, gboolean there)
{
	const gint64 until = g_get_monotonic_time() + WAIT_S * G_USEC_PER_SEC;

	while (g_hash_table_contains(table, key) != there) {
		if (g_get_monotonic_time() > until)
			g_error("%s is %s there", key, there ? "not" : "still");
		g_main_context_iteration(NULL, TRUE);
	}
}

static void say_site(struct bed *bed, const char *instance)
{
	struct document_worker worker = {
		.n_candidates = 1,
		.candidates = { { .transport = "udp",
				  .address = "203.0.113.9",
				  .port = 5000 } },
		.sessions = 900,
		.stress = 0.5,
		.open = TRUE,
	};
	struct document_site doc = {
		.site = NAME,
		.host = "a bank",
		.net = DOCUMENT_NET_GLOBAL,
		.n_workers = 1,
		.workers = &worker,
		.gates = 1000,
		.sessions_per_gate = 1000,
		.used = 900,
		.release = "0.2.0",
		.protocol_min = 1,
		.protocol_max = 2,
		.has_lent = TRUE,
		.lent = { .room = "board@example.org",
			  .lender = "bob@example.org" },
	};
	g_autofree char *text = NULL;

	g_strlcpy(doc.instance, instance, sizeof(doc.instance));
	text = document_write(DOCUMENT_SITE, &doc);
	say(bed, SITE, text);
}

static void say_hub(struct bed *bed)
{
	const struct document_status_hub doc = { .plan = 1 };
	g_autofree char *text = document_write(DOCUMENT_STATUS_HUB, &doc);

	say(bed, HUB, text);
}

static void serve(struct bed *bed)
{
	set_up(bed);
	wait_for(bed->told, LENT_SECRET_KEY, TRUE);
	say_site(bed, INSTANCE);
	wait_for(bed->seen, SITE, TRUE);
}

/* Places, addresses and whose it is are the host's to say; its load is not. */
static void of_itself_only_its_load_is_believed(void)
{
	struct document_site doc;
	const char *text;
	struct bed bed;

	serve(&bed);
	text = g_hash_table_lookup(bed.seen, SITE);
	g_assert_true(
		document_read(DOCUMENT_SITE, &doc, text, strlen(text), NULL));
	g_assert_cmpstr(doc.host, ==, "offered by ann@example.org");
	g_assert_cmpint(doc.net, ==, DOCUMENT_NET_PRIVATE);
	g_assert_cmpuint(doc.n_workers, ==, 1);
	g_assert_cmpuint(doc.workers[0].n_candidates, ==, 1);
	g_assert_cmpstr(doc.workers[0].candidates[0].address, ==, "127.0.0.1");
	g_assert_cmpuint(doc.workers[0].sessions, ==, LENT_SESSIONS);
	g_assert_cmpfloat(doc.workers[0].stress, ==, 0.5);
	g_assert_cmpuint(doc.gates, ==, 1);
	g_assert_cmpuint(doc.sessions_per_gate, ==, LENT_SESSIONS);
	g_assert_cmpuint(doc.used, ==, LENT_SESSIONS);
	g_assert_true(doc.has_lent);
	g_assert_cmpstr(doc.lent.room, ==, ROOM);
	g_assert_cmpstr(doc.lent.lender, ==, "ann@example.org");
	document_clear(DOCUMENT_SITE, &doc);
	tear_down(&bed);
}

static void who_was_not_reached_is_not_in_the_directory(void)
{
	struct bed bed;

	set_up(&bed);
	bed.gate.mute = G_MAXUINT;
	say_hub(&bed);
	say_site(&bed, INSTANCE);
	/* The trial's room is wanted, and when it is over no longer. */
	wait_for(bed.told, "want/" NAME "/" LENT_TRIAL_ROOM "/hub", TRUE);
	wait_for(bed.told, "want/" NAME "/" LENT_TRIAL_ROOM "/hub", FALSE);
	g_assert_cmpuint(bed.gate.requests, >, 0);
	/* Too late. */
	bed.gate.mute = 0;
	say_site(&bed, INSTANCE);
	say_hub(&bed);
	directory_put(bed.theirs, NULL, "want/" NAME "/" ROOM "/hub", "{}",
		      NULL, NULL);
	wait_for(bed.seen, "want/" NAME "/" ROOM "/hub", TRUE);
	g_assert_cmpuint(g_hash_table_size(bed.seen), ==, 1);
	g_assert_false(
		g_hash_table_contains(bed.told, "want/" NAME "/" ROOM "/hub"));
	tear_down(&bed);
}

static void of_others_it_is_not_believed(void)
{
	static const char *const wrong[] = {
		"sites/other",
		"sites/lent-BBBBBBBBBBBBBBBBBBBBBB.0",
		"status/other/" ROOM "/hub",
		"status/other/" ROOM "/s/" DID ".0",
		"status/" NAME "/board@example.org/hub",
		"status/" NAME "/board@example.org/s/" DID ".0",
		"want/" NAME "/" ROOM "/hub",
		"want/other/" ROOM "/hub",
		"members/" ROOM "/" DID,
		"owners/hall",
		"answers/hall/1",
		"",
		"nonsense",
	};
	struct bed bed;

	serve(&bed);
	for (guint i = 0; i < G_N_ELEMENTS(wrong); i++)
		say(&bed, wrong[i], "{}");
	say(&bed, SESSION "1", "[]");
	say(&bed, SESSION "2", "{\"since\":\"long ago\"}");
	/* What comes last is heard last. */
	say(&bed, SESSION "3", "{}");
	say_hub(&bed);
	wait_for(bed.seen, HUB, TRUE);
	g_assert_true(g_hash_table_contains(bed.seen, SESSION "3"));
	g_assert_cmpuint(g_hash_table_size(bed.seen), ==, 3);
	say(&bed, SESSION "3", NULL);
	wait_for(bed.seen, SESSION "3", FALSE);
	tear_down(&bed);
}

static void it_has_so_many_documents_and_no_more(void)
{
	struct bed bed;

	serve(&bed);
	for (guint k = 0; k < LENT_HOST_MAX_DOCUMENTS + 5; k++) {
		g_autofree char *key = g_strdup_printf(SESSION "%u", k);

		say(&bed, key, "{}");
	}
	say(&bed, SESSION "0", NULL); /* makes room for one */
	say_hub(&bed);
	wait_for(bed.seen, HUB, TRUE);
	g_assert_cmpuint(g_hash_table_size(bed.seen), ==,
			 LENT_HOST_MAX_DOCUMENTS);
	tear_down(&bed);
}

static void another_run_of_it_is_not_the_one_that_was_tried(void)
{
	struct bed bed;

	serve(&bed);
	say_hub(&bed);
	wait_for(bed.seen, HUB, TRUE);
	say_site(&bed, "other");
	wait_for(bed.seen, SITE, FALSE);
	wait_for(bed.seen, HUB, FALSE);
	tear_down(&bed);
}

static void it_is_told_what_is_wanted_of_it_alone(void)
{
	static const char wanted[] = "want/" NAME "/" ROOM "/hub";
	struct bed bed;

	serve(&bed);
	directory_put(bed.theirs, NULL, "want/other/" ROOM "/hub", "{}", NULL,
		      NULL);
	directory_put(bed.theirs, NULL, wanted, "{}", NULL, NULL);
	wait_for(bed.told, wanted, TRUE);
	g_assert_false(
		g_hash_table_contains(bed.told, "want/other/" ROOM "/hub"));
	directory_put(bed.theirs, NULL, wanted, NULL, NULL, NULL);
	wait_for(bed.told, wanted, FALSE);
	tear_down(&bed);
}

static void it_goes_with_its_lender(void)
{
	struct bed bed;

	serve(&bed);
	say_hub(&bed);
	wait_for(bed.seen, HUB, TRUE);
	lent_host_destroy(&bed.host);
	wait_for(bed.seen, SITE, FALSE);
	wait_for(bed.seen, HUB, FALSE);
	tear_down(&bed);
}

#define ADD(test) g_test_add_func("/lent_host/" #test, test)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	ADD(of_itself_only_its_load_is_believed);
	ADD(who_was_not_reached_is_not_in_the_directory);
	ADD(of_others_it_is_not_believed);
	ADD(it_has_so_many_documents_and_no_more);
	ADD(another_run_of_it_is_not_the_one_that_was_tried);
	ADD(it_is_told_what_is_wanted_of_it_alone);
	ADD(it_goes_with_its_lender);
	return g_test_run();
}
