/* links: gate */
/* Arbitrary payloads of authentic trunk packets, at a hub with a parent, two
 * children and a member who listens. Input: records of one byte of command, two
 * bytes of size, the payload.
 *
 * The command's bits: 0-1 by which trunk it comes (3: the whole record is what
 * the member sends), 5-7 steps of 20 ms that pass first. */
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "bridge/gate/hub_private.h"
#include "tests/fuzz/engine.h"

#define TRUNKS	3
#define TALKERS 3

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct bench {
	struct engine *eng; /* it, its mix and gate serve all inputs */
	struct engine_mix *entry;
	struct phonegate *gate;
	struct hub *hub;
	struct session *ses;
	struct trunk *trunks[TRUNKS]; /* the first: the parent */
	struct path member, peers[TRUNKS];
	uint64_t now;
	uint16_t sequence;
};

/* Trunks speak to their peers, and the member gets what he is to hear. */
static void check_output(struct outbox *box, void *arg)
{
	struct bench *bench = arg;

	for (unsigned i = 0; i < box->n; i++) {
		bool known = path_equal(&box->packets[i].to, &bench->member);

		for (unsigned k = 0; k < TRUNKS; k++)
			known |= path_equal(&box->packets[i].to,
					    &bench->peers[k]);
		if (!known)
			abort();
	}
}

static void push(struct bench *bench, struct command cmd)
{
	fuzz_push(bench->eng, cmd, bench->now);
}

static void create(struct bench *bench)
{
	const struct mix_config cfg = { .capacity = 16,
					.talkers = TALKERS,
					.bitrate = 16000,
					.complexity = 0,
					.channels = 1,
					.jitter = { 0, 200 } };

	bench->now = 1000000000;
	bench->member = fuzz_path(9);
	fuzz_create(&bench->eng, &bench->entry, &bench->gate, &cfg, 1,
		    check_output, bench, bench->now);
}

static void add_trunk(struct bench *bench, unsigned i)
{
	struct trunk_config cfg = { .tag = i,
				    .role = i ? TRUNK_CHILD : TRUNK_PARENT,
				    .protocol = TRUNK_PROTOCOL,
				    .send_ssrc = 0x10 + i,
				    .receive_ssrc = 0x20 + i };

	if (trunk_create(&bench->trunks[i], &cfg))
		abort();
	bench->peers[i] = bench->trunks[i]->peers[0] = fuzz_path((uint8_t)i);
	bench->trunks[i]->n_peers = 1;
	push(bench, (struct command){ .kind = COMMAND_ADD_TRUNK,
				      .hub = bench->hub,
				      .added = bench->trunks[i] });
	trunk_heard(bench->eng, bench->trunks[i], &bench->peers[i]);
}

static void begin(struct bench *bench)
{
	struct session_config member = { .username = "user",
					 .password = "password",
					 .consent_s = 30,
					 .origin = 7 };
	struct hub_config hub = { .id = 1,
				  .talkers = TALKERS,
				  .guests = 4,
				  .leg = { .jitter = { 0, 200 },
					   .channels = 1 } };

	member.stream.send_ssrc = 1;
	member.stream.receive_ssrc = 2;
	member.stream.payload_type = 111;
	member.stream.level_id = 1;
	member.leg = (struct mix_leg_config){ .sends = true,
					      .receives = true,
					      .level_header = true,
					      .jitter = { 0, 200 },
					      .channels = 1 };
	if (hub_create(&bench->hub, &hub) ||
	    session_create(&bench->ses, &member))
		abort();
	bench->hub->mix = bench->entry->mix;
	bench->ses->gate = bench->gate;
	push(bench, (struct command){ .kind = COMMAND_ADD_HUB,
				      .hub = bench->hub,
				      .place = { .to = bench->entry->mix } });
	push(bench, (struct command){ .kind = COMMAND_ADD_SESSION,
				      .ses = bench->ses });
	engine_adopt_path(bench->eng, bench->ses, &bench->member, bench->now);
	for (unsigned i = 0; i < TRUNKS; i++)
		add_trunk(bench, i);
}

static void take_events(struct bench *bench)
{
	static struct event_message message;
	struct event event;

	while (ring_pop(bench->eng->messages, &message))
		if (message.size > sizeof(message.text))
			abort();
	while (ring_pop(bench->eng->events, &event)) {
		if (event.kind != EVENT_RETIRED)
			continue;
		if (event.retired.kind == OBJECT_SESSION)
			session_destroy(
				&(struct session *){ event.retired.object });
		else if (event.retired.kind == OBJECT_TRUNK)
			trunk_destroy(
				&(struct trunk *){ event.retired.object });
		else
			hub_destroy(&(struct hub *){ event.retired.object });
	}
}

/* All leave, and nothing of theirs remains. */
static void end(struct bench *bench)
{
	push(bench,
	     (struct command){ .kind = COMMAND_REMOVE_HUB, .hub = bench->hub });
	push(bench, (struct command){ .kind = COMMAND_REMOVE_SESSION,
				      .ses = bench->ses });
	engine_settle(bench->eng);
	take_events(bench);
	if (engine_busy(bench->eng) || links_next(&bench->entry->sessions))
		abort();
}

static void check_hub(const struct hub *hub)
{
	unsigned known = 0;

	for (const struct origin *org = hub->active; org; org = org->next)
		known++;
	for (const struct origin *org = hub->idle; org; org = org->next)
		known++;
	if (known != hub->n_origins || hub->talkers.n > TALKERS ||
	    hub->n_verdict > HUB_MAX_TALKERS)
		abort();
}

/* What the member says: the first byte how loud, then Opus. */
static void speak(struct bench *bench, const uint8_t *data, size_t size)
{
	const struct rtp_packet pkt = {
		.payload_type = 111,
		.sequence = bench->sequence,
		.timestamp = 960u * bench->sequence,
		.ssrc = 2,
		.payload = data,
		.payload_size = size,
		.level_id = 1,
		.level_dbov = size ? -(data[0] & 127) : 0,
		.voice = true,
	};
	uint8_t buf[RTP_MAX_PACKET];
	int n = rtp_encode(&pkt, buf, sizeof(buf));

	bench->sequence++;
	if (n > 0)
		engine_packet(bench->eng, &bench->member, buf, (size_t)n,
			      bench->now);
}

static void play(void *arg, uint8_t command, const uint8_t *data, size_t size)
{
	struct bench *bench = arg;
	unsigned which = command & 3;
	uint8_t buf[TRUNK_MAX_PAYLOAD];

	for (unsigned i = 0; i < command >> 5; i++) {
		bench->now += TICK_US;
		engine_tick(bench->eng, bench->now, i == 6 ? 3 : 0);
	}
	memcpy(buf, data, size);
	if (which < TRUNKS)
		hub_take(bench->eng, bench->trunks[which], &bench->peers[which],
			 buf, size, bench->now);
	else
		speak(bench, buf, size);
	engine_settle(bench->eng);
	take_events(bench);
	check_hub(bench->hub);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bench bench;

	if (!bench.eng)
		create(&bench);
	begin(&bench);
	fuzz_records(data, size, TRUNK_MAX_PAYLOAD, play, &bench);
	end(&bench);
	return 0;
}
