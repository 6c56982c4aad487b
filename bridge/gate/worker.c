#include "bridge/gate/worker.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/crypto.h>

#include "bridge/gate/hub_private.h"

static int open_ports(struct worker *wrk, const struct worker_config *cfg)
{
	wrk->first_port = cfg->index * WORKER_MAX_LISTEN;
	for (unsigned i = 0; i < cfg->n_listen; i++) {
		int r = port_open(&wrk->ports[i], &cfg->listen[i]);

		if (r)
			return r;
		wrk->eng->fds[wrk->first_port + i] = wrk->ports[i].fd;
		wrk->n_ports++;
	}
	return 0;
}

/* Wishes. The first is for root, or who has a limit for it (RLIMIT_RTPRIO);
 * on a CPU of its own a worker keeps its cache, and is not behind another
 * worker while a CPU is idle. */
static void hasten(pthread_t thread, int cpu)
{
	const struct sched_param first = { .sched_priority = 1 };
	cpu_set_t cpus;

	pthread_setschedparam(thread, SCHED_RR, &first);
	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return;
	CPU_ZERO(&cpus);
	CPU_SET((unsigned)cpu, &cpus);
	pthread_setaffinity_np(thread, sizeof(cpus), &cpus);
}

/* Signals are the control thread's. */
static int start(struct worker *wrk, const struct worker_config *cfg)
{
	sigset_t all, before;
	char name[16];
	int r;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	r = -pthread_create(&wrk->thread, NULL, thread_run, wrk);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (r)
		return r;
	wrk->running = true;
	snprintf(name, sizeof(name), "media-%u", cfg->index % 1000);
	pthread_setname_np(wrk->thread, name);
	hasten(wrk->thread, cfg->cpu);
	return 0;
}

int worker_create(struct worker **wrk_r, const struct worker_config *cfg,
		  const struct worker_events *events, void *arg)
{
	struct worker *wrk;
	int r;

	if (cfg->n_listen > WORKER_MAX_LISTEN ||
	    cfg->index >= PORTS / WORKER_MAX_LISTEN)
		return -EINVAL;
	wrk = calloc(1, sizeof(*wrk));
	if (!wrk)
		return -ENOMEM;
	wrk->events = *events;
	wrk->arg = arg;
	wrk->epoll_fd = wrk->quiet_fd = wrk->timer_fd = wrk->control_fd =
		wrk->worker_fd = -1;
	for (unsigned i = 0; i < WORKER_MAX_LISTEN; i++)
		wrk->ports[i].fd = -1;
	r = engine_create(&wrk->eng, thread_flush, wrk);
	if (!r)
		r = port_receiver_create(&wrk->receiver);
	if (!r)
		r = open_ports(wrk, cfg);
	if (!r)
		r = thread_prepare(wrk);
	if (!r) {
		wrk->eng->pause = thread_pause;
		wrk->eng->pause_arg = wrk;
		engine_set_clock(wrk->eng, thread_clock_us(CLOCK_MONOTONIC),
				 thread_clock_us(CLOCK_REALTIME));
		r = start(wrk, cfg);
	}
	if (r)
		worker_destroy(&wrk);
	else
		*wrk_r = wrk;
	return r;
}

int worker_command(struct worker *wrk, const struct command *cmd)
{
	if (!ring_push(wrk->eng->commands, cmd))
		return -EAGAIN;
	thread_wake(wrk->control_fd);
	return 0;
}

static void forget_routes(struct worker *home)
{
	while (home->forgotten) {
		struct route *route = home->forgotten;
		/* Once it is pushed, home links it anew. */
		struct route *next = route->forgotten;

		if (worker_command(home, &(struct command){
						 .kind = COMMAND_FORGET_ROUTE,
						 .route = route }))
			return;
		home->forgotten = next;
	}
}

/* The session's worker has told home the last of it. */
static void forget_route(struct session *ses)
{
	struct worker *home = ses->relay->home;

	ses->route->forgotten = home->forgotten;
	home->forgotten = ses->route;
	forget_routes(home);
}

void worker_free(enum object_kind kind, void *object)
{
	struct session *ses = object;
	struct phonegate *gate = object;
	struct engine_mix *entry = object;
	struct trunk *trk = object;
	struct hub *hub = object;
	struct new_stream *old = object;

	switch (kind) {
	case OBJECT_SESSION:
		ses->gate->taken -= !ses->standby;
		if (ses->route)
			forget_route(ses);
		session_destroy(&ses);
		break;
	case OBJECT_GATE:
		phonegate_destroy(&gate);
		break;
	case OBJECT_MIX:
		mix_destroy(&entry->mix);
		free(entry);
		break;
	case OBJECT_HUB:
		hub_destroy(&hub);
		break;
	case OBJECT_TRUNK:
		trunk_destroy(&trk);
		break;
	case OBJECT_STREAM:
		if (old)
			stream_destroy(&old->stream);
		free(old);
		break;
	case OBJECT_CREDENTIALS:
		OPENSSL_cleanse(object, sizeof(struct credentials));
		free(object);
		break;
	case OBJECT_CLIP:
		play_free(object);
		break;
	case OBJECT_MESSAGE:
	case OBJECT_MOVE:
	case OBJECT_ROUTE:
		free(object);
		break;
	}
}

