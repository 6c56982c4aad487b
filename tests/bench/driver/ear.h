/* ear - a listener who decodes his mix, and then says how long the talkers'
 * bursts took through the server.
 *
 * The delay runs from where the burst begins in the talker's own packets,
 * decoded here, to where it begins in the decoded mix; each packet's sound
 * begins when the packet is sent or arrives. So the talker's encoder is not in
 * it; what the server adds is: its jitter buffer, its tick, its encoder. */
#ifndef BENCH_EAR_H
#define BENCH_EAR_H

#include <stddef.h>
#include <stdint.h>

struct ear;
struct members;

/* For a run of at most so many frames. */
struct ear *ear_new(unsigned frames);
void ear_free(struct ear *ear);

/* One Opus packet of the mix, at its arrival in ns of CLOCK_REALTIME. */
void ear_hear(struct ear *ear, const uint8_t *payload, size_t size,
	      int64_t arrival_ns);

/* Delays in ms of the bursts that were sent in [from, until) by the talkers
 * of the ear's room, written from delays_r on, at most max. *due_r grows by
 * the bursts that were sent. Returns how many were heard. */
size_t ear_delays(const struct ear *ear, const struct members *all,
		  unsigned room, int64_t from_ns, int64_t until_ns,
		  double *delays_r, size_t max, size_t *due_r);

#endif
