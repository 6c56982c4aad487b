#include "loadgen/script.h"

#include <math.h>
#include <string.h>

#include "loadgen/chirp.h"
#include "loadgen/tone.h"

#define FADE	 480   /* samples: 10 ms */
#define HUM_HZ	 300.0 /* below every tone of the plan */
#define HUM_STEP 50.0
#define HUM	 0.05

unsigned script_talkers(const struct script *script)
{
	return script->callers < SCRIPT_TALKERS ? script->callers
						: SCRIPT_TALKERS;
}

unsigned script_turns(const struct script *script)
{
	unsigned talkers = script_talkers(script);

	return (script->callers + talkers - 1) / talkers;
}

uint64_t script_chirp_at(unsigned place)
{
	return SCRIPT_LEAD + SCRIPT_TONES + SCRIPT_GAP +
	       (uint64_t)place * SCRIPT_SLOT;
}

uint64_t script_turn_length(const struct script *script)
{
	return script_chirp_at(script_talkers(script));
}

unsigned script_turn_of(const struct script *script, unsigned n)
{
	return n / script_talkers(script);
}

unsigned script_place_of(const struct script *script, unsigned n)
{
	return n % script_talkers(script);
}

static double faded(int64_t at)
{
	int64_t edge = at < SCRIPT_TONES - at ? at : SCRIPT_TONES - at;

	if (edge >= FADE)
		return 1;
	return 0.5 - 0.5 * cos(M_PI * (double)edge / FADE);
}

/* at: from the start of the turn. */
static double sample(const struct tone_pair *pair, unsigned place, int64_t at)
{
	int64_t tones = at - SCRIPT_LEAD;
	int64_t slot = at - (int64_t)script_chirp_at(place);
	double t = (double)tones / SCRIPT_RATE;

	if (tones >= 0 && tones < SCRIPT_TONES)
		return faded(tones) * SCRIPT_TONE *
		       (sin(2 * M_PI * pair->low * t) +
			sin(2 * M_PI * pair->high * t));
	return SCRIPT_CHIRP * chirp_at((double)slot / SCRIPT_RATE);
}

bool script_speak(const struct script *script, unsigned who, uint64_t at,
		  int16_t *pcm_r, unsigned n)
{
	const struct tone_pair pair = tone_plan(who);
	const uint64_t length = script_turn_length(script);
	const unsigned turns = script_turns(script);
	bool spoke = false;

	for (unsigned i = 0; i < n; i++) {
		uint64_t turn = (at + i) / length;
		double value = 0;

		if (turn % turns == script_turn_of(script, who))
			value = sample(&pair, script_place_of(script, who),
				       (int64_t)((at + i) % length));
		if (value != 0 && !spoke) {
			memset(pcm_r, 0, n * sizeof(*pcm_r));
			spoke = true;
		}
		if (spoke)
			pcm_r[i] = (int16_t)lrint(value * 32767);
	}
	return spoke;
}

void script_hum(unsigned who, uint64_t at, int16_t *pcm_r, unsigned n)
{
	double hz = HUM_HZ - HUM_STEP * who;

	for (unsigned i = 0; i < n; i++) {
		double t = (double)((at + i) % SCRIPT_RATE) / SCRIPT_RATE;

		pcm_r[i] = (int16_t)lrint(HUM * 32767 * sin(2 * M_PI * hz * t));
	}
}
