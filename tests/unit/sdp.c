#include "signaling/sdp.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>

#define SDES (1u << SDP_AEAD_AES_128_GCM | 1u << SDP_AES_CM_128_HMAC_SHA1_80)
#define ALL  (SDES | 1u << SDP_DTLS)

#define HEAD                                                                   \
	"v=0\r\n"                                                              \
	"o=- 1 1 IN IP4 192.0.2.1\r\n"                                         \
	"s=-\r\n"                                                              \
	"c=IN IP4 192.0.2.1\r\n"                                               \
	"t=0 0\r\n"
#define OPUS "a=rtpmap:111 opus/48000/2\r\n"
#define MUX  "a=rtcp-mux\r\n"
#define PLAIN                                                                  \
	HEAD "m=audio 5004 RTP/AVP 111\r\n"                                    \
	     "a=rtpmap:111 opus/48000/2\r\na=rtcp-mux\r\n"
#define SAVP HEAD "m=audio 5004 RTP/SAVP 111\r\n" OPUS MUX

/* 28 and 30 bytes of 0. */
#define KEY28 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=="
#define KEY30 "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
/* Of a browser: nothing in it is an address. */
#define TLS                                                                    \
	"v=0\r\nc=IN IP4 0.0.0.0\r\n"                                          \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n" OPUS MUX
#define UFRAG "a=ice-ufrag:4ZcD\r\n"
#define PWD   "a=ice-pwd:2/1muCWoOi3uLifh0NuRHlXX\r\n"
#define PRINT                                                                  \
	"a=fingerprint:sha-256 "                                               \
	"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:"                     \
	"10:11:12:13:14:15:16:17:18:19:1a:1b:1c:1d:1e:FF\r\n"
#define ACTPASS "a=setup:actpass\r\n"

#define GCM "AEAD_AES_128_GCM"
#define CM  "AES_CM_128_HMAC_SHA1_80"

static struct sdp_offer good(const char *text)
{
	struct sdp_offer offer;
	GError *error = NULL;
	gboolean read =
		sdp_parse_offer(&offer, text, strlen(text), ALL, &error);

	g_assert_no_error(error);
	g_assert_true(read);
	return offer;
}

static void assert_bad(const char *text, const char *sentence)
{
	struct sdp_offer offer;
	g_autoptr(GError) error = NULL;

	g_assert_false(
		sdp_parse_offer(&offer, text, strlen(text), ALL, &error));
	g_assert_error(error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA);
	if (!strstr(error->message, sentence))
		g_error("\"%s\" has no \"%s\"", error->message, sentence);
}

static void an_offer_in_the_clear_is_read(void)
{
	struct sdp_offer offer =
		good("v=0\n"
		     "o=- 1 1 IN IP4 192.0.2.1\n"
		     "s=  Lobby camera \n"
		     "c=IN IP4 192.0.2.9\n"
		     "t=0 0\n"
		     "a=sendonly\n"
		     "m=audio 5004 RTP/AVP 0 96 97\n"
		     "c=IN IP4 192.0.2.1\n"
		     "a=fmtp:97 stereo=1; usedtx=1;useinbandfec=1 ;"
		     "maxaveragebitrate=24000;minptime=10\n"
		     "a=rtpmap:96 PCMU/8000\n"
		     "a=rtpmap:97 OPUS/48000/2\n"
		     "a=extmap:3 urn:ietf:params:rtp-hdrext:ssrc-audio-level "
		     "vad=on\n"
		     "a=extmap:4 urn:ietf:params:rtp-hdrext:sdes:mid\n"
		     "a=rtcp-mux\n"
		     "a=recvonly");
	const struct sockaddr_in *address = (void *)&offer.address;

	g_assert_cmpstr(offer.name, ==, "Lobby camera");
	g_assert_cmpint(address->sin_family, ==, AF_INET);
	g_assert_cmpuint(ntohs(address->sin_port), ==, 5004);
	g_assert_cmphex(ntohl(address->sin_addr.s_addr), ==, 0xc0000201);
	g_assert_cmpuint(offer.payload_type, ==, 97);
	g_assert_true(offer.stereo && offer.dtx && offer.fec);
	g_assert_cmpuint(offer.max_bitrate, ==, 24000);
	g_assert_cmpuint(offer.level_id, ==, 3);
	g_assert_cmpint(offer.direction, ==, SDP_RECVONLY);
	g_assert_cmpint(offer.suite, ==, SDP_PLAIN);
}

