#include "loadgen/media.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "mixer/ring.h"

#define SLOTS	      20
#define SLOT_US	      1000
#define TICK_US	      (SLOTS * SLOT_US)
#define SLOT_CHOICE   5			 /* slots looked at for a new line */
#define SLEPT_US      (10 * 1000 * 1000) /* then missed ticks are skipped */
#define BYES	      3 /* RTCP BYE is not acknowledged: repeated */
#define RING_COMMANDS 4096
#define RING_EVENTS   4096
#define RING_PACKETS  2048

enum command_type {
	COMMAND_ADD,
	COMMAND_HANG_UP,
	COMMAND_MUTE,
	COMMAND_WEBSOCKET,
	COMMAND_STOP,
};

struct command {
	enum command_type type;
	struct media_line *line;
	bool on;
	unsigned target;
};

struct event {
	struct media_line *line;
	bool retired;
	struct call_event event;
};

struct packet {
	struct media_line *line;
	unsigned target;
	uint16_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

struct media_line {
	struct media *med;		 /* {const} */
	struct call *call;		 /* {worker} once added */
	const struct media_sound *sound; /* {const} */
	void *sound_arg;		 /* {const} */
	void *owner;			 /* {const} */
	int sockets[2];			 /* {const} IPv4, IPv6; -1: none */
	bool hung_up;			 /* {control} */
	unsigned byes;			 /* {worker} left to send, 0: talking */
	unsigned slot;			 /* {worker} */
	struct media_line *next;	 /* {worker} of the slot */
};

struct media {
	const struct media_events *events;	/* {const} */
	struct ring *commands, *events_up;	/* {const} */
	struct ring *packets_down, *packets_up; /* {const} */
	int epoll, timer, wake, up;		/* {const} */
	pthread_t thread;			/* {control} */
	bool running;				/* {control} */

	struct media_line *slots[SLOTS]; /* {worker} */
	unsigned count[SLOTS];		 /* {worker} lines in each */
	unsigned n_lines;		 /* {worker} */
	uint64_t next;			 /* {worker} slot time / SLOT_US */
	bool stop;			 /* {worker} */
	bool woken;			 /* {worker} `up` is to be written */
	atomic_uint_fast64_t
		lateness[MEDIA_LATENESS_BINS]; /* written by worker */
	atomic_uint_fast64_t max_us, lost_events;
};

static uint64_t clock_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static uint64_t now_us(void)
{
	return clock_us(CLOCK_MONOTONIC);
}

static void ring_bell(int fd)
{
	const uint64_t one = 1;

	/* Full means that it rings already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

static void silence_bell(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return;
}

/* --- the media thread: what a call wants of the world --- */

static int send_udp(struct media_line *line,
		    const struct sockaddr_storage *address, const uint8_t *buf,
		    size_t size)
{
	bool v6 = address->ss_family == AF_INET6;
	socklen_t length =
		v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (line->sockets[v6] < 0)
		return -EAFNOSUPPORT;
	if (sendto(line->sockets[v6], buf, size, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)address, length) >= 0)
		return 0;
	switch (errno) {
	case ENETUNREACH:
	case EHOSTUNREACH:
	case EADDRNOTAVAIL:
	case EACCES:
	case EPERM:
	case EINVAL:
		return -errno;
	default: /* EAGAIN, ENOBUFS: lost on the way, as any packet may be */
		return 0;
	}
}

static int on_send(unsigned target, const uint8_t *buf, size_t size, void *arg)
{
	struct media_line *line = arg;
	const struct registration_target *to = call_target(line->call, target);
	struct packet pkt;

	if (!to->websocket)
		return send_udp(line, &to->address, buf, size);
	if (size > sizeof(pkt.buf))
		return 0;
	pkt.line = line;
	pkt.target = target;
	pkt.size = (uint16_t)size;
	memcpy(pkt.buf, buf, size);
	if (!ring_push(line->med->packets_up, &pkt))
		atomic_fetch_add_explicit(&line->med->lost_events, 1,
					  memory_order_relaxed);
	line->med->woken = true;
	return 0;
}

static void on_event(const struct call_event *call_event, void *arg)
{
	struct media_line *line = arg;
	struct event event = { .line = line, .event = *call_event };

	if (!ring_push(line->med->events_up, &event))
		atomic_fetch_add_explicit(&line->med->lost_events, 1,
					  memory_order_relaxed);
	line->med->woken = true;
}

static bool on_speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	struct media_line *line = arg;

