#include "mixer/quality.h"

#include <math.h>

#include "mixer/emodel.h"

#define FADE   0.9  /* each second: about the last ten count */
#define ENOUGH 25.0 /* packets before a MOS is told */
#define SMOOTH 0.125
#define DBM0_OF_DBOV                                                           \
	6.15 /* full scale sine: 3.14 dBm0 and -3.01 dBov, G.711               \
	      */
#define MS_PER_UNIT (1000.0 / 48000.0)

/* RFC 3611 4.7.6: enhanced concealment, an adaptive buffer that follows a
 * rise of the jitter within 80 ms (2 * rate * 20 ms). */
#define RX_CONFIG 0xb2

void quality_init(struct quality *q)
{
	const struct stream_figures unknown = { -1, -1, -1, -1, -1, -1, -1 };

	*q = (struct quality){ .in = unknown, .out = unknown };
}

static double share(double part, double whole)
{
	return whole > 0 ? fmin(fmax(part / whole, 0), 1) : 0;
}

/* How much a counter grew; nothing when it began anew. */
static double growth(uint64_t now, uint64_t before)
{
	return now >= before ? (double)(now - before) : 0;
}

/* Of half the way there and back; what is not known adds nothing. */
static double one_way_ms(const struct quality *q, double round_trip_ms)
{
	return (fmax(round_trip_ms, 0) + q->playout.buffer_ms +
		q->playout.other_ms + q->peer_system_ms) /
	       2;
}

static void follow_levels(struct quality *q)
{
	double level = q->playout.level_dbov;
	double *at = q->playout.talking ? &q->signal_dbov : &q->noise_dbov;
	bool *has = q->playout.talking ? &q->has_signal : &q->has_noise;

	/* Digital silence is no sound of a room. */
	if (level <= -127)
		return;
	*at = *has ? *at + SMOOTH * (level - *at) : level;
	*has = true;
}

static void rate(struct quality *q, const struct reception *rec,
		 double round_trip_ms)
{
	struct burst_report bursts;
	struct emodel_path path = {
		.delay_ms = one_way_ms(q, round_trip_ms),
		.loss = share(q->unheard, q->expected),
	};

	if (q->expected < ENOUGH)
		return;
	burst_report(&rec->burst, &bursts);
	path.burst_ratio = bursts.ratio;
	q->rating = emodel_rating(&path);
	q->in.mos = (float)emodel_mos(q->rating);
	path.delay_ms = 0;
	q->listening_mos = emodel_mos(emodel_rating(&path));
}

/* The player's counters go on, or begin anew by themselves. */
void quality_restart(struct quality *q, const struct reception *rec)
{
	q->before.expected = reception_expected(rec);
	q->before.lost = reception_lost(rec);
	q->before.discarded = rec->burst.discarded;
}

void quality_update(struct quality *q, const struct reception *rec,
		    const struct stream_playout *playout, double round_trip_ms)
{
	const struct quality_counts now = {
		.expected = reception_expected(rec),
		.lost = reception_lost(rec),
		.discarded = rec->burst.discarded,
		.played = playout->played,
		.concealed = playout->concealed,
		.recovered = playout->recovered,
	}, *before = &q->before;
	double expected = growth(now.expected, before->expected);
	double lost = expected > 0 ? (double)(now.lost - before->lost) : 0;
	double late = growth(now.discarded, before->discarded);
	double concealed = growth(now.concealed, before->concealed);
	double recovered = growth(now.recovered, before->recovered);
	double frames =
		growth(now.played, before->played) + concealed + recovered;

	q->before = now;
	q->playout = *playout;
	q->measured = true;
	if (!rec->window.started)
		return;
	q->in.loss = (float)share(lost, expected);
	q->in.late = (float)share(late, expected);
	q->in.concealed = (float)share(concealed, frames);
	q->in.recovered = (float)share(recovered, frames);
	q->in.jitter_ms = (float)(rec->jitter * MS_PER_UNIT);
	q->in.buffer_ms = (float)playout->buffer_ms;
	follow_levels(q);
	if (expected <= 0)
		return;
	q->expected = FADE * q->expected + expected;
	q->unheard = FADE * q->unheard + fmax(lost + late - recovered, 0);
	rate(q, rec, round_trip_ms);
}

