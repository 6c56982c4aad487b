/* What a listener hears through the whole media path, callers' code and
 * gate's, on a clock and a network that are invented: delay, clicks, gaps and
 * levels while others mute, come, go, and while packets are lost. */
#include <arpa/inet.h>

#include "bridge/gate/private.h"
#include "loadgen/call.h"
#include "tests/sound.h"

#define START	   (1000ull * 1000000)
#define STEP_US	   1000
#define PEOPLE	   5
#define KEPT_S	   60
#define NORMAL	   3277 /* amplitude: -20 dBFS, as people are heard */
#define WINDOW	   480	/* samples of one look at the level: 10 ms */
#define NETWORK_US 5000 /* least, each way */

struct net {
	double loss;	    /* 0..1, each way */
	unsigned jitter_us; /* 0 to this much later, at random */
	uint32_t seed;	    /* of that, and of when the gate sends RTCP */
};

struct flight {
	uint64_t due_us;
	unsigned who;
	bool to_bridge;
	size_t size;
	uint8_t buf[RTP_MAX_PACKET];
};

struct voice_counts {
	unsigned missing, recovered; /* frames */
};

struct person {
	struct hall *hall;
	unsigned who;
	struct call *call;
	struct session *ses;
	uint64_t next_us;	     /* tick */
	double hz, amplitude;	     /* 0 Hz: hums */
	uint64_t spoken;	     /* frames */
	struct voice_counts down;    /* of the newest report, */
	struct stream_report stream; /* as this */
	size_t n;
	int16_t heard[KEPT_S * SOUND_RATE];
};

struct hall {
	struct engine *eng;
	struct mix *mix;
	struct phonegate *gate;
	struct net net;
	GRand *random;
	GArray *flights;
	uint64_t now, next_us;
	struct person *people[PEOPLE];
};

/* --- the network --- */

static void post(struct hall *hall, unsigned who, bool to_bridge,
		 const uint8_t *buf, size_t size)
{
	struct flight flight = { .who = who,
				 .to_bridge = to_bridge,
				 .size = size };

	flight.due_us = hall->now + NETWORK_US;
	/* Only media is impaired: that reports come is not the question here.
	 */
	if (packet_kind(buf, size) != PACKET_RTP)
		goto send;
	if (g_rand_double(hall->random) < hall->net.loss)
		return;
	if (hall->net.jitter_us)
		flight.due_us += (uint64_t)g_rand_int_range(
			hall->random, 0, (gint32)hall->net.jitter_us);
send:
	memcpy(flight.buf, buf, size);
	g_array_append_val(hall->flights, flight);
}

static struct path path_of(unsigned who)
{
	const struct sockaddr_in in = { .sin_family = AF_INET,
					.sin_port =
						htons((uint16_t)(4000 + who)),
					.sin_addr.s_addr = htonl(0xc0000201) };
	struct path path;

	g_assert_true(path_from_socket(&path, 0, (const struct sockaddr *)&in));
	return path;
}

static void flush(struct outbox *box, void *arg)
{
	for (unsigned i = 0; i < box->n; i++)
		post(arg, ntohs(box->packets[i].to.peer.in.sin_port) - 4000u,
		     false, box->packets[i].buf, box->packets[i].size);
}

static void deliver(struct hall *hall, struct flight *flight)
{
	struct person *person = hall->people[flight->who];
	struct path from = path_of(flight->who);

	if (flight->to_bridge)
		engine_packet(hall->eng, &from, flight->buf, flight->size,
			      hall->now);
	else if (person)
		call_receive(person->call, flight->buf, flight->size,
			     hall->now);
}

static void deliver_due(struct hall *hall)
{
	for (guint i = 0; i < hall->flights->len;) {
		struct flight flight =
			g_array_index(hall->flights, struct flight, i);

		if (flight.due_us > hall->now) {
			i++;
			continue;
		}
		g_array_remove_index(hall->flights, i);
		deliver(hall, &flight);
	}
	engine_settle(hall->eng);
}

