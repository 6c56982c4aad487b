/* standby_world - gates that die, stop and drain, and a caller between them:
 * real engines and a real call, an invented network and an invented clock.
 * Header only. */
#ifndef TESTS_STANDBY_WORLD_H
#define TESTS_STANDBY_WORLD_H

#include <arpa/inet.h>
#include <glib.h>
#include <math.h>
#include <string.h>

#include "bridge/gate/private.h"
#include "loadgen/call.h"
#include "tests/unit/gate_phone.h"

#define GATES	  5
#define WAY_US	  10000u /* from the caller to a gate, or back */
#define STEP_US	  1000u
#define START	  1000000000ull
#define ANNOUNCER 100u /* member */
#define CALLER	  1u   /* member; at each gate in a session of its own */
#define TONE	  50   /* packets, sent over and over */
#define SWITCHES  16

enum gate_state {
	GATE_LIVES,
	GATE_DEAD,    /* packets vanish */
	GATE_REFUSES, /* and its host says so */
	GATE_ASLEEP,  /* packets wait for it */
};

struct flight {
	unsigned gate;
	gboolean to_gate;
	guint64 due_us;
	gsize size;
	guint8 buf[RTP_MAX_PACKET];
};

/* A gate, and somebody there who is always heard. */
struct site {
	struct world *world;
	unsigned index;
	enum gate_state state;
	struct engine *eng;
	struct mix *mix;
	struct phonegate *gate;
	struct session *ses; /* the caller's */
	struct phone announcer;
	unsigned spoken;
	guint64 next_us; /* tick */
	unsigned registered, gone;
	enum worker_gone why;
	unsigned rtp_in, stun_in; /* of the caller */
};

struct world {
	guint64 now;
	GArray *flights;
	gboolean cut;	 /* the caller's own network */
	gboolean silent; /* nobody says anything */
	guint8 tone[TONE][CODEC_MAX];
	int tone_size[TONE];
	struct site site[GATES];

	struct call *call;
	guint64 next_us; /* the caller's tick */
	GPtrArray *released;
	unsigned ticks, quiet, longest; /* of what is heard */
	gboolean heard_any;
	unsigned registered, requests, connects, connect_target;
	enum call_event_type last;
	unsigned n_switches;
	struct call_switch switches[SWITCHES];
};

static inline struct sockaddr_storage gate_address(unsigned gate)
{
	struct sockaddr_storage ss = { 0 };
	struct sockaddr_in *v4 = (void *)&ss;
	struct sockaddr_in6 *v6 = (void *)&ss;

	if (gate % 2) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons((in_port_t)(5000 + gate));
		inet_pton(AF_INET6, "2001:db8::1", &v6->sin6_addr);
	} else {
		v4->sin_family = AF_INET;
		v4->sin_port = htons((in_port_t)(5000 + gate));
		v4->sin_addr.s_addr = htonl(0xc0000201);
	}
	return ss;
}

static inline struct path path_of(guint16 port)
{
	struct sockaddr_in v4 = { .sin_family = AF_INET,
				  .sin_port = htons(port),
				  .sin_addr.s_addr = htonl(0xc6336401) };
	struct path path;

	g_assert_true(path_from_socket(&path, 0, (struct sockaddr *)&v4));
	return path;
}

/* Different SSRCs at each place, one key. */
static inline struct stream_config place_stream(unsigned k, gboolean caller)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .payload_type = 111,
				     .level_id = 1,
				     .cname = "test" };

	memset(cfg.send_key, caller ? 7 : 8, SRTP_MAX_KEY);
	memset(cfg.receive_key, caller ? 8 : 7, SRTP_MAX_KEY);
	cfg.send_ssrc = 1000 + 2 * k + caller;
	cfg.receive_ssrc = 1000 + 2 * k + !caller;
	return cfg;
}

/* --- the network --- */

static inline void post(struct world *world, unsigned gate, gboolean to_gate,
			const guint8 *buf, gsize size)
{
	struct flight flight = { .gate = gate,
				 .to_gate = to_gate,
				 .due_us = world->now + WAY_US,
				 .size = size };

	if (world->cut)
		return;
	memcpy(flight.buf, buf, size);
	g_array_append_val(world->flights, flight);
}

/* FALSE: it goes on waiting. */
static inline gboolean deliver(struct world *world, const struct flight *flight)
{
	struct site *site = &world->site[flight->gate];
	struct sockaddr_storage at = gate_address(flight->gate);
	struct path from = path_of(4000);
	guint8 buf[RTP_MAX_PACKET];

	memcpy(buf, flight->buf, flight->size);
	if (!flight->to_gate) {
		call_receive(world->call, buf, flight->size, world->now);
		return TRUE;
	}
	switch (site->state) {
	case GATE_LIVES:
		site->rtp_in += packet_kind(buf, flight->size) == PACKET_RTP;
		site->stun_in += packet_kind(buf, flight->size) == PACKET_STUN;
		engine_packet(site->eng, &from, buf, flight->size, world->now);
		return TRUE;
	case GATE_DEAD:
		return TRUE;
	case GATE_REFUSES:
		call_refused(world->call, &at, world->now);
		return TRUE;
	case GATE_ASLEEP:
		return FALSE;
	}
	return TRUE;
}

