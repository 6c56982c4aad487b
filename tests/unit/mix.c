#include <errno.h>
#include <stdlib.h>

#include "tests/trap.h"
#include "tests/unit/mix_room.h"

static const double tones[] = { 310, 470, 690, 1010, 1490 };

/* Five talkers: the level of the weakest other, and of the own voice. */
static void talk_all(double amplitude, int bitrate, double *other_r,
		     double *own_r)
{
	struct room room;

	*own_r = -200;
	*other_r = 0;
	open_room_with(&room, 5, bitrate);
	for (unsigned i = 0; i < 5; i++)
		enter(&room, tones[i], amplitude);
	run(&room, 250);
	for (unsigned i = 0; i < 5; i++) {
		for (unsigned j = 0; j < 5; j++) {
			double level = find(room.people[i], tones[j], KEEP);

			if (i == j)
				*own_r = MAX(*own_r, level);
			else
				*other_r = MIN(*other_r, level);
		}
	}
	close_room(&room);
}

static void five_talkers_hear_each_other_and_not_themselves(void)
{
	double other, own;

	/* So many bits that the codec's noise does not hide the residue. */
	talk_all(6000, 256000, &other, &own);
	g_test_message("5 talkers: others at least %.1f dBFS, own voice at"
		       " most %.1f dBFS",
		       other, own);
	g_assert_cmpfloat(other, >, -16);
	g_assert_cmpfloat(own, <, other - 60);
}

static void five_full_scale_talkers_too(void)
{
	double other, own;

	talk_all(32767, 64000, &other, &own);
	g_test_message("at full scale: others at least %.1f dBFS, own voice"
		       " at most %.1f dBFS",
		       other, own);
	g_assert_cmpfloat(other, >, -14);
	g_assert_cmpfloat(own, <, -45);
}

static void a_sum_that_is_too_loud_is_limited_and_not_wrapped(void)
{
	struct room room;
	struct person *listener;

	open_room(&room);
	/* The same tone in phase: the sum is five times full scale. */
	for (unsigned i = 0; i < 5; i++)
		enter(&room, 200, 32767);
	listener = enter(&room, 0, 0);
	run(&room, 150);
	/* A sine of full scale bends by 22; a wrap would jump by 65536. */
	g_assert_cmpint(edge(listener, 100), <, 3000);
	g_assert_cmpfloat(find(listener, 200, 100), >, -3);
	/* Limited, it is still a sine. */
	g_assert_cmpfloat(find(listener, 600, 100), <, -35);
	close_room(&room);
}

static void all_who_are_silent_share_one_packet(void)
{
	struct room room;

	open_room(&room);
	enter(&room, 500, 8000);
	enter(&room, 800, 8000);
	for (unsigned i = 0; i < 4; i++)
		enter(&room, 0, 0);
	run(&room, 50);
	for (unsigned i = 2; i < 6; i++) {
		g_assert_cmpuint(room.people[i]->size, >, 2);
		g_assert_true(room.people[i]->packet == room.people[2]->packet);
	}
	g_assert_true(room.people[0]->packet != room.people[1]->packet);
	g_assert_true(room.people[0]->packet != room.people[2]->packet);
	close_room(&room);
}

static void silence_sends_nothing(void)
{
	struct room room;
	uint64_t packets = 0;

	open_room(&room);
	for (unsigned i = 0; i < 4; i++)
		enter(&room, 0, 0);
	run(&room, 50);
	for (unsigned i = 0; i < 4; i++)
		packets += room.people[i]->packets;
	run(&room, 200);
	for (unsigned i = 0; i < 4; i++) {
		packets -= room.people[i]->packets;
		g_assert_cmpuint(room.people[i]->size, ==, 0);
	}
	g_assert_cmpuint(packets, ==, 0);

	/* Who speaks is heard at once, but has nothing to hear himself. */
	room.people[0]->hz = 600;
	room.people[0]->amplitude = 8000;
	run(&room, 100);
	g_assert_cmpuint(room.people[0]->size, ==, 0);
	g_assert_cmpfloat(find(room.people[1], 600, 50), >, -14);
	close_room(&room);
}

static void background_noise_below_the_gate_is_silence(void)
{
	struct room room;

	open_room(&room);
	for (unsigned i = 0; i < 4; i++)
		enter(&room, 300 + 100 * i, 10); /* -73 dBov */
	run(&room, 100);
	for (unsigned i = 0; i < 4; i++)
		g_assert_cmpuint(room.people[i]->size, ==, 0);
	close_room(&room);
}

