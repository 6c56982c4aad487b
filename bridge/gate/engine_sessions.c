/* How sessions are found, join a mix, get their path, and end. */
#include "bridge/gate/hub_private.h"

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
