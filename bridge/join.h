/* join - what the page of a join link is answered: whose link it is, whether
 * he may come now, and the session that it becomes (web/join.h). Control
 * thread; now is in Unix seconds. */
#ifndef BRIDGE_JOIN_H
#define BRIDGE_JOIN_H

#include "bridge/rooms.h"
#include "bridge/store/store.h"
#include "web/web.h"

/* See join_host.look. */
void join_look(struct store *sto, const struct rooms *rms, const char *token,
	       gboolean open, gint64 now, struct join_answer *answer_r);

#endif
