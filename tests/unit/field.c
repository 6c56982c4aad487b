/* What users of other bridges complained of, as tests: one talker over a
 * simulated network, heard through a voice. Time is simulated; an hour takes
 * seconds. */
#include "mixer/voice.h"

#include <glib.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/codec.h"
#include "mixer/level.h"
#include "mixer/reception.h"
#include "tests/network.h"
#include "tests/sound.h"

#define TONE_HZ	    1000
#define LOUD	    8000
#define SECOND	    48000
#define LONG_ENOUGH 4	/* s after a stall: who is late then is stuck */
#define TONES	    100 /* packets of it: whole periods, and steady */
#define SPEECHES    400 /* packets: 8 s */

static struct network_packet tones[TONES], speech[SPEECHES];

static struct voice *new_voice(void)
{
	const struct jitter_config cfg = { .min_ms = 0, .max_ms = 500 };
	struct voice *voice = NULL;

	g_assert_cmpint(voice_create(&voice, &cfg), ==, 0);
	return voice;
}

static void the_tone(int16_t *pcm, uint64_t frame)
{
	sound_tone(pcm, TONE_HZ, LOUD, frame);
}

/* Keeps the last n packets of `frames` encoded ones. */
static void encode(struct network_packet *pkts, int n, int frames,
		   void (*sound)(int16_t *pcm, uint64_t frame))
{
	const struct codec_config cfg = { .bitrate = 24000,
					  .complexity = 5,
					  .low_delay = 1 };
	struct codec_encoder *enc = NULL;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	for (int i = 0; i < frames; i++) {
		struct network_packet *pkt = &pkts[i % n];
		int16_t pcm[SOUND_FRAME];

		sound(pcm, (uint64_t)i);
		pkt->size = codec_encode(enc, pcm, pkt->buf, sizeof(pkt->buf));
		g_assert_cmpint(pkt->size, >, 0);
	}
	codec_encoder_destroy(&enc);
}

/* What is wrong with a tone that should go on for ever. */
struct continuity {
	int quiet;  /* frames 1 dB too weak */
	int clicks; /* frames with an edge 50 % too steep */
	struct voice_report rep;
};

static struct continuity listen_to_the_tone(struct network *net, int seconds)
{
	int16_t pcm[2 + SOUND_FRAME] = { 0 };
	struct voice *voice = new_voice();
	struct continuity heard = { 0 };
	float expected;
	int edge;

	the_tone(pcm + 2, 0);
	expected = level_dbov(pcm + 2, SOUND_FRAME);
	edge = sound_edge(pcm + 2, SOUND_FRAME);
	net->packets = tones;
	net->n_packets = TONES;
	for (int t = 0; t < 50 * seconds; t++) {
		float level;

		memcpy(pcm, pcm + SOUND_FRAME, 2 * sizeof(*pcm));
		level = network_tick(net, voice, pcm + 2);
		if (t < 5)
			continue;
		heard.quiet += level < expected - 1;
		heard.clicks +=
			sound_edge(pcm, SOUND_FRAME + 2) > edge + edge / 2;
	}
	voice_report(voice, &heard.rep);
	g_test_message("%d s: %d frames too quiet, %d clicks, %d concealed,"
		       " %.0f ms left out, %.0f ms played again",
		       seconds, heard.quiet, heard.clicks,
		       (int)heard.rep.concealed,
		       (double)heard.rep.shortened / NETWORK_MS,
		       (double)heard.rep.lengthened / NETWORK_MS);
	voice_destroy(&voice);
	return heard;
}

static void assert_continuous(const struct continuity *heard)
{
	g_assert_cmpint(heard->quiet, ==, 0);
	g_assert_cmpint(heard->clicks, ==, 0);
	g_assert_cmpuint(heard->rep.concealed, ==, 0);
	g_assert_cmpuint(heard->rep.jitter.missing, ==, 0);
	g_assert_cmpuint(heard->rep.jitter.late, ==, 0);
}

/* FreeSWITCH issue 3024: silence was put into a tone. */
static void a_tone_is_continuous_for_10_minutes(void)
{
	struct network net = { .phase = 480,
			       .jitter = 3 * NETWORK_MS,
			       .seed = 1 };
	struct continuity heard = listen_to_the_tone(&net, 600);

	assert_continuous(&heard);
	g_assert_cmpuint(heard.rep.jitter.played, >=, 30000 - 2);
}

static void clocks_that_drift_are_followed_for_an_hour(void)
{
	for (int sign = -1; sign <= 1; sign += 2) {
		struct network net = { .phase = 480,
				       .ppm = 200 * sign,
				       .jitter = NETWORK_MS,
				       .seed = 2 };
		struct continuity heard = listen_to_the_tone(&net, 3600);
		/* Seconds of drift, in samples. */
		double drift = 3600 * 200e-6 * SECOND;

		assert_continuous(&heard);
		g_assert_cmpfloat(net.delay, <, 45 * NETWORK_MS);
		/* All of it and no more: the tempo is not pumping. */
		g_assert_cmpfloat(
			(double)(heard.rep.shortened + heard.rep.lengthened), <,
			2 * drift);
	}
}

/* Runs to the end of the stall and `seconds` further. Returns the first time
 * after its end, in s, from which on the delay stays under 100 ms. */
static double recover(struct network *net, struct voice *voice, int seconds)
{
	int64_t end = (net->stall_at + net->stall) / SOUND_FRAME + 1;
	int64_t last = end;
	int16_t pcm[SOUND_FRAME];

	while (net->tick < end + 50 * seconds) {
		network_tick(net, voice, pcm);
		if (net->tick > end && net->delay >= 100 * NETWORK_MS)
			last = net->tick;
	}
	return (double)(last - end) / 50;
}

