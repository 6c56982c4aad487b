#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "mixer/wire.h"

#define SETTLED 3 /* ticks of silence after which another path is taken */

static int create(struct trunk **trk_r, const struct trunk_config *cfg)
{
	struct trunk *trk;

	if (!memchr(cfg->id, 0, sizeof(cfg->id)) ||
	    cfg->n_peers > TRUNK_MAX_PEERS ||
	    cfg->protocol < TRUNK_PROTOCOL_MIN ||
	    cfg->protocol > TRUNK_PROTOCOL)
		return -EINVAL;
	trk = calloc(1, sizeof(*trk));
	if (!trk)
		return -ENOMEM;
	trk->tag = cfg->tag;
	trk->role = cfg->role;
	trk->receive_ssrc = cfg->receive_ssrc;
	memcpy(trk->addresses, cfg->peers, sizeof(trk->addresses));
	trk->n_addresses = cfg->n_peers;
	trk->report = (struct trunk_report){ .role = cfg->role,
					     .loss_in = -1,
					     .loss_out = -1,
					     .round_trip_ms = -1,
					     .age_ms = -1 };
	/* So that reports of many do not come in one tick. */
	trk->beat = 1 + cfg->tag % TRUNK_BEAT;
	/* Ids of a message that was sent before this trunk was made anew must
	 * not hide those of later ones. */
	if (RAND_bytes((uint8_t *)&trk->post.next_id,
		       sizeof(trk->post.next_id)) != 1) {
		free(trk);
		return -EIO;
	}
	*trk_r = trk;
	return 0;
}

int trunk_create(struct trunk **trk_r, const struct trunk_config *cfg)
{
	struct stream_config stream = {
		.suite = SRTP_GCM,
		.send_ssrc = cfg->send_ssrc,
		.receive_ssrc = cfg->receive_ssrc,
		.payload_type = TRUNK_PAYLOAD_TYPE,
		.cname = "trunk",
	};
	struct trunk *trk = NULL;
	int r = create(&trk, cfg);

	if (r)
		return r;
	memcpy(stream.send_key, cfg->send_key, SRTP_MAX_KEY);
	memcpy(stream.receive_key, cfg->receive_key, SRTP_MAX_KEY);
	r = stream_create(&trk->stream, &stream);
	if (r)
		trunk_destroy(&trk);
	else
		*trk_r = trk;
	return r;
}

int trunk_create_pair(struct trunk **parent_r,
		      const struct trunk_config *parent, struct trunk **child_r,
		      const struct trunk_config *child)
{
	struct trunk *ends[2] = { NULL, NULL };
	struct trunk_ring *ring = NULL;
	int r = parent->role != TRUNK_CHILD || child->role == TRUNK_CHILD
			? -EINVAL
			: create(&ends[0], parent);

	if (!r)
		r = create(&ends[1], child);
	if (!r)
		r = trunk_ring_create(&ring);
	if (r) {
		trunk_destroy(&ends[0]);
		trunk_destroy(&ends[1]);
		return r;
	}
	for (unsigned side = 0; side < 2; side++) {
		ends[side]->ring = ring;
		ends[side]->side = side;
		ends[side]->n_addresses = 0;
	}
	*parent_r = ends[0];
	*child_r = ends[1];
	return 0;
}

void trunk_destroy(struct trunk **trkp)
{
	struct trunk *trk = *trkp;

	*trkp = NULL;
	if (!trk)
		return;
	trunk_ring_leave(&trk->ring, trk->side);
	stream_destroy(&trk->stream);
	free(trk);
}

static void count_out(struct trunk *trk, int size)
{
	if (size <= 0)
		return;
	trk->report.packets_out++;
	trk->report.bytes_out += (uint64_t)size;
}

/* samples: of the RTP clock, until the next packet. */
static void send_payload(struct engine *eng, struct trunk *trk,
			 const uint8_t *payload, size_t size, unsigned samples)
{
	uint8_t *buf;
	int n;

	if (trk->ring) {
		struct trunk_slot *slot = &eng->slot;

		slot->size = size;
		memcpy(slot->buf, payload, size);
		if (!ring_push(trk->ring->way[trk->side], slot)) {
			count(&eng->counters.dropped, 1);
			return;
		}
		trk->wake = true;
		count_out(trk, (int)size);
		return;
	}
	if (trk->path.kind == PATH_NONE)
		return;
	buf = outbox_buffer(&eng->outbox);
	n = stream_send_rtp(trk->stream, payload, size, samples, buf,
			    RTP_MAX_PACKET);
	outbox_commit(&eng->outbox, &trk->path, n);
	count_out(trk, n);
}

