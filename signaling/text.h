/* text - foreign words made safe to show, log and put into a header. */
#ifndef SIGNALING_TEXT_H
#define SIGNALING_TEXT_H

#include <glib.h>

/* One line of valid UTF-8 of at most max bytes, cut between characters:
 * control characters (with them every CR, LF and terminal escape), line
 * separators and direction overrides become spaces; spaces at both ends go.
 * Caller frees. */
char *text_line(const char *text, gsize max);

/* Whether text_line() has nothing to mend in it, whatever its length. */
gboolean text_is_line(const char *text);

/* Cuts valid UTF-8 to at most max bytes, between characters, in place. */
void text_cut(char *text, gsize max);

#endif
