#include "loadgen/call_private.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/level.h"
#include "mixer/wire.h"

#define TICK_US		 20000
#define RTCP_US		 (1000 * 1000)
#define RTCP_HEADER_SIZE 8 /* to the sender's SSRC, RFC 3550 6.4.1 */
#define DTX_SIZE	 2 /* bytes of Opus that announce a pause, at most */
/* Besides the jitter buffer: a frame is gathered, coded, and one played. What
 * the sound card adds is not known here. */
#define FRAME_DELAY_MS 43

/* Digital silence is not worth an encoder's time: after PAUSE_AFTER such
 * frames only one in PAUSE_KEEP is sent, as Opus' own DTX does. */
#define PAUSE_AFTER 10
#define PAUSE_KEEP  20

/* Percent of loss where we change to speech modes with FEC, and back. */
#define LOSSY	  3
#define CLEAN	  1
#define LOSS_SINK 0.8 /* of what was, each second: FEC stays on a while */

#define VOICE (-50.0f) /* dBov: louder is called a voice, RFC 6464 3 */

/* The first place is where we register, the others stand by. */
static int take_places(struct call *call)
{
	struct call_place *places = call->cfg.places;

	call->active = places;
	if (!places)
		return -EINVAL;
	call->standbys = places->next;
	places->next = NULL;
	for (struct call_place *place = places; place;
	     place = place == places ? call->standbys : place->next)
		if (place->k > call->last_k)
			call->last_k = place->k;
	return 0;
}

int call_create(struct call **call_r, const struct call_config *cfg,
		const struct call_io *io, void *arg)
{
	struct call_place *places = cfg->places;
	struct call *call = calloc(1, sizeof(*call));
	int r;

	if (!call) {
		call_place_destroy(&places);
		return -ENOMEM;
	}
	call->cfg = *cfg;
	call->io = io;
	call->arg = arg;
	call->muted = call->silenced = cfg->muted;
	call->spoken_dbov = call->heard_dbov = LEVEL_SILENCE;
	r = take_places(call);
	if (!r)
		r = codec_encoder_create(&call->enc, &cfg->codec);
	for (int i = 0; !r && i < 2; i++)
		r = voice_create(&call->heard[i].voice, &cfg->jitter);
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
	for (int i = 0; i < 2; i++)
		voice_destroy(&call->heard[i].voice);
	codec_encoder_destroy(&call->enc);
	call_place_destroy(&call->active);
	call_place_destroy(&call->standbys);
	call_place_destroy(&call->left);
	call_place_destroy(&call->released);
	explicit_bzero(call, sizeof(*call));
	free(call);
}

void call_tell(struct call *call, enum call_event_type type, uint64_t now_us)
{
	const struct call_place *place = call->active;
	struct call_event event = { .type = type,
				    .time_us = now_us,
				    .target = call_target(place->k,
							  place->reg.target),
				    .counts = call->counts };

	if (type == CALL_REGISTERED) {
		event.where.target = place->reg.cfg.targets[place->reg.target];
		memcpy(event.where.gate, place->gate, sizeof(place->gate));
	} else if (type == CALL_SWITCHED) {
		event.change = call->change;
	}
	call->io->event(&event, call->arg);
}

void call_finish(struct call *call, enum call_event_type why, uint64_t now_us)
{
	if (call->over)
		return;
	call->over = true;
	call_tell(call, why, now_us);
}

bool call_send(struct call *call, struct call_place *place, const uint8_t *buf,
	       int size, uint64_t now_us)
{
	unsigned target = call_target(place->k, place->reg.target);

	if (size <= 0)
		return false;
	if (call->io->send(target, buf, (size_t)size, call->arg) >= 0)
		return true;
	call_places_unreachable(call, place, now_us);
	return false;
}

void call_start(struct call *call, uint64_t now_us, uint64_t wall_us)
{
	call->wall_offset_us = wall_us - now_us;
	call->started = true;
	call->now_us = call->heard_us = call->alarm_us = now_us;
	call->rtcp_due_us = now_us + RTCP_US;
	call->report_due_us = now_us + call->cfg.report_us;
	call_places_poll(call, now_us);
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
	struct call_place *place = call->active;
	bool registered = place->reg.registered;
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
	stream_set_level(place->stream, (int)lrintf(call->spoken_dbov),
			 call->spoken_dbov > VOICE);
	n = stream_send_rtp(place->stream, payload, n > 0 ? (size_t)n : 0,
			    CODEC_FRAME, buf, sizeof(buf));
	if (call_send(call, place, buf, n, now_us))
		call->counts.rtp_out++;
}

void call_reset_ear(struct call_heard *heard)
{
	struct voice_report rep;

	voice_reset(heard->voice);
	voice_report(heard->voice, &rep);
	heard->before = rep.jitter.played;
	heard->played = 0;
}

/* The next 20 ms of one gate. False: nothing of it came from a packet that was
 * not heard before. */
