/* A stage as a node of its room's tree: see stages.h. */
#include "bridge/stages_private.h"

gboolean stage_set_hub(struct stage *stage, struct hub_config *cfg)
{
	cfg->talkers = stage->sound.talkers;
	cfg->guests = stage->guests;
	cfg->leg = leg_defaults().leg;
	stage_set_sound(stage, &cfg->leg);
	if (hub_create(&stage->hub, cfg))
		return FALSE;
	if (stage_add(stage, (struct addition){ .mix = stage->mix,
						.hub = stage->hub })) {
		hub_destroy(&stage->hub);
		return FALSE;
	}
	return TRUE;
}

void stage_set_root(struct stage *stage, gboolean root, gboolean vice)
{
	if (worker_set_hub(stage_thread(stage), stage->hub, root, vice))
		g_critical("media: worker %u did not take what a hub is to be",
			   stage->worker);
}

gboolean stage_add_trunk(struct stage *stage, struct trunk *trk)
{
	if (!stage_add(stage,
		       (struct addition){ .hub = stage->hub, .trunk = trk }))
		return TRUE;
	trunk_destroy(&trk);
	return FALSE;
}

void stage_remove_trunk(struct stage *stage, struct trunk *trk)
{
	stage_remove(stage, (struct removal){ .trunk = trk });
}