	return line->sound->speak(pcm_r, tick_us, line->sound_arg);
}

static void on_hear(const int16_t *pcm, uint64_t tick_us, void *arg)
{
	struct media_line *line = arg;

	line->sound->hear(pcm, tick_us, line->sound_arg);
}

static const struct call_io call_io = {
	.send = on_send,
	.event = on_event,
	.speak = on_speak,
	.hear = on_hear,
};

/* --- the media thread: its loop --- */

static void arm(struct media *med)
{
	struct itimerspec when = { 0 };
	uint64_t next = med->next, us;

	/* No line at all leaves the timer disarmed. */
	for (unsigned i = 0; i < SLOTS; i++, next++) {
		if (!med->slots[next % SLOTS])
			continue;
		us = next * SLOT_US;
		when.it_value.tv_sec = (time_t)(us / 1000000);
		when.it_value.tv_nsec = (long)(us % 1000000) * 1000;
		break;
	}
	timerfd_settime(med->timer, TFD_TIMER_ABSTIME, &when, NULL);
}

static void line_add(struct media *med, struct media_line *line)
{
	uint64_t now = now_us(), first = now / SLOT_US + 1, best = first;

	for (uint64_t at = first; at < first + SLOT_CHOICE; at++)
		if (med->count[at % SLOTS] < med->count[best % SLOTS])
			best = at;
	line->slot = best % SLOTS;
	line->next = med->slots[line->slot];
	med->slots[line->slot] = line;
	med->count[line->slot]++;
	for (int i = 0; i < 2; i++) {
		struct epoll_event ev = { .events = EPOLLIN };

		ev.data.ptr = (void *)((uintptr_t)line | (unsigned)i);
		if (line->sockets[i] >= 0)
			epoll_ctl(med->epoll, EPOLL_CTL_ADD, line->sockets[i],
				  &ev);
	}
	/* Slots whose time has passed while nobody ticked are not owed. */
	if (!med->n_lines++)
		med->next = first;
	call_start(line->call, now, clock_us(CLOCK_REALTIME));
}

/* Returns false when the control thread has no room: tried again. */
static bool line_retire(struct media *med, struct media_line *line)
{
	const struct event event = { .line = line, .retired = true };

	if (!ring_push(med->events_up, &event))
		return false;
	med->woken = true;
	med->count[line->slot]--;
	med->n_lines--;
	for (int i = 0; i < 2; i++)
		if (line->sockets[i] >= 0)
			epoll_ctl(med->epoll, EPOLL_CTL_DEL, line->sockets[i],
				  NULL);
	return true;
}

static void take_command(struct media *med, const struct command *cmd)
{
	switch (cmd->type) {
	case COMMAND_ADD:
		line_add(med, cmd->line);
		break;
	case COMMAND_HANG_UP:
		cmd->line->byes = BYES + 1;
		break;
	case COMMAND_MUTE:
		call_mute(cmd->line->call, cmd->on, now_us());
		break;
	case COMMAND_WEBSOCKET:
		call_websocket(cmd->line->call, cmd->target, cmd->on, now_us());
		break;
	case COMMAND_STOP:
		med->stop = true;
		break;
	}
}

static void take_commands(struct media *med)
{
	struct command cmd;
	struct packet pkt;

	silence_bell(med->wake);
	while (ring_pop(med->commands, &cmd))
		take_command(med, &cmd);
	while (ring_pop(med->packets_down, &pkt))
		call_receive(pkt.line->call, pkt.buf, pkt.size, now_us());
}

static void take_packets(struct media_line *line, int which)
{
	uint8_t buf[2048];
	ssize_t n;

	/* Bounded, so that a flood on one socket starves no other. */
	for (int i = 0; i < 64; i++) {
		n = recv(line->sockets[which], buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0)
			return;
		call_receive(line->call, buf, (size_t)n, now_us());
	}
}

static void note_lateness(struct media *med, uint64_t late_us)
{
	uint64_t bin = late_us / MEDIA_LATENESS_BIN_US;

	if (bin >= MEDIA_LATENESS_BINS)
		bin = MEDIA_LATENESS_BINS - 1;
	atomic_fetch_add_explicit(&med->lateness[bin], 1, memory_order_relaxed);
	if (late_us > atomic_load_explicit(&med->max_us, memory_order_relaxed))
		atomic_store_explicit(&med->max_us, late_us,
				      memory_order_relaxed);
}

