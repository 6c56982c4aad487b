/* A hop: a hub in the middle of a tree receives a sound by one trunk and sends
 * it on by others. */
#include <glib.h>
#include <string.h>

#include "bridge/gate/hub_private.h"
#include "tests/bench/micro/micro.h"

#define OPUS 80 /* bytes: 20 ms at 32 kb/s */

struct bench {
	struct engine *eng;
	struct hub *hub;
	struct trunk *up;
	struct stream *peer; /* the child who sends it */
	struct path from;
	uint64_t now_us;
	uint32_t sequence;
	uint8_t opus[OPUS];
};

static void drop(struct outbox *box, void *arg)
{
	(void)box;
	(void)arg;
}

static struct path path_of(unsigned i)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(5004) };
	struct path path;

	in.sin_addr.s_addr = htonl(0x0a000000 + i);
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&in));
	return path;
}

static void push(struct bench *b, struct command cmd)
{
	g_assert_true(ring_push(b->eng->commands, &cmd));
	engine_apply(b->eng, b->now_us);
}

/* The first is the child, the others stand for the parent and its siblings. */
static struct trunk *add_trunk(struct bench *b, unsigned i)
{
	struct trunk_config cfg = { .role = i == 1 ? TRUNK_PARENT : TRUNK_CHILD,
				    .protocol = TRUNK_PROTOCOL,
				    .send_ssrc = 100 + i,
				    .receive_ssrc = 200 + i };
	struct path peer = path_of(i);
	struct trunk *trk = NULL;

	g_assert_cmpint(trunk_create(&trk, &cfg), ==, 0);
	push(b, (struct command){ .kind = COMMAND_ADD_TRUNK,
				  .hub = b->hub,
				  .added = trk });
	g_assert_true(trunk_heard(b->eng, trk, &peer));
	return trk;
}

static void start(struct bench *b, unsigned trunks)
{
	const struct hub_config hub = { .talkers = 5,
					.guests = 8,
					.leg = { .jitter = { 0, 400 },
						 .channels = 1 } };
	const struct stream_config peer = { .suite = SRTP_GCM,
					    .send_ssrc = 200,
					    .receive_ssrc = 100,
					    .payload_type =
						    TRUNK_PAYLOAD_TYPE };
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	memset(b->opus, 0x55, sizeof(b->opus));
	b->now_us = 1000000000;
	b->sequence = 0;
	b->from = path_of(0);
	g_assert_cmpint(engine_create(&b->eng, drop, b), ==, 0);
	g_assert_cmpint(hub_create(&b->hub, &hub), ==, 0);
	g_assert_cmpint(stream_create(&b->peer, &peer), ==, 0);
	g_assert_cmpint(
		mix_create(&entry->mix,
			   &(struct mix_config){ .capacity = 16,
						 .talkers = 5,
						 .bitrate = 32000,
						 .channels = 1,
						 .jitter = { 0, 400 } }),
		==, 0);
	b->hub->mix = entry->mix;
	push(b, (struct command){ .kind = COMMAND_ADD_MIX, .entry = entry });
	push(b, (struct command){ .kind = COMMAND_ADD_HUB,
				  .hub = b->hub,
				  .place = { .to = entry->mix } });
	for (unsigned i = 0; i <= trunks; i++)
		add_trunk(b, i);
}

static void stop(struct bench *b)
{
	stream_destroy(&b->peer);
	engine_destroy(&b->eng);
}

static size_t write_packet(struct bench *b, uint8_t buf[RTP_MAX_PACKET])
{
	const struct trunk_sound snd = { .origin = 7,
					 .hops = 1,
					 .level = 20,
					 .volume = TRUNK_VOLUME_UNITY,
					 .sequence = ++b->sequence,
					 .timestamp = 960 * b->sequence,
					 .opus = b->opus,
					 .opus_size = OPUS };
	uint8_t entry[TRUNK_MAX_PAYLOAD];
	size_t size = trunk_encode_sound(&snd, entry, sizeof(entry));

	return (size_t)stream_send_rtp(b->peer, entry, size, 960, buf,
				       RTP_MAX_PACKET);
}

/* What the peer does is not the hop's. */
static void peer(void *context, unsigned i)
{
	uint8_t buf[RTP_MAX_PACKET];

	(void)i;
	write_packet(context, buf);
}

static void hop(void *context, unsigned i)
{
	struct bench *b = context;
	uint8_t buf[RTP_MAX_PACKET];
	size_t size = write_packet(b, buf);

	(void)i;
	/* All in one tick: he stays in his place, and is heard. */
	engine_packet(b->eng, &b->from, buf, size, b->now_us);
}

static void bench_hop(struct bench *b, unsigned trunks)
{
	g_autofree char *what = g_strdup_printf(
		"trunk: receive, and send on by %u, with its peer", trunks);

	start(b, trunks);
	micro_time(what, hop, b, 1);
	if (trunks > 1)
		g_assert_cmpuint(b->hub->trunks->report.sounds_out, ==,
				 b->sequence);
	stop(b);
}

void micro_trunk(void)
{
	struct bench *b = g_new0(struct bench, 1);

	start(b, 0);
	micro_time("trunk: the peer alone", peer, b, 1);
	stop(b);
	bench_hop(b, 1);
	bench_hop(b, 4);
	bench_hop(b, 8);
	g_free(b);
}
