#include "mixer/reports.h"

#include "mixer/rtp.h"

#define NTP_UNIX 2208988800u /* s from 1900 to 1970 */
/* VoIP metrics change slowly: they ride on each fifth report. */
#define VOIP_US 4500000u

void reports_init(struct reports *rep)
{
	*rep = (struct reports){ .round_trip_ms = -1 };
	quality_init(&rep->quality);
}

/* RFC 3550 6.4.1: A - LSR - DLSR. A and LSR are taken from the monotonic
 * clock at which that report was sent, so that a step of the wall clock is
 * no round trip. */
static void take_answer(struct reports *rep, uint32_t time, uint32_t delay,
			uint64_t now_us)
{
	if (!time)
		return;
	for (unsigned i = 0; i < REPORTS_SENT; i++) {
		double ms;

		if (rep->sent[i].time != time)
			continue;
		ms = (double)(now_us - rep->sent[i].sent_us) / 1000.0 -
		     delay * 1000.0 / 65536;
		rep->round_trip_ms = ms > 0 ? ms : 0;
		return;
	}
}

static void take_clock(struct source_clock *clock, uint64_t ntp,
		       uint64_t now_us)
{
	clock->time = (uint32_t)(ntp >> 16);
	clock->came_us = now_us;
}

void reports_take(struct reports *rep, struct source *src,
		  const struct rtcp_compound *cmp, uint32_t ssrc,
		  uint64_t now_us)
{
	const struct rtcp_xr *xr = &cmp->xr;

	if (cmp->has_sender)
		take_clock(&src->clock, cmp->ntp, now_us);
	if (xr->has_time) {
		take_clock(&rep->asked, xr->time, now_us);
		rep->asked_by = cmp->ssrc;
	}
	for (unsigned i = 0; i < xr->n_answers; i++)
		if (xr->answers[i].ssrc == ssrc)
			take_answer(rep, xr->answers[i].lrr,
				    xr->answers[i].dlrr, now_us);
	for (unsigned i = 0; i < cmp->n_blocks; i++) {
		const struct rtcp_block *blk = &cmp->blocks[i];

		if (blk->ssrc != ssrc)
			continue;
		take_answer(rep, blk->lsr, blk->dlsr, now_us);
		quality_take_block(&rep->quality, blk->fraction / 256.0,
				   blk->jitter * 1000.0 / RTP_CLOCK_RATE,
				   rep->round_trip_ms);
	}
	for (unsigned i = 0; i < xr->n_voip; i++)
		if (xr->voip[i].ssrc == ssrc)
			quality_take_voip(&rep->quality, &xr->voip[i]);
}

/* RFC 3550 4: 32 bits of seconds since 1900, 32 bits of fraction. */
static uint64_t ntp_time(uint64_t wall_us)
{
	return (wall_us / 1000000 + NTP_UNIX) << 32 |
	       (wall_us % 1000000 << 32) / 1000000;
}

/* Our time, in an SR while we send media, else in an XR (RFC 3611 4.4). */
static void fill_time(struct reports *rep, struct rtcp_compound *cmp,
		      const struct reports_sender *sender, uint64_t now_us,
		      uint64_t wall_us)
{
	unsigned slot = rep->n_sent++ % REPORTS_SENT;
	uint64_t ntp = ntp_time(wall_us);

	rep->sent[slot].time = (uint32_t)(ntp >> 16);
	rep->sent[slot].sent_us = now_us;
	cmp->has_sender = sender->packets != rep->packets_before;
	rep->packets_before = sender->packets;
	if (!cmp->has_sender) {
		cmp->xr.has_time = true;
		cmp->xr.time = ntp;
		return;
	}
	cmp->ntp = ntp;
	cmp->rtp_timestamp = sender->rtp_timestamp;
	cmp->packets = (uint32_t)sender->packets;
	cmp->octets = sender->octets;
}

/* 1/65536 s since the peer's clock was read. */
static uint32_t since(const struct source_clock *clock, uint64_t now_us)
{
	return clock->time
		       ? (uint32_t)((now_us - clock->came_us) * 65536 / 1000000)
		       : 0;
}

static void fill_block(struct rtcp_compound *cmp, struct source *src,
		       uint64_t now_us)
{
	struct reception *rec = &src->reception;
	const int64_t most = 0x7fffff;
	int64_t lost = reception_lost(rec);

	cmp->n_blocks = 1;
	cmp->blocks[0] = (struct rtcp_block){
		.ssrc = src->ssrc,
		.fraction = (uint8_t)(reception_interval_loss(rec) * 255.99),
		.lost = (int32_t)(lost > most	 ? most
				  : lost < -most ? -most
						 : lost),
		.highest = (uint32_t)rec->window.newest,
		.jitter = (uint32_t)rec->jitter,
		.lsr = src->clock.time,
		.dlsr = since(&src->clock, now_us),
	};
}

static void fill_voip(struct reports *rep, struct rtcp_xr *xr,
		      const struct source *src, uint64_t now_us)
{
	if (now_us < rep->voip_due_us ||
	    !quality_fill_voip(&rep->quality, &src->reception,
			       rep->round_trip_ms, &xr->voip[0]))
		return;
	rep->voip_due_us = now_us + VOIP_US;
	xr->voip[0].ssrc = src->ssrc;
	xr->n_voip = 1;
}

static void fill_answer(struct reports *rep, struct rtcp_xr *xr,
			uint64_t now_us)
{
	if (!rep->asked.time)
		return;
	xr->n_answers = 1;
	xr->answers[0] =
		(struct rtcp_xr_answer){ .ssrc = rep->asked_by,
					 .lrr = rep->asked.time,
					 .dlrr = since(&rep->asked, now_us) };
	rep->asked.time = 0;
}

void reports_fill(struct reports *rep, struct rtcp_compound *cmp,
		  const struct reports_sender *sender, struct source *src,
		  uint64_t now_us, uint64_t wall_us)
{
	cmp->ssrc = sender->ssrc;
	fill_time(rep, cmp, sender, now_us, wall_us);
	fill_answer(rep, &cmp->xr, now_us);
	if (!src || !src->reception.window.started)
		return;
	fill_block(cmp, src, now_us);
	fill_voip(rep, &cmp->xr, src, now_us);
}