/* --- people --- */

static int on_send(unsigned target, const uint8_t *buf, size_t size, void *arg)
{
	struct person *person = arg;

	(void)target;
	post(person->hall, person->who, true, buf, size);
	return 0;
}

static void on_event(const struct call_event *event, void *arg)
{
	struct person *person = arg;

	if (event->type != CALL_REPORT)
		return;
	person->down.missing = (unsigned)event->report.jitter.missing;
	person->down.recovered = (unsigned)event->report.recovered;
	person->stream = event->report.stream;
}

/* Opus takes a steady tone for noise and gives it no FEC: somebody hums a tune,
 * never pausing, so that each gap is the network's. */
static void hum(int16_t *pcm, uint64_t frame)
{
	for (int i = 0; i < SOUND_FRAME; i++) {
		double t = (double)(frame * SOUND_FRAME + (uint64_t)i) /
			   SOUND_RATE;
		double pitch = 150 * t + 9 * sin(2 * G_PI * 0.9 * t);
		double sum = 0;

		for (int k = 1; k < 12; k++)
			sum += sin(2 * G_PI * k * pitch) / k;
		sum *= 0.65 + 0.35 * sin(2 * G_PI * 3 * t);
		pcm[i] = (int16_t)lrint(NORMAL * sum);
	}
}

static bool on_speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	struct person *person = arg;

	(void)tick_us;
	if (person->amplitude == 0)
		return false;
	if (person->hz > 0)
		sound_tone(pcm_r, person->hz, person->amplitude,
			   person->spoken++);
	else
		hum(pcm_r, person->spoken++);
	return true;
}

static void on_hear(const int16_t *pcm, uint64_t tick_us, int wait_us,
		    void *arg)
{
	struct person *person = arg;

	(void)tick_us;
	(void)wait_us;
	if (person->n + SOUND_FRAME > G_N_ELEMENTS(person->heard))
		return;
	memcpy(person->heard + person->n, pcm, SOUND_FRAME * sizeof(*pcm));
	person->n += SOUND_FRAME;
}

static bool on_release(struct call_place *place, void *arg)
{
	(void)arg;
	call_place_destroy(&place);
	return true;
}

static const struct call_io io = { on_send, on_event, on_speak, on_hear,
				   on_release };

static struct stream_config stream_of(unsigned who, bool caller)
{
	struct stream_config cfg = { .suite = SRTP_GCM,
				     .send_ssrc = 2 * who + 2 + caller,
				     .receive_ssrc = 2 * who + 3 - caller,
				     .payload_type = 111,
				     .cname = "test" };

	memset(cfg.send_key, (int)cfg.send_ssrc, SRTP_MAX_KEY);
	memset(cfg.receive_key, (int)cfg.receive_ssrc, SRTP_MAX_KEY);
	return cfg;
}

static void command(struct hall *hall, struct command cmd)
{
	g_assert_true(ring_push(hall->eng->commands, &cmd));
	engine_apply(hall->eng, hall->now);
}

static void create_session(struct person *person)
{
	struct session_config cfg = {
		.member = person->who + 1,
		.consent_s = 30,
		.password = "swordfish",
		.stream = stream_of(person->who, false),
		.leg = { .sends = true,
			 .receives = true,
			 .channels = 1,
			 .jitter = { 0, 400 } },
	};

	g_snprintf(cfg.username, sizeof(cfg.username), "dialog-%u",
		   person->who);
	g_assert_cmpint(session_create(&person->ses, &cfg), ==, 0);
	person->ses->gate = person->hall->gate;
	/* Reports decide when a stream changes its mode. */
	person->ses->random = 2 * g_rand_int(person->hall->random) + 1;
	command(person->hall, (struct command){ .kind = COMMAND_ADD_SESSION,
						.ses = person->ses });
}

