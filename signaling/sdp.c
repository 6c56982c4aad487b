#include "signaling/sdp.h"

#include <arpa/inet.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <string.h>

#include "signaling/text.h"

#define OPUS	  "opus/48000/2" /* RFC 7587 7: always so */
#define LEVEL_URI "urn:ietf:params:rtp-hdrext:ssrc-audio-level"

#define MAX_LEVEL_ID 14 /* of a one-byte header, RFC 8285 4.2 */

/* RFC 8839 5.4 */
#define MIN_UFRAG    4
#define MIN_PASSWORD 22
#define MAX_PASSWORD 256

struct line {
	char type;
	char *value;
};

struct reader {
	struct sdp_offer *offer;
	GArray *lines; /* struct line */
	guint line;    /* that is read now, from 0 */
	guint suites;
	GError **error;
	gboolean failed; /* sticky: error is set */

	/* Of the section that is answered. */
	const char *connection; /* value of c= */
	guint16 port;
	gboolean secure, dtls, mux;
	const char *ufrag, *password, *setup, *group;
	gboolean fingerprint; /* was read */
	const char *formats;  /* all of m= */
	guint8 types[16];     /* a bit for each payload type that is Opus */
};

gsize sdp_key_size(enum sdp_suite suite)
{
	static const gsize sizes[] = {
		[SDP_AEAD_AES_128_GCM] = 28,
		[SDP_AES_CM_128_HMAC_SHA1_80] = 30,
		[SDP_DTLS] = 0,
	};

	return sizes[suite];
}

static void G_GNUC_PRINTF(2, 3) fail(struct reader *rd, const char *format, ...)
{
	va_list args;
	g_autofree char *sentence = NULL;

	if (rd->failed)
		return;
	rd->failed = TRUE;
	va_start(args, format);
	sentence = g_strdup_vprintf(format, args);
	va_end(args);
	g_set_error(rd->error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA,
		    "Line %u of the offer: %s.", rd->line + 1, sentence);
}

/* Words. */

/* The next word of *atp, up to white space; moves *atp behind it. NULL: no
 * more. Caller frees. */
static char *next_word(const char **atp)
{
	const char *start = *atp + strspn(*atp, " ");
	gsize length = strcspn(start, " ");

	*atp = start + length;
	return length ? g_strndup(start, length) : NULL;
}

/* A word that will be written into the answer: RFC 8866 9, token, and the
 * slashes of a protocol. */
static gboolean keep(char to_r[SDP_MAX_WORD], const char *word)
{
	for (const char *p = word; p && *p; p++)
		if (!g_ascii_isalnum(*p) && !strchr("!#$%&'*+-.^_`{|}~/", *p))
			return FALSE;
	return word && *word &&
	       g_strlcpy(to_r, word, SDP_MAX_WORD) < SDP_MAX_WORD;
}

static gboolean number(const char *word, guint64 max, guint64 *number_r)
{
	return word &&
	       g_ascii_string_to_unsigned(word, 10, 0, max, number_r, NULL);
}

static gboolean is_opus(const struct reader *rd, guint64 type)
{
	return rd->types[type / 8] & 1 << type % 8;
}

/* RFC 4648 4, nothing else: what is not exactly a key is no key. */
static gboolean read_base64(const char *text, guint8 *bytes_r, gsize size)
{
	gsize length = (size + 2) / 3 * 4, padding = (3 - size % 3) % 3;
	gint state = 0;
	guint save = 0;
	guint8 decoded[SDP_MAX_KEY + 3];
	gsize n;

	if (strlen(text) != length ||
	    strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
			 "0123456789+/") != length - padding ||
	    strspn(text + length - padding, "=") != padding)
		return FALSE;
	n = g_base64_decode_step(text, length, decoded, &state, &save);
	if (n == size)
		memcpy(bytes_r, decoded, size);
	explicit_bzero(decoded, sizeof(decoded));
	return n == size;
}

/* Attributes; the table is below. */

static void read_rtpmap(struct reader *rd, const char *value)
{
	g_autofree char *type = next_word(&value);
	g_autofree char *encoding = next_word(&value);
	guint64 n;

	if (number(type, 127, &n) && encoding &&
	    !g_ascii_strcasecmp(encoding, OPUS))
		rd->types[n / 8] |= (guint8)(1 << n % 8);
}

