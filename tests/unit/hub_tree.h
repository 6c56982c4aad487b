/* hub_tree - a room of several hubs, each in an engine of its own, joined by a
 * network and a clock that are invented. Members talk in tones, one frequency
 * each, and what everybody hears is decoded and looked through for them.
 *
 * Every call of an engine runs under the trap: none may touch the heap or take
 * a lock. */
#ifndef TESTS_HUB_TREE_H
#define TESTS_HUB_TREE_H

#include "bridge/gate/hub_private.h"
#include "mixer/codec.h"
#include "mixer/wire.h"
#include "tests/sound.h"
#include "tests/trap.h"
#include "tests/unit/gate_phone.h"

#define TREE_HUBS    20
#define TREE_MEMBERS 20
#define TREE_LINKS   64
#define TREE_FLYING  8192
#define TREE_SPOKEN  50 /* frames, said again and again */
#define TREE_FRAMES  4096
#define TREE_LOUD    6000.0 /* amplitude */
#define TREE_HEARD   1500.0
#define TREE_START   1000000000ull
#define TREE_WALL    1700000000000000ull

struct tree_hub {
	struct tree *tree;
	unsigned index;
	struct engine *eng;
	struct engine_mix *entry;
	struct phonegate *gate;
	struct hub *hub;
	bool dead, stopped;
	struct hub_report report; /* the newest */
	unsigned changes;	  /* reports with another parent */
	char message[64];	  /* the newest */
	uint32_t message_from;
	unsigned messages;
};

struct tree_member {
	struct phone phone;
	struct session *ses;
	unsigned hub;
	bool talks, lies; /* lies: says that it is as loud as can be */
	bool bare;	  /* sends no level header */
	double amplitude;
	unsigned said;
	struct codec_decoder *ear;
	bool got; /* a packet, since the last frame */
	uint32_t now;
	unsigned frames;
	uint32_t heard[TREE_FRAMES]; /* by tick of its hub: whom, bit by bit */
	struct {
		uint8_t buf[CODEC_MAX];
		size_t size;
		int level;
	} spoken[TREE_SPOKEN];
};

/* One direction of a trunk, as who knows its keys reads it. */
struct tree_wire {
	uint32_t ssrc;
	struct stream *ear;
	unsigned from, to;
	uint64_t sounds, repeated, packets, verdicts;
	unsigned by_origin[TREE_MEMBERS + 1];
	unsigned twice; /* the same sound, not as repeated */
	uint8_t hops;	/* most */
	struct replay_window seen[TREE_MEMBERS + 1];
};

struct tree_packet {
	uint64_t due_us;
	unsigned from, to;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

struct tree {
	unsigned n_hubs, n_members, n_wires, talkers;
	struct tree_hub hubs[TREE_HUBS];
	struct tree_member members[TREE_MEMBERS];
	struct tree_wire wires[2 * TREE_LINKS];
	struct trunk *ends[2 * TREE_LINKS]; /* by wire: who sends by it */
	struct trunk_report reports[2 * TREE_LINKS];
	struct tree_packet flying[TREE_FLYING];
	unsigned n_flying;
	uint64_t now_us, ms;
	unsigned delay_us;
	double loss; /* between hubs */
	uint32_t seed;
	unsigned heap, locks;
	double sine[TREE_MEMBERS][SOUND_FRAME],
		cosine[TREE_MEMBERS][SOUND_FRAME];
};

static inline double tree_hz(unsigned member)
{
	return 400 + 150.0 * member;
}

static inline struct path tree_address(unsigned net, unsigned i)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(5000) };
	struct path path;

	in.sin_addr.s_addr = htonl(0x0a000000 + (net << 16) + i);
	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&in));
	return path;
}

static inline double tree_random(struct tree *tree)
{
	tree->seed = tree->seed * 1664525u + 1013904223u;
	return (double)(tree->seed >> 8) / (1 << 24);
}

/* Around each call of an engine. */
static inline void tree_arm(void)
{
	trap_begin();
}

static inline void tree_disarm(struct tree *tree)
{
	tree->heap += trap_end();
	tree->locks += trap_locks();
}