static void what_is_not_said_has_its_default(void)
{
	struct sdp_offer offer = good(PLAIN);

	g_assert_cmpstr(offer.name, ==, "");
	g_assert_cmpint(offer.direction, ==, SDP_SENDRECV);
	g_assert_cmpuint(offer.level_id, ==, 0);
	g_assert_cmpuint(offer.max_bitrate, ==, 0);
	g_assert_false(offer.stereo || offer.dtx || offer.fec);
}

static void an_ipv6_literal_is_an_address(void)
{
	struct sdp_offer offer =
		good("v=0\r\n"
		     "c=IN IP6 2001:db8::1\r\n"
		     "m=audio 65535 RTP/AVPF 111\r\n" OPUS MUX);
	const struct sockaddr_in6 *address = (void *)&offer.address;

	g_assert_cmpint(address->sin6_family, ==, AF_INET6);
	g_assert_cmpuint(ntohs(address->sin6_port), ==, 65535);
}

static void gcm_is_preferred_whatever_comes_first(void)
{
	struct sdp_offer offer =
		good(SAVP "a=crypto:7 " CM " inline:" KEY30 "\r\n"
			  "a=crypto:9 " GCM " inline:" KEY28
			  "|2^31 WSH=64 -NEW=1\r\n");

	g_assert_cmpint(offer.suite, ==, SDP_AEAD_AES_128_GCM);
	g_assert_cmpuint(offer.crypto.tag, ==, 9);
}

static void a_suite_that_may_not_be_chosen_is_passed_over(void)
{
	static const char text[] =
		SAVP "a=crypto:1 " GCM " inline:" KEY28 "\r\n"
		     "a=crypto:2 " CM " inline:" KEY30 "\r\n";
	struct sdp_offer offer;

	g_assert_true(sdp_parse_offer(&offer, text, strlen(text),
				      1u << SDP_AES_CM_128_HMAC_SHA1_80, NULL));
	g_assert_cmpuint(offer.crypto.tag, ==, 2);
	g_assert_false(sdp_parse_offer(&offer, text, strlen(text), 0, NULL));
}

static void the_key_is_that_of_the_line(void)
{
	struct sdp_offer offer = good(
		SAVP "a=crypto:1 " CM
		     " inline:AQIDBAUGBwgJCgsMDQ4PEBESExQVFhcYGRobHB0e\r\n");

	for (guint i = 0; i < 30; i++)
		g_assert_cmpuint(offer.crypto.key[i], ==, i + 1);
}

static void a_line_that_is_no_key_is_no_key(void)
{
	static const char *const lines[] = {
		"",
		"a=crypto:1 " GCM "\r\n",
		"a=crypto:1 " GCM " inline:\r\n",
		"a=crypto:1 " GCM " inline:" KEY30 "\r\n",
		"a=crypto:1 " CM " inline:" KEY28 "\r\n",
		"a=crypto:1 " CM " inline:" KEY30 "A\r\n",
		"a=crypto:1 " CM " inline:AAAA AAAA\r\n",
		"a=crypto:1 " CM
		" inline:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-AAA\r\n",
		"a=crypto:1 " CM " inline:" KEY30 "|1:4\r\n",
		"a=crypto:1 " CM " inline:" KEY30 "|2^20|1:4\r\n",
		"a=crypto:1 " CM " inline:" KEY30 " UNENCRYPTED_SRTP\r\n",
		"a=crypto:x " CM " inline:" KEY30 "\r\n",
		"a=crypto:1 AES_CM_128_HMAC_SHA1_32 inline:" KEY30 "\r\n",
		"a=crypto:1 " CM " outline:" KEY30 "\r\n",
		"a=cryptography:1 " CM " inline:" KEY30 "\r\n",
	};

	for (gsize i = 0; i < G_N_ELEMENTS(lines); i++) {
		g_autofree char *text = g_strconcat(SAVP, lines[i], NULL);

		assert_bad(text, "needs a key");
	}
}

