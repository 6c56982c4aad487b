/* rawmail - the limits of a received mail, checked on its bytes before any
 * MIME parser sees it (docs/ipsp.md, "The room's mailbox").
 *
 * Strict where parsers differ and a mail could mean two things to two
 * programs: doubled From, Content-Type or Message-ID, bare CR, NUL or lines
 * that are no header field among the header fields. */
#ifndef SIGNALING_RAWMAIL_H
#define SIGNALING_RAWMAIL_H

#include <glib.h>

/* On FALSE error is of MESSAGE_ERROR (message.h). Time is linear in size. */
gboolean rawmail_check(GBytes *mail, GError **error);

#endif
