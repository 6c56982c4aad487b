#include "bridge/gate/hub_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define BUCKETS	      8192 /* with chains as long as one for so many sessions */
#define ROUTE_BUCKETS 1024
#define TRUNK_BUCKETS 256
#define COMMAND_SLOTS 4096
#define EVENT_SLOTS   4096 /* 4000 sessions report in one second */
#define MESSAGE_SLOTS 128
#define PACKET_SLOTS  512
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

void engine_note_path(struct engine *eng, struct session *ses)
{
	if (ses->route)
		links_append(&eng->routing, &ses->routing, ses);
}

void engine_forget_candidate(struct engine *eng, struct session *ses)
{
	if (ses->candidate.kind == PATH_NONE)
		return;
	lookup_remove(&eng->by_path, &ses->by_candidate);
	ses->candidate.kind = PATH_NONE;
	engine_note_path(eng, ses);
}

void engine_set_candidate(struct engine *eng, struct session *ses,
			  const struct path *path)
{
	uint8_t key[PATH_KEY_SIZE];

	if (path_equal(&ses->candidate, path))
		return;
	ses->candidate = *path;
	engine_note_path(eng, ses);
	path_key(path, key);
	lookup_insert(&eng->by_path, &ses->by_candidate,
		      lookup_hash(&eng->by_path, key, sizeof(key)), ses);
}

static void forget_path(struct engine *eng, struct session *ses)
{
	lookup_remove(&eng->by_path, &ses->by_path);
	ses->path.kind = PATH_NONE;
	engine_note_path(eng, ses);
}

void engine_end_session(struct engine *eng, struct session *ses)
{
	if (ses->joined) {
		origin_leave(ses);
		mix_leave(ses->gate->mix, ses->leg);
		ses->gate->entry->joined--;
	}
	ses->joined = false;
	ses->gone = true;
	links_remove(&ses->beat);
	links_remove(&ses->messaging);
	forget_path(eng, ses);
	engine_forget_candidate(eng, ses);
	lookup_remove(&eng->by_name, &ses->by_name);
}

/* One address serves one session. Who proves it last has it: a phone that
 * calls again from the same socket before its old leg is gone. */
static void take_path_from_others(struct engine *eng, const struct path *path,
				  uint64_t hash)
{
	struct lookup_node *node = lookup_first(&eng->by_path, hash), *next;

	for (; node; node = next) {
		next = lookup_next(node);
		if (node == &node->ses->by_path &&
		    path_equal(&node->ses->path, path))
			forget_path(eng, node->ses);
	}
}

static bool join(struct engine *eng, struct session *ses)
{
	if (mix_join(ses->gate->mix, ses->leg))
		return false;
	ses->joined = true;
	ses->joined_tick = eng->tick;
	ses->gate->entry->joined++;
	origin_join(ses);
	return true;
}

