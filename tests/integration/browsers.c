/* browsers N SECONDS PORT PATH TOKEN - N browsers join a room of the bridge on
 * this host within one second, as a browser does: WHIP, ICE, DTLS-SRTP. Two of
 * them talk, all listen for so many seconds, and leave. Prints as JSON how long
 * it took them and how many were heard; each has a thread and a socket of its
 * own. */
#include <arpa/inet.h>
#include <glib.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "mixer/codec.h"
#include "mixer/rtp.h"
#include "mixer/stream.h"
#include "mixer/stun.h"

#define TALKERS	  2
#define PATIENCE  (10 * G_USEC_PER_SEC)
#define STEP_US	  20000
#define CHECK_US  50000
#define EXPORTER  "EXTRACTOR-dtls_srtp"
#define KEY	  16
#define SALT	  12
#define PRINT	  32 /* bytes of a fingerprint */
#define BODY_MARK "\r\n\r\n"

static struct {
	unsigned n;
	gint64 begin, talk_us, end; /* monotonic; end is set when all are in */
	uint16_t port;
	const char *path, *token;
	SSL_CTX *ctx;
	char fingerprint[3 * PRINT];
	gint waiting; /* browsers not in yet */
} all;

struct browser {
	unsigned index;
	GThread *thread;
	char *failed; /* a sentence, or NULL */
	int udp;
	struct sockaddr_in gate;
	char ufrag[9], username[80], *location;
	struct stun_key key; /* of the bridge's end */
	uint8_t theirs[PRINT];
	SSL *ssl;
	BIO *in, *out;
	struct stream *stream;
	struct codec_encoder *enc;
	unsigned transactions, frames, heard;
	double joined_ms, sound_ms;
};

static void fail(struct browser *brs, const char *why)
{
	if (!brs->failed)
		brs->failed = g_strdup(why);
}

/* Signalling. */

/* The reply with its head; NULL: none came. Caller frees. */
static char *request(const char *method, const char *path, const char *body)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons(all.port),
				  .sin_addr = { htonl(INADDR_LOOPBACK) } };
	g_autofree char *text = g_strdup_printf(
		"%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
		"Authorization: Bearer %s\r\nContent-Type: application/sdp\r\n"
		"Content-Length: %zu" BODY_MARK "%s",
		method, path, all.token, strlen(body), body);
	g_autoptr(GString) reply = g_string_new(NULL);
	int tcp = socket(AF_INET, SOCK_STREAM, 0);
	char buf[4096];
	ssize_t n;

	if (connect(tcp, (struct sockaddr *)&to, sizeof(to)) ||
	    send(tcp, text, strlen(text), MSG_NOSIGNAL) < 0) {
		close(tcp);
		return NULL;
	}
	while ((n = recv(tcp, buf, sizeof(buf), 0)) > 0)
		g_string_append_len(reply, buf, n);
	close(tcp);
	return g_strdup(reply->str);
}

/* What stands behind `name` up to the end of its line; NULL: it is not there.
 * Caller frees. */
static char *value(const char *text, const char *name)
{
	const char *at = g_strstr_len(text, -1, name);

	if (!at)
		return NULL;
	at += strlen(name);
	return g_strndup(at, strcspn(at, "\r\n"));
}

static char *offer(const struct browser *brs)
{
	return g_strdup_printf(
		"v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=browser %u\r\nt=0 0\r\n"
		"a=group:BUNDLE 0\r\n"
		"m=audio 9 UDP/TLS/RTP/SAVPF 111\r\nc=IN IP4 0.0.0.0\r\n"
		"a=mid:0\r\na=rtcp-mux\r\na=rtpmap:111 opus/48000/2\r\n"
		"a=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\n"
		"a=ice-ufrag:%s\r\na=ice-pwd:0123456789abcdef01234567\r\n"
		"a=fingerprint:sha-256 %s\r\na=setup:actpass\r\n",
		brs->index, brs->ufrag, all.fingerprint);
}

