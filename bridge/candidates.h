/* candidates - the addresses under which a caller reaches a media worker, for
 * the OK mail. */
#ifndef BRIDGE_CANDIDATES_H
#define BRIDGE_CANDIDATES_H

#include <glib.h>
#include <sys/socket.h>

#include "signaling/ipsp.h"
#include "signaling/sdp.h"

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

/* The one of the bound addresses to give to a host at `remote`: the one that
 * our packets to it come from, or `public` where the host is out in the
 * Internet. index_r is its place among them. FALSE: none of this family
 * leads there. */
gboolean candidates_toward(const struct sockaddr_storage *remote,
			   const struct sockaddr_storage *bound, guint n_bound,
			   const char *const *public,
			   struct sockaddr_storage *address_r, guint *index_r);

/* Whether the address is in one of the networks ("192.0.2.0/24", "::1"). */
gboolean candidates_in(const struct sockaddr_storage *address,
		       const char *const *networks);

/* RFC 1918, 6598, 3927, 4193, and this host. */
gboolean candidates_is_private(const struct sockaddr_storage *address);

/* Adds a candidate of ICE, if it is new and there is a place. */
void candidates_add_ice(struct sdp_ice *ice,
			const struct sockaddr_storage *address);

/* Adds a candidate of media over WebSocket. */
void candidates_add_websocket(struct ipsp_gate *gate, const char *url);

#endif
