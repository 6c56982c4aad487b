/* What a room does to voices: volumes, places, noise, loudness, and whatever
 * a sender's encoder may be. Ears are stereo decoders; of a mono stream both
 * channels are the same. */
#include "mixer/mix.h"

#include <glib.h>
#include <opus.h>
#include <stdlib.h>
#include <string.h>

#include "mixer/codec.h"
#include "mixer/level.h"
#include "mixer/place.h"
#include "tests/sound.h"
#include "tests/trap.h"

#define PEOPLE	4
#define KEEP	100 /* frames of what was heard, for analysis */
#define BITRATE 256000

struct person {
	struct mix_leg *leg;
	struct codec_encoder *mouth;
	OpusDecoder *ear;
	double hz, amplitude;
	int hiss;	    /* of so much amplitude besides */
	unsigned syllables; /* frames of sound, then as many of none; 0: all */
	uint64_t sequence;
	int16_t left[KEEP * SOUND_FRAME], right[KEEP * SOUND_FRAME];
};

struct room {
	struct mix *mix;
	struct mix_config cfg;
	unsigned n;
	uint64_t tick;
	struct person *people[PEOPLE];
};

/* bitrate 0: so high that the codec's noise does not hide a residue. */
static void open_room(struct room *room, const struct mix_config *sound)
{
	memset(room, 0, sizeof(*room));
	room->cfg = *sound;
	room->cfg.capacity = PEOPLE;
	room->cfg.talkers = PEOPLE;
	if (!room->cfg.bitrate)
		room->cfg.bitrate = BITRATE;
	room->cfg.complexity = 5;
	room->cfg.jitter.max_ms = 400;
	g_assert_cmpint(mix_create(&room->mix, &room->cfg), ==, 0);
}

static const struct mix_config mono = { .channels = 1 };
static const struct mix_config stereo = { .channels = 2 };

static struct person *enter(struct room *room, double hz, double amplitude)
{
	const struct mix_leg_config cfg = {
		.sends = true,
		.receives = true,
		.jitter = room->cfg.jitter,
		.channels = room->cfg.channels,
		.denoise = room->cfg.denoise,
	};
	const struct codec_config codec = {
		.bitrate = 128000, .complexity = 5, .dtx = 1, .low_delay = 1
	};
	struct person *person = g_new0(struct person, 1);

	person->hz = hz;
	person->amplitude = amplitude;
	person->ear = opus_decoder_create(SOUND_RATE, 2, NULL);
	g_assert_cmpint(mix_leg_create(&person->leg, &cfg), ==, 0);
	g_assert_cmpint(codec_encoder_create(&person->mouth, &codec), ==, 0);
	g_assert_cmpint(mix_join(room->mix, person->leg), ==, 0);
	room->people[room->n++] = person;
	return person;
}

static void exit_room(struct room *room, struct person *person)
{
	unsigned i = 0;

	while (room->people[i] != person)
		i++;
	room->people[i] = room->people[--room->n];
	mix_leave(room->mix, person->leg);
	mix_leg_destroy(&person->leg);
	codec_encoder_destroy(&person->mouth);
	opus_decoder_destroy(person->ear);
	g_free(person);
}

static void close_room(struct room *room)
{
	while (room->n)
		exit_room(room, room->people[0]);
	mix_destroy(&room->mix);
}

static void speak(struct person *person, uint64_t tick)
{
	unsigned on = person->syllables;
	int16_t pcm[SOUND_FRAME];
	uint8_t buf[CODEC_MAX];
	int n;

	sound_tone(pcm, person->hz, on && tick / on % 2 ? 0 : person->amplitude,
		   tick);
	for (int i = 0; i < SOUND_FRAME && person->hiss; i++)
		pcm[i] = (int16_t)(pcm[i] +
				   g_test_rand_int_range(-person->hiss,
							 person->hiss + 1));
	n = codec_encode(person->mouth, pcm, buf, sizeof(buf));
	if (n > 0)
		mix_leg_put(person->leg, person->sequence++, tick * SOUND_FRAME,
			    buf, (size_t)n);
}