static void say(struct engine *eng, struct trunk *trk, const uint8_t *entry,
		size_t size, bool sound, unsigned samples)
{
	bool repeat = eng->tick < trk->repeat_until;
	uint8_t both[TRUNK_MAX_PAYLOAD];
	size_t last = trk->last_size;

	trk->last_size = 0;
	if (last && size + last <= sizeof(both)) {
		memcpy(both, entry, size);
		memcpy(both + size, trk->last, last);
		send_payload(eng, trk, both, size + last, samples);
	} else {
		send_payload(eng, trk, entry, size, samples);
	}
	if (!sound)
		return;
	trk->report.sounds_out++;
	if (!repeat)
		return;
	memcpy(trk->last, entry, size);
	trunk_mark_repeated(trk->last, size);
	trk->last_size = size;
}

void trunk_say(struct engine *eng, struct trunk *trk, const uint8_t *entry,
	       size_t size, bool sound)
{
	say(eng, trk, entry, size, sound, 0);
}

void trunk_say_verdict(struct engine *eng, struct trunk *trk, unsigned samples)
{
	uint8_t entry[TRUNK_ENTRY_HEADER + 4 + 4 * HUB_MAX_TALKERS];
	const struct hub *hub = trk->hub;
	bool down = trk->role == TRUNK_CHILD;
	size_t size = trunk_encode_verdict(
		down ? hub->root_id : 0, hub->verdict,
		down ? hub->n_verdict : 0, entry, sizeof(entry));

	say(eng, trk, entry, size, false, samples);
}

static void say_leave(struct engine *eng, struct trunk *trk)
{
	uint8_t entry[TRUNK_ENTRY_HEADER];

	trk->last_size = 0;
	say(eng, trk, entry, trunk_encode_leave(entry, sizeof(entry)), false,
	    0);
}

/* A hello, and once a second figures: RTCP, whose index stands in the packet.
 * Who dials for an hour may not run out of the sequence numbers that the peer
 * can tell apart (RFC 3711 3.3.1). */
static void send_rtcp(struct engine *eng, struct trunk *trk,
		      const struct path *to)
{
	uint64_t now_us = engine_latest(eng);
	uint8_t *buf = outbox_buffer(&eng->outbox);
	int n = stream_send_rtcp(trk->stream, NULL, now_us,
				 engine_wall(eng, now_us), buf, RTP_MAX_PACKET);

	outbox_commit(&eng->outbox, to, n);
	count_out(trk, n);
}

static void call_peers(struct engine *eng, struct trunk *trk)
{
	if (trk->ring)
		trunk_say_verdict(eng, trk, 0);
	for (unsigned i = 0; i < trk->n_peers; i++)
		send_rtcp(eng, trk, &trk->peers[i]);
}

void trunk_dial(struct engine *eng, struct trunk *trk)
{
	if (trk->state == TRUNK_DIALING)
		return;
	trk->state = TRUNK_DIALING;
	trk->dialled = trk->leaving = trk->quiet = 0;
	call_peers(eng, trk);
	trunk_tell(eng, trk);
}

void trunk_leave(struct engine *eng, struct trunk *trk)
{
	if (trk->path.kind != PATH_NONE || trk->ring)
		trk->leaving = TRUNK_LEAVES;
	trk->state = trk->role == TRUNK_ALTERNATE ? TRUNK_IDLE : TRUNK_DOWN;
	trunk_tell(eng, trk);
}

bool trunk_heard(struct engine *eng, struct trunk *trk, const struct path *from)
{
	bool up = trk->state == TRUNK_UP;

	if (trk->role != TRUNK_CHILD && !up && trk->state != TRUNK_DIALING)
		return false;
	/* An address that speaks is kept: a peer may have several. */
	if (from && (!up || trk->quiet >= SETTLED))
		trk->path = *from;
	trk->quiet = 0;
	if (up)
		return true;
	trk->state = TRUNK_UP;
	trk->leaving = 0;
	trunk_tell(eng, trk);
	hub_trunk_up(eng, trk);
	return trk->state == TRUNK_UP;
}

void trunk_tell(struct engine *eng, struct trunk *trk)
{
	if (trk->ending)
		return; /* nobody knows it any more */
	trk->report.state = trk->state;
	eng->event.kind = EVENT_TRUNK;
	eng->event.member = trk->tag;
	eng->event.trunk = trk->report;
	/* A full ring costs this one; the next comes in a second. */
	eng->told |= ring_push(eng->events, &eng->event);
}

