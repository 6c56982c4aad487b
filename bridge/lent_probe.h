/* lent_probe - whether a PhoneGate that a caller offers can be reached from
 * here: STUN requests to each of its candidates, three, 200 ms apart, for a
 * session that it was told (docs/ipsp.md, "Registration"). Only who knows that
 * session's password can answer.
 *
 * Control thread, on the default GLib main context. */
#ifndef BRIDGE_LENT_PROBE_H
#define BRIDGE_LENT_PROBE_H

#include <glib.h>

#include "signaling/ipsp.h"

#define LENT_PROBE_TRIES    3
#define LENT_PROBE_EVERY_MS 200

struct lent_probe;

/* Comes once; reached_r are the candidates that answered, in their order. The
 * probe may be destroyed here. */
typedef void (*lent_probe_func)(const struct ipsp_gate *reached, void *arg);

/* Begins at once. */
struct lent_probe *lent_probe_create(const struct ipsp_gate *gate,
				     const char *did, const char *password,
				     lent_probe_func done, void *arg);
/* Accepts NULL; sets *probep to NULL. */
void lent_probe_destroy(struct lent_probe **probep);

#endif
