#include "mixer/jitter.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <speex/speex_jitter.h>

#define UNIT	 24	   /* 1/48000 s: time runs in 1/2000 s */
#define MS	 2	   /* units */
#define STEP	 (20 * MS) /* units: delay moves by so much */
#define MAX_SPAN 5760	   /* 1/48000 s: the longest Opus packet */

/* SpeexDSP's name for our time 0: its 32 bits wrap 8 s later, so that this is
 * tried every day and not first after 24 of them. */
#define ORIGIN 0xffffc000u

/* After so long with nothing to play the talker is taken to pause, and the
 * next packet starts a new spurt. Below the 20 misses after which SpeexDSP
 * would restart by itself and forget where it was. */
#define IDLE_AFTER (10 * STEP)
/* A jump of the time line is believed when nothing was played for so long,
 * and packets in a row have said so for so many ticks. */
#define STARVED	    (3 * STEP)
#define STRAY_TICKS 4

/* SpeexDSP counts timings over 100 * 40 / RATE packets: 100, thus 2 s. What
 * a late frame costs then has to be told, per percent of late packets. */
#define MAX_LATE_RATE 40
#define LATE_COST     STEP

/* Ticks that a shorter delay waits for a quiet frame. */
#define QUIET_WAIT 25

/* The largest depth is taken over this many ticks, twice. */
#define DEPTH_TICKS 25

#define LOSS_FRAMES 256.0f /* the mean loss is taken over about so many */
#define LOSS_UP	    0.02f  /* from here on one frame more is kept */
#define LOSS_DOWN   0.005f /* until here */

struct slot {
	bool used;
	struct jitter *owner;
	uint64_t sequence;
	int64_t time; /* units */
	int span;     /* units */
	unsigned samples;
	size_t size;
	uint8_t payload[JITTER_MAX_PAYLOAD];
};

enum phase {
	IDLE, /* nothing to play: before the first packet, or a pause */
	HOLD, /* packets are there, their time has not come */
	PLAY,
};

struct jitter {
	JitterBuffer *speex;
	int min, max; /* {const} units */
	struct slot *slots;
	unsigned n_slots;	/* {const} */
	const struct slot *out; /* at the caller until the next call */
	bool reloading;		/* the destroy callback must keep the slots */

	enum phase phase;
	bool based;	 /* base is known */
	uint64_t base;	 /* the RTP timestamp of our time 0 */
	int64_t now;	 /* units: what the next get plays */
	uint64_t tick;	 /* ticks since create */
	int hold;	 /* units until HOLD ends */
	int insert;	 /* units of SpeexDSP's insertion still to fill */
	int missed;	 /* units since the last packet was played */
	bool dtx;	 /* the last packet announced a pause */
	uint64_t after;	 /* sequence that follows the last played packet */
	int waiting;	 /* ticks since the delay was reviewed */
	unsigned unsure; /* frames without a packet: lost, or a pause */
	float loss;	 /* 0..1 */
	bool lossy;
	struct slot late; /* not of the pool: teaches SpeexDSP a timing */

	uint64_t newest; /* sequence */
	uint64_t seen;	 /* bit i: newest - i was put */
	bool any_seen;

	bool strayed;	      /* the last packet was off the time line */
	uint64_t stray_last;  /* its sequence */
	uint64_t stray_since; /* tick of the first in a row */

	int depth, last_depth; /* units: largest in the last two windows */
	struct jitter_report count;
};

static struct slot *slot_of(void *payload)
{
	return (struct slot *)((char *)payload -
			       offsetof(struct slot, payload));
}

/* SpeexDSP is done with a packet, or gives it up. */
static void release(void *payload)
{
	struct slot *slot = slot_of(payload);

	if (!slot->owner->reloading)
		slot->used = false;
}

static void set_margin(struct jitter *jit)
{
	spx_int32_t margin = jit->min + (jit->lossy ? STEP : 0);

	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_MARGIN, &margin);
}

static int open_speex(struct jitter *jit)
{
	spx_int32_t rate = MAX_LATE_RATE, cost = LATE_COST, unit = 1;
	union {
		void (*call)(void *);
		void *pointer;
	} destroy = { .call = release };

	jit->speex = jitter_buffer_init(STEP);
	if (!jit->speex)
		return -ENOMEM;
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_DESTROY_CALLBACK,
			  destroy.pointer);
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_MAX_LATE_RATE, &rate);
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_LATE_COST, &cost);
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_CONCEALMENT_SIZE,
			  &unit);
	/* The first call turns off adjustment behind our back. */
	jitter_buffer_update_delay(jit->speex, NULL, NULL);
	set_margin(jit);
	return 0;
}