static inline void tree_read(struct tree_wire *wire, const uint8_t *payload,
			     size_t size)
{
	struct trunk_reader rd = { .at = payload, .left = size };
	struct trunk_entry ent;
	struct trunk_sound snd;

	while (trunk_read(&rd, &ent)) {
		wire->verdicts += ent.kind == TRUNK_VERDICT;
		if (ent.kind != TRUNK_SOUND)
			continue;
		g_assert_cmpint(trunk_decode_sound(&snd, &ent), ==, 0);
		g_assert_cmpuint(snd.origin, <=, TREE_MEMBERS);
		if (snd.flags & TRUNK_REPEATED) {
			wire->repeated++;
			continue;
		}
		wire->sounds++;
		wire->by_origin[snd.origin]++;
		wire->hops = MAX(wire->hops, snd.hops);
		wire->twice += replay_check(&wire->seen[snd.origin],
					    snd.sequence) == -EALREADY;
		replay_add(&wire->seen[snd.origin], snd.sequence);
	}
	g_assert_false(rd.broken);
}

static inline void tree_overhear(struct tree *tree,
				 const struct outbox_packet *pkt)
{
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;

	if (packet_kind(pkt->buf, pkt->size) != PACKET_RTP)
		return;
	memcpy(buf, pkt->buf, pkt->size);
	for (unsigned i = 0; i < tree->n_wires; i++) {
		struct tree_wire *wire = &tree->wires[i];

		if (!wire->ear || wire->ssrc != wire_get32(buf + 8))
			continue;
		g_assert_cmpint(stream_receive_rtp(wire->ear, buf, pkt->size,
						   tree->now_us, &media),
				==, 0);
		wire->packets++;
		tree_read(wire, media.payload, media.payload_size);
	}
}

static inline uint32_t tree_listen(struct tree *tree, const int16_t *pcm)
{
	uint32_t heard = 0;

	for (unsigned i = 0; i < TREE_MEMBERS; i++) {
		double s = 0, c = 0;

		for (unsigned k = 0; k < SOUND_FRAME; k++) {
			s += pcm[k] * tree->sine[i][k];
			c += pcm[k] * tree->cosine[i][k];
		}
		if (2 * hypot(s, c) / SOUND_FRAME > TREE_HEARD)
			heard |= 1u << i;
	}
	return heard;
}

static inline void tree_to_member(struct tree *tree, struct tree_member *mem,
				  const struct outbox_packet *pkt)
{
	int16_t pcm[CODEC_MAX_FRAMES];
	uint8_t buf[RTP_MAX_PACKET];
	struct stream_media media;

	if (packet_kind(pkt->buf, pkt->size) != PACKET_RTP)
		return;
	memcpy(buf, pkt->buf, pkt->size);
	g_assert_cmpint(stream_receive_rtp(mem->phone.stream, buf, pkt->size,
					   tree->now_us, &media),
			==, 0);
	if (codec_decode(mem->ear, media.payload, media.payload_size, pcm,
			 CODEC_MAX_FRAMES) != SOUND_FRAME)
		return;
	mem->got = true;
	mem->now = tree_listen(tree, pcm);
}

static inline void tree_flush(struct outbox *box, void *arg)
{
	struct tree_hub *from = arg;
	struct tree *tree = from->tree;

	for (unsigned i = 0; i < box->n; i++) {
		struct outbox_packet *pkt = &box->packets[i];
		uint32_t to = ntohl(pkt->to.peer.in.sin_addr.s_addr);
		struct tree_packet *fly = &tree->flying[tree->n_flying];

		if ((to >> 16 & 0xff) == 2) {
			tree_to_member(tree, &tree->members[to & 0xffff], pkt);
			continue;
		}
		tree_overhear(tree, pkt);
		if (tree_random(tree) < tree->loss)
			continue;
		g_assert_cmpuint(tree->n_flying, <, TREE_FLYING);
		tree->n_flying++;
		fly->due_us = tree->now_us + tree->delay_us;
		fly->from = from->index;
		fly->to = to & 0xffff;
		fly->size = pkt->size;
		memcpy(fly->buf, pkt->buf, pkt->size);
	}
}