static void a_key_in_a_plain_offer_changes_nothing(void)
{
	struct sdp_offer offer =
		good(PLAIN "a=crypto:1 " GCM " inline:" KEY28 "\r\n");

	g_assert_cmpint(offer.suite, ==, SDP_PLAIN);
}

static void what_cannot_be_used_is_refused_by_a_sentence(void)
{
	static const struct {
		const char *text, *sentence;
	} bad[] = {
		{ "v=1\r\n", "begins with v=0" },
		{ "hello\r\n", "TYPE=VALUE" },
		{ "v=0\r\n\r\nm=audio 1 RTP/AVP 1\r\n", "Line 2" },
		{ HEAD, "no m=audio" },
		{ HEAD "m=video 5004 RTP/AVP 111\r\n" OPUS MUX, "no m=audio" },
		{ HEAD "m=audio 0 RTP/AVP 111\r\n" OPUS MUX, "no m=audio" },
		{ HEAD "m=audio 65536 RTP/AVP 111\r\n" OPUS MUX, "is like" },
		{ HEAD "m=audio 5004/2 RTP/AVP 111\r\n" OPUS MUX, "is like" },
		{ HEAD "m=audio -1 RTP/AVP 111\r\n" OPUS MUX, "is like" },
		{ HEAD "m=audio 5004 RTP/AVP\r\n" OPUS MUX, "is like" },
		{ HEAD "m=\r\n", "is like" },
		{ HEAD "m=audio 5004 RTP/AVP 111\r\n" OPUS, "add a=rtcp-mux" },
		{ HEAD "m=audio 5004 RTP/AVP 0\r\n" MUX, "Opus is needed" },
		{ HEAD "m=audio 5004 RTP/AVP 96\r\n" OPUS MUX,
		  "Opus is needed" },
		{ HEAD "m=audio 5004 RTP/AVP 72\r\n"
		       "a=rtpmap:72 opus/48000/2\r\n" MUX,
		  "Opus is needed" },
		{ HEAD "m=audio 5004 RTP/AVP 111\r\n"
		       "a=rtpmap:111 opus/48000\r\n" MUX,
		  "Opus is needed" },
		{ HEAD "m=audio 5004 RTP/AVP 111\r\n"
		       "a=rtpmap:367 opus/48000/2\r\n" MUX,
		  "Opus is needed" },
		{ TLS PRINT ACTPASS, "it needs ICE" },
		{ TLS UFRAG PRINT ACTPASS, "it needs ICE" },
		{ TLS PWD PRINT ACTPASS, "it needs ICE" },
		{ TLS "a=ice-ufrag:abc\r\n" PWD PRINT, "it needs ICE" },
		{ TLS "a=ice-ufrag:a:bc\r\n" PWD PRINT, "it needs ICE" },
		{ TLS UFRAG "a=ice-pwd:short\r\n" PRINT, "it needs ICE" },
		{ TLS UFRAG PWD ACTPASS, "a=fingerprint:sha-256" },
		{ TLS UFRAG PWD "a=fingerprint:sha-1 00:01\r\n",
		  "a=fingerprint:sha-256" },
		{ TLS UFRAG PWD "a=fingerprint:sha-256 00:01\r\n",
		  "a=fingerprint:sha-256" },
		{ TLS UFRAG PWD PRINT "a=setup:passive\r\n",
		  "offer a=setup:actpass" },
		{ HEAD "m=audio 5004 TCP/RTP/AVP 111\r\n" OPUS MUX,
		  "TCP/RTP/AVP is not spoken" },
		{ PLAIN "a=inactive\r\n", "neither speaks nor listens" },
		{ "v=0\r\nm=audio 5004 RTP/AVP 111\r\n" OPUS MUX,
		  "where you receive" },
		{ PLAIN "c=IN IP4 host.example.org\r\n", "where you receive" },
		{ PLAIN "c=IN IP4 224.2.1.1/127\r\n", "where you receive" },
		{ PLAIN "c=IN IP4 224.2.1.1\r\n", "nobody can be reached" },
		{ PLAIN "c=IN IP4 0.0.0.0\r\n", "nobody can be reached" },
		{ PLAIN "c=IN IP4 255.255.255.255\r\n",
		  "nobody can be reached" },
		{ PLAIN "c=IN IP6 ::\r\n", "nobody can be reached" },
		{ PLAIN "c=IN IP6 ff02::1\r\n", "nobody can be reached" },
		{ PLAIN "c=IN IP6 ::ffff:192.0.2.1\r\n",
		  "nobody can be reached" },
		{ PLAIN "a=mid:a b\r\n", "mid" },
	};

	for (gsize i = 0; i < G_N_ELEMENTS(bad); i++)
		assert_bad(bad[i].text, bad[i].sentence);
}

