#include "tests/bench/cascade/net.h"

#include <arpa/inet.h>
#include <math.h>
#include <string.h>

#include "bridge/gate/hub_private.h"
#include "mixer/rtp.h"
#include "mixer/wire.h"

#define WALL_US	      1700000000000000ull
#define START_US      1000000000ull
#define BUCKETS	      4096u /* slots that a packet may be under way */
#define TRUNK_BUCKETS 65536u
#define OPUS_SIZE     80u /* 32 kbit/s */

struct net_hub {
	struct hub *hub;
	struct engine_mix entry;
	struct trunk members; /* by which their sound comes */
	guint parent, depth;
	gboolean dead;
};

/* A packet in a bucket: its size, then its bytes. */
typedef guint16 packet_size;

struct net {
	struct net_config cfg;
	net_heard heard;
	gpointer arg;
	GRand *rand;
	struct engine *eng;
	struct mix *mix; /* of all; never runs */
	struct net_hub *hubs;
	guint n;
	struct path nowhere; /* where all packets come from and go to */
	guint64 slot;
	GByteArray *flying[BUCKETS];
	GArray *ticks[NET_TICK_SLOTS]; /* guint: which hubs have theirs then */
};

static guint64 now_us(const struct net *net)
{
	return START_US + net->slot * NET_SLOT_US;
}

static void must(int r, const char *what)
{
	if (r)
		g_error("%s: %s", what, g_strerror(-r));
}

/* The engine sends: each packet is under way for a while. */
static void flush(struct outbox *box, void *arg)
{
	struct net *net = arg;

	for (unsigned i = 0; i < box->n; i++) {
		const struct outbox_packet *pkt = &box->packets[i];
		double ms =
			net->cfg.hop_ms -
			net->cfg.jitter_ms * log(1 - g_rand_double(net->rand));
		guint64 slots = (guint64)lrint(ms * 1000 / NET_SLOT_US);
		packet_size size = (packet_size)pkt->size;
		GByteArray *to;

		to = net->flying[(net->slot + CLAMP(slots, 1, BUCKETS - 1)) %
				 BUCKETS];
		g_byte_array_append(to, (const guint8 *)&size, sizeof(size));
		g_byte_array_append(to, pkt->buf, size);
	}
}

static struct trunk *add_trunk(struct net *net, guint at,
			       struct trunk_config *cfg)
{
	static const guint8 secret[32] = "a secret of the cluster";
	static const guint8 salt[TRUNK_SALT_SIZE] = "a salt";
	struct trunk *trk = NULL;

	cfg->protocol = TRUNK_PROTOCOL;
	cfg->tag = at;
	must(trunk_derive(cfg, secret, sizeof(secret), salt), "trunk_derive");
	must(trunk_create(&trk, cfg), "trunk_create");
	trk->peers[0] = net->nowhere;
	trk->n_peers = cfg->role != TRUNK_CHILD;
	hub_add_trunk(net->eng, net->hubs[at].hub, trk);
	return trk;
}

static void link_hubs(struct net *net, guint child, guint above,
		      enum trunk_role role)
{
	struct trunk_config up = { .role = role },
			    down = { .role = TRUNK_CHILD };

	g_snprintf(up.id, sizeof(up.id), "%u-%u", child, above);
	memcpy(down.id, up.id, sizeof(down.id));
	add_trunk(net, above, &down);
	add_trunk(net, child, &up);
}

static void add_hub(struct net *net, guint i, const struct cascade_place *place)
{
	struct net_hub *it = &net->hubs[i];
	const struct hub_config cfg = {
		.tag = i,
		.id = i + 1,
		.talkers = net->cfg.talkers,
		.guests = 1,
		.root = place->root,
		.vice = place->vice,
		.leg = { .jitter = { 0, 400 }, .channels = 1 },
	};
	guint slot = i * 37 % NET_TICK_SLOTS;

	must(hub_create(&it->hub, &cfg), "hub_create");
	it->hub->mix = it->entry.mix = net->mix;
	links_init(&it->entry.sessions);
	hub_attach(net->eng, &it->entry, it->hub);
	it->members = (struct trunk){ .role = TRUNK_CHILD,
				      .state = TRUNK_UP,
				      .hub = it->hub };
	it->depth = place->depth;
	g_array_append_val(net->ticks[slot], i);
}

