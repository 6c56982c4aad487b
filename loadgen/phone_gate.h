/* phone_gate - the PhoneGate that ipsp-phone --offer-gate lends to the room
 * (docs/ipsp.md, "Offered PhoneGates"): `ipsp-phonegate --lend`, a program of
 * its own, to which what the bridge says about it is passed on unread, as are
 * its answers. It runs once the bridge wants it, and ends with the phone: then
 * it sends its people to their standbys.
 *
 * On the default GLib main context. */
#ifndef LOADGEN_PHONE_GATE_H
#define LOADGEN_PHONE_GATE_H

#include <glib.h>

#include "loadgen/caller.h"

struct phone_gate;

/* As INVITE offers it. address: "192.0.2.1:40000" or "[2001:db8::1]:40000".
 * FALSE: it is none. */
gboolean phone_gate_offer(struct ipsp_gate *gate_r, const char *address,
			  GError **error);

/* program: of ipsp-phonegate; NULL: where it is installed. The caller outlives
 * the gate. */
struct phone_gate *phone_gate_create(const char *address, const char *program,
				     struct caller *caller);
/* Accepts NULL; sets *gatep to NULL. */
void phone_gate_destroy(struct phone_gate **gatep);

/* An in-band message of the bridge. FALSE: it is not about the gate. */
gboolean phone_gate_message(struct phone_gate *gate, const char *json,
			    gsize size);

#endif
