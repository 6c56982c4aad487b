#include "mixer/jitter.h"

#include <errno.h>
#include <stdlib.h>

#include <speex/speex_jitter.h>

#include "mixer/packets.h"
#include "mixer/transit.h"

#define MS	 48   /* 1/48000 s, as all times here */
#define STEP	 120  /* Opus' shortest step: 2.5 ms */
#define CONCEAL	 480  /* and that of concealment in its speech modes */
#define MAX_SPAN 5760 /* the longest Opus packet, RFC 6716 3.2 */

/* SpeexDSP's time: half a millisecond, 32 bits. Our 0 is called so there that
 * they wrap 8 s later: this is tried every day, and not first after 24. */
#define UNIT   24
#define ORIGIN 0xffffc000u

/* SpeexDSP lengthens the delay by itself, in a get that finds nothing, where
 * packets came with less to spare than this: never. */
#define NO_MARGIN (-(1 << 20))

/* When it was asked more often in a row in vain it drops all at the next put
 * and starts anew. */
#define MOST_MISSES 20

/* After so long with nothing to play the talker is taken to pause, and the
 * next packet starts a new spurt, with the delay that it should have. */
#define IDLE_AFTER (200 * MS)

/* The packet of a tick should be there so long before it: where it comes
 * later the delay grows by a tick, before it comes too late. */
#define MARGIN	 (2 * MS)
#define MARGIN_0 (1 * MS)

#define LOSS_PACKETS 256.0f /* the mean loss is taken over about so many */
#define LOSS_UP	     0.02f  /* from here on one frame more is kept */
#define LOSS_DOWN    0.005f /* until here */

#define JUMP 1000 /* a step in the sequence that is no loss, but a restart */

struct jitter {
	int min, max;		/* {const} */
	JitterBuffer *speex;	/* the packets on their line */
	struct packets packets; /* what it holds */
	unsigned misses;	/* in a row */
	struct transit transit;

	int64_t clock;	/* of the last tick: ours */
	unsigned since; /* after that, of the packets now put */
	bool clocked;	/* since is known */

	bool based;	/* base is known */
	uint64_t base;	/* the RTP timestamp of our time 0 */
	int64_t now;	/* what the next get plays */
	int64_t owed;	/* concealed since the packet at `now` was due */
	bool dtx;	/* the last packet announced a pause */
	uint64_t after; /* sequence that follows the last played packet */
	bool played;	/* there is one */
	float loss;	/* 0..1 */
	bool lossy;
	int delay; /* kept, beyond the least transit */

	uint64_t newest; /* sequence, on the line */
	int64_t end;	 /* where that packet ends */
	uint64_t seen;	 /* bit i: newest - i was put */

	bool strayed; /* a packet was off the line */
	uint64_t stray_sequence, stray_timestamp;

	struct jitter_report count;
};

/* SpeexDSP gives a packet up. */
static void drop(void *packet)
{
	packets_free(packet);
}

static int open_speex(struct jitter *jit)
{
	spx_int32_t unit = 1, margin = NO_MARGIN;
	union {
		void (*call)(void *);
		void *pointer;
	} destroy = { .call = drop };

	jit->speex = jitter_buffer_init(JITTER_TICK / UNIT);
	if (!jit->speex)
		return -ENOMEM;
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_DESTROY_CALLBACK,
			  destroy.pointer);
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_CONCEALMENT_SIZE,
			  &unit);
	jitter_buffer_ctl(jit->speex, JITTER_BUFFER_SET_MARGIN, &margin);
	/* The first call turns off adjustment in each tick. */
	jitter_buffer_update_delay(jit->speex, NULL, NULL);
	return 0;
}

int jitter_create(struct jitter **jit_r, const struct jitter_config *cfg)
{
	struct jitter *jit;
	int ret;

	if (cfg->min_ms < 0 || cfg->min_ms > 200 || cfg->max_ms < 60 ||
	    cfg->max_ms > 1000 || cfg->max_ms < cfg->min_ms)
		return -EINVAL;
	jit = calloc(1, sizeof(*jit));
	if (!jit)
		return -ENOMEM;
	jit->min = cfg->min_ms * MS;
	jit->max = cfg->max_ms * MS;
	/* 128 kb/s are 16 bytes a millisecond. */
	ret = packets_init(&jit->packets, (unsigned)cfg->max_ms / 10 + 16,
			   (size_t)cfg->max_ms * 16 + 2 * JITTER_MAX_PAYLOAD);
	if (!ret)
		ret = open_speex(jit);
	if (ret < 0) {
		jitter_destroy(&jit);
		return ret;
	}
	jitter_reset(jit);
	*jit_r = jit;
	return 0;
}