static void hear(struct person *person)
{
	const size_t old = (KEEP - 1) * SOUND_FRAME;
	int16_t pcm[2 * SOUND_FRAME] = { 0 };
	const uint8_t *packet;
	size_t size = mix_leg_packet(person->leg, &packet);

	if (size)
		g_assert_cmpint(opus_decode(person->ear, packet,
					    (opus_int32)size, pcm, SOUND_FRAME,
					    0),
				==, SOUND_FRAME);
	memmove(person->left, person->left + SOUND_FRAME, 2 * old);
	memmove(person->right, person->right + SOUND_FRAME, 2 * old);
	for (int i = 0; i < SOUND_FRAME; i++) {
		person->left[old + (size_t)i] = pcm[2 * i];
		person->right[old + (size_t)i] = pcm[2 * i + 1];
	}
}

static void run(struct room *room, unsigned ticks)
{
	for (unsigned t = 0; t < ticks; t++, room->tick++) {
		for (unsigned i = 0; i < room->n; i++)
			speak(room->people[i], room->tick);
		mix_tick(room->mix);
		for (unsigned i = 0; i < room->n; i++)
			hear(room->people[i]);
	}
}

static double find(const int16_t *channel, double hz)
{
	return sound_find(channel, KEEP * SOUND_FRAME, hz);
}

/* Loudest of both channels. */
static double heard(const struct person *person, double hz)
{
	return MAX(find(person->left, hz), find(person->right, hz));
}

static int edge(const struct person *person)
{
	return MAX(sound_edge(person->left, KEEP * SOUND_FRAME),
		   sound_edge(person->right, KEEP * SOUND_FRAME));
}

/* Janus' mixer subtracts the own voice without its volume: who is not at 100
 * hears himself. */
static void nobody_hears_himself_at_any_volume(gconstpointer data)
{
	static const float gains[] = { 0.1f, 0.5f, 1.0f, 1.7f, 4.0f };
	const struct mix_config *sound = data;
	double worst = -200;

	for (unsigned i = 0; i < G_N_ELEMENTS(gains); i++) {
		struct room room;
		struct person *ann, *ben;

		open_room(&room, sound);
		/* So that the loudest volume stays below the limiter. */
		ann = enter(&room, 440, 4000);
		ben = enter(&room, 1000, 4000);
		mix_leg_set_gain(ann->leg, gains[i]);
		run(&room, 150);
		g_assert_cmpfloat(heard(ann, 1000), >, -26);
		worst = MAX(worst, heard(ann, 440) - heard(ann, 1000));
		worst = MAX(worst, heard(ben, 1000) - heard(ben, 440) -
					   20 * log10(1 / gains[i]));
		close_room(&room);
	}
	g_test_message("own voice at most %.1f dB of the other's", worst);
	g_assert_cmpfloat(worst, <, -60);
}

static void a_volume_is_what_the_others_hear(void)
{
	static const float gains[] = { 1.0f, 0.25f, 2.0f, 4.0f };
	struct room room;
	struct person *ann, *ben;
	struct mix_leg_report report;

	open_room(&room, &mono);
	ann = enter(&room, 440, 4000);
	ben = enter(&room, 0, 0);
	for (unsigned i = 0; i < G_N_ELEMENTS(gains); i++) {
		mix_leg_set_gain(ann->leg, gains[i]);
		run(&room, KEEP + 10);
		g_assert_cmpfloat_with_epsilon(
			heard(ben, 440), 20 * log10(gains[i] * 4000 / 32768),
			0.3);
		/* The meter shows what comes from her. */
		mix_leg_report(ann->leg, &report);
		g_assert_cmpfloat_with_epsilon(report.level_dbov, -21.3, 0.5);
	}
	mix_leg_set_gain(ann->leg, 0);
	run(&room, KEEP + 30);
	g_assert_cmpfloat(heard(ben, 440), <, -90);
	mix_leg_report(ann->leg, &report);
	g_assert_true(report.talking);
	close_room(&room);
}

static void moving_a_volume_makes_no_click(void)
{
	struct room room;
	struct person *ann, *ben;

	open_room(&room, &mono);
	ann = enter(&room, 200, 7000);
	ben = enter(&room, 0, 0);
	run(&room, 20);
	for (unsigned i = 0; i < KEEP / 2; i++) {
		mix_leg_set_gain(ann->leg, i % 2 ? 4.0f : 0.25f);
		run(&room, 2);
	}
	/* The tone bends by 19 at its loudest, and the fastest fade adds some;
	 * a step from one volume to the other would be up to 26000. */
	g_test_message("edge %d", edge(ben));
	g_assert_cmpint(edge(ben), <, 150);
	close_room(&room);
}