static inline void tree_command(struct tree *tree, unsigned hub,
				struct command cmd)
{
	struct engine *eng = tree->hubs[hub].eng;

	g_assert_true(ring_push(eng->commands, &cmd));
	tree_arm();
	engine_apply(eng, tree->now_us);
	engine_settle(eng);
	tree_disarm(tree);
}

static inline void tree_make_hub(struct tree *tree, unsigned i)
{
	struct tree_hub *at = &tree->hubs[i];
	struct hub_config cfg = {
		.tag = i,
		.id = 100 + i,
		.talkers = tree->talkers,
		.guests = tree->talkers + 8,
		.root = i == 0,
		.leg = { .jitter = { 0, 400 },
			 .channels = 1,
			 .everybody = !tree->talkers },
	};

	g_assert_cmpint(hub_create(&at->hub, &cfg), ==, 0);
	at->hub->mix = at->entry->mix;
	tree_command(tree, i,
		     (struct command){ .kind = COMMAND_ADD_HUB,
				       .hub = at->hub,
				       .place = { .to = at->entry->mix } });
}

static inline void tree_add_hub(struct tree *tree, unsigned i)
{
	struct tree_hub *at = &tree->hubs[i];

	at->tree = tree;
	at->index = i;
	at->entry = calloc(1, sizeof(*at->entry));
	g_assert_cmpint(engine_create(&at->eng, tree_flush, at), ==, 0);
	engine_set_clock(at->eng, 0, TREE_WALL);
	g_assert_cmpint(
		mix_create(&at->entry->mix,
			   &(struct mix_config){ .capacity = 100,
						 .talkers = tree->talkers,
						 .bitrate = 64000,
						 .complexity = 1,
						 .channels = 1,
						 .jitter = { 0, 400 } }),
		==, 0);
	g_assert_cmpint(phonegate_create(&at->gate, "gate", at->entry->mix, 50),
			==, 0);
	tree_command(tree, i,
		     (struct command){ .kind = COMMAND_ADD_MIX,
				       .entry = at->entry });
	tree_command(
		tree, i,
		(struct command){ .kind = COMMAND_ADD_GATE, .gate = at->gate });
	tree_make_hub(tree, i);
}

/* Hub 0 is the root. */
static inline struct tree *tree_start(unsigned hubs, unsigned talkers)
{
	struct tree *tree = g_new0(struct tree, 1);

	tree->n_hubs = hubs;
	tree->talkers = talkers;
	tree->now_us = TREE_START;
	tree->delay_us = 1000;
	tree->seed = 1;
	for (unsigned i = 0; i < TREE_MEMBERS; i++)
		for (unsigned k = 0; k < SOUND_FRAME; k++) {
			double w = 2 * G_PI * tree_hz(i) * k / SOUND_RATE;

			tree->sine[i][k] = sin(w);
			tree->cosine[i][k] = cos(w);
		}
	for (unsigned i = 0; i < hubs; i++)
		tree_add_hub(tree, i);
	return tree;
}

static inline void tree_add_end(struct tree *tree, unsigned at, unsigned peer,
				struct trunk *trk)
{
	trk->peers[0] = tree_address(1, peer);
	trk->n_peers = trk->role != TRUNK_CHILD && !trk->ring;
	tree_command(tree, at,
		     (struct command){ .kind = COMMAND_ADD_TRUNK,
				       .hub = tree->hubs[at].hub,
				       .added = trk });
}

static inline void tree_add_wire(struct tree *tree, unsigned from, unsigned to,
				 struct trunk *end,
				 const struct trunk_config *receiver)
{
	struct tree_wire *wire = &tree->wires[tree->n_wires];
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = 1,
				     .receive_ssrc = receiver->receive_ssrc,
				     .payload_type = TRUNK_PAYLOAD_TYPE };

	memcpy(cfg.receive_key, receiver->receive_key, SRTP_MAX_KEY);
	wire->from = from;
	wire->to = to;
	wire->ssrc = receiver->receive_ssrc;
	if (wire->ssrc)
		g_assert_cmpint(stream_create(&wire->ear, &cfg), ==, 0);
	tree->ends[tree->n_wires++] = end;
}

