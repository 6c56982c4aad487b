#include "bridge/lent_probe.h"

#include <glib-unix.h>
#include <netinet/in.h>
#include <openssl/rand.h>
#include <string.h>
#include <unistd.h>

#include "bridge/candidates.h"
#include "mixer/stun.h"

enum { FOUR, SIX, FAMILIES };

struct target {
	struct sockaddr_storage address;
	guint8 transaction[STUN_TRANSACTION_SIZE];
	gboolean reached;
};

struct lent_probe {
	struct ipsp_gate gate;
	char did[STUN_MAX_USERNAME];
	struct stun_key key;
	lent_probe_func done;
	void *arg;
	struct target targets[IPSP_MAX_CANDIDATES];
	int sockets[FAMILIES]; /* -1: none */
	guint watches[FAMILIES], timer;
	guint tries;
};

static void send_to(struct lent_probe *probe, const struct target *target)
{
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .has_cookie = true };
	const gboolean six = target->address.ss_family == AF_INET6;
	const int fd = probe->sockets[six ? SIX : FOUR];
	guint8 buf[STUN_MAX_MESSAGE];
	int size;

	memcpy(msg.transaction, target->transaction, sizeof(msg.transaction));
	g_strlcpy(msg.username, probe->did, sizeof(msg.username));
	size = stun_encode(&msg, &probe->key, buf, sizeof(buf));
	if (fd >= 0 && size > 0 &&
	    sendto(fd, buf, (gsize)size, 0,
		   (const struct sockaddr *)&target->address,
		   six ? sizeof(struct sockaddr_in6)
		       : sizeof(struct sockaddr_in)) < 0)
		g_debug("site: no probe is sent: %s", g_strerror(errno));
}

static gboolean all_reached(const struct lent_probe *probe)
{
	for (guint i = 0; i < probe->gate.n_candidates; i++)
		if (!probe->targets[i].reached)
			return FALSE;
	return TRUE;
}

static void finish(struct lent_probe *probe)
{
	struct ipsp_gate reached = probe->gate;

	reached.n_candidates = 0;
	memset(reached.candidates, 0, sizeof(reached.candidates));
	for (guint i = 0; i < probe->gate.n_candidates; i++)
		if (probe->targets[i].reached)
			reached.candidates[reached.n_candidates++] =
				probe->gate.candidates[i];
	probe->done(&reached, probe->arg);
}

static void try(struct lent_probe *probe)
{
	probe->tries++;
	for (guint i = 0; i < probe->gate.n_candidates; i++)
		if (!probe->targets[i].reached)
			send_to(probe, &probe->targets[i]);
}

static gboolean on_timer(gpointer data)
{
	struct lent_probe *probe = data;

	if (probe->tries < LENT_PROBE_TRIES && !all_reached(probe)) {
		try(probe);
		return G_SOURCE_CONTINUE;
	}
	probe->timer = 0;
	finish(probe);
	return G_SOURCE_REMOVE;
}

static void take_answer(struct lent_probe *probe, const guint8 *buf, gsize size)
{
	struct stun_message msg;

	if (stun_decode(&msg, buf, size) || msg.type != STUN_BINDING_SUCCESS ||
	    !stun_authentic(&msg, buf, &probe->key))
		return;
	for (guint i = 0; i < probe->gate.n_candidates; i++)
		if (!memcmp(msg.transaction, probe->targets[i].transaction,
			    sizeof(msg.transaction)))
			probe->targets[i].reached = TRUE;
}

/* What is reached is told by the timer: the probe may end there. */
static gboolean on_packet(gint fd, GIOCondition condition, gpointer data)
{
	struct lent_probe *probe = data;
	guint8 buf[STUN_MAX_MESSAGE];
	gssize size;

	(void)condition;
	while ((size = recv(fd, buf, sizeof(buf), MSG_DONTWAIT)) >= 0)
		take_answer(probe, buf, (gsize)size);
	return G_SOURCE_CONTINUE;
}

static void open_sockets(struct lent_probe *probe)
{
	static const int families[FAMILIES] = { AF_INET, AF_INET6 };

	for (guint i = 0; i < FAMILIES; i++) {
		probe->sockets[i] =
			socket(families[i],
			       SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
		if (probe->sockets[i] >= 0)
			probe->watches[i] = g_unix_fd_add(
				probe->sockets[i], G_IO_IN, on_packet, probe);
	}
}

struct lent_probe *lent_probe_create(const struct ipsp_gate *gate,
				     const char *did, const char *password,
				     lent_probe_func done, void *arg)
{
	struct lent_probe *probe = g_new0(struct lent_probe, 1);

	probe->gate = *gate;
	g_strlcpy(probe->did, did, sizeof(probe->did));
	stun_key_init(&probe->key, password);
	probe->done = done;
	probe->arg = arg;
	for (guint i = 0; i < gate->n_candidates; i++) {
		struct target *target = &probe->targets[i];

		candidates_parse(gate->candidates[i].address,
				 gate->candidates[i].port, &target->address);
		if (RAND_bytes(target->transaction,
			       sizeof(target->transaction)) != 1)
			g_error("site: the system gives no random bytes");
	}
	open_sockets(probe);
	probe->timer = g_timeout_add(LENT_PROBE_EVERY_MS, on_timer, probe);
	try(probe);
	return probe;
}

void lent_probe_destroy(struct lent_probe **probep)
{
	struct lent_probe *probe = *probep;

	*probep = NULL;
	if (!probe)
		return;
	g_clear_handle_id(&probe->timer, g_source_remove);
	for (guint i = 0; i < FAMILIES; i++) {
		g_clear_handle_id(&probe->watches[i], g_source_remove);
		if (probe->sockets[i] >= 0)
			close(probe->sockets[i]);
	}
	explicit_bzero(&probe->key, sizeof(probe->key));
	g_free(probe);
}