static void build(struct net *net, const struct cascade *cas)
{
	g_autoptr(GArray) ids = cascade_ids(cas);
	g_autoptr(GHashTable) index = g_hash_table_new(NULL, NULL);
	g_autofree struct cascade_place *places =
		g_new(struct cascade_place, ids->len);

	net->n = ids->len;
	net->hubs = g_new0(struct net_hub, net->n);
	for (guint i = 0; i < net->n; i++) {
		guint32 id = g_array_index(ids, guint32, i);

		g_hash_table_insert(index, GUINT_TO_POINTER(id),
				    GUINT_TO_POINTER(i));
		cascade_place(cas, id, &places[i]);
		add_hub(net, i, &places[i]);
	}
	for (guint i = 1; i < net->n; i++) {
		guint parent = GPOINTER_TO_UINT(g_hash_table_lookup(
			index, GUINT_TO_POINTER(places[i].parent)));
		guint alternate = GPOINTER_TO_UINT(g_hash_table_lookup(
			index, GUINT_TO_POINTER(places[i].alternate)));

		net->hubs[i].parent = parent;
		link_hubs(net, i, parent, TRUNK_PARENT);
		if (net->cfg.alternates && places[i].alternate)
			link_hubs(net, i, alternate, TRUNK_ALTERNATE);
	}
}

struct net *net_create(const struct cascade *cas, const struct net_config *cfg,
		       net_heard heard, gpointer arg)
{
	const struct mix_config mix = { .capacity = 1,
					.talkers = 1,
					.bitrate = 32000,
					.complexity = 1,
					.channels = 1,
					.jitter = { 0, 400 } };
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_port = htons(5004),
				  .sin_addr = { htonl(0xc0000201) } };
	struct net *net = g_new0(struct net, 1);

	net->cfg = *cfg;
	net->heard = heard;
	net->arg = arg;
	net->rand = g_rand_new_with_seed(cfg->seed);
	for (guint i = 0; i < BUCKETS; i++)
		net->flying[i] = g_byte_array_new();
	for (guint i = 0; i < NET_TICK_SLOTS; i++)
		net->ticks[i] = g_array_new(FALSE, FALSE, sizeof(guint));
	path_from_socket(&net->nowhere, 0, (struct sockaddr *)&in);
	must(engine_create(&net->eng, flush, net), "engine_create");
	engine_set_clock(net->eng, 0, WALL_US);
	/* As many trunks as all the workers of a cluster have. */
	lookup_fini(&net->eng->trunks);
	must(lookup_init(&net->eng->trunks, TRUNK_BUCKETS, 1), "lookup_init");
	must(mix_create(&net->mix, &mix), "mix_create");
	net->eng->now_us = net->eng->tick_us = now_us(net);
	build(net, cas);
	return net;
}

void net_destroy(struct net **netp)
{
	struct net *net = *netp;

	*netp = NULL;
	for (guint i = 0; i < net->n; i++) {
		struct hub *hub = net->hubs[i].hub;

		while (hub->trunks) {
			struct trunk *trk = hub->trunks;

			hub->trunks = trk->next;
			trunk_exit(net->eng, trk);
			trunk_destroy(&trk);
		}
		hub_destroy(&hub);
	}
	engine_destroy(&net->eng);
	mix_destroy(&net->mix);
	for (guint i = 0; i < BUCKETS; i++)
		g_byte_array_unref(net->flying[i]);
	for (guint i = 0; i < NET_TICK_SLOTS; i++)
		g_array_unref(net->ticks[i]);
	g_free(net->hubs);
	g_rand_free(net->rand);
	g_free(net);
}