/* Both ends of a trunk, which no hub has yet. Returns the wire upwards, by
 * which the child's end sends; the one down follows it. */
static inline unsigned tree_make_link(struct tree *tree, unsigned child,
				      unsigned parent, enum trunk_role role)
{
	static const uint8_t secret[32] = "a secret of the cluster";
	uint8_t salt[TRUNK_SALT_SIZE] = { 0 };
	struct trunk_config up = { .role = role, .protocol = TRUNK_PROTOCOL },
			    down = { .role = TRUNK_CHILD,
				     .protocol = TRUNK_PROTOCOL };
	struct trunk *upper = NULL, *lower = NULL;
	unsigned wire = tree->n_wires;

	snprintf(up.id, sizeof(up.id), "%u-%u", child, parent);
	memcpy(down.id, up.id, sizeof(down.id));
	salt[0] = (uint8_t)wire;
	up.tag = wire;
	down.tag = wire + 1;
	g_assert_cmpint(trunk_derive(&up, secret, sizeof(secret), salt), ==, 0);
	g_assert_cmpint(trunk_derive(&down, secret, sizeof(secret), salt), ==,
			0);
	g_assert_cmpint(trunk_create(&lower, &up), ==, 0);
	g_assert_cmpint(trunk_create(&upper, &down), ==, 0);
	tree_add_wire(tree, child, parent, lower, &down);
	tree_add_wire(tree, parent, child, upper, &up);
	return wire;
}

/* A trunk from a child to its parent or alternate; the parent's end first. */
static inline unsigned tree_link(struct tree *tree, unsigned child,
				 unsigned parent, enum trunk_role role)
{
	unsigned wire = tree_make_link(tree, child, parent, role);

	tree_add_end(tree, parent, child, tree->ends[wire + 1]);
	tree_add_end(tree, child, parent, tree->ends[wire]);
	return wire;
}

/* The same within a process. */
static inline void tree_link_rings(struct tree *tree, unsigned child,
				   unsigned parent)
{
	struct trunk_config up = { .role = TRUNK_PARENT,
				   .protocol = TRUNK_PROTOCOL,
				   .tag = tree->n_wires },
			    down = { .role = TRUNK_CHILD,
				     .protocol = TRUNK_PROTOCOL,
				     .tag = tree->n_wires + 1 };
	struct trunk *upper = NULL, *lower = NULL;

	g_assert_cmpint(trunk_create_pair(&upper, &down, &lower, &up), ==, 0);
	tree_add_wire(tree, child, parent, lower, &down);
	tree_add_wire(tree, parent, child, upper, &up);
	tree_add_end(tree, parent, child, upper);
	tree_add_end(tree, child, parent, lower);
}