void jitter_destroy(struct jitter **jitp)
{
	struct jitter *jit = *jitp;

	*jitp = NULL;
	if (!jit)
		return;
	if (jit->speex)
		jitter_buffer_destroy(jit->speex);
	packets_fini(&jit->packets);
	free(jit);
}

static void hand_over(struct jitter *jit, void *data, int64_t time,
		      unsigned samples)
{
	JitterBufferPacket pkt = {
		.data = data,
		.timestamp = (uint32_t)(time / UNIT) + ORIGIN,
		.span = samples / UNIT,
	};
	unsigned held = jit->packets.n;

	jitter_buffer_put(jit->speex, &pkt);
	/* First it gives up what is past. */
	jit->count.late += held - jit->packets.n;
}

/* Asks for so many samples: a packet that is there, or NULL. Either way the
 * line has moved on. */
static struct packet *ask(struct jitter *jit, int64_t samples)
{
	JitterBufferPacket pkt = { .data = NULL };
	spx_int32_t offset;
	uint32_t at;
	int ret = jitter_buffer_get(jit->speex, &pkt,
				    (spx_int32_t)(samples / UNIT), &offset);

	at = (uint32_t)jitter_buffer_get_pointer_timestamp(jit->speex);
	at -= (uint32_t)(jit->now / UNIT) + ORIGIN;
	jit->now += (int64_t)(int32_t)at * UNIT;
	jit->misses = ret == JITTER_BUFFER_OK ? 0 : jit->misses + 1;
	return ret == JITTER_BUFFER_OK ? (void *)pkt.data : NULL;
}

/* SpeexDSP is given, and gives out, a packet of no length where the line is:
 * that puts the line there, and is no miss. No other begins there. */
static void find_nothing(struct jitter *jit)
{
	char nothing;

	hand_over(jit, &nothing, jit->now, 0);
	ask(jit, 0);
}

/* Moves the line on. No packet begins between, none goes on. */
static void pass(struct jitter *jit, int64_t samples)
{
	if (jit->misses == MOST_MISSES)
		find_nothing(jit);
	ask(jit, samples);
}

/* Moves the line to anywhere. Nothing waits: what is held is past. */
static void seek(struct jitter *jit, int64_t time)
{
	jit->count.late += jit->packets.n;
	jitter_buffer_reset(jit->speex);
	jit->now = time;
	find_nothing(jit);
}

/* The packet that is played next, or NULL. */
static const struct packet *waiting(const struct jitter *jit)
{
	return packets_from(&jit->packets, jit->now);
}

/* The next packet begins a time line. */
static void forget_line(struct jitter *jit)
{
	jitter_buffer_reset(jit->speex);
	transit_reset(&jit->transit);
	jit->based = false;
	jit->played = false;
	jit->strayed = false;
	jit->dtx = false;
}

void jitter_reset(struct jitter *jit)
{
	forget_line(jit);
	jit->clocked = false;
	jit->since = 0;
	jit->loss = 0;
	jit->lossy = false;
	jit->delay = 0;
}

void jitter_clock(struct jitter *jit, unsigned since)
{
	jit->since = since < JITTER_TICK ? since : JITTER_TICK;
	jit->clocked = true;
}

/* When the packets now put came. Who does not say is taken to bring them at
 * the last moment. */
static int64_t arrival(const struct jitter *jit)
{
	return jit->clock + (jit->clocked ? jit->since : JITTER_TICK);
}

static int64_t margin(const struct jitter *jit)
{
	return jit->clocked ? MARGIN : 0;
}

/* The transit that the delay covers. */
static int64_t target(struct jitter *jit)
{
	int64_t usual = transit_usual(&jit->transit) + margin(jit);
	int64_t least = transit_least(&jit->transit) + jit->min;

	return (usual > least ? usual : least) + (jit->lossy ? JITTER_TICK : 0);
}

static int64_t whole_ticks(int64_t time)
{
	return time <= 0 ? 0
			 : (time + JITTER_TICK - 1) / JITTER_TICK * JITTER_TICK;
}

/* A talk spurt begins with a packet of this time. It is the moment to change
 * the delay: silence may be as long as one likes. */
static void begin_spurt(struct jitter *jit, int64_t time)
{
	int64_t due = jit->clock + JITTER_TICK - time;
	int64_t hold = whole_ticks(target(jit) - due);

	seek(jit, time - (hold < jit->max ? hold : jit->max));
	jit->owed = 0;
}

/* The receiver's half of RFC 3711 3.3.2, for paths that have no SRTP. The
 * numbers of a restarted sender say nothing here. */
static bool is_double(const struct jitter *jit, uint64_t sequence)
{
	uint64_t back = jit->newest - sequence;

	return jit->based && back < 64 && jit->seen >> back & 1;
}