int jitter_create(struct jitter **jit_r, const struct jitter_config *cfg)
{
	struct jitter *jit;
	int ret = -ENOMEM;

	if (cfg->min_ms < 0 || cfg->min_ms > 200 || cfg->max_ms < 60 ||
	    cfg->max_ms > 1000 || cfg->max_ms < cfg->min_ms)
		return -EINVAL;
	jit = calloc(1, sizeof(*jit));
	if (!jit)
		return -ENOMEM;

	jit->min = cfg->min_ms * MS;
	jit->max = cfg->max_ms * MS;
	/* Room for all of the delay in 20 ms packets, and some. */
	jit->n_slots = (unsigned)cfg->max_ms / 20 + 16;
	jit->slots = calloc(jit->n_slots, sizeof(*jit->slots));
	if (!jit->slots)
		goto fail;
	for (unsigned i = 0; i < jit->n_slots; i++)
		jit->slots[i].owner = jit;
	jit->late.owner = jit;
	ret = open_speex(jit);
	if (ret < 0)
		goto fail;
	*jit_r = jit;
	return 0;

fail:
	jitter_destroy(&jit);
	return ret;
}

void jitter_destroy(struct jitter **jitp)
{
	struct jitter *jit = *jitp;

	*jitp = NULL;
	if (!jit)
		return;
	if (jit->speex)
		jitter_buffer_destroy(jit->speex);
	free(jit->slots);
	free(jit);
}

void jitter_reset(struct jitter *jit)
{
	jitter_buffer_reset(jit->speex);
	jit->phase = IDLE;
	jit->based = false;
	jit->unsure = 0;
	jit->out = NULL;
	jit->any_seen = false;
	jit->strayed = false;
	jit->dtx = false;
	jit->depth = jit->last_depth = 0;
}

/* Where SpeexDSP stands, as our time. */
static void follow(struct jitter *jit)
{
	uint32_t at = (uint32_t)jitter_buffer_get_pointer_timestamp(jit->speex);

	jit->now += (int32_t)(at - (uint32_t)(jit->now + ORIGIN));
}

static void hand_over(struct jitter *jit, struct slot *slot)
{
	JitterBufferPacket pkt = {
		.data = (char *)slot->payload,
		.len = (spx_uint32_t)slot->size,
		.timestamp = (spx_uint32_t)(slot->time + ORIGIN),
		.span = (spx_uint32_t)slot->span,
		.sequence = (spx_uint16_t)slot->sequence,
	};

	jitter_buffer_put(jit->speex, &pkt);
}

/* The packet in the pool that is played first, or NULL. */
static const struct slot *first_slot(const struct jitter *jit)
{
	const struct slot *first = NULL;

	for (unsigned i = 0; i < jit->n_slots; i++) {
		const struct slot *slot = &jit->slots[i];

		if (slot->used && slot->time + slot->span > jit->now &&
		    (!first || slot->time < first->time))
			first = slot;
	}
	return first;
}

static struct slot *free_slot(struct jitter *jit)
{
	for (unsigned i = 0; i < jit->n_slots; i++)
		if (!jit->slots[i].used && &jit->slots[i] != jit->out)
			return &jit->slots[i];
	return NULL;
}

static void idle(struct jitter *jit)
{
	jitter_buffer_reset(jit->speex);
	jit->phase = IDLE;
}

/* A talk spurt begins at `time`; it is played after `hold` units, a whole
 * number of steps. What waits in the pool for then stays. */
static void begin(struct jitter *jit, int64_t time, int hold)
{
	jit->phase = HOLD;
	jit->hold = hold - hold % STEP;
	jit->now = time - jit->hold;
	jit->insert = 0;
	jit->missed = 0;
	jit->waiting = 0;

	jit->reloading = true;
	jitter_buffer_reset(jit->speex);
	jit->reloading = false;
	for (unsigned i = 0; i < jit->n_slots; i++) {
		struct slot *slot = &jit->slots[i];

		if (slot->used && slot->time + slot->span > jit->now)
			hand_over(jit, slot);
		else
			slot->used = false;
	}
}

/* The receiver's half of RFC 3711 3.3.2, for paths that have no SRTP. */
static bool is_double(struct jitter *jit, uint64_t sequence)
{
	int64_t step = (int64_t)(sequence - jit->newest);

	if (!jit->any_seen || step > 63 || step < -63) {
		/* Also a restarted sender, whose numbers say nothing here. */
		jit->any_seen = true;
		jit->newest = sequence;
		jit->seen = 1;
		return false;
	}
	if (step > 0) {
		jit->newest = sequence;
		jit->seen = jit->seen << step | 1;
		return false;
	}
	if (jit->seen >> -step & 1)
		return true;
	jit->seen |= (uint64_t)1 << -step;
	return false;
}

