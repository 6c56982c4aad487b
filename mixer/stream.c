#include "mixer/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "mixer/reception.h"
#include "mixer/rtcp.h"
#include "mixer/wire.h"

#define NTP_UNIX     2208988800u /* s from 1900 to 1970 */
#define SENT_REPORTS 8		 /* whose round trip can still be told */
#define APP_MESSAGE  0
#define APP_ACK	     1

static const char app_name[4] = { 'I', 'P', 'S', 'P' };

struct stream {
	struct stream_config cfg; /* {const} */

	/* {worker} sender */
	struct srtp_cipher *protect;
	uint64_t sequence; /* of the next packet; its upper part is ROC */
	uint32_t timestamp;
	uint32_t rtcp_index;
	bool talking; /* the last frame was sent */
	int level;    /* of the next one, or LEVEL_NONE */
	bool voice;
	uint32_t octets;
	uint64_t sent_at_report; /* packets, when the last SR/RR went */
	struct {
		uint32_t lsr;
		uint64_t sent_us;
	} reports[SENT_REPORTS]; /* our last SRs, for LSR/DLSR */
	unsigned n_reports;

	/* {worker} receiver */
	struct srtp_cipher *unprotect;
	struct reception reception;
	struct replay_window rtcp_window;
	uint32_t lsr; /* of the peer's last SR, 0: none yet */
	uint64_t lsr_us;

	struct stream_report report; /* {worker} */
};

/* Sequence number and timestamp start at random (RFC 3550 5.1), the number
 * below 2^15 (RFC 3711 3.3.1: no doubt about the first rollover). */
static int start_random(struct stream *stream)
{
	uint8_t random[6];

	if (RAND_bytes(random, sizeof(random)) != 1)
		return -EIO;
	stream->sequence = wire_get16(random) & 0x7fff;
	stream->timestamp = wire_get32(random + 2);
	return 0;
}

int stream_create(struct stream **stream_r, const struct stream_config *cfg)
{
	struct stream *stream;
	int r;

	if (cfg->payload_type > 127 || cfg->level_id > RTP_MAX_LEVEL_ID ||
	    cfg->send_ssrc == cfg->receive_ssrc ||
	    !memchr(cfg->cname, 0, sizeof(cfg->cname)))
		return -EINVAL;
	stream = calloc(1, sizeof(*stream));
	if (!stream)
		return -ENOMEM;
	stream->cfg = *cfg;
	stream->report.round_trip_ms = -1;
	stream->level = LEVEL_NONE;
	r = start_random(stream);
	if (!r && cfg->suite != SRTP_NONE)
		r = srtp_cipher_create(&stream->protect, cfg->suite,
				       cfg->send_key, SRTP_PROTECT);
	if (!r && cfg->suite != SRTP_NONE)
		r = srtp_cipher_create(&stream->unprotect, cfg->suite,
				       cfg->receive_key, SRTP_UNPROTECT);
	/* The ciphers have them. */
	OPENSSL_cleanse(stream->cfg.send_key, SRTP_MAX_KEY);
	OPENSSL_cleanse(stream->cfg.receive_key, SRTP_MAX_KEY);
	if (r)
		stream_destroy(&stream);
	else
		*stream_r = stream;
	return r;
}

void stream_destroy(struct stream **streamp)
{
	struct stream *stream = *streamp;

	*streamp = NULL;
	if (!stream)
		return;
	srtp_cipher_destroy(&stream->protect);
	srtp_cipher_destroy(&stream->unprotect);
	free(stream);
}

/* Counts a refusal where it belongs. */
static int refuse(struct stream *stream, int why)
{
	switch (why) {
	case -EACCES:
		stream->report.rejected_auth++;
		break;
	case -EALREADY:
		stream->report.rejected_replay++;
		break;
	case -EADDRNOTAVAIL:
		stream->report.rejected_ssrc++;
		break;
	default:
		stream->report.rejected_malformed++;
		why = -EBADMSG;
	}
	return why;
}

/* The size of the packet's header when it is one that belongs here, by what a
 * glance tells. */
static int check_header(const struct stream *stream, const uint8_t *buf,
			size_t size)
{
	int header = rtp_header_size(buf, size);

	if (header >= 0 && (wire_get32(buf + 8) != stream->cfg.receive_ssrc ||
			    (buf[1] & 0x7f) != stream->cfg.payload_type))
		return -EADDRNOTAVAIL;
	return header;
}

/* The packet's index, when it is fresh and authentic; *size becomes that of
 * the packet in the clear. */
static int open_rtp(struct stream *stream, uint8_t *buf, size_t *size,
		    uint64_t *index_r)
{
	struct reception *rec = &stream->reception;
	int header = check_header(stream, buf, *size), n;

	/* Before any arithmetic: this is what a stranger's packet costs. */
	if (header < 0)
		return header;
	*index_r = reception_index(rec, wire_get16(buf + 2));
	if (!stream->unprotect && !reception_plausible(rec, index_r))
		return -EALREADY;
	if (replay_check(&rec->window, *index_r))
		return -EALREADY;
	if (!stream->unprotect)
		return 0;
	n = srtp_cipher_unprotect_rtp(stream->unprotect, *index_r,
				      (size_t)header, buf, *size);
	if (n < 0)
		return n;
	*size = (size_t)n;
	return 0;
}

