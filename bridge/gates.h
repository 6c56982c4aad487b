/* gates - the directory and the trees of rooms, from documents to what people
 * are shown: the text of `ipsp-bridge gates` (gates_text.h), and the panel's
 * topology.
 *
 * It is told documents by key, in any order. Control thread. */
#ifndef BRIDGE_GATES_H
#define BRIDGE_GATES_H

#include <glib.h>

#include "bridge/documents.h"
#include "bridge/room/topology.h"

struct gates;

struct gates *gates_create(void);
/* Accepts NULL; sets *gtsp to NULL. */
void gates_destroy(struct gates **gtsp);

/* A document of the directory; what is none, or not understood, is passed
 * over. */
void gates_add(struct gates *gts, const char *key, const char *value);

/* NULL: nothing is written of this room. Caller destroys. */
struct topology *gates_topology(const struct gates *gts, const char *room);
/* struct topology_site, by name; the caller unrefs. */
GArray *gates_sites(const struct gates *gts);

/* Addresses and names, in order and the gates' own; the caller unrefs. */
GPtrArray *gates_rooms(const struct gates *gts);
GPtrArray *gates_accounts(const struct gates *gts);
/* NULL: the account has none. */
const struct document_owner *gates_owner(const struct gates *gts,
					 const char *account);

#endif
