#include "loadgen/media_private.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define RING_COMMANDS 4096
#define RING_EVENTS   4096
#define RING_PACKETS  2048

static int watch(struct media *med, int fd, void *who)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = who };

	return epoll_ctl(med->epoll, EPOLL_CTL_ADD, fd, &ev) ? -errno : 0;
}

static int create_rings(struct media *med)
{
	int r = ring_create(&med->commands, RING_COMMANDS,
			    sizeof(struct media_command));

	if (!r)
		r = ring_create(&med->events_up, RING_EVENTS,
				sizeof(struct media_event));
	if (!r)
		r = ring_create(&med->packets_down, RING_PACKETS,
				sizeof(struct media_packet));
	if (!r)
		r = ring_create(&med->packets_up, RING_PACKETS,
				sizeof(struct media_packet));
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
		r = -pthread_create(&med->thread, NULL, media_thread, med);
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

static bool command(struct media *med, const struct media_command *cmd)
{
	bool taken = ring_push(med->commands, cmd);

	media_ring(med->wake);
	return taken;
}

static void stop(struct media *med)
{
	const struct media_command cmd = { .type = COMMAND_STOP };

	while (!command(med, &cmd))
		usleep(1000); /* it takes what is there, then this */
	pthread_join(med->thread, NULL);
	for (unsigned i = 0; i < MEDIA_SLOTS; i++) {
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
	struct media_event event;

	*medp = NULL;
	if (!med)
		return;
	if (med->running)
		stop(med);
	while (med->events_up && ring_pop(med->events_up, &event)) {
		call_place_destroy(&event.released);
		if (event.retired)
			line_free(event.line);
	}
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
	struct media_packet pkt;

	while (ring_pop(med->packets_up, &pkt))
		med->events->websocket(pkt.target, pkt.buf, pkt.size,
				       pkt.line->owner);
}

void media_dispatch(struct media *med)
{
	struct media_event event;

	media_silence(med->up);
	take_packets_up(med);
	while (ring_pop(med->events_up, &event)) {
		if (event.retired) {
			/* Its last packets were pushed before this event. */
			take_packets_up(med);
			med->events->retired(event.line->owner);
			line_free(event.line);
		} else if (event.released) {
			call_place_destroy(&event.released);
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
		setsockopt(fd, IPPROTO_IP, IP_RECVERR, &on, sizeof(on));
	} else {
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &ef, sizeof(ef));
		setsockopt(fd, IPPROTO_IPV6, IPV6_RECVERR, &on, sizeof(on));
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	}
	return fd;
}

int media_add(struct media *med, struct media_line **line_r,
	      const struct call_config *cfg, const struct media_sound *sound,
	      void *sound_arg, void *owner)
{
	struct media_line *line = calloc(1, sizeof(*line));
	struct media_command cmd = { .type = COMMAND_ADD, .line = line };
	struct call_place *places = cfg->places;
	int r;

	if (!line) {
		call_place_destroy(&places);
		return -ENOMEM;
	}
	line->med = med;
	line->sound = sound;
	line->sound_arg = sound_arg;
	line->owner = owner;
	line->sockets[0] = open_socket(AF_INET);
	line->sockets[1] = open_socket(AF_INET6);
	r = call_create(&line->call, cfg, &media_call_io, line);
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
	const struct media_command cmd = { .type = COMMAND_HANG_UP,
					   .line = line };

	line->hung_up = true;
	while (!command(line->med, &cmd))
		usleep(1000);
}

void media_mute(struct media_line *line, bool muted)
{
	const struct media_command cmd = { .type = COMMAND_MUTE,
					   .line = line,
					   .on = muted };

	command(line->med, &cmd);
}

void media_raise_hand(struct media_line *line, bool up)
{
	const struct media_command cmd = { .type = COMMAND_HAND,
					   .line = line,
					   .on = up };

	command(line->med, &cmd);
}

void media_answer(struct media_line *line, uint32_t n, bool yes)
{
	const struct media_command cmd = {
		.type = COMMAND_ANSWER, .line = line, .on = yes, .n = n
	};

	command(line->med, &cmd);
}

void media_set_standby(struct media_line *line, struct call_place *place)
{
	const struct media_command cmd = { .type = COMMAND_STANDBY,
					   .line = line,
					   .place = place };

	if (!command(line->med, &cmd))
		call_place_destroy(&place);
}

void media_check(struct media_line *line)
{
	const struct media_command cmd = { .type = COMMAND_CHECK,
					   .line = line };

	command(line->med, &cmd);
}

void media_websocket_state(struct media_line *line, unsigned target, bool open)
{
	const struct media_command cmd = { .type = COMMAND_WEBSOCKET,
					   .line = line,
					   .on = open,
					   .target = target };

	command(line->med, &cmd);
}

static void hand_down(struct media_line *line, bool message, const void *buf,
		      size_t size)
{
	struct media_packet pkt = { .line = line,
				    .message = message,
				    .size = (uint16_t)size };

	if (size > sizeof(pkt.buf))
		return;
	memcpy(pkt.buf, buf, size);
	ring_push(line->med->packets_down, &pkt);
	media_ring(line->med->wake);
}

void media_websocket_packet(struct media_line *line, const uint8_t *buf,
			    size_t size)
{
	hand_down(line, false, buf, size);
}

void media_message(struct media_line *line, const char *json, size_t size)
{
	hand_down(line, true, json, size);
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
