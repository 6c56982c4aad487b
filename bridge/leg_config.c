#include "bridge/leg_config.h"

#include <string.h>

#include "bridge/stages.h"
#include "bridge/token.h"

struct session_config leg_config_phone(const struct media_keys *keys)
{
	struct session_config cfg = leg_defaults();
	struct stream_config *stream = &cfg.stream;
	g_autofree char *cname = g_uuid_string_random(); /* RFC 7022 4.2 */

	g_strlcpy(cfg.username, keys->did, sizeof(cfg.username));
	g_strlcpy(cfg.password, keys->keys->stun_password,
		  sizeof(cfg.password));
	stream->suite = keys->srtp ? SRTP_GCM : SRTP_NONE;
	stream->send_ssrc = keys->keys->ssrc_b2c;
	stream->receive_ssrc = keys->keys->ssrc_c2b;
	stream->payload_type = keys->payload_type;
	stream->level_id = keys->level_id;
	memcpy(stream->send_key, keys->keys->srtp_b2c, KEYS_SRTP_SIZE);
	memcpy(stream->receive_key, keys->keys->srtp_c2b, KEYS_SRTP_SIZE);
	g_strlcpy(stream->cname, cname, sizeof(stream->cname));
	return cfg;
}

void leg_config_username(const struct sdp_ice *ours, const char *theirs,
			 char *username_r, gsize size)
{
	g_snprintf(username_r, size, "%s:%s", ours->ufrag, theirs);
}

struct session_config leg_config_tool(const char *did,
				      const struct media_tool *tool, guint port)
{
	static const enum srtp_suite suites[] = {
		[SDP_PLAIN] = SRTP_NONE,
		[SDP_AEAD_AES_128_GCM] = SRTP_GCM,
		[SDP_AES_CM_128_HMAC_SHA1_80] = SRTP_CM,
		[SDP_DTLS] = SRTP_GCM, /* until it has agreed */
	};
	const struct sdp_offer *offer = tool->offer;
	g_autofree char *secret = token_generate();
	struct session_config cfg = leg_defaults();
	struct stream_config *stream = &cfg.stream;

	if (offer->suite == SDP_DTLS) {
		cfg.ice = true;
		leg_config_username(tool->ice, offer->ufrag, cfg.username,
				    sizeof(cfg.username));
		g_strlcpy(cfg.password, tool->ice->password,
			  sizeof(cfg.password));
	} else {
		/* It says no STUN, so nobody is told: did is only its name. */
		g_strlcpy(cfg.username, did, sizeof(cfg.username));
		g_strlcpy(cfg.password, secret, sizeof(cfg.password));
		cfg.address = offer->address;
		cfg.port = port;
	}
	cfg.leg.sends = tool->direction & SDP_SENDONLY;
	cfg.leg.receives = tool->direction & SDP_RECVONLY;
	cfg.leg.bitrate = (int)offer->max_bitrate;
	stream->suite = suites[offer->suite];
	stream->send_ssrc = tool->ssrc;
	stream->payload_type = offer->payload_type;
	stream->level_id = (guint8)offer->level_id;
	memcpy(stream->send_key, tool->key, sizeof(stream->send_key));
	/* Of a browser: nobody has such a key. */
	memcpy(stream->receive_key, cfg.ice ? tool->key : offer->crypto.key,
	       sizeof(stream->receive_key));
	g_strlcpy(stream->cname, tool->cname, sizeof(stream->cname));
	return cfg;
}
