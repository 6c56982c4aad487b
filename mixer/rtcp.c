#include "mixer/rtcp.h"

#include <errno.h>
#include <string.h>

#include "mixer/wire.h"

#define VERSION	   2
#define MAX_CNAME  255
#define SDES_CNAME 1
#define BLOCK_SIZE 24

enum rtcp_type {
	RTCP_SR = 200,
	RTCP_RR = 201,
	RTCP_SDES = 202,
	RTCP_BYE = 203,
	RTCP_APP = 204,
	RTCP_XR = 207,
};

/* A reader or writer that remembers a step past its end: checked once,
 * when all is read or written. */
struct cursor {
	uint8_t *at;
	size_t left;
	bool bad;
};

static const uint8_t nothing[BLOCK_SIZE];

static const uint8_t *take(struct cursor *cur, size_t size)
{
	const uint8_t *p = cur->at;

	if (cur->bad || cur->left < size) {
		cur->bad = true;
		return nothing;
	}
	cur->at += size;
	cur->left -= size;
	return p;
}

static uint32_t take32(struct cursor *cur)
{
	return wire_get32(take(cur, 4));
}

static void decode_block(struct rtcp_compound *cmp, struct cursor *cur)
{
	const uint8_t *p = take(cur, BLOCK_SIZE);
	struct rtcp_block *blk;
	uint32_t lost = wire_get32(p + 4) & 0xffffff;

	if (cmp->n_blocks == RTCP_MAX_BLOCKS)
		return;
	blk = &cmp->blocks[cmp->n_blocks++];
	*blk = (struct rtcp_block){
		.ssrc = wire_get32(p),
		.fraction = p[4],
		.lost = lost & 0x800000 ? (int32_t)lost - 0x1000000
					: (int32_t)lost,
		.highest = wire_get32(p + 8),
		.jitter = wire_get32(p + 12),
		.lsr = wire_get32(p + 16),
		.dlsr = wire_get32(p + 20),
	};
}

static void decode_report(struct rtcp_compound *cmp, struct cursor *cur,
			  enum rtcp_type type, unsigned count)
{
	uint32_t ssrc = take32(cur);

	if (type == RTCP_SR) {
		cmp->has_sender = true;
		cmp->ntp = (uint64_t)take32(cur) << 32;
		cmp->ntp |= take32(cur);
		cmp->rtp_timestamp = take32(cur);
		cmp->packets = take32(cur);
		cmp->octets = take32(cur);
	}
	cmp->ssrc = ssrc;
	while (count--)
		decode_block(cmp, cur);
}

/* Chunks are an SSRC and items up to a zero byte, padded to 32 bits. Only
 * the CNAME of the first chunk matters here. */
static void decode_sdes(struct rtcp_compound *cmp, struct cursor *cur,
			unsigned count)
{
	if (!count)
		return;
	take32(cur);
	while (!cur->bad && cur->left) {
		uint8_t type = *take(cur, 1), size;
		const uint8_t *text;

		if (!type)
			return;
		size = *take(cur, 1);
		if (size > cur->left) {
			cur->bad = true;
			return;
		}
		text = size ? take(cur, size) : nothing;
		if (type == SDES_CNAME) {
			cmp->cname = (const char *)text;
			cmp->cname_size = size;
		}
	}
}

static void decode_bye(struct rtcp_compound *cmp, struct cursor *cur,
		       unsigned count)
{
	while (count--)
		if (take32(cur) == cmp->ssrc && !cur->bad)
			cmp->bye = true;
	if (!cur->left || *cur->at >= cur->left)
		return; /* no reason, or one that is cut off */
	cmp->reason_size = *take(cur, 1);
	cmp->reason = (const char *)take(cur, cmp->reason_size);
}

static void decode_app(struct rtcp_compound *cmp, struct cursor *cur,
		       unsigned subtype)
{
	uint32_t ssrc = take32(cur);
	const uint8_t *name = take(cur, 4);
	struct rtcp_app *app;

	if (cur->bad || ssrc != cmp->ssrc || cmp->n_apps == RTCP_MAX_APPS)
		return;
	app = &cmp->apps[cmp->n_apps++];
	*app = (struct rtcp_app){ .subtype = (uint8_t)subtype };
	memcpy(app->name, name, sizeof(app->name));
	app->data = cur->at;
	app->size = cur->left;
}

static void decode_xr(struct rtcp_compound *cmp, struct cursor *cur)
{
	uint32_t ssrc = take32(cur);

	if (!cur->bad && ssrc == cmp->ssrc &&
	    rtcp_xr_decode(&cmp->xr, cur->at, cur->left))
		cur->bad = true;
}

/* The body of one packet, or bad. Padding is allowed in the last only. */
static struct cursor packet_body(struct cursor *cur, const uint8_t *head)
{
	struct cursor body = { 0 };
	size_t size = 4u * wire_get16(head + 2);
	uint8_t padding;

	if (cur->bad || head[0] >> 6 != VERSION || size > cur->left) {
		cur->bad = true;
		return body;
	}
	body.at = cur->at;
	body.left = size;
	take(cur, size);
	if (head[0] & 0x20) {
		padding = size ? body.at[size - 1] : 0;
		if (cur->left || !padding || padding % 4 || padding > size)
			cur->bad = true;
		else
			body.left -= padding;
	}
	return body;
}

