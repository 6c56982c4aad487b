#include "mixer/audience.h"

#define REFRESH 5   /* ticks between two independent frames, at least */
#define WINDOW	150 /* ticks: members report once a second */

struct codec_config audience_codec(const struct audience *aud,
				   enum audience_class class)
{
	int bitrate = aud->cfg.bitrate;

	if (class == AUDIENCE_THIN && bitrate > AUDIENCE_THIN_RATE)
		bitrate = AUDIENCE_THIN_RATE;
	return (struct codec_config){
		.bitrate = bitrate,
		.complexity = aud->cfg.complexity,
		.loss_expected = aud->streams[class].loss,
		.stereo = aud->cfg.channels == 2,
		.dtx = 1,
		.low_delay = class == AUDIENCE_CLEAN,
	};
}

int audience_init(struct audience *aud, const struct audience_config *cfg)
{
	int ret = 0;

	/* Long after tick 0, in which every stream ran last. */
	*aud = (struct audience){ .cfg = *cfg, .tick = WINDOW };
	for (int i = 0; i < AUDIENCE_CLASSES && !ret; i++) {
		struct codec_config codec = audience_codec(aud, i);

		ret = feed_create(&aud->streams[i].feed, &codec);
	}
	return ret;
}

void audience_fini(struct audience *aud)
{
	for (int i = 0; i < AUDIENCE_CLASSES; i++)
		if (aud->streams[i].feed)
			feed_destroy(&aud->streams[i].feed);
}

static bool is_waiting(const struct audience *aud, const struct hearer *who)
{
	return who->since && aud->streams[who->class].refreshed < who->since;
}

/* Counts him where he is; take_out() is its reverse. */
static void put_in(struct audience *aud, struct hearer *who)
{
	struct audience_stream *stream = &aud->streams[who->class];

	if (!who->since) {
		stream->hearers++;
		return;
	}
	stream->waiting++;
	stream->from[who->before]++;
	if (who->before != AUDIENCE_NONE)
		aud->streams[who->before].hearers++;
}

static void take_out(struct audience *aud, struct hearer *who)
{
	struct audience_stream *stream = &aud->streams[who->class];

	if (!is_waiting(aud, who)) {
		who->since = 0;
		stream->hearers--;
		return;
	}
	stream->waiting--;
	stream->from[who->before]--;
	if (who->before != AUDIENCE_NONE)
		aud->streams[who->before].hearers--;
}

static void go(struct audience *aud, struct hearer *who,
	       enum audience_class before, enum audience_class class)
{
	who->before = before;
	who->class = class;
	who->since = before == class ? 0 : aud->tick + 1;
	put_in(aud, who);
}

void audience_join(struct audience *aud, struct hearer *who,
		   enum audience_class class)
{
	who->own = NULL;
	go(aud, who, AUDIENCE_NONE, class);
}

void audience_leave(struct audience *aud, struct hearer *who)
{
	if (!who->own)
		take_out(aud, who);
	*who = (struct hearer){ .class = AUDIENCE_NONE };
}

/* What his decoder goes on from. */
static enum audience_class heard_of(const struct audience *aud,
				    const struct hearer *who)
{
	return is_waiting(aud, who) ? who->before : who->class;
}

void audience_move(struct audience *aud, struct hearer *who,
		   enum audience_class class)
{
	enum audience_class heard = heard_of(aud, who);

	if (who->class == class)
		return;
	if (who->own) {
		struct codec_config codec = audience_codec(aud, class);

		who->class = class;
		feed_change(who->own, &codec);
		return;
	}
	take_out(aud, who);
	go(aud, who, heard, class);
}

void audience_part(struct audience *aud, struct hearer *who, struct feed *own)
{
	struct codec_config codec = audience_codec(aud, who->class);
	enum audience_class heard = heard_of(aud, who);

	take_out(aud, who);
	who->own = own;
	who->since = 0;
	if (heard == AUDIENCE_NONE) {
		feed_restart(own, &codec);
		return;
	}
	feed_copy(own, aud->streams[heard].feed);
	if (heard != who->class)
		feed_change(own, &codec);
}