static void each_voice_of_a_stereo_room_has_a_place(void)
{
	struct room room;
	struct person *ann, *ben, *cid;
	double ann_left, ann_right, ben_left, ben_right;

	open_room(&room, &stereo);
	ann = enter(&room, 440, 8000);
	ben = enter(&room, 1000, 8000);
	cid = enter(&room, 0, 0);
	run(&room, 150);
	ann_left = find(cid->left, 440);
	ann_right = find(cid->right, 440);
	ben_left = find(cid->left, 1000);
	ben_right = find(cid->right, 1000);
	g_test_message("440 Hz %.1f | %.1f, 1000 Hz %.1f | %.1f dBFS", ann_left,
		       ann_right, ben_left, ben_right);
	/* She is in the middle, he is on the left; both are equally loud. */
	g_assert_cmpfloat_with_epsilon(ann_left, ann_right, 0.5);
	g_assert_cmpfloat(ben_left, >, ben_right + 6);
	g_assert_cmpfloat_with_epsilon(pow(10, ann_left / 10) +
					       pow(10, ann_right / 10),
				       pow(8000 / 32768.0, 2), 0.003);
	g_assert_cmpfloat_with_epsilon(pow(10, ben_left / 10) +
					       pow(10, ben_right / 10),
				       pow(8000 / 32768.0, 2), 0.003);
	g_assert_nonnull(ann);
	g_assert_nonnull(ben);
	close_room(&room);
}

static void places_are_heard_at_the_usual_bitrate(void)
{
	const struct mix_config usual = { .channels = 2, .bitrate = 32000 };
	struct room room;
	struct person *cid;

	open_room(&room, &usual);
	enter(&room, 440, 8000);
	enter(&room, 1000, 8000);
	cid = enter(&room, 0, 0);
	/* CELT; then a lossy path, and its speech modes. */
	for (int loss = 0; loss <= 5; loss += 5) {
		double left, right;

		mix_leg_set_loss(cid->leg, loss);
		run(&room, 150);
		left = find(cid->left, 1000);
		right = find(cid->right, 1000);
		g_test_message("loss %d %%: 440 Hz %.1f | %.1f, 1000 Hz "
			       "%.1f | %.1f dBFS",
			       loss, find(cid->left, 440),
			       find(cid->right, 440), left, right);
		g_assert_cmpfloat_with_epsilon(find(cid->left, 440),
					       find(cid->right, 440), 1.5);
		g_assert_cmpfloat(left, >, right + 5);
	}
	close_room(&room);
}

static void a_place_stays_while_others_come_and_go(void)
{
	struct room room;
	struct person *ann, *ben, *cid;
	double left, right;

	open_room(&room, &stereo);
	ann = enter(&room, 440, 8000);
	ben = enter(&room, 1000, 8000);
	cid = enter(&room, 0, 0);
	run(&room, KEEP + 20);
	left = find(cid->left, 1000);
	right = find(cid->right, 1000);
	exit_room(&room, ann);
	run(&room, KEEP + 20);
	g_assert_cmpfloat_with_epsilon(find(cid->left, 1000), left, 0.3);
	g_assert_cmpfloat_with_epsilon(find(cid->right, 1000), right, 0.3);
	/* His pause, and who comes meanwhile, do not move him either. */
	ben->amplitude = 0;
	run(&room, 150);
	enter(&room, 1500, 8000);
	ben->amplitude = 8000;
	run(&room, KEEP + 20);
	g_assert_cmpfloat_with_epsilon(find(cid->left, 1000), left, 0.3);
	g_assert_cmpfloat_with_epsilon(find(cid->right, 1000), right, 0.3);
	close_room(&room);
}

static void a_mono_ear_hears_a_stereo_room(void)
{
	struct room room;
	struct person *cid;
	OpusDecoder *ear = opus_decoder_create(SOUND_RATE, 1, NULL);
	int16_t pcm[KEEP * SOUND_FRAME];

	open_room(&room, &stereo);
	enter(&room, 440, 8000);
	enter(&room, 1000, 8000);
	cid = enter(&room, 0, 0);
	run(&room, 50);
	for (int i = 0; i < KEEP; i++) {
		const uint8_t *packet;
		size_t size;

		run(&room, 1);
		size = mix_leg_packet(cid->leg, &packet);
		g_assert_cmpint(opus_decode(ear, packet, (opus_int32)size,
					    pcm + i * SOUND_FRAME, SOUND_FRAME,
					    0),
				==, SOUND_FRAME);
	}
	/* (left + right) / 2: 3 dB less in the middle, a little more aside. */
	g_assert_cmpfloat_with_epsilon(find(pcm, 440), -12.2 - 3, 0.7);
	g_assert_cmpfloat_with_epsilon(find(pcm, 1000), -12.2 - 4, 0.7);
	opus_decoder_destroy(ear);
	close_room(&room);
}