void engine_adopt_path(struct engine *eng, struct session *ses,
		       const struct path *path, uint64_t now_us)
{
	struct path proven = *path; /* may be the candidate, soon forgotten */
	uint8_t key[PATH_KEY_SIZE];
	uint64_t hash;

	if (!ses->joined && !join(eng, ses))
		return;
	path_key(&proven, key);
	hash = lookup_hash(&eng->by_path, key, sizeof(key));
	take_path_from_others(eng, &proven, hash);
	engine_forget_candidate(eng, ses);
	ses->path = proven;
	lookup_insert(&eng->by_path, &ses->by_path, hash, ses);
	ses->moves++;
	engine_note_path(eng, ses);
	ses->consent_us = now_us;
	ses->heard = false;
	engine_owe(eng, ses, OWED_REGISTERED);
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

static void add_mix(struct engine *eng, struct command *cmd)
{
	links_init(&cmd->entry->sessions);
	engine_add_room(eng, cmd->entry);
}

static void remove_mix(struct engine *eng, struct command *cmd)
{
	struct engine_mix **at = &eng->mixes, *entry;

	while (*at && (*at)->mix != cmd->mix)
		at = &(*at)->next;
	entry = *at;
	if (!entry)
		return;
	*at = entry->next;
	play_end(eng, entry);
	engine_retire(eng, &entry->retiree, OBJECT_MIX, entry);
}

static void add_gate(struct engine *eng, struct command *cmd)
{
	struct phonegate *gate = cmd->gate;
	struct engine_mix *entry = eng->mixes;

	while (entry && entry->mix != gate->mix)
		entry = entry->next;
	gate->entry = entry;
	gate->next = eng->gates;
	eng->gates = gate;
}

static void remove_gate(struct engine *eng, struct command *cmd)
{
	struct phonegate **at = &eng->gates;

	while (*at && *at != cmd->gate)
		at = &(*at)->next;
	if (!*at)
		return;
	*at = cmd->gate->next;
	engine_retire(eng, &cmd->gate->retiree, OBJECT_GATE, cmd->gate);
}

static void beat_at(struct engine *eng, struct session *ses, uint64_t tick)
{
	links_append(&eng->beats[tick % BEAT_SLOTS], &ses->beat, ses);
}

void engine_first_beat(struct engine *eng, struct session *ses)
{
	beat_at(eng, ses, eng->tick + 1 + session_random(ses) % BEAT_TICKS);
}

struct session *engine_find(const struct engine *eng, const struct path *from)
{
	uint8_t key[PATH_KEY_SIZE];
	struct session *candidate = NULL;
	struct lookup_node *node;

	path_key(from, key);
	node = lookup_first(&eng->by_path,
			    lookup_hash(&eng->by_path, key, sizeof(key)));
	for (; node; node = lookup_next(node)) {
		if (node == &node->ses->by_path &&
		    path_equal(&node->ses->path, from))
			return node->ses;
		if (node == &node->ses->by_candidate &&
		    path_equal(&node->ses->candidate, from))
			candidate = node->ses;
	}
	return candidate;
}

static bool is_taken(const struct engine *eng, const struct path *path)
{
	const struct session *ses = engine_find(eng, path);

	return ses && path_equal(&ses->path, path);
}

/* Nobody loses his path to what a tool only says. */
static void place_tool(struct engine *eng, struct session *ses)
{
	if (ses->srtp) {
		engine_set_candidate(eng, ses, &ses->tool);
	} else if (is_taken(eng, &ses->tool)) {
		ses->why = GONE_PATH;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	} else {
		engine_adopt_path(eng, ses, &ses->tool, eng->now_us);
	}
}

static void add_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	lookup_insert(&eng->by_name, &ses->by_name,
		      lookup_hash(&eng->by_name, ses->username,
				  strlen(ses->username)),
		      ses);
	links_append(&ses->gate->entry->sessions, &ses->in_room, ses);
	engine_first_beat(eng, ses);
	count(&eng->counters.sessions, 1);
	if (ses->tool.kind != PATH_NONE)
		place_tool(eng, ses);
}

static void remove_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	gate_media_bye(eng, ses, eng->now_us);
	engine_end_session(eng, ses);
	links_remove(&ses->in_room);
	links_remove(&ses->owing); /* who removes it knows that it is gone */
	links_remove(&ses->routing);
	engine_retire(eng, &ses->retiree, OBJECT_SESSION, ses);
	count(&eng->counters.sessions, (uint64_t)-1);
}

static void admit(struct engine *eng, struct command *cmd)
{
	(void)eng;
	cmd->ses->held = false;
}

static void mute(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_muted(cmd->ses->leg, cmd->muted);
}

static void deafen(struct engine *eng, struct command *cmd)
{
	(void)eng;
	cmd->ses->deaf = cmd->deaf;
}

static void set_gain(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_gain(cmd->ses->leg, cmd->gain);
}

static void message(struct engine *eng, struct command *cmd)
{
	if (cmd->ses->gone)
		engine_retire(eng, &cmd->message->retiree, OBJECT_MESSAGE,
			      cmd->message);
	else
		message_queue(eng, cmd->ses, cmd->message);
}

static void redirect(struct engine *eng, struct command *cmd)
{
	cmd->ses->alternate = cmd->alternate;
	message(eng, cmd);
}

static void send_dtls(struct engine *eng, struct command *cmd)
{
	ice_send_dtls(eng, cmd->ses, cmd->message);
}

static void set_keys(struct engine *eng, struct command *cmd)
{
	ice_set_keys(eng, cmd->ses, cmd->stream);
}

static void restart_ice(struct engine *eng, struct command *cmd)
{
	ice_restart(eng, cmd->ses, cmd->credentials);
}

static bool take_websocket(struct engine *eng)
{
	struct path from;

	if (!ring_pop(eng->packets_down, &eng->packet))
		return false;
	eng->packets_popped++;
	from = path_from_websocket(eng->packet.connection);
	engine_packet(eng, &from, eng->packet.buf, eng->packet.size,
		      eng->now_us);
	return true;
}