static void read_mux(struct reader *rd, const char *value)
{
	(void)value;
	rd->mux = TRUE;
}

static void read_inactive(struct reader *rd, const char *value)
{
	(void)value;
	rd->offer->direction = SDP_INACTIVE;
}

static void read_sendonly(struct reader *rd, const char *value)
{
	(void)value;
	rd->offer->direction = SDP_SENDONLY;
}

static void read_recvonly(struct reader *rd, const char *value)
{
	(void)value;
	rd->offer->direction = SDP_RECVONLY;
}

static void read_sendrecv(struct reader *rd, const char *value)
{
	(void)value;
	rd->offer->direction = SDP_SENDRECV;
}

/* One direction only (RFC 8285 6) is not spoken here: then no levels. */
static void read_extmap(struct reader *rd, const char *value)
{
	g_autofree char *id = next_word(&value);
	g_autofree char *uri = next_word(&value);
	guint64 n;

	if (!g_strcmp0(uri, LEVEL_URI) && number(id, MAX_LEVEL_ID, &n) && n)
		rd->offer->level_id = (guint)n;
}

static gboolean suite_of(const char *name, enum sdp_suite *suite_r)
{
	static const char *const names[] = {
		[SDP_AEAD_AES_128_GCM] = "AEAD_AES_128_GCM",
		[SDP_AES_CM_128_HMAC_SHA1_80] = "AES_CM_128_HMAC_SHA1_80",
	};

	for (guint i = SDP_PLAIN + 1; i < G_N_ELEMENTS(names); i++)
		if (!g_strcmp0(name, names[i])) {
			*suite_r = i;
			return TRUE;
		}
	return FALSE;
}

/* RFC 4568 6.1: inline:KEY, a lifetime is ours to ignore, because no call
 * lives for 2^31 packets; an MKI we do not write. */
static gboolean read_key(const char *param, enum sdp_suite suite,
			 struct sdp_crypto *crypto_r)
{
	g_auto(GStrv) parts = NULL;
	gboolean right;

	if (!param || !g_str_has_prefix(param, "inline:"))
		return FALSE;
	parts = g_strsplit(param + strlen("inline:"), "|", 3);
	right = parts[0] && !(parts[1] && strchr(parts[1], ':')) &&
		!(parts[1] && parts[2]) &&
		read_base64(parts[0], crypto_r->key, sdp_key_size(suite));
	if (parts[0])
		explicit_bzero(parts[0], strlen(parts[0]));
	return right;
}

/* 6.3: a session parameter that is not understood makes the line invalid,
 * unless it begins with "-". WSH only advises. */
static gboolean knows_all(const char *params)
{
	char *param;

	while ((param = next_word(&params))) {
		gboolean known =
			*param == '-' || g_str_has_prefix(param, "WSH=");

		g_free(param);
		if (!known)
			return FALSE;
	}
	return TRUE;
}

/* A line that is not usable is passed over: the next may be. */
static void read_crypto(struct reader *rd, const char *value)
{
	g_autofree char *tag = next_word(&value);
	g_autofree char *name = next_word(&value);
	g_autofree char *param = next_word(&value);
	struct sdp_crypto crypto = { 0 };
	enum sdp_suite suite;
	guint64 n;

	if (number(tag, 999999999, &n) && suite_of(name, &suite) &&
	    rd->suites & 1u << suite &&
	    (rd->offer->suite == SDP_PLAIN || suite < rd->offer->suite) &&
	    knows_all(value) && read_key(param, suite, &crypto)) {
		crypto.tag = (guint)n;
		rd->offer->suite = suite;
		rd->offer->crypto = crypto;
	}
	if (param)
		explicit_bzero(param, strlen(param));
	explicit_bzero(&crypto, sizeof(crypto));
}

/* Of a browser. */

static void read_ufrag(struct reader *rd, const char *value)
{
	rd->ufrag = value;
}

static void read_password(struct reader *rd, const char *value)
{
	rd->password = value;
}

static void read_setup(struct reader *rd, const char *value)
{
	rd->setup = value;
}

static void read_group(struct reader *rd, const char *value)
{
	if (g_str_has_prefix(value, "BUNDLE"))
		rd->group = value + strlen("BUNDLE");
}

