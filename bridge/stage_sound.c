/* What is taken from a stage's sound and what is added to it: see stages.h. */
#include "bridge/stages_private.h"

/* For so many seconds the disk may take nothing. */
#define TAP_S 5
/* Who is heard in a tick beside the mix: the seats, and who fades out. Where
 * everybody is heard, seldom more speak at once; then the time is shorter. */
#define TAP_FADING 3
#define TAP_MANY   16

#define PATIENCE_MS 100

struct tap *stage_make_tap(const struct stage *stage)
{
	const guint talkers =
		stage->sound.talkers ? stage->sound.talkers : TAP_MANY;
	struct tap *tap = NULL;

	tap_create(&tap, stage->sound.stereo ? 2 : 1,
		   (gsize)TAP_S * 50 * (talkers + TAP_FADING + 1));
	return tap;
}

gboolean stage_set_tap(struct stage *stage, struct tap *tap)
{
	int result = worker_set_tap(stage_thread(stage), stage->mix, tap);

	/* The end of a recording must not be lost. */
	for (int i = 0; i < PATIENCE_MS && result; i++) {
		g_usleep(1000);
		result = worker_set_tap(stage_thread(stage), stage->mix, tap);
	}
	if (result)
		g_critical("media: worker %u did not take a recording's tap",
			   stage->worker);
	return !result;
}

gboolean stage_play(struct stage *stage, struct clip *clip)
{
	if (!worker_play(stage_thread(stage), stage->mix, clip))
		return TRUE;
	clip_destroy(&clip);
	return FALSE;
}

void stage_hush(struct stage *stage)
{
	worker_hush(stage_thread(stage), stage->mix);
}
