/* burst - how losses come: alone in a gap, or together in a burst (RFC 3611
 * 4.7.2, Gmin 16). One loss in a hundred is not heard when it is alone and is
 * a missing word when twenty come together.
 *
 * A packet is bad when it never came or came too late to be played. Packets
 * may come in any order, so each is judged when it is BURST_WINDOW older than
 * the newest one. A bad packet belongs to a burst when fewer than BURST_GMIN
 * good ones lie between it and another bad one; else it is part of a gap.
 *
 * A plain struct inside its owner, zeroed at first. RT, all of it; the work of
 * a packet is one step for each sequence number passed, 64 at most. */
#ifndef MIXER_BURST_H
#define MIXER_BURST_H

#include <stdbool.h>
#include <stdint.h>

#define BURST_WINDOW 64
#define BURST_GMIN   16

struct burst {
	bool started;
	uint64_t newest; /* sequence number */
	uint64_t good;	 /* bit i: newest - i came in time */
	unsigned fill;	 /* bits of it that were expected */
	uint64_t discarded;

	/* Of the packets that were judged. */
	uint64_t packets, bad;
	uint64_t bad_runs; /* of one or more bad ones without a good one */
	uint64_t good_run; /* good ones since the last bad one */
	/* From the first bad packet to the last one, not known yet whether it
	 * is a burst. */
	uint64_t group_packets, group_bad;
	/* Bursts that ended. */
	uint64_t bursts, burst_packets, burst_bad;
	bool gap_first; /* good packets, or one alone, before any burst */
};

struct burst_report {
	double burst_density, gap_density; /* 0..1: bad ones in them */
	double burst_packets, gap_packets; /* mean length, 0: there was none */
	/* Mean run of bad packets against that of as many random losses: 1 is
	 * random, above comes together (BurstR of ITU-T G.107). */
	double ratio;
};

/* sequence is extended past its wrap. */
void burst_received(struct burst *bst, uint64_t sequence);

/* It came, but too late to be played. */
void burst_discarded(struct burst *bst, uint64_t sequence);

/* The source goes on at another place: what lies between was not lost. */
void burst_jump(struct burst *bst, uint64_t sequence);

void burst_report(const struct burst *bst, struct burst_report *rep_r);

#endif
