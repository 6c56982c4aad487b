/* quality - how good the sound of one session is: what its receiver counts and
 * what its peer reports become figures of both directions, an estimated MOS
 * among them, and the VoIP metrics of our own extended reports (RFC 3611 4.7).
 *
 * A plain struct inside its reports, begun by quality_init(). RT, all of it;
 * the work is done once a second. */
#ifndef MIXER_QUALITY_H
#define MIXER_QUALITY_H

#include <stdbool.h>
#include <stdint.h>

#include "mixer/reception.h"
#include "mixer/rtcp_xr.h"
#include "mixer/stream.h"

/* Counters as they were a second ago. */
struct quality_counts {
	uint64_t expected, discarded;
	int64_t lost;
	uint64_t played, concealed, recovered;
};

struct quality {
	struct stream_figures in, out;
	struct quality_counts before;
	struct stream_playout playout; /* the newest */
	bool measured;		       /* there was one */
	/* Of the last ten seconds with sound, fading. */
	double expected, unheard; /* packets, those not made good */
	double peer_loss;	  /* the same of the peer's reports */
	double signal_dbov, noise_dbov;
	bool has_signal, has_noise;
	double rating, listening_mos; /* in; the latter without delay */
	int peer_system_ms;
	bool peer_rates; /* it sends a MOS of its own */
};

void quality_init(struct quality *q);

/* Another source is heard from now on, or the same one began anew. */
void quality_restart(struct quality *q, const struct reception *rec);

/* Once a second. round_trip_ms < 0: not known. */
void quality_update(struct quality *q, const struct reception *rec,
		    const struct stream_playout *playout, double round_trip_ms);

/* The peer's report block and VoIP metrics about what we send. */
void quality_take_block(struct quality *q, double loss, double jitter_ms,
			double round_trip_ms);
void quality_take_voip(struct quality *q, const struct rtcp_xr_voip *voip);

/* What we say of the peer's packets. False: nothing yet. */
bool quality_fill_voip(const struct quality *q, const struct reception *rec,
		       double round_trip_ms, struct rtcp_xr_voip *voip_r);

#endif
