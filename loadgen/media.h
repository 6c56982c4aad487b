/* media - the thread that carries the media of all callers of a process.
 *
 * epoll and one timer on absolute CLOCK_MONOTONIC deadlines; each line ticks
 * every 20 ms at one of 20 slots of 1 ms, so that hundreds of callers do not
 * send in one burst, and one caller costs 50 wake-ups a second. Nothing here
 * locks: commands go down and events come up through rings.
 *
 * A line is one call with its UDP sockets. These are not connected, so that the
 * kernel may change our own address; what hosts say of ports where nobody is
 * comes by the sockets' error queues (ip(7), IP_RECVERR). Every function is for
 * the control thread; callbacks of media_events come from media_dispatch(),
 * those of media_sound from the media thread (RT). */
#ifndef LOADGEN_MEDIA_H
#define LOADGEN_MEDIA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "loadgen/call.h"

struct media;
struct media_line;

struct media_sound {
	bool (*speak)(int16_t *pcm_r, uint64_t tick_us, void *arg);
	void (*hear)(const int16_t *pcm, uint64_t tick_us, int wait_us,
		     void *arg);
};

/* owner is what media_add() was given. */
struct media_events {
	void (*event)(const struct call_event *event, void *owner);
	/* A packet for the WebSocket of a target. */
	void (*websocket)(unsigned target, const uint8_t *buf, size_t size,
			  void *owner);
	/* The line hung up and is freed when this returns; nothing of
	 * media_sound is called any more. */
	void (*retired)(void *owner);
};

/* Starts the thread. Returns 0 or -errno. */
int media_create(struct media **med_r, const struct media_events *events);
/* Stops the thread and frees lines that are left. Accepts NULL. */
void media_destroy(struct media **medp);

/* Readable when media_dispatch() has work. */
int media_fd(const struct media *med);
void media_dispatch(struct media *med);

/* A new line, which registers at once. Takes the places of cfg, also when it
 * fails. Returns 0 or -errno. */
int media_add(struct media *med, struct media_line **line_r,
	      const struct call_config *cfg, const struct media_sound *sound,
	      void *sound_arg, void *owner);
/* Says RTCP BYE and retires the line, which is not the caller's any more. */
void media_hang_up(struct media_line *line);
void media_mute(struct media_line *line, bool muted);
/* See call_raise_hand(), call_answer(). */
void media_raise_hand(struct media_line *line, bool up);
void media_answer(struct media_line *line, uint32_t n, bool yes);
/* Takes the place. Without room for the command it is dropped: the bridge's
 * next message tells another. */
void media_set_standby(struct media_line *line, struct call_place *place);
void media_check(struct media_line *line);
void media_websocket_state(struct media_line *line, unsigned target, bool open);
/* Dropped when the media thread does not keep up. */
void media_websocket_packet(struct media_line *line, const uint8_t *buf,
			    size_t size);

/* Says it in band; dropped when the media thread does not keep up. */
void media_message(struct media_line *line, const char *json, size_t size);

/* How late ticks were sent after their deadline, of all lines. Any thread. */
#define MEDIA_LATENESS_BINS   1000
#define MEDIA_LATENESS_BIN_US 100
struct media_lateness {
	uint64_t ticks;
	uint64_t p50_us, p99_us, max_us; /* upper edges of bins of 100 us */
	uint64_t lost_events; /* the control thread did not keep up */
};
void media_lateness(const struct media *med, struct media_lateness *late_r);

#endif
