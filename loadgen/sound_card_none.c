#include "loadgen/sound_card.h"

#include <gio/gio.h>

struct sound_card *sound_card_create(gboolean microphone, gboolean speaker,
				     GError **error)
{
	(void)microphone;
	(void)speaker;
	g_set_error(error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
		    "this ipsp-phone was built without PortAudio: give files "
		    "to --send and --receive");
	return NULL;
}

void sound_card_destroy(struct sound_card **cardp)
{
	*cardp = NULL;
}

gboolean sound_card_read(struct sound_card *card, gint16 *pcm_r)
{
	(void)card;
	(void)pcm_r;
	return FALSE;
}

void sound_card_write(struct sound_card *card, const gint16 *pcm)
{
	(void)card;
	(void)pcm;
}
