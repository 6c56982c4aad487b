/* A chain of hubs on real workers, over the loopback and over rings: sound
 * passes, in so many milliseconds a hop. */
#include <arpa/inet.h>
#include <errno.h>
#include <unistd.h>

#include "mixer/codec.h"
#include "tests/sound.h"
#include "tests/unit/gate_phone.h"
#include "tests/worker.h"

#define HUBS	    5
#define PATIENCE_MS 20000
#define SPOKEN	    50

/* Of the control thread, which is the test's. */
struct at {
	struct worker *wrk;
	struct mix *mix;
	struct phonegate *gate;
	struct hub *hub;
	struct session *ses;
	struct stream *phone;
	int fd; /* the phone's */
	struct sockaddr_in own, worker;
	struct trunk *up, *down; /* to its parent, and that one's end */
	struct hub_report report;
	struct trunk_report trunks[2]; /* by tag: up, down */
	unsigned reports;
	char message[32];
};

static struct at ats[HUBS];
static uint8_t spoken[SPOKEN][CODEC_MAX];
static int spoken_size[SPOKEN];

static void on_trunk(uint32_t tag, const struct trunk_report *rep, void *arg)
{
	struct at *at = arg;

	at->trunks[tag] = *rep;
	at->reports++;
}

static void on_hub(uint32_t tag, const struct hub_report *rep, void *arg)
{
	struct at *at = arg;

	(void)tag;
	at->report = *rep;
}

static void on_hub_message(uint32_t tag, uint32_t from, const char *json,
			   size_t size, void *arg)
{
	struct at *at = arg;

	(void)tag;
	g_assert_cmpuint(from, ==, 1);
	g_assert_cmpuint(size, <, sizeof(at->message));
	memcpy(at->message, json, size);
}

static const struct worker_events events = {
	.trunk = on_trunk,
	.hub = on_hub,
	.hub_message = on_hub_message,
};

static int open_phone(struct sockaddr_in *own)
{
	socklen_t size = sizeof(*own);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);

	*own = (struct sockaddr_in){ .sin_family = AF_INET };
	own->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	g_assert_cmpint(bind(fd, (struct sockaddr *)own, size), ==, 0);
	g_assert_cmpint(getsockname(fd, (struct sockaddr *)own, &size), ==, 0);
	return fd;
}

static void add_room(struct at *at, unsigned i)
{
	const struct mix_config mix = { .capacity = 20,
					.talkers = 5,
					.bitrate = 32000,
					.complexity = 0,
					.channels = 1,
					.jitter = { 0, 200 } };
	struct hub_config hub = { .id = 1 + i,
				  .talkers = 5,
				  .guests = 8,
				  .root = i == 0,
				  .leg = { .jitter = { 0, 200 },
					   .channels = 1 } };

	worker_open_gate(at->wrk, &mix, 5, &at->mix, &at->gate);
	g_assert_cmpint(hub_create(&at->hub, &hub), ==, 0);
	g_assert_cmpint(worker_add_hub(at->wrk, at->mix, at->hub), ==, 0);
}

/* A tool in the clear has its path at once. */
static void add_member(struct at *at, unsigned i)
{
	struct session_config cfg;

	phone_keys(i + 1, &cfg);
	at->fd = open_phone(&at->own);
	memcpy(&cfg.address, &at->own, sizeof(at->own));
	cfg.port = i * WORKER_MAX_LISTEN;
	cfg.origin = i + 1;
	cfg.leg.jitter = (struct jitter_config){ 0, 200 };
	g_assert_cmpint(session_create(&at->ses, &cfg), ==, 0);
	g_assert_cmpint(worker_add_session(at->wrk, at->gate, at->ses), ==, 0);
	cfg.stream.send_ssrc = 2 * (i + 1) + 1;
	cfg.stream.receive_ssrc = 2 * (i + 1);
	g_assert_cmpint(stream_create(&at->phone, &cfg.stream), ==, 0);
}

static void start_worker(struct at *at, unsigned i)
{
	memset(at, 0, sizeof(*at));
	at->wrk = worker_start(i, &events, at);
	at->worker = worker_at(at->wrk);
	add_room(at, i);
	add_member(at, i);
}