/* phase_us: of his ticks after the bridge's. */
static struct person *enter(struct hall *hall, unsigned who, double hz,
			    double amplitude, unsigned phase_us)
{
	struct person *person = g_new0(struct person, 1);
	struct call_place_config place = {
		.registration = { .password = "swordfish",
				  .targets = { { .address.ss_family = 2 } },
				  .n_targets = 1,
				  .laps = 2,
				  .keep_us = 4000000,
				  .echo = true },
		.stream = stream_of(who, true),
	};
	struct call_config cfg = {
		.codec = { .bitrate = 32000, .complexity = 5, .low_delay = 1 },
		.jitter = { 0, 1000 },
		.report_us = 1000000,
	};

	person->hall = hall;
	person->who = who;
	person->hz = hz;
	person->amplitude = amplitude;
	create_session(person);
	g_snprintf(place.registration.username,
		   sizeof(place.registration.username), "dialog-%u", who);
	g_assert_cmpint(call_place_create(&cfg.places, &place), ==, 0);
	g_assert_cmpint(call_create(&person->call, &cfg, &io, person), ==, 0);
	person->next_us = hall->next_us + phase_us;
	hall->people[who] = person;
	call_start(person->call, hall->now, hall->now);
	return person;
}

static void leave(struct person *person)
{
	struct hall *hall = person->hall;

	call_bye(person->call, hall->now);
	hall->people[person->who] = NULL;
	call_destroy(&person->call);
	g_free(person);
}

static struct hall *open_hall(struct net net)
{
	struct hall *hall = g_new0(struct hall, 1);
	struct engine_mix *entry = calloc(1, sizeof(*entry));

	hall->net = net;
	hall->random = g_rand_new_with_seed(net.seed);
	hall->flights = g_array_new(FALSE, FALSE, sizeof(struct flight));
	hall->now = START;
	hall->next_us = START;
	g_assert_cmpint(engine_create(&hall->eng, flush, hall), ==, 0);
	engine_set_clock(hall->eng, START, START);
	g_assert_cmpint(
		mix_create(&hall->mix,
			   &(struct mix_config){ .capacity = PEOPLE,
						 .talkers = 5,
						 .bitrate = 32000,
						 .complexity = 5,
						 .channels = 1,
						 .jitter = { 0, 400 } }),
		==, 0);
	g_assert_cmpint(
		phonegate_create(&hall->gate, "local-1", hall->mix, PEOPLE), ==,
		0);
	entry->mix = hall->mix;
	command(hall,
		(struct command){ .kind = COMMAND_ADD_MIX, .entry = entry });
	command(hall, (struct command){ .kind = COMMAND_ADD_GATE,
					.gate = hall->gate });
	return hall;
}

/* The engine owns sessions, gate and mix. */
static void close_hall(struct hall *hall)
{
	engine_destroy(&hall->eng);
	for (unsigned i = 0; i < PEOPLE; i++) {
		if (!hall->people[i])
			continue;
		call_destroy(&hall->people[i]->call);
		g_free(hall->people[i]);
	}
	g_array_unref(hall->flights);
	g_rand_free(hall->random);
	g_free(hall);
}

static void run(struct hall *hall, double seconds)
{
	uint64_t end = hall->now + (uint64_t)(seconds * 1e6);

	for (; hall->now < end; hall->now += STEP_US) {
		deliver_due(hall);
		if (hall->now >= hall->next_us) {
			engine_tick(hall->eng, hall->now, 0);
			engine_settle(hall->eng);
			hall->next_us += TICK_US;
		}
		for (unsigned i = 0; i < PEOPLE; i++) {
			struct person *person = hall->people[i];

			if (!person || hall->now < person->next_us)
				continue;
			call_tick(person->call, person->next_us, hall->now);
			person->next_us += TICK_US;
		}
	}
}

/* --- what was heard --- */

