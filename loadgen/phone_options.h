/* phone_options - what ipsp-phone was asked for: the command line, and for
 * what it leaves open the file ~/.config/ipsp-phone.conf (ipsp-phone(1)). */
#ifndef LOADGEN_PHONE_OPTIONS_H
#define LOADGEN_PHONE_OPTIONS_H

#include <glib.h>

#include "loadgen/caller.h"

struct phone_options {
	char *room;   /* NULL: wait for a room to call */
	char *accept; /* waiting: the room that is answered unasked, or NULL */
	char *from, *name, *device;
	char *mailbox, *post;
	char *user, *password, *ca_file;
	char *pin;
	GBytes *room_key; /* NULL: none */
	char *send, *receive;
	gboolean loop;
	gdouble seconds; /* of talking; 0: until somebody ends it */
	enum caller_transport transport;
	gboolean plain;
	char *offer_gate, *gate_program; /* NULL: none; the installed one */
	gboolean json;
};

/* Reads both. On FALSE the error says what is wrong and what would be
 * right. "--help" and "--version" print and exit. */
gboolean phone_options_parse(struct phone_options *opt_r, int argc, char **argv,
			     GError **error);
void phone_options_clear(struct phone_options *opt);

/* The room's pre-shared key from a file, as the bridge's own is kept. */
gboolean phone_options_room_key(const char *path, GBytes **room_key_r,
				GError **error);

/* "udp", "wss" or "auto". */
gboolean phone_options_transport(const char *text,
				 enum caller_transport *transport_r,
				 GError **error);

#endif