/* Janus issue 3353, and SpeexDSP's buffer in 48 kHz units: 31 of 360 runs
 * never came down again. */
static void a_burst_of_1500_ms_is_worked_off_within_3_s(void)
{
	double worst = 0, sum = 0;
	int stuck = 0, slow = 0;

	for (uint32_t seed = 0; seed < 1000; seed++) {
		struct voice *voice = new_voice();
		struct network net = { .packets = speech,
				       .n_packets = SPEECHES,
				       .seed = seed * 2654435761u,
				       .stall = 1500 * NETWORK_MS };
		double took;

		net.phase = network_random(&net) * 960;
		net.ppm = network_random(&net) * 400 - 200;
		net.jitter = (int)(network_random(&net) * 40 * NETWORK_MS);
		net.stall_at =
			(int)((0.3 + 0.7 * network_random(&net)) * SECOND);
		net.next = (int)(network_random(&net) * 100);
		net.phase -= net.next * 960.0 * (1 + net.ppm * 1e-6);
		took = recover(&net, voice, LONG_ENOUGH);
		worst = MAX(worst, took);
		sum += took;
		slow += took > 3;
		stuck += took >= LONG_ENOUGH;
		voice_destroy(&voice);
	}
	g_test_message("1000 bursts: under 100 ms after %.2f s, at worst"
		       " %.2f s; %d slower than 3 s, %d stuck",
		       sum / 1000, worst, slow, stuck);
	g_assert_cmpint(slow, ==, 0);
	g_assert_cmpint(stuck, ==, 0);
}

/* Without a break in the sound, quiet frames do not help. */
static void a_burst_in_a_continuous_tone_is_worked_off_too(void)
{
	struct network net = { .packets = tones,
			       .n_packets = TONES,
			       .phase = 480,
			       .stall_at = 2 * SECOND,
			       .stall = 1500 * NETWORK_MS };
	struct voice *voice = new_voice();
	double took = recover(&net, voice, LONG_ENOUGH);

	g_test_message("a tone: under 100 ms after %.2f s", took);
	g_assert_cmpfloat(took, <=, 3);
	voice_destroy(&voice);
}

/* 400 ms of speech, 200 ms of pause. */
static bool in_spurt(int i)
{
	return i % 30 < 20;
}

static void short_pauses_cost_no_speech(void)
{
	static const int jitters[] = { 0, 20, 60 };

	for (unsigned k = 0; k < G_N_ELEMENTS(jitters); k++) {
		struct network net = { .packets = speech,
				       .n_packets = SPEECHES,
				       .phase = 480,
				       .jitter = jitters[k] * NETWORK_MS,
				       .spoken = in_spurt,
				       .seed = 3 };
		struct voice *voice = new_voice();
		struct voice_report rep;
		int16_t pcm[SOUND_FRAME];
		double lost;

		while (net.tick < 50 * 120)
			network_tick(&net, voice, pcm);
		voice_report(voice, &rep);
		lost = 100.0 * (1.0 - (double)rep.jitter.played / net.sent);
		g_test_message("jitter of %d ms: %.2f %% of the speech lost,"
			       " delay %.0f ms",
			       jitters[k], lost, net.delay / NETWORK_MS);
		g_assert_cmpfloat(lost, <=, 2.5);
		g_assert_cmpuint(rep.jitter.missing, <=, rep.jitter.late);
		voice_destroy(&voice);
	}
}

/* Counters as they are on the wire: 16 and 32 bits that wrap. */
static void wrapping_counters_are_not_heard(void)
{
	struct voice *voice = new_voice();
	struct reception rec = { 0 };
	struct voice_report rep;
	int16_t pcm[SOUND_FRAME];
	const int packets = 3000;

	for (int i = 0; i < packets; i++) {
		const struct network_packet *pkt = &tones[i % TONES];
		uint64_t index = reception_index(&rec, (uint16_t)(64000 + i));
		uint32_t stamp = (uint32_t)(i - 1000) * SOUND_FRAME;
		uint64_t timestamp =
			reception_add(&rec, index, stamp, (size_t)pkt->size,
				      (uint64_t)i * 20000);
		float level;

		g_assert_cmpint(voice_put(voice, index, timestamp, pkt->buf,
					  (size_t)pkt->size),
				==, 0);
		level = voice_pull(voice, pcm);
		if (i > 5)
			g_assert_cmpfloat(level, >, -16.5);
	}
	voice_report(voice, &rep);
	g_assert_cmpuint(rep.jitter.played, ==, (unsigned)packets);
	g_assert_cmpuint(rep.concealed, ==, 0);
	voice_destroy(&voice);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	encode(tones, TONES, 10 * TONES, the_tone);
	encode(speech, SPEECHES, SPEECHES, sound_speech);
	g_test_add_func("/field/a 1 kHz tone is continuous for 10 minutes",
			a_tone_is_continuous_for_10_minutes);
	g_test_add_func("/field/clocks that drift by 200 ppm, an hour long",
			clocks_that_drift_are_followed_for_an_hour);
	g_test_add_func("/field/a burst of 1.5 s is worked off within 3 s",
			a_burst_of_1500_ms_is_worked_off_within_3_s);
	g_test_add_func("/field/and so it is in a continuous tone",
			a_burst_in_a_continuous_tone_is_worked_off_too);
	g_test_add_func("/field/pauses of 200 ms cost no speech",
			short_pauses_cost_no_speech);
	g_test_add_func("/field/counters that wrap are not heard",
			wrapping_counters_are_not_heard);
	return g_test_run();
}
