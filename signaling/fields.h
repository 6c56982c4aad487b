/* fields - writes the header fields of a mail: folded (RFC 5322 2.2.3), and
 * encoded where they are not ASCII (RFC 2047).
 *
 * GMime could, but writes encoded words longer than the 75 characters that
 * RFC 2047 2 allows. Whatever a value holds, it stays in its field: it passes
 * through text_line(), which leaves no CR, LF or other control character. */
#ifndef SIGNALING_FIELDS_H
#define SIGNALING_FIELDS_H

#include <glib.h>

/* Words. Nothing is written when value is NULL or empty. */
void fields_add_text(GString *fields, const char *name, const char *value);

/* A message id, written in <>; left out when it is NULL or could not be
 * written whole. */
void fields_add_id(GString *fields, const char *name, const char *id);

/* One mailbox; display may be NULL. */
void fields_add_mailbox(GString *fields, const char *name, const char *display,
			const char *address);

/* Unix seconds, in UTC. */
void fields_add_date(GString *fields, const char *name, gint64 time);

#endif