static void read_answer(struct browser *brs, const char *text)
{
	g_autofree char *ufrag = value(text, "a=ice-ufrag:");
	g_autofree char *password = value(text, "a=ice-pwd:");
	g_autofree char *print = value(text, "a=fingerprint:sha-256 ");
	g_autofree char *candidate = value(text, "a=candidate:");
	g_auto(GStrv) word = NULL;

	brs->location = value(text, "location: ");
	if (!ufrag || !password || !candidate || !brs->location || !print ||
	    strlen(print) != 3 * PRINT - 1) {
		fail(brs, "the answer lacks something");
		return;
	}
	word = g_strsplit(candidate, " ", 0);
	brs->gate.sin_family = AF_INET;
	if (g_strv_length(word) < 6 ||
	    inet_pton(AF_INET, word[4], &brs->gate.sin_addr) != 1)
		fail(brs, "the candidate is no address");
	else
		brs->gate.sin_port = htons((uint16_t)atoi(word[5]));
	for (unsigned i = 0; i < PRINT; i++)
		brs->theirs[i] = (uint8_t)strtoul(print + 3 * i, NULL, 16);
	g_snprintf(brs->username, sizeof(brs->username), "%s:%s", ufrag,
		   brs->ufrag);
	stun_key_init(&brs->key, password);
}

static void post(struct browser *brs)
{
	g_autofree char *body = offer(brs);
	g_autofree char *reply = request("POST", all.path, body);

	if (!reply || !g_str_has_prefix(reply, "HTTP/1.1 201"))
		fail(brs, reply ? reply : "nobody answered the POST");
	else
		read_answer(brs, reply);
}

/* ICE */

static void send_out(struct browser *brs, const uint8_t *buf, int size)
{
	if (size > 0)
		(void)!sendto(brs->udp, buf, (size_t)size, 0,
			      (struct sockaddr *)&brs->gate, sizeof(brs->gate));
}

static void check(struct browser *brs)
{
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .use_candidate = true };
	uint8_t buf[RTP_MAX_PACKET];

	g_strlcpy(msg.username, brs->username, sizeof(msg.username));
	brs->transactions++;
	memcpy(msg.transaction, &brs->transactions, sizeof(brs->transactions));
	send_out(brs, buf, stun_encode(&msg, &brs->key, buf, sizeof(buf)));
}

/* The next datagram within so long; its size, or -1. */
static int receive(struct browser *brs, uint8_t buf[RTP_MAX_PACKET],
		   gint64 wait_us)
{
	struct pollfd poll_in = { .fd = brs->udp, .events = POLLIN };

	if (poll(&poll_in, 1, (int)MAX(wait_us / 1000, 0)) < 1)
		return -1;
	return (int)recv(brs->udp, buf, RTP_MAX_PACKET, 0);
}

static void find_way(struct browser *brs)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;
	uint8_t buf[RTP_MAX_PACKET];
	struct stun_message msg;

	while (g_get_monotonic_time() < end) {
		int size;

		check(brs);
		size = receive(brs, buf, CHECK_US);
		if (size > 0 && !stun_decode(&msg, buf, (size_t)size) &&
		    msg.type == STUN_BINDING_SUCCESS &&
		    stun_authentic(&msg, buf, &brs->key))
			return;
	}
	fail(brs, "no check was answered");
}

/* DTLS */

static int any_certificate(X509_STORE_CTX *store, void *arg)
{
	(void)store;
	(void)arg;
	return 1; /* it is looked at in is_theirs() */
}

static void make_context(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	uint8_t digest[EVP_MAX_MD_SIZE];

	X509_gmtime_adj(X509_getm_notBefore(cert), 0);
	X509_gmtime_adj(X509_getm_notAfter(cert), 86400);
	X509_set_pubkey(cert, key);
	X509_sign(cert, key, EVP_sha256());
	X509_digest(cert, EVP_sha256(), digest, NULL);
	for (unsigned i = 0; i < PRINT; i++)
		g_snprintf(all.fingerprint + 3 * i, 4, "%02X%s", digest[i],
			   i + 1 < PRINT ? ":" : "");
	all.ctx = SSL_CTX_new(DTLS_client_method());
	SSL_CTX_use_certificate(all.ctx, cert);
	SSL_CTX_use_PrivateKey(all.ctx, key);
	SSL_CTX_set_cert_verify_callback(all.ctx, any_certificate, NULL);
	SSL_CTX_set_options(all.ctx, SSL_OP_NO_QUERY_MTU);
	if (SSL_CTX_set_tlsext_use_srtp(all.ctx, "SRTP_AEAD_AES_128_GCM"))
		g_error("OpenSSL has no DTLS-SRTP");
	X509_free(cert);
	EVP_PKEY_free(key);
}

static gboolean is_theirs(const struct browser *brs)
{
	X509 *cert = SSL_get0_peer_certificate(brs->ssl);
	uint8_t digest[EVP_MAX_MD_SIZE];

	return cert && X509_digest(cert, EVP_sha256(), digest, NULL) &&
	       !memcmp(digest, brs->theirs, PRINT);
}