int rtcp_decode(struct rtcp_compound *cmp_r, const uint8_t *buf, size_t size)
{
	/* Read only: the same cursor writes, hence not const. */
	struct cursor cur = { .at = (uint8_t *)buf, .left = size };
	bool first = true;

	memset(cmp_r, 0, sizeof(*cmp_r));
	while (!cur.bad && (cur.left || first)) {
		const uint8_t *head = take(&cur, 4);
		struct cursor body = packet_body(&cur, head);
		unsigned count = head[0] & 0x1f;

		if (cur.bad)
			break;
		if (first && head[1] != RTCP_SR && head[1] != RTCP_RR)
			return -EBADMSG;
		first = false;
		switch (head[1]) {
		case RTCP_SR:
		case RTCP_RR:
			decode_report(cmp_r, &body, head[1], count);
			break;
		case RTCP_SDES:
			decode_sdes(cmp_r, &body, count);
			break;
		case RTCP_BYE:
			decode_bye(cmp_r, &body, count);
			break;
		case RTCP_APP:
			decode_app(cmp_r, &body, count);
			break;
		case RTCP_XR:
			decode_xr(cmp_r, &body);
			break;
		default:
			break;
		}
		cur.bad = body.bad;
	}
	return cur.bad ? -EBADMSG : 0;
}

static uint8_t *room(struct cursor *cur, size_t size)
{
	uint8_t *p = cur->at;

	if (cur->bad || cur->left < size) {
		cur->bad = true;
		return NULL;
	}
	cur->at += size;
	cur->left -= size;
	return p;
}

static void put32(struct cursor *cur, uint32_t v)
{
	uint8_t *p = room(cur, 4);

	if (p)
		wire_put32(p, v);
}

static void put_bytes(struct cursor *cur, const void *bytes, size_t size,
		      size_t padded, uint8_t filler)
{
	uint8_t *p = room(cur, padded);

	if (!p)
		return;
	if (size)
		memcpy(p, bytes, size);
	memset(p + size, filler, padded - size);
}

static void put_head(struct cursor *cur, unsigned count, enum rtcp_type type,
		     size_t body)
{
	put32(cur, (uint32_t)VERSION << 30 | (uint32_t)(count & 0x1f) << 24 |
			   (uint32_t)type << 16 | (uint32_t)(body / 4));
}

static void put_report(struct cursor *cur, const struct rtcp_compound *cmp)
{
	put_head(cur, cmp->n_blocks, cmp->has_sender ? RTCP_SR : RTCP_RR,
		 4u + (cmp->has_sender ? 20u : 0u) +
			 (size_t)cmp->n_blocks * BLOCK_SIZE);
	put32(cur, cmp->ssrc);
	if (cmp->has_sender) {
		put32(cur, (uint32_t)(cmp->ntp >> 32));
		put32(cur, (uint32_t)cmp->ntp);
		put32(cur, cmp->rtp_timestamp);
		put32(cur, cmp->packets);
		put32(cur, cmp->octets);
	}
	for (unsigned i = 0; i < cmp->n_blocks; i++) {
		const struct rtcp_block *blk = &cmp->blocks[i];

		put32(cur, blk->ssrc);
		put32(cur, (uint32_t)blk->fraction << 24 |
				   ((uint32_t)blk->lost & 0xffffff));
		put32(cur, blk->highest);
		put32(cur, blk->jitter);
		put32(cur, blk->lsr);
		put32(cur, blk->dlsr);
	}
}

static void put_sdes(struct cursor *cur, const struct rtcp_compound *cmp)
{
	uint8_t item[2] = { SDES_CNAME, (uint8_t)cmp->cname_size };
	/* At least one zero byte ends the chunk. */
	size_t chunk = (4 + 2 + cmp->cname_size + 1 + 3) & ~(size_t)3;

	if (cmp->cname_size > MAX_CNAME) {
		cur->bad = true;
		return;
	}
	put_head(cur, 1, RTCP_SDES, chunk);
	put32(cur, cmp->ssrc);
	put_bytes(cur, item, 2, 2, 0);
	put_bytes(cur, cmp->cname, cmp->cname_size, chunk - 4 - 2, 0);
}

static void put_xr(struct cursor *cur, const struct rtcp_compound *cmp)
{
	size_t size = rtcp_xr_size(&cmp->xr);
	uint8_t *p;

	if (!size)
		return;
	put_head(cur, 0, RTCP_XR, 4 + size);
	put32(cur, cmp->ssrc);
	p = room(cur, size);
	if (p)
		rtcp_xr_encode(&cmp->xr, p);
}

static void put_app(struct cursor *cur, uint32_t ssrc,
		    const struct rtcp_app *app)
{
	size_t padded = (app->size + 3) & ~(size_t)3;

	put_head(cur, app->subtype, RTCP_APP,
		 8 + (app->has_id ? 4 : 0) + padded);
	put32(cur, ssrc);
	put_bytes(cur, app->name, 4, 4, 0);
	if (app->has_id)
		put32(cur, app->id);
	put_bytes(cur, app->data, app->size, padded, ' ');
}

static void put_bye(struct cursor *cur, const struct rtcp_compound *cmp)
{
	const uint8_t size = (uint8_t)cmp->reason_size;
	const size_t padded = size ? (1u + size + 3u) & ~(size_t)3 : 0;

	put_head(cur, 1, RTCP_BYE, 4 + padded);
	put32(cur, cmp->ssrc);
	if (!size)
		return;
	put_bytes(cur, &size, 1, 1, 0);
	put_bytes(cur, cmp->reason, size, padded - 1, 0);
}

int rtcp_encode(const struct rtcp_compound *cmp, uint8_t *buf, size_t cap)
{
	struct cursor cur = { .at = buf, .left = cap };

	put_report(&cur, cmp);
	put_sdes(&cur, cmp);
	put_xr(&cur, cmp);
	for (unsigned i = 0; i < cmp->n_apps; i++)
		put_app(&cur, cmp->ssrc, &cmp->apps[i]);
	if (cmp->bye)
		put_bye(&cur, cmp);
	return cur.bad ? -ENOBUFS : (int)(cap - cur.left);
}
