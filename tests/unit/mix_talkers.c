/* Who of a room is heard, by levels in headers and by sound. */
#include <malloc.h>
#include <stdlib.h>

#include "mixer/limiter.h"
#include "tests/trap.h"
#include "tests/unit/mix_room.h"

static void open_hall(struct room *room)
{
	open_room_with(room, 3, 64000);
}

static struct mix_leg_report report(const struct person *person)
{
	struct mix_leg_report rep;

	mix_leg_report(person->leg, &rep);
	return rep;
}

static unsigned audible(const struct room *room)
{
	unsigned n = 0;

	for (unsigned i = 0; i < room->n; i++)
		n += report(room->people[i]).audible;
	return n;
}

static const double tones[] = { 310, 470, 690, 1010, 1490, 2110 };

/* Ticks until the listener's newest frame has a level above -40 dBov. */
static unsigned ticks_until_heard(struct room *room,
				  const struct person *listener)
{
	for (unsigned t = 1; t < 50; t++) {
		run(room, 1);
		if (level_dbov(listener->heard + (KEEP - 1) * SOUND_FRAME,
			       SOUND_FRAME) > -40)
			return t;
	}
	return 50;
}

static void the_first_syllable_is_heard_within_40_ms(gconstpointer header)
{
	struct room room;
	struct person *talker, *listener;

	open_hall(&room);
	talker = enter_with(&room, 470, 0, header ? &levelled : &plain);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 200);
	for (int k = 0; k < 3; k++) {
		/* Within the same tick, and the listener's decoder's 20 ms. */
		talker->amplitude = 6000;
		g_assert_cmpuint(ticks_until_heard(&room, listener), <=, 2);
		run(&room, 10);
		g_assert_cmpfloat(find(listener, 470, 8), >, -18);
		talker->amplitude = 0;
		run(&room, 150);
	}
	close_room(&room);
}

static void at_most_so_many_are_heard(gconstpointer header)
{
	struct room room;
	struct person *listener;
	unsigned heard = 0;

	open_hall(&room);
	for (unsigned i = 0; i < 6; i++)
		enter_with(&room, tones[i], 5000, header ? &levelled : &plain);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 250);
	g_assert_cmpuint(audible(&room), ==, 3);
	for (unsigned i = 0; i < 6; i++) {
		double level = find(listener, tones[i], 100);

		g_assert_true(level > -20 || level < -60);
		heard += level > -20;
	}
	g_assert_cmpuint(heard, ==, 3);
	/* Who talks hears himself no more than before. */
	for (unsigned i = 0; i < 6; i++)
		g_assert_cmpfloat(find(room.people[i], tones[i], 100), <, -60);
	close_room(&room);
}

static void everybody_is_heard_where_nobody_is_chosen(void)
{
	struct mix_leg_config complete = levelled;
	struct room room;
	struct person *listener;

	complete.everybody = true;
	complete.jitter.max_ms = 500;
	open_room_with(&room, 0, 128000);
	for (unsigned i = 0; i < 6; i++)
		enter_with(&room, tones[i], 3000, &complete);
	listener = enter_with(&room, 0, 0, &complete);
	run(&room, 250);
	for (unsigned i = 0; i < 6; i++) {
		g_assert_cmpfloat(find(listener, tones[i], 100), >, -26);
		g_assert_cmpfloat(find(room.people[i], tones[i], 100), <, -70);
	}
	close_room(&room);
}

/* The unheard cost no decryption. */
static void packets_of_the_unheard_are_not_wanted(void)
{
	struct room room;

	open_hall(&room);
	for (unsigned i = 0; i < 12; i++)
		enter_with(&room, tones[i % 6], 5000, &levelled);
	run(&room, 500);
	for (unsigned i = 0; i < 12; i++)
		g_test_message("%u: %u of 500", i, room.people[i]->taken);
	/* Three with a seat and three who wait for one. */
	for (unsigned i = 6; i < 12; i++)
		g_assert_cmpuint(room.people[i]->taken, ==, 0);
	close_room(&room);
}

