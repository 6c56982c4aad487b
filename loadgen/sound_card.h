/* sound_card - microphone and speaker by PortAudio, with SpeexDSP's echo
 * canceller between them.
 *
 * Frames of 20 ms, 48 kHz mono. The card's clock is not ours: what it
 * queues too much of is dropped, what it lacks is silence. Created and
 * destroyed by the control thread. */
#ifndef LOADGEN_SOUND_CARD_H
#define LOADGEN_SOUND_CARD_H

#include <glib.h>

struct sound_card;

/* NULL and error when there is no such device, or ipsp-phone was built
 * without PortAudio. */
struct sound_card *sound_card_create(gboolean microphone, gboolean speaker,
				     GError **error);
void sound_card_destroy(struct sound_card **cardp);

/* RT, media thread. FALSE: the microphone has no frame yet. */
gboolean sound_card_read(struct sound_card *card, gint16 *pcm_r);
/* RT, media thread. */
void sound_card_write(struct sound_card *card, const gint16 *pcm);

#endif
