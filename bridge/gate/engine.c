#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define BUCKETS	      8192 /* with chains as long as one for so many sessions */
#define ROUTE_BUCKETS 1024
#define TRUNK_BUCKETS 256
#define EVENT_SLOTS   4096 /* 4000 sessions report in one second */
#define MESSAGE_SLOTS 128
#define DTLS_SLOTS    256

/* A mix with its encoders takes as long as about so many packets. */
#define MIX_AS_PACKETS 20

/* From one beat of a session to its next: a second, by a tenth more or less
 * (RFC 3550 6.3.5). */
#define BEAT_TICKS 45
#define BEAT_VARY  11

int engine_create(struct engine **eng_r,
		  void (*flush)(struct outbox *box, void *arg), void *arg)
{
	struct engine *eng = calloc(1, sizeof(*eng));
	uint8_t random[8 + 25] = { 0 };
	uint64_t seed;
	int r = 0;

	if (!eng)
		return -ENOMEM;
	outbox_init(&eng->outbox, flush, arg);
	stress_init(&eng->stress);
	links_init(&eng->messaging);
	links_init(&eng->owing);
	links_init(&eng->routing);
	for (unsigned i = 0; i < BEAT_SLOTS; i++)
		links_init(&eng->beats[i]);
	eng->retiring_end = &eng->retiring;
	if (RAND_bytes(random, sizeof(random)) != 1)
		r = -EIO;
	memcpy(&seed, random, sizeof(seed));
	/* The secret as a password: text without zero bytes. */
	for (size_t i = 8; i < sizeof(random) - 1; i++)
		random[i] |= 1;
	random[sizeof(random) - 1] = 0;
	stun_key_init(&eng->cookie_secret, (const char *)random + 8);
	OPENSSL_cleanse(random, sizeof(random));
	if (!r)
		r = lookup_init(&eng->by_name, BUCKETS, seed);
	if (!r)
		r = lookup_init(&eng->by_path, 2 * BUCKETS, ~seed);
	if (!r)
		r = lookup_init(&eng->routes_by_name, ROUTE_BUCKETS, seed);
	if (!r)
		r = lookup_init(&eng->routes_by_path, ROUTE_BUCKETS, ~seed);
	if (!r)
		r = lookup_init(&eng->trunks, TRUNK_BUCKETS, seed);
	if (!r)
		r = ring_create(&eng->commands, COMMAND_SLOTS,
				sizeof(struct command));
	if (!r)
		r = ring_create(&eng->packets_down, PACKET_SLOTS,
				sizeof(struct websocket_packet));
	if (!r)
		r = ring_create(&eng->events, EVENT_SLOTS,
				sizeof(struct event));
	if (!r)
		r = ring_create(&eng->messages, MESSAGE_SLOTS,
				sizeof(struct event_message));
	if (!r)
		r = ring_create(&eng->packets_up, PACKET_SLOTS,
				sizeof(struct websocket_packet));
	if (!r)
		r = ring_create(&eng->dtls_up, DTLS_SLOTS,
				sizeof(struct dtls_packet));
	if (r)
		engine_destroy(&eng);
	else
		*eng_r = eng;
	return r;
}

void engine_retire(struct engine *eng, struct retiree *ret,
		   enum object_kind kind, void *object)
{
	ret->next = NULL;
	ret->kind = kind;
	ret->object = object;
	*eng->retiring_end = ret;
	eng->retiring_end = &ret->next;
}

/* Not RT: what was never removed. */
static void free_hub(struct hub *hub)
{
	if (!hub)
		return;
	while (hub->active)
		origin_forget(hub, hub->active);
	while (hub->trunks) {
		struct trunk *trk = hub->trunks;

		hub->trunks = trk->next;
		trunk_destroy(&trk);
	}
	hub_destroy(&hub);
}

static void free_room(struct engine *eng, struct engine_mix *entry)
{
	struct session *ses;

	while ((ses = links_next(&entry->sessions))) {
		engine_end_session(eng, ses);
		links_remove(&ses->in_room);
		links_remove(&ses->owing);
		session_destroy(&ses);
	}
	free_hub(entry->hub);
	while (entry->clips) {
		struct engine_clip *clip = entry->clips;

		entry->clips = clip->next;
		play_free(clip);
	}
	mix_destroy(&entry->mix);
	free(entry);
}

static void free_rest(struct engine *eng)
{
	while (eng->mixes) {
		struct engine_mix *entry = eng->mixes;

		eng->mixes = entry->next;
		free_room(eng, entry);
	}
	while (eng->routes) {
		struct route *route = eng->routes;

		eng->routes = route->next;
		free(route);
	}
	while (eng->gates) {
		struct phonegate *gate = eng->gates;

		eng->gates = gate->next;
		phonegate_destroy(&gate);
	}
}

