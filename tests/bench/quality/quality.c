/* quality - what is left of speech on a path that loses packets.
 *
 * Speech (espeak-ng's, or a made-up voice where that is missing) is encoded,
 * loses packets at random from a seed, and is heard through a voice. Prints
 * how much of it arrives (snr.h), and writes what was sent and what was
 * heard as WAV files to listen to. `./dev bench quality [DIRECTORY]`. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <string.h>

#include "sound/sound_file.h"
#include "mixer/codec.h"
#include "mixer/voice.h"
#include "tests/bench/quality/snr.h"
#include "tests/sound.h"

#define SEEDS	5
#define BITRATE 32000

static const int losses[] = { 0, 5, 10, 20 };

static const struct way {
	const char *name, *file;
	bool untreated; /* a lost frame is silent */
	bool low_delay, fec;
} ways[] = {
	{ "untreated", "untreated", true, true, false },
	{ "music mode", "music", false, true, false },
	{ "speech mode", "speech", false, false, false },
	{ "with FEC", "fec", false, false, true },
};

static const char text[] =
	"A conference room is a mail address. You mail it, and you are in the "
	"conference. Whoever speaks is heard by all the others, in whatever "
	"country they are, and nobody hears his own voice. Some packets are "
	"lost on the way, others come late. When that happens the sound must "
	"not crack, and no word should be missing.";

struct trial {
	const struct way *way;
	int loss;
	uint32_t random;
	GArray *heard;
	struct voice_report rep;
};

static GArray *render(const char *dir)
{
	g_autofree char *path = g_build_filename(dir, "espeak.wav", NULL);
	const char *argv[] = { "espeak-ng", "-v", "en", "-s", "150",
			       "-w",	    path, text, NULL };
	g_autoptr(GError) error = NULL;
	GArray *pcm = NULL;
	int status = -1;

	if (g_spawn_sync(NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL,
			 NULL, NULL, NULL, &status, NULL) &&
	    status == 0)
		pcm = sound_file_load(path, SOUND_FILE_MAX_S, &error);
	g_unlink(path);
	if (pcm)
		return pcm;
	g_print("No espeak-ng here: a made-up voice.\n");
	pcm = g_array_new(FALSE, FALSE, sizeof(int16_t));
	for (uint64_t i = 0; i < 1000; i++) {
		int16_t frame[SOUND_FRAME];

		sound_speech(frame, i);
		g_array_append_vals(pcm, frame, SOUND_FRAME);
	}
	return pcm;
}

static bool is_lost(struct trial *trial)
{
	trial->random = trial->random * 1664525u + 1013904223u;
	return (trial->random >> 8) % 100 < (unsigned)trial->loss;
}

static void decode_untreated(struct codec_decoder *dec, const uint8_t *buf,
			     int size, bool lost, int16_t *pcm_r)
{
	memset(pcm_r, 0, SOUND_FRAME * sizeof(*pcm_r));
	if (!lost)
		codec_decode(dec, buf, (size_t)size, pcm_r, SOUND_FRAME);
}

static void run(struct trial *trial, const GArray *sent)
{
	const struct way *way = trial->way;
	const struct codec_config cfg = {
		.bitrate = BITRATE,
		.complexity = 9,
		/* As a caller who was told of this loss. */
		.loss_expected = way->fec ? MAX(trial->loss, 3) : 0,
		.low_delay = way->low_delay,
	};
	const struct jitter_config path = { .min_ms = 0, .max_ms = 500 };
	struct codec_encoder *enc = NULL;
	struct codec_decoder *dec = NULL;
	struct voice *voice = NULL;

	g_assert_cmpint(codec_encoder_create(&enc, &cfg), ==, 0);
	g_assert_cmpint(codec_decoder_create(&dec), ==, 0);
	g_assert_cmpint(voice_create(&voice, &path), ==, 0);
	for (guint at = 0; at + SOUND_FRAME <= sent->len; at += SOUND_FRAME) {
		int16_t out[SOUND_FRAME];
		uint8_t buf[CODEC_MAX];
		int size = codec_encode(enc, &g_array_index(sent, int16_t, at),
					buf, sizeof(buf));
		bool lost = is_lost(trial);

		if (!lost)
			voice_put(voice, at / SOUND_FRAME, at, buf,
				  (size_t)size);
		voice_pull(voice, out);
		if (way->untreated)
			decode_untreated(dec, buf, size, lost, out);
		g_array_append_vals(trial->heard, out, SOUND_FRAME);
	}
	voice_report(voice, &trial->rep);
	codec_encoder_destroy(&enc);
	codec_decoder_destroy(&dec);
	voice_destroy(&voice);
}

