/* reception - what a receiver keeps of one RTP source: sequence numbers and
 * timestamps extended past their wrap, which packets came before, loss and
 * jitter (RFC 3550 A.1, A.3, A.8; RFC 3711 3.3.1, 3.3.2).
 *
 * Packets may be skipped: let go unauthenticated, because nobody would hear
 * them. Their sequence numbers are noted, and that is all that they do: the
 * rollover counter, the replay window and the statistics move by authentic
 * packets only. When one comes, those noted since the one before count as
 * received, and are replays from then on. At least one packet in
 * RECEPTION_SKIP_RUN is authenticated, and the first after a pause.
 *
 * A forger who sends from the peer's address gives himself away: his packet is
 * not authentic when its turn comes, or its number comes a second time. Then
 * what was noted counts for nothing, the gap counts neither as received nor as
 * lost, and for RECEPTION_DISPUTE_US no packet is skipped.
 *
 * A plain struct inside its stream. RT, all of it. */
#ifndef MIXER_RECEPTION_H
#define MIXER_RECEPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "mixer/burst.h"

#define RECEPTION_WINDOW     128 /* packets whose replay is recognised */
#define RECEPTION_SKIP_RUN   16
#define RECEPTION_PAUSE_US   100000u
#define RECEPTION_DISPUTE_US 5000000u

/* Which of the newest RECEPTION_WINDOW indices came before. */
struct replay_window {
	bool started;
	uint64_t newest;
	uint64_t seen[RECEPTION_WINDOW / 64]; /* bit 0 of [0]: newest */
};

/* What was skipped since the newest authentic packet. Bit i: newest + 1 + i. */
struct reception_skips {
	uint64_t noted;	      /* no longer fresh */
	uint64_t trusted;     /* of them, those to be counted as received */
	bool in_doubt;	      /* the gap up to the next packet is void */
	unsigned run;	      /* packets skipped since */
	uint64_t bytes;	      /* of the trusted */
	uint64_t last_us;     /* any packet's arrival, skipped or not */
	uint64_t disputed_us; /* nothing is skipped until then */
};

struct reception {
	struct replay_window window;
	uint64_t base;	    /* index of the first packet */
	uint64_t timestamp; /* extended, of the newest packet */
	uint64_t received;  /* packets, those skipped and covered too */
	uint64_t bytes;	    /* of them */
	double jitter;	    /* 1/48000 s */
	int64_t transit;    /* 1/48000 s, arrival less timestamp */
	unsigned packet;    /* 1/48000 s, length of one; 0: not known yet */
	struct burst burst;
	/* At the last report, RFC 3550 A.3. */
	uint64_t expected_prior, received_prior;
	/* A source in the clear that started over, RFC 3550 A.1: the index
	 * that would confirm it. */
	uint64_t bad_index;
	struct reception_skips skips;
};

/* Nothing is changed. Returns 0, -EALREADY (seen) or -ESTALE (older than the
 * window). */
int replay_check(const struct replay_window *win, uint64_t index);
void replay_add(struct replay_window *win, uint64_t index);

/* The 48-bit index that a 16-bit sequence number most likely means. A source
 * starts below 2^15 (RFC 3711 3.3.1), so the first has no doubt. */
uint64_t reception_index(const struct reception *rec, uint16_t sequence);

/* For sources without authentication, before replay_check(): -EALREADY for
 * a packet too far from the last one; two of them in a row are a restart (1),
 * which *index_r is moved past all that was. 0 for all others. */
int reception_plausible(struct reception *rec, uint64_t *index_r);

/* Takes an authentic packet of `size` bytes that was not there before;
 * returns its extended timestamp. now_us is its arrival. */
uint64_t reception_add(struct reception *rec, uint64_t index,
		       uint32_t timestamp, size_t size, uint64_t now_us);

/* Whether a packet that looks like this one may be skipped; if not, it is to
 * be authenticated. */
bool reception_may_skip(const struct reception *rec, uint64_t index,
			uint64_t now_us);
/* Notes a packet that may be skipped. */
void reception_skip(struct reception *rec, uint64_t index, size_t size,
		    uint64_t now_us);
/* Whether its number was noted: such a packet is authentic, but who sent it
 * may have copied it. */
bool reception_was_skipped(const struct reception *rec, uint64_t index);
/* A packet that claimed to be of this source is not authentic. */
void reception_dispute(struct reception *rec, uint64_t now_us);

/* Packets from the first to the newest one. */
uint64_t reception_expected(const struct reception *rec);
int64_t reception_lost(const struct reception *rec);

/* Fraction lost since the last call, 0..1. */
double reception_interval_loss(struct reception *rec);

#endif