static inline void tree_rehearse(struct tree_member *mem, unsigned i)
{
	const struct codec_config cfg = { .bitrate = 48000, .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	int16_t pcm[SOUND_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned f = 0; f < TREE_SPOKEN; f++) {
		sound_tone(pcm, tree_hz(i), mem->amplitude, f);
		mem->spoken[f].size = (size_t)codec_encode(
			enc, pcm, mem->spoken[f].buf, CODEC_MAX);
		mem->spoken[f].level = (int)level_dbov(pcm, SOUND_FRAME);
	}
	codec_encoder_destroy(&enc);
}

/* The session of member i at this hub, and the phone's end. */
static inline void tree_seat(struct tree *tree, unsigned i, unsigned hub,
			     uint8_t place)
{
	struct tree_member *mem = &tree->members[i];
	struct path from = tree_address(2, i);
	struct session_config cfg;

	phone_keys(i + 1, &cfg);
	cfg.origin = i + 1;
	cfg.place = place;
	cfg.leg.jitter = (struct jitter_config){ 0, 400 };
	cfg.stream.send_ssrc += 1000u * place;
	cfg.stream.receive_ssrc += 1000u * place;
	if (mem->bare)
		cfg.stream.level_id = 0;
	cfg.leg.level_header = !mem->bare;
	cfg.leg.everybody = !tree->talkers;
	g_assert_cmpint(session_create(&mem->ses, &cfg), ==, 0);
	mem->ses->gate = tree->hubs[hub].gate;
	mem->hub = hub;
	cfg.stream.send_ssrc = 2 * (i + 1) + 1 + 1000u * place;
	cfg.stream.receive_ssrc = 2 * (i + 1) + 1000u * place;
	stream_destroy(&mem->phone.stream);
	g_assert_cmpint(stream_create(&mem->phone.stream, &cfg.stream), ==, 0);
	tree_command(tree, hub,
		     (struct command){ .kind = COMMAND_ADD_SESSION,
				       .ses = mem->ses });
	tree_arm();
	engine_adopt_path(tree->hubs[hub].eng, mem->ses, &from, tree->now_us);
	tree_disarm(tree);
}

static inline unsigned tree_join_as(struct tree *tree, unsigned hub,
				    double amplitude, bool bare)
{
	unsigned i = tree->n_members++;
	struct tree_member *mem = &tree->members[i];

	g_assert_cmpuint(i, <, TREE_MEMBERS);
	mem->amplitude = amplitude;
	mem->bare = bare;
	tree_rehearse(mem, i);
	g_assert_cmpint(codec_decoder_create(&mem->ear), ==, 0);
	tree_seat(tree, i, hub, 0);
	return i;
}

static inline unsigned tree_join(struct tree *tree, unsigned hub)
{
	return tree_join_as(tree, hub, TREE_LOUD, false);
}

static inline void tree_speak(struct tree *tree, unsigned i)
{
	struct tree_member *mem = &tree->members[i];
	unsigned f = mem->said++ % TREE_SPOKEN;
	struct path from = tree_address(2, i);
	uint8_t buf[RTP_MAX_PACKET];
	int size;

	stream_set_level(mem->phone.stream,
			 mem->lies ? -1 : mem->spoken[f].level, true);
	size = stream_send_rtp(mem->phone.stream, mem->spoken[f].buf,
			       mem->spoken[f].size, PHONE_FRAME, buf,
			       sizeof(buf));
	if (tree->hubs[mem->hub].dead)
		return;
	tree_arm();
	engine_packet(tree->hubs[mem->hub].eng, &from, buf, (size_t)size,
		      tree->now_us);
	tree_disarm(tree);
	tree_arm();
	engine_settle(tree->hubs[mem->hub].eng);
	tree_disarm(tree);
}

static inline void tree_deliver(struct tree *tree)
{
	for (unsigned i = 0; i < tree->n_flying;) {
		struct tree_packet pkt = tree->flying[i];
		struct path from = tree_address(1, pkt.from);

		if (pkt.due_us > tree->now_us || tree->hubs[pkt.to].stopped) {
			i++;
			continue;
		}
		memmove(&tree->flying[i], &tree->flying[i + 1],
			(--tree->n_flying - i) * sizeof(pkt));
		if (tree->hubs[pkt.to].dead)
			continue;
		tree_arm();
		engine_packet(tree->hubs[pkt.to].eng, &from, pkt.buf, pkt.size,
			      tree->now_us);
		engine_settle(tree->hubs[pkt.to].eng);
		tree_disarm(tree);
	}
}

static inline void tree_take_events(struct tree *tree, struct tree_hub *at)
{
	static struct event_message msg;
	struct event event;

	while (ring_pop(at->eng->messages, &msg)) {
		g_assert_true(msg.hub);
		g_assert_cmpuint(msg.size, <, sizeof(at->message));
		memcpy(at->message, msg.text, msg.size);
		at->message[msg.size] = 0;
		at->message_from = msg.from;
		at->messages++;
	}
	while (ring_pop(at->eng->events, &event)) {
		if (event.kind == EVENT_TRUNK)
			tree->reports[event.member] = event.trunk;
		if (event.kind == EVENT_HUB) {
			at->changes += at->report.parent != event.hub.parent;
			at->report = event.hub;
		}
		if (event.kind != EVENT_RETIRED)
			continue;
		if (event.retired.kind == OBJECT_SESSION)
			session_destroy(
				&(struct session *){ event.retired.object });
		else if (event.retired.kind == OBJECT_TRUNK)
			trunk_destroy(
				&(struct trunk *){ event.retired.object });
		else if (event.retired.kind == OBJECT_HUB)
			hub_destroy(&(struct hub *){ event.retired.object });
		else if (event.retired.kind == OBJECT_MESSAGE)
			free(event.retired.object);
	}
}

static inline void tree_tick(struct tree *tree, unsigned i)
{
	struct tree_hub *at = &tree->hubs[i];

	tree_arm();
	engine_apply(at->eng, tree->now_us);
	engine_tick(at->eng, tree->now_us, 0);
	engine_settle(at->eng);
	tree_disarm(tree);
	tree_take_events(tree, at);
	for (unsigned k = 0; k < tree->n_members; k++) {
		struct tree_member *mem = &tree->members[k];

		if (mem->hub != i)
			continue;
		g_assert_cmpuint(mem->frames, <, TREE_FRAMES);
		mem->heard[mem->frames++] = mem->got ? mem->now : 0;
		mem->got = false;
	}
}

static inline void tree_run(struct tree *tree, unsigned ms)
{
	while (ms--) {
		tree->ms++;
		tree->now_us += 1000;
		tree_deliver(tree);
		for (unsigned i = 0; i < tree->n_members; i++)
			if (tree->members[i].talks &&
			    (tree->ms + 3 * i) % 20 == 0)
				tree_speak(tree, i);
		for (unsigned i = 0; i < tree->n_hubs; i++) {
			struct tree_hub *at = &tree->hubs[i];

			if (at->dead || at->stopped)
				continue;
			tree_arm();
			engine_apply(at->eng, tree->now_us);
			engine_settle(at->eng);
			tree_disarm(tree);
			if ((tree->ms + 7 * i) % 20 == 0)
				tree_tick(tree, i);
		}
	}
}

/* Everybody's frames begin anew. */
static inline void tree_mark(struct tree *tree)
{
	for (unsigned i = 0; i < tree->n_members; i++)
		tree->members[i].frames = 0;
}

/* The frames, of the last n, in which member `who` heard `whom`. */
static inline unsigned tree_count(const struct tree *tree, unsigned who,
				  unsigned whom, unsigned n)
{
	const struct tree_member *mem = &tree->members[who];
	unsigned heard = 0;

	g_assert_cmpuint(n, <=, mem->frames);
	for (unsigned i = mem->frames - n; i < mem->frames; i++)
		heard += mem->heard[i] >> whom & 1;
	return heard;
}

/* The longest gap, in ms, since tree_mark(). */
static inline unsigned tree_gap(const struct tree *tree, unsigned who,
				unsigned whom)
{
	const struct tree_member *mem = &tree->members[who];
	unsigned gap = 0, longest = 0;

	for (unsigned i = 0; i < mem->frames; i++) {
		gap = mem->heard[i] >> whom & 1 ? 0 : gap + 1;
		longest = MAX(longest, gap);
	}
	return 20 * longest;
}

/* Who is heard in most of the last n frames. */
static inline uint32_t tree_heard(const struct tree *tree, unsigned who,
				  unsigned n)
{
	uint32_t heard = 0;

	for (unsigned i = 0; i < tree->n_members; i++)
		if (tree_count(tree, who, i, n) > n / 2)
			heard |= 1u << i;
	return heard;
}

/* It is gone without a word. */
static inline void tree_kill(struct tree *tree, unsigned hub)
{
	tree->hubs[hub].dead = true;
}

static inline void tree_stop(struct tree *tree)
{
	for (unsigned i = 0; i < tree->n_hubs; i++) {
		tree_take_events(tree, &tree->hubs[i]);
		engine_destroy(&tree->hubs[i].eng);
	}
	for (unsigned i = 0; i < tree->n_members; i++) {
		phone_destroy(&tree->members[i].phone);
		codec_decoder_destroy(&tree->members[i].ear);
	}
	for (unsigned i = 0; i < tree->n_wires; i++)
		if (tree->wires[i].ear)
			stream_destroy(&tree->wires[i].ear);
	g_assert_cmpuint(tree->heap, ==, 0);
	g_assert_cmpuint(tree->locks, ==, 0);
	g_free(tree);
}

#endif
