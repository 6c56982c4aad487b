/* gate_phone - the other end of a gate's session, for the tests of
 * bridge/gate: it writes requests and packets and reads what comes back. */
#ifndef TESTS_GATE_PHONE_H
#define TESTS_GATE_PHONE_H

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "bridge/gate/session.h"
#include "mixer/rtp.h"
#include "mixer/stream.h"
#include "mixer/stun.h"

#define PHONE_CONSENT_S 30
#define PHONE_FRAME	960u

struct phone {
	uint32_t member;
	struct stun_key key;
	char username[STUN_MAX_USERNAME];
	uint8_t cookie[STUN_COOKIE_SIZE];
	struct stream *stream;
	struct sockaddr_storage mapped; /* of the last answer */
	unsigned transactions;
};

static inline void phone_keys(uint32_t member, struct session_config *cfg)
{
	memset(cfg, 0, sizeof(*cfg));
	cfg->member = member;
	cfg->consent_s = PHONE_CONSENT_S;
	snprintf(cfg->username, sizeof(cfg->username), "dialog-%015u", member);
	snprintf(cfg->password, sizeof(cfg->password), "secret-%u", member);
	memset(cfg->stream.send_key, (int)(2 * member), SRTP_MAX_KEY);
	memset(cfg->stream.receive_key, (int)(2 * member + 1), SRTP_MAX_KEY);
	cfg->stream.send_ssrc = 2 * member;
	cfg->stream.receive_ssrc = 2 * member + 1;
	cfg->stream.payload_type = 111;
	cfg->stream.level_id = 1;
	cfg->leg.level_header = true;
	snprintf(cfg->stream.cname, sizeof(cfg->stream.cname), "gate");
	cfg->leg.jitter.min_ms = 20;
	cfg->leg.jitter.max_ms = 400;
	cfg->leg.sends = cfg->leg.receives = true;
	cfg->leg.channels = 1;
}

/* A phone, and the session that knows its secrets. */
static inline struct session *phone_create(struct phone *phone, uint32_t member,
					   bool srtp)
{
	struct session_config cfg;
	struct session *ses = NULL;

	phone_keys(member, &cfg);
	cfg.stream.suite = srtp ? SRTP_GCM : SRTP_NONE;
	g_assert_cmpint(session_create(&ses, &cfg), ==, 0);

	memset(phone, 0, sizeof(*phone));
	phone->member = member;
	stun_key_init(&phone->key, cfg.password);
	memcpy(phone->username, cfg.username, sizeof(phone->username));
	memset(cfg.stream.receive_key, (int)(2 * member), SRTP_MAX_KEY);
	memset(cfg.stream.send_key, (int)(2 * member + 1), SRTP_MAX_KEY);
	cfg.stream.send_ssrc = 2 * member + 1;
	cfg.stream.receive_ssrc = 2 * member;
	g_assert_cmpint(stream_create(&phone->stream, &cfg.stream), ==, 0);
	return ses;
}

static inline void phone_destroy(struct phone *phone)
{
	stream_destroy(&phone->stream);
}

/* A Binding request with the cookie that is known, or zeros. */
static inline size_t phone_request(struct phone *phone,
				   uint8_t buf[RTP_MAX_PACKET])
{
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .has_cookie = true };

	memcpy(msg.username, phone->username, sizeof(msg.username));
	memcpy(msg.cookie, phone->cookie, sizeof(msg.cookie));
	phone->transactions++;
	memcpy(msg.transaction, &phone->transactions,
	       sizeof(phone->transactions));
	return (size_t)stun_encode(&msg, &phone->key, buf, RTP_MAX_PACKET);
}

/* Whether buf is an authentic success; its cookie is kept. */
static inline bool phone_answered(struct phone *phone, const uint8_t *buf,
				  size_t size)
{
	struct stun_message msg;

	if (packet_kind(buf, size) != PACKET_STUN ||
	    stun_decode(&msg, buf, size) || msg.type != STUN_BINDING_SUCCESS ||
	    !stun_authentic(&msg, buf, &phone->key) || !msg.has_cookie ||
	    !msg.fingerprint)
		return false;
	memcpy(phone->cookie, msg.cookie, sizeof(msg.cookie));
	phone->mapped = msg.address;
	return true;
}

/* 20 ms of Opus silence (CELT, fullband), and it says so. */
static inline size_t phone_speak(struct phone *phone,
				 uint8_t buf[RTP_MAX_PACKET])
{
	static const uint8_t silence[] = { 0xf8, 0xff, 0xfe };

	stream_set_level(phone->stream, -127, false);
	return (size_t)stream_send_rtp(phone->stream, silence, sizeof(silence),
				       PHONE_FRAME, buf, RTP_MAX_PACKET);
}

static inline size_t phone_control(struct phone *phone,
				   const struct stream_extra *extra,
				   uint64_t now_us, uint8_t buf[RTP_MAX_PACKET])
{
	return (size_t)stream_send_rtcp(phone->stream, extra, now_us,
					1700000000000000u + now_us, buf,
					RTP_MAX_PACKET);
}

#endif
