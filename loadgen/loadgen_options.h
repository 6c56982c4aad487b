/* loadgen_options - what ipsp-loadgen was asked for (ipsp-loadgen(1)). */
#ifndef LOADGEN_LOADGEN_OPTIONS_H
#define LOADGEN_LOADGEN_OPTIONS_H

#include <glib.h>

#include "loadgen/caller.h"

#define LOADGEN_MAX_CALLERS 1000

struct loadgen_options {
	/* Patterns: %d is the caller's number from 1 on. */
	char *from, *mailbox, *post, *user;
	char *room, *pin, *password, *ca_file, *json;
	GBytes *room_key; /* NULL: none */
	gint callers, joins;
	gdouble duration, ramp, timeout, hold, stay; /* s */
	gint complexity;
	enum caller_transport transport;
	gboolean plain, no_echo, no_level, allow_late;
};

/* On FALSE the error says what is wrong and what would be right. "--help"
 * and "--version" print and exit. */
gboolean loadgen_options_parse(struct loadgen_options *opt_r, int argc,
			       char **argv, GError **error);
void loadgen_options_clear(struct loadgen_options *opt);

/* The pattern with each %d replaced by number, %% by %, and all else left
 * alone; NULL for NULL. Caller frees. */
char *loadgen_options_expand(const char *pattern, guint number);

#endif