struct sounding {
	double level_db;	/* of the tone, against how it was said */
	int edge;		/* largest second difference */
	double silent;		/* 0..1: time more than 15 dB below the mean */
	double gap_ms;		/* longest of it */
	double low_db, high_db; /* of WINDOWs, against their mean */
};

static double window_db(const int16_t *pcm)
{
	double sum = 1;

	for (int i = 0; i < WINDOW; i++)
		sum += (double)pcm[i] * pcm[i];
	return 10 * log10(sum / WINDOW);
}

/* The last `seconds` of what a person heard. */
static struct sounding sounding(const struct person *person, double hz,
				double seconds)
{
	size_t n = (size_t)(seconds * SOUND_RATE);
	const int16_t *pcm = person->heard + person->n - n;
	struct sounding is = { .edge = sound_edge(pcm, n) };
	double mean = 0;
	int gap = 0, worst = 0, gaps = 0;

	g_assert_cmpuint(person->n, >=, n);
	is.level_db =
		sound_find(pcm, n, hz) - 20 * log10((double)NORMAL / 32768);
	for (size_t at = 0; at + WINDOW <= n; at += WINDOW)
		mean += window_db(pcm + at) / (double)(n / WINDOW);
	for (size_t at = 0; at + WINDOW <= n; at += WINDOW) {
		double db = window_db(pcm + at) - mean;

		is.low_db = fmin(is.low_db, db);
		is.high_db = fmax(is.high_db, db);
		gap = db < -15 ? gap + 1 : 0;
		worst = MAX(worst, gap);
		gaps += gap > 0;
	}
	is.silent = (double)gaps * WINDOW / (double)n;
	is.gap_ms = worst * 1000.0 * WINDOW / SOUND_RATE;
	return is;
}

static void show(const char *what, struct sounding is)
{
	g_test_message("%s: tone %.1f dB, edge %d, longest gap %.0f ms, "
		       "%.1f %% silent, windows %.1f to %.1f dB",
		       what, is.level_db, is.edge, is.gap_ms, is.silent * 100,
		       is.low_db, is.high_db);
}

static void mute(struct person *person, bool on, bool by_moderator)
{
	if (by_moderator)
		command(person->hall, (struct command){ .kind = COMMAND_MUTE,
							.ses = person->ses,
							.muted = on });
	else
		call_mute(person->call, on);
}

/* A hard cut of this tone has an edge ten times its own. */
static void muting_clicks_nowhere(gconstpointer by_moderator)
{
	struct hall *hall = open_hall((struct net){ 0 });
	struct person *listener = enter(hall, 0, 0, 0, 3000);
	struct person *talker = enter(hall, 1, 440, NORMAL, 11000);
	struct sounding before, is;

	run(hall, 5);
	before = sounding(listener, 440, 3);
	show("before", before);
	for (int i = 0; i < 6; i++) {
		bool on = i % 2 == 0;

		mute(talker, on, by_moderator != NULL);
		run(hall, 0.5);
		is = sounding(listener, 440, 0.5);
		show(on ? "muting" : "unmuting", is);
		g_assert_cmpint(is.edge, <, before.edge * 2);
		run(hall, 1);
		is = sounding(listener, 440, 1);
		if (on)
			g_assert_cmpfloat(is.level_db, <, -80);
		else
			g_assert_cmpfloat_with_epsilon(is.level_db,
						       before.level_db, 0.5);
	}
	close_hall(hall);
}

