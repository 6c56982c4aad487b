/* A gate that reads what it is given, and answers for the session in it. */
#include "bridge/lent_trial.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bridge/candidates.h"
#include "bridge/lent.h"
#include "mixer/stun.h"

#define SITE	 "lent-AAAAAAAAAAAAAAAAAAAAAA.0"
#define INSTANCE "6Vq0"
#define SECRET	 "0123456789abcdef0123456789abcdef"

struct bed {
	struct seal *cluster, *lent;
	struct ipsp_gate offered, reached;
	int fd;
	guint watch, requests;
	struct document_name name; /* of the session */
	struct stun_key key;
	GHashTable *wanted; /* keys */
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
	stun_key_init(&bed->key, secret.stun_password);
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

static gboolean on_request(gint fd, GIOCondition condition, gpointer data)
{
	struct bed *bed = data;
	struct stun_message request, answer = { .type = STUN_BINDING_SUCCESS };
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	guint8 buf[STUN_MAX_MESSAGE];
	gssize size;

	(void)condition;
	size = recvfrom(fd, buf, sizeof(buf), 0, (struct sockaddr *)&from,
			&length);
	bed->requests++;
	g_assert_cmpint(stun_decode(&request, buf, (gsize)size), ==, 0);
	g_assert_cmpstr(request.username, ==, bed->name.did);
	g_assert_true(stun_authentic(&request, buf, &bed->key));
	memcpy(answer.transaction, request.transaction,
	       sizeof(answer.transaction));
	answer.address = from;
	size = stun_encode(&answer, &bed->key, buf, sizeof(buf));
	g_assert_cmpint(sendto(fd, buf, (gsize)size, 0,
			       (struct sockaddr *)&from, length),
			==, size);
	return G_SOURCE_CONTINUE;
}

static void set_up(struct bed *bed)
{
	struct sockaddr_storage at;
	struct sockaddr_in *four = (void *)&at;
	socklen_t length = sizeof(*four);
	struct ipsp_candidate *cand = &bed->offered.candidates[0];

	*bed = (struct bed){ .cluster = seal_create(SECRET),
			     .offered = { .id = "offered", .n_candidates = 1 },
			     .fd = socket(AF_INET, SOCK_DGRAM, 0) };
	bed->lent = lent_seal(bed->cluster, SITE);
	bed->wanted =
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	g_assert_true(candidates_parse("127.0.0.1", 0, &at));
	g_assert_cmpint(bind(bed->fd, (struct sockaddr *)&at, length), ==, 0);
	g_assert_cmpint(getsockname(bed->fd, (struct sockaddr *)&at, &length),
			==, 0);
	bed->watch = g_unix_fd_add(bed->fd, G_IO_IN, on_request, bed);
	g_strlcpy(cand->transport, "udp", sizeof(cand->transport));
	g_strlcpy(cand->address, "127.0.0.1", sizeof(cand->address));
	cand->port = g_ntohs(four->sin_port);
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
	g_source_remove(bed->watch);
	close(bed->fd);
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
	g_assert_cmpuint(bed.requests, ==, 0);
	told(&bed, DOCUMENT_STATUS_SESSION, bed.name.did);
	g_main_context_iteration(NULL, FALSE);
	g_assert_cmpuint(bed.requests, ==, 1);
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