/* Nor are they decoded, where there are no levels, but in turns. */
static void who_waits_without_levels_is_decoded_in_turns(void)
{
	struct person *listener, *leaves = NULL;
	struct room room;
	int before;

	open_hall(&room);
	for (unsigned i = 0; i < 9; i++)
		enter_with(&room, tones[i % 6], 3000, &plain);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 400);
	for (unsigned i = 0; i < 9; i++) {
		struct mix_leg_report rep = report(room.people[i]);

		g_assert_cmpuint(rep.skipped, >=, rep.audible ? 0 : 270);
		g_assert_cmpuint(rep.skipped, <=, rep.audible ? 0 : 320);
		g_assert_cmpfloat(rep.level_dbov, >, -30);
		if (rep.audible)
			leaves = room.people[i];
	}
	before = edge(listener, 100);

	/* Whoever gets the seat comes without a click. */
	leaves->amplitude = 0;
	run(&room, 50);
	g_assert_cmpuint(audible(&room), ==, 3);
	g_assert_false(report(leaves).audible);
	run(&room, 50);
	g_assert_cmpint(edge(listener, 100), <,
			MAX(before, edge(listener, 20)) * 2);
	close_room(&room);
}

static void a_liar_is_found_out_and_loses_his_seat(void)
{
	struct room room;
	struct person *liar, *honest, *listener;

	open_room_with(&room, 1, 64000);
	liar = enter_with(&room, 470, 40, &levelled); /* -61 dBov */
	honest = enter_with(&room, 690, 0, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	/* The first seat is his: nothing can be known yet. */
	liar->lie = 50;
	honest->amplitude = 6000;
	run(&room, 25);
	run(&room, 50);
	g_assert_true(report(liar).distrusted);
	g_assert_false(report(liar).audible);
	g_assert_true(report(honest).audible);
	/* For as long as the distrust lasts, nobody loses a word to him. */
	for (unsigned i = 0; i < 200; i++) {
		run(&room, 1);
		g_assert_true(report(honest).audible);
	}
	g_assert_cmpfloat(find(listener, 690, 100), >, -18);
	g_assert_false(report(honest).distrusted);
	close_room(&room);
}

static void who_claims_silence_and_speaks_is_found_in_passing(void)
{
	struct room room;
	struct person *shy;

	open_hall(&room);
	shy = enter_with(&room, 470, 6000, &levelled);
	enter_with(&room, 0, 0, &levelled);
	shy->lie = -127;
	run(&room, 100);
	g_assert_true(report(shy).distrusted);
	g_assert_true(report(shy).audible);
	close_room(&room);
}

static void a_muted_member_takes_no_voice(void)
{
	struct mix_leg_report rep;
	struct room room;
	struct person *muted, *listener;

	open_hall(&room);
	muted = enter_with(&room, 470, 6000, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 50);
	mix_leg_set_muted(muted->leg, true);
	run(&room, 50);
	muted->taken = 0;
	run(&room, 50);
	g_assert_cmpuint(muted->taken, ==, 0);
	g_assert_cmpfloat(find(listener, 470, 40), <, -60);
	/* His meter still moves, by what his header says. */
	rep = report(muted);
	g_assert_cmpfloat(rep.level_dbov, >, -20);
	g_assert_true(rep.talking);
	g_assert_false(rep.audible);
	mix_leg_set_muted(muted->leg, false);
	run(&room, 50);
	g_assert_cmpfloat(find(listener, 470, 40), >, -18);
	close_room(&room);
}

static void who_is_muted_in_mid_word_hears_the_others_still(void)
{
	struct room room;
	struct person *muted;

	open_hall(&room);
	muted = enter_with(&room, 470, 6000, &levelled);
	enter_with(&room, 690, 6000, &levelled);
	run(&room, 60);
	g_assert_cmpfloat(find(muted, 690, 40), >, -18);
	mix_leg_set_muted(muted->leg, true);
	run(&room, 100);
	g_assert_cmpfloat(find(muted, 690, 90), >, -18);
	mix_leg_set_muted(muted->leg, false);
	run(&room, 60);
	g_assert_cmpfloat(find(muted, 690, 50), >, -18);
	g_assert_cmpfloat(find(muted, 470, 40), <, -50);
	close_room(&room);
}

static void a_muted_member_without_levels_is_decoded_in_turns(void)
{
	struct mix_leg_report rep;
	struct room room;
	struct person *muted, *listener;

	open_hall(&room);
	muted = enter_with(&room, 470, 6000, &plain);
	listener = enter_with(&room, 0, 0, &levelled);
	mix_leg_set_muted(muted->leg, true);
	run(&room, 200);
	rep = report(muted);
	g_assert_cmpuint(rep.skipped, >=, 140);
	g_assert_cmpfloat(rep.level_dbov, >, -20);
	g_assert_true(rep.talking);
	mix_leg_set_muted(muted->leg, false);
	g_assert_cmpuint(ticks_until_heard(&room, listener), <=, 4);
	close_room(&room);
}

static void a_stalled_member_never_silences_the_room(void)
{
	struct room room;
	struct person *stalled, *other, *listener;

	open_room_with(&room, 2, 64000);
	stalled = enter_with(&room, 470, 6000, &levelled);
	other = enter_with(&room, 690, 6000, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 150);
	stalled->stalled = true;
	for (unsigned t = 0; t < 100; t++) {
		run(&room, 1);
		g_assert_cmpfloat(
			level_dbov(listener->heard + (KEEP - 1) * SOUND_FRAME,
				   SOUND_FRAME),
			>, -25);
	}
	g_assert_cmpfloat(find(listener, 690, 90), >, -18);
	/* His seat is free for another. */
	enter_with(&room, 1010, 6000, &levelled);
	run(&room, 60);
	g_assert_cmpfloat(find(listener, 1010, 50), >, -18);
	g_assert_true(report(other).audible);
	close_room(&room);
}

/* What a listener is sent while one member's packets are junk (or are not),
 * all of it. */
static GByteArray *sent_beside(bool junk)
{
	GByteArray *all = g_byte_array_new();
	struct person *listener, *bad;
	struct room room;

	open_room_with(&room, 2, 64000);
	enter_with(&room, 470, 6000, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	bad = enter_with(&room, 0, 0, &levelled);
	srand(7);
	for (unsigned t = 0; t < 300; t++) {
		for (int k = 0; junk && k < 3; k++) {
			uint8_t buf[200];
			size_t size = (size_t)(1 + rand() % 199);

			for (size_t i = 0; i < size; i++)
				buf[i] = (uint8_t)rand();
			/* A packet code that Opus does not know: it never
			 * becomes sound. */
			buf[0] |= 3;
			buf[1] = 0;
			if (mix_leg_rank(bad->leg, -(rand() % 128)))
				mix_leg_put(bad->leg,
					    (uint64_t)rand() << (rand() % 30),
					    (uint64_t)rand() << (rand() % 30),
					    buf, size);
		}
		run(&room, 1);
		g_byte_array_append(all, (const guint8 *)&listener->size,
				    sizeof(listener->size));
		g_byte_array_append(all, listener->packet,
				    (guint)listener->size);
	}
	close_room(&room);
	return all;
}

static void junk_of_one_changes_nobody_elses_sound(void)
{
	GByteArray *with = sent_beside(true), *without = sent_beside(false);

	g_assert_cmpuint(without->len, >, 20000);
	g_assert_cmpmem(with->data, with->len, without->data, without->len);
	g_byte_array_unref(with);
	g_byte_array_unref(without);
}

/* dB of `heard` over what it differs by from `is`, at the best gain. */
static double likeness(const int16_t *heard, const int16_t *is, size_t n)
{
	double hh = 0, hi = 0, ii = 0;

	for (size_t i = 0; i < n; i++) {
		hh += (double)heard[i] * heard[i];
		hi += (double)heard[i] * is[i];
		ii += (double)is[i] * is[i];
	}
	return 10 * log10(hh / (hh - hi * hi / ii + 1));
}

/* Against what a limiter makes of the sum before any codec. */
static void five_full_scale_talkers_stay_30_db_clean(void)
{
	enum { FRAMES = 100, DELAY = 2 * SOUND_FRAME };
	const size_t n = FRAMES * SOUND_FRAME - DELAY;
	g_autofree int16_t *is = g_new(int16_t, KEEP * SOUND_FRAME);
	struct person *listener;
	struct limiter limiter;
	struct room room;
	double best = 0;

	open_room_with(&room, 5, 256000);
	for (unsigned i = 0; i < 5; i++)
		enter_with(&room, tones[i], 32000, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	limiter_init(&limiter, 1);
	for (uint64_t t = 0; t < 300; t++) {
		int32_t sum[SOUND_FRAME] = { 0 };
		int16_t tone[SOUND_FRAME];

		for (unsigned i = 0; i < 5; i++) {
			sound_tone(tone, tones[i], 32000, t);
			for (int k = 0; k < SOUND_FRAME; k++)
				sum[k] += tone[k];
		}
		limiter_run(&limiter, sum, is + t % KEEP * SOUND_FRAME,
			    SOUND_FRAME);
		run(&room, 1);
	}
	for (size_t delay = 0; delay < DELAY; delay++)
		best = MAX(best,
			   likeness(listener->heard + delay +
					    (KEEP - FRAMES) * SOUND_FRAME,
				    is + (KEEP - FRAMES) * SOUND_FRAME, n));
	g_test_message("SDR %.1f dB", best);
	g_assert_cmpfloat(best, >=, 30);
	close_room(&room);
}

/* What the first of five is sent while four talk at full scale. */
static GByteArray *sent_to_first(double amplitude)
{
	GByteArray *all = g_byte_array_new();
	struct person *first;
	struct room room;

	open_room_with(&room, 5, 64000);
	first = enter_with(&room, tones[0], amplitude, &levelled);
	for (unsigned i = 1; i < 5; i++)
		enter_with(&room, tones[i], 32767, &levelled);
	for (unsigned t = 0; t < 200; t++) {
		run(&room, 1);
		g_assert_cmpuint(first->size, >, 0);
		g_byte_array_append(all, first->packet, (guint)first->size);
	}
	close_room(&room);
	return all;
}

/* Not even through the limiter: his voice is subtracted before it. */
static void own_voice_changes_no_bit_of_what_is_heard(void)
{
	GByteArray *talking = sent_to_first(32767), *silent = sent_to_first(0);

	g_assert_cmpmem(talking->data, talking->len, silent->data, silent->len);
	g_byte_array_unref(talking);
	g_byte_array_unref(silent);
}

static void less_effort_is_heard_as_fewer_talkers(void)
{
	const struct mix_effort little = { .complexity = 1, .talkers = 1 };
	const struct mix_effort all = { 0 };
	struct room room;

	open_hall(&room);
	for (unsigned i = 0; i < 3; i++)
		enter_with(&room, tones[i], 5000 + 1000 * i, &levelled);
	run(&room, 100);
	g_assert_cmpuint(audible(&room), ==, 3);
	mix_set_effort(room.mix, &little);
	run(&room, 50);
	g_assert_cmpuint(audible(&room), ==, 1);
	g_assert_true(report(room.people[2]).audible);
	mix_set_effort(room.mix, &all);
	run(&room, 50);
	g_assert_cmpuint(audible(&room), ==, 3);
	close_room(&room);
}

static void volume_is_heard_and_leaves_no_residue(void)
{
	struct room room;
	struct person *talker, *listener;
	double before;

	open_room_with(&room, 2, 256000);
	talker = enter_with(&room, 470, 3000, &levelled);
	enter_with(&room, 690, 3000, &levelled);
	listener = enter_with(&room, 0, 0, &levelled);
	run(&room, 100);
	before = find(listener, 470, 50);
	mix_leg_set_gain(talker->leg, 2);
	run(&room, 100);
	g_assert_cmpfloat_with_epsilon(find(listener, 470, 50), before + 6.02,
				       0.3);
	g_assert_cmpfloat(find(talker, 470, 50), <, -75);
	close_room(&room);
}

#define MANY 200

static void many_members_never_touch_the_heap(void)
{
	static struct mix_leg *leg[MANY];
	const struct mix_config cfg = { .capacity = MANY,
					.talkers = 5,
					.bitrate = 32000,
					.complexity = 1,
					.channels = 1,
					.jitter = { 0, 400 } };
	const struct codec_config codec = { .bitrate = 32000, .low_delay = 1 };
	struct codec_encoder *enc = NULL;
	struct mix *mix = NULL;

	g_assert_cmpint(codec_encoder_create(&enc, &codec), ==, 0);
	g_assert_cmpint(mix_create(&mix, &cfg), ==, 0);
	for (unsigned i = 0; i < MANY; i++)
		g_assert_cmpint(
			mix_leg_create(&leg[i], i % 20 ? &levelled : &plain),
			==, 0);
	srand(9);
	trap_begin();
	for (uint64_t t = 0; t < 400; t++) {
		uint8_t buf[CODEC_MAX];
		int16_t pcm[SOUND_FRAME];
		size_t size;

		sound_speech(pcm, t);
		size = (size_t)codec_encode(enc, pcm, buf, sizeof(buf));
		for (unsigned i = 0; i < MANY; i++) {
			const uint8_t *packet;
			int level = t / 40 % 20 == i % 20 ? -rand() % 40 : -90;

			if (t == i % 10)
				mix_join(mix, leg[i]);
			if (rand() % 2000 == 0) {
				mix_leave(mix, leg[i]);
				mix_join(mix, leg[i]);
			}
			if (mix_leg_rank(leg[i], level))
				mix_leg_put(leg[i], t, t * SOUND_FRAME, buf,
					    size);
			if (rand() % 50 == 0)
				mix_leg_set_loss(leg[i], rand() % 40);
			mix_leg_packet(leg[i], &packet);
		}
		mix_tick(mix);
	}
	g_assert_cmpuint(trap_end(), ==, 0);
	g_assert_cmpuint(trap_locks(), ==, 0);
	for (unsigned i = 0; i < MANY; i++) {
		mix_leave(mix, leg[i]);
		mix_leg_destroy(&leg[i]);
	}
	mix_destroy(&mix);
	codec_encoder_destroy(&enc);
}

static void a_leg_that_only_listens_is_small(void)
{
	struct mix_leg_config cfg = levelled;
	struct mix_leg *leg = NULL;

	for (int sends = 0; sends < 2; sends++) {
		cfg.sends = sends;
		g_assert_cmpint(mix_leg_create(&leg, &cfg), ==, 0);
		g_test_message("%zu bytes", malloc_usable_size(leg));
		g_assert_cmpuint(malloc_usable_size(leg), <=, 1024);
		mix_leg_destroy(&leg);
	}
}

int main(int argc, char **argv)
{
	g_test_init(&argc, &argv, NULL);
	g_test_add_data_func("/mix/talkers/the first syllable is heard within "
			     "40 ms, with levels",
			     "", the_first_syllable_is_heard_within_40_ms);
	g_test_add_data_func("/mix/talkers/the first syllable is heard within "
			     "40 ms, without",
			     NULL, the_first_syllable_is_heard_within_40_ms);
	g_test_add_data_func("/mix/talkers/at most so many are heard, with "
			     "levels",
			     "", at_most_so_many_are_heard);
	g_test_add_data_func("/mix/talkers/at most so many are heard, without",
			     NULL, at_most_so_many_are_heard);
	g_test_add_func("/mix/talkers/everybody is heard where nobody is "
			"chosen",
			everybody_is_heard_where_nobody_is_chosen);
	g_test_add_func("/mix/talkers/packets of the unheard are not wanted",
			packets_of_the_unheard_are_not_wanted);
	g_test_add_func("/mix/talkers/who waits without levels is decoded in "
			"turns",
			who_waits_without_levels_is_decoded_in_turns);
	g_test_add_func("/mix/talkers/a liar is found out and loses his seat",
			a_liar_is_found_out_and_loses_his_seat);
	g_test_add_func("/mix/talkers/who claims silence and speaks is found "
			"in passing",
			who_claims_silence_and_speaks_is_found_in_passing);
	g_test_add_func("/mix/talkers/a muted member takes no voice",
			a_muted_member_takes_no_voice);
	g_test_add_func("/mix/talkers/who is muted in mid-word hears the "
			"others still",
			who_is_muted_in_mid_word_hears_the_others_still);
	g_test_add_func("/mix/talkers/a muted member without levels is "
			"decoded in turns",
			a_muted_member_without_levels_is_decoded_in_turns);
	g_test_add_func("/mix/talkers/a stalled member never silences the room",
			a_stalled_member_never_silences_the_room);
	g_test_add_func("/mix/talkers/junk of one changes nobody else's sound",
			junk_of_one_changes_nobody_elses_sound);
	g_test_add_func("/mix/talkers/five full-scale talkers stay 30 dB clean",
			five_full_scale_talkers_stay_30_db_clean);
	g_test_add_func("/mix/talkers/own voice changes no bit of what is "
			"heard",
			own_voice_changes_no_bit_of_what_is_heard);
	g_test_add_func("/mix/talkers/less effort is heard as fewer talkers",
			less_effort_is_heard_as_fewer_talkers);
	g_test_add_func("/mix/talkers/volume is heard and leaves no residue",
			volume_is_heard_and_leaves_no_residue);
	g_test_add_func("/mix/talkers/many members never touch the heap",
			many_members_never_touch_the_heap);
	g_test_add_func("/mix/talkers/a leg that only listens is small",
			a_leg_that_only_listens_is_small);
	return g_test_run();
}
