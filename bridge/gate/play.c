/* play - what the control thread gives a room to hear, and what takes the
 * room's sound away to a recorder. Clips are played one after the other; each
 * retires when it is over. */
#include "bridge/gate/private.h"

#include <stdlib.h>

void play_set_tap(struct engine *eng, struct command *cmd)
{
	struct engine_mix *entry = engine_find_mix(eng, cmd->mix);

	if (entry)
		mix_set_tap(entry->mix, cmd->tap);
	else if (cmd->tap)
		tap_close(cmd->tap);
}

void play_add(struct engine *eng, struct command *cmd)
{
	struct engine_mix *entry = engine_find_mix(eng, cmd->mix);
	struct engine_clip **at;

	if (!entry) {
		engine_retire(eng, &cmd->clip->retiree, OBJECT_CLIP, cmd->clip);
		return;
	}
	at = &entry->clips;
	while (*at)
		at = &(*at)->next;
	cmd->clip->next = NULL;
	*at = cmd->clip;
	mix_set_clip(entry->mix, entry->clips->clip);
}

/* Takes the first one away. */
static void drop(struct engine *eng, struct engine_mix *entry)
{
	struct engine_clip *first = entry->clips;

	entry->clips = first->next;
	mix_set_clip(entry->mix, entry->clips ? entry->clips->clip : NULL);
	engine_retire(eng, &first->retiree, OBJECT_CLIP, first);
}

void play_hush(struct engine *eng, struct command *cmd)
{
	struct engine_mix *entry = engine_find_mix(eng, cmd->mix);
	struct engine_clip *first = entry ? entry->clips : NULL;

	if (!first)
		return;
	/* Nobody has heard anything of those that wait. */
	while (first->next) {
		struct engine_clip *next = first->next;

		first->next = next->next;
		engine_retire(eng, &next->retiree, OBJECT_CLIP, next);
	}
	clip_stop(first->clip);
}

void play_ticked(struct engine *eng, struct engine_mix *entry)
{
	if (entry->clips && clip_is_over(entry->clips->clip))
		drop(eng, entry);
}

void play_end(struct engine *eng, struct engine_mix *entry)
{
	mix_set_tap(entry->mix, NULL);
	while (entry->clips)
		drop(eng, entry);
}

void play_free(struct engine_clip *clip)
{
	clip_destroy(&clip->clip);
	free(clip);
}