static void tell(struct worker *wrk, const struct event *event)
{
	const struct worker_events *on = &wrk->events;

	switch (event->kind) {
	case EVENT_REGISTERED:
		if (on->registered)
			on->registered(event->member, event->registered.path,
				       event->registered.first, wrk->arg);
		break;
	case EVENT_GONE:
		if (on->gone)
			on->gone(event->member, event->why, wrk->arg);
		break;
	case EVENT_REPORT:
		if (on->report)
			on->report(event->member, &event->report, wrk->arg);
		break;
	case EVENT_TRUNK:
		if (on->trunk)
			on->trunk(event->member, &event->trunk, wrk->arg);
		break;
	case EVENT_HUB:
		if (on->hub)
			on->hub(event->member, &event->hub, wrk->arg);
		break;
	case EVENT_RETIRED:
		break;
	}
}

static void tell_message(struct worker *wrk, const struct event_message *msg)
{
	const struct worker_events *on = &wrk->events;

	if (msg->hub && on->hub_message)
		on->hub_message(msg->member, msg->from, msg->text, msg->size,
				wrk->arg);
	else if (!msg->hub && on->message)
		on->message(msg->member, msg->text, msg->size, wrk->arg);
}

void worker_dispatch(struct worker *wrk)
{
	struct event event;

	thread_drain(wrk->worker_fd);
	forget_routes(wrk);
	while (ring_pop(wrk->eng->packets_up, &wrk->packet))
		if (wrk->events.websocket)
			wrk->events.websocket(wrk->packet.connection,
					      wrk->packet.buf, wrk->packet.size,
					      wrk->arg);
	while (ring_pop(wrk->eng->messages, &wrk->message))
		tell_message(wrk, &wrk->message);
	while (ring_pop(wrk->eng->dtls_up, &wrk->dtls))
		wrk->events.dtls(wrk->dtls.member, wrk->dtls.buf,
				 wrk->dtls.size, wrk->arg);
	while (ring_pop(wrk->eng->events, &event)) {
		if (event.kind == EVENT_RETIRED)
			worker_free(event.retired.kind, event.retired.object);
		else
			tell(wrk, &event);
	}
}

/* After the thread has ended: its last commands are applied here. */
static void finish(struct worker *wrk)
{
	struct event event;
	bool more = true;

	while (more) {
		engine_apply(wrk->eng, thread_clock_us(CLOCK_MONOTONIC));
		more = engine_settle(wrk->eng) || wrk->eng->retiring;
		while (ring_pop(wrk->eng->events, &event))
			if (event.kind == EVENT_RETIRED)
				worker_free(event.retired.kind,
					    event.retired.object);
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void worker_stop(struct worker *wrk)
{
	if (!wrk->running)
		return;
	atomic_store(&wrk->stop, true);
	thread_wake(wrk->control_fd);
	pthread_join(wrk->thread, NULL);
	wrk->running = false;
	finish(wrk);
}

void worker_destroy(struct worker **wrkp)
{
	struct worker *wrk = *wrkp;

	*wrkp = NULL;
	if (!wrk)
		return;
	worker_stop(wrk);
	engine_destroy(&wrk->eng);
	while (wrk->relays) {
		struct relay *rly = wrk->relays;

		wrk->relays = rly->next;
		relay_destroy(&rly);
	}
	port_receiver_destroy(&wrk->receiver);
	for (unsigned i = 0; i < WORKER_MAX_LISTEN; i++)
		port_close(&wrk->ports[i]);
	close_fd(wrk->epoll_fd);
	close_fd(wrk->quiet_fd);
	close_fd(wrk->timer_fd);
	close_fd(wrk->control_fd);
	close_fd(wrk->worker_fd);
	free(wrk);
}

void worker_address(const struct worker *wrk, unsigned i,
		    struct sockaddr_storage *addr_r)
{
	memset(addr_r, 0, sizeof(*addr_r));
	if (i < wrk->n_ports)
		*addr_r = wrk->ports[i].address;
}

int worker_fd(const struct worker *wrk)
{
	return wrk->worker_fd;
}

static uint64_t get(const atomic_uint_fast64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

void worker_report(const struct worker *wrk, struct worker_report *rep_r)
{
	const struct counters *ctr = &wrk->eng->counters;

	*rep_r = (struct worker_report){
		.ticks = get(&ctr->ticks),
		.late_ticks = get(&ctr->late_ticks),
		.packets_in = get(&ctr->packets_in),
		.packets_out = get(&ctr->packets_out),
		.bytes_in = get(&ctr->bytes_in),
		.bytes_out = get(&ctr->bytes_out),
		.unknown_user = get(&ctr->unknown_user),
		.bad_key = get(&ctr->bad_key),
		.unproven = get(&ctr->unproven),
		.malformed = get(&ctr->malformed),
		.dropped = get(&ctr->dropped) + get(&ctr->dropped_down),
		.sessions = get(&ctr->sessions),
		.stress = atomic_load_explicit(&ctr->stress,
					       memory_order_relaxed) /
			  1000.0,
		.effort = atomic_load_explicit(&ctr->effort,
					       memory_order_relaxed),
	};
	histogram_read(&ctr->tick_times, &rep_r->tick_times);
	histogram_read(&ctr->tick_lateness, &rep_r->tick_lateness);
	for (unsigned i = 0; i < wrk->n_ports; i++)
		rep_r->unread += port_dropped(&wrk->ports[i]);
}
