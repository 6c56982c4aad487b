/* candidates - the addresses under which a caller reaches a media worker, for
 * the OK mail. */
#ifndef BRIDGE_CANDIDATES_H
#define BRIDGE_CANDIDATES_H

#include <glib.h>
#include <sys/socket.h>

#include "signaling/ipsp.h"

/* An address and port that a worker listens on, as it was bound. Reads a
 * literal; FALSE when it is none. */
gboolean candidates_parse(const char *literal, guint port,
			  struct sockaddr_storage *address_r);

/* Fills gate's UDP candidates from the bound addresses. A wildcard stands for
 * the host's own addresses of its family: not loopback unless the host has
 * nothing else, never link-local. `public` (literals, may be NULL) replaces
 * them all, with the port bound for the same family. */
void candidates_fill(struct ipsp_gate *gate,
		     const struct sockaddr_storage *bound, guint n_bound,
		     const char *const *public);

/* Adds a candidate of media over WebSocket. */
void candidates_add_websocket(struct ipsp_gate *gate, const char *url);

#endif
