/* gates_text - what `ipsp-bridge gates` prints. */
#ifndef BRIDGE_GATES_TEXT_H
#define BRIDGE_GATES_TEXT_H

#include "bridge/gates.h"

/* Sites, accounts with their owners, and of each room (room NULL: of all) the
 * tree of its hubs. Caller frees. */
char *gates_text(const struct gates *gts, const char *room);

#endif