/* The parent's end first: who waits hears the first call. */
static void join(struct at *child, struct at *parent, unsigned i, bool rings)
{
	static const uint8_t secret[] = "a secret", salt[TRUNK_SALT_SIZE];
	struct trunk_config up = { .tag = 0,
				   .role = TRUNK_PARENT,
				   .protocol = TRUNK_PROTOCOL,
				   .n_peers = 1 },
			    down = { .tag = 1,
				     .role = TRUNK_CHILD,
				     .protocol = TRUNK_PROTOCOL };

	g_snprintf(up.id, sizeof(up.id), "%u", i);
	memcpy(down.id, up.id, sizeof(down.id));
	memcpy(&up.peers[0], &parent->worker, sizeof(parent->worker));
	if (rings) {
		g_assert_cmpint(
			trunk_create_pair(&child->down, &down, &child->up, &up),
			==, 0);
	} else {
		trunk_derive(&up, secret, sizeof(secret), salt);
		trunk_derive(&down, secret, sizeof(secret), salt);
		g_assert_cmpint(trunk_create(&child->down, &down), ==, 0);
		g_assert_cmpint(trunk_create(&child->up, &up), ==, 0);
	}
	g_assert_cmpint(worker_add_trunk(parent->wrk, parent->hub, child->down),
			==, 0);
	g_assert_cmpint(worker_add_trunk(child->wrk, child->hub, child->up), ==,
			0);
}

static void dispatch(void)
{
	for (unsigned i = 0; i < HUBS; i++)
		worker_dispatch(ats[i].wrk);
}

static bool all_up(void)
{
	for (unsigned i = 0; i < HUBS; i++)
		if (ats[i].report.parent != (i ? HUB_PARENT : HUB_ROOT))
			return false;
	return true;
}

static void await(bool (*there)(void))
{
	for (int ms = 0; !there(); ms++) {
		g_assert_cmpint(ms, <, PATIENCE_MS);
		g_usleep(1000);
		dispatch();
	}
}

static void speak(struct at *at, unsigned frame)
{
	uint8_t buf[RTP_MAX_PACKET];
	int size;

	stream_set_level(at->phone, -15, true);
	size = stream_send_rtp(at->phone, spoken[frame % SPOKEN],
			       (size_t)spoken_size[frame % SPOKEN], PHONE_FRAME,
			       buf, sizeof(buf));
	g_assert_cmpint(sendto(at->fd, buf, (size_t)size, 0,
			       (struct sockaddr *)&at->worker,
			       sizeof(at->worker)),
			==, size);
}

/* Packets of sound, not of silence, that came to a phone. */
static unsigned heard(struct at *at, struct codec_decoder *ear)
{
	int16_t pcm[CODEC_MAX_FRAMES];
	uint8_t buf[2048];
	struct stream_media media;
	unsigned n = 0;
	ssize_t size;

	while ((size = recv(at->fd, buf, sizeof(buf), 0)) > 0) {
		if (packet_kind(buf, (size_t)size) != PACKET_RTP ||
		    stream_receive_rtp(at->phone, buf, (size_t)size,
				       (uint64_t)g_get_monotonic_time(),
				       &media))
			continue;
		if (codec_decode(ear, media.payload, media.payload_size, pcm,
				 CODEC_MAX_FRAMES) == SOUND_FRAME)
			n += level_dbov(pcm, SOUND_FRAME) > -30;
	}
	return n;
}

static void rehearse(void)
{
	const struct codec_config cfg = { .bitrate = 32000, .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < SPOKEN; i++) {
		sound_tone(pcm, 500, 8000, i);
		spoken_size[i] =
			codec_encode(enc, pcm, spoken[i], sizeof(spoken[i]));
	}
	codec_encoder_destroy(&enc);
}

static bool message_there(void)
{
	return ats[HUBS - 1].message[0];
}

