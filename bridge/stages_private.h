/* What stages.c, stage.c and stage_hub.c share; see stages.h. */
#ifndef BRIDGE_STAGES_PRIVATE_H
#define BRIDGE_STAGES_PRIVATE_H

#include "bridge/stages.h"
#include "bridge/workers.h"

/* All tables are the control thread's. */
struct stages {
	struct workers *workers;
	guint *sessions; /* on each worker */
	guint sessions_per_gate, gates_offered, bitrate;
	guint gates_taken; /* those with legs that are no standbys */
	GStrv public_addresses;
	char *websocket_url;
	GHashTable *gates; /* id of an open gate => how many have it */
};

struct gate {
	struct phonegate *gate; /* the worker's */
	char id[64];
	guint legs;
	guint taken; /* by legs that are no standbys */
};

struct stage {
	struct stages *sts;
	guint worker;
	guint guests;
	struct mix *mix;	   /* the worker's */
	struct hub *hub;	   /* the worker's, or NULL */
	struct config_sound sound; /* as it was opened with */
	GPtrArray *gates;
	GPtrArray *legs;
};

struct leg {
	struct session *ses; /* the worker's */
	struct stage *stage;
	struct gate *gate;
	guint32 member;
	gboolean standby; /* counts for no gate */
};

struct worker *stage_thread(const struct stage *stage);
/* To and from the stage's worker: workers_add() and workers_remove(). */
int stage_add(struct stage *stage, struct addition what);
void stage_remove(struct stage *stage, struct removal what);
/* As the room's sound wants it. */
void stage_set_sound(const struct stage *stage, struct mix_leg_config *leg);

#endif