static void long_things_are_refused_not_cut(void)
{
	g_autofree char *word = g_strnfill(SDP_MAX_WORD, 'x');
	g_autofree char *mid = g_strconcat(PLAIN "a=mid:", word, NULL);
	g_autofree char *kind =
		g_strconcat(HEAD "m=", word, " 1 RTP/AVP 1", NULL);
	g_autoptr(GString) many = g_string_new(PLAIN);
	g_autofree char *large = g_strnfill(SDP_MAX_SIZE + 1, 'a');
	struct sdp_offer offer;

	assert_bad(mid, "mid");
	assert_bad(kind, "is like");
	for (guint i = 0; i < SDP_MAX_MEDIA; i++)
		g_string_append(many, "m=video 0 RTP/AVP 31\r\n");
	assert_bad(many->str, "more than 8");
	assert_bad(large, "no session description");
	assert_bad("", "no session description");
	g_assert_false(sdp_parse_offer(&offer, "v=0\0s=x\n", 8, ALL, NULL));
}

static struct sdp_answer our_answer(void)
{
	struct sdp_answer answer = { .direction = SDP_SENDONLY,
				     .ssrc = 4000000000u,
				     .cname = "cname",
				     .session = 42 };
	struct sockaddr_in *address = (void *)&answer.address;

	address->sin_family = AF_INET;
	address->sin_port = htons(40000);
	inet_pton(AF_INET, "198.51.100.1", &address->sin_addr);
	return answer;
}

static void the_answer_mirrors_the_offer(void)
{
	struct sdp_offer offer =
		good(HEAD "m=video 9 UDP/TLS/RTP/SAVPF 96 97\r\n"
			  "a=mid:v\r\n"
			  "m=audio 5004 RTP/SAVPF 9 109\r\n"
			  "a=rtpmap:109 opus/48000/2\r\n"
			  "a=mid:a\r\n"
			  "a=extmap:14 "
			  "urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
			  "a=crypto:3 " GCM " inline:" KEY28 "\r\n" MUX
			  "m=audio 5006 RTP/AVP 0\r\n");
	struct sdp_answer answer = our_answer();
	g_autofree char *text = sdp_write_answer(&offer, &answer);

	g_assert_cmpstr(
		text, ==,
		"v=0\r\n"
		"o=- 42 0 IN IP4 198.51.100.1\r\n"
		"s=-\r\n"
		"c=IN IP4 198.51.100.1\r\n"
		"t=0 0\r\n"
		"m=video 0 UDP/TLS/RTP/SAVPF 96\r\n"
		"a=mid:v\r\n"
		"m=audio 40000 RTP/SAVPF 109\r\n"
		"a=mid:a\r\n"
		"a=sendonly\r\n"
		"a=rtpmap:109 opus/48000/2\r\n"
		"a=fmtp:109 useinbandfec=1; usedtx=1\r\n"
		"a=ptime:20\r\n"
		"a=rtcp-mux\r\n"
		"a=extmap:14 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
		"a=crypto:3 " GCM " inline:" KEY28 "\r\n"
		"a=ssrc:4000000000 cname:cname\r\n"
		"m=audio 0 RTP/AVP 0\r\n");
}

/* As Chromium writes it, shortened. */
#define CHROMIUM                                                               \
	"v=0\r\n"                                                              \
	"o=- 1 2 IN IP4 127.0.0.1\r\n"                                         \
	"s=-\r\n"                                                              \
	"t=0 0\r\n"                                                            \
	"a=group:BUNDLE 0\r\n"                                                 \
	"a=msid-semantic: WMS\r\n" PRINT                                       \
	"m=audio 9 UDP/TLS/RTP/SAVPF 111 63 9\r\n"                             \
	"c=IN IP4 0.0.0.0\r\n"                                                 \
	"a=rtcp:9 IN IP4 0.0.0.0\r\n"                                          \
	"a=candidate:1 1 udp 1 0a1b.local 9 typ host\r\n" UFRAG PWD            \
	"a=ice-options:trickle\r\n" ACTPASS "a=mid:0\r\n"                      \
	"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"           \
	"a=sendrecv\r\n" MUX OPUS "a=rtcp-fb:111 transport-cc\r\n"             \
	"a=fmtp:111 minptime=10;useinbandfec=1\r\n"