static int64_t time_of(const struct jitter *jit, uint64_t timestamp)
{
	int64_t diff = (int64_t)(timestamp - jit->base);

	return diff >= 0 ? diff / UNIT : -((-(diff + 1)) / UNIT) - 1;
}

static int largest_depth(const struct jitter *jit)
{
	return jit->depth > jit->last_depth ? jit->depth : jit->last_depth;
}

/* Off the time line: far too late or too early. What a stall held back looks
 * so too, but comes at once; a sender that restarted, or a path that became
 * much longer, goes on so, and then it is the new time line. */
static bool is_stray(struct jitter *jit, uint64_t sequence, int64_t time)
{
	int64_t ahead = time - jit->now;
	bool starved = jit->phase != PLAY || jit->missed >= STARVED;
	bool goes_on = jit->strayed && sequence - jit->stray_last - 1 < 16;

	if (ahead >= -jit->max && ahead <= jit->max + 2 * STEP) {
		jit->strayed = false;
		return false;
	}
	if (goes_on && starved && jit->tick - jit->stray_since >= STRAY_TICKS) {
		idle(jit);
		jit->strayed = false;
		jit->based = false;
		jit->unsure = 0;
		return false;
	}
	if (!goes_on)
		jit->stray_since = jit->tick;
	jit->strayed = true;
	jit->stray_last = sequence;
	return true;
}

/* SpeexDSP learns how late it was and keeps nothing of it. */
static void teach(struct jitter *jit, int64_t time, int span)
{
	jit->late.time = time;
	jit->late.span = span;
	hand_over(jit, &jit->late);
}

/* Puts a packet that is in the pool on the time line. */
static void schedule(struct jitter *jit, struct slot *slot)
{
	int64_t ahead = slot->time - jit->now;

	if (jit->phase != IDLE) {
		hand_over(jit, slot);
		return;
	}
	/* After a pause with the delay that was kept before it, but no more
	 * than that. */
	if (ahead > largest_depth(jit))
		ahead = largest_depth(jit);
	begin(jit, slot->time, ahead > 0 ? (int)ahead : 0);
}

int jitter_put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       unsigned samples, const uint8_t *payload, size_t size)
{
	int span = (int)(samples / UNIT);
	struct slot *slot;
	int64_t time;

	if (!size || size > JITTER_MAX_PAYLOAD || samples < UNIT ||
	    samples > MAX_SPAN)
		return -EMSGSIZE;
	jit->count.put++;
	if (is_double(jit, sequence)) {
		jit->count.duplicate++;
		return -EEXIST;
	}
	if (jit->based && is_stray(jit, sequence, time_of(jit, timestamp))) {
		jit->count.late++;
		return -ESTALE;
	}
	if (!jit->based) {
		jit->based = true;
		jit->base = timestamp;
		jit->now = -jit->min;
		jit->depth = jit->min;
	}
	time = time_of(jit, timestamp);
	if (jit->phase == PLAY && time + span <= jit->now) {
		teach(jit, time, span);
		jit->count.late++;
		return -ESTALE;
	}

	slot = free_slot(jit);
	if (!slot) {
		jit->count.overflow++;
		return -ENOBUFS;
	}
	slot->used = true;
	slot->sequence = sequence;
	slot->time = time;
	slot->span = span;
	slot->samples = samples;
	slot->size = size;
	memcpy(slot->payload, payload, size);
	schedule(jit, slot);
	return 0;
}

static void count_loss(struct jitter *jit, bool lost)
{
	float limit = jit->lossy ? LOSS_DOWN : LOSS_UP;

	jit->loss += ((lost ? 1.0f : 0.0f) - jit->loss) / LOSS_FRAMES;
	if (jit->lossy == (jit->loss > limit))
		return;
	jit->lossy = !jit->lossy;
	set_margin(jit);
}

/* Plays a packet of which the time before `from` has passed. */
static enum jitter_result play(struct jitter *jit, struct slot *slot,
			       int64_t from, struct jitter_frame *frame_r)
{
	/* Only now is it known whether what was not there had been sent. A
	 * gap counts as one loss: FEC can fill one frame of it. */
	count_loss(jit, jit->unsure && jit->after != slot->sequence);
	for (; jit->unsure && jit->after != slot->sequence; jit->after++) {
		jit->unsure--;
		jit->count.missing++;
	}
	jit->unsure = 0;

	slot->used = false;
	jit->out = slot;
	jit->after = slot->sequence + 1;
	jit->missed = 0;
	jit->count.played++;
	frame_r->payload = slot->payload;
	frame_r->size = slot->size;
	frame_r->samples = slot->samples;
	if (slot->time < from) {
		unsigned skip = (unsigned)(from - slot->time) * UNIT;

		frame_r->skip = skip - skip % 120;
	}

	/* RFC 7587 3.1.3, opus.h: one or two bytes hold no sound. */
	jit->dtx = slot->size <= 2;
	return jit->dtx ? JITTER_SILENCE : JITTER_PACKET;
}

