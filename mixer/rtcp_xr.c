#include "mixer/rtcp_xr.h"

#include <errno.h>

#include "mixer/wire.h"

#define HEAD_SIZE   4
#define TIME_SIZE   8  /* without the head, as all of these */
#define ANSWER_SIZE 12 /* each; a block holds any number */
#define VOIP_SIZE   32

enum block_type { BLOCK_TIME = 4, BLOCK_ANSWERS = 5, BLOCK_VOIP = 7 };

static void decode_time(struct rtcp_xr *xr, const uint8_t *p, size_t size)
{
	if (size != TIME_SIZE)
		return;
	xr->has_time = true;
	xr->time = (uint64_t)wire_get32(p) << 32 | wire_get32(p + 4);
}

static void decode_answers(struct rtcp_xr *xr, const uint8_t *p, size_t size)
{
	if (size % ANSWER_SIZE)
		return;
	for (; size && xr->n_answers < RTCP_XR_MAX;
	     size -= ANSWER_SIZE, p += ANSWER_SIZE)
		xr->answers[xr->n_answers++] = (struct rtcp_xr_answer){
			.ssrc = wire_get32(p),
			.lrr = wire_get32(p + 4),
			.dlrr = wire_get32(p + 8),
		};
}

static void decode_voip(struct rtcp_xr *xr, const uint8_t *p, size_t size)
{
	if (size != VOIP_SIZE || xr->n_voip == RTCP_XR_MAX)
		return;
	xr->voip[xr->n_voip++] = (struct rtcp_xr_voip){
		.ssrc = wire_get32(p),
		.loss_rate = p[4],
		.discard_rate = p[5],
		.burst_density = p[6],
		.gap_density = p[7],
		.burst_ms = wire_get16(p + 8),
		.gap_ms = wire_get16(p + 10),
		.round_trip_ms = wire_get16(p + 12),
		.end_system_ms = wire_get16(p + 14),
		.signal_dbm0 = (int8_t)p[16],
		.noise_dbm0 = (int8_t)p[17],
		.residual_echo = p[18],
		.gmin = p[19],
		.rating = p[20],
		.external_rating = p[21],
		.mos_lq = p[22],
		.mos_cq = p[23],
		.rx_config = p[24],
		.buffer_ms = wire_get16(p + 26),
		.buffer_max_ms = wire_get16(p + 28),
		.buffer_abs_max_ms = wire_get16(p + 30),
	};
}

int rtcp_xr_decode(struct rtcp_xr *xr, const uint8_t *buf, size_t size)
{
	while (size) {
		size_t body;

		if (size < HEAD_SIZE)
			return -EBADMSG;
		body = 4u * wire_get16(buf + 2);
		if (body > size - HEAD_SIZE)
			return -EBADMSG;
		switch (buf[0]) {
		case BLOCK_TIME:
			decode_time(xr, buf + HEAD_SIZE, body);
			break;
		case BLOCK_ANSWERS:
			decode_answers(xr, buf + HEAD_SIZE, body);
			break;
		case BLOCK_VOIP:
			decode_voip(xr, buf + HEAD_SIZE, body);
			break;
		default:
			break;
		}
		buf += HEAD_SIZE + body;
		size -= HEAD_SIZE + body;
	}
	return 0;
}

size_t rtcp_xr_size(const struct rtcp_xr *xr)
{
	return (xr->has_time ? HEAD_SIZE + TIME_SIZE : 0) +
	       (xr->n_answers ? HEAD_SIZE + xr->n_answers * ANSWER_SIZE : 0) +
	       (size_t)xr->n_voip * (HEAD_SIZE + VOIP_SIZE);
}

static uint8_t *put_head(uint8_t *p, enum block_type type, size_t body)
{
	p[0] = (uint8_t)type;
	p[1] = 0;
	wire_put16(p + 2, (uint16_t)(body / 4));
	return p + HEAD_SIZE;
}

static uint8_t *put_voip(uint8_t *p, const struct rtcp_xr_voip *voip)
{
	p = put_head(p, BLOCK_VOIP, VOIP_SIZE);
	wire_put32(p, voip->ssrc);
	p[4] = voip->loss_rate;
	p[5] = voip->discard_rate;
	p[6] = voip->burst_density;
	p[7] = voip->gap_density;
	wire_put16(p + 8, voip->burst_ms);
	wire_put16(p + 10, voip->gap_ms);
	wire_put16(p + 12, voip->round_trip_ms);
	wire_put16(p + 14, voip->end_system_ms);
	p[16] = (uint8_t)voip->signal_dbm0;
	p[17] = (uint8_t)voip->noise_dbm0;
	p[18] = voip->residual_echo;
	p[19] = voip->gmin;
	p[20] = voip->rating;
	p[21] = voip->external_rating;
	p[22] = voip->mos_lq;
	p[23] = voip->mos_cq;
	p[24] = voip->rx_config;
	p[25] = 0;
	wire_put16(p + 26, voip->buffer_ms);
	wire_put16(p + 28, voip->buffer_max_ms);
	wire_put16(p + 30, voip->buffer_abs_max_ms);
	return p + VOIP_SIZE;
}

void rtcp_xr_encode(const struct rtcp_xr *xr, uint8_t *buf)
{
	uint8_t *p = buf;

	if (xr->has_time) {
		p = put_head(p, BLOCK_TIME, TIME_SIZE);
		wire_put32(p, (uint32_t)(xr->time >> 32));
		wire_put32(p + 4, (uint32_t)xr->time);
		p += TIME_SIZE;
	}
	if (xr->n_answers)
		p = put_head(p, BLOCK_ANSWERS,
			     (size_t)xr->n_answers * ANSWER_SIZE);
	for (unsigned i = 0; i < xr->n_answers; i++, p += ANSWER_SIZE) {
		wire_put32(p, xr->answers[i].ssrc);
		wire_put32(p + 4, xr->answers[i].lrr);
		wire_put32(p + 8, xr->answers[i].dlrr);
	}
	for (unsigned i = 0; i < xr->n_voip; i++)
		p = put_voip(p, &xr->voip[i]);
}
