#include "loadgen/call.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "loadgen/control.h"
#include "mixer/level.h"
#include "mixer/voice.h"

#define RTCP_US (1000 * 1000)
/* Besides the jitter buffer: a frame is gathered, coded, and one played. What
 * the sound card adds is not known here. */
#define FRAME_DELAY_MS 43
#define QUIET_US       (2 * 1000 * 1000) /* then consent is asked for at once */

/* Digital silence is not worth an encoder's time: after PAUSE_AFTER such
 * frames only one in PAUSE_KEEP is sent, as Opus' own DTX does. */
#define PAUSE_AFTER 10
#define PAUSE_KEEP  20

/* Percent of loss where we change to speech modes with FEC, and back. */
#define LOSSY	  3
#define CLEAN	  1
#define LOSS_SINK 0.8 /* of what was, each second: FEC stays on a while */

#define VOICE (-50.0f) /* dBov: louder is called a voice, RFC 6464 3 */

#define ARRIVALS 64 /* packets whose arrival is known: over a second */

struct call {
	struct call_config cfg;	  /* {const} */
	const struct call_io *io; /* {const} */
	void *arg;		  /* {const} */

	struct registration reg; /* {worker}, like all that follows */
	struct control control;
	struct stream *stream;
	struct codec_encoder *enc;
	struct voice *voice;	       /* what the bridge sends */
	uint64_t tick_us;	       /* the last one */
	uint64_t arrived_us[ARRIVALS]; /* of packets, by sequence */

	bool started, over, sounded, muted;
	bool silenced; /* the mute has taken effect */
	bool behind;   /* one RTP packet rides behind a request */
	unsigned paused;
	uint64_t wall_offset_us; /* CLOCK_REALTIME less CLOCK_MONOTONIC */
	uint64_t heard_us;	 /* when any authentic packet last came */
	uint64_t rtcp_due_us, report_due_us;
	struct call_counts counts;
	bool lossy;
	double loss;	  /* of our packets, 0..1, slow to sink */
	uint64_t played;  /* packets */
	int wait_us;	  /* of the newest packet played */
	int64_t waits_us; /* since the last report: their sum */
	unsigned n_waits; /* and number */
	double wait_ms;	  /* their mean at the last report */
	float spoken_dbov, heard_dbov;
};

int call_create(struct call **call_r, const struct call_config *cfg,
		const struct call_io *io, void *arg)
{
	struct call *call = calloc(1, sizeof(*call));
	int r;

	if (!call)
		return -ENOMEM;
	call->cfg = *cfg;
	call->io = io;
	call->arg = arg;
	call->muted = call->silenced = cfg->muted;
	call->spoken_dbov = call->heard_dbov = LEVEL_SILENCE;
	r = registration_init(&call->reg, &cfg->registration, 0);
	if (!r)
		r = stream_create(&call->stream, &cfg->stream);
	if (!r)
		r = codec_encoder_create(&call->enc, &cfg->codec);
	if (!r)
		r = voice_create(&call->voice, &cfg->jitter);
	if (r)
		call_destroy(&call);
	*call_r = call;
	return r;
}

void call_destroy(struct call **callp)
{
	struct call *call = *callp;

	*callp = NULL;
	if (!call)
		return;
	voice_destroy(&call->voice);
	codec_encoder_destroy(&call->enc);
	stream_destroy(&call->stream);
	explicit_bzero(call, sizeof(*call));
	free(call);
}

const struct registration_target *call_target(const struct call *call,
					      unsigned target)
{
	return &call->reg.cfg.targets[target];
}

static void tell(struct call *call, enum call_event_type type, uint64_t now_us)
{
	struct call_event event = { .type = type,
				    .time_us = now_us,
				    .target = call->reg.target,
				    .counts = call->counts };

	if (type == CALL_CONNECT || type == CALL_REGISTERED)
		event.where = *call_target(call, call->reg.target);
	call->io->event(&event, call->arg);
}

static void finish(struct call *call, enum call_event_type why, uint64_t now_us)
{
	if (call->over)
		return;
	call->over = true;
	tell(call, why, now_us);
}

