/* network - one sender and the path from him, simulated: header only.
 *
 * All times are samples on the mixer's clock, whose ticks are at multiples of
 * 960. The same seed gives the same network. */
#ifndef TESTS_NETWORK_H
#define TESTS_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/voice.h"

#define NETWORK_MS 48

/* A packet of a sender, encoded once and sent by many. */
struct network_packet {
	uint8_t buf[400];
	int size;
};

struct network {
	const struct network_packet *packets; /* sent over and over */
	int n_packets;
	uint64_t sequence0, timestamp0;
	double phase;	     /* when the first packet is sent */
	double ppm;	     /* by which the sender's clock is slow */
	int jitter;	     /* each packet comes up to so much later */
	int stall_at, stall; /* nothing passes for so long, then all at once */
	double loss;	     /* 0..1 */
	bool (*spoken)(int i); /* NULL: always; else not sent */
	uint32_t seed;

	/* Read by the test. */
	double delay; /* of what is heard, from being sent; a pause keeps it */
	int sent, lost;

	int next;    /* packet */
	double came; /* the last one: a path does not reorder */
	int64_t tick;
	uint64_t skipped, sequence; /* not sent; of the next */
	uint64_t played;
	double sent_at[64]; /* by sequence */
};

static inline double network_random(struct network *net)
{
	net->seed = net->seed * 1664525u + 1013904223u;
	return (double)(net->seed >> 8) / (1 << 24);
}

/* Draws when the next packet comes. */
static inline double network_arrival(struct network *net, double sent)
{
	double at = sent + network_random(net) * net->jitter;

	if (at >= net->stall_at && at < net->stall_at + net->stall)
		at = net->stall_at + net->stall;
	return at > net->came ? at : net->came;
}

/* Gives the voice all that comes until `until`. */
static inline void network_deliver(struct network *net, struct voice *voice,
				   double until)
{
	double frame = VOICE_FRAME * (1 + net->ppm * 1e-6);
	uint32_t seed = net->seed;
	double sent, at;

	for (;; net->next++) {
		int i = net->next;
		const struct network_packet *pkt =
			&net->packets[i % net->n_packets];

		if (net->spoken && !net->spoken(i))
			continue;
		seed = net->seed;
		sent = net->phase + i * frame;
		at = network_arrival(net, sent);
		if (at > until)
			break;
		net->came = at;
		net->sent++;
		net->sent_at[(net->sequence0 + net->sequence) % 64] = sent;
		net->sequence++;
		if (network_random(net) < net->loss) {
			net->lost++;
			continue;
		}
		voice_clock(voice,
			    (unsigned)(at - (double)(net->tick * VOICE_FRAME)));
		voice_put(voice, net->sequence0 + net->sequence - 1,
			  net->timestamp0 + (uint64_t)i * VOICE_FRAME, pkt->buf,
			  (size_t)pkt->size);
	}
	net->seed = seed; /* the next draws the same again */
}

/* One tick: what came since the last, then a frame. Returns its level. */
static inline float network_tick(struct network *net, struct voice *voice,
				 int16_t *pcm_r)
{
	struct voice_report rep;
	float level;
	double tick;

	network_deliver(net, voice, (double)(net->tick + 1) * VOICE_FRAME);
	net->tick++;
	level = voice_pull(voice, pcm_r);
	voice_report(voice, &rep);
	tick = (double)net->tick * VOICE_FRAME;
	if (rep.jitter.played != net->played)
		net->delay =
			tick + rep.waiting - net->sent_at[rep.jitter.last % 64];
	net->played = rep.jitter.played;
	return level;
}

#endif
