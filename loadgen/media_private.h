/* media_private - what media.c (the control thread's side) and media_thread.c
 * (the thread itself) share: the objects of media.h, and what goes through
 * the rings between the two. Nobody else includes it. */
#ifndef LOADGEN_MEDIA_PRIVATE_H
#define LOADGEN_MEDIA_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>

#include "loadgen/media.h"
#include "mixer/ring.h"

#define MEDIA_SLOTS 20 /* of 1 ms, in a tick of 20 ms */

enum media_command_type {
	COMMAND_ADD,
	COMMAND_HANG_UP,
	COMMAND_MUTE,
	COMMAND_HAND,
	COMMAND_ANSWER,
	COMMAND_STANDBY,
	COMMAND_CHECK,
	COMMAND_WEBSOCKET,
	COMMAND_STOP,
};

struct media_command {
	enum media_command_type type;
	struct media_line *line;
	bool on;
	unsigned target;
	uint32_t n; /* of the question that is answered */
	struct call_place *place;
};

struct media_event {
	struct media_line *line;
	bool retired;
	struct call_place *released; /* NULL: none */
	struct call_event event;
};

struct media_packet {
	struct media_line *line;
	bool message; /* down: to be said in band, and not received */
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

	struct media_line *slots[MEDIA_SLOTS]; /* {worker} */
	unsigned count[MEDIA_SLOTS];	       /* {worker} lines in each */
	unsigned n_lines;		       /* {worker} */
	uint64_t next; /* {worker} slot time / SLOT_US */
	bool stop;     /* {worker} */
	bool woken;    /* {worker} `up` is to be written */
	atomic_uint_fast64_t
		lateness[MEDIA_LATENESS_BINS]; /* written by worker */
	atomic_uint_fast64_t max_us, lost_events;
};

/* An eventfd, rung and silenced; neither waits. */
void media_ring(int fd);
void media_silence(int fd);

/* The thread's function; arg is the struct media. */
void *media_thread(void *arg);

/* What a call wants of the world; its argument is the line. */
extern const struct call_io media_call_io;

#endif