static void start_dtls(struct browser *brs)
{
	brs->ssl = SSL_new(all.ctx);
	brs->in = BIO_new(BIO_s_mem());
	brs->out = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(brs->in, -1);
	BIO_set_mem_eof_return(brs->out, -1);
	SSL_set_bio(brs->ssl, brs->in, brs->out);
	SSL_set_mtu(brs->ssl, 1200);
	SSL_set_connect_state(brs->ssl);
}

static void shake_hands(struct browser *brs)
{
	gint64 end = g_get_monotonic_time() + PATIENCE;
	uint8_t buf[RTP_MAX_PACKET];

	start_dtls(brs);
	while (SSL_do_handshake(brs->ssl) != 1) {
		int size = BIO_read(brs->out, buf, sizeof(buf));

		send_out(brs, buf, size);
		size = receive(brs, buf, STEP_US);
		if (size > 0 && packet_kind(buf, (size_t)size) == PACKET_DTLS)
			BIO_write(brs->in, buf, size);
		DTLSv1_handle_timeout(brs->ssl);
		if (g_get_monotonic_time() > end) {
			fail(brs, "the handshake did not end");
			return;
		}
	}
	send_out(brs, buf, BIO_read(brs->out, buf, sizeof(buf)));
	if (!is_theirs(brs))
		fail(brs, "the certificate is not the answer's");
}

/* RFC 5764 4.2: we are the client. */
static void use_keys(struct browser *brs)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = g_random_int() | 1,
				     .payload_type = 111,
				     .level_id = 1,
				     .cname = "browser" };
	uint8_t made[2 * (KEY + SALT)];

	if (SSL_export_keying_material(brs->ssl, made, sizeof(made), EXPORTER,
				       strlen(EXPORTER), NULL, 0, 0) != 1) {
		fail(brs, "there are no keys");
		return;
	}
	memcpy(cfg.send_key, made, KEY);
	memcpy(cfg.send_key + KEY, made + 2 * KEY, SALT);
	memcpy(cfg.receive_key, made + KEY, KEY);
	memcpy(cfg.receive_key + KEY, made + 2 * KEY + SALT, SALT);
	if (stream_create(&brs->stream, &cfg))
		fail(brs, "there is no stream");
}

/* Sound: two say something, the others are as silent as who is muted. */
static void speak(struct browser *brs)
{
	static const uint8_t silence[] = { 0xf8, 0xff, 0xfe };
	uint8_t payload[CODEC_MAX], buf[RTP_MAX_PACKET];
	int16_t pcm[CODEC_FRAME];
	int size = sizeof(silence);

	memcpy(payload, silence, sizeof(silence));
	if (brs->enc) {
		for (unsigned i = 0; i < CODEC_FRAME; i++)
			pcm[i] = (int16_t)lrint(
				8000 *
				sin(2 * G_PI * (300 + 200 * brs->index) *
				    (brs->frames * CODEC_FRAME + i) / 48000));
		size = codec_encode(brs->enc, pcm, payload, sizeof(payload));
	}
	brs->frames++;
	stream_set_level(brs->stream, brs->enc ? -15 : -127, brs->enc != NULL);
	send_out(brs, buf,
		 stream_send_rtp(brs->stream, payload, (size_t)MAX(size, 0),
				 CODEC_FRAME, buf, sizeof(buf)));
}

static void hear(struct browser *brs, uint8_t *buf, int size)
{
	gint64 now = g_get_monotonic_time();
	struct stream_control control;
	struct stream_media media;

	if (size <= 0)
		return;
	switch (packet_kind(buf, (size_t)size)) {
	case PACKET_RTP:
		if (stream_receive_rtp(brs->stream, buf, (size_t)size,
				       (uint64_t)now, &media))
			fail(brs, "a packet is not authentic");
		else
			brs->heard++;
		break;
	case PACKET_RTCP:
		if (stream_receive_rtcp(brs->stream, buf, (size_t)size,
					(uint64_t)now, &control))
			fail(brs, "a report is not authentic");
		break;
	case PACKET_STUN:
	case PACKET_DTLS:
	case PACKET_OTHER:
		break;
	}
}