static void websocket_closed(struct engine *eng, struct command *cmd)
{
	struct path path = path_from_websocket(cmd->connection);
	struct session *ses;

	/* What it sent before it closed is older than its close. */
	while (eng->packets_popped < cmd->packets_before && take_websocket(eng))
		;
	while ((ses = engine_find(eng, &path))) {
		if (path_equal(&ses->candidate, &path))
			engine_forget_candidate(eng, ses);
		if (!path_equal(&ses->path, &path))
			continue;
		ses->why = GONE_PATH;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	}
}

static void detach(struct engine *eng, struct command *cmd)
{
	relay_detach(eng, cmd->move);
}

static void attach(struct engine *eng, struct command *cmd)
{
	relay_attach(eng, cmd->move);
}

static void forget_route(struct engine *eng, struct command *cmd)
{
	relay_forget(eng, cmd->route);
}

static void add_hub(struct engine *eng, struct command *cmd)
{
	struct engine_mix *entry = eng->mixes;

	while (entry && entry->mix != cmd->place.to)
		entry = entry->next;
	if (entry && !entry->hub)
		hub_attach(eng, entry, cmd->hub);
	else
		engine_retire(eng, &cmd->hub->retiree, OBJECT_HUB, cmd->hub);
}

static void remove_hub(struct engine *eng, struct command *cmd)
{
	hub_detach(eng, cmd->hub);
}

static void set_hub(struct engine *eng, struct command *cmd)
{
	hub_set(eng, cmd->hub, cmd->place.root, cmd->place.vice);
}

static void add_trunk(struct engine *eng, struct command *cmd)
{
	hub_add_trunk(eng, cmd->hub, cmd->added);
}

static void remove_trunk(struct engine *eng, struct command *cmd)
{
	hub_remove_trunk(eng, cmd->trunk);
}

static void must_hear(struct engine *eng, struct command *cmd)
{
	(void)eng;
	mix_leg_set_must(cmd->ses->leg, cmd->must);
	if (cmd->ses->talk)
		cmd->ses->talk->talker.must = cmd->must;
}

static void hub_message(struct engine *eng, struct command *cmd)
{
	struct message *msg = cmd->letter.message;

	hub_send(cmd->hub, cmd->letter.to, msg->text, msg->size);
	engine_retire(eng, &msg->retiree, OBJECT_MESSAGE, msg);
}

static void (*const handlers[COMMANDS])(struct engine *eng,
					struct command *cmd) = {
	[COMMAND_ADD_MIX] = add_mix,
	[COMMAND_REMOVE_MIX] = remove_mix,
	[COMMAND_ADD_GATE] = add_gate,
	[COMMAND_REMOVE_GATE] = remove_gate,
	[COMMAND_ADD_SESSION] = add_session,
	[COMMAND_REMOVE_SESSION] = remove_session,
	[COMMAND_ADMIT] = admit,
	[COMMAND_MUTE] = mute,
	[COMMAND_DEAFEN] = deafen,
	[COMMAND_SET_GAIN] = set_gain,
	[COMMAND_MESSAGE] = message,
	[COMMAND_REDIRECT] = redirect,
	[COMMAND_SEND_DTLS] = send_dtls,
	[COMMAND_SET_KEYS] = set_keys,
	[COMMAND_RESTART_ICE] = restart_ice,
	[COMMAND_WEBSOCKET_CLOSED] = websocket_closed,
	[COMMAND_DETACH] = detach,
	[COMMAND_ATTACH] = attach,
	[COMMAND_FORGET_ROUTE] = forget_route,
	[COMMAND_ADD_HUB] = add_hub,
	[COMMAND_REMOVE_HUB] = remove_hub,
	[COMMAND_SET_HUB] = set_hub,
	[COMMAND_ADD_TRUNK] = add_trunk,
	[COMMAND_REMOVE_TRUNK] = remove_trunk,
	[COMMAND_MUST_HEAR] = must_hear,
	[COMMAND_HUB_MESSAGE] = hub_message,
	[COMMAND_SET_TAP] = play_set_tap,
	[COMMAND_PLAY] = play_add,
	[COMMAND_HUSH] = play_hush,
};

/* Bounded by the rings' sizes even while they are being filled. */
void engine_apply(struct engine *eng, uint64_t now_us)
{
	eng->now_us = now_us;
	for (int i = 0; i < COMMAND_SLOTS; i++) {
		struct command cmd;

		if (!ring_pop(eng->commands, &cmd))
			break;
		handlers[cmd.kind](eng, &cmd);
	}
	for (int i = 0; i < PACKET_SLOTS; i++)
		if (!take_websocket(eng))
			break;
	relay_take_updates(eng);
	relay_take_packets(eng, now_us);
	trunk_take_rings(eng, now_us);
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
