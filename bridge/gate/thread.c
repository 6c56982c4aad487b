/* thread - what runs on a media worker's own thread: it waits in epoll and
 * drives the engine. */
#include "bridge/gate/private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LATE_US 5000u /* a tick that begins later is counted as late */

uint64_t thread_clock_us(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

void thread_wake(int fd)
{
	uint64_t one = 1;

	/* Fails only when it is awake already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

uint64_t thread_drain(int fd)
{
	uint64_t n;

	return read(fd, &n, sizeof(n)) == sizeof(n) ? n : 0;
}

static int watch(struct worker *wrk, int fd, unsigned source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(wrk->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int thread_prepare(struct worker *wrk)
{
	int r;

	wrk->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wrk->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	wrk->control_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wrk->worker_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wrk->epoll_fd < 0 || wrk->timer_fd < 0 || wrk->control_fd < 0 ||
	    wrk->worker_fd < 0)
		return -errno;
	r = watch(wrk, wrk->timer_fd, WAKE_TIMER);
	if (!r)
		r = watch(wrk, wrk->control_fd, WAKE_CONTROL);
	for (unsigned i = 0; i < wrk->n_ports && !r; i++)
		r = watch(wrk, wrk->ports[i].fd, i);
	return r;
}

void thread_flush(struct outbox *box, void *worker)
{
	struct worker *wrk = worker;
	struct engine *eng = wrk->eng;

	port_send(eng);
	for (unsigned i = 0; i < box->n; i++) {
		struct outbox_packet *pkt = &box->packets[i];

		if (pkt->to.kind != PATH_WEBSOCKET)
			continue;
		wrk->packet_up.connection = pkt->to.connection;
		wrk->packet_up.size = pkt->size;
		memcpy(wrk->packet_up.buf, pkt->buf, pkt->size);
		if (!ring_push(eng->packets_up, &wrk->packet_up)) {
			count(&eng->counters.dropped, 1);
			continue;
		}
		eng->told = true;
		count(&eng->counters.packets_out, 1);
		count(&eng->counters.bytes_out, pkt->size);
	}
}

void thread_pause(struct engine *eng, void *worker)
{
	struct worker *wrk = worker;
	uint64_t now = thread_clock_us(CLOCK_MONOTONIC);

	outbox_flush(&eng->outbox);
	for (unsigned i = 0; i < wrk->n_ports; i++)
		port_receive(wrk->receiver, &wrk->ports[i], wrk->first_port + i,
			     eng, now);
}

/* A worker without sessions makes no wake-ups. */
static void set_timer(struct worker *wrk, uint64_t now_us)
{
	struct itimerspec spec = { 0 };
	bool busy = engine_busy(wrk->eng);

	if (busy == (wrk->next_tick_us != 0))
		return;
	wrk->next_tick_us = busy ? now_us + TICK_US : 0;
	wrk->cpu_us = thread_clock_us(CLOCK_THREAD_CPUTIME_ID);
	if (busy) {
		spec.it_value.tv_sec = (time_t)(wrk->next_tick_us / 1000000);
		spec.it_value.tv_nsec =
			(long)(wrk->next_tick_us % 1000000 * 1000);
		spec.it_interval.tv_nsec = TICK_US * 1000l;
	}
	timerfd_settime(wrk->timer_fd, TFD_TIMER_ABSTIME, &spec, NULL);
}

/* One step, however many are due: those that were missed are left out, so
 * that nobody gets their packets in a burst. */
static void tick(struct worker *wrk)
{
	uint64_t due = thread_drain(wrk->timer_fd),
		 now = thread_clock_us(CLOCK_MONOTONIC),
		 cpu = thread_clock_us(CLOCK_THREAD_CPUTIME_ID), late;
	struct engine *eng = wrk->eng;

	if (!due || !wrk->next_tick_us)
		return;
	late = now > wrk->next_tick_us ? now - wrk->next_tick_us : 0;
	wrk->next_tick_us += due * TICK_US;
	count(&eng->counters.late_ticks,
	      due - 1 + (now + TICK_US > wrk->next_tick_us + LATE_US));
	engine_note_load(eng, (unsigned)(cpu - wrk->cpu_us), (unsigned)late);
	wrk->cpu_us = cpu;
	engine_set_clock(eng, now, thread_clock_us(CLOCK_REALTIME));
	engine_tick(eng, now, (unsigned)(due - 1));
	outbox_flush(&eng->outbox);
	histogram_add(&eng->counters.tick_times,
		      thread_clock_us(CLOCK_MONOTONIC) - now);
}

static void serve(struct worker *wrk, unsigned source, uint64_t now_us)
{
	if (source == WAKE_TIMER)
		tick(wrk);
	else if (source != WAKE_CONTROL)
		port_receive(wrk->receiver, &wrk->ports[source],
			     wrk->first_port + source, wrk->eng, now_us);
}

static void wake_relays(struct engine *eng)
{
	for (struct relay *rly = eng->relays_home; rly; rly = rly->next_home) {
		if (rly->wake_away)
			thread_wake(rly->away_fd);
		rly->wake_away = false;
	}
	for (struct relay *rly = eng->relays_away; rly; rly = rly->next_away) {
		if (rly->wake_home)
			thread_wake(rly->home_fd);
		rly->wake_home = false;
	}
}

void *thread_run(void *worker)
{
	struct worker *wrk = worker;
	struct epoll_event ready[WAKE_CONTROL + 1];

	while (!atomic_load(&wrk->stop)) {
		int n = epoll_wait(wrk->epoll_fd, ready, WAKE_CONTROL + 1, -1);
		uint64_t now = thread_clock_us(CLOCK_MONOTONIC);

		/* Commands first: a session is known before its first
		 * packet is read. Drained before they are taken, so that a
		 * later one wakes again. */
		for (int i = 0; i < n; i++)
			if (ready[i].data.u32 == WAKE_CONTROL)
				thread_drain(wrk->control_fd);
		engine_apply(wrk->eng, now);
		/* One batch for each socket, then the tick is looked at
		 * again: a flood cannot hold it up. */
		for (int i = 0; i < n; i++)
			serve(wrk, ready[i].data.u32, now);
		if (engine_settle(wrk->eng))
			thread_wake(wrk->worker_fd);
		wake_relays(wrk->eng);
		set_timer(wrk, now);
	}
	return NULL;
}
