/* A media worker on the loopback with a mix and a gate, for tests. */
#ifndef TESTS_WORKER_H
#define TESTS_WORKER_H

#include <arpa/inet.h>
#include <glib.h>
#include <string.h>

#include "bridge/gate/worker.h"

static inline struct worker *
worker_start(unsigned index, const struct worker_events *events, void *arg)
{
	struct worker_config cfg = { .index = index, .cpu = -1, .n_listen = 1 };
	struct sockaddr_in any = { .sin_family = AF_INET };
	struct worker *wrk = NULL;

	any.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	memcpy(&cfg.listen[0], &any, sizeof(any));
	g_assert_cmpint(worker_create(&wrk, &cfg, events, arg), ==, 0);
	return wrk;
}

static inline struct sockaddr_in worker_at(const struct worker *wrk)
{
	struct sockaddr_storage bound;
	struct sockaddr_in at;

	worker_address(wrk, 0, &bound);
	memcpy(&at, &bound, sizeof(at));
	return at;
}

static inline void worker_open_gate(struct worker *wrk,
				    const struct mix_config *cfg,
				    unsigned places, struct mix **mix_r,
				    struct phonegate **gate_r)
{
	g_assert_cmpint(mix_create(mix_r, cfg), ==, 0);
	g_assert_cmpint(worker_add_mix(wrk, *mix_r), ==, 0);
	g_assert_cmpint(phonegate_create(gate_r, "local-1", *mix_r, places), ==,
			0);
	g_assert_cmpint(worker_add_gate(wrk, *gate_r), ==, 0);
}

#endif