static void who_comes_or_goes_clicks_nowhere(void)
{
	struct hall *hall = open_hall((struct net){ 0 });
	struct person *listener = enter(hall, 0, 0, 0, 3000);
	struct person *guest;
	struct sounding is;
	int edge = 0;

	enter(hall, 1, 440, NORMAL, 11000);
	run(hall, 5);
	for (unsigned i = 0; i < 3; i++) {
		/* The first guest is silent, the others leave in mid-word. */
		guest = enter(hall, 2 + i, 700, i ? NORMAL : 0, 7000 * i);
		run(hall, 2);
		is = sounding(listener, 440, 2);
		show("one comes", is);
		g_assert_cmpfloat_with_epsilon(is.level_db, 0, 0.5);
		g_assert_cmpfloat(is.gap_ms, ==, 0);
		edge = sounding(listener, 440, 1).edge;
		g_assert_cmpint(is.edge, <, edge * 2);

		leave(guest);
		run(hall, 2);
		is = sounding(listener, 440, 2);
		show("one leaves", is);
		g_assert_cmpfloat_with_epsilon(is.level_db, 0, 0.5);
		g_assert_cmpfloat(is.gap_ms, ==, 0);
		g_assert_cmpint(is.edge, <, edge * 2);
		g_assert_cmpfloat(sounding(listener, 700, 1).level_db, <, -60);
	}
	close_hall(hall);
}

/* What `who` hears of the others, with his own voice and without it. */
static int16_t *heard_by(unsigned who, bool speaks, double amplitude,
			 size_t *n_r)
{
	struct hall *hall = open_hall((struct net){ 0 });
	int16_t *heard;

	for (unsigned i = 0; i < PEOPLE; i++)
		enter(hall, i, 400 + 150 * i + 13 * i * i,
		      i != who || speaks ? amplitude : 0, 3100 * i);
	run(hall, 4);
	*n_r = hall->people[who]->n;
	heard = g_memdup2(hall->people[who]->heard, *n_r * sizeof(*heard));
	close_hall(hall);
	return heard;
}

/* What a tone meter finds at the frequency of one's own voice, -46 dB at the
 * worst, is the codec's noise beside the four others: it is the same to the
 * bit when one is silent. */
static void ones_own_voice_is_not_in_it_by_a_bit(void)
{
	static const double amplitudes[] = { NORMAL, 16000 };

	for (unsigned i = 0; i < G_N_ELEMENTS(amplitudes); i++) {
		for (unsigned who = 0; who < PEOPLE; who++) {
			size_t n, m;
			g_autofree int16_t *with =
				heard_by(who, true, amplitudes[i], &n);
			g_autofree int16_t *without =
				heard_by(who, false, amplitudes[i], &m);

			g_assert_cmpmem(with, n * sizeof(*with), without,
					m * sizeof(*without));
			g_assert_cmpint(sound_edge(with, n), >, 0);
		}
	}
}

/* What is heard of a hum, from 5 s after it began. */
static struct sounding on_network(struct net net, double seconds,
				  struct voice_counts *counts_r)
{
	struct hall *hall = open_hall(net);
	struct person *listener = enter(hall, 0, 0, 0, 3000);
	struct person *talker = enter(hall, 1, 0, NORMAL, 11000);
	struct mix_leg_report up;
	struct sounding is;

	run(hall, 5);
	mix_leg_report(talker->ses->leg, &up);
	*counts_r = listener->down;
	counts_r->missing += up.jitter.missing;
	counts_r->recovered += up.recovered;
	run(hall, seconds);
	is = sounding(listener, 0, seconds);
	show("on this network", is);
	mix_leg_report(talker->ses->leg, &up);
	counts_r->missing =
		listener->down.missing + up.jitter.missing - counts_r->missing;
	counts_r->recovered =
		listener->down.recovered + up.recovered - counts_r->recovered;
	close_hall(hall);
	return is;
}

/* 1, 12 and 18 had the worst clicks of the first twenty seeds while a gap was
 * not yet joined to what follows it. 29 is loud: where the lost frame began a
 * syllable and had no FEC, the decoder predicts the next one from what was
 * never said, and it comes out 5 dB too loud (four in sixty seeds, once each).
 * That is libopus' (1.3.1); it lasts for a frame, and as such an error is not
 * larger than the sound, they are no more than 6 dB together. */
