/* thread - what runs on a media worker's own thread: it waits in epoll and
 * drives the engine. */
#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define LATE_US 5000u /* a tick that begins later is counted as late */
#define BATCHES 4     /* of packets from one socket, at once */
#define RUSH_US 1000u /* wake-ups that come sooner one after the other, */
#define RUSH	16    /* so many times in a row: a rush of packets */
#define NAP_MS	1
#define SOURCES (WAKE_CONTROL + 1)

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

static int watch(int epoll_fd, int fd, unsigned source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	return epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

int thread_prepare(struct worker *wrk)
{
	int r;

	wrk->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	wrk->quiet_fd = epoll_create1(EPOLL_CLOEXEC);
	wrk->timer_fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	wrk->control_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	wrk->worker_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (wrk->epoll_fd < 0 || wrk->quiet_fd < 0 || wrk->timer_fd < 0 ||
	    wrk->control_fd < 0 || wrk->worker_fd < 0)
		return -errno;
	r = watch(wrk->epoll_fd, wrk->timer_fd, WAKE_TIMER);
	if (!r)
		r = watch(wrk->epoll_fd, wrk->control_fd, WAKE_CONTROL);
	if (!r)
		r = watch(wrk->quiet_fd, wrk->timer_fd, WAKE_TIMER);
	if (!r)
		r = watch(wrk->quiet_fd, wrk->control_fd, WAKE_CONTROL);
	for (unsigned i = 0; i < wrk->n_ports && !r; i++)
		r = watch(wrk->epoll_fd, wrk->ports[i].fd, i);
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
	histogram_add(&eng->counters.tick_lateness, late);
	engine_note_load(eng, (unsigned)(cpu - wrk->cpu_us), (unsigned)late);
	wrk->cpu_us = cpu;
	engine_set_clock(eng, now, thread_clock_us(CLOCK_REALTIME));
	engine_tick(eng, now, (unsigned)(due - 1));
	outbox_flush(&eng->outbox);
	histogram_add(&eng->counters.tick_times,
		      thread_clock_us(CLOCK_MONOTONIC) - now);
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

/* What has come to the sockets, not all of a flood: so that it cannot hold up
 * the tick. Returns how many packets. */
static int receive(struct worker *wrk, uint64_t now_us)
{
	int all = 0;

	for (unsigned i = 0; i < wrk->n_ports; i++)
		for (int batch = 0; batch < BATCHES; batch++) {
			int n = port_receive(wrk->receiver, &wrk->ports[i],
					     wrk->first_port + i, wrk->eng,
					     now_us);

			all += n;
			if (n < PORT_BATCH)
				break;
		}
	return all;
}

/* Where packets come one upon the other, a wake-up for each costs more than
 * its work: then the sockets are left alone for a millisecond, and all that
 * came in it is taken at once. */
static int await(const struct worker *wrk, struct epoll_event *ready)
{
	return wrk->rush >= RUSH
		       ? epoll_wait(wrk->quiet_fd, ready, SOURCES, NAP_MS)
		       : epoll_wait(wrk->epoll_fd, ready, SOURCES, -1);
}

/* It begins with many wake-ups close upon each other, and ends with as many
 * milliseconds in a row that brought next to nothing. */
static void note_rush(struct worker *wrk, int received, uint64_t now_us)
{
	bool soon = received && now_us - wrk->received_us < RUSH_US;

	if (wrk->rush < RUSH) {
		wrk->rush = soon ? wrk->rush + 1 : 0;
		wrk->dull = 0;
	} else if (received > 1) {
		wrk->dull = 0;
	} else if (++wrk->dull == RUSH) {
		wrk->rush = 0;
	}
	if (received)
		wrk->received_us = now_us;
}

void *thread_run(void *worker)
{
	struct worker *wrk = worker;
	struct epoll_event ready[SOURCES];

	while (!atomic_load(&wrk->stop)) {
		int n = await(wrk, ready);
		uint64_t now = thread_clock_us(CLOCK_MONOTONIC);
		bool due = false, packets = wrk->rush >= RUSH;
		int received = 0;

		/* Commands first: a session is known before its first
		 * packet is read. Drained before they are taken, so that a
		 * later one wakes again. */
		for (int i = 0; i < n; i++) {
			due |= ready[i].data.u32 == WAKE_TIMER;
			packets |= ready[i].data.u32 < WAKE_TIMER;
			if (ready[i].data.u32 == WAKE_CONTROL)
				thread_drain(wrk->control_fd);
		}
		engine_apply(wrk->eng, now);
		/* Then what came in time for the tick. */
		if (packets || due)
			received = receive(wrk, now);
		note_rush(wrk, received, now);
		if (due)
			tick(wrk);
		if (engine_settle(wrk->eng))
			thread_wake(wrk->worker_fd);
		wake_relays(wrk->eng);
		trunk_wake_rings(wrk->eng);
		set_timer(wrk, now);
	}
	return NULL;
}