int stream_receive_rtp(struct stream *stream, uint8_t *buf, size_t size,
		       uint64_t now_us, struct stream_media *media_r)
{
	struct rtp_packet pkt;
	size_t wire_size = size;
	uint64_t index;
	int r = open_rtp(stream, buf, &size, &index);

	if (!r)
		r = rtp_decode(&pkt, buf, size);
	if (r)
		return refuse(stream, r);
	stream->report.received++;
	stream->report.bytes_in += wire_size;
	*media_r = (struct stream_media){
		.sequence = index,
		.timestamp = reception_add(&stream->reception, index,
					   pkt.timestamp, now_us),
		.marker = pkt.marker,
		.level_dbov = rtp_level(buf, (size_t)(pkt.payload - buf),
					stream->cfg.level_id),
		.payload = pkt.payload,
		.payload_size = pkt.payload_size,
	};
	return 0;
}

int stream_peek_level(const struct stream *stream, const uint8_t *buf,
		      size_t size)
{
	int header = check_header(stream, buf, size);

	return header < 0
		       ? LEVEL_NONE
		       : rtp_level(buf, (size_t)header, stream->cfg.level_id);
}

static int open_rtcp(struct stream *stream, uint8_t *buf, size_t *size)
{
	uint32_t index;
	int n;

	if (*size < 8)
		return -EBADMSG;
	if (wire_get32(buf + 4) != stream->cfg.receive_ssrc)
		return -EADDRNOTAVAIL;
	if (!stream->unprotect)
		return 0;
	n = srtp_cipher_unprotect_rtcp(stream->unprotect, &index, buf, *size);
	if (n < 0)
		return n;
	if (replay_check(&stream->rtcp_window, index))
		return -EALREADY;
	replay_add(&stream->rtcp_window, index);
	*size = (size_t)n;
	return 0;
}

/* RFC 3550 6.4.1: A - LSR - DLSR. A and LSR are taken from the monotonic
 * clock at which that SR was sent, so that a step of the wall clock is no
 * round trip. */
static void take_block(struct stream *stream, const struct rtcp_block *blk,
		       uint64_t now_us)
{
	struct stream_report *rep = &stream->report;

	rep->peer_loss = blk->fraction / 256.0;
	rep->peer_jitter_ms = blk->jitter * 1000.0 / RTP_CLOCK_RATE;
	if (!blk->lsr)
		return;
	for (unsigned i = 0; i < SENT_REPORTS; i++) {
		double ms;

		if (stream->reports[i].lsr != blk->lsr)
			continue;
		ms = (double)(now_us - stream->reports[i].sent_us) / 1000.0 -
		     blk->dlsr * 1000.0 / 65536;
		rep->round_trip_ms = ms > 0 ? ms : 0;
		return;
	}
}

static void take_app(struct stream_control *control, const struct rtcp_app *app)
{
	size_t size = app->size;

	if (memcmp(app->name, app_name, sizeof(app_name)) || size < 4)
		return;
	if (app->subtype == APP_ACK) {
		control->has_ack = true;
		control->ack_id = wire_get32(app->data);
	} else if (app->subtype == APP_MESSAGE) {
		while (size > 4 && app->data[size - 1] == ' ')
			size--;
		if (size - 4 > STREAM_APP_MAX)
			return;
		control->has_message = true;
		control->message_id = wire_get32(app->data);
		control->message = app->data + 4;
		control->message_size = size - 4;
	}
}

int stream_receive_rtcp(struct stream *stream, uint8_t *buf, size_t size,
			uint64_t now_us, struct stream_control *control_r)
{
	struct rtcp_compound cmp;
	int r = open_rtcp(stream, buf, &size);

	memset(control_r, 0, sizeof(*control_r));
	if (!r)
		r = rtcp_decode(&cmp, buf, size);
	if (r)
		return refuse(stream, r);
	if (cmp.has_sender) {
		stream->lsr = (uint32_t)(cmp.ntp >> 16);
		stream->lsr_us = now_us;
	}
	for (unsigned i = 0; i < cmp.n_blocks; i++)
		if (cmp.blocks[i].ssrc == stream->cfg.send_ssrc)
			take_block(stream, &cmp.blocks[i], now_us);
	for (unsigned i = 0; i < cmp.n_apps; i++)
		take_app(control_r, &cmp.apps[i]);
	control_r->bye = cmp.bye;
	return 0;
}

void stream_set_level(struct stream *stream, int level_dbov, bool voice)
{
	stream->level = level_dbov;
	stream->voice = voice;
}

