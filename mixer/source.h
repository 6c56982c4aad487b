/* source - whose packets a stream takes: those of one SSRC known beforehand,
 * or of whichever SSRC the peer sends with, also when it changes (a tool that
 * starts over, RFC 3550 8.2).
 *
 * Each SSRC has rollover counter and replay windows of its own (RFC 3711
 * 3.2.3), and they are kept for as long as the stream lives: else an old
 * one's packets could be played again under the guise of a change. Hence
 * an encrypted stream knows SOURCES_MAX sources in its life and refuses more.
 * In the clear nothing is proved: two places, the current one's and one more.
 *
 * At any time one source is heard. Another takes its place when it has been
 * silent for SOURCES_SILENCE_US: two that send at once do not take turns. In
 * the clear two packets in a row are needed (RFC 3550 A.1).
 *
 * A plain struct inside its stream, created and destroyed by the control
 * thread, used by one media thread. */
#ifndef MIXER_SOURCE_H
#define MIXER_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/reception.h"

#define SOURCES_MAX	   8
#define SOURCES_SILENCE_US 100000u

/* When a clock of the peer was told: its middle 32 bits, 0: never. */
struct source_clock {
	uint32_t time;
	uint64_t came_us;
};

struct source {
	uint32_t ssrc;
	bool known; /* an authentic packet of it came, or it was given */
	struct reception reception;
	struct replay_window rtcp;
	struct source_clock clock; /* by its last SR */
	uint64_t next; /* in the clear: the index that would confirm it */
};

struct sources {
	struct source *list;
	unsigned max, n;	/* places, and those taken */
	bool encrypted;		/* {const} */
	struct source *current; /* NULL: nobody yet */
	uint64_t heard_us;	/* when a packet of the current one came */
};

/* ssrc 0: follow. Returns 0 or -ENOMEM. */
int sources_init(struct sources *srcs, uint32_t ssrc, bool encrypted);
void sources_fini(struct sources *srcs);

/* RT. The source of this SSRC: a new one has no place for good before
 * sources_keep(). NULL when its packets are to be refused. */
struct source *sources_find(struct sources *srcs, uint32_t ssrc);

/* RT. A packet of it was accepted. */
void sources_keep(struct sources *srcs, struct source *src);

/* RT. Whether the source with a fresh packet of this index is the one that
 * is heard, or becomes it now. */
bool sources_follow(struct sources *srcs, struct source *src, uint64_t index,
		    uint64_t now_us);

#endif
