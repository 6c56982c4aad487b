#include "bridge/gate/hub_private.h"

#include <string.h>

#define REPEAT_US  200000u  /* as in-band control, docs/ipsp.md */
#define GIVE_UP_US 5000000u /* the same */

static void drop_first(struct post *post)
{
	post->first = (post->first + 1) % POST_MESSAGES;
	post->n--;
	post->first_us = post->due_us = 0;
}

void post_add(struct post *post, const struct trunk_message *msg)
{
	unsigned at;

	if (msg->size > TRUNK_MAX_MESSAGE)
		return;
	if (post->n == POST_MESSAGES)
		drop_first(post);
	at = (post->first + post->n++) % POST_MESSAGES;
	post->messages[at].id = ++post->next_id;
	post->messages[at].to = msg->to;
	post->messages[at].from = msg->from;
	post->messages[at].hops = msg->hops;
	post->messages[at].size = msg->size;
	memcpy(post->messages[at].text, msg->text, msg->size);
}

bool post_due(struct post *post, struct trunk_message *msg_r, uint64_t now_us)
{
	while (post->n && post->first_us &&
	       now_us - post->first_us > GIVE_UP_US)
		drop_first(post);
	if (!post->n || now_us < post->due_us)
		return false;
	if (!post->first_us)
		post->first_us = now_us;
	post->due_us = now_us + REPEAT_US;
	*msg_r = (struct trunk_message){
		.id = post->messages[post->first].id,
		.to = post->messages[post->first].to,
		.from = post->messages[post->first].from,
		.hops = post->messages[post->first].hops,
		.text = post->messages[post->first].text,
		.size = post->messages[post->first].size,
	};
	return true;
}

void post_acked(struct post *post, uint32_t id)
{
	if (post->n && post->first_us && post->messages[post->first].id == id)
		drop_first(post);
}

bool post_has_seen(const struct post *post, uint32_t id)
{
	unsigned n = post->n_seen < POST_SEEN ? post->n_seen : POST_SEEN;

	for (unsigned i = 0; i < n; i++)
		if (post->seen[i] == id)
			return true;
	return false;
}

void post_remember(struct post *post, uint32_t id)
{
	post->seen[post->n_seen++ % POST_SEEN] = id;
}
