/* media - RTP and RTCP of the sessions: what comes in goes to the legs, what
 * the mixes made goes out. */
#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <math.h>
#include <string.h>

#include "mixer/wire.h"

#define FRAME_SAMPLES MIX_FRAME
/* Besides the jitter buffer: half a tick, encoder and limiter, mixer/mix.h. */
#define MIX_DELAY_MS	14
#define DIGITAL_SILENCE (-96.0f) /* dBov */
#define LOSS_SINK	0.8 /* of what was, each second: FEC stays on a while */

static bool may_send(const struct session *ses)
{
	return ses->path.kind != PATH_NONE && !ses->held;
}

static void send_control(struct engine *eng, struct session *ses,
			 const struct stream_extra *extra, uint64_t now_us)
{
	uint8_t *buf;

	if (!may_send(ses))
		return;
	buf = outbox_buffer(&eng->outbox);
	outbox_commit(&eng->outbox, &ses->path,
		      stream_send_rtcp(ses->stream, extra, now_us,
				       engine_wall(eng, now_us), buf,
				       RTP_MAX_PACKET));
}

/* Delivered first, then acknowledged: what found no room in the ring the
 * peer sends again. */
static void take_message(struct engine *eng, struct session *ses,
			 const struct stream_control *control, uint64_t now_us)
{
	const struct stream_extra ack = { .ack = true,
					  .ack_id = control->message_id };

	if (!session_has_seen(ses, control->message_id)) {
		eng->message.member = ses->member;
		eng->message.hub = false;
		eng->message.size = control->message_size;
		memcpy(eng->message.text, control->message,
		       control->message_size);
		if (!ring_push(eng->messages, &eng->message))
			return;
		eng->told = true;
		session_remember(ses, control->message_id);
	}
	send_control(eng, ses, &ack, now_us);
}

static void take_control(struct engine *eng, struct session *ses,
			 const struct stream_control *control, uint64_t now_us)
{
	if (control->has_ack)
		message_acked(eng, ses, control->ack_id);
	if (control->has_message)
		take_message(eng, ses, control, now_us);
	if (control->bye) {
		ses->why = control->moved ? GONE_MOVED : GONE_BYE;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	}
}

/* Whether somebody would hear a packet that claims this level, here or, for
 * which *up_r stands, in the rest of the room. Both are asked. */
static bool rank(struct engine *eng, struct session *ses, int level_dbov,
		 uint64_t now_us, bool *up_r)
{
	*up_r = forward_rank(eng, ses, level_dbov, now_us);
	return mix_leg_rank(ses->leg, level_dbov) || *up_r;
}

/* Who says how loud it is is asked before it is decrypted; of all others, and
 * at times of him, that is known when it is (LEVEL_NONE). */
static bool is_wanted(struct engine *eng, struct session *ses,
		      const uint8_t *buf, size_t size, uint64_t now_us,
		      int *level_r, bool *up_r)
{
	*level_r = stream_peek_level(ses->stream, buf, size, now_us);
	if (*level_r == LEVEL_NONE || rank(eng, ses, *level_r, now_us, up_r))
		return true;
	stream_skip_rtp(ses->stream, buf, size, now_us);
	return false;
}

/* level, up: what was asked with before decryption, and answered, if it was. */
static void take_sound(struct engine *eng, struct session *ses,
		       const struct stream_media *media, int level, bool up,
		       uint64_t now_us)
{
	int r;

	if (media->restarted) {
		mix_leg_restart(ses->leg);
		origin_restart(ses->talk);
	}
	if (level == LEVEL_NONE &&
	    !rank(eng, ses, media->level_dbov, now_us, &up))
		return;
	if (up)
		forward_local(eng, ses, media, now_us);
	mix_leg_clock(ses->leg, engine_since_tick(eng, now_us));
	r = mix_leg_put(ses->leg, media->sequence, media->timestamp,
			media->payload, media->payload_size);
	if (r == -ESTALE || r == -ENOBUFS)
		stream_discard(ses->stream, media->sequence);
}

/* Something fresh and authentic came from its path. */
static void note_heard(struct session *ses, uint64_t now_us)
{
	ses->heard = true;
	if (ses->tool.kind != PATH_NONE)
		ses->consent_us = now_us;
}

static void take_rtp(struct engine *eng, struct session *ses,
		     const struct path *from, bool proven, uint8_t *buf,
		     size_t size, uint64_t now_us)
{
	struct stream_media media;
	int level = LEVEL_NONE;
	bool up = false;

	if (proven && !is_wanted(eng, ses, buf, size, now_us, &level, &up))
		return;
	if (stream_receive_rtp(ses->stream, buf, size, now_us, &media) ||
	    (!proven && !media.fresh)) {
		count(&eng->counters.unproven, !proven);
		return;
	}
	/* Authentic and never seen: who sent it holds the keys now. */
	if (!proven)
		engine_adopt_path(eng, ses, from, now_us);
	note_heard(ses, now_us);
	take_sound(eng, ses, &media, level, up, now_us);
}

static void take_rtcp(struct engine *eng, struct session *ses,
		      const struct path *from, bool proven, uint8_t *buf,
		      size_t size, uint64_t now_us)
{
	struct stream_control control;

	if (stream_receive_rtcp(ses->stream, buf, size, now_us, &control)) {
		count(&eng->counters.unproven, !proven);
		return;
	}
	if (!proven)
		engine_adopt_path(eng, ses, from, now_us);
	note_heard(ses, now_us);
	take_control(eng, ses, &control, now_us);
}