static void stop(void)
{
	for (unsigned i = 0; i < HUBS; i++) {
		struct at *at = &ats[i];

		worker_remove_session(at->wrk, at->ses);
		worker_remove_gate(at->wrk, at->gate);
		worker_remove_hub(at->wrk, at->hub);
		worker_remove_mix(at->wrk, at->mix);
		close(at->fd);
		stream_destroy(&at->phone);
	}
	for (unsigned i = 0; i < HUBS; i++)
		worker_stop(ats[i].wrk);
	for (unsigned i = 0; i < HUBS; i++)
		worker_destroy(&ats[i].wrk);
}

/* The talker is at the bottom, and all above hear him. */
static void sound_climbs_four_hops(gconstpointer rings)
{
	struct codec_decoder *ears[HUBS];
	unsigned n[HUBS] = { 0 };

	rehearse();
	for (unsigned i = 0; i < HUBS; i++)
		start_worker(&ats[i], i);
	for (unsigned i = 1; i < HUBS; i++)
		join(&ats[i], &ats[i - 1], i, rings);
	for (unsigned i = 0; i < HUBS; i++)
		g_assert_cmpint(codec_decoder_create(&ears[i]), ==, 0);
	await(all_up);
	worker_hub_message(ats[0].wrk, ats[0].hub, HUBS, "{\"t\":\"hello\"}");
	await(message_there);
	g_assert_cmpstr(ats[HUBS - 1].message, ==, "{\"t\":\"hello\"}");

	for (unsigned frame = 0; frame < 150; frame++) {
		speak(&ats[HUBS - 1], frame);
		g_usleep(20000);
		dispatch();
		for (unsigned i = 0; i < HUBS; i++)
			n[i] += heard(&ats[i], ears[i]);
	}
	for (unsigned i = 0; i < HUBS; i++) {
		unsigned hops = HUBS - 1 - i;

		if (hops) {
			g_assert_cmpuint(n[i], >, 100);
			g_assert_cmpfloat(ats[i].trunks[1].age_ms, >=, 0);
			g_assert_cmpfloat(ats[i].trunks[1].age_ms, <, 50);
			g_test_message("%u hops: %.2f ms", hops,
				       ats[i].trunks[1].age_ms);
		}
		codec_decoder_destroy(&ears[i]);
	}
	g_assert_cmpuint(n[HUBS - 1], ==, 0);
	stop();
}

static void a_room_with_a_hub_never_moves(void)
{
	for (unsigned i = 0; i < HUBS; i++)
		start_worker(&ats[i], i);
	join(&ats[1], &ats[0], 1, false);
	g_assert_cmpint(worker_move(ats[1].wrk, ats[2].wrk, ats[1].mix, 1), ==,
			-ENOENT);
	for (unsigned i = 2; i < HUBS; i++)
		join(&ats[i], &ats[i - 1], i, true);
	await(all_up);
	stop();
}

static void a_peer_of_no_family_is_refused(void)
{
	struct trunk_config cfg = { .role = TRUNK_PARENT,
				    .protocol = TRUNK_PROTOCOL,
				    .send_ssrc = 1,
				    .receive_ssrc = 2,
				    .n_peers = 1 };
	struct trunk *trk = NULL;

	for (unsigned i = 0; i < HUBS; i++)
		start_worker(&ats[i], i);
	cfg.peers[0].ss_family = AF_INET6;
	g_assert_cmpint(trunk_create(&trk, &cfg), ==, 0);
	g_assert_cmpint(worker_add_trunk(ats[0].wrk, ats[0].hub, trk), ==,
			-EADDRNOTAVAIL);
	trunk_destroy(&trk);
	stop();
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/hub_workers/sound climbs four hops of UDP",
			     GINT_TO_POINTER(false), sound_climbs_four_hops);
	g_test_add_data_func("/hub_workers/sound climbs four hops of rings",
			     GINT_TO_POINTER(true), sound_climbs_four_hops);
	g_test_add_func("/hub_workers/a room with a hub never moves",
			a_room_with_a_hub_never_moves);
	g_test_add_func("/hub_workers/a peer of no family is refused",
			a_peer_of_no_family_is_refused);
	return g_test_run();
}