static void five_percent_lost_each_way_leaves_no_click_and_few_gaps(void)
{
	static const uint32_t seeds[] = { 1, 12, 18, 29 };
	struct voice_counts counts;
	struct sounding clean = on_network((struct net){ 0 }, 40, &counts);

	for (unsigned i = 0; i < G_N_ELEMENTS(seeds); i++) {
		const struct net net = { .loss = 0.05, .seed = seeds[i] };
		struct sounding is = on_network(net, 40, &counts);

		g_test_message("seed %u: %u frames lost, %u of them recovered",
			       seeds[i], counts.missing, counts.recovered);
		g_assert_cmpint(is.edge, <, clean.edge * 3 / 2);
		g_assert_cmpuint(counts.recovered, >, counts.missing / 2);
		g_assert_cmpfloat(is.gap_ms, <=, 60);
		g_assert_cmpfloat(is.silent, <, 0.01);
		g_assert_cmpfloat(is.high_db, <, clean.high_db + 6);
	}
}

static void twenty_ms_of_jitter_play_without_a_gap(void)
{
	struct voice_counts counts;
	struct sounding clean = on_network((struct net){ 0 }, 20, &counts);
	struct sounding is =
		on_network((struct net){ .jitter_us = 20000 }, 20, &counts);

	g_assert_cmpint(is.edge, <, clean.edge * 2);
	g_assert_cmpuint(counts.missing, ==, 0);
	g_assert_cmpfloat(is.silent, ==, 0);
	g_assert_cmpfloat(is.low_db, >, clean.low_db - 3);
}

static void agree(const struct stream_figures *own,
		  const struct stream_figures *told)
{
	g_test_message("MOS %.2f of %.1f %% lost, %.1f %% recovered; told %.1f",
		       (double)own->mos, (double)own->loss * 100,
		       (double)own->recovered * 100, (double)told->mos);
	g_assert_cmpfloat_with_epsilon(own->mos, told->mos, 0.3f);
	g_assert_cmpfloat(told->buffer_ms, >=, 0);
}

/* What one end suffers the other one knows; and FEC makes it less than the
 * loss alone would (3.35, tests/unit/emodel.c). */
static void both_ends_know_the_quality_of_both_ways(void)
{
	struct hall *hall = open_hall((struct net){ .loss = 0.05, .seed = 1 });
	struct person *listener = enter(hall, 0, 0, 0, 3000);
	struct person *talker = enter(hall, 1, 0, NORMAL, 11000);
	struct stream_report gate;

	run(hall, 40);
	stream_report(listener->ses->stream, &gate);
	agree(&listener->stream.in, &gate.out);
	g_assert_cmpfloat(listener->stream.in.mos, >, 3.4f);
	g_assert_cmpfloat(listener->stream.in.mos, <, 4.4f);
	g_assert_cmpfloat_with_epsilon(gate.round_trip_ms,
				       2 * NETWORK_US / 1000.0, 2);
	stream_report(talker->ses->stream, &gate);
	agree(&gate.in, &talker->stream.out);
	g_assert_cmpfloat(gate.in.mos, >, 3.4f);
	g_assert_cmpfloat(gate.in.mos, <, 4.4f);
	close_hall(hall);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/listen/muting oneself clicks nowhere", NULL,
			     muting_clicks_nowhere);
	g_test_add_data_func("/listen/muting by a moderator clicks nowhere",
			     "moderator", muting_clicks_nowhere);
	g_test_add_func("/listen/who comes or goes clicks nowhere",
			who_comes_or_goes_clicks_nowhere);
	g_test_add_func("/listen/one's own voice is not in it by a bit",
			ones_own_voice_is_not_in_it_by_a_bit);
	g_test_add_func(
		"/listen/five percent lost each way leaves no click "
		"and few gaps",
		five_percent_lost_each_way_leaves_no_click_and_few_gaps);
	g_test_add_func("/listen/20 ms of jitter play without a gap",
			twenty_ms_of_jitter_play_without_a_gap);
	g_test_add_func("/listen/both ends know the quality of both ways",
			both_ends_know_the_quality_of_both_ways);
	return g_test_run();
}