static bool pull(struct call *call, struct call_heard *heard, uint64_t tick_us,
		 int16_t *pcm_r)
{
	struct voice_report rep;
	uint64_t played;

	call->heard_dbov = voice_pull(heard->voice, pcm_r);
	voice_report(heard->voice, &rep);
	played = rep.jitter.played - heard->before;
	if (played == heard->played)
		return false;
	heard->played = played;
	/* How long the newest packet of which something is heard in this tick
	 * waited until then: what else was decoded is heard before it. */
	call->wait_us = (int)(int64_t)(tick_us + rep.waiting * 125 / 6 -
				       heard->arrived_us[rep.jitter.last %
							 CALL_ARRIVALS]);
	call->waits_us += call->wait_us;
	call->n_waits++;
	return true;
}

static void cross_fade(int16_t *to, const int16_t *from)
{
	for (int i = 0; i < VOICE_FRAME; i++)
		to[i] = (int16_t)((to[i] * i + from[i] * (VOICE_FRAME - i)) /
				  VOICE_FRAME);
}

static bool is_deaf(const struct call *call)
{
	return call->cfg.deaf && call->sounded;
}

/* While the old gate has sound it is heard, and then the new one: the two are
 * not of the same moment. */
static void hear(struct call *call, uint64_t tick_us, uint64_t now_us)
{
	int16_t pcm[VOICE_FRAME], old[VOICE_FRAME];
	bool came;

	if (!call->active->reg.ever || is_deaf(call))
		return;
	came = pull(call, &call->heard[call->ear], tick_us, pcm);
	if (call->switching) {
		if (pull(call, &call->heard[!call->ear], tick_us, old))
			call->sound_end_us = tick_us + TICK_US;
		if (came)
			cross_fade(pcm, old);
		else
			memcpy(pcm, old, sizeof(pcm));
		call_places_switched(call, tick_us);
	}
	if (came)
		call->sound_end_us = tick_us + TICK_US;
	call->io->hear(pcm, tick_us, call->wait_us, call->arg);
	if (call->sounded || !came)
		return;
	call->sounded = true;
	call_tell(call, CALL_SOUND, now_us);
}

void call_send_rtcp(struct call *call, struct call_place *place,
		    const struct stream_extra *extra, uint64_t now_us)
{
	uint8_t buf[RTP_MAX_PACKET];
	int n = stream_send_rtcp(place->stream, extra, now_us,
				 now_us + call->wall_offset_us, buf,
				 sizeof(buf));

	if (call_send(call, place, buf, n, now_us))
		call->counts.rtcp_out++;
}

void call_introduce(struct call *call, uint64_t now_us)
{
	call->rtcp_due_us = now_us + RTCP_US;
	codec_encoder_refresh(call->enc);
	call_tell(call, CALL_REGISTERED, now_us);
	if (call->muted)
		call_mute(call, true);
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

	voice_report(call->heard[call->ear].voice, &rep);
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
	stream_note_playout(call->active->stream, &playout);
}

static void control_if_due(struct call *call, uint64_t now_us)
{
	const struct control_message *msg;
	struct stream_extra extra = { 0 };
	struct stream_report rep;

	if (!call->active->reg.registered)
		return;
	msg = control_due(&call->control, now_us);
	if (msg) {
		extra.message_id = msg->id;
		extra.message = msg->json;
		extra.message_size = msg->size;
	} else if (now_us < call->rtcp_due_us) {
		return;
	}
	if (now_us < call->rtcp_due_us) {
		call_send_rtcp(call, call->active, &extra, now_us);
		return;
	}
	call->rtcp_due_us = now_us + RTCP_US;
	note_playout(call);
	call_send_rtcp(call, call->active, &extra, now_us);
	stream_report(call->active->stream, &rep);
	follow_loss(call, rep.out.loss);
}

static void report_if_due(struct call *call, uint64_t now_us)
{
	struct call_event event = { .type = CALL_REPORT,
				    .time_us = now_us,
				    .counts = call->counts };
	struct call_report *rep = &event.report;
	struct voice_report voice;

	if (now_us < call->report_due_us)
		return;
	call->report_due_us = now_us + call->cfg.report_us;
	stream_report(call->active->stream, &rep->stream);
	voice_report(call->heard[call->ear].voice, &voice);
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
	call_places_tick(call, now_us);
	if (call->over)
		return;
	call->tick_us = tick_us;
	call->now_us = now_us;
	speak(call, tick_us, now_us);
	hear(call, tick_us, now_us);
	control_if_due(call, now_us);
	report_if_due(call, now_us);
}

/* Samples from the last tick to now. */
static unsigned since_tick(const struct call *call, uint64_t now_us)
{
	uint64_t us = now_us > call->tick_us ? now_us - call->tick_us : 0;

	return us < 1000000 ? (unsigned)us * 6 / 125 : JITTER_TICK;
}

