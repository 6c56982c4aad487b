#include "loadgen/phone_sound.h"

#include <gio/gio.h>
#include <string.h>

#include "loadgen/sound_card.h"
#include "sound/sound_file.h"
#include "mixer/codec.h"
#include "mixer/ring.h"

#define HEARD_FRAMES 3000 /* 60 s between two phone_sound_flush() */

struct phone_sound {
	struct sound_card *card;
	gboolean microphone, speaker, loop;

	GArray *voice;	/* gint16, {const} once made; NULL: none */
	guint voice_at; /* {media} samples said of it */

	struct sound_writer *writer;
	struct ring *heard; /* frames for the writer */
	gint overrun;	    /* atomic: a frame found no place */
};

struct phone_sound *phone_sound_create(const struct phone_sound_config *cfg,
				       GError **error)
{
	struct phone_sound *sound = g_new0(struct phone_sound, 1);
	gboolean right = TRUE;

	sound->microphone = !g_strcmp0(cfg->send, "mic");
	sound->speaker = !g_strcmp0(cfg->receive, "speaker");
	sound->loop = cfg->loop;
	if (cfg->send && !sound->microphone) {
		sound->voice =
			sound_file_load(cfg->send, SOUND_FILE_MAX_S, error);
		right = sound->voice != NULL;
	}
	if (right && cfg->receive && !sound->speaker) {
		sound->writer = sound_writer_create(cfg->receive, error);
		right = sound->writer &&
			!ring_create(&sound->heard, HEARD_FRAMES,
				     CODEC_FRAME * sizeof(gint16));
	}
	if (right && (sound->microphone || sound->speaker)) {
		sound->card = sound_card_create(sound->microphone,
						sound->speaker, error);
		right = sound->card != NULL;
	}
	if (!right)
		phone_sound_destroy(&sound);
	return sound;
}

void phone_sound_destroy(struct phone_sound **soundp)
{
	struct phone_sound *sound = g_steal_pointer(soundp);

	if (!sound)
		return;
	sound_card_destroy(&sound->card);
	if (sound->heard)
		phone_sound_flush(sound, NULL);
	sound_writer_destroy(&sound->writer);
	ring_destroy(&sound->heard);
	g_clear_pointer(&sound->voice, g_array_unref);
	g_free(sound);
}

static bool speak(int16_t *pcm_r, uint64_t tick_us, void *arg)
{
	struct phone_sound *sound = arg;
	const gint16 *voice;
	guint n;

	(void)tick_us;
	if (sound->microphone)
		return sound_card_read(sound->card, pcm_r);
	if (!sound->voice)
		return false;
	if (sound->voice_at == sound->voice->len) {
		if (!sound->loop)
			return false;
		sound->voice_at = 0;
	}
	voice = (const gint16 *)(void *)sound->voice->data;
	n = MIN(CODEC_FRAME, sound->voice->len - sound->voice_at);
	memcpy(pcm_r, voice + sound->voice_at, n * sizeof(*pcm_r));
	memset(pcm_r + n, 0, (CODEC_FRAME - n) * sizeof(*pcm_r));
	sound->voice_at += n;
	return true;
}

static void hear(const int16_t *pcm, uint64_t tick_us, int wait_us, void *arg)
{
	struct phone_sound *sound = arg;

	(void)tick_us;
	(void)wait_us;
	if (sound->speaker)
		sound_card_write(sound->card, pcm);
	if (sound->heard && !ring_push(sound->heard, pcm))
		g_atomic_int_set(&sound->overrun, 1);
}

const struct media_sound phone_sound_media = { .speak = speak, .hear = hear };

gboolean phone_sound_flush(struct phone_sound *sound, GError **error)
{
	gint16 pcm[CODEC_FRAME];

	while (sound->heard && ring_pop(sound->heard, pcm))
		if (!sound_writer_write(sound->writer, pcm, CODEC_FRAME, error))
			return FALSE;
	if (!g_atomic_int_get(&sound->overrun))
		return TRUE;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
		    "the recording fell a minute behind and has a gap");
	return FALSE;
}
