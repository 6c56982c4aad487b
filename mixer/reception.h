/* reception - what a receiver keeps of one RTP source: sequence numbers and
 * timestamps extended past their wrap, which packets came before, loss and
 * jitter (RFC 3550 A.1, A.3, A.8; RFC 3711 3.3.1, 3.3.2).
 *
 * A plain struct inside its stream. RT, all of it. */
#ifndef MIXER_RECEPTION_H
#define MIXER_RECEPTION_H

#include <stdbool.h>
#include <stdint.h>

#define RECEPTION_WINDOW 128 /* packets whose replay is recognised */

/* Which of the newest RECEPTION_WINDOW indices came before. */
struct replay_window {
	bool started;
	uint64_t newest;
	uint64_t seen[RECEPTION_WINDOW / 64]; /* bit 0 of [0]: newest */
};

struct reception {
	struct replay_window window;
	uint64_t base;	    /* index of the first packet */
	uint64_t timestamp; /* extended, of the newest packet */
	uint64_t received;
	double jitter;	 /* 1/48000 s */
	int64_t transit; /* 1/48000 s, arrival less timestamp */
	/* At the last report, RFC 3550 A.3. */
	uint64_t expected_prior, received_prior;
	/* A source in the clear that started over, RFC 3550 A.1: the index
	 * that would confirm it. */
	uint64_t bad_index;
};

/* Nothing is changed. Returns 0, -EALREADY (seen) or -ESTALE (older than the
 * window). */
int replay_check(const struct replay_window *win, uint64_t index);
void replay_add(struct replay_window *win, uint64_t index);

/* The 48-bit index that a 16-bit sequence number most likely means. A source
 * starts below 2^15 (RFC 3711 3.3.1), so the first has no doubt. */
uint64_t reception_index(const struct reception *rec, uint16_t sequence);

/* For sources without authentication, before replay_check(): false for a
 * packet too far from the last one; two of them in a row are a restart,
 * which *index_r is moved past all that was. */
bool reception_plausible(struct reception *rec, uint64_t *index_r);

/* Takes an authentic packet that was not there before; returns its extended
 * timestamp. now_us is its arrival. */
uint64_t reception_add(struct reception *rec, uint64_t index,
		       uint32_t timestamp, uint64_t now_us);

int64_t reception_lost(const struct reception *rec);

/* Fraction lost since the last call, 0..1. */
double reception_interval_loss(struct reception *rec);

#endif