static void note_sequence(struct jitter *jit, uint64_t sequence, int64_t end)
{
	int64_t step = (int64_t)(sequence - jit->newest);

	if (!jit->based || step > 63 || step < -63)
		jit->seen = 1;
	else if (step > 0)
		jit->seen = jit->seen << step | 1;
	else
		jit->seen |= (uint64_t)1 << -step;
	if (!jit->based || step > 0 || step < -63) {
		jit->newest = sequence;
		jit->end = end;
	}
}

/* What a stall held back is as far ahead of what was played last as the stall
 * was long; what is farther was spoken on another time line. */
static bool on_line(const struct jitter *jit, uint64_t timestamp)
{
	int64_t ahead = (int64_t)(timestamp - jit->base) - jit->now;

	return ahead >= -jit->max &&
	       ahead <= jit->owed + jit->max + 2 * JITTER_TICK;
}

/* The second packet in a row of another line, and nothing of the old one is
 * there to play. */
static bool is_restart(const struct jitter *jit, uint64_t sequence,
		       uint64_t timestamp)
{
	uint64_t step = sequence - jit->stray_sequence;

	return jit->strayed && step - 1 < 16 &&
	       timestamp - jit->stray_timestamp - 1 < step * MAX_SPAN &&
	       !waiting(jit);
}

/* Brings a packet that is off the line onto one, or refuses it. */
static bool find_line(struct jitter *jit, uint64_t sequence, uint64_t timestamp)
{
	int64_t paused = jit->now + jit->owed;

	if (sequence == jit->newest + 1) {
		/* The sender's clock was set: its sound goes on here. */
		int64_t time = jit->end > paused ? jit->end : paused;

		jit->base = timestamp - (uint64_t)time;
		transit_reset(&jit->transit);
		return true;
	}
	if (is_restart(jit, sequence, timestamp)) {
		forget_line(jit);
		return true;
	}
	jit->strayed = true;
	jit->stray_sequence = sequence;
	jit->stray_timestamp = timestamp;
	return false;
}

/* What has waited too long is given up: the rest is played sooner. */
static void shed(struct jitter *jit, unsigned samples)
{
	int64_t until = jit->end - jit->max - samples;

	if (until > jit->now)
		jit->owed = 0;
	while (until > jit->now) {
		const struct packet *next = waiting(jit);
		int64_t from = next && next->time < until ? next->time : until;
		struct packet *pkt;

		if (from > jit->now) {
			pass(jit, from - jit->now);
			continue;
		}
		if (next->time + next->samples > until)
			break;
		pkt = ask(jit, next->time + next->samples - jit->now);
		jit->after = pkt->sequence + 1;
		jit->count.late++;
		packets_free(pkt);
	}
}

/* A packet whose time line is settled. */
static int take(struct jitter *jit, const struct packet *pkt,
		const uint8_t *payload)
{
	bool idle = (jit->dtx || jit->owed >= IDLE_AFTER) && !waiting(jit);
	struct packet *kept;

	transit_note(&jit->transit, jit->clock, arrival(jit) - pkt->time);
	note_sequence(jit, pkt->sequence, pkt->time + pkt->samples);
	if (jit->based && pkt->time + pkt->samples <= jit->now) {
		jit->count.late++;
		return -ESTALE;
	}
	if (!jit->based || idle)
		begin_spurt(jit, pkt->time);
	jit->based = true;
	kept = packets_add(&jit->packets, pkt, payload);
	if (!kept) {
		jit->count.overflow++;
		return -ENOBUFS;
	}
	hand_over(jit, kept, kept->time, kept->samples);
	shed(jit, pkt->samples);
	return 0;
}

/* On the line, in whole units. */
static int64_t time_of(const struct jitter *jit, uint64_t timestamp)
{
	int64_t time = (int64_t)(timestamp - jit->base);
	int64_t over = time % UNIT;

	return time - over - (over < 0 ? UNIT : 0);
}

int jitter_put(struct jitter *jit, uint64_t sequence, uint64_t timestamp,
	       unsigned samples, const uint8_t *payload, size_t size)
{
	struct packet pkt = { .sequence = sequence,
			      .samples = samples,
			      .size = (unsigned)size };

	if (!size || size > JITTER_MAX_PAYLOAD || samples < STEP ||
	    samples > MAX_SPAN || samples % STEP)
		return -EMSGSIZE;
	jit->count.put++;
	if (is_double(jit, sequence)) {
		jit->count.duplicate++;
		return -EEXIST;
	}
	if (jit->based && !on_line(jit, timestamp) &&
	    !find_line(jit, sequence, timestamp)) {
		jit->count.late++;
		return -ESTALE;
	}
	if (!jit->based)
		jit->base = timestamp;
	jit->strayed = false;
	pkt.time = time_of(jit, timestamp);
	return take(jit, &pkt, payload);
}