static inline void deliver_due(struct world *world)
{
	for (guint i = 0; i < world->flights->len;) {
		struct flight flight =
			g_array_index(world->flights, struct flight, i);

		if (flight.due_us > world->now || !deliver(world, &flight))
			i++;
		else
			g_array_remove_index(world->flights, i);
	}
}

/* --- gates --- */

static inline void on_flush(struct outbox *box, void *arg)
{
	struct site *site = arg;
	struct path caller = path_of(4000);

	for (unsigned i = 0; i < box->n; i++)
		if (path_equal(&box->packets[i].to, &caller))
			post(site->world, site->index, FALSE,
			     box->packets[i].buf, box->packets[i].size);
}

static inline void send_command(struct site *site, struct command cmd)
{
	g_assert_true(ring_push(site->eng->commands, &cmd));
	engine_apply(site->eng, site->world->now);
}

static inline struct session *add_session(struct site *site, unsigned member)
{
	struct session_config cfg;
	struct session *ses;

	phone_keys(member, &cfg);
	cfg.stream = place_stream(site->index, FALSE);
	cfg.standby = site->index > 0;
	g_assert_cmpint(session_create(&ses, &cfg), ==, 0);
	ses->gate = site->gate;
	send_command(site, (struct command){ .kind = COMMAND_ADD_SESSION,
					     .ses = ses });
	return ses;
}

static inline void add_announcer(struct site *site)
{
	struct session *ses = phone_create(&site->announcer, ANNOUNCER, true);
	struct path from = path_of(9000);
	guint8 buf[RTP_MAX_PACKET];
	gsize size;

	ses->gate = site->gate;
	send_command(site, (struct command){ .kind = COMMAND_ADD_SESSION,
					     .ses = ses });
	size = phone_request(&site->announcer, buf);
	engine_packet(site->eng, &from, buf, size, site->world->now);
}

static inline void announce(struct site *site)
{
	struct world *world = site->world;
	unsigned i = site->spoken++ % TONE;
	struct path from = path_of(9000);
	guint8 buf[RTP_MAX_PACKET];
	int n;

	stream_set_level(site->announcer.stream, -15, true);
	n = stream_send_rtp(site->announcer.stream, world->tone[i],
			    world->silent ? 0 : (gsize)world->tone_size[i],
			    CODEC_FRAME, buf, sizeof(buf));
	if (n > 0)
		engine_packet(site->eng, &from, buf, (gsize)n, world->now);
}

static inline void take_events(struct site *site)
{
	struct event event;

	engine_settle(site->eng);
	while (ring_pop(site->eng->events, &event)) {
		if (event.kind == EVENT_RETIRED &&
		    event.retired.kind == OBJECT_MESSAGE)
			g_free(event.retired.object);
		if (event.member != CALLER)
			continue;
		site->registered += event.kind == EVENT_REGISTERED &&
				    event.registered.first;
		site->gone += event.kind == EVENT_GONE;
		if (event.kind == EVENT_GONE)
			site->why = event.why;
	}
}

static inline void tick_site(struct site *site)
{
	guint64 missed = (site->world->now - site->next_us) / TICK_US;

	site->next_us += (missed + 1) * TICK_US;
	announce(site);
	engine_tick(site->eng, site->world->now, (unsigned)missed);
}

static inline void open_site(struct world *world, unsigned index)
{
	struct site *site = &world->site[index];
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	site->world = world;
	site->index = index;
	site->next_us = world->now + 3000 * index;
	g_assert_cmpint(engine_create(&site->eng, on_flush, site), ==, 0);
	engine_set_clock(site->eng, world->now, world->now);
	g_assert_cmpint(
		mix_create(&site->mix,
			   &(struct mix_config){ .capacity = 8,
						 .talkers = 3,
						 .bitrate = 32000,
						 .complexity = 1,
						 .channels = 1,
						 .jitter = { 0, 200 } }),
		==, 0);
	g_assert_cmpint(phonegate_create(&site->gate, "gate", site->mix, 8), ==,
			0);
	entry->mix = site->mix;
	send_command(site, (struct command){ .kind = COMMAND_ADD_MIX,
					     .entry = entry });
	send_command(site, (struct command){ .kind = COMMAND_ADD_GATE,
					     .gate = site->gate });
	add_announcer(site);
	site->ses = add_session(site, CALLER);
}

/* --- the caller --- */

static inline int on_send(unsigned target, const uint8_t *buf, size_t size,
			  void *arg)
{
	struct world *world = arg;

	world->requests += packet_kind(buf, size) == PACKET_STUN;
	post(world, target / REGISTRATION_MAX_TARGETS, TRUE, buf, size);
	return 0;
}

static inline void on_event(const struct call_event *event, void *arg)
{
	struct world *world = arg;

	world->registered += event->type == CALL_REGISTERED;
	if (event->type == CALL_CONNECT) {
		world->connects++;
		world->connect_target = event->target;
	}
	if (event->type == CALL_SWITCHED) {
		g_assert_cmpuint(world->n_switches, <, SWITCHES);
		world->switches[world->n_switches++] = event->change;
	}
	if (event->type != CALL_REPORT)
		world->last = event->type;
}