/* "sha-256 AB:CD:..." RFC 8122 5: of several that are offered one that we know
 * is enough. */
static void read_fingerprint(struct reader *rd, const char *value)
{
	g_autofree char *hash = next_word(&value);
	g_autofree char *hex = next_word(&value);
	guint8 bytes[SDP_FINGERPRINT];

	if (!hash || g_ascii_strcasecmp(hash, "sha-256") != 0 || !hex ||
	    strlen(hex) != 3 * SDP_FINGERPRINT - 1)
		return;
	for (guint i = 0; i < SDP_FINGERPRINT; i++) {
		const char *at = hex + 3 * (gsize)i;

		if (!g_ascii_isxdigit(at[0]) || !g_ascii_isxdigit(at[1]) ||
		    (at[2] != ':' && at[2]))
			return;
		bytes[i] = (guint8)(g_ascii_xdigit_value(at[0]) << 4 |
				    g_ascii_xdigit_value(at[1]));
	}
	memcpy(rd->offer->fingerprint, bytes, sizeof(bytes));
	rd->fingerprint = TRUE;
}

static const struct attribute {
	const char *name;
	void (*read)(struct reader *rd, const char *value);
	gboolean session; /* also before the first m= */
} attributes[] = {
	{ "rtpmap", read_rtpmap, FALSE },
	{ "rtcp-mux", read_mux, FALSE },
	{ "inactive", read_inactive, TRUE },
	{ "sendonly", read_sendonly, TRUE },
	{ "recvonly", read_recvonly, TRUE },
	{ "sendrecv", read_sendrecv, TRUE },
	{ "extmap", read_extmap, TRUE },
	{ "crypto", read_crypto, FALSE },
	{ "ice-ufrag", read_ufrag, TRUE },
	{ "ice-pwd", read_password, TRUE },
	{ "fingerprint", read_fingerprint, TRUE },
	{ "setup", read_setup, TRUE },
	{ "group", read_group, TRUE },
};

/* The value of attribute `name` if line is that one: "" where it has none. */
static const char *value_of(const struct line *line, const char *name)
{
	gsize length = strlen(name);

	if (line->type != 'a' || strncmp(line->value, name, length) != 0)
		return NULL;
	if (line->value[length] == ':')
		return line->value + length + 1;
	return line->value[length] ? NULL : line->value + length;
}

static struct line *line_at(const struct reader *rd, guint i)
{
	return &g_array_index(rd->lines, struct line, i);
}

/* Lines from..to of the session's part, or of the section that is answered. */
static void read_part(struct reader *rd, guint from, guint to, gboolean session)
{
	for (rd->line = from; rd->line < to; rd->line++) {
		const struct line *line = line_at(rd, rd->line);

		if (line->type == 'c')
			rd->connection = line->value;
		for (gsize i = 0; i < G_N_ELEMENTS(attributes); i++) {
			const char *value = value_of(line, attributes[i].name);

			if (value && (!session || attributes[i].session))
				attributes[i].read(rd, value);
		}
	}
}

static void read_name(struct reader *rd, guint to)
{
	for (guint i = 0; i < to; i++)
		if (line_at(rd, i)->type == 's') {
			g_autofree char *name = text_line(line_at(rd, i)->value,
							  SDP_MAX_WORD - 1);

			if (strcmp(name, "-") != 0)
				g_strlcpy(rd->offer->name, name, SDP_MAX_WORD);
		}
}

/* m=KIND PORT PROTOCOL FORMAT ... The first audio that is not switched off is
 * the one that is answered. */
static void read_section(struct reader *rd)
{
	struct sdp_section *sec;
	const char *value = line_at(rd, rd->line)->value;
	g_autofree char *kind = next_word(&value);
	g_autofree char *port = next_word(&value);
	g_autofree char *protocol = next_word(&value);
	const char *formats = value;
	g_autofree char *format = next_word(&value);
	guint64 n = 0;

	if (rd->offer->n_sections == SDP_MAX_MEDIA) {
		fail(rd, "there are more than %d streams", SDP_MAX_MEDIA);
		return;
	}
	sec = &rd->offer->sections[rd->offer->n_sections++];
	if (!keep(sec->kind, kind) || !number(port, 65535, &n) ||
	    !keep(sec->protocol, protocol) || !keep(sec->format, format)) {
		fail(rd, "a stream is like m=audio 5004 RTP/AVP 111");
		return;
	}
	if (rd->port || !n || strcmp(kind, "audio") != 0)
		return;
	rd->offer->audio = rd->offer->n_sections - 1;
	rd->port = (guint16)n;
	rd->formats = formats;
}