void audience_return(struct audience *aud, struct hearer *who)
{
	struct audience_stream *stream = &aud->streams[who->class];

	/* A shared feed that rested goes on from the first who comes to it. */
	if (stream->ran + 1 < aud->tick) {
		feed_copy(stream->feed, who->own);
		stream->ran = aud->tick;
	}
	who->own = NULL;
	put_in(aud, who);
}

void audience_note_loss(struct audience *aud, enum audience_class class,
			int percent)
{
	struct audience_stream *stream = &aud->streams[class];

	if (class == AUDIENCE_CLEAN)
		return;
	if (stream->next_loss < percent)
		stream->next_loss = percent;
	if (stream->loss < percent)
		stream->loss = percent;
}

void audience_set_complexity(struct audience *aud, int complexity)
{
	aud->cfg.complexity = complexity;
	for (int i = 0; i < AUDIENCE_CLASSES; i++)
		feed_set_complexity(aud->streams[i].feed, complexity);
}

void audience_tick(struct audience *aud)
{
	aud->tick++;
	if (aud->tick % WINDOW)
		return;
	for (int i = 0; i < AUDIENCE_CLASSES; i++) {
		aud->streams[i].loss = aud->streams[i].next_loss;
		aud->streams[i].next_loss = 0;
	}
}

/* Who waited hears it from this frame on. */
static void arrive(struct audience *aud, struct audience_stream *stream)
{
	stream->refreshed = aud->tick;
	stream->hearers += stream->waiting;
	stream->waiting = 0;
	for (int i = 0; i <= AUDIENCE_CLASSES; i++) {
		if (i != AUDIENCE_NONE)
			aud->streams[i].hearers -= stream->from[i];
		stream->from[i] = 0;
	}
}

static bool is_rested(const struct audience *aud,
		      const struct audience_stream *stream)
{
	return stream->ran + 1 < aud->tick;
}

/* A stream that rested goes on from what those hear who wait for it: to a
 * decoder that is in the middle of a sound, a beginning is a hole. */
static void wake(struct audience *aud, enum audience_class class)
{
	struct audience_stream *stream = &aud->streams[class];
	struct codec_config codec = audience_codec(aud, class);
	int heard = 0;

	while (heard < AUDIENCE_NONE && !stream->from[heard])
		heard++;
	if (heard == AUDIENCE_NONE) {
		feed_restart(stream->feed, &codec);
		return;
	}
	feed_copy(stream->feed, aud->streams[heard].feed);
	feed_change(stream->feed, &codec);
}

static void run(struct audience *aud, enum audience_class class,
		const int32_t *mix, bool silent)
{
	struct audience_stream *stream = &aud->streams[class];
	bool rested = is_rested(aud, stream);
	bool arriving = stream->waiting &&
			(rested || stream->refreshed + REFRESH <= aud->tick);
	const uint8_t *payload;

	if (!stream->hearers && !arriving)
		return;
	stream->ran = aud->tick;
	feed_set_loss(stream->feed, stream->loss);
	if (arriving && !rested)
		feed_refresh(stream->feed);
	feed_run(stream->feed, mix, silent);
	/* In a pause there is nothing to begin with. */
	if (arriving && feed_packet(stream->feed, &payload) > 1)
		arrive(aud, stream);
}

void audience_run(struct audience *aud, const int32_t *mix, bool silent)
{
	/* Before the others go on. */
	for (int i = 0; i < AUDIENCE_CLASSES; i++)
		if (aud->streams[i].waiting && is_rested(aud, &aud->streams[i]))
			wake(aud, i);
	for (int i = 0; i < AUDIENCE_CLASSES; i++)
		run(aud, i, mix, silent);
}

size_t audience_packet(const struct audience *aud, const struct hearer *who,
		       const uint8_t **payload_r)
{
	enum audience_class heard = heard_of(aud, who);

	*payload_r = NULL;
	if (who->own)
		return feed_packet(who->own, payload_r);
	if (heard == AUDIENCE_NONE)
		return 0;
	return feed_packet(aud->streams[heard].feed, payload_r);
}