int stream_send_rtp(struct stream *stream, const uint8_t *payload,
		    size_t payload_size, unsigned samples, uint8_t *buf,
		    size_t cap)
{
	uint8_t level = stream->level == LEVEL_NONE ? 0 : stream->cfg.level_id;
	/* RFC 3551 4.1: the marker opens a talkspurt. */
	const struct rtp_packet pkt = {
		.marker = !stream->talking,
		.payload_type = stream->cfg.payload_type,
		.sequence = (uint16_t)stream->sequence,
		.timestamp = stream->timestamp,
		.ssrc = stream->cfg.send_ssrc,
		.payload = payload,
		.payload_size = payload_size,
		.level_id = level,
		.level_dbov = stream->level,
		.voice = stream->voice,
	};
	int n;

	stream->level = LEVEL_NONE;
	stream->timestamp += samples;
	stream->talking = payload_size > 0;
	if (!payload_size)
		return 0;
	n = rtp_encode(&pkt, buf, cap);
	if (n > 0 && stream->protect)
		n = srtp_cipher_protect_rtp(stream->protect, stream->sequence,
					    (size_t)n - payload_size, buf,
					    (size_t)n, cap);
	if (n < 0)
		return n;
	stream->sequence++;
	stream->octets += (uint32_t)payload_size;
	stream->report.sent++;
	stream->report.bytes_out += (uint64_t)n;
	return n;
}

/* RFC 3550 4: 32 bits of seconds since 1900, 32 bits of fraction. */
static uint64_t ntp_time(uint64_t wall_us)
{
	return (wall_us / 1000000 + NTP_UNIX) << 32 |
	       (wall_us % 1000000 << 32) / 1000000;
}

static void fill_sender(struct stream *stream, struct rtcp_compound *cmp,
			uint64_t now_us, uint64_t wall_us)
{
	unsigned slot = stream->n_reports++ % SENT_REPORTS;

	cmp->has_sender = true;
	cmp->ntp = ntp_time(wall_us);
	cmp->rtp_timestamp = stream->timestamp;
	cmp->packets = (uint32_t)stream->report.sent;
	cmp->octets = stream->octets;
	stream->reports[slot].lsr = (uint32_t)(cmp->ntp >> 16);
	stream->reports[slot].sent_us = now_us;
}

static void fill_block(struct stream *stream, struct rtcp_compound *cmp,
		       uint64_t now_us)
{
	struct reception *rec = &stream->reception;
	double loss = reception_interval_loss(rec);
	int64_t lost = reception_lost(rec);
	const int64_t most = 0x7fffff;

	stream->report.loss = loss;
	cmp->n_blocks = 1;
	cmp->blocks[0] = (struct rtcp_block){
		.ssrc = stream->cfg.receive_ssrc,
		.fraction = (uint8_t)(loss * 255.99),
		.lost = (int32_t)(lost > most	 ? most
				  : lost < -most ? -most
						 : lost),
		.highest = (uint32_t)rec->window.newest,
		.jitter = (uint32_t)rec->jitter,
		.lsr = stream->lsr,
		.dlsr = stream->lsr ? (uint32_t)((now_us - stream->lsr_us) *
						 65536 / 1000000)
				    : 0,
	};
}

static void fill_extra(struct rtcp_compound *cmp,
		       const struct stream_extra *extra)
{
	struct rtcp_app app = { .has_id = true };

	memcpy(app.name, app_name, sizeof(app.name));
	if (extra->ack) {
		app.subtype = APP_ACK;
		app.id = extra->ack_id;
		cmp->apps[cmp->n_apps++] = app;
	}
	if (extra->message) {
		app.subtype = APP_MESSAGE;
		app.id = extra->message_id;
		app.data = extra->message;
		app.size = extra->message_size;
		cmp->apps[cmp->n_apps++] = app;
	}
	cmp->bye = extra->bye;
}

int stream_send_rtcp(struct stream *stream, const struct stream_extra *extra,
		     uint64_t now_us, uint64_t wall_us, uint8_t *buf,
		     size_t cap)
{
	struct rtcp_compound cmp = {
		.ssrc = stream->cfg.send_ssrc,
		.cname = stream->cfg.cname,
		.cname_size = strlen(stream->cfg.cname),
	};
	int n;

	if (extra && extra->message_size > STREAM_APP_MAX)
		return -ENOBUFS;
	if (stream->report.sent != stream->sent_at_report)
		fill_sender(stream, &cmp, now_us, wall_us);
	stream->sent_at_report = stream->report.sent;
	if (stream->reception.window.started)
		fill_block(stream, &cmp, now_us);
	if (extra)
		fill_extra(&cmp, extra);
	n = rtcp_encode(&cmp, buf, cap);
	if (n > 0 && stream->protect)
		n = srtp_cipher_protect_rtcp(stream->protect,
					     stream->rtcp_index++, buf,
					     (size_t)n, cap);
	return n;
}

void stream_report(const struct stream *stream, struct stream_report *rep_r)
{
	*rep_r = stream->report;
	rep_r->lost = reception_lost(&stream->reception);
	rep_r->jitter_ms = stream->reception.jitter * 1000.0 / RTP_CLOCK_RATE;
}