void quality_take_block(struct quality *q, double loss, double jitter_ms,
			double round_trip_ms)
{
	struct emodel_path path = { .burst_ratio = 1 };

	q->out.loss = (float)loss;
	q->out.jitter_ms = (float)jitter_ms;
	q->peer_loss = FADE * q->peer_loss + (1 - FADE) * loss;
	if (q->peer_rates)
		return;
	/* He does not say what he hears; this is what came to him. */
	path.delay_ms = one_way_ms(q, round_trip_ms);
	path.loss = q->peer_loss;
	q->out.mos = (float)emodel_mos(emodel_rating(&path));
}

void quality_take_voip(struct quality *q, const struct rtcp_xr_voip *voip)
{
	q->out.late = voip->discard_rate / 256.0f;
	q->out.buffer_ms = voip->buffer_ms;
	q->peer_system_ms = voip->end_system_ms;
	if (voip->mos_cq < 10 || voip->mos_cq > 50)
		return;
	q->peer_rates = true;
	q->out.mos = voip->mos_cq / 10.0f;
}

static uint8_t fixed(double part)
{
	return (uint8_t)fmin(floor(part * 256), 255);
}

static uint16_t whole_ms(double ms)
{
	return (uint16_t)fmin(fmax(round(ms), 0), UINT16_MAX);
}

static int8_t dbm0(bool has, double dbov)
{
	return has ? (int8_t)lround(fmin(dbov + DBM0_OF_DBOV, 0))
		   : RTCP_XR_UNAVAILABLE;
}

static void fill_ratings(const struct quality *q, struct rtcp_xr_voip *voip)
{
	voip->external_rating = RTCP_XR_UNAVAILABLE;
	voip->rating = voip->mos_lq = voip->mos_cq = RTCP_XR_UNAVAILABLE;
	if (q->in.mos < 0)
		return;
	voip->rating = (uint8_t)lroundf(q->rating);
	voip->mos_cq = (uint8_t)lroundf(q->in.mos * 10);
	voip->mos_lq = (uint8_t)lroundf(q->listening_mos * 10);
}

bool quality_fill_voip(const struct quality *q, const struct reception *rec,
		       double round_trip_ms, struct rtcp_xr_voip *voip_r)
{
	double expected = (double)reception_expected(rec);
	double packet_ms = rec->packet * MS_PER_UNIT;
	struct burst_report bursts;

	if (!q->measured || expected <= 0)
		return false;
	burst_report(&rec->burst, &bursts);
	*voip_r = (struct rtcp_xr_voip){
		.loss_rate =
			fixed(share((double)reception_lost(rec), expected)),
		.discard_rate =
			fixed(share((double)rec->burst.discarded, expected)),
		.burst_density = fixed(bursts.burst_density),
		.gap_density = fixed(bursts.gap_density),
		.burst_ms = whole_ms(bursts.burst_packets * packet_ms),
		.gap_ms = whole_ms(bursts.gap_packets * packet_ms),
		.round_trip_ms = whole_ms(round_trip_ms),
		.end_system_ms =
			whole_ms(q->playout.buffer_ms + q->playout.other_ms),
		.signal_dbm0 = dbm0(q->has_signal, q->signal_dbov),
		.noise_dbm0 = dbm0(q->has_noise, q->noise_dbov),
		.residual_echo = RTCP_XR_UNAVAILABLE,
		.gmin = BURST_GMIN,
		.rx_config = RX_CONFIG,
		.buffer_ms = whole_ms(q->playout.buffer_ms),
		.buffer_max_ms = whole_ms(q->playout.buffer_max_ms),
		.buffer_abs_max_ms = whole_ms(q->playout.buffer_max_ms),
	};
	fill_ratings(q, voip_r);
	return true;
}
