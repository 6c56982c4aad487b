#include "bridge/gate/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#define BUCKETS	      2048
#define COMMAND_SLOTS 1024
#define EVENT_SLOTS   2048 /* 1000 sessions report in one second */
#define MESSAGE_SLOTS 128
#define PACKET_SLOTS  512

int engine_create(struct engine **eng_r,
		  void (*flush)(struct outbox *box, void *arg), void *arg)
{
	struct engine *eng = calloc(1, sizeof(*eng));
	uint8_t random[8 + 25] = { 0 };
	uint64_t seed;
	int r = 0;

	if (!eng)
		return -ENOMEM;
	eng->outbox.flush = flush;
	eng->outbox.arg = arg;
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
	if (r)
		engine_destroy(&eng);
	else
		*eng_r = eng;
	return r;
}

static void retire(struct engine *eng, struct retiree *ret,
		   enum object_kind kind, void *object)
{
	ret->next = NULL;
	ret->kind = kind;
	ret->object = object;
	*eng->retiring_end = ret;
	eng->retiring_end = &ret->next;
}

/* Not RT: what was never removed. */
static void free_rest(struct engine *eng)
{
	while (eng->sessions) {
		struct session *ses = eng->sessions;

		eng->sessions = ses->next;
		session_destroy(&ses);
	}
	while (eng->gates) {
		struct phonegate *gate = eng->gates;

		eng->gates = gate->next;
		phonegate_destroy(&gate);
	}
	while (eng->mixes) {
		struct engine_mix *entry = eng->mixes;

		eng->mixes = entry->next;
		mix_destroy(&entry->mix);
		free(entry);
	}
}

void engine_destroy(struct engine **engp)
{
	struct engine *eng = *engp;

	*engp = NULL;
	if (!eng)
		return;
	for (struct session *ses = eng->sessions; ses; ses = ses->next)
		engine_end_session(eng, ses);
	free_rest(eng);
	lookup_fini(&eng->by_name);
	lookup_fini(&eng->by_path);
	ring_destroy(&eng->commands);
	ring_destroy(&eng->packets_down);
	ring_destroy(&eng->events);
	ring_destroy(&eng->messages);
	ring_destroy(&eng->packets_up);
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
	eng->owing = true;
}

void engine_forget_candidate(struct engine *eng, struct session *ses)
{
	lookup_remove(&eng->by_path, &ses->by_candidate);
	ses->candidate.kind = PATH_NONE;
}

static void forget_path(struct engine *eng, struct session *ses)
{
	lookup_remove(&eng->by_path, &ses->by_path);
	ses->path.kind = PATH_NONE;
}

void engine_end_session(struct engine *eng, struct session *ses)
{
	if (ses->joined) {
		mix_leave(ses->gate->mix, ses->leg);
		ses->gate->entry->joined--;
	}
	ses->joined = false;
	ses->gone = true;
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

void engine_adopt_path(struct engine *eng, struct session *ses,
		       const struct path *path, uint64_t now_us)
{
	struct path proven = *path; /* may be the candidate, soon forgotten */
	uint8_t key[PATH_KEY_SIZE];
	uint64_t hash;

	if (!ses->joined &&
	    (!ses->gate->entry || mix_join(ses->gate->mix, ses->leg)))
		return;
	if (!ses->joined) {
		ses->joined = true;
		ses->gate->entry->joined++;
		ses->rtcp_due_us = now_us + session_random(ses) % 1000000;
	}
	path_key(&proven, key);
	hash = lookup_hash(&eng->by_path, key, sizeof(key));
	take_path_from_others(eng, &proven, hash);
	engine_forget_candidate(eng, ses);
	ses->path = proven;
	lookup_insert(&eng->by_path, &ses->by_path, hash, ses);
	ses->moves++;
	ses->consent_us = now_us;
	ses->heard = false;
	engine_owe(eng, ses, OWED_REGISTERED);
}

static void add_mix(struct engine *eng, struct command *cmd)
{
	cmd->entry->next = eng->mixes;
	eng->mixes = cmd->entry;
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
	retire(eng, &entry->retiree, OBJECT_MIX, entry);
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
	retire(eng, &cmd->gate->retiree, OBJECT_GATE, cmd->gate);
}

static void add_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	lookup_insert(&eng->by_name, &ses->by_name,
		      lookup_hash(&eng->by_name, ses->username,
				  strlen(ses->username)),
		      ses);
	ses->report_due_us = eng->now_us + session_random(ses) % 1000000;
	ses->previous = NULL;
	ses->next = eng->sessions;
	if (ses->next)
		ses->next->previous = ses;
	eng->sessions = ses;
	count(&eng->counters.sessions, 1);
}