static void save(const char *dir, const char *name, const GArray *pcm)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	g_autoptr(GError) error = NULL;
	struct sound_writer *writer = sound_writer_create(path, &error);

	if (!writer ||
	    !sound_writer_write(writer, (const gint16 *)(void *)pcm->data,
				pcm->len, &error))
		g_error("%s", error->message);
	sound_writer_destroy(&writer);
}

/* Over all seeds; the first one's sound is kept. */
static struct snr measure(const char *dir, const struct way *way, int loss,
			  const GArray *sent)
{
	struct snr snr = { 0 };

	for (uint32_t seed = 1; seed <= SEEDS; seed++) {
		g_autoptr(GArray) heard =
			g_array_new(FALSE, FALSE, sizeof(int16_t));
		g_autofree char *name =
			g_strdup_printf("loss-%02d-%s.wav", loss, way->file);
		struct trial trial = { .way = way,
				       .loss = loss,
				       .random = seed * 2654435761u,
				       .heard = heard };

		run(&trial, sent);
		if (seed == 1)
			save(dir, name, heard);
		snr_add(&snr, (const int16_t *)(void *)sent->data,
			(const int16_t *)(void *)heard->data, heard->len);
	}
	return snr;
}

static void table(const char *title, bool holes,
		  struct snr snrs[G_N_ELEMENTS(losses)][G_N_ELEMENTS(ways)])
{
	g_print("\n%s\n\n| loss |", title);
	for (guint k = 0; k < G_N_ELEMENTS(ways); k++)
		g_print(" %s |", ways[k].name);
	g_print("\n| ---: | ---: | ---: | ---: | ---: |\n");
	for (guint i = 0; i < G_N_ELEMENTS(losses); i++) {
		g_print("| %d %% |", losses[i]);
		for (guint k = 0; k < G_N_ELEMENTS(ways); k++) {
			const struct snr *snr = &snrs[i][k];
			unsigned n = MAX(snr->segments, 1);

			g_print(" %.1f |",
				holes ? 100.0 * snr->holes / n : snr->sum / n);
		}
		g_print("\n");
	}
}

int main(int argc, char **argv)
{
	const char *dir = argc > 1 ? argv[1] : "build-release/quality";
	struct snr snrs[G_N_ELEMENTS(losses)][G_N_ELEMENTS(ways)];
	g_autoptr(GArray) sent = NULL;

	if (g_mkdir_with_parents(dir, 0755)) {
		g_printerr("%s cannot be made: %s\n", dir, g_strerror(errno));
		return 1;
	}
	sent = render(dir);
	save(dir, "sent.wav", sent);
	g_print("%u s of speech at %d kb/s, %d seeds\n", sent->len / SOUND_RATE,
		BITRATE / 1000, SEEDS);
	for (guint i = 0; i < G_N_ELEMENTS(losses); i++)
		for (guint k = 0; k < G_N_ELEMENTS(ways); k++)
			snrs[i][k] = measure(dir, &ways[k], losses[i], sent);
	table("Segmental SNR, dB", false, snrs);
	table("Holes: % of the speech that is 10 dB too weak", true, snrs);
	g_print("\nTo listen to: %s/*.wav\n", dir);
	return 0;
}