guint net_hubs(const struct net *net)
{
	return net->n;
}

guint net_depth(const struct net *net, guint hub)
{
	return net->hubs[hub].depth;
}

guint net_parent(const struct net *net, guint hub)
{
	return net->hubs[hub].parent;
}

void net_speak(struct net *net, guint hub, guint32 origin, guint32 sequence,
	       double level_dbov)
{
	static const guint8 opus[OPUS_SIZE];
	const struct trunk_sound snd = {
		.origin = origin,
		.level = (guint8)lrint(CLAMP(-level_dbov, 0, 127)),
		.volume = TRUNK_VOLUME_UNITY,
		.sequence = sequence,
		.timestamp = sequence * MIX_FRAME,
		.captured = (guint32)engine_wall(net->eng, now_us(net)),
		.opus = opus,
		.opus_size = OPUS_SIZE,
	};

	if (!net->hubs[hub].dead)
		forward_remote(net->eng, &net->hubs[hub].members, &snd,
			       now_us(net));
}

/* What was in it, after the engine has decrypted it in place. */
static void look_into(struct net *net, guint hub, const guint8 *buf, gsize size)
{
	guint32 now = (guint32)engine_wall(net->eng, now_us(net));
	struct trunk_reader rd = { .at = buf + RTP_HEADER_SIZE,
				   .left = size - RTP_HEADER_SIZE };
	struct trunk_entry ent;
	struct trunk_sound snd;

	while (trunk_read(&rd, &ent))
		if (ent.kind == TRUNK_SOUND &&
		    trunk_decode_sound(&snd, &ent) == 0)
			net->heard(hub, snd.origin, snd.hops,
				   (now - snd.captured) / 1000.0, net->arg);
}

static void deliver(struct net *net, guint8 *buf, gsize size)
{
	gboolean rtp = packet_kind(buf, size) == PACKET_RTP;
	struct trunk *trk =
		trunk_find(net->eng, wire_get32(buf + (rtp ? 8 : 4)));

	if (!trk || net->hubs[trk->hub->tag].dead)
		return;
	engine_packet(net->eng, &net->nowhere, buf, size, now_us(net));
	if (rtp && net->heard)
		look_into(net, trk->hub->tag, buf, size);
}

void net_step(struct net *net)
{
	guint phase = net->slot % NET_TICK_SLOTS;
	GByteArray *due = net->flying[net->slot % BUCKETS];
	GArray *ticks = net->ticks[phase];

	if (!phase) {
		net->eng->tick++;
		net->eng->tick_us = now_us(net);
	}
	for (gsize at = 0; at < due->len;) {
		packet_size size;

		memcpy(&size, due->data + at, sizeof(size));
		at += sizeof(size);
		deliver(net, due->data + at, size);
		at += size;
	}
	g_byte_array_set_size(due, 0);
	for (guint i = 0; i < ticks->len; i++) {
		struct net_hub *it = &net->hubs[g_array_index(ticks, guint, i)];

		if (!it->dead)
			hub_tick(net->eng, it->hub, 0, now_us(net));
	}
	engine_settle(net->eng);
	net->slot++;
}

void net_kill(struct net *net, guint hub)
{
	net->hubs[hub].dead = TRUE;
}

void net_count(const struct net *net, guint hub, guint64 *packets_r,
	       guint64 *sounds_r)
{
	*packets_r = *sounds_r = 0;
	for (const struct trunk *trk = net->hubs[hub].hub->trunks; trk;
	     trk = trk->next) {
		const struct trunk_report *rep = &trk->report;

		*packets_r += rep->packets_in + rep->packets_out;
		*sounds_r += rep->sounds_in + rep->sounds_out;
	}
}
