/* relay - rooms that moved to another worker. Their callers were told the
 * address of the worker where they joined, their home, and keep sending to
 * it: home hands each packet to the worker that is away, which answers from
 * home's socket. So the callers notice nothing.
 *
 * Home knows them by routes: a name, a path, a candidate. Away, where paths
 * are proven, tells home each change. */
#include "bridge/gate/private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PACKET_SLOTS 512
#define UPDATE_SLOTS 512

int relay_create(struct relay **rly_r, struct worker *home, struct worker *away)
{
	struct relay *rly = calloc(1, sizeof(*rly));
	int r;

	if (!rly)
		return -ENOMEM;
	rly->home = home;
	rly->away = away;
	rly->home_fd = home->control_fd;
	rly->away_fd = away->control_fd;
	rly->first_port = home->first_port;
	for (unsigned i = 0; i < WORKER_MAX_LISTEN; i++)
		rly->fds[i] = home->ports[i].fd;
	r = ring_create(&rly->packets, PACKET_SLOTS,
			sizeof(struct relay_packet));
	if (!r)
		r = ring_create(&rly->updates, UPDATE_SLOTS,
				sizeof(struct relay_update));
	if (r)
		relay_destroy(&rly);
	else
		*rly_r = rly;
	return r;
}

void relay_destroy(struct relay **rlyp)
{
	struct relay *rly = *rlyp;

	*rlyp = NULL;
	if (!rly)
		return;
	ring_destroy(&rly->packets);
	ring_destroy(&rly->updates);
	free(rly);
}

/* A browser's session may get another name. */
static void name_route(struct engine *eng, struct route *route,
		       const char username[STUN_MAX_USERNAME])
{
	if (route->by_name.linked && !strcmp(route->username, username))
		return;
	memcpy(route->username, username, sizeof(route->username));
	lookup_insert(&eng->routes_by_name, &route->by_name,
		      lookup_hash(&eng->routes_by_name, route->username,
				  strlen(route->username)),
		      route);
}

/* Leaving home. */

static void add_route(struct engine *eng, struct route *route,
		      struct session *ses, struct relay *rly)
{
	route->relay = rly;
	name_route(eng, route, ses->username);
	route->next = eng->routes;
	route->previous = NULL;
	if (route->next)
		route->next->previous = route;
	eng->routes = route;
	ses->route = route;
	ses->relay = rly;
	relay_place(eng, route, &ses->path, &ses->candidate);
}

static void place_one(struct engine *eng, struct route *route,
		      struct lookup_node *node, struct path *of,
		      const struct path *at)
{
	uint8_t key[PATH_KEY_SIZE];

	*of = *at;
	if (at->kind == PATH_NONE) {
		lookup_remove(&eng->routes_by_path, node);
		return;
	}
	path_key(at, key);
	lookup_insert(&eng->routes_by_path, node,
		      lookup_hash(&eng->routes_by_path, key, sizeof(key)),
		      route);
}

void relay_place(struct engine *eng, struct route *route,
		 const struct path *path, const struct path *candidate)
{
	place_one(eng, route, &route->by_path, &route->path, path);
	place_one(eng, route, &route->by_candidate, &route->candidate,
		  candidate);
}

static void link_home(struct engine *eng, struct relay *rly)
{
	struct relay *one = eng->relays_home;

	while (one && one != rly)
		one = one->next_home;
	if (one)
		return;
	rly->next_home = eng->relays_home;
	eng->relays_home = rly;
}

static void link_away(struct engine *eng, struct relay *rly)
{
	struct relay *one = eng->relays_away;

	while (one && one != rly)
		one = one->next_away;
	if (one)
		return;
	rly->next_away = eng->relays_away;
	eng->relays_away = rly;
	memcpy(eng->fds + rly->first_port, rly->fds, sizeof(rly->fds));
}

static void take_gates(struct engine *eng, struct move *mov)
{
	struct phonegate **at = &eng->gates;

	while (*at) {
		struct phonegate *gate = *at;

		if (gate->entry != mov->entry) {
			at = &gate->next;
			continue;
		}
		*at = gate->next;
		gate->next = mov->gates;
		mov->gates = gate;
	}
}

static void detach_session(struct engine *eng, struct session *ses,
			   struct move *mov)
{
	struct route *route = mov->routes;

	lookup_remove(&eng->by_name, &ses->by_name);
	lookup_remove(&eng->by_path, &ses->by_path);
	lookup_remove(&eng->by_path, &ses->by_candidate);
	links_remove(&ses->beat);
	links_remove(&ses->messaging);
	links_remove(&ses->owing);
	count(&eng->counters.sessions, (uint64_t)-1);
	/* Nobody is asked for who is gone. */
	if (ses->gone || !route)
		return;
	mov->routes = route->next;
	add_route(eng, route, ses, mov->relay);
}

void relay_detach(struct engine *eng, struct move *mov)
{
	struct engine_mix **at = &eng->mixes;
	struct session *ses;

	while (*at && (*at)->mix != mov->mix)
		at = &(*at)->next;
	/* Its trunks' peers know this worker's address. */
	mov->entry = *at && (*at)->hub ? NULL : *at;
	if (mov->entry) {
		*at = mov->entry->next;
		take_gates(eng, mov);
		link_home(eng, mov->relay);
		for (ses = links_next(&mov->entry->sessions); ses;
		     ses = links_next(&ses->in_room))
			detach_session(eng, ses, mov);
	}
	/* From here on the room is the control thread's. */
	atomic_store_explicit(&mov->detached, true, memory_order_release);
}