static bool send_packet(struct call *call, const uint8_t *buf, int size,
			uint64_t now_us)
{
	if (size <= 0)
		return false;
	if (call->io->send(call->reg.target, buf, (size_t)size, call->arg) >= 0)
		return true;
	registration_unreachable(&call->reg, now_us);
	return false;
}

static void register_if_due(struct call *call, uint64_t now_us)
{
	uint8_t buf[STUN_MAX_MESSAGE];
	int n = registration_poll(&call->reg, now_us, buf, sizeof(buf));

	if (n == -ENOTCONN)
		tell(call, CALL_CONNECT, now_us);
	else if (n == -EHOSTUNREACH)
		finish(call, call->reg.ever ? CALL_LOST : CALL_NO_GATE, now_us);
	else if (send_packet(call, buf, n, now_us)) {
		call->counts.requests++;
		call->behind = true;
	}
}

void call_start(struct call *call, uint64_t now_us, uint64_t wall_us)
{
	call->wall_offset_us = wall_us - now_us;
	call->started = true;
	call->heard_us = now_us;
	call->rtcp_due_us = now_us + RTCP_US;
	call->report_due_us = now_us + call->cfg.report_us;
	register_if_due(call, now_us);
}

/* Whether this frame of digital silence may be left out. */
static bool in_pause(struct call *call, bool silence)
{
	call->paused = silence ? call->paused + 1 : 0;
	return call->paused > PAUSE_AFTER && call->paused % PAUSE_KEEP;
}

/* A frame that is spoken: muting and unmuting take one frame, without a click.
 * False: nothing of it is heard. */
static bool mute(struct call *call, int16_t *pcm)
{
	bool was_muted = call->silenced;

	call->silenced = call->muted;
	if (was_muted && call->muted)
		memset(pcm, 0, CODEC_FRAME * sizeof(*pcm));
	for (int i = 0; i < CODEC_FRAME && was_muted != call->muted; i++) {
		int gain = call->muted ? CODEC_FRAME - 1 - i : i + 1;

		pcm[i] = (int16_t)(pcm[i] * gain / CODEC_FRAME);
	}
	return !was_muted || !call->muted;
}

static void speak(struct call *call, uint64_t tick_us, uint64_t now_us)
{
	int16_t pcm[CODEC_FRAME] = { 0 };
	uint8_t payload[CODEC_MAX], buf[RTP_MAX_PACKET];
	bool registered = call->reg.registered;
	bool spoke = registered && call->io->speak(pcm, tick_us, call->arg);
	int n = 0;

	if (!registered && !call->behind)
		return;
	call->behind = false;
	if (spoke)
		spoke = mute(call, pcm);
	call->spoken_dbov =
		spoke ? level_dbov(pcm, CODEC_FRAME) : LEVEL_SILENCE;
	if (!in_pause(call, call->spoken_dbov <= LEVEL_SILENCE))
		n = codec_encode(call->enc, pcm, payload, sizeof(payload));
	stream_set_level(call->stream, (int)lrintf(call->spoken_dbov),
			 call->spoken_dbov > VOICE);
	n = stream_send_rtp(call->stream, payload, n > 0 ? (size_t)n : 0,
			    CODEC_FRAME, buf, sizeof(buf));
	if (send_packet(call, buf, n, now_us))
		call->counts.rtp_out++;
}

/* How long the newest packet of which something is heard in this tick waited
 * until then: what else was decoded is heard before it. */
static void note_wait(struct call *call, uint64_t tick_us)
{
	struct voice_report rep;

	voice_report(call->voice, &rep);
	if (rep.jitter.played == call->played)
		return;
	call->played = rep.jitter.played;
	call->wait_us =
		(int)(int64_t)(tick_us + rep.waiting * 125 / 6 -
			       call->arrived_us[rep.jitter.last % ARRIVALS]);
	call->waits_us += call->wait_us;
	call->n_waits++;
}

static void hear(struct call *call, uint64_t tick_us, uint64_t now_us)
{
	int16_t pcm[VOICE_FRAME];

	if (!call->reg.ever)
		return;
	call->heard_dbov = voice_pull(call->voice, pcm);
	note_wait(call, tick_us);
	call->io->hear(pcm, tick_us, call->wait_us, call->arg);
	if (call->sounded || !call->played)
		return;
	call->sounded = true;
	tell(call, CALL_SOUND, now_us);
}

