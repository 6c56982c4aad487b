/* A gate that reads what it is given, and answers for the session in it. */
#include "bridge/lent_trial.h"

#include <string.h>

#include "bridge/lent.h"
#include "tests/unit/lent_gate.h"

#define SITE	 "lent-AAAAAAAAAAAAAAAAAAAAAA.0"
#define INSTANCE "6Vq0"
#define SECRET	 "0123456789abcdef0123456789abcdef"

struct bed {
	struct seal *cluster, *lent;
	struct ipsp_gate offered, reached;
	struct lent_gate gate;
	struct document_name name; /* of the session */
	GHashTable *wanted;	   /* keys */
	struct lent_trial *trial;
	gboolean done;
};

static void take_session(struct bed *bed, const char *key, const char *text)
{
	struct document_want_session want;
	struct document_secret secret;
	g_autoptr(GError) error = NULL;
	g_autoptr(GBytes) bytes = NULL;

	g_assert_true(document_read(DOCUMENT_WANT_SESSION, &want, text,
				    strlen(text), &error));
	g_assert_cmpstr(want.instance, ==, INSTANCE);
	bytes = seal_open(bed->lent, key, want.sealed, &error);
	g_assert_no_error(error);
	g_assert_true(document_secret_read(&secret, bytes, &error));
	lent_gate_serve(&bed->gate, bed->name.did, secret.stun_password);
}

static void on_want(const char *key, const char *text, void *arg)
{
	struct bed *bed = arg;
	struct document_name name;

	g_assert_true(document_name(&name, key));
	g_assert_cmpstr(name.site, ==, SITE);
	g_assert_cmpstr(name.room, ==, LENT_TRIAL_ROOM);
	if (!text) {
		g_assert_true(g_hash_table_remove(bed->wanted, key));
		return;
	}
	g_assert_true(g_hash_table_add(bed->wanted, g_strdup(key)));
	if (name.kind == DOCUMENT_WANT_SESSION) {
		bed->name = name;
		take_session(bed, key, text);
	}
}

static void on_done(const struct ipsp_gate *reached, void *arg)
{
	struct bed *bed = arg;

	g_assert_false(bed->done);
	bed->done = TRUE;
	bed->reached = *reached;
	lent_trial_destroy(&bed->trial);
}

static const struct lent_trial_events events = { .want = on_want,
						 .done = on_done };

static void set_up(struct bed *bed)
{
	*bed = (struct bed){ .cluster = seal_create(SECRET),
			     .offered = { .id = "offered",
					  .n_candidates = 1 } };
	bed->lent = lent_seal(bed->cluster, SITE);
	bed->wanted =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	lent_gate_open(&bed->gate, &bed->offered.candidates[0]);
	bed->trial = lent_trial_create(SITE, INSTANCE, &bed->offered,
				       bed->cluster, &events, bed);
	g_assert_cmpuint(g_hash_table_size(bed->wanted), ==, 2);
}

static void tear_down(struct bed *bed)
{
	lent_trial_destroy(&bed->trial);
	/* Nothing of it is wanted any more. */
	g_assert_cmpuint(g_hash_table_size(bed->wanted), ==, 0);
	g_hash_table_unref(bed->wanted);
	lent_gate_close(&bed->gate);
	seal_destroy(&bed->lent);
	seal_destroy(&bed->cluster);
}

static void told(struct bed *bed, enum document_kind kind, const char *did)
{
	struct document_name name = bed->name;

	name.kind = kind;
	g_strlcpy(name.did, did, sizeof(name.did));
	lent_trial_told(bed->trial, &name);
}

static void who_serves_what_he_is_given_is_reached(void)
{
	struct bed bed;

	set_up(&bed);
	told(&bed, DOCUMENT_STATUS_SESSION, bed.name.did);
	told(&bed, DOCUMENT_STATUS_SESSION, bed.name.did);
	while (!bed.done)
		g_main_context_iteration(NULL, TRUE);
	g_assert_cmpuint(bed.reached.n_candidates, ==, 1);
	g_assert_cmpuint(bed.reached.candidates[0].port, ==,
			 bed.offered.candidates[0].port);
	tear_down(&bed);
}

/* No datagram goes to an address that a mail has named before the gate has
 * opened the session that it was given. */
static void nothing_is_sent_before_the_session_is_open(void)
{
	struct bed bed;

	set_up(&bed);
	told(&bed, DOCUMENT_STATUS_HUB, bed.name.did);
	told(&bed, DOCUMENT_STATUS_SESSION, "BBBBBBBBBBBBBBBBBBBBBB");
	/* Had one been sent, it would be here. */
	g_main_context_iteration(NULL, FALSE);
	g_assert_cmpuint(bed.gate.requests, ==, 0);
	told(&bed, DOCUMENT_STATUS_SESSION, bed.name.did);
	g_main_context_iteration(NULL, FALSE);
	g_assert_cmpuint(bed.gate.requests, ==, 1);
	tear_down(&bed);
	g_assert_false(bed.done);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lent_trial/who serves what he is given is reached",
			who_serves_what_he_is_given_is_reached);
	g_test_add_func("/lent_trial/nothing is sent before the session is "
			"open",
			nothing_is_sent_before_the_session_is_open);
	return g_test_run();
}