/* Arriving away. */

static void attach_session(struct engine *eng, struct session *ses)
{
	uint8_t key[PATH_KEY_SIZE];

	count(&eng->counters.sessions, 1);
	if (ses->owed)
		links_append(&eng->owing, &ses->owing, ses);
	if (ses->gone)
		return;
	ses->joined_tick = eng->tick;
	lookup_insert(&eng->by_name, &ses->by_name,
		      lookup_hash(&eng->by_name, ses->username,
				  strlen(ses->username)),
		      ses);
	path_key(&ses->path, key);
	if (ses->path.kind != PATH_NONE)
		lookup_insert(&eng->by_path, &ses->by_path,
			      lookup_hash(&eng->by_path, key, sizeof(key)),
			      ses);
	path_key(&ses->candidate, key);
	if (ses->candidate.kind != PATH_NONE)
		lookup_insert(&eng->by_path, &ses->by_candidate,
			      lookup_hash(&eng->by_path, key, sizeof(key)),
			      ses);
	if (ses->messages)
		links_append(&eng->messaging, &ses->messaging, ses);
	engine_first_beat(eng, ses);
}

void relay_attach(struct engine *eng, struct move *mov)
{
	struct session *ses;

	link_away(eng, mov->relay);
	engine_add_room(eng, mov->entry);
	while (mov->gates) {
		struct phonegate *gate = mov->gates;

		mov->gates = gate->next;
		gate->next = eng->gates;
		eng->gates = gate;
	}
	for (ses = links_next(&mov->entry->sessions); ses;
	     ses = links_next(&ses->in_room))
		attach_session(eng, ses);
	engine_retire(eng, &mov->retiree, OBJECT_MOVE, mov);
}

/* Packets, at home. */

static struct route *route_by_name(struct engine *eng, const uint8_t *buf,
				   size_t size)
{
	struct stun_message msg;
	struct lookup_node *node;

	if (stun_decode(&msg, buf, size))
		return NULL;
	node = lookup_first(&eng->routes_by_name,
			    lookup_hash(&eng->routes_by_name, msg.username,
					strlen(msg.username)));
	while (node && strcmp(node->route->username, msg.username))
		node = lookup_next(node);
	return node ? node->route : NULL;
}

static struct route *route_by_path(struct engine *eng, const struct path *from)
{
	uint8_t key[PATH_KEY_SIZE];
	struct lookup_node *node;

	path_key(from, key);
	node = lookup_first(
		&eng->routes_by_path,
		lookup_hash(&eng->routes_by_path, key, sizeof(key)));
	while (node && !path_equal(&node->route->path, from) &&
	       !path_equal(&node->route->candidate, from))
		node = lookup_next(node);
	return node ? node->route : NULL;
}

bool relay_packet(struct engine *eng, const struct path *from,
		  enum packet_kind kind, const uint8_t *buf, size_t size)
{
	struct relay_packet *pkt = &eng->relayed;
	struct route *route = kind == PACKET_STUN
				      ? route_by_name(eng, buf, size)
				      : route_by_path(eng, from);

	if (!route)
		return false;
	pkt->from = *from;
	pkt->size = size;
	memcpy(pkt->buf, buf, size);
	if (ring_push(route->relay->packets, pkt))
		route->relay->wake_away = true;
	else
		count(&eng->counters.dropped, 1);
	return true;
}

void relay_take_updates(struct engine *eng)
{
	struct relay_update upd;

	for (struct relay *rly = eng->relays_home; rly; rly = rly->next_home)
		for (int i = 0; i < UPDATE_SLOTS; i++) {
			if (!ring_pop(rly->updates, &upd))
				break;
			name_route(eng, upd.route, upd.username);
			relay_place(eng, upd.route, &upd.path, &upd.candidate);
		}
}

void relay_forget(struct engine *eng, struct route *route)
{
	/* Away has told its last of this route before it was to be forgotten;
	 * none of that may come after. */
	relay_take_updates(eng);
	lookup_remove(&eng->routes_by_name, &route->by_name);
	lookup_remove(&eng->routes_by_path, &route->by_path);
	lookup_remove(&eng->routes_by_path, &route->by_candidate);
	if (route->next)
		route->next->previous = route->previous;
	*(route->previous ? &route->previous->next : &eng->routes) =
		route->next;
	engine_retire(eng, &route->retiree, OBJECT_ROUTE, route);
}

/* And away. */

void relay_take_packets(struct engine *eng, uint64_t now_us)
{
	for (struct relay *rly = eng->relays_away; rly; rly = rly->next_away)
		for (int i = 0; i < PACKET_SLOTS; i++) {
			struct relay_packet *pkt = &eng->relayed;

			if (!ring_pop(rly->packets, pkt))
				break;
			engine_take(eng, &pkt->from, pkt->buf, pkt->size,
				    now_us);
		}
}

bool relay_tell(struct session *ses)
{
	struct relay_update upd = { .route = ses->route,
				    .path = ses->path,
				    .candidate = ses->candidate };

	memcpy(upd.username, ses->username, sizeof(upd.username));
	if (!ring_push(ses->relay->updates, &upd))
		return false;
	ses->relay->wake_home = true;
	return true;
}
