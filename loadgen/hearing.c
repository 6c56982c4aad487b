#include "loadgen/hearing.h"

#include <math.h>

#include "loadgen/tone.h"

/* Of the tones' time, the part that is heard at any delay up to 250 ms. */
#define SETTLE	  (SCRIPT_RATE / 4)
#define EAR_RATIO (SCRIPT_RATE / EAR_RATE)

static uint64_t time_of(uint64_t start_us, uint64_t samples)
{
	return start_us + samples * 1000000 / SCRIPT_RATE;
}

/* The wait of the packet in which the chirp's middle came. */
static double wait_ms(const struct ear *listener, uint64_t said_us,
		      double delay_ms)
{
	double middle_us = (delay_ms + CHIRP_MS / 2.0) * 1000;

	return ear_wait_us(listener, said_us + (uint64_t)middle_us) / 1000.0;
}

static double weaker_tone(const int16_t *pcm, size_t n, unsigned talker,
			  bool own)
{
	const struct tone_pair pair = tone_plan(talker);
	double (*measure)(const int16_t *pcm, size_t n, double rate,
			  double hz) = own ? tone_steady : tone_amplitude;
	double low = measure(pcm, n, EAR_RATE, pair.low);
	double high = measure(pcm, n, EAR_RATE, pair.high);

	return tone_db(fmin(low, high) / SCRIPT_TONE);
}

struct hearing hearing_of(const struct script *script, uint64_t start_us,
			  unsigned round, const struct ear *listener,
			  unsigned talker, bool own, const struct chirp *chirp)
{
	struct hearing hearing = { .delay_ms = -1 };
	uint64_t turn = (uint64_t)round * script_turns(script) +
			script_turn_of(script, talker);
	uint64_t begin = turn * script_turn_length(script);
	uint64_t tones = begin + SCRIPT_LEAD + SETTLE;
	uint64_t slot =
		begin + script_chirp_at(script_place_of(script, talker));
	size_t n = (SCRIPT_TONES - SETTLE) / EAR_RATIO;
	size_t m = SCRIPT_SLOT / EAR_RATIO;
	const int16_t *pcm = ear_at(listener, time_of(start_us, tones), n);
	const int16_t *mark = ear_at(listener, time_of(start_us, slot), m);
	struct chirp_found found;

	if (!pcm || !mark)
		return hearing;
	hearing.complete = true;
	hearing.tone_db = weaker_tone(pcm, n, talker, own);
	found = chirp_find(chirp, mark, m);
	hearing.chirp_db = tone_db(found.amplitude / SCRIPT_CHIRP);
	if (found.correlation < HEARING_MATCH)
		return hearing;
	hearing.delay_ms = found.lag_ms;
	hearing.added_ms =
		found.lag_ms - HEARING_TALKER_MS -
		wait_ms(listener, time_of(start_us, slot), found.lag_ms);
	return hearing;
}

struct hearing hearing_worse(struct hearing a, struct hearing b, bool own)
{
	double (*worse)(double, double) = own ? fmax : fmin;

	return (struct hearing){
		.complete = a.complete && b.complete,
		.tone_db = worse(a.tone_db, b.tone_db),
		.chirp_db = worse(a.chirp_db, b.chirp_db),
		.delay_ms = a.delay_ms < 0 || b.delay_ms < 0
				    ? -1
				    : fmax(a.delay_ms, b.delay_ms),
		.added_ms = fmax(a.added_ms, b.added_ms),
	};
}

bool hearing_is_heard(const struct hearing *hearing)
{
	return hearing->complete && hearing->tone_db >= HEARING_HEARD_DB &&
	       hearing->delay_ms >= 0;
}

bool hearing_is_silent(const struct hearing *hearing)
{
	return hearing->complete && hearing->tone_db <= HEARING_SELF_TONE_DB &&
	       hearing->chirp_db <= HEARING_SELF_DB;
}