static void send_rtcp(struct call *call, const struct stream_extra *extra,
		      uint64_t now_us)
{
	uint8_t buf[RTP_MAX_PACKET];
	int n = stream_send_rtcp(call->stream, extra, now_us,
				 now_us + call->wall_offset_us, buf,
				 sizeof(buf));

	if (send_packet(call, buf, n, now_us))
		call->counts.rtcp_out++;
}

/* Once a second. As the mixer does the other way, mixer/mix.h. */
static void follow_loss(struct call *call, double loss)
{
	struct codec_config codec = call->cfg.codec;
	int percent;

	call->loss = fmax(call->loss * LOSS_SINK, loss);
	percent = (int)ceil(call->loss * 100);
	if (codec.low_delay &&
	    (call->lossy ? percent <= CLEAN : percent >= LOSSY)) {
		call->lossy = !call->lossy;
		codec.low_delay = !call->lossy;
		codec_encoder_change(call->enc, &codec);
	}
	codec_set_loss(call->enc,
		       codec.low_delay && !call->lossy ? 0 : percent);
}

/* Goes to the bridge in our reports: it sees what we suffer. */
static void note_playout(struct call *call)
{
	struct voice_report rep;
	struct stream_playout playout;

	voice_report(call->voice, &rep);
	playout = (struct stream_playout){
		.played = rep.jitter.played,
		.concealed = rep.concealed,
		.recovered = rep.recovered,
		.buffer_ms = rep.jitter.delay_ms,
		.buffer_max_ms = call->cfg.jitter.max_ms,
		.other_ms = FRAME_DELAY_MS,
		.level_dbov = call->heard_dbov,
		.talking = call->heard_dbov > VOICE,
	};
	stream_note_playout(call->stream, &playout);
}

static void control_if_due(struct call *call, uint64_t now_us)
{
	struct stream_extra extra = { 0 };
	struct stream_report rep;

	if (!call->reg.registered)
		return;
	if (control_due(&call->control, now_us)) {
		extra.message_id = call->control.id;
		extra.message = call->control.json;
		extra.message_size = call->control.size;
	} else if (now_us < call->rtcp_due_us) {
		return;
	}
	if (now_us < call->rtcp_due_us) {
		send_rtcp(call, &extra, now_us);
		return;
	}
	call->rtcp_due_us = now_us + RTCP_US;
	note_playout(call);
	send_rtcp(call, &extra, now_us);
	stream_report(call->stream, &rep);
	follow_loss(call, rep.out.loss);
}

static void report_if_due(struct call *call, uint64_t now_us)
{
	struct call_event event = { .type = CALL_REPORT,
				    .time_us = now_us,
				    .target = call->reg.target,
				    .counts = call->counts };
	struct call_report *rep = &event.report;
	struct voice_report voice;

	if (now_us < call->report_due_us)
		return;
	call->report_due_us = now_us + call->cfg.report_us;
	stream_report(call->stream, &rep->stream);
	voice_report(call->voice, &voice);
	rep->jitter = voice.jitter;
	rep->counts = call->counts;
	rep->concealed = voice.concealed;
	rep->recovered = voice.recovered;
	rep->undecodable = voice.undecodable;
	if (call->n_waits)
		call->wait_ms = (double)call->waits_us / call->n_waits / 1000;
	call->waits_us = 0;
	call->n_waits = 0;
	rep->wait_ms = call->wait_ms;
	rep->spoken_dbov = call->spoken_dbov;
	rep->heard_dbov = call->heard_dbov;
	rep->muted = call->muted;
	call->io->event(&event, call->arg);
}

void call_tick(struct call *call, uint64_t tick_us, uint64_t now_us)
{
	if (!call->started || call->over)
		return;
	if (now_us - call->heard_us > QUIET_US) {
		registration_check(&call->reg, now_us);
		call->heard_us = now_us;
	}
	register_if_due(call, now_us);
	if (call->over)
		return;
	call->tick_us = tick_us;
	speak(call, tick_us, now_us);
	hear(call, tick_us, now_us);
	control_if_due(call, now_us);
	report_if_due(call, now_us);
}