/* Hiss of -45 dBov in the pauses of a speaker, as another hears it. */
static double hiss_heard(bool denoise, bool shed)
{
	const struct mix_config sound = { .channels = 1, .denoise = denoise };
	const struct mix_effort effort = { .no_denoise = shed };
	struct room room;
	struct person *ann, *ben;
	double hiss;

	open_room(&room, &sound);
	mix_set_effort(room.mix, &effort);
	ann = enter(&room, 440, 8000);
	ann->hiss = 320;
	ann->syllables = 100;
	ben = enter(&room, 0, 0);
	run(&room, 200 * 3 - 5);
	/* 85 frames of pause, less what is still on its way. */
	hiss = level_dbov(ben->left + (KEEP - 85) * SOUND_FRAME,
			  80 * SOUND_FRAME);
	close_room(&room);
	return hiss;
}

static void a_denoised_room_is_quiet_in_pauses(void)
{
	double plain = hiss_heard(false, false);
	double denoised = hiss_heard(true, false);
	double shed = hiss_heard(true, true);

	g_test_message("hiss %.1f dBov, denoised %.1f, under load %.1f", plain,
		       denoised, shed);
	g_assert_cmpfloat_with_epsilon(plain, -45, 2);
	g_assert_cmpfloat(denoised, <, plain - 10);
	g_assert_cmpfloat_with_epsilon(shed, plain, 1);
}

static double loudness_heard(double amplitude)
{
	const struct mix_config sound = { .channels = 1, .agc = true };
	struct room room;
	struct person *ann, *ben;
	double level;

	open_room(&room, &sound);
	ann = enter(&room, 440, amplitude);
	ann->syllables = 10;
	ben = enter(&room, 0, 0);
	run(&room, 15 * 50);
	level = heard(ben, 440);
	close_room(&room);
	return level;
}

static void agc_brings_talkers_together(void)
{
	/* 24 dB apart; as they come the difference is just as large. */
	double soft = loudness_heard(700), loud = loudness_heard(11000);

	g_test_message("%.1f and %.1f dBFS", soft, loud);
	g_assert_cmpfloat_with_epsilon(soft, loud, 2);
}

/* A sender's encoder of any kind: 1 kHz, and 3 kHz in its right channel. */
struct sender {
	int rate, channels, tenths; /* Hz; 1 or 2; 0.1 ms of a packet */
};

static int encode(OpusEncoder *enc, const struct sender *how, uint64_t at,
		  int samples, uint8_t *buf)
{
	int16_t pcm[2 * 48 * 60];

	for (int i = 0; i < samples; i++) {
		double t = (double)(at + (uint64_t)i) / how->rate;

		pcm[i * how->channels] =
			(int16_t)lrint(8000 * sin(2 * G_PI * 1000 * t));
		if (how->channels == 2)
			pcm[2 * i + 1] =
				(int16_t)lrint(8000 * sin(2 * G_PI * 3000 * t));
	}
	return opus_encode(enc, pcm, samples, buf, CODEC_MAX);
}

