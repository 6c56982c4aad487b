/* lent_gate.h - a socket of our own that answers for one session, as an offered
 * PhoneGate does once it has opened it. */
#ifndef TESTS_LENT_GATE_H
#define TESTS_LENT_GATE_H

#include <glib-unix.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include "bridge/candidates.h"
#include "mixer/stun.h"
#include "signaling/ipsp.h"

struct lent_gate {
	int fd;
	guint watch;
	char did[64];
	struct stun_key key;	 /* its requests have this one */
	struct stun_key answers; /* and its answers this one */
	guint mute;		 /* requests that it does not hear at first */
	guint requests;
	gboolean lies; /* another transaction's answer */
};

static gboolean lent_gate_asked(gint fd, GIOCondition condition, gpointer data)
{
	struct lent_gate *gate = data;
	struct stun_message request, answer = { .type = STUN_BINDING_SUCCESS };
	struct sockaddr_storage from;
	socklen_t length = sizeof(from);
	guint8 buf[STUN_MAX_MESSAGE];
	gssize size = recvfrom(fd, buf, sizeof(buf), 0,
			       (struct sockaddr *)&from, &length);

	(void)condition;
	g_assert_cmpint(stun_decode(&request, buf, (gsize)size), ==, 0);
	g_assert_cmpstr(request.username, ==, gate->did);
	g_assert_true(stun_authentic(&request, buf, &gate->key));
	if (gate->requests++ < gate->mute)
		return G_SOURCE_CONTINUE;
	memcpy(answer.transaction, request.transaction,
	       sizeof(answer.transaction));
	answer.transaction[0] ^= gate->lies;
	answer.address = from;
	size = stun_encode(&answer, &gate->answers, buf, sizeof(buf));
	g_assert_cmpint(sendto(fd, buf, (gsize)size, 0,
			       (struct sockaddr *)&from, length),
			==, size);
	return G_SOURCE_CONTINUE;
}

/* Which session it answers for. */
static void lent_gate_serve(struct lent_gate *gate, const char *did,
			    const char *password)
{
	g_strlcpy(gate->did, did, sizeof(gate->did));
	stun_key_init(&gate->key, password);
	gate->answers = gate->key;
}

static void lent_gate_open(struct lent_gate *gate, struct ipsp_candidate *cand)
{
	struct sockaddr_storage at;
	struct sockaddr_in *four = (void *)&at;
	socklen_t length = sizeof(*four);

	*gate = (struct lent_gate){ .fd = socket(AF_INET, SOCK_DGRAM, 0) };
	g_assert_true(candidates_parse("127.0.0.1", 0, &at));
	g_assert_cmpint(bind(gate->fd, (struct sockaddr *)&at, length), ==, 0);
	g_assert_cmpint(getsockname(gate->fd, (struct sockaddr *)&at, &length),
			==, 0);
	gate->watch = g_unix_fd_add(gate->fd, G_IO_IN, lent_gate_asked, gate);
	g_strlcpy(cand->transport, "udp", sizeof(cand->transport));
	g_strlcpy(cand->address, "127.0.0.1", sizeof(cand->address));
	cand->port = g_ntohs(four->sin_port);
}

static void lent_gate_close(struct lent_gate *gate)
{
	g_source_remove(gate->watch);
	close(gate->fd);
}

#endif
