/* bounce - reads the report that a mail of ours could not be delivered
 * (multipart/report of RFC 3464). Reports of a mere delay do not count, nor
 * do automatic replies: who is on holiday has got the mail. */
#ifndef SIGNALING_BOUNCE_H
#define SIGNALING_BOUNCE_H

#include <glib.h>

/* Whether mail reports that the one with message_id (without <>) failed for
 * good. *why_r: what the server said of it, in a line, or NULL; caller
 * frees. */
gboolean bounce_reports(GBytes *mail, const char *message_id, char **why_r);

#endif
