#include "bridge/gate/private.h"

#include <stdlib.h>
#include <string.h>

#define REPEAT_US  200000u  /* docs/ipsp.md, "In-band control" */
#define GIVE_UP_US 5000000u /* the same */

struct message *message_create(const char *text, size_t size)
{
	struct message *msg = calloc(1, sizeof(*msg) + size);

	if (!msg)
		return NULL;
	msg->size = size;
	memcpy(msg->text, text, size);
	return msg;
}

static void drop_first(struct engine *eng, struct session *ses)
{
	struct message *msg = ses->messages;

	ses->messages = msg->next;
	ses->n_messages--;
	engine_retire(eng, &msg->retiree, OBJECT_MESSAGE, msg);
	if (ses->messages)
		return;
	ses->messages_end = &ses->messages;
	links_remove(&ses->messaging);
}

void message_queue(struct engine *eng, struct session *ses, struct message *msg)
{
	if (ses->n_messages == MESSAGES_MAX)
		drop_first(eng, ses);
	msg->id = ses->next_id++;
	*ses->messages_end = msg;
	ses->messages_end = &msg->next;
	ses->n_messages++;
	links_append(&eng->messaging, &ses->messaging, ses);
}

/* One at a time, each until it is acknowledged: mute and unmute must not
 * overtake each other. */
struct message *message_due(struct engine *eng, struct session *ses,
			    uint64_t now_us)
{
	struct message *msg;

	while ((msg = ses->messages) && msg->first_us &&
	       now_us - msg->first_us > GIVE_UP_US)
		drop_first(eng, ses);
	return msg && now_us >= msg->due_us ? msg : NULL;
}

void message_sent(struct message *msg, uint64_t now_us)
{
	if (!msg->first_us)
		msg->first_us = now_us;
	msg->due_us = now_us + REPEAT_US;
}

void message_acked(struct engine *eng, struct session *ses, uint32_t id)
{
	struct message *msg = ses->messages;

	if (msg && msg->first_us && msg->id == id)
		drop_first(eng, ses);
}