static void muting_is_heard_by_nobody_and_clicks_nowhere(void)
{
	struct mix_leg_report rep;
	struct room room;
	struct person *talker, *other, *listener;
	int before;

	open_room(&room);
	talker = enter(&room, 440, 12000);
	other = enter(&room, 700, 3000);
	listener = enter(&room, 0, 0);
	run(&room, 150);
	before = edge(listener, 100);

	mix_leg_set_muted(talker->leg, true);
	run(&room, 50);
	g_assert_cmpint(edge(listener, 52), <, before * 2);
	run(&room, 50);
	g_assert_cmpfloat(find(listener, 440, 45), <, -60);
	g_assert_cmpfloat(find(other, 440, 45), <, -60);
	g_assert_cmpfloat(find(listener, 700, 45), >, -22);
	g_assert_cmpfloat(find(talker, 700, 45), >, -22);
	mix_leg_report(talker->leg, &rep);
	g_assert_cmpfloat(rep.level_dbov, >, -13);
	g_assert_true(rep.talking);

	mix_leg_set_muted(talker->leg, false);
	run(&room, 50);
	g_assert_cmpint(edge(listener, 52), <, before * 2);
	g_assert_cmpfloat(find(listener, 440, 45), >, -10);
	close_room(&room);
}

static void a_change_to_speech_modes_and_back_leaves_no_seam(void)
{
	struct room room;
	struct person *listener, *talker;
	int before;

	open_room(&room);
	talker = enter(&room, 440, 3000);
	listener = enter(&room, 0, 0);
	enter(&room, 700, 0);
	run(&room, 150);
	before = edge(listener, 100);
	for (int k = 0; k < 4; k++) {
		/* From the shared feed to his own, and to another shared. */
		mix_leg_set_loss(listener->leg, k % 2 ? 0 : 8);
		run(&room, 50);
		g_assert_cmpint(edge(listener, 52), <, before * 3);
		g_assert_cmpfloat(find(listener, 440, 45), >, -22);
	}
	g_assert_cmpfloat(find(talker, 440, 45), <, -60);
	close_room(&room);
}

static void who_leaves_in_mid_word_fades_out(void)
{
	struct room room;
	struct person *listener, *talker;
	int before;

	open_room(&room);
	listener = enter(&room, 0, 0);
	enter(&room, 440, 3000);
	talker = enter(&room, 700, 3000);
	run(&room, 150);
	before = edge(listener, 100);
	mix_leave(room.mix, talker->leg);
	room.n--; /* and says no more */
	run(&room, 50);
	room.n++;
	g_assert_cmpint(edge(listener, 52), <, before * 2);
	g_assert_cmpfloat(find(listener, 700, 45), <, -60);
	close_room(&room);
}

static void beginning_and_ceasing_to_talk_leaves_no_seam(void)
{
	struct room room;
	struct person *second;
	int before;

	open_room(&room);
	enter(&room, 440, 8000);
	second = enter(&room, 950, 0);
	run(&room, 150);
	before = edge(second, 100);
	for (int k = 0; k < 4; k++) {
		/* Talker: own feed. Silent for 400 ms and more: shared. */
		second->amplitude = k % 2 ? 0 : 8000;
		run(&room, 75);
		g_assert_cmpint(edge(second, 76), <, before * 2);
		g_assert_cmpfloat(find(second, 440, 50), >, -14);
		g_assert_cmpfloat(find(second, 950, 50), <, -60);
	}
	close_room(&room);
}

/* Delay of a burst of noise from in to out, in samples. */
static int correlate(const int16_t *in, size_t n, const int16_t *out)
{
	double best = 0;
	int at = -1;

	for (int delay = 0; delay < 3 * SOUND_FRAME; delay++) {
		double sum = 0;

		for (size_t i = 0; i < n; i++)
			sum += (double)in[i] * out[i + (size_t)delay];
		if (sum > best) {
			best = sum;
			at = delay;
		}
	}
	return at;
}

static int delay_through(struct mix *mix)
{
	const struct codec_config codec = { .bitrate = 64000,
					    .complexity = 5,
					    .low_delay = 1 };
	struct mix_leg *from = NULL, *to = NULL;
	struct codec_encoder *enc = NULL;
	struct codec_decoder *dec = NULL;
	int16_t in[20 * SOUND_FRAME] = { 0 }, out[24 * SOUND_FRAME] = { 0 };
	int delay;

	g_assert_cmpint(codec_encoder_create(&enc, &codec), ==, 0);
	g_assert_cmpint(codec_decoder_create(&dec), ==, 0);
	g_assert_cmpint(mix_leg_create(&from, &plain), ==, 0);
	g_assert_cmpint(mix_leg_create(&to, &plain), ==, 0);
	if (mix) {
		mix_join(mix, from);
		mix_join(mix, to);
	}
	srand(4);
	for (int i = 0; i < 20 * SOUND_FRAME; i++)
		in[i] = (int16_t)(rand() % 8000 - 4000);
	for (int t = 0; t < 20; t++) {
		uint8_t buf[CODEC_MAX];
		const uint8_t *packet = buf;
		size_t size = (size_t)codec_encode(enc, in + t * SOUND_FRAME,
						   buf, sizeof(buf));

		if (mix) {
			mix_leg_put(from, (uint64_t)t,
				    (uint64_t)t * SOUND_FRAME, buf, size);
			mix_tick(mix);
			size = mix_leg_packet(to, &packet);
		}
		codec_decode(dec, packet, size, out + t * SOUND_FRAME,
			     SOUND_FRAME);
	}
	delay = correlate(in + 5 * SOUND_FRAME, 10 * SOUND_FRAME,
			  out + 5 * SOUND_FRAME);
	if (mix) {
		mix_leave(mix, from);
		mix_leave(mix, to);
	}
	mix_leg_destroy(&from);
	mix_leg_destroy(&to);
	codec_encoder_destroy(&enc);
	codec_decoder_destroy(&dec);
	return delay;
}