/* Which ear hears the gate of this place; NULL: none any more. */
static struct call_heard *ear_of(struct call *call,
				 const struct call_place *place)
{
	if (place == call->active)
		return &call->heard[call->ear];
	return call->switching ? &call->heard[!call->ear] : NULL;
}

static void receive_rtp(struct call *call, uint8_t *buf, size_t size,
			uint64_t now_us)
{
	struct call_place *place = call_place_of(
		call, size < RTP_HEADER_SIZE ? 0 : wire_get32(buf + 8));
	struct call_heard *heard;
	struct stream_media media;
	int r;

	if (!place ||
	    stream_receive_rtp(place->stream, buf, size, now_us, &media) < 0)
		return;
	call->counts.rtp_in++;
	call_places_heard(call, place, now_us);
	heard = ear_of(call, place);
	if (!heard)
		return;
	if (place == call->active)
		call->pausing = media.payload_size <= DTX_SIZE;
	if (is_deaf(call))
		return;
	if (media.restarted)
		voice_reset(heard->voice);
	heard->arrived_us[media.sequence % CALL_ARRIVALS] = now_us;
	voice_clock(heard->voice, since_tick(call, now_us));
	r = voice_put(heard->voice, media.sequence, media.timestamp,
		      media.payload, media.payload_size);
	if (r == -ESTALE || r == -ENOBUFS)
		stream_discard(place->stream, media.sequence);
}

static void take_message(struct call *call, struct call_place *place,
			 const struct stream_control *ctl, uint64_t now_us)
{
	const struct stream_extra extra = { .ack = true,
					    .ack_id = ctl->message_id };
	struct call_event event = { .type = CALL_MESSAGE,
				    .time_us = now_us,
				    .counts = call->counts };

	/* An acknowledgement may be lost: each copy is acknowledged. */
	call_send_rtcp(call, place, &extra, now_us);
	if (ctl->message_size > sizeof(event.message.json) ||
	    !control_is_new(&call->control, ctl->message_id))
		return;
	event.message.size = ctl->message_size;
	memcpy(event.message.json, ctl->message, ctl->message_size);
	call->io->event(&event, call->arg);
}

/* A gate that we left may say BYE as well: that ends nothing. */
static void receive_rtcp(struct call *call, uint8_t *buf, size_t size,
			 uint64_t now_us)
{
	struct call_place *place = call_place_of(
		call, size < RTCP_HEADER_SIZE ? 0 : wire_get32(buf + 4));
	struct stream_control ctl = { 0 };

	if (!place ||
	    stream_receive_rtcp(place->stream, buf, size, now_us, &ctl) < 0)
		return;
	call->counts.rtcp_in++;
	if (!ctl.bye)
		call_places_heard(call, place, now_us);
	if (ctl.has_ack) {
		control_acked(&call->control, ctl.ack_id);
		control_if_due(call, now_us);
	}
	if (ctl.has_message)
		take_message(call, place, &ctl, now_us);
	if (ctl.bye && place == call->active)
		call_finish(call, CALL_BYE, now_us);
}

void call_receive(struct call *call, uint8_t *buf, size_t size, uint64_t now_us)
{
	if (!call->started || call->over)
		return;
	switch (packet_kind(buf, size)) {
	case PACKET_STUN:
		call_places_stun(call, buf, size, now_us);
		break;
	case PACKET_RTP:
		receive_rtp(call, buf, size, now_us);
		break;
	case PACKET_RTCP:
		receive_rtcp(call, buf, size, now_us);
		break;
	case PACKET_DTLS:
	case PACKET_OTHER:
		break;
	}
}

void call_mute(struct call *call, bool muted)
{
	call->muted = muted;
	control_say(&call->control, CONTROL_SELF_MUTE,
		    muted ? "{\"t\":\"self-mute\",\"on\":true}"
			  : "{\"t\":\"self-mute\",\"on\":false}");
}

void call_raise_hand(struct call *call, bool up)
{
	control_say(&call->control, CONTROL_HAND,
		    up ? "{\"t\":\"hand\",\"on\":true}"
		       : "{\"t\":\"hand\",\"on\":false}");
}

void call_answer(struct call *call, uint32_t n, bool yes)
{
	char json[64];

	snprintf(json, sizeof(json), "{\"t\":\"answer\",\"n\":%u,\"yes\":%s}",
		 n, yes ? "true" : "false");
	control_say(&call->control, CONTROL_ANSWER, json);
	if (yes)
		call_mute(call, false);
}

void call_message(struct call *call, const uint8_t *json, size_t size)
{
	control_queue(&call->control, json, size);
}

void call_bye(struct call *call, uint64_t now_us)
{
	static const struct stream_extra bye = { .bye = true };

	call->over = true;
	if (call->active->reg.ever)
		call_send_rtcp(call, call->active, &bye, now_us);
	if (call->switching || call->byes)
		call_send_rtcp(call, call->left, &bye, now_us);
}
