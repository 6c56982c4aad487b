#include "mixer/agc.h"

#include <math.h>

#define FRAMES 50.0f /* a second */

#define NOTHING	   -90.0f	   /* dBov: a pause that was not sent (DTX) */
#define FLOOR	   -64.0f	   /* dBov: the floor is never below */
#define STANDS_OUT 9.0f		   /* dB above the floor: speech */
#define FLOOR_UP   (3.0f / FRAMES) /* dB a frame; down at once */
#define GAIN_UP	   (3.0f / FRAMES)
#define GAIN_DOWN  (12.0f / FRAMES)
#define SETTLED	   100u /* frames: the mean looks back two seconds */

void agc_init(struct agc *agc)
{
	*agc = (struct agc){ .floor = FLOOR };
}

static int is_speech(struct agc *agc, float level)
{
	if (level < NOTHING)
		return 0;
	agc->floor = fmaxf(fminf(agc->floor + FLOOR_UP, level), FLOOR);
	return level > agc->floor + STANDS_OUT;
}

static void measure(struct agc *agc, float level)
{
	float power = powf(10.0f, level / 10.0f);

	if (agc->heard < SETTLED)
		agc->heard++;
	agc->power += (power - agc->power) / (float)agc->heard;
}

float agc_run(struct agc *agc, float level_dbov)
{
	float aim, move;

	if (!is_speech(agc, level_dbov))
		return agc->gain;
	measure(agc, level_dbov);
	aim = AGC_TARGET - 10.0f * log10f(agc->power);
	aim = fminf(fmaxf(aim, -AGC_RANGE), AGC_RANGE);
	move = fminf(fmaxf(aim - agc->gain, -GAIN_DOWN), GAIN_UP);
	agc->gain += move;
	return agc->gain;
}