/* Nothing to play at this moment. */
static enum jitter_result gap(struct jitter *jit, struct jitter_frame *frame_r)
{
	const struct slot *next = first_slot(jit);
	int64_t ahead = next ? next->time - jit->now : 0;
	bool pause = jit->dtx || (next && next->sequence == jit->after);

	jit->missed += (int)frame_r->samples / UNIT;
	if (jit->missed >= IDLE_AFTER && next)
		begin(jit, next->time, ahead > 0 ? (int)ahead : 0);
	else if (jit->missed >= IDLE_AFTER)
		idle(jit);
	if (pause)
		return JITTER_SILENCE;

	jit->unsure++;
	if (!next || ahead || next->samples != frame_r->samples)
		return JITTER_LOST;
	frame_r->payload = next->payload;
	frame_r->size = next->size;
	return JITTER_FEC;
}

/* What SpeexDSP may be asked for: never more than up to the end of the packet
 * that it will give. It would print a warning, in a tick. */
static int ask(const struct jitter *jit, int span)
{
	const struct slot *first = first_slot(jit);
	int64_t rest = first ? first->time + first->span - jit->now : span;

	return rest < span ? (int)rest : span;
}

static enum jitter_result get_speex(struct jitter *jit,
				    struct jitter_frame *frame_r)
{
	int span = ask(jit, (int)frame_r->samples / UNIT);
	JitterBufferPacket pkt = { .data = NULL };
	int64_t from = jit->now;
	spx_int32_t offset;
	int ret = jitter_buffer_get(jit->speex, &pkt, span, &offset);

	follow(jit);
	if (ret == JITTER_BUFFER_OK && slot_of(pkt.data) != &jit->late)
		return play(jit, slot_of(pkt.data), from, frame_r);
	if (ret != JITTER_BUFFER_INSERTION)
		return gap(jit, frame_r);

	/* SpeexDSP makes the delay longer by standing still. */
	jit->insert = (int)pkt.span - span;
	jit->missed += span;
	return jit->dtx ? JITTER_SILENCE : JITTER_LOST;
}

enum jitter_result jitter_get(struct jitter *jit, unsigned want,
			      struct jitter_frame *frame_r)
{
	int span = (int)(want / UNIT);

	jit->out = NULL;
	*frame_r = (struct jitter_frame){ .samples = want };
	if (jit->phase == HOLD && jit->hold <= 0) {
		jit->phase = PLAY;
		if (!first_slot(jit))
			idle(jit);
	}
	if (jit->phase != PLAY) {
		if (jit->phase == HOLD)
			jit->hold -= span;
		jit->now += span;
		return JITTER_SILENCE;
	}
	if (jit->insert > 0) {
		jit->insert -= span;
		jit->missed += span;
		return jit->dtx ? JITTER_SILENCE : JITTER_LOST;
	}
	return get_speex(jit, frame_r);
}

static void measure_depth(struct jitter *jit, int left)
{
	int64_t depth = left;

	for (unsigned i = 0; i < jit->n_slots; i++) {
		const struct slot *slot = &jit->slots[i];
		int64_t end = slot->time + slot->span - jit->now + left;

		if (slot->used && end > depth)
			depth = end;
	}
	if (jit->tick % DEPTH_TICKS == 0) {
		jit->last_depth = jit->depth;
		jit->depth = 0;
	}
	if (depth > jit->depth)
		jit->depth = (int)depth;
}

void jitter_tick(struct jitter *jit, unsigned left, bool quiet)
{
	int rest = (int)(left / UNIT);

	jit->tick++;
	if (jit->phase != PLAY)
		return;
	measure_depth(jit, rest);
	if (jit->insert > 0)
		rest += jit->insert;
	else if (quiet || ++jit->waiting >= QUIET_WAIT) {
		jit->waiting = 0;
		/* A longer delay comes by itself, as an insertion. */
		if (jitter_buffer_update_delay(jit->speex, NULL, NULL) > 0)
			follow(jit);
	}
	jitter_buffer_remaining_span(jit->speex, (spx_uint32_t)rest);
}

void jitter_report(const struct jitter *jit, struct jitter_report *rep_r)
{
	*rep_r = jit->count;
	rep_r->last = jit->after - 1;
	rep_r->delay_ms = largest_depth(jit) / MS;
}
