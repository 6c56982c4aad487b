#include "mixer/reception.h"

#include <errno.h>

#define MAX_DROPOUT  3000 /* packets ahead and behind, RFC 3550 A.1 */
#define MAX_MISORDER 100
#define SKIP_AHEAD   64		  /* packets that can be noted */
#define MAX_PACKET   5760	  /* 120 ms, 1/48000 s */
#define FIRST_LAP    (1ull << 32) /* room for a timestamp before the first */

int replay_check(const struct replay_window *win, uint64_t index)
{
	uint64_t age;

	if (!win->started || index > win->newest)
		return 0;
	age = win->newest - index;
	if (age >= RECEPTION_WINDOW)
		return -ESTALE;
	return win->seen[age / 64] >> (age % 64) & 1 ? -EALREADY : 0;
}

static void window_shift(struct replay_window *win, uint64_t n)
{
	if (n >= RECEPTION_WINDOW) {
		win->seen[0] = win->seen[1] = 0;
	} else if (n >= 64) {
		win->seen[1] = win->seen[0] << (n - 64);
		win->seen[0] = 0;
	} else if (n) {
		win->seen[1] = win->seen[1] << n | win->seen[0] >> (64 - n);
		win->seen[0] <<= n;
	}
}

void replay_add(struct replay_window *win, uint64_t index)
{
	uint64_t age;

	if (!win->started || index > win->newest) {
		window_shift(win, win->started ? index - win->newest
					       : RECEPTION_WINDOW);
		win->newest = index;
		win->started = true;
	}
	age = win->newest - index;
	if (age < RECEPTION_WINDOW)
		win->seen[age / 64] |= 1ull << (age % 64);
}

uint64_t reception_index(const struct reception *rec, uint16_t sequence)
{
	uint64_t newest = rec->window.newest;
	int16_t step = (int16_t)(uint16_t)(sequence - (uint16_t)newest);

	if (!rec->window.started)
		return sequence;
	/* Before the first lap there is nothing: take the next one. */
	if (step < 0 && newest < (uint64_t)-step)
		return newest + (uint16_t)step;
	return newest + (uint64_t)(int64_t)step;
}

int reception_plausible(struct reception *rec, uint64_t *index_r)
{
	uint64_t newest = rec->window.newest, index = *index_r;

	if (!rec->window.started ||
	    (index <= newest ? newest - index < MAX_MISORDER
			     : index - newest < MAX_DROPOUT)) {
		rec->bad_index = 0;
		return 0;
	}
	if (!rec->bad_index || index != rec->bad_index) {
		rec->bad_index = index + 1;
		return -EALREADY;
	}
	rec->bad_index = 0;
	if (index < newest)
		index += 1ull << 16;
	*index_r = index;
	rec->base = index;
	rec->received = rec->received_prior = rec->expected_prior = 0;
	burst_jump(&rec->burst, index);
	return 1;
}

/* The bit that stands for a skipped packet; 0: too old or too far ahead. */
static uint64_t skip_bit(const struct reception *rec, uint64_t index)
{
	uint64_t newest = rec->window.newest;

	return index > newest && index - newest <= SKIP_AHEAD
		       ? 1ull << (index - newest - 1)
		       : 0;
}

bool reception_was_skipped(const struct reception *rec, uint64_t index)
{
	return rec->skips.noted & skip_bit(rec, index);
}

bool reception_may_skip(const struct reception *rec, uint64_t index,
			uint64_t now_us)
{
	const struct reception_skips *skips = &rec->skips;

	return rec->window.started && now_us >= skips->disputed_us &&
	       skips->run < RECEPTION_SKIP_RUN - 1 &&
	       now_us - skips->last_us <= RECEPTION_PAUSE_US &&
	       skip_bit(rec, index) && !reception_was_skipped(rec, index);
}