static void read_mid(struct reader *rd)
{
	const char *mid = value_of(line_at(rd, rd->line), "mid");
	guint n = rd->offer->n_sections;

	if (mid && n && !keep(rd->offer->sections[n - 1].mid, mid))
		fail(rd, "this mid is too long, or no token");
}

/* Finds the sections, and in audio_r, where the lines of the one that is
 * answered begin and end. Returns the end of the session's part. */
static guint read_sections(struct reader *rd, guint audio_r[2])
{
	guint session = rd->lines->len;

	audio_r[1] = rd->lines->len;
	for (rd->line = 0; rd->line < rd->lines->len && !rd->failed;
	     rd->line++) {
		guint16 had = rd->port;

		read_mid(rd);
		if (line_at(rd, rd->line)->type != 'm')
			continue;
		session = MIN(session, rd->line);
		if (had && audio_r[1] == rd->lines->len)
			audio_r[1] = rd->line;
		read_section(rd);
		if (!had && rd->port)
			audio_r[0] = rd->line;
	}
	return session;
}

/* What the audio section turned out to be. */

static void check_protocol(struct reader *rd)
{
	static const struct {
		const char *name;
		gboolean secure, dtls;
	} protocols[] = {
		{ "RTP/AVP", FALSE, FALSE },
		{ "RTP/AVPF", FALSE, FALSE },
		{ "RTP/SAVP", TRUE, FALSE },
		{ "RTP/SAVPF", TRUE, FALSE },
		{ "UDP/TLS/RTP/SAVP", TRUE, TRUE },
		{ "UDP/TLS/RTP/SAVPF", TRUE, TRUE },
	};
	const char *name = rd->offer->sections[rd->offer->audio].protocol;
	gboolean known = FALSE;

	for (gsize i = 0; i < G_N_ELEMENTS(protocols); i++)
		if (!strcmp(name, protocols[i].name)) {
			rd->secure = protocols[i].secure;
			rd->dtls = protocols[i].dtls;
			known = TRUE;
		}
	if (rd->dtls && !(rd->suites & 1u << SDP_DTLS))
		fail(rd, "DTLS-SRTP is not spoken here; offer RTP/SAVP with "
			 "its key in a=crypto");
	else if (!known)
		fail(rd,
		     "%s is not spoken here; offer UDP/TLS/RTP/SAVPF, "
		     "RTP/SAVP or RTP/AVP",
		     name);
}

static gboolean is_unicast(const struct sockaddr_storage *address)
{
	const struct sockaddr_in *four = (const struct sockaddr_in *)address;
	const struct in6_addr *six =
		&((const struct sockaddr_in6 *)address)->sin6_addr;
	in_addr_t host = ntohl(four->sin_addr.s_addr);

	if (address->ss_family == AF_INET)
		return host >> 24 && !IN_MULTICAST(host) && !IN_BADCLASS(host);
	return !IN6_IS_ADDR_UNSPECIFIED(six) && !IN6_IS_ADDR_MULTICAST(six) &&
	       !IN6_IS_ADDR_V4MAPPED(six);
}

