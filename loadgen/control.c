#include "loadgen/control.h"

#include <errno.h>
#include <string.h>

int control_say(struct control *ctl, const char *json, uint64_t now_us)
{
	size_t size = strlen(json);

	if (size > sizeof(ctl->json))
		return -EMSGSIZE;
	ctl->id++;
	ctl->open = true;
	ctl->size = size;
	ctl->due_us = now_us;
	ctl->until_us = now_us + CONTROL_GIVE_UP_US;
	memcpy(ctl->json, json, size);
	return 0;
}

bool control_due(struct control *ctl, uint64_t now_us)
{
	if (!ctl->open || now_us < ctl->due_us)
		return false;
	if (now_us >= ctl->until_us) {
		ctl->open = false;
		return false;
	}
	ctl->due_us = now_us + CONTROL_REPEAT_US;
	return true;
}

void control_acked(struct control *ctl, uint32_t id)
{
	if (id == ctl->id)
		ctl->open = false;
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