void reception_skip(struct reception *rec, uint64_t index, size_t size,
		    uint64_t now_us)
{
	struct reception_skips *skips = &rec->skips;
	uint64_t bit = skip_bit(rec, index);

	skips->noted |= bit;
	skips->trusted |= bit;
	skips->bytes += size;
	skips->run++;
	skips->last_us = now_us;
}

void reception_dispute(struct reception *rec, uint64_t now_us)
{
	struct reception_skips *skips = &rec->skips;

	skips->disputed_us = now_us + RECEPTION_DISPUTE_US;
	skips->in_doubt |= skips->trusted != 0;
	skips->trusted = skips->bytes = 0;
}

static uint64_t shift_out(uint64_t bits, uint64_t n)
{
	return n < SKIP_AHEAD ? bits >> n : 0;
}

/* An authentic packet covers what was skipped before it. */
static void settle_skips(struct reception *rec, uint64_t index, uint64_t now_us)
{
	struct reception_skips *skips = &rec->skips;
	uint64_t newest = rec->window.newest, step = index - newest;

	if (reception_was_skipped(rec, index)) /* now it came twice */
		reception_dispute(rec, now_us);
	if (skips->in_doubt)
		rec->base += step - 1 < SKIP_AHEAD ? step - 1 : SKIP_AHEAD;
	for (unsigned i = 0; i < SKIP_AHEAD && i + 1 < step; i++) {
		if (skips->noted >> i & 1)
			replay_add(&rec->window, newest + 1 + i);
		if (skips->trusted >> i & 1) {
			rec->received++;
			burst_received(&rec->burst, newest + 1 + i);
		}
	}
	if (skips->in_doubt)
		burst_jump(&rec->burst, index);
	skips->noted = shift_out(skips->noted, step);
	skips->trusted = shift_out(skips->trusted, step);
	rec->bytes += skips->bytes;
	skips->bytes = 0;
	skips->in_doubt = false;
}

uint64_t reception_add(struct reception *rec, uint64_t index,
		       uint32_t timestamp, size_t size, uint64_t now_us)
{
	bool first = !rec->window.started;
	uint64_t extended;
	int64_t transit, step;

	if (first) {
		rec->base = index;
		rec->timestamp = FIRST_LAP | timestamp;
	}
	extended = rec->timestamp +
		   (uint64_t)(int64_t)(int32_t)(timestamp -
						(uint32_t)rec->timestamp);
	if (!first && index == rec->window.newest + 1 &&
	    extended > rec->timestamp &&
	    extended - rec->timestamp <= MAX_PACKET)
		rec->packet = (unsigned)(extended - rec->timestamp);
	if (first || index > rec->window.newest)
		rec->timestamp = extended;
	if (!first && index > rec->window.newest)
		settle_skips(rec, index, now_us);
	burst_received(&rec->burst, index);
	replay_add(&rec->window, index);
	rec->received++;
	rec->bytes += size;
	rec->skips.run = 0;
	rec->skips.last_us = now_us;

	/* RFC 3550 A.8, arrival in units of the media clock. */
	transit = (int64_t)(now_us / 1000 * 48 + now_us % 1000 * 48 / 1000) -
		  (int64_t)extended;
	step = transit - rec->transit;
	rec->transit = transit;
	if (!first)
		rec->jitter +=
			((double)(step < 0 ? -step : step) - rec->jitter) / 16;
	return extended;
}

uint64_t reception_expected(const struct reception *rec)
{
	return rec->window.started ? rec->window.newest - rec->base + 1 : 0;
}

int64_t reception_lost(const struct reception *rec)
{
	return (int64_t)reception_expected(rec) - (int64_t)rec->received;
}

double reception_interval_loss(struct reception *rec)
{
	int64_t exp = (int64_t)(reception_expected(rec) - rec->expected_prior);
	int64_t got = (int64_t)(rec->received - rec->received_prior);

	rec->expected_prior = reception_expected(rec);
	rec->received_prior = rec->received;
	return exp > got && exp > 0 ? (double)(exp - got) / (double)exp : 0;
}