static void receive_stun(struct call *call, const uint8_t *buf, size_t size,
			 uint64_t now_us)
{
	int r = registration_receive(&call->reg, buf, size, now_us);

	if (r < 0)
		return;
	call->counts.answers++;
	call->heard_us = now_us;
	if (r == 1) {
		tell(call, CALL_REGISTERED, now_us);
		if (call->muted)
			call_mute(call, true, now_us);
	}
	register_if_due(call, now_us); /* the cookie goes back at once */
}

/* Samples from the last tick to now. */
static unsigned since_tick(const struct call *call, uint64_t now_us)
{
	uint64_t us = now_us > call->tick_us ? now_us - call->tick_us : 0;

	return us < 1000000 ? (unsigned)us * 6 / 125 : JITTER_TICK;
}

static void receive_rtp(struct call *call, uint8_t *buf, size_t size,
			uint64_t now_us)
{
	struct stream_media media;
	int r;

	if (stream_receive_rtp(call->stream, buf, size, now_us, &media) < 0)
		return;
	call->counts.rtp_in++;
	call->heard_us = now_us;
	if (media.restarted)
		voice_reset(call->voice);
	call->arrived_us[media.sequence % ARRIVALS] = now_us;
	voice_clock(call->voice, since_tick(call, now_us));
	r = voice_put(call->voice, media.sequence, media.timestamp,
		      media.payload, media.payload_size);
	if (r == -ESTALE || r == -ENOBUFS)
		stream_discard(call->stream, media.sequence);
}

static void take_message(struct call *call, const struct stream_control *ctl,
			 uint64_t now_us)
{
	const struct stream_extra extra = { .ack = true,
					    .ack_id = ctl->message_id };
	struct call_event event = { .type = CALL_MESSAGE,
				    .time_us = now_us,
				    .target = call->reg.target,
				    .counts = call->counts };

	/* An acknowledgement may be lost: each copy is acknowledged. */
	send_rtcp(call, &extra, now_us);
	if (ctl->message_size > sizeof(event.message.json) ||
	    !control_is_new(&call->control, ctl->message_id))
		return;
	event.message.size = ctl->message_size;
	memcpy(event.message.json, ctl->message, ctl->message_size);
	call->io->event(&event, call->arg);
}

static void receive_rtcp(struct call *call, uint8_t *buf, size_t size,
			 uint64_t now_us)
{
	struct stream_control ctl = { 0 };

	if (stream_receive_rtcp(call->stream, buf, size, now_us, &ctl) < 0)
		return;
	call->counts.rtcp_in++;
	call->heard_us = now_us;
	if (ctl.has_ack)
		control_acked(&call->control, ctl.ack_id);
	if (ctl.has_message)
		take_message(call, &ctl, now_us);
	if (ctl.bye)
		finish(call, CALL_BYE, now_us);
}

void call_receive(struct call *call, uint8_t *buf, size_t size, uint64_t now_us)
{
	if (!call->started || call->over)
		return;
	switch (packet_kind(buf, size)) {
	case PACKET_STUN:
		receive_stun(call, buf, size, now_us);
		break;
	case PACKET_RTP:
		receive_rtp(call, buf, size, now_us);
		break;
	case PACKET_RTCP:
		receive_rtcp(call, buf, size, now_us);
		break;
	case PACKET_OTHER:
		break;
	}
}

void call_websocket(struct call *call, unsigned target, bool open,
		    uint64_t now_us)
{
	if (!call->started || call->over || target != call->reg.target ||
	    !call_target(call, target)->websocket)
		return;
	if (open)
		registration_connected(&call->reg, now_us);
	else
		registration_unreachable(&call->reg, now_us);
	register_if_due(call, now_us);
}

void call_mute(struct call *call, bool muted, uint64_t now_us)
{
	call->muted = muted;
	control_say(&call->control,
		    muted ? "{\"t\":\"self-mute\",\"on\":true}"
			  : "{\"t\":\"self-mute\",\"on\":false}",
		    now_us);
}

void call_bye(struct call *call, uint64_t now_us)
{
	static const struct stream_extra bye = { .bye = true };

	call->over = true;
	if (call->reg.ever)
		send_rtcp(call, &bye, now_us);
}
