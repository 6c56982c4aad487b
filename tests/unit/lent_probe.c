/* The probe against sockets of our own that answer, or do not. */
#include "bridge/lent_probe.h"

#include "tests/unit/lent_gate.h"

#define DID	 "AAAAAAAAAAAAAAAAAAAAAA"
#define PASSWORD "0123456789abcdefghijklmn"

struct bed {
	struct lent_gate gates[3];
	struct ipsp_gate offered, reached;
	gboolean done;
	struct lent_probe *probe;
};

/* It answers with a password that may be wrong. */
static void open_gate(struct lent_gate *gate, const char *password,
		      struct ipsp_candidate *cand)
{
	lent_gate_open(gate, cand);
	lent_gate_serve(gate, DID, PASSWORD);
	stun_key_init(&gate->answers, password);
}

static void on_done(const struct ipsp_gate *reached, void *arg)
{
	struct bed *bed = arg;

	g_assert_false(bed->done);
	bed->done = TRUE;
	bed->reached = *reached;
	lent_probe_destroy(&bed->probe);
}

static void probe(struct bed *bed)
{
	bed->probe =
		lent_probe_create(&bed->offered, DID, PASSWORD, on_done, bed);
	while (!bed->done)
		g_main_context_iteration(NULL, TRUE);
	for (guint i = 0; i < bed->offered.n_candidates; i++)
		lent_gate_close(&bed->gates[i]);
}

static void who_answers_with_the_sessions_key_is_reached(void)
{
	struct bed bed = { .offered = { .id = "offered", .n_candidates = 3 } };
	struct ipsp_candidate *cands = bed.offered.candidates;

	open_gate(&bed.gates[0], "another password of a thief", &cands[0]);
	open_gate(&bed.gates[1], PASSWORD, &cands[1]);
	open_gate(&bed.gates[2], PASSWORD, &cands[2]);
	bed.gates[1].mute = 2; /* its third request comes through */
	bed.gates[2].lies = TRUE;
	probe(&bed);
	g_assert_cmpuint(bed.reached.n_candidates, ==, 1);
	g_assert_cmpuint(bed.reached.candidates[0].port, ==, cands[1].port);
	g_assert_cmpstr(bed.reached.id, ==, "offered");
	g_assert_cmpuint(bed.gates[0].requests, ==, LENT_PROBE_TRIES);
	g_assert_cmpuint(bed.gates[1].requests, ==, LENT_PROBE_TRIES);
}

static void one_answer_is_enough(void)
{
	struct bed bed = { .offered = { .id = "offered", .n_candidates = 1 } };

	open_gate(&bed.gates[0], PASSWORD, &bed.offered.candidates[0]);
	probe(&bed);
	g_assert_cmpuint(bed.reached.n_candidates, ==, 1);
	g_assert_cmpuint(bed.gates[0].requests, <, LENT_PROBE_TRIES);
}

static void an_end_before_the_answer_is_quiet(void)
{
	struct bed bed = { .offered = { .id = "offered", .n_candidates = 1 } };

	open_gate(&bed.gates[0], PASSWORD, &bed.offered.candidates[0]);
	bed.probe =
		lent_probe_create(&bed.offered, DID, PASSWORD, on_done, &bed);
	lent_probe_destroy(&bed.probe);
	lent_probe_destroy(&bed.probe);
	g_main_context_iteration(NULL, TRUE);
	g_assert_false(bed.done);
	lent_gate_close(&bed.gates[0]);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/lent_probe/who answers with the session's key is "
			"reached",
			who_answers_with_the_sessions_key_is_reached);
	g_test_add_func("/lent_probe/one answer is enough",
			one_answer_is_enough);
	g_test_add_func("/lent_probe/an end before the answer is quiet",
			an_end_before_the_answer_is_quiet);
	return g_test_run();
}
