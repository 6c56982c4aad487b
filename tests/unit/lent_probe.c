/* The probe against sockets of our own that answer, or do not. */
#include "bridge/lent_probe.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bridge/candidates.h"
#include "mixer/stun.h"

#define DID	 "AAAAAAAAAAAAAAAAAAAAAA"
#define PASSWORD "0123456789abcdefghijklmn"

struct gate {
	int fd;
	guint watch;
	struct stun_key key;
	guint mute; /* requests that it does not hear at first */
	guint requests;
	gboolean lies; /* another transaction's answer */
};

struct bed {
	struct gate gates[3];
	struct ipsp_gate offered, reached;
	gboolean done;
	struct lent_probe *probe;
};

static gboolean on_request(gint fd, GIOCondition condition, gpointer data)
{
	struct gate *gate = data;
	struct stun_message request, answer = { .type = STUN_BINDING_SUCCESS };
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	guint8 buf[STUN_MAX_MESSAGE];
	struct stun_key right;
	const gssize size = recvfrom(fd, buf, sizeof(buf), 0,
				     (struct sockaddr *)&from, &length);
	int n;

	(void)condition;
	g_assert_cmpint(stun_decode(&request, buf, (gsize)size), ==, 0);
	g_assert_cmpstr(request.username, ==, DID);
	stun_key_init(&right, PASSWORD);
	g_assert_true(stun_authentic(&request, buf, &right));
	if (gate->requests++ < gate->mute)
		return G_SOURCE_CONTINUE;
	memcpy(answer.transaction, request.transaction,
	       sizeof(answer.transaction));
	answer.transaction[0] ^= gate->lies;
	answer.address = from;
	n = stun_encode(&answer, &gate->key, buf, sizeof(buf));
	g_assert_cmpint(
		sendto(fd, buf, (gsize)n, 0, (struct sockaddr *)&from, length),
		==, n);
	return G_SOURCE_CONTINUE;
}

static void open_gate(struct gate *gate, const char *password,
		      struct ipsp_candidate *cand)
{
	struct sockaddr_storage at;
	struct sockaddr_in *four = (void *)&at;
	socklen_t length = sizeof(*four);

	*gate = (struct gate){ .fd = socket(AF_INET, SOCK_DGRAM, 0) };
	stun_key_init(&gate->key, password);
	g_assert_true(candidates_parse("127.0.0.1", 0, &at));
	g_assert_cmpint(bind(gate->fd, (struct sockaddr *)&at, length), ==, 0);
	g_assert_cmpint(getsockname(gate->fd, (struct sockaddr *)&at, &length),
			==, 0);
	gate->watch = g_unix_fd_add(gate->fd, G_IO_IN, on_request, gate);
	g_strlcpy(cand->transport, "udp", sizeof(cand->transport));
	g_strlcpy(cand->address, "127.0.0.1", sizeof(cand->address));
	cand->port = g_ntohs(four->sin_port);
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
	for (guint i = 0; i < bed->offered.n_candidates; i++) {
		g_source_remove(bed->gates[i].watch);
		close(bed->gates[i].fd);
	}
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
	g_source_remove(bed.gates[0].watch);
	close(bed.gates[0].fd);
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