static void a_clean_path_is_delayed_by_less_than_25_ms(void)
{
	struct room room;
	double added;

	open_room(&room);
	/* What the bridge adds to a call without one, in ms: limiter and
	 * encoder. The packet came just before the tick; at worst it comes
	 * just after one. */
	added = (delay_through(room.mix) - delay_through(NULL)) / 48.0;
	g_test_message("limiter and encoder add %.2f ms, with the wait for"
		       " the tick %.2f to %.2f ms",
		       added, added, added + 20);
	g_assert_cmpfloat(added, >, 0);
	g_assert_cmpfloat(added + 20, <, 25);
	close_room(&room);
}

static void a_lossy_listener_is_sent_speech_modes_with_fec(void)
{
	struct room room;
	struct person *listener, *clean;
	int with_fec = 0;

	open_room(&room);
	enter(&room, SPEECH, 0);
	listener = enter(&room, 0, 0);
	clean = enter(&room, 0, 0);
	run(&room, 50);
	g_assert_cmpint(listener->packet[0] & 0x80, ==, 0x80);
	mix_leg_set_loss(listener->leg, 10);
	run(&room, 20);
	for (int i = 0; i < 50; i++) {
		run(&room, 1);
		g_assert_cmpint(listener->packet[0] & 0x80, ==, 0);
		g_assert_cmpint(clean->packet[0] & 0x80, ==, 0x80);
		with_fec +=
			codec_packet_has_fec(listener->packet, listener->size);
	}
	g_assert_cmpint(with_fec, >, 20);
	/* Between the two thresholds it stays; below it returns. */
	mix_leg_set_loss(listener->leg, 2);
	run(&room, 5);
	g_assert_cmpint(listener->packet[0] & 0x80, ==, 0);
	mix_leg_set_loss(listener->leg, 0);
	run(&room, 20);
	g_assert_true(listener->packet == clean->packet);
	close_room(&room);
}

static void a_late_burst_of_1500_ms_is_over_within_3_s(void)
{
	struct room room;
	struct person *talker, *listener;
	struct mix_leg_report rep;
	struct {
		uint8_t buf[CODEC_MAX];
		size_t size;
	} * held;
	const unsigned stall = 75;

	held = g_malloc_n(stall, sizeof(*held));
	open_room(&room);
	talker = enter(&room, 440, 8000);
	listener = enter(&room, 0, 0);
	run(&room, 100);
	for (unsigned t = 0; t < stall; t++) {
		int16_t pcm[SOUND_FRAME];

		sound_tone(pcm, talker->hz, talker->amplitude, room.tick);
		held[t].size = (size_t)codec_encode(talker->mouth, pcm,
						    held[t].buf, CODEC_MAX);
		mix_tick(room.mix);
		hear(listener, room.tick);
		room.tick++;
	}
	g_assert_cmpfloat(level_dbov(listener->heard + (KEEP - 1) * SOUND_FRAME,
				     SOUND_FRAME),
			  ==, LEVEL_SILENCE);
	for (unsigned t = 0; t < stall; t++)
		mix_leg_put(talker->leg, talker->sequence++,
			    (room.tick - stall + t) * SOUND_FRAME, held[t].buf,
			    held[t].size);
	run(&room, 150);
	mix_leg_report(talker->leg, &rep);
	g_assert_cmpint(rep.jitter.delay_ms, <=, 40);
	g_assert_cmpfloat(find(listener, 440, 25), >, -14);
	close_room(&room);
	g_free(held);
}