static void a_browsers_offer_is_read(void)
{
	struct sdp_offer offer = good(CHROMIUM);

	g_assert_cmpint(offer.suite, ==, SDP_DTLS);
	g_assert_cmpstr(offer.ufrag, ==, "4ZcD");
	g_assert_cmpuint(offer.fingerprint[1], ==, 1);
	g_assert_cmpuint(offer.fingerprint[30], ==, 0x1e);
	g_assert_cmpuint(offer.fingerprint[31], ==, 0xff);
	g_assert_true(offer.bundle && offer.fec);
	g_assert_cmpuint(offer.level_id, ==, 1);
	g_assert_cmpuint(offer.address.ss_family, ==, 0);
	g_assert_false(good(TLS UFRAG PWD PRINT ACTPASS).bundle);
}

static void where_browsers_are_not_served_they_are_told(void)
{
	struct sdp_offer offer;
	g_autoptr(GError) error = NULL;

	g_assert_false(sdp_parse_offer(&offer, CHROMIUM, strlen(CHROMIUM), SDES,
				       &error));
	g_assert_nonnull(strstr(error->message, "DTLS-SRTP is not spoken"));
}

static struct sdp_ice our_ice(void)
{
	struct sdp_ice ice = { .ufrag = "ours",
			       .password = "0123456789abcdef0123456789abcdef",
			       .n_candidates = 2 };
	struct sockaddr_in6 *second = (void *)&ice.candidates[1];

	for (guint i = 0; i < SDP_FINGERPRINT; i++)
		ice.fingerprint[i] = (guint8)(0xf0 + i);
	ice.candidates[0] = our_answer().address;
	second->sin6_family = AF_INET6;
	second->sin6_port = htons(40000);
	inet_pton(AF_INET6, "2001:db8::1", &second->sin6_addr);
	return ice;
}

#define OUR_ICE                                                                \
	"a=ice-ufrag:ours\r\n"                                                 \
	"a=ice-pwd:0123456789abcdef0123456789abcdef\r\n"                       \
	"a=candidate:1 1 udp 2130706431 198.51.100.1 40000 typ host\r\n"       \
	"a=candidate:2 1 udp 2130706175 2001:db8::1 40000 typ host\r\n"        \
	"a=end-of-candidates\r\n"

static void the_answer_to_a_browser_has_ice_and_a_fingerprint(void)
{
	struct sdp_offer offer = good(CHROMIUM);
	struct sdp_answer answer = our_answer();
	struct sdp_ice ice = our_ice();
	g_autofree char *text = NULL;

	answer.direction = SDP_SENDRECV;
	answer.ice = &ice;
	text = sdp_write_answer(&offer, &answer);
	g_assert_cmpstr(
		text, ==,
		"v=0\r\n"
		"o=- 42 0 IN IP4 198.51.100.1\r\n"
		"s=-\r\n"
		"c=IN IP4 198.51.100.1\r\n"
		"t=0 0\r\n"
		"a=ice-lite\r\n"
		"a=group:BUNDLE 0\r\n"
		"m=audio 40000 UDP/TLS/RTP/SAVPF 111\r\n"
		"a=mid:0\r\n"
		"a=sendrecv\r\n"
		"a=rtpmap:111 opus/48000/2\r\n"
		"a=fmtp:111 useinbandfec=1; usedtx=1\r\n"
		"a=ptime:20\r\n"
		"a=rtcp-mux\r\n"
		"a=extmap:1 "
		"urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n" OUR_ICE
		"a=fingerprint:sha-256 "
		"F0:F1:F2:F3:F4:F5:F6:F7:F8:F9:FA:FB:FC:FD:FE:FF:"
		"00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F\r\n"
		"a=setup:passive\r\n"
		"a=msid:- room\r\n"
		"a=ssrc:4000000000 cname:cname\r\n");
}

