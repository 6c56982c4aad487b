/* Packets without their ciphers: jitter buffer, voice, headers, STUN, and the
 * system call that sends them. */
#include <arpa/inet.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "mixer/codec.h"
#include "mixer/jitter.h"
#include "mixer/rtp.h"
#include "mixer/stun.h"
#include "mixer/voice.h"
#include "tests/bench/micro/micro.h"
#include "tests/sound.h"

#define FRAMES 200
#define TIMES  64
#define SINKS  64
#define PACKET 100 /* bytes: 20 ms of Opus at 32 kb/s, and the header */

struct bench {
	struct jitter *jit;
	struct voice *voice;
	uint64_t sequence;
	uint8_t spoken[FRAMES][CODEC_MAX];
	int size[FRAMES];
	uint8_t rtp[RTP_MAX_PACKET];
	size_t rtp_size, header;
	uint8_t stun[STUN_MAX_MESSAGE];
	size_t stun_size;
	struct stun_key key;
	int fd, sinks[SINKS];
	struct mmsghdr msg[SINKS];
	struct sockaddr_in to[SINKS];
	struct iovec iov;
};

static volatile int result;

static void jitter(void *context, unsigned i)
{
	struct bench *b = context;
	struct jitter_frame frame;
	unsigned at = i % FRAMES;

	jitter_put(b->jit, b->sequence, b->sequence * SOUND_FRAME, SOUND_FRAME,
		   b->spoken[at], (size_t)b->size[at]);
	b->sequence++;
	jitter_get(b->jit, SOUND_FRAME, &frame);
	jitter_tick(b->jit, 0);
}

static void voice(void *context, unsigned i)
{
	struct bench *b = context;
	int16_t pcm[VOICE_FRAME];
	unsigned at = i % FRAMES;

	voice_put(b->voice, b->sequence, b->sequence * SOUND_FRAME,
		  b->spoken[at], (size_t)b->size[at]);
	b->sequence++;
	voice_pull(b->voice, pcm);
}

static void bench_voice(struct bench *b)
{
	const struct codec_config cfg = { .bitrate = 32000, .complexity = 5 };
	const struct jitter_config jit = { .min_ms = 0, .max_ms = 500 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < FRAMES; i++) {
		sound_speech(pcm, i);
		b->size[i] = codec_encode(enc, pcm, b->spoken[i], CODEC_MAX);
	}
	codec_encoder_destroy(&enc);
	g_assert_cmpint(jitter_create(&b->jit, &jit), ==, 0);
	micro_time("jitter: put, get and tick", jitter, b, 1);
	jitter_destroy(&b->jit);
	g_assert_cmpint(voice_create(&b->voice, &jit), ==, 0);
	b->sequence = 0;
	micro_time("voice: put and pull, with its decoder", voice, b, 1);
	voice_destroy(&b->voice);
}

static void rtp_write(void *context, unsigned i)
{
	struct bench *b = context;
	struct rtp_packet pkt = { .payload_type = 111,
				  .sequence = (uint16_t)i,
				  .ssrc = 7,
				  .payload = b->spoken[0],
				  .payload_size = PACKET - RTP_HEADER_SIZE,
				  .level_id = 1,
				  .level_dbov = -30 };

	for (int t = 0; t < TIMES; t++)
		b->rtp_size = (size_t)rtp_encode(&pkt, b->rtp, sizeof(b->rtp));
}

static void rtp_read(void *context, unsigned i)
{
	struct bench *b = context;
	struct rtp_packet pkt;

	(void)i;
	for (int t = 0; t < TIMES; t++)
		result = rtp_decode(&pkt, b->rtp, b->rtp_size);
}

static void rtp_peek(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	for (int t = 0; t < TIMES; t++) {
		size_t header = (size_t)rtp_header_size(b->rtp, b->rtp_size);

		result = rtp_level(b->rtp, header, 1);
	}
}

static void stun_read(void *context, unsigned i)
{
	struct bench *b = context;
	struct stun_message msg;

	(void)i;
	g_assert_cmpint(stun_decode(&msg, b->stun, b->stun_size), ==, 0);
	g_assert_true(stun_authentic(&msg, b->stun, &b->key));
}

static void stun_write(void *context, unsigned i)
{
	struct bench *b = context;
	struct stun_message msg = { .type = STUN_BINDING_REQUEST,
				    .username = "local-1:0123456789abcdef",
				    .has_cookie = true };
	int size = stun_encode(&msg, &b->key, b->stun, sizeof(b->stun));

	(void)i;
	g_assert_cmpint(size, >, 0);
	b->stun_size = (size_t)size;
}

static void bench_wire(struct bench *b)
{
	micro_time("rtp: write, with level", rtp_write, b, TIMES);
	rtp_write(b, 0);
	micro_time("rtp: read", rtp_read, b, TIMES);
	micro_time("rtp: peek at the level", rtp_peek, b, TIMES);
	stun_key_init(&b->key, "a password of some length");
	micro_time("stun: write a request", stun_write, b, 1);
	stun_write(b, 0);
	micro_time("stun: read and authenticate it", stun_read, b, 1);
}

/* Sockets that nobody reads: they fill up and the kernel drops, which costs
 * it a little less than to wake a reader on another core. */
static void send_all(void *context, unsigned i)
{
	struct bench *b = context;

	(void)i;
	for (unsigned at = 0; at < SINKS;) {
		int n = sendmmsg(b->fd, b->msg + at, SINKS - at, 0);

		g_assert_cmpint(n, >, 0);
		at += (unsigned)n;
	}
}

static int open_socket(struct sockaddr_in *at)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	socklen_t size = sizeof(*at);

	g_assert_cmpint(fd, >=, 0);
	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(bind(fd, (struct sockaddr *)at, size), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)at, &size), ==, 0);
	return fd;
}

static void bench_send(struct bench *b)
{
	struct sockaddr_in own;

	b->fd = open_socket(&own);
	b->iov = (struct iovec){ b->rtp, PACKET };
	for (int i = 0; i < SINKS; i++) {
		struct msghdr *hdr = &b->msg[i].msg_hdr;

		b->sinks[i] = open_socket(&b->to[i]);
		hdr->msg_name = &b->to[i];
		hdr->msg_namelen = sizeof(b->to[i]);
		hdr->msg_iov = &b->iov;
		hdr->msg_iovlen = 1;
	}
	micro_time("sendmmsg: a packet of 64, to 64 sockets", send_all, b,
		   SINKS);
	for (int i = 0; i < SINKS; i++)
		close(b->sinks[i]);
	close(b->fd);
}

void micro_packets(void)
{
	struct bench *b = g_new0(struct bench, 1);

	bench_voice(b);
	bench_wire(b);
	bench_send(b);
	g_free(b);
}
