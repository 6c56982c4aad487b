#include "bridge/recording/notice.h"

#include <math.h>
#include <stdlib.h>

#define RATE	  48000
#define TONE	  9600	 /* samples: 200 ms */
#define EDGE	  480	 /* in which it swells and dies: 10 ms */
#define AMPLITUDE 4000.0 /* -18 dBFS: heard beside a voice, no shock */

static void put_tone(gint16 *pcm, double hz)
{
	for (guint i = 0; i < TONE; i++) {
		guint edge = MIN(MIN(i, TONE - 1 - i), EDGE);

		pcm[i] = (gint16)lrint(AMPLITUDE * edge / EDGE *
				       sin(2 * G_PI * hz * i / RATE));
	}
}

static struct clip *tones(double first, double second)
{
	const gsize n = (gsize)2 * TONE;
	gint16 *pcm = malloc(n * sizeof(*pcm));
	struct clip *clip = NULL;

	if (!pcm)
		return NULL;
	put_tone(pcm, first);
	put_tone(pcm + TONE, second);
	return clip_create(&clip, pcm, n) ? NULL : clip;
}

struct clip *notice_begins(void)
{
	return tones(NOTICE_LOW, NOTICE_HIGH);
}

struct clip *notice_ends(void)
{
	return tones(NOTICE_HIGH, NOTICE_LOW);
}
