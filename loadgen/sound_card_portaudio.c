#include "loadgen/sound_card.h"

#include <fcntl.h>
#include <gio/gio.h>
#include <portaudio.h>
#include <speex/speex_echo.h>
#include <speex/speex_preprocess.h>
#include <string.h>
#include <unistd.h>

#include "mixer/codec.h"
#include "mixer/ring.h"

#define RATE	  48000
#define BLOCK	  480	     /* 10 ms: what the card's callback works on */
#define TAIL	  (RATE / 5) /* echo of 200 ms is cancelled */
#define QUEUE_MAX 8	     /* blocks kept at most; above, the clocks drift */
#define QUEUE_AIM 3	     /* blocks left after that */
#define SLOTS	  64

/* Blocks on their way between the card's thread and the media thread. */
struct queue {
	struct ring *ring;
	gint length; /* atomic: blocks in it */
};

struct sound_card {
	PaStream *stream;
	gboolean initialised, microphone, speaker;
	struct queue in, out;
	SpeexEchoState *echo;		  /* NULL unless both ways */
	SpeexPreprocessState *preprocess; /* NULL without a microphone */
	gint16 played[BLOCK];		  /* {card} the block before */
};

static gboolean queue_init(struct queue *queue)
{
	return !ring_create(&queue->ring, SLOTS, BLOCK * sizeof(gint16));
}

static void queue_push(struct queue *queue, const gint16 *block)
{
	if (ring_push(queue->ring, block))
		g_atomic_int_inc(&queue->length);
}

static gboolean queue_pop(struct queue *queue, gint16 *block_r)
{
	if (!ring_pop(queue->ring, block_r))
		return FALSE;
	g_atomic_int_add(&queue->length, -1);
	return TRUE;
}

static void queue_trim(struct queue *queue)
{
	gint16 block[BLOCK];

	if (g_atomic_int_get(&queue->length) <= QUEUE_MAX)
		return;
	while (g_atomic_int_get(&queue->length) > QUEUE_AIM)
		if (!queue_pop(queue, block))
			return;
}

/* The card's own real-time thread. */
static int on_card(const void *input, void *output, unsigned long frames,
		   const PaStreamCallbackTimeInfo *time,
		   PaStreamCallbackFlags flags, void *arg)
{
	struct sound_card *card = arg;
	gint16 clean[BLOCK];

	(void)time;
	(void)flags;
	if (frames != BLOCK)
		return paContinue;
	if (input) {
		memcpy(clean, input, sizeof(clean));
		if (card->echo)
			speex_echo_cancellation(card->echo, input, card->played,
						clean);
		speex_preprocess_run(card->preprocess, clean);
		queue_push(&card->in, clean);
	}
	if (output) {
		queue_trim(&card->out);
		if (!queue_pop(&card->out, card->played))
			memset(card->played, 0, sizeof(card->played));
		memcpy(output, card->played, sizeof(card->played));
	}
	return paContinue;
}

static void create_dsp(struct sound_card *card)
{
	int rate = RATE;

	if (!card->microphone)
		return;
	card->preprocess = speex_preprocess_state_init(BLOCK, RATE);
	if (!card->speaker)
		return;
	card->echo = speex_echo_state_init(BLOCK, TAIL);
	speex_echo_ctl(card->echo, SPEEX_ECHO_SET_SAMPLING_RATE, &rate);
	speex_preprocess_ctl(card->preprocess, SPEEX_PREPROCESS_SET_ECHO_STATE,
			     card->echo);
}

static PaError open_stream(struct sound_card *card)
{
	PaStreamParameters in = { .device = Pa_GetDefaultInputDevice(),
				  .channelCount = 1,
				  .sampleFormat = paInt16 };
	PaStreamParameters out = { .device = Pa_GetDefaultOutputDevice(),
				   .channelCount = 1,
				   .sampleFormat = paInt16 };
	PaError err;

	if ((card->microphone && in.device == paNoDevice) ||
	    (card->speaker && out.device == paNoDevice))
		return paDeviceUnavailable;
	if (card->microphone)
		in.suggestedLatency =
			Pa_GetDeviceInfo(in.device)->defaultLowInputLatency;
	if (card->speaker)
		out.suggestedLatency =
			Pa_GetDeviceInfo(out.device)->defaultLowOutputLatency;
	err = Pa_OpenStream(&card->stream, card->microphone ? &in : NULL,
			    card->speaker ? &out : NULL, RATE, BLOCK, paNoFlag,
			    on_card, card);
	return err == paNoError ? Pa_StartStream(card->stream) : err;
}

/* ALSA and JACK write dozens of lines about devices that nobody asked for.
 * Gives what end_quiet() takes back, -1 if there is nothing to take. */
static int begin_quiet(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	int saved = null < 0 ? -1 : fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);

	if (saved >= 0)
		dup2(null, STDERR_FILENO);
	if (null >= 0)
		close(null);
	return saved;
}

static void end_quiet(int saved)
{
	if (saved < 0)
		return;
	dup2(saved, STDERR_FILENO);
	close(saved);
}

struct sound_card *sound_card_create(gboolean microphone, gboolean speaker,
				     GError **error)
{
	struct sound_card *card = g_new0(struct sound_card, 1);
	int quiet = begin_quiet();
	PaError err = Pa_Initialize();

	card->initialised = err == paNoError;
	card->microphone = microphone;
	card->speaker = speaker;
	if (err == paNoError &&
	    (!queue_init(&card->in) || !queue_init(&card->out)))
		err = paInsufficientMemory;
	if (err == paNoError) {
		create_dsp(card);
		err = open_stream(card);
	}
	end_quiet(quiet);
	if (err != paNoError) {
		g_set_error(error, G_IO_ERROR, G_IO_ERROR_FAILED,
			    "the sound card cannot be used (%s); give files to "
			    "--send and --receive instead",
			    Pa_GetErrorText(err));
		sound_card_destroy(&card);
	}
	return card;
}

void sound_card_destroy(struct sound_card **cardp)
{
	struct sound_card *card = g_steal_pointer(cardp);

	if (!card)
		return;
	if (card->stream) {
		Pa_AbortStream(card->stream);
		Pa_CloseStream(card->stream);
	}
	if (card->initialised)
		Pa_Terminate();
	if (card->preprocess)
		speex_preprocess_state_destroy(card->preprocess);
	if (card->echo)
		speex_echo_state_destroy(card->echo);
	ring_destroy(&card->in.ring);
	ring_destroy(&card->out.ring);
	g_free(card);
}

gboolean sound_card_read(struct sound_card *card, gint16 *pcm_r)
{
	queue_trim(&card->in);
	if (g_atomic_int_get(&card->in.length) < CODEC_FRAME / BLOCK)
		return FALSE;
	for (int i = 0; i < CODEC_FRAME / BLOCK; i++)
		queue_pop(&card->in, pcm_r + i * BLOCK);
	return TRUE;
}

void sound_card_write(struct sound_card *card, const gint16 *pcm)
{
	for (int i = 0; i < CODEC_FRAME / BLOCK; i++)
		queue_push(&card->out, pcm + i * BLOCK);
}