/* Returns false when the line is gone. */
static bool line_tick(struct media *med, struct media_line *line,
		      uint64_t tick_us)
{
	uint64_t now = now_us();

	if (!line->byes) {
		note_lateness(med, now - tick_us);
		call_tick(line->call, tick_us, now);
		return true;
	}
	if (line->byes > 1) {
		call_bye(line->call, now);
		line->byes--;
		return true;
	}
	return !line_retire(med, line);
}

static void take_ticks(struct media *med)
{
	uint64_t now = now_us();
	uint64_t expirations;

	if (read(med->timer, &expirations, sizeof(expirations)) < 0)
		return;
	if (now > med->next * SLOT_US + SLEPT_US)
		med->next = now / SLOT_US; /* the machine was suspended */
	for (; med->next * SLOT_US <= now; med->next++) {
		struct media_line **at = &med->slots[med->next % SLOTS];

		while (*at) {
			struct media_line *line = *at, *next = line->next;

			if (line_tick(med, line, med->next * SLOT_US))
				at = &line->next;
			else
				*at = next;
		}
	}
}

static void *run(void *arg)
{
	struct media *med = arg;
	struct epoll_event events[64];

	while (!med->stop) {
		bool tick = false, command = false;
		int n = epoll_wait(med->epoll, events, 64, -1);

		for (int i = 0; i < n; i++) {
			uintptr_t who = (uintptr_t)events[i].data.ptr;

			if (who == (uintptr_t)&med->timer)
				tick = true;
			else if (who == (uintptr_t)&med->wake)
				command = true;
			else
				take_packets((void *)(who & ~(uintptr_t)1),
					     who & 1);
		}
		/* Packets first: what has come by now is played now. */
		if (command)
			take_commands(med);
		if (tick)
			take_ticks(med);
		arm(med);
		if (med->woken)
			ring_bell(med->up);
		med->woken = false;
	}
	return NULL;
}

/* --- the control thread --- */