static void remove_session(struct engine *eng, struct command *cmd)
{
	struct session *ses = cmd->ses;

	gate_media_bye(eng, ses, eng->now_us);
	engine_end_session(eng, ses);
	ses->owed = 0; /* who removes it knows that it is gone */
	if (ses->next)
		ses->next->previous = ses->previous;
	*(ses->previous ? &ses->previous->next : &eng->sessions) = ses->next;
	retire(eng, &ses->retiree, OBJECT_SESSION, ses);
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

static void message(struct engine *eng, struct command *cmd)
{
	(void)eng;
	session_queue_message(cmd->ses, cmd->text, cmd->size);
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

	/* What it sent before it closed is older than its close. */
	while (eng->packets_popped < cmd->packets_before && take_websocket(eng))
		;
	for (struct session *ses = eng->sessions; ses; ses = ses->next) {
		if (path_equal(&ses->candidate, &path))
			engine_forget_candidate(eng, ses);
		if (!path_equal(&ses->path, &path))
			continue;
		ses->why = GONE_PATH;
		engine_owe(eng, ses, OWED_GONE);
		engine_end_session(eng, ses);
	}
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
	[COMMAND_MESSAGE] = message,
	[COMMAND_WEBSOCKET_CLOSED] = websocket_closed,
};

/* Bounded by the rings' sizes even while they are being filled. */
void engine_apply(struct engine *eng, uint64_t now_us)
{
	eng->now_us = now_us;
	for (int i = 0; i < COMMAND_SLOTS; i++) {
		if (!ring_pop(eng->commands, &eng->command))
			break;
		handlers[eng->command.kind](eng, &eng->command);
	}
	for (int i = 0; i < PACKET_SLOTS; i++)
		if (!take_websocket(eng))
			break;
}

void engine_packet(struct engine *eng, const struct path *from, uint8_t *buf,
		   size_t size, uint64_t now_us)
{
	enum packet_kind kind = packet_kind(buf, size);

	count(&eng->counters.packets_in, 1);
	count(&eng->counters.bytes_in, size);
	if (kind == PACKET_STUN)
		registration_packet(eng, from, buf, size, now_us);
	else if (kind == PACKET_RTP || kind == PACKET_RTCP)
		gate_media_packet(eng, from, kind, buf, size, now_us);
	else
		count(&eng->counters.malformed, 1);
}

void engine_tick(struct engine *eng, uint64_t now_us, unsigned missed)
{
	count(&eng->counters.ticks, 1);
	for (struct engine_mix *entry = eng->mixes; entry; entry = entry->next)
		if (entry->joined)
			mix_tick(entry->mix);
	for (struct session *ses = eng->sessions; ses; ses = ses->next)
		gate_media_tick(eng, ses, now_us, missed);
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
	bool told;

	outbox_flush(&eng->outbox);
	if (eng->owing) {
		bool all = true;

		for (struct session *ses = eng->sessions; ses && all;
		     ses = ses->next)
			all = tell_owed(eng, ses);
		eng->owing = !all;
	}
	tell_retired(eng);
	told = eng->told;
	eng->told = false;
	return told;
}

bool engine_busy(const struct engine *eng)
{
	return eng->sessions || eng->owing || eng->retiring;
}