static void places_are_counted_and_can_be_left(void)
{
	struct mix_config cfg = { .talkers = 1,
				  .bitrate = 32000,
				  .channels = 1,
				  .jitter = { 0, 500 } };
	struct mix_leg_config wrong = plain;
	struct mix_leg *leg[3] = { NULL };
	struct mix *mix = NULL, *other = NULL;
	const uint8_t *packet;

	g_assert_cmpint(mix_create(&mix, &cfg), ==, -EINVAL);
	cfg.capacity = 2;
	g_assert_cmpint(mix_create(&mix, &cfg), ==, 0);
	g_assert_cmpint(mix_create(&other, &cfg), ==, 0);
	wrong.channels = 3;
	g_assert_cmpint(mix_leg_create(&leg[0], &wrong), ==, -EINVAL);
	for (int i = 0; i < 3; i++)
		g_assert_cmpint(mix_leg_create(&leg[i], &plain), ==, 0);
	g_assert_cmpint(mix_join(mix, leg[0]), ==, 0);
	g_assert_cmpint(mix_join(mix, leg[0]), ==, -EBUSY);
	g_assert_cmpint(mix_join(other, leg[0]), ==, -EBUSY);
	g_assert_cmpint(mix_join(mix, leg[1]), ==, 0);
	g_assert_cmpint(mix_join(mix, leg[2]), ==, -ENOSPC);
	mix_leave(mix, leg[2]);
	mix_leave(other, leg[1]);
	mix_leave(mix, leg[0]);
	g_assert_cmpint(mix_join(mix, leg[2]), ==, 0);
	mix_tick(mix);
	g_assert_cmpuint(mix_leg_packet(leg[1], &packet), >, 0);
	g_assert_cmpuint(mix_leg_packet(leg[0], &packet), ==, 0);
	mix_leave(mix, leg[1]);
	mix_leave(mix, leg[2]);
	for (int i = 0; i < 3; i++)
		mix_leg_destroy(&leg[i]);
	mix_destroy(&mix);
	mix_destroy(&other);
}

static void mixing_never_touches_the_heap(void)
{
	struct mix_leg_report rep;
	struct room room;

	open_room(&room);
	for (unsigned i = 0; i < 5; i++)
		enter(&room, tones[i], 32767);
	trap_begin();
	for (unsigned t = 0; t < 300; t++) {
		struct person *person = room.people[t / 10 % 5];

		person->amplitude = t % 3 ? 32767 : 0;
		mix_leg_set_muted(person->leg, t % 40 < 20);
		mix_leg_set_loss(room.people[1]->leg, (int)t % 100 / 10);
		if (t % 30 == 7)
			mix_leave(room.mix, room.people[4]->leg);
		if (t % 30 == 20)
			mix_join(room.mix, room.people[4]->leg);
		for (unsigned i = 0; i < 5; i++)
			if ((t * 7 + i) % 9) /* some loss */
				speak(room.people[i], room.tick);
			else
				room.people[i]->sequence++;
		mix_tick(room.mix);
		for (unsigned i = 0; i < 5; i++)
			hear(room.people[i], room.tick);
		mix_leg_report(person->leg, &rep);
		room.tick++;
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	close_room(&room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_func("/mix/five talkers hear each other, not themselves",
			five_talkers_hear_each_other_and_not_themselves);
	g_test_add_func("/mix/five full-scale talkers too",
			five_full_scale_talkers_too);
	g_test_add_func("/mix/a sum that is too loud is limited, not wrapped",
			a_sum_that_is_too_loud_is_limited_and_not_wrapped);
	g_test_add_func("/mix/all who are silent share one packet",
			all_who_are_silent_share_one_packet);
	g_test_add_func("/mix/silence sends nothing", silence_sends_nothing);
	g_test_add_func("/mix/background noise below the gate is silence",
			background_noise_below_the_gate_is_silence);
	g_test_add_func("/mix/muting is heard by nobody and clicks nowhere",
			muting_is_heard_by_nobody_and_clicks_nowhere);
	g_test_add_func("/mix/a change to speech modes and back leaves no "
			"seam",
			a_change_to_speech_modes_and_back_leaves_no_seam);
	g_test_add_func("/mix/who leaves in mid-word fades out",
			who_leaves_in_mid_word_fades_out);
	g_test_add_func("/mix/beginning and ceasing to talk leaves no seam",
			beginning_and_ceasing_to_talk_leaves_no_seam);
	g_test_add_func("/mix/a clean path is delayed by less than 25 ms",
			a_clean_path_is_delayed_by_less_than_25_ms);
	g_test_add_func("/mix/a lossy listener is sent speech modes with FEC",
			a_lossy_listener_is_sent_speech_modes_with_fec);
	g_test_add_func("/mix/a late burst of 1.5 s is over within 3 s",
			a_late_burst_of_1500_ms_is_over_within_3_s);
	g_test_add_func("/mix/places are counted and can be left",
			places_are_counted_and_can_be_left);
	g_test_add_func("/mix/mixing never touches the heap",
			mixing_never_touches_the_heap);
	return g_test_run();
}
