/* browser - the control thread's part of a browser's session: DTLS.
 *
 * Datagrams come from its worker by ring (gate/ice.c), what DTLS answers goes
 * back by its leg, and so do the keys, once. */
#ifndef BRIDGE_BROWSER_H
#define BRIDGE_BROWSER_H

#include <glib.h>

#include "bridge/gate/dtls.h"
#include "bridge/stages.h"

struct browser;

/* The leg is its own to use until browser_destroy(). `stream` is what the
 * leg was opened with; its keys are not looked at. `fingerprint` is that
 * of the offer. NULL: no memory. */
struct browser *browser_create(struct dtls_identity *idn,
			       const guint8 fingerprint[DTLS_FINGERPRINT],
			       struct leg *leg,
			       const struct stream_config *stream);
/* Accepts NULL; sets *brsp to NULL. */
void browser_destroy(struct browser **brsp);

/* A datagram of it. DTLS_CLOSED and DTLS_FAILED: its call is over. */
enum dtls_state browser_take(struct browser *brs, const guint8 *buf,
			     gsize size);

#endif