/* The packets before this one that were never played. */
static void count_loss(struct jitter *jit, uint64_t sequence)
{
	uint64_t lost = jit->played ? sequence - jit->after : 0;

	if (lost < JUMP)
		jit->count.missing += lost;
	/* A gap counts as one loss: FEC can fill one frame of it. */
	jit->loss += ((lost ? 1.0f : 0.0f) - jit->loss) / LOSS_PACKETS;
	jit->lossy = jit->loss > (jit->lossy ? LOSS_DOWN : LOSS_UP);
}

static enum jitter_result play(struct jitter *jit, const struct packet *next,
			       struct jitter_frame *frame_r)
{
	struct packet *pkt = ask(jit, next->time + next->samples - jit->now);

	count_loss(jit, pkt->sequence);
	jit->after = pkt->sequence + 1;
	jit->played = true;
	jit->count.played++;
	jit->owed = 0;
	frame_r->payload = packets_payload(pkt);
	frame_r->size = pkt->size;
	frame_r->samples = pkt->samples;

	/* RFC 7587 3.1.3, opus.h: one or two bytes hold no sound. */
	jit->dtx = pkt->size <= 2;
	packets_free(pkt);
	return jit->dtx ? JITTER_SILENCE : JITTER_PACKET;
}

/* Nothing is there: the line stands still, the sound does not. */
static enum jitter_result starve(struct jitter *jit,
				 struct jitter_frame *frame_r)
{
	if (!jit->based)
		return JITTER_SILENCE;
	jit->owed += frame_r->samples;
	return jit->dtx || jit->owed >= IDLE_AFTER ? JITTER_SILENCE
						   : JITTER_LOST;
}

/* The next packet comes `ahead` samples later than now. */
static enum jitter_result gap(struct jitter *jit, const struct packet *next,
			      int64_t ahead, struct jitter_frame *frame_r)
{
	bool pause = jit->dtx || !jit->played || next->sequence == jit->after;
	unsigned most = pause ? frame_r->samples : JITTER_TICK;

	frame_r->samples = ahead < most ? (unsigned)ahead : most;
	pass(jit, frame_r->samples);
	if (pause)
		return JITTER_SILENCE;
	if (ahead > frame_r->samples || next->samples != frame_r->samples)
		return JITTER_LOST;
	frame_r->payload = packets_payload(next);
	frame_r->size = next->size;
	return JITTER_FEC;
}

enum jitter_result jitter_get(struct jitter *jit, unsigned want,
			      struct jitter_frame *frame_r)
{
	const struct packet *next = waiting(jit);
	int64_t ahead, paid;

	*frame_r = (struct jitter_frame){
		.samples = (want + CONCEAL - 1) / CONCEAL * CONCEAL,
	};
	if (!next)
		return starve(jit, frame_r);

	ahead = next->time - jit->now;
	paid = ahead < jit->owed ? ahead : jit->owed;
	if (paid > 0) {
		pass(jit, paid);
		jit->owed -= paid;
		ahead -= paid;
	}
	ahead -= ahead % STEP;
	if (ahead <= 0)
		return play(jit, next, frame_r);
	return gap(jit, next, ahead, frame_r);
}

bool jitter_ready(const struct jitter *jit)
{
	const struct packet *next = waiting(jit);

	return next && next->time - jit->now - jit->owed < STEP;
}

int jitter_tick(struct jitter *jit, unsigned left)
{
	unsigned rest = left % JITTER_TICK;
	int64_t due, spare, shorter, depth;

	jit->clock += JITTER_TICK;
	jit->since = 0;
	jitter_buffer_remaining_span(jit->speex, left / UNIT);
	if (!jit->based || jit->owed || !transit_known(&jit->transit))
		return 0;

	/* The next packet is needed in the tick at `due`. */
	due = jit->clock + (left / JITTER_TICK + 1) * JITTER_TICK;
	depth = jit->end - jit->now + left;
	jit->delay =
		(int)(due - jit->now + rest - transit_least(&jit->transit));
	spare = due - jit->now - target(jit);
	if (spare < (jit->clocked ? MARGIN_0 - MARGIN : 0))
		return (int)(rest - whole_ticks(-spare));
	shorter = rest + (spare > 0 ? spare / JITTER_TICK * JITTER_TICK : 0);
	return (int)(shorter < depth ? shorter : depth);
}

void jitter_report(const struct jitter *jit, struct jitter_report *rep_r)
{
	*rep_r = jit->count;
	rep_r->last = jit->after - 1;
	rep_r->delay_ms = jit->delay > 0 ? jit->delay / MS : 0;
}