static int watch(struct media *med, int fd, void *who)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = who };

	return epoll_ctl(med->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int create_rings(struct media *med)
{
	int r = ring_create(&med->commands, RING_COMMANDS,
			    sizeof(struct command));

	if (!r)
		r = ring_create(&med->events_up, RING_EVENTS,
				sizeof(struct event));
	if (!r)
		r = ring_create(&med->packets_down, RING_PACKETS,
				sizeof(struct packet));
	if (!r)
		r = ring_create(&med->packets_up, RING_PACKETS,
				sizeof(struct packet));
	return r;
}

static int create_fds(struct media *med)
{
	int r;

	med->epoll = epoll_create1(EPOLL_CLOEXEC);
	med->timer =
		timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	med->wake = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	med->up = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (med->epoll < 0 || med->timer < 0 || med->wake < 0 || med->up < 0)
		return -errno;
	r = watch(med, med->timer, &med->timer);
	return r ? r : watch(med, med->wake, &med->wake);
}

int media_create(struct media **med_r, const struct media_events *events)
{
	const struct sched_param first = { .sched_priority = 1 };
	struct media *med = calloc(1, sizeof(*med));
	int r;

	if (!med)
		return -ENOMEM;
	med->events = events;
	med->epoll = med->timer = med->wake = med->up = -1;
	r = create_rings(med);
	if (!r)
		r = create_fds(med);
	if (!r)
		r = -pthread_create(&med->thread, NULL, run, med);
	if (r) {
		media_destroy(&med);
		return r;
	}
	med->running = true;
	/* A wish: only root and who has CAP_SYS_NICE or a limit for it. */
	pthread_setschedparam(med->thread, SCHED_RR, &first);
	*med_r = med;
	return 0;
}

static void line_free(struct media_line *line)
{
	for (int i = 0; i < 2; i++)
		if (line->sockets[i] >= 0)
			close(line->sockets[i]);
	call_destroy(&line->call);
	free(line);
}

static bool command(struct media *med, const struct command *cmd)
{
	bool taken = ring_push(med->commands, cmd);

	ring_bell(med->wake);
	return taken;
}

static void stop(struct media *med)
{
	const struct command cmd = { .type = COMMAND_STOP };

	while (!command(med, &cmd))
		usleep(1000); /* it takes what is there, then this */
	pthread_join(med->thread, NULL);
	for (unsigned i = 0; i < SLOTS; i++) {
		while (med->slots[i]) {
			struct media_line *line = med->slots[i];

			med->slots[i] = line->next;
			line_free(line);
		}
	}
}

static void close_fd(int fd)
{
	if (fd >= 0)
		close(fd);
}

void media_destroy(struct media **medp)
{
	struct media *med = *medp;
	struct event event;

	*medp = NULL;
	if (!med)
		return;
	if (med->running)
		stop(med);
	while (med->events_up && ring_pop(med->events_up, &event))
		if (event.retired)
			line_free(event.line);
	ring_destroy(&med->commands);
	ring_destroy(&med->events_up);
	ring_destroy(&med->packets_down);
	ring_destroy(&med->packets_up);
	close_fd(med->epoll);
	close_fd(med->timer);
	close_fd(med->wake);
	close_fd(med->up);
	free(med);
}

int media_fd(const struct media *med)
{
	return med->up;
}

static void take_packets_up(struct media *med)
{
	struct packet pkt;

	while (ring_pop(med->packets_up, &pkt))
		med->events->websocket(pkt.target, pkt.buf, pkt.size,
				       pkt.line->owner);
}

void media_dispatch(struct media *med)
{
	struct event event;

	silence_bell(med->up);
	take_packets_up(med);
	while (ring_pop(med->events_up, &event)) {
		if (event.retired) {
			/* Its last packets were pushed before this event. */
			take_packets_up(med);
			med->events->retired(event.line->owner);
			line_free(event.line);
		} else if (!event.line->hung_up) {
			med->events->event(&event.event, event.line->owner);
		}
	}
}

static int open_socket(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int ef = IPTOS_DSCP_EF, on = 1;

	if (fd < 0)
		return -1;
	/* A wish: the network may ignore it (RFC 4594 4.1). */
	if (family == AF_INET) {
		setsockopt(fd, IPPROTO_IP, IP_TOS, &ef, sizeof(ef));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &ef, sizeof(ef));
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	return fd;
}

int media_add(struct media *med, struct media_line **line_r,
	      const struct call_config *cfg, const struct media_sound *sound,
	      void *sound_arg, void *owner)
{
	struct media_line *line = calloc(1, sizeof(*line));
	struct command cmd = { .type = COMMAND_ADD, .line = line };
	int r;

	if (!line)
		return -ENOMEM;
	line->med = med;
	line->sound = sound;
	line->sound_arg = sound_arg;
	line->owner = owner;
	line->sockets[0] = open_socket(AF_INET);
	line->sockets[1] = open_socket(AF_INET6);
	r = call_create(&line->call, cfg, &call_io, line);
	if (!r && !command(med, &cmd))
		r = -EAGAIN;
	if (r) {
		line_free(line);
		return r;
	}
	*line_r = line;
	return 0;
}

void media_hang_up(struct media_line *line)
{
	const struct command cmd = { .type = COMMAND_HANG_UP, .line = line };

	line->hung_up = true;
	while (!command(line->med, &cmd))
		usleep(1000);
}

void media_mute(struct media_line *line, bool muted)
{
	const struct command cmd = { .type = COMMAND_MUTE,
				     .line = line,
				     .on = muted };

	command(line->med, &cmd);
}

void media_websocket_state(struct media_line *line, unsigned target, bool open)
{
	const struct command cmd = { .type = COMMAND_WEBSOCKET,
				     .line = line,
				     .on = open,
				     .target = target };

	command(line->med, &cmd);
}

void media_websocket_packet(struct media_line *line, const uint8_t *buf,
			    size_t size)
{
	struct packet pkt = { .line = line, .size = (uint16_t)size };

	if (size > sizeof(pkt.buf))
		return;
	memcpy(pkt.buf, buf, size);
	ring_push(line->med->packets_down, &pkt);
	ring_bell(line->med->wake);
}

void media_lateness(const struct media *med, struct media_lateness *late_r)
{
	uint64_t seen = 0;

	memset(late_r, 0, sizeof(*late_r));
	for (unsigned i = 0; i < MEDIA_LATENESS_BINS; i++)
		late_r->ticks += med->lateness[i];
	for (unsigned i = 0; i < MEDIA_LATENESS_BINS; i++) {
		uint64_t edge = (i + 1) * MEDIA_LATENESS_BIN_US;

		seen += med->lateness[i];
		if (!late_r->p50_us && seen * 2 >= late_r->ticks)
			late_r->p50_us = edge;
		if (!late_r->p99_us && seen * 100 >= late_r->ticks * 99)
			late_r->p99_us = edge;
	}
	late_r->max_us = med->max_us;
	late_r->lost_events = med->lost_events;
}
