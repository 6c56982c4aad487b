#include "loadgen/control.h"

#include <errno.h>
#include <string.h>

static int put(struct control *ctl, struct control_message *msg,
	       const void *json, size_t size)
{
	if (!size || size > sizeof(msg->json))
		return -EMSGSIZE;
	msg->open = true;
	msg->id = ++ctl->last_id;
	msg->size = size;
	memcpy(msg->json, json, size);
	return 0;
}

int control_say(struct control *ctl, enum control_kind kind, const char *json)
{
	struct control_message *msg = &ctl->messages[kind];
	int ret = put(ctl, msg, json, strlen(json));

	if (!ret && ctl->sent == msg)
		ctl->sent = NULL;
	return ret;
}

int control_queue(struct control *ctl, const uint8_t *json, size_t size)
{
	unsigned end = (ctl->first + ctl->waiting) % CONTROL_QUEUE;
	int ret;

	if (ctl->waiting == CONTROL_QUEUE)
		return -ENOBUFS;
	ret = put(ctl, &ctl->queue[end], json, size);
	if (!ret)
		ctl->waiting++;
	return ret;
}

static struct control_message *next_open(struct control *ctl)
{
	for (unsigned i = 0; i < CONTROL_KINDS; i++)
		if (ctl->messages[i].open)
			return &ctl->messages[i];
	return ctl->waiting ? &ctl->queue[ctl->first] : NULL;
}

/* The one under way is acknowledged, or given up. */
static void finish(struct control *ctl)
{
	ctl->sent->open = false;
	if (ctl->sent == &ctl->queue[ctl->first]) {
		ctl->first = (ctl->first + 1) % CONTROL_QUEUE;
		ctl->waiting--;
	}
	ctl->sent = NULL;
}

const struct control_message *control_due(struct control *ctl, uint64_t now_us)
{
	if (ctl->sent && now_us >= ctl->sent->until_us)
		finish(ctl);
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
	if (ctl->sent && ctl->sent->id == id)
		finish(ctl);
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