void gate_media_packet(struct engine *eng, const struct path *from,
		       enum packet_kind kind, uint8_t *buf, size_t size,
		       uint64_t now_us)
{
	struct session *ses = engine_find(eng, from);
	bool proven = ses && path_equal(&ses->path, from);
	struct trunk *trk = NULL;

	if (!proven && eng->hubs && size >= RTP_HEADER_SIZE)
		trk = trunk_find(
			eng, wire_get32(buf + (kind == PACKET_RTP ? 8 : 4)));
	if (trk) {
		hub_packet(eng, trk, from, kind, buf, size, now_us);
		return;
	}
	/* In the clear, only the cookie proves an address. */
	if (!ses || (!proven && !ses->srtp))
		count(&eng->counters.unproven, 1);
	else if (kind == PACKET_RTP)
		take_rtp(eng, ses, from, proven, buf, size, now_us);
	else
		take_rtcp(eng, ses, from, proven, buf, size, now_us);
}

static void send_media(struct engine *eng, struct session *ses, unsigned missed)
{
	uint8_t *buf = outbox_buffer(&eng->outbox);
	const uint8_t *payload = NULL;
	size_t size = ses->deaf ? 0 : mix_leg_packet(ses->leg, &payload);

	/* Steps that never ran are a gap in the sound, not in its time. */
	if (missed)
		stream_send_rtp(ses->stream, NULL, 0, missed * FRAME_SAMPLES,
				buf, RTP_MAX_PACKET);
	outbox_commit(&eng->outbox, &ses->path,
		      stream_send_rtp(ses->stream, payload, size, FRAME_SAMPLES,
				      buf, RTP_MAX_PACKET));
}

/* For meters. Most members are silent, and their level stays as it is. */
static void note_level(struct session *ses)
{
	int level = (int)lrintf(mix_leg_level(ses->leg));

	if (level != atomic_load_explicit(&ses->level, memory_order_relaxed))
		atomic_store_explicit(&ses->level, level, memory_order_relaxed);
}

void gate_media_tick(struct engine *eng, struct session *ses, unsigned missed)
{
	if (may_send(ses))
		send_media(eng, ses, missed);
	note_level(ses);
}

static void send_message(struct engine *eng, struct session *ses,
			 struct message *msg, uint64_t now_us)
{
	const struct stream_extra extra = { .message_id = msg->id,
					    .message = msg->text,
					    .message_size = msg->size };

	message_sent(msg, now_us);
	send_control(eng, ses, &extra, now_us);
}

void gate_media_messages(struct engine *eng, struct session *ses,
			 uint64_t now_us)
{
	struct message *msg;

	if (may_send(ses) && (msg = message_due(eng, ses, now_us)))
		send_message(eng, ses, msg, now_us);
}

static void note_playout(struct session *ses, const struct mix_leg_report *leg)
{
	const struct stream_playout playout = {
		.played = leg->jitter.played,
		.concealed = leg->concealed,
		.recovered = leg->recovered,
		.buffer_ms = leg->jitter.delay_ms,
		.buffer_max_ms = ses->buffer_max_ms,
		.other_ms = MIX_DELAY_MS,
		.level_dbov = leg->level_dbov,
		.talking = leg->talking,
	};

	stream_note_playout(ses->stream, &playout);
}

/* Once a second. A microphone that lives is louder than this, even in a quiet
 * room: half of the least step of 16 bits. */
static void note_sound(struct session *ses, const struct mix_leg_report *leg)
{
	ses->silent_s =
		leg->peak_dbov > DIGITAL_SILENCE ? 0 : ses->silent_s + 1;
	ses->talked_s += leg->talking && leg->audible;
}

/* Figures for people, and what the encoder makes of the peer's loss. */
static void tell_figures(struct engine *eng, struct session *ses,
			 const struct mix_leg_report *leg)
{
	struct stream_report stream;

	note_sound(ses, leg);
	stream_report(ses->stream, &stream);
	ses->loss = fmax(ses->loss * LOSS_SINK, stream.out.loss);
	mix_leg_set_loss(ses->leg, (int)ceil(ses->loss * 100));

	eng->event.kind = EVENT_REPORT;
	eng->event.member = ses->member;
	eng->event.report = (struct session_report){
		.in = stream.in,
		.out = stream.out,
		.round_trip_ms = (float)stream.round_trip_ms,
		.peak_dbov = leg->peak_dbov,
		.received = stream.received,
		.talked_s = ses->talked_s,
		.silent_s = ses->silent_s,
		.talking = leg->talking,
		.registered = ses->path.kind != PATH_NONE,
	};
	/* A full ring costs this one; the next comes in a second. */
	eng->told |= ring_push(eng->events, &eng->event);
}

/* A tool that only listens may never have said anything: it stays until
 * somebody else proves its address. */
static bool is_over(struct session *ses, uint64_t now_us)
{
	bool tool = ses->tool.kind != PATH_NONE;

	if (!ses->joined)
		return false;
	ses->why = GONE_CONSENT;
	if (!tool || ses->heard)
		return now_us - ses->consent_us > ses->consent_life_us;
	ses->why = GONE_PATH;
	return ses->path.kind == PATH_NONE;
}

void gate_media_beat(struct engine *eng, struct session *ses, uint64_t now_us)
{
	struct mix_leg_report leg;

	if (ses->standby && !ses->joined)
		return;
	if (is_over(ses, now_us)) {
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
		return;
	}
	mix_leg_report(ses->leg, &leg);
	note_playout(ses, &leg);
	send_control(eng, ses, NULL, now_us);
	tell_figures(eng, ses, &leg);
}

void gate_media_bye(struct engine *eng, struct session *ses, uint64_t now_us)
{
	struct stream_extra bye = { .bye = true };

	if (ses->gone || !may_send(ses))
		return;
	for (struct message *msg = ses->messages; msg; msg = msg->next)
		send_message(eng, ses, msg, now_us);
	send_control(eng, ses, &bye, now_us);
}