/* Packets come when their last sample has been spoken. */
static void hear_sender(const struct mix_config *sound,
			const struct sender *how)
{
	int samples = how->rate / 10 * how->tenths / 1000;
	uint64_t spoken = 0, sequence = 0;
	OpusEncoder *enc = opus_encoder_create(how->rate, how->channels,
					       OPUS_APPLICATION_AUDIO, NULL);
	double gain = how->channels == 2 ? -6.02 : 0;
	struct person *ben, *mouth;
	struct room room;

	opus_encoder_ctl(enc, OPUS_SET_BITRATE(128000));
	open_room(&room, sound);
	mouth = enter(&room, 0, 0);
	ben = enter(&room, 0, 0);
	for (uint64_t tick = 0; tick < 2 * KEEP; tick++) {
		while ((spoken + (uint64_t)samples) * 50 <=
		       (tick + 1) * (uint64_t)how->rate) {
			uint8_t buf[CODEC_MAX];
			int n = encode(enc, how, spoken, samples, buf);

			g_assert_cmpint(n, >, 0);
			g_assert_cmpint(mix_leg_put(mouth->leg, sequence++,
						    spoken * SOUND_RATE /
							    (uint64_t)how->rate,
						    buf, (size_t)n),
					==, 0);
			spoken += (uint64_t)samples;
		}
		mix_tick(room.mix);
		hear(ben);
	}
	if (sound->channels == 2)
		gain -= 3.01;
	g_assert_cmpfloat_with_epsilon(heard(ben, 1000), -12.25 + gain, 1);
	if (how->channels == 2)
		g_assert_cmpfloat_with_epsilon(heard(ben, 3000), -12.25 + gain,
					       1.5);
	g_assert_cmpint(edge(ben), <, how->channels == 2 ? 2400 : 400);
	opus_encoder_destroy(enc);
	close_room(&room);
}

static void whatever_opus_carries_is_heard(void)
{
	static const int rates[] = { 8000, 16000, 24000, 48000 };
	static const int tenths[] = { 25, 50, 100, 200, 400, 600 };

	for (unsigned i = 0; i < G_N_ELEMENTS(rates); i++)
		for (unsigned j = 0; j < G_N_ELEMENTS(tenths); j++) {
			const bool two = (i + j) % 2;
			const struct sender how = { rates[i], two ? 2 : 1,
						    tenths[j] };

			g_test_message("%d Hz, %d channels, %.1f ms", how.rate,
				       how.channels, how.tenths / 10.0);
			hear_sender(two ? &stereo : &mono, &how);
		}
	/* A stereo sender is mixed down in a mono room as well. */
	hear_sender(&mono, &(struct sender){ 48000, 2, 200 });
	hear_sender(&stereo, &(struct sender){ 16000, 1, 200 });
}

static void all_of_it_never_touches_the_heap(void)
{
	const struct mix_config sound = { .channels = 2,
					  .denoise = true,
					  .agc = true };
	const struct mix_effort shed = { .no_denoise = true }, all = { 0 };
	struct room room;
	struct person *ann;

	open_room(&room, &sound);
	ann = enter(&room, 440, 8000);
	enter(&room, 1000, 8000);
	enter(&room, 0, 0);
	trap_begin();
	for (unsigned t = 0; t < 200; t++, room.tick++) {
		if (t % 40 == 20)
			mix_set_effort(room.mix, t % 80 == 20 ? &shed : &all);
		if (t % 30 == 0)
			mix_leg_set_gain(ann->leg, (float)(t % 4));
		if (t == 150)
			mix_leave(room.mix, ann->leg);
		if (t == 160)
			mix_join(room.mix, ann->leg);
		for (unsigned i = 0; i < room.n; i++)
			speak(room.people[i], room.tick);
		mix_tick(room.mix);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	close_room(&room);
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/mix sound/nobody hears himself at any volume",
			     &mono, nobody_hears_himself_at_any_volume);
	g_test_add_data_func(
		"/mix sound/nobody hears himself at any volume in stereo",
		&stereo, nobody_hears_himself_at_any_volume);
	g_test_add_func("/mix sound/a volume is what the others hear",
			a_volume_is_what_the_others_hear);
	g_test_add_func("/mix sound/moving a volume makes no click",
			moving_a_volume_makes_no_click);
	g_test_add_func("/mix sound/each voice of a stereo room has a place",
			each_voice_of_a_stereo_room_has_a_place);
	g_test_add_func("/mix sound/places are heard at the usual bitrate",
			places_are_heard_at_the_usual_bitrate);
	g_test_add_func("/mix sound/a place stays while others come and go",
			a_place_stays_while_others_come_and_go);
	g_test_add_func("/mix sound/a mono ear hears a stereo room",
			a_mono_ear_hears_a_stereo_room);
	g_test_add_func("/mix sound/a denoised room is quiet in pauses",
			a_denoised_room_is_quiet_in_pauses);
	g_test_add_func("/mix sound/AGC brings talkers together",
			agc_brings_talkers_together);
	g_test_add_func("/mix sound/whatever Opus carries is heard",
			whatever_opus_carries_is_heard);
	g_test_add_func("/mix sound/all of it never touches the heap",
			all_of_it_never_touches_the_heap);
	return g_test_run();
}
