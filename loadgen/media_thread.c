#include "loadgen/media_private.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SLOT_US	     1000
#define SLOT_CHOICE  5			/* slots looked at for a new line */
#define SLEPT_US     (10 * 1000 * 1000) /* then missed ticks are skipped */
#define BYES	     3 /* RTCP BYE is not acknowledged: repeated */
#define SOCKET_BATCH 64

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

void media_ring(int fd)
{
	const uint64_t one = 1;

	/* Full means that it rings already. */
	if (write(fd, &one, sizeof(one)) < 0)
		return;
}

void media_silence(int fd)
{
	uint64_t n;

	if (read(fd, &n, sizeof(n)) < 0)
		return;
}

static int send_udp(struct media_line *line,
		    const struct sockaddr_storage *address, const uint8_t *buf,
		    size_t size)
{
	bool v6 = address->ss_family == AF_INET6;
	socklen_t length =
		v6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);

	if (line->sockets[v6] < 0)
		return -EAFNOSUPPORT;
	/* What came back of an earlier packet may fail this one, which then
	 * was not sent: once. */
	for (int i = 0; i < 2; i++)
		if (sendto(line->sockets[v6], buf, size,
			   MSG_DONTWAIT | MSG_NOSIGNAL,
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
	const struct registration_target *to =
		call_find_target(line->call, target);
	struct media_packet pkt;

	if (!to)
		return -EINVAL;
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
	struct media_event event = { .line = line, .event = *call_event };

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

static void on_hear(const int16_t *pcm, uint64_t tick_us, int wait_us,
		    void *arg)
{
	struct media_line *line = arg;

	line->sound->hear(pcm, tick_us, wait_us, line->sound_arg);
}

static bool on_release(struct call_place *place, void *arg)
{
	struct media_line *line = arg;
	const struct media_event event = { .line = line, .released = place };

	line->med->woken = true;
	return ring_push(line->med->events_up, &event);
}

const struct call_io media_call_io = {
	.send = on_send,
	.event = on_event,
	.speak = on_speak,
	.hear = on_hear,
	.release = on_release,
};

static void arm(struct media *med)
{
	struct itimerspec when = { 0 };
	uint64_t next = med->next, us;

	/* No line at all leaves the timer disarmed. */
	for (unsigned i = 0; i < MEDIA_SLOTS; i++, next++) {
		if (!med->slots[next % MEDIA_SLOTS])
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
		if (med->count[at % MEDIA_SLOTS] <
		    med->count[best % MEDIA_SLOTS])
			best = at;
	line->slot = best % MEDIA_SLOTS;
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
	const struct media_event event = { .line = line, .retired = true };

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

static void take_command(struct media *med, const struct media_command *cmd)
{
	switch (cmd->type) {
	case COMMAND_ADD:
		line_add(med, cmd->line);
		break;
	case COMMAND_HANG_UP:
		cmd->line->byes = BYES + 1;
		break;
	case COMMAND_MUTE:
		call_mute(cmd->line->call, cmd->on);
		break;
	case COMMAND_HAND:
		call_raise_hand(cmd->line->call, cmd->on);
		break;
	case COMMAND_ANSWER:
		call_answer(cmd->line->call, cmd->n, cmd->on);
		break;
	case COMMAND_STANDBY:
		call_set_standby(cmd->line->call, cmd->place, now_us());
		break;
	case COMMAND_CHECK:
		call_check(cmd->line->call, now_us());
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
	struct media_command cmd;
	struct media_packet pkt;

	media_silence(med->wake);
	while (ring_pop(med->commands, &cmd))
		take_command(med, &cmd);
	while (ring_pop(med->packets_down, &pkt)) {
		if (pkt.message)
			call_message(pkt.line->call, pkt.buf, pkt.size);
		else
			call_receive(pkt.line->call, pkt.buf, pkt.size,
				     now_us());
	}
}

/* Whether the other end's host says that nobody is at the port. */
static bool is_refusal(struct msghdr *msg)
{
	for (struct cmsghdr *part = CMSG_FIRSTHDR(msg); part;
	     part = CMSG_NXTHDR(msg, part)) {
		struct sock_extended_err err;

		if ((part->cmsg_level != SOL_IP ||
		     part->cmsg_type != IP_RECVERR) &&
		    (part->cmsg_level != SOL_IPV6 ||
		     part->cmsg_type != IPV6_RECVERR))
			continue;
		memcpy(&err, CMSG_DATA(part), sizeof(err));
		if (err.ee_errno == ECONNREFUSED)
			return true;
	}
	return false;
}

/* Bounded like all that a socket brings, so that a flood on one starves no
 * other. */
static void take_errors(struct media_line *line, int which)
{
	uint8_t control[512];
	struct sockaddr_storage to;
	struct msghdr msg;

	for (int i = 0; i < SOCKET_BATCH; i++) {
		memset(&to, 0, sizeof(to));
		msg = (struct msghdr){ .msg_name = &to,
				       .msg_namelen = sizeof(to),
				       .msg_control = control,
				       .msg_controllen = sizeof(control) };
		if (recvmsg(line->sockets[which], &msg,
			    MSG_ERRQUEUE | MSG_DONTWAIT) < 0)
			return;
		if (is_refusal(&msg))
			call_refused(line->call, &to, now_us());
	}
}

static void take_packets(struct media_line *line, int which)
{
	uint8_t buf[2048];
	ssize_t n;

	for (int i = 0; i < SOCKET_BATCH; i++) {
		n = recv(line->sockets[which], buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return;
		if (n >= 0) /* else an error of an earlier packet of ours */
			call_receive(line->call, buf, (size_t)n, now_us());
	}
}

static void take_socket(struct media_line *line, int which, uint32_t events)
{
	take_packets(line, which);
	if (events & EPOLLERR)
		take_errors(line, which);
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
		struct media_line **at = &med->slots[med->next % MEDIA_SLOTS];

		while (*at) {
			struct media_line *line = *at, *next = line->next;

			if (line_tick(med, line, med->next * SLOT_US))
				at = &line->next;
			else
				*at = next;
		}
	}
}

void *media_thread(void *arg)
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
				take_socket((void *)(who & ~(uintptr_t)1),
					    who & 1, events[i].events);
		}
		/* Packets first: what has come by now is played now. */
		if (command)
			take_commands(med);
		if (tick)
			take_ticks(med);
		arm(med);
		if (med->woken)
			media_ring(med->up);
		med->woken = false;
	}
	return NULL;
}
