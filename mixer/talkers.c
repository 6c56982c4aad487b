#include "mixer/talkers.h"

#include <math.h>
#include <stddef.h>

#define SINK	 0.5f  /* dB that a score loses in a frame */
#define PAUSE	 15    /* frames: a longer silence is not within a sentence */
#define LOUDER	 6.0f  /* dB that a seat is worth */
#define PRESSING 25    /* frames that who wants a seat must be louder */
#define GAP	 12.0f /* dB below his score: between two words */
#define NO_GAP	 75    /* frames after which no gap is waited for */
#define BOTTOM	 (-127.0f)

void talkers_init(struct talkers *tks, struct talker **seats, unsigned size)
{
	*tks = (struct talkers){ .seats = seats, .size = size, .limit = size };
}

void talker_reset(struct talker *who)
{
	*who = (struct talker){ .level = BOTTOM,
				.score = BOTTOM,
				.silent = TALKERS_HANGOVER,
				.must = who->must };
}

void talker_note(struct talker *who, float level_dbov)
{
	who->level = level_dbov;
	who->score = fmaxf(level_dbov, who->score - SINK);
	if (level_dbov > TALKERS_SILENCE)
		who->silent = 0;
	else
		who->silent++;
}

static bool is_quieter(const struct talker *a, const struct talker *b)
{
	return a->must != b->must ? b->must : a->score < b->score;
}

/* Who gives way first: the longest silent, or the quietest. */
static struct talker *weakest(const struct talkers *tks)
{
	struct talker *silent = tks->seats[0], *quiet = silent;

	for (unsigned i = 1; i < tks->n; i++) {
		struct talker *it = tks->seats[i];

		if (it->silent > silent->silent)
			silent = it;
		if (is_quieter(it, quiet))
			quiet = it;
	}
	return silent->silent >= PAUSE ? silent : quiet;
}

bool talkers_full(const struct talkers *tks)
{
	return tks->n >= tks->limit && weakest(tks)->silent < PAUSE;
}

static bool gives_way(const struct talker *it, struct talker *who)
{
	if (it->silent >= PAUSE)
		return true;
	if (it->must || who->must)
		return !it->must;
	if (it->score < TALKERS_TALK && who->level > TALKERS_TALK)
		return true;
	if (who->score < it->score + LOUDER) {
		who->pressing = 0;
		return false;
	}
	who->pressing++;
	return who->pressing >= NO_GAP ||
	       (who->pressing >= PRESSING && it->level < it->score - GAP);
}

bool talkers_admit(const struct talkers *tks, struct talker *who)
{
	if (who->seat)
		return true;
	if (who->silent) {
		who->pressing = 0;
		return false;
	}
	return tks->n < tks->limit || gives_way(weakest(tks), who);
}

void talkers_rise(struct talkers *tks, struct talker *who)
{
	struct talker *last;

	if (!who->seat)
		return;
	last = tks->seats[--tks->n];
	tks->seats[who->seat - 1] = last;
	last->seat = who->seat;
	who->seat = 0;
	who->pressing = 0;
}

static void sit(struct talkers *tks, struct talker *who)
{
	tks->seats[tks->n++] = who;
	who->seat = tks->n;
	who->pressing = 0;
}

bool talkers_seat(struct talkers *tks, struct talker *who)
{
	if (who->seat) {
		if (who->silent >= TALKERS_HANGOVER)
			talkers_rise(tks, who);
		return who->seat;
	}
	if (!talkers_admit(tks, who))
		return false;
	if (tks->n >= tks->limit)
		talkers_rise(tks, weakest(tks));
	sit(tks, who);
	return true;
}

void talkers_limit(struct talkers *tks, unsigned limit)
{
	tks->limit = limit < 1 ? 1 : limit > tks->size ? tks->size : limit;
	while (tks->n > tks->limit)
		talkers_rise(tks, weakest(tks));
}