static void step(struct browser *brs)
{
	uint8_t buf[RTP_MAX_PACKET];

	if (brs->frames % 50 == 25)
		send_out(brs, buf,
			 stream_send_rtcp(brs->stream, NULL,
					  (uint64_t)g_get_monotonic_time(),
					  (uint64_t)g_get_real_time(), buf,
					  sizeof(buf)));
	if (brs->frames % 100 == 99)
		check(brs);
	speak(brs);
}

static void talk(struct browser *brs)
{
	const struct codec_config codec = { .bitrate = 32000 };
	gint64 next = g_get_monotonic_time(), began = next, now, end;
	uint8_t buf[RTP_MAX_PACKET];

	if (brs->index < TALKERS && codec_encoder_create(&brs->enc, &codec))
		fail(brs, "there is no encoder");
	if (g_atomic_int_dec_and_test(&all.waiting))
		__atomic_store_n(&all.end, began + all.talk_us,
				 __ATOMIC_RELEASE);
	do {
		now = g_get_monotonic_time();
		if (now >= next) {
			step(brs);
			next += STEP_US;
		}
		hear(brs, buf, receive(brs, buf, next - now));
		if (brs->heard && !brs->sound_ms)
			brs->sound_ms = (double)(now - began) / 1000;
		end = __atomic_load_n(&all.end, __ATOMIC_ACQUIRE);
	} while (!brs->failed && (end ? now < end : now < began + PATIENCE));
	codec_encoder_destroy(&brs->enc);
}

static void leave(struct browser *brs)
{
	g_autofree char *reply = request("DELETE", brs->location, "");

	if (!reply || !g_str_has_prefix(reply, "HTTP/1.1 200"))
		fail(brs, reply ? reply : "nobody answered the DELETE");
}

static gpointer live(gpointer data)
{
	static void (*const steps[])(struct browser * brs) = { post, find_way,
							       shake_hands,
							       use_keys };
	struct browser *brs = data;
	gint64 mine = all.begin + brs->index * G_USEC_PER_SEC / all.n;

	brs->udp = socket(AF_INET, SOCK_DGRAM, 0);
	g_snprintf(brs->ufrag, sizeof(brs->ufrag), "brs%05u", brs->index);
	g_usleep((gulong)MAX(mine - g_get_monotonic_time(), 0));
	for (gsize i = 0; i < G_N_ELEMENTS(steps) && !brs->failed; i++)
		steps[i](brs);
	brs->joined_ms = (double)(g_get_monotonic_time() - mine) / 1000;
	if (!brs->failed)
		talk(brs);
	if (brs->location)
		leave(brs);
	stream_destroy(&brs->stream);
	SSL_free(brs->ssl);
	close(brs->udp);
	g_free(brs->location);
	return NULL;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int report(struct browser *browsers)
{
	g_autofree double *joined = g_new(double, all.n);
	unsigned in = 0, hearing = 0;

	for (unsigned i = 0; i < all.n; i++) {
		struct browser *brs = &browsers[i];

		joined[i] = brs->joined_ms;
		in += !brs->failed;
		hearing += brs->heard > 0;
		if (brs->failed)
			fprintf(stderr, "browser %u: %s\n", i, brs->failed);
		g_free(brs->failed);
	}
	qsort(joined, all.n, sizeof(*joined), by_size);
	printf("{\"joined\":%u,\"hearing\":%u,\"median_ms\":%.1f,"
	       "\"p95_ms\":%.1f,\"max_ms\":%.1f}\n",
	       in, hearing, joined[all.n / 2], joined[all.n * 95 / 100],
	       joined[all.n - 1]);
	return in == all.n ? 0 : 1;
}

int main(int argc, char **argv)
{
	g_autofree struct browser *browsers = NULL;

	if (argc != 6) {
		fprintf(stderr, "usage: browsers N SECONDS PORT PATH TOKEN\n");
		return 2;
	}
	all.n = (unsigned)MAX(atoi(argv[1]), 1);
	all.waiting = (gint)all.n;
	all.talk_us = (gint64)(atof(argv[2]) * G_USEC_PER_SEC);
	all.port = (uint16_t)atoi(argv[3]);
	all.path = argv[4];
	all.token = argv[5];
	make_context();
	browsers = g_new0(struct browser, all.n);
	all.begin = g_get_monotonic_time();
	for (unsigned i = 0; i < all.n; i++) {
		browsers[i].index = i;
		browsers[i].thread = g_thread_new(NULL, live, &browsers[i]);
	}
	for (unsigned i = 0; i < all.n; i++)
		g_thread_join(browsers[i].thread);
	SSL_CTX_free(all.ctx);
	return report(browsers);
}
