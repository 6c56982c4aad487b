/* The answer of sdp.h. */
#include "signaling/sdp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>

#define FRAME_MS 20

static const char *literal(const struct sockaddr_storage *address,
			   char text_r[INET6_ADDRSTRLEN])
{
	const void *raw =
		address->ss_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)address)
				  ->sin_addr
			: (const void *)&((const struct sockaddr_in6 *)address)
				  ->sin6_addr;

	return inet_ntop(address->ss_family, raw, text_r, INET6_ADDRSTRLEN);
}

static guint port_of(const struct sockaddr_storage *address)
{
	return ntohs(
		address->ss_family == AF_INET
			? ((const struct sockaddr_in *)address)->sin_port
			: ((const struct sockaddr_in6 *)address)->sin6_port);
}

static void write_session(GString *text, const struct sdp_answer *answer)
{
	char address[INET6_ADDRSTRLEN];
	int version = answer->address.ss_family == AF_INET ? 4 : 6;

	literal(&answer->address, address);
	g_string_append_printf(text,
			       "v=0\r\n"
			       "o=- %" G_GUINT64_FORMAT " 0 IN IP%d %s\r\n"
			       "s=-\r\n"
			       "c=IN IP%d %s\r\n"
			       "t=0 0\r\n",
			       answer->session & G_MAXINT64, version, address,
			       version, address);
}

/* RFC 8839 5.3, RFC 9143 7.3 */
static void write_lite(GString *text, const struct sdp_offer *offer)
{
	if (offer->suite != SDP_DTLS)
		return;
	g_string_append(text, "a=ice-lite\r\n");
	if (offer->bundle)
		g_string_append_printf(text, "a=group:BUNDLE %s\r\n",
				       offer->sections[offer->audio].mid);
}

static void write_mid(GString *text, const struct sdp_section *section)
{
	if (*section->mid)
		g_string_append_printf(text, "a=mid:%s\r\n", section->mid);
}

static void write_crypto(GString *text, const struct sdp_offer *offer,
			 const struct sdp_answer *answer)
{
	static const char *const names[] = {
		[SDP_AEAD_AES_128_GCM] = "AEAD_AES_128_GCM",
		[SDP_AES_CM_128_HMAC_SHA1_80] = "AES_CM_128_HMAC_SHA1_80",
	};
	char *key;

	if (!sdp_key_size(offer->suite))
		return;
	key = g_base64_encode(answer->key, sdp_key_size(offer->suite));
	g_string_append_printf(text, "a=crypto:%u %s inline:%s\r\n",
			       offer->crypto.tag, names[offer->suite], key);
	explicit_bzero(key, strlen(key));
	g_free(key);
}

/* Host candidates, RFC 8839 5.1; earlier ones are preferred, RFC 8445 5.1.2:
 * type 126, then the place, then component 1. */
static void write_ice(GString *text, const struct sdp_ice *ice)
{
	g_string_append_printf(text,
			       "a=ice-ufrag:%s\r\n"
			       "a=ice-pwd:%s\r\n",
			       ice->ufrag, ice->password);
	for (guint i = 0; i < ice->n_candidates; i++) {
		const struct sockaddr_storage *at = &ice->candidates[i];
		char address[INET6_ADDRSTRLEN];
		guint32 priority = 126u << 24 | (65535 - i) << 8 | 255;

		g_string_append_printf(text,
				       "a=candidate:%u 1 udp %u %s %u typ "
				       "host\r\n",
				       i + 1, priority, literal(at, address),
				       port_of(at));
	}
	g_string_append(text, "a=end-of-candidates\r\n");
}

static void write_dtls(GString *text, const struct sdp_ice *ice)
{
	g_string_append(text, "a=fingerprint:sha-256 ");
	for (guint i = 0; i < SDP_FINGERPRINT; i++)
		g_string_append_printf(text, "%s%02X", i ? ":" : "",
				       ice->fingerprint[i]);
	g_string_append(text, "\r\na=setup:passive\r\n");
}

/* usedtx is what we like to receive: silence need not be sent. */
static void write_audio(GString *text, const struct sdp_offer *offer,
			const struct sdp_answer *answer)
{
	static const char *const directions[] = {
		[SDP_INACTIVE] = "inactive",
		[SDP_SENDONLY] = "sendonly",
		[SDP_RECVONLY] = "recvonly",
		[SDP_SENDRECV] = "sendrecv",
	};
	const struct sdp_section *section = &offer->sections[offer->audio];
	guint type = offer->payload_type;

	g_string_append_printf(text, "m=audio %u %s %u\r\n",
			       port_of(&answer->address), section->protocol,
			       type);
	write_mid(text, section);
	g_string_append_printf(text,
			       "a=%s\r\n"
			       "a=rtpmap:%u opus/48000/2\r\n"
			       "a=fmtp:%u useinbandfec=1; usedtx=1%s\r\n"
			       "a=ptime:%d\r\n"
			       "a=rtcp-mux\r\n",
			       directions[answer->direction], type, type,
			       answer->stereo ? "; sprop-stereo=1" : "",
			       FRAME_MS);
	if (offer->level_id)
		g_string_append_printf(text,
				       "a=extmap:%u urn:ietf:params:rtp-hdrext:"
				       "ssrc-audio-level\r\n",
				       offer->level_id);
	write_crypto(text, offer, answer);
	if (offer->suite == SDP_DTLS) {
		write_ice(text, answer->ice);
		write_dtls(text, answer->ice);
		g_string_append(text, "a=msid:- room\r\n");
	}
	g_string_append_printf(text, "a=ssrc:%u cname:%s\r\n", answer->ssrc,
			       answer->cname);
}

char *sdp_write_answer(const struct sdp_offer *offer,
		       const struct sdp_answer *answer)
{
	GString *text = g_string_sized_new(1024);

	write_session(text, answer);
	write_lite(text, offer);
	for (guint i = 0; i < offer->n_sections; i++) {
		const struct sdp_section *section = &offer->sections[i];

		if (i == offer->audio) {
			write_audio(text, offer, answer);
			continue;
		}
		/* RFC 3264 6: not wanted. */
		g_string_append_printf(text, "m=%s 0 %s %s\r\n", section->kind,
				       section->protocol, section->format);
		write_mid(text, section);
	}
	return g_string_free(text, FALSE);
}

/* RFC 9725 4.3.3 */
char *sdp_write_fragment(const struct sdp_offer *offer,
			 const struct sdp_ice *ice)
{
	const struct sdp_section *section = &offer->sections[offer->audio];
	GString *text = g_string_sized_new(512);

	write_lite(text, offer);
	g_string_append_printf(text, "m=audio 9 %s %u\r\n", section->protocol,
			       offer->payload_type);
	write_mid(text, section);
	write_ice(text, ice);
	return g_string_free(text, FALSE);
}