static void note_figures(struct engine *eng, struct trunk *trk)
{
	struct trunk_report *rep = &trk->report;
	const struct stream_playout playout = { .played = rep->sounds_in };
	struct stream_report stream;

	rep->age_ms = trk->ages ? (float)(trk->age_us / trk->ages / 1000) : -1;
	trk->age_us = trk->ages = 0;
	if (trk->ring)
		return;
	stream_note_playout(trk->stream, &playout);
	stream_report(trk->stream, &stream);
	rep->loss_in = stream.in.loss;
	rep->loss_out = stream.out.loss;
	rep->round_trip_ms = (float)stream.round_trip_ms;
	if (trk->state == TRUNK_UP && rep->loss_out >= TRUNK_LOSSY)
		trk->repeat_until = eng->tick + TRUNK_REPEAT_FOR;
	rep->redundant = eng->tick < trk->repeat_until;
}

static void beat(struct engine *eng, struct trunk *trk)
{
	trk->beat = TRUNK_BEAT;
	note_figures(eng, trk);
	if (trk->state == TRUNK_UP && trk->stream)
		send_rtcp(eng, trk, &trk->path);
	trunk_tell(eng, trk);
}

static void send_message(struct engine *eng, struct trunk *trk, uint64_t now_us)
{
	uint8_t entry[TRUNK_MAX_PAYLOAD];
	struct trunk_message msg;

	if (post_due(&trk->post, &msg, now_us))
		trunk_say(eng, trk, entry,
			  trunk_encode_message(&msg, entry, sizeof(entry)),
			  false);
}

static bool is_silent(const struct trunk *trk)
{
	return trk->quiet >= TRUNK_SILENCE ||
	       (trk->ring && atomic_load(&trk->ring->closed[!trk->side]));
}

void trunk_tick(struct engine *eng, struct trunk *trk, unsigned missed,
		uint64_t now_us)
{
	/* What came before the tick is taken; so many ticks brought nothing,
	 * however long ours took. */
	if (trk->state == TRUNK_UP && is_silent(trk))
		hub_trunk_down(eng, trk);
	if (trk->state == TRUNK_UP) {
		trk->quiet++;
		trunk_say_verdict(eng, trk, (1 + missed) * MIX_FRAME);
		send_message(eng, trk, now_us);
	} else if (trk->state == TRUNK_DIALING) {
		if (++trk->dialled <= TRUNK_HASTE ||
		    trk->dialled % TRUNK_HASTE == 0)
			call_peers(eng, trk);
	} else if (trk->leaving) {
		trk->leaving--;
		say_leave(eng, trk);
	}
	if (!--trk->beat)
		beat(eng, trk);
}

void trunk_end(struct engine *eng, struct trunk *trk)
{
	/* Nobody is there to say it again. */
	for (int i = 0; i < TRUNK_LEAVES; i++)
		if (trk->state == TRUNK_UP)
			say_leave(eng, trk);
}

static uint64_t hash_of(const struct engine *eng, uint32_t ssrc)
{
	uint8_t key[4];

	wire_put32(key, ssrc);
	return lookup_hash(&eng->trunks, key, sizeof(key));
}

void trunk_enter(struct engine *eng, struct trunk *trk)
{
	if (trk->stream)
		lookup_insert(&eng->trunks, &trk->by_ssrc,
			      hash_of(eng, trk->receive_ssrc), trk);
	if (!trk->ring)
		return;
	trk->next_ring = eng->ring_trunks;
	eng->ring_trunks = trk;
}

void trunk_exit(struct engine *eng, struct trunk *trk)
{
	struct trunk **at = &eng->ring_trunks;

	lookup_remove(&eng->trunks, &trk->by_ssrc);
	while (*at && *at != trk)
		at = &(*at)->next_ring;
	if (*at)
		*at = trk->next_ring;
}

struct trunk *trunk_find(const struct engine *eng, uint32_t ssrc)
{
	struct lookup_node *node =
		lookup_first(&eng->trunks, hash_of(eng, ssrc));

	while (node && node->trunk->receive_ssrc != ssrc)
		node = lookup_next(node);
	return node ? node->trunk : NULL;
}

void trunk_take_rings(struct engine *eng, uint64_t now_us)
{
	struct trunk_slot slot;

	for (struct trunk *trk = eng->ring_trunks; trk; trk = trk->next_ring)
		for (int i = 0; i < TRUNK_RING_SLOTS; i++) {
			if (!ring_pop(trk->ring->way[!trk->side], &slot))
				break;
			trk->report.packets_in++;
			trk->report.bytes_in += slot.size;
			hub_take(eng, trk, NULL, slot.buf, slot.size, now_us);
		}
}

void trunk_wake_rings(struct engine *eng)
{
	for (struct trunk *trk = eng->ring_trunks; trk; trk = trk->next_ring) {
		int fd = trk->wake
				 ? atomic_load(&trk->ring->wake_fd[!trk->side])
				 : -1;

		trk->wake = false;
		if (fd >= 0)
			thread_wake(fd);
	}
}
