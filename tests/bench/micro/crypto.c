/* SRTP and SRTCP by suite, and whole streams. */
#include <glib.h>
#include <string.h>

#include "mixer/rtp.h"
#include "mixer/srtp_cipher.h"
#include "mixer/stream.h"
#include "tests/bench/micro/micro.h"
#include "tests/sound.h"

#define PAYLOAD 80 /* bytes: 20 ms of Opus at 32 kb/s */

struct bench {
	struct srtp_cipher *in, *out;
	struct stream *from, *to;
	uint8_t clear[RTP_HEADER_SIZE + PAYLOAD];
	uint8_t packet[RTP_MAX_PACKET], copy[RTP_MAX_PACKET];
	int size;
	uint64_t now_us;
};

static void protect(void *context, unsigned i)
{
	struct bench *b = context;

	memcpy(b->packet, b->clear, sizeof(b->clear));
	b->size = srtp_cipher_protect_rtp(b->out, i, RTP_HEADER_SIZE, b->packet,
					  sizeof(b->clear), sizeof(b->packet));
}

/* The same packet again and again: its index goes with it. */
static void unprotect(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	memcpy(b->copy, b->packet, (size_t)b->size);
	g_assert_cmpint(srtp_cipher_unprotect_rtp(b->in, 1, RTP_HEADER_SIZE,
						  b->copy, (size_t)b->size),
			==, sizeof(b->clear));
}

static void stream_out(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	b->size = stream_send_rtp(b->from, b->clear, PAYLOAD, SOUND_FRAME,
				  b->packet, sizeof(b->packet));
}

static void stream_there(void *context, unsigned i)
{
	struct bench *b = context;
	struct stream_media media;

	stream_out(context, i);
	b->now_us += 20000;
	g_assert_cmpint(stream_receive_rtp(b->to, b->packet, (size_t)b->size,
					   b->now_us, &media),
			==, 0);
}

/* Nobody would hear it: 15 of 16 are not decrypted. */
static void stream_unheard(void *context, unsigned i)
{
	struct bench *b = context;
	struct stream_media media;

	stream_set_level(b->from, -90, false);
	stream_out(context, i);
	b->now_us += 20000;
	if (stream_peek_level(b->to, b->packet, (size_t)b->size, b->now_us) !=
	    LEVEL_NONE)
		stream_skip_rtp(b->to, b->packet, (size_t)b->size, b->now_us);
	else
		g_assert_cmpint(stream_receive_rtp(b->to, b->packet,
						   (size_t)b->size, b->now_us,
						   &media),
				==, 0);
}

static void bench_cipher(struct bench *b, const char *name,
			 enum srtp_suite suite)
{
	g_autofree char *out = g_strdup_printf("srtp: protect (%s)", name);
	g_autofree char *in = g_strdup_printf("srtp: unprotect (%s)", name);
	const uint8_t key[SRTP_MAX_KEY] = "a key that is none";

	g_assert_cmpint(srtp_cipher_create(&b->out, suite, key, SRTP_PROTECT),
			==, 0);
	g_assert_cmpint(srtp_cipher_create(&b->in, suite, key, SRTP_UNPROTECT),
			==, 0);
	micro_time(out, protect, b, 1);
	protect(b, 1);
	micro_time(in, unprotect, b, 1);
	srtp_cipher_destroy(&b->out);
	srtp_cipher_destroy(&b->in);
}

static void bench_stream(struct bench *b, const char *name,
			 enum srtp_suite suite)
{
	g_autofree char *out = g_strdup_printf("stream: send (%s)", name);
	g_autofree char *there =
		g_strdup_printf("stream: send and receive (%s)", name);
	g_autofree char *unheard =
		g_strdup_printf("stream: the same, nobody hears it (%s)", name);
	struct stream_config cfg = { .suite = suite,
				     .send_ssrc = 1,
				     .receive_ssrc = 2,
				     .payload_type = 111,
				     .level_id = 1,
				     .cname = "bench" };

	g_assert_cmpint(stream_create(&b->from, &cfg), ==, 0);
	cfg.send_ssrc = 2;
	cfg.receive_ssrc = 1;
	g_assert_cmpint(stream_create(&b->to, &cfg), ==, 0);
	micro_time(there, stream_there, b, 1);
	micro_time(unheard, stream_unheard, b, 1);
	micro_time(out, stream_out, b, 1);
	stream_destroy(&b->from);
	stream_destroy(&b->to);
}

void micro_crypto(void)
{
	struct bench *b = g_new0(struct bench, 1);

	b->clear[0] = 0x80;
	b->clear[1] = 111;
	bench_cipher(b, "AES-128-GCM", SRTP_GCM);
	bench_cipher(b, "AES-CM, HMAC-SHA1-80", SRTP_CM);
	bench_stream(b, "plain", SRTP_NONE);
	bench_stream(b, "AES-128-GCM", SRTP_GCM);
	bench_stream(b, "AES-CM, HMAC-SHA1-80", SRTP_CM);
	g_free(b);
}