static inline bool on_speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < CODEC_FRAME; i++)
		pcm_r[i] = (int16_t)(i % 96 < 48 ? 2000 : -2000);
	return tick_us > 0;
}

static inline void on_hear(const int16_t *pcm, uint64_t tick_us, int wait_us,
			   void *arg)
{
	struct world *world = arg;
	gboolean loud = FALSE;

	(void)tick_us;
	(void)wait_us;
	for (unsigned i = 0; i < CODEC_FRAME; i++)
		loud |= pcm[i] > 2000;
	world->ticks++;
	world->heard_any |= loud;
	world->quiet = loud || !world->heard_any ? 0 : world->quiet + 1;
	world->longest = MAX(world->longest, world->quiet);
}

static inline bool on_release(struct call_place *place, void *arg)
{
	struct world *world = arg;

	g_ptr_array_add(world->released, place);
	return true;
}

static const struct call_io world_io = { on_send, on_event, on_speak, on_hear,
					 on_release };

/* The place k is the gate of that number. */
static inline struct call_place *place_at(unsigned k, gboolean websocket)
{
	struct call_place_config cfg = {
		.k = k,
		.registration = { .n_targets = 1,
				  .laps = k ? 1 : 2,
				  .keep_us = 15000000,
				  .echo = true },
		.stream = place_stream(k, TRUE),
	};
	struct session_config keys;
	struct call_place *place;

	phone_keys(CALLER, &keys);
	memcpy(cfg.registration.username, keys.username, sizeof(keys.username));
	memcpy(cfg.registration.password, keys.password, sizeof(keys.password));
	cfg.registration.targets[0].websocket = websocket;
	if (!websocket)
		cfg.registration.targets[0].address = gate_address(k);
	g_assert_cmpint(call_place_create(&place, &cfg), ==, 0);
	return place;
}

static inline void make_tone(struct world *world)
{
	const struct codec_config cfg = { .bitrate = 32000,
					  .complexity = 1,
					  .low_delay = 1 };
	struct codec_encoder *enc;
	int16_t pcm[CODEC_FRAME];

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (unsigned i = 0; i < TONE; i++) {
		for (unsigned s = 0; s < CODEC_FRAME; s++)
			pcm[s] = (int16_t)lrint(
				8000 * sin(2 * G_PI * 450 *
					   (i * CODEC_FRAME + s) / 48000.0));
		world->tone_size[i] =
			codec_encode(enc, pcm, world->tone[i], CODEC_MAX);
	}
	codec_encoder_destroy(&enc);
}

/* The caller knows the first `known` gates. */
static inline struct world *begin(unsigned known, gboolean websocket)
{
	struct world *world = g_new0(struct world, 1);
	struct call_config cfg = {
		.codec = { .bitrate = 32000, .complexity = 1, .low_delay = 1 },
		.jitter = { 0, 1000 },
		.report_us = 1000000,
	};
	struct call_place **end = &cfg.places;

	world->now = START;
	world->next_us = START + 7000;
	world->flights = g_array_new(FALSE, FALSE, sizeof(struct flight));
	world->released = g_ptr_array_new();
	make_tone(world);
	for (unsigned i = 0; i < GATES; i++)
		open_site(world, i);
	for (unsigned k = 0; k < known; k++) {
		*end = place_at(k, websocket);
		end = &(*end)->next;
	}
	g_assert_cmpint(call_create(&world->call, &cfg, &world_io, world), ==,
			0);
	return world;
}

static inline void finish(struct world *world)
{
	for (unsigned i = 0; i < GATES; i++) {
		take_events(&world->site[i]);
		engine_destroy(&world->site[i].eng);
		phone_destroy(&world->site[i].announcer);
	}
	call_destroy(&world->call);
	for (guint i = 0; i < world->released->len; i++) {
		struct call_place *place = world->released->pdata[i];

		call_place_destroy(&place);
	}
	g_ptr_array_unref(world->released);
	g_array_unref(world->flights);
	g_free(world);
}

static inline void step(struct world *world, gboolean caller)
{
	world->now += STEP_US;
	deliver_due(world);
	for (unsigned i = 0; i < GATES; i++) {
		struct site *site = &world->site[i];

		if (site->state == GATE_LIVES && site->next_us <= world->now)
			tick_site(site);
		if (site->state == GATE_LIVES)
			take_events(site);
	}
	if (!caller || world->next_us > world->now)
		return;
	call_tick(world->call, world->next_us, world->now);
	world->next_us += TICK_US;
}

static inline void pass(struct world *world, guint64 ms)
{
	for (guint64 i = 0; i < ms; i++)
		step(world, TRUE);
}

/* On, and the first sound heard. */
static inline void start_call(struct world *world)
{
	call_start(world->call, world->now, world->now);
	pass(world, 500);
	g_assert_true(world->heard_any);
	world->longest = world->quiet = 0;
}

#endif