static gboolean fragment(struct sdp_fragment *frag, const char *text)
{
	return sdp_parse_fragment(frag, text, strlen(text), NULL);
}

/* RFC 9725 4.3.2, 4.3.3 */
static void a_fragment_has_a_user_name_or_none(void)
{
	struct sdp_fragment frag;

	g_assert_true(fragment(&frag, "a=group:BUNDLE 0\r\n" UFRAG PWD
				      "m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
				      "a=mid:0\r\n"
				      "a=candidate:1 1 udp 1 192.0.2.1 9 typ "
				      "host\r\na=end-of-candidates\r\n"));
	g_assert_cmpstr(frag.ufrag, ==, "4ZcD");
	g_assert_true(fragment(&frag, "a=mid:0\r\n"));
	g_assert_cmpstr(frag.ufrag, ==, "");
	g_assert_false(fragment(&frag, ""));
	g_assert_false(fragment(&frag, "{}\r\n"));
	g_assert_false(fragment(&frag, "a=ice-ufrag:a b c\r\n"));
}

static void our_fragment_has_our_new_ice(void)
{
	struct sdp_offer offer = good(CHROMIUM);
	struct sdp_ice ice = our_ice();
	g_autofree char *text = sdp_write_fragment(&offer, &ice);

	g_assert_cmpstr(text, ==,
			"a=ice-lite\r\n"
			"a=group:BUNDLE 0\r\n"
			"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\n"
			"a=mid:0\r\n" OUR_ICE);
}

/* Our own answers are offers that we would take. */
static void an_answer_is_an_offer_to_another(void)
{
	struct sdp_offer offer =
		good(SAVP "a=crypto:1 " CM " inline:" KEY30 "\r\n");
	struct sdp_answer answer = our_answer();
	g_autofree char *text = NULL;
	struct sdp_offer again;

	for (guint i = 0; i < sizeof(answer.key); i++)
		answer.key[i] = (guint8)(200 + i);
	text = sdp_write_answer(&offer, &answer);
	again = good(text);
	g_assert_cmpint(again.suite, ==, SDP_AES_CM_128_HMAC_SHA1_80);
	g_assert_cmpint(again.direction, ==, SDP_SENDONLY);
	g_assert_cmpmem(again.crypto.key, 30, answer.key, 30);
	g_assert_true(again.fec && again.dtx);
}

static void no_cut_of_an_offer_is_more_than_refused(void)
{
	static const char text[] = SAVP "a=crypto:1 " GCM " inline:" KEY28
					"\r\na=fmtp:111 stereo=1\r\n";
	struct sdp_offer offer;

	for (gsize size = 0; size < strlen(text); size++) {
		g_autofree char *cut = g_memdup2(text, size);

		(void)sdp_parse_offer(&offer, cut, size, ALL, NULL);
	}
}

#define TEST(name)                                                             \
	do {                                                                   \
		g_autofree char *path =                                        \
			g_strdelimit(g_strdup("/sdp/" #name), "_", ' ');       \
		g_test_add_func(path, name);                                   \
	} while (0)

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	TEST(an_offer_in_the_clear_is_read);
	TEST(what_is_not_said_has_its_default);
	TEST(an_ipv6_literal_is_an_address);
	TEST(gcm_is_preferred_whatever_comes_first);
	TEST(a_suite_that_may_not_be_chosen_is_passed_over);
	TEST(the_key_is_that_of_the_line);
	TEST(a_line_that_is_no_key_is_no_key);
	TEST(a_key_in_a_plain_offer_changes_nothing);
	TEST(what_cannot_be_used_is_refused_by_a_sentence);
	TEST(long_things_are_refused_not_cut);
	TEST(the_answer_mirrors_the_offer);
	TEST(a_browsers_offer_is_read);
	TEST(where_browsers_are_not_served_they_are_told);
	TEST(the_answer_to_a_browser_has_ice_and_a_fingerprint);
	TEST(a_fragment_has_a_user_name_or_none);
	TEST(our_fragment_has_our_new_ice);
	TEST(an_answer_is_an_offer_to_another);
	TEST(no_cut_of_an_offer_is_more_than_refused);
	return g_test_run();
}
