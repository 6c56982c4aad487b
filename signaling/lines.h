/* lines - cuts what comes from a connection into lines, whatever the cuts of
 * the network were; a longer line than `max` is an error, not memory. */
#ifndef SIGNALING_LINES_H
#define SIGNALING_LINES_H

#include <glib.h>

struct lines {
	GString *partial; /* a line that has not ended yet */
	gsize max;	  /* bytes, without the line's end */
	gboolean ended;	  /* partial was handed out: begin anew */
	gboolean too_long;
};

void lines_init(struct lines *lns, gsize max);
void lines_fini(struct lines *lns);

/* Forgets the line, whole or not, and wipes it: it had a secret in it, or was
 * too long and another may follow. */
void lines_reset(struct lines *lns);

/* The next line of *bytesp, without its CRLF or LF, 0-terminated; valid until
 * the next call. Moves *bytesp and *sizep on. NULL when no whole line is left
 * or it is too long: see too_long, which then stays set. */
const char *lines_next(struct lines *lns, const char **bytesp, gsize *sizep,
		       gsize *length_r);

#endif
