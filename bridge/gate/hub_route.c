/* hub_route - messages of control from hub to hub. A hub learns the way to
 * another from what comes from there; to one that it does not know, and to
 * all, it sends over every other trunk: in a tree nothing comes twice. */
#include "bridge/gate/hub_private.h"

#include <string.h>

static struct trunk *way_to(const struct hub *hub, uint32_t id)
{
	for (unsigned i = 0; i < HUB_WAYS; i++)
		if (hub->ways[i].trunk && hub->ways[i].id == id)
			return hub->ways[i].trunk;
	return NULL;
}

static void learn(struct hub *hub, uint32_t id, struct trunk *trk)
{
	for (unsigned i = 0; i < HUB_WAYS; i++)
		if (hub->ways[i].trunk && hub->ways[i].id == id) {
			hub->ways[i].trunk = trk;
			return;
		}
	hub->ways[hub->n_ways % HUB_WAYS].id = id;
	hub->ways[hub->n_ways % HUB_WAYS].trunk = trk;
	hub->n_ways++;
}

void hub_forget_ways(struct hub *hub, const struct trunk *trk)
{
	for (unsigned i = 0; i < HUB_WAYS; i++)
		if (hub->ways[i].trunk == trk)
			hub->ways[i].trunk = NULL;
}

static bool is_in_use(const struct hub *hub, const struct trunk *trk)
{
	return trk->state == TRUNK_UP &&
	       (trk->role == TRUNK_CHILD || trk == hub->up);
}

static void send_on(struct hub *hub, const struct trunk *from,
		    const struct trunk_message *msg)
{
	struct trunk *way = msg->to ? way_to(hub, msg->to) : NULL;
	struct trunk_message next = *msg;

	next.hops++;
	for (struct trunk *trk = hub->trunks; trk; trk = trk->next)
		if (trk != from && is_in_use(hub, trk) && (!way || trk == way))
			post_add(&trk->post, &next);
}

static bool deliver(struct engine *eng, struct hub *hub,
		    const struct trunk_message *msg)
{
	eng->message.member = hub->tag;
	eng->message.hub = true;
	eng->message.from = msg->from;
	eng->message.size = msg->size;
	memcpy(eng->message.text, msg->text, msg->size);
	if (!ring_push(eng->messages, &eng->message))
		return false;
	eng->told = true;
	return true;
}

/* Taken first, then acknowledged: what found no room the peer sends again. */
void hub_route(struct engine *eng, struct trunk *trk,
	       const struct trunk_message *msg)
{
	struct hub *hub = trk->hub;
	uint8_t ack[TRUNK_ENTRY_HEADER + 4];
	bool mine = !msg->to || msg->to == hub->id;

	if (msg->size > TRUNK_MAX_MESSAGE || !is_in_use(hub, trk))
		return;
	if (!post_has_seen(&trk->post, msg->id)) {
		if (mine && !deliver(eng, hub, msg))
			return;
		post_remember(&trk->post, msg->id);
		learn(hub, msg->from, trk);
		if (msg->to != hub->id && msg->hops < TRUNK_MAX_HOPS)
			send_on(hub, trk, msg);
	}
	trunk_say(eng, trk, ack, trunk_encode_ack(msg->id, ack, sizeof(ack)),
		  false);
}

void hub_send(struct hub *hub, uint32_t to, const uint8_t *text, size_t size)
{
	const struct trunk_message msg = {
		.to = to, .from = hub->id, .text = text, .size = size
	};

	send_on(hub, NULL, &msg);
}