void engine_destroy(struct engine **engp)
{
	struct engine *eng = *engp;

	*engp = NULL;
	if (!eng)
		return;
	free_rest(eng);
	lookup_fini(&eng->by_name);
	lookup_fini(&eng->by_path);
	lookup_fini(&eng->routes_by_name);
	lookup_fini(&eng->routes_by_path);
	lookup_fini(&eng->trunks);
	ring_destroy(&eng->commands);
	ring_destroy(&eng->packets_down);
	ring_destroy(&eng->events);
	ring_destroy(&eng->messages);
	ring_destroy(&eng->packets_up);
	ring_destroy(&eng->dtls_up);
	OPENSSL_cleanse(&eng->cookie_secret, sizeof(eng->cookie_secret));
	free(eng);
}

void engine_set_clock(struct engine *eng, uint64_t now_us, uint64_t wall_us)
{
	eng->wall_offset_us = (int64_t)(wall_us - now_us);
}

uint64_t engine_wall(const struct engine *eng, uint64_t now_us)
{
	return now_us + (uint64_t)eng->wall_offset_us;
}

void engine_owe(struct engine *eng, struct session *ses, unsigned what)
{
	ses->owed |= what;
	links_append(&eng->owing, &ses->owing, ses);
}

/* By enum effort; see stress.h. */
static const struct mix_effort efforts[EFFORTS] = {
	[EFFORT_SIMPLE] = { .complexity = 3 },
	[EFFORT_SIMPLEST] = { .complexity = 1 },
	[EFFORT_NO_DENOISE] = { .complexity = 1, .no_denoise = true },
	[EFFORT_FEW_TALKERS] = { .complexity = 1,
				 .no_denoise = true,
				 .talkers = 3 },
	[EFFORT_CLOSED] = { .complexity = 1, .no_denoise = true, .talkers = 3 },
};

void engine_add_room(struct engine *eng, struct engine_mix *entry)
{
	struct engine_mix **at = &eng->mixes;

	mix_set_effort(entry->mix, &efforts[eng->stress.effort]);

	while (*at)
		at = &(*at)->next;
	entry->next = NULL;
	*at = entry;
}

struct engine_mix *engine_find_mix(const struct engine *eng,
				   const struct mix *mix)
{
	struct engine_mix *entry = eng->mixes;

	while (entry && entry->mix != mix)
		entry = entry->next;
	return entry;
}

static void beat_at(struct engine *eng, struct session *ses, uint64_t tick)
{
	links_append(&eng->beats[tick % BEAT_SLOTS], &ses->beat, ses);
}

void engine_first_beat(struct engine *eng, struct session *ses)
{
	beat_at(eng, ses, eng->tick + 1 + session_random(ses) % BEAT_TICKS);
}

void engine_take(struct engine *eng, const struct path *from, uint8_t *buf,
		 size_t size, uint64_t now_us)
{
	enum packet_kind kind = packet_kind(buf, size);

	eng->came_us = now_us;
	if (eng->routes && (kind == PACKET_STUN || !engine_find(eng, from)) &&
	    relay_packet(eng, from, kind, buf, size))
		return;
	if (kind == PACKET_STUN)
		registration_packet(eng, from, buf, size, now_us);
	else if (kind == PACKET_RTP || kind == PACKET_RTCP)
		gate_media_packet(eng, from, kind, buf, size, now_us);
	else if (kind == PACKET_DTLS)
		ice_dtls_packet(eng, from, buf, size);
	else
		count(&eng->counters.malformed, 1);
}

void engine_packet(struct engine *eng, const struct path *from, uint8_t *buf,
		   size_t size, uint64_t now_us)
{
	count(&eng->counters.packets_in, 1);
	count(&eng->counters.bytes_in, size);
	engine_take(eng, from, buf, size, now_us);
}

/* So much was done since packets were last received. In small rooms it is
 * the mixes that take the time. */
static void pause_after(struct engine *eng, unsigned packets)
{
	eng->since_pause += packets;
	if (eng->since_pause < OUTBOX_PACKETS || !eng->pause)
		return;
	eng->since_pause = 0;
	eng->pause(eng, eng->pause_arg);
}

/* While packets are given to the engine in a pause, sessions may join or end,
 * but none is taken out of its list. */
static void tick_room(struct engine *eng, struct engine_mix *entry,
		      unsigned missed)
{
	struct session *ses = links_next(&entry->sessions);

	mix_clock(entry->mix, eng->tick_us, missed);
	mix_tick(entry->mix);
	play_ticked(eng, entry);
	for (; ses; ses = links_next(&ses->in_room)) {
		/* Who joined in a pause has no packet yet. */
		if (ses->joined && ses->joined_tick != eng->tick)
			gate_media_tick(eng, ses, missed);
		pause_after(eng, 1);
	}
	/* No room waits for the work of the next. */
	outbox_flush(&eng->outbox);
	pause_after(eng, MIX_AS_PACKETS);
}

