#include "mixer/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "mixer/reports.h"
#include "mixer/rtcp.h"
#include "mixer/source.h"
#include "mixer/wire.h"

#define MOVED	    "moved" /* the reason in BYE: docs/ipsp.md, "Standby" */
#define APP_MESSAGE 0
#define APP_ACK	    1

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

	/* {worker} receiver */
	struct srtp_cipher *unprotect;
	struct sources sources;

	struct reports reports;	     /* {worker} */
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
	reports_init(&stream->reports);
	stream->level = LEVEL_NONE;
	r = start_random(stream);
	if (!r)
		r = sources_init(&stream->sources, cfg->receive_ssrc,
				 cfg->suite != SRTP_NONE);
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
	sources_fini(&stream->sources);
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

/* Whose packet this is, by what a glance tells: before any arithmetic, this
 * is what a stranger's packet costs. Returns the size of its header. */
static int find_source(struct stream *stream, const uint8_t *buf, size_t size,
		       struct source **src_r)
{
	int header = rtp_header_size(buf, size);
	uint32_t ssrc;

	if (header < 0)
		return header;
	ssrc = wire_get32(buf + 8);
	if ((buf[1] & 0x7f) != stream->cfg.payload_type ||
	    ssrc == stream->cfg.send_ssrc) /* a loop, RFC 3550 8.2 */
		return -EADDRNOTAVAIL;
	*src_r = sources_find(&stream->sources, ssrc);
	return *src_r ? header : -EADDRNOTAVAIL;
}

/* The packet's index, when it is fresh and authentic; *size becomes that of
 * the packet in the clear. */
static int64_t open_rtp(struct stream *stream, struct source *src,
			size_t header, uint8_t *buf, size_t *size,
			uint64_t now_us, bool *restarted_r)
{
	struct reception *rec = &src->reception;
	uint64_t index = reception_index(rec, wire_get16(buf + 2));
	int n = 0;

	if (!stream->unprotect)
		n = reception_plausible(rec, &index);
	*restarted_r = n == 1;
	if (n < 0 || replay_check(&rec->window, index))
		return -EALREADY;
	if (!stream->unprotect)
		return (int64_t)index;
	n = srtp_cipher_unprotect_rtp(stream->unprotect, index, header, buf,
				      *size);
	if (n == -EACCES)
		reception_dispute(rec, now_us);
	if (n < 0)
		return n;
	*size = (size_t)n;
	return (int64_t)index;
}

/* Enters an accepted packet; returns its extended timestamp. */
static uint64_t take_rtp(struct stream *stream, struct source *src,
			 uint64_t index, uint32_t timestamp, size_t size,
			 uint64_t now_us)
{
	struct reception *rec = &src->reception;
	uint64_t received = rec->received, bytes = rec->bytes, extended;

	extended = reception_add(rec, index, timestamp, size, now_us);
	stream->report.received += rec->received - received;
	stream->report.bytes_in += rec->bytes - bytes;
	return extended;
}

int stream_receive_rtp(struct stream *stream, uint8_t *buf, size_t size,
		       uint64_t now_us, struct stream_media *media_r)
{
	const struct source *before;
	struct source *src;
	struct rtp_packet pkt;
	size_t wire_size = size;
	int header = find_source(stream, buf, size, &src);
	int64_t index;
	bool restarted, fresh, heard;

	if (header < 0)
		return refuse(stream, header);
	index = open_rtp(stream, src, (size_t)header, buf, &size, now_us,
			 &restarted);
	if (index < 0 || rtp_decode(&pkt, buf, size))
		return refuse(stream, index < 0 ? (int)index : -EBADMSG);

	before = stream->sources.current;
	sources_keep(&stream->sources, src);
	heard = sources_follow(&stream->sources, src, (uint64_t)index, now_us);
	fresh = !reception_was_skipped(&src->reception, (uint64_t)index);
	/* In the clear, a newcomer's first packet may be nobody's. */
	if (!heard && !stream->unprotect)
		return refuse(stream, -EADDRNOTAVAIL);
	*media_r = (struct stream_media){
		.sequence = (uint64_t)index,
		.timestamp = take_rtp(stream, src, (uint64_t)index,
				      pkt.timestamp, wire_size, now_us),
		.marker = pkt.marker,
		.restarted = restarted || (before && before != src),
		.fresh = fresh,
		.level_dbov =
			rtp_level(buf, (size_t)header, stream->cfg.level_id),
		.payload = pkt.payload,
		.payload_size = pkt.payload_size,
	};
	if (!heard)
		return refuse(stream, -EADDRNOTAVAIL);
	if (media_r->restarted)
		quality_restart(&stream->reports.quality, &src->reception);
	return 0;
}

