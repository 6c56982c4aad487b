#include "mixer/clip.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/place.h"
#include "mixer/sum.h"

#define FRAME 960 /* samples: 20 ms */

struct clip {
	int16_t *pcm; /* {const} */
	size_t n;     /* {const} */
	size_t at;    /* the next to be played */
	bool stopping;
	int32_t part[2 * FRAME];
};

int clip_create(struct clip **clip_r, int16_t *pcm, size_t n)
{
	struct clip *clip = n ? calloc(1, sizeof(*clip)) : NULL;

	if (!clip) {
		free(pcm);
		return n ? -ENOMEM : -EINVAL;
	}
	clip->pcm = pcm;
	clip->n = n;
	*clip_r = clip;
	return 0;
}

void clip_destroy(struct clip **clipp)
{
	struct clip *clip = *clipp;

	*clipp = NULL;
	if (!clip)
		return;
	free(clip->pcm);
	free(clip);
}

void clip_add(struct clip *clip, int32_t *sum, int channels)
{
	const size_t n =
		clip->n - clip->at < FRAME ? clip->n - clip->at : FRAME;
	const int16_t *pcm = clip->pcm + clip->at;
	const int32_t to = clip->stopping ? 0 : SUM_UNITY;

	if (!n)
		return;
	if (channels == 2)
		sum_pan(clip->part, pcm, n, place_gain(0, SUM_UNITY),
			place_gain(0, to));
	else
		sum_scale(clip->part, pcm, n, SUM_UNITY, to);
	sum_add(sum, clip->part, n * (size_t)channels);
	clip->at = clip->stopping ? clip->n : clip->at + n;
}

void clip_stop(struct clip *clip)
{
	clip->stopping = true;
}

bool clip_is_over(const struct clip *clip)
{
	return clip->at == clip->n;
}