/* c=IN IP4 192.0.2.1 */
static void read_address(struct reader *rd)
{
	struct sockaddr_storage *address = &rd->offer->address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	const char *value = rd->connection ? rd->connection : "";

	if (g_str_has_prefix(value, "IN IP4 ") &&
	    inet_pton(AF_INET, value + 7, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons(rd->port);
	} else if (g_str_has_prefix(value, "IN IP6 ") &&
		   inet_pton(AF_INET6, value + 7, &six->sin6_addr) == 1) {
		six->sin6_family = AF_INET6;
		six->sin6_port = htons(rd->port);
	} else {
		fail(rd, "say by an IP address where you receive, like c=IN "
			 "IP4 192.0.2.1");
		return;
	}
	if (!is_unicast(address))
		fail(rd, "nobody can be reached at %s", value + 7);
}

/* The first of m= that is Opus. */
static void choose_type(struct reader *rd)
{
	const char *formats = rd->formats;
	char *format;

	while ((format = next_word(&formats))) {
		guint64 n;
		/* RFC 5761 4: with the marker these look like RTCP. */
		gboolean right = number(format, 127, &n) && is_opus(rd, n) &&
				 (n < 64 || n > 95);

		g_free(format);
		if (right) {
			rd->offer->payload_type = (guint8)n;
			return;
		}
	}
	fail(rd, "Opus is needed: a payload type of 96 to 127 with "
		 "a=rtpmap:TYPE " OPUS);
}

static void read_fmtp_word(struct sdp_offer *offer, char *word)
{
	char *value = strchr(g_strstrip(word), '=');
	guint64 n;

	if (!value)
		return;
	*value++ = '\0';
	if (!number(value, G_MAXINT32, &n))
		return;
	if (!g_ascii_strcasecmp(word, "stereo"))
		offer->stereo = n == 1;
	else if (!g_ascii_strcasecmp(word, "useinbandfec"))
		offer->fec = n == 1;
	else if (!g_ascii_strcasecmp(word, "usedtx"))
		offer->dtx = n == 1;
	else if (!g_ascii_strcasecmp(word, "maxaveragebitrate"))
		offer->max_bitrate = (guint)n;
}

/* a=fmtp:TYPE name=value; ... RFC 7587 6.1 */
static void read_fmtp(struct reader *rd, const char *value)
{
	g_autofree char *type = next_word(&value);
	g_auto(GStrv) words = NULL;
	guint64 n;

	if (!number(type, 127, &n) || n != rd->offer->payload_type)
		return;
	words = g_strsplit(value, ";", 32);
	for (char **word = words; *word; word++)
		read_fmtp_word(rd->offer, *word);
}

/* RFC 8839 5.4: ice-char. */
static gboolean is_ice(const char *text, gsize min, gsize max)
{
	gsize length = text ? strlen(text) : 0;

	for (const char *p = text; p && *p; p++)
		if (!g_ascii_isalnum(*p) && *p != '+' && *p != '/')
			return FALSE;
	return length >= min && length <= max;
}

/* Whether the group names this section. */
static gboolean is_bundled(const struct reader *rd)
{
	const char *mid = rd->offer->sections[rd->offer->audio].mid;
	const char *group = rd->group ? rd->group : "";
	gboolean found = FALSE;
	char *word;

	while ((word = next_word(&group))) {
		found |= *mid && !strcmp(word, mid);
		g_free(word);
	}
	return found;
}

static void check_dtls(struct reader *rd)
{
	struct sdp_offer *offer = rd->offer;

	offer->suite = SDP_DTLS;
	explicit_bzero(&offer->crypto, sizeof(offer->crypto));
	memset(&offer->address, 0, sizeof(offer->address));
	if (!is_ice(rd->ufrag, MIN_UFRAG, SDP_MAX_UFRAG - 1) ||
	    !is_ice(rd->password, MIN_PASSWORD, MAX_PASSWORD))
		fail(rd,
		     "it needs ICE: a=ice-ufrag of %d to %d characters and "
		     "a=ice-pwd of %d or more",
		     MIN_UFRAG, SDP_MAX_UFRAG - 1, MIN_PASSWORD);
	else if (!rd->fingerprint)
		fail(rd, "it needs a=fingerprint:sha-256 and 32 bytes in hex, "
			 "with colons");
	else if (rd->setup && strcmp(rd->setup, "actpass") != 0 &&
		 strcmp(rd->setup, "active") != 0)
		fail(rd, "we are the server of DTLS: offer a=setup:actpass");
	if (rd->failed)
		return;
	g_strlcpy(offer->ufrag, rd->ufrag, sizeof(offer->ufrag));
	offer->bundle = is_bundled(rd);
}

/* RFC 3264 8.4: on hold before it has begun is no use. */
static void check(struct reader *rd)
{
	if (!rd->mux)
		fail(rd, "RTP and RTCP share one port here: add a=rtcp-mux");
	else if (rd->offer->direction == SDP_INACTIVE)
		fail(rd, "a=inactive neither speaks nor listens");
	else if (rd->dtls)
		check_dtls(rd);
	else if (!rd->secure)
		rd->offer->suite = SDP_PLAIN;
	else if (rd->offer->suite == SDP_PLAIN)
		fail(rd,
		     "%s needs a key, like a=crypto:1 AEAD_AES_128_GCM "
		     "inline: and 28 bytes in base64",
		     rd->offer->sections[rd->offer->audio].protocol);
}

static void read_offer(struct reader *rd)
{
	guint audio[2] = { 0, 0 };
	guint session = read_sections(rd, audio);

	if (!rd->failed && !rd->port) {
		rd->line = rd->lines->len - 1;
		fail(rd, "there is no m=audio before the end");
	}
	if (rd->failed)
		return;
	read_name(rd, session);
	read_part(rd, 0, session, TRUE);
	read_part(rd, audio[0] + 1, audio[1], FALSE);
	rd->line = audio[0];
	check_protocol(rd);
	if (!rd->dtls)
		read_address(rd);
	if (!rd->failed)
		choose_type(rd);
	for (guint i = audio[0]; !rd->failed && i < audio[1]; i++) {
		const char *value = value_of(line_at(rd, i), "fmtp");

		if (value)
			read_fmtp(rd, value);
	}
	check(rd);
}

/* Cuts text, in place; a fragment has no beginning. */
static void cut(struct reader *rd, char *text, gboolean whole)
{
	while (*text && !rd->failed) {
		struct line line = { text[0], text + 2 };
		gsize length = strcspn(text, "\n");
		char *next = text + length + (text[length] != '\0');

		text[length] = '\0';
		if (length && text[length - 1] == '\r')
			text[--length] = '\0';
		rd->line = rd->lines->len;
		if (length < 2 || !g_ascii_islower(text[0]) || text[1] != '=')
			fail(rd, "it is not like TYPE=VALUE");
		else if (whole && !rd->line && strcmp(text, "v=0") != 0)
			fail(rd, "a session description begins with v=0");
		else
			g_array_append_val(rd->lines, line);
		text = next;
	}
}

static gboolean is_text(struct reader *rd, const char *text, gsize size)
{
	if (size && size <= SDP_MAX_SIZE && !memchr(text, 0, size))
		return TRUE;
	fail(rd, "this is no session description of 1 to %d bytes",
	     SDP_MAX_SIZE);
	return FALSE;
}

gboolean sdp_parse_offer(struct sdp_offer *offer_r, const char *text,
			 gsize size, guint suites, GError **error)
{
	struct reader rd = { .offer = offer_r,
			     .suites = suites,
			     .error = error };
	char *copy;

	memset(offer_r, 0, sizeof(*offer_r));
	offer_r->direction = SDP_SENDRECV;
	if (!is_text(&rd, text, size))
		return FALSE;
	copy = g_strndup(text, size);
	rd.lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	cut(&rd, copy, TRUE);
	if (!rd.failed)
		read_offer(&rd);
	g_array_unref(rd.lines);
	explicit_bzero(copy, size);
	g_free(copy);
	if (rd.failed)
		explicit_bzero(&offer_r->crypto, sizeof(offer_r->crypto));
	return !rd.failed;
}

/* Browsers say it once, or for each section the same. */
gboolean sdp_parse_fragment(struct sdp_fragment *frag_r, const char *text,
			    gsize size, GError **error)
{
	struct reader rd = { .error = error };
	g_autofree char *copy = NULL;

	memset(frag_r, 0, sizeof(*frag_r));
	if (!is_text(&rd, text, size))
		return FALSE;
	copy = g_strndup(text, size);
	rd.lines = g_array_new(FALSE, FALSE, sizeof(struct line));
	cut(&rd, copy, FALSE);
	for (rd.line = 0; rd.line < rd.lines->len && !rd.failed; rd.line++) {
		const char *ufrag =
			value_of(line_at(&rd, rd.line), "ice-ufrag");

		if (ufrag && !is_ice(ufrag, MIN_UFRAG, SDP_MAX_UFRAG - 1))
			fail(&rd, "a=ice-ufrag has %d to %d characters",
			     MIN_UFRAG, SDP_MAX_UFRAG - 1);
		else if (ufrag)
			g_strlcpy(frag_r->ufrag, ufrag, sizeof(frag_r->ufrag));
	}
	g_array_unref(rd.lines);
	return !rd.failed;
}
