/* gates - the directory and the tree of a room, as text for people: what
 * `ipsp-bridge gates` prints.
 *
 * It is told documents by key, in any order. Control thread. */
#ifndef BRIDGE_GATES_H
#define BRIDGE_GATES_H

#include <glib.h>

struct gates;

struct gates *gates_create(void);
/* Accepts NULL; sets *gtsp to NULL. */
void gates_destroy(struct gates **gtsp);

/* A document of the directory; what is none, or not understood, is passed
 * over. */
void gates_add(struct gates *gts, const char *key, const char *value);

/* Sites, accounts with their owners, and of each room (room NULL: of all) the
 * tree of its hubs. Caller frees. */
char *gates_text(const struct gates *gts, const char *room);

#endif