static void beat(struct engine *eng, uint64_t tick, uint64_t now_us)
{
	struct link *slot = &eng->beats[tick % BEAT_SLOTS];
	struct session *ses;

	while ((ses = links_next(slot))) {
		beat_at(eng, ses,
			tick + BEAT_TICKS + session_random(ses) % BEAT_VARY);
		ses->dtls_datagrams = 0;
		gate_media_beat(eng, ses, now_us);
	}
}

void engine_tick(struct engine *eng, uint64_t now_us, unsigned missed)
{
	uint64_t last = eng->tick;
	struct session *ses, *next;

	count(&eng->counters.ticks, 1);
	eng->tick += 1 + missed;
	eng->tick_us = now_us;
	eng->since_pause = 0; /* the worker received just before */
	/* Trunks first: other workers wait for what they have to say. */
	for (struct engine_mix *entry = eng->mixes; entry; entry = entry->next)
		if (entry->hub)
			hub_tick(eng, entry->hub, missed, now_us);
	for (struct engine_mix *entry = eng->mixes; entry; entry = entry->next)
		if (entry->joined)
			tick_room(eng, entry, missed);
	/* Nobody was heard in the future: his time would look like an age. */
	if (now_us < eng->came_us)
		now_us = eng->came_us;
	/* After a stall of many seconds each has a beat or two, not many. */
	if (missed >= BEAT_SLOTS)
		last = eng->tick - BEAT_SLOTS;
	while (last < eng->tick)
		beat(eng, ++last, now_us);
	for (ses = links_next(&eng->messaging); ses; ses = next) {
		next = links_next(&ses->messaging);
		gate_media_messages(eng, ses, now_us);
	}
}

void engine_note_load(struct engine *eng, unsigned used_us, unsigned late_us)
{
	if (stress_tick(&eng->stress, used_us, late_us))
		for (struct engine_mix *entry = eng->mixes; entry;
		     entry = entry->next)
			mix_set_effort(entry->mix,
				       &efforts[eng->stress.effort]);
	atomic_store_explicit(&eng->counters.stress,
			      (unsigned)(eng->stress.level * 1000),
			      memory_order_relaxed);
	atomic_store_explicit(&eng->counters.effort, eng->stress.effort,
			      memory_order_relaxed);
}

/* REGISTERED is made of what the session is now: where two moves found no
 * room in the ring, only the last is told. */
static bool tell_owed(struct engine *eng, struct session *ses)
{
	struct event *event = &eng->event;

	if (ses->owed & OWED_REGISTERED) {
		event->kind = EVENT_REGISTERED;
		event->member = ses->member;
		event->registered.first = !ses->told_registered;
		path_text(&ses->path, event->registered.path);
		if (!ring_push(eng->events, event))
			return false;
		eng->told = ses->told_registered = true;
		ses->owed &= ~(unsigned)OWED_REGISTERED;
	}
	if (ses->owed & OWED_GONE) {
		event->kind = EVENT_GONE;
		event->member = ses->member;
		event->why = ses->why;
		if (!ring_push(eng->events, event))
			return false;
		eng->told = true;
		ses->owed &= ~(unsigned)OWED_GONE;
	}
	return true;
}

static bool tell_retired(struct engine *eng)
{
	while (eng->retiring) {
		struct retiree *ret = eng->retiring;
		struct event *event = &eng->event;

		event->kind = EVENT_RETIRED;
		event->retired.kind = ret->kind;
		event->retired.object = ret->object;
		/* Once pushed, the control thread may free it. */
		eng->retiring = ret->next;
		if (!ring_push(eng->events, event)) {
			eng->retiring = ret;
			return false;
		}
		eng->told = true;
	}
	eng->retiring_end = &eng->retiring;
	return true;
}

bool engine_settle(struct engine *eng)
{
	struct session *ses;
	bool told;

	outbox_flush(&eng->outbox);
	while ((ses = links_next(&eng->owing)) && tell_owed(eng, ses))
		links_remove(&ses->owing);
	while ((ses = links_next(&eng->routing)) && relay_tell(ses))
		links_remove(&ses->routing);
	tell_retired(eng);
	told = eng->told;
	eng->told = false;
	return told;
}

bool engine_busy(const struct engine *eng)
{
	return eng->counters.sessions || eng->hubs || links_next(&eng->owing) ||
	       eng->retiring;
}
