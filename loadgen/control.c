#include "loadgen/control.h"

#include <errno.h>
#include <string.h>

int control_say(struct control *ctl, enum control_kind kind, const char *json)
{
	struct control_message *msg = &ctl->messages[kind];
	size_t size = strlen(json);

	if (size > sizeof(msg->json))
		return -EMSGSIZE;
	if (ctl->sent == msg)
		ctl->sent = NULL;
	msg->open = true;
	msg->id = ++ctl->last_id;
	msg->size = size;
	msg->until_us = 0;
	memcpy(msg->json, json, size);
	return 0;
}

static struct control_message *next_open(struct control *ctl)
{
	for (unsigned i = 0; i < CONTROL_KINDS; i++)
		if (ctl->messages[i].open)
			return &ctl->messages[i];
	return NULL;
}

const struct control_message *control_due(struct control *ctl, uint64_t now_us)
{
	if (ctl->sent && now_us >= ctl->sent->until_us) {
		ctl->sent->open = false;
		ctl->sent = NULL;
	}
	if (!ctl->sent) {
		ctl->sent = next_open(ctl);
		if (!ctl->sent)
			return NULL;
		ctl->sent->until_us = now_us + CONTROL_GIVE_UP_US;
		ctl->due_us = now_us;
	}
	if (now_us < ctl->due_us)
		return NULL;
	ctl->due_us = now_us + CONTROL_REPEAT_US;
	return ctl->sent;
}

void control_acked(struct control *ctl, uint32_t id)
{
	if (!ctl->sent || ctl->sent->id != id)
		return;
	ctl->sent->open = false;
	ctl->sent = NULL;
}

bool control_is_new(struct control *ctl, uint32_t id)
{
	unsigned kept = ctl->n_seen < CONTROL_SEEN ? ctl->n_seen : CONTROL_SEEN;

	for (unsigned i = 0; i < kept; i++)
		if (ctl->seen[i] == id)
			return false;
	ctl->seen[ctl->n_seen++ % CONTROL_SEEN] = id;
	return true;
}