int stream_peek_level(const struct stream *stream, const uint8_t *buf,
		      size_t size, uint64_t now_us)
{
	const struct source *src = stream->sources.current;
	int header = rtp_header_size(buf, size);
	uint64_t index;

	if (header < 0 || !src || !stream->unprotect ||
	    wire_get32(buf + 8) != src->ssrc ||
	    (buf[1] & 0x7f) != stream->cfg.payload_type)
		return LEVEL_NONE;
	index = reception_index(&src->reception, wire_get16(buf + 2));
	if (!reception_may_skip(&src->reception, index, now_us))
		return LEVEL_NONE;
	return rtp_level(buf, (size_t)header, stream->cfg.level_id);
}

void stream_skip_rtp(struct stream *stream, const uint8_t *buf, size_t size,
		     uint64_t now_us)
{
	struct source *src = stream->sources.current;

	reception_skip(&src->reception,
		       reception_index(&src->reception, wire_get16(buf + 2)),
		       size, now_us);
	stream->sources.heard_us = now_us;
	stream->report.skipped++;
}

/* A compound packet in the clear, and whose it is. */
static int open_rtcp(struct stream *stream, uint8_t *buf, size_t *size,
		     struct source **src_r)
{
	struct source *src;
	uint32_t index;
	int n;

	if (*size < 8)
		return -EBADMSG;
	src = *src_r = sources_find(&stream->sources, wire_get32(buf + 4));
	if (!src)
		return -EADDRNOTAVAIL;
	if (stream->unprotect) {
		n = srtp_cipher_unprotect_rtcp(stream->unprotect, &index, buf,
					       *size);
		if (n < 0)
			return n;
		if (replay_check(&src->rtcp, index))
			return -EALREADY;
		replay_add(&src->rtcp, index);
		*size = (size_t)n;
	}
	sources_keep(&stream->sources, src);
	return 0;
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
	struct source *src;
	int r = open_rtcp(stream, buf, &size, &src);

	memset(control_r, 0, sizeof(*control_r));
	if (!r)
		r = rtcp_decode(&cmp, buf, size);
	if (r)
		return refuse(stream, r);
	reports_take(&stream->reports, src, &cmp, stream->cfg.send_ssrc,
		     now_us);
	for (unsigned i = 0; i < cmp.n_apps; i++)
		take_app(control_r, &cmp.apps[i]);
	/* Of another source than the one that is heard: it was replaced. */
	control_r->bye = cmp.bye && (!stream->sources.current ||
				     stream->sources.current == src);
	control_r->moved = cmp.reason_size == strlen(MOVED) &&
			   !memcmp(cmp.reason, MOVED, strlen(MOVED));
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
	if (extra->moved) {
		cmp->reason = MOVED;
		cmp->reason_size = strlen(MOVED);
	}
}

int stream_send_rtcp(struct stream *stream, const struct stream_extra *extra,
		     uint64_t now_us, uint64_t wall_us, uint8_t *buf,
		     size_t cap)
{
	struct rtcp_compound cmp = {
		.cname = stream->cfg.cname,
		.cname_size = strlen(stream->cfg.cname),
	};
	const struct reports_sender sender = {
		.ssrc = stream->cfg.send_ssrc,
		.packets = stream->report.sent,
		.octets = stream->octets,
		.rtp_timestamp = stream->timestamp,
	};
	int n;

	if (extra && extra->message_size > STREAM_APP_MAX)
		return -ENOBUFS;
	reports_fill(&stream->reports, &cmp, &sender, stream->sources.current,
		     now_us, wall_us);
	if (extra)
		fill_extra(&cmp, extra);
	n = rtcp_encode(&cmp, buf, cap);
	if (n > 0 && stream->protect)
		n = srtp_cipher_protect_rtcp(stream->protect,
					     stream->rtcp_index++, buf,
					     (size_t)n, cap);
	return n;
}

void stream_discard(struct stream *stream, uint64_t sequence)
{
	if (stream->sources.current)
		burst_discarded(&stream->sources.current->reception.burst,
				sequence);
}

void stream_note_playout(struct stream *stream,
			 const struct stream_playout *playout)
{
	if (stream->sources.current)
		quality_update(&stream->reports.quality,
			       &stream->sources.current->reception, playout,
			       stream->reports.round_trip_ms);
}

void stream_report(const struct stream *stream, struct stream_report *rep_r)
{
	const struct source *src = stream->sources.current;

	*rep_r = stream->report;
	rep_r->lost = src ? reception_lost(&src->reception) : 0;
	rep_r->in = stream->reports.quality.in;
	rep_r->out = stream->reports.quality.out;
	rep_r->round_trip_ms = stream->reports.round_trip_ms;
}
